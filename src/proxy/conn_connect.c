/*
 * conn_connect.c: the state CONNECT: a client, and a device connection being
 * made.
 *
 * The client's first bytes are offered to the device right behind the
 * connect: on a local device that connect is already done, and the send says
 * so without another call. Until the device answers, and during settle, the
 * client is read within its allowance, and the device's socket is never read.
 */
#include "proxy/conn.h"

#include <errno.h>

#include "proxy/proxy.h"
#include "sys/sock.h"

enum { SHORTAGE_PAUSE_MS = 50 };

SELDOM static void pause_until(struct conn *c, int64_t pause_ms)
{
	c->attempting = false;
	c->next_ms = ev_now(c->px->loop) + pause_ms;
	conn_update(c);
}

/* The bytes not sent so far stay; only the descriptor goes. */
static void drop_attempt(struct conn *c)
{
	device_link_drop_attempt(c->relay.link);
	direction_new_destination(&c->relay.to_device);
	direction_hold(&c->relay.to_device, HOLD_GATE);
}

/* A refusal means "not ready yet" at least as often as "not there". */
static int64_t retry_ms(const struct conn *c)
{
	return health_retry_ms(&c->px->scheduler.health,
	    c->px->conf->link.connect_retry, c->retries + 1u,
	    c->relay.link->probe_id);
}

static bool retry(struct conn *c, enum health_signal signal)
{
	int64_t pause_ms;

	conn_report(c, signal);
	pause_ms = retry_ms(c);
	if (pause_ms < 0)
		return false;
	c->retries++;
	pause_until(c, pause_ms);
	return true;
}

static bool retry_refused(struct conn *c)
{
	c->px->links.check_self_connect = true;
	return retry(c, HEALTH_REFUSED);
}

/* A device that takes a connection only to end it means by that what a refusal
 * means, if it has not heard a byte nor said one. Returns whether it did, and
 * will be asked again. */
static bool retry_unheard(struct conn *c)
{
	if (direction_sent_bytes(&c->relay.to_device) > 0 || retry_ms(c) < 0 ||
	    !device_link_ended_silent(c->relay.link))
		return false;
	drop_attempt(c);
	return retry(c, HEALTH_RESET);
}

/* What follows a failed attempt: the next address at once, a retry after a
 * pause, or the end. Returns whether to connect again now. */
SELDOM static bool attempt_failed(struct conn *c, int err)
{
	enum cause cause = device_link_cause(err);

	drop_attempt(c);
	if (device_link_next_address(c->relay.link))
		return true;
	if (device_link_is_shortage(err) &&
	    ev_now(c->px->loop) - c->active_ms[DEVICE] <
		c->px->conf->link.connect_timeout_ms) {
		pause_until(c, SHORTAGE_PAUSE_MS);
		return false;
	}
	if ((cause == CAUSE_CONNECT_REFUSED || cause == CAUSE_UNREACHABLE) &&
	    retry_refused(c))
		return false;
	if (cause == CAUSE_CONNECT_RESET &&
	    direction_sent_bytes(&c->relay.to_device) == 0 &&
	    retry(c, HEALTH_RESET))
		return false;
	if (cause == CAUSE_CONNECT_TIMEOUT)
		conn_report(c, HEALTH_REFUSED);
	conn_end(c, cause);
	return false;
}

/* The device's time begins now. */
void conn_settled(struct conn *c)
{
	device_link_set_settling(c->relay.link, false);
	c->next_ms = 0;
	direction_watch_fin(&c->relay.to_device, false);
	c->active_ms[CLIENT] = ev_now(c->px->loop);
	c->active_ms[DEVICE] = c->active_ms[CLIENT];
	direction_release(&c->relay.to_device, HOLD_GATE | HOLD_CONNECT);
	conn_relay_start(c);
}

static void connected(struct conn *c)
{
	int64_t settle_ms = c->px->conf->link.settle_ms;

	if (!device_link_connected(c->relay.link)) {
		if (attempt_failed(c, -ECONNREFUSED))
			conn_connect_next(c);
		return;
	}
	c->connected_ms = ev_now(c->px->loop);
	if (settle_ms > 0 && !direction_write_error(&c->relay.to_device)) {
		device_link_set_settling(c->relay.link, true);
		pause_until(c, settle_ms);
	} else {
		c->attempting = false;
		conn_settled(c);
	}
}

