/*
 * model.c: what clients and the device may see.
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "settings/conf.h"
#include "workers.h"

struct model model;

static bool strips(const struct conf *conf, const char *field)
{
	for (size_t i = 0; i < conf->request.strip_count; i++)
		if (strncmp(conf->request.strip[i].text, field,
			conf->request.strip[i].bytes) == 0)
			return conf->request.kind == GATE_HTTP;
	return false;
}

/* Are all pauses allowed that the device and the network take? */
static bool is_patient(const struct conf *conf)
{
	const struct conn_conf *c = &conf->conn;
	const int64_t pauses[] = {c->idle_ms, c->fin_ms, c->first_byte_ms,
	    c->reply_ms, c->send_ms, c->request_ms, conf->request.timeout_ms,
	    c->stream_timeout_ms};
	int64_t path = (4 * (model.nature[NATURE_LATENCY_US] +
				model.nature[NATURE_JITTER_US]) +
			   model.nature[NATURE_TURN_US]) /
		       MS;
	int64_t least = path + model.nature[NATURE_THINK_MS] +
			model.nature[NATURE_PIECE_MS] + conf->link.settle_ms +
			1000;

	if (conf->link.connect_timeout_ms < path + 200 ||
	    (conf->shared.on && conf->queue.timeout_ms < least))
		return false;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++)
		if (pauses[i] > 0 && pauses[i] < least)
			return false;
	return c->max_age_ms == 0 && c->reply_max_ms == 0 &&
	       (!(model.nature[NATURE_ADDRESSES] & 2) ||
		   (conf->link.connect_timeout_ms < 10000 && !conf->shared.on));
}

int64_t model_slack_us(int64_t ms)
{
	return 4 * ((int64_t)model.nature[NATURE_LATENCY_US] +
		       model.nature[NATURE_JITTER_US] +
		       model.nature[NATURE_TURN_US]) +
	       ms * MS;
}

void model_start(
    const struct plan *p, const struct conf *conf, struct proxy *px)
{
	model = (struct model){.px = px, .conf = conf};
	memcpy(model.nature, p->nature, sizeof(model.nature));
	if (p->nature[NATURE_LOST] > 0)
		model.nature[NATURE_JITTER_US] += TCP_LATE_US;
	model.gate_http = conf->request.kind == GATE_HTTP;
	model.shares_link = conf->shared.on;
	if (conf->request.kind == GATE_MODBUS)
		model.talks = TALKS_MODBUS;
	else if (conf->shared.on)
		model.talks = TALKS_LINES;
	model_fair_start();
	model_talk_start();
	model.wants_header =
	    conf->proxy_header.count > 0 || conf->proxy_header.from_unix;
	model.strips_cookie = strips(conf, "Cookie");
	model.send_proxy = conf->link.send_proxy;
	kernel.judges_clocks =
	    conf->conn.max_age_ms == 0 && conf->conn.reply_max_ms == 0;
	model.patient = is_patient(conf);
	model.patience_us = model_slack_us(conf->link.settle_ms + 100);
}

enum tcp_family model_family(uint32_t address)
{
	switch (model.nature[NATURE_FAMILY]) {
	case 1:
		return address % 2 ? FAMILY_V6 : FAMILY_MAPPED;
	case 2:
		return FAMILY_UNIX;
	default:
		return FAMILY_V4;
	}
}

char model_body_byte(uint32_t client, uint64_t at)
{
	return (char)('A' + (at * 5 + client * 3 + (at >> 10)) % 26);
}

/* ---- clients ---- */

/* May this client get that reply? */
static void check_reply(const struct client_actor *c, const struct reply *r)
{
	int64_t kept_us = model.conf->conn.keep_reply_ms * MS;

	FORBID(!r, "wrong-reply",
	    "client %u gets reply %u, which the device never gave", c->id,
	    c->serial);
	if (r->client == c->id || (r->client == 0 && !model.gate_http))
		return;
	if (!model.conf->conn.share || !c->shareable || r->is_private ||
	    r->target != c->target || !c->whole)
		violation("wrong-reply",
		    "client %u gets the reply to client %u's request", c->id,
		    r->client);
	if (r->done_us > 0 && !model.stopped &&
	    r->done_us + kept_us + 1000 * MS < c->opened_us)
		violation("wrong-reply",
		    "client %u gets a reply that is %d ms old", c->id,
		    (int)((c->opened_us - r->done_us) / MS));
}

