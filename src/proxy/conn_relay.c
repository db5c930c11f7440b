/*
 * conn_relay.c: the states RELAY and CLOSING: bytes flow, then ends are met.
 *
 * Where bytes pass straight through nothing is asked again. A lost end is
 * closed at once. The other still gets what the lost one had sent: it is
 * reset only when all of that has been acknowledged, because a reset discards
 * what is unsent, here and often there.
 */
#include "proxy/conn.h"

#include <errno.h>

#include "base/bug.h"
#include "proxy/proxy.h"
#include "sys/sock.h"

static enum cause cause_of_loss(const struct conn *c, enum end e)
{
	if (e == CLIENT)
		return CAUSE_CLIENT_RESET;
	switch (-direction_read_error(&c->relay.to_client)) {
	case ETIMEDOUT:
	case EHOSTUNREACH: /* as ETIMEDOUT, after an ICMP message */
	case ENETUNREACH:
		return CAUSE_DEVICE_SILENT;
	default:
		return CAUSE_DEVICE_RESET;
	}
}

void conn_enter_closing(struct conn *c)
{
	if (c->state == CONN_CLOSING)
		return;
	conn_enter(c, CONN_CLOSING);
	c->active_ms[CLIENT] = ev_now(c->px->loop);
	if (c->prot)
		rate_stop(&c->prot->rate, ev_now(c->px->loop));
}

/* The end `e` was reset: what it had sent is delivered, then the other is
 * reset too. */
SELDOM static void end_by_reset(struct conn *c, enum end e)
{
	enum cause cause = cause_of_loss(c, e);
	struct relay *r = &c->relay;

	if (e == CLIENT && conn_succeed(c, cause))
		return;
	if (e == DEVICE) {
		conn_report(c, cause == CAUSE_DEVICE_SILENT ? HEALTH_SILENT
							    : HEALTH_RESET);
		if (!conn_http_has_body(c) && conn_answerable(c, cause)) {
			conn_end(c, cause);
			return;
		}
	}
	conn_note(c, cause);
	/* Stalled: the device has not heard of it. */
	if (relay_fd(r, other_end(e)) < 0 ||
	    (e == CLIENT && c->prot &&
		direction_sent_bytes(&r->to_device) == 0)) {
		conn_close(c, cause);
		return;
	}
	c->delivering = true;
	c->active_ms[other_end(e)] = ev_now(c->px->loop);
	if (e == CLIENT) {
		relay_close_client(r, &c->px->env, c->px->loop);
		return;
	}
	direction_release(&r->to_client, HOLD_REPLY);
	direction_watch_fin(&r->to_device, false);
	conn_leave_protection(c);
	conn_drop_lost_link(c);
	conn_enter_closing(c);
	if (direction_wants_output(&r->to_client))
		(void)direction_push(&r->to_client, &c->px->env, r->client.fd);
}

/* The device has sent its FIN. By policy, or because both directions of its
 * end are over while the client is still to be served: */
static bool link_is_over(struct conn *c)
{
	struct relay *r = &c->relay;

	if (c->state != CONN_RELAY || !r->link || c->delivering)
		return false;
	/* Behind an HTTP reply nothing is asked, even if its head promised
	 * more. */
	return c->px->conf->relay.on_device_fin == ON_DEVICE_FIN_CLOSE ||
	       (conn_is_http(c) && !c->prot->exchange.upgraded) ||
	       (direction_fin_sent(&r->to_device) &&
		   direction_buffered(&r->to_client) > 0);
}

/* The device has finished: what the client still says has nowhere to go. */
static void end_link(struct conn *c)
{
	conn_drop_input(c, UINT64_MAX);
	conn_end_link(c, false);
	conn_enter_closing(c);
}

/* A client that has got its answer gains no time by talking on. */
static bool has_talked_enough(const struct conn *c)
{
	const struct direction *d = &c->relay.to_device;

	return c->answered && !direction_fin_seen(d) &&
	       direction_read_done(d) &&
	       direction_buffered(&c->relay.to_client) == 0;
}

