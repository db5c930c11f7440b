/*
 * model_talk.c: what masters and the station may see behind the gates modbus
 * and line. On a shared connection: as many requests at once as `pipeline`
 * says, no id twice, nothing that writes twice, every answer to who asked, in
 * time or not at all, and turn about.
 */
#include <string.h>

#include "kernel.h"
#include "master.h"
#include "model.h"
#include "proxy/proxy.h"
#include "settings/conf.h"

enum { ADDRESSES = 256 };

static uint32_t last_talk[ADDRESSES];
static int64_t answered_us[ADDRESSES]; /* by whomsoever */

void model_talk_start(void)
{
	memset(last_talk, 0, sizeof(last_talk));
	memset(answered_us, 0, sizeof(answered_us));
}

bool model_fits_lines(void)
{
	return model.talks != TALKS_LINES ||
	       model.conf->request.head_limit_bytes >= 1024;
}

/* ---- what reaches the station ---- */

static void check_bytes(
    const struct talk *t, uint32_t number, const char *bytes, size_t len)
{
	char want[TALK_BYTES_MAX];

	if (!t || talk_request(number, talk_id(bytes), want) != len ||
	    memcmp(want, bytes, len) != 0)
		violation("request", "nobody asked \"%.40s\"", bytes);
}

/* What is unanswered, and not for so long that it is given up. */
static void check_flight(const struct session *d, uint16_t id)
{
	const struct conn_conf *conf = &model.conf->conn;
	int64_t span_us =
	    (conf->first_byte_ms > 0 ? conf->first_byte_ms : conf->idle_ms) *
	    MS;
	/* The loop's clock stands still for a turn. */
	int64_t early_us = 2 * MS + model.nature[NATURE_TURN_US] +
			   model.nature[NATURE_JITTER_US];
	unsigned int flight = 0;

	for (uint32_t i = 0; i < d->question_count; i++) {
		const struct question *a = &d->questions[i];

		FORBID(model.talks == TALKS_MODBUS && a->id == id, "id-again",
		    "id %u is used again while an answer to it may come", id);
		flight += span_us == 0 ||
			  a->at_us + span_us - early_us > world.now_us;
	}
	FORBID(flight >= model.conf->shared.pipeline && !d->was_stalled,
	    "too-many", "%u requests are unanswered, and another comes",
	    flight);
}

/* Who has left takes with it what was not sent. */
static void check_gone(const struct session *d, struct master *m)
{
	bool drops = model.conf->queue.fin != QUEUE_FIN_KEEP;
	int64_t heard_us = m->gone_us > kernel.paused_until_us
			       ? m->gone_us
			       : kernel.paused_until_us;

	if (model.faulty || d->was_stalled || m->gone_us == 0 ||
	    heard_us + model_slack_us(100) > world.now_us ||
	    (!m->gone_reset && !drops))
		return;
	violation("command-of-gone",
	    "a request of master %u comes after it had left", m->id);
}

/* Its first request that the station does not know, and it has waited for that
 * turn: for so long as it was asked, and its address had nothing else. */
static bool waits_since(const struct master *m, int64_t at_us)
{
	const struct talk *t =
	    m->wait_count > 0 ? talk_find(m->waits[0].talk) : NULL;
	const struct talk *before =
	    talk_find(last_talk[m->address % ADDRESSES]);
	int64_t since_us = t ? t->said_us : 0;

	if (!t || t->arrived_us > 0 || m->tcp->number != m->number ||
	    m->tcp->end[PEER].closed || (before && before->answered_us == 0))
		return false;
	if (answered_us[m->address % ADDRESSES] > since_us)
		since_us = answered_us[m->address % ADDRESSES];
	return since_us + model_slack_us(100) < at_us;
}

/* Who waits is served before an address that came again and again. */
static void check_turn(
    const struct session *c, const struct master *m, const struct talk *t)
{
	/* Of several that are taken at once each may have been the first, and
	 * taken long before it was sent. */
	int64_t since_us = model_take_turn(c, m->address,
	    model.conf->shared.pipeline > 1 ? t->said_us : world.now_us);
	const struct master *d;

	for (uint32_t id = m->id > MASTERS_MAX ? m->id - MASTERS_MAX : 1;
	     id < m->id + MASTERS_MAX; id++) {
		d = master_find(id);
		if (d && d->polite && d->address != m->address &&
		    waits_since(d, since_us))
			model_unfair(m->address, "master", d->id, d->address);
	}
}

struct talk *model_asked(
    struct session *d, uint32_t number, const char *bytes, size_t len)
{
	struct talk *t = talk_find(number);
	struct master *m;

