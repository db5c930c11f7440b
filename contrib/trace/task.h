/*
 * task.h: the processes and threads of a trace, and whose descriptors are
 * whose.
 *
 * A child may show itself before its parent's clone has returned; it is then
 * known by the clone that is under way. A task whose birth was not seen
 * shares the descriptors of the first: the trace began in the middle of a
 * threaded process.
 */
#ifndef STRACE_TASK_H
#define STRACE_TASK_H

#include "line.h"
#include "role.h"

struct task {
	int64_t pid;
	struct fd_table *fds;
	char *held;	 /* the beginning of an unfinished call, or NULL */
	bool child_seen; /* of the clone that is held */
	bool gone;
	bool prints;   /* has a line in the trace */
	size_t letter; /* 0: a; in the order of birth, if it prints */
};

struct task_set {
	struct task **task;
	size_t count;
};

/* The task that a line is of; made when it is new. `pid` 0: the line does
 * not say, and the only one left is meant. */
struct task *task_of(struct task_set *set, int64_t pid);

/* `parent` has made `pid`, which shares its descriptors or copies them. */
void task_birth(
    struct task_set *set, const struct task *parent, int64_t pid, bool shares);

/* A new program: descriptors are its own from now on, those marked
 * close-on-exec are closed. */
void task_exec(struct task *t);
void task_exit(struct task *t);
void task_set_fini(struct task_set *set);

/* Is this a call that makes a task? Do its arguments say CLONE_FILES? */
bool task_is_clone(struct slice name);
bool task_shares(struct slice arguments);

#endif
