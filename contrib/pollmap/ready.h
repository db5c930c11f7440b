/*
 * ready.h: asking the kernel what a descriptor is ready for, by every means
 * it offers, and the one persistent epoll set of a scene.
 */
#ifndef DEBUG_READY_H
#define DEBUG_READY_H

#include "scene.h"

enum poller {
	POLLER_POLL,
	POLLER_PPOLL,
	POLLER_SELECT,
	POLLER_EPOLL, /* a set made for one question and thrown away */
	POLLERS
};

/* "poll" and its like; -1 for an unknown name. */
const char *poller_name(enum poller poller);
int poller_find(const char *name);

/*
 * Asks whether `fd` is ready for `want`, waiting at most `timeout_ms`.
 * Returns what the call returned (errno set on -1) and stores the flags, 0 if
 * none. select has no flags of its own: readable, writable and exceptional
 * are reported as IN, OUT and PRI.
 */
int ready_ask(enum poller poller, int fd, unsigned want, int timeout_ms,
    unsigned *out_mask);

/*
 * The persistent set. `ready_ctl` is epoll_ctl on `side` with the given
 * operation and event bits (the set is made on first use). `ready_wait`
 * collects without waiting, at most `max_events`: returns how many came and
 * stores the flags reported for `side`, 0 if it was not among them.
 */
int ready_ctl(struct scene *sc, enum side side, int fd, int op, unsigned events);
int ready_wait(struct scene *sc, enum side side, int max_events,
    unsigned *out_mask);

#endif
