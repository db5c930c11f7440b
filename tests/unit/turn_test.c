/*
 * Proves the order and the sleep of a turn: how long it may sleep, what a
 * failing wait does, and that signals, timers and later-work come in their
 * place.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"
#include "evloop_fixture.h"

/* ---- sleeping ---- */

static struct ev_timer timer;
static int timer_calls;

static void on_timer(struct ev_loop *l, struct ev_timer *t)
{
	(void)t;
	timer_calls++;
	ev_loop_stop(l);
}

static void set_timer(int64_t in_ms)
{
	ev_timer_init(&timer, on_timer);
	ev_timer_set(loop, &timer, ev_now(loop) + in_ms);
}

TEST(without_a_clock_it_sleeps_for_ever)
{
	/* The wait is refused, so that the test need not sleep as long. */
	wait_errno = EBADF;
	wait_fails = 1;
	ck_assert_int_eq(ev_epoll_turn(loop, ev_timer_next(loop)), -EBADF);
	ck_assert_int_eq(last_timeout_ms, -1);
}

TEST(it_sleeps_until_the_next_deadline)
{
	static const int64_t in_ms[] = {
	    0, 1, 3000, INT_MAX, (int64_t)INT_MAX * 4};

	for (int i = 0; i < 5; i++) {
		set_timer(in_ms[i]);
		wait_errno = EINTR;
		wait_fails = 1;
		loop->now_ms = timer.deadline_ms - in_ms[i];
		ck_assert_int_eq(
		    ev_epoll_turn(loop, ev_timer_next(loop)), EV_LOOK_AGAIN);
		ck_assert_int_eq(last_timeout_ms,
		    in_ms[i] > INT_MAX ? INT_MAX : (int)in_ms[i]);
		ev_timer_stop(loop, &timer);
	}
	ck_assert_int_eq(ev_epoll_turn(loop, ev_now(loop) - 5), 0);
	ck_assert_int_eq(last_timeout_ms, 0);
}

