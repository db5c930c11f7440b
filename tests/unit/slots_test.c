/*
 * Proves that slots are counted, paced, quarantined and marked as a plain
 * table of who holds what would, at every step of a random life.
 */
#include <string.h>

#include "policy/slots.h"
#include "unit.h"

enum { LINKS = 80 };

enum use { FREE, TAKEN, STREAM, QUARANTINED };

static struct slots s;
static struct slots_conf conf;
static struct slot slot[LINKS]; /* of links, in no order */
static int64_t now_ms = 1000;

/* The model: what each slot number is used for. */
static enum use use[LINKS];
static int64_t until_ms[LINKS];
static int64_t ended_ms; /* the last device connection */

static unsigned int count(enum use wanted)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < LINKS; i++)
		n += use[i] == wanted;
	return n;
}

static void pass_time(int64_t ms)
{
	now_ms += ms;
	for (unsigned int i = 0; i < LINKS; i++)
		if (use[i] == QUARANTINED && until_ms[i] <= now_ms)
			use[i] = FREE;
}

/* When the answer to slots_take may change by itself; -1: it is yes. */
static int64_t wait_until(void)
{
	int64_t gap_ms = ended_ms + conf.connect_gap_ms, when_ms = INT64_MAX;

	if (count(FREE) > LINKS - conf.slots)
		return now_ms < gap_ms ? gap_ms : -1;
	for (unsigned int i = 0; i < LINKS; i++)
		if (use[i] == QUARANTINED && until_ms[i] < when_ms)
			when_ms = until_ms[i];
	return when_ms;
}

static void take(struct slot *l)
{
	int64_t when_ms = -1, expected_ms = wait_until();
	int lowest = 0;

	if (!slots_take(&s, &conf, now_ms, l, &when_ms)) {
		ck_assert_int_eq(when_ms, expected_ms);
		ck_assert(!l->taken);
		return;
	}
	ck_assert_int_eq(expected_ms, -1);
	while (use[lowest] != FREE)
		lowest++;
	ck_assert_int_eq(l->index, lowest);
	use[lowest] = TAKEN;
}

/* late_ms: 0 and more: late, -1: in time. */
static void give(struct slot *l, int64_t late_ms)
{
	int index = l->index;

	if (late_ms < 0)
		slots_give(&s, &conf, l, now_ms);
	else
		slots_give_late(&s, &conf, l, now_ms, now_ms + late_ms);
	ck_assert(!l->taken && !l->is_stream);
	use[index] = late_ms > 0 ? QUARANTINED : FREE;
	until_ms[index] = now_ms + late_ms;
	ended_ms = now_ms;
}

static void step(uint64_t *state)
{
	struct slot *l = &slot[chance_below(state, LINKS)];
	unsigned int dice = chance_below(state, 20);

	if (dice == 0) {
		pass_time(chance_below(state, 40));
	} else if (!l->taken) {
		if (dice > 4)
			take(l);
	} else if (dice == 1) {
		give(l, -1);
	} else if (dice == 2) {
		give(l, chance_below(state, 100));
	} else if (dice == 3) {
		/* No device connection has ended with it. */
		use[l->index] = FREE;
		slots_give_unused(&s, l);
		ck_assert(!l->taken);
	} else if (dice == 4) {
		use[l->index] = STREAM;
		slots_mark_stream(&s, l);
	}
}

static void check(void)
{
	unsigned int streams = count(STREAM), late = count(QUARANTINED);
	unsigned int taken = count(TAKEN) + streams;

	ck_assert_int_eq(
	    slots_are_full(&s, &conf, now_ms), taken + late >= conf.slots);
	ck_assert_uint_eq(s.taken, taken);
	ck_assert_uint_eq(s.streams, streams);
	ck_assert_uint_eq(s.quarantined, late);
	ck_assert_uint_le(taken + late, conf.slots);
	ck_assert_int_eq(slots_streams_exceed(&s, &conf),
	    conf.stream_slots > 0 && streams > conf.stream_slots);
	ck_assert_int_eq(
	    slots_only_streams(&s, &conf, now_ms), streams == conf.slots);
}

TEST_LOOP(slots_are_what_a_table_of_their_uses_says, 0, 42)
{
	static const unsigned int limits[] = {1, 2, 3, 8, 64, 65, LINKS};
	uint64_t state = (uint64_t)_i + 1;

	conf.slots = limits[_i % 7];
	conf.stream_slots = (unsigned int)_i % 3;
	conf.connect_gap_ms = _i % 2 ? 10 : 0;
	slots_init(&s, NULL);
	for (int i = 0; i < 5000; i++) {
		step(&state);
		check();
	}
}

/* Without a limit there is nothing to number or to quarantine, but the pause
 * holds, and so may a limit for streams. */
TEST(without_a_limit_the_pause_and_a_limit_for_streams_hold)
{
	static struct slot many[2000];
	int64_t when_ms;

	conf = (struct slots_conf){.stream_slots = 1, .connect_gap_ms = 5};
	slots_init(&s, NULL);
	for (int i = 0; i < 2000; i++) {
		ck_assert(slots_take(&s, &conf, 0, &many[i], &when_ms));
		ck_assert_int_eq(many[i].index, -1);
	}
	slots_mark_stream(&s, &many[0]);
	slots_mark_stream(&s, &many[0]);
	ck_assert(!slots_streams_exceed(&s, &conf));
	slots_mark_stream(&s, &many[1]);
	ck_assert(slots_streams_exceed(&s, &conf));
	conf.stream_slots = 0;
	ck_assert(!slots_streams_exceed(&s, &conf));
	slots_give_late(&s, &conf, &many[0], 10, 1000);
	slots_give(&s, &conf, &many[0], 20);
	slots_give_unused(&s, &many[0]);
	ck_assert_uint_eq(s.quarantined, 0);
	ck_assert_uint_eq(s.taken, 1999);
	ck_assert_uint_eq(s.streams, 1);
	ck_assert(!slots_take(&s, &conf, 14, &many[0], &when_ms));
	ck_assert_int_eq(when_ms, 15);
	ck_assert(!slots_are_full(&s, &conf, 14));
	ck_assert(!slots_only_streams(&s, &conf, 14));
	ck_assert(slots_take(&s, &conf, 15, &many[0], &when_ms));
}

TEST(all_that_may_be_set_are_taken_and_a_lower_limit_holds_at_once)
{
	static struct slot most[SLOTS_MAX];
	struct slot more = {0};
	int64_t when_ms;

	conf = (struct slots_conf){.slots = SLOTS_MAX};
	slots_init(&s, NULL);
	for (int i = 0; i < SLOTS_MAX; i++)
		ck_assert(slots_take(&s, &conf, 0, &most[i], &when_ms));
	ck_assert_int_eq(most[SLOTS_MAX - 1].index, SLOTS_MAX - 1);
	ck_assert(!slots_take(&s, &conf, 0, &more, &when_ms));
	ck_assert_int_eq(when_ms, INT64_MAX);
	conf.slots = 2;
	for (int i = SLOTS_MAX - 1; i >= 2; i--)
		slots_give(&s, &conf, &most[i], 0);
	ck_assert(!slots_take(&s, &conf, 0, &more, &when_ms));
	slots_give(&s, &conf, &most[0], 0);
	ck_assert(slots_take(&s, &conf, 0, &more, &when_ms));
}
