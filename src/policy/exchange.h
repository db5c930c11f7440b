/*
 * exchange.h: one request and its reply: whose turn is it?
 *
 * Fed with what each side did, it answers whether the request is whole,
 * whether the reply is, and who has to act: blame follows the turn,
 * not the clock that ran out. The turn is asked of the facts of the moment
 * and kept nowhere.
 */
#ifndef POLICY_EXCHANGE_H
#define POLICY_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/request.h"
#include "policy/response.h"

enum turn {
	TURN_NOBODY,	     /* no framing says who is to act */
	TURN_STREAM,	     /* a reply without an end, or upgraded */
	TURN_CLIENT_REQUEST, /* the client, to send request bytes */
	TURN_CLIENT_ROOM,    /* the client, to take reply bytes */
	TURN_DEVICE_ROOM,    /* the device, to take request bytes */
	TURN_DEVICE_REPLY,   /* the device, to send the first reply byte */
	TURN_DEVICE_REST,    /* the device, to send more of its reply */
};

/* What the sockets and buffers say now. */
struct exchange_view {
	bool request_begun; /* a request byte has come */
	bool request_read;  /* every request byte has been read */
	bool request_sent;  /* and handed to the device's socket */
	bool reply_begun;   /* a byte has come behind any interim heads */
	bool reply_wanted;  /* there is room for more of the reply */
};

struct exchange {
	struct request request;
	struct response response;
	bool is_http;  /* requests and replies have a framing we read */
	bool timed;    /* a silent device counts even without framing */
	bool upgraded; /* both sides have left HTTP */
	bool replied;  /* the reply is complete */
};

/* Nothing is to be asked of the reply before exchange_begin. */
void exchange_init(
    struct exchange *x, const struct request_conf *conf, bool timed);

/* The request has passed the gate: the reply to it is to be read. */
void exchange_begin(struct exchange *x);

enum turn exchange_turn(
    const struct exchange *x, const struct exchange_view *v);

/* Does the end of the reply depend on bytes still to be read? */
static inline bool exchange_reads_reply(const struct exchange *x)
{
	return x->is_http && !x->upgraded &&
	       (x->response.end == RESPONSE_OPEN ||
		   x->response.end == RESPONSE_CHUNKED);
}

/* Of `bytes` that came, behind which the device's FIN was seen or not, is the
 * reply complete? */
static inline bool exchange_is_complete(
    const struct exchange *x, uint64_t bytes, bool fin_seen)
{
	return bytes >= x->response.whole_bytes ||
	       (fin_seen && x->response.end == RESPONSE_FIN);
}

static inline bool turn_is_device(enum turn t)
{
	return t >= TURN_DEVICE_ROOM;
}

/*
 * A least rate in bytes a second, counted over the time in which the turn was
 * the one it is asked of. All zero: nothing counted yet.
 */
struct rate {
	int64_t since_ms; /* the count began, or went on, at; 0: it stands */
	int64_t counted_ms;
	uint64_t from_bytes;
};

/* The turn begins or goes on (`now_ms`), or ends. `bytes`: moved so far. */
void rate_run(struct rate *r, int64_t now_ms, uint64_t bytes);
void rate_stop(struct rate *r, int64_t now_ms);

/* When rate_too_low can tell next; INT64_MAX while it stands. */
int64_t rate_at_ms(const struct rate *r);

/* Was it less than `least` over the last 2 s or more that were counted? Then,
 * and also when it was not, the count begins anew. */
bool rate_too_low(struct rate *r, int64_t now_ms, uint64_t bytes, size_t least);

#endif
