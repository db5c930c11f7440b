/*
 * clients.h: who has how many connections: one entry a source.
 *
 * A source is an IPv4 address or an IPv6 /64; all Unix clients are one. Every
 * connection past the PROXY header holds exactly one take on the entry of its
 * source, so there are never more entries than seats and the table, sized
 * for all seats at start, cannot run full: no address can shut out another.
 * Buckets are chains under a secret seed, so crowding one bucket on purpose
 * would at most cost time, and needs the seed.
 *
 * The queue keeps its lines in the entries, where they are found without a
 * second look-up; it alone touches those fields.
 */
#ifndef POLICY_CLIENTS_H
#define POLICY_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/list.h"

struct clients_conf {
	unsigned int per_source;    /* connections a source; 0: no limit */
	unsigned int request_limit; /* requests a source in that time; 0: off */
	int64_t request_limit_ms;
};

struct client {
	struct client *next; /* in the bucket, or among the spare */
	uint64_t net;
	uint16_t family;
	unsigned int count; /* connections */

	/* The queue's. */
	unsigned int waiting; /* places held in the queue */
	struct list waiters;  /* those places, oldest first */
	struct list turn;     /* in the ring of sources that wait */
};

struct clients {
	struct client *entries;
	struct client **buckets;
	struct client *spare;
	size_t fresh; /* entries never used begin here */
	size_t size;
	size_t bucket_mask;
	uint64_t seed[2];
	size_t count; /* sources with a connection */
};

/* How much memory clients_init wants for `seats` connections. */
size_t clients_bytes(size_t seats);

/* `memory` holds clients_bytes(seats) zero bytes, aligned for any type, and
 * stays the caller's; `seed` is secret and random. */
void clients_init(struct clients *t, void *memory, size_t seats,
    const uint64_t seed[2]);

/* Counts one more connection of `peer`. NULL: its source is at its limit.
 * At most `seats` takes may be outstanding. */
struct client *clients_take(struct clients *t,
    const struct clients_conf *conf, const struct peer *peer);

/* Ends one take. With the last, `s` is gone. */
void clients_give(struct clients *t, struct client *s);

#endif
