/*
 * conn_gate.c: the states GATE and QUEUE: a client that has not reached the
 * device yet.
 *
 * What the client sends is kept, held, and shown to the gate as it arrives. A
 * PROXY header, where one is due, comes before everything: only behind it is
 * it known who the client is.
 */
#include "proxy/conn.h"

#include <string.h>

#include "base/bug.h"
#include "policy/acl.h"
#include "policy/proxy_header.h"
#include "proxy/proxy.h"
#include "sys/sock.h"

/* Lets the client in by address and counts it for its address. */
static bool admit(struct conn *c)
{
	struct proxy *px = c->px;

	c->prot->client = clients_take(&px->clients, &c->peer);
	if (acl_check(&px->conf->acl, &c->peer) == ACL_DENIED) {
		conn_close(c, CAUSE_DENIED);
		return false;
	}
	if (clients_is_over(&px->conf->clients, c->prot->client)) {
		conn_end(c, CAUSE_SOURCE_LIMIT);
		return false;
	}
	return true;
}

/* The device is to see who connects, and to where: the header goes before the
 * first byte. False: no memory. */
SELDOM static bool put_header(struct conn *c)
{
	struct peer destination = c->prot->destination;
	char text[PROXY_HEADER_OUT_MAX];
	struct addr local = {0};
	size_t len;
	int version = c->px->conf->link.send_proxy;

	if (budget_free(&c->px->env.budget) == 0)
		return false;
	if (destination.family == AF_UNSPEC &&
	    sock_local_addr(relay_fd(&c->relay, CLIENT), &local) == 0)
		destination = addr_to_peer(&local);
	len = proxy_header_encode(version, &c->peer, &destination, text);
	direction_put_first(&c->relay.to_device, &c->px->env, text, len);
	return true;
}

/* What came behind a request for upgrade belongs to the next protocol, should
 * the device agree to it; and so does the FIN behind that. False: no memory. */
SELDOM static bool keep_early(struct conn *c)
{
	const struct chunk_queue *kept = direction_queue(&c->relay.to_device);
	struct protection *p = c->prot;
	struct budget *budget = &c->px->env.budget;
	size_t skip = (size_t)p->exchange.request.request_bytes;
	size_t len;

	if (!c->px->conf->request.upgrade ||
	    !request_wants_upgrade(&p->exchange.request))
		return true;
	if (budget_room(budget, NULL, &p->early) < kept->bytes)
		return false;
	for (struct chunk *k = kept->first; k; k = k->next) {
		len = k->end - k->start;
		if (skip < len)
			budget_append(budget, NULL, &p->early,
			    k->bytes + k->start + skip, len - skip);
		skip -= skip < len ? skip : len;
	}
	direction_hold(&c->relay.to_device, HOLD_FIN);
	return true;
}

/* Takes out of the head what is not to reach the device. */
SELDOM static void filter_head(struct conn *c)
{
	struct request *q = &c->prot->exchange.request;
	struct direction *d = &c->relay.to_device;
	struct direction_env *env = &c->px->env;
	size_t head = q->head_bytes, len = 0;

	if (head > env->scratch_bytes)
		return;
	for (struct chunk *k = direction_queue(d)->first; k && len < head;
	     k = k->next) {
		size_t part = k->end - k->start;

		if (part > head - len)
			part = head - len;
		memcpy(env->scratch + len, k->bytes + k->start, part);
		len += part;
	}
	request_filter(q, &c->px->conf->request, env->scratch);
	direction_cut(d, env, head - q->head_bytes);
	direction_overwrite(d, env->scratch, q->head_bytes);
}

static void ask(struct conn *c);

/* The gate has let a request through: what is not part of it goes, and no
 * more than it will be read. */
OFTEN APART static void pass(struct conn *c)
{
	struct direction *d = &c->relay.to_device;
	struct protection *p = c->prot;
	const struct request *q = &p->exchange.request;
	struct direction_env *env = &c->px->env;
	uint64_t before = (uint64_t)p->header_bytes + q->drop_bytes;
	bool fits = true;

	p->passed_ms = ev_now(c->px->loop);
	if (q->drop_bytes > 0)
		direction_cut(d, env, q->drop_bytes);
	if (q->request_bytes < UINT64_MAX - before) {
		direction_limit(d, before + q->request_bytes);
		if (direction_buffered(d) > q->request_bytes) {
			fits = keep_early(c);
			direction_trim(d, env, (size_t)q->request_bytes);
		}
	}
	if (request_needs_filter(q, &c->px->conf->request))
		filter_head(c);
	direction_set_buffer(d, REQUEST_AHEAD_BYTES);
	direction_watch_fin(d, conn_fin_drops(c));
	if (conn_request_is_cut(c))
		conn_end(c, CAUSE_REQUEST_CUT);
	else if (direction_fin_seen(d) && conn_fin_drops(c))
		conn_close(c, CAUSE_CLIENT_LEFT);
	else if (!fits)
		conn_end(c, CAUSE_NO_MEMORY);
	else
		ask(c);
}

