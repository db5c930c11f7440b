/*
 * budget.h: who may keep bytes: leases on the chunks of one arena.
 *
 * A lease promises its holder a number of chunks. What the holder keeps is
 * drawn from its lease first; what lies beyond, and all that is kept without
 * a lease, comes from what no lease is promised. So a reply whose slot was
 * granted always finds its memory, whatever others keep.
 *
 * Only the calls below may take from the arena or give back to it.
 */
#ifndef POLICY_BUDGET_H
#define POLICY_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/chunk.h"

/* In chunks. All zero: no lease. */
struct lease {
	size_t size; /* promised */
	size_t used; /* kept by the holder, also beyond the promise */
};

struct budget {
	struct chunk_arena arena;
	size_t reserved; /* chunks promised and not taken yet */
};

/* `memory` holds `bytes` bytes, zeroed or never touched, and stays the
 * caller's. */
void budget_init(struct budget *b, void *memory, size_t bytes);

/* How many chunks a lease for `bytes` needs. */
size_t budget_chunks(size_t bytes);

/* Chunks that nobody keeps and nobody was promised. */
static inline size_t budget_free(const struct budget *b)
{
	return chunk_arena_left(&b->arena) - b->reserved;
}

/* Promises `lease`, which is all zero, room for `bytes`. False: that much is
 * not free, and nothing has changed. */
bool budget_lease(struct budget *b, struct lease *lease, size_t bytes);

/* Ends the promise; what is kept stays kept. Safe without a lease. */
void budget_end_lease(struct budget *b, struct lease *lease);

/* How many more bytes may be put into `q`, which is kept under `lease` (NULL:
 * none). */
size_t budget_room(const struct budget *b, const struct lease *lease,
    const struct chunk_queue *q);

/* As the functions of chunk.h, for a queue kept under `lease` (or NULL). */
void budget_append(struct budget *b, struct lease *lease, struct chunk_queue *q,
    const void *bytes, size_t len);
void budget_prepend(struct budget *b, struct lease *lease,
    struct chunk_queue *q, const void *bytes, size_t len);
void budget_consume(
    struct budget *b, struct lease *lease, struct chunk_queue *q, size_t len);
void budget_trim(
    struct budget *b, struct lease *lease, struct chunk_queue *q, size_t keep);
void budget_clear(struct budget *b, struct lease *lease, struct chunk_queue *q);

#endif
