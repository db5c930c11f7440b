/*
 * Proves what signals make of a device's state, step by step for each rule.
 */
#include "health_fixture.h"

static const struct health_conf without = {.probe_min_ms = 1000,
    .probe_max_ms = 8000,
    .down_silences = 1,
    .down_refused_ms = 10000};

static const struct client bob = {.net = 2, .family = AF_INET};

static enum health_event probe(
    struct health *h, enum health_signal signal, int64_t now_ms)
{
	unsigned int trial;
	enum health_event event;

	ck_assert_int_eq(
	    health_ask(h, &with_probe, HEALTH_PROBE, now_ms), HEALTH_GO);
	trial = health_connect(h, &with_probe, HEALTH_PROBE);
	ck_assert_uint_ne(trial, 0);
	event = health_report(h, &with_probe, signal, NULL, trial, now_ms);
	health_trial_ended(h, trial, now_ms);
	return event;
}

static void expect_asked(const struct health *h, const struct health_conf *conf,
    int64_t now_ms, enum health_verdict newcomer, enum health_verdict waiter)
{
	ck_assert_int_eq(
	    health_ask(h, conf, HEALTH_NEWCOMER, now_ms), newcomer);
	ck_assert_int_eq(health_ask(h, conf, HEALTH_WAITER, now_ms), waiter);
}

/* Silence: waiters stay, newcomers go after a grace, the probe decides; a
 * pass leaves a minute of doubt in which newcomers wait too. */
TEST(suspected_and_cleared)
{
	struct health h = fresh(&with_probe);

	expect_asked(&h, &with_probe, 0, HEALTH_GO, HEALTH_GO);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), INT64_MAX);
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_SILENT, &alice, 500),
	    HEALTH_EVENT_SUSPECTED);
	ck_assert_int_eq(health_state(&h), HEALTH_SUSPECTED);
	ck_assert_int_eq(h.why, HEALTH_WHY_SILENT);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), 500);
	expect_asked(&h, &with_probe, 749, HEALTH_WAIT, HEALTH_WAIT);
	expect_asked(&h, &with_probe, 750, HEALTH_REFUSE, HEALTH_WAIT);
	/* More of them change nothing: the probe decides. */
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_SILENT, &bob, 550),
	    HEALTH_EVENT_NONE);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), 500);
	ck_assert_int_eq(probe(&h, HEALTH_SERVED, 600), HEALTH_EVENT_CLEARED);
	expect_asked(&h, &with_probe, 600, HEALTH_GO, HEALTH_GO);
	client(&h, &with_probe, HEALTH_SILENT, &bob, 60599);
	expect_asked(&h, &with_probe, 60599, HEALTH_WAIT, HEALTH_WAIT);
	probe(&h, HEALTH_SERVED, 60700);
	client(&h, &with_probe, HEALTH_SILENT, &bob, 120700);
	expect_asked(&h, &with_probe, 120950, HEALTH_REFUSE, HEALTH_WAIT);
}

/* The grace is the longest first byte of the last hour, within bounds. */
TEST_LOOP(grace, 0, 6)
{
	static const int64_t longest_ms[] = {0, 249, 251, 800, 1000, 4000};
	static const int64_t grace_ms[] = {250, 250, 251, 800, 1000, 1000};
	struct health h = fresh(&with_probe);

	if (longest_ms[_i] > 0)
		health_first_byte(&h, longest_ms[_i], 0);
	client(&h, &with_probe, HEALTH_SILENT, &alice, 100);
	expect_asked(
	    &h, &with_probe, 99 + grace_ms[_i], HEALTH_WAIT, HEALTH_WAIT);
	expect_asked(
	    &h, &with_probe, 100 + grace_ms[_i], HEALTH_REFUSE, HEALTH_WAIT);
}

/* The probe fails: down, waits double to the longest, stuck is told once; up
 * again with the first byte, and all begins anew. */