OFTEN APART void conn_conclude(struct conn *c)
{
	struct relay *r = &c->relay;
	enum relay_verdict verdict;
	enum end lost;

	if (c->prot && c->state == CONN_RELAY && !c->delivering) {
		conn_http_conclude(c);
		if (c->state == CONN_CLOSED || c->answered)
			return;
	}
	if (direction_fin_seen(&r->to_client)) {
		direction_release(&r->to_device, HOLD_FIN);
		if (link_is_over(c))
			end_link(c);
	}
	while ((verdict = relay_verdict(r)) != RELAY_GOES_ON) {
		if (verdict == RELAY_DONE) {
			conn_close(c, CAUSE_DONE);
			return;
		}
		end_by_reset(c, verdict == RELAY_LOST_CLIENT ? CLIENT : DEVICE);
		if (c->state == CONN_CLOSED || c->answered)
			return;
	}
	lost = r->client.fd < 0 ? CLIENT : DEVICE;
	if (c->delivering && relay_delivered(r, lost))
		conn_close(c, c->cause);
	else if (has_talked_enough(c))
		conn_close(c, CAUSE_LINGER_TIMEOUT);
	else
		conn_update(c);
}

void conn_relay_start(struct conn *c)
{
	struct direction *d = &c->relay.to_device;

	conn_enter(c, CONN_RELAY);
	if (c->prot)
		conn_http_start(c);
	if (direction_wants_output(d))
		(void)direction_push(
		    d, &c->px->env, relay_fd(&c->relay, DEVICE));
	conn_conclude(c);
}

/* What moved is progress of the end that sent, or took. */
static void note_progress(struct conn *c, enum end e, unsigned int moved)
{
	if (moved & MOVED_BYTES)
		c->active_ms[e] = ev_now(c->px->loop);
}

OFTEN void conn_relay_on_client(struct conn *c, unsigned int events)
{
	/* A client that has all it is to get gains no time by talking on. */
	bool talks = c->state == CONN_CLOSING &&
		     direction_buffered(&c->relay.to_client) == 0;
	unsigned int moved =
	    relay_on_events(&c->relay, &c->px->env, CLIENT, events);

	/* Nobody is left to look at the stream. */
	if ((events & (EV_RDHUP | EV_ERR)) == EV_RDHUP &&
	    direction_watches_fin(&c->relay.to_device) &&
	    c->state == CONN_RELAY) {
		conn_close(c, CAUSE_CLIENT_LEFT);
		return;
	}
	if (!talks)
		note_progress(c, CLIENT, moved);
	if (moved & MOVED_STATE)
		conn_conclude(c);
}

OFTEN void conn_relay_on_link(struct conn *c, unsigned int events)
{
	unsigned int moved =
	    relay_on_events(&c->relay, &c->px->env, DEVICE, events);
	bool first = c->first_byte_ms == 0 && conn_reply_begun(c);

	note_progress(c, DEVICE, moved);
	if (first)
		c->first_byte_ms = ev_now(c->px->loop);
	if ((moved & MOVED_STATE) || first)
		conn_conclude(c);
	/* The kernel leaves the mode by itself. */
	if (c->px->conf->link.quickack && c->state == CONN_RELAY &&
	    c->relay.link)
		sock_set_quickack(relay_fd(&c->relay, DEVICE));
}

void conn_push_stalled(struct conn *c)
{
	struct relay *r = &c->relay;

	if (direction_stalled(&r->to_device))
		note_progress(c, DEVICE,
		    direction_push(
			&r->to_device, &c->px->env, relay_fd(r, DEVICE)));
	if (direction_stalled(&r->to_client))
		note_progress(c, CLIENT,
		    direction_push(
			&r->to_client, &c->px->env, relay_fd(r, CLIENT)));
	/* The next request of a shared connection waits for that. */
	if (c->state == CONN_SHARED)
		conn_shared_on_client(c, 0);
	else
		conn_conclude(c);
}
