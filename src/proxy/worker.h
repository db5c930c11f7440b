/*
 * worker.h: the proxy as one process among others, led by its keeper over a
 * line (sys/line.h).
 *
 * It begins to serve when it is told to. When another worker has taken over
 * it retires: accepts nobody any more, and passes on what the two share, the
 * slots of the device, as they come free. Then the newest worker decides who
 * is served next: those who wait there, or, turn about, those who wait in
 * workers that have retired and have said how many they are.
 */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "evloop/evloop.h"

struct conf;
struct proxy;
struct shutdown;

struct worker {
	struct proxy *px;
	struct shutdown *shutdown;
	struct conf *conf; /* addresses of the device may change */
	struct ev_io line;
	bool retired;
	bool turn_is_theirs; /* the next slot is for those who retired */
	uint32_t wanted;     /* slots, by those who wait over there */
	uint32_t told;	     /* retired: how many we have asked for */
};

/* Says that the worker is ready, on `line_fd`, and listens to it from now on.
 * `w` is one in a process. 0 or -errno. */
int worker_start(struct worker *w, int line_fd);

#endif
