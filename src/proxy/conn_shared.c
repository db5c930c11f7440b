/*
 * conn_shared.c: the state SHARED: a client of a device whose one connection
 * all clients share.
 *
 * Each whole request (a Modbus frame, or a line) that the client has sent
 * waits in the queue, one of each client at a time, so that clients of one
 * address take turns too; what the client sends beyond that stays in its
 * buffer. A client that leaves takes with it what was not sent.
 */
#include "proxy/conn.h"

#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "proxy/proxy.h"
#include "proxy/shared_link.h"

enum { FRAMES_AHEAD_BYTES = 4096 };

static bool is_modbus(const struct conn *c)
{
	return c->px->conf->request.kind == GATE_MODBUS;
}

static bool is_queued(const struct conn *c)
{
	return c->prot->waiter.place.client != NULL;
}

/* How long the first request is that the client has sent; 0: it is not whole.
 * False: it is none. */
static bool find_frame(const struct conn *c, size_t *out_bytes)
{
	struct modbus_framer f = {0};
	size_t used, bytes = 0;
	const struct chunk *k = direction_queue(&c->relay.to_device)->first;

	*out_bytes = 0;
	for (; k; k = k->next) {
		switch (modbus_feed(
		    &f, k->bytes + k->start, k->end - k->start, &used)) {
		case MODBUS_BAD:
			return false;
		case MODBUS_FRAME:
			*out_bytes = bytes + used;
			return true;
		case MODBUS_WAIT:
			bytes += used;
			break;
		}
	}
	return true;
}

static bool find_line(const struct conn *c, size_t *out_bytes)
{
	size_t bytes = 0, most = shared_request_max(c->px);
	const struct chunk *k = direction_queue(&c->relay.to_device)->first;

	*out_bytes = 0;
	for (; k; k = k->next) {
		const char *at = k->bytes + k->start;
		const char *end = memchr(at, '\n', k->end - k->start);

		if (end) {
			bytes += (size_t)(end - at) + 1;
			*out_bytes = bytes;
			return bytes <= most;
		}
		bytes += k->end - k->start;
	}
	return bytes < most;
}

static bool find_request(const struct conn *c, size_t *out_bytes)
{
	return is_modbus(c) ? find_frame(c, out_bytes)
			    : find_line(c, out_bytes);
}

bool conn_shared_is_idle(const struct conn *c)
{
	return c->prot->shared_count == 0 && !is_queued(c) &&
	       direction_buffered(&c->relay.to_device) == 0 &&
	       direction_buffered(&c->relay.to_client) == 0;
}

void conn_shared_drain(struct proxy *px)
{
	struct list *at, *next;
	struct conn *c;

	for (at = px->live.next; at != &px->live; at = next) {
		next = at->next;
		c = container_of(at, struct conn, link);
		if (c->state == CONN_SHARED && conn_shared_is_idle(c))
			conn_close(c, CAUSE_SHUTDOWN);
	}
}

/* ---- answers ---- */

static void tell(struct conn *c, const void *bytes, size_t len)
{
	struct direction *d = &c->relay.to_client;

	c->active_ms[DEVICE] = ev_now(c->px->loop);
	direction_say(d, &c->px->env, c->relay.client.fd, bytes, len);
	if (direction_write_error(d))
		conn_close(c, direction_write_error(d) == -ENOMEM
				  ? CAUSE_NO_MEMORY
				  : CAUSE_CLIENT_RESET);
}

void conn_shared_answer(struct conn *c, const void *bytes, size_t len)
{
	direction_count(&c->relay.to_client, len);
	tell(c, bytes, len);
}

static enum modbus_exception exception_of(enum cause cause)
{
	switch (cause) {
	case CAUSE_QUEUE_FULL:
	case CAUSE_QUEUE_TIMEOUT:
	case CAUSE_EVICTED:
		return MODBUS_BUSY;
	case CAUSE_DEVICE_SILENT:
	case CAUSE_DEVICE_STALLED:
	case CAUSE_DEVICE_RESET:
	case CAUSE_DEVICE_EMPTY:
		return MODBUS_NO_ANSWER;
	default:
		return MODBUS_NO_PATH;
	}
}

void conn_shared_fail(struct conn *c, const void *request, enum cause cause)
{
	uint8_t answer[MODBUS_EXCEPTION_BYTES];

	if (!is_modbus(c)) {
		conn_end(c, cause);
		return;
	}
	modbus_write_exception(request, exception_of(cause), answer);
	tell(c, answer, sizeof(answer));
}

/* The first request is told why it gets nowhere, and is dropped; without
 * another way of telling the client goes with it. */
static void refuse_first(struct conn *c, enum cause cause)
{
	struct direction *d = &c->relay.to_device;
	uint8_t request[MODBUS_FRAME_MIN];
	size_t bytes = 0, len = 0;

	if (is_modbus(c)) {
		(void)find_frame(c, &bytes);
		for (const struct chunk *k = direction_queue(d)->first;
		     len < sizeof(request); k = k->next)
			for (size_t i = k->start;
			     i < k->end && len < sizeof(request); i++)
				request[len++] = (uint8_t)k->bytes[i];
		direction_cut(d, &c->px->env, bytes);
	}
	conn_shared_fail(c, request, cause);
}

