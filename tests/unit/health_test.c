/*
 * Proves what signals make of a device's state, step by step for each rule;
 * and in random lives that a device which is well is never taken down while
 * its probe passes, and that one which is dead always is, and soon.
 */
#include "policy/health.h"
#include "unit.h"

static const struct health_conf with_probe = {.probe = "GET /",
    .probe_min_ms = 1000,
    .probe_max_ms = 8000,
    .down_silences = 1,
    .down_refused_ms = 10000};

static const struct health_conf without = {.probe_min_ms = 1000,
    .probe_max_ms = 8000,
    .down_silences = 1,
    .down_refused_ms = 10000};

static const struct client alice = {.net = 1, .family = AF_INET};
static const struct client bob = {.net = 2, .family = AF_INET};

static struct health h;
static const struct health_conf *conf;

static void start(const struct health_conf *c)
{
	conf = c;
	health_init(&h, conf, 0);
}

static void setup(void)
{
	start(&with_probe);
}
FIXTURE(setup, NULL)

/* What `who`, NULL for the probe, reports of `probe_id`, and what comes of it.
 */
static void report(int64_t now_ms, const struct client *who,
    unsigned int probe_id, enum health_signal signal, enum health_event event)
{
	ck_assert_msg(
	    health_report(&h, conf, signal, who, probe_id, now_ms) == event,
	    "at %d ms", (int)now_ms);
}

static void client(int64_t now_ms, const struct client *who,
    enum health_signal signal, enum health_event event)
{
	report(now_ms, who, 0, signal, event);
}

static void expect_verdict(
    int64_t now_ms, enum health_asker asker, enum health_verdict verdict)
{
	ck_assert_msg(health_ask(&h, conf, asker, now_ms) == verdict,
	    "at %d ms", (int)now_ms);
}

static void expect_asked(
    int64_t now_ms, enum health_verdict newcomer, enum health_verdict waiter)
{
	expect_verdict(now_ms, HEALTH_NEWCOMER, newcomer);
	expect_verdict(now_ms, HEALTH_WAITER, waiter);
}

static void probe(
    int64_t now_ms, enum health_signal signal, enum health_event event)
{
	unsigned int probe_id;

	expect_verdict(now_ms, HEALTH_PROBE, HEALTH_GO);
	probe_id = health_connect(&h, conf, HEALTH_PROBE);
	ck_assert_uint_ne(probe_id, 0);
	report(now_ms, NULL, probe_id, signal, event);
	health_probe_ended(&h, probe_id, now_ms);
}

#define expect_probe_at(ms) ck_assert_int_eq(health_probe_at_ms(&h, conf), ms)

#define expect_state(is) ck_assert_int_eq(health_state(&h), is)

/* Silence: waiters stay, newcomers go after a grace, the probe decides; a
 * pass leaves a minute of doubt in which newcomers wait too. */
