/*
 * role.h: descriptor numbers as roles, for each process its own.
 *
 * A role is one open file description, from the call that made it until its
 * last descriptor is closed; a number that is used again is a new role, and
 * copies (dup, fork, SCM_RIGHTS) stand for the same one. Names: L listener,
 * E epoll, G signals, C1.. accepted streams, S1.. streams we made, P1r/P1w
 * pipe ends, X1a/X1b socket pairs, D1.. datagrams, N1.. netlink, V1.. eventfd,
 * T1.. timerfd, I1.. inotify, R1.. io_uring, F1.. files, U1.. descriptors
 * whose making was not seen.
 */
#ifndef STRACE_ROLE_H
#define STRACE_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROLE_NAME_MAX = 24, ROLE_FD_MAX = 65536 };

/* How far a stream of bytes has come: `stream` indexes the known streams;
 * STREAM_UNBOUND until the first payload tells which one it is. */
enum { STREAM_UNBOUND = -1 };
struct flow {
	int stream;
	uint64_t bytes;
};

struct role {
	char name[ROLE_NAME_MAX];
	char kind;	    /* the first letter of the name */
	size_t descriptors; /* that stand for it; 0: closed */
	bool blocking;	    /* known to be; false also when not known */
	struct flow in;	    /* bytes read from it */
	struct flow out;    /* bytes written to it */
	struct role *pair;  /* the other end of a pipe or socket pair */
	int learnt;	    /* the stream learnt from reading it, or -1 */
	bool watched;	    /* has been in an epoll set */
	bool local;	    /* a Unix socket */
};

struct fd_slot {
	struct role *role;
	bool cloexec;
};

/* The descriptors of one process, or of several that share them. */
struct fd_table {
	size_t users;
	struct fd_slot *slot;
	size_t size;
};

/* Who is watched by which epoll set, and what a wait will say for it. */
struct watch {
	const struct role *epoll;
	struct role *role;
	uint64_t data;
	bool current;
};

struct role_set {
	struct role **role;
	size_t count;
	struct watch *watch;
	size_t watch_count;
	unsigned int next_number[128];
};

void role_set_fini(struct role_set *set);

/* realloc that ends the program when there is no memory. */
void *role_grow(void *old, size_t size);

/* A new role for `fd`, whatever the number meant before. `suffix` goes after
 * the role's number ("r" in P1r). NULL when `fd` is out of range. */
struct role *role_open(struct role_set *set, struct fd_table *t, int64_t fd,
    char kind, const char *suffix);

/* The role of `fd`, or NULL. */
struct role *role_find(const struct fd_table *t, int64_t fd);

/* `fd` stands for `r` from now on. */
void role_install(struct fd_table *t, int64_t fd, struct role *r, bool cloexec);

void role_close(struct fd_table *t, int64_t fd);
void role_set_cloexec(struct fd_table *t, int64_t fd, bool on);

/* `r` turns out to be of another kind, and is renamed. */
void role_rename(struct role_set *set, struct role *r, char kind);

void role_watch(struct role_set *set, const struct role *epoll, struct role *r,
    uint64_t data);

/* Who `data` stands for in this set: the open role that registered it last,
 * else a closed one, else NULL. */
struct role *role_by_data(
    const struct role_set *set, const struct role *epoll, uint64_t data);

/* The start-up is over: numbering of S and C begins anew, and what start-up
 * left open under these letters becomes U. */
void role_settle(struct role_set *set);

struct fd_table *fd_table_new(void);
struct fd_table *fd_table_copy(const struct fd_table *from);
void fd_table_release(struct fd_table *t); /* one user fewer */

#endif
