/*
 * pipe.h: splice, and a bounded pool of pipes for it.
 *
 * splice knows "would block" for an empty socket, for a full pipe, and for a
 * FIN behind a full pipe (doc/poll-semantics.txt, splice): a caller moves on
 * only what the pipe holds, and reads again only into an empty one.
 */
#ifndef SYS_PIPE_H
#define SYS_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/list.h"

struct pipe {
	int read_fd;
	int write_fd;
	struct pipe *next; /* in the pool */
};

enum { PIPE_COUNT_MAX = 255 };

/* `pipes` are `count` unopened entries; the pool opens them as they are
 * first taken and keeps them. */
struct pipe_pool {
	struct pipe *pipes;
	struct pipe *ready;  /* open and empty */
	struct pipe *closed; /* without descriptors */
};

void pipe_pool_init(struct pipe_pool *pool, struct pipe *pipes, size_t count);
void pipe_pool_fini(struct pipe_pool *pool);

/* The number of a pipe, from 1; 0 when all are in use or the system has no
 * descriptors. */
uint8_t pipe_take(struct pipe_pool *pool);

static inline struct pipe *pipe_at(const struct pipe_pool *pool, uint8_t number)
{
	return &pool->pipes[number - 1];
}

/* A pipe that still holds bytes is closed, never shared: they belong to
 * somebody. */
void pipe_give(struct pipe_pool *pool, uint8_t number, bool empty);

/*
 * Bytes moved, or -errno. 0 from pipe_fill is not the end: it comes at the
 * peer's FIN, but also at an urgent mark with bytes behind it
 * (doc/poll-semantics.txt, urgent data). The caller goes back to sock_recv,
 * which tells the two apart.
 */
ssize_t pipe_fill(struct pipe *p, int from_fd, size_t most);
ssize_t pipe_drain(struct pipe *p, int to_fd, size_t most);

#endif
