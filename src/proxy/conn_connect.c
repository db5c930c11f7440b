/*
 * conn_dial.c: the state DIAL: a client, and a device connection being made.
 *
 * The client's first bytes are offered to the device right behind the
 * connect: on a local device that connect is already done, and the send says
 * so without another call. Until the device answers, the client is listened
 * to within its allowance, and the device's socket is never read.
 */
#include "proxy/conn.h"

#include <errno.h>

#include "proxy/proxy.h"
#include "proxy/coalesce.h"
#include "sys/sock.h"

enum { SHORTAGE_PAUSE_MS = 50 };

static void pause_until(struct conn *c, int64_t pause_ms)
{
	c->resume_ms = ev_now(c->px->loop) + pause_ms;
	conn_settle(c);
}

/* The bytes not sent so far stay owed; only the descriptor goes. */
static void drop_attempt(struct conn *c)
{
	struct relay *r = &c->relay;

	r->connecting = false;
	ev_io_close(c->px->loop, &r->side[DEVICE].io);
	r->side[DEVICE].hung_up = false;
	r->half[CLIENT].write_err = 0;
	r->half[CLIENT].nagle = NAGLE_UNTOUCHED;
	r->half[CLIENT].hold = true;
}

/* A refusal means "not ready yet" at least as often as "not there". */
static bool retry_refused(struct conn *c)
{
	int64_t pause_ms;

	conn_learn(c, DEVICE_REFUSED);
	pause_ms = device_retry_ms(&c->px->device,
	    c->px->conf->dial.connect_retry, c->retries + 1u);
	if (pause_ms < 0)
		return false;
	c->retries++;
	pause_until(c, pause_ms);
	return true;
}

/* What follows a failed attempt: the next address at once, a retry after a
 * pause, or the end. Returns whether to dial again now. */
static bool attempt_failed(struct conn *c, int err)
{
	const struct dial_conf *conf = &c->px->conf->dial;

	drop_attempt(c);
	if (dial_is_shortage(err)) {
		if (ev_now(c->px->loop) - c->began_ms < conf->connect_timeout_ms)
			pause_until(c, SHORTAGE_PAUSE_MS);
		else
			conn_end(c, dial_cause(err));
		return false;
	}
	if (++c->address < conf->device_count)
		return true;
	c->address = 0;
	if (dial_cause(err) == CAUSE_CONNECT_REFUSED) {
		c->px->check_self_connect = true;
		if (retry_refused(c))
			return false;
	}
	conn_end(c, dial_cause(err));
	return false;
}

static void connected(struct conn *c)
{
	struct proxy *px = c->px;

	if (px->check_self_connect) {
		if (sock_self_connected(relay_fd(&c->relay, DEVICE))) {
			conn_learn(c, DEVICE_REFUSED);
			conn_end(c, CAUSE_CONNECT_REFUSED);
			return;
		}
		px->check_self_connect = false;
	}
	c->relay.connecting = false;
	c->relay.half[CLIENT].hold = px->conf->dial.settle_ms > 0;
	c->connected_ms = ev_now(px->loop);
	c->active_ms = c->connected_ms;
	conn_relay_start(c);
}

/* Offers what the client has sent, or may have sent by now: a client not yet
 * watched is asked once in hope. Returns 0, or what the device's socket
 * answered. */
static int offer_bytes(struct conn *c)
{
	struct relay *r = &c->relay;
	struct half *h = &r->half[CLIENT];
	int device = relay_fd(r, DEVICE);

	h->hold = c->px->conf->dial.settle_ms > 0;
	if (half_wants_output(h))
		half_push(h, &c->px->env, device);
	else if (half_wants_input(h, &c->px->env) &&
	    r->side[CLIENT].io.want == 0)
		half_pull(h, &c->px->env, relay_fd(r, CLIENT), device, 0);
	h->hold = true;
	return h->write_err;
}

void conn_dial(struct conn *c)
{
	struct half *h = &c->relay.half[CLIENT];
	struct ev_io *io = &c->relay.side[DEVICE].io;
	/* What the gate dropped was read too, and never owed to the device. */
	uint64_t gone = h->bytes - half_owed(h);
	int fd, err;

	if (c->state < CONN_DIAL) {
		conn_enter(c, CONN_DIAL);
		c->began_ms = ev_now(c->px->loop);
	}
	do {
		err = dial_start(&c->px->conf->dial, c->address, &fd);
		if (err < 0)
			continue;
		ev_io_init(io, fd, io->on_io);
		c->relay.connecting = true;
		c->dialled_ms = ev_now(c->px->loop);
		err = offer_bytes(c);
	} while (err < 0 && attempt_failed(c, err));
	if (err < 0)
		return;
	if (h->read_err)
		conn_close(c, CAUSE_CLIENT_RESET);
	else if (h->bytes - half_owed(h) != gone)
		connected(c);
	else
		conn_settle(c);
}

/* OUT alone is success. HUP or ERR costs a question; the answer "no error"
 * is believed, for some kernels report HUP on a good connection. A refusal is
 * ECONNREFUSED, so other resets mean that the connection stood: what the
 * device said before is read first. */
void conn_dial_on_device(struct conn *c, unsigned int events)
{
	int err = 0;

	if (events & (EV_ERR | EV_HUP))
		err = sock_error(relay_fd(&c->relay, DEVICE));
	if (err == -ECONNRESET || err == -EPIPE) {
		c->relay.half[CLIENT].write_err = (int16_t)err;
		err = 0;
	}
	if (err == 0)
		connected(c);
	else if (attempt_failed(c, err))
		conn_dial(c);
}

void conn_dial_on_client(struct conn *c, unsigned int events)
{
	relay_on_events(&c->relay, &c->px->env, CLIENT, events);
	if (c->relay.half[CLIENT].read_err &&
	    !(c->guard && share_inherit(c)))
		conn_close(c, CAUSE_CLIENT_RESET);
	else
		conn_settle(c);
}

void conn_dial_on_clock(struct conn *c)
{
	conn_dial(c);
}
