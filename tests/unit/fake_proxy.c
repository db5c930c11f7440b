/*
 * fake_proxy.c: the proxy as main.c would make it, without the kernel, and what
 * must be true of it whenever it sleeps.
 */
#include "fake_proxy.h"

#include <check.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/bug.h"
#include "fake_impl.h"
#include "settings/conf.h"
#include "proxy/proxy.h"

enum {
	FD_LIMIT = 1024,
	LOOK_MS = 64, /* longer than between two looks at a send queue */
};

static struct conf conf;
static struct proxy px;
static struct stats_block stats;

/* Whatever can be done has been done, and each socket is watched for what
 * would let it go on and for nothing else. */
static void check_side(struct relay *r, enum end e)
{
	const struct direction *in = relay_from(r, e);
	const struct direction *out = relay_from(r, other_end(e));
	enum fake_side side = e == CLIENT ? FAKE_CLIENT : FAKE_DEVICE;
	bool connecting =
	    e == DEVICE && r->link && r->link->phase == LINK_CONNECTING;
	bool may_read = direction_wants_input(in, &px.env) && !connecting;
	const struct fake_socket *s = fake_towards(side);
	uint32_t ready;

	fake_require(
	    direction_buffered(in) <= in->buffer_bytes_ || in->piped_bytes_ > 0,
	    "buffers too much");
	if (!s)
		return;
	ready = fake_poll(s);
	fake_require(
	    !(s->mask & EPOLLOUT) || direction_wants_output(out) || connecting,
	    "waits for room without a debt");
	fake_require(!(s->mask & EPOLLIN) || may_read,
	    "asks for input it has no room for");
	fake_require(s->watched || (ready & (EPOLLHUP | EPOLLERR)),
	    "does not watch for hang-up");
	fake_require(!may_read || s->end_told || !(ready & EPOLLIN),
	    "sleeps over input");
	fake_require(direction_buffered(out) == 0 ||
			 direction_holds(out, HOLD_GATE | HOLD_REPLY) ||
			 s->fin_out ||
			 (ready & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != EPOLLOUT,
	    "sleeps over a debt");
}

static void on_sleep(void)
{
	struct relay *r;

	fake_require(!px.protections || fake_peers[FAKE_DEVICE].fd < 0 ||
			 fake_peers[FAKE_CLIENT].read > 0,
	    "a device connection without request bytes");
	if (!list_empty(&px.live)) {
		r = &container_of(px.live.next, struct conn, link)->relay;
		check_side(r, CLIENT);
		check_side(r, DEVICE);
	}
	ev_loop_stop(px.loop);
}

void fake_proxy_start(const struct fake_proxy_size *size)
{
	memset(&conf, 0, sizeof(conf));
	conf.link.device_count = 1;
	conf.link.device[0].u.sa.sa_family = AF_INET;
	conf.link.connect_timeout_ms = 5000;
	conf.relay.reply_buffer_bytes = size->reply_buffer_bytes;
	conf.relay.splice = true;
	if (size->after_reply)
		conf.relay.half_close = HALF_CLOSE_AFTER_REPLY;
	if (size->close_on_device)
		conf.relay.on_device_fin = ON_DEVICE_FIN_CLOSE;
	conf.conn.max_clients = 2;
	conf.conn.memory_bytes = size->chunks * sizeof(struct chunk);
	conf.conn.idle_ms = 600000;
	conf.conn.fin_ms = 60000;
	conf.conn.send_ms = 60000;
	if (size->guarded) {
		conf.request.kind = GATE_DATA;
		conf.request.timeout_ms = 10000;
		conf.request.head_limit_bytes = 64;
		conf.request.body_limit_bytes = 64;
		conf.slots.slots = 1;
		conf.queue.places = 4;
		conf.queue.timeout_ms = 10000;
	}
	memset(&px, 0, sizeof(px));
	px.stats = &stats;
	fake_reset();
	fake_on_sleep = on_sleep;
	ck_assert_int_eq(proxy_init(&px, &conf, FD_LIMIT), 0);
	px.log.level = LOG_LEVEL_ERROR;
	conf.log.target = LOG_TO_FILE;
	px.log.conf = &conf.log;
	access_start(&px.access, &px.log, px.loop);
	px.env.scratch_bytes = size->scratch_bytes;
	px.links.check_self_connect = false;
}

void fake_proxy_stop(void)
{
	proxy_fini(&px);
}

void fake_proxy_open(void)
{
	struct peer peer = {.family = AF_INET};

	fake_reset();
	memset(stats.ended, 0, sizeof(stats.ended));
	conn_open(&px, fake_accept(), &peer);
}

void fake_proxy_serve(void)
{
	ev_loop_run(px.loop);
}

void fake_proxy_wait(void)
{
	fake_now_ms += LOOK_MS;
	ev_loop_run(px.loop);
}

enum cause fake_proxy_cause(void)
{
	enum cause found = CAUSE_NONE;

	for (enum cause c = CAUSE_DONE; c < CAUSE_COUNT; c++) {
		if (stats.ended[c] == 0)
			continue;
		fake_require(found == CAUSE_NONE && stats.ended[c] == 1,
		    "ended more than once");
		found = c;
	}
	return found;
}

void fake_proxy_clear(void)
{
	fake_gave_up = true;
	while (!list_empty(&px.live))
		conn_close(container_of(px.live.next, struct conn, link),
		    CAUSE_FORCED);
	fake_proxy_serve();
	fake_require(px.live_count == 0, "still counted as open");
	fake_require(px.env.budget.arena.taken == 0, "chunks leaked");
	fake_require(fake_full_pipes() == 0, "a pipe kept somebody's bytes");
	fake_require(
	    fake_peers[FAKE_CLIENT].fd < 0 && fake_peers[FAKE_DEVICE].fd < 0,
	    "a socket leaked");
}
