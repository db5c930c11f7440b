/*
 * clients.h: what each client address holds: one entry an address.
 *
 * A client address is an IPv4 address or an IPv6 /64; all Unix clients are
 * one. Every connection past the PROXY header, a refused one too, holds one
 * take on the entry of its address until it is closed, and so may a device
 * link that outlives its client; so the table, sized for all of them at
 * start, cannot run full, and no address can shut out another. Buckets are
 * chains under a secret seed: crowding one on purpose needs the seed.
 *
 * What request-limit remembers outlives an address's last take: the entry
 * then stays among the idle, of which the least recently used is dropped.
 */
#ifndef POLICY_CLIENTS_H
#define POLICY_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/list.h"

enum { CLIENTS_IDLE_MAX = 1024 };

struct clients_conf {
	unsigned int per_source;    /* connections an address; 0: no limit */
	unsigned int request_limit; /* requests an address... */
	int64_t request_limit_ms;   /* ...for each so long; 0: no limit */
};

struct client {
	struct client *next; /* in the bucket, or among the spare */
	struct list idle;    /* among the idle, when nothing is taken */
	uint64_t net;
	uint16_t family;
	unsigned int count;	  /* connections, refused ones too */
	unsigned int links;	  /* device links that outlive their client */
	int64_t limited_until_us; /* request-limit; 0: never asked */

	/* The queue's alone. */
	unsigned int waiting; /* places held in the queue */
	struct list waiters;  /* those places, oldest first */
	struct list turn;     /* among the addresses that wait, by `due` */
	uint64_t due;	      /* the moment that decides whose turn it is */
	uint64_t slot_moment; /* when its last slot was taken or came back */

	/* The caller's, for one search of who holds most; no value stays. */
	uint64_t sum;
};

struct clients {
	struct client *entries;
	struct client **buckets;
	struct client *spare;
	struct list idle; /* least recently used first */
	size_t idle_count;
	size_t fresh; /* entries never used begin here */
	size_t size;
	size_t bucket_mask;
	uint64_t seed[2];
	size_t count; /* addresses that hold something */
};

/* How much memory clients_init wants for `takes` outstanding takes. */
size_t clients_bytes(size_t takes);

/* `memory` holds clients_bytes(takes) zero bytes, aligned for any type, and
 * stays the caller's; `seed` is secret and random. */
void clients_init(
    struct clients *t, void *memory, size_t takes, const uint64_t seed[2]);

/* Counts one more connection of `peer`; never NULL. */
struct client *clients_take(struct clients *t, const struct peer *peer);

/* Does the connection just taken exceed per-source? It is to be refused, and
 * counts nevertheless until it is given back. */
bool clients_is_over(const struct clients_conf *conf, const struct client *c);

/* Ends one clients_take. With the last take of all, `c` is gone. */
void clients_give(struct clients *t, struct client *c);

/* The same for a device link: it keeps the entry, and is no connection. */
void clients_take_link(struct client *c);
void clients_give_link(struct clients *t, struct client *c);

/*
 * Counts one request of `c` against request-limit N/TIME: N at once, then one
 * each TIME/N. False: it is one too many, is not counted, and
 * `*out_wait_ms` is how long until the next is not.
 */
bool clients_request(const struct clients_conf *conf, struct client *c,
    int64_t now_ms, int64_t *out_wait_ms);

#endif
