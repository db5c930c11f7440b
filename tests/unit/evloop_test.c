/*
 * Proves that interests reach the real kernel once and only when they changed,
 * and that events reach whom they concern: stale ones nobody, hang-up even
 * through an empty mask.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "evloop_fixture.h"

static void send_byte(struct watched *w)
{
	ck_assert_int_eq(write(w->peer, "x", 1), 1);
}

static void want_both(unsigned int first)
{
	ev_io_want(loop, &a.io, first);
	ev_io_want(loop, &b.io, EV_IN);
}

/* ---- interests ---- */

/* Wants these in one turn, up to NONE; then `calls` are counted in all and
 * `mask` stands in the kernel. */
enum { NONE = -1 };

static const struct {
	int had, wants[4], calls;
	int64_t mask;
} turns[] = {
    {0, {EV_IN | EV_RDHUP, NONE}, 1, EPOLLIN | EPOLLRDHUP},
    {EV_IN, {EV_IN, NONE}, 0, EPOLLIN},
    {0, {EV_IN, EV_OUT | EV_PRI, NONE}, 1, EPOLLOUT | EPOLLPRI},
    {EV_OUT, {0, EV_IN, NONE}, 1, EPOLLIN},
    {0, {EV_IN, EV_IN | EV_OUT, 0, NONE}, 0, NOT_THERE},
    {EV_IN, {EV_OUT, EV_IN, NONE}, 0, EPOLLIN},
    {EV_IN, {0, NONE}, 1, NOT_THERE},
};

TEST_ROWS(only_the_last_interest_of_a_turn_counts, turns)
{
	ev_io_want(loop, &a.io, (unsigned int)row->had);
	turn();
	ctl_calls = 0;
	for (int i = 0; row->wants[i] != NONE; i++)
		ev_io_want(loop, &a.io, (unsigned int)row->wants[i]);
	ck_assert_int_eq(ctl_calls, 0);
	turn();
	turn();
	ck_assert_int_eq(ctl_calls, row->calls);
	ck_assert_int_eq(kernel[a.io.fd], row->mask);
}

TEST(who_wants_nothing_hears_nothing)
{
	ev_io_want(loop, &a.io, EV_IN);
	turn();
	ev_io_want(loop, &a.io, 0);
	turn();
	send_byte(&a);
	close(a.peer);
	turn();
	ck_assert_int_eq(a.calls, 0);
}

TEST(a_refused_interest_is_tried_again)
{
	ctl_refuse = 1;
	want_both(EV_IN);
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

TEST(closing_takes_its_interest_along)
{
	want_both(EV_IN);
	close_watched(&a);
	ck_assert_int_eq(a.io.fd, -1);
	close_watched(&a);
	turn();
	ck_assert_int_eq(ctl_calls, 1);
	ck_assert_int_eq(kernel[b.io.fd], EPOLLIN);
}

static void random_step(uint64_t *r, struct watched *w)
{
	static const unsigned int interests[] = {0, EV_IN, EV_OUT, EV_HUP,
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
		ev_io_want(loop, &w->io, interests[chance_below(r, 6)]);
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

/* Whatever happened within turns, after one the kernel has what was wanted. */
TEST(random_interests_arrive)
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

/* ---- events ---- */

TEST(what_is_not_consumed_is_told_again)
{
	ev_io_want(loop, &a.io, EV_IN);
	send_byte(&a);
	turn();
	turn();
	ck_assert_int_eq(a.calls, 2);
	ck_assert_uint_eq(a.events, EV_IN);
}

/* Both are ready, the first for this. */
static void make_ready(unsigned int want)
{
	want_both(want);
	send_byte(&a);
	send_byte(&b);
}

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

TEST(a_stale_event_reaches_nobody)
{
	make_ready(EV_IN);
	a.act = b.act = replace_other;
	turn();
	/* Whoever came first; the newcomer at the old number heard nothing. */
	ck_assert_int_eq(a.calls + b.calls, 1);
	ck_assert_int_eq(ctl_calls, 2);
	turn();
	ck_assert_int_eq(ctl_calls, 3);
}

static void close_other(struct watched *w)
{
	close_watched(w == &a ? &b : &a);
}

TEST(closed_by_another_hears_nothing)
{
	make_ready(EV_IN);
	a.act = b.act = close_other;
	turn();
	turn();
	ck_assert_int_eq(a.calls * b.calls, 0);
	ck_assert_int_gt(a.calls + b.calls, 0);
}

static void expect_b_was_told(struct watched *w)
{
	(void)w;
	ck_assert_int_eq(b.calls, 1);
}

TEST(who_only_waits_to_write_comes_last)
{
	make_ready(EV_OUT);
	a.act = expect_b_was_told;
	turn();
	ck_assert_int_eq(a.calls, 1);
	ck_assert_uint_eq(a.events, EV_OUT);
}

TEST(what_is_heard_may_end_who_was_to_write)
{
	make_ready(EV_OUT);
	b.act = close_other;
	turn();
	ck_assert_int_eq(a.calls, 0);
}

TEST(hang_up_is_seen_through_an_empty_mask)
{
	ev_io_want(loop, &a.io, EV_HUP);
	turn();
	ck_assert_int_eq(kernel[a.io.fd], 0);
	send_byte(&a);
	turn();
	ck_assert_int_eq(a.calls, 0);
	close(a.peer);
	turn();
	ck_assert_int_eq(a.calls, 1);
	ck_assert_uint_eq(a.events, EV_HUP);
}

static const unsigned int wants[] = {
    EV_HUP, EV_IN, EV_OUT, EV_IN | EV_OUT | EV_RDHUP};

/* Who closes over unread bytes resets. */
TEST_ROWS(a_reset_raises_what_is_wanted_and_no_more, wants)
{
	ev_io_want(loop, &a.io, *row);
	ck_assert_int_eq(write(a.io.fd, "x", 1), 1);
	close(a.peer);
	turn();
	ck_assert_uint_eq(
	    a.events, EV_ERR | EV_HUP | (*row & (EV_IN | EV_OUT | EV_RDHUP)));
}

/* A pipe's read end hangs up without IN: still the reader must read. */
TEST(a_hang_up_raises_input_where_the_kernel_does_not)
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

TEST(a_fin_is_in_and_rdhup_never_hup)
{
	ev_io_want(loop, &a.io, EV_IN | EV_RDHUP);
	shutdown(a.peer, SHUT_WR);
	turn();
	ck_assert_uint_eq(a.events, EV_IN | EV_RDHUP);
}

TEST_ABORTS(an_interest_for_a_closed_one_is_a_bug)
{
	close_watched(&a);
	ev_io_want(loop, &a.io, EV_IN);
}

FIXTURE(setup, teardown)
