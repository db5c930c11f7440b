/*
 * Proves what is made of the facts: percentiles, the strip of a day, outages,
 * who is there, the latest ends, what is slow, and the headline.
 */
#include "status_fixture.h"

static void setup(void)
{
	f = facts_new();
}

FIXTURE(setup, NULL)

/* ---- percentiles ---- */

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

TEST(a_percentile_is_the_bound_of_its_value)
{
	enum { VALUES = 200 };
	int64_t values[VALUES], true_ms, got;
	uint64_t seed = 5;
	struct stats_block s;
	size_t n, at;

	for (int round = 0; round < 500; round++) {
		n = 1 + chance_below(&seed, VALUES);
		memset(&s, 0, sizeof(s));
		for (size_t i = 0; i < n; i++) {
			values[i] =
			    chance_below(&seed, 1U << chance_below(&seed, 17));
			stats_delay(&s, STATS_TOTAL, values[i]);
		}
		qsort(values, n, sizeof(*values), by_value);
		for (unsigned int pct = 1; pct <= 100; pct++) {
			at = (n * pct + 99) / 100 - 1;
			true_ms = values[at];
			got = status_percentile_ms(&s.delays[STATS_TOTAL], pct);
			ck_assert_int_ge(got, true_ms);
			ck_assert(got == 1 || got < 2 * true_ms);
		}
	}
	memset(&s, 0, sizeof(s));
	ck_assert_int_eq(status_percentile_ms(&s.delays[0], 50), -1);
	stats_delay(&s, STATS_GATE, 1 << 20);
	ck_assert_int_eq(
	    status_percentile_ms(&s.delays[STATS_GATE], 50), 131072);
}

/* Only what takes long on the way to the first byte, not the whole. */
TEST(the_slowest_is_above_128_ms_in_95_of_100)
{
	struct stats_block s;

	memset(&s, 0, sizeof(s));
	ck_assert_int_eq(status_slowest(s.delays), -1);
	for (int i = 0; i < 95; i++)
		stats_delay(&s, STATS_QUEUE, 128);
	for (int i = 0; i < 5; i++)
		stats_delay(&s, STATS_QUEUE, 4000);
	stats_delay(&s, STATS_TOTAL, 60000);
	ck_assert_int_eq(status_slowest(s.delays), -1);
	stats_delay(&s, STATS_FIRST_BYTE, 129);
	ck_assert_int_eq(status_slowest(s.delays), STATS_FIRST_BYTE);
	stats_delay(&s, STATS_QUEUE, 4000);
	ck_assert_int_eq(status_slowest(s.delays), STATS_QUEUE);
}

/* ---- what has been ---- */

TEST(only_another_state_is_a_change)
{
	note_ago(HEALTH_UP, HEALTH_WHY_START, 1000);
	note_ago(HEALTH_UP, HEALTH_WHY_SERVED, 900);
	ck_assert_uint_eq(f.history->count, 1);
	note_ago(HEALTH_DOWN, HEALTH_WHY_SILENT, 800);
	note_ago(HEALTH_UP, HEALTH_WHY_SERVED, 700);
	ck_assert_uint_eq(f.history->count, 3);
	ck_assert_uint_eq(f.history->at[1].why, HEALTH_WHY_SILENT);
	for (int i = 0; i < STATUS_CHANGES_MAX; i++)
		note_ago(i % 2 ? HEALTH_UP : HEALTH_HELD, HEALTH_WHY_ORDER, i);
	ck_assert_uint_eq(f.history->count, STATUS_CHANGES_MAX + 3);
}

enum { CELL_MS = STATUS_STRIP_CELL_MS, CELLS = STATUS_STRIP_CELLS };

