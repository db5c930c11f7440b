/*
 * device.c: counting, waiting and learning. No time passes in here: every
 * call is told the time, and deadlines are compared when they matter.
 */
#include "policy/device.h"

#include "base/bug.h"

enum { RETRY_FIRST_MS = 50, RETRY_DOUBLINGS = 4 };

void device_init(struct device *d, const struct device_conf *conf)
{
	*d = (struct device){
	    .health = DEVICE_UP,
	    .next_dial_ms = INT64_MIN,
	    .refused_since_ms = -1,
	    .wait_ms = conf->probe_min_ms,
	};
}

/* Finds a free slot; -1: none, and `*out_when_ms` is when a ghost leaves. */
static int find_slot(const struct device *d, const struct device_conf *conf,
    int64_t now_ms, int64_t *out_when_ms)
{
	int64_t when_ms = INT64_MAX;
	unsigned int ghosts = 0;
	unsigned int i, found = d->high;

	for (i = d->high; i-- > 0;) {
		if (d->slots[i].taken)
			continue;
		if (d->slots[i].ghost_until_ms <= now_ms) {
			found = i;
			continue;
		}
		ghosts++;
		if (d->slots[i].ghost_until_ms < when_ms)
			when_ms = d->slots[i].ghost_until_ms;
	}
	if (d->in_use + ghosts < conf->slots)
		return (int)found;
	*out_when_ms = when_ms;
	return -1;
}

bool device_is_full(const struct device *d, const struct device_conf *conf,
    int64_t now_ms)
{
	int64_t when_ms;

	return conf->slots > 0 && find_slot(d, conf, now_ms, &when_ms) < 0;
}

static void occupy(struct device *d, struct device_pass *pass, int slot)
{
	*pass = (struct device_pass){.taken = true, .slot = slot};
	d->in_use++;
	if (slot < 0)
		return;
	BUG_ON(slot >= DEVICE_SLOTS_MAX);
	d->slots[slot].taken = true;
	if ((unsigned int)slot >= d->high)
		d->high = (unsigned int)slot + 1;
}

static void begin_trial(struct device *d, struct device_pass *pass)
{
	pass->trial = ++d->trial;
	d->health = DEVICE_PROBING;
}

static bool is_trial(const struct device *d, const struct device_pass *pass)
{
	return d->health == DEVICE_PROBING && pass->trial == d->trial;
}

/* May this kind of caller dial at all, slots and pacing apart? */
static bool is_welcome(const struct device *d, const struct device_conf *conf,
    bool probe, int64_t now_ms)
{
	if (d->health == DEVICE_UP)
		return !probe;
	if (d->health == DEVICE_PROBING || now_ms < d->probe_at_ms)
		return false;
	return probe == (conf->probe != NULL);
}

enum device_answer device_take(struct device *d,
    const struct device_conf *conf, bool probe, int64_t now_ms,
    struct device_pass *pass, int64_t *out_when_ms)
{
	int slot = -1;

	BUG_ON(pass->taken);
	if (!is_welcome(d, conf, probe, now_ms))
		return DEVICE_NOT_NOW;
	if (conf->slots > 0) {
		slot = find_slot(d, conf, now_ms, out_when_ms);
		if (slot < 0)
			return DEVICE_WAIT;
	}
	if (now_ms < d->next_dial_ms) {
		*out_when_ms = d->next_dial_ms;
		return DEVICE_WAIT;
	}
	occupy(d, pass, slot);
	if (d->health == DEVICE_DOWN)
		begin_trial(d, pass);
	return DEVICE_GO;
}

static void go_down(struct device *d, int64_t now_ms)
{
	d->health = DEVICE_DOWN;
	d->probe_at_ms = now_ms + d->wait_ms;
}

static enum device_event learn_served(
    struct device *d, const struct device_conf *conf)
{
	bool was_up = d->health == DEVICE_UP;

