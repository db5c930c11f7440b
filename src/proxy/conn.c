/*
 * conn.c: the conductor: states, one timer, one entry, one way out.
 *
 *   GATE --> QUEUE --> DIAL --> RELAY --> LAST --> CLOSED
 *
 * States are only ever left forward; any of them may go to LAST (the door
 * answers itself) or CLOSED. A door without protection begins with DIAL. What
 * happens inside a state is in conn_gate.c, conn_dial.c, conn_relay.c and
 * conn_answer.c, its clocks in conn_clock.c; the loop's events reach them
 * through the table's rows.
 */
#include "proxy/conn.h"

#include <unistd.h>

#include "base/bug.h"
#include "proxy/proxy.h"
#include "proxy/scheduler.h"
#include "proxy/coalesce.h"
#include "sys/sock.h"

enum {
	POLL_SHIFT_MAX = 5, /* 1, 2, 4 ... 32 ms between looks */
};

static const struct state_row {
	const char *name;
	char letter;
	void (*on_client)(struct conn *c, unsigned int events);
	void (*on_device)(struct conn *c, unsigned int events);
	void (*clocks)(const struct conn *c, struct clock *k);
	void (*on_clock)(struct conn *c); /* one that is no cause to end */
} states[] = {
    [CONN_GATE] = {"GATE", 'G', conn_gate_on_client, NULL, conn_gate_clocks,
	NULL},
    [CONN_QUEUE] = {"QUEUE", 'Q', conn_queue_on_client, NULL,
	conn_queue_clocks, NULL},
    [CONN_DIAL] = {"DIAL", 'D', conn_dial_on_client, conn_dial_on_device,
	conn_dial_clocks, conn_dial_on_clock},
    [CONN_RELAY] = {"RELAY", 'R', conn_relay_on_client, conn_relay_on_device,
	conn_relay_clocks, conn_relay_on_clock},
    [CONN_LAST] = {"LAST", 'L', conn_relay_on_client, conn_relay_on_device,
	conn_last_clocks, conn_relay_on_clock},
    [CONN_CLOSED] = {"CLOSED", '-', NULL, NULL, NULL, NULL},
};

static void on_client_io(struct ev_loop *loop, struct ev_io *io,
    unsigned int events)
{
	struct conn *c = container_of(io, struct conn, relay.side[CLIENT].io);

	(void)loop;
	states[c->state].on_client(c, events);
}

static void on_device_io(struct ev_loop *loop, struct ev_io *io,
    unsigned int events)
{
	struct conn *c = container_of(io, struct conn, relay.side[DEVICE].io);

	(void)loop;
	states[c->state].on_device(c, events);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *t)
{
	struct conn *c = container_of(t, struct conn, timer);

	(void)loop;
	if (c->clock_cause != CAUSE_NONE)
		conn_end(c, c->clock_cause);
	else
		states[c->state].on_clock(c);
}

void conn_enter(struct conn *c, enum conn_state state)
{
	BUG_ON(state < c->state);
	c->state = (uint8_t)state;
}

/* Sets the timer to the nearest clock of the state. */
static void arm(struct conn *c)
{
	int64_t max_age_ms = c->px->conf->conn.max_age_ms;
	struct clock k = {.at_ms = INT64_MAX};

	if (max_age_ms > 0)
		k = (struct clock){c->opened_ms + max_age_ms, CAUSE_MAX_AGE};
	states[c->state].clocks(c, &k);
	c->clock_cause = (uint8_t)k.cause;
	if (k.at_ms != c->timer.deadline_ms || !ev_timer_running(&c->timer))
		ev_timer_set(c->px->loop, &c->timer, k.at_ms);
	if (c->losing && c->polls < POLL_SHIFT_MAX)
		c->polls++;
}

