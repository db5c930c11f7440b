/*
 * conn_serve.c: what connections get of what others gave back: slots, memory,
 * places. It runs once, at the end of a turn, and never inside a close; so a
 * connect that fails at once cannot recurse.
 */
#include "proxy/conn.h"

#include "base/bug.h"
#include "proxy/proxy.h"
#include "proxy/shared_link.h"

static struct conn *conn_at(struct list *link)
{
	return container_of(link, struct conn, link);
}

struct conn *conn_of_waiter(struct proxy *px, struct waiter *w)
{
	return &px->conns[container_of(w, struct protection, waiter) -
			  px->protections];
}

/* ---- memory ---- */

/* What it keeps at its leisure: a part of a request, or a reply that the
 * device has finished. */
static size_t kept_bytes(const struct conn *c)
{
	if (c->state == CONN_GATE || c->state == CONN_QUEUE)
		return direction_buffered(&c->relay.to_device);
	if (c->state == CONN_CLOSING)
		return direction_buffered(&c->relay.to_client);
	return 0;
}

static bool keeps_any(const struct conn *c)
{
	return kept_bytes(c) > 0;
}

/* Of one address: the reply that is taken slowest; else who has been in the
 * gate longest; else the newest in the queue. */
static bool gives_sooner(const struct conn *a, const struct conn *b)
{
	if (a->state != b->state)
		return a->state == CONN_CLOSING ||
		       (a->state == CONN_GATE && b->state == CONN_QUEUE);
	if (a->state == CONN_CLOSING)
		return a->active_ms[CLIENT] < b->active_ms[CLIENT];
	return a->state == CONN_GATE ? a->opened_ms < b->opened_ms
				     : a->opened_ms > b->opened_ms;
}

/* Of the address that has most of what `amount` counts, of those that have a
 * connection that `may_go`, the one of which `sooner` says so. NULL: nobody
 * may go. */
static struct conn *find_victim(struct proxy *px,
    size_t (*amount)(const struct conn *c),
    bool (*may_go)(const struct conn *c),
    bool (*sooner)(const struct conn *a, const struct conn *b))
{
	const struct client *most = NULL;
	struct conn *victim = NULL, *c;
	struct list *at;

	for (at = px->live.next; at != &px->live; at = at->next)
		if (conn_at(at)->prot->client)
			conn_at(at)->prot->client->sum = 0;
	for (at = px->live.next; at != &px->live; at = at->next)
		if (conn_at(at)->prot->client)
			conn_at(at)->prot->client->sum += amount(conn_at(at));
	for (at = px->live.next; at != &px->live; at = at->next) {
		c = conn_at(at);
		if (!c->prot->client || !may_go(c))
			continue;
		if (!most || c->prot->client->sum > most->sum) {
			most = c->prot->client;
			victim = c;
		} else if (c->prot->client == most && sooner(c, victim)) {
			victim = c;
		}
	}
	return victim;
}

/* Has somebody give memory back. False: nobody keeps any. */
static bool reclaim(struct proxy *px)
{
	struct conn *victim;

	if (coalesce_drop_oldest(&px->coalesce))
		return true;
	victim = find_victim(px, kept_bytes, keeps_any, gives_sooner);
	if (!victim)
		return false;
	if (victim->state == CONN_CLOSING)
		conn_close(victim, CAUSE_NO_MEMORY);
	else
		conn_end(victim, CAUSE_NO_MEMORY);
	return true;
}

void conn_wait_for_memory(struct conn *c)
{
	struct proxy *px = c->px;
	size_t free = budget_free(&px->env.budget);

	px->memory_waiters += !c->wants_memory;
	c->wants_memory = true;
	if (free < px->memory_left)
		px->memory_left = free;
	if (c->state == CONN_GATE)
		conn_serve_soon(px);
}

void conn_stop_waiting(struct conn *c)
{
	c->px->memory_waiters -= c->wants_memory;
	c->wants_memory = false;
}

/* A client in the gate that cannot be read must not wait for those who keep
 * memory at their leisure. */
static void relieve_gate(struct proxy *px)
{
	struct list *at = px->live.next;

	if (px->memory_waiters == 0 || budget_free(&px->env.budget) > 0)
		return;
	while (at != &px->live &&
	       (conn_at(at)->state != CONN_GATE || !conn_at(at)->wants_memory))
		at = at->next;
	if (at != &px->live)
		(void)reclaim(px);
}

/* Everybody is told once; those who still find none come back. */
static void on_memory(struct ev_loop *loop, struct ev_later *l)
{
	struct proxy *px = container_of(l, struct proxy, feed);
	struct list *at, *next;

	(void)loop;
	px->memory_left = SIZE_MAX;
	for (at = px->live.next; at != &px->live && px->memory_waiters > 0;
	     at = next) {
		next = at->next;
		if (!conn_at(at)->wants_memory)
			continue;
		conn_stop_waiting(conn_at(at));
		conn_update(conn_at(at));
	}
}

