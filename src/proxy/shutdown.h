/*
 * shutdown.h: the process as a whole: signals and the way to the exit.
 *
 * TERM or INT: no more clients, those present may finish within
 * drain-timeout. A second one: the end at once. USR1: counters to the log.
 * HUP: opens the log anew, for logrotate.
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
};

/* Takes over signals. 0 or -errno. */
int shutdown_start(struct shutdown *s, struct proxy *px);

#endif
