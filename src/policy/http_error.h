/*
 * http_error.h: the proxy's own answers in HTTP: small, complete, readable.
 *
 * Gates other than http answer with the bytes of busy-reply, or not at all.
 * Which cause gets which answer is a column of the cause table.
 */
#ifndef POLICY_HTTP_ERROR_H
#define POLICY_HTTP_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum {
	HTTP_ERROR_MAX = 1024, /* no answer is longer */
	HTTP_ERROR_BUSY_MAX = 16384,
};

struct http_error_conf {
	const char *busy_path; /* as the user wrote it, or NULL */
	const char *busy;      /* its bytes, said where http gets a 503 */
	size_t busy_bytes;     /* at most HTTP_ERROR_BUSY_MAX */
};

enum http_error_kind {
	HTTP_ERROR_NONE,	    /* nothing is said */
	HTTP_ERROR_ANSWER,	    /* the setting `answer`: any status */
	HTTP_ERROR_BAD_REQUEST,	    /* 400: not HTTP */
	HTTP_ERROR_REQUEST_CUT,	    /* 400: a part of a request */
	HTTP_ERROR_METHOD,	    /* 405 */
	HTTP_ERROR_REQUEST_TIMEOUT, /* 408 */
	HTTP_ERROR_LENGTH_REQUIRED, /* 411 */
	HTTP_ERROR_BODY_TOO_LARGE,  /* 413 */
	HTTP_ERROR_REQUEST_LIMIT,   /* 429 */
	HTTP_ERROR_HEAD_TOO_LARGE,  /* 431 */
	HTTP_ERROR_REFUSED,	    /* 502: refused after all retries */
	HTTP_ERROR_UNREACHABLE,	    /* 502 */
	HTTP_ERROR_DEVICE_RESET,    /* 502 */
	HTTP_ERROR_DEVICE_EMPTY,    /* 502: an end before any byte */
	HTTP_ERROR_QUEUE_FULL,	    /* 503, and so to HTTP_ERROR_SHUTDOWN */
	HTTP_ERROR_QUEUE_TIMEOUT,
	HTTP_ERROR_EVICTED,
	HTTP_ERROR_PREEMPTED,
	HTTP_ERROR_MAX_AGE,
	HTTP_ERROR_SOURCE_LIMIT,
	HTTP_ERROR_CLIENT_LIMIT,
	HTTP_ERROR_SUSPECTED,
	HTTP_ERROR_DOWN,
	HTTP_ERROR_HELD,
	HTTP_ERROR_NO_STREAM_SLOT,
	HTTP_ERROR_NO_DESCRIPTOR, /* or no port */
	HTTP_ERROR_NO_MEMORY,
	HTTP_ERROR_SHUTDOWN,
	HTTP_ERROR_SILENT, /* 504, and so the rest */
	HTTP_ERROR_STALLED,
	HTTP_ERROR_CONNECT_TIMEOUT,
	HTTP_ERROR_REPLY_PAUSE,
	HTTP_ERROR_REPLY_LONG,
	HTTP_ERROR_KINDS
};

struct http_error {
	enum http_error_kind kind;  /* not HTTP_ERROR_NONE */
	int status;		    /* HTTP_ERROR_ANSWER only: 200 to 599 */
	unsigned int retry_after_s; /* said in a 429 and a 503, at least 1 */
	const char *allow;	    /* the methods said in a 405 */
	bool to_head;		    /* without the body */
};

/* The status code; 0 for HTTP_ERROR_NONE and HTTP_ERROR_ANSWER. */
int http_error_status(enum http_error_kind kind);

/* Writes a whole HTTP/1.1 answer and returns its length. Needs no memory but
 * `out`. `e->allow` has at most 256 bytes. */
size_t http_error_write(const struct http_error *e, char out[HTTP_ERROR_MAX]);

#endif
