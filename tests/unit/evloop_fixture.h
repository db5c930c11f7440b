/*
 * evloop_fixture.h: a loop on the real kernel, watched.
 *
 * epoll_ctl and epoll_wait are wrapped at link time: every call is counted
 * and mirrored in `kernel`, so that a call that repeats, misses or belongs to
 * a closed descriptor fails where it happens.
 */
#ifndef TESTS_UNIT_EVLOOP_FIXTURE_H
#define TESTS_UNIT_EVLOOP_FIXTURE_H

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "evloop/ev_loop.h"
#include "unit.h"

enum { FDS = 900, NOT_THERE = -1 };

static struct ev_loop *loop;

static int64_t kernel[FDS]; /* interest masks as the kernel has them */
static int ctl_calls;
static int ctl_refuse; /* so many calls fail with ENOMEM */
static int wait_errno; /* epoll_wait fails with it... */
static int wait_fails; /* ...so many times */
static int last_timeout_ms;
static int wait_calls;

/* The linker's names for the calls that are counted. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

int __real_epoll_ctl(int, int, int, struct epoll_event *);
int __real_epoll_wait(int, struct epoll_event *, int, int);

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
	wait_calls++;
	if (wait_fails > 0) {
		wait_fails--;
		errno = wait_errno;
		return -1;
	}
	return __real_epoll_wait(epfd, e, max, timeout_ms);
}

/* A watched end of a socket pair; each test finds two open. */
static struct watched {
	struct ev_io io;
	int peer;	     /* the other end, ours to use */
	unsigned int events; /* of the last call */
	int calls;
	void (*act)(struct watched *w);
} a, b;

static void on_io(struct ev_loop *l, struct ev_io *io, unsigned int events)
{
	struct watched *w = container_of(io, struct watched, io);

	ck_assert_ptr_eq(l, loop);
	w->events = events;
	w->calls++;
	if (w->act)
		w->act(w);
}

static inline void watch(struct watched *w, int fd, int peer)
{
	*w = (struct watched){.peer = peer};
	ev_io_init(&w->io, fd, on_io);
}

static inline void open_pair(struct watched *w)
{
	int fds[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	watch(w, fds[0], fds[1]);
}

/* Closes through the loop; the kernel then forgets the interest by itself. */
static inline void close_watched(struct watched *w)
{
	if (w->io.fd >= 0)
		kernel[w->io.fd] = NOT_THERE;
	ev_io_close(loop, &w->io);
}

static struct ev_later stopper;

static void on_stop(struct ev_loop *l, struct ev_later *later)
{
	(void)later;
	ev_loop_stop(l);
}

/* One turn that does not sleep. */
static inline void turn(void)
{
	ev_later_add(loop, &stopper);
	ck_assert_int_eq(ev_loop_run(loop), 0);
}

static inline void setup(void)
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

static inline void teardown(void)
{
	close_watched(&a);
	close_watched(&b);
	ev_loop_free(loop);
}

#endif
