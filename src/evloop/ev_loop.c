/*
 * ev_loop.c: the turn, and what needs no kernel: interests, closes, later-work.
 *
 * Waiting itself is in ev_epoll.c, clocks in ev_timer.c, signals in
 * ev_signal.c.
 */
#include "evloop/ev_loop.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"

/* So many failed waits in a row are not an accident any more. */
enum { WAIT_FAILURES_MAX = 100 };

void ev_read_clock(struct ev_loop *loop)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	loop->now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t ev_now(const struct ev_loop *loop)
{
	return loop->now_ms;
}

uint64_t ev_turn(const struct ev_loop *loop)
{
	return loop->turn;
}

struct ev_loop *ev_loop_new(size_t fd_limit, size_t timer_limit)
{
	struct ev_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->epoll_fd = -1;
	loop->signal_io.fd = -1;
	loop->changed_limit = fd_limit;
	loop->heap_limit = (uint32_t)timer_limit;
	list_init(&loop->later);
	loop->changed = calloc(fd_limit, sizeof(struct ev_io *));
	loop->heap = calloc(timer_limit + 1, sizeof(struct ev_timer *));
	if (!loop->changed || !loop->heap || ev_epoll_open(loop) < 0) {
		ev_loop_free(loop);
		return NULL;
	}
	ev_read_clock(loop);
	return loop;
}

void ev_loop_free(struct ev_loop *loop)
{
	ev_io_close(loop, &loop->signal_io);
	ev_epoll_close(loop);
	free(loop->heap);
	free(loop->changed);
	free(loop);
}

void ev_io_init(struct ev_io *io, int fd,
    void (*on_io)(struct ev_loop *, struct ev_io *, unsigned int))
{
	*io = (struct ev_io){.on_io = on_io, .fd = fd};
}

static void enqueue(struct ev_loop *loop, struct ev_io *io)
{
	if (io->queued)
		return;
	BUG_ON(io->fd < 0 || loop->changed_count == loop->changed_limit);
	io->queued = true;
	loop->changed[loop->changed_count++] = io;
}

void ev_io_want(struct ev_loop *loop, struct ev_io *io, unsigned int want)
{
	if (io->want == want)
		return;
	io->want = (uint8_t)want;
	enqueue(loop, io);
}

/* The interest still queued is near the end of the list: it was stated in this
 * turn, and most often just now. */
static void dequeue(struct ev_loop *loop, struct ev_io *io)
{
	size_t i = loop->changed_count;

	if (!io->queued)
		return;
	while (loop->changed[--i] != io)
		;
	loop->changed[i] = loop->changed[--loop->changed_count];
	io->queued = false;
}

void ev_io_close(struct ev_loop *loop, struct ev_io *io)
{
	int fd = io->fd;

	if (fd < 0)
		return;
	dequeue(loop, io);
	loop->watched_count -= io->have != 0;
	*io = (struct ev_io){.on_io = io->on_io, .fd = -1};
	/* Linux closes whatever it returns; but what stays open stays watched.
	 */
	if (close(fd) < 0)
		ev_epoll_forget(loop, fd);
}

void ev_io_close_shared(struct ev_loop *loop, struct ev_io *io)
{
	if (io->fd >= 0 && io->have != 0)
		ev_epoll_forget(loop, io->fd);
	ev_io_close(loop, io);
}

void ev_io_move(struct ev_loop *loop, struct ev_io *to, struct ev_io *from)
{
	BUG_ON(to->fd >= 0 || from->fd < 0);
	dequeue(loop, from);
	to->fd = from->fd;
	to->want = from->want;
	to->have = from->have ? from->have | EV_MOVED : 0;
	to->hung_up = from->hung_up;
	enqueue(loop, to);
	*from = (struct ev_io){.on_io = from->on_io, .fd = -1};
}

void ev_later_init(
    struct ev_later *l, void (*on_later)(struct ev_loop *, struct ev_later *))
{
	list_init(&l->link);
	l->on_later = on_later;
}

void ev_later_add(struct ev_loop *loop, struct ev_later *l)
{
	if (list_empty(&l->link))
		list_append(&loop->later, &l->link);
}

/* Takes the list away first: what is added now belongs to the next turn. */
static void run_later(struct ev_loop *loop)
{
	struct list work;
	struct ev_later *l;

	if (list_empty(&loop->later))
		return;
	list_init(&work);
	list_join(&work, &loop->later);
	while (!list_empty(&work)) {
		l = container_of(work.next, struct ev_later, link);
		list_remove(&l->link);
		l->on_later(loop, l);
	}
}

/*
 * May bytes have arrived that this turn did not see? Then no timer may strike
 * for want of them. So many further turns as show every watched descriptor
 * once are enough; a crowd that always has more cannot hold the timers back.
 */
static bool must_look_again(
    const struct ev_loop *loop, int result, size_t looks)
{
	return result == EV_LOOK_AGAIN &&
	       looks * EV_BATCH_MAX < loop->watched_count;
}

OFTEN int ev_loop_run(struct ev_loop *loop)
{
	int failures = 0;
	size_t looks = 0; /* since timers could last fire */
	int64_t deadline_ms;
	int result = 0;

	BUG_ON(loop->running);
	loop->running = true;
	loop->stopping = false;
	while (!loop->stopping) {
		loop->turn++;
		deadline_ms = looks == 0 && list_empty(&loop->later)
				  ? ev_timer_next(loop)
				  : loop->now_ms;
		result = ev_epoll_turn(loop, deadline_ms);
		failures = result < 0 ? failures + 1 : 0;
		if (failures > WAIT_FAILURES_MAX)
			break;
		looks = must_look_again(loop, result, looks) ? looks + 1 : 0;
		if (looks == 0)
			ev_timer_fire(loop);
		run_later(loop);
	}
	loop->running = false;
	return failures > WAIT_FAILURES_MAX ? result : 0;
}

void ev_loop_stop(struct ev_loop *loop)
{
	loop->stopping = true;
}