TEST(a_silence_suspects_and_the_probe_clears)
{
	expect_asked(0, HEALTH_GO, HEALTH_GO);
	expect_probe_at(INT64_MAX);
	client(500, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	expect_state(HEALTH_SUSPECTED);
	ck_assert_int_eq(h.why, HEALTH_WHY_SILENT);
	expect_probe_at(500);
	expect_asked(749, HEALTH_WAIT, HEALTH_WAIT);
	expect_asked(750, HEALTH_REFUSE, HEALTH_WAIT);
	/* More of them change nothing: the probe decides. */
	client(550, &bob, HEALTH_SILENT, HEALTH_EVENT_NONE);
	expect_probe_at(500);
	probe(600, HEALTH_SERVED, HEALTH_EVENT_CLEARED);
	expect_asked(600, HEALTH_GO, HEALTH_GO);
	client(60599, &bob, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	expect_asked(60599, HEALTH_WAIT, HEALTH_WAIT);
	probe(60700, HEALTH_SERVED, HEALTH_EVENT_CLEARED);
	client(120700, &bob, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	expect_asked(120950, HEALTH_REFUSE, HEALTH_WAIT);
}

static const struct {
	int64_t longest_ms, grace_ms;
} graces[] = {
    {0, 250}, {249, 250}, {251, 251}, {800, 800}, {1000, 1000}, {4000, 1000}};

TEST_ROWS(grace_is_the_longest_first_byte_within_bounds, graces)
{
	if (row->longest_ms > 0)
		health_first_byte(&h, row->longest_ms, 0);
	client(100, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	expect_asked(99 + row->grace_ms, HEALTH_WAIT, HEALTH_WAIT);
	expect_asked(100 + row->grace_ms, HEALTH_REFUSE, HEALTH_WAIT);
}

/* The probe fails: down, waits double to the longest, stuck is told once; up
 * again with the first byte, and all begins anew. */
TEST(an_outage_doubles_its_pauses_and_is_stuck_once)
{
	static const int64_t pauses_ms[] = {1000, 2000, 4000, 8000, 8000, 8000};
	int64_t now_ms = 100;

	for (int round = 0; round < 2; round++) {
		client(now_ms, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
		probe(now_ms, HEALTH_SILENT, HEALTH_EVENT_DOWN);
		ck_assert_int_eq(h.why, HEALTH_WHY_PROBE_SILENT);
		ck_assert_int_eq(h.since_ms, now_ms);
		for (int i = 0; i < 6; i++) {
			int64_t pause_ms = pauses_ms[i];

			expect_probe_at(now_ms + pause_ms);
			ck_assert_int_eq(health_pause_ms(&h), pause_ms);
			ck_assert_uint_eq(
			    health_retry_after_s(&h, now_ms), pause_ms / 1000);
			ck_assert_uint_eq(health_retry_after_s(&h, now_ms - 1),
			    pause_ms / 1000 + 1);
			now_ms += pause_ms;
			expect_verdict(now_ms - 1, HEALTH_PROBE, HEALTH_REFUSE);
			expect_asked(now_ms, HEALTH_REFUSE, HEALTH_REFUSE);
			probe(now_ms, HEALTH_REFUSED,
			    i == 3 ? HEALTH_EVENT_STUCK : HEALTH_EVENT_NONE);
			ck_assert_int_eq(h.stuck, i >= 3);
		}
		now_ms += 8000;
		probe(now_ms, HEALTH_SERVED, HEALTH_EVENT_UP);
		ck_assert(!h.stuck);
		ck_assert_uint_eq(health_retry_after_s(&h, now_ms), 1);
		now_ms += 70000;
	}
}

/* A reply that a client gets clears the device too; the probe on its way
 * decides nothing then, and no second one starts before it is over. */
TEST(a_probe_overtaken_decides_nothing)
{
	unsigned int probe_id;

	client(0, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	probe_id = health_connect(&h, conf, HEALTH_PROBE);
	expect_probe_at(INT64_MAX);
	client(10, &bob, HEALTH_SERVED, HEALTH_EVENT_CLEARED);
	report(20, NULL, probe_id, HEALTH_SILENT, HEALTH_EVENT_NONE);
	expect_state(HEALTH_UP);
	client(30, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	expect_probe_at(INT64_MAX);
	health_probe_ended(&h, probe_id, 40);
	expect_probe_at(30);
	expect_verdict(40, HEALTH_PROBE, HEALTH_GO);
	/* The end of another is not its end, nor its verdict. */
	ck_assert_uint_eq(health_connect(&h, conf, HEALTH_PROBE), probe_id + 1);
	health_probe_ended(&h, probe_id, 50);
	expect_probe_at(INT64_MAX);
	report(60, NULL, probe_id, HEALTH_REFUSED, HEALTH_EVENT_NONE);
	expect_state(HEALTH_SUSPECTED);
}

/* A probe that nobody could judge is put off; a reset is life to a suspected
 * device, and no proof to one that is down. */
TEST(a_probe_unjudged_is_put_off)
{
	client(0, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	health_probe_ended(&h, health_connect(&h, conf, HEALTH_PROBE), 100);
	expect_state(HEALTH_SUSPECTED);
	expect_probe_at(1100);
	client(200, &alice, HEALTH_RESET, HEALTH_EVENT_NONE);
	expect_state(HEALTH_SUSPECTED);
	probe(1100, HEALTH_RESET, HEALTH_EVENT_CLEARED);
	ck_assert_int_eq(h.why, HEALTH_WHY_RESET);

	client(2000, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	probe(2000, HEALTH_SILENT, HEALTH_EVENT_DOWN);
	probe(3000, HEALTH_RESET, HEALTH_EVENT_NONE);
	expect_state(HEALTH_DOWN);
	expect_probe_at(4000);
}

/* Refused for down-after with no reply between: down, by whoever is refused.
 * A reply ends the row, resets are none. */
TEST(refusals_for_down_after_take_it_down)
{
	client(1000, &alice, HEALTH_REFUSED, HEALTH_EVENT_NONE);
	client(1000, &alice, HEALTH_RESET, HEALTH_EVENT_NONE);
	expect_asked(1000, HEALTH_GO, HEALTH_GO);
	client(10999, &bob, HEALTH_REFUSED, HEALTH_EVENT_NONE);
	client(10999, &bob, HEALTH_SERVED, HEALTH_EVENT_NONE);
	client(20000, &bob, HEALTH_REFUSED, HEALTH_EVENT_NONE);
	client(30000, &bob, HEALTH_REFUSED, HEALTH_EVENT_DOWN);
	ck_assert_int_eq(h.why, HEALTH_WHY_REFUSED);
	client(30000, &bob, HEALTH_REFUSED, HEALTH_EVENT_NONE);
}

static const struct {
	enum health_signal signal;
	enum health_event event;
	int64_t next_ms;
} late_probes[] = {
    {HEALTH_SERVED, HEALTH_EVENT_NONE, INT64_MAX},
    {HEALTH_REFUSED, HEALTH_EVENT_DOWN, 13000},
    {HEALTH_SILENT, HEALTH_EVENT_DOWN, 13000},
    {HEALTH_RESET, HEALTH_EVENT_NONE, INT64_MAX},
};

/* One refusal, and nobody comes: the probe looks after down-after, and what
 * it finds stands, whatever it is. */
TEST_ROWS(the_probe_looks_after_a_lone_refusal, late_probes)
{
	unsigned int probe_id;

	client(1000, &alice, HEALTH_REFUSED, HEALTH_EVENT_NONE);
	expect_probe_at(11000);
	ck_assert_int_eq(health_probe_at_ms(&h, &without), INT64_MAX);
	probe_id = health_connect(&h, conf, HEALTH_PROBE);
	expect_probe_at(INT64_MAX);
	health_probe_ended(&h, probe_id, 11000);
	expect_probe_at(12000);
	probe(12000, row->signal, row->event);
	expect_probe_at(row->next_ms);
}

/* Without a probe a silence stops nobody, and one address, however often,
 * takes nobody's device; two do. The next client is the probe then. */
TEST(without_a_probe_two_addresses_take_it_down)
{
	unsigned int probe_id;

	start(&without);
	client(0, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	client(1, &alice, HEALTH_SILENT, HEALTH_EVENT_NONE);
	client(2, &alice, HEALTH_SILENT, HEALTH_EVENT_NONE);
	expect_asked(2, HEALTH_GO, HEALTH_GO);
	ck_assert_uint_eq(health_connect(&h, conf, HEALTH_WAITER), 0);
	expect_state(HEALTH_SUSPECTED);
	client(3, &bob, HEALTH_SERVED, HEALTH_EVENT_CLEARED);
	client(4, &bob, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	client(5, &alice, HEALTH_SILENT, HEALTH_EVENT_DOWN);
	expect_asked(1004, HEALTH_REFUSE, HEALTH_REFUSE);
	expect_asked(1005, HEALTH_GO, HEALTH_GO);
	expect_probe_at(INT64_MAX);
	probe_id = health_connect(&h, conf, HEALTH_NEWCOMER);
	ck_assert_uint_ne(probe_id, 0);
	expect_asked(1005, HEALTH_REFUSE, HEALTH_REFUSE);
	report(1100, &bob, probe_id, HEALTH_SILENT, HEALTH_EVENT_NONE);
	health_probe_ended(&h, probe_id, 1200);
	expect_asked(3099, HEALTH_REFUSE, HEALTH_REFUSE);
	expect_asked(3100, HEALTH_GO, HEALTH_GO);
	/* A probe that served may stay for long: the next outage has its own.
	 */
	probe_id = health_connect(&h, conf, HEALTH_WAITER);
	report(3200, &bob, probe_id, HEALTH_SERVED, HEALTH_EVENT_UP);
	client(4000, &bob, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	client(4000, &alice, HEALTH_SILENT, HEALTH_EVENT_DOWN);
	expect_asked(5000, HEALTH_GO, HEALTH_GO);
	ck_assert_uint_eq(
	    health_connect(&h, conf, HEALTH_WAITER), probe_id + 1);
}

/* down-after N: N silences in a row; 0: neither they nor refusals count. */
TEST_LOOP(so_many_silences_suspect, 0, 4)
{
	struct health_conf some = with_probe;

	some.down_silences = (unsigned int)_i;
	some.down_refused_ms = 0;
	start(&some);
	for (int i = 1; i < 8; i++) {
		client(0, &alice, HEALTH_SILENT,
		    i == _i ? HEALTH_EVENT_SUSPECTED : HEALTH_EVENT_NONE);
		client(100000 * i, &alice, HEALTH_REFUSED, HEALTH_EVENT_NONE);
		expect_state(_i > 0 && i >= _i ? HEALTH_SUSPECTED : HEALTH_UP);
		expect_probe_at(_i > 0 && i >= _i ? 0 : INT64_MAX);
	}
}

TEST(retries_wait_longer_and_end)
{
	static const int64_t pauses_ms[] = {
	    50, 100, 200, 400, 800, 800, 800, -1};

	for (unsigned int i = 0; i < 8; i++)
		ck_assert_int_eq(
		    health_retry_ms(&h, 7, i + 1, 0), pauses_ms[i]);
	ck_assert_int_eq(health_retry_ms(&h, 0, 1, 0), -1);
	ck_assert_int_eq(health_retry_ms(&h, 7, 1, 1), -1);
	client(0, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	ck_assert_int_eq(health_retry_ms(&h, 7, 1, 0), 50);
	probe(0, HEALTH_REFUSED, HEALTH_EVENT_DOWN);
	ck_assert_int_eq(health_retry_ms(&h, 7, 1, 0), -1);
	health_reset(&h, conf, 0);
	health_hold(&h, 0);
	ck_assert_int_eq(health_retry_ms(&h, 7, 1, 0), -1);
}

/* Held: nobody, nothing learnt. Released: everybody, as if just started. */
TEST(held_nobody_connects_and_nothing_is_learnt)
{
	unsigned int probe_id;

	client(0, &alice, HEALTH_SILENT, HEALTH_EVENT_SUSPECTED);
	probe_id = health_connect(&h, conf, HEALTH_PROBE);
	ck_assert_int_eq(health_hold(&h, 50), HEALTH_EVENT_HELD);
	ck_assert_int_eq(health_hold(&h, 60), HEALTH_EVENT_NONE);
	expect_state(HEALTH_HELD);
	report(70, NULL, probe_id, HEALTH_SERVED, HEALTH_EVENT_NONE);
	health_probe_ended(&h, probe_id, 70);
	ck_assert_int_eq(h.since_ms, 50);
	ck_assert_int_eq(h.why, HEALTH_WHY_ORDER);
	expect_asked(80, HEALTH_REFUSE, HEALTH_REFUSE);
	expect_verdict(80, HEALTH_PROBE, HEALTH_REFUSE);
	expect_probe_at(INT64_MAX);
	ck_assert_uint_eq(health_retry_after_s(&h, 80), 30);
	ck_assert_int_eq(health_reset(&h, conf, 90), HEALTH_EVENT_UP);
	ck_assert_int_eq(health_reset(&h, conf, 95), HEALTH_EVENT_NONE);
	expect_state(HEALTH_UP);
	ck_assert_int_eq(h.since_ms, 90);
	expect_asked(90, HEALTH_GO, HEALTH_GO);
}

/* The longest first byte of the last hour, against a list of all. */
TEST_LOOP(a_probe_waits_twice_the_longest_of_the_hour, 0, 16)
{
	enum { REPLIES = 400 };
	static int64_t at_ms[REPLIES], took_ms[REPLIES];
	uint64_t state = (uint64_t)_i + 1;
	int64_t now_ms = 0, longest, oldest_ms, wait_ms;
	int i, j;

	ck_assert_int_eq(health_probe_wait_ms(&h, 3000, 0), 3000);
	ck_assert_int_eq(health_probe_wait_ms(&h, 0, 0), 5000);
	for (i = 0; i < REPLIES; i++) {
		now_ms += chance_below(&state, _i % 4 == 3 ? 3000000 : 300000);
		at_ms[i] = now_ms;
		took_ms[i] = chance_below(
		    &state, chance_below(&state, 10) ? 300 : 40300);
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

/* ---- random lives ---- */

static uint64_t state;
static int64_t now_ms;

/* A probe goes whenever it is due, and meets this. */
static void run_probe(enum health_signal signal)
{
	static unsigned int probe_id; /* 0: none is on its way */
	static int64_t ends_ms;

	if (probe_id && now_ms >= ends_ms) {
		health_report(&h, conf, signal, NULL, probe_id, now_ms);
		health_probe_ended(&h, probe_id, now_ms);
		probe_id = 0;
	}
	if (probe_id || health_ask(&h, conf, HEALTH_PROBE, now_ms) != HEALTH_GO)
		return;
	probe_id = health_connect(&h, conf, HEALTH_PROBE);
	ends_ms = now_ms + chance_below(&state, 2000);
}

/* Well: every probe passes, and some request of a hundred is answered; others
 * are odd, or refused. */
TEST_LOOP(well_is_never_down, 0, 32)
{
	static const enum health_signal odd[] = {
	    HEALTH_SILENT, HEALTH_RESET, HEALTH_REFUSED};

	state = (uint64_t)_i + 1;
	for (int step = 0; step < 5000; step++) {
		struct client who = {
		    .net = chance_below(&state, 5), .family = AF_INET};

		now_ms += chance_below(&state, 200);
		run_probe(HEALTH_SERVED);
		if (health_ask(&h, conf, HEALTH_NEWCOMER, now_ms) == HEALTH_GO)
			health_report(&h, conf,
			    chance_below(&state, 100) < 30
				? HEALTH_SERVED
				: odd[chance_below(&state, 3)],
			    &who, 0, now_ms);
		ck_assert_int_ne(h.state, HEALTH_DOWN);
	}
}

/* Dead: from the first request on it is known within down-after, a probe and
 * a step, though one client an hour comes; and up within the longest pause
 * once it lives. */
TEST_LOOP(dead_is_noticed, 0, 16)
{
	enum { DEAD_MS = 1000000, ALIVE_MS = DEAD_MS + 100000 };
	enum health_signal dead = _i % 2 ? HEALTH_SILENT : HEALTH_REFUSED;

	state = (uint64_t)_i + 1;
	health_report(&h, conf, dead, &alice, 0, DEAD_MS);
	for (now_ms = DEAD_MS; now_ms < ALIVE_MS; now_ms += 10) {
		run_probe(dead);
		ck_assert(h.state == HEALTH_DOWN ||
			  now_ms < DEAD_MS + 10000 + 2000 + 10);
	}
	ck_assert(h.stuck);
	for (; h.state == HEALTH_DOWN; now_ms += 10) {
		run_probe(HEALTH_SERVED);
		ck_assert_int_le(now_ms, ALIVE_MS + 8000 + 2000 + 10);
	}
}
