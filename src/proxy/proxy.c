/*
 * proxy.c: making and unmaking what connections share. After proxy_init
 * nothing allocates.
 */
#include "proxy/proxy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/scan.h"
#include "proxy/shared_link.h"

enum {
	FDS_RESERVED = 32, /* stdio, epoll, signals, listeners, log, spare */
	FDS_LEAST = FDS_RESERVED + 2, /* one connection */
	PIPES_MAX = 128,
	PIPE_SHARE = 64, /* one pipe for so many descriptors */
	SCRATCH_BYTES = 64 * 1024,
	TIMERS_EXTRA = LISTEN_MAX + 8,
	LINKS_EXTRA = 64, /* that end by themselves */
	REFUSED_MIN = 16,
	REFUSED_MAX = 256,
	REFUSED_SHARE = 16, /* one for so many places */
	CUT_STREAM_REST_MS = 500,
};

/* A pipe is two descriptors that serve whichever bulk transfer runs; a
 * connection is two that serve one client. Few descriptors mean few pipes:
 * then bytes are copied. */
static size_t pipes_for(const struct conf *conf, size_t fd_limit)
{
	size_t most = fd_limit / PIPE_SHARE;

	if (!conf->relay.splice)
		return 0;
	return most > PIPES_MAX ? PIPES_MAX : most;
}

static void set_places(struct proxy *px, size_t fd_limit)
{
	const struct conf *conf = px->conf;
	size_t kept = FDS_RESERVED + 2 * pipes_for(conf, fd_limit);
	size_t most = fd_limit > kept + 2 ? (fd_limit - kept) / 2 : 1;

	px->refused_max = most / REFUSED_SHARE;
	if (px->refused_max > REFUSED_MAX)
		px->refused_max = REFUSED_MAX;
	most -= px->refused_max / 2;
	if (px->refused_max < REFUSED_MIN)
		px->refused_max = REFUSED_MIN;
	if (conf->conn.max_clients > 0 && conf->conn.max_clients < most)
		most = conf->conn.max_clients;
	px->places = most;
	/* Those being closed are free only after the turn. */
	px->conn_count = px->places + 2 * px->refused_max;
}

/* ---- connections ---- */

static struct conn *conn_at(struct list *link)
{
	return container_of(link, struct conn, link);
}

static void on_drained(struct ev_loop *loop, struct ev_later *l)
{
	struct proxy *px = container_of(l, struct proxy, drained);

	(void)loop;
	if (px->on_empty && proxy_is_empty(px))
		px->on_empty(px);
}

bool proxy_is_empty(const struct proxy *px)
{
	return px->live_count + px->refused_count == 0 &&
	       list_empty(&px->links.ending) &&
	       !(px->shared && px->shared->link);
}

/* A shared connection is one, for whatever waits; a request in flight may still
 * wait for it. */
uint32_t proxy_waiting(const struct proxy *px)
{
	const struct shared_link *s = px->shared;

	if (!s)
		return px->scheduler.queue.count;
	return !s->link && s->flight_count + px->scheduler.queue.count > 0;
}

/* Of those closed in an earlier turn nobody speaks any more. */
static void free_closed(struct proxy *px)
{
	if (px->closed_turn != ev_turn(px->loop))
		list_join(&px->free, &px->closed);
}

struct conn *proxy_take_conn(
    struct proxy *px, const struct peer *peer, bool *out_refused)
{
	struct conn *c;

	*out_refused = px->live_count >= px->places && !conn_evict(px, peer);
	free_closed(px);
	if (!list_empty(&px->free)) {
		c = conn_at(px->free.next);
		list_remove(&c->link);
		return c;
	}
	if (px->conns_fresh == px->conn_count)
		return NULL;
	return &px->conns[px->conns_fresh++];
}

void proxy_refuse(struct proxy *px, struct conn *c)
{
	if (c->refused || c->state == CONN_CLOSED)
		return;
	c->refused = true;
	px->live_count--;
	list_remove(&c->link);
	list_append(&px->refused, &c->link);
	if (++px->refused_count > px->refused_max)
		conn_close(conn_at(px->refused.next), CAUSE_LINGER_TIMEOUT);
}

void proxy_give_conn(struct proxy *px, struct conn *c)
{
	if (c->refused)
		px->refused_count--;
	else
		px->live_count--;
	proxy_count(px);
	list_remove(&c->link);
	free_closed(px);
	px->closed_turn = ev_turn(px->loop);
	list_append(&px->closed, &c->link);
	for (size_t i = 0; i < px->listener_count; i++)
		listener_wake(&px->listeners[i], px->loop);
	if (px->on_empty)
		ev_later_add(px->loop, &px->drained);
	if (px->memory_waiters > 0)
		ev_later_add(px->loop, &px->feed);
}

