/*
 * scheduler.c: slots, the line, trials and health, put together.
 */
#include "proxy/scheduler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "proxy/proxy.h"

static void set_pacing(struct proxy *px, int64_t when_ms)
{
	if (when_ms == INT64_MAX)
		return;
	if (!ev_timer_running(&px->pacing) || when_ms < px->pacing.deadline_ms)
		ev_timer_set(px->loop, &px->pacing, when_ms);
}

/* Who has been idle longest, and for so long, gives up the slot to others
 * who wait. Returns when to look again. */
static int64_t preempt_idle(struct proxy *px)
{
	int64_t idle_ms = px->conf->conn.preempt_idle_ms;
	struct conn *longest = NULL;
	struct list *item;

	if (idle_ms == 0 || !device_is_full(&px->device, &px->conf->device,
				ev_now(px->loop)))
		return INT64_MAX;
	for (item = px->live.next; item != &px->live; item = item->next) {
		struct conn *c = container_of(item, struct conn, link);

		if (c->state == CONN_RELAY && !c->guard->is_probe &&
		    (!longest || c->active_ms < longest->active_ms))
			longest = c;
	}
	if (!longest)
		return INT64_MAX;
	if (longest->active_ms + idle_ms > ev_now(px->loop))
		return longest->active_ms + idle_ms;
	conn_end(longest, CAUSE_PREEMPTED);
	return INT64_MAX;
}

static struct conn *conn_of(struct proxy *px, struct queue_place *place)
{
	return container_of(place, struct guard, place) - px->guards +
	    px->seats;
}

static struct conn *next_waiter(struct proxy *px)
{
	return conn_of(px, queue_pop(&px->queue));
}

/* The oldest that still fills the gate; else who has been fed longest without
 * progress. Never one whose device is at work. */
static struct conn *memory_victim(struct proxy *px, const struct conn *except)
{
	struct conn *slowest = NULL;
	struct list *item;

	for (item = px->live.next; item != &px->live; item = item->next) {
		struct conn *c = container_of(item, struct conn, link);

		if (c->state == CONN_GATE && c != except &&
		    c->relay.half[CLIENT].owed.bytes > 0)
			return c;
		if (c->state == CONN_LAST &&
		    c->relay.half[DEVICE].owed.bytes > 0 &&
		    (!slowest || c->active_ms < slowest->active_ms))
			slowest = c;
	}
	return slowest;
}

/* Makes sure that the reply to come for `c` finds memory. */
static bool make_room(struct proxy *px, const struct conn *c)
{
	size_t need = px->conf->relay.reply_buffer_bytes / CHUNK_BYTES + 1;
	struct conn *victim;

	while (chunk_arena_left(&px->arena) < need) {
		victim = memory_victim(px, c);
		if (!victim)
			return false;
		conn_end(victim, CAUSE_NO_MEMORY);
	}
	return true;
}

/* A client in the gate that cannot be read must not wait for those who fill
 * memory at their leisure. */
static void relieve_gate(struct proxy *px)
{
	struct conn *hungry = NULL, *victim;
	struct list *item;

	for (item = px->starved.next; item != &px->starved && !hungry;
	     item = item->next) {
		hungry = container_of(item, struct conn, starved);
		if (hungry->state != CONN_GATE)
			hungry = NULL;
	}
	if (!hungry)
		return;
	while (chunk_arena_left(&px->arena) <= px->env.kept_chunks) {
		victim = memory_victim(px, hungry);
		if (!victim)
			return;
		conn_end(victim, CAUSE_NO_MEMORY);
	}
}

/* The slot is `pass`; memory comes first. */
static void grant(struct proxy *px, struct conn *c, struct device_pass *pass)
{
	if (px->conf->request.kind != GATE_HTTP || make_room(px, c)) {
		conn_queue_leave(c, pass);
		return;
	}
	device_give(&px->device, &px->conf->device, pass, ev_now(px->loop));
	conn_end(c, CAUSE_NO_MEMORY);
}

