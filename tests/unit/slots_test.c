/*
 * Proves that slots are counted, paced, quarantined and marked as a plain
 * table of who holds what would, at every step of a random life.
 */
#include <string.h>

#include "policy/slots.h"
#include "unit.h"

enum { LINKS = 80 };

enum use { FREE, TAKEN, STREAM, QUARANTINED };

/* What each slot number is used for. */
struct model {
	enum use use[LINKS];
	int64_t until_ms[LINKS];
	int64_t ended_ms; /* the last device connection */
};

struct world {
	struct slots s;
	struct slots_conf conf;
	struct slot slot[LINKS]; /* of links, in no order */
	struct model m;
	int64_t now_ms;
};

static unsigned int count(const struct world *w, enum use use)
{
	unsigned int i, n = 0;

	for (i = 0; i < LINKS; i++)
		n += w->m.use[i] == use;
	return n;
}

static void pass_time(struct world *w, int64_t ms)
{
	unsigned int i;

	w->now_ms += ms;
	for (i = 0; i < LINKS; i++)
		if (w->m.use[i] == QUARANTINED && w->m.until_ms[i] <= w->now_ms)
			w->m.use[i] = FREE;
}

/* When the answer to slots_take may change by itself; -1: it is yes. */
static int64_t wait_until(const struct world *w)
{
	int64_t gap_ms = w->m.ended_ms + w->conf.connect_gap_ms;
	int64_t when_ms = INT64_MAX;
	unsigned int i;

	if (count(w, FREE) > LINKS - w->conf.slots)
		return w->now_ms < gap_ms ? gap_ms : -1;
	for (i = 0; i < LINKS; i++)
		if (w->m.use[i] == QUARANTINED && w->m.until_ms[i] < when_ms)
			when_ms = w->m.until_ms[i];
	return when_ms;
}

static void take(struct world *w, struct slot *slot)
{
	int64_t when_ms = -1, expected_ms = wait_until(w);
	unsigned int lowest = 0;

	if (!slots_take(&w->s, &w->conf, w->now_ms, slot, &when_ms)) {
		ck_assert_int_eq(when_ms, expected_ms);
		ck_assert(!slot->taken);
		return;
	}
	ck_assert_int_eq(expected_ms, -1);
	while (w->m.use[lowest] != FREE)
		lowest++;
	ck_assert_int_eq(slot->index, (int)lowest);
	w->m.use[lowest] = TAKEN;
}

static void give(struct world *w, struct slot *slot, int64_t late_ms)
{
	int index = slot->index;

	if (late_ms < 0)
		slots_give(&w->s, &w->conf, slot, w->now_ms);
	else
		slots_give_late(
		    &w->s, &w->conf, slot, w->now_ms, w->now_ms + late_ms);
	ck_assert(!slot->taken && !slot->is_stream);
	w->m.use[index] = late_ms > 0 ? QUARANTINED : FREE;
	w->m.until_ms[index] = w->now_ms + late_ms;
	w->m.ended_ms = w->now_ms;
}

/* No device connection has ended with it. */
static void give_unused(struct world *w, struct slot *slot)
{
	w->m.use[slot->index] = FREE;
	slots_give_unused(&w->s, slot);
	ck_assert(!slot->taken);
}

static void check_world(struct world *w)
{
	unsigned int streams = count(w, STREAM), late = count(w, QUARANTINED);
	unsigned int taken = count(w, TAKEN) + streams;
	bool full = taken + late >= w->conf.slots;

	ck_assert_int_eq(slots_are_full(&w->s, &w->conf, w->now_ms), full);
	ck_assert_uint_eq(w->s.taken, taken);
	ck_assert_uint_eq(w->s.streams, streams);
	ck_assert_uint_eq(w->s.quarantined, late);
	ck_assert_uint_le(taken + late, w->conf.slots);
	ck_assert_int_eq(slots_streams_exceed(&w->s, &w->conf),
	    w->conf.stream_slots > 0 && streams > w->conf.stream_slots);
	ck_assert_int_eq(slots_only_streams(&w->s, &w->conf, w->now_ms),
	    streams == w->conf.slots);
}