void proxy_close_all(struct proxy *px, enum cause cause)
{
	struct list *at, *next;

	px->closing = true;
	/* Who may still be told why is told. */
	for (at = px->live.next; at != &px->live; at = next) {
		next = at->next;
		conn_end(conn_at(at), cause);
	}
	while (!list_empty(&px->live))
		conn_close(conn_at(px->live.next), cause);
	while (!list_empty(&px->refused))
		conn_close(conn_at(px->refused.next), cause);
	if (px->shared)
		shared_link_stop(px->shared);
}

/* ---- the device ---- */

/* A camera looks at its connection with each picture, and resets meanwhile
 * whoever comes next. */
static int64_t rest_ms(const struct proxy *px, enum device_link_end end)
{
	switch (end) {
	case LINK_END_MAY_LIVE:
		return health_pause_ms(&px->scheduler.health);
	case LINK_END_CUT:
		return CUT_STREAM_REST_MS;
	default:
		return 0;
	}
}

static void on_link_closed(
    void *arg, struct device_link *l, enum device_link_end end)
{
	struct proxy *px = arg;

	if (px->protections) {
		scheduler_slot_back(&px->scheduler, &l->slot, l->probe_id,
		    l->client, rest_ms(px, end), ev_now(px->loop));
		if (l->client)
			clients_give_link(&px->clients, l->client);
		if (px->hooks)
			px->hooks->on_slot_back(px);
		conn_serve_soon(px);
	}
	if (px->on_empty)
		ev_later_add(px->loop, &px->drained);
}

static void say_down(struct proxy *px)
{
	const struct health_conf *conf = &px->conf->health;
	char min[SCAN_TEXT_MAX], max[SCAN_TEXT_MAX];

	log_say(&px->log, LOG_LEVEL_WARN,
	    "device down: refusing clients, %s every %s..%s",
	    conf->probe ? "probing" : "trying one client",
	    scan_print_time(conf->probe_min_ms, min),
	    scan_print_time(conf->probe_max_ms, max));
}

void proxy_count_health(struct proxy *px)
{
	const struct health *h = &px->scheduler.health;

	px->stats->health = health_state(h);
	px->stats->is_stuck = h->stuck && !h->held;
	px->stats->health_why = h->why;
	px->stats->health_since_ms = h->since_ms;
	px->stats->next_probe_ms = h->probe_at_ms;
}

SELDOM static void on_event(struct proxy *px, enum health_event event)
{
	switch (event) {
	case HEALTH_EVENT_NONE:
		return;
	case HEALTH_EVENT_SUSPECTED:
		log_say(&px->log, LOG_LEVEL_INFO,
		    "device suspected: it did not answer a request; %s",
		    px->conf->health.probe ? "probing"
					   : "the next clients decide");
		break;
	case HEALTH_EVENT_CLEARED:
		log_say(&px->log, LOG_LEVEL_INFO,
		    "device no longer suspected: it answers");
		break;
	case HEALTH_EVENT_UP:
		log_say(&px->log, LOG_LEVEL_WARN, "device up: serving again");
		break;
	case HEALTH_EVENT_DOWN:
		say_down(px);
		break;
	case HEALTH_EVENT_STUCK:
		log_say(&px->log, LOG_LEVEL_ERROR,
		    "device stuck: no recovery after the longest probe "
		    "interval; it may need a reset");
		break;
	case HEALTH_EVENT_HELD:
		log_say(&px->log, LOG_LEVEL_WARN,
		    "device held by order: refusing clients until it is "
		    "released");
		break;
	}
	proxy_count_health(px);
	if (px->hooks)
		px->hooks->on_health(px);
	conn_serve_soon(px);
}

void proxy_report(struct proxy *px, enum health_signal signal,
    const struct client *client, unsigned int probe_id)
{
	enum health_event event = health_report(&px->scheduler.health,
	    &px->conf->health, signal, client, probe_id, ev_now(px->loop));

	if (signal != HEALTH_SERVED)
		proxy_count_health(px);
	if (px->hooks && !client && signal != HEALTH_SERVED)
		px->hooks->on_probe_failed(px);
	if (event != HEALTH_EVENT_NONE)
		on_event(px, event);
}

void proxy_hold(struct proxy *px, bool on)
{
	struct health *h = &px->scheduler.health;
	int64_t now_ms = ev_now(px->loop);

	if (!px->protections)
		return;
	on_event(px, on ? health_hold(h, now_ms)
			: health_reset(h, &px->conf->health, now_ms));
}

/* ---- making and unmaking ---- */

/* Does any setting ask for more than relaying? */
static bool wants_protection(const struct conf *conf)
{
	return conf->request.kind != GATE_NONE || conf->slots.slots > 0 ||
	       conf->slots.connect_gap_ms > 0 || conf->health.probe ||
	       conf->health.down_silences > 0 ||
	       conf->health.down_refused_ms > 0 || conf->acl.count > 0 ||
	       conf->clients.per_source > 0 ||
	       conf->clients.request_limit > 0 ||
	       conf->proxy_header.count > 0 || conf->proxy_header.from_unix ||
	       conf->link.send_proxy > 0 || conf->conn.first_byte_ms > 0 ||
	       conf->conn.preempt_idle_ms > 0;
}

