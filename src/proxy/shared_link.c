/*
 * shared_link.c: the connection: made when somebody has something to send,
 * kept, and given up when it is lost, idle, or cannot be told any more what
 * comes on it.
 */
#include "proxy/shared_link.h"

#include <errno.h>
#include <stdlib.h>

#include "proxy/proxy.h"
#include "sys/sock.h"

enum {
	SHORTAGE_PAUSE_MS = 50,
	AGAIN_MS = 100,	  /* no descriptor: look again */
	LATE_MAX = 32768, /* ids that wait for late answers */
};

static const struct device_link_conf *link_conf(const struct shared_link *s)
{
	return &s->px->conf->link;
}

static struct shared_request *request_at(struct list *at)
{
	return container_of(at, struct shared_request, link);
}

static void wait_in(
    struct shared_link *s, enum shared_phase phase, int64_t span_ms)
{
	s->phase = (uint8_t)phase;
	s->until_ms = ev_now(s->px->loop) + span_ms;
}

/* ---- the end of the connection ---- */

/* Nothing of it is left; late answers cannot come any more. */
static void forget_link(struct shared_link *s)
{
	s->link = NULL;
	s->served = false;
	s->phase = SHARED_CLOSED;
	s->until_ms = 0;
	s->framer = (struct modbus_framer){0};
	s->line = (struct line_reader){0};
	s->answer_bytes = 0;
	if (s->late_count > 0)
		for (size_t i = 0; i < SHARED_ID_WORDS; i++)
			s->late[i] = 0;
	s->late_count = 0;
}

static void reset_link(struct shared_link *s, enum cause cause)
{
	struct device_link *l = s->link;

	forget_link(s);
	device_link_reset(l);
	shared_fail_sent(s, cause);
}

/* The device has closed, in good order or not. */
static void lose_link(struct shared_link *s, int err)
{
	struct device_link *l = s->link;

	forget_link(s);
	device_link_end(l, true, false);
	shared_fail_sent(s, err == 0		? CAUSE_DEVICE_EMPTY
			    : err == -ETIMEDOUT ? CAUSE_DEVICE_SILENT
						: CAUSE_DEVICE_RESET);
}

/* Nobody needs it: the slot is free when the device has finished, too. */
static void end_link(struct shared_link *s)
{
	struct device_link *l = s->link;

	forget_link(s);
	device_link_end(l, false, false);
}

/* ---- bytes ---- */

/* Sends what has not been sent, in order. True: a request is over with that,
 * and there may be room for another. */
static bool push(struct shared_link *s)
{
	struct list *at, *next;
	unsigned int want = EV_IN | EV_RDHUP;
	bool finished = false;

	for (at = s->flight.next; at != &s->flight; at = next) {
		struct shared_request *r = request_at(at);
		size_t left = r->bytes - r->sent_bytes;
		ssize_t n;

		next = at->next;
		if (left == 0)
			continue;
		n = sock_send(s->link->io.fd, r->text + r->sent_bytes, left);
		if (n < 0 && n != -EAGAIN) {
			/* What the device said before comes first. */
			if (s->link->io.hung_up)
				lose_link(s, (int)n);
			return false;
		}
		s->served = true;
		s->active_ms = r->since_ms = ev_now(s->px->loop);
		r->sent_bytes += n > 0 ? (uint32_t)n : 0;
		if (r->sent_bytes < r->bytes) {
			want |= EV_OUT;
			break;
		}
		if (!r->asks) {
			finished = true;
			shared_finish(s, r);
		}
	}
	ev_io_want(s->px->loop, &s->link->io, want);
	return finished;
}

static void read_link(struct shared_link *s)
{
	struct direction_env *env = &s->px->env;
	ssize_t n = sock_recv(s->link->io.fd, env->scratch, env->scratch_bytes);

	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		lose_link(s, (int)n);
		return;
	}
	s->active_ms = ev_now(s->px->loop);
	if (shared_read(s, env->scratch, (size_t)n))
		return;
	log_message(&s->px->log, LOG_LEVEL_WARN,
	    "the device sends what is no Modbus/TCP: its connection is reset");
	reset_link(s, CAUSE_DEVICE_RESET);
}

/* ---- the beginning of the connection ---- */

static void give_up(struct shared_link *s, enum cause cause)
{
	struct device_link *l = s->link;

	forget_link(s);
	device_link_abort(l, false);
	shared_fail_all(s, cause);
}

