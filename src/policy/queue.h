/*
 * queue.h: the waiting line, fair by source.
 *
 * Sources take turns, each serving its oldest waiter; a source that begins to
 * wait goes to the end of the round. When the line is full, the newest waiter
 * of the source that holds most places makes room for a source that holds
 * fewer (of equals, the source whose turn comes last), so one noisy source
 * cannot keep the others out.
 *
 * Waiting time, FIN and answers are the conductor's matter.
 */
#ifndef POLICY_QUEUE_H
#define POLICY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "policy/clients.h"

enum queue_fin {
	QUEUE_FIN_KEEP,
	QUEUE_FIN_DROP,
	QUEUE_FIN_SAFE, /* keep what changes nothing, drop the others */
};

struct queue_conf {
	unsigned int places; /* 0: nobody waits */
	int64_t timeout_ms;  /* 0: off */
	enum queue_fin fin;  /* a waiting client that has sent FIN */
};

struct queue {
	struct list turns; /* sources that wait, the next to be served first */
	unsigned int count;
};

/* A place, inside the connection that waits. */
struct queue_place {
	struct list link;
	struct client *source; /* NULL: in no line */
};

enum queue_verdict {
	QUEUE_WAITS,     /* `place` is in the line */
	QUEUE_DISPLACED, /* so it is, and *out_displaced had to leave */
	QUEUE_FULL,      /* it is not */
};

void queue_init(struct queue *q);
void queue_place_init(struct queue_place *place);

/*
 * `place`, in no line yet, joins the line of `source`, which must live until
 * the place has left. `*out_displaced` is written only with QUEUE_DISPLACED;
 * that place is in no line any more.
 */
enum queue_verdict queue_push(struct queue *q, const struct queue_conf *conf,
    struct queue_place *place, struct client *source,
    struct queue_place **out_displaced);

/* Takes out the place whose turn it is; NULL when nobody waits. */
struct queue_place *queue_pop(struct queue *q);

/* Leaves the line. Safe on a place that is in none. */
void queue_remove(struct queue *q, struct queue_place *place);

#endif