static int alloc_protection(struct proxy *px)
{
	const struct conf *conf = px->conf;
	size_t takes = px->conn_count + px->links.size;
	uint64_t seed[2];

	if (!wants_protection(conf))
		return 0;
	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return -errno;
	px->protections = calloc(px->conn_count, sizeof(*px->protections));
	px->clients_memory = calloc(1, clients_bytes(takes));
	if (!px->protections || !px->clients_memory)
		return -ENOMEM;
	clients_init(&px->clients, px->clients_memory, takes, seed);
	px->scheduler = (struct scheduler){
	    .slots_conf = &conf->slots,
	    .health_conf = &conf->health,
	    .queue_conf = &conf->queue,
	    .budget = &px->env.budget,
	    .lease_bytes =
		conf->slots.slots > 0 && conf->request.kind == GATE_HTTP
		    ? conf->relay.reply_buffer_bytes
		    : 0,
	};
	scheduler_init(&px->scheduler, ev_now(px->loop), px->next_connect_ms);
	px->stats->is_protected = true;
	proxy_count_health(px);
	probe_init(&px->probe, px);
	if (conf->shared.on)
		px->shared = shared_link_new(px);
	return conf->shared.on && !px->shared ? -ENOMEM : 0;
}

static int alloc_shared(struct proxy *px, size_t fd_limit)
{
	size_t memory_bytes = px->conf->conn.memory_bytes;
	size_t pipe_count = pipes_for(px->conf, fd_limit);
	size_t link_count = px->places + LINKS_EXTRA;

	px->loop = ev_loop_new(fd_limit, px->conn_count + TIMERS_EXTRA);
	px->conns = calloc(px->conn_count, sizeof(*px->conns));
	px->link_pool = calloc(link_count, sizeof(*px->link_pool));
	px->pipes = calloc(pipe_count + 1, sizeof(*px->pipes));
	px->env.scratch = malloc(SCRATCH_BYTES);
	px->memory = calloc(1, memory_bytes);
	if (!px->loop || !px->conns || !px->link_pool || !px->pipes ||
	    !px->env.scratch || !px->memory)
		return -ENOMEM;
	budget_init(&px->env.budget, px->memory, memory_bytes);
	px->stats->chunks = (uint32_t)px->env.budget.arena.count;
	coalesce_init(&px->coalesce, &px->env.budget.arena);
	pipe_pool_init(&px->pipe_pool, px->pipes, pipe_count);
	px->env.scratch_bytes = SCRATCH_BYTES;
	px->env.pipes = px->conf->relay.splice ? &px->pipe_pool : NULL;
	px->env.on_read = conn_http_read;
	px->links = (struct device_links){
	    .loop = px->loop,
	    .conf = &px->conf->link,
	    .abort = px->conf->relay.device_abort,
	    .scratch = px->env.scratch,
	    .scratch_bytes = SCRATCH_BYTES,
	    .on_closed = on_link_closed,
	    .arg = px,
	};
	device_links_init(&px->links, px->link_pool, link_count);
	return 0;
}

int proxy_init(struct proxy *px, const struct conf *conf, size_t fd_limit)
{
	int err;

	px->conf = conf;
	list_init(&px->free);
	list_init(&px->live);
	list_init(&px->refused);
	list_init(&px->closed);
	ev_later_init(&px->drained, on_drained);
	conn_serve_init(px);
	if (fd_limit < FDS_LEAST)
		return -EMFILE;
	set_places(px, fd_limit);
	err = alloc_shared(px, fd_limit);
	if (err == 0)
		err = alloc_protection(px);
	if (err < 0)
		proxy_fini(px);
	return err;
}

void proxy_close(struct proxy *px)
{
	proxy_close_all(px, CAUSE_FORCED);
	if (px->protections) {
		probe_stop(&px->probe);
		while (coalesce_drop_oldest(&px->coalesce))
			;
	}
	if (px->loop)
		device_links_fini(&px->links);
	for (size_t i = 0; i < px->listener_count; i++)
		listener_close(&px->listeners[i], px->loop);
	pipe_pool_fini(&px->pipe_pool);
}

void proxy_fini(struct proxy *px)
{
	proxy_close_all(px, CAUSE_FORCED);
	if (px->protections)
		shared_link_free(px->shared);
	px->shared = NULL;
	proxy_close(px);
	free(px->conns);
	free(px->link_pool);
	free(px->protections);
	free(px->clients_memory);
	free(px->memory);
	free(px->env.scratch);
	free(px->pipes);
	if (px->loop)
		ev_loop_free(px->loop);
}

void proxy_start(struct proxy *px)
{
	for (size_t i = 0; i < px->listener_count; i++)
		listener_start(
		    &px->listeners[i], px->loop, &px->log, conn_open, px);
}