TEST(a_cell_of_the_strip_is_its_worst_state)
{
	for (size_t i = 0; i < CELLS; i++)
		ck_assert_int_eq(status_strip(&f, i), -1);
	/* Up from the middle of the third cell from the end; down, up and
	 * suspected within the one before the last. */
	note_ago(HEALTH_UP, HEALTH_WHY_START, 5 * CELL_MS / 2);
	note_ago(HEALTH_DOWN, HEALTH_WHY_SILENT, 3 * CELL_MS / 2);
	note_ago(HEALTH_UP, HEALTH_WHY_SERVED, 3 * CELL_MS / 2 - 1000);
	note_ago(HEALTH_SUSPECTED, HEALTH_WHY_SILENT, CELL_MS + 10);
	ck_assert_int_eq(status_strip(&f, CELLS - 4), -1);
	ck_assert_int_eq(status_strip(&f, CELLS - 3), HEALTH_UP);
	ck_assert_int_eq(status_strip(&f, CELLS - 2), HEALTH_DOWN);
	ck_assert_int_eq(status_strip(&f, CELLS - 1), HEALTH_SUSPECTED);
	note_ago(HEALTH_HELD, HEALTH_WHY_ORDER, 20);
	ck_assert_int_eq(status_strip(&f, CELLS - 1), HEALTH_HELD);
	note_ago(STATUS_STUCK, HEALTH_WHY_PROBE_SILENT, 10);
	note_ago(HEALTH_DOWN, HEALTH_WHY_SILENT, 5);
	ck_assert_int_eq(status_strip(&f, CELLS - 1), STATUS_STUCK);
}

TEST(the_last_outage_is_from_down_to_up)
{
	struct status_outage o;

	note_ago(HEALTH_UP, HEALTH_WHY_START, 100000);
	ck_assert(!status_last_outage(&f, &o));
	ck_assert_str_eq(view(status_outage), "");
	note_ago(HEALTH_DOWN, HEALTH_WHY_REFUSED, 90000);
	ck_assert(!status_last_outage(&f, &o));
	note_ago(STATUS_STUCK, HEALTH_WHY_PROBE_SILENT, 80000);
	ck_assert(!status_last_outage(&f, &o));
	note_ago(HEALTH_UP, HEALTH_WHY_SERVED, 25000);
	note_ago(HEALTH_HELD, HEALTH_WHY_ORDER, 3000);
	ck_assert(status_last_outage(&f, &o));
	ck_assert_int_eq(o.from_ms, fixture_wall_ms - 90000);
	ck_assert_int_eq(o.for_ms, 65000);
	ck_assert_uint_eq(o.why, HEALTH_WHY_REFUSED);
	ck_assert_str_eq(view(status_outage),
	    "last down at 11:58:30 for 1 min 5 s: does not accept connections");
}

/* ---- who is there ---- */

TEST(clients_of_one_address_are_one_group)
{
	struct status_group g[STATS_CLIENTS];
	char bytes[64];
	struct text t = {.bytes = bytes, .size = sizeof(bytes)};

	add_client("10.0.0.1", 5, 'R', 100);
	add_client("10.0.0.2", 6, 'D', 300);
	add_client("10.0.0.1", 7, 'S', 200);
	add_client("10.0.0.1", 8, 'Q', 900);
	add_client("::1", 9, 'Q', 50);
	add_client("10.0.0.3", 1, 'G', 999);
	add_client("10.0.0.3", 2, 'L', 999);
	f.sum.queue += 3;
	ck_assert_uint_eq(status_groups(&f, false, g), 2);
	ck_assert_int_eq(g[0].since_ms, f.now_ms - 300);
	ck_assert_uint_eq(g[0].count, 1);
	ck_assert_int_eq(g[1].since_ms, f.now_ms - 200);
	ck_assert_uint_eq(g[1].count, 2);
	status_put_group(&t, &g[0]);
	text_add_char(&t, ' ');
	status_put_group(&t, &g[1]);
	ck_assert_uint_eq(status_groups(&f, true, g), 2);
	ck_assert_int_eq(g[0].since_ms, f.now_ms - 900);
	text_add_char(&t, ' ');
	status_put_group(&t, &g[1]);
	(void)text_end(&t);
	ck_assert_str_eq(bytes, "10.0.0.2:6 10.0.0.1 [::1]:9");
	ck_assert_uint_eq(status_unseen(&f), 3);
	f.sum.queue = 1; /* it was looked a moment ago */
	ck_assert_uint_eq(status_unseen(&f), 0);
}

