/*
 * worker.c: what the keeper says and is told.
 */
#include "proxy/worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "proxy/look.h"
#include "proxy/proxy.h"
#include "proxy/shutdown.h"
#include "sys/line.h"

static struct worker *worker_of(struct proxy *px)
{
	return px->hooks_arg;
}

static bool send_slot(struct proxy *px, int64_t until_ms)
{
	struct line_message m = {
	    .kind = LINE_SLOTS,
	    .count = 1,
	    .until_ms = until_ms,
	};

	if (line_send(worker_of(px)->line.fd, &m, -1) == 0)
		return true;
	/* Another time. */
	slots_return(&px->scheduler.slots, ev_now(px->loop), until_ms);
	return false;
}

/* One that is free goes to the keeper, or else one that rests: what is left
 * of its quarantine goes with it. */
static bool pass_on(struct proxy *px)
{
	struct slots *s = &px->scheduler.slots;
	int64_t now_ms = ev_now(px->loop), until_ms = 0;

	return (slots_lend(s, &px->conf->slots, now_ms) ||
		   slots_lend_quarantined(s, now_ms, &until_ms)) &&
	       send_slot(px, until_ms);
}

static void put_health(struct line_message *m, const struct proxy *px)
{
	_Static_assert(sizeof(struct health) <= LINE_BYTES_MAX, "too long");
	m->length = sizeof(struct health);
	memcpy(m->bytes, &px->scheduler.health, sizeof(struct health));
}

/* What others know of the device; probes of ours stay ours. */
static void take_health(struct proxy *px, const struct line_message *m)
{
	struct health *h = &px->scheduler.health, fresh;

	if (!px->protections || m->length != sizeof(fresh))
		return;
	memcpy(&fresh, m->bytes, sizeof(fresh));
	fresh.probe_id = h->probe_id;
	fresh.running = h->running;
	fresh.undecided = h->undecided;
	*h = fresh;
	proxy_count_health(px);
	conn_serve_soon(px);
}

static void take_slots(struct proxy *px, const struct line_message *m)
{
	struct slots *s = &px->scheduler.slots;
	struct worker *w = worker_of(px);

	if (!px->protections)
		return;
	for (uint32_t i = 0; i < m->count; i++)
		slots_return(s, ev_now(px->loop), m->until_ms);
	/* The keeper has subtracted them, too. */
	w->told -= m->count < w->told ? m->count : w->told;
	proxy_count(px);
	conn_serve_soon(px);
}

/* ---- hooks ---- */

static void on_slot_back(struct proxy *px)
{
	if (worker_of(px)->retired)
		(void)pass_on(px);
}

static void before_serve(struct proxy *px)
{
	struct worker *w = worker_of(px);

	if (w->retired)
		return;
	while (w->wanted > 0 && (w->turn_is_theirs || proxy_waiting(px) == 0) &&
	       pass_on(px)) {
		w->wanted--;
		w->turn_is_theirs = false;
	}
}

/* How many it takes to serve all who wait. */
static uint32_t missing(const struct proxy *px)
{
	const struct slots *s = &px->scheduler.slots;
	uint32_t had = s->taken + s->quarantined + s->lent;
	uint32_t most = px->conf->slots.slots;
	uint32_t free = most > had ? most - had : 0;
	uint32_t wanted = proxy_waiting(px);

	return wanted > free ? wanted - free : 0;
}

/* A slot that came for somebody who has left, or who waits no more, goes
 * back; while it pauses for those who wait, it stays. */
static void after_serve(struct proxy *px)
{
	struct worker *w = worker_of(px);
	uint32_t count;

	w->turn_is_theirs |= px->scheduler.slots.taken > 0;
	if (!w->retired || px->conf->slots.slots == 0)
		return;
	while (proxy_waiting(px) == 0 && pass_on(px))
		;
	count = missing(px);
	if (count != w->told && line_tell(w->line.fd, LINE_WANT, count) == 0)
		w->told = count;
}

static void on_health(struct proxy *px)
{
	struct line_message m = {.kind = LINE_HEALTH};

	if (worker_of(px)->retired)
		return;
	put_health(&m, px);
	(void)line_send(worker_of(px)->line.fd, &m, -1);
}

static void on_probe_failed(struct proxy *px)
{
	(void)px;
	(void)line_tell(worker_of(px)->line.fd, LINE_LOOK_UP, 0);
}

