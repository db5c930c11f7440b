/*
 * http_error.h: the door's own answers in HTTP: small, complete, readable.
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
	const char *busy;      /* its bytes: queue full, expired, device down */
	size_t busy_bytes;     /* at most HTTP_ERROR_BUSY_MAX */
};

enum http_error_kind {
	HTTP_ERROR_NONE,             /* nothing is said */
	HTTP_ERROR_BAD_REQUEST,      /* 400 */
	HTTP_ERROR_REQUEST_TIMEOUT,  /* 408 */
	HTTP_ERROR_LENGTH_REQUIRED,  /* 411 */
	HTTP_ERROR_HEAD_TOO_LARGE,   /* 431 */
	HTTP_ERROR_BAD_GATEWAY,      /* 502: refused or reset */
	HTTP_ERROR_BUSY,             /* 503: no place, or waited too long */
	HTTP_ERROR_DOWN,             /* 503: the device is down */
	HTTP_ERROR_GATEWAY_TIMEOUT,  /* 504: silent, or too slow */
	HTTP_ERROR_KINDS
};

/* The status code, 0 for HTTP_ERROR_NONE. */
int http_error_status(enum http_error_kind kind);

/*
 * Writes a whole HTTP/1.1 answer and returns its length. `to_head` leaves the
 * body out; `retry_after_s`, at least 1, is said in a 503.
 */
size_t http_error_write(enum http_error_kind kind, bool to_head,
    unsigned int retry_after_s, char out[HTTP_ERROR_MAX]);

#endif
