/*
 * queue.c: addresses in the order of their moments, each with its places.
 *
 * An address is in the list while it has a place: `turn` is linked exactly
 * when `waiting` is not 0. A moment that is new is the latest, so who gets
 * one goes to the end. Everything is O(1) but two walks along the addresses:
 * for who holds most, when the line is full, and for where an address now
 * stands whose oldest waiter has left.
 */
#include "policy/queue.h"

#include "base/bug.h"

void queue_init(struct queue *q)
{
	list_init(&q->turns);
	q->count = 0;
	q->moment = 0;
}

void queue_place_init(struct queue_place *place)
{
	list_init(&place->link);
	place->client = NULL;
}

static struct queue_place *place_of(struct list *link)
{
	return container_of(link, struct queue_place, link);
}

static struct client *client_of(struct list *turn)
{
	return container_of(turn, struct client, turn);
}

static struct queue_place *oldest_of(const struct client *client)
{
	return place_of(client->waiters.next);
}

/* Of equals the last, whose newest place has the longest wait before it.
 * NULL: nobody waits. */
static struct client *holds_most(struct queue *q)
{
	struct client *most = NULL;
	struct list *turn;

	for (turn = q->turns.next; turn != &q->turns; turn = turn->next)
		if (!most || client_of(turn)->waiting >= most->waiting)
			most = client_of(turn);
	return most;
}

/* Puts `client`, which has waiters, where its moment says; never forward. */
static void set_turn(struct queue *q, struct client *client)
{
	struct list *after = client->turn.next;

	client->due = oldest_of(client)->came;
	if (client->due < client->slot_moment)
		client->due = client->slot_moment;
	if (client->due == q->moment)
		after = &q->turns;
	while (after != &q->turns && client_of(after)->due < client->due)
		after = after->next;
	list_remove(&client->turn);
	list_append(after, &client->turn);
}

static void join(
    struct queue *q, struct queue_place *place, struct client *client)
{
	place->came = ++q->moment;
	place->client = client;
	list_append(&client->waiters, &place->link);
	q->count++;
	if (client->waiting++ == 0)
		set_turn(q, client);
}

enum queue_verdict queue_push(struct queue *q, const struct queue_conf *conf,
    struct queue_place *place, struct client *client,
    struct queue_place **out_evicted)
{
	struct client *most;
	struct queue_place *newest;

	BUG_ON(place->client);
	if (q->count < conf->places) {
		join(q, place, client);
		return QUEUE_WAITS;
	}
	most = holds_most(q);
	if (conf->places == 0 || !most || client->waiting >= most->waiting)
		return QUEUE_FULL;
	newest = place_of(most->waiters.prev);
	queue_remove(q, newest);
	join(q, place, client);
	*out_evicted = newest;
	return QUEUE_EVICTED;
}

struct queue_place *queue_first(const struct queue *q)
{
	if (list_empty(&q->turns))
		return NULL;
	return oldest_of(client_of(q->turns.next));
}

struct queue_place *queue_pop(struct queue *q)
{
	struct queue_place *place = queue_first(q);
	struct client *client;

	if (!place)
		return NULL;
	client = place->client;
	queue_remove(q, place);
	queue_slot_moved(q, client);
	return place;
}

void queue_remove(struct queue *q, struct queue_place *place)
{
	struct client *client = place->client;
	bool was_oldest;

	if (!client)
		return;
	was_oldest = oldest_of(client) == place;
	list_remove(&place->link);
	place->client = NULL;
	q->count--;
	if (--client->waiting == 0)
		list_remove(&client->turn);
	else if (was_oldest)
		set_turn(q, client);
}

void queue_slot_moved(struct queue *q, struct client *client)
{
	client->slot_moment = ++q->moment;
	if (client->waiting > 0)
		set_turn(q, client);
}