static void serve_queue(struct proxy *px)
{
	int64_t when_ms;

	while (px->queue.count > 0) {
		struct device_pass pass = {0};

		switch (device_take(&px->device, &px->conf->device, false,
		    ev_now(px->loop), &pass, &when_ms)) {
		case DEVICE_GO:
			grant(px, next_waiter(px), &pass);
			break;
		case DEVICE_NOT_NOW:
			conn_end(next_waiter(px), CAUSE_DEVICE_DOWN);
			break;
		case DEVICE_WAIT:
			set_pacing(px, when_ms);
			set_pacing(px, preempt_idle(px));
			return;
		}
	}
}

static void run_trial(struct proxy *px)
{
	int64_t at_ms = device_probe_at_ms(&px->device, &px->conf->device);

	if (px->on_empty)
		return; /* draining */
	if (at_ms <= ev_now(px->loop)) {
		conn_open_probe(px);
		at_ms = device_probe_at_ms(&px->device, &px->conf->device);
		/* No seat, no slot yet: look again shortly. */
		if (at_ms <= ev_now(px->loop))
			at_ms = ev_now(px->loop) + 100;
	}
	set_pacing(px, at_ms);
}

static void on_serve(struct ev_loop *loop, struct ev_later *l)
{
	struct proxy *px = container_of(l, struct proxy, serve);

	(void)loop;
	relieve_gate(px);
	serve_queue(px);
	run_trial(px);
}

static void on_pacing(struct ev_loop *loop, struct ev_timer *t)
{
	(void)loop;
	serve_soon(container_of(t, struct proxy, pacing));
}

void serve_start(struct proxy *px)
{
	device_init(&px->device, &px->conf->device);
	queue_init(&px->queue);
	ev_later_init(&px->serve, on_serve);
	ev_timer_init(&px->pacing, on_pacing);
}

int serve_open_events(struct proxy *px)
{
	const char *path = px->conf->device.events_path;

	if (!path)
		return 0;
	/* Both ways, so that a FIFO without a reader is no error. */
	px->events_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return px->events_fd < 0 ? -errno : 0;
}

void serve_soon(struct proxy *px)
{
	ev_later_add(px->loop, &px->serve);
}

void serve_request(struct proxy *px, struct conn *c)
{
	struct queue_place *displaced = NULL;
	struct device_pass pass = {0};
	int64_t when_ms;

	if (px->queue.count == 0) {
		switch (device_take(&px->device, &px->conf->device, false,
		    ev_now(px->loop), &pass, &when_ms)) {
		case DEVICE_GO:
			grant(px, c, &pass);
			return;
		case DEVICE_NOT_NOW:
			conn_end(c, CAUSE_DEVICE_DOWN);
			return;
		case DEVICE_WAIT:
			break;
		}
	}
	if (queue_push(&px->queue, &px->conf->queue, &c->guard->place,
		c->guard->source, &displaced) == QUEUE_FULL) {
		conn_end(c, CAUSE_QUEUE_FULL);
		return;
	}
	conn_enter(c, CONN_QUEUE);
	conn_settle(c);
	serve_soon(px);
	/* Last: its followers join the line, and may displace even `c`. */
	if (displaced)
		conn_end(conn_of(px, displaced), CAUSE_EVICTED);
}

static void tell(struct proxy *px, const char *word, enum log_level level,
    const char *what_next)
{
	char line[64];
	int len;

	log_say(&px->log, level, "device %s: %s", word, what_next);
	if (px->events_fd < 0)
		return;
	len = snprintf(line, sizeof(line), "%s\n", word);
	if (write(px->events_fd, line, (size_t)len) < 0)
		log_say(&px->log, LOG_LEVEL_WARN,
		    "events: %s; the line \"%s\" is lost", strerror(errno),
		    word);
}

void serve_learn(struct proxy *px, const struct device_pass *pass,
    enum device_outcome outcome)
{
	switch (device_learn(&px->device, &px->conf->device, pass, outcome,
	    ev_now(px->loop))) {
	case DEVICE_EVENT_NONE:
		return;
	case DEVICE_EVENT_UP:
		tell(px, "up", LOG_LEVEL_WARN, "serving again");
		break;
	case DEVICE_EVENT_DOWN:
		tell(px, "down", LOG_LEVEL_WARN,
		    "clients are told so at once; one trial at a time follows");
		break;
	case DEVICE_EVENT_WEDGED:
		tell(px, "wedged", LOG_LEVEL_ERROR,
		    "it has not come back; it may need a reset");
		break;
	}
	serve_soon(px);
}
