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
#include "sys/sock.h"

enum { DISCARD_MAX_BYTES = 64 * 1024 };

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
}

static void lose(struct conn *c, enum end e)
{
	struct relay *r = &c->relay;

	if (c->cause == CAUSE_NONE)
		c->cause = (uint8_t)cause_of_loss(c, e);
	if (relay_fd(r, other_end(e)) < 0) {
		conn_close(c, c->cause);
		return;
	}
	relay_close_side(r, &c->px->env, c->px->loop, e, CLOSE_FIN);
	c->losing = true;
	c->active_ms = ev_now(c->px->loop);
	if (e == DEVICE)
		enter_last(c);
}

/* The device has finished and its side is not kept for the client's sake. */
static void end_device(struct conn *c)
{
	c->relay.half[CLIENT].discard = true;
	relay_close_side(&c->relay, &c->px->env, c->px->loop, DEVICE,
	    CLOSE_FIN);
	enter_last(c);
}

static bool device_to_be_ended(const struct conn *c)
{
	return c->relay.half[DEVICE].eof && relay_fd(&c->relay, DEVICE) >= 0 &&
	    c->px->conf->relay.on_device_fin == ON_DEVICE_FIN_CLOSE;
}

/* Draws the conclusions of what just happened. */
static void conclude(struct conn *c)
{
	struct relay *r = &c->relay;
	enum relay_verdict verdict;
	enum end gone;

	if (r->half[DEVICE].eof)
		r->half[CLIENT].hold_fin = false;
	if (device_to_be_ended(c))
		end_device(c);
	while ((verdict = relay_verdict(r)) != RELAY_GOES_ON) {
		if (verdict == RELAY_DONE)
			conn_close(c, CAUSE_DONE);
		else
			lose(c, verdict == RELAY_LOST_CLIENT ? CLIENT : DEVICE);
		if (c->state == CONN_CLOSED)
			return;
	}
	gone = relay_fd(r, DEVICE) < 0 ? DEVICE : CLIENT;
	if (c->losing && relay_delivered(r, gone))
		conn_close(c, c->cause);
	else if (r->half[CLIENT].discard &&
	    r->half[CLIENT].bytes > DISCARD_MAX_BYTES)
		conn_close(c, CAUSE_LINGER);
	else
		conn_settle(c);
}

static void on_events(struct conn *c, enum end e, unsigned int events)
{
	if (relay_on_events(&c->relay, &c->px->env, e, events))
		c->active_ms = ev_now(c->px->loop);
	conclude(c);
}

void conn_relay_start(struct conn *c)
{
	struct half *h = &c->relay.half[CLIENT];

	conn_enter(c, CONN_RELAY);
	if (half_wants_output(h))
		half_push(h, &c->px->env, relay_fd(&c->relay, DEVICE));
	conclude(c);
}

void conn_relay_on_client(struct conn *c, unsigned int events)
{
	on_events(c, CLIENT, events);
}

void conn_relay_on_device(struct conn *c, unsigned int events)
{
	if (c->first_byte_ms == 0 && (events & EV_IN))
		c->first_byte_ms = ev_now(c->px->loop);
	on_events(c, DEVICE, events);
}

/* Options that short connections never need are set when one first idles. */
void conn_relay_on_clock(struct conn *c)
{
	if (!c->losing && !c->device_options_set) {
		sock_set_keepalive(relay_fd(&c->relay, DEVICE),
		    c->px->conf->dial.keepalive_ms);
		c->device_options_set = true;
	}
	conclude(c);
}
