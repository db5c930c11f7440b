/*
 * ev_epoll.c: the kernel's side of waiting. epoll_* is named nowhere else.
 *
 * Level mode with lazy registration: interests collect during the turn and
 * those that differ from what the kernel has are written just before the sleep.
 * So within a batch the kernel has nothing of a descriptor that was opened in
 * it: an event fetched for the one before, which was closed, is known by that.
 * A closed descriptor needs no call: it was the only reference to its socket
 * (everything is CLOEXEC and nothing is duplicated), so the kernel drops it.
 * What is shared with other processes is forgotten by name.
 */
#include "evloop/ev_loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/bug.h"

enum {
	/* How long an interest that the kernel refused (no memory) waits. */
	REFUSED_RETRY_MS = 100,
};

int ev_epoll_open(struct ev_loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll_fd < 0 ? -errno : 0;
}

void ev_epoll_close(struct ev_loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
}

/* Events have the kernel's own bits, but RDHUP, which does not fit a byte. */
enum {
	SAME_BITS = EV_IN | EV_PRI | EV_OUT | EV_ERR | EV_HUP,
	RDHUP_SHIFT = 8,
};
_Static_assert(
    SAME_BITS == (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP) &&
	(int)EV_IN == (int)EPOLLIN && (int)EV_OUT == (int)EPOLLOUT &&
	(int)EV_ERR == (int)EPOLLERR && (int)EV_HUP == (int)EPOLLHUP &&
	EV_RDHUP << RDHUP_SHIFT == (int)EPOLLRDHUP,
    "the kernel's bits");

static uint32_t to_epoll(unsigned int want)
{
	return (want & (EV_IN | EV_PRI | EV_OUT)) | (want & EV_RDHUP)
							<< RDHUP_SHIFT;
}

static unsigned int from_epoll(uint32_t e, struct ev_io *io)
{
	unsigned int events = (e & SAME_BITS) | (e >> RDHUP_SHIFT & EV_RDHUP);

	if (events & (EV_HUP | EV_ERR)) {
		events |= io->want & (EV_IN | EV_OUT | EV_RDHUP);
		io->hung_up = true;
	}
	return events;
}

static int write_interest(struct ev_loop *loop, struct ev_io *io)
{
	struct epoll_event e = {to_epoll(io->want), {.ptr = io}};
	int op = EPOLL_CTL_MOD;

	if (!io->have)
		op = EPOLL_CTL_ADD;
	else if (!io->want)
		op = EPOLL_CTL_DEL;
	if (epoll_ctl(loop->epoll_fd, op, io->fd, &e) < 0)
		return -errno;
	loop->watched_count += op == EPOLL_CTL_ADD;
	loop->watched_count -= op == EPOLL_CTL_DEL;
	return 0;
}

void ev_epoll_forget(struct ev_loop *loop, int fd)
{
	struct epoll_event unused = {0};

	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, &unused);
}

/* Returns how many interests the kernel refused; they stay in the list. */
static size_t flush_interests(struct ev_loop *loop)
{
	size_t refused = 0;
	struct ev_io *io;

	for (size_t i = 0; i < loop->changed_count; i++) {
		io = loop->changed[i];
		if (io->want != io->have && write_interest(loop, io) < 0) {
			loop->changed[refused++] = io;
			continue;
		}
		io->have = io->want;
		io->queued = false;
	}
	loop->changed_count = refused;
	return refused;
}

static int timeout_until(struct ev_loop *loop, int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - loop->now_ms;

	if (deadline_ms == INT64_MAX)
		return -1;
	if (left_ms <= 0)
		return 0;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

/* Of the `count` that were put off those that are to write, then a signal. */
SELDOM static void deliver_last(
    struct ev_loop *loop, const struct epoll_event *batch, int count)
{
	bool signalled = false;
	struct ev_io *io;

	for (int i = 0; i < count; i++) {
		io = batch[i].data.ptr;
		if (io == &loop->signal_io)
			signalled = true;
		else if (io->have != 0)
			io->on_io(loop, io, from_epoll(batch[i].events, io));
	}
	if (signalled)
		loop->signal_io.on_io(loop, &loop->signal_io, EV_IN);
}

/* Who only waits to write is put off: what is heard in the same turn may mean
 * that nobody wants it written any more. */
static void deliver(struct ev_loop *loop, struct epoll_event *batch, int count)
{
	struct ev_io *io;
	int last = 0;

	for (int i = 0; i < count; i++) {
		io = batch[i].data.ptr;
		if (io->have == EV_OUT || io == &loop->signal_io)
			batch[last++] = batch[i];
		else if (io->have != 0)
			io->on_io(loop, io, from_epoll(batch[i].events, io));
	}
	if (last > 0)
		deliver_last(loop, batch, last);
}

int ev_epoll_turn(struct ev_loop *loop, int64_t deadline_ms)
{
	struct epoll_event batch[EV_BATCH_MAX];
	int timeout_ms, count, err;

	if (flush_interests(loop) > 0 &&
	    deadline_ms > loop->now_ms + REFUSED_RETRY_MS)
		deadline_ms = loop->now_ms + REFUSED_RETRY_MS;
	timeout_ms = timeout_until(loop, deadline_ms);
	count = epoll_wait(loop->epoll_fd, batch, EV_BATCH_MAX, timeout_ms);
	err = count < 0 ? errno : 0;
	ev_read_clock(loop);
	if (count < 0)
		return err == EINTR ? EV_LOOK_AGAIN : -err;
	deliver(loop, batch, count);
	return count == EV_BATCH_MAX ? EV_LOOK_AGAIN : 0;
}
