/*
 * request.h: does what a client has sent satisfy the gate?
 *
 * Fed the client's bytes once, in order, in pieces of any size; the verdict
 * does not depend on where the pieces were cut. Nothing is kept of the bytes
 * but positions, counted from the first byte that is not dropped; keeping
 * the bytes themselves is the caller's part. Nothing is altered but leading
 * blank lines, which the device would take for a request, and the fields
 * that request_filter takes out.
 *
 * Kind http reads only what the proxy needs to know (RFC 9112, strictly, as a
 * head that two readers understand differently is how requests are smuggled).
 */
#ifndef POLICY_REQUEST_H
#define POLICY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/field.h"
#include "policy/modbus.h"

enum gate_kind { GATE_NONE, GATE_DATA, GATE_LINE, GATE_HTTP, GATE_MODBUS };

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
	size_t body_max_bytes;	 /* a longer one is refused; 0: no limit */
	bool upgrade;	     /* pass Upgrade on; after a 101 stream both ways */
	size_t method_count; /* allowed methods; 0: all but CONNECT */
	size_t strip_count;  /* names of fields that are not passed on */
	size_t answer_count;
	struct request_word methods[REQUEST_LIST_MAX]; /* below FIELD_MAX */
	struct request_word strip[REQUEST_LIST_MAX];
	struct request_answer answers[REQUEST_LIST_MAX];
};

enum request_verdict {
	REQUEST_WAIT,
	REQUEST_PASS,	   /* the device may be connected */
	REQUEST_EMPTY,	   /* EOF before any request: close, say nothing */
	REQUEST_BAD,	   /* not HTTP: 400 */
	REQUEST_CUT,	   /* EOF within a request: 400 */
	REQUEST_TOO_LARGE, /* no end within head-limit: 431 */
	REQUEST_LENGTH_REQUIRED, /* Transfer-Encoding: 411 */
	REQUEST_METHOD,		 /* not allowed, or CONNECT: 405 */
	REQUEST_BODY_TOO_LARGE,	 /* over body-max: 413 */
	REQUEST_ANSWER,		 /* the proxy answers: `answer_status` */
};

enum { REQUEST_ALLOW_MAX = 257 };

struct request {
	/* For the caller, true once the verdict is REQUEST_PASS. */
	uint64_t request_bytes; /* head and body; UINT64_MAX: no end */
	uint32_t drop_bytes;	/* blank lines before the request */
	uint32_t head_bytes;
	uint32_t target_at; /* the request target is target_bytes from here */
	uint32_t target_bytes;
	uint32_t host_at; /* the first Host's value, without blanks around; */
	uint32_t host_bytes;	/* 0: there is none */
	uint16_t answer_status; /* with REQUEST_ANSWER */

	/* The reader's own. */
	uint64_t fed_bytes;
	uint64_t body_bytes;
	uint32_t path_bytes; /* of the target, up to a '?' */
	uint16_t answers;    /* those whose path fits so far, a bit each */
	uint16_t fields;     /* those seen, a bit each */
	uint8_t method;
	uint8_t state;
	uint8_t verdict;
	uint8_t at;
	int8_t known; /* the field whose value passes; -1: no matter */
	bool allowed; /* the method */
	bool query;
	bool old;     /* HTTP/1.0 */
	bool special; /* a field that asks for a reply of one's own */
	bool cr;      /* a CR that wants its LF */
	struct field word;
	struct modbus_framer frame; /* kind modbus */
};

void request_init(struct request *g);

/*
 * Reads the next `len` bytes. Once it is not REQUEST_WAIT the verdict stands,
 * and later bytes change nothing. Call it once with no bytes at the start:
 * kind none passes at once.
 */
enum request_verdict request_feed(struct request *g,
    const struct request_conf *conf, const char *data, size_t len);

/* No more bytes will come. Never REQUEST_WAIT. */
enum request_verdict request_eof(
    struct request *g, const struct request_conf *conf);

/* Anything but blank lines has come: a client that is late with the rest of
 * a request is told so, one that never spoke is not. */
bool request_began(const struct request *g);

/* The head is over, the body is awaited here, and the client has said that it
 * sends none before "100 Continue": true once. */
bool request_waits_for_continue(struct request *g);

/* Kind http; false for the other kinds. */
bool request_is_head(const struct request *g);
bool request_wants_upgrade(const struct request *g);

/* GET or HEAD without a query: asked for nothing, it changes nothing. */
bool request_is_safe(const struct request *g);

/* A GET that anybody's reply to the same target and Host would serve: it has
 * no body, and no field but those known to make no difference. */
bool request_is_shareable(const struct request *g);

/* There may be something for request_filter to take out. */
bool request_needs_filter(
    const struct request *g, const struct request_conf *conf);

/*
 * Takes out of a whole head that has passed: the fields of strip-header
 * (never Host, Connection, Content-Length, Transfer-Encoding) and, with
 * upgrade off, Upgrade and HTTP2-Settings and their words in Connection. All
 * other bytes stay as they are. head_bytes and host_at follow.
 */
void request_filter(
    struct request *g, const struct request_conf *conf, char *head);

/* The methods allowed, as the value of Allow: "GET, HEAD". Those that do not
 * fit are left out. */
void request_allow(
    const struct request_conf *conf, char out[REQUEST_ALLOW_MAX]);

/* ---- request_head.c, for request.c only ---- */

/* Reads on until the head is over (head_bytes is not 0), or bad. */
enum request_verdict request_read_head(struct request *g,
    const struct request_conf *conf, const char *data, size_t len);

#endif
