/*
 * probe.c: connect, ask, look at the answer's head, read on, end.
 */
#include "proxy/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/proxy_header.h"
#include "proxy/proxy.h"
#include "sys/sock.h"

enum {
	READ_ON_MS = 2000,
	AGAIN_MS = 100, /* no slot, no descriptor: look again */
};

static void set_deadline(struct probe *p, int64_t span_ms)
{
	ev_timer_set(p->px->loop, &p->deadline, ev_now(p->px->loop) + span_ms);
}

static void report(struct probe *p, enum health_signal signal)
{
	proxy_report(p->px, signal, NULL, p->link->probe_id);
}

static void end(struct probe *p, bool fin_seen, bool orderly)
{
	struct device_link *l = p->link;

	p->link = NULL;
	ev_timer_stop(p->px->loop, &p->deadline);
	if (orderly)
		device_link_end(l, fin_seen, p->response.said_keep_alive);
	else
		device_link_abort(l, fin_seen);
}

static void fail(struct probe *p, enum health_signal signal)
{
	report(p, signal);
	end(p, false, false);
}

/* What we run short of says nothing about the device, and a reset means that
 * somebody is there. */
static void attempt_failed(struct probe *p, int err)
{
	if (device_link_is_shortage(err))
		end(p, false, false);
	else
		fail(p, device_link_cause(err) == CAUSE_CONNECT_RESET
			    ? HEALTH_RESET
			    : HEALTH_REFUSED);
}

/* The first address that takes the connect; when none does, the last one's
 * failure is the probe's. */
static void connect_to_any(struct probe *p)
{
	struct proxy *px = p->px;
	int err;

	do {
		err = device_link_connect(p->link);
	} while (err < 0 && device_link_next_address(p->link));
	if (err < 0) {
		attempt_failed(p, err);
		return;
	}
	ev_io_want(px->loop, &p->link->io, EV_OUT);
	set_deadline(p, px->conf->link.connect_timeout_ms);
}

/* One that timed out may live at the device, and is left to the link's end. */
static void connect_failed(struct probe *p, int err)
{
	bool has_next = device_link_has_next(p->link);

	if (has_next || err != -ETIMEDOUT)
		device_link_drop_attempt(p->link);
	if (!has_next) {
		attempt_failed(p, err);
		return;
	}
	(void)device_link_next_address(p->link);
	connect_to_any(p);
}

/* A small request into a fresh socket: it is taken whole, or the attempt has
 * failed. */
static void ask(struct probe *p)
{
	const struct conf *conf = p->px->conf;
	struct peer nobody = {0};
	char text[PROXY_HEADER_OUT_MAX + PROBE_REQUEST_MAX];
	size_t len = 0;
	ssize_t sent;

	if (conf->link.send_proxy > 0)
		len = proxy_header_encode(
		    conf->link.send_proxy, &nobody, &nobody, text);
	len += (size_t)snprintf(text + len, PROBE_REQUEST_MAX,
	    "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
	    conf->health.probe, conf->link.device_text);
	sent = sock_send(p->link->io.fd, text, len);
	if (sent != (ssize_t)len) {
		attempt_failed(p, sent < 0 ? (int)sent : -ENOBUFS);
		return;
	}
	ev_io_want(p->px->loop, &p->link->io, EV_IN | EV_RDHUP);
	set_deadline(p, health_probe_wait_ms(&p->px->scheduler.health,
			    conf->conn.first_byte_ms, ev_now(p->px->loop)));
}

/* Like a client's first byte, the request waits for settle. */
static void connected(struct probe *p)
{
	int64_t settle_ms = p->px->conf->link.settle_ms;

	device_link_set_settling(p->link, settle_ms > 0);
	if (settle_ms == 0) {
		ask(p);
		return;
	}
	ev_io_want(p->px->loop, &p->link->io, EV_HUP);
	set_deadline(p, settle_ms);
}

static bool is_complete(const struct probe *p)
{
	return p->read_bytes >= p->response.whole_bytes ||
	       p->read_bytes >= p->px->conf->relay.reply_buffer_bytes;
}