void model_client_got(struct client_actor *c, const char *bytes, size_t len)
{
	char want[4096];
	const struct reply *r;

	world_note(40, len);
	for (size_t i = 0; i < len && c->got + i < CLIENT_TEXT_MAX - 1; i++)
		c->own[c->got + i] = bytes[i];
	if (c->serial == 0 && c->got < REPLY_MARK_BYTES &&
	    c->got + len >= REPLY_MARK_BYTES) {
		c->serial = site_serial(c->own);
		if (c->serial > 0)
			check_reply(c, site_find(c->serial));
	}
	r = site_find(c->serial);
	if (!r)
		return;
	model.replies_seen += c->got + len == r->total;
	FORBID(c->got + len > r->total || c->got + len > r->sent, "beyond",
	    "client %u gets %llu bytes of a reply of %llu", c->id,
	    (unsigned long long)(c->got + len), (unsigned long long)r->sent);
	site_bytes(r, c->got, want, len);
	FORBID(memcmp(want, bytes, len) != 0, "order",
	    "client %u: a byte of its reply was changed, lost or sent twice",
	    c->id);
}

/* What anybody may be answered, whatever was asked. */
static bool is_refusal(const char *status)
{
	return strncmp(status, "503", 3) == 0 ||
	       strncmp(status, "408", 3) == 0 ||
	       strncmp(status, "429", 3) == 0 || strncmp(status, "431", 3) == 0;
}

/* The proxy's own answer: whole, and one that exists. */
static void check_answer(const struct client_actor *c)
{
	static const char *const known[] = {"400", "404", "405", "408", "411",
	    "413", "429", "431", "502", "503", "504"};
	const char *head = "HTTP/1.1 ", *end, *length;
	size_t got = (size_t)c->got, i = 0;
	char text[CLIENT_TEXT_MAX];

	memcpy(text, c->own, got < sizeof(text) ? got : sizeof(text) - 1);
	text[got < sizeof(text) ? got : sizeof(text) - 1] = '\0';
	if (!model.gate_http && model.conf->http_error.busy_bytes > 0 &&
	    strcmp(text, model.conf->http_error.busy) == 0)
		return;
	end = strstr(text, "\r\n\r\n");
	length = strstr(text, "Content-Length: ");
	while (i < sizeof(known) / sizeof(*known) &&
	       strncmp(text + 9, known[i], 3) != 0)
		i++;
	if (c->status && strncmp(text + 9, c->status, 3) == 0)
		i = 0;
	if (!model.gate_http || strncmp(text, head, 9) != 0 || !end ||
	    i == sizeof(known) / sizeof(*known) || !length ||
	    (!c->head_only && got != (size_t)(end + 4 - text) +
					 strtoul(length + 16, NULL, 10)))
		violation("bad-answer", "client %u: \"%.60s\"", c->id, text);
	if (c->status && strncmp(text + 9, c->status, 3) != 0 &&
	    !is_refusal(text + 9))
		violation("bad-answer", "client %u: %.3s instead of %s", c->id,
		    text + 9, c->status);
	model.last_answer = text[9];
	FORBID(strncmp(text + 9, "503", 3) == 0 && !strstr(text, "Retry-After"),
	    "bad-answer", "client %u: 503 without Retry-After", c->id);
}

/* It came to an orderly end: then what came is whole. */
static void check_whole(const struct client_actor *c)
{
	const struct reply *r = site_find(c->serial);

	if (!r || model.killed)
		return;
	if (c->got == r->total)
		return;
	if (r->kind == REPLY_FIN && r->ended && c->got == r->sent && !r->cut)
		return;
	violation("cut-looks-whole",
	    "client %u sees an orderly end after %llu of %llu bytes", c->id,
	    (unsigned long long)c->got, (unsigned long long)r->total);
}

