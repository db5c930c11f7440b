/*
 * resolver.h: look-ups in a process of their own, so that a slow name server
 * stops nobody.
 *
 * resolver_start forks before anything is served; the child does nothing but
 * answer, one look-up after the other, and ends with its parent. The caller
 * watches resolver_fd for input, asks, goes on, and reads an answer for each
 * question, in the order of the questions. Those asked meanwhile wait in the
 * socket between the two.
 *
 * When resolver_read says -EPIPE the child is gone: no answer will come to
 * what was asked, and resolver_stop is all that is left.
 */
#ifndef SYS_RESOLVER_H
#define SYS_RESOLVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"

enum {
	RESOLVER_NAME_MAX = 256, /* RFC 1035, with the closing zero */
	RESOLVER_ADDRS_MAX = 8,
	RESOLVER_WHY_MAX = 96,
};

struct resolver {
	int fd; /* -1: not started */
	pid_t pid;
};

struct resolver_answer {
	char name[RESOLVER_NAME_MAX]; /* as it was asked */
	uint16_t port;
	uint16_t count; /* 0: none, and `why` says why */
	struct addr addrs[RESOLVER_ADDRS_MAX];
	char why[RESOLVER_WHY_MAX];
};

/* Starts the child. 0 or -errno. */
int resolver_start(struct resolver *r);

/* Ends it, whatever it is doing; safe twice, and after a failed start. */
void resolver_stop(struct resolver *r);

/* What to watch for input. */
static inline int resolver_fd(const struct resolver *r)
{
	return r->fd;
}

/* Asks without waiting. 0, -ENAMETOOLONG, -EAGAIN when very many wait
 * already, -EPIPE. */
int resolver_ask(struct resolver *r, const char *name, uint16_t port);

/* Reads one answer without waiting: 0, -EAGAIN when none is there, -EPIPE. */
int resolver_read(struct resolver *r, struct resolver_answer *out);

#endif