void conn_settle(struct conn *c)
{
	struct proxy *px = c->px;
	size_t left = chunk_arena_left(&px->arena);

	if (c->state == CONN_CLOSED)
		return;
	relay_update_wants(&c->relay, &px->env, px->loop);
	arm(c);
	if (half_starved(&c->relay.half[CLIENT], &px->env) ||
	    half_starved(&c->relay.half[DEVICE], &px->env)) {
		list_remove(&c->starved);
		list_append(&px->starved, &c->starved);
		if (left < px->starved_left)
			px->starved_left = left;
		if (c->state == CONN_GATE)
			serve_soon(px);
	}
	if (!list_empty(&px->starved) && left > px->starved_left)
		ev_later_add(px->loop, &px->feed_starved);
}

static struct conn *seat_take(struct proxy *px)
{
	struct conn *c;

	if (!list_empty(&px->free)) {
		c = container_of(px->free.next, struct conn, link);
		list_remove(&c->link);
		return c;
	}
	if (px->seats_fresh == px->seat_count)
		return NULL;
	return &px->seats[px->seats_fresh++];
}

/* No seat: the client is told what a client can be told without one. */
static void refuse(struct proxy *px, int fd, const struct peer *peer)
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
	    .state = states[px->guards ? CONN_GATE : CONN_DIAL].letter,
	};
	struct http_error error = {
	    .kind = HTTP_ERROR_CLIENT_LIMIT, .retry_after_s = 1};
	char text[HTTP_ERROR_MAX];

	if (px->conf->request.kind == GATE_HTTP)
		(void)sock_send(fd, text, http_error_write(&error, text));
	close(fd);
	px->ended[CAUSE_CLIENT_LIMIT]++;
	access_write(&px->access, &e);
}

struct conn *conn_new(struct proxy *px, int fd, const struct peer *peer)
{
	struct conn *c = seat_take(px);

	if (!c)
		return NULL;
	*c = (struct conn){
	    .px = px,
	    .peer = *peer,
	    .opened_ms = ev_now(px->loop),
	    .active_ms = ev_now(px->loop),
	};
	if (px->guards)
		c->guard = &px->guards[c - px->seats];
	list_init(&c->starved);
	list_append(&px->live, &c->link);
	px->live_count++;
	relay_init(&c->relay, &px->conf->relay);
	ev_io_init(&c->relay.side[CLIENT].io, fd, on_client_io);
	ev_io_init(&c->relay.side[DEVICE].io, -1, on_device_io);
	ev_timer_init(&c->timer, on_timer);
	return c;
}

void conn_open(void *arg, int fd, const struct peer *peer)
{
	struct proxy *px = arg;
	struct conn *c = conn_new(px, fd, peer);

	px->accepted++;
	if (!c)
		refuse(px, fd, peer);
	else if (c->guard)
		conn_gate_start(c);
	else
		conn_dial(c);
}

static int64_t wait_ms(int64_t from_ms, int64_t to_ms)
{
	return to_ms > 0 ? to_ms - from_ms : -1;
}

static void write_entry(const struct conn *c)
{
	const struct guard *g = c->guard;
	struct proxy *px = c->px;
	struct access_entry e = {
	    .client = c->peer,
	    .in_bytes = c->relay.half[CLIENT].bytes,
	    .out_bytes = c->relay.half[DEVICE].bytes,
	    .gate_ms = -1,
	    .queue_ms = -1,
	    .connect_ms = wait_ms(c->opened_ms, c->connected_ms),
	    .first_byte_ms = wait_ms(c->connected_ms, c->first_byte_ms),
	    .total_ms = ev_now(px->loop) - c->opened_ms,
	    .slot = -1,
	    .retries = c->retries,
	    .live = (unsigned int)px->live_count,
	    .cause = c->cause,
	    .state = states[c->cause_state].letter,
	};

	if (g) {
		e.gate_ms = wait_ms(c->opened_ms, g->passed_ms);
		e.queue_ms = wait_ms(g->passed_ms, g->slot_ms);
		e.connect_ms = wait_ms(g->slot_ms, c->connected_ms);
		e.slot = g->slot_ms > 0 ? g->slot : -1;
	}
	access_write(&px->access, &e);
}

/* Some of a reply has gone out, and the rest will not follow. */
static bool reply_is_cut(const struct conn *c)
{
	const struct half *reply = &c->relay.half[DEVICE];

	return half_owed(reply) > 0 ||
	    (c->px->conf->request.kind == GATE_HTTP && reply->bytes > 0 &&
		!reply->eof);
}

