/*
 * evloop_fixture.h: a loop on the real kernel, watched.
 *
 * epoll_ctl and epoll_wait are wrapped at link time: every call is counted
 * and mirrored in `kernel`, so that a call that repeats, misses or belongs to
 * a closed descriptor fails where it happens.
 */
#ifndef TESTS_UNIT_EVLOOP_FIXTURE_H
#define TESTS_UNIT_EVLOOP_FIXTURE_H

#include <stdint.h>

#include "evloop/ev_loop.h"
#include "unit.h"

enum { FDS = 900, NOT_THERE = -1 };

extern struct ev_loop *loop;

extern int64_t kernel[FDS]; /* interest masks as the kernel has them */
extern int ctl_calls;
extern int ctl_refuse; /* so many calls fail with ENOMEM */
extern int wait_errno; /* epoll_wait fails with it... */
extern int wait_fails; /* ...so many times */
extern int last_timeout_ms;
extern int wait_calls;

/* A watched end of a socket pair. */
struct watched {
	struct ev_io io;
	int peer;	     /* the other end, ours to use */
	unsigned int events; /* of the last call */
	int calls;
	void (*act)(struct watched *w);
};

/* Two that each test finds open. */
extern struct watched a, b;

void watch(struct watched *w, int fd, int peer);
void open_pair(struct watched *w);

/* Closes through the loop; the kernel then forgets the interest by itself. */
void close_watched(struct watched *w);

/* One turn that does not sleep. */
void turn(void);

void setup(void);
void teardown(void);

#endif
