/*
 * listener.c: accept with a measured appetite.
 *
 * Asking once more than there are clients costs a call for nothing; asking
 * once a turn when many wait costs a turn each. So the budget follows the
 * load: it doubles when two turns in a row use it up, and falls to what was
 * there when it is not used up.
 */
#include "proxy/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bug.h"
#include "sys/sock.h"

enum {
	BUDGET_MAX = 64,
	PAUSE_MS = 100,
};

void listener_init(struct listener *l, int fd)
{
	*l = (struct listener){
	    .io.fd = fd,
	    .budget = 1,
	    .used_up = UINT64_MAX,
	};
}

SELDOM static void pause_accept(
    struct listener *l, struct ev_loop *loop, int err)
{
	uint64_t held_back;

	ev_io_want(loop, &l->io, 0);
	ev_timer_set(loop, &l->pause, ev_now(loop) + PAUSE_MS);
	if (log_may_say(&l->limit, ev_now(loop), &held_back))
		log_say(l->log, LOG_LEVEL_WARN,
		    "accept: %s; trying again within %d ms (said %" PRIu64
		    " times less than it happened)",
		    strerror(-err), PAUSE_MS, held_back);
}

static void adapt_budget(struct listener *l, unsigned int got, uint64_t turn)
{
	if (got < l->budget) {
		l->budget = got > 0 ? got : 1;
		return;
	}
	if (l->used_up == turn - 1 && l->budget < BUDGET_MAX)
		l->budget *= 2;
	l->used_up = turn;
}

/* A client that left before it was accepted is gone from the queue. Any other
 * error may leave it there, and IN with it: a pause, or it would spin. */
OFTEN static void on_io(
    struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	struct listener *l = container_of(io, struct listener, io);
	unsigned int got = 0;
	struct peer peer;
	int fd = -1, err = 0;

	(void)events;
	while (got < l->budget && io->fd >= 0) {
		err = sock_accept(io->fd, &fd, &peer);
		if (err < 0)
			break;
		got++;
		l->on_client(l->arg, fd, &peer);
	}
	adapt_budget(l, got, ev_turn(loop));
	if (err < 0 && err != -EAGAIN && err != -ECONNABORTED)
		pause_accept(l, loop, err);
}

static void on_pause_over(struct ev_loop *loop, struct ev_timer *t)
{
	struct listener *l = container_of(t, struct listener, pause);

	ev_io_want(loop, &l->io, EV_IN);
}

void listener_start(struct listener *l, struct ev_loop *loop, struct log *log,
    void (*on_client)(void *arg, int fd, const struct peer *peer), void *arg)
{
	ev_io_init(&l->io, l->io.fd, on_io);
	ev_timer_init(&l->pause, on_pause_over);
	l->log = log;
	l->on_client = on_client;
	l->arg = arg;
	ev_io_want(loop, &l->io, EV_IN);
}

void listener_wake(struct listener *l, struct ev_loop *loop)
{
	if (!ev_timer_running(&l->pause))
		return;
	ev_timer_stop(loop, &l->pause);
	on_pause_over(loop, &l->pause);
}

void listener_close(struct listener *l, struct ev_loop *loop)
{
	if (l->io.fd < 0)
		return;
	ev_timer_stop(loop, &l->pause);
	ev_io_close_shared(loop, &l->io);
}
