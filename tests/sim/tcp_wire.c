/*
 * tcp_wire.c: what is on the way between two ends: segments, acknowledgements,
 * the first SYN, and machines that are gone. Order is kept, nothing is lost.
 */
#include <errno.h>

#include "tcp.h"

enum {
	DELAYED_ACK_US = 40 * 1000,
	RETRANSMIT_US = 924 * 1000 * 1000, /* tcp_retries2 */
	LOOK_US = 5 * 1000 * 1000,
	IN_VAIN_US = 3000,
};

void (*tcp_on_change)(struct tcp *t, int end);
bool (*tcp_on_syn)(struct tcp *t, bool *out_refused);

static void changed(struct tcp *t, int end)
{
	if (!t->end[end].closed)
		tcp_on_change(t, end);
}

/* The connection is over at `end`, whose next call meets `err`. */
static void lose(struct tcp *t, int end, int err)
{
	t->end[end].err = err;
	t->end[end].state = TCP_IS_DEAD;
	changed(t, end);
}

/* Of an event at `end`: stale when the connection is another's. */
static uint64_t tag(const struct tcp *t, int end)
{
	return (uint64_t)t->number << 1 | (uint64_t)end;
}

/* ---- what arrives ---- */

static void on_ack(void *obj, uint64_t arg)
{
	struct tcp *t = obj;
	int end = arg & 1;
	struct tcp_flow *f = &t->end[end].out;
	uint64_t upto;

	if (t->number != arg >> 1 || t->end[end].vanished)
		return;
	/* An acknowledgement carries what had arrived when it was due. */
	upto = f->arrived;
	f->last_ack_us = world.now_us;
	if (f->acked == upto && f->fin_acked == f->fin_arrived)
		return;
	f->acked = upto;
	f->fin_acked = f->fin_arrived;
	if (t->end[end].state == TCP_IS_DEAD)
		return;
	tcp_push(t, end);
	changed(t, end);
}

static void acknowledge(struct tcp *t, int end)
{
	struct tcp_flow *f = &t->end[end].out;
	int64_t span_us = t->end[!end].out.path->latency_us +
			  (t->delayed_ack ? DELAYED_ACK_US : 0);

	if (span_us > 0 || f->fin_arrived)
		world_after(span_us, on_ack, t, tag(t, end));
	else
		on_ack(t, tag(t, end));
}

static void arrive_reset(struct tcp *t, int end)
{
	struct tcp_end *e = &t->end[end];
	bool fin = tcp_fin_in(t, end);

	if (e->state == TCP_IS_DEAD || e->vanished)
		return;
	if (e->state == TCP_IS_SYN_SENT)
		lose(t, end, ECONNREFUSED);
	else if (e->out.fin_written && fin)
		lose(t, end, e->err);
	else
		lose(t, end, fin ? EPIPE : ECONNRESET);
}

/* What `from` sent is there. */
static void arrive(struct tcp *t, int from, const struct tcp_segment *s)
{
	struct tcp_flow *f = &t->end[from].out;
	struct tcp_end *to = &t->end[!from];

	if (to->vanished)
		return;
	world_note(1, s->upto);
	if (s->rst) {
		/* What was sent before it has come, too. */
		if (to->state == TCP_IS_OPEN && !to->closed)
			f->arrived = s->upto;
		arrive_reset(t, !from);
		return;
	}
	if (to->state == TCP_IS_DEAD || (to->closed && s->upto > f->arrived)) {
		if (s->upto > f->arrived)
			tcp_send_reset(t, !from);
		return;
	}
	f->arrived = s->upto;
	f->fin_arrived |= s->fin;
	acknowledge(t, from);
	changed(t, !from);
}

static void on_segment(void *obj, uint64_t arg)
{
	struct tcp *t = obj;
	int from = arg & 1;
	struct tcp_flow *f = &t->end[from].out;
	struct tcp_segment s;

	if (t->number != arg >> 1)
		return;
	s = f->segments[f->first];
	f->first = (uint8_t)((f->first + 1) % TCP_SEGMENTS);
	f->count--;
	arrive(t, from, &s);
	tcp_release(t);
}

/* ---- what is sent ---- */

/* Then nothing is ever under way on it. */
static bool is_instant(const struct tcp_path *p)
{
	return p->latency_us == 0 && p->lost == 0;
}

static int64_t arrival_us(struct tcp_path *p)
{
	int64_t at_us = world.now_us + p->latency_us;

	if (p->jitter_us > 0)
		at_us += chance_below(&world.chance, (uint32_t)p->jitter_us);
	if (p->lost > 0)
		for (int64_t again_us = TCP_AGAIN_US;
		     again_us < TCP_LATE_US &&
		     chance_is(&world.chance, p->lost);
		     again_us *= 2)
			at_us += again_us;
	if (at_us < p->last_us)
		at_us = p->last_us;
	p->last_us = at_us;
	return at_us;
}

