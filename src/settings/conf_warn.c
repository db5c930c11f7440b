/*
 * conf_warn.c: settings that are good, but have no effect beside others.
 */
#include "settings/conf_load.h"

#include <string.h>

#include "settings/conf.h"
#include "settings/option_table.h"
#include "settings/parse.h"

/* Has it been set, and not to what the profile chooses anyway, as a file made
 * by --show-config does? */
static bool is_chosen(
    const struct conf *conf, const struct parse *p, const char *name)
{
	const struct option *o = option_table_find(name);
	const struct parse_item *it = parse_last(p, o);
	enum profile profile = option_table_profile(conf->profile);

	return it && strcmp(it->value, option_table_default(o, profile)) != 0;
}

static void warn_of_requests(const struct conf *conf, struct parse *p)
{
	static const char *const names[] = {
	    "body-limit", "body-max", "allow-method"};
	const struct request_conf *r = &conf->request;
	const struct proxy_header_conf *h = &conf->proxy_header;
	const bool limits[] = {
	    true, r->body_max_bytes > 0, r->method_count > 0};

	if (r->kind == GATE_NONE && h->count == 0 && !h->from_unix &&
	    is_chosen(conf, p, "gate-timeout"))
		parse_warn(p, "gate-timeout",
		    "has no effect without gate or accept-proxy");
	if (r->kind != GATE_HTTP && r->kind != GATE_LINE &&
	    is_chosen(conf, p, "head-limit"))
		parse_warn(
		    p, "head-limit", "has no effect without gate http or line");
	if (r->kind == GATE_HTTP)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is_chosen(conf, p, names[i]) && limits[i])
			parse_warn(
			    p, names[i], "has no effect without gate http");
	if (is_chosen(conf, p, "queue-fin") &&
	    conf->queue.fin == QUEUE_FIN_SAFE)
		parse_warn(p, "queue-fin",
		    "safe is the same as keep without gate http");
}

static void warn_of_queue(const struct conf *conf, struct parse *p)
{
	static const char *const names[] = {
	    "queue", "queue-timeout", "queue-fin", "preempt-idle"};

	if (conf->slots.slots > 0 || conf->slots.connect_gap_ms > 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is_chosen(conf, p, names[i]))
			parse_warn(p, names[i],
			    "has no effect: slots is 0, so nobody waits");
}

static void warn_of_slots(const struct conf *conf, struct parse *p)
{
	const struct slots_conf *d = &conf->slots;
	const struct conn_conf *c = &conf->conn;

	if (c->preempt_idle_ms > 0 && conf->queue.timeout_ms > 0 &&
	    c->preempt_idle_ms > conf->queue.timeout_ms)
		parse_warn(p, "preempt-idle",
		    "is longer than queue-timeout: who waits may leave before "
		    "a slot is given up");
	if (d->slots > 0 && d->stream_slots > d->slots)
		parse_warn(p, "stream-slots", "is more than slots, which is %u",
		    d->slots);
	if (conf->shared.on && d->slots > 1)
		parse_warn(
		    p, "slots", "is more than 1: shared-connection keeps one");
	if (c->max_clients > 0 && d->slots > c->max_clients)
		parse_warn(p, "slots", "is more than max-clients, which is %u",
		    c->max_clients);
}

static void warn_of_health(const struct conf *conf, struct parse *p)
{
	const struct health_conf *d = &conf->health;
	bool is_off = d->down_silences == 0 && d->down_refused_ms == 0;

	if (d->probe && is_off)
		parse_warn(p, "probe",
		    "is never sent: down-after is 0, so the device never "
		    "counts as down");
	if (d->down_silences > 0 && conf->conn.first_byte_ms == 0)
		parse_warn(p, "down-after",
		    "counts no silences: first-byte-timeout is 0");
	if (d->events_path && is_off)
		parse_warn(p, "events",
		    "gets no down: down-after is 0, so the device never "
		    "counts as down");
}

static void warn_of_clocks(const struct conf *conf, struct parse *p)
{
	const struct conn_conf *c = &conf->conn;
	const struct device_link_conf *d = &conf->link;

	if (c->idle_ms == 0 && c->max_age_ms == 0 && d->keepalive_ms == 0)
		parse_warn(p, "idle-timeout",
		    "is 0, and so are max-age and keepalive: a connection "
		    "whose device has gone may stay for ever");
	if (c->reply_max_ms > 0 && c->reply_ms >= c->reply_max_ms)
		parse_warn(p, "reply-timeout",
		    "has no effect: it is not shorter than reply-max");
	if (d->user_timeout_ms > 0 && (d->user_timeout_ms <= c->first_byte_ms ||
					  d->user_timeout_ms <= c->request_ms))
		parse_warn(p, "user-timeout",
		    "is not longer than first-byte-timeout and "
		    "request-timeout, which say who was late");
	if (d->resolve_every_ms > 0 && is_chosen(conf, p, "resolve-every") &&
	    d->device_text && value_is_address(d->device_text))
		parse_warn(p, "resolve-every",
		    "has no effect: device is an address, not a name");
}

static void warn_of_single(const struct conf *conf, struct parse *p)
{
	const struct {
		const char *name;
		bool is_set;
	} keepers[] = {
	    {"control", conf->status.control_path},
	    {"admin", conf->status.admin},
	    {"metrics-file", conf->status.metrics_path},
	    {"events", conf->health.events_path},
	};

	if (!p->asked[COMMAND_SINGLE])
		return;
	for (size_t i = 0; i < sizeof(keepers) / sizeof(*keepers); i++)
		if (keepers[i].is_set)
			parse_warn(p, keepers[i].name,
			    "has no effect: --single runs no keeper");
}

/* What is set for Unix sockets only. */
static void warn_of_listen(const struct conf *conf, struct parse *p)
{
	static const char *const names[] = {"listen-mode", "listen-group"};
	const struct listener_conf *l = &conf->listener;

	for (size_t i = 0; i < l->listen_count; i++)
		if (l->listen[i].u.sa.sa_family == AF_UNIX)
			return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is_chosen(conf, p, names[i]))
			parse_warn(
			    p, names[i], "has no effect: no listen is a path");
}

void conf_warn(const struct conf *conf, struct parse *p)
{
	warn_of_requests(conf, p);
	warn_of_queue(conf, p);
	warn_of_slots(conf, p);
	warn_of_health(conf, p);
	warn_of_clocks(conf, p);
	warn_of_single(conf, p);
	warn_of_listen(conf, p);
}
