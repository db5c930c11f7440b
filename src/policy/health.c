/*
 * health.c: what signals make of the device's state. No time passes in here:
 * every call is told the time, and deadlines are compared when they matter.
 */
#include "policy/health.h"

#include <string.h>

#include "base/bug.h"

enum {
	RETRY_FIRST_MS = 50,
	RETRY_DOUBLINGS = 4,
	PROBE_WAIT_LEAST_MS = 1000,
	PROBE_WAIT_UNKNOWN_MS = 5000,
	DOUBT_MS = 60000,
	GRACE_LEAST_MS = 250,
	GRACE_MOST_MS = 1000,
	MINUTE_MS = 60000,
	HELD_RETRY_AFTER_S = 30,
};

static void set_state(struct health *h, enum health_state state,
    enum health_why why, int64_t now_ms)
{
	h->state = state;
	h->why = why;
	h->since_ms = now_ms;
}

/* Nothing speaks against the device. A probe that runs decides nothing more;
 * a client's may run for long and is a connection like others. */
static void forget_signs(struct health *h, const struct health_conf *conf)
{
	h->undecided = false;
	if (!conf->probe)
		h->running = false;
	h->stuck = false;
	h->silences = 0;
	h->two_addresses = false;
	h->refused_since_ms = -1;
	h->pause_ms = conf->probe_min_ms;
}

void health_init(
    struct health *h, const struct health_conf *conf, int64_t now_ms)
{
	*h = (struct health){
	    .cleared_ms = INT64_MIN / 2,
	    .minute = now_ms / MINUTE_MS,
	};
	set_state(h, HEALTH_UP, HEALTH_WHY_START, now_ms);
	forget_signs(h, conf);
}

/* A suspicion only stops clients where a probe will decide it. */
static bool is_closed(const struct health *h, const struct health_conf *conf)
{
	return h->state == HEALTH_DOWN ||
	       (h->state == HEALTH_SUSPECTED && conf->probe);
}

static int64_t longest_ms(const struct health *h, int64_t now_ms)
{
	int64_t first = now_ms / MINUTE_MS - HEALTH_MINUTES + 1;
	int64_t minute, longest = 0;

	for (minute = h->minute;
	     minute >= first && minute > h->minute - HEALTH_MINUTES &&
	     minute >= 0;
	     minute--)
		if (h->first_byte_ms[minute % HEALTH_MINUTES] > longest)
			longest = h->first_byte_ms[minute % HEALTH_MINUTES];
	return longest;
}

/* A device that is well answers its probe about as fast as clients: so long
 * newcomers wait for it, and longer when the last suspicion proved wrong. */
static bool has_grace(const struct health *h, int64_t now_ms)
{
	int64_t grace_ms = longest_ms(h, now_ms);

	if (grace_ms < GRACE_LEAST_MS)
		grace_ms = GRACE_LEAST_MS;
	if (grace_ms > GRACE_MOST_MS)
		grace_ms = GRACE_MOST_MS;
	return now_ms - h->since_ms < grace_ms ||
	       h->since_ms - h->cleared_ms < DOUBT_MS;
}

enum health_verdict health_ask(const struct health *h,
    const struct health_conf *conf, enum health_asker asker, int64_t now_ms)
{
	if (h->held)
		return HEALTH_REFUSE;
	if (asker == HEALTH_PROBE)
		return health_probe_at_ms(h, conf) <= now_ms ? HEALTH_GO
							     : HEALTH_REFUSE;
	if (!is_closed(h, conf))
		return HEALTH_GO;
	if (h->state == HEALTH_SUSPECTED)
		return asker == HEALTH_WAITER || has_grace(h, now_ms)
			   ? HEALTH_WAIT
			   : HEALTH_REFUSE;
	if (!conf->probe && !h->running && now_ms >= h->probe_at_ms)
		return HEALTH_GO;
	return HEALTH_REFUSE;
}

unsigned int health_connect(
    struct health *h, const struct health_conf *conf, enum health_asker asker)
{
	if (asker != HEALTH_PROBE && !is_closed(h, conf))
		return 0;
	BUG_ON(h->running);
	h->running = true;
	h->undecided = true;
	if (++h->probe_id == 0)
		h->probe_id = 1;
	return h->probe_id;
}

