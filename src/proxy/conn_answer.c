/*
 * conn_answer.c: the door speaks for the device.
 *
 * An answer ends like this: the bytes, our FIN, then the client's input is
 * read and dropped until its FIN, a bound, or linger-timeout: closing over
 * unread input would reset the connection and may destroy the answer before
 * it is read.
 */
#include "proxy/conn.h"

#include <string.h>

#include "proxy/proxy.h"

enum { DISCARD_MAX_BYTES = 64 * 1024 };

void conn_drop_input(struct conn *c)
{
	struct half *request = &c->relay.half[CLIENT];

	half_fini(request, &c->px->env);
	request->hold = false;
	request->discard = true;
	request->blocked = false;
	request->write_err = 0;
	request->quota_bytes = UINT64_MAX;
}

bool conn_answerable(const struct conn *c, enum cause cause)
{
	const struct half *reply = &c->relay.half[DEVICE];
	const struct conf *conf = c->px->conf;
	enum http_error_kind kind = cause_row(cause)->reply;

	if (!c->guard || c->guard->is_probe || c->state >= CONN_LAST ||
	    relay_fd(&c->relay, CLIENT) < 0 || reply->write_err ||
	    reply->bytes > half_owed(reply) || kind == HTTP_ERROR_NONE ||
	    c->guard->awaits_header || chunk_arena_left(&c->px->arena) == 0)
		return false;
	if (conf->request.kind == GATE_HTTP)
		return cause != CAUSE_GATE_TIMEOUT ||
		    request_began(&c->guard->request);
	return http_error_status(kind) == 503 && conf->http_error.busy_bytes > 0 &&
	    conf->http_error.busy_bytes <=
	    chunk_room(&c->px->arena, &reply->owed);
}

/* Turns both halves around: the reply's carries the answer, the request's
 * leads nowhere any more. */
static void turn_halves(struct conn *c)
{
	struct half *reply = &c->relay.half[DEVICE];

	conn_drop_input(c);
	half_fini(reply, &c->px->env);
	reply->hold = false;
	reply->read_err = 0;
	reply->eof = true;
}

/* Everything to be said is owed. */
static void speak(struct conn *c)
{
	struct half *reply = &c->relay.half[DEVICE];

	c->answered = true;
	conn_enter(c, CONN_LAST);
	c->last_ms = ev_now(c->px->loop);
	c->active_ms = c->last_ms;
	half_push(reply, &c->px->env, relay_fd(&c->relay, CLIENT));
	conn_conclude(c);
}

void conn_answer(struct conn *c, enum cause cause)
{
	const struct conf *conf = c->px->conf;
	struct half *request = &c->relay.half[CLIENT];
	struct half *reply = &c->relay.half[DEVICE];
	struct http_error error = {
	    .kind = cause_row(cause)->reply,
	    .to_head = request_is_head(&c->guard->request),
	    .retry_after_s =
		device_retry_after_s(&c->px->device, ev_now(c->px->loop)),
	    .status = c->guard->request.answer_status,
	};
	char text[HTTP_ERROR_MAX], allow[REQUEST_ALLOW_MAX];
	size_t len;

	request_allow(&conf->request, allow);
	error.allow = allow;
	conn_note(c, cause);
	conn_leave_guard(c);
	conn_close_device(c, conf->relay.device_abort == DEVICE_ABORT_RST
		? CLOSE_RST
		: CLOSE_FIN);
	turn_halves(c);
	request->quota_bytes = request->bytes + DISCARD_MAX_BYTES;
	if (conf->request.kind == GATE_HTTP) {
		len = http_error_write(&error, text);
		chunk_append(&c->px->arena, &reply->owed, text, len);
	} else {
		chunk_append(&c->px->arena, &reply->owed, conf->http_error.busy,
		    conf->http_error.busy_bytes);
	}
	speak(c);
}

bool conn_answer_copy(struct conn *c, const struct chunk_queue *reply)
{
	struct half *copy = &c->relay.half[DEVICE];

	if (chunk_room(&c->px->arena, &copy->owed) < reply->bytes)
		return false;
	conn_note(c, CAUSE_DONE);
	turn_halves(c);
	for (const struct chunk *k = reply->first; k; k = k->next)
		chunk_append(&c->px->arena, &copy->owed, k->bytes + k->start,
		    k->end - k->start);
	copy->bytes = reply->bytes;
	speak(c);
	return true;
}
