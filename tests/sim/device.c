/*
 * device.c: connections come in, requests are read, replies go out in pieces.
 */
#include "device.h"

#include <errno.h>
#include <string.h>

#include "kernel.h"
#include "model.h"

enum { WAKE_US = 30, SLOW_MS = 4000 };

const char *const trouble_words[TROUBLES + 1] = {"well", "stuck", "off",
    "refuses", "silent", "stalled", "slow", "resets", "closes"};

static struct session connections[DEVICE_CONNECTIONS];
static enum device_trouble trouble;
static int64_t trouble_until_us;
struct chance device_chance;

void device_start(void)
{
	for (int i = 0; i < DEVICE_CONNECTIONS; i++)
		connections[i].number = 0;
	trouble = TROUBLE_NONE;
	trouble_until_us = 0;
	device_chance.state = world.chance.state ^ 77;
}

enum device_trouble device_suffers(void)
{
	return world.now_us < trouble_until_us ? trouble : TROUBLE_NONE;
}

/* It has finished with the connection. */
void device_forget(struct session *d)
{
	d->number = 0;
	if (!d->tcp->end[PEER].closed)
		tcp_close(d->tcp, PEER, false);
}

void device_reset(struct session *d)
{
	TELL("device resets the connection of client %u", d->client);
	if (d->reply)
		d->reply->cut = d->reply->ended = true;
	d->number = 0;
	tcp_close(d->tcp, PEER, true);
}

/* Returns false when the connection has ended. */
static bool read_requests(struct session *d)
{
	char buf[4096];
	size_t room = model.talks == TALKS_HTTP
			  ? sizeof(buf)
			  : DEVICE_HEAD_MAX - d->head_bytes;
	long n;

	while ((n = tcp_recv(d->tcp, PEER, buf, room, false)) > 0) {
		if (device_suffers() == TROUBLE_RESETS) {
			device_reset(d);
			return false;
		}
		if (model.talks == TALKS_HTTP)
			device_http_hear(d, buf, (size_t)n);
		else
			room = station_hear(d, buf, (size_t)n);
	}
	if (n == -EAGAIN || tcp_fin_in(d->tcp, PEER))
		return true;
	TELL("device: the connection of client %u is reset", d->client);
	if (d->reply)
		d->reply->ended = true;
	device_forget(d);
	return false;
}

void device_work(void *connection)
{
	struct session *d = connection;
	struct tcp *t = d->tcp;
	enum device_trouble now = device_suffers();
	bool busy;

	if (!d->heard && tcp_unread(t, PEER) > 0) {
		d->heard = true;
		model_first_byte(d);
	}
	if (now == TROUBLE_WEDGED || now == TROUBLE_STALLED) {
		d->was_stalled = true;
		if (t->end[PEER].state == TCP_IS_DEAD)
			(void)read_requests(d);
		return;
	}
	if (!read_requests(d))
		return;
	busy = model.talks == TALKS_HTTP ? device_http_answer(d)
					 : station_answer(d);
	if (!d->number || !tcp_fin_in(t, PEER))
		return;
	if (t->end[PEER].out.fin_written)
		device_forget(d);
	else if ((!d->ignores_fin || world.calm) && !busy)
		device_close_soon(d);
}

static void on_pause_over(void *obj, uint64_t number)
{
	struct session *d = obj;

	if (d->number != number)
		return;
	d->pause_due = false;
	device_work(d);
}

void device_pause(struct session *d, uint32_t from_ms, uint32_t to_ms)
{
	d->pause_due = true;
	world_after(chance_between(&device_chance, from_ms, to_ms) * MS,
	    on_pause_over, d, d->number);
}

uint32_t device_think_ms(void)
{
	return model.nature[NATURE_THINK_MS] +
	       (device_suffers() == TROUBLE_SLOW ? SLOW_MS : 0);
}

static void on_better(void *obj, uint64_t arg)
{
	for (int i = 0; i < DEVICE_CONNECTIONS; i++)
		if (connections[i].number)
			device_work(&connections[i]);
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
		struct session *d = &connections[i];

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
		struct session *d = &connections[i];

		n += d->number && d->number == d->tcp->number &&
		     !has_finished(d->tcp) &&
		     (d->tcp->may_live_until_us == 0 ||
			 d->tcp->may_live_until_us > world.now_us);
	}
	return n;
}

/* Every connection brings bytes of a request, or ends. */
static void on_must_have_bytes(void *obj, uint64_t arg)
{
	struct session *d = obj;

	if (d->number == arg && d->head_bytes == 0 && !d->known &&
	    device_suffers() == TROUBLE_NONE &&
	    d->tcp->end[PEER].state == TCP_IS_OPEN &&
	    !d->tcp->end[PROXY].closed && tcp_unread(d->tcp, PEER) == 0 &&
	    d->tcp->end[PROXY].state == TCP_IS_OPEN)
		model_empty_connection();
}

static struct session *take(struct tcp *t)
{
	struct session *d = connections;

	while (d->number)
		FORBID(++d == connections + DEVICE_CONNECTIONS, "world",
		    "too many connections of the device");
	memset(d, 0, offsetof(struct session, head));
	d->tcp = t;
	d->number = t->number;
	d->opened_us = world.now_us;
	t->peer = d;
	t->on_wake = device_work;
	return d;
}

/* In order or not, and before anything was read. */
static void on_unheard(void *obj, uint64_t arg)
{
	struct session *d = obj;

	if (d->number != arg || d->tcp->end[PEER].state != TCP_IS_OPEN)
		return;
	if (chance_is(&device_chance, 500))
		device_reset(d);
	else
		device_close_soon(d);
}

bool device_on_syn(struct tcp *t, bool *out_refused)
{
	unsigned int held = holds();
	uint32_t sockets = model.nature[NATURE_SOCKETS];
	struct session *d;

	world_note(30, held);
	/* Other machines; see run.c. */
	if (t->address != DEVICE_IP) {
		*out_refused = t->address == DEVICE_IP + 1;
		return false;
	}
	*out_refused = device_suffers() == TROUBLE_REFUSES;
	if (*out_refused || device_suffers() == TROUBLE_OFF ||
	    device_suffers() == TROUBLE_WEDGED)
		return false;
	model_device_connects(held);
	if (sockets > 0 && held >= sockets) {
		*out_refused = true;
		return false;
	}
	d = take(t);
	d->ignores_fin =
	    chance_is(&device_chance, model.nature[NATURE_IGNORES_FIN]);
	TELL("device accepts a connection, its %u.", held + 1);
	world_after(model.patience_us, on_must_have_bytes, d, d->number);
	if (device_suffers() == TROUBLE_CLOSES)
		world_after(WAKE_US, on_unheard, d, d->number);
	return true;
}

/* ---- the end ---- */

static void on_close_due(void *obj, uint64_t arg)
{
	struct session *d = obj;

	if (d->number != arg || d->tcp->end[PEER].state != TCP_IS_OPEN)
		return;
	if (!d->tcp->end[PEER].out.fin_written)
		(void)tcp_shut(d->tcp, PEER);
	if (tcp_fin_in(d->tcp, PEER))
		device_forget(d);
}

void device_close_soon(struct session *d)
{
	int64_t span_us =
	    chance_below(&device_chance, model.nature[NATURE_CLOSE_MS] + 1) *
	    MS;

	if (d->closing)
		return;
	d->closing = true;
	if (d->reply)
		d->reply->ended = true;
	world_after(span_us, on_close_due, d, d->number);
}