TEST(the_latest_end_comes_first)
{
	static const int64_t at[] = {5, 9, 7, 7};

	ck_assert_ptr_null(status_end(&f, 0));
	for (uint16_t i = 0; i < 4; i++)
		stats_end(
		    &f.sum, &(struct peer){.port = i}, CAUSE_EVICTED, at[i]);
	ck_assert_uint_eq(status_end(&f, 0)->client.port, 1);
	ck_assert_uint_eq(status_end(&f, 1)->client.port, 3);
	ck_assert_uint_eq(status_end(&f, 2)->client.port, 2);
	ck_assert_uint_eq(status_end(&f, 3)->client.port, 0);
	ck_assert_ptr_null(status_end(&f, 4));
	for (uint16_t i = 4; i < 20; i++)
		stats_end(&f.sum, &(struct peer){.port = i}, CAUSE_EVICTED, i);
	ck_assert_uint_eq(status_end(&f, 0)->client.port, 19);
	ck_assert_uint_eq(status_end(&f, STATS_ENDS - 1)->client.port, 12);
	ck_assert_ptr_null(status_end(&f, STATS_ENDS));
}

/* ---- words ---- */

static char bytes[64];
static struct text text = {.bytes = bytes, .size = sizeof(bytes)};

static const struct {
	int64_t ms;
	const char *text;
} spans[] = {
    {0, "0 s"},
    {59999, "59 s"},
    {60000, "1 min 0 s"},
    {3599999, "59 min 59 s"},
    {3600000, "1 h 0 min"},
    {86399999, "23 h 59 min"},
    {86400000, "1 d 0 h"},
    {(int64_t)86400000 * 400, "400 d 0 h"},
};

TEST_ROWS(a_span_has_its_two_largest_units, spans)
{
	status_put_span(&text, row->ms);
	(void)text_end(&text);
	ck_assert_str_eq(bytes, row->text);
}

TEST(a_clock_has_its_day_if_it_is_another)
{
	(void)facts_new();
	status_put_clock(&text, fixture_wall_ms - 1000, fixture_wall_ms);
	text_add_char(&text, ' ');
	status_put_clock(&text, fixture_wall_ms - 43201000, fixture_wall_ms);
	(void)text_end(&text);
	ck_assert_str_eq(bytes, "11:59:59 2026-11-24 23:59:59");
}

static const char *headline(void)
{
	return view(status_headline);
}

TEST(the_headline_says_why_and_what_next)
{
	ck_assert_str_eq(headline(),
	    "device up since 11:00:00 (1 h 0 min): not down so far");
	f.sum.health = HEALTH_SUSPECTED;
	f.sum.health_why = HEALTH_WHY_SILENT;
	f.sum.health_since_ms = f.now_ms - 2000;
	ck_assert_str_eq(headline(),
	    "device suspected since 11:59:58 (2 s): silent after a whole "
	    "request; a probe decides now");
	f.has_probe = false;
	ck_assert_has(headline(), "; the next clients decide");
	f.sum.health = HEALTH_DOWN;
	f.sum.next_probe_ms = f.now_ms + 2001;
	ck_assert_has(headline(), "; next client tried in 3 s");
	f.sum.next_probe_ms = f.now_ms;
	ck_assert_has(headline(), "; the next client is tried");
	f.has_probe = true;
	ck_assert_has(headline(), "; a probe is under way");
	f.sum.next_probe_ms = f.now_ms + 1;
	f.sum.is_stuck = true;
	ck_assert_has(headline(), "device stuck since ",
	    "; next probe in 1 s; it may need a reset");
	f.sum.health = HEALTH_HELD;
	f.sum.health_why = HEALTH_WHY_ORDER;
	ck_assert_has(headline(), "device held since ",
	    ": by order; clients are answered 503 until it is released: "
	    "sallyport control /tmp/lab release");
	f.sum.is_protected = false;
	ck_assert_has(headline(), ": its health is not watched");
	f.is_silent = true;
	ck_assert_str_eq(headline(),
	    "no worker: nobody is served; it hangs, or was stopped");
	f.has_worker = false;
	ck_assert_str_eq(headline(),
	    "no worker: nobody is served; another one is being started");
}
