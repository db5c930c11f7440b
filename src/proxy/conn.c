/*
 * conn.c: the conductor: states, clocks, one entry, one way out.
 *
 *   DIAL --> RELAY --> LAST --> CLOSED     (any state may go to CLOSED)
 *
 * States before DIAL (the gate, the waiting line) belong in front of it in
 * the table. What happens inside a state is in conn_dial.c and conn_relay.c;
 * the loop's events reach them through the table's rows.
 */
#include "proxy/conn.h"

#include <unistd.h>

#include "base/bug.h"
#include "proxy/proxy.h"

enum {
	POLL_SHIFT_MAX = 5, /* 1, 2, 4 ... 32 ms between looks */
};

/* The nearest moment at which something must happen, and what it means. */
struct clock {
	int64_t at_ms;
	enum cause cause;
};

static void nearer(struct clock *k, int64_t from_ms, int64_t span_ms,
    enum cause cause)
{
	if (span_ms <= 0 || from_ms + span_ms >= k->at_ms)
		return;
	k->at_ms = from_ms + span_ms;
	k->cause = cause;
}

static void dial_clocks(const struct conn *c, struct clock *k)
{
	if (c->relay.connecting)
		nearer(k, c->dialled_ms,
		    c->px->conf->dial.connect_timeout_ms,
		    CAUSE_CONNECT_TIMEOUT);
	else
		nearer(k, 0, c->resume_ms, CAUSE_NONE);
}

/* After a reset: the other end still gets what is queued for it. */
static void losing_clocks(const struct conn *c, struct clock *k)
{
	nearer(k, ev_now(c->px->loop), 1 << c->polls, CAUSE_NONE);
	nearer(k, c->active_ms, c->px->conf->conn.fin_ms, CAUSE_FIN_TIMEOUT);
}

static void relay_clocks(const struct conn *c, struct clock *k)
{
	const struct conf *conf = c->px->conf;
	const struct half *half = c->relay.half;

	if (c->losing) {
		losing_clocks(c, k);
		return;
	}
	nearer(k, c->active_ms, conf->conn.idle_ms, CAUSE_IDLE);
	if (half[CLIENT].fin_sent || half[DEVICE].fin_sent)
		nearer(k, c->active_ms, conf->conn.fin_ms, CAUSE_FIN_TIMEOUT);
	if (!c->device_options_set)
		nearer(k, c->active_ms, conf->dial.keepalive_ms / 2,
		    CAUSE_NONE);
}

static void last_clocks(const struct conn *c, struct clock *k)
{
	const struct conn_conf *conf = &c->px->conf->conn;

	if (c->losing)
		losing_clocks(c, k);
	else if (half_owed(&c->relay.half[DEVICE]) > 0)
		nearer(k, c->last_ms, conf->feed_ms, CAUSE_FEED_TIMEOUT);
	else
		nearer(k, c->active_ms, conf->fin_ms, CAUSE_FIN_TIMEOUT);
}

static const struct state_row {
	const char *name;
	char letter;
	void (*on_client)(struct conn *c, unsigned int events);
	void (*on_device)(struct conn *c, unsigned int events);
	void (*clocks)(const struct conn *c, struct clock *k);
	void (*on_clock)(struct conn *c); /* one that is no cause to end */
} states[] = {
    [CONN_DIAL] = {"DIAL", 'D', conn_dial_on_client, conn_dial_on_device,
	dial_clocks, conn_dial_on_clock},
    [CONN_RELAY] = {"RELAY", 'R', conn_relay_on_client, conn_relay_on_device,
	relay_clocks, conn_relay_on_clock},
    [CONN_LAST] = {"LAST", 'L', conn_relay_on_client, NULL, last_clocks,
	conn_relay_on_clock},
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
		conn_close(c, c->clock_cause);
	else
		states[c->state].on_clock(c);
}

void conn_enter(struct conn *c, enum conn_state state)
{
	BUG_ON(state <= c->state);
	c->state = (uint8_t)state;
}

void conn_arm(struct conn *c)
{
	struct clock k = {.at_ms = INT64_MAX};

	nearer(&k, c->opened_ms, c->px->conf->conn.max_age_ms, CAUSE_MAX_AGE);
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

	if (c->state == CONN_CLOSED)
		return;
	relay_update_wants(&c->relay, &px->env, px->loop);
	conn_arm(c);
	if (half_starved(&c->relay.half[CLIENT], &px->env) ||
	    half_starved(&c->relay.half[DEVICE], &px->env)) {
		list_remove(&c->starved);
		list_append(&px->starved, &c->starved);
	}
	if (!list_empty(&px->starved) && chunk_arena_left(&px->arena) > 0)
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
	    .cause = CAUSE_NO_SEAT,
	    .state = states[0].letter,
	};

	close(fd);
	px->ended[CAUSE_NO_SEAT]++;
	access_write(&px->access, &e);
}

void conn_open(void *arg, int fd, const struct peer *peer)
{
	struct proxy *px = arg;
	struct conn *c = seat_take(px);

	px->accepted++;
	if (!c) {
		refuse(px, fd, peer);
		return;
	}
	*c = (struct conn){
	    .px = px,
	    .peer = *peer,
	    .opened_ms = ev_now(px->loop),
	    .active_ms = ev_now(px->loop),
	};
	list_init(&c->starved);
	list_append(&px->live, &c->link);
	px->live_count++;
	relay_init(&c->relay, &px->conf->relay);
	ev_io_init(&c->relay.side[CLIENT].io, fd, on_client_io);
	ev_io_init(&c->relay.side[DEVICE].io, -1, on_device_io);
	ev_timer_init(&c->timer, on_timer);
	conn_dial(c);
}

static int64_t wait_ms(int64_t from_ms, int64_t to_ms)
{
	return to_ms > 0 ? to_ms - from_ms : -1;
}

static void write_entry(const struct conn *c)
{
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
	    .state = states[c->state].letter,
	};

	access_write(&px->access, &e);
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
	if (half_owed(&r->half[DEVICE]) > 0 ||
	    cause_row(c->cause)->blame == BLAME_DEVICE)
		client = CLOSE_RST;
	relay_close_side(r, &px->env, px->loop, DEVICE, device);
	relay_close_side(r, &px->env, px->loop, CLIENT, client);
	half_fini(&r->half[CLIENT], &px->env);
	half_fini(&r->half[DEVICE], &px->env);
}

void conn_close(struct conn *c, enum cause cause)
{
	struct proxy *px = c->px;

	if (c->state == CONN_CLOSED)
		return;
	if (c->cause == CAUSE_NONE)
		c->cause = (uint8_t)cause;
	px->ended[c->cause]++;
	write_entry(c);
	close_sides(c);
	ev_timer_stop(px->loop, &c->timer);
	list_remove(&c->starved);
	conn_enter(c, CONN_CLOSED);
	list_remove(&c->link);
	list_append(&px->closed, &c->link);
	px->live_count--;
	proxy_on_freed(px);
}
