/*
 * conn.c: the conductor: states, one timer, one entry, one way out.
 *
 *   GATE --> QUEUE --> CONNECT --> RELAY --> CLOSING --> CLOSED
 *
 * States are only ever left forward; any of them may go to CLOSING (the proxy
 * answers itself) or CLOSED. A proxy without protection begins with CONNECT;
 * with shared-connection on SHARED stands for QUEUE to RELAY. Nothing is
 * connected, granted or freed inside a close: that is done once, at the end of
 * the turn (conn_serve.c), and asserted where DEBUG is defined.
 */
#include "proxy/conn.h"

#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "proxy/proxy.h"
#include "sys/sock.h"

enum { LEAST_SEGMENT_BYTES = 536 };

static const struct state_row {
	const char *name;
	char letter;
	void (*on_client)(struct conn *c, unsigned int events);
	void (*on_link)(struct conn *c, unsigned int events);
} states[] = {
    [CONN_GATE] = {"GATE", 'G', conn_gate_on_client, NULL},
    [CONN_QUEUE] = {"QUEUE", 'Q', conn_queue_on_client, NULL},
    [CONN_SHARED] = {"SHARED", 'S', conn_shared_on_client, NULL},
    [CONN_CONNECT] = {"CONNECT", 'D', conn_connect_on_client,
	conn_connect_on_link},
    [CONN_RELAY] = {"RELAY", 'R', conn_relay_on_client, conn_relay_on_link},
    [CONN_CLOSING] = {"CLOSING", 'L', conn_relay_on_client, NULL},
    [CONN_CLOSED] = {"CLOSED", '-', NULL, NULL},
};

char conn_state_letter(enum conn_state state)
{
	return states[state].letter;
}

static void on_client_io(
    struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	struct conn *c = container_of(io, struct conn, relay.client);

	(void)loop;
	states[c->state].on_client(c, events);
}

void conn_on_link(struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	struct conn *c = device_link_of(io)->owner;

	(void)loop;
	states[c->state].on_link(c, events);
}

/* ---- deadlines ---- */

/* Bytes that were acknowledged meanwhile put the deadline off. Whose turn it
 * is decides whether a silence says something about the device. */
static void deadline_end(struct conn *c, enum cause cause)
{
	if (conn_look(c)) {
		conn_update(c);
		return;
	}
	if (c->prot && c->state == CONN_RELAY &&
	    turn_is_device((enum turn)c->prot->turn) &&
	    cause != CAUSE_IDLE_TIMEOUT && cause != CAUSE_MAX_AGE &&
	    cause != CAUSE_REPLY_MAX && cause != CAUSE_SEND_TIMEOUT)
		conn_report(c, HEALTH_SILENT);
	if (cause == CAUSE_DEVICE_SILENT && !conn_device_has_all(c))
		cause = CAUSE_DEVICE_STALLED;
	/* The client is late with its body, not the device with a byte. */
	if (cause == CAUSE_IDLE_TIMEOUT && c->prot && c->state == CONN_RELAY &&
	    c->prot->turn == TURN_CLIENT_REQUEST)
		cause = CAUSE_REQUEST_TIMEOUT;
	if (cause == CAUSE_CONNECT_TIMEOUT)
		conn_connect_timed_out(c);
	else
		conn_end(c, cause);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *t)
{
	struct conn *c = container_of(t, struct conn, timer);
	struct deadline d = conn_deadline(c);

	if (d.at_ms > ev_now(loop)) {
		conn_set_timer(c);
		return;
	}
	switch (d.action) {
	case DEADLINE_END:
		deadline_end(c, d.cause);
		break;
	case DEADLINE_CONNECT:
		conn_connect_next(c);
		break;
	case DEADLINE_SETTLED:
		conn_settled(c);
		break;
	case DEADLINE_IDLE:
		sock_set_keepalive(relay_fd(&c->relay, DEVICE),
		    c->px->conf->link.keepalive_ms);
		c->options_set = true;
		conn_set_timer(c);
		break;
	case DEADLINE_RATE:
		conn_judge_rate(c);
		break;
	case DEADLINE_STALLED:
		conn_push_stalled(c);
		break;
	case DEADLINE_QUEUED:
		conn_shared_waited(c);
		break;
	case DEADLINE_DELIVERED:
		conn_conclude(c);
		break;
	}
}

