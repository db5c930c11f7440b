/*
 * shared_request.c: a request on the shared connection, from the moment it is
 * taken from its client to its answer, or to what takes an answer's place.
 *
 * Modbus: ids are rewritten, so that masters cannot meet; an id whose request
 * had no answer in time is not used again while the answer may come. What
 * writes is never sent twice, and after a write without an answer the link is
 * reset. Lines have no ids: one at a time, and a reset after each that had no
 * answer in time.
 */
#include "proxy/shared_link.h"

#include <string.h>

#include "proxy/proxy.h"
#include "sys/sock.h"

static bool is_modbus(const struct shared_link *s)
{
	return s->px->conf->request.kind == GATE_MODBUS;
}

static struct shared_request *request_at(struct list *at)
{
	return container_of(at, struct shared_request, link);
}

size_t shared_request_max(const struct proxy *px)
{
	return px->conf->request.kind == GATE_MODBUS
		   ? MODBUS_FRAME_MAX
		   : px->conf->request.head_limit_bytes;
}

bool shared_has_room(const struct shared_link *s)
{
	return s->flight_count < s->px->conf->shared.pipeline &&
	       !shared_is_others_turn(s);
}

/* Whose it is, unless it has left. */
static struct conn *client_of(const struct shared_request *r)
{
	return r->conn->state == CONN_SHARED &&
		       r->conn->prot->shared_number == r->number
		   ? r->conn
		   : NULL;
}

void shared_report(struct shared_link *s, const struct shared_request *r,
    enum health_signal signal)
{
	proxy_report(s->px, signal, r->client, r->probe_id);
}

/* ---- ids ---- */

static bool id_is_taken(const struct shared_link *s, uint16_t id)
{
	if (s->late[id / 64] & UINT64_C(1) << id % 64)
		return true;
	for (struct list *at = s->flight.next; at != &s->flight; at = at->next)
		if (request_at(at)->id == id)
			return true;
	return false;
}

static uint16_t take_id(struct shared_link *s)
{
	do {
		s->next_id++;
	} while (id_is_taken(s, s->next_id));
	return s->next_id;
}

static void set_late(struct shared_link *s, uint16_t id)
{
	s->late[id / 64] |= UINT64_C(1) << id % 64;
	s->late_count++;
}

/* An answer that nobody waits for: its id is free again. */
static void clear_late(struct shared_link *s, uint16_t id)
{
	uint64_t bit = UINT64_C(1) << id % 64;

	if (!(s->late[id / 64] & bit))
		return;
	s->late[id / 64] &= ~bit;
	s->late_count--;
}

/* ---- the beginning ---- */

static void copy_first(
    struct direction *d, struct direction_env *env, char *out, size_t bytes)
{
	size_t len = 0;

	for (const struct chunk *k = direction_queue(d)->first; len < bytes;
	     k = k->next) {
		size_t part = k->end - k->start;

		if (part > bytes - len)
			part = bytes - len;
		memcpy(out + len, k->bytes + k->start, part);
		len += part;
	}
	direction_cut(d, env, bytes);
}

void shared_take(struct shared_link *s, struct conn *c, size_t bytes,
    enum health_asker asker)
{
	struct shared_request *r = request_at(s->spare.next);
	struct scheduler *sc = &s->px->scheduler;
	char *text = r->text;

	*r = (struct shared_request){
	    .conn = c,
	    .number = c->prot->shared_number,
	    .client = c->prot->client,
	    .since_ms = ev_now(s->px->loop),
	    .bytes = (uint32_t)bytes,
	    .asks = true,
	    .text = text,
	    .link = r->link,
	};
	copy_first(&c->relay.to_device, &s->px->env, text, bytes);
	if (is_modbus(s)) {
		r->client_id = modbus_id(text);
		r->id = take_id(s);
		r->repeats = modbus_is_read(text);
		modbus_set_id(text, r->id);
	} else {
		r->asks = line_asks(text, bytes);
	}
	r->probe_id = health_connect(&sc->health, sc->health_conf, asker);
	queue_slot_moved(&sc->queue, r->client);
	clients_take_link(r->client);
	c->prot->shared_count++;
	list_remove(&r->link);
	list_append(&s->flight, &r->link);
	s->flight_count++;
}