TEST(an_outage)
{
	static const int64_t pauses_ms[] = {1000, 2000, 4000, 8000, 8000, 8000};
	struct health h = fresh(&with_probe);
	unsigned int round, i, stuck;
	int64_t now_ms = 100;

	for (round = 0; round < 2; round++) {
		client(&h, &with_probe, HEALTH_SILENT, &alice, now_ms);
		ck_assert_int_eq(
		    probe(&h, HEALTH_SILENT, now_ms), HEALTH_EVENT_DOWN);
		ck_assert_int_eq(h.why, HEALTH_WHY_PROBE_SILENT);
		ck_assert_int_eq(h.since_ms, now_ms);
		for (i = 0, stuck = 0; i < 6; i++) {
			ck_assert_int_eq(health_probe_at_ms(&h, &with_probe),
			    now_ms + pauses_ms[i]);
			ck_assert_int_eq(health_pause_ms(&h), pauses_ms[i]);
			ck_assert_uint_eq(health_retry_after_s(&h, now_ms),
			    pauses_ms[i] / 1000);
			ck_assert_uint_eq(health_retry_after_s(&h, now_ms - 1),
			    pauses_ms[i] / 1000 + 1);
			now_ms += pauses_ms[i];
			ck_assert_int_eq(health_ask(&h, &with_probe,
					     HEALTH_PROBE, now_ms - 1),
			    HEALTH_REFUSE);
			expect_asked(&h, &with_probe, now_ms, HEALTH_REFUSE,
			    HEALTH_REFUSE);
			stuck += probe(&h, HEALTH_REFUSED, now_ms) ==
				 HEALTH_EVENT_STUCK;
			ck_assert_uint_eq(stuck, i >= 3);
			ck_assert_int_eq(h.stuck, i >= 3);
		}
		now_ms += 8000;
		ck_assert_int_eq(
		    probe(&h, HEALTH_SERVED, now_ms), HEALTH_EVENT_UP);
		ck_assert(!h.stuck);
		ck_assert_uint_eq(health_retry_after_s(&h, now_ms), 1);
		now_ms += 70000;
	}
}

/* A reply that a client gets clears the device too; the probe on its way
 * decides nothing then, and no second one starts before it is over. */
TEST(overtaken_probe)
{
	struct health h = fresh(&with_probe);
	unsigned int trial;

	client(&h, &with_probe, HEALTH_SILENT, &alice, 0);
	trial = health_connect(&h, &with_probe, HEALTH_PROBE);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), INT64_MAX);
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_SERVED, &bob, 10),
	    HEALTH_EVENT_CLEARED);
	ck_assert_int_eq(
	    health_report(&h, &with_probe, HEALTH_SILENT, NULL, trial, 20),
	    HEALTH_EVENT_NONE);
	ck_assert_int_eq(health_state(&h), HEALTH_UP);
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_SILENT, &alice, 30),
	    HEALTH_EVENT_SUSPECTED);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), INT64_MAX);
	health_trial_ended(&h, trial, 40);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), 30);
	ck_assert_int_eq(
	    health_ask(&h, &with_probe, HEALTH_PROBE, 40), HEALTH_GO);
	/* The end of another is not its end, nor its verdict. */
	ck_assert_uint_eq(
	    health_connect(&h, &with_probe, HEALTH_PROBE), trial + 1);
	health_trial_ended(&h, trial, 50);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), INT64_MAX);
	health_report(&h, &with_probe, HEALTH_REFUSED, NULL, trial, 60);
	ck_assert_int_eq(health_state(&h), HEALTH_SUSPECTED);
}

/* A trial that nobody could judge is put off; a reset is life to a suspected
 * device, and no proof to one that is down. */
TEST(unjudged)
{
	struct health h = fresh(&with_probe);
	unsigned int trial;

	client(&h, &with_probe, HEALTH_SILENT, &alice, 0);
	trial = health_connect(&h, &with_probe, HEALTH_PROBE);
	health_trial_ended(&h, trial, 100);
	ck_assert_int_eq(health_state(&h), HEALTH_SUSPECTED);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), 1100);
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_RESET, &alice, 200),
	    HEALTH_EVENT_NONE);
	ck_assert_int_eq(health_state(&h), HEALTH_SUSPECTED);
	ck_assert_int_eq(probe(&h, HEALTH_RESET, 1100), HEALTH_EVENT_CLEARED);
	ck_assert_int_eq(h.why, HEALTH_WHY_RESET);

	client(&h, &with_probe, HEALTH_SILENT, &alice, 2000);
	probe(&h, HEALTH_SILENT, 2000);
	ck_assert_int_eq(probe(&h, HEALTH_RESET, 3000), HEALTH_EVENT_NONE);
	ck_assert_int_eq(health_state(&h), HEALTH_DOWN);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), 4000);
}

/* Refused for down-after with no reply between: down, by whoever is refused.
 * A reply ends the row, resets are none. */
TEST(refusals)
{
	struct health h = fresh(&with_probe);

	client(&h, &with_probe, HEALTH_REFUSED, &alice, 1000);
	client(&h, &with_probe, HEALTH_RESET, &alice, 1000);
	expect_asked(&h, &with_probe, 1000, HEALTH_GO, HEALTH_GO);
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_REFUSED, &bob, 10999),
	    HEALTH_EVENT_NONE);
	client(&h, &with_probe, HEALTH_SERVED, &bob, 10999);
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_REFUSED, &bob, 20000),
	    HEALTH_EVENT_NONE);
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_REFUSED, &bob, 30000),
	    HEALTH_EVENT_DOWN);
	ck_assert_int_eq(h.why, HEALTH_WHY_REFUSED);
	ck_assert_int_eq(client(&h, &with_probe, HEALTH_REFUSED, &bob, 30000),
	    HEALTH_EVENT_NONE);
}