/* ---- places ---- */

static size_t one_place(const struct conn *c)
{
	(void)c;
	return 1;
}

static bool is_evictable(const struct conn *c)
{
	return c->state != CONN_CONNECT && c->state != CONN_RELAY;
}

/* The one longest in the gate, else the newest in the queue, else the one
 * longest without progress. */
static bool leaves_sooner(const struct conn *a, const struct conn *b)
{
	if (a->state != b->state)
		return a->state < b->state;
	if (a->state == CONN_GATE)
		return a->opened_ms < b->opened_ms;
	if (a->state == CONN_QUEUE)
		return a->opened_ms > b->opened_ms;
	return a->active_ms[CLIENT] < b->active_ms[CLIENT];
}

/* Does the newcomer's address hold more, the newcomer counted, than that of
 * `victim`? */
static bool holds_more(
    struct proxy *px, const struct peer *newcomer, const struct conn *victim)
{
	struct client *client = clients_take(&px->clients, newcomer);
	bool more = client->count > victim->prot->client->count;

	clients_give(&px->clients, client);
	return more;
}

SELDOM bool conn_evict(struct proxy *px, const struct peer *newcomer)
{
	struct conn *victim;

	if (!px->protections)
		return false;
	victim = find_victim(px, one_place, is_evictable, leaves_sooner);
	if (!victim || holds_more(px, newcomer, victim))
		return false;
	conn_end(victim, CAUSE_EVICTED);
	if (victim->state != CONN_CLOSED && !victim->refused)
		conn_close(victim, CAUSE_EVICTED);
	return true;
}

/* ---- slots ---- */

static struct conn *owner_of(struct device_link *l)
{
	return l->phase == LINK_OPEN && l->io.on_io == conn_on_link ? l->owner
								    : NULL;
}

/* Who has been idle longest, and for so long, gives up the slot to others
 * who wait. Returns when to look again. */
static int64_t preempt_idle(struct proxy *px)
{
	int64_t idle_ms = px->conf->conn.preempt_idle_ms;
	int64_t now_ms = ev_now(px->loop), longest_ms = INT64_MAX;
	struct conn *longest = NULL, *c;
	struct list *at;

	if (idle_ms == 0 ||
	    !slots_are_full(&px->scheduler.slots, &px->conf->slots, now_ms))
		return INT64_MAX;
	for (at = px->links.open.next; at != &px->links.open; at = at->next) {
		c = owner_of(container_of(at, struct device_link, link));
		if (c && c->state == CONN_RELAY &&
		    conn_last_active_ms(c) < longest_ms) {
			longest = c;
			longest_ms = conn_last_active_ms(c);
		}
	}
	if (!longest)
		return INT64_MAX;
	if (longest_ms + idle_ms > now_ms)
		return longest_ms + idle_ms;
	conn_end(longest, CAUSE_PREEMPTED);
	return INT64_MAX;
}

/* The oldest stream of `client`; of all with NULL. */
static struct conn *find_stream(struct proxy *px, const struct client *client)
{
	struct conn *oldest = NULL, *c;
	struct list *at;

	for (at = px->links.open.next; at != &px->links.open; at = at->next) {
		c = owner_of(container_of(at, struct device_link, link));
		if (c && c->relay.link->slot.is_stream &&
		    (!client || c->prot->client == client) &&
		    (!oldest || c->prot->stream_ms < oldest->prot->stream_ms))
			oldest = c;
	}
	return oldest;
}

struct conn *conn_stream_over_limit(struct conn *newcomer)
{
	struct proxy *px = newcomer->px;
	struct client *most = newcomer->prot->client;
	struct conn *c;
	struct list *at;

	for (at = px->links.open.next; at != &px->links.open; at = at->next) {
		c = owner_of(container_of(at, struct device_link, link));
		if (c && c->prot->client)
			c->prot->client->sum = 0;
	}
	for (at = px->links.open.next; at != &px->links.open; at = at->next) {
		c = owner_of(container_of(at, struct device_link, link));
		if (c && c->relay.link->slot.is_stream &&
		    ++c->prot->client->sum > most->sum)
			most = c->prot->client;
	}
	if (newcomer->prot->client->sum == most->sum && most->sum == 1)
		return newcomer;
	if (newcomer->prot->client->sum == most->sum)
		most = newcomer->prot->client;
	return find_stream(px, most);
}

/* While others wait and only a stream is in their way: `first` is not to leave
 * for want of a slot before the stream has had its time. Returns when to look
 * again. */