/* An end that is not orderly must not look like one: the device is aborted
 * as the owner wants, and a client that misses bytes is reset. */
static void close_sides(struct conn *c)
{
	struct proxy *px = c->px;
	struct relay *r = &c->relay;
	enum close_style device = CLOSE_FIN, client = CLOSE_FIN;

	if (c->cause != CAUSE_DONE &&
	    px->conf->relay.device_abort == DEVICE_ABORT_RST)
		device = CLOSE_RST;
	if (reply_is_cut(c) ||
	    (!c->answered && cause_row(c->cause)->blame == BLAME_DEVICE))
		client = CLOSE_RST;
	conn_close_device(c, device);
	relay_close_side(r, &px->env, px->loop, CLIENT, client);
	half_fini(&r->half[CLIENT], &px->env);
	half_fini(&r->half[DEVICE], &px->env);
}

void conn_note(struct conn *c, enum cause cause)
{
	if (c->cause != CAUSE_NONE)
		return;
	c->cause = (uint8_t)cause;
	c->cause_state = c->state;
}

/* Our FIN alone frees no socket of the device: it may go on with what it was
 * asked, or never have heard of the connection. */
static bool device_may_hold_on(const struct conn *c, enum close_style style)
{
	const struct half *reply = &c->relay.half[DEVICE];

	return c->cause == CAUSE_CONNECT_TIMEOUT ||
	    (style == CLOSE_FIN && relay_fd(&c->relay, DEVICE) >= 0 &&
		!reply->eof && !reply->read_err);
}

void conn_close_device(struct conn *c, enum close_style style)
{
	struct guard *g = c->guard;
	struct proxy *px = c->px;
	bool ghost = device_may_hold_on(c, style);

	relay_close_side(&c->relay, &px->env, px->loop, DEVICE, style);
	c->relay.connecting = false;
	c->device_ending = false;
	if (!g || !g->pass.taken)
		return;
	if (ghost)
		device_give_ghost(&px->device, &px->conf->device, &g->pass,
		    ev_now(px->loop));
	else
		device_give(&px->device, &px->conf->device, &g->pass,
		    ev_now(px->loop));
	serve_soon(px);
}

void conn_learn(struct conn *c, enum device_outcome outcome)
{
	if (c->guard && c->guard->pass.taken)
		serve_learn(c->px, &c->guard->pass, outcome);
}

void conn_leave_guard(struct conn *c)
{
	struct guard *g = c->guard;
	enum lesson lesson = cause_row(c->cause)->lesson;

	if (!g)
		return;
	if (lesson == LESSON_SILENT)
		conn_learn(c, DEVICE_SILENT);
	/* Refused connects were learnt as they came. */
	else if (lesson == LESSON_REFUSED && !g->judged &&
	    c->cause != CAUSE_CONNECT_REFUSED)
		conn_learn(c, DEVICE_REFUSED);
	queue_remove(&c->px->queue, &g->place);
	list_remove(&g->follow);
	share_release(c);
	chunk_clear(&c->px->arena, &g->early);
}

void conn_end(struct conn *c, enum cause cause)
{
	if (conn_answerable(c, cause))
		conn_answer(c, cause);
	else
		conn_close(c, cause);
}

void conn_close(struct conn *c, enum cause cause)
{
	struct proxy *px = c->px;

	if (c->state == CONN_CLOSED)
		return;
	conn_note(c, cause);
	conn_leave_guard(c);
	if (!c->guard || !c->guard->is_probe) {
		px->ended[c->cause]++;
		write_entry(c);
	}
	close_sides(c);
	if (c->guard && c->guard->source)
		clients_give(&px->clients, c->guard->source);
	ev_timer_stop(px->loop, &c->timer);
	list_remove(&c->starved);
	conn_enter(c, CONN_CLOSED);
	list_remove(&c->link);
	list_append(&px->closed, &c->link);
	px->live_count--;
	proxy_on_freed(px);
}