/* Has anything happened for which a reply may be cut? */
static bool may_be_cut(const struct client_actor *c, const struct reply *r)
{
	const struct conn_conf *conf = &model.conf->conn;

	return model_is_excused() || model.troubled || r->kind == REPLY_CUT ||
	       r->cut || r->kind == REPLY_EVENTS || r->kind == REPLY_UPGRADE ||
	       r->kind == REPLY_ODD || conf->max_age_ms > 0 ||
	       conf->reply_max_ms > 0 || c->fin_sent ||
	       model.conf->relay.device_abort == DEVICE_ABORT_FIN ||
	       conf->preempt_idle_ms > 0;
}

static void check_reset(const struct client_actor *c)
{
	const struct reply *r = site_find(c->serial);

	if (!c->polite || c->ended || !model.gate_http ||
	    model.conf->acl.count > 0)
		return;
	FORBID(c->got == 0 && c->whole && !c->fin_sent && !model_is_excused(),
	    "no-answer", "client %u is reset without a word", c->id);
	FORBID(r && !may_be_cut(c, r), "cut-without-reason",
	    "client %u is reset after %llu of %llu bytes", c->id,
	    (unsigned long long)c->got, (unsigned long long)r->total);
}

void model_client_end(const void *actor, bool reset)
{
	const struct client_actor *c = actor;

	if (reset) {
		check_reset(c);
		return;
	}
	check_whole(c);
	if (c->serial == 0 && c->got > 0 &&
	    !(model.killed && c->got < REPLY_MARK_BYTES))
		check_answer(c);
	if (c->got == 0 && c->whole && c->whole_us > 0 && model.gate_http &&
	    !c->fin_sent && !c->ended && !model.draining && !model.faulty &&
	    !model.killed && !(model.reloaded && model.stopped) &&
	    model.patient && model.conf->acl.count == 0)
		violation("no-answer",
		    "client %u asked and sees an end without a word", c->id);
}

/* ---- the device ---- */

void model_device_connects(unsigned int held)
{
	unsigned int slots =
	    kernel.workers ? workers_slots() : model.conf->slots.slots;

	FORBID(slots > 0 && held >= slots, "slots",
	    "a connection comes while the device has not finished with %u of "
	    "%u",
	    held, slots);
}

void model_first_byte(const struct session *d)
{
	int64_t span_us = world.now_us - d->opened_us;

	/* Who ends meanwhile is not waited for. */
	if (d->tcp->end[PEER].out.fin_written)
		return;
	if (span_us + 2 * MS + model.nature[NATURE_TURN_US] <
	    model.conf->link.settle_ms * MS)
		violation("settle",
		    "the device has a byte %d ms after it "
		    "was connected",
		    (int)(span_us / MS));
}

void model_on_proxy_connect(void)
{
	int64_t gap_us = model.conf->slots.connect_gap_ms * MS;

	/* Another attempt, after a refusal or at the next address, keeps its
	 * slot. */
	if (model.conf->slots.slots > 0 && model.ended_us > 0 &&
	    !model.troubled && !model.faulty && !model.killed &&
	    model.nature[NATURE_SOCKETS] == 0 &&
	    model.nature[NATURE_ADDRESSES] == 0 &&
	    world.now_us + 2 * MS + model.nature[NATURE_TURN_US] <
		model.ended_us + gap_us)
		violation("gap",
		    "a connect comes %d ms after the end of the "
		    "last connection",
		    (int)((world.now_us - model.ended_us) / MS));
}

/* Who sends this: by its head, or by its first word. 0: nobody yet. */
static uint32_t who_asks(const char *head, size_t len)
{
	const char *at = memmem(head, len, "User-Agent: s", 13);

	if (at)
		return (uint32_t)strtoul(at + 13, NULL, 10);
	return 0;
}

static bool is_probe(const char *head)
{
	const char *probe = model.conf->health.probe;

	return probe && strncmp(head, probe, strlen(probe)) == 0 &&
	       strncmp(head + strlen(probe), " HTTP/1.1\r\nHost: ", 17) == 0;
}