static void take_bytes(struct probe *p, size_t bytes)
{
	p->read_bytes += bytes;
	(void)response_feed(&p->response, p->px->env.scratch, bytes);
	if (!p->passed && p->response.end != RESPONSE_OPEN) {
		p->passed = true;
		report(p, HEALTH_SERVED);
		set_deadline(p, READ_ON_MS);
	}
}

/* Its reply, or its end, or both: RDHUP and a short read are the end. */
static void read_reply(struct probe *p, unsigned int events)
{
	struct direction_env *env = &p->px->env;
	ssize_t n = sock_recv(p->link->io.fd, env->scratch, env->scratch_bytes);
	bool fin_seen = n >= 0 && (size_t)n < env->scratch_bytes &&
			(n == 0 || (events & (EV_RDHUP | EV_ERR)) == EV_RDHUP);

	if (n == -EAGAIN)
		return;
	if (n > 0)
		take_bytes(p, (size_t)n);
	if (n >= 0 && !fin_seen) {
		if (p->passed && is_complete(p))
			end(p, false, true);
		return;
	}
	if (!p->passed)
		report(p, p->read_bytes > 0 ? HEALTH_SERVED
			  : n == -ETIMEDOUT ? HEALTH_SILENT
					    : HEALTH_RESET);
	end(p, fin_seen, fin_seen);
}

static void on_link(struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	struct probe *p = device_link_of(io)->owner;
	int err = 0;

	(void)loop;
	if (device_link_is_settling(p->link)) {
		fail(p, HEALTH_RESET);
		return;
	}
	if (p->link->phase == LINK_OPEN) {
		/* (OUT is what the kernel would not take back.) */
		if (events & ~(unsigned int)EV_OUT)
			read_reply(p, events);
		return;
	}
	if (events & (EV_HUP | EV_ERR))
		err = sock_error(p->link->io.fd);
	if (err == 0 && !device_link_connected(p->link))
		err = -ECONNREFUSED;
	if (err < 0)
		connect_failed(p, err);
	else
		connected(p);
}

/* A connect that timed out counts as refused, a reply that never began as
 * silent; what is read on merely ends. */
static void on_deadline(struct ev_loop *loop, struct ev_timer *t)
{
	struct probe *p = container_of(t, struct probe, deadline);

	(void)loop;
	if (p->link->phase == LINK_CONNECTING) {
		connect_failed(p, -ETIMEDOUT);
		return;
	}
	if (device_link_is_settling(p->link)) {
		device_link_set_settling(p->link, false);
		ask(p);
		return;
	}
	if (!p->passed)
		report(p, HEALTH_SILENT);
	end(p, false, p->passed);
}

void probe_init(struct probe *p, struct proxy *px)
{
	*p = (struct probe){.px = px};
	ev_timer_init(&p->deadline, on_deadline);
}

static void begin(struct probe *p, const struct waiter *w)
{
	p->passed = false;
	p->read_bytes = 0;
	response_init(
	    &p->response, strncmp(p->px->conf->health.probe, "HEAD ", 5) == 0);
	p->link->slot = w->slot;
	p->link->probe_id = w->probe_id;
	connect_to_any(p);
}

int64_t probe_run(struct probe *p, struct proxy *px)
{
	int64_t now_ms = ev_now(px->loop);
	int64_t at_ms =
	    health_probe_at_ms(&px->scheduler.health, &px->conf->health);
	struct waiter w = {0};

	if (p->link)
		return INT64_MAX;
	if (at_ms > now_ms)
		return at_ms;
	if (list_empty(&px->links.spare) && px->links.fresh == px->links.size)
		return now_ms + AGAIN_MS;
	if (!scheduler_ask_probe(&px->scheduler, &w, now_ms))
		return now_ms + AGAIN_MS;
	p->link = device_link_open(&px->links, on_link, p);
	begin(p, &w);
	return INT64_MAX;
}

void probe_stop(struct probe *p)
{
	if (p->link)
		end(p, false, false);
}
