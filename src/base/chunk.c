/*
 * chunk.c: taking, filling and giving back chunks. Freed chunks are used
 * again first, so the memory touched is the most that ever waited at once.
 */
#include "base/chunk.h"

#include <string.h>

#include "base/bug.h"

_Static_assert(sizeof(struct chunk) == 4096, "a chunk fills a page");

void chunk_arena_init(struct chunk_arena *a, void *memory, size_t bytes)
{
	*a = (struct chunk_arena){
	    .all = memory,
	    .count = bytes / sizeof(struct chunk),
	};
}

static struct chunk *chunk_take(struct chunk_arena *a)
{
	struct chunk *c = a->free;

	if (c) {
		a->free = c->next;
	} else {
		BUG_ON(a->fresh == a->count);
		c = &a->all[a->fresh++];
	}
	a->taken++;
	c->next = NULL;
	c->last = c;
	c->start = 0;
	c->end = 0;
	return c;
}

static void chunk_give(struct chunk_arena *a, struct chunk *c)
{
	c->next = a->free;
	a->free = c;
	a->taken--;
}

size_t chunk_room(const struct chunk_arena *a, const struct chunk_queue *q)
{
	return chunk_tail_room(q) + chunk_arena_left(a) * CHUNK_BYTES;
}

/* Puts `more`, which knows its last, behind all others. */
static void link_behind(struct chunk_queue *q, struct chunk *more)
{
	if (q->first) {
		q->first->last->next = more;
		q->first->last = more->last;
	} else {
		q->first = more;
	}
}

APART void chunk_append(
    struct chunk_arena *a, struct chunk_queue *q, const void *bytes, size_t len)
{
	const char *from = bytes;
	struct chunk *c;
	size_t part;

	q->bytes += len;
	while (len > 0) {
		if (chunk_tail_room(q) == 0)
			link_behind(q, chunk_take(a));
		c = q->first->last;
		part = CHUNK_BYTES - c->end;
		if (part > len)
			part = len;
		memcpy(c->bytes + c->end, from, part);
		c->end += (uint32_t)part;
		from += part;
		len -= part;
	}
}

void chunk_prepend(
    struct chunk_arena *a, struct chunk_queue *q, const void *bytes, size_t len)
{
	struct chunk *c = chunk_take(a);

	BUG_ON(len > CHUNK_BYTES);
	memcpy(c->bytes, bytes, len);
	c->end = (uint32_t)len;
	c->next = q->first;
	if (q->first)
		c->last = q->first->last;
	q->first = c;
	q->bytes += len;
}

void chunk_overwrite(struct chunk_queue *q, const void *bytes, size_t len)
{
	const char *from = bytes;
	size_t part;

	BUG_ON(len > q->bytes);
	for (struct chunk *c = q->first; len > 0; c = c->next) {
		part = c->end - c->start;
		if (part > len)
			part = len;
		memcpy(c->bytes + c->start, from, part);
		from += part;
		len -= part;
	}
}

void chunk_join(struct chunk_queue *q, struct chunk_queue *more)
{
	if (!more->first)
		return;
	link_behind(q, more->first);
	q->bytes += more->bytes;
	*more = (struct chunk_queue){0};
}

APART void chunk_trim(struct chunk_arena *a, struct chunk_queue *q, size_t keep)
{
	struct chunk *c = q->first;
	struct chunk *rest;
	size_t left = keep;

	if (keep >= q->bytes)
		return;
	if (keep == 0) {
		chunk_clear(a, q);
		return;
	}
	while (left > c->end - c->start) {
		left -= c->end - c->start;
		c = c->next;
	}
	c->end = c->start + (uint32_t)left;
	q->bytes = keep;
	q->first->last = c;
	while ((rest = c->next)) {
		c->next = rest->next;
		chunk_give(a, rest);
	}
}

APART void chunk_consume(
    struct chunk_arena *a, struct chunk_queue *q, size_t len)
{
	struct chunk *c;
	size_t part;

	BUG_ON(len > q->bytes);
	q->bytes -= len;
	while (len > 0) {
		c = q->first;
		part = c->end - c->start;
		if (part > len)
			part = len;
		c->start += (uint32_t)part;
		len -= part;
		if (c->start < c->end)
			break;
		q->first = c->next;
		if (q->first)
			q->first->last = c->last;
		chunk_give(a, c);
	}
}

void chunk_clear(struct chunk_arena *a, struct chunk_queue *q)
{
	chunk_consume(a, q, q->bytes);
}

int chunk_iov(const struct chunk_queue *q, struct iovec *out_iov, int most)
{
	int n = 0;

	for (struct chunk *c = q->first; c && n < most; c = c->next) {
		out_iov[n].iov_base = c->bytes + c->start;
		out_iov[n].iov_len = c->end - c->start;
		n++;
	}
	return n;
}
