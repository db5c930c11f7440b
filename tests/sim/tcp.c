/*
 * tcp.c: connections: what one end does, and what it sees of the other.
 */
#include "tcp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MAX = 4096 };

static struct tcp *pool[CONNECTIONS_MAX];
static unsigned int pool_count;
static struct tcp *spare;
static uint32_t next_number;

void tcp_start(void)
{
	spare = NULL;
	for (unsigned int i = pool_count; i-- > 0;) {
		pool[i]->next = spare;
		spare = pool[i];
	}
	next_number = 1;
}

static void flow_init(struct tcp_flow *f, struct tcp_path *path, uint32_t buf)
{
	memset(f, 0, offsetof(struct tcp_flow, segments));
	f->path = path;
	f->buf = buf;
	f->last_ack_us = world.now_us;
}

struct tcp *tcp_new(
    struct tcp_path *to_proxy, struct tcp_path *from_proxy, uint32_t buf)
{
	struct tcp *t = spare;

	if (!t) {
		FORBID(pool_count == CONNECTIONS_MAX, "world",
		    "too many connections");
		t = malloc(sizeof(*t));
		if (!t)
			abort();
		t->id = pool_count;
		pool[pool_count++] = t;
	} else {
		spare = t->next;
	}
	t->number = next_number++;
	t->delayed_ack = false;
	t->to_device = false;
	t->family = FAMILY_V4;
	t->may_live_until_us = 0;
	t->send_turn = 0;
	t->fd = 0;
	t->peer = NULL;
	t->wake_due = false;
	for (int e = PROXY; e <= PEER; e++) {
		memset(&t->end[e], 0, offsetof(struct tcp_end, out));
		t->end[e].state = TCP_IS_OPEN;
	}
	flow_init(&t->end[PROXY].out, from_proxy, buf);
	flow_init(&t->end[PEER].out, to_proxy, buf);
	return t;
}

void tcp_release(struct tcp *t)
{
	if (!t->end[PROXY].closed || !t->end[PEER].closed || t->number == 0)
		return;
	if (t->end[PROXY].out.count > 0 || t->end[PEER].out.count > 0)
		return;
	t->number = 0;
	t->next = spare;
	spare = t;
}

/* ---- calls ---- */

int tcp_error(struct tcp *t, int end)
{
	int err = t->end[end].err;

	t->end[end].err = 0;
	return err;
}

static void copy_in(struct tcp_flow *f, const void *buf, size_t len)
{
	size_t at = f->written % TCP_RING;
	size_t part = len < TCP_RING - at ? len : TCP_RING - at;

	memcpy(f->ring + at, buf, part);
	memcpy(f->ring, (const char *)buf + part, len - part);
	f->written += len;
}

static void copy_out(struct tcp_flow *f, void *buf, size_t len)
{
	size_t at = f->read % TCP_RING;
	size_t part = len < TCP_RING - at ? len : TCP_RING - at;

	memcpy(buf, f->ring + at, part);
	memcpy((char *)buf + part, f->ring, len - part);
}

long tcp_send(struct tcp *t, int end, const void *buf, size_t len)
{
	struct tcp_end *e = &t->end[end];
	struct tcp_flow *f = &e->out;
	size_t used = (size_t)(f->written - f->acked);

	if (e->state == TCP_IS_SYN_SENT)
		return -EAGAIN;
	if (e->err)
		return -tcp_error(t, end);
	if (f->fin_written || e->state == TCP_IS_DEAD)
		return -EPIPE;
	if (used >= f->buf)
		return -EAGAIN;
	if (len > f->buf - used)
		len = f->buf - used;
	copy_in(f, buf, len);
	tcp_push(t, end);
	return (long)len;
}

void tcp_mark(struct tcp *t, int end)
{
	struct tcp_flow *f = &t->end[end].out;

	if (f->written == f->read || t->end[end].state != TCP_IS_OPEN)
		return;
	f->urgent = f->written;
	if (!t->end[!end].closed && f->arrived == f->written)
		tcp_on_change(t, !end);
}

