/*
 * conn_answer.c: the proxy speaks for the device.
 *
 * An answer ends like this: the bytes, our FIN, then the client's input is
 * read and dropped until its FIN, a bound, or linger-timeout: closing over
 * unread input would reset the connection and may destroy the answer before
 * it is read. An answer needs no memory: it goes straight into the socket.
 */
#include "proxy/conn.h"

#include <string.h>

#include "proxy/proxy.h"

enum { DISCARD_MAX_BYTES = 64 * 1024 };

void conn_drop_input(struct conn *c, uint64_t bytes)
{
	direction_discard(&c->relay.to_device, &c->px->env, bytes);
	direction_watch_fin(&c->relay.to_device, false);
}

static bool is_unavailable(enum http_error_kind kind)
{
	return http_error_status(kind) == 503;
}

/* Has nothing of a reply gone out? Any number of interim heads, if they are
 * whole, may stand before it. */
static bool is_unanswered(const struct conn *c)
{
	const struct direction *d = &c->relay.to_client;
	uint64_t sent = direction_sent_bytes(d);

	return (sent == 0 ||
		   sent == c->prot->exchange.response.interim_bytes) &&
	       !direction_fin_sent(d) && !direction_write_error(d) &&
	       c->relay.client.fd >= 0;
}

bool conn_answerable(const struct conn *c, enum cause cause)
{
	const struct conf *conf = c->px->conf;
	enum http_error_kind kind = cause_row(cause)->reply;

	if (!c->prot || c->state >= CONN_CLOSING || kind == HTTP_ERROR_NONE ||
	    c->prot->awaits_header || c->delivering || !is_unanswered(c))
		return false;
	if (conf->request.kind == GATE_HTTP)
		return cause != CAUSE_GATE_TIMEOUT ||
		       request_began(&c->prot->exchange.request);
	return is_unavailable(kind) && conf->http_error.busy_bytes > 0;
}

/* Turns both directions around: to_client carries the answer, to_device leads
 * nowhere any more. */
static void begin_answer(struct conn *c, enum cause cause, uint64_t discard)
{
	struct direction *d = &c->relay.to_client;

	conn_note(c, cause);
	conn_leave_protection(c);
	conn_abort_link(c);
	conn_drop_input(c, discard);
	direction_drop(d, &c->px->env);
	direction_release(d, HOLD_REPLY);
	direction_finish(d);
	c->answered = true;
	conn_enter_closing(c);
}

static unsigned int retry_after_s(const struct conn *c, enum cause cause)
{
	struct scheduler *s = &c->px->scheduler;
	int64_t now_ms = ev_now(c->px->loop);

	if (cause == CAUSE_REQUEST_LIMIT)
		return (unsigned int)((c->prot->retry_after_ms + 999) / 1000);
	return health_retry_after_s(&s->health, now_ms);
}

static size_t write_http(const struct conn *c, enum cause cause,
    enum http_error_kind kind, char out[HTTP_ERROR_MAX])
{
	const struct request *q = &c->prot->exchange.request;
	char allow[REQUEST_ALLOW_MAX];
	struct http_error e = {
	    .kind = kind,
	    .status = q->answer_status,
	    .retry_after_s = retry_after_s(c, cause),
	    .allow = allow,
	    .to_head = request_is_head(q),
	};

	request_allow(&c->px->conf->request, allow);
	return http_error_write(&e, out);
}

SELDOM void conn_answer(
    struct conn *c, enum cause cause, enum http_error_kind kind)
{
	const struct conf *conf = c->px->conf;
	char text[HTTP_ERROR_MAX];
	const char *bytes = text;
	size_t len;

	if (conf->request.kind == GATE_HTTP) {
		len = write_http(c, cause, kind, text);
	} else {
		bytes = conf->http_error.busy;
		len = conf->http_error.busy_bytes;
	}
	begin_answer(c, cause, DISCARD_MAX_BYTES);
	direction_say(
	    &c->relay.to_client, &c->px->env, c->relay.client.fd, bytes, len);
	if (c->cause_state <= CONN_QUEUE && is_unavailable(kind))
		proxy_refuse(c->px, c);
	conn_conclude(c);
}

SELDOM bool conn_answer_copy(struct conn *c, const struct chunk_queue *reply)
{
	struct direction *d = &c->relay.to_client;

	if (budget_room(&c->px->env.budget, NULL, direction_queue(d)) <
	    reply->bytes)
		return false;
	begin_answer(c, CAUSE_NONE, UINT64_MAX);
	c->answered = false;
	for (const struct chunk *k = reply->first; k; k = k->next)
		direction_say(d, &c->px->env, c->relay.client.fd,
		    k->bytes + k->start, k->end - k->start);
	conn_conclude(c);
	return true;
}
