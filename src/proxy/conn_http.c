/*
 * conn_http.c: what the protection sees of a reply: its first byte, its end,
 * and how fast the client takes it.
 *
 * A reply that is complete ends the device's end at once, whatever the client
 * does; a reply without an end is a stream, and is counted as one.
 */
#include "proxy/conn.h"

#include "proxy/proxy.h"
#include "sys/sock.h"

void conn_http_start(struct conn *c)
{
	struct protection *p = c->prot;
	const struct conf *conf = c->px->conf;

	p->turn_ms = ev_now(c->px->loop);
	exchange_begin(&p->exchange);
	if (!p->exchange.is_http) {
		direction_set_buffer(&c->relay.to_device, REQUEST_AHEAD_BYTES);
		return;
	}
	direction_show(&c->relay.to_client, true);
	/* A stream that is one too many is to hear of it. */
	if (conf->relay.reply == REPLY_HOLD ||
	    slots_streams_full(&c->px->scheduler.slots, &conf->slots))
		direction_hold(&c->relay.to_client, HOLD_REPLY);
}

bool conn_http_has_body(const struct conn *c)
{
	const struct response *r;

	if (!conn_is_http(c))
		return false;
	r = &c->prot->exchange.response;
	return r->end != RESPONSE_OPEN &&
	       direction_read_bytes(&c->relay.to_client) > r->head_bytes;
}

/* What seemed to be the reply's first byte was that of an interim head. */
SELDOM static void begin_again(struct conn *c)
{
	c->first_byte_ms = 0;
	c->prot->reported = false;
}

/* Once the rest of the reply is known to need no reading, splice may take
 * over; what is behind its end is none of the client's. */
unsigned int conn_http_read(struct direction *d, const char *bytes, size_t len)
{
	struct conn *c = container_of(d, struct conn, relay.to_client);
	struct exchange *x = &c->prot->exchange;
	struct response *r = &x->response;
	enum response_end before = r->end;
	uint64_t interim_bytes = r->interim_bytes;
	size_t known = (size_t)(r->fed_bytes - direction_read_bytes(d));

	if (known < len)
		(void)response_feed(r, bytes + known, len - known);
	if (!exchange_reads_reply(x)) {
		direction_show(d, false);
		direction_limit(d, r->whole_bytes);
	}
	if (r->interim_bytes != interim_bytes) {
		begin_again(c);
		return MOVED_STATE;
	}
	return r->end == before ? MOVED_NOTHING : MOVED_STATE;
}

/* The device has agreed to another protocol: bytes flow both ways. */
SELDOM static void upgrade(struct conn *c)
{
	struct direction *d = &c->relay.to_device;
	struct protection *p = c->prot;

	if (!c->px->conf->request.upgrade)
		return;
	p->exchange.upgraded = true;
	direction_limit(d, UINT64_MAX);
	direction_release(d, HOLD_FIN);
	direction_join(d, &p->early);
	if (direction_wants_output(d))
		(void)direction_push(
		    d, &c->px->env, relay_fd(&c->relay, DEVICE));
}

/* One has to go. Where nothing of its reply has gone out, it is told. */
static void end_stream(struct conn *c)
{
	conn_end(c, direction_sent_bytes(&c->relay.to_client) == 0
			? CAUSE_NO_STREAM_SLOT
			: CAUSE_STREAM_LIMIT);
}

/* The reply has no end: it is passed on as it comes, and holds a slot that
 * others may want. */
SELDOM static void begin_stream(struct conn *c)
{
	struct device_link *l = c->relay.link;
	struct scheduler *s = &c->px->scheduler;

	if (l->slot.is_stream)
		return;
	conn_leave_shared(c);
	/* No clock of ours runs while the device acknowledges nothing, and
	 * keepalive waits for that too. */
	if (c->px->conf->link.user_timeout_ms == 0)
		sock_set_user_timeout(
		    l->io.fd, 2 * c->px->conf->link.keepalive_ms);
	direction_watch_fin(&c->relay.to_device, !c->prot->exchange.upgraded);
	if (l->slot.taken) {
		slots_mark_stream(&s->slots, &l->slot);
		c->prot->stream_ms = ev_now(c->px->loop);
		if (slots_streams_exceed(&s->slots, s->slots_conf))
			end_stream(conn_stream_over_limit(c));
		conn_serve_soon(c->px);
	}
	if (c->state == CONN_RELAY)
		direction_release(&c->relay.to_client, HOLD_REPLY);
}

/* The reply is complete: the device's end is ended, and the client gets all of
 * it and then the FIN. */
static void complete(struct conn *c)
{
	struct direction *d = &c->relay.to_client;
	struct protection *p = c->prot;

	p->exchange.replied = true;
	conn_deliver_shared(c);
	direction_release(d, HOLD_REPLY);
	direction_finish(d);
	conn_drop_input(c, UINT64_MAX);
	conn_end_link(c, p->exchange.response.said_keep_alive);
	conn_enter_closing(c);
}

