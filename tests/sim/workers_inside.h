/*
 * workers_inside.h: what the two files of workers.h share: workers.c, who
 * lives and whose turn it is, and lines.c, what is said.
 */
#ifndef SIM_WORKERS_INSIDE_H
#define SIM_WORKERS_INSIDE_H

#include "keeper/inside.h"
#include "proxy/proxy.h"
#include "proxy/shutdown.h"
#include "proxy/worker.h"
#include "settings/conf.h"
#include "sys/line.h"
#include "workers.h"

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

static inline struct member *worker_of(const struct process *m)
{
	return &workers[m - keeper.processes];
}

static inline struct process *process_of(const struct member *w)
{
	return &keeper.processes[w - workers];
}

/* lines.c: no line has anything on it, and the keeper lives. */
void lines_start(void);

#endif
