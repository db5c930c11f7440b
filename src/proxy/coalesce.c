/*
 * coalesce.c: flights (leaders on their way) and their followers.
 */
#include "proxy/coalesce.h"

#include <string.h>

#include "base/bug.h"
#include "proxy/conn.h"
#include "proxy/proxy.h"
#include "proxy/scheduler.h"

static struct conn *conn_of(struct proxy *px, struct guard *g)
{
	return &px->seats[g - px->guards];
}

/* The target as the client wrote it; NULL when it does not lie in one chunk.
 */
static const char *target_of(const struct conn *c)
{
	const struct request *g = &c->guard->request;
	const struct chunk *k = c->relay.half[CLIENT].owed.first;

	if (!k || g->target_at + g->target_bytes > k->end - k->start)
		return NULL;
	return k->bytes + k->start + g->target_at;
}

static struct guard *find_leader(struct proxy *px, const char *target,
    size_t len)
{
	struct list *item;
	struct guard *g;

	for (item = px->flights.next; item != &px->flights; item = item->next) {
		g = container_of(item, struct guard, flight);
		if (g->target.bytes == len &&
		    memcmp(g->target.first->bytes, target, len) == 0)
			return g;
	}
	return NULL;
}

bool share_join(struct conn *c)
{
	struct proxy *px = c->px;
	struct guard *g = c->guard;
	struct guard *leader;
	const char *target;

	if (!px->conf->conn.share || !request_is_shareable(&g->request))
		return false;
	target = target_of(c);
	if (!target || g->request.target_bytes > CHUNK_BYTES)
		return false;
	leader = find_leader(px, target, g->request.target_bytes);
	if (leader) {
		list_append(&leader->followers, &g->follow);
		conn_enter(c, CONN_QUEUE);
		conn_settle(c);
		return true;
	}
	if (chunk_arena_left(&px->arena) > 0) {
		chunk_append(&px->arena, &g->target, target,
		    g->request.target_bytes);
		list_append(&px->flights, &g->flight);
	}
	return false;
}

/* Ends the flight: nobody joins any more. */
static void land(struct conn *leader)
{
	list_remove(&leader->guard->flight);
	chunk_clear(&leader->px->arena, &leader->guard->target);
}

static struct conn *next_follower(struct conn *leader)
{
	struct guard *g = leader->guard;
	struct guard *f;

	if (list_empty(&g->followers))
		return NULL;
	f = container_of(g->followers.next, struct guard, follow);
	list_remove(&f->follow);
	return conn_of(leader->px, f);
}

void share_deliver(struct conn *leader)
{
	const struct half *reply = &leader->relay.half[DEVICE];
	struct conn *f;

	if (!response_is_shareable(&leader->guard->reply)) {
		share_release(leader);
		return;
	}
	land(leader);
	while ((f = next_follower(leader)))
		if (!conn_answer_copy(f, &reply->owed))
			serve_request(f->px, f);
}

/* The leader never asked the device: the first follower that gets as far as
 * the line leads those behind it. */
static void hand_over(struct conn *leader)
{
	struct guard *from = leader->guard, *to;
	struct conn *heir, *f;

	do {
		heir = next_follower(leader);
		if (!heir)
			break;
		serve_request(heir->px, heir);
	} while (heir->state > CONN_RELAY);
	if (!heir || list_empty(&from->followers)) {
		land(leader);
		return;
	}
	to = heir->guard;
	list_remove(&from->flight);
	list_append(&heir->px->flights, &to->flight);
	to->target = from->target;
	from->target = (struct chunk_queue){0};
	while ((f = next_follower(leader)))
		list_append(&to->followers, &f->guard->follow);
}

void share_release(struct conn *leader)
{
	struct conn *f;

	if (list_empty(&leader->guard->flight))
		return;
	if (leader->px->closing) {
		land(leader);
		return;
	}
	if (leader->guard->slot_ms == 0) {
		hand_over(leader);
		return;
	}
	land(leader);
	while ((f = next_follower(leader)))
		serve_request(f->px, f);
}

/* Exchanges who the two are, for the log and the tables. */
static void swap_clients(struct conn *a, struct conn *b)
{
	struct peer peer = a->peer;
	int64_t opened_ms = a->opened_ms, passed_ms = a->guard->passed_ms;
	struct client *source = a->guard->source;

	a->peer = b->peer;
	a->opened_ms = b->opened_ms;
	a->guard->passed_ms = b->guard->passed_ms;
	a->guard->source = b->guard->source;
	b->peer = peer;
	b->opened_ms = opened_ms;
	b->guard->passed_ms = passed_ms;
	b->guard->source = source;
}

bool share_inherit(struct conn *leader)
{
	struct relay *r = &leader->relay;
	struct conn *f = next_follower(leader);

	if (!f)
		return false;
	ev_io_close(leader->px->loop, &r->side[CLIENT].io);
	ev_io_move(leader->px->loop, &r->side[CLIENT].io,
	    &f->relay.side[CLIENT].io);
	r->side[CLIENT].hung_up = f->relay.side[CLIENT].hung_up;
	r->half[CLIENT].eof = f->relay.half[CLIENT].eof;
	r->half[CLIENT].read_err = 0;
	swap_clients(leader, f);
	conn_close(f, CAUSE_CLIENT_RESET);
	return true;
}