static bool others_wait(const struct proxy *px)
{
	const struct worker *w = px->hooks_arg;

	return px->conf->slots.slots > 0 && (w->retired || w->wanted > 0);
}

static const struct proxy_hooks hooks = {
    .on_slot_back = on_slot_back,
    .before_serve = before_serve,
    .after_serve = after_serve,
    .others_wait = others_wait,
    .on_health = on_health,
    .on_probe_failed = on_probe_failed,
};

/* ---- what the keeper says ---- */

static void retire(struct worker *w)
{
	struct proxy *px = w->px;
	struct slots *s = &px->scheduler.slots;
	struct line_message m = {.kind = LINE_RETIRED};
	int64_t now_ms = ev_now(px->loop), until_ms;

	if (w->retired || w->shutdown->draining)
		return;
	shutdown_drain(w->shutdown, "a new worker has taken over");
	w->retired = true;
	if (px->protections) {
		while (slots_lend(s, &px->conf->slots, now_ms))
			;
		m.count = s->taken + s->quarantined;
		put_health(&m, px);
	}
	/* A keeper that waits for it would end us. */
	if (line_send(w->line.fd, &m, -1) < 0)
		shutdown_force(w->shutdown);
	while (px->protections &&
	       slots_lend_quarantined(s, now_ms, &until_ms) &&
	       send_slot(px, until_ms))
		;
	conn_serve_soon(px);
}

/* Connections under way go on with those they have begun with. */
static void take_addresses(struct worker *w, const struct line_message *m)
{
	struct device_link_conf *d = &w->conf->link;
	size_t count = m->length / sizeof(struct addr);

	if (count == 0 || count > DEVICE_ADDR_MAX)
		return;
	memcpy(d->device, m->bytes, count * sizeof(struct addr));
	d->device_count = count;
}

/* It may have been told to end meanwhile. */
static void go(struct worker *w, const struct line_message *m)
{
	if (w->shutdown->draining)
		return;
	take_health(w->px, m);
	take_slots(w->px, m);
	proxy_start(w->px);
}

static void end_client(struct proxy *px, const struct line_message *m)
{
	struct peer client;

	if (m->length != sizeof(client))
		return;
	memcpy(&client, m->bytes, sizeof(client));
	look_end_client(px, &client);
}

static void obey(struct worker *w, const struct line_message *m, int fd)
{
	switch ((enum line_kind)m->kind) {
	case LINE_GO:
		go(w, m);
		break;
	case LINE_DRAIN:
		shutdown_drain(w->shutdown, "draining");
		break;
	case LINE_END:
		shutdown_force(w->shutdown);
		break;
	case LINE_RETIRE:
		retire(w);
		break;
	case LINE_LOG:
		access_take_log(&w->px->access, fd);
		return;
	case LINE_ADDRESSES:
		take_addresses(w, m);
		break;
	case LINE_PING:
		w->px->stats->beat = m->count;
		break;
	case LINE_HOLD:
		proxy_hold(w->px, m->count > 0);
		break;
	case LINE_LEVEL:
		w->px->log.level = (enum log_level)m->count;
		break;
	case LINE_LOOK:
		look_at_clients(w->px, m->count);
		(void)line_tell(w->line.fd, LINE_LOOKED, 0);
		break;
	case LINE_CLOSE:
		end_client(w->px, m);
		break;
	case LINE_SLOTS:
		take_slots(w->px, m);
		break;
	case LINE_WANT:
		w->wanted = m->count;
		conn_serve_soon(w->px);
		break;
	case LINE_HEALTH:
		take_health(w->px, m);
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
}

/* Without its keeper nobody could end it. */
static void on_line(struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	struct worker *w = container_of(io, struct worker, line);
	struct line_message m;
	int fd, err;

	(void)events;
	while ((err = line_receive(io->fd, &m, &fd)) == 0)
		obey(w, &m, fd);
	if (err == -EAGAIN)
		return;
	log_message(
	    &w->px->log, LOG_LEVEL_ERROR, "the keeper has gone: ending");
	ev_io_close(loop, io);
	shutdown_force(w->shutdown);
}

int worker_start(struct worker *w, int line_fd)
{
	struct proxy *px = w->px;

	px->hooks = &hooks;
	px->hooks_arg = w;
	if (px->protections)
		px->scheduler.slots.lent = px->conf->slots.slots;
	ev_io_init(&w->line, line_fd, on_line);
	ev_io_want(px->loop, &w->line, EV_IN);
	return line_tell(line_fd, LINE_READY, 0);
}
