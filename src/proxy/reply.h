/*
 * reply.h: the door's own answers in HTTP: small, complete, readable.
 *
 * Gates other than http answer with the bytes of busy-reply, or not at all.
 * Which cause gets which answer is a column of the cause table.
 */
#ifndef PROXY_REPLY_H
#define PROXY_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum {
	REPLY_MAX = 1024, /* no answer is longer */
	REPLY_BUSY_MAX = 16384,
};

struct reply_conf {
	const char *busy_path; /* as the user wrote it, or NULL */
	const char *busy;      /* its bytes: queue full, expired, device down */
	size_t busy_bytes;     /* at most REPLY_BUSY_MAX */
};

enum reply_kind {
	REPLY_NONE,             /* nothing is said */
	REPLY_BAD_REQUEST,      /* 400 */
	REPLY_REQUEST_TIMEOUT,  /* 408 */
	REPLY_LENGTH_REQUIRED,  /* 411 */
	REPLY_HEAD_TOO_LARGE,   /* 431 */
	REPLY_BAD_GATEWAY,      /* 502: refused or reset */
	REPLY_BUSY,             /* 503: no place, or waited too long */
	REPLY_DOWN,             /* 503: the device is down */
	REPLY_GATEWAY_TIMEOUT,  /* 504: silent, or too slow */
	REPLY_KINDS
};

/* The status code, 0 for REPLY_NONE. */
int reply_status(enum reply_kind kind);

/*
 * Writes a whole HTTP/1.1 answer and returns its length. `to_head` leaves the
 * body out; `retry_after_s`, at least 1, is said in a 503.
 */
size_t reply_write(enum reply_kind kind, bool to_head,
    unsigned int retry_after_s, char out[REPLY_MAX]);

#endif
