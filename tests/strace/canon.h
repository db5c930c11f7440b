/*
 * canon.h: strace lines in, canonical lines out.
 *
 * One call a line: WHO VERB WHAT [-> RESULT]. The grammar stands in
 * doc/testing.txt; tests/strace/props.py reads it. A call that succeeded
 * with nothing to say has no "->"; a result strace made up ends in
 * "injected".
 */
#ifndef STRACE_CANON_H
#define STRACE_CANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "line.h"
#include "role.h"
#include "stream.h"

enum { CANON_NAMES_MAX = 16, CANON_TEXT_MAX = 8192 };

struct canon {
	/* Set by the caller; borrowed. */
	FILE *out;
	const struct stream_set *streams;
	const char *ready; /* print only after a write of this; NULL: all */
	struct {
		const char *address; /* "127.0.0.1:8008" */
		const char *name;    /* "back" */
	} names[CANON_NAMES_MAX];
	size_t name_count;

	/* Its own. */
	bool printing;
	struct role_table roles;
	bool made[ROLE_FD_MAX]; /* first pass: descriptors seen being made */
	char held[CANON_TEXT_MAX]; /* the beginning of an unfinished call */
	char text[CANON_TEXT_MAX]; /* the line being put together */
	size_t text_len;
};

struct canon *canon_new(FILE *out, const struct stream_set *streams);
void canon_free(struct canon *c);

/* First pass over a trace that may begin in the middle: learns which
 * descriptors were listeners and epoll sets all along. */
void canon_seed(struct canon *c, const char *text, size_t len);

/* Second pass. 0, or -EINVAL when the line is not strace's. */
int canon_line(struct canon *c, const char *text, size_t len);

#endif