/* ---- the beginning ---- */

void conn_enter(struct conn *c, enum conn_state state)
{
	struct stats_block *s = c->px->stats;

	_Static_assert(
	    (int)STATS_STATES == (int)CONN_CLOSED, "a state is not counted");

	BUG_ON(state < c->state);
	s->conns[c->state]--;
	if (state != CONN_CLOSED)
		s->conns[state]++;
	c->state = (uint8_t)state;
	/* From there to its end only the connection itself changes. */
	if (c->prot && state <= CONN_CONNECT)
		proxy_count(c->px);
}

OFTEN void conn_update(struct conn *c)
{
	struct proxy *px = c->px;

	if (c->state == CONN_CLOSED)
		return;
	relay_update_interest(&c->relay, &px->env, px->loop);
	conn_set_timer(c);
	if (px->memory_waiters > 0 &&
	    budget_free(&px->env.budget) > px->memory_left)
		ev_later_add(px->loop, &px->feed);
	if (budget_free(&px->env.budget) > 0)
		return;
	if (direction_wants_memory(&c->relay.to_device, &px->env) ||
	    direction_wants_memory(&c->relay.to_client, &px->env))
		conn_wait_for_memory(c);
}

SELDOM static void refuse_unseen(
    struct proxy *px, int fd, const struct peer *peer)
{
	struct access_entry e = {
	    .client = *peer,
	    .gate_ms = -1,
	    .queue_ms = -1,
	    .connect_ms = -1,
	    .first_byte_ms = -1,
	    .slot = -1,
	    .live = (unsigned int)px->live_count,
	    .cause = CAUSE_CLIENT_LIMIT,
	    .state = states[px->protections ? CONN_GATE : CONN_CONNECT].letter,
	};

	close(fd);
	px->stats->ended[CAUSE_CLIENT_LIMIT]++;
	access_write(&px->access, &e);
}

static void conn_init(
    struct conn *c, struct proxy *px, int fd, const struct peer *peer)
{
	relay_init(&c->relay, &px->conf->relay, fd, on_client_io);
	if (peer->family == AF_UNIX)
		direction_expect_short_reads(&c->relay.to_device);
	ev_timer_init(&c->timer, on_timer);
	memset(&c->px, 0, sizeof(*c) - offsetof(struct conn, px));
	c->px = px;
	if (px->protections)
		c->prot = &px->protections[c - px->conns];
	c->opened_ms = ev_now(px->loop);
	c->active_ms[CLIENT] = c->opened_ms;
	c->active_ms[DEVICE] = c->opened_ms;
	c->peer = *peer;
	list_append(&px->live, &c->link);
	px->live_count++;
	px->stats->conns[CONN_GATE]++;
	px->stats->live = (uint32_t)px->live_count;
}

void conn_open(void *arg, int fd, const struct peer *peer)
{
	struct proxy *px = arg;
	bool refused;
	struct conn *c = proxy_take_conn(px, peer, &refused);

	px->stats->accepted++;
	if (!c || (refused && !px->protections)) {
		if (c)
			list_append(&px->free, &c->link);
		refuse_unseen(px, fd, peer);
		return;
	}
	conn_init(c, px, fd, peer);
	if (c->prot)
		conn_gate_start(c, refused);
	else
		conn_connect(c);
}

struct device_link *conn_open_link(struct conn *c)
{
	struct device_link *l =
	    device_link_open(&c->px->links, conn_on_link, c);
	struct protection *p = c->prot;

	if (!l || !p)
		return l;
	l->slot = p->waiter.slot;
	l->probe_id = p->waiter.probe_id;
	l->client = p->client;
	clients_take_link(p->client);
	p->waiter.slot = (struct slot){0};
	p->waiter.probe_id = 0;
	return l;
}

