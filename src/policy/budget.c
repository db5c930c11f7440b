/*
 * budget.c: the books: what is taken, and what is promised beyond it.
 *
 * Invariant: reserved is the sum over all leases of what they promise beyond
 * what their holder keeps, and reserved <= chunk_arena_left.
 */
#include "policy/budget.h"

#include "base/bug.h"

void budget_init(struct budget *b, void *memory, size_t bytes)
{
	*b = (struct budget){0};
	chunk_arena_init(&b->arena, memory, bytes);
}

/* One more: bytes need not begin at the start of a chunk. */
size_t budget_chunks(size_t bytes)
{
	return bytes / CHUNK_BYTES + 1;
}

static size_t unused(const struct lease *lease)
{
	return lease->size > lease->used ? lease->size - lease->used : 0;
}

bool budget_lease(struct budget *b, struct lease *lease, size_t bytes)
{
	size_t size = budget_chunks(bytes);

	BUG_ON(lease->size > 0);
	if (budget_free(b) < size)
		return false;
	lease->size = size;
	b->reserved += unused(lease);
	return true;
}

void budget_end_lease(struct budget *b, struct lease *lease)
{
	b->reserved -= unused(lease);
	lease->size = 0;
}

/* The holder keeps as many chunks more, or fewer, as the arena says. */
static void book(struct budget *b, struct lease *lease, size_t taken_before)
{
	if (!lease || b->arena.taken == taken_before)
		return;
	b->reserved -= unused(lease);
	lease->used += b->arena.taken - taken_before;
	b->reserved += unused(lease);
}

size_t budget_room(const struct budget *b, const struct lease *lease,
    const struct chunk_queue *q)
{
	size_t chunks = budget_free(b) + (lease ? unused(lease) : 0);

	return chunk_tail_room(q) + chunks * CHUNK_BYTES;
}

void budget_append(struct budget *b, struct lease *lease, struct chunk_queue *q,
    const void *bytes, size_t len)
{
	size_t before = b->arena.taken;

	chunk_append(&b->arena, q, bytes, len);
	book(b, lease, before);
}

void budget_prepend(struct budget *b, struct lease *lease,
    struct chunk_queue *q, const void *bytes, size_t len)
{
	size_t before = b->arena.taken;

	chunk_prepend(&b->arena, q, bytes, len);
	book(b, lease, before);
}

void budget_consume(
    struct budget *b, struct lease *lease, struct chunk_queue *q, size_t len)
{
	size_t before = b->arena.taken;

	chunk_consume(&b->arena, q, len);
	book(b, lease, before);
}

void budget_trim(
    struct budget *b, struct lease *lease, struct chunk_queue *q, size_t keep)
{
	size_t before = b->arena.taken;

	chunk_trim(&b->arena, q, keep);
	book(b, lease, before);
}

void budget_clear(struct budget *b, struct lease *lease, struct chunk_queue *q)
{
	budget_consume(b, lease, q, q->bytes);
}