static void step(struct world *w, uint64_t *state)
{
	struct slot *slot = &w->slot[chance_below(state, LINKS)];

	switch (chance_below(state, 20)) {
	case 0:
		pass_time(w, chance_below(state, 40));
		break;
	case 1:
		if (slot->taken)
			give(w, slot, -1);
		break;
	case 2:
		if (slot->taken)
			give(w, slot, chance_below(state, 100));
		break;
	case 3:
		if (slot->taken)
			give_unused(w, slot);
		break;
	case 4:
		if (!slot->taken)
			break;
		w->m.use[slot->index] = STREAM;
		slots_mark_stream(&w->s, slot);
		break;
	default:
		if (!slot->taken)
			take(w, slot);
		break;
	}
}

TEST_LOOP(as_a_table, 0, 42)
{
	static const unsigned int slots[] = {1, 2, 3, 8, 64, 65, LINKS};
	uint64_t state = (uint64_t)_i + 1;
	static struct world w;
	unsigned int i;

	memset(&w, 0, sizeof(w));
	w.conf.slots = slots[_i % 7];
	w.conf.stream_slots = (unsigned int)_i % 3;
	w.conf.connect_gap_ms = _i % 2 ? 10 : 0;
	w.now_ms = 1000;
	slots_init(&w.s, NULL);
	for (i = 0; i < 5000; i++) {
		step(&w, &state);
		check_world(&w);
	}
}

/* Without a limit there is nothing to number or to quarantine, but the pause
 * holds, and so may a limit for streams. */
TEST(no_limit)
{
	struct slots_conf conf = {.stream_slots = 1, .connect_gap_ms = 5};
	static struct slots s;
	static struct slot slot[2000];
	int64_t when_ms;
	unsigned int i;

	slots_init(&s, NULL);
	for (i = 0; i < 2000; i++) {
		ck_assert(slots_take(&s, &conf, 0, &slot[i], &when_ms));
		ck_assert_int_eq(slot[i].index, -1);
	}
	slots_mark_stream(&s, &slot[0]);
	slots_mark_stream(&s, &slot[0]);
	ck_assert(!slots_streams_exceed(&s, &conf));
	slots_mark_stream(&s, &slot[1]);
	ck_assert(slots_streams_exceed(&s, &conf));
	conf.stream_slots = 0;
	ck_assert(!slots_streams_exceed(&s, &conf));
	slots_give_late(&s, &conf, &slot[0], 10, 1000);
	slots_give(&s, &conf, &slot[0], 20);
	slots_give_unused(&s, &slot[0]);
	ck_assert_uint_eq(s.quarantined, 0);
	ck_assert_uint_eq(s.taken, 1999);
	ck_assert_uint_eq(s.streams, 1);
	ck_assert(!slots_take(&s, &conf, 14, &slot[0], &when_ms));
	ck_assert_int_eq(when_ms, 15);
	ck_assert(!slots_are_full(&s, &conf, 14));
	ck_assert(!slots_only_streams(&s, &conf, 14));
	ck_assert(slots_take(&s, &conf, 15, &slot[0], &when_ms));
}

/* All that may be set are taken and come back; a limit that was lowered
 * meanwhile holds at once. */
TEST(most_slots)
{
	struct slots_conf conf = {.slots = SLOTS_MAX};
	static struct slots s;
	static struct slot slot[SLOTS_MAX];
	struct slot more = {0};
	int64_t when_ms;
	unsigned int i;

	slots_init(&s, NULL);
	for (i = 0; i < SLOTS_MAX; i++)
		ck_assert(slots_take(&s, &conf, 0, &slot[i], &when_ms));
	ck_assert_int_eq(slot[SLOTS_MAX - 1].index, SLOTS_MAX - 1);
	ck_assert(!slots_take(&s, &conf, 0, &more, &when_ms));
	ck_assert_int_eq(when_ms, INT64_MAX);
	conf.slots = 2;
	for (i = SLOTS_MAX - 1; i >= 2; i--)
		slots_give(&s, &conf, &slot[i], 0);
	ck_assert(!slots_take(&s, &conf, 0, &more, &when_ms));
	slots_give(&s, &conf, &slot[0], 0);
	ck_assert(slots_take(&s, &conf, 0, &more, &when_ms));
}
