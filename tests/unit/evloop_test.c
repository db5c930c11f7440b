/*
 * Proves the loop's contract against the real kernel: wishes reach it once
 * and only when they changed, stale events reach nobody, hang-up is seen
 * through an empty mask, and later-work and signals come in their place.
 *
 * epoll_ctl and epoll_wait are wrapped at link time: every call is counted
 * and mirrored in `kernel`, so that a call that repeats, misses or belongs to
 * a closed descriptor fails where it happens.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"
#include "evloop/ev_internal.h"
#include "unit.h"

enum { FDS = 64, NOT_THERE = -1 };

static struct ev_loop *loop;

static int64_t kernel[FDS]; /* interest masks as the kernel has them */
static int ctl_calls;
static int ctl_refuse; /* so many calls fail with ENOMEM */
static int wait_errno; /* epoll_wait fails with it... */
static int wait_fails; /* ...so many times */
static int last_timeout_ms;

int __real_epoll_ctl(int, int, int, struct epoll_event *);
int __wrap_epoll_ctl(int, int, int, struct epoll_event *);
int __real_epoll_wait(int, struct epoll_event *, int, int);
int __wrap_epoll_wait(int, struct epoll_event *, int, int);

int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *e)
{
	ck_assert_int_lt(fd, FDS);
	ctl_calls++;
	if (ctl_refuse > 0) {
		ctl_refuse--;
		errno = ENOMEM;
		return -1;
	}
	if (op == EPOLL_CTL_ADD)
		ck_assert_int_eq(kernel[fd], NOT_THERE);
	else
		ck_assert_int_ne(kernel[fd], NOT_THERE);
	if (op == EPOLL_CTL_MOD)
		ck_assert_int_ne(kernel[fd], e->events);
	kernel[fd] = op == EPOLL_CTL_DEL ? NOT_THERE : (int64_t)e->events;
	ck_assert_int_eq(__real_epoll_ctl(epfd, op, fd, e), 0);
	return 0;
}

int __wrap_epoll_wait(int epfd, struct epoll_event *e, int max, int timeout_ms)
{
	last_timeout_ms = timeout_ms;
	if (wait_fails > 0) {
		wait_fails--;
		errno = wait_errno;
		return -1;
	}
	return __real_epoll_wait(epfd, e, max, timeout_ms);
}

/* ---- a watched end of a socket pair ---- */

struct watched {
	struct ev_io io;
	int peer;	     /* the other end, ours to use */
	unsigned int events; /* of the last call */
	int calls;
	void (*act)(struct watched *w);
};

static struct watched a, b;

static void on_io(struct ev_loop *l, struct ev_io *io, unsigned int events)
{
	struct watched *w = container_of(io, struct watched, io);

	ck_assert_ptr_eq(l, loop);
	w->events = events;
	w->calls++;
	if (w->act)
		w->act(w);
}

static void watch(struct watched *w, int fd, int peer)
{
	*w = (struct watched){.peer = peer};
	ev_io_init(&w->io, fd, on_io);
}