void conn_shared_refuse(struct conn *c, enum cause cause)
{
	refuse_first(c, cause);
	conn_shared_next(c);
}

void conn_shared_waited(struct conn *c)
{
	queue_remove(&c->px->scheduler.queue, &c->prot->waiter.place);
	conn_shared_refuse(c, CAUSE_QUEUE_TIMEOUT);
}

/* ---- requests ---- */

void conn_shared_go(struct conn *c)
{
	size_t bytes = 0;

	(void)find_request(c, &bytes);
	shared_take(c->px->shared, c, bytes, HEALTH_WAITER);
	conn_shared_next(c);
}

/* The first request is taken at once, waits, or is refused. */
static void ask(struct conn *c, size_t bytes)
{
	struct proxy *px = c->px;
	struct scheduler *sc = &px->scheduler;
	struct queue_place *evicted = NULL;

	if (health_ask(&sc->health, sc->health_conf, HEALTH_NEWCOMER,
		ev_now(px->loop)) == HEALTH_REFUSE) {
		refuse_first(c, scheduler_refusal(sc));
		return;
	}
	conn_serve_soon(px);
	if (sc->queue.count == 0 && shared_has_room(px->shared) &&
	    health_ask(&sc->health, sc->health_conf, HEALTH_NEWCOMER,
		ev_now(px->loop)) == HEALTH_GO) {
		shared_take(px->shared, c, bytes, HEALTH_NEWCOMER);
		return;
	}
	c->prot->turn_ms = ev_now(px->loop);
	if (queue_push(&sc->queue, sc->queue_conf, &c->prot->waiter.place,
		c->prot->client, &evicted) == QUEUE_FULL)
		refuse_first(c, CAUSE_QUEUE_FULL);
	if (evicted)
		conn_shared_refuse(
		    conn_of_waiter(
			px, container_of(evicted, struct waiter, place)),
		    CAUSE_EVICTED);
}

/* The client has finished: what is whole may still be answered. */
static void finish(struct conn *c)
{
	bool rest = direction_buffered(&c->relay.to_device) > 0;

	if (!direction_fin_seen(&c->relay.to_device) || is_queued(c) ||
	    c->prot->shared_count > 0 ||
	    direction_buffered(&c->relay.to_client) > 0)
		return;
	conn_close(c, rest ? CAUSE_REQUEST_CUT : CAUSE_DONE);
}

void conn_shared_next(struct conn *c)
{
	size_t bytes;

	while (c->state == CONN_SHARED && !is_queued(c) &&
	       direction_buffered(&c->relay.to_client) == 0) {
		if (!find_request(c, &bytes)) {
			conn_close(c, CAUSE_BAD_HEAD);
			return;
		}
		if (bytes == 0)
			break;
		ask(c, bytes);
	}
	if (c->state == CONN_SHARED)
		finish(c);
	if (c->state == CONN_SHARED)
		conn_update(c);
}

/* With queue-fin drop, what waits goes with the FIN; what was sent is still
 * answered. */
static bool left(struct conn *c)
{
	struct direction *d = &c->relay.to_device;

	if (!direction_fin_seen(d) || !conn_fin_drops(c))
		return false;
	queue_remove(&c->px->scheduler.queue, &c->prot->waiter.place);
	if (direction_buffered(d) == 0)
		return false;
	if (c->prot->shared_count == 0) {
		conn_close(c, CAUSE_CLIENT_LEFT);
		return true;
	}
	conn_note(c, CAUSE_CLIENT_LEFT);
	direction_cut(d, &c->px->env, direction_buffered(d));
	return false;
}

void conn_shared_on_client(struct conn *c, unsigned int events)
{
	struct direction *d = &c->relay.to_device;
	uint64_t before = direction_read_bytes(d);
	size_t unsent = direction_buffered(&c->relay.to_client);

	relay_on_events(&c->relay, &c->px->env, CLIENT, events);
	if (direction_read_error(d) || (events & EV_ERR) ||
	    direction_write_error(&c->relay.to_client)) {
		conn_close(c, CAUSE_CLIENT_RESET);
		return;
	}
	if (direction_read_bytes(d) > before ||
	    direction_buffered(&c->relay.to_client) < unsent)
		c->active_ms[CLIENT] = ev_now(c->px->loop);
	if (!left(c))
		conn_shared_next(c);
}

SELDOM void conn_shared_start(struct conn *c)
{
	struct shared_link *s = c->px->shared;
	size_t most = shared_request_max(c->px);

	if (++s->number == 0)
		s->number = 1;
	c->prot->shared_number = s->number;
	direction_set_buffer(&c->relay.to_device,
	    most > FRAMES_AHEAD_BYTES ? most : FRAMES_AHEAD_BYTES);
	conn_enter(c, CONN_SHARED);
	conn_shared_next(c);
}