/* One refusal, and nobody comes: the probe looks after down-after, and what
 * it finds stands, whatever it is. */
TEST_LOOP(old_refusal, 0, 4)
{
	static const struct {
		enum health_signal signal;
		enum health_event event;
	} cases[] = {
	    {HEALTH_SERVED, HEALTH_EVENT_NONE},
	    {HEALTH_REFUSED, HEALTH_EVENT_DOWN},
	    {HEALTH_SILENT, HEALTH_EVENT_DOWN},
	    {HEALTH_RESET, HEALTH_EVENT_NONE},
	};
	struct health h = fresh(&with_probe);
	unsigned int trial;

	client(&h, &with_probe, HEALTH_REFUSED, &alice, 1000);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), 11000);
	ck_assert_int_eq(health_probe_at_ms(&h, &without), INT64_MAX);
	trial = health_connect(&h, &with_probe, HEALTH_PROBE);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), INT64_MAX);
	health_trial_ended(&h, trial, 11000);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), 12000);
	ck_assert_int_eq(probe(&h, cases[_i].signal, 12000), cases[_i].event);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe),
	    cases[_i].event == HEALTH_EVENT_DOWN ? 13000 : INT64_MAX);
}

/* Without a probe a silence stops nobody, and one address, however often,
 * takes nobody's device; two do. The next client is the trial then. */
TEST(two_addresses)
{
	struct health h = fresh(&without);
	unsigned int trial;

	ck_assert_int_eq(client(&h, &without, HEALTH_SILENT, &alice, 0),
	    HEALTH_EVENT_SUSPECTED);
	client(&h, &without, HEALTH_SILENT, &alice, 1);
	client(&h, &without, HEALTH_SILENT, &alice, 2);
	expect_asked(&h, &without, 2, HEALTH_GO, HEALTH_GO);
	ck_assert_uint_eq(health_connect(&h, &without, HEALTH_WAITER), 0);
	ck_assert_int_eq(health_state(&h), HEALTH_SUSPECTED);
	client(&h, &without, HEALTH_SERVED, &bob, 3);
	client(&h, &without, HEALTH_SILENT, &bob, 4);
	ck_assert_int_eq(
	    client(&h, &without, HEALTH_SILENT, &alice, 5), HEALTH_EVENT_DOWN);
	expect_asked(&h, &without, 1004, HEALTH_REFUSE, HEALTH_REFUSE);
	expect_asked(&h, &without, 1005, HEALTH_GO, HEALTH_GO);
	ck_assert_int_eq(health_probe_at_ms(&h, &without), INT64_MAX);
	trial = health_connect(&h, &without, HEALTH_NEWCOMER);
	ck_assert_uint_ne(trial, 0);
	expect_asked(&h, &without, 1005, HEALTH_REFUSE, HEALTH_REFUSE);
	health_report(&h, &without, HEALTH_SILENT, &bob, trial, 1100);
	health_trial_ended(&h, trial, 1200);
	expect_asked(&h, &without, 3099, HEALTH_REFUSE, HEALTH_REFUSE);
	expect_asked(&h, &without, 3100, HEALTH_GO, HEALTH_GO);
	/* A trial that served may stay for long: the next outage has its own.
	 */
	trial = health_connect(&h, &without, HEALTH_WAITER);
	ck_assert_int_eq(
	    health_report(&h, &without, HEALTH_SERVED, &bob, trial, 3200),
	    HEALTH_EVENT_UP);
	client(&h, &without, HEALTH_SILENT, &bob, 4000);
	client(&h, &without, HEALTH_SILENT, &alice, 4000);
	expect_asked(&h, &without, 5000, HEALTH_GO, HEALTH_GO);
	ck_assert_uint_eq(
	    health_connect(&h, &without, HEALTH_WAITER), trial + 1);
}

/* down-after N: N silences in a row; 0: neither they nor refusals count. */
TEST_LOOP(how_many, 0, 4)
{
	struct health_conf conf = with_probe;
	struct health h;
	unsigned int i;

	conf.down_silences = (unsigned int)_i;
	conf.down_refused_ms = 0;
	h = fresh(&conf);
	for (i = 1; i < 8; i++) {
		client(&h, &conf, HEALTH_SILENT, &alice, 0);
		client(&h, &conf, HEALTH_REFUSED, &alice, 100000 * i);
		ck_assert_int_eq(health_state(&h),
		    _i > 0 && i >= (unsigned int)_i ? HEALTH_SUSPECTED
						    : HEALTH_UP);
		ck_assert_int_eq(health_probe_at_ms(&h, &conf),
		    health_state(&h) == HEALTH_UP ? INT64_MAX : 0);
	}
}

