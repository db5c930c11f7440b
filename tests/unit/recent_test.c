/*
 * Proves that what was counted in the last minute, quarter, hour and day is
 * what was counted since then, beside a model that keeps every minute; that
 * buckets hold what they say; and that sums do not go back when workers end.
 */
#include <string.h>

#include "keeper/recent.h"
#include "unit.h"

enum { MINUTE_MS = 60 * 1000, DAYS_MINUTES = 3 * 24 * 60 };

/* The sum as it was when each point was taken. */
static struct stats_block taken[DAYS_MINUTES];

static uint64_t total(const struct stats_histogram *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < STATS_BUCKETS; i++)
		n += h->count[i];
	return n;
}

static void count_some(struct stats_block *s, uint64_t *seed)
{
	for (unsigned int n = chance_below(seed, 4); n > 0; n--) {
		s->accepted++;
		stats_delay(s, STATS_TOTAL, chance_below(seed, 1 << 18));
		if (chance_below(seed, 2))
			stats_delay(s, STATS_QUEUE, chance_below(seed, 20));
	}
}

static void check_since(const struct recent *r, const struct stats_block *sum,
    const struct stats_block *then, unsigned int minutes)
{
	struct stats_histogram got[STATS_DELAYS];

	ck_assert_uint_eq(
	    recent_since(r, sum, minutes, got), sum->accepted - then->accepted);
	for (size_t d = 0; d < STATS_DELAYS; d++)
		for (size_t b = 0; b < STATS_BUCKETS; b++)
			ck_assert_uint_eq(got[d].count[b],
			    sum->delays[d].count[b] - then->delays[d].count[b]);
}

/* Since the point that many minutes before the last; beyond an hour since the
 * next whole hour after that, and from the start while nothing is so old. */
static const struct stats_block *then_of(size_t points, unsigned int minutes)
{
	static const struct stats_block none;
	size_t at;

	if (points <= minutes)
		return &none;
	at = points - 1 - minutes;
	return &taken[minutes <= RECENT_MINUTES ? at : (at + 59) / 60 * 60];
}

TEST(windows_are_what_was_counted_since)
{
	static const unsigned int minutes[] = {1, 15, 60, 24 * 60};
	struct stats_block sum = {.accepted = 0};
	struct stats_histogram minute[STATS_DELAYS];
	struct recent r = {.next_ms = 0};
	uint64_t seed = 7;
	int64_t now_ms = 12345;

	for (size_t n = 0; n < DAYS_MINUTES; n++, now_ms += MINUTE_MS) {
		taken[n] = sum;
		ck_assert_int_eq(
		    recent_run(&r, &sum, now_ms), now_ms + MINUTE_MS);
		/* Called too early it takes none. */
		count_some(&sum, &seed);
		ck_assert_int_eq(recent_run(&r, &sum, now_ms + MINUTE_MS - 1),
		    now_ms + MINUTE_MS);
		for (size_t i = 0; i < 4; i++)
			check_since(
			    &r, &sum, then_of(n + 1, minutes[i]), minutes[i]);
		for (unsigned int ago = 0; ago < RECENT_MINUTES + 2; ago++) {
			int64_t got = recent_minute(&r, ago, minute);

			if (ago + 1 > n || ago >= RECENT_MINUTES) {
				ck_assert_int_eq(got, -1);
				continue;
			}
			ck_assert_int_eq(
			    got, (int64_t)(taken[n - ago].accepted -
					   taken[n - ago - 1].accepted));
			ck_assert_uint_eq(
			    total(&minute[STATS_TOTAL]), (uint64_t)got);
		}
	}
}

/* A keeper that was stopped makes up for it: the points are all there. */
TEST(who_slept_counts_it_as_one_minute)
{
	struct stats_block sum = {.accepted = 5};
	struct stats_histogram minute[STATS_DELAYS];
	struct recent r = {.next_ms = 0};

	(void)recent_run(&r, &sum, 1000);
	sum.accepted = 12;
	ck_assert_int_eq(
	    recent_run(&r, &sum, 1000 + 10 * MINUTE_MS), 1000 + 11 * MINUTE_MS);
	ck_assert_uint_eq(r.taken, 11);
	ck_assert_int_eq(recent_minute(&r, 0, minute), 0);
	ck_assert_int_eq(recent_minute(&r, 9, minute), 7);
}

