/*
 * model_turn.c: what must hold between turns, and when all is calm.
 */
#include "model.h"

#include <string.h>

#include "kernel.h"
#include "proxy/proxy.h"
#include "proxy/shared_link.h"
#include "workers.h"

enum { LOOK_EVERY = 16 };

void model_on_proxy_close(struct tcp *t, bool reset)
{
	int64_t pause_ms = model.conf->health.probe_min_ms;
	bool finished =
	    tcp_fin_in(t, PROXY) || t->end[PROXY].state == TCP_IS_DEAD;

	if (t->to_device && t->send_turn > 0)
		model.ended_us = world.now_us;
	if (t->to_device && !finished &&
	    (!reset || t->end[PROXY].state == TCP_IS_SYN_SENT))
		t->may_live_until_us =
		    world.now_us + (pause_ms - 2) * MS - kernel.turn_cost_us;
}

bool model_has_evicted(void)
{
	model.evicted |= model.px->stats->ended[CAUSE_EVICTED] > 0 ||
			 model.px->stats->ended[CAUSE_NO_MEMORY] > 0;
	return model.evicted;
}

bool model_is_excused(void)
{
	return !model.patient || model.faulty || model.stopped ||
	       model.draining || model_has_evicted();
}

bool model_wants_memory(void)
{
	return model.px->memory_waiters > 0;
}

static size_t length(const struct list *l)
{
	size_t n = 0;

	for (const struct list *at = l->next; at != l; at = at->next)
		n++;
	return n;
}

static unsigned int slots_held(const struct list *l)
{
	unsigned int n = 0;

	for (const struct list *at = l->next; at != l; at = at->next)
		n += container_of(at, struct device_link, link)->slot.taken;
	return n;
}

static void check_memory(const struct proxy *px)
{
	size_t promised = 0;

	for (size_t i = 0; i < px->conns_fresh; i++) {
		const struct conn *c = &px->conns[i];
		const struct lease *l = &px->protections[i].waiter.lease;

		if (c->state == CONN_CLOSED)
			continue;
		promised += l->size > l->used ? l->size - l->used : 0;
		if (c->relay.link && c->relay.link->slot.taken &&
		    px->scheduler.lease_bytes > 0 &&
		    l->size < budget_chunks(px->scheduler.lease_bytes))
			violation("counters", "a slot without its lease");
	}
	FORBID(promised != px->env.budget.reserved, "counters",
	    "%zu chunks are promised, %zu counted", promised,
	    px->env.budget.reserved);
	FORBID(budget_free(&px->env.budget) > px->env.budget.arena.count,
	    "counters", "more is promised than there is");
}

static void check_counters(const struct proxy *px)
{
	const struct slots *s = &px->scheduler.slots;
	unsigned int held =
	    slots_held(&px->links.open) + slots_held(&px->links.ending);

	if (length(&px->live) != px->live_count ||
	    length(&px->refused) != px->refused_count)
		violation("counters", "%zu connections, %zu counted",
		    length(&px->live), px->live_count);
	if (!px->protections)
		return;
	FORBID(held != s->taken, "counters", "%u slots are held, %u counted",
	    held, s->taken);
	check_memory(px);
}

/* A device that does nothing wrong is not blamed. */
static void check_blame(const struct proxy *px)
{
	const struct conn_conf *conf = &model.conf->conn;
	int64_t think_us = model.nature[NATURE_THINK_MS] * MS;
	int64_t slack_us = model_slack_us(300);
	int64_t piece_us = model.nature[NATURE_PIECE_MS] * MS;

	if (!px->protections ||
	    health_state(&px->scheduler.health) == HEALTH_UP)
		return;
	if (model.troubled || model.odd || model.faulty || model.stopped ||
	    !(model.gate_http || model.shares_link) ||
	    model.nature[NATURE_SOCKETS] > 0)
		return;
	if ((conf->fin_ms > 0 && conf->fin_ms * MS < think_us + slack_us) ||
	    (model.shares_link && conf->first_byte_ms == 0 &&
		conf->idle_ms > 0 &&
		conf->idle_ms * MS < think_us + slack_us) ||
	    (conf->first_byte_ms > 0 &&
		conf->first_byte_ms * MS < think_us + slack_us) ||
	    (conf->reply_ms > 0 && conf->reply_ms * MS < piece_us + slack_us) ||
	    model.conf->link.connect_timeout_ms * MS < slack_us)
		return;
	violation("blame", "the device is %s, and did nothing wrong",
	    health_state(&px->scheduler.health) == HEALTH_DOWN ? "down"
							       : "suspected");
}

void model_turn(void)
{
	const struct proxy *px = model.px;

	(void)model_has_evicted();
	model.expired |= px->stats->ended[CAUSE_QUEUE_TIMEOUT] > 0 ||
			 px->stats->ended[CAUSE_QUEUE_FULL] > 0;
	if (px->scheduler.slots.taken > px->conf->slots.slots &&
	    px->conf->slots.slots > 0)
		violation(
		    "slots", "%u slots are taken", px->scheduler.slots.taken);
	check_blame(px);
	if (kernel.turn % LOOK_EVERY == 0 || world.calm)
		check_counters(px);
}

void model_check_nobody_waits(void)
{
	const struct conn_conf *conf = &model.conf->conn;

	if (conf->idle_ms == 0 || conf->fin_ms == 0 ||
	    model.conf->queue.timeout_ms == 0 || !model.gate_http)
		return;
	for (uint32_t id = 1; id < 100000; id++) {
		const struct client_actor *c = client_find(id);

		if (c && c->polite && c->whole && !c->fin_sent &&
		    !c->tcp->end[PEER].closed && c->got == 0)
			violation("waits",
			    "client %u still waits, %d s after "
			    "all was calm",
			    c->id,
			    (int)((world.now_us - c->opened_us) / 1000000));
	}
}

