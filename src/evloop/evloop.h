/*
 * evloop.h: one thread waiting for sockets, clocks and signals.
 *
 * The caller owns every watcher and embeds it in the structure it serves
 * (container_of finds the way back). The loop never allocates after
 * ev_loop_new. All times are monotonic milliseconds; the clock is read once a
 * turn. A turn (ev_loop.c): write changed interests to the kernel, sleep,
 * deliver I/O (who only waits to write after all others, signals last), fire
 * due timers, run later-work. Timers wait while bytes that have arrived may
 * still be unread: after a full batch, and after a sleep that was interrupted
 * (a stopped process goes on with that).
 */
#ifndef EVLOOP_EVLOOP_H
#define EVLOOP_EVLOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct ev_loop;

/* ---- I/O ---- */

enum {
	EV_IN = 1,
	EV_PRI = 2,
	EV_OUT = 4,
	EV_ERR = 8,  /* never an interest: it cannot be masked */
	EV_HUP = 16, /* alone: stay watched for hang-up and error only */
	EV_RDHUP = 32,
};

/*
 * A watched descriptor; it stays where it is to the end of the turn in which it
 * is closed. Level-triggered: what is not consumed is reported again. ERR or
 * HUP also raises IN, OUT and RDHUP as far as they are wanted, so that the next
 * read or write meets the error.
 */
struct ev_io {
	void (*on_io)(
	    struct ev_loop *loop, struct ev_io *io, unsigned int events);
	int fd;
	uint8_t want;
	uint8_t have;
	bool queued;
	bool hung_up; /* HUP or ERR was reported, which cannot be masked */
};

/* Prepares `io` for `fd`, wanted for nothing. Nothing reaches the kernel. */
void ev_io_init(struct ev_io *io, int fd,
    void (*on_io)(struct ev_loop *, struct ev_io *, unsigned int));

/*
 * States the whole interest: any of EV_IN, EV_OUT, EV_RDHUP, EV_PRI; or
 * EV_HUP alone; or 0 for "not watched at all". Costs nothing until the loop
 * sleeps, and then at most one epoll_ctl whatever happened in between.
 */
void ev_io_want(struct ev_loop *loop, struct ev_io *io, unsigned int want);

/* Takes over descriptor and interest of `from`, which has fd -1 afterwards;
 * `to` has none and keeps its callback. */
void ev_io_move(struct ev_loop *loop, struct ev_io *to, struct ev_io *from);

/* Closes the descriptor and forgets it; events already in the batch for it
 * are dropped. Sets fd to -1; safe twice. */
void ev_io_close(struct ev_loop *loop, struct ev_io *io);

/* The same for a descriptor whose socket other processes have, too: the
 * kernel watches a socket until all of them have closed it. */
void ev_io_close_shared(struct ev_loop *loop, struct ev_io *io);

/* ---- timers ---- */

/* One-shot, never early; equal deadlines fire in the order they were set. */
struct ev_timer {
	void (*on_timer)(struct ev_loop *loop, struct ev_timer *t);
	int64_t deadline_ms;
	int64_t
	    heap_ms;	/* the key in the heap: never later than the deadline */
	uint32_t order; /* among equal deadlines */
	uint32_t heap_order;
	uint32_t place; /* in the heap, counted from 1; 0: not running */
};

void ev_timer_init(
    struct ev_timer *t, void (*on_timer)(struct ev_loop *, struct ev_timer *));

/* Starts or moves. A later deadline only moves a number. */
void ev_timer_set(
    struct ev_loop *loop, struct ev_timer *t, int64_t deadline_ms);
void ev_timer_stop(struct ev_loop *loop, struct ev_timer *t);

static inline bool ev_timer_running(const struct ev_timer *t)
{
	return t->place != 0;
}

/* ---- later ---- */

/* Work for the end of the turn, where memory may safely be given back. */
struct ev_later {
	struct list link;
	void (*on_later)(struct ev_loop *loop, struct ev_later *l);
};

void ev_later_init(
    struct ev_later *l, void (*on_later)(struct ev_loop *, struct ev_later *));

/* Runs once this turn (or in the next, if this turn's later-work is already
 * under way); asking again before it ran changes nothing. */
void ev_later_add(struct ev_loop *loop, struct ev_later *l);

/* ---- signals ---- */

/*
 * Delivers each of `signals` (a zero-terminated list) as a call after the
 * turn's I/O; they are blocked for the process. 0 or -errno.
 */
int ev_signal_start(struct ev_loop *loop, const int *signals,
    void (*on_signal)(void *arg, int signal), void *arg);

/* ---- the loop ---- */

/*
 * `fd_limit`: descriptors are below this number. `timer_limit`: timers running
 * at once. Returns NULL with errno set when memory or descriptors are short.
 */
struct ev_loop *ev_loop_new(size_t fd_limit, size_t timer_limit);
void ev_loop_free(struct ev_loop *loop);

/* Turns until ev_loop_stop; returns 0, or -errno if waiting keeps failing. Not
 * from within a callback: none is ever entered while another runs. */
int ev_loop_run(struct ev_loop *loop);
void ev_loop_stop(struct ev_loop *loop);

/* The time of this turn, and its number. */
int64_t ev_now(const struct ev_loop *loop);
uint64_t ev_turn(const struct ev_loop *loop);

#endif
