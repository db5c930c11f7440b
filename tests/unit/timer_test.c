/*
 * Proves that timers fire once, never early, in the order of their deadlines
 * and, at the same deadline, of their starts, however they were moved.
 *
 * The clock is set by hand: a random sequence of starts, moves, stops and
 * steps of time runs beside a naive model that searches for the next one.
 */
#include <signal.h>
#include <string.h>

#include "evloop/ev_loop.h"
#include "unit.h"

enum { TIMERS = 24, FIRED_MAX = 256 };

static struct ev_loop *loop;
static struct ev_timer timer[TIMERS];

static int fired[FIRED_MAX];
static int fired_count;

/* What a timer does when it fires; reset to nothing by setup. */
static void (*on_fire)(int which);

static void on_timer(struct ev_loop *l, struct ev_timer *t)
{
	int which = (int)(t - timer);

	ck_assert_ptr_eq(l, loop);
	ck_assert(!ev_timer_running(t));
	ck_assert_int_lt(fired_count, FIRED_MAX);
	fired[fired_count++] = which;
	if (on_fire)
		on_fire(which);
}

static void setup(void)
{
	loop = ev_loop_new(8, TIMERS);
	ck_assert_ptr_nonnull(loop);
	loop->now_ms = 1000;
	on_fire = NULL;
	fired_count = 0;
	for (int i = 0; i < TIMERS; i++)
		ev_timer_init(&timer[i], on_timer);
}

static void teardown(void)
{
	ev_loop_free(loop);
}

static void fires_at(int64_t now_ms, size_t count, const int *which)
{
	fired_count = 0;
	loop->now_ms = now_ms;
	ev_timer_fire(loop);
	ck_assert_int_eq(fired_count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(fired[i], which[i]);
}

/* At that time these fire, in that order, and no others. */
#define FIRES_AT(now_ms, ...)                                                  \
	fires_at(now_ms, sizeof((int[]){__VA_ARGS__}) / sizeof(int),           \
	    (int[]){__VA_ARGS__})

TEST(never_early_and_only_once)
{
	ev_timer_set(loop, &timer[0], 1010);
	ck_assert(ev_timer_running(&timer[0]));
	ck_assert_int_eq(ev_timer_next(loop), 1010);
	FIRES_AT(1009);
	FIRES_AT(1010, 0);
	ck_assert(!ev_timer_running(&timer[0]));
	ck_assert(ev_timer_next(loop) == INT64_MAX);
	FIRES_AT(9999);
}

/* The counter that breaks ties goes round after four thousand million. */
TEST(ties_survive_the_counters_end)
{
	loop->next_order = UINT32_MAX - 1;
	for (int i = 0; i < 4; i++)
		ev_timer_set(loop, &timer[i], 1005);
	FIRES_AT(1005, 0, 1, 2, 3);
}

TEST(a_later_deadline_leaves_the_heap_alone)
{
	ev_timer_set(loop, &timer[0], 1010);
	ev_timer_set(loop, &timer[1], 1020);
	ev_timer_set(loop, &timer[0], 1500);
	ck_assert_uint_eq(timer[0].place, 1);
	ck_assert_int_eq(timer[0].heap_ms, 1010);
	/* Nobody wakes for the old key. */
	ck_assert_int_eq(ev_timer_next(loop), 1020);
	FIRES_AT(1010);
	FIRES_AT(1020, 1);
	FIRES_AT(1500, 0);
}

TEST_ABORTS(more_than_promised_is_a_bug)
{
	struct ev_timer extra;

	for (int i = 0; i < TIMERS; i++)
		ev_timer_set(loop, &timer[i], 1001);
	ev_timer_init(&extra, on_timer);
	ev_timer_set(loop, &extra, 1001);
}

/* ---- any life of them, beside a model ---- */

static struct {
	int64_t deadline_ms; /* INT64_MAX: it does not run */
	unsigned int order;
} model[TIMERS];
static unsigned int model_order;
static uint64_t seed;

/* The nearest deadline and, of the same, the first start. */
static int model_next(void)
{
	int best = 0;

	for (int i = 1; i < TIMERS; i++)
		if (model[i].deadline_ms < model[best].deadline_ms ||
		    (model[i].deadline_ms == model[best].deadline_ms &&
			model[i].order < model[best].order))
			best = i;
	return best;
}

static void both_set(int which, int64_t deadline_ms)
{
	ev_timer_set(loop, &timer[which], deadline_ms);
	model[which].deadline_ms = deadline_ms;
	model[which].order = model_order++;
}

static void both_stop(int which)
{
	ev_timer_stop(loop, &timer[which]);
	model[which].deadline_ms = INT64_MAX;
}

/* A callback may do to any timer what anybody may, except start one that is
 * due in the turn it runs in. */
static void check_and_meddle(int which)
{
	ck_assert_int_eq(which, model_next());
	ck_assert_int_le(model[which].deadline_ms, loop->now_ms);
	model[which].deadline_ms = INT64_MAX;
	fired_count = 0;
	if (chance_below(&seed, 3) == 0)
		both_set(which, loop->now_ms + 1 + chance_below(&seed, 20));
	if (chance_below(&seed, 8) == 0)
		both_stop((int)chance_below(&seed, TIMERS));
}

static void one_step(void)
{
	int which = (int)chance_below(&seed, TIMERS);

	switch (chance_below(&seed, 8)) {
	case 0:
		both_stop(which);
		break;
	case 1:
	case 2:
		loop->now_ms += chance_below(&seed, 12);
		ev_timer_fire(loop);
		ck_assert_int_gt(model[model_next()].deadline_ms, loop->now_ms);
		break;
	default:
		both_set(which, loop->now_ms + 1 + chance_below(&seed, 30));
		break;
	}
	ck_assert_int_eq(ev_timer_running(&timer[which]),
	    model[which].deadline_ms < INT64_MAX);
	/* Asking puts keys right; not always, so that firing must as well. */
	if (chance_below(&seed, 2))
		ck_assert_int_eq(
		    ev_timer_next(loop), model[model_next()].deadline_ms);
}

TEST(they_fire_by_deadline_and_start_however_they_were_moved)
{
	for (int i = 0; i < TIMERS; i++)
		model[i].deadline_ms = INT64_MAX;
	seed = 0x2545f4914f6cdd1d;
	on_fire = check_and_meddle;
	for (int step = 0; step < 20000; step++)
		one_step();
}

FIXTURE(setup, teardown)
