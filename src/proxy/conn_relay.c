/*
 * conn_relay.c: the states RELAY and LAST: bytes flow, then ends are met.
 *
 * A lost end is closed at once. The other end still gets what the lost one
 * had sent: it is reset only when all of that has been acknowledged, because
 * a reset discards what is unsent, here and often there.
 */
#include "proxy/conn.h"

#include <errno.h>

#include "proxy/proxy.h"
#include "proxy/coalesce.h"
#include "sys/sock.h"

static enum cause cause_of_loss(const struct conn *c, enum end e)
{
	if (e == CLIENT)
		return CAUSE_CLIENT_RESET;
	return c->relay.half[DEVICE].read_err == -ETIMEDOUT
	    ? CAUSE_DEVICE_SILENT
	    : CAUSE_DEVICE_RESET;
}

static void enter_last(struct conn *c)
{
	if (c->state == CONN_LAST)
		return;
	conn_enter(c, CONN_LAST);
	c->last_ms = ev_now(c->px->loop);
	c->relay.half[DEVICE].favoured = false;
}

static void lose(struct conn *c, enum end e)
{
	enum cause cause = cause_of_loss(c, e);
	struct relay *r = &c->relay;

	if (e == CLIENT && c->guard && share_inherit(c))
		return;
	if (e == DEVICE && conn_answerable(c, cause)) {
		conn_end(c, cause);
		return;
	}
	conn_note(c, cause);
	/* Held for settle: the device has not heard of it. */
	if (relay_fd(r, other_end(e)) < 0 ||
	    (e == CLIENT && r->half[CLIENT].hold)) {
		conn_close(c, cause);
		return;
	}
	c->losing = true;
	c->active_ms = ev_now(c->px->loop);
	if (e == CLIENT) {
		relay_close_side(r, &c->px->env, c->px->loop, CLIENT,
		    CLOSE_FIN);
		return;
	}
	r->half[DEVICE].hold = false;
	conn_leave_guard(c);
	conn_close_device(c, CLOSE_FIN);
	enter_last(c);
}

/* The device has finished and its side is not kept for the client's sake. A
 * device whose reply is over but which has not sent FIN gets ours, and keeps
 * its slot until its own has come. */
static void end_device(struct conn *c, bool fin_seen)
{
	conn_drop_input(c);
	if (fin_seen) {
		conn_close_device(c, CLOSE_FIN);
	} else {
		(void)sock_shut_write(relay_fd(&c->relay, DEVICE));
		c->device_ending = true;
	}
	enter_last(c);
}

/* The device has agreed to another protocol: bytes flow both ways. */
static void upgrade(struct conn *c)
{
	struct half *request = &c->relay.half[CLIENT];
	struct guard *g = c->guard;

	if (!c->px->conf->request.upgrade)
		return;
	g->upgraded = true;
	request->quota_bytes = UINT64_MAX;
	request->hold_fin = false;
	chunk_join(&request->owed, &g->early);
	if (half_owed(request) > 0)
		half_push(request, &c->px->env, relay_fd(&c->relay, DEVICE));
}

/* Exactly what the device had to say has been read. */
static bool reply_complete(const struct conn *c)
{
	const struct half *reply = &c->relay.half[DEVICE];
	const struct response *head = &c->guard->reply;

	if (head->end == RESPONSE_LENGTH)
		return reply->bytes == head->whole_bytes;
	return head->end == RESPONSE_FIN && reply->eof;
}

/* What the reply's head says about its end, for gate http. */
static void look_at_reply(struct conn *c)
{
	struct half *reply = &c->relay.half[DEVICE];
	struct guard *g = c->guard;

	if (reply->hold && reply_complete(c))
		share_deliver(c);
	if (reply->eof || half_owed(reply) >= reply->limit_bytes ||
	    g->reply.is_stream)
		reply->hold = false;
	if (!reply->hold)
		share_release(c);
	if (g->reply.end == RESPONSE_UPGRADE && !g->upgraded)
		upgrade(c);
	if (g->reply.end != RESPONSE_LENGTH ||
	    reply->bytes < g->reply.whole_bytes || g->replied)
		return;
	g->replied = true;
	reply->hold = false;
	if (reply->owed.bytes > reply->bytes - g->reply.whole_bytes)
		chunk_trim(&c->px->arena, &reply->owed,
		    reply->owed.bytes -
			(size_t)(reply->bytes - g->reply.whole_bytes));
	if (c->state == CONN_RELAY)
		end_device(c, reply->eof);
	reply->eof = true;
}

/* What the protection learns and decides before the verdict. */
static void watch_reply(struct conn *c)
{
	struct half *request = &c->relay.half[CLIENT];
	struct half *reply = &c->relay.half[DEVICE];
	struct guard *g = c->guard;

	if (half_owed(request) == 0 && request->bytes > 0 &&
	    (half_deaf(request) || c->px->conf->request.kind != GATE_HTTP))
		g->request_sent = true;
	if (!g->judged && (reply->bytes > 0 || reply->eof)) {
		g->judged = true;
		conn_learn(c, DEVICE_SERVED);
	}
	if (c->px->conf->request.kind == GATE_HTTP || g->is_probe)
		look_at_reply(c);
	if (half_wants_output(reply) && relay_fd(&c->relay, CLIENT) >= 0)
		half_push(reply, &c->px->env, relay_fd(&c->relay, CLIENT));
}

/* By policy, or because both directions of the device's side are over while
 * the client is still to be fed. */
static bool device_to_be_ended(const struct conn *c)
{
	const struct half *half = c->relay.half;

	if (!half[DEVICE].eof || c->state != CONN_RELAY ||
	    relay_fd(&c->relay, DEVICE) < 0)
		return false;
	return c->px->conf->relay.on_device_fin == ON_DEVICE_FIN_CLOSE ||
	    (half[CLIENT].fin_sent && half_owed(&half[DEVICE]) > 0);
}

