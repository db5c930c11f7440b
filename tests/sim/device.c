/*
 * device.c: connections come in, requests are read, replies go out in pieces.
 */
#include "device.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "model.h"
#include "plan.h"

enum { WAKE_US = 30, MS = US_PER_MS, SLOW_MS = 4000 };

static const char *const trouble_words[TROUBLES] = {
    "well", "wedged", "off", "refuses", "silent", "stalled", "slow", "resets"};

static struct device_connection connections[DEVICE_CONNECTIONS];
static enum device_trouble trouble;
static int64_t trouble_until_us;
static struct chance chance;

static void work(struct device_connection *d);

void device_start(void)
{
	for (int i = 0; i < DEVICE_CONNECTIONS; i++)
		connections[i].number = 0;
	trouble = TROUBLE_NONE;
	trouble_until_us = 0;
	chance.state = world.chance.state ^ 77;
}

const char *trouble_name(uint32_t t)
{
	return t < TROUBLES ? trouble_words[t] : NULL;
}

static enum device_trouble now_suffers(void)
{
	return world.now_us < trouble_until_us ? trouble : TROUBLE_NONE;
}

bool device_is_well(void)
{
	return now_suffers() == TROUBLE_NONE;
}

static struct device_connection *connection_of(const struct tcp *t)
{
	struct device_connection *d =
	    &connections[t->end[PEER].owner % DEVICE_CONNECTIONS];

	return d->number == t->number && d->tcp == t ? d : NULL;
}

/* It has finished with the connection. */
static void forget(struct device_connection *d)
{
	d->number = 0;
	if (!d->tcp->end[PEER].closed)
		tcp_close(d->tcp, PEER, false);
}

static void reset(struct device_connection *d)
{
	TELL("device resets the connection of client %u", d->client);
	if (d->reply)
		d->reply->cut = d->reply->ended = true;
	d->number = 0;
	tcp_close(d->tcp, PEER, true);
}

static void on_better(void *obj, uint64_t arg)
{
	(void)obj, (void)arg;
	for (int i = 0; i < DEVICE_CONNECTIONS; i++)
		if (connections[i].number)
			work(&connections[i]);
}

void device_suffer(enum device_trouble what, int64_t span_us)
{
	trouble = what;
	trouble_until_us = world.now_us + span_us;
	model.troubled = true;
	TELL(
	    "device is %s for %d ms", trouble_words[what], (int)(span_us / MS));
	if (what != TROUBLE_OFF) {
		world_at(trouble_until_us, on_better, NULL, 0);
		return;
	}
	for (int i = 0; i < DEVICE_CONNECTIONS; i++) {
		struct device_connection *d = &connections[i];

		if (!d->number)
			continue;
		if (d->reply)
			d->reply->cut = d->reply->ended = true;
		d->number = 0;
		tcp_vanish(d->tcp, PEER);
	}
}

void device_heal(void)
{
	trouble_until_us = world.now_us;
	on_better(NULL, 0);
}

/* ---- connections ---- */

/* As its own TCP knows it, whatever the firmware has noticed. */
static bool has_finished(const struct tcp *t)
{
	return t->end[PEER].state == TCP_IS_DEAD || t->end[PEER].closed ||
	       (tcp_fin_in(t, PEER) && t->end[PEER].out.fin_written);
}

static unsigned int holds(void)
{
	unsigned int n = 0;

	for (int i = 0; i < DEVICE_CONNECTIONS; i++) {
		struct device_connection *d = &connections[i];

		n += d->number && !has_finished(d->tcp) &&
		     (d->tcp->may_live_until_us == 0 ||
			 d->tcp->may_live_until_us > world.now_us);
	}
	return n;
}

/* Every connection brings bytes of a request, or ends. */
static void on_must_have_bytes(void *obj, uint64_t arg)
{
	struct device_connection *d = obj;

	if (d->number == arg && d->head_bytes == 0 && device_is_well() &&
	    d->tcp->end[PEER].state == TCP_IS_OPEN &&
	    !d->tcp->end[PROXY].closed && tcp_unread(d->tcp, PEER) == 0 &&
	    d->tcp->end[PROXY].state == TCP_IS_OPEN)
		model_empty_connection();
}

static struct device_connection *take(struct tcp *t)
{
	for (uint32_t i = 0; i < DEVICE_CONNECTIONS; i++) {
		struct device_connection *d = &connections[i];

		if (d->number)
			continue;
		memset(d, 0, offsetof(struct device_connection, head));
		memset(&d->head_bytes, 0,
		    sizeof(*d) -
			offsetof(struct device_connection, head_bytes));
		d->tcp = t;
		d->number = t->number;
		t->end[PEER].owner = i;
		return d;
	}
	return NULL;
}

