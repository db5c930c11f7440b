/*
 * fake_pipe.c: the model's pipes, and splice.
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "fake_impl.h"

static struct {
	bool open;
	enum fake_side from;
	size_t bytes;
	size_t at; /* of the first byte, in the stream of `from` */
} pipes[FAKE_PIPES];

int __wrap_pipe2(int fds[2], int flags)
{
	(void)flags;
	for (int i = 0; i < FAKE_PIPES; i++) {
		if (pipes[i].open)
			continue;
		pipes[i].open = true;
		pipes[i].bytes = 0;
		fds[0] = FAKE_PIPE_FD + 2 * i;
		fds[1] = fds[0] + 1;
		return 0;
	}
	return (int)fake_return(-EMFILE);
}

static long splice_in(struct fake_socket *s, int i, size_t most)
{
	size_t at = fake_peers[s->side].read;
	long n;

	fake_require(pipes[i].bytes == 0, "a pipe is filled that holds bytes");
	n = fake_take_input(s, most);
	/* What moves nothing may be an urgent mark: recv decides. */
	if (n == 0)
		s->end_told = false;
	if (n > 0) {
		pipes[i].from = s->side;
		pipes[i].bytes = (size_t)n;
		pipes[i].at = at;
	}
	return n;
}

static long splice_out(int i, struct fake_socket *s, size_t most)
{
	long n;

	fake_require(pipes[i].from != s->side, "a pipe drained backwards");
	fake_require(most <= pipes[i].bytes, "more than the pipe holds");
	n = fake_take_output(s, most);
	if (n > 0) {
		fake_delivered(s, pipes[i].at, (size_t)n);
		pipes[i].at += (size_t)n;
		pipes[i].bytes -= (size_t)n;
	}
	return n;
}

static int pipe_of(int fd)
{
	return fd >= FAKE_PIPE_FD && fd < FAKE_EPOLL_FD
		   ? (fd - FAKE_PIPE_FD) / 2
		   : -1;
}

ssize_t __wrap_splice(
    int from, off_t *at, int to, off_t *to_at, size_t len, unsigned int flags)
{
	long n;

	(void)at, (void)to_at, (void)flags;
	fake_calls.splice++;
	n = pipe_of(to) >= 0
		? splice_in(fake_socket_at(from), pipe_of(to), len)
		: splice_out(pipe_of(from), fake_socket_at(to), len);
	fake_say("  splice(%d, %d, %zu) = %ld\n", from, to, len, n);
	return fake_return(n);
}

int fake_full_pipes(void)
{
	int full = 0;

	for (int i = 0; i < FAKE_PIPES; i++)
		full += pipes[i].open && pipes[i].bytes > 0;
	return full;
}

void fake_close_pipe(int fd)
{
	pipes[pipe_of(fd)].open = false;
}