/* ---- the end ---- */

/* A client that was given the request of another waited only since it came. */
static int64_t wait_ms(const struct conn *c, int64_t from_ms, int64_t to_ms)
{
	if (from_ms == 0 || to_ms < c->opened_ms)
		return -1;
	return to_ms - (from_ms > c->opened_ms ? from_ms : c->opened_ms);
}

static void write_entry(const struct conn *c, const int64_t *waits_ms)
{
	struct access_entry e = {
	    .client = c->peer,
	    .in_bytes = direction_read_bytes(&c->relay.to_device),
	    .out_bytes = direction_read_bytes(&c->relay.to_client),
	    .gate_ms = waits_ms[STATS_GATE],
	    .queue_ms = waits_ms[STATS_QUEUE],
	    .connect_ms = waits_ms[STATS_CONNECT],
	    .first_byte_ms = waits_ms[STATS_FIRST_BYTE],
	    .total_ms = waits_ms[STATS_TOTAL],
	    .slot = c->prot && c->prot->slot_ms > 0 ? c->prot->slot : -1,
	    .retries = c->retries,
	    .live = (unsigned int)c->px->live_count,
	    .cause = c->cause,
	    .state = states[c->cause_state].letter,
	};

	access_write(&c->px->access, &e);
}

/* For the counters and the log. */
static void count_end(struct conn *c)
{
	const struct protection *p = c->prot;
	struct proxy *px = c->px;
	struct stats_block *s = px->stats;
	int64_t now_ms = ev_now(px->loop);
	int64_t waits_ms[STATS_DELAYS] = {
	    [STATS_GATE] = p ? wait_ms(c, c->opened_ms, p->passed_ms) : -1,
	    [STATS_QUEUE] = p ? wait_ms(c, p->passed_ms, p->slot_ms) : -1,
	    [STATS_CONNECT] =
		wait_ms(c, p ? p->slot_ms : c->opened_ms, c->connected_ms),
	    [STATS_FIRST_BYTE] = wait_ms(c, c->connected_ms, c->first_byte_ms),
	    [STATS_TOTAL] = now_ms - c->opened_ms,
	};

	s->ended[c->cause]++;
	s->in_bytes += direction_read_bytes(&c->relay.to_device);
	s->out_bytes += direction_read_bytes(&c->relay.to_client);
	for (enum stats_delay i = STATS_GATE; i < STATS_DELAYS; i++)
		stats_delay(s, i, waits_ms[i]);
	if (c->cause != CAUSE_DONE)
		stats_end(s, &c->peer, c->cause, now_ms);
	if (access_is_wanted(&px->access))
		write_entry(c, waits_ms);
}

void conn_note(struct conn *c, enum cause cause)
{
	if (c->cause != CAUSE_NONE)
		return;
	c->cause = (uint8_t)cause;
	c->cause_state = c->state;
}

void conn_report(struct conn *c, enum health_signal signal)
{
	struct device_link *l = c->relay.link;

	if (!c->prot || !l)
		return;
	proxy_report(c->px, signal, c->prot->client, l->probe_id);
}

void conn_leave_protection(struct conn *c)
{
	struct protection *p = c->prot;

	if (!p)
		return;
	scheduler_leave(&c->px->scheduler, &p->waiter, ev_now(c->px->loop));
	conn_leave_shared(c);
	budget_clear(&c->px->env.budget, NULL, &p->early);
}

/* With the link ends the lease for what it may bring. */
static void drop_link(struct conn *c)
{
	relay_drop_link(&c->relay, &c->px->env);
	if (c->prot)
		budget_end_lease(&c->px->env.budget, &c->prot->waiter.lease);
}

/* A connect that is still under way holds its slot until something comes of
 * it, unless it is that which took too long. */
