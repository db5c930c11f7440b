/*
 * coalesce.h: one reply for all who ask the same (share, keep-reply).
 *
 * The first who asks leads a group; who asks for the same target and Host
 * before the reply has come follows it instead of queueing. When the reply is
 * complete and may be shared, it is copied to every follower; else each of
 * them queues for itself. If the leader's client leaves, the oldest follower
 * succeeds it. With keep-reply the reply also answers who comes later.
 *
 * Which requests and replies may be shared is said elsewhere (request,
 * response). Decisions only: the conductor acts, at the end of the turn.
 */
#ifndef POLICY_COALESCE_H
#define POLICY_COALESCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chunk.h"
#include "base/list.h"

enum { COALESCE_KEPT_MAX = 16 };

/* What is asked for, byte for byte; not copied before it has to be. */
struct coalesce_key {
	const char *target;
	size_t target_bytes;
	const char *host;
	size_t host_bytes;
};

/* A name by which a group or a kept reply is found. */
struct coalesce_name {
	uint32_t target_bytes;
	struct chunk_queue bytes; /* one chunk: the target, then the Host */
};

/* A member, inside the connection. */
struct coalesce_member {
	struct coalesce_member *leader; /* of a follower; NULL: it is none */
	struct list link;      /* a leader's: among leaders; a follower's: in
				* the line of its leader */
	struct list followers; /* a leader's, oldest first */
	struct coalesce_name name; /* a leader's, while others may join */
};

struct coalesce_kept {
	struct list link;
	struct coalesce_name name;
	struct chunk_queue reply;
	int64_t until_ms;
};

struct coalesce {
	struct chunk_arena *arena;
	struct list leaders;
	struct list kept;   /* oldest first */
	struct list unused; /* of `slots` below */
	struct coalesce_kept slots[COALESCE_KEPT_MAX];
};

enum coalesce_verdict {
	COALESCE_ALONE,	  /* the key does not fit, or no memory: ask the
			   * device for yourself */
	COALESCE_LEADS,	  /* ask the device; others may follow */
	COALESCE_FOLLOWS, /* wait */
	COALESCE_KEPT,	  /* *out_reply is the answer */
};

/* `arena` is where names and kept replies are copied to. */
void coalesce_init(struct coalesce *t, struct chunk_arena *arena);
void coalesce_member_init(struct coalesce_member *m);

/* `m`, in no group, asks for `key`, which need not outlive the call.
 * `*out_reply`, written only with COALESCE_KEPT, lives until the next call
 * that is given `t`. */
enum coalesce_verdict coalesce_join(struct coalesce *t,
    struct coalesce_member *m, const struct coalesce_key *key, int64_t now_ms,
    const struct chunk_queue **out_reply);

bool coalesce_leads(const struct coalesce_member *m);
bool coalesce_follows(const struct coalesce_member *m);

/* The group of `leader` is closed: nobody joins any more; who asks next may
 * lead anew. Its followers stay until they are taken out. Safe on any member.
 */
void coalesce_close(struct coalesce *t, struct coalesce_member *leader);

/* Takes the oldest follower of `leader` out, for its answer or for the queue;
 * NULL: there is none. */
struct coalesce_member *coalesce_next(struct coalesce_member *leader);

/* Leaves, whatever `m` is. Of a leader the oldest follower succeeds it, with
 * all that follow, and is returned; NULL otherwise. */
struct coalesce_member *coalesce_detach(
    struct coalesce *t, struct coalesce_member *m);

/* How many chunks coalesce_keep takes for `reply`, at most: the caller makes
 * sure that they are free beyond what others were promised. */
size_t coalesce_keep_chunks(const struct chunk_queue *reply);

/* Keeps a copy of `reply`, the leader's, which is complete and may be shared,
 * for `keep_ms` from now. To be called before coalesce_close. Does nothing if
 * `m` leads no group or memory lacks; the oldest reply goes if there are too
 * many, and an older one under the same name in any case. */
void coalesce_keep(struct coalesce *t, const struct coalesce_member *m,
    const struct chunk_queue *reply, int64_t keep_ms, int64_t now_ms);

/* Gives the memory of the oldest kept reply back: true. False: none is. */
bool coalesce_drop_oldest(struct coalesce *t);

/* Gives back what is too old. Returns when to call again; INT64_MAX: nothing
 * is kept. */
int64_t coalesce_expire(struct coalesce *t, int64_t now_ms);

#endif