static void transmit(struct tcp *t, int end, bool fin, bool rst)
{
	struct tcp_flow *f = &t->end[end].out;
	struct tcp_segment s = {.upto = f->sent, .fin = fin, .rst = rst};
	struct tcp_segment *last;

	if (t->end[end].vanished)
		return;
	s.at_us = arrival_us(f->path);
	if (is_instant(f->path) && f->count == 0) {
		arrive(t, end, &s);
		return;
	}
	last = &f->segments[(f->first + f->count + TCP_SEGMENTS - 1) %
			    TCP_SEGMENTS];
	if (f->count > 0 &&
	    (last->at_us == s.at_us || f->count == TCP_SEGMENTS) &&
	    !last->rst) {
		last->upto = s.upto;
		last->fin |= fin;
		last->rst = rst;
		return;
	}
	if (f->count == TCP_SEGMENTS)
		return;
	f->segments[(f->first + f->count++) % TCP_SEGMENTS] = s;
	world_at(s.at_us, on_segment, t, tag(t, end));
}

void tcp_push(struct tcp *t, int end)
{
	struct tcp_flow *f = &t->end[end].out;
	uint64_t upto = f->read + f->buf;
	bool fin;

	if (t->end[end].state != TCP_IS_OPEN)
		return;
	/* An orphan's window is open: what comes is answered with a reset. */
	if (upto > f->written || t->end[!end].closed)
		upto = f->written;
	fin = f->fin_written && !f->fin_sent && upto == f->written;
	if (upto <= f->sent && !fin)
		return;
	if (upto > f->sent)
		f->sent = upto;
	f->fin_sent |= fin;
	transmit(t, end, fin, false);
}

void tcp_send_reset(struct tcp *t, int end)
{
	transmit(t, end, false, true);
}

/* ---- connecting ---- */

static void on_syn_answer(void *obj, uint64_t arg)
{
	struct tcp *t = obj;
	bool accepted = arg & 1;
	struct tcp_end *e = &t->end[PROXY];

	if (t->number != arg >> 1)
		return;
	if (e->closed) {
		/* Given up in SYN-SENT: a late answer meets a reset. */
		if (accepted)
			tcp_send_reset(t, PROXY);
		return;
	}
	if (!accepted) {
		t->end[PEER].closed = true;
		lose(t, PROXY, ECONNREFUSED);
		return;
	}
	e->state = TCP_IS_OPEN;
	tcp_push(t, PEER);
	changed(t, PROXY);
}

static void on_syn(void *obj, uint64_t arg)
{
	struct tcp *t = obj;
	bool refused = false, accepted;
	struct tcp_path *back = t->end[PEER].out.path;

	if (t->number != arg)
		return;
	accepted = tcp_on_syn(t, &refused);
	if (!accepted && !refused) {
		/* Nobody answers: it is over when the proxy gives up. */
		t->end[PEER].closed = true;
		tcp_release(t);
		return;
	}
	arg = tag(t, accepted);
	if (is_instant(back))
		on_syn_answer(t, arg);
	else
		world_at(arrival_us(back), on_syn_answer, t, arg);
}

static void on_in_vain(void *obj, uint64_t arg)
{
	struct tcp *t = obj;

	if (t->number == arg >> 16)
		lose(t, PROXY, (int)(arg & 0xffff));
}

void tcp_connect_in_vain(struct tcp *t, int err)
{
	t->end[PROXY].state = TCP_IS_SYN_SENT;
	t->end[PEER].closed = true;
	world_after(IN_VAIN_US, on_in_vain, t,
	    (uint64_t)t->number << 16 | (uint64_t)err);
}

void tcp_break(struct tcp *t, int err)
{
	if (t->end[PROXY].state != TCP_IS_OPEN)
		return;
	t->end[PROXY].err = err;
	t->end[PROXY].state = TCP_IS_DEAD;
	tcp_send_reset(t, PROXY);
	changed(t, PROXY);
}

void tcp_connect(struct tcp *t)
{
	struct tcp_path *p = t->end[PROXY].out.path;

	t->end[PROXY].state = TCP_IS_SYN_SENT;
	if (is_instant(p))
		on_syn(t, t->number);
	else
		world_at(arrival_us(p), on_syn, t, t->number);
}

/* ---- machines that are gone ---- */

/* The other end learns it from its own timers only. */
static void on_look(void *obj, uint64_t arg)
{
	struct tcp *t = obj;
	int end = arg & 1;
	struct tcp_end *e = &t->end[end];
	int64_t idle_us = world.now_us - e->out.last_ack_us;
	bool waits = tcp_unacked(t, end) > 0;
	int64_t most_us = e->options.user_timeout_us > 0
			      ? e->options.user_timeout_us
			      : RETRANSMIT_US;

	if (t->number != arg >> 1 || e->state != TCP_IS_OPEN)
		return;
	if (e->closed) {
		e->state = TCP_IS_DEAD;
		tcp_release(t);
		return;
	}
	if ((waits && idle_us >= most_us) ||
	    (!waits && e->options.keepalive_us > 0 &&
		idle_us >= e->options.keepalive_us +
			       3 * e->options.keepalive_every_us)) {
		lose(t, end, ETIMEDOUT);
		return;
	}
	world_after(LOOK_US, on_look, t, arg);
}

void tcp_vanish(struct tcp *t, int end)
{
	t->end[end].vanished = true;
	t->end[end].closed = true;
	world_after(LOOK_US, on_look, t, tag(t, !end));
	tcp_release(t);
}
