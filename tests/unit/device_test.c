/*
 * Proves that the device is never asked for more than it can bear, and that
 * its health follows from what it did: random dials and outcomes against a
 * model that keeps the whole history and works everything out from it.
 */
#include <string.h>

#include "policy/device.h"
#include "unit.h"

static const struct device_conf w5500 = {
    .slots = 1,
    .probe = "GET /",
    .probe_min_ms = 1000,
    .probe_max_ms = 32000,
    .down_silences = 1,
    .down_refused_ms = 10000,
};

enum { DIALS_MAX = 8, HISTORY_MAX = 4000 };

/* What a plain reading of the contract keeps. */
struct model {
	const struct device_conf *conf;
	int64_t now_ms;
	struct device_pass pass[DIALS_MAX]; /* under way */
	unsigned int dials;
	int64_t ghost_until[HISTORY_MAX];
	unsigned int ghosts;
	int64_t last_end_ms;

	/* Since the device last served. */
	int64_t refused_at[HISTORY_MAX];
	unsigned int refusals, silences, failed_trials;
	bool wedged;

	enum device_health health;
	int64_t probe_at_ms;
	unsigned int trial; /* the number of the trial under way */
};

static int64_t wait_of(const struct model *m)
{
	int64_t wait_ms = m->conf->probe_min_ms;
	unsigned int i;

	for (i = 0; i < m->failed_trials && wait_ms < m->conf->probe_max_ms;
	     i++)
		wait_ms *= 2;
	return wait_ms < m->conf->probe_max_ms ? wait_ms
					       : m->conf->probe_max_ms;
}

static unsigned int live_ghosts(const struct model *m, int64_t *out_first_ms)
{
	unsigned int i, n = 0;

	*out_first_ms = INT64_MAX;
	for (i = 0; i < m->ghosts; i++) {
		if (m->ghost_until[i] <= m->now_ms)
			continue;
		n++;
		if (m->ghost_until[i] < *out_first_ms)
			*out_first_ms = m->ghost_until[i];
	}
	return n;
}

static enum device_answer model_answer(
    const struct model *m, bool probe, int64_t *out_when_ms)
{
	bool trial_due = m->health == DEVICE_DOWN &&
	    m->now_ms >= m->probe_at_ms && probe == (m->conf->probe != NULL);
	unsigned int ghosts = live_ghosts(m, out_when_ms);

	if (!(m->health == DEVICE_UP && !probe) && !trial_due)
		return DEVICE_NOT_NOW;
	if (m->conf->slots > 0 && m->dials + ghosts >= m->conf->slots)
		return DEVICE_WAIT;
	*out_when_ms = m->last_end_ms + m->conf->connect_gap_ms;
	return m->now_ms < *out_when_ms ? DEVICE_WAIT : DEVICE_GO;
}

/* The refusals that follow each other closely, back from the latest. */
static bool refused_too_long(const struct model *m)
{
	int64_t limit_ms = m->conf->down_refused_ms;
	unsigned int i = m->refusals - 1;

	while (i > 0 && m->refused_at[i] - m->refused_at[i - 1] <= limit_ms)
		i--;
	return limit_ms > 0 && m->now_ms - m->refused_at[i] >= limit_ms;
}

static void model_down(struct model *m)
{
	m->health = DEVICE_DOWN;
	m->probe_at_ms = m->now_ms + wait_of(m);
}

static enum device_event model_failed(struct model *m,
    const struct device_pass *pass, enum device_outcome outcome)
{
	bool last = wait_of(m) == m->conf->probe_max_ms;
	bool first = !m->wedged;
	bool too_much;

	if (outcome == DEVICE_SILENT)
		m->silences++;
	else
		m->refused_at[m->refusals++] = m->now_ms;
	too_much = outcome == DEVICE_SILENT
	    ? m->conf->down_silences && m->silences >= m->conf->down_silences
	    : refused_too_long(m);
	if (m->health == DEVICE_PROBING && pass->trial == m->trial) {
		m->failed_trials++;
		model_down(m);
		m->wedged |= last;
		return last && first ? DEVICE_EVENT_WEDGED : DEVICE_EVENT_NONE;
	}
	if (m->health != DEVICE_UP || !too_much)
		return DEVICE_EVENT_NONE;
	model_down(m);
	return DEVICE_EVENT_DOWN;
}

static enum device_event model_learn(struct model *m,
    const struct device_pass *pass, enum device_outcome outcome)
{
	enum device_health before = m->health;

	if (outcome != DEVICE_SERVED)
		return model_failed(m, pass, outcome);
	m->health = DEVICE_UP;
	m->refusals = m->silences = m->failed_trials = 0;
	m->wedged = false;
	return before == DEVICE_UP ? DEVICE_EVENT_NONE : DEVICE_EVENT_UP;
}

