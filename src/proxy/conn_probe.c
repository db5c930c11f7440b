/*
 * conn_probe.c: the door's own trial: a request without a client, whose reply
 * is read and dropped. It takes a seat and a slot like any other, and what
 * becomes of it is learnt like any other's.
 */
#include "proxy/conn.h"

#include <stdio.h>

#include "proxy/proxy.h"

void conn_open_probe(struct proxy *px)
{
	const struct conf *conf = px->conf;
	struct peer nobody = {0};
	struct device_pass pass = {0};
	struct conn *c;
	int64_t when_ms;
	char text[HTTP_ERROR_MAX];
	struct half *h;

	if (chunk_arena_left(&px->arena) == 0 ||
	    device_take(&px->device, &conf->device, true, ev_now(px->loop),
		&pass, &when_ms) != DEVICE_GO)
		return;
	c = conn_new(px, -1, &nobody);
	if (!c) {
		device_give(&px->device, &conf->device, &pass,
		    ev_now(px->loop));
		return;
	}
	conn_guard_init(c->guard);
	c->guard->is_probe = true;
	h = &c->relay.half[CLIENT];
	h->bytes = (uint64_t)snprintf(text, sizeof(text),
	    "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
	    conf->device.probe, conf->dial.device_text);
	h->eof = true;
	h->hold_fin = true;
	chunk_append(&px->arena, &h->owed, text, (size_t)h->bytes);
	c->relay.half[DEVICE].discard = true;
	conn_queue_leave(c, &pass);
}
