/*
 * queue.c: a ring of sources, each with its line of places.
 *
 * A source is in the ring while it has a place: `turn` is linked exactly
 * when `waiting` is not 0. Everything is O(1) but the search for the source
 * that holds most, which walks the ring, and only when the line is full.
 */
#include "policy/queue.h"

#include "base/bug.h"

void queue_init(struct queue *q)
{
	list_init(&q->turns);
	q->count = 0;
}

void queue_place_init(struct queue_place *place)
{
	list_init(&place->link);
	place->source = NULL;
}

static struct queue_place *place_of(struct list *link)
{
	return container_of(link, struct queue_place, link);
}

static struct client *source_of(struct list *turn)
{
	return container_of(turn, struct client, turn);
}

/* Of equals the last in the ring, whose newest place has the longest wait
 * before it. NULL: nobody waits. */
static struct client *holds_most(struct queue *q)
{
	struct client *most = NULL;
	struct list *turn;

	for (turn = q->turns.next; turn != &q->turns; turn = turn->next)
		if (!most || source_of(turn)->waiting >= most->waiting)
			most = source_of(turn);
	return most;
}

static void join(
    struct queue *q, struct queue_place *place, struct client *source)
{
	if (source->waiting++ == 0)
		list_append(&q->turns, &source->turn);
	list_append(&source->waiters, &place->link);
	place->source = source;
	q->count++;
}

enum queue_verdict queue_push(struct queue *q, const struct queue_conf *conf,
    struct queue_place *place, struct client *source,
    struct queue_place **out_displaced)
{
	struct client *most;
	struct queue_place *newest;

	BUG_ON(place->source);
	if (q->count < conf->places) {
		join(q, place, source);
		return QUEUE_WAITS;
	}
	most = holds_most(q);
	if (conf->places == 0 || !most || source->waiting >= most->waiting)
		return QUEUE_FULL;
	newest = place_of(most->waiters.prev);
	queue_remove(q, newest);
	join(q, place, source);
	*out_displaced = newest;
	return QUEUE_DISPLACED;
}

struct queue_place *queue_pop(struct queue *q)
{
	struct queue_place *place;
	struct client *source;

	if (list_empty(&q->turns))
		return NULL;
	source = source_of(q->turns.next);
	place = place_of(source->waiters.next);
	list_remove(&source->turn);
	list_append(&q->turns, &source->turn);
	queue_remove(q, place);
	return place;
}

void queue_remove(struct queue *q, struct queue_place *place)
{
	struct client *source = place->source;

	if (!source)
		return;
	list_remove(&place->link);
	place->source = NULL;
	q->count--;
	if (--source->waiting == 0)
		list_remove(&source->turn);
}
