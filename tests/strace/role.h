/*
 * role.h: descriptor numbers as roles.
 *
 * A role is one open descriptor, from the call that made it to its close; a
 * number that is used again is a new role. Names: L listener, E epoll,
 * G signals, C1.. accepted sockets, S1.. sockets we made, P1r/P1w pipe ends,
 * F1.. files, U1.. descriptors whose making was not seen.
 */
#ifndef STRACE_ROLE_H
#define STRACE_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROLE_NAME_MAX = 24, ROLE_MAX = 1024, ROLE_FD_MAX = 4096 };

/* How far a stream of bytes has come: `stream` indexes the known streams;
 * STREAM_UNBOUND until the first payload tells which one it is. */
enum { STREAM_UNBOUND = -1 };
struct flow {
	int stream;
	uint64_t bytes;
};

struct role {
	char name[ROLE_NAME_MAX];
	char kind; /* the first letter of the name */
	bool open;
	bool watched;	 /* in the epoll set */
	uint64_t data;	 /* what epoll will say for it */
	struct flow in;	 /* bytes read from it */
	struct flow out; /* bytes written to it */
	int pipe_peer;	 /* pipe ends: the other end's index */
};

struct role_table {
	struct role role[ROLE_MAX];
	size_t count;
	int by_fd[ROLE_FD_MAX]; /* index + 1; 0: none */
	unsigned int next_number[128];
};

void role_table_init(struct role_table *t);

/* A new open role for `fd`, whatever the number meant before. `suffix` goes
 * after the role's number ("r" in P1r). NULL when `fd` or the table's size
 * is out of range. */
struct role *role_open(struct role_table *t, int64_t fd, char kind,
    const char *suffix);

/* The open role of `fd`, or NULL. */
struct role *role_find(struct role_table *t, int64_t fd);

/* The open role of `fd`; one of `kind` is made when there is none. */
struct role *role_need(struct role_table *t, int64_t fd, char kind);

void role_close(struct role_table *t, int64_t fd);

/* `r` turns out to be of another kind: it is renamed, and its number given
 * back if it was the last one out. */
void role_rename(struct role_table *t, struct role *r, char kind);

/* Who `data` stands for: the open role that registered it, else the newest
 * closed one, else NULL. */
struct role *role_by_data(struct role_table *t, uint64_t data);

/* The start-up is over: numbering of S and C begins anew, and what start-up
 * left open under these letters becomes U. */
void role_settle(struct role_table *t);

#endif
