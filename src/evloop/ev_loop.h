/*
 * ev_loop.h: the loop inside, for its own files; others include evloop.h.
 */
#ifndef EVLOOP_EV_LOOP_H
#define EVLOOP_EV_LOOP_H

#include "evloop/evloop.h"

enum {
	EV_BATCH_MAX = 256, /* events fetched at a time */
	EV_LOOK_AGAIN = 1,
	EV_MOVED = 128, /* in `have`: the kernel names another watcher */
};

struct ev_loop {
	int epoll_fd;
	bool running;
	bool stopping;
	int64_t now_ms;
	uint64_t turn;

	struct ev_io **changed; /* their interest may not be the kernel's */
	size_t changed_count;
	size_t changed_limit;
	size_t watched_count; /* descriptors the kernel watches */

	struct ev_timer **heap; /* heap[1] is the earliest */
	uint32_t heap_count;
	uint32_t heap_limit;
	uint32_t next_order;

	struct list later;

	struct ev_io signal_io; /* fd -1: none */
	void (*on_signal)(void *arg, int signal);
	void *signal_arg;
};

/* ev_epoll.c */
int ev_epoll_open(struct ev_loop *loop);
void ev_epoll_close(struct ev_loop *loop);
/* Writes changed interests, sleeps until `deadline_ms` at the latest
 * (INT64_MAX: for ever), delivers what is ready. 0, -errno, or EV_LOOK_AGAIN
 * when more may be ready: the batch was full, or the sleep interrupted. */
int ev_epoll_turn(struct ev_loop *loop, int64_t deadline_ms);
/* Takes back an interest that the kernel has. */
void ev_epoll_forget(struct ev_loop *loop, int fd);

/* ev_timer.c */
int64_t ev_timer_next(struct ev_loop *loop);
void ev_timer_fire(struct ev_loop *loop);

/* ev_loop.c */
void ev_read_clock(struct ev_loop *loop);

#endif