	if (model.talks == TALKS_LINES && strncmp(bytes, talk_babble, len) == 0)
		return NULL;
	check_bytes(t, number, bytes, len);
	world_note(54, number);
	TELL("the station is asked %u, id %u", number, talk_id(bytes));
	FORBID(++t->arrivals > (t->kind == TALK_READ ? 2 : 1), "twice",
	    "request %u of master %u comes again", number, t->master);
	m = master_find(t->master);
	if (model.shares_link) {
		check_flight(d, talk_id(bytes));
		if (m)
			check_gone(d, m);
	}
	if (m && t->arrived_us == 0 && model.shares_link)
		check_turn(d, m, t);
	t->arrived_us = world.now_us;
	if (m)
		last_talk[m->address % ADDRESSES] = number;
	return t;
}

/* ---- what a master gets ---- */

/* Was anything wrong, so that the gateway has to speak for the station? */
static bool all_is_well(void)
{
	return !model_is_excused() && !model.troubled &&
	       model.nature[NATURE_CLOSE_MS] == 0 &&
	       model.nature[NATURE_SOCKETS] == 0;
}

static bool is_exception(
    uint32_t number, uint16_t id, const char *bytes, size_t len)
{
	static const int codes[] = {0x06, 0x0A, 0x0B};
	char want[TALK_BYTES_MAX];

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (talk_exception(number, id, codes[i], want) == len &&
		    memcmp(want, bytes, len) == 0) {
			FORBID(codes[i] != 0x06 && all_is_well(), "blame",
			    "exception %d, and nothing is wrong", codes[i]);
			model.last_answer = '5';
			return true;
		}
	return false;
}

static uint32_t find_waiting(const struct master *m, uint16_t id)
{
	uint32_t i = 0;

	if (model.talks == TALKS_MODBUS)
		while (i < m->wait_count && m->waits[i].id != id)
			i++;
	return i;
}

void model_answered(struct master *m, const char *bytes, size_t len)
{
	char want[TALK_BYTES_MAX];
	uint16_t id = talk_id(bytes);
	uint32_t i = find_waiting(m, id), talk;

	world_note(55, len);
	if (model.talks == TALKS_LINES &&
	    len == model.conf->http_error.busy_bytes &&
	    memcmp(bytes, model.conf->http_error.busy, len) == 0) {
		model.expired = true;
		return;
	}
	FORBID(i == m->wait_count, "answer",
	    "master %u gets an answer that it does not wait for", m->id);
	talk = m->waits[i].talk;
	m->wait_count--;
	memmove(&m->waits[i], &m->waits[i + 1],
	    (m->wait_count - i) * sizeof(*m->waits));
	talk_find(talk)->answered_us = world.now_us;
	answered_us[m->address % ADDRESSES] = world.now_us;
	TELL("master %u has an answer to %u", m->id, talk);
	if (model.talks == TALKS_MODBUS && model.shares_link &&
	    is_exception(talk, id, bytes, len))
		return;
	FORBID(
	    talk_answer(talk, id, want) != len || memcmp(want, bytes, len) != 0,
	    "answer", "master %u gets another answer than request %u has",
	    m->id, talk);
	FORBID(talk_find(talk)->arrivals == 0, "answer",
	    "an answer to what was never asked");
	model.replies_seen++;
}

/* Does it wait for an answer that had time enough to come? */
static bool waits_long(const struct master *m, int64_t span_us)
{
	return m->wait_count > 0 &&
	       talk_find(m->waits[0].talk)->said_us + span_us < world.now_us;
}

void model_master_end(const void *actor, bool reset)
{
	const struct master *m = actor;
	const struct conf *conf = model.conf;
	bool limited = conf->acl.count > 0 || conf->conn.max_age_ms > 0 ||
		       conf->clients.per_source > 0 || !model_fits_lines();

	FORBID(!reset && m->in_bytes > 0 && !model.killed, "cut-looks-whole",
	    "master %u sees an orderly end within an answer", m->id);
	if (!m->polite || limited || model_is_excused() ||
	    !waits_long(m, model_slack_us(1100)))
		return;
	FORBID(model.shares_link && model.talks == TALKS_MODBUS, "no-answer",
	    "master %u is ended, and request %u has no answer", m->id,
	    m->waits[0].talk);
	/* A command that got no turn ends its client, too. */
	FORBID(all_is_well() && !model.expired, "cut-without-reason",
	    "master %u is ended", m->id);
}

void model_check_no_master_waits(void)
{
	const struct conf *conf = model.conf;

	if (!model.shares_link || conf->conn.first_byte_ms == 0 ||
	    conf->conn.reply_ms == 0 || conf->queue.timeout_ms == 0)
		return;
	for (uint32_t id = 1; id < 10000; id++) {
		const struct master *m = master_find(id);

		if (m && m->polite && m->tcp->number == m->number &&
		    !m->tcp->end[PEER].closed && waits_long(m, 0))
			violation("waits",
			    "master %u still waits for an answer to %u", m->id,
			    m->waits[0].talk);
	}
}