TEST(a_timer_wakes_not_early)
{
	struct timespec now;

	set_timer(20);
	ck_assert_int_eq(ev_loop_run(loop), 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	ck_assert_int_eq(timer_calls, 1);
	ck_assert_int_ge(
	    now.tv_sec * 1000 + now.tv_nsec / 1000000, timer.deadline_ms);
	ck_assert_int_ge(ev_now(loop), timer.deadline_ms);
}

TEST(an_interrupted_wait_is_no_failure)
{
	set_timer(1);
	wait_errno = EINTR;
	wait_fails = 1000;
	ck_assert_int_eq(ev_loop_run(loop), 0);
	ck_assert_int_eq(timer_calls, 1);
}

TEST(a_wait_that_keeps_failing_ends_the_loop)
{
	wait_errno = EBADF;
	wait_fails = INT_MAX;
	ck_assert_int_eq(ev_loop_run(loop), -EBADF);
}

static void on_timer_that_waits(struct ev_loop *l, struct ev_timer *t)
{
	(void)t;
	ev_loop_run(l);
}

TEST_ABORTS(no_callback_is_entered_within_another)
{
	ev_timer_init(&timer, on_timer_that_waits);
	ev_timer_set(loop, &timer, ev_now(loop));
	ev_loop_run(loop);
}

/* ---- no clock strikes before waiting bytes are read ---- */

static void on_progress(struct watched *w)
{
	char byte;

	ck_assert_int_eq(read(w->io.fd, &byte, 1), 1);
	ev_timer_set(loop, &timer, ev_now(loop) + 60000);
	ev_loop_stop(loop);
}

/* As after a stop: the sleep ends with EINTR, the deadline has passed, and
 * the bytes have been there all the time. */
TEST(after_an_interrupted_sleep_bytes_come_before_timers)
{
	ev_io_want(loop, &a.io, EV_IN);
	turn();
	ck_assert_int_eq(write(a.peer, "x", 1), 1);
	set_timer(-1000);
	a.act = on_progress;
	wait_errno = EINTR;
	wait_fails = 1;
	ck_assert_int_eq(ev_loop_run(loop), 0);
	ck_assert_int_eq(a.calls, 1);
	ck_assert_int_eq(timer_calls, 0);
	ck_assert_int_eq(last_timeout_ms, 0);
}

enum { CROWD = 2 * EV_BATCH_MAX + 7 };

static int served;
static bool crowd_reads;

static void on_crowd(struct ev_loop *l, struct ev_io *io, unsigned int events)
{
	uint64_t value;

	(void)l;
	(void)events;
	ck_assert_int_eq(timer_calls, 0);
	served++;
	if (crowd_reads)
		ck_assert_int_eq(
		    read(io->fd, &value, sizeof(value)), sizeof(value));
}

/* More descriptors are ready than a batch holds. Those that are always ready
 * hold the timers back for as many looks as show each once, no longer. */
TEST_LOOP(a_crowd_is_served_before_timers_but_does_not_stop_them, 0, 2)
{
	static struct ev_io crowd[CROWD];
	int calls = wait_calls;

	crowd_reads = _i == 0;
	for (int i = 0; i < CROWD; i++) {
		ev_io_init(&crowd[i], eventfd(1, EFD_NONBLOCK), on_crowd);
		ck_assert_int_ge(crowd[i].fd, 0);
		ev_io_want(loop, &crowd[i], EV_IN);
	}
	set_timer(-1000);
	ck_assert_int_eq(ev_loop_run(loop), 0);
	ck_assert_int_eq(timer_calls, 1);
	ck_assert_int_ge(served, CROWD);
	ck_assert_int_le(wait_calls - calls, 1 + CROWD / EV_BATCH_MAX + 1);
	if (crowd_reads)
		ck_assert_int_eq(served, CROWD);
	for (int i = 0; i < CROWD; i++) {
		kernel[crowd[i].fd] = NOT_THERE;
		ev_io_close(loop, &crowd[i]);
	}
	ck_assert_uint_eq(loop->watched_count, 0);
}

/* ---- later, and the order within a turn ---- */

static char said[32];

static void say(char c)
{
	size_t n = strlen(said);

	ck_assert_uint_lt(n + 1, sizeof(said));
	said[n] = c;
}

/* Work that says its letter, and adds other work. */
struct letter {
	struct ev_later later;
	char c;
	struct letter *adds;
};

static struct letter x, y;

static void on_letter(struct ev_loop *l, struct ev_later *later)
{
	struct letter *letter = container_of(later, struct letter, later);

	say(letter->c);
	if (letter->adds)
		ev_later_add(l, &letter->adds->later);
}

static void make_letters(struct letter *x_adds, struct letter *y_adds)
{
	x = (struct letter){.c = 'x', .adds = x_adds};
	y = (struct letter){.c = 'y', .adds = y_adds};
	ev_later_init(&x.later, on_letter);
	ev_later_init(&y.later, on_letter);
}

TEST(later_work_runs_once_and_in_order)
{
	make_letters(NULL, NULL);
	ev_later_add(loop, &y.later);
	ev_later_add(loop, &x.later);
	ev_later_add(loop, &y.later);
	turn();
	turn();
	ck_assert_str_eq(said, "yx");
}

TEST(added_by_later_work_waits_for_the_next_turn)
{
	make_letters(&y, &y);
	ev_later_add(loop, &x.later);
	turn();
	ck_assert_str_eq(said, "x");
	turn();
	ck_assert_str_eq(said, "xy");
	/* Waiting work does not let the loop sleep. */
	ck_assert_int_eq(last_timeout_ms, 0);
	turn();
	ck_assert_str_eq(said, "xyy");
}

static void on_signal(void *arg, int signal)
{
	ck_assert_ptr_eq(arg, said);
	say(signal == SIGUSR1 ? '1' : '2');
}

static void start_signals(void)
{
	static const int signals[] = {SIGUSR1, SIGUSR2, 0};

	ck_assert_int_eq(ev_signal_start(loop, signals, on_signal, said), 0);
}

static void say_io(struct watched *w)
{
	(void)w;
	say('i');
	ev_later_add(loop, &x.later);
}

static void say_timer(struct ev_loop *l, struct ev_timer *t)
{
	(void)l;
	(void)t;
	say('t');
}

TEST(a_turn_is_io_signals_timers_later)
{
	start_signals();
	raise(SIGUSR1);
	turn();
	ck_assert_str_eq(said, "1");
	/* The signal is there before the bytes: it still comes after. */
	raise(SIGUSR1);
	make_letters(NULL, NULL);
	ck_assert_int_eq(write(a.peer, "x", 1), 1);
	ev_io_want(loop, &a.io, EV_IN);
	a.act = say_io;
	ev_timer_init(&timer, say_timer);
	ev_timer_set(loop, &timer, ev_now(loop));
	turn();
	ck_assert_str_eq(said, "1i1tx");
}

TEST(every_signal_is_delivered)
{
	start_signals();
	kernel[loop->signal_io.fd] = NOT_THERE;
	turn();
	ck_assert_str_eq(said, "");
	raise(SIGUSR1);
	raise(SIGUSR2);
	turn();
	turn();
	turn();
	ck_assert_uint_eq(strlen(said), 2);
	ck_assert(strchr(said, '1') && strchr(said, '2'));
}

FIXTURE(setup, teardown)