/* ---- the end ---- */

void shared_finish(struct shared_link *s, struct shared_request *r)
{
	struct scheduler *sc = &s->px->scheduler;
	struct conn *c = client_of(r);

	health_probe_ended(&sc->health, r->probe_id, ev_now(s->px->loop));
	queue_slot_moved(&sc->queue, r->client);
	clients_give_link(&s->px->clients, r->client);
	list_remove(&r->link);
	list_append(&s->spare, &r->link);
	s->flight_count--;
	if (c) {
		c->prot->shared_count--;
		conn_shared_next(c);
	}
	conn_serve_soon(s->px);
}

static bool is_wanted(const struct shared_request *r)
{
	const struct conn *c = client_of(r);

	return r->sent_bytes > 0 ||
	       (c && !(direction_fin_seen(&c->relay.to_device) &&
			 conn_fin_drops(c)));
}

void shared_drop_unwanted(struct shared_link *s)
{
	struct list *at, *next;

	for (at = s->flight.next; at != &s->flight; at = next) {
		next = at->next;
		if (!is_wanted(request_at(at)))
			shared_finish(s, request_at(at));
	}
}

static void log_failure(
    struct shared_link *s, const struct shared_request *r, enum cause cause)
{
	char text[ADDR_TEXT_MAX];

	if (is_modbus(s))
		log_message(&s->px->log, LOG_LEVEL_INFO,
		    "no answer for %s: unit %u, function %u, cause=%s",
		    peer_print(&r->conn->peer, text), modbus_unit(r->text),
		    modbus_function(r->text), cause_row(cause)->word);
}

void shared_fail(
    struct shared_link *s, struct shared_request *r, enum cause cause)
{
	struct conn *c = client_of(r);

	if (c) {
		log_failure(s, r, cause);
		modbus_set_id(r->text, r->client_id);
		conn_shared_fail(c, r->text, cause);
	}
	shared_finish(s, r);
}

void shared_fail_sent(struct shared_link *s, enum cause cause)
{
	struct list *at, *next;

	for (at = s->flight.next; at != &s->flight; at = next) {
		struct shared_request *r = request_at(at);

		next = at->next;
		if (r->sent_bytes == 0)
			continue;
		if (r->repeats && client_of(r)) {
			r->repeats = false;
			r->has_all = false;
			r->sent_bytes = 0;
			r->since_ms = ev_now(s->px->loop);
			continue;
		}
		shared_report(s, r, HEALTH_RESET);
		shared_fail(s, r, cause);
	}
}

void shared_fail_all(struct shared_link *s, enum cause cause)
{
	struct queue *q = &s->px->scheduler.queue;
	struct list *at, *next;
	unsigned int waiting = q->count;

	for (at = s->flight.next; at != &s->flight; at = next) {
		next = at->next;
		shared_fail(s, request_at(at), cause);
	}
	while (waiting-- > 0 && q->count > 0) {
		struct queue_place *place = queue_pop(q);

		conn_shared_refuse(
		    conn_of_waiter(
			s->px, container_of(place, struct waiter, place)),
		    cause);
	}
}

/* ---- answers ---- */

static void count_answer(struct shared_link *s, const struct shared_request *r)
{
	int64_t now_ms = ev_now(s->px->loop);

	health_first_byte(
	    &s->px->scheduler.health, now_ms - r->since_ms, now_ms);
	shared_report(s, r, HEALTH_SERVED);
}

/* A whole frame: it is its asker's, or nobody's any more. */
static void on_frame(struct shared_link *s)
{
	uint16_t id = modbus_id(s->answer);
	struct conn *c;

	clear_late(s, id);
	for (struct list *at = s->flight.next; at != &s->flight;
	     at = at->next) {
		struct shared_request *r = request_at(at);

		if (r->id != id || r->sent_bytes < r->bytes ||
		    !modbus_answers(s->answer, r->text))
			continue;
		count_answer(s, r);
		c = client_of(r);
		modbus_set_id(s->answer, r->client_id);
		if (c)
			conn_shared_answer(c, s->answer, s->answer_bytes);
		shared_finish(s, r);
		return;
	}
}

