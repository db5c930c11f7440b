/*
 * conn_gate.c: the states GATE and QUEUE: a client that has not reached the
 * device yet.
 *
 * What the client sends is kept in its half, held, and shown to the gate as
 * it arrives. A PROXY header, where one is due, comes before everything: only
 * behind it is it known who the client is.
 */
#include "proxy/conn.h"

#include "policy/acl.h"
#include "policy/proxy_header.h"
#include "proxy/proxy.h"
#include "proxy/scheduler.h"
#include "proxy/coalesce.h"
#include "sys/sock.h"

/* Lets the client in by address and counts it for its source. */
static bool admit(struct conn *c)
{
	struct proxy *px = c->px;

	if (acl_check(&px->conf->acl, &c->peer) == ACL_DENIED) {
		conn_close(c, CAUSE_DENIED);
		return false;
	}
	c->guard->source = clients_take(&px->clients, &c->peer);
	if (!clients_is_over(&px->conf->clients, c->guard->source))
		return true;
	conn_end(c, CAUSE_SOURCE_LIMIT);
	return false;
}

/* The device is to see who connects: the header goes before the first byte.
 * The door's own probe comes from nobody. False: no memory. */
static bool put_header(struct conn *c)
{
	struct half *h = &c->relay.half[CLIENT];
	struct peer here = {0};
	char text[PROXY_HEADER_OUT_MAX];
	struct addr local;
	size_t len;

	if (c->px->conf->dial.send_proxy == 0)
		return true;
	if (chunk_arena_left(&c->px->arena) == 0)
		return false;
	if (!c->guard->is_probe &&
	    sock_local_addr(relay_fd(&c->relay, CLIENT), &local) == 0)
		here = addr_to_peer(&local);
	len = proxy_header_encode(c->px->conf->dial.send_proxy, &c->peer, &here, text);
	chunk_prepend(&c->px->arena, &h->owed, text, len);
	return true;
}

/* What came behind a request for upgrade belongs to the next protocol, should
 * the device agree to it. */
static void keep_early(struct conn *c)
{
	struct half *h = &c->relay.half[CLIENT];
	struct guard *g = c->guard;
	size_t skip = (size_t)g->request.request_bytes;
	size_t len;

	if (!c->px->conf->request.upgrade ||
	    !request_wants_upgrade(&g->request) ||
	    chunk_room(&c->px->arena, &g->early) < h->owed.bytes)
		return;
	for (struct chunk *k = h->owed.first; k; k = k->next) {
		len = k->end - k->start;
		if (skip < len)
			chunk_append(&c->px->arena, &g->early,
			    k->bytes + k->start + skip, len - skip);
		skip -= skip < len ? skip : len;
	}
}

/* The gate has let a request through: what is not part of it goes, and no
 * more than it will be read. */
static void pass(struct conn *c)
{
	struct half *h = &c->relay.half[CLIENT];
	struct guard *g = c->guard;
	struct chunk_arena *arena = &c->px->arena;
	uint64_t before = (uint64_t)g->header_bytes + g->request.drop_bytes;

	g->passed_ms = ev_now(c->px->loop);
	chunk_consume(arena, &h->owed, g->request.drop_bytes);
	if (g->request.request_bytes < UINT64_MAX - before) {
		h->quota_bytes = before + g->request.request_bytes;
		if (h->owed.bytes > g->request.request_bytes) {
			keep_early(c);
			chunk_trim(arena, &h->owed,
			    (size_t)g->request.request_bytes);
		}
	}
	h->limit_bytes = REQUEST_AHEAD_BYTES;
	c->relay.watch_client_fin =
	    c->px->conf->queue.fin == QUEUE_FIN_DROP;
	if (!share_join(c))
		serve_request(c->px, c);
	/* A FIN that came with the request raises no further event. */
	if (c->state == CONN_QUEUE && h->eof && c->relay.watch_client_fin)
		conn_close(c, CAUSE_CLIENT_LEFT);
}

/* The device gets a request only when it is whole, so it cannot ask for the
 * body (RFC 9110 section 10.1.1). Should the send fail, the client waits a
 * little, as it must be ready to. */
static void ask_for_body(struct conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (request_waits_for_continue(&c->guard->request))
		(void)sock_send(relay_fd(&c->relay, CLIENT), text,
		    sizeof(text) - 1);
}

static void on_verdict(struct conn *c, enum request_verdict verdict)
{
	switch (verdict) {
	case REQUEST_WAIT:
		ask_for_body(c);
		conn_settle(c);
		break;
	case REQUEST_PASS:
		pass(c);
		break;
	case REQUEST_EMPTY:
		conn_close(c, CAUSE_CLIENT_LEFT);
		break;
	case REQUEST_BAD:
		conn_end(c, CAUSE_BAD_HEAD);
		break;
	case REQUEST_CUT:
		conn_end(c, CAUSE_REQUEST_CUT);
		break;
	case REQUEST_METHOD:
		conn_end(c, CAUSE_METHOD);
		break;
	case REQUEST_BODY_TOO_LARGE:
		conn_end(c, CAUSE_BODY_LIMIT);
		break;
	case REQUEST_ANSWER:
		conn_end(c, CAUSE_ANSWERED);
		break;
	case REQUEST_TOO_LARGE:
		conn_end(c, CAUSE_HEAD_LIMIT);
		break;
	case REQUEST_LENGTH_REQUIRED:
		conn_end(c, CAUSE_LENGTH_REQUIRED);
		break;
	}
}

