/*
 * conn_clock.c: which deadline of a state comes next.
 *
 * One timer serves a connection: it stands at the nearest of the moments at
 * which something must happen. What that is, and why, is asked again when the
 * timer strikes; progress that no event has told (bytes that were only
 * acknowledged) is looked for before anything ends. Nothing is decided here.
 */
#include "proxy/conn.h"

#include "base/bug.h"
#include "proxy/proxy.h"
#include "sys/sock.h"

enum {
	STALL_PAUSE_MS = 50,   /* before another send, the kernel being short */
	DELIVERED_MAX_MS = 40, /* a delayed acknowledgement */
	LOOKS_MAX = 6,
};

static void nearer(struct deadline *d, int64_t from_ms, int64_t span_ms,
    enum deadline_action action, enum cause cause)
{
	if (span_ms <= 0 || from_ms + span_ms >= d->at_ms)
		return;
	*d = (struct deadline){from_ms + span_ms, cause, action};
}

static void ends_after(
    struct deadline *d, int64_t from_ms, int64_t span_ms, enum cause cause)
{
	nearer(d, from_ms, span_ms, DEADLINE_END, cause);
}

int64_t conn_last_active_ms(const struct conn *c)
{
	return c->active_ms[CLIENT] > c->active_ms[DEVICE]
		   ? c->active_ms[CLIENT]
		   : c->active_ms[DEVICE];
}

static void connect_deadline(const struct conn *c, struct deadline *d)
{
	if (c->attempting)
		ends_after(d, c->next_ms, c->px->conf->link.connect_timeout_ms,
		    CAUSE_CONNECT_TIMEOUT);
	else
		nearer(d, 0, c->next_ms,
		    device_link_is_settling(c->relay.link) ? DEADLINE_SETTLED
							   : DEADLINE_CONNECT,
		    CAUSE_NONE);
}

/* After a reset: the other end still gets what is buffered for it. */
static void delivering_deadline(const struct conn *c, struct deadline *d)
{
	nearer(d, 0, c->next_ms, DEADLINE_DELIVERED, CAUSE_NONE);
	ends_after(d, conn_last_active_ms(c), c->px->conf->conn.fin_ms,
	    CAUSE_FIN_TIMEOUT);
}

static int64_t turn_from_ms(const struct conn *c, enum end e)
{
	return c->prot->turn_ms > c->active_ms[e] ? c->prot->turn_ms
						  : c->active_ms[e];
}

/* Interim heads are no part of the reply that is waited for. */
static int64_t reply_from_ms(const struct conn *c)
{
	const struct protection *p = c->prot;

	if (p->exchange.response.interim_bytes > 0)
		return p->turn_ms > p->taken_ms ? p->turn_ms : p->taken_ms;
	return turn_from_ms(c, DEVICE);
}

/* The clock of the turn, restarted by the progress of whose turn it is.
 * Returns whether one runs. */
static bool turn_deadline(const struct conn *c, struct deadline *d)
{
	const struct conn_conf *conf = &c->px->conf->conn;
	int64_t client_ms = turn_from_ms(c, CLIENT);
	int64_t device_ms = turn_from_ms(c, DEVICE);

	switch ((enum turn)c->prot->turn) {
	case TURN_NOBODY:
	case TURN_STREAM:
	case TURN_CLIENT_ROOM:
		return false;
	case TURN_CLIENT_REQUEST:
		ends_after(
		    d, client_ms, conf->request_ms, CAUSE_REQUEST_TIMEOUT);
		return conf->request_ms > 0;
	case TURN_DEVICE_ROOM:
		ends_after(
		    d, device_ms, conf->first_byte_ms, CAUSE_DEVICE_STALLED);
		return conf->first_byte_ms > 0;
	case TURN_DEVICE_REPLY:
		ends_after(d, reply_from_ms(c), conf->first_byte_ms,
		    CAUSE_DEVICE_SILENT);
		return conf->first_byte_ms > 0;
	case TURN_DEVICE_REST:
		ends_after(d, device_ms, conf->reply_ms, CAUSE_REPLY_TIMEOUT);
		return conf->reply_ms > 0;
	}
	return false;
}

static void send_deadline(const struct conn *c, struct deadline *d)
{
	if (direction_buffered(&c->relay.to_client) > 0 &&
	    !direction_sends_held(&c->relay.to_client))
		ends_after(d, c->active_ms[CLIENT], c->px->conf->conn.send_ms,
		    CAUSE_SEND_TIMEOUT);
	if (c->prot)
		nearer(d, 0, rate_at_ms(&c->prot->rate), DEADLINE_RATE,
		    CAUSE_NONE);
}