/* 32 bits are enough, since only differences are looked at. */
TEST(counters_beyond_32_bits)
{
	struct stats_block sum = {.accepted = UINT32_MAX};
	struct stats_histogram got[STATS_DELAYS];
	struct recent r = {.next_ms = 0};

	sum.delays[STATS_TOTAL].count[3] = UINT32_MAX;
	(void)recent_run(&r, &sum, 0);
	(void)recent_run(&r, &sum, MINUTE_MS);
	sum.accepted += 3;
	sum.delays[STATS_TOTAL].count[3] += 2;
	ck_assert_uint_eq(recent_since(&r, &sum, 1, got), 3);
	ck_assert_uint_eq(got[STATS_TOTAL].count[3], 2);
}

TEST(a_bucket_holds_what_it_says)
{
	struct stats_block s;
	uint64_t sum_ms = 0;
	size_t b;

	for (int64_t ms = 0; ms <= 70000; ms++) {
		memset(&s, 0, sizeof(s));
		stats_delay(&s, STATS_CONNECT, ms);
		for (b = 0; s.delays[STATS_CONNECT].count[b] == 0; b++)
			;
		ck_assert(b == STATS_BUCKETS - 1 || ms <= stats_bound_ms(b));
		ck_assert(b == 0 || ms > stats_bound_ms(b - 1));
	}
	memset(&s, 0, sizeof(s));
	stats_delay(&s, STATS_GATE, -1);
	ck_assert_uint_eq(total(&s.delays[STATS_GATE]), 0);
	for (int64_t ms = 1; ms < ((int64_t)1 << 40); ms *= 3) {
		stats_delay(&s, STATS_GATE, ms);
		sum_ms += (uint64_t)ms;
	}
	ck_assert_uint_eq(s.delays[STATS_GATE].sum_ms, sum_ms);
	ck_assert_uint_gt(s.delays[STATS_GATE].count[STATS_BUCKETS - 1], 0);
}

TEST(a_worker_that_ends_leaves_its_counters)
{
	static struct stats s;
	struct stats_block *a = stats_take(&s, 1), *b = stats_take(&s, 2), sum;
	struct peer p = {.port = 1};

	a->accepted = 10;
	a->live = 1; /* the other was refused, and lingers */
	a->queue = 1;
	a->slots_taken = 1;
	a->in_bytes = 100;
	a->out_bytes = 200;
	a->ended[CAUSE_DONE] = 8;
	stats_delay(a, STATS_TOTAL, 5);
	stats_end(a, &p, CAUSE_DEVICE_SILENT, 7);
	b->accepted = 1;
	b->live = 1;
	b->health = 2;
	b->is_stuck = 1;
	b->client_count = 1;
	stats_sum(&s, b, &sum);
	ck_assert_uint_eq(sum.accepted, 11);
	ck_assert_uint_eq(sum.live, 2);
	ck_assert_uint_eq(sum.queue, 1);
	ck_assert_uint_eq(sum.slots_taken, 1);
	ck_assert_uint_eq(sum.health, 2);
	ck_assert_uint_eq(sum.is_stuck, 1);
	ck_assert_int_eq(sum.pid, 2);
	ck_assert_uint_eq(sum.client_count, 1);
	/* Its connections have ended with it. */
	stats_give(&s, a);
	ck_assert_int_eq(a->pid, 0);
	stats_sum(&s, NULL, &sum);
	ck_assert_uint_eq(sum.accepted, 11);
	ck_assert_uint_eq(sum.live, 1);
	ck_assert_uint_eq(sum.queue, 0);
	ck_assert_uint_eq(sum.slots_taken, 0);
	ck_assert_uint_eq(sum.in_bytes, 100);
	ck_assert_uint_eq(sum.out_bytes, 200);
	ck_assert_uint_eq(sum.ended[CAUSE_DONE], 8);
	ck_assert_uint_eq(sum.ended[CAUSE_FORCED], 2);
	ck_assert_uint_eq(total(&sum.delays[STATS_TOTAL]), 1);
	ck_assert_uint_eq(sum.delays[STATS_TOTAL].sum_ms, 5);
	ck_assert_uint_eq(sum.end_count, 1);
	ck_assert_uint_eq(sum.ends[0].cause, CAUSE_DEVICE_SILENT);
	ck_assert_uint_eq(sum.health, 0);
	ck_assert_ptr_eq(stats_take(&s, 3), a);
	for (int i = 2; i < STATS_BLOCKS; i++)
		ck_assert_ptr_nonnull(stats_take(&s, 4));
	ck_assert_ptr_null(stats_take(&s, 5));
}
