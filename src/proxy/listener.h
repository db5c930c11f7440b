/*
 * listener.h: a listening socket: how many clients come in a turn, and when
 * it pauses.
 *
 * A shortage at accept (descriptors, memory) pauses the listener for a tick,
 * because a waiting client would raise its event for ever; whoever closes a
 * connection may wake it earlier.
 */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "evloop/evloop.h"
#include "sys/log.h"

enum { LISTEN_MAX = 8 };

struct listener_conf {
	struct addr listen[LISTEN_MAX];
	size_t listen_count;
	size_t sndbuf_bytes; /* 0: the kernel's choice */
	unsigned int mode;   /* of a Unix socket; 0: 0666 & ~umask */
	const char *group;   /* of a Unix socket; NULL: the process's own */
	gid_t gid;	     /* that group's, when there is one */
};

struct listener {
	struct ev_io io;
	struct ev_timer pause;
	unsigned int budget; /* accepts a turn */
	uint64_t used_up;    /* by the last turn that did; UINT64_MAX: none */
	struct log *log;
	struct log_limit limit;
	/* Takes over `fd`. */
	void (*on_client)(void *arg, int fd, const struct peer *peer);
	void *arg;
};

/* `fd` listens, and may be other processes' too. Nothing is accepted before
 * listener_start. */
void listener_init(struct listener *l, int fd);

void listener_start(struct listener *l, struct ev_loop *loop, struct log *log,
    void (*on_client)(void *arg, int fd, const struct peer *peer), void *arg);

/* Ends a pause early; costs nothing when there is none. */
void listener_wake(struct listener *l, struct ev_loop *loop);

/* Accepts no more; the socket goes on where another process has it. */
void listener_close(struct listener *l, struct ev_loop *loop);

#endif