/* Both ends are through with each other. Only the device's own FIN may be
 * missing, and its slot waits for that. */
static void finish(struct conn *c)
{
	if (!c->device_ending) {
		conn_close(c, CAUSE_DONE);
		return;
	}
	c->relay.half[DEVICE].fin_sent = true;
	c->relay.half[DEVICE].discard = true;
	relay_close_side(&c->relay, &c->px->env, c->px->loop, CLIENT,
	    CLOSE_FIN);
	conn_settle(c);
}

void conn_conclude(struct conn *c)
{
	struct relay *r = &c->relay;
	enum relay_verdict verdict;
	enum end gone;

	if (c->first_byte_ms == 0 && r->half[DEVICE].bytes > 0)
		c->first_byte_ms = ev_now(c->px->loop);
	if (c->guard && !c->answered && !c->losing)
		watch_reply(c);
	if (r->half[DEVICE].eof)
		r->half[CLIENT].hold_fin = false;
	if (device_to_be_ended(c))
		end_device(c, true);
	while ((verdict = relay_verdict(r)) != RELAY_GOES_ON) {
		if (verdict == RELAY_DONE) {
			finish(c);
			return;
		}
		lose(c, verdict == RELAY_LOST_CLIENT ? CLIENT : DEVICE);
		if (c->state == CONN_CLOSED || c->answered)
			return;
	}
	gone = relay_fd(r, DEVICE) < 0 ? DEVICE : CLIENT;
	if (c->losing && relay_delivered(r, gone))
		conn_close(c, c->cause);
	else if (c->answered && !r->half[CLIENT].eof &&
	    half_deaf(&r->half[CLIENT]) && half_owed(&r->half[DEVICE]) == 0)
		conn_close(c, CAUSE_LINGER_TIMEOUT);
	else
		conn_settle(c);
}

void conn_relay_start(struct conn *c)
{
	struct half *request = &c->relay.half[CLIENT];
	struct half *reply = &c->relay.half[DEVICE];
	const struct conf *conf = c->px->conf;

	conn_enter(c, CONN_RELAY);
	if (c->guard) {
		response_init(&c->guard->reply, request_is_head(&c->guard->request));
		reply->favoured = true;
		reply->hold = conf->request.kind == GATE_HTTP &&
		    conf->relay.reply == REPLY_HOLD;
	}
	if (half_wants_output(request))
		half_push(request, &c->px->env, relay_fd(&c->relay, DEVICE));
	conn_conclude(c);
}

void conn_relay_on_client(struct conn *c, unsigned int events)
{
	/* A client that has its answer gains no time by talking on. */
	bool lingers = c->relay.half[CLIENT].discard &&
	    half_owed(&c->relay.half[DEVICE]) == 0;

	if (relay_on_events(&c->relay, &c->px->env, CLIENT, events) && !lingers)
		c->active_ms = ev_now(c->px->loop);
	conn_conclude(c);
}

/* Shows the reply's head to its reader. The bytes still lie in the scratch
 * buffer: until the head is over no read counts towards splicing. */
static void read_head(struct conn *c, uint64_t before)
{
	struct half *reply = &c->relay.half[DEVICE];

	response_feed(&c->guard->reply, c->px->env.scratch,
	    (size_t)(reply->bytes - before));
	reply->full_reads = 0;
}

void conn_relay_on_device(struct conn *c, unsigned int events)
{
	uint64_t before = c->relay.half[DEVICE].bytes;

	if (c->device_ending) {
		if (events & (EV_HUP | EV_ERR))
			conn_close_device(c, CLOSE_FIN);
		conn_conclude(c);
		return;
	}
	if (relay_on_events(&c->relay, &c->px->env, DEVICE, events))
		c->active_ms = ev_now(c->px->loop);
	if (c->guard && c->guard->reply.end <= RESPONSE_CHUNKED)
		read_head(c, before);
	conn_conclude(c);
	/* The kernel leaves the mode by itself. */
	if (c->px->conf->dial.quickack && relay_fd(&c->relay, DEVICE) >= 0)
		sock_set_quickack(relay_fd(&c->relay, DEVICE));
}

/* A pause between connect and first byte is over. */
static void end_settle(struct conn *c)
{
	struct half *request = &c->relay.half[CLIENT];

	request->hold = false;
	if (half_wants_output(request) &&
	    half_push(request, &c->px->env, relay_fd(&c->relay, DEVICE)))
		c->active_ms = ev_now(c->px->loop);
}

/* Options that short connections never need are set when one first idles. */
static void set_device_options(struct conn *c)
{
	sock_set_keepalive(relay_fd(&c->relay, DEVICE),
	    c->px->conf->dial.keepalive_ms);
	c->device_options_set = true;
}

/* Sends again what the kernel had no memory for; false: there is none. */
static bool push_stalled(struct conn *c)
{
	struct half *half = c->relay.half;
	bool stalled = half[CLIENT].stalled || half[DEVICE].stalled;

	for (enum end e = CLIENT; e <= DEVICE; e++)
		if (half[e].stalled &&
		    half_push(&half[e], &c->px->env,
			relay_fd(&c->relay, other_end(e))))
			c->active_ms = ev_now(c->px->loop);
	return stalled;
}

void conn_relay_on_clock(struct conn *c)
{
	if (push_stalled(c)) {
		conn_conclude(c);
		return;
	}
	if (c->device_ending)
		conn_close_device(c, CLOSE_RST);
	else if (!c->losing && c->relay.half[CLIENT].hold)
		end_settle(c);
	else if (!c->losing && !c->device_options_set)
		set_device_options(c);
	conn_conclude(c);
}
