/*
 * conn_share.c: one reply for many, as far as connections act on it.
 *
 * Who leads and who follows is decided in policy/coalesce; here the followers
 * get their copies, or join the queue for themselves at the end of the turn,
 * and a follower takes the place of a leader's client that has left.
 */
#include "proxy/conn.h"

#include "base/bug.h"
#include "proxy/proxy.h"

static struct conn *conn_of(struct proxy *px, struct coalesce_member *m)
{
	struct protection *p = container_of(m, struct protection, share);

	return &px->conns[p - px->protections];
}

/* It joins the queue at the end of this turn. */
SELDOM static void orphan(struct proxy *px, struct coalesce_member *m)
{
	struct protection *p = container_of(m, struct protection, share);

	list_append(&px->orphans, &p->orphan);
	conn_serve_soon(px);
}

/* Target and Host as the client wrote them; false when they do not lie in
 * one chunk. */
static bool find_key(const struct conn *c, struct coalesce_key *out)
{
	const struct request *q = &c->prot->exchange.request;
	const struct chunk *k = direction_queue(&c->relay.to_device)->first;

	if (!k || q->head_bytes > k->end - k->start)
		return false;
	*out = (struct coalesce_key){
	    .target = k->bytes + k->start + q->target_at,
	    .target_bytes = q->target_bytes,
	    .host = k->bytes + k->start + q->host_at,
	    .host_bytes = q->host_bytes,
	};
	return true;
}

bool conn_share(struct conn *c)
{
	struct proxy *px = c->px;
	const struct chunk_queue *kept;
	struct coalesce_key key;

	if (!px->conf->conn.share ||
	    !request_is_shareable(&c->prot->exchange.request) ||
	    budget_free(&px->env.budget) == 0 || !find_key(c, &key))
		return false;
	switch (coalesce_join(
	    &px->coalesce, &c->prot->share, &key, ev_now(px->loop), &kept)) {
	case COALESCE_ALONE:
	case COALESCE_LEADS:
		return false;
	case COALESCE_KEPT:
		return conn_answer_copy(c, kept);
	case COALESCE_FOLLOWS:
		break;
	}
	conn_enter(c, CONN_QUEUE);
	conn_update(c);
	return true;
}

SELDOM static void keep_reply(struct conn *c, const struct chunk_queue *reply)
{
	struct proxy *px = c->px;
	int64_t keep_ms = px->conf->conn.keep_reply_ms;

	if (keep_ms > 0 &&
	    coalesce_keep_chunks(reply) <= budget_free(&px->env.budget))
		coalesce_keep(&px->coalesce, &c->prot->share, reply, keep_ms,
		    ev_now(px->loop));
}

void conn_deliver_shared(struct conn *c)
{
	const struct direction *d = &c->relay.to_client;
	struct proxy *px = c->px;
	struct coalesce_member *m = &c->prot->share, *f;
	uint64_t whole = direction_buffered(d);

	if (!coalesce_leads(m))
		return;
	if (direction_holds(d, HOLD_REPLY) && direction_sent_bytes(d) == 0 &&
	    whole <= px->conf->relay.reply_buffer_bytes &&
	    response_is_shareable(&c->prot->exchange.response)) {
		keep_reply(c, direction_queue(d));
		coalesce_close(&px->coalesce, m);
		while ((f = coalesce_next(m)))
			if (!conn_answer_copy(
				conn_of(px, f), direction_queue(d)))
				orphan(px, f);
	}
	conn_leave_shared(c);
}

/* A leader that never asked the device is succeeded by a follower, which
 * queues; one that did leaves each to ask for itself. */
void conn_leave_shared(struct conn *c)
{
	struct coalesce *t = &c->px->coalesce;
	struct protection *p = c->prot;
	struct coalesce_member *f;

	list_remove(&p->orphan);
	if (coalesce_leads(&p->share) && p->slot_ms > 0) {
		coalesce_close(t, &p->share);
		while ((f = coalesce_next(&p->share)))
			orphan(c->px, f);
	}
	f = coalesce_detach(t, &p->share);
	if (f)
		orphan(c->px, f);
}

/* Exchanges who the two are, for the log and the tables. */
static void swap_clients(struct conn *a, struct conn *b)
{
	struct client *client = a->prot->client;
	struct peer peer = a->peer;
	int64_t opened_ms = a->opened_ms, passed_ms = a->prot->passed_ms;

	a->peer = b->peer;
	a->opened_ms = b->opened_ms;
	a->prot->passed_ms = b->prot->passed_ms;
	a->prot->client = b->prot->client;
	b->peer = peer;
	b->opened_ms = opened_ms;
	b->prot->passed_ms = passed_ms;
	b->prot->client = client;
}

SELDOM bool conn_succeed(struct conn *c, enum cause cause)
{
	struct ev_loop *loop = c->px->loop;
	struct relay *r = &c->relay;
	struct coalesce_member *m;
	struct conn *f;

	if (!c->prot || !coalesce_leads(&c->prot->share))
		return false;
	m = coalesce_next(&c->prot->share);
	if (!m)
		return false;
	f = conn_of(c->px, m);
	list_remove(&f->prot->orphan);
	ev_io_close(loop, &r->client);
	ev_io_move(loop, &r->client, &f->relay.client);
	direction_new_source(&r->to_device, &f->relay.to_device);
	swap_clients(c, f);
	conn_close(f, cause);
	return true;
}

void conn_serve_orphans(struct proxy *px)
{
	struct protection *p;

	while (!list_empty(&px->orphans)) {
		p = container_of(px->orphans.next, struct protection, orphan);
		list_remove(&p->orphan);
		conn_queue_join(&px->conns[p - px->protections]);
	}
}