TEST(retries)
{
	static const int64_t pauses_ms[] = {50, 100, 200, 400, 800, 800, 800};
	struct health h = fresh(&with_probe);
	unsigned int i;

	for (i = 0; i < 7; i++)
		ck_assert_int_eq(
		    health_retry_ms(&h, 7, i + 1, 0), pauses_ms[i]);
	ck_assert_int_eq(health_retry_ms(&h, 7, 8, 0), -1);
	ck_assert_int_eq(health_retry_ms(&h, 0, 1, 0), -1);
	ck_assert_int_eq(health_retry_ms(&h, 7, 1, 1), -1);
	client(&h, &with_probe, HEALTH_SILENT, &alice, 0);
	ck_assert_int_eq(health_retry_ms(&h, 7, 1, 0), 50);
	probe(&h, HEALTH_REFUSED, 0);
	ck_assert_int_eq(health_retry_ms(&h, 7, 1, 0), -1);
	health_reset(&h, &with_probe, 0);
	health_hold(&h, 0);
	ck_assert_int_eq(health_retry_ms(&h, 7, 1, 0), -1);
}

/* Held: nobody, nothing learnt. Released: everybody, as if just started. */
TEST(held)
{
	struct health h = fresh(&with_probe);
	unsigned int trial;

	client(&h, &with_probe, HEALTH_SILENT, &alice, 0);
	trial = health_connect(&h, &with_probe, HEALTH_PROBE);
	ck_assert_int_eq(health_hold(&h, 50), HEALTH_EVENT_HELD);
	ck_assert_int_eq(health_hold(&h, 60), HEALTH_EVENT_NONE);
	ck_assert_int_eq(health_state(&h), HEALTH_HELD);
	ck_assert_int_eq(
	    health_report(&h, &with_probe, HEALTH_SERVED, NULL, trial, 70),
	    HEALTH_EVENT_NONE);
	health_trial_ended(&h, trial, 70);
	ck_assert_int_eq(h.since_ms, 50);
	ck_assert_int_eq(h.why, HEALTH_WHY_ORDER);
	expect_asked(&h, &with_probe, 80, HEALTH_REFUSE, HEALTH_REFUSE);
	ck_assert_int_eq(
	    health_ask(&h, &with_probe, HEALTH_PROBE, 80), HEALTH_REFUSE);
	ck_assert_int_eq(health_probe_at_ms(&h, &with_probe), INT64_MAX);
	ck_assert_uint_eq(health_retry_after_s(&h, 80), 30);
	ck_assert_int_eq(health_reset(&h, &with_probe, 90), HEALTH_EVENT_UP);
	ck_assert_int_eq(health_reset(&h, &with_probe, 95), HEALTH_EVENT_NONE);
	ck_assert_int_eq(health_state(&h), HEALTH_UP);
	ck_assert_int_eq(h.since_ms, 90);
	expect_asked(&h, &with_probe, 90, HEALTH_GO, HEALTH_GO);
}

/* The longest first byte of the last hour, against a list of all. */
TEST_LOOP(probe_wait, 0, 16)
{
	enum { REPLIES = 400 };
	static int64_t at_ms[REPLIES], took_ms[REPLIES];
	struct health h = fresh(&with_probe);
	uint64_t state = (uint64_t)_i + 1;
	int64_t now_ms = 0, longest, oldest_ms, wait_ms;
	int i, j;

	ck_assert_int_eq(health_probe_wait_ms(&h, 3000, 0), 3000);
	ck_assert_int_eq(health_probe_wait_ms(&h, 0, 0), 5000);
	for (i = 0; i < REPLIES; i++) {
		now_ms += chance_below(&state, _i % 4 == 3 ? 3000000 : 300000);
		at_ms[i] = now_ms;
		took_ms[i] = chance_below(&state, 10) ? 0 : 40000;
		took_ms[i] =
		    chance_below(&state, (unsigned int)took_ms[i] + 300);
		health_first_byte(&h, took_ms[i], now_ms);
		now_ms += chance_below(&state, 2) ? 0 : 3000000;
		/* A minute is remembered until the same minute of the next
		 * hour. */
		oldest_ms = (now_ms / 60000 - 59) * 60000;
		for (longest = 0, j = 0; j <= i; j++)
			if (at_ms[j] >= oldest_ms && took_ms[j] >= longest)
				longest = took_ms[j] ? took_ms[j] : 1;
		wait_ms = longest == 0 ? 5000 : 2 * longest;
		wait_ms = wait_ms < 1000 ? 1000 : wait_ms;
		ck_assert_int_eq(health_probe_wait_ms(&h, 0, now_ms), wait_ms);
		wait_ms = longest == 0 || wait_ms > 900 ? 900 : wait_ms;
		ck_assert_int_eq(
		    health_probe_wait_ms(&h, 900, now_ms), wait_ms);
	}
}