SELDOM static void abort_or_abandon(struct conn *c)
{
	struct device_link *l = c->relay.link;
	int64_t span_ms = c->px->conf->link.connect_timeout_ms;

	if (c->state == CONN_CONNECT && c->attempting && l->io.fd >= 0 &&
	    l->slot.taken && l->slot.index >= 0 &&
	    c->cause != CAUSE_CONNECT_TIMEOUT && !c->px->closing && span_ms > 0)
		device_link_abandon(l, c->next_ms + span_ms);
	else
		device_link_abort(l, direction_fin_seen(&c->relay.to_client));
}

void conn_abort_link(struct conn *c)
{
	struct relay *r = &c->relay;

	if (!r->link)
		return;
	abort_or_abandon(c);
	drop_link(c);
}

void conn_drop_lost_link(struct conn *c)
{
	device_link_end(c->relay.link, true, false);
	drop_link(c);
}

/* What fits the least segment of TCP is acknowledged by whatever answers it;
 * of a longer request the device may leave the rest unread. */
static bool may_be_left_unread(const struct conn *c)
{
	return c->prot &&
	       direction_sent_bytes(&c->relay.to_device) > LEAST_SEGMENT_BYTES;
}

void conn_end_link(struct conn *c, bool at_once)
{
	struct relay *r = &c->relay;

	r->link->long_request = may_be_left_unread(c);
	r->link->is_http = conn_is_http(c);
	device_link_end(r->link, direction_fin_seen(&r->to_client), at_once);
	drop_link(c);
}

/* Has anything but blank lines come for the device? */
static bool has_asked(const struct conn *c)
{
	uint64_t bytes = direction_read_bytes(&c->relay.to_device);

	if (c->prot && c->prot->awaits_header)
		return false;
	if (conn_is_http(c))
		return request_began(&c->prot->exchange.request);
	return bytes > (c->prot ? c->prot->header_bytes : 0);
}

/* What was cut looks cut: a client that misses bytes of its reply, or whose
 * own bytes did not all reach the device, is reset. */
static bool client_end_is_orderly(struct conn *c)
{
	const struct direction *to_client = &c->relay.to_client;
	const struct direction *to_device = &c->relay.to_device;

	if (c->cause == CAUSE_DONE ||
	    (c->state == CONN_SHARED && conn_shared_is_idle(c)))
		return true;
	if (direction_buffered(to_client) > 0 ||
	    (!c->answered && cause_row(c->cause)->blame == BLAME_DEVICE))
		return false;
	if (direction_state(to_client) == DIRECTION_DONE ||
	    direction_fin_due(to_client))
		return direction_buffered(to_device) == 0;
	return direction_read_bytes(to_client) == 0 && !has_asked(c);
}

static void close_ends(struct conn *c)
{
	struct proxy *px = c->px;
	struct relay *r = &c->relay;
	bool reset = !client_end_is_orderly(c);

	if (r->link && c->cause == CAUSE_DONE)
		conn_end_link(c, false);
	else if (r->link)
		abort_or_abandon(c);
	r->link = NULL;
	if (reset && r->client.fd >= 0)
		sock_set_reset(r->client.fd);
	ev_io_close(px->loop, &r->client);
	direction_drop(&r->to_device, &px->env);
	direction_drop(&r->to_client, &px->env);
}

SELDOM void conn_end(struct conn *c, enum cause cause)
{
	if (conn_answerable(c, cause))
		conn_answer(c, cause, cause_row(cause)->reply);
	else
		conn_close(c, cause);
}

OFTEN APART void conn_close(struct conn *c, enum cause cause)
{
	struct proxy *px = c->px;

	if (c->state == CONN_CLOSED)
		return;
	px->closing_depth++;
	conn_note(c, cause);
	conn_leave_protection(c);
	count_end(c);
	close_ends(c);
	if (c->prot && c->prot->client)
		clients_give(&px->clients, c->prot->client);
	ev_timer_stop(px->loop, &c->timer);
	conn_stop_waiting(c);
	conn_enter(c, CONN_CLOSED);
	proxy_give_conn(px, c);
	px->closing_depth--;
}
