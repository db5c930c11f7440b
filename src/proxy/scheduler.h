/*
 * scheduler.h: slots, queue, health and memory brought together: who may
 * connect to the device, and when.
 *
 * It decides and returns what it decided; the conductor acts. It knows no
 * connection, only the `struct waiter` inside one, and calls nobody.
 */
#ifndef PROXY_SCHEDULER_H
#define PROXY_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/budget.h"
#include "policy/cause.h"
#include "policy/health.h"
#include "policy/queue.h"
#include "policy/slots.h"

/* What a connection waits with, and is granted. */
struct waiter {
	struct queue_place place;
	struct lease lease;    /* for the reply; all zero: none */
	struct slot slot;      /* moves on to the device link */
	unsigned int probe_id; /* see health.h; 0: none */
};

enum schedule {
	SCHEDULE_GRANT,	 /* slot, lease and probe_id are the waiter's */
	SCHEDULE_WAIT,	 /* it has a place in the queue; nobody can be served */
	SCHEDULE_REFUSE, /* with *out_cause; it has no place */
	SCHEDULE_MEMORY, /* no memory for a lease: some must be given back */
	SCHEDULE_NOBODY, /* the queue is empty */
};

struct scheduler {
	const struct slots_conf *slots_conf;
	const struct health_conf *health_conf;
	const struct queue_conf *queue_conf;
	struct budget *budget;
	size_t lease_bytes; /* of each grant; 0: grants carry none */
	struct slots slots;
	struct queue queue;
	struct health health;
};

/* The public fields above the state are set before; `next_connect_ms` as in
 * slots_init. */
void scheduler_init(
    struct scheduler *s, int64_t now_ms, int64_t *next_connect_ms);

void waiter_init(struct waiter *w);

/* `w` of `client` asks for a slot: GRANT, WAIT or REFUSE. With WAIT somebody
 * else may have lost the place: `*out_evicted`, else NULL. */
enum schedule scheduler_ask(struct scheduler *s, struct waiter *w,
    struct client *client, int64_t now_ms, enum cause *out_cause,
    struct waiter **out_evicted);

/* The next decision about who waits: GRANT or REFUSE of `*out_waiter`, which
 * has left the queue; else `*out_when_ms` is when to ask again (INT64_MAX: a
 * slot that comes back, or a report, will tell). */
enum schedule scheduler_next(struct scheduler *s, int64_t now_ms,
    struct waiter **out_waiter, enum cause *out_cause, int64_t *out_when_ms);

/* Leaves the queue and gives back what was granted and not used. */
void scheduler_leave(struct scheduler *s, struct waiter *w, int64_t now_ms);

/* The probe asks: true with a slot and a number. */
bool scheduler_ask_probe(struct scheduler *s, struct waiter *w, int64_t now_ms);

/* A link has closed: its slot comes back after a quarantine of `rest_ms`. */
void scheduler_slot_back(struct scheduler *s, struct slot *slot,
    unsigned int probe_id, struct client *client, int64_t rest_ms,
    int64_t now_ms);

/* Is anybody waiting, for a slot or for the memory of one? */
bool scheduler_others_wait(const struct scheduler *s);

/* Why the device may not be asked now; CAUSE_NONE: it may. */
enum cause scheduler_refusal(const struct scheduler *s);

#endif