bool device_on_syn(struct tcp *t, bool *out_refused)
{
	unsigned int held = holds();
	uint32_t sockets = model.nature[NATURE_SOCKETS];
	struct device_connection *d;

	world_note(30, held);
	*out_refused = now_suffers() == TROUBLE_REFUSES;
	if (*out_refused || now_suffers() == TROUBLE_OFF ||
	    now_suffers() == TROUBLE_WEDGED)
		return false;
	model_device_connects(held);
	if (sockets > 0 && held >= sockets) {
		*out_refused = true;
		return false;
	}
	d = take(t);
	if (!d) {
		*out_refused = true;
		return false;
	}
	d->ignores_fin = chance_is(&chance, model.nature[NATURE_IGNORES_FIN]);
	TELL("device accepts a connection, its %u.", held + 1);
	world_after(model.patience_us, on_must_have_bytes, d, d->number);
	return true;
}

/* ---- replies ---- */

static void on_close_due(void *obj, uint64_t arg)
{
	struct device_connection *d = obj;

	if (d->number != arg || d->tcp->end[PEER].state != TCP_IS_OPEN)
		return;
	if (!d->tcp->end[PEER].out.fin_written)
		(void)tcp_shut(d->tcp, PEER);
	if (tcp_fin_in(d->tcp, PEER))
		forget(d);
}

static void close_soon(struct device_connection *d)
{
	int64_t span_us =
	    chance_below(&chance, model.nature[NATURE_CLOSE_MS] + 1) *
	    (int64_t)MS;

	if (d->closing)
		return;
	d->closing = true;
	if (d->reply)
		d->reply->ended = true;
	world_after(span_us, on_close_due, d, d->number);
}

static void on_piece(void *obj, uint64_t arg)
{
	struct device_connection *d = obj;

	if (d->number != arg)
		return;
	d->pause_due = false;
	work(d);
}

/* Bytes of the reply that go out now; false: not all of it is out. */
static bool say(struct device_connection *d)
{
	struct reply *r = d->reply;
	char buf[4096];
	size_t len;
	long n;
	uint64_t stop = r->kind == REPLY_CUT ? r->total / 2 : r->total;

	while (r->sent < stop) {
		len = model.nature[NATURE_PIECE];
		if (len > sizeof(buf))
			len = sizeof(buf);
		if (len > stop - r->sent)
			len = (size_t)(stop - r->sent);
		site_bytes(r, r->sent, buf, len);
		n = tcp_send(d->tcp, PEER, buf, len);
		if (n <= 0)
			return false;
		r->sent += (uint64_t)n;
		if (model.nature[NATURE_PIECE_MS] > 0 ||
		    r->kind == REPLY_EVENTS) {
			uint32_t ms = model.nature[NATURE_PIECE_MS];

			if (r->kind == REPLY_EVENTS)
				ms += 500;
			d->pause_due = true;
			world_after(
			    chance_between(&chance, ms / 2, ms) * (int64_t)MS,
			    on_piece, d, d->number);
			return r->sent == stop;
		}
	}
	return true;
}

static void answer_more(struct device_connection *d)
{
	struct reply *r = d->reply;

	if (d->pause_due || d->closing || r->ended || !say(d))
		return;
	if (r->kind == REPLY_CUT) {
		reset(d);
		return;
	}
	r->done_us = world.now_us;
	d->answering = false;
	if (!r->keeps_open)
		close_soon(d);
}

static void on_thought(void *obj, uint64_t arg)
{
	struct device_connection *d = obj;

	if (d->number != arg)
		return;
	d->pause_due = false;
	d->answering = true;
	work(d);
}

/* The request is whole. */
static void begin_reply(struct device_connection *d)
{
	enum reply_kind kind = REPLY_LENGTH;
	uint32_t size = 200;
	const char *head = d->head + d->skip;
	const char *target = memchr(head, ' ', 8);
	bool keeps = chance_is(&chance, model.nature[NATURE_KEEPS_OPEN]);
	uint32_t think_ms = model.nature[NATURE_THINK_MS];

	d->asked = true;
	if (target)
		(void)site_parse(target + 1, &kind, &size);
	if (kind == REPLY_NOTHING || now_suffers() == TROUBLE_SILENT)
		return;
	if (kind == REPLY_FIN || kind == REPLY_EMPTY || kind == REPLY_EVENTS)
		keeps = false;
	d->reply = site_new(kind, size, memcmp(head, "HEAD", 4) == 0, keeps);
	d->reply->client = d->client;
	d->reply->at_us = world.now_us;
	d->reply->target = site_target(head);
	if (now_suffers() == TROUBLE_SLOW)
		think_ms += SLOW_MS;
	d->pause_due = true;
	world_after(chance_below(&chance, think_ms + 1) * (int64_t)MS,
	    on_thought, d, d->number);
}

