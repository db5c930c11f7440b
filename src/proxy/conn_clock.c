/*
 * conn_clock.c: which clock of a state strikes next.
 *
 * One timer serves a connection: it stands at the nearest of the moments at
 * which something must happen, and knows what that would mean. Nothing is
 * decided here but that; conn.c sets the timer and acts.
 */
#include "proxy/conn.h"

#include "proxy/proxy.h"

enum {
	STALL_PAUSE_MS = 50, /* before another send, the kernel being short */
};

static void nearer(struct clock *k, int64_t from_ms, int64_t span_ms,
    enum cause cause)
{
	if (span_ms <= 0 || from_ms + span_ms >= k->at_ms)
		return;
	k->at_ms = from_ms + span_ms;
	k->cause = cause;
}

void conn_gate_clocks(const struct conn *c, struct clock *k)
{
	nearer(k, c->opened_ms, c->px->conf->request.timeout_ms,
	    CAUSE_GATE_TIMEOUT);
}

void conn_queue_clocks(const struct conn *c, struct clock *k)
{
	nearer(k, c->guard->passed_ms, c->px->conf->queue.timeout_ms,
	    CAUSE_QUEUE_TIMEOUT);
}

void conn_dial_clocks(const struct conn *c, struct clock *k)
{
	if (c->relay.connecting)
		nearer(k, c->dialled_ms,
		    c->px->conf->dial.connect_timeout_ms,
		    CAUSE_CONNECT_TIMEOUT);
	else
		nearer(k, 0, c->resume_ms, CAUSE_NONE);
}

static void stall_clock(const struct conn *c, struct clock *k)
{
	if (c->relay.half[CLIENT].stalled || c->relay.half[DEVICE].stalled)
		nearer(k, ev_now(c->px->loop), STALL_PAUSE_MS, CAUSE_NONE);
}

/* After a reset: the other end still gets what is queued for it. */
static void losing_clocks(const struct conn *c, struct clock *k)
{
	nearer(k, ev_now(c->px->loop), 1 << c->polls, CAUSE_NONE);
	nearer(k, c->active_ms, c->px->conf->conn.fin_ms, CAUSE_FIN_TIMEOUT);
}

/* While the device owes a reply its own clocks run, and the FIN clock waits:
 * a client that half-closed may take the whole reply. */
static bool reply_clocks(const struct conn *c, struct clock *k)
{
	const struct conn_conf *conf = &c->px->conf->conn;
	const struct guard *g = c->guard;

	if (!g || g->upgraded)
		return false;
	if (!g->request_sent) {
		if (c->px->conf->request.kind == GATE_HTTP)
			nearer(k, c->connected_ms, conf->request_ms,
			    CAUSE_REQUEST_TIMEOUT);
		return false;
	}
	if (c->first_byte_ms == 0) {
		nearer(k, c->active_ms, conf->first_byte_ms,
		    CAUSE_DEVICE_SILENT);
		return conf->first_byte_ms > 0;
	}
	if (c->px->conf->request.kind != GATE_HTTP)
		return false;
	nearer(k, c->first_byte_ms, conf->reply_ms, CAUSE_REPLY_TIMEOUT);
	return conf->reply_ms > 0;
}

void conn_relay_clocks(const struct conn *c, struct clock *k)
{
	const struct conf *conf = c->px->conf;
	const struct half *half = c->relay.half;

	stall_clock(c, k);
	if (c->losing) {
		losing_clocks(c, k);
		return;
	}
	nearer(k, c->active_ms, conf->conn.idle_ms, CAUSE_IDLE_TIMEOUT);
	if (half[CLIENT].hold) {
		nearer(k, c->connected_ms, conf->dial.settle_ms, CAUSE_NONE);
		return;
	}
	if (!reply_clocks(c, k) &&
	    (half[CLIENT].fin_sent || half[DEVICE].fin_sent))
		nearer(k, c->active_ms, conf->conn.fin_ms, CAUSE_FIN_TIMEOUT);
	if (!c->device_options_set)
		nearer(k, c->active_ms, conf->dial.keepalive_ms / 2,
		    CAUSE_NONE);
}

void conn_last_clocks(const struct conn *c, struct clock *k)
{
	const struct conn_conf *conf = &c->px->conf->conn;

	stall_clock(c, k);
	if (c->device_ending)
		nearer(k, c->last_ms, conf->fin_ms, CAUSE_NONE);
	if (relay_fd(&c->relay, CLIENT) < 0)
		return;
	if (c->losing)
		losing_clocks(c, k);
	else if (half_owed(&c->relay.half[DEVICE]) > 0)
		nearer(k, c->last_ms, conf->send_ms, CAUSE_SEND_TIMEOUT);
	else if (c->answered)
		nearer(k, c->active_ms, conf->linger_ms, CAUSE_LINGER_TIMEOUT);
	else
		nearer(k, c->active_ms, conf->fin_ms, CAUSE_FIN_TIMEOUT);
}