/* Shows the gate everything that is owed; used once, when a PROXY header came
 * first. Returns its verdict. */
static enum request_verdict show_all(struct conn *c)
{
	enum request_verdict verdict = request_feed(&c->guard->request,
	    &c->px->conf->request, NULL, 0);

	for (struct chunk *k = c->relay.half[CLIENT].owed.first;
	     k && verdict == REQUEST_WAIT; k = k->next)
		verdict = request_feed(&c->guard->request, &c->px->conf->request,
		    k->bytes + k->start, k->end - k->start);
	return verdict;
}

/* Reads the PROXY header from the first bytes, which lie in one chunk.
 * Returns whether the gate's turn has come. */
static bool read_header(struct conn *c)
{
	struct half *h = &c->relay.half[CLIENT];
	struct chunk *k = h->owed.first;
	enum proxy_header_verdict verdict = PROXY_HEADER_WAIT;
	struct proxy_header header;

	if (k)
		verdict = proxy_header_decode(k->bytes + k->start, k->end - k->start,
		    &header);
	if (verdict == PROXY_HEADER_BAD || (verdict == PROXY_HEADER_WAIT && h->eof)) {
		conn_close(c, CAUSE_BAD_HEAD);
		return false;
	}
	if (verdict == PROXY_HEADER_WAIT) {
		conn_settle(c);
		return false;
	}
	c->guard->awaits_header = false;
	c->guard->header_bytes = (uint32_t)header.bytes;
	chunk_consume(&c->px->arena, &h->owed, header.bytes);
	if (header.known)
		c->peer = header.src;
	return admit(c);
}

void conn_guard_init(struct guard *g)
{
	*g = (struct guard){.slot = -1};
	request_init(&g->request);
	queue_place_init(&g->place);
	list_init(&g->flight);
	list_init(&g->followers);
	list_init(&g->follow);
}

void conn_gate_start(struct conn *c)
{
	struct proxy *px = c->px;
	struct guard *g = c->guard;
	struct half *h = &c->relay.half[CLIENT];

	conn_guard_init(g);
	h->hold = true;
	h->limit_bytes = (uint32_t)(px->conf->request.head_limit_bytes +
	    px->conf->request.body_limit_bytes + PROXY_HEADER_IN_MAX);
	g->awaits_header = proxy_header_expected(&px->conf->proxy_header, &c->peer);
	if (!g->awaits_header) {
		if (!admit(c))
			return;
		if (request_feed(&g->request, &px->conf->request, NULL, 0) ==
		    REQUEST_PASS) {
			pass(c);
			return;
		}
	}
	conn_gate_on_client(c, EV_IN);
}

void conn_gate_on_client(struct conn *c, unsigned int events)
{
	struct half *h = &c->relay.half[CLIENT];
	struct half_env *env = &c->px->env;
	struct guard *g = c->guard;
	uint64_t before = h->bytes;
	enum request_verdict verdict;

	relay_on_events(&c->relay, env, CLIENT, events);
	/* A reset raises no further event, even if bytes came before it. */
	if (h->read_err || (events & EV_ERR)) {
		conn_close(c, CAUSE_CLIENT_RESET);
		return;
	}
	if (g->awaits_header) {
		if (!read_header(c))
			return;
		verdict = show_all(c);
	} else {
		verdict = request_feed(&g->request, &c->px->conf->request, env->scratch,
		    (size_t)(h->bytes - before));
	}
	if (verdict == REQUEST_WAIT && h->eof)
		verdict = request_eof(&g->request, &c->px->conf->request);
	on_verdict(c, verdict);
}

void conn_queue_on_client(struct conn *c, unsigned int events)
{
	struct half *h = &c->relay.half[CLIENT];
	bool left;

	relay_on_events(&c->relay, &c->px->env, CLIENT, events);
	left = h->eof || (events & EV_RDHUP);
	if (h->read_err || (events & EV_ERR))
		conn_close(c, CAUSE_CLIENT_RESET);
	else if (left && c->px->conf->queue.fin == QUEUE_FIN_DROP)
		conn_close(c, CAUSE_CLIENT_LEFT);
	else
		conn_settle(c);
}

void conn_queue_leave(struct conn *c, const struct device_pass *slot_pass)
{
	struct guard *g = c->guard;

	g->pass = *slot_pass;
	g->slot = slot_pass->slot;
	g->slot_ms = ev_now(c->px->loop);
	c->relay.watch_client_fin = false;
	if (put_header(c))
		conn_dial(c);
	else
		conn_end(c, CAUSE_NO_MEMORY);
}
