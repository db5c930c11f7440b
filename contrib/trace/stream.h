/*
 * stream.h: payloads as ranges of known streams.
 *
 * A test says beforehand which bytes its client and its device will send;
 * or a stream is learnt: what is read first from a descriptor gets its name.
 * Whatever then crosses the program is printed as a range of one of them,
 * and anything else raw. Streams should never repeat within a few bytes, so
 * that a misplaced payload names its true place.
 */
#ifndef STRACE_STREAM_H
#define STRACE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "role.h"

enum { STREAM_NAME_MAX = 24 };

struct stream {
	char name[STREAM_NAME_MAX];
	char *bytes; /* owned */
	bool *known; /* which of them strace has shown; NULL: all */
	size_t len;
	uint64_t passed; /* how far it has been passed on */
};

struct stream_set {
	struct stream *stream;
	size_t count;
};

/* A stream of these bytes, from malloc; it owns them. Its index. */
int stream_add(
    struct stream_set *set, const char *name, char *bytes, size_t len);
void stream_fini(struct stream_set *set);

/* Appends `total` bytes to a learnt stream; of them `len` are known. Beyond
 * some megabytes nothing is learnt any more, and false is returned. */
bool stream_learn(
    struct stream *s, const char *bytes, size_t len, uint64_t total);

/*
 * Where in which stream do the `len` bytes at `payload` stand? First asked
 * is `flow`, the bytes that should come next; then what each stream has not
 * yet passed on, the newest first; then every stream, from its start.
 * Returns the stream's index and `*out_at`, or STREAM_UNBOUND when the bytes
 * are in none.
 */
int stream_place(const struct stream_set *set, const struct flow *flow,
    const char *payload, size_t len, uint64_t *out_at);

#endif