/* The device gets a request only when it is whole, so it cannot ask for the
 * body (RFC 9110 section 10.1.1). Should the send fail, the client waits a
 * little, as it must be ready to. */
static void ask_for_body(struct conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (request_waits_for_continue(&c->prot->exchange.request))
		(void)sock_send(
		    relay_fd(&c->relay, CLIENT), text, sizeof(text) - 1);
}

static void on_verdict(struct conn *c, enum request_verdict verdict)
{
	static const uint8_t causes[] = {
	    [REQUEST_EMPTY] = CAUSE_CLIENT_LEFT,
	    [REQUEST_BAD] = CAUSE_BAD_HEAD,
	    [REQUEST_CUT] = CAUSE_REQUEST_CUT,
	    [REQUEST_TOO_LARGE] = CAUSE_HEAD_LIMIT,
	    [REQUEST_LENGTH_REQUIRED] = CAUSE_LENGTH_REQUIRED,
	    [REQUEST_METHOD] = CAUSE_METHOD,
	    [REQUEST_BODY_TOO_LARGE] = CAUSE_BODY_LIMIT,
	    [REQUEST_ANSWER] = CAUSE_ANSWERED,
	};

	if (verdict == REQUEST_WAIT) {
		ask_for_body(c);
		conn_update(c);
	} else if (verdict == REQUEST_PASS) {
		pass(c);
	} else {
		conn_end(c, (enum cause)causes[verdict]);
	}
}

/* Shows the gate everything that is kept; used once, when a PROXY header came
 * first. Returns its verdict. */
SELDOM static enum request_verdict show_all(struct conn *c)
{
	const struct request_conf *conf = &c->px->conf->request;
	struct request *q = &c->prot->exchange.request;
	enum request_verdict verdict = request_feed(q, conf, NULL, 0);

	for (struct chunk *k = direction_queue(&c->relay.to_device)->first;
	     k && verdict == REQUEST_WAIT; k = k->next)
		verdict = request_feed(
		    q, conf, k->bytes + k->start, k->end - k->start);
	return verdict;
}

/* Reads the PROXY header from the first bytes, which lie in one chunk.
 * Returns whether the gate's turn has come. */
SELDOM static bool read_header(struct conn *c)
{
	struct direction *d = &c->relay.to_device;
	struct chunk *k = direction_queue(d)->first;
	enum proxy_header_verdict verdict = PROXY_HEADER_WAIT;
	struct proxy_header header = {0};

	if (k)
		verdict = proxy_header_decode(
		    k->bytes + k->start, k->end - k->start, &header);
	if (verdict == PROXY_HEADER_BAD ||
	    (verdict == PROXY_HEADER_WAIT && direction_fin_seen(d))) {
		conn_close(c, CAUSE_BAD_HEAD);
		return false;
	}
	if (verdict == PROXY_HEADER_WAIT) {
		conn_update(c);
		return false;
	}
	c->prot->awaits_header = false;
	c->prot->header_bytes = (uint32_t)header.bytes;
	direction_cut(d, &c->px->env, header.bytes);
	if (header.known) {
		c->peer = header.src;
		c->prot->destination = header.dst;
	}
	return admit(c);
}

static void init_protection(struct conn *c)
{
	struct protection *p = c->prot;
	const struct conf *conf = c->px->conf;

	exchange_init(
	    &p->exchange, &conf->request, conf->conn.first_byte_ms > 0);
	waiter_init(&p->waiter);
	coalesce_member_init(&p->share);
	list_init(&p->orphan);
	memset(&p->client, 0, sizeof(*p) - offsetof(struct protection, client));
	p->slot = -1;
}

/* As much as may have to be kept until the gate has seen enough. */
static size_t gate_bytes(const struct request_conf *conf)
{
	if (conf->kind == GATE_DATA)
		return CHUNK_BYTES;
	return conf->head_limit_bytes + conf->body_limit_bytes +
	       PROXY_HEADER_IN_MAX;
}

void conn_gate_start(struct conn *c, bool refused)
{
	const struct conf *conf = c->px->conf;
	struct direction *d = &c->relay.to_device;
	struct protection *p = c->prot;

	init_protection(c);
	if (refused) {
		conn_end(c, CAUSE_CLIENT_LIMIT);
		return;
	}
	direction_hold(d, HOLD_GATE);
	direction_set_buffer(d, gate_bytes(&conf->request));
	p->awaits_header = proxy_header_expected(&conf->proxy_header, &c->peer);
	if (!p->awaits_header) {
		if (!admit(c))
			return;
		if (request_feed(&p->exchange.request, &conf->request, NULL,
			0) == REQUEST_PASS) {
			pass(c);
			return;
		}
	}
	conn_gate_on_client(c, EV_IN);
}