/* The first byte, or the end, of what the device has to say. */
static void report_first(struct conn *c)
{
	struct protection *p = c->prot;
	struct direction *d = &c->relay.to_client;
	int64_t now_ms = ev_now(c->px->loop);

	if (p->reported)
		return;
	if (conn_reply_begun(c)) {
		p->reported = true;
		health_first_byte(
		    &c->px->scheduler.health, now_ms - p->turn_ms, now_ms);
		conn_report(c, HEALTH_SERVED);
	} else if (direction_fin_seen(d)) {
		p->reported = true;
		conn_report(c, HEALTH_RESET);
	}
}

/* The client may send no more of its request before "100 Continue". */
static bool is_awaited(const struct conn *c)
{
	return c->prot->exchange.response.interim_bytes > 0 &&
	       !direction_read_done(&c->relay.to_device);
}

/* A reply that cannot be whole in the buffer passes as it comes. */
static bool is_not_held(const struct conn *c)
{
	const struct direction *d = &c->relay.to_client;
	const struct response *r = &c->prot->exchange.response;
	uint64_t most = c->px->conf->relay.reply_buffer_bytes;

	return direction_fin_seen(d) || direction_full(d, &c->px->env) ||
	       r->end == RESPONSE_UPGRADE || is_awaited(c) ||
	       (r->end != RESPONSE_OPEN &&
		   c->px->conf->relay.reply == REPLY_STREAM) ||
	       (r->end == RESPONSE_LENGTH && r->whole_bytes > most);
}

/* What the reply's head says about its end. */
static void follow_reply(struct conn *c)
{
	struct direction *d = &c->relay.to_client;
	struct exchange *x = &c->prot->exchange;

	if (exchange_is_complete(
		x, direction_read_bytes(d), direction_fin_seen(d))) {
		complete(c);
		return;
	}
	if (x->response.end == RESPONSE_UPGRADE)
		upgrade(c);
	if (x->response.is_stream || x->upgraded)
		begin_stream(c);
	if (c->state == CONN_RELAY && is_not_held(c)) {
		conn_leave_shared(c);
		direction_release(d, HOLD_REPLY);
	}
}

/* Interim heads have been passed on to a client that awaited them: that says
 * nothing about the reply. */
static void hold_again(struct conn *c)
{
	struct direction *d = &c->relay.to_client;

	if (c->px->conf->relay.reply == REPLY_HOLD && !conn_reply_begun(c) &&
	    direction_buffered(d) == 0)
		direction_hold(d, HOLD_REPLY);
}

void conn_http_conclude(struct conn *c)
{
	struct direction *d = &c->relay.to_client;
	struct exchange *x = &c->prot->exchange;

	if (!conn_reply_begun(c) && conn_request_is_cut(c)) {
		conn_end(c, CAUSE_REQUEST_CUT);
		return;
	}
	report_first(c);
	if (x->is_http && !x->upgraded && direction_fin_seen(d) &&
	    !conn_reply_begun(c)) {
		conn_end(c, CAUSE_DEVICE_EMPTY);
		return;
	}
	if (x->is_http && !x->upgraded && !x->replied)
		follow_reply(c);
	if (c->state == CONN_RELAY)
		conn_update_turn(c);
	/* Of bytes only: a client that was full stays so until it says. */
	if (direction_buffered(d) > 0 && direction_wants_output(d) &&
	    relay_fd(&c->relay, CLIENT) >= 0 &&
	    (direction_push(d, &c->px->env, relay_fd(&c->relay, CLIENT)) &
		MOVED_BYTES))
		c->active_ms[CLIENT] = ev_now(c->px->loop);
	if (x->is_http && c->state == CONN_RELAY)
		hold_again(c);
}

/* A client that is slower than it may be ends only while others wait. */
void conn_judge_rate(struct conn *c)
{
	const struct conn_conf *conf = &c->px->conf->conn;
	struct protection *p = c->prot;
	int64_t now_ms = ev_now(c->px->loop);
	bool low;

	if (p->turn == TURN_CLIENT_REQUEST) {
		low = rate_too_low(&p->rate, now_ms,
		    direction_read_bytes(&c->relay.to_device),
		    conf->request_rate);
	} else {
		(void)conn_look(c);
		low = rate_too_low(
		    &p->rate, now_ms, c->acked[CLIENT], conf->reply_rate);
	}
	if (!low || !proxy_others_wait(c->px))
		conn_set_timer(c);
	else
		conn_end(c, p->turn == TURN_CLIENT_REQUEST ? CAUSE_REQUEST_RATE
							   : CAUSE_SEND_RATE);
}