bool tcp_at_mark(const struct tcp *t, int end)
{
	const struct tcp_flow *f = &t->end[!end].out;

	return f->urgent > 0 && f->arrived >= f->urgent &&
	       f->read + 1 == f->urgent;
}

/* A read stops before the urgent byte, and without "inline" goes past it. */
static uint64_t skip_urgent(const struct tcp_end *e, struct tcp_flow *f)
{
	uint64_t unread = f->arrived - f->read;

	if (f->urgent == 0 || f->arrived < f->urgent || f->read >= f->urgent)
		return unread;
	if (f->read + 1 < f->urgent)
		return f->urgent - 1 - f->read;
	if (e->options.urgent_inline)
		return unread;
	f->read++;
	return unread - 1;
}

long tcp_recv(struct tcp *t, int end, void *buf, size_t len, bool peek)
{
	struct tcp_end *e = &t->end[end];
	struct tcp_flow *f = &t->end[!end].out;
	uint64_t unread = skip_urgent(e, f);

	if (unread > 0) {
		if (len > unread)
			len = (size_t)unread;
		copy_out(f, buf, len);
		if (!peek) {
			f->read += len;
			tcp_push(t, !end);
		}
		return (long)len;
	}
	if (e->state == TCP_IS_SYN_SENT)
		return -EAGAIN;
	if (f->fin_arrived)
		return 0;
	if (e->err)
		return -tcp_error(t, end);
	return e->state == TCP_IS_DEAD ? 0 : -EAGAIN;
}

int tcp_shut(struct tcp *t, int end)
{
	struct tcp_flow *f = &t->end[end].out;

	if (t->end[end].state != TCP_IS_OPEN ||
	    (f->fin_written && tcp_fin_in(t, end)))
		return -ENOTCONN;
	f->fin_written = true;
	tcp_push(t, end);
	return 0;
}

void tcp_close(struct tcp *t, int end, bool reset)
{
	struct tcp_end *e = &t->end[end];
	struct tcp_flow *f = &e->out;

	e->closed = true;
	if (e->state == TCP_IS_OPEN) {
		if (reset || tcp_unread(t, end) > 0) {
			e->state = TCP_IS_DEAD;
			if (!f->fin_sent || !tcp_fin_in(t, end))
				tcp_send_reset(t, end);
		} else {
			f->fin_written = true;
			tcp_push(t, end);
			tcp_push(t, !end);
		}
	}
	tcp_release(t);
}

size_t tcp_unacked(const struct tcp *t, int end)
{
	const struct tcp_flow *f = &t->end[end].out;

	return (size_t)(f->written - f->acked) +
	       (f->fin_written && !f->fin_acked);
}

unsigned int tcp_poll(const struct tcp *t, int end)
{
	const struct tcp_end *e = &t->end[end];
	const struct tcp_flow *f = &e->out, *in;
	bool rcv_shut = tcp_fin_in(t, end) || e->state == TCP_IS_DEAD;
	bool snd_shut = f->fin_written || e->state == TCP_IS_DEAD;
	size_t used = (size_t)(f->written - f->acked);
	unsigned int mask = 0;

	if (e->state == TCP_IS_SYN_SENT)
		return 0;
	if (rcv_shut)
		mask |= POLLIN | POLLRDHUP;
	else if (tcp_unread(t, end) > 0)
		mask |= POLLIN;
	if (snd_shut || used * 3 <= (size_t)f->buf * 2)
		mask |= POLLOUT;
	if (rcv_shut && snd_shut)
		mask |= POLLHUP;
	if (e->err)
		mask |= POLLERR;
	in = &t->end[!end].out;
	if (in->urgent > in->read && in->arrived >= in->urgent)
		mask |= POLLPRI;
	return mask;
}