static bool read_modbus(struct shared_link *s, const char *bytes, size_t len)
{
	enum modbus_verdict verdict;
	size_t used;

	for (; len > 0; bytes += used, len -= used) {
		verdict = modbus_feed(&s->framer, bytes, len, &used);
		if (verdict == MODBUS_BAD)
			return false;
		memcpy(s->answer + s->answer_bytes, bytes, used);
		s->answer_bytes = (uint16_t)(s->answer_bytes + used);
		if (verdict == MODBUS_FRAME) {
			on_frame(s);
			s->answer_bytes = 0;
		}
	}
	return true;
}

/* What comes while nobody waits for an answer is dropped. */
static void read_line(struct shared_link *s, const char *bytes, size_t len)
{
	struct shared_request *r;
	struct conn *c;
	size_t used;
	bool whole;

	if (list_empty(&s->flight))
		return;
	r = request_at(s->flight.next);
	if (!r->asks || r->sent_bytes < r->bytes)
		return;
	whole = line_feed(&s->line, bytes, len, &used);
	if (!r->answered)
		count_answer(s, r);
	r->answered = true;
	r->since_ms = ev_now(s->px->loop);
	c = client_of(r);
	if (c)
		conn_shared_answer(c, bytes, used);
	if (whole)
		shared_finish(s, r);
}

bool shared_read(struct shared_link *s, const char *bytes, size_t len)
{
	if (is_modbus(s))
		return read_modbus(s, bytes, len);
	read_line(s, bytes, len);
	return true;
}

/* ---- time ---- */

static int64_t expires_ms(
    const struct shared_link *s, const struct shared_request *r)
{
	const struct conf *conf = s->px->conf;
	int64_t span_ms =
	    r->answered ? conf->conn.reply_ms : conf->conn.first_byte_ms;

	if (r->sent_bytes == 0 && s->phase != SHARED_OPEN)
		span_ms = conf->queue.timeout_ms;
	/* Without an end of its own it would keep all others waiting. */
	if (span_ms == 0)
		span_ms = conf->conn.idle_ms;
	return span_ms > 0 ? r->since_ms + span_ms : INT64_MAX;
}

int64_t shared_expires_ms(const struct shared_link *s)
{
	int64_t first_ms = INT64_MAX;

	for (struct list *at = s->flight.next; at != &s->flight; at = at->next)
		if (expires_ms(s, request_at(at)) < first_ms)
			first_ms = expires_ms(s, request_at(at));
	return first_ms;
}

/* The device's time begins when its kernel has acknowledged the request. */
static bool was_late_to_get(struct shared_link *s, struct shared_request *r)
{
	int64_t ago_ms;

	if (r->has_all || r->answered || sock_unacked(s->link->io.fd) > 0)
		return false;
	r->has_all = true;
	ago_ms = sock_last_ack_ms(s->link->io.fd);
	if (ago_ms >= 0 && ev_now(s->px->loop) - ago_ms > r->since_ms)
		r->since_ms = ev_now(s->px->loop) - ago_ms;
	return expires_ms(s, r) > ev_now(s->px->loop);
}

/* True: the link is of no use any more. */
static bool expire(struct shared_link *s, struct shared_request *r)
{
	bool partly = r->sent_bytes < r->bytes;
	bool reset = partly || !is_modbus(s) || !modbus_is_read(r->text);

	if (r->sent_bytes == 0) {
		shared_fail(s, r, CAUSE_QUEUE_TIMEOUT);
		return false;
	}
	if (!partly && was_late_to_get(s, r))
		return false;
	shared_report(s, r, HEALTH_SILENT);
	if (!reset)
		set_late(s, r->id);
	shared_fail(s, r, partly ? CAUSE_DEVICE_STALLED : CAUSE_DEVICE_SILENT);
	return reset;
}

bool shared_expire(struct shared_link *s)
{
	int64_t now_ms = ev_now(s->px->loop);
	struct list *at, *next;
	bool reset = false;

	for (at = s->flight.next; at != &s->flight; at = next) {
		next = at->next;
		if (expires_ms(s, request_at(at)) <= now_ms)
			reset |= expire(s, request_at(at));
	}
	return reset;
}
