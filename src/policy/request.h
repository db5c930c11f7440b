/*
 * request.h: has this client earned a dial?
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
#ifndef POLICY_REQUEST_H
#define POLICY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/field.h"

enum gate_kind { GATE_NONE, GATE_DATA, GATE_LINE, GATE_HTTP };

enum { REQUEST_LIST_MAX = 16 };

/* A word of a setting, not zero-terminated. */
struct request_word {
	const char *text;
	size_t bytes;
};

/* A request path that is answered without a connect. */
struct request_answer {
	struct request_word path;
	int status;
};

struct request_conf {
	enum gate_kind kind;
	int64_t timeout_ms;
	size_t head_limit_bytes; /* below 4g; what is dropped counts too */
	size_t body_limit_bytes; /* a longer body is passed on, not awaited */
	size_t body_max_bytes;   /* a longer one is refused; 0: no limit */
	bool upgrade; /* pass Upgrade on; after a 101 stream both ways */
	size_t method_count; /* allowed methods; 0: all but CONNECT */
	size_t strip_count;  /* names of fields that are not passed on */
	size_t answer_count;
	struct request_word methods[REQUEST_LIST_MAX];
	struct request_word strip[REQUEST_LIST_MAX];
	struct request_answer answers[REQUEST_LIST_MAX];
};

enum request_verdict {
	REQUEST_WAIT,
	REQUEST_PASS,            /* the device may be dialled */
	REQUEST_EMPTY,           /* EOF before any request: close, say nothing */
	REQUEST_BAD,             /* not HTTP, or only a part of it: 400 */
	REQUEST_TOO_LARGE,       /* no end within head-limit: 431 */
	REQUEST_LENGTH_REQUIRED, /* Transfer-Encoding: 411 */
};

struct request {
	/* For the caller, true once the verdict is REQUEST_PASS. */
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

void request_init(struct request *g);

/*
 * Reads the next `len` bytes. Once it is not REQUEST_WAIT the verdict stands,
 * and later bytes change nothing. Call it once with no bytes at the start:
 * kind none passes at once.
 */
enum request_verdict request_feed(struct request *g, const struct request_conf *conf,
    const char *data, size_t len);

/* No more bytes will come. Never REQUEST_WAIT. */
enum request_verdict request_eof(struct request *g, const struct request_conf *conf);

/* Anything but blank lines has come: a client that is late with the rest of
 * a request is told so, one that never spoke is not. */
bool request_began(const struct request *g);

/* The head is over, the body is awaited here, and the client has said that it
 * sends none before "100 Continue": true once. */
bool request_waits_for_continue(struct request *g);

/* After REQUEST_PASS of kind http; false for the other kinds. */
bool request_is_head(const struct request *g);
bool request_wants_upgrade(const struct request *g);

/* A plain GET that anybody's reply to the same target would serve: without
 * Authorization, Cookie, Range, Upgrade or a body. */
bool request_is_shareable(const struct request *g);

#endif