static enum health_event go_up(struct health *h, const struct health_conf *conf,
    enum health_why why, int64_t now_ms)
{
	enum health_state was = h->state;

	forget_signs(h, conf);
	if (was == HEALTH_UP)
		return HEALTH_EVENT_NONE;
	set_state(h, HEALTH_UP, why, now_ms);
	if (was == HEALTH_DOWN)
		return HEALTH_EVENT_UP;
	h->cleared_ms = now_ms;
	return HEALTH_EVENT_CLEARED;
}

static enum health_event go_down(
    struct health *h, enum health_why why, int64_t now_ms)
{
	set_state(h, HEALTH_DOWN, why, now_ms);
	h->probe_at_ms = now_ms + h->pause_ms;
	return HEALTH_EVENT_DOWN;
}

/* The pauses double up to the longest; a failure after that one is told. */
static enum health_event probe_failed(struct health *h,
    const struct health_conf *conf, enum health_why why, int64_t now_ms)
{
	bool longest = h->pause_ms >= conf->probe_max_ms;

	h->undecided = false;
	if (!conf->probe)
		h->running = false;
	if (h->state != HEALTH_DOWN)
		return go_down(h, why, now_ms);
	h->pause_ms *= 2;
	if (h->pause_ms > conf->probe_max_ms)
		h->pause_ms = conf->probe_max_ms;
	h->probe_at_ms = now_ms + h->pause_ms;
	if (!longest || h->stuck)
		return HEALTH_EVENT_NONE;
	h->stuck = true;
	return HEALTH_EVENT_STUCK;
}

static void count_silence(struct health *h, const struct client *client)
{
	if (h->silences++ == 0) {
		h->silent_net = client->net;
		h->silent_family = client->family;
	}
	if (client->net != h->silent_net || client->family != h->silent_family)
		h->two_addresses = true;
}

static enum health_event silent(struct health *h,
    const struct health_conf *conf, const struct client *client, int64_t now_ms)
{
	if (!client)
		return HEALTH_EVENT_NONE; /* a probe that decides nothing */
	count_silence(h, client);
	if (conf->down_silences == 0 || h->silences < conf->down_silences ||
	    h->state == HEALTH_DOWN)
		return HEALTH_EVENT_NONE;
	if (!conf->probe && h->two_addresses)
		return go_down(h, HEALTH_WHY_SILENT, now_ms);
	if (h->state == HEALTH_SUSPECTED)
		return HEALTH_EVENT_NONE;
	set_state(h, HEALTH_SUSPECTED, HEALTH_WHY_SILENT, now_ms);
	h->probe_at_ms = now_ms;
	return HEALTH_EVENT_SUSPECTED;
}

static enum health_event refused(
    struct health *h, const struct health_conf *conf, int64_t now_ms)
{
	if (h->refused_since_ms < 0)
		h->refused_since_ms = now_ms;
	if (h->state == HEALTH_DOWN || conf->down_refused_ms == 0 ||
	    now_ms - h->refused_since_ms < conf->down_refused_ms)
		return HEALTH_EVENT_NONE;
	return go_down(h, HEALTH_WHY_REFUSED, now_ms);
}

static bool is_probe(const struct health *h, unsigned int probe_id)
{
	return h->running && h->undecided && probe_id == h->probe_id;
}

enum health_event health_report(struct health *h,
    const struct health_conf *conf, enum health_signal signal,
    const struct client *client, unsigned int probe_id, int64_t now_ms)
{
	if (h->held)
		return HEALTH_EVENT_NONE;
	switch (signal) {
	case HEALTH_SERVED:
		return go_up(h, conf, HEALTH_WHY_SERVED, now_ms);
	case HEALTH_SILENT:
		if (is_probe(h, probe_id))
			return probe_failed(
			    h, conf, HEALTH_WHY_PROBE_SILENT, now_ms);
		return silent(h, conf, client, now_ms);
	case HEALTH_REFUSED:
		if (is_probe(h, probe_id))
			return probe_failed(
			    h, conf, HEALTH_WHY_PROBE_REFUSED, now_ms);
		return refused(h, conf, now_ms);
	case HEALTH_RESET:
		if (is_probe(h, probe_id) && h->state != HEALTH_DOWN)
			return go_up(h, conf, HEALTH_WHY_RESET, now_ms);
		break;
	}
	return HEALTH_EVENT_NONE;
}

