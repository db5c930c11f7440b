/*
 * pipe.c: pipes and splice. splice has no NOSIGNAL flag: the process ignores
 * SIGPIPE before the first one.
 */
#include "sys/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/bug.h"

enum { PIPE_BYTES = 256 * 1024 };

void pipe_pool_init(struct pipe_pool *pool, struct pipe *pipes, size_t count)
{
	BUG_ON(count > PIPE_COUNT_MAX);
	*pool = (struct pipe_pool){.pipes = pipes};
	for (size_t i = 0; i < count; i++) {
		pipes[i] = (struct pipe){-1, -1, pool->closed};
		pool->closed = &pipes[i];
	}
}

static uint8_t number_of(const struct pipe_pool *pool, const struct pipe *p)
{
	return (uint8_t)(p - pool->pipes + 1);
}

static void pipe_close(struct pipe_pool *pool, struct pipe *p)
{
	close(p->read_fd);
	close(p->write_fd);
	*p = (struct pipe){-1, -1, pool->closed};
	pool->closed = p;
}

void pipe_pool_fini(struct pipe_pool *pool)
{
	struct pipe *p;

	while ((p = pool->ready)) {
		pool->ready = p->next;
		pipe_close(pool, p);
	}
}

SELDOM uint8_t pipe_take(struct pipe_pool *pool)
{
	struct pipe *p = pool->ready;
	int fds[2];

	if (p) {
		pool->ready = p->next;
		return number_of(pool, p);
	}
	p = pool->closed;
	if (!p || pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return 0;
	/* More room, fewer pairs of calls; a refusal costs only those. */
	(void)fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES);
	pool->closed = p->next;
	*p = (struct pipe){fds[0], fds[1], NULL};
	return number_of(pool, p);
}

void pipe_give(struct pipe_pool *pool, uint8_t number, bool empty)
{
	struct pipe *p = pipe_at(pool, number);

	if (!empty) {
		pipe_close(pool, p);
		return;
	}
	p->next = pool->ready;
	pool->ready = p;
}

static ssize_t move(int from_fd, int to_fd, size_t most)
{
	ssize_t n;

	do
		n = splice(from_fd, NULL, to_fd, NULL, most,
		    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t pipe_fill(struct pipe *p, int from_fd, size_t most)
{
	return move(from_fd, p->write_fd, most);
}

ssize_t pipe_drain(struct pipe *p, int to_fd, size_t most)
{
	return move(p->read_fd, to_fd, most);
}