/* ---- requests ---- */

/* Where a PROXY header ends; 0: it is not over, or there is none. */
static bool skip_header(struct device_connection *d)
{
	const char *end;

	if (model.send_proxy == 0 || d->skip > 0)
		return true;
	if (model.send_proxy == 1) {
		end = memmem(d->head, d->head_bytes, "\r\n", 2);
		d->skip = end ? (uint32_t)(end + 2 - d->head) : 0;
	} else if (d->head_bytes >= 16) {
		uint32_t bytes =
		    16u + (uint8_t)d->head[14] * 256u + (uint8_t)d->head[15];

		d->skip = d->head_bytes >= bytes ? bytes : 0;
	}
	return d->skip > 0;
}

static void take_body(
    struct device_connection *d, const char *bytes, size_t len)
{
	if (len > d->body_left)
		model_extra_bytes(d);
	if (len > d->body_left)
		len = (size_t)d->body_left;
	model_device_body(d, bytes, len);
	d->body_seen += len;
	d->body_left -= len;
	if (d->body_left == 0 && !d->asked)
		begin_reply(d);
}

static void take_head(
    struct device_connection *d, const char *bytes, size_t len)
{
	size_t before = d->head_bytes;
	size_t room = DEVICE_HEAD_MAX - 1 - before;
	size_t part = len < room ? len : room;
	const char *start, *end, *length;

	memcpy(d->head + d->head_bytes, bytes, part);
	d->head_bytes += (uint32_t)part;
	d->head[d->head_bytes] = '\0';
	if (!skip_header(d))
		return;
	start = d->head + d->skip;
	end = memmem(start, d->head_bytes - d->skip, "\r\n\r\n", 4);
	if (!end) {
		model_device_part(d);
		return;
	}
	end += 4;
	d->known = true;
	length = memmem(start, (size_t)(end - start), "Content-Length: ", 16);
	d->body_left = length ? strtoul(length + 16, NULL, 10) : 0;
	model_device_head(d, start, (size_t)(end - start));
	part = (size_t)(end - d->head) - before;
	if (part < len || d->body_left == 0)
		take_body(d, bytes + part, len - part);
}

/* Returns false when the connection has ended. */
static bool read_request(struct device_connection *d)
{
	struct tcp *t = d->tcp;
	char buf[4096];
	long n;

	while ((n = tcp_recv(t, PEER, buf, sizeof(buf), false)) > 0) {
		if (now_suffers() == TROUBLE_RESETS) {
			reset(d);
			return false;
		}
		if (d->known)
			take_body(d, buf, (size_t)n);
		else
			take_head(d, buf, (size_t)n);
	}
	if (n != -EAGAIN && !tcp_fin_in(t, PEER)) {
		if (d->reply)
			d->reply->ended = true;
		model_device_reset(d);
		forget(d);
		return false;
	}
	return true;
}

static void work(struct device_connection *d)
{
	struct tcp *t = d->tcp;
	enum device_trouble now = now_suffers();

	if (now == TROUBLE_WEDGED || now == TROUBLE_STALLED) {
		if (t->end[PEER].state == TCP_IS_DEAD)
			(void)read_request(d);
		return;
	}
	if (!read_request(d))
		return;
	if (d->answering && d->reply)
		answer_more(d);
	if (!d->number || !tcp_fin_in(t, PEER))
		return;
	if (t->end[PEER].out.fin_written)
		forget(d);
	else if ((!d->ignores_fin || world.calm) && !d->answering &&
		 !d->pause_due)
		close_soon(d);
}

static void on_wake(void *obj, uint64_t arg)
{
	struct tcp *t = obj;
	struct device_connection *d;

	if (t->number != arg)
		return;
	t->end[PEER].wake_due = false;
	d = connection_of(t);
	if (d)
		work(d);
}

void device_wake(struct tcp *t)
{
	if (t->end[PEER].wake_due)
		return;
	t->end[PEER].wake_due = true;
	world_after(WAKE_US, on_wake, t, t->number);
}
