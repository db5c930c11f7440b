/*
 * gate.h: has this client earned a dial?
 *
 * Fed the client's bytes once, in order, in pieces of any size; the verdict
 * does not depend on where the pieces were cut. Nothing is kept of the bytes
 * but positions, counted from the first byte that is not dropped; keeping
 * the bytes themselves is the caller's part. Nothing is altered but leading
 * blank lines, which the device would take for a request.
 *
 * Kind http reads only what the door needs to know (RFC 9112, strictly, as a
 * head that two readers understand differently is how requests are smuggled).
 */
#ifndef PROXY_GATE_H
#define PROXY_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/field.h"

enum gate_kind { GATE_NONE, GATE_DATA, GATE_LINE, GATE_HTTP };

struct gate_conf {
	enum gate_kind kind;
	int64_t timeout_ms;
	size_t head_limit_bytes; /* below 4g; what is dropped counts too */
	size_t body_limit_bytes; /* a longer body is passed on, not awaited */
};

enum gate_verdict {
	GATE_WAIT,
	GATE_PASS,            /* the device may be dialled */
	GATE_EMPTY,           /* EOF before any request: close, say nothing */
	GATE_BAD,             /* not HTTP, or only a part of it: 400 */
	GATE_TOO_LARGE,       /* no end within head-limit: 431 */
	GATE_LENGTH_REQUIRED, /* Transfer-Encoding: 411 */
};

struct gate {
	/* For the caller, true once the verdict is GATE_PASS. */
	uint64_t request_bytes; /* head and body; UINT64_MAX: no end */
	uint32_t drop_bytes;    /* blank lines before the request */
	uint32_t head_bytes;
	uint32_t target_at; /* the request target is target_bytes from here */
	uint32_t target_bytes;

	/* The reader's own. */
	uint64_t fed_bytes;
	uint64_t body_bytes;
	uint32_t method; /* its last four letters */
	struct field field;
	uint8_t fields; /* those seen, a bit each */
	uint8_t state;
	uint8_t verdict;
	uint8_t at;
	int8_t known; /* the field whose value passes; -1: no matter */
	bool cr;      /* a CR that wants its LF */
};

void gate_init(struct gate *g);

/*
 * Reads the next `len` bytes. Once it is not GATE_WAIT the verdict stands,
 * and later bytes change nothing. Call it once with no bytes at the start:
 * kind none passes at once.
 */
enum gate_verdict gate_feed(struct gate *g, const struct gate_conf *conf,
    const char *data, size_t len);

/* No more bytes will come. Never GATE_WAIT. */
enum gate_verdict gate_eof(struct gate *g, const struct gate_conf *conf);

/* Anything but blank lines has come: a client that is late with the rest of
 * a request is told so, one that never spoke is not. */
bool gate_began(const struct gate *g);

/* The head is over, the body is awaited here, and the client has said that it
 * sends none before "100 Continue": true once. */
bool gate_waits_for_continue(struct gate *g);

/* After GATE_PASS of kind http; false for the other kinds. */
bool gate_is_head(const struct gate *g);
bool gate_wants_upgrade(const struct gate *g);

/* A plain GET that anybody's reply to the same target would serve: without
 * Authorization, Cookie, Range, Upgrade or a body. */
bool gate_is_shareable(const struct gate *g);

#endif
