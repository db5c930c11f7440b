/*
 * shutdown.h: the process as a whole: signals and the way to the exit.
 *
 * In a process of its own (--single): TERM or INT: no more clients, those
 * present may finish within drain-timeout. A second one: the end at once.
 * USR1: counters to the log. HUP: opens the log anew, for logrotate. A worker
 * is told by its keeper instead (worker.c).
 */
#ifndef PROXY_SHUTDOWN_H
#define PROXY_SHUTDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "evloop/evloop.h"

struct proxy;

struct shutdown {
	struct proxy *px;
	struct ev_timer drain;
	bool draining;
	/* No more clients from now on; may be NULL. */
	void (*on_drain)(void *arg);
	void *arg;
};

void shutdown_init(struct shutdown *s, struct proxy *px);

/* Takes over signals. 0 or -errno. */
int shutdown_take_signals(struct shutdown *s);

/* No more clients, for `why`; the loop stops when the last has gone, or after
 * drain-timeout. The second time: at once. */
void shutdown_drain(struct shutdown *s, const char *why);
void shutdown_force(struct shutdown *s);

#endif
