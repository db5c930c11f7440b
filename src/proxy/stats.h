/*
 * stats.h: the mapping that the workers of a proxy write and its keeper
 * reads: what has happened, and what is.
 *
 * One writer for each block, plain stores, no call. When a worker has ended
 * the keeper adds its counters to `past`, so that sums never go back. Times
 * are monotonic milliseconds.
 */
#ifndef PROXY_STATS_H
#define PROXY_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/cause.h"

enum {
	STATS_VERSION = 4,
	STATS_BLOCKS = 4, /* the present worker, two that drain, one to come */
	STATS_STATES = 6, /* of connections: enum conn_state without CLOSED */
	STATS_BUCKETS = 18, /* up to 1, 2, 4 ... 65536 ms, and above */
	STATS_ENDS = 8,	    /* the latest that were not done */
	STATS_CLIENTS = 80, /* told apart when somebody looks */
};

/* Waits of a connection, as in its log line. */
enum stats_delay {
	STATS_GATE,
	STATS_QUEUE,
	STATS_CONNECT,
	STATS_FIRST_BYTE,
	STATS_TOTAL,
	STATS_DELAYS,
};

struct stats_histogram {
	uint64_t count[STATS_BUCKETS];
	uint64_t sum_ms;
};

/* A connection that did not end well, the latest of its kind. */
struct stats_end {
	struct peer client;
	uint32_t cause; /* enum cause */
	int64_t at_ms;
};

/* A connection. */
struct stats_client {
	struct peer peer;
	char state;	  /* its letter, as in the log */
	int64_t since_ms; /* it has its slot, or waits for one */
	int64_t opened_ms;
	uint64_t in_bytes;
	uint64_t out_bytes;
};

struct stats_block {
	/* Counters. */
	uint64_t accepted;
	uint64_t ended[CAUSE_COUNT];
	uint64_t in_bytes;  /* from clients, counted at their ends */
	uint64_t out_bytes; /* from the device */
	struct stats_histogram delays[STATS_DELAYS];
	struct stats_end ends[STATS_ENDS];
	uint64_t end_count; /* of all so far */

	/* Gauges. */
	uint32_t conns[STATS_STATES]; /* by enum conn_state */
	uint32_t live;
	uint32_t queue;
	uint32_t sources;
	uint32_t slots_taken;
	uint32_t slots_quarantined;
	uint32_t chunks_taken;
	uint32_t chunks;
	uint32_t health;     /* enum health_state */
	uint32_t health_why; /* enum health_why */
	uint32_t is_stuck;   /* and the longest pause was in vain */
	int64_t health_since_ms;
	int64_t next_probe_ms; /* when the device is asked next, if not up */

	uint32_t is_protected; /* health is watched, and can be held */

	/* As of the last look that the keeper asked for, which was the
	 * `looked`th: those with a slot first, then who waits, then others. */
	struct stats_client clients[STATS_CLIENTS];
	uint32_t client_count;
	uint32_t looked;

	uint64_t beat; /* the last ping the worker has answered */
	int32_t pid;   /* whose block this is; 0: nobody's */
};

struct stats {
	uint32_t version; /* STATS_VERSION */
	uint32_t size;	  /* of this struct */
	struct stats_block past;
	struct stats_block blocks[STATS_BLOCKS];
	/* connect-gap: whoever has ended a device connection writes it, and it
	 * only grows. */
	int64_t next_connect_ms;
	/* What the keeper counts. */
	uint64_t worker_deaths;
	uint64_t reloads;
	uint64_t reloads_refused;
	uint64_t upgrades;
	int64_t started_wall_ms;
	uint32_t slots; /* of the settings in force; 0: no limit */
};

/* Counts a wait; below 0: it never began. */
static inline void stats_delay(
    struct stats_block *s, enum stats_delay which, int64_t ms)
{
	struct stats_histogram *h = &s->delays[which];
	int bucket;

	if (ms < 0)
		return;
	bucket = ms <= 1 ? 0 : 64 - __builtin_clzll((uint64_t)ms - 1);
	h->count[bucket < STATS_BUCKETS ? bucket : STATS_BUCKETS - 1]++;
	h->sum_ms += (uint64_t)ms;
}

/* Remembers one of those ends. */
static inline void stats_end(struct stats_block *s, const struct peer *client,
    enum cause cause, int64_t at_ms)
{
	s->ends[s->end_count++ % STATS_ENDS] =
	    (struct stats_end){*client, cause, at_ms};
}

/* The largest wait of a bucket; of the last one, twice that of the one
 * before, for want of a better. */
static inline int64_t stats_bound_ms(size_t bucket)
{
	return (int64_t)1 << bucket;
}

/* "queue", and what it is the time of. */
const char *stats_delay_word(enum stats_delay which);
const char *stats_delay_help(enum stats_delay which);

struct log;

/* A block that nobody has, cleared but for its pid; NULL: there is none. */
struct stats_block *stats_take(struct stats *s, int32_t pid);

/* Its worker has ended: the counters go to `past`. */
void stats_give(struct stats *s, struct stats_block *block);

/* All blocks together; of health what `present` says, which may be NULL. */
void stats_sum(const struct stats *s, const struct stats_block *present,
    struct stats_block *out);

/* Writes the counters to the log. */
void stats_report(const struct stats_block *sum, struct log *log);

#endif
