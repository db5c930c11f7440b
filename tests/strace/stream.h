/*
 * stream.h: payloads as ranges of known streams.
 *
 * A test says beforehand which bytes its client and its device will send;
 * whatever then crosses the door is printed as a range of one of them, and
 * anything else raw. Streams should never repeat within a few bytes, so that
 * a misplaced payload names its true place.
 */
#ifndef STRACE_STREAM_H
#define STRACE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "role.h"

enum { STREAM_MAX = 16, STREAM_NAME_MAX = 16 };

struct stream {
	char name[STREAM_NAME_MAX];
	char *bytes; /* owned */
	size_t len;
};

struct stream_set {
	struct stream stream[STREAM_MAX];
	size_t count;
};

/* Takes ownership of `bytes`, from malloc. 0, or -ENOSPC. */
int stream_add(struct stream_set *set, const char *name, char *bytes,
    size_t len);
void stream_fini(struct stream_set *set);

/*
 * Where in which stream do the `len` bytes at `payload` stand? First asked
 * is `flow`, the bytes that should come next; then every stream, from its
 * start. Returns the stream's index and `*out_at`, or STREAM_UNBOUND when
 * the bytes are in none.
 */
int stream_place(const struct stream_set *set, const struct flow *flow,
    const char *payload, size_t len, uint64_t *out_at);

#endif
