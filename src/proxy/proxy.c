/*
 * proxy.c: making and unmaking what connections share. After proxy_init
 * nothing allocates.
 */
#include "proxy/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/bug.h"
#include "proxy/conn.h"
#include "proxy/scheduler.h"

enum {
	FDS_RESERVED = 32, /* stdio, epoll, signals, listeners, log, spare */
	PIPES_MAX = 128,
	PIPE_SHARE = 64, /* one pipe for so many descriptors */
	SCRATCH_BYTES = 64 * 1024,
	TIMERS_EXTRA = LISTEN_MAX + 8,
};

/* A pipe is two descriptors that serve whichever bulk transfer runs; a seat
 * is two that serve one client. Few descriptors mean few pipes: then bytes
 * are copied. */
static size_t pipes_for(const struct conf *conf, size_t fd_limit)
{
	size_t most = fd_limit / PIPE_SHARE;

	if (!conf->relay.splice)
		return 0;
	return most > PIPES_MAX ? PIPES_MAX : most;
}

static size_t seats_for(const struct conf *conf, size_t fd_limit)
{
	size_t kept = FDS_RESERVED + 2 * pipes_for(conf, fd_limit);
	size_t most = fd_limit > kept + 2 ? (fd_limit - kept) / 2 : 1;

	if (conf->conn.max_clients > 0 && conf->conn.max_clients < most)
		most = conf->conn.max_clients;
	return most;
}

static void on_reap(struct ev_loop *loop, struct ev_later *l)
{
	struct proxy *px = container_of(l, struct proxy, reap);
	struct list *item;

	while (!list_empty(&px->closed)) {
		item = px->closed.next;
		list_remove(item);
		list_append(&px->free, item);
	}
	for (size_t i = 0; i < px->listener_count; i++)
		listener_wake(&px->listeners[i], loop);
	if (px->live_count == 0 && px->on_empty)
		px->on_empty(px);
}

/* Everybody is told once; those whose wish is not granted come back. */
static void on_feed_starved(struct ev_loop *loop, struct ev_later *l)
{
	struct proxy *px = container_of(l, struct proxy, feed_starved);
	struct list *item;
	size_t count = 0;

	(void)loop;
	px->starved_left = SIZE_MAX;
	for (item = px->starved.next; item != &px->starved; item = item->next)
		count++;
	while (count-- > 0) {
		struct conn *c = container_of(px->starved.next, struct conn,
		    starved);

		list_remove(&c->starved);
		conn_settle(c);
	}
}

/* Does any setting ask for more than relaying? */
static bool wants_guards(const struct conf *conf)
{
	return conf->request.kind != GATE_NONE || conf->device.slots > 0 ||
	    conf->device.connect_gap_ms > 0 || conf->device.probe ||
	    conf->device.down_silences > 0 ||
	    conf->device.down_refused_ms > 0 || conf->acl.count > 0 ||
	    conf->clients.per_source > 0 || conf->proxy_header.count > 0 ||
	    conf->dial.send_proxy > 0 || conf->conn.first_byte_ms > 0 ||
	    conf->conn.preempt_idle_ms > 0;
}

static int alloc_guards(struct proxy *px)
{
	uint64_t seed[2];

	if (!wants_guards(px->conf))
		return 0;
	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return -errno;
	px->guards = calloc(px->seat_count, sizeof(*px->guards));
	px->clients_memory = calloc(1, clients_bytes(px->seat_count));
	if (!px->guards || !px->clients_memory)
		return -ENOMEM;
	clients_init(&px->clients, px->clients_memory, px->seat_count, seed);
	/* Each slot's reply finds its memory free. */
	px->env.kept_chunks = px->conf->device.slots *
	    (px->conf->relay.reply_buffer_bytes / CHUNK_BYTES + 1);
	if (px->env.kept_chunks > px->arena.count / 2)
		px->env.kept_chunks = px->arena.count / 2;
	serve_start(px);
	return 0;
}

static int alloc_shared(struct proxy *px, size_t fd_limit)
{
	size_t memory_bytes = px->conf->conn.memory_bytes;
	size_t pipe_count = pipes_for(px->conf, fd_limit);
	void *memory;

	px->loop = ev_loop_new(fd_limit, px->seat_count + TIMERS_EXTRA);
	px->seats = calloc(px->seat_count, sizeof(*px->seats));
	px->pipes = calloc(pipe_count + 1, sizeof(*px->pipes));
	px->env.scratch = malloc(SCRATCH_BYTES);
	memory = calloc(1, memory_bytes);
	if (!px->loop || !px->seats || !px->pipes || !px->env.scratch ||
	    !memory) {
		free(memory);
		return -ENOMEM;
	}
	chunk_arena_init(&px->arena, memory, memory_bytes);
	pipe_pool_init(&px->pipe_pool, px->pipes, pipe_count);
	return 0;
}

int proxy_init(struct proxy *px, const struct conf *conf, size_t fd_limit)
{
	int err;

	px->conf = conf;
	px->seat_count = seats_for(conf, fd_limit);
	px->check_self_connect = true;
	px->events_fd = -1;
	list_init(&px->free);
	list_init(&px->live);
	list_init(&px->closed);
	list_init(&px->starved);
	px->starved_left = SIZE_MAX;
	list_init(&px->flights);
	ev_later_init(&px->reap, on_reap);
	ev_later_init(&px->feed_starved, on_feed_starved);
	err = alloc_shared(px, fd_limit);
	if (err == 0)
		err = alloc_guards(px);
	if (err < 0) {
		proxy_fini(px);
		return err;
	}
	px->env.scratch_bytes = SCRATCH_BYTES;
	px->env.arena = &px->arena;
	px->env.pipes = conf->relay.splice ? &px->pipe_pool : NULL;
	return 0;
}

void proxy_close_all(struct proxy *px, enum cause cause)
{
	px->closing = true;
	while (!list_empty(&px->live))
		conn_close(container_of(px->live.next, struct conn, link),
		    cause);
}

void proxy_fini(struct proxy *px)
{
	proxy_close_all(px, CAUSE_FORCED);
	for (size_t i = 0; i < px->listener_count; i++)
		listener_close(&px->listeners[i], px->loop);
	pipe_pool_fini(&px->pipe_pool);
	if (px->events_fd >= 0)
		close(px->events_fd);
	free(px->clients_memory);
	free(px->guards);
	free(px->arena.all);
	free(px->env.scratch);
	free(px->pipes);
	free(px->seats);
	if (px->loop)
		ev_loop_free(px->loop);
}

int proxy_start(struct proxy *px)
{
	int err = serve_open_events(px);

	if (err < 0)
		return err;
	for (size_t i = 0; i < px->listener_count; i++)
		listener_start(&px->listeners[i], px->loop, &px->log,
		    conn_open, px);
	return 0;
}

void proxy_on_freed(struct proxy *px)
{
	ev_later_add(px->loop, &px->reap);
	if (!list_empty(&px->starved))
		ev_later_add(px->loop, &px->feed_starved);
}
