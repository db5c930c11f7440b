/*
 * poller.h: reports which descriptors are ready, over epoll.
 *
 * Watchers are the caller's, embedded in what they serve. A watcher that
 * stops or closes while a batch is being delivered gets no more calls from
 * that batch.
 */
#ifndef TEMPDEV_POLLER_H
#define TEMPDEV_POLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

enum { POLLER_BATCH = 32 };

struct watch {
	int fd; /* -1: none */
	bool watched;
	uint32_t events;
	void (*on_ready)(struct watch *w, uint32_t events);
};

struct poller {
	int epoll_fd;
	int next; /* place in the batch being delivered */
	int count;
	struct epoll_event batch[POLLER_BATCH];
};

int poller_init(struct poller *p);
void poller_fini(struct poller *p);

/* Waits up to `timeout_ns` (-1: for ever) and delivers one batch; returns how
 * many events there were. A signal ends the wait early. */
int poller_look(struct poller *p, int64_t timeout_ns);

void watch_init(struct watch *w, void (*on_ready)(struct watch *, uint32_t));

/* Sets the interest; an error or a hang-up is reported in any case. */
void watch_set(struct poller *p, struct watch *w, uint32_t events);

/* No more reports, not even errors. */
void watch_stop(struct poller *p, struct watch *w);

/* Stops and closes; safe twice. */
void watch_close(struct poller *p, struct watch *w);

/* Stops and hands over the descriptor. */
int watch_take(struct poller *p, struct watch *w);

#endif
