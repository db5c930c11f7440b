/*
 * exchange.c: the turn, from facts; and rates.
 */
#include "policy/exchange.h"

enum { RATE_MS = 2000 };

void exchange_init(
    struct exchange *x, const struct request_conf *conf, bool timed)
{
	request_init(&x->request);
	x->is_http = conf->kind == GATE_HTTP;
	x->timed = timed;
	x->upgraded = false;
	x->replied = false;
}

void exchange_begin(struct exchange *x)
{
	response_init(&x->response, request_is_head(&x->request));
}

static bool is_stream(const struct exchange *x)
{
	return x->upgraded || (x->is_http && x->response.is_stream);
}

/* Without framing it is the turn only of a device that has never answered. */
static enum turn plain_turn(
    const struct exchange *x, const struct exchange_view *v)
{
	if (!v->reply_wanted)
		return TURN_CLIENT_ROOM;
	if (!x->timed || v->reply_begun || !v->request_begun)
		return TURN_NOBODY;
	return v->request_sent ? TURN_DEVICE_REPLY : TURN_DEVICE_ROOM;
}

enum turn exchange_turn(const struct exchange *x, const struct exchange_view *v)
{
	if (is_stream(x))
		return TURN_STREAM;
	if (!x->is_http)
		return plain_turn(x, v);
	if (!v->request_sent)
		return TURN_DEVICE_ROOM;
	if (!v->request_read)
		return TURN_CLIENT_REQUEST;
	if (!v->reply_wanted)
		return TURN_CLIENT_ROOM;
	return v->reply_begun ? TURN_DEVICE_REST : TURN_DEVICE_REPLY;
}

void rate_run(struct rate *r, int64_t now_ms, uint64_t bytes)
{
	if (r->since_ms > 0)
		return;
	r->since_ms = now_ms;
	if (r->counted_ms == 0)
		r->from_bytes = bytes;
}

void rate_stop(struct rate *r, int64_t now_ms)
{
	if (r->since_ms == 0)
		return;
	r->counted_ms += now_ms - r->since_ms;
	r->since_ms = 0;
}

int64_t rate_at_ms(const struct rate *r)
{
	if (r->since_ms == 0)
		return INT64_MAX;
	return r->since_ms + RATE_MS - r->counted_ms;
}

bool rate_too_low(struct rate *r, int64_t now_ms, uint64_t bytes, size_t least)
{
	int64_t ms = r->counted_ms + now_ms - r->since_ms;
	uint64_t moved = bytes - r->from_bytes;

	*r = (struct rate){.since_ms = now_ms, .from_bytes = bytes};
	return moved < (uint64_t)ms * least / 1000;
}