static int64_t yield_stream(struct proxy *px, const struct conn *first)
{
	int64_t queue_ms = px->conf->queue.timeout_ms;
	int64_t at_ms = px->conf->conn.stream_yield_ms;
	int64_t now_ms = ev_now(px->loop);
	struct conn *c;

	if (at_ms == 0 ||
	    !slots_only_streams(&px->scheduler.slots, &px->conf->slots, now_ms))
		return INT64_MAX;
	c = find_stream(px, NULL);
	if (!c)
		return INT64_MAX;
	at_ms += c->prot->stream_ms;
	if (queue_ms > 0 && at_ms > first->prot->passed_ms + queue_ms / 2)
		at_ms = first->prot->passed_ms + queue_ms / 2;
	if (at_ms > now_ms)
		return at_ms;
	conn_end(c, CAUSE_STREAM_YIELD);
	return INT64_MAX;
}

/* Others wait for a slot whose device waits for a slow client: its reply is
 * taken ahead, up to half of the memory that is free. */
static void take_ahead(struct proxy *px)
{
	size_t limit = px->conf->relay.reply_buffer_bytes;
	struct direction *d;
	struct list *at, *next;
	struct conn *c;
	size_t free, ahead;

	for (at = px->links.open.next; at != &px->links.open; at = next) {
		next = at->next;
		c = owner_of(container_of(at, struct device_link, link));
		if (!c || c->state != CONN_RELAY)
			continue;
		d = &c->relay.to_client;
		if (!direction_full(d, &px->env) ||
		    direction_buffered(d) < limit)
			continue;
		free = budget_free(&px->env.budget) * CHUNK_BYTES;
		ahead = (free + direction_buffered(d) - limit) / 2;
		if (limit + ahead <= direction_buffered(d))
			continue;
		direction_set_buffer(d, limit + ahead);
		conn_conclude(c);
	}
}

static void set_pacing(struct proxy *px, int64_t when_ms)
{
	if (when_ms == INT64_MAX)
		return;
	if (when_ms <= ev_now(px->loop))
		conn_serve_soon(px);
	else if (!ev_timer_running(&px->pacing) ||
		 when_ms < px->pacing.deadline_ms)
		ev_timer_set(px->loop, &px->pacing, when_ms);
}

static void serve_queue(struct proxy *px)
{
	struct waiter *w;
	enum cause cause = CAUSE_NONE;
	int64_t when_ms;

	for (;;) {
		switch (scheduler_next(
		    &px->scheduler, ev_now(px->loop), &w, &cause, &when_ms)) {
		case SCHEDULE_GRANT:
			conn_queue_leave(conn_of_waiter(px, w));
			break;
		case SCHEDULE_REFUSE:
			conn_end(conn_of_waiter(px, w), cause);
			break;
		case SCHEDULE_MEMORY:
			if (!reclaim(px))
				return;
			break;
		case SCHEDULE_WAIT:
			set_pacing(px, when_ms);
			set_pacing(px, preempt_idle(px));
			set_pacing(px, yield_stream(px, conn_of_waiter(px, w)));
			take_ahead(px);
			return;
		case SCHEDULE_NOBODY:
			return;
		}
	}
}

static void on_serve(struct ev_loop *loop, struct ev_later *l)
{
	struct proxy *px = container_of(l, struct proxy, serve);

	proxy_assert_open(px);
	relieve_gate(px);
	conn_serve_orphans(px);
	if (px->hooks)
		px->hooks->before_serve(px);
	serve_queue(px);
	if (px->hooks)
		px->hooks->after_serve(px);
	set_pacing(px, coalesce_expire(&px->coalesce, ev_now(loop)));
	if (!px->on_empty || px->scheduler.queue.count > 0)
		set_pacing(px, probe_run(&px->probe, px));
	proxy_count(px);
}

static void on_serve_shared(struct ev_loop *loop, struct ev_later *l)
{
	struct proxy *px = container_of(l, struct proxy, serve);

	(void)loop;
	if (px->closing)
		return;
	relieve_gate(px);
	if (px->hooks)
		px->hooks->before_serve(px);
	if (px->on_empty)
		conn_shared_drain(px);
	shared_link_serve(px->shared);
	if (px->hooks)
		px->hooks->after_serve(px);
	proxy_count(px);
}

static void on_pacing(struct ev_loop *loop, struct ev_timer *t)
{
	(void)loop;
	conn_serve_soon(container_of(t, struct proxy, pacing));
}

void conn_serve_init(struct proxy *px)
{
	list_init(&px->orphans);
	px->memory_left = SIZE_MAX;
	ev_later_init(
	    &px->serve, px->conf->shared.on ? on_serve_shared : on_serve);
	ev_later_init(&px->feed, on_memory);
	ev_timer_init(&px->pacing, on_pacing);
}

void conn_serve_soon(struct proxy *px)
{
	if (px->protections)
		ev_later_add(px->loop, &px->serve);
}
