/*
 * workers.h: several workers of one proxy, and their keeper's part in passing
 * slots from one to the next: src/keeper/handover.c as it is, over lines that
 * are simulated. A worker runs its own loop; whoever is not the one that the
 * simulation stands in takes its turns within that one's sleep.
 */
#ifndef SIM_WORKERS_H
#define SIM_WORKERS_H

#include "keeper/inside.h"
#include "proxy/proxy.h"
#include "proxy/shutdown.h"
#include "proxy/worker.h"
#include "settings/conf.h"
#include "sys/line.h"
#include "world.h"

/* What every process of the proxy begins with: 0 or -errno. */
int workers_open_proxy(
    struct proxy *px, const struct conf *conf, struct shutdown *end);
/* Starts the first worker. */
void workers_start(struct conf *conf);
/* Until all have ended. */
void workers_run(void);

/* Another worker is to take over, if that may be begun now; with `slots` from
 * now on, 0: as before. */
void workers_reload(unsigned int slots);
/* The most that any of them has by its settings. */
unsigned int workers_slots(void);
/* The newest is killed, and another started. */
void workers_kill(void);
/* No more clients; or the keeper is gone, and they end by themselves. */
void workers_drain(void);
void workers_orphan(void);

/* What the operator has the keeper tell them. */
enum order {
	ORDER_HOLD,
	ORDER_RELEASE,
	ORDER_LEVEL,
	ORDER_LOOK,
	ORDER_PING,
	ORDER_ADDRESSES,
	ORDER_END, /* the connections of a client */
	ORDERS
};

void workers_order(enum order order, uint32_t address);
extern const char *const order_words[ORDERS + 1];

/* Of retired workers, how many live. */
unsigned int workers_retired(void);

/* The counters of all, those that have ended included. */
void workers_sum(struct stats_block *out);

/* ---- for the kernel ---- */

/* Is that epoll set of a worker that takes its turns in another's sleep? Then
 * nothing is ready for it, and it is to be asked again at `deadline_us`. */
bool workers_is_guest(int epfd);
/* Until when it waits: after others' turns, until when it had waited. */
int64_t workers_deadline(int epfd, int64_t deadline_us);
void workers_sleeps(int epfd, int64_t deadline_us);
/* After this turn it is the others'. */
void workers_yields(int epfd);
/* Lets those who are not `epfd`'s take their turns. True: somebody did. */
bool workers_run_others(int epfd);
/* When the next of them wants to be asked; INT64_MAX: none. */
int64_t workers_next_us(int epfd);
/* Unread messages of the line with that descriptor. */
unsigned int workers_unread(int fd);

/* ---- between workers.c and lines.c ---- */

enum {
	WORKERS = PROCESS_MAX,
	INBOX = 64,
	SAID_MAX = 256,
	KEEPER_END = 1 << 20,
	ON_THE_WAY_US = 50, /* what is said, each way in order */
	ENDED_US = 100,	    /* behind what was said last */
};

struct member {
	bool alive;
	bool resumed; /* its first wait goes on where it was left */
	bool idle;    /* it stopped its loop only for want of anything to do */
	bool yielded; /* or because its turn was over */
	struct conf conf; /* of its own: a reload may have changed the slots */
	struct proxy px;
	struct shutdown shutdown;
	struct worker worker;
	int epoll_fd, line_fd;
	int64_t deadline_us; /* its next look */
	uint32_t number;     /* of this use */
	struct line_message inbox[INBOX];
	unsigned int first, count;
};

extern struct member workers[WORKERS];
extern struct keeper keeper;
extern bool keeper_gone; /* its lines are closed */

static inline struct member *worker_of(const struct process *m)
{
	return &workers[m - keeper.processes];
}

static inline struct process *process_of(const struct member *w)
{
	return &keeper.processes[w - workers];
}

#endif
