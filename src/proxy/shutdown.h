/*
 * shutdown.h: the process as a whole: signals and the way to the exit.
 *
 * TERM or INT: no more clients, those present may finish within
 * drain-timeout. A second one: the end at once. USR1: counters to the log.
 */
#ifndef PROXY_SHUTDOWN_H
#define PROXY_SHUTDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "evloop/evloop.h"

struct proxy;

struct life_conf {
	int64_t drain_ms;
};

struct life {
	struct proxy *px;
	struct ev_timer drain;
	bool draining;
};

/* Takes over signals. 0 or -errno. */
int life_start(struct life *life, struct proxy *px);

#endif