/* Offers what the client has sent, or may have sent by now: a client not yet
 * watched is asked once in hope. Nothing where the device is to settle first.
 * Returns 0, or what the device's socket answered. */
static int offer_bytes(struct conn *c)
{
	struct relay *r = &c->relay;
	struct direction *d = &r->to_device;
	int device = relay_fd(r, DEVICE);

	if (c->px->conf->link.settle_ms > 0) {
		direction_hold(d, HOLD_GATE);
		return 0;
	}
	direction_release(d, HOLD_GATE);
	direction_hold(d, HOLD_CONNECT);
	if (direction_wants_output(d))
		(void)direction_push(d, &c->px->env, device);
	else if (direction_wants_input(d, &c->px->env) && r->client.want == 0)
		(void)direction_pull(
		    d, &c->px->env, relay_fd(r, CLIENT), device, 0);
	direction_hold(d, HOLD_GATE);
	return direction_write_error(d);
}

void conn_connect_next(struct conn *c)
{
	struct direction *d = &c->relay.to_device;
	uint64_t sent;
	int err;

	do {
		sent = direction_sent_bytes(d);
		err = device_link_connect(c->relay.link);
		if (err < 0)
			continue;
		c->attempting = true;
		c->next_ms = ev_now(c->px->loop);
		err = offer_bytes(c);
	} while (err < 0 && attempt_failed(c, err));
	if (err < 0)
		return;
	if (direction_read_error(d))
		conn_close(c, CAUSE_CLIENT_RESET);
	else if (direction_sent_bytes(d) > sent)
		connected(c);
	else
		conn_update(c);
}

OFTEN APART void conn_connect(struct conn *c)
{
	proxy_assert_open(c->px);
	conn_enter(c, CONN_CONNECT);
	c->active_ms[DEVICE] = ev_now(c->px->loop);
	c->relay.link = conn_open_link(c);
	if (c->relay.link)
		conn_connect_next(c);
	else
		conn_end(c, CAUSE_NO_DESCRIPTOR);
}

/* OUT alone is success. HUP or ERR costs a question; the answer "no error"
 * is believed, for some kernels report HUP on a good connection. A refusal is
 * ECONNREFUSED, so other resets mean that the connection stood: what the
 * device said before is read first. */
void conn_connect_on_link(struct conn *c, unsigned int events)
{
	int err = 0;

	if (device_link_is_settling(c->relay.link)) {
		if (!retry_unheard(c))
			conn_settled(c);
		return;
	}
	if (events & (EV_ERR | EV_HUP))
		err = sock_error(relay_fd(&c->relay, DEVICE));
	if (err == -ECONNRESET || err == -EPIPE) {
		if (retry_unheard(c))
			return;
		direction_destination_lost(
		    &c->relay.to_device, &c->px->env, err);
		err = 0;
	}
	if (err == 0)
		connected(c);
	else if (attempt_failed(c, err))
		conn_connect_next(c);
}

void conn_connect_on_client(struct conn *c, unsigned int events)
{
	struct direction *d = &c->relay.to_device;
	enum cause cause = CAUSE_NONE;

	relay_on_events(&c->relay, &c->px->env, CLIENT, events);
	/* Behind a whole request nothing is read, the FIN neither; and where
	 * there is no room for more, a reset is told by ERR alone. */
	if (direction_read_error(d) || (events & EV_ERR))
		cause = CAUSE_CLIENT_RESET;
	else if (c->prot && conn_request_is_cut(c))
		cause = CAUSE_REQUEST_CUT;
	else if (c->prot && conn_fin_drops(c) &&
		 (direction_fin_seen(d) || (events & EV_RDHUP)))
		cause = CAUSE_CLIENT_LEFT;
	/* Another client may have taken its place. */
	if (cause == CAUSE_NONE ||
	    (cause != CAUSE_REQUEST_CUT && conn_succeed(c, cause)))
		conn_update(c);
	else
		conn_end(c, cause);
}

/* The next address may answer; else the device may still think that the
 * connection is coming. */
void conn_connect_timed_out(struct conn *c)
{
	struct device_link *l = c->relay.link;

	if (device_link_has_next(l)) {
		drop_attempt(c);
		(void)device_link_next_address(l);
		conn_connect_next(c);
		return;
	}
	conn_report(c, HEALTH_REFUSED);
	conn_end(c, CAUSE_CONNECT_TIMEOUT);
}
