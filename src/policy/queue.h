/*
 * queue.h: the waiting line, fair by client address.
 *
 * Next is the oldest waiter of the address whose moment is earliest: the
 * later of when that waiter came and when the address's last slot was taken
 * or came back. So A1 A2 B1 is served A1 B1 A2, and addresses that come anew
 * do not pass those that were served before. When the line is full, the
 * newest waiter of the address that holds most places makes room for an
 * address that holds fewer (of equals, the address whose turn comes last),
 * so one noisy address cannot keep the others out.
 *
 * Moments are numbers that only grow, not times. Waiting time, FIN and
 * answers are the conductor's matter.
 */
#ifndef POLICY_QUEUE_H
#define POLICY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "policy/clients.h"

/* A waiting client that has sent FIN. SAFE, with gate http only: GET and HEAD
 * without a query keep the place, what may change something is dropped. */
enum queue_fin { QUEUE_FIN_KEEP, QUEUE_FIN_DROP, QUEUE_FIN_SAFE };

struct queue_conf {
	unsigned int places; /* 0: nobody waits */
	int64_t timeout_ms;  /* 0: off */
	enum queue_fin fin;
};

struct queue {
	struct list
	    turns; /* addresses that wait, the next to be served first */
	unsigned int count;
	uint64_t moment; /* the latest */
};

/* A place, inside the connection that waits. */
struct queue_place {
	struct list link;
	struct client *client; /* NULL: in no line */
	uint64_t came;	       /* its moment */
};

enum queue_verdict {
	QUEUE_WAITS,   /* `place` is in the line */
	QUEUE_EVICTED, /* so it is, and *out_evicted had to leave */
	QUEUE_FULL,    /* it is not */
};

void queue_init(struct queue *q);
void queue_place_init(struct queue_place *place);

/*
 * `place`, in no line yet, joins the line of `client`, which must live until
 * the place has left. `*out_evicted` is written only with QUEUE_EVICTED; that
 * place is in no line any more.
 */
enum queue_verdict queue_push(struct queue *q, const struct queue_conf *conf,
    struct queue_place *place, struct client *client,
    struct queue_place **out_evicted);

/* The place whose turn it is, which stays; NULL when nobody waits. */
struct queue_place *queue_first(const struct queue *q);

/* Takes out the place whose turn it is, as its slot is taken; NULL when
 * nobody waits. */
struct queue_place *queue_pop(struct queue *q);

/* Leaves the line. Safe on a place that is in none. */
void queue_remove(struct queue *q, struct queue_place *place);

/* A slot was taken for `client` without a wait, or came back from it: who
 * waits at another address goes first. */
void queue_slot_moved(struct queue *q, struct client *client);

#endif
