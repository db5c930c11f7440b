/*
 * Proves in random lives that a device which is well is never taken down while
 * its probe passes, and that one which is dead always is, and soon.
 */
#include "health_fixture.h"

/* A random life: clients with odd requests and refusals, and a probe that
 * goes whenever it is due and meets what the device is. */
struct life {
	struct health h;
	uint64_t state;
	int64_t now_ms;
	unsigned int trial; /* 0: no probe is on its way */
	int64_t probe_ends_ms;
	enum health_signal probe_signal;
};

static void run_probe(struct life *l)
{
	if (l->trial && l->now_ms >= l->probe_ends_ms) {
		health_report(&l->h, &with_probe, l->probe_signal, NULL,
		    l->trial, l->now_ms);
		health_trial_ended(&l->h, l->trial, l->now_ms);
		l->trial = 0;
	}
	if (l->trial || health_ask(&l->h, &with_probe, HEALTH_PROBE,
			    l->now_ms) != HEALTH_GO)
		return;
	l->trial = health_connect(&l->h, &with_probe, HEALTH_PROBE);
	l->probe_ends_ms = l->now_ms + chance_below(&l->state, 2000);
}

static void some_client(struct life *l, unsigned int served_percent)
{
	static const enum health_signal odd[] = {
	    HEALTH_SILENT, HEALTH_RESET, HEALTH_REFUSED};
	enum health_signal signal = HEALTH_SERVED;
	struct client who = {
	    .net = chance_below(&l->state, 5), .family = AF_INET};

	if (health_ask(&l->h, &with_probe, HEALTH_NEWCOMER, l->now_ms) !=
	    HEALTH_GO)
		return;
	if (chance_below(&l->state, 100) >= served_percent)
		signal = odd[chance_below(&l->state, 3)];
	client(&l->h, &with_probe, signal, &who, l->now_ms);
}

/* Well: every probe passes, and some request of a hundred is answered. */
TEST_LOOP(well_is_never_down, 0, 32)
{
	struct life l = {
	    .state = (uint64_t)_i + 1, .probe_signal = HEALTH_SERVED};
	unsigned int step;

	l.h = fresh(&with_probe);
	for (step = 0; step < 5000; step++) {
		l.now_ms += chance_below(&l.state, 200);
		run_probe(&l);
		some_client(&l, 30);
		ck_assert_int_ne(l.h.state, HEALTH_DOWN);
	}
}

/* Dead: from the first request on it is known within down-after, a probe and
 * a step, though one client an hour comes; and up within the longest pause
 * once it lives. */
TEST_LOOP(dead_is_noticed, 0, 16)
{
	struct life l = {.state = (uint64_t)_i + 1};
	int64_t dead_ms = 1000000, alive_ms = dead_ms + 100000;
	enum health_signal dead = _i % 2 ? HEALTH_SILENT : HEALTH_REFUSED;

	l.h = fresh(&with_probe);
	l.now_ms = dead_ms;
	l.probe_signal = dead;
	client(&l.h, &with_probe, dead, &alice, l.now_ms);
	while (l.now_ms < alive_ms) {
		run_probe(&l);
		ck_assert(l.h.state == HEALTH_DOWN ||
			  l.now_ms < dead_ms + 10000 + 2000 + 10);
		l.now_ms += 10;
	}
	ck_assert(l.h.stuck);
	l.probe_signal = HEALTH_SERVED;
	while (l.h.state == HEALTH_DOWN) {
		run_probe(&l);
		ck_assert_int_le(l.now_ms, alive_ms + 8000 + 2000 + 10);
		l.now_ms += 10;
	}
}