OFTEN APART void conn_gate_on_client(struct conn *c, unsigned int events)
{
	struct direction *d = &c->relay.to_device;
	const struct request_conf *conf = &c->px->conf->request;
	struct protection *p = c->prot;
	struct request *q = &p->exchange.request;
	uint64_t before = direction_read_bytes(d);
	enum request_verdict verdict;

	relay_on_events(&c->relay, &c->px->env, CLIENT, events);
	/* A reset raises no further event, even if bytes came before it. */
	if (direction_read_error(d) || (events & EV_ERR)) {
		conn_close(c, CAUSE_CLIENT_RESET);
		return;
	}
	if (p->awaits_header) {
		if (!read_header(c))
			return;
		verdict = show_all(c);
	} else {
		verdict = request_feed(q, conf, c->px->env.scratch,
		    (size_t)(direction_read_bytes(d) - before));
	}
	if (verdict == REQUEST_WAIT && direction_fin_seen(d))
		verdict = request_eof(q, conf);
	on_verdict(c, verdict);
}

/* ---- QUEUE ---- */

bool conn_fin_drops(const struct conn *c)
{
	const struct conf *conf = c->px->conf;

	if (conf->queue.fin == QUEUE_FIN_SAFE &&
	    conf->request.kind == GATE_HTTP)
		return !request_is_safe(&c->prot->exchange.request);
	return conf->queue.fin == QUEUE_FIN_DROP;
}

bool conn_request_is_cut(const struct conn *c)
{
	const struct protection *p = c->prot;
	const struct request *q = &p->exchange.request;
	const struct direction *d = &c->relay.to_device;

	return p->exchange.is_http && !p->exchange.upgraded &&
	       direction_fin_seen(d) &&
	       direction_read_bytes(d) - p->header_bytes - q->drop_bytes <
		   q->request_bytes;
}

/* The client's request is to reach the device: shared with others, or in the
 * queue for a slot. */
static void ask(struct conn *c)
{
	struct protection *p = c->prot;

	if (!clients_request(&c->px->conf->clients, p->client,
		ev_now(c->px->loop), &p->retry_after_ms))
		conn_end(c, CAUSE_REQUEST_LIMIT);
	else if (c->px->shared)
		conn_shared_start(c);
	else if (!conn_share(c))
		conn_queue_join(c);
}

/* Until the device takes bytes, what waits in the client's kernel needs no
 * memory of ours. (Of an HTTP request the end is to be seen, should it have
 * been cut.) */
static void keep_little(struct direction *d)
{
	size_t kept = direction_buffered(d);

	direction_set_buffer(d, kept > CHUNK_BYTES ? kept : CHUNK_BYTES);
}

void conn_queue_join(struct conn *c)
{
	struct protection *p = c->prot;
	struct waiter *evicted;
	enum cause cause = CAUSE_NONE;

	if (!p->exchange.is_http)
		keep_little(&c->relay.to_device);
	switch (scheduler_ask(&c->px->scheduler, &p->waiter, p->client,
	    ev_now(c->px->loop), &cause, &evicted)) {
	case SCHEDULE_GRANT:
		conn_queue_leave(c);
		return;
	case SCHEDULE_REFUSE:
		conn_end(c, cause);
		return;
	default:
		break;
	}
	if (c->state == CONN_GATE)
		conn_enter(c, CONN_QUEUE);
	conn_update(c);
	conn_serve_soon(c->px);
	if (evicted)
		conn_end(conn_of_waiter(c->px, evicted), CAUSE_EVICTED);
}

void conn_queue_on_client(struct conn *c, unsigned int events)
{
	struct direction *d = &c->relay.to_device;
	bool left;

	relay_on_events(&c->relay, &c->px->env, CLIENT, events);
	left = direction_fin_seen(d) || (events & EV_RDHUP);
	if (direction_read_error(d) || (events & EV_ERR))
		conn_close(c, CAUSE_CLIENT_RESET);
	else if (conn_request_is_cut(c))
		conn_end(c, CAUSE_REQUEST_CUT);
	else if (left && conn_fin_drops(c))
		conn_close(c, CAUSE_CLIENT_LEFT);
	else
		conn_update(c);
}

void conn_queue_leave(struct conn *c)
{
	struct protection *p = c->prot;

	p->slot = p->waiter.slot.index;
	p->slot_ms = ev_now(c->px->loop);
	if (p->waiter.lease.size > 0)
		direction_set_lease(&c->relay.to_client, &p->waiter.lease);
	if (c->px->conf->link.send_proxy == 0 || put_header(c))
		conn_connect(c);
	else
		conn_end(c, CAUSE_NO_MEMORY);
}