static void report_refused(struct shared_link *s)
{
	if (!list_empty(&s->flight))
		shared_report(s, request_at(s->flight.next), HEALTH_REFUSED);
}

/* What follows a failed attempt. True: connect again now. */
static bool attempt_failed(struct shared_link *s, int err)
{
	enum cause cause = device_link_cause(err);
	unsigned int probe_id =
	    list_empty(&s->flight) ? 0 : request_at(s->flight.next)->probe_id;
	int64_t pause_ms = -1;

	device_link_drop_attempt(s->link);
	if (device_link_next_address(s->link))
		return true;
	if (device_link_is_shortage(err) &&
	    ev_now(s->px->loop) - s->connect_ms <
		link_conf(s)->connect_timeout_ms) {
		wait_in(s, SHARED_PAUSE, SHORTAGE_PAUSE_MS);
		return false;
	}
	if (cause == CAUSE_CONNECT_REFUSED || cause == CAUSE_UNREACHABLE ||
	    cause == CAUSE_CONNECT_TIMEOUT)
		report_refused(s);
	if (cause == CAUSE_CONNECT_REFUSED || cause == CAUSE_UNREACHABLE ||
	    cause == CAUSE_CONNECT_RESET) {
		s->px->links.check_self_connect = true;
		pause_ms = health_retry_ms(&s->px->scheduler.health,
		    link_conf(s)->connect_retry, s->retries + 1u, probe_id);
	}
	if (pause_ms < 0) {
		give_up(s, cause);
		return false;
	}
	s->retries++;
	wait_in(s, SHARED_PAUSE, pause_ms);
	return false;
}

static void attempt(struct shared_link *s)
{
	int err;

	do {
		err = device_link_connect(s->link);
	} while (err < 0 && attempt_failed(s, err));
	if (err < 0)
		return;
	ev_io_want(s->px->loop, &s->link->io, EV_OUT);
	wait_in(s, SHARED_CONNECTING, link_conf(s)->connect_timeout_ms);
}

/* As after a refusal, but the device may still think that it is connected. */
static void connect_timed_out(struct shared_link *s)
{
	struct device_link *l = s->link;

	if (l->address + 1u < link_conf(s)->device_count) {
		device_link_drop_attempt(l);
		(void)device_link_next_address(l);
		attempt(s);
		return;
	}
	report_refused(s);
	give_up(s, CAUSE_CONNECT_TIMEOUT);
}

static void connected(struct shared_link *s)
{
	int fd = s->link->io.fd;

	sock_set_nodelay(fd);
	sock_set_keepalive(fd, link_conf(s)->keepalive_ms);
	s->active_ms = ev_now(s->px->loop);
	wait_in(s, SHARED_SETTLE, link_conf(s)->settle_ms);
	if (link_conf(s)->settle_ms == 0)
		s->phase = SHARED_OPEN;
	ev_io_want(s->px->loop, &s->link->io, EV_IN | EV_RDHUP);
	conn_serve_soon(s->px);
}

static void on_connecting(struct shared_link *s, unsigned int events)
{
	int err = 0;

	if (events & (EV_HUP | EV_ERR))
		err = sock_error(s->link->io.fd);
	if (err == 0 && !device_link_connected(s->link))
		err = -ECONNREFUSED;
	if (err == 0)
		connected(s);
	else if (attempt_failed(s, err))
		attempt(s);
}

static void on_link(struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	struct shared_link *s = device_link_of(io)->owner;

	(void)loop;
	if (s->phase == SHARED_CONNECTING) {
		on_connecting(s, events);
	} else if (s->phase == SHARED_SETTLE &&
		   device_link_ended_silent(s->link)) {
		/* Before it has heard a byte: that means a refusal. */
		if (attempt_failed(s, -ECONNRESET))
			attempt(s);
	} else if (events & ~(unsigned int)EV_OUT) {
		read_link(s);
	}
	conn_serve_soon(s->px);
}

static void open_link(struct shared_link *s)
{
	struct proxy *px = s->px;
	struct slots *slots = &px->scheduler.slots;
	struct slot slot = {0};

	if (ev_now(px->loop) < s->until_ms)
		return;
	if (!slots_take(slots, &px->conf->slots, ev_now(px->loop), &slot,
		&s->until_ms)) {
		if (s->until_ms == INT64_MAX)
			s->until_ms = 0;
		return;
	}
	s->link = device_link_open(&px->links, on_link, s);
	if (!s->link) {
		slots_give_unused(slots, &slot);
		wait_in(s, SHARED_CLOSED, AGAIN_MS);
		return;
	}
	s->link->slot = slot;
	s->retries = 0;
	s->connect_ms = ev_now(px->loop);
	attempt(s);
}