static bool is_stalled(const struct conn *c)
{
	return direction_stalled(&c->relay.to_device) ||
	       direction_stalled(&c->relay.to_client);
}

static void stall_deadline(const struct conn *c, struct deadline *d)
{
	if (is_stalled(c))
		nearer(d, 0, c->next_ms, DEADLINE_STALLED, CAUSE_NONE);
}

static void relay_deadline(const struct conn *c, struct deadline *d)
{
	const struct conf *conf = c->px->conf;
	const struct relay *r = &c->relay;
	int64_t active_ms = conn_last_active_ms(c);
	bool turn_runs = false;

	stall_deadline(c, d);
	if (c->delivering) {
		delivering_deadline(c, d);
		return;
	}
	if (!c->options_set)
		nearer(d, active_ms, conf->link.keepalive_ms / 2, DEADLINE_IDLE,
		    CAUSE_NONE);
	if (c->prot && c->prot->turn == TURN_STREAM) {
		ends_after(d, active_ms, conf->conn.stream_timeout_ms,
		    CAUSE_STREAM_TIMEOUT);
		/* Upgraded, and its client has left. */
		if (direction_fin_sent(&r->to_device))
			ends_after(
			    d, active_ms, conf->conn.fin_ms, CAUSE_FIN_TIMEOUT);
		return;
	}
	ends_after(d, active_ms, conf->conn.idle_ms, CAUSE_IDLE_TIMEOUT);
	send_deadline(c, d);
	if (c->prot) {
		turn_runs = turn_deadline(c, d);
		if (c->first_byte_ms > 0)
			ends_after(d, c->first_byte_ms, conf->conn.reply_max_ms,
			    CAUSE_REPLY_MAX);
	}
	if (!turn_runs && (direction_fin_sent(&r->to_device) ||
			      direction_fin_sent(&r->to_client)))
		ends_after(d, active_ms, conf->conn.fin_ms, CAUSE_FIN_TIMEOUT);
}

static void closing_deadline(const struct conn *c, struct deadline *d)
{
	const struct conn_conf *conf = &c->px->conf->conn;

	stall_deadline(c, d);
	if (c->delivering)
		delivering_deadline(c, d);
	else if (direction_buffered(&c->relay.to_client) > 0)
		send_deadline(c, d);
	else if (c->answered)
		ends_after(d, c->active_ms[CLIENT], conf->linger_ms,
		    CAUSE_LINGER_TIMEOUT);
	else
		ends_after(
		    d, c->active_ms[CLIENT], conf->fin_ms, CAUSE_FIN_TIMEOUT);
}

/* Between requests, or waiting for what others asked before. */
static void shared_deadline(const struct conn *c, struct deadline *d)
{
	const struct conf *conf = c->px->conf;
	const struct relay *r = &c->relay;
	bool queued = c->prot->waiter.place.client != NULL;
	bool waits = queued || c->prot->shared_count > 0;

	stall_deadline(c, d);
	if (queued)
		nearer(d, c->prot->turn_ms, conf->queue.timeout_ms,
		    DEADLINE_QUEUED, CAUSE_QUEUE_TIMEOUT);
	if (direction_buffered(&r->to_client) > 0)
		ends_after(d, c->active_ms[CLIENT], conf->conn.send_ms,
		    CAUSE_SEND_TIMEOUT);
	else if (!waits && direction_buffered(&r->to_device) > 0)
		ends_after(d, c->active_ms[CLIENT], conf->conn.request_ms,
		    CAUSE_REQUEST_TIMEOUT);
	if (!waits)
		ends_after(d, conn_last_active_ms(c), conf->conn.idle_ms,
		    CAUSE_IDLE_TIMEOUT);
}

static inline struct deadline nearest(const struct conn *c)
{
	const struct conf *conf = c->px->conf;
	struct deadline d = {.at_ms = INT64_MAX};

	ends_after(&d, c->opened_ms, conf->conn.max_age_ms, CAUSE_MAX_AGE);
	switch ((enum conn_state)c->state) {
	case CONN_GATE:
		ends_after(&d, c->opened_ms, conf->request.timeout_ms,
		    CAUSE_GATE_TIMEOUT);
		break;
	case CONN_QUEUE:
		ends_after(&d, c->prot->passed_ms, conf->queue.timeout_ms,
		    CAUSE_QUEUE_TIMEOUT);
		break;
	case CONN_SHARED:
		shared_deadline(c, &d);
		break;
	case CONN_CONNECT:
		connect_deadline(c, &d);
		break;
	case CONN_RELAY:
		relay_deadline(c, &d);
		break;
	case CONN_CLOSING:
		closing_deadline(c, &d);
		break;
	case CONN_CLOSED:
		break;
	}
	return d;
}

