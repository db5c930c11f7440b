/*
 * canon.h: strace lines in, canonical lines out.
 *
 * One call a line: WHO VERB WHAT [-> RESULT]. The grammar stands in
 * doc/testing.txt; traceprops.py reads it. A call that succeeded with
 * nothing to say has no "->"; a result strace made up ends in "injected".
 * With more than one task in what is printed, WHO begins with its letter:
 * "b.C1".
 */
#ifndef STRACE_CANON_H
#define STRACE_CANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "line.h"
#include "role.h"
#include "stream.h"
#include "task.h"

enum { CANON_NAMES_MAX = 32, CANON_TEXT_MAX = 8192 };

struct canon_name {
	const char *key; /* an address, "127.0.0.1:8008" */
	int64_t ms;	 /* or a timer's length */
	const char *name;
};

struct canon {
	/* Set by the caller; borrowed. */
	FILE *out;
	struct stream_set *streams;
	/* Print only after a write of this; "@wait": from the first wait on;
	 * "@listen": after the first listen. NULL: all. */
	const char *ready;
	bool times;    /* print "@SECONDS " before each line */
	bool net_only; /* nothing about files and memory */
	bool learn;    /* name the bytes by who read them first */
	struct canon_name addresses[CANON_NAMES_MAX];
	size_t address_count;
	struct canon_name timers[CANON_NAMES_MAX]; /* shortest first */
	size_t timer_count;

	/* What it has found out. */
	size_t lost; /* lines that made no sense */
	size_t first_lost;
	bool from_exec;	      /* the trace begins with the program */
	bool sigpipe_ignored; /* or caught, or blocked */
	bool io_uring;

	/* Its own. */
	bool printing;
	size_t lines; /* read so far */
	struct role_set roles;
	struct task_set tasks;
	struct task *task;	 /* whose line this is */
	struct role *passed[16]; /* sent by SCM_RIGHTS, not yet received */
	size_t passed_count;
	int64_t now_us, zero_us;
	struct canon_line {
		const struct task *task;
		int64_t time_us;
		char *text;
	} * line; /* printed when all is known */
	size_t line_count;
	bool made[ROLE_FD_MAX]; /* first pass: descriptors seen being made */
	bool any_call;
	char text[CANON_TEXT_MAX]; /* the line being put together */
	size_t text_len;
};

struct canon *canon_new(FILE *out, struct stream_set *streams);
void canon_free(struct canon *c);

/* First pass over a trace that may begin in the middle: learns which
 * descriptors were listeners and epoll sets all along. */
void canon_seed(struct canon *c, const char *text, size_t len);

/* Second pass. 0, or -EINVAL when the line is not strace's; it is counted. */
int canon_line(struct canon *c, const char *text, size_t len);

/* Prints what canon_line has put together. */
void canon_flush(struct canon *c);

#endif