/* ---- time ---- */

static int64_t idle_at_ms(const struct shared_link *s)
{
	int64_t idle_ms = s->px->conf->conn.idle_ms;

	return s->phase == SHARED_OPEN && idle_ms > 0 && list_empty(&s->flight)
		   ? s->active_ms + idle_ms
		   : INT64_MAX;
}

static void set_timer(struct shared_link *s)
{
	int64_t at_ms = shared_expires_ms(s);

	if (s->phase != SHARED_OPEN && s->until_ms > ev_now(s->px->loop) &&
	    s->until_ms < at_ms)
		at_ms = s->until_ms;
	if (idle_at_ms(s) < at_ms)
		at_ms = idle_at_ms(s);
	ev_timer_set(s->px->loop, &s->timer, at_ms);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *t)
{
	struct shared_link *s = container_of(t, struct shared_link, timer);
	int64_t now_ms = ev_now(loop);

	if (s->until_ms <= now_ms) {
		if (s->phase == SHARED_CONNECTING)
			connect_timed_out(s);
		else if (s->phase == SHARED_PAUSE)
			attempt(s);
		else if (s->phase == SHARED_SETTLE)
			s->phase = SHARED_OPEN;
	}
	if (shared_expire(s) && s->link)
		reset_link(s, CAUSE_DEVICE_SILENT);
	if (s->late_count > LATE_MAX && s->phase == SHARED_OPEN)
		reset_link(s, CAUSE_DEVICE_SILENT);
	if (idle_at_ms(s) <= now_ms)
		end_link(s);
	conn_serve_soon(s->px);
}

bool shared_is_others_turn(const struct shared_link *s)
{
	const struct proxy *px = s->px;

	return s->served && px->hooks && px->hooks->others_wait(px);
}

/* Who waits gets what room there is. */
static void take_queued(struct shared_link *s)
{
	struct scheduler *sc = &s->px->scheduler;
	struct queue_place *first;
	struct waiter *w;

	while (shared_has_room(s) && (first = queue_first(&sc->queue))) {
		w = container_of(first, struct waiter, place);
		switch (health_ask(&sc->health, sc->health_conf, HEALTH_WAITER,
		    ev_now(s->px->loop))) {
		case HEALTH_WAIT:
			return;
		case HEALTH_GO:
			(void)queue_pop(&sc->queue);
			conn_shared_go(conn_of_waiter(s->px, w));
			break;
		case HEALTH_REFUSE:
			queue_remove(&sc->queue, first);
			conn_shared_refuse(
			    conn_of_waiter(s->px, w), scheduler_refusal(sc));
			break;
		}
	}
}

void shared_link_serve(struct shared_link *s)
{
	do {
		shared_drop_unwanted(s);
		take_queued(s);
		if (!s->link && !list_empty(&s->flight))
			open_link(s);
	} while (s->phase == SHARED_OPEN && push(s));
	if ((s->px->on_empty || shared_is_others_turn(s)) &&
	    s->phase == SHARED_OPEN && list_empty(&s->flight))
		end_link(s);
	set_timer(s);
}

/* ---- making and unmaking ---- */

struct shared_link *shared_link_new(struct proxy *px)
{
	struct shared_link *s = calloc(1, sizeof(*s));
	unsigned int count = px->conf->shared.pipeline;
	size_t most = shared_request_max(px);

	if (!s)
		return NULL;
	s->px = px;
	s->requests = calloc(count, sizeof(*s->requests));
	s->texts = calloc(count, most);
	if (!s->requests || !s->texts) {
		shared_link_free(s);
		return NULL;
	}
	list_init(&s->flight);
	list_init(&s->spare);
	ev_timer_init(&s->timer, on_timer);
	for (unsigned int i = 0; i < count; i++) {
		s->requests[i].text = s->texts + i * most;
		list_append(&s->spare, &s->requests[i].link);
	}
	return s;
}

void shared_link_stop(struct shared_link *s)
{
	struct device_link *l = s->link;

	if (!l)
		return;
	forget_link(s);
	device_link_abort(l, false);
}

void shared_link_free(struct shared_link *s)
{
	if (s) {
		shared_link_stop(s);
		free(s->texts);
		free(s->requests);
	}
	free(s);
}