static void open_pair(struct watched *w)
{
	int fds[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	watch(w, fds[0], fds[1]);
}

static void open_tcp_pair(struct watched *w)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int listening = socket(AF_INET, SOCK_STREAM, 0);
	int peer = socket(AF_INET, SOCK_STREAM, 0);
	int fd;

	ck_assert_int_eq(bind(listening, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(listening, 1), 0);
	getsockname(listening, (struct sockaddr *)&at, &len);
	ck_assert_int_eq(connect(peer, (struct sockaddr *)&at, len), 0);
	fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
	ck_assert_int_ge(fd, 0);
	close(listening);
	watch(w, fd, peer);
}

static void reset_by_peer(struct watched *w)
{
	struct linger l = {.l_onoff = 1};

	setsockopt(w->peer, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(w->peer);
}

/* Closes through the loop; the kernel then forgets the interest by itself. */
static void close_watched(struct watched *w)
{
	if (w->io.fd >= 0)
		kernel[w->io.fd] = NOT_THERE;
	ev_io_close(loop, &w->io);
}

/* ---- turns ---- */

static struct ev_later stopper;

static void on_stop(struct ev_loop *l, struct ev_later *later)
{
	(void)later;
	ev_loop_stop(l);
}

/* One turn that does not sleep. */
static void turn(void)
{
	ev_later_add(loop, &stopper);
	ck_assert_int_eq(ev_loop_run(loop), 0);
}

/* Turns until `*calls` has been raised, at most for two seconds. */
static void turn_until_called(const int *calls)
{
	int before = *calls;

	for (int i = 0; i < 2000 && *calls == before; i++) {
		turn();
		if (*calls == before)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	ck_assert_int_gt(*calls, before);
}

static void setup(void)
{
	for (int i = 0; i < FDS; i++)
		kernel[i] = NOT_THERE;
	loop = ev_loop_new(FDS, 8);
	ck_assert_ptr_nonnull(loop);
	ev_later_init(&stopper, on_stop);
	open_pair(&a);
	open_pair(&b);
	ctl_calls = 0;
}

static void teardown(void)
{
	close_watched(&a);
	close_watched(&b);
	ev_loop_free(loop);
}

/* ---- wishes ---- */

START_TEST(a_wish_is_written_once)
{
	ev_io_want(loop, &a.io, EV_IN | EV_RDHUP);
	ck_assert_int_eq(ctl_calls, 0);
	turn();
	ck_assert_int_eq(ctl_calls, 1);
	ck_assert_int_eq(kernel[a.io.fd], EPOLLIN | EPOLLRDHUP);
	ev_io_want(loop, &a.io, EV_IN | EV_RDHUP);
	turn();
	turn();
	ck_assert_int_eq(ctl_calls, 1);
}
END_TEST

START_TEST(only_the_last_wish_of_a_turn_counts)
{
	ev_io_want(loop, &a.io, EV_IN);
	ev_io_want(loop, &a.io, EV_OUT | EV_PRI);
	turn();
	ck_assert_int_eq(ctl_calls, 1);
	ck_assert_int_eq(kernel[a.io.fd], EPOLLOUT | EPOLLPRI);
	ev_io_want(loop, &a.io, 0);
	ev_io_want(loop, &a.io, EV_IN);
	turn();
	ck_assert_int_eq(ctl_calls, 2);
	ck_assert_int_eq(kernel[a.io.fd], EPOLLIN);
}
END_TEST

START_TEST(a_wish_taken_back_costs_nothing)
{
	ev_io_want(loop, &a.io, EV_IN);
	ev_io_want(loop, &a.io, EV_IN | EV_OUT);
	ev_io_want(loop, &a.io, 0);
	turn();
	ck_assert_int_eq(ctl_calls, 0);
	ev_io_want(loop, &b.io, EV_IN);
	turn();
	ev_io_want(loop, &b.io, EV_OUT);
	ev_io_want(loop, &b.io, EV_IN);
	turn();
	ck_assert_int_eq(ctl_calls, 1);
}
END_TEST

START_TEST(wanting_nothing_removes)
{
	ev_io_want(loop, &a.io, EV_IN);
	turn();
	ev_io_want(loop, &a.io, 0);
	turn();
	ck_assert_int_eq(kernel[a.io.fd], NOT_THERE);
	ck_assert_int_eq(write(a.peer, "x", 1), 1);
	close(a.peer);
	turn();
	ck_assert_int_eq(a.calls, 0);
}
END_TEST

START_TEST(a_refused_wish_is_tried_again)
{
	ctl_refuse = 1;
	ev_io_want(loop, &a.io, EV_IN);
	ev_io_want(loop, &b.io, EV_IN);
	/* With nothing else to do, the sleep is bounded. */
	ck_assert_int_eq(ev_epoll_turn(loop, INT64_MAX), 0);
	ck_assert_int_gt(last_timeout_ms, 0);
	ck_assert_int_le(last_timeout_ms, 1000);
	ck_assert_int_eq(kernel[a.io.fd], NOT_THERE);
	ck_assert_int_eq(kernel[b.io.fd], EPOLLIN);
	turn();
	ck_assert_int_eq(kernel[a.io.fd], EPOLLIN);
	ck_assert_int_eq(ctl_calls, 3);
}
END_TEST

START_TEST(closing_takes_its_wish_along)
{
	ev_io_want(loop, &a.io, EV_IN);
	ev_io_want(loop, &b.io, EV_IN);
	close_watched(&a);
	ck_assert_int_eq(a.io.fd, -1);
	close_watched(&a);
	turn();
	ck_assert_int_eq(ctl_calls, 1);
	ck_assert_int_eq(kernel[b.io.fd], EPOLLIN);
}
END_TEST

static void random_step(uint64_t *r, struct watched *w)
{
	static const unsigned int wishes[] = {0, EV_IN, EV_OUT, EV_HUP,
	    EV_IN | EV_RDHUP, EV_IN | EV_OUT | EV_RDHUP};

	switch (chance_below(r, 12)) {
	case 0:
		turn();
		break;
	case 1:
		close_watched(w);
		close(w->peer);
		open_pair(w);
		break;
	case 2:
		ctl_refuse = (int)chance_below(r, 3);
		break;
	default:
		ev_io_want(loop, &w->io, wishes[chance_below(r, 6)]);
		break;
	}
}

static int64_t mask_of(unsigned int want)
{
	return want == 0 ? NOT_THERE
			 : (want & EV_IN ? (int64_t)EPOLLIN : 0) |
			       (want & EV_OUT ? (int64_t)EPOLLOUT : 0) |
			       (want & EV_RDHUP ? (int64_t)EPOLLRDHUP : 0);
}

/* Whatever happened within turns, after one the kernel has what was wished. */
START_TEST(random_wishes_arrive)
{
	uint64_t r = 0x853c49e6748fea9b;
	struct watched w[8];

	for (int i = 0; i < 8; i++)
		open_pair(&w[i]);
	for (int step = 0; step < 5000; step++) {
		random_step(&r, &w[chance_below(&r, 8)]);
		if (step % 7 != 0)
			continue;
		ctl_refuse = 0;
		turn();
		for (int i = 0; i < 8; i++)
			ck_assert_int_eq(
			    kernel[w[i].io.fd], mask_of(w[i].io.want));
	}
}
END_TEST

/* ---- events ---- */

START_TEST(what_is_not_consumed_is_told_again)
{
	ev_io_want(loop, &a.io, EV_IN);
	ck_assert_int_eq(write(a.peer, "x", 1), 1);
	turn();
	turn();
	ck_assert_int_eq(a.calls, 2);
	ck_assert_uint_eq(a.events, EV_IN);
}
END_TEST

/* The other one goes, and its number is at once somebody else's. */
static void replace_other(struct watched *w)
{
	struct watched *other = w == &a ? &b : &a;
	int fd = other->io.fd;

	if (fd < 0)
		return;
	close_watched(other);
	ck_assert_int_eq(dup2(w->peer, fd), fd);
	watch(other, fd, -1);
	ev_io_want(loop, &other->io, EV_IN);
	w->act = NULL;
}

START_TEST(a_stale_event_reaches_nobody)
{
	ev_io_want(loop, &a.io, EV_IN);
	ev_io_want(loop, &b.io, EV_IN);
	ck_assert_int_eq(write(a.peer, "x", 1), 1);
	ck_assert_int_eq(write(b.peer, "x", 1), 1);
	a.act = b.act = replace_other;
	turn();
	/* Whoever came first; the newcomer at the old number heard nothing. */
	ck_assert_int_eq(a.calls + b.calls, 1);
	ck_assert_int_eq(ctl_calls, 2);
	turn();
	ck_assert_int_eq(ctl_calls, 3);
}
END_TEST

static void close_other(struct watched *w)
{
	close_watched(w == &a ? &b : &a);
}

START_TEST(closed_by_another_hears_nothing)
{
	ev_io_want(loop, &a.io, EV_IN);
	ev_io_want(loop, &b.io, EV_IN);
	ck_assert_int_eq(write(a.peer, "x", 1), 1);
	ck_assert_int_eq(write(b.peer, "x", 1), 1);
	a.act = b.act = close_other;
	turn();
	turn();
	ck_assert_int_eq(a.calls * b.calls, 0);
	ck_assert_int_gt(a.calls + b.calls, 0);
}
END_TEST

START_TEST(hang_up_is_seen_through_an_empty_mask)
{
	ev_io_want(loop, &a.io, EV_HUP);
	turn();
	ck_assert_int_eq(kernel[a.io.fd], 0);
	ck_assert_int_eq(write(a.peer, "x", 1), 1);
	turn();
	ck_assert_int_eq(a.calls, 0);
	close(a.peer);
	turn();
	ck_assert_int_eq(a.calls, 1);
	ck_assert_uint_eq(a.events, EV_HUP);
}
END_TEST

START_TEST(a_reset_raises_what_is_wanted_and_no_more)
{
	static const unsigned int wants[] = {
	    EV_HUP, EV_IN, EV_OUT, EV_IN | EV_OUT | EV_RDHUP};

	for (int i = 0; i < 4; i++) {
		struct watched w;

		open_tcp_pair(&w);
		ev_io_want(loop, &w.io, wants[i]);
		reset_by_peer(&w);
		do
			turn_until_called(&w.calls);
		while (!(w.events & EV_ERR));
		ck_assert_uint_eq(w.events,
		    EV_ERR | EV_HUP | (wants[i] & (EV_IN | EV_OUT | EV_RDHUP)));
		close_watched(&w);
	}
}
END_TEST

/* A pipe's read end hangs up without IN: still the reader must read. */
START_TEST(a_hang_up_raises_input_where_the_kernel_does_not)
{
	struct watched w;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	watch(&w, fds[0], fds[1]);
	ev_io_want(loop, &w.io, EV_IN);
	close(w.peer);
	turn();
	ck_assert_int_eq(w.calls, 1);
	ck_assert_uint_eq(w.events, EV_IN | EV_HUP);
	close_watched(&w);
}
END_TEST

START_TEST(a_fin_is_in_and_rdhup_never_hup)
{
	struct watched w;

	open_tcp_pair(&w);
	ev_io_want(loop, &w.io, EV_IN | EV_RDHUP);
	shutdown(w.peer, SHUT_WR);
	turn_until_called(&w.calls);
	ck_assert_uint_eq(w.events, EV_IN | EV_RDHUP);
	close_watched(&w);
}
END_TEST

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

START_TEST(without_a_clock_it_sleeps_for_ever)
{
	/* The wait is refused, so that the test need not sleep as long. */
	wait_errno = EBADF;
	wait_fails = 1;
	ck_assert_int_eq(ev_epoll_turn(loop, ev_timer_next(loop)), -EBADF);
	ck_assert_int_eq(last_timeout_ms, -1);
}
END_TEST

START_TEST(it_sleeps_until_the_next_deadline)
{
	static const int64_t in_ms[] = {
	    0, 1, 3000, INT_MAX, (int64_t)INT_MAX * 4};

	for (int i = 0; i < 5; i++) {
		set_timer(in_ms[i]);
		wait_errno = EINTR;
		wait_fails = 1;
		loop->now_ms = timer.deadline_ms - in_ms[i];
		ck_assert_int_eq(ev_epoll_turn(loop, ev_timer_next(loop)), 0);
		ck_assert_int_eq(last_timeout_ms,
		    in_ms[i] > INT_MAX ? INT_MAX : (int)in_ms[i]);
		ev_timer_stop(loop, &timer);
	}
	ck_assert_int_eq(ev_epoll_turn(loop, ev_now(loop) - 5), 0);
	ck_assert_int_eq(last_timeout_ms, 0);
}
END_TEST

START_TEST(a_timer_wakes_not_early)
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
END_TEST

START_TEST(an_interrupted_wait_is_no_failure)
{
	set_timer(1);
	wait_errno = EINTR;
	wait_fails = 1000;
	ck_assert_int_eq(ev_loop_run(loop), 0);
	ck_assert_int_eq(timer_calls, 1);
}
END_TEST

START_TEST(a_wait_that_keeps_failing_ends_the_loop)
{
	wait_errno = EBADF;
	wait_fails = INT_MAX;
	ck_assert_int_eq(ev_loop_run(loop), -EBADF);
}
END_TEST

/* ---- later, and the order within a turn ---- */

static char said[32];

static void say(char c)
{
	size_t n = strlen(said);

	ck_assert_uint_lt(n + 1, sizeof(said));
	said[n] = c;
}

struct letter {
	struct ev_later later;
	char c;
	struct letter *adds;
};

static void on_letter(struct ev_loop *l, struct ev_later *later)
{
	struct letter *letter = container_of(later, struct letter, later);

	say(letter->c);
	if (letter->adds)
		ev_later_add(l, &letter->adds->later);
}

static void make_letter(struct letter *l, char c, struct letter *adds)
{
	ev_later_init(&l->later, on_letter);
	l->c = c;
	l->adds = adds;
}

START_TEST(later_work_runs_once_and_in_order)
{
	struct letter x, y;

	make_letter(&x, 'x', NULL);
	make_letter(&y, 'y', NULL);
	ev_later_add(loop, &y.later);
	ev_later_add(loop, &x.later);
	ev_later_add(loop, &y.later);
	turn();
	turn();
	ck_assert_str_eq(said, "yx");
}
END_TEST

START_TEST(added_by_later_work_waits_for_the_next_turn)
{
	struct letter x, y;

	make_letter(&x, 'x', &y);
	make_letter(&y, 'y', &y);
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
END_TEST

static void on_signal(void *arg, int signal)
{
	ck_assert_ptr_eq(arg, said);
	say(signal == SIGUSR1 ? '1' : '2');
}

static struct letter last_letter;

static void say_io(struct watched *w)
{
	(void)w;
	say('i');
	ev_later_add(loop, &last_letter.later);
}

static void on_timer_letter(struct ev_loop *l, struct ev_timer *t)
{
	(void)l;
	(void)t;
	say('t');
}

START_TEST(a_turn_is_io_signals_timers_later)
{
	static const int signals[] = {SIGUSR1, SIGUSR2, 0};

	/* The signal is there before the bytes: it still comes after. */
	ck_assert_int_eq(ev_signal_start(loop, signals, on_signal, said), 0);
	raise(SIGUSR1);
	turn();
	ck_assert_str_eq(said, "1");
	memset(said, 0, sizeof(said));
	raise(SIGUSR1);
	make_letter(&last_letter, 'l', NULL);
	ck_assert_int_eq(write(a.peer, "x", 1), 1);
	ev_io_want(loop, &a.io, EV_IN);
	a.act = say_io;
	ev_timer_init(&timer, on_timer_letter);
	ev_timer_set(loop, &timer, ev_now(loop));
	turn();
	ck_assert_str_eq(said, "i1tl");
}
END_TEST

START_TEST(every_signal_is_delivered)
{
	static const int signals[] = {SIGUSR1, SIGUSR2, 0};

	ck_assert_int_eq(ev_signal_start(loop, signals, on_signal, said), 0);
	kernel[loop->signal_io.fd] = NOT_THERE;
	turn();
	ck_assert_str_eq(said, "");
	raise(SIGUSR1);
	raise(SIGUSR2);
	turn();
	turn();
	turn();
	ck_assert_uint_eq(strlen(said), 2);
	ck_assert_ptr_nonnull(strchr(said, '1'));
	ck_assert_ptr_nonnull(strchr(said, '2'));
}
END_TEST

START_TEST(a_wish_for_a_closed_one_is_a_bug)
{
	close_watched(&a);
	ev_io_want(loop, &a.io, EV_IN);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("evloop");
	TCase *t = unit_case(s, "evloop");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_wish_is_written_once);
	tcase_add_test(t, only_the_last_wish_of_a_turn_counts);
	tcase_add_test(t, a_wish_taken_back_costs_nothing);
	tcase_add_test(t, wanting_nothing_removes);
	tcase_add_test(t, a_refused_wish_is_tried_again);
	tcase_add_test(t, closing_takes_its_wish_along);
	tcase_add_test(t, random_wishes_arrive);
	tcase_add_test(t, what_is_not_consumed_is_told_again);
	tcase_add_test(t, a_stale_event_reaches_nobody);
	tcase_add_test(t, closed_by_another_hears_nothing);
	tcase_add_test(t, hang_up_is_seen_through_an_empty_mask);
	tcase_add_test(t, a_reset_raises_what_is_wanted_and_no_more);
	tcase_add_test(t, a_hang_up_raises_input_where_the_kernel_does_not);
	tcase_add_test(t, a_fin_is_in_and_rdhup_never_hup);
	tcase_add_test(t, without_a_clock_it_sleeps_for_ever);
	tcase_add_test(t, it_sleeps_until_the_next_deadline);
	tcase_add_test(t, a_timer_wakes_not_early);
	tcase_add_test(t, an_interrupted_wait_is_no_failure);
	tcase_add_test(t, a_wait_that_keeps_failing_ends_the_loop);
	tcase_add_test(t, later_work_runs_once_and_in_order);
	tcase_add_test(t, added_by_later_work_waits_for_the_next_turn);
	tcase_add_test(t, a_turn_is_io_signals_timers_later);
	tcase_add_test(t, every_signal_is_delivered);
	tcase_add_test_raise_signal(
	    t, a_wish_for_a_closed_one_is_a_bug, SIGABRT);
	return unit_run(s);
}
