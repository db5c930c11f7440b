/*
 * device_http.c: what the device is when it speaks HTTP: requests are read,
 * replies go out in pieces.
 */
#include "device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "model.h"

enum { EARLY = 30 /* per mille */ };

/* ---- replies ---- */

/* Bytes of the reply that go out now; false: not all of it is out. */
static bool say(struct session *d)
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
		if (chance_is(&device_chance, model.nature[NATURE_URGENT]))
			tcp_mark(d->tcp, PEER);
		if (model.nature[NATURE_PIECE_MS] > 0 ||
		    r->kind == REPLY_EVENTS) {
			uint32_t ms = model.nature[NATURE_PIECE_MS];

			if (r->kind == REPLY_EVENTS)
				ms += 500;
			device_pause(d, ms / 2, ms);
			return r->sent == stop;
		}
	}
	return true;
}

static void answer_more(struct session *d)
{
	struct reply *r = d->reply;

	if (d->pause_due || d->closing || r->ended || !say(d))
		return;
	if (r->kind == REPLY_CUT) {
		device_reset(d);
		return;
	}
	r->done_us = world.now_us;
	d->answering = false;
	if (!r->keeps_open)
		device_close_soon(d);
}

static bool is_upgrade(const struct session *d)
{
	return memmem(d->head, d->head_bytes, "\nUpgrade: ", 10);
}

/* The request is whole. */
static void begin_reply(struct session *d)
{
	enum reply_kind kind = REPLY_LENGTH;
	uint32_t size = 200;
	const char *head = d->head + d->skip;
	const char *target = memchr(head, ' ', 8);
	bool keeps = chance_is(&device_chance, model.nature[NATURE_KEEPS_OPEN]);

	d->asked = true;
	if (target)
		(void)site_parse(target + 1, &kind, &size);
	if (kind == REPLY_UPGRADE && !is_upgrade(d))
		kind = REPLY_LENGTH;
	if (kind == REPLY_ODD && memcmp(head, "HEAD", 4) == 0)
		kind = REPLY_LENGTH;
	if (kind == REPLY_NOTHING || device_suffers() == TROUBLE_SILENT)
		return;
	if (kind == REPLY_FIN || kind == REPLY_EMPTY || kind == REPLY_EVENTS ||
	    kind == REPLY_ODD || kind == REPLY_UPGRADE)
		keeps = false;
	d->reply = site_new(kind, size, memcmp(head, "HEAD", 4) == 0, keeps);
	d->reply->client = d->client;
	d->reply->target = site_target(head);
	d->answering = true;
	device_pause(d, 0, device_think_ms());
}

/* ---- requests ---- */

/* Where a PROXY header ends; 0: it is not over, or there is none. */
static bool skip_header(struct session *d)
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

static void take_body(struct session *d, const char *bytes, size_t len)
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

/* Behind the empty line; NULL: it is not there yet. */
static const char *head_end(const char *start, size_t len)
{
	const char *end = memmem(start, len, "\n\r\n", 3);
	const char *bare = memmem(start, len, "\n\n", 2);

	if (bare && (!end || bare < end))
		return bare + 2;
	return end ? end + 3 : NULL;
}

static void take_head(struct session *d, const char *bytes, size_t len)
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
	end = head_end(start, d->head_bytes - d->skip);
	if (!end) {
		model_device_part(d);
		return;
	}
	d->known = true;
	length = memmem(start, (size_t)(end - start), "Content-Length: ", 16);
	d->body_left = length ? strtoul(length + 16, NULL, 10) : 0;
	model_device_head(d, start, (size_t)(end - start));
	part = (size_t)(end - d->head) - before;
	/* What follows is the other protocol's. */
	if (is_upgrade(d)) {
		begin_reply(d);
		d->body_left = UINT64_MAX;
	}
	/* Some know their answer before the body has come. */
	else if (d->body_left > 0 && chance_is(&device_chance, EARLY))
		begin_reply(d);
	if (part < len || d->body_left == 0)
		take_body(d, bytes + part, len - part);
}

void device_http_hear(struct session *d, const char *bytes, size_t len)
{
	if (d->known)
		take_body(d, bytes, len);
	else
		take_head(d, bytes, len);
}

bool device_http_answer(struct session *d)
{
	if (d->answering)
		answer_more(d);
	return d->answering || d->pause_due;
}
