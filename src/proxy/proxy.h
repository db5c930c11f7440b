/*
 * proxy.h: what one proxy consists of: everything connections share.
 *
 * One per process, filled by main.c. Stages do not know it. Read on in
 * listener.h, which hands clients to conn.h.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "base/list.h"
#include "evloop/evloop.h"
#include "policy/clients.h"
#include "policy/coalesce.h"
#include "proxy/access_log.h"
#include "proxy/conn.h"
#include "proxy/device_link.h"
#include "proxy/direction.h"
#include "proxy/listener.h"
#include "proxy/probe.h"
#include "proxy/scheduler.h"
#include "proxy/stats.h"
#include "settings/conf.h"
#include "sys/log.h"
#include "sys/pipe.h"

struct shared_link;

/* What a worker among others adds (worker.c). */
struct proxy_hooks {
	/* A slot has come back and nobody has it yet. */
	void (*on_slot_back)(struct proxy *px);
	/* Around the serving of those who wait, once a turn. */
	void (*before_serve)(struct proxy *px);
	void (*after_serve)(struct proxy *px);
	/* May another worker want a slot of ours? */
	bool (*others_wait)(const struct proxy *px);
	/* The state of the device is another. */
	void (*on_health)(struct proxy *px);
	void (*on_probe_failed)(struct proxy *px);
};

struct proxy {
	const struct conf *conf;
	/* Set before proxy_init. */
	struct stats_block *stats;
	int64_t *next_connect_ms;	 /* shared with others; NULL: alone */
	const struct proxy_hooks *hooks; /* NULL: alone */
	void *hooks_arg;
	struct ev_loop *loop;
	struct log log;
	struct access access;

	struct listener listeners[LISTEN_MAX];
	size_t listener_count;

	/* Connections not used so far are never touched. */
	struct conn *conns;
	size_t conn_count;
	size_t conns_fresh;
	size_t places; /* connections at a time, refused ones apart */
	size_t refused_max;
	struct list free;    /* struct conn, link */
	struct list live;    /* struct conn, link; in order of arrival */
	struct list refused; /* struct conn, link; answered, and no place */
	struct list closed;  /* struct conn, link; free after `closed_turn` */
	uint64_t closed_turn;
	size_t live_count;
	size_t refused_count;
	unsigned int closing_depth; /* within conn_close; debug builds */

	/* The device's end. */
	struct device_links links;
	struct device_link *link_pool;

	/* Protection; `protections` is NULL in a proxy without any. */
	struct protection *protections; /* one for each connection */
	struct scheduler scheduler;
	struct clients clients;
	void *clients_memory;
	struct coalesce coalesce;
	struct probe probe;
	struct shared_link *shared; /* NULL: each client has links of its own */
	struct list orphans;	    /* struct protection, orphan */
	struct ev_later serve;
	struct ev_timer pacing;

	/* Bytes in transit. */
	struct direction_env env;
	void *memory;
	struct pipe_pool pipe_pool;
	struct pipe *pipes;
	size_t memory_waiters; /* connections that want memory */
	size_t memory_left;    /* chunks that were free and did not help them */
	struct ev_later feed;

	/* Draining: called when the last connection and link have gone. */
	void (*on_empty)(struct proxy *px);
	struct ev_later drained;
	bool closing; /* everybody is being closed: nobody is served any more */
};

/*
 * Makes the shared parts: loop, connections, memory, pipes, sized from conf
 * and from `fd_limit`; -EMFILE: it is too small to serve anybody. 0 or
 * -errno.
 */
int proxy_init(struct proxy *px, const struct conf *conf, size_t fd_limit);
void proxy_fini(struct proxy *px);

/* The same, but memory is left to the end of the process: who is confined
 * cannot give it back. */
void proxy_close(struct proxy *px);

/* Closes every connection with `cause`; nobody else is served meanwhile. */
void proxy_close_all(struct proxy *px, enum cause cause);

/* No connection is left, and no link that ends by itself. */
bool proxy_is_empty(const struct proxy *px);

/* How many slots those who wait could use. */
uint32_t proxy_waiting(const struct proxy *px);

/* Begins to accept. */
void proxy_start(struct proxy *px);

/* ---- for the conductor ---- */

/* An unused connection for `peer`; if all places are taken, somebody had to
 * leave, or `*out_refused` says that it is to be refused. NULL: there is none.
 */
struct conn *proxy_take_conn(
    struct proxy *px, const struct peer *peer, bool *out_refused);

/* A closed one; it is used again after this turn. */
void proxy_give_conn(struct proxy *px, struct conn *c);

/* `c` is being answered that it was refused: it holds no place any more, and
 * the oldest of its kind goes if there are too many. */
void proxy_refuse(struct proxy *px, struct conn *c);

/* Tells health, log and FIFO what the device did. `client` NULL: to the
 * probe. */
void proxy_report(struct proxy *px, enum health_signal signal,
    const struct client *client, unsigned int probe_id);

/* Holds the device, or releases it and forgets what speaks against it. */
void proxy_hold(struct proxy *px, bool on);

/* Brings what the mapping says of the device's health in line. */
void proxy_count_health(struct proxy *px);

/* Does anybody wait for a slot, or for memory? */
static inline bool proxy_others_wait(const struct proxy *px)
{
	return scheduler_others_wait(&px->scheduler) || px->memory_waiters > 0;
}

/* Brings the gauges in line with what is; cheap enough for every change. */
static inline void proxy_count(struct proxy *px)
{
	struct stats_block *s = px->stats;
	const struct scheduler *d = &px->scheduler;

	s->live = (uint32_t)px->live_count;
	s->chunks_taken = (uint32_t)px->env.budget.arena.taken;
	s->queue = d->queue.count;
	s->sources = (uint32_t)px->clients.count;
	s->slots_taken = d->slots.taken;
	s->slots_quarantined = d->slots.quarantined;
}

/* Nothing is connected, granted or freed inside a close. */
static inline void proxy_assert_open(const struct proxy *px)
{
#ifdef DEBUG
	BUG_ON(px->closing_depth > 0);
#else
	(void)px;
#endif
}

#endif