static void check_slot(const struct model *m, const struct device_pass *pass)
{
	unsigned int i;

	ck_assert(pass->taken);
	if (m->conf->slots == 0) {
		ck_assert_int_eq(pass->slot, -1);
		return;
	}
	ck_assert_int_lt(pass->slot, (int)m->conf->slots);
	for (i = 0; i < m->dials; i++)
		ck_assert_int_ne(m->pass[i].slot, pass->slot);
}

static void try_take(struct device *d, struct model *m, bool probe)
{
	struct device_pass pass = {0};
	int64_t when_ms = -7, want_ms;
	enum device_answer want = model_answer(m, probe, &want_ms);

	if (m->dials == DIALS_MAX)
		return;
	ck_assert_int_eq(
	    device_take(d, m->conf, probe, m->now_ms, &pass, &when_ms), want);
	ck_assert_int_eq(when_ms, want == DEVICE_WAIT ? want_ms : -7);
	if (want != DEVICE_GO) {
		ck_assert(!pass.taken);
		return;
	}
	check_slot(m, &pass);
	ck_assert_int_eq(pass.trial != 0, m->health == DEVICE_DOWN);
	if (pass.trial) {
		ck_assert_uint_ne(pass.trial, m->trial);
		m->trial = pass.trial;
		m->health = DEVICE_PROBING;
	}
	m->pass[m->dials++] = pass;
}

static void learn(struct device *d, struct model *m, unsigned int i,
    enum device_outcome outcome)
{
	struct device_pass *pass = &m->pass[i];
	enum device_event want = model_learn(m, pass, outcome);

	ck_assert_int_eq(
	    device_learn(d, m->conf, pass, outcome, m->now_ms), want);
}

static void end(struct device *d, struct model *m, unsigned int i, bool ghost)
{
	struct device_pass pass = m->pass[i];

	if (ghost) {
		m->ghost_until[m->ghosts++] = m->now_ms + wait_of(m);
		device_give_ghost(d, m->conf, &pass, m->now_ms);
	} else {
		device_give(d, m->conf, &pass, m->now_ms);
	}
	ck_assert(!pass.taken);
	device_give(d, m->conf, &pass, m->now_ms);
	if (m->health == DEVICE_PROBING && m->pass[i].trial == m->trial)
		model_down(m);
	m->last_end_ms = m->now_ms;
	m->pass[i] = m->pass[--m->dials];
}

static void check_both(const struct device *d, const struct model *m)
{
	int64_t left_ms = m->health == DEVICE_DOWN
	    ? m->probe_at_ms - m->now_ms : 0;

	ck_assert_int_eq(d->health, m->health);
	ck_assert_uint_eq(d->in_use, m->dials);
	ck_assert_int_eq(device_probe_at_ms(d, m->conf),
	    m->health == DEVICE_DOWN && m->conf->probe ? m->probe_at_ms
						       : INT64_MAX);
	ck_assert_int_eq(device_retry_after_s(d, m->now_ms),
	    left_ms <= 1000 ? 1 : (left_ms + 999) / 1000);
}

static void act(struct device *d, struct model *m, uint64_t *state)
{
	static const int64_t pauses[] = {0, 0, 1, 20, 50, 400, 1000, 6000};
	unsigned int dice = chance_below(state, 10), i;

	m->now_ms += pauses[chance_below(state, 8)];
	if (dice < 5 || m->dials == 0) {
		try_take(d, m, dice < 2);
		return;
	}
	i = chance_below(state, m->dials);
	/* Long runs of bad luck, else the waits never grow long. */
	if (dice < 9)
		learn(d, m, i, *state >> 40 & 7 ? 1 + (*state >> 50 & 1)
						: DEVICE_SERVED);
	if (dice > 6)
		end(d, m, i, dice == 9);
}

START_TEST(as_the_history_says)
{
	static struct model m;
	static struct device d;
	struct device_conf conf = w5500;
	uint64_t state = (uint64_t)_i + 1;
	unsigned int step;

	conf.slots = (unsigned int)_i % 4;
	conf.connect_gap_ms = _i % 3 ? 0 : 30;
	conf.probe = _i % 2 ? "GET /" : NULL;
	conf.down_silences = (unsigned int)_i % 5;
	conf.down_refused_ms = _i % 7 ? 10000 : 0;
	conf.probe_max_ms = _i % 6 ? 32000 : 5000;
	m = (struct model){.conf = &conf, .last_end_ms = INT64_MIN / 2};
	device_init(&d, &conf);
	for (step = 0; step < 3000; step++) {
		act(&d, &m, &state);
		check_both(&d, &m);
	}
	while (m.dials > 0)
		end(&d, &m, 0, false);
	check_both(&d, &m);
}
END_TEST