void health_probe_ended(struct health *h, unsigned int probe_id, int64_t now_ms)
{
	if (!h->running || probe_id != h->probe_id)
		return;
	h->running = false;
	if (h->undecided)
		h->probe_at_ms = now_ms + h->pause_ms;
	h->undecided = false;
}

/* Empties the minutes between the latest and now. */
static void advance(struct health *h, int64_t now_ms)
{
	int64_t minute = now_ms / MINUTE_MS;

	if (minute - h->minute >= HEALTH_MINUTES)
		h->minute = minute - HEALTH_MINUTES;
	while (h->minute < minute)
		h->first_byte_ms[++h->minute % HEALTH_MINUTES] = 0;
}

void health_first_byte(struct health *h, int64_t took_ms, int64_t now_ms)
{
	int64_t *longest;

	advance(h, now_ms);
	longest = &h->first_byte_ms[h->minute % HEALTH_MINUTES];
	if (took_ms < 1)
		took_ms = 1;
	if (took_ms > *longest)
		*longest = took_ms;
}

int64_t health_probe_wait_ms(
    const struct health *h, int64_t first_byte_timeout_ms, int64_t now_ms)
{
	int64_t wait_ms = 2 * longest_ms(h, now_ms);

	if (wait_ms == 0)
		wait_ms = first_byte_timeout_ms > 0 ? first_byte_timeout_ms
						    : PROBE_WAIT_UNKNOWN_MS;
	if (wait_ms < PROBE_WAIT_LEAST_MS)
		wait_ms = PROBE_WAIT_LEAST_MS;
	if (first_byte_timeout_ms > 0 && wait_ms > first_byte_timeout_ms)
		wait_ms = first_byte_timeout_ms;
	return wait_ms;
}

/* A device that is up is probed only when a refusal is the last that was
 * seen of it, and it has become old. */
int64_t health_probe_at_ms(
    const struct health *h, const struct health_conf *conf)
{
	int64_t at_ms;

	if (!conf->probe || h->held || h->running)
		return INT64_MAX;
	if (h->state != HEALTH_UP)
		return h->probe_at_ms;
	if (h->refused_since_ms < 0 || conf->down_refused_ms == 0)
		return INT64_MAX;
	at_ms = h->refused_since_ms + conf->down_refused_ms;
	return at_ms > h->probe_at_ms ? at_ms : h->probe_at_ms;
}

int64_t health_pause_ms(const struct health *h)
{
	return h->pause_ms;
}

int64_t health_retry_ms(const struct health *h, unsigned int retries,
    unsigned int refusals, unsigned int probe_id)
{
	unsigned int doublings = refusals - 1;

	if (refusals > retries || probe_id != 0 || h->held ||
	    h->state == HEALTH_DOWN)
		return -1;
	if (doublings > RETRY_DOUBLINGS)
		doublings = RETRY_DOUBLINGS;
	return (int64_t)RETRY_FIRST_MS << doublings;
}

unsigned int health_retry_after_s(const struct health *h, int64_t now_ms)
{
	int64_t left_ms = h->probe_at_ms - now_ms;

	if (h->held)
		return HELD_RETRY_AFTER_S;
	if (h->state == HEALTH_UP || left_ms <= 1000)
		return 1;
	return (unsigned int)((left_ms + 999) / 1000);
}

enum health_state health_state(const struct health *h)
{
	return h->held ? HEALTH_HELD : h->state;
}

enum health_event health_hold(struct health *h, int64_t now_ms)
{
	if (h->held)
		return HEALTH_EVENT_NONE;
	h->held = true;
	h->undecided = false;
	h->why = HEALTH_WHY_ORDER;
	h->since_ms = now_ms;
	return HEALTH_EVENT_HELD;
}

enum health_event health_reset(
    struct health *h, const struct health_conf *conf, int64_t now_ms)
{
	bool was_up = health_state(h) == HEALTH_UP;

	h->held = false;
	forget_signs(h, conf);
	h->cleared_ms = INT64_MIN / 2;
	if (was_up)
		return HEALTH_EVENT_NONE;
	set_state(h, HEALTH_UP, HEALTH_WHY_ORDER, now_ms);
	return HEALTH_EVENT_UP;
}
