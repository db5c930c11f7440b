/*
 * chunk.h: the memory for bytes that wait.
 *
 * One arena of equal chunks is sized at start and is the ceiling for all
 * buffered bytes; the pages of chunks never used are never touched. A queue
 * is a chain of chunks taken from the arena; an empty queue owns none.
 */
#ifndef BASE_CHUNK_H
#define BASE_CHUNK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* A chunk fills a page, whatever the size of a pointer. */
enum { CHUNK_BYTES = 4096 - 2 * sizeof(void *) - 2 * sizeof(uint32_t) };

struct chunk {
	struct chunk *next;
	struct chunk *last; /* of its queue, in the first of one only */
	uint32_t start;	    /* the first byte that still waits */
	uint32_t end;
	char bytes[CHUNK_BYTES];
};

struct chunk_arena {
	struct chunk *all;
	struct chunk *free; /* given back */
	size_t fresh;	    /* chunks from `all` never taken so far */
	size_t count;
	size_t taken;
};

struct chunk_queue {
	struct chunk *first;
	size_t bytes;
};

/* `memory` holds `bytes` bytes, zeroed or never touched, and stays the
 * caller's. */
void chunk_arena_init(struct chunk_arena *a, void *memory, size_t bytes);

static inline size_t chunk_arena_left(const struct chunk_arena *a)
{
	return a->count - a->taken;
}

/* How many more bytes its last chunk can hold. */
static inline size_t chunk_tail_room(const struct chunk_queue *q)
{
	return q->first ? CHUNK_BYTES - q->first->last->end : 0;
}

/* How many more bytes `q` can be given, at least: the rest of its last chunk
 * and all free ones. */
size_t chunk_room(const struct chunk_arena *a, const struct chunk_queue *q);

/* Copies `len` bytes, at most chunk_room(), to the end of `q`. */
void chunk_append(struct chunk_arena *a, struct chunk_queue *q,
    const void *bytes, size_t len);

/* Puts `len` bytes, at most CHUNK_BYTES, before all others. A chunk must be
 * free. */
void chunk_prepend(struct chunk_arena *a, struct chunk_queue *q,
    const void *bytes, size_t len);

/* Writes over the first `len` bytes, at most q->bytes. */
void chunk_overwrite(struct chunk_queue *q, const void *bytes, size_t len);

/* Puts all of `more` behind the bytes of `q`; `more` is empty then. */
void chunk_join(struct chunk_queue *q, struct chunk_queue *more);

/* Drops what lies behind the first `keep` bytes. */
void chunk_trim(struct chunk_arena *a, struct chunk_queue *q, size_t keep);

/* Drops `len` bytes, at most q->bytes, from the front. */
void chunk_consume(struct chunk_arena *a, struct chunk_queue *q, size_t len);

/* Drops everything. */
void chunk_clear(struct chunk_arena *a, struct chunk_queue *q);

/* The last bytes of `q`, which is not empty, as chunk_iov points at them. */
static inline const char *chunk_last(const struct chunk_queue *q)
{
	return q->first->last->bytes + q->first->last->start;
}

/* Points `out_iov` at the first bytes of `q`; returns how many were filled. */
int chunk_iov(const struct chunk_queue *q, struct iovec *out_iov, int most);

#endif
