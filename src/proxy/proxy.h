/*
 * proxy.h: what one door consists of: everything connections share.
 *
 * One per process, filled by main.c, used by conn.c and life.c. Stages do not
 * know it.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chunk.h"
#include "base/list.h"
#include "evloop/evloop.h"
#include "proxy/access_log.h"
#include "settings/conf.h"
#include "policy/device.h"
#include "proxy/direction.h"
#include "proxy/listener.h"
#include "policy/queue.h"
#include "policy/clients.h"
#include "sys/log.h"
#include "sys/pipe.h"

struct conn;

struct proxy {
	const struct conf *conf;
	struct ev_loop *loop;
	struct log log;
	struct access access;

	struct listener listeners[LISTEN_MAX];
	size_t listener_count;

	/* Seats: connections not used so far are never touched. */
	struct conn *seats;
	size_t seat_count;
	size_t seats_fresh;
	struct list free;   /* struct conn, link */
	struct list live;   /* struct conn, link; in order of arrival */
	struct list closed; /* struct conn, link; free after this turn */
	struct ev_later reap;
	size_t live_count;

	/* Protection; guards is NULL in a door without any. */
	struct guard *guards; /* one for each seat */
	struct device device;
	struct queue queue;
	struct clients clients;
	void *clients_memory;
	struct list flights; /* struct guard, flight: leaders of share */
	struct ev_later serve;
	struct ev_timer pacing;
	int events_fd;

	/* Bytes in transit. */
	struct half_env env;
	struct chunk_arena arena;
	struct pipe_pool pipe_pool;
	struct pipe *pipes;
	struct list starved; /* struct conn, starved: want a free chunk */
	size_t starved_left; /* chunks that were free and did not help them */
	struct ev_later feed_starved;

	/* A port nobody listens on may connect to itself: looked at after
	 * start and after every refusal, until a dial is seen to be good. */
	bool check_self_connect;

	uint64_t ended[CAUSE_COUNT];
	uint64_t accepted;

	/* Draining: called when the last connection has gone. */
	void (*on_empty)(struct proxy *px);
	bool closing; /* everybody is being closed: nobody is served any more */
};

/*
 * Makes the shared parts: loop, seats, memory, pipes, sized from conf and
 * from `fd_limit`. Listeners are already open. 0 or -errno.
 */
int proxy_init(struct proxy *px, const struct conf *conf, size_t fd_limit);
void proxy_fini(struct proxy *px);

/* Closes every connection with `cause`; nobody else is served meanwhile. */
void proxy_close_all(struct proxy *px, enum cause cause);

/* Opens the events FIFO, if one is set, and begins to accept. 0 or -errno. */
int proxy_start(struct proxy *px);

/* A chunk or a descriptor may be free again: whoever waits is told at the
 * end of this turn. */
void proxy_on_freed(struct proxy *px);

#endif