	d->health = DEVICE_UP;
	d->silences = 0;
	d->refused_since_ms = -1;
	d->wait_ms = conf->probe_min_ms;
	d->wedged = false;
	return was_up ? DEVICE_EVENT_NONE : DEVICE_EVENT_UP;
}

static enum device_event learn_trial_failed(
    struct device *d, const struct device_conf *conf, int64_t now_ms)
{
	bool longest = d->wait_ms >= conf->probe_max_ms;

	d->wait_ms *= 2;
	if (d->wait_ms > conf->probe_max_ms)
		d->wait_ms = conf->probe_max_ms;
	go_down(d, now_ms);
	if (!longest || d->wedged)
		return DEVICE_EVENT_NONE;
	d->wedged = true;
	return DEVICE_EVENT_WEDGED;
}

static bool too_silent(struct device *d, const struct device_conf *conf)
{
	d->silences++;
	return conf->down_silences > 0 && d->silences >= conf->down_silences;
}

/* Refusals further apart than the time they must last are not one row: an
 * hour without a client proves nothing. */
static bool too_refusing(
    struct device *d, const struct device_conf *conf, int64_t now_ms)
{
	int64_t limit_ms = conf->down_refused_ms;

	if (d->refused_since_ms < 0 || now_ms - d->refused_last_ms > limit_ms)
		d->refused_since_ms = now_ms;
	d->refused_last_ms = now_ms;
	return limit_ms > 0 && now_ms - d->refused_since_ms >= limit_ms;
}

enum device_event device_learn(struct device *d,
    const struct device_conf *conf, const struct device_pass *pass,
    enum device_outcome outcome, int64_t now_ms)
{
	bool too_much;

	if (outcome == DEVICE_SERVED)
		return learn_served(d, conf);
	too_much = outcome == DEVICE_SILENT ? too_silent(d, conf)
					    : too_refusing(d, conf, now_ms);
	if (is_trial(d, pass))
		return learn_trial_failed(d, conf, now_ms);
	if (!too_much || d->health != DEVICE_UP)
		return DEVICE_EVENT_NONE;
	go_down(d, now_ms);
	return DEVICE_EVENT_DOWN;
}

void device_give(struct device *d, const struct device_conf *conf,
    struct device_pass *pass, int64_t now_ms)
{
	if (!pass->taken)
		return;
	BUG_ON(d->in_use == 0);
	d->in_use--;
	if (pass->slot >= 0)
		d->slots[pass->slot].taken = false;
	d->next_dial_ms = now_ms + conf->connect_gap_ms;
	if (is_trial(d, pass))
		go_down(d, now_ms);
	*pass = (struct device_pass){0};
}

void device_give_ghost(struct device *d, const struct device_conf *conf,
    struct device_pass *pass, int64_t now_ms)
{
	if (pass->taken && pass->slot >= 0)
		d->slots[pass->slot].ghost_until_ms = now_ms + d->wait_ms;
	device_give(d, conf, pass, now_ms);
}

int64_t device_retry_ms(const struct device *d, unsigned int retries,
    unsigned int refusals)
{
	unsigned int doublings = refusals - 1;

	if (refusals > retries || d->health != DEVICE_UP)
		return -1;
	if (doublings > RETRY_DOUBLINGS)
		doublings = RETRY_DOUBLINGS;
	return (int64_t)RETRY_FIRST_MS << doublings;
}

int64_t device_probe_at_ms(const struct device *d,
    const struct device_conf *conf)
{
	if (d->health != DEVICE_DOWN || !conf->probe)
		return INT64_MAX;
	return d->probe_at_ms;
}

unsigned int device_retry_after_s(const struct device *d, int64_t now_ms)
{
	int64_t left_ms = d->probe_at_ms - now_ms;

	if (d->health != DEVICE_DOWN || left_ms <= 1000)
		return 1;
	return (unsigned int)((left_ms + 999) / 1000);
}