static void check_command(const struct session *d, const struct client_actor *c)
{
	enum queue_fin fin = model.conf->queue.fin;
	bool drops = fin == QUEUE_FIN_DROP ||
		     (fin == QUEUE_FIN_SAFE && model.gate_http && !c->safe);

	if (c->gone_turn == 0 || c->gone_unknown ||
	    d->tcp->send_turn <= c->gone_turn + 1 || model.conf->conn.share ||
	    model.conf->request.kind == GATE_NONE)
		return;
	if (!c->gone_reset &&
	    (!drops || model.faulty || model.conf->link.settle_ms > 0 ||
		!model.gate_http))
		return;
	violation("command-of-gone",
	    "the request of client %u reaches the device, but it had left",
	    c->id);
}

void model_device_part(struct session *d)
{
	if (model.gate_http && !model.faulty && d->head_bytes > d->skip &&
	    d->head_bytes - d->skip > CLIENT_TEXT_MAX)
		violation("request", "a head without an end");
}

static void check_source(const struct session *d, const struct client_actor *c)
{
	char want[80];

	if (model.send_proxy != 1 || model.conf->conn.share)
		return;
	snprintf(want, sizeof(want), "PROXY %s", c->source);
	if (strncmp(d->head, want, strlen(want)) != 0)
		violation(
		    "request", "client %u comes as \"%.30s\"", c->id, d->head);
}

/* Does `d` wait, having asked before `since_us`, of an address that was never
 * served? What slots that came back mean for others is left to queue_test. */
static bool waits_unserved(const struct client_actor *d, int64_t since_us)
{
	return d && d->polite && d->whole && d->whole_us > 0 &&
	       d->whole_us + model.patience_us < since_us && !d->fin_sent &&
	       d->arrivals == 0 && d->got == 0 && !d->tcp->end[PEER].closed &&
	       !model_had_turn(d->address);
}

/* Who waits is served before an address that came again and again. */
static void check_turn(const struct client_actor *c, int64_t since_us)
{
	const struct client_actor *d;

	if (!model.gate_http || model.conf->conn.share ||
	    model.conf->slots.slots == 0 || model.nature[NATURE_SOCKETS] > 0)
		return;
	for (uint32_t id = c->id > 300 ? c->id - 300 : 1; id < c->id; id++) {
		d = client_find(id);
		if (waits_unserved(d, since_us) && d->address != c->address)
			model_unfair(c->address, "client", d->id, d->address);
	}
}

void model_device_head(struct session *d, const char *head, size_t len)
{
	struct client_actor *c;
	int64_t since_us = 0;

	d->client = who_asks(head, len);
	world_note(41, d->client);
	c = client_find(d->client);
	if (d->client == 0) {
		FORBID(!is_probe(head) && model.gate_http, "request",
		    "nobody asked \"%.40s\"", head);
		return;
	}
	TELL("device has the head of client %u's request", d->client);
	/* A turn counts for the address even if its client has left. */
	if (client_was(d->client))
		since_us = model_take_turn(
		    d, client_was(d->client)->address, world.now_us);
	if (!c)
		return;
	check_command(d, c);
	check_source(d, c);
	FORBID(++c->arrivals > 1, "twice",
	    "client %u's request reaches the device again", c->id);
	if (len != c->expect_bytes || memcmp(head, c->expect, len) != 0) {
		FORBID(model.gate_http || c->polite, "request",
		    "client %u sent \"%.200s\", the device has \"%.200s\"",
		    c->id, c->expect, head);
	}
	if (c->odd)
		model.odd = true;
	check_turn(c, since_us);
}

void model_device_body(struct session *d, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && d->client > 0; i++)
		FORBID(bytes[i] != model_body_byte(d->client, d->body_seen + i),
		    "request",
		    "client %u: a byte of its body was changed, lost or sent "
		    "twice",
		    d->client);
}

void model_extra_bytes(struct session *d)
{
	FORBID(model.gate_http, "extra-bytes",
	    "client %u: bytes behind its request reach the device", d->client);
}

void model_empty_connection(void)
{
	if (model.conf->request.kind != GATE_NONE && !model.shares_link &&
	    !model.faulty && !model.stopped && !model.draining)
		violation("empty-connect",
		    "the device has a connection without a byte of a request");
}