static struct device_pass must_take(
    struct device *d, const struct device_conf *conf, bool probe, int64_t now)
{
	struct device_pass pass = {0};
	int64_t when;

	ck_assert_int_eq(
	    device_take(d, conf, probe, now, &pass, &when), DEVICE_GO);
	return pass;
}

/* A dead device, seen from the door: one client pays, then probes follow
 * after 1, 2, 4 ... 32 s, and the hook hears of it once. */
START_TEST(outage)
{
	static struct device d;
	struct device_pass pass, other = {0};
	int64_t now = 5000, when, wait;

	device_init(&d, &w5500);
	pass = must_take(&d, &w5500, false, 0);
	ck_assert_int_eq(
	    device_learn(&d, &w5500, &pass, DEVICE_SILENT, now),
	    DEVICE_EVENT_DOWN);
	device_give_ghost(&d, &w5500, &pass, now);
	for (wait = 1000; wait <= 32000; wait *= 2) {
		ck_assert_int_eq(device_probe_at_ms(&d, &w5500), now + wait);
		ck_assert_int_eq(device_retry_after_s(&d, now), wait / 1000);
		now += wait;
		ck_assert_int_eq(device_take(&d, &w5500, true, now - 1, &other,
				     &when), DEVICE_NOT_NOW);
		ck_assert_int_eq(device_take(&d, &w5500, false, now, &other,
				     &when), DEVICE_NOT_NOW);
		pass = must_take(&d, &w5500, true, now);
		ck_assert_int_eq(device_retry_ms(&d, 5, 1), -1);
		ck_assert_int_eq(
		    device_learn(&d, &w5500, &pass, DEVICE_REFUSED, now),
		    wait == 32000 ? DEVICE_EVENT_WEDGED : DEVICE_EVENT_NONE);
		device_give(&d, &w5500, &pass, now);
	}
	now += 32000;
	pass = must_take(&d, &w5500, true, now);
	ck_assert_int_eq(device_learn(&d, &w5500, &pass, DEVICE_SERVED, now),
	    DEVICE_EVENT_UP);
	device_give(&d, &w5500, &pass, now);
	must_take(&d, &w5500, false, now);
}
END_TEST

/* Refusals are retried at growing distances, as often as the setting says. */
START_TEST(retries)
{
	static const int64_t wait_ms[] = {50, 100, 200, 400, 800, 800, 800};
	static struct device d;
	unsigned int i;

	device_init(&d, &w5500);
	for (i = 0; i < 7; i++)
		ck_assert_int_eq(device_retry_ms(&d, 7, i + 1), wait_ms[i]);
	ck_assert_int_eq(device_retry_ms(&d, 7, 8), -1);
	ck_assert_int_eq(device_retry_ms(&d, 0, 1), -1);
}
END_TEST

/* Refusals take the device down when they have lasted; two that are further
 * apart than that are no row. */
START_TEST(refusals)
{
	static const struct {
		int64_t at_ms;
		enum device_event event;
	} refusal[] = {
	    {1000, DEVICE_EVENT_NONE},
	    {11001, DEVICE_EVENT_NONE},
	    {21000, DEVICE_EVENT_NONE},
	    {21001, DEVICE_EVENT_DOWN},
	};
	static struct device d;
	struct device_pass pass;
	unsigned int i;

	device_init(&d, &w5500);
	pass = must_take(&d, &w5500, false, 0);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(device_learn(&d, &w5500, &pass,
				     DEVICE_REFUSED, refusal[i].at_ms),
		    refusal[i].event);
	device_init(&d, &w5500);
	device_learn(&d, &w5500, &pass, DEVICE_REFUSED, 0);
	ck_assert_int_eq(
	    device_learn(&d, &w5500, &pass, DEVICE_REFUSED, 10000),
	    DEVICE_EVENT_DOWN);
}
END_TEST

/* A reload that lowers `slots` waits until enough have been given back. */
START_TEST(fewer_slots)
{
	struct device_conf conf = {.slots = 3, .probe_min_ms = 1};
	static struct device d;
	struct device_pass pass[3], none = {0};
	int64_t when;
	int i;

	device_init(&d, &conf);
	for (i = 0; i < 3; i++)
		pass[i] = must_take(&d, &conf, false, 0);
	conf.slots = 1;
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(device_take(&d, &conf, false, 0, &none, &when),
		    DEVICE_WAIT);
		device_give(&d, &conf, &pass[i], 0);
	}
	must_take(&d, &conf, false, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("device");
	TCase *t = unit_case(s, "device");

	tcase_add_loop_test(t, as_the_history_says, 0, 84);
	tcase_add_test(t, outage);
	tcase_add_test(t, retries);
	tcase_add_test(t, refusals);
	tcase_add_test(t, fewer_slots);
	return unit_run(s);
}
