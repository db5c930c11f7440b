/*
 * responder.h: where a few peers at a time ask one thing and get one answer.
 *
 * A peer has a deadline from its accept on; one that is slow or says nothing
 * costs its place until then and nothing else. Nobody is waited for.
 */
#ifndef KEEPER_RESPONDER_H
#define KEEPER_RESPONDER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "base/text.h"
#include "keeper/sockets.h"
#include "sys/sock_path.h"

enum { RESPONDER_PEERS_MAX = 8, RESPONDER_ASKED_MAX = 2048 };

struct responder_peer {
	int fd; /* -1: the place is free */
	int64_t until_ms;
	uid_t uid;	  /* of a Unix socket's peer */
	bool is_answered; /* its end is waited for */
	int64_t later_ms; /* it is answered by then; 0: nothing to answer */
	uint64_t note;	  /* `answer` may keep here what it needs later */
	size_t len;
	char asked[RESPONDER_ASKED_MAX];
};

enum responder_verdict {
	RESPONDER_MORE,	 /* there must be more of it */
	RESPONDER_LATER, /* called again: when something happened, or soon */
	RESPONDER_ANSWERED,
};

struct responder {
	int fd; /* listens; -1: closed */
	struct addr addr;
	struct sock_path path;
	size_t places;
	int64_t patience_ms;
	bool evicts; /* one more takes the place of the oldest */
	/* Writes what it gets. Not later if its `later_ms` is past. */
	enum responder_verdict (*answer)(
	    void *arg, struct responder_peer *p, struct text *reply);
	void *arg;
	struct responder_peer peers[RESPONDER_PEERS_MAX];
};

/* Has it waited long enough for what is to be looked up? */
static inline bool responder_is_late(
    const struct responder_peer *p, int64_t now_ms)
{
	return p->later_ms > 0 && now_ms >= p->later_ms;
}

/* Listens on `d->addr`; a path gets `mode`. 0 or -errno, and then it stays
 * closed. The other fields above are the caller's. */
int responder_open(struct responder *d, mode_t mode);

/* Takes what another has opened, and leaves it -1. */
void responder_adopt(struct responder *d, struct listen_socket *opened);

/* Removes the path, too; responder_drop only closes, in another process. */
void responder_close(struct responder *d);
void responder_drop(struct responder *d);

enum { RESPONDER_FDS = RESPONDER_PEERS_MAX + 1 };

/* What to poll for, and what to do then. */
void responder_poll(
    const struct responder *d, struct pollfd out_fds[RESPONDER_FDS]);
void responder_turn(struct responder *d, const struct pollfd fds[RESPONDER_FDS],
    int64_t now_ms);

/* Ends those whose time is over; returns when to call again. */
int64_t responder_run(struct responder *d, int64_t now_ms);

#endif