static void expect_none(const char *what, size_t n)
{
	FORBID(
	    n > 0, "baseline", "%zu %s are left when nobody is there", n, what);
}

/* Everybody who came has ended, and was counted once. */
static void check_sum(const struct proxy *px)
{
	struct stats_block sum = *px->stats;
	uint64_t ended = 0;

	if (kernel.workers)
		workers_sum(&sum);
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		ended += sum.ended[i];
	FORBID(ended != sum.accepted, "counters",
	    "%llu came, %llu are counted as ended",
	    (unsigned long long)sum.accepted, (unsigned long long)ended);
}

void model_check_baseline(void)
{
	const struct proxy *px = model.px;
	/* Of a worker a line instead of signals; the keeper's listener. */
	size_t pipes = 0, kept;
	size_t others = 3 + px->listener_count + kernel.workers;

	for (int fd = FILES_FIRST; fd < kernel.fd_limit; fd++)
		pipes += files[fd].kind == KIND_PIPE_READ ||
			 files[fd].kind == KIND_PIPE_WRITE;
	for (int fd = FILES_FIRST; world.tell && fd < kernel.fd_limit; fd++)
		if (files[fd].kind != KIND_FREE)
			TELL("descriptor %d of process %d, of kind %d, is open",
			    fd, files[fd].process, (int)files[fd].kind);
	check_counters(px);
	kept = (px->probe.link != NULL) + (px->shared && px->shared->link);
	/* What has no time limit may last longer than the run. */
	if (model.conf->queue.timeout_ms == 0 ||
	    model.conf->conn.stream_timeout_ms == 0)
		return;
	check_sum(px);
	expect_none("connections", px->live_count + px->refused_count);
	expect_none("links", length(&px->links.open) +
				 length(&px->links.ending) -
				 (px->probe.link != NULL));
	expect_none("descriptors", kernel.fds_open - pipes - others - kept);
	expect_none("connections that want memory", px->memory_waiters);
	expect_none("chunks", px->env.budget.arena.taken);
	expect_none("promised chunks", px->env.budget.reserved);
	if (!px->protections)
		return;
	expect_none("slots", px->scheduler.slots.taken - kept);
	expect_none("places", px->scheduler.queue.count);
	expect_none("client entries", px->clients.count);
}

void model_check_last(uint64_t replies_before)
{
	const struct proxy *px = model.px;

	if (!model.patient || !model_fits_lines())
		return;
	if (model.last_answer == '4')
		return;
	/* Who has left may still stand before it, for ever. */
	if (model.conf->queue.timeout_ms == 0 &&
	    model.conf->slots.connect_gap_ms > 1000)
		return;
	FORBID(model.replies_seen == replies_before, "last-client",
	    "the last client, alone before a device that is well, is not "
	    "served");
	if (px->protections && (model.gate_http || model.shares_link) &&
	    health_state(&px->scheduler.health) != HEALTH_UP)
		violation("last-client", "a device that is well is not up");
}

/* ---- turns ---- */

/* Who waits is served before an address that came again and again; of several
 * workers each has turns about, and knows nothing of who waits in others. */
enum { ADDRESSES = 256, TURNS = 3 };

/* When each address's last requests reached the device, the latest last. */
static int64_t served_us[ADDRESSES][TURNS];
static bool has_left[ADDRESSES]; /* a client of that address */

/* Whose the turns were, the latest last. */
static struct served {
	uint32_t address;
	int worker;
} latest[TURNS];

void model_fair_start(void)
{
	memset(served_us, 0, sizeof(served_us));
	memset(has_left, 0, sizeof(has_left));
	memset(latest, 0, sizeof(latest));
}

void model_note_left(uint32_t address)
{
	has_left[address % ADDRESSES] = true;
}

bool model_had_turn(uint32_t address)
{
	return served_us[address % ADDRESSES][TURNS - 1] > 0 ||
	       has_left[address % ADDRESSES];
}

/* Only if one address of one worker has had the last turns. */
static bool knows_turns(void)
{
	if (!model.reloaded)
		return true;
	/* One turn of a worker is as many as it may have in flight. */
	if (model.conf->slots.slots == 0 ||
	    (model.shares_link && model.conf->shared.pipeline >= TURNS))
		return false;
	for (int i = 0; i < TURNS - 1; i++)
		if (latest[i].address != latest[TURNS - 1].address ||
		    latest[i].worker != latest[TURNS - 1].worker)
			return false;
	return true;
}

int64_t model_take_turn(
    const struct session *d, uint32_t address, int64_t at_us)
{
	int64_t *turns = served_us[address % ADDRESSES];

	memmove(turns, turns + 1, (TURNS - 1) * sizeof(*turns));
	turns[TURNS - 1] = at_us;
	memmove(latest, latest + 1, (TURNS - 1) * sizeof(*latest));
	latest[TURNS - 1] = (struct served){
	    address, kernel.workers ? files[d->tcp->fd].process : 0};
	if (model.faulty || model.troubled || model.stopped || model.draining ||
	    model.wants_header || turns[0] == 0 || !knows_turns())
		return 0;
	for (int i = 0; i < TURNS; i++)
		if (at_us > turns[i])
			at_us = turns[i];
	return at_us;
}

void model_unfair(
    uint32_t address, const char *who, uint32_t id, uint32_t waits)
{
	violation("unfair",
	    "address %u is served %d times while %s %u of address %u waits",
	    address, TURNS, who, id, waits);
}