struct deadline conn_deadline(const struct conn *c)
{
	return nearest(c);
}

/* When to look again at what raises no event: 1, 2, 4 ... 40 ms between looks
 * at a send queue. */
static void set_look(struct conn *c)
{
	int64_t pause_ms = STALL_PAUSE_MS;

	if (c->state == CONN_CONNECT)
		return;
	if (!c->delivering && !is_stalled(c)) {
		c->next_ms = 0;
		return;
	}
	if (c->next_ms > ev_now(c->px->loop))
		return;
	if (c->delivering && c->looks < LOOKS_MAX)
		pause_ms = (int64_t)1 << c->looks++;
	else if (c->delivering)
		pause_ms = DELIVERED_MAX_MS;
	c->next_ms = ev_now(c->px->loop) + pause_ms;
}

/* What it is for is asked when it strikes; here that falls away. */
void conn_set_timer(struct conn *c)
{
	int64_t at_ms;

	set_look(c);
	at_ms = nearest(c).at_ms;
	if (at_ms != c->timer.deadline_ms || !ev_timer_running(&c->timer))
		ev_timer_set(c->px->loop, &c->timer, at_ms);
}

/* ---- progress that no event tells ---- */

static bool look_at(struct conn *c, enum end e)
{
	int fd = relay_fd(&c->relay, e);
	const struct direction *d = relay_from(&c->relay, other_end(e));
	uint64_t sent = direction_sent_bytes(d), acked;
	size_t unacked;
	int64_t at_ms, ago_ms;

	if (fd < 0 || sent == c->acked[e])
		return false;
	unacked = sock_unacked(fd);
	acked = unacked < sent ? sent - unacked : 0;
	if (acked <= c->acked[e])
		return false;
	c->acked[e] = acked;
	ago_ms = sock_last_ack_ms(fd);
	at_ms = ev_now(c->px->loop) - (ago_ms > 0 ? ago_ms : 0);
	if (at_ms <= c->active_ms[e])
		return false;
	c->active_ms[e] = at_ms;
	if (e == DEVICE && c->prot)
		c->prot->taken_ms = at_ms;
	return true;
}

bool conn_device_has_all(const struct conn *c)
{
	return c->acked[DEVICE] >= direction_sent_bytes(&c->relay.to_device);
}

bool conn_look(struct conn *c)
{
	bool client = look_at(c, CLIENT), device = look_at(c, DEVICE);

	return client || device;
}

static void count_rate(struct conn *c, enum turn turn)
{
	struct protection *p = c->prot;
	int64_t now_ms = ev_now(c->px->loop);

	if (turn == TURN_CLIENT_ROOM && c->px->conf->conn.reply_rate > 0) {
		look_at(c, CLIENT);
		rate_run(&p->rate, now_ms, c->acked[CLIENT]);
	} else if (turn == TURN_CLIENT_REQUEST &&
		   c->px->conf->conn.request_rate > 0) {
		rate_run(&p->rate, now_ms,
		    direction_read_bytes(&c->relay.to_device));
	} else {
		rate_stop(&p->rate, now_ms);
	}
}

enum turn conn_update_turn(struct conn *c)
{
	struct protection *p = c->prot;
	struct relay *r = &c->relay;
	struct exchange_view v = {
	    .request_begun =
		direction_read_bytes(&r->to_device) > p->header_bytes,
	    .request_read = direction_read_done(&r->to_device),
	    .request_sent = direction_buffered(&r->to_device) == 0 &&
			    !direction_wants_output(&r->to_device),
	    .reply_begun = conn_reply_begun(c),
	    .reply_wanted = !direction_full(&r->to_client, &c->px->env),
	};
	enum turn turn = exchange_turn(&p->exchange, &v);

	if (turn != p->turn) {
		p->turn = (uint8_t)turn;
		p->turn_ms = ev_now(c->px->loop);
		count_rate(c, turn);
	}
	return turn;
}
