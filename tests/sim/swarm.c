/*
 * swarm.c: the plan of a seed. Each seed draws which characters, troubles,
 * faults and settings there are at all: a mix of everything would hide what
 * only a few of them show together.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "device.h"
#include "kernel.h"
#include "master.h"
#include "plan.h"
#include "settings/conf.h"
#include "settings/conf_load.h"
#include "settings/option_table.h"
#include "workers.h"

struct swarm {
	struct chance c;
	uint32_t troubles;
	bool talks; /* masters come, and no clients */
	struct plan *plan;
};

static uint32_t one_of(struct swarm *s, const uint32_t *values, uint32_t count)
{
	return values[chance_below(&s->c, count)];
}

#define ONE_OF(s, ...)                                                         \
	one_of(s, (const uint32_t[]){__VA_ARGS__},                             \
	    sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void make_nature(struct swarm *s)
{
	uint32_t *n = s->plan->nature;

	n[NATURE_FDS] = ONE_OF(s, 96, 128, 256, 512, 1000);
	n[NATURE_LATENCY_US] = ONE_OF(s, 0, 0, 50, 1000, 40000);
	n[NATURE_JITTER_US] =
	    n[NATURE_LATENCY_US] > 0 ? ONE_OF(s, 0, 0, 500, 30000) : 0;
	n[NATURE_DELAYED_ACK] = ONE_OF(s, 0, 0, 500, 1000);
	n[NATURE_BUFFER] = ONE_OF(s, 16384, 16384, 8192, 2048, 1500);
	n[NATURE_TURN_US] = ONE_OF(s, 0, 0, 30, 1000, 20000);
	n[NATURE_BACKWARDS] = ONE_OF(s, 0, 0, 1);
	n[NATURE_SOCKETS] = ONE_OF(s, 0, 0, 0, 1, 2, 4);
	n[NATURE_THINK_MS] = ONE_OF(s, 0, 5, 50, 500, 2000);
	n[NATURE_PIECE] = ONE_OF(s, 4096, 4096, 1460, 512, 100);
	n[NATURE_PIECE_MS] = ONE_OF(s, 0, 0, 0, 2, 50);
	n[NATURE_CLOSE_MS] = ONE_OF(s, 0, 0, 5, 100, 400);
	n[NATURE_KEEPS_OPEN] = ONE_OF(s, 0, 0, 500, 1000);
	n[NATURE_IGNORES_FIN] = ONE_OF(s, 0, 0, 0, 300);
	n[NATURE_FAMILY] = ONE_OF(s, 0, 0, 0, 1, 2);
	n[NATURE_ADDRESSES] = ONE_OF(s, 0, 0, 0, 0, 0, 1, 2, 3);
	n[NATURE_URGENT] = ONE_OF(s, 0, 0, 0, 0, 100);
	n[NATURE_LOST] = ONE_OF(s, 0, 0, 0, 0, 0, 20, 200);
	n[NATURE_BUSY] = ONE_OF(s, 0, 0, 1);
}

/* ---- settings ---- */

static const char *const own_values[][5] = {
    {"allow-method", "any", "GET", "GET HEAD POST", "GET CONNECT"},
    {"strip-header", "Cookie", "Cookie X-Other"},
    {"request-limit", "0", "5/1s", "1/2s", "20/1m"},
    {"probe", "off", "GET /l100", "HEAD /l100"},
    {"probe-backoff", "1s..32s", "1s..1s", "100ms..2s"},
    {"down-after", "0", "1", "2,5s", "1,10s"},
    {"body-max", "0", "body-limit", "100k"},
    {"answer", "/favicon.ico 404", "/favicon.ico 205", "/favicon.ico 299"},
    {"deny", "10.1.0.3", "2001:db8:4::/48"},
    {"local-address", "10.0.0.9"},
    {"log", "/sim/log", "syslog"},
    {"per-source", "0", "1", "3"},
    {"slots", "0", "1", "2", "4"},
    {"queue", "0", "1", "5", "64"},
    {"memory", "256k", "512k", "1m", "16m"},
    {"reply-buffer", "4k", "16k", "64k"},
};

enum { OWN = sizeof(own_values) / sizeof(*own_values) };

static const char *own_value(struct swarm *s, const char *name)
{
	for (int i = 0; i < OWN; i++) {
		uint32_t count = 1;

		if (strcmp(own_values[i][0], name) != 0)
			continue;
		while (count < 5 && own_values[i][count])
			count++;
		return own_values[i][chance_between(&s->c, 1, count - 1)];
	}
	return NULL;
}

static int64_t some_number(
    struct swarm *s, const struct option *o, int64_t most)
{
	static const uint32_t spans[] = {1, 10, 100, 1000, 5000, 20000, 60000};
	int64_t n = spans[chance_below(&s->c, 7)];

	n += chance_below(&s->c, (uint32_t)n);
	if (o->min == 0 && chance_is(&s->c, 200) &&
	    strcmp(o->name, "idle-timeout") != 0)
		n = 0;
	n = n < o->min ? o->min : n;
	n = n > o->max ? o->max : n;
	return n > most ? most : n;
}

/* A value of the row, or false for those that are left alone. */
static bool some_value(struct swarm *s, const struct option *o, char *out)
{
	const char *own = own_value(s, o->name);
	uint32_t words = 0;

	if (strcmp(o->name, "accept-proxy") == 0)
		own = s->plan->nature[NATURE_FAMILY] == 2 ? "unix"
							  : "10.1.0.0/16";
	if (own) {
		snprintf(out, PLAN_TEXT_MAX, "%s", own);
	} else if (o->type == &value_time) {
		snprintf(out, PLAN_TEXT_MAX, "%dms",
		    (int)some_number(s, o, 3600000));
	} else if (o->type == &value_size) {
		snprintf(
		    out, PLAN_TEXT_MAX, "%d", (int)some_number(s, o, 1 << 20));
	} else if (o->type == &value_number) {
		snprintf(out, PLAN_TEXT_MAX, "%d", (int)some_number(s, o, 20));
	} else if (o->words && o->type != &value_word &&
		   (o->type == &value_choice || o->type == &value_switch)) {
		while (o->words[words])
			words++;
		snprintf(out, PLAN_TEXT_MAX, "%s",
		    o->words[chance_below(&s->c, words)]);
	} else {
		return false;
	}
	return true;
}

static void put(struct plan *p, const char *name, const char *value)
{
	struct setting *s = &p->settings[p->setting_count++];

	snprintf(s->name, sizeof(s->name), "%s", name);
	snprintf(s->value, sizeof(s->value), "%s", value);
}

static bool is_fit(const struct plan *p)
{
	struct conf conf;

	if (!plan_load(p, &conf))
		return false;
	conf_free(&conf);
	return true;
}

static bool is_left_alone(const struct option *o)
{
	static const char *const names[] = {
	    "resolve-every", "shared-connection", "pipeline", "gate", "share"};

	if (o->group == GROUP_COMMANDS || !o->type)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(o->name, names[i]) == 0)
			return true;
	return false;
}

/* The gates of masters. */
static void make_talk(struct swarm *s)
{
	struct plan *p = s->plan;
	char pipeline[8];

	s->talks = true;
	if (chance_is(&s->c, 300)) {
		put(p, "profile", "raw");
		put(p, "gate", "line");
		put(p, "shared-connection", "on");
		put(p, "slots", "1");
		return;
	}
	put(p, "profile", "modbus");
	if (chance_is(&s->c, 150)) {
		put(p, "shared-connection", "off");
		return;
	}
	snprintf(pipeline, sizeof(pipeline), "%u", ONE_OF(s, 1, 1, 1, 2, 8));
	put(p, "pipeline", pipeline);
}

static void make_profile(struct swarm *s)
{
	static const char *const gates[] = {
	    "http", "http", "http", "none", "data", "line"};
	struct plan *p = s->plan;
	uint32_t profiles = 0, pick;

	while (option_profile_words[profiles])
		profiles++;
	do
		pick =
		    chance_is(&s->c, 500) ? 1 : chance_below(&s->c, profiles);
	while (strcmp(option_profile_words[pick], "modbus") == 0);
	put(p, "profile", option_profile_words[pick]);
	if (chance_is(&s->c, 600))
		put(p, "gate", gates[chance_below(&s->c, 6)]);
	if (chance_is(&s->c, 150)) {
		put(p, "share", "on");
		if (!is_fit(p))
			p->setting_count--;
	}
	if (!is_fit(p))
		p->setting_count = 1;
}

static void make_settings(struct swarm *s)
{
	struct plan *p = s->plan;
	uint32_t per_mille = ONE_OF(s, 0, 30, 100, 250);
	char value[PLAN_TEXT_MAX];

	if (chance_is(&s->c, 150))
		make_talk(s);
	else
		make_profile(s);
	if (chance_is(&s->c, 100)) {
		/* Memory for what is promised, and hardly more. */
		put(p, "slots", "4");
		put(p, "memory", "384k");
		if (!is_fit(p))
			p->setting_count -= 2;
	}
	for (const struct option *o = options; o->name; o++) {
		if (is_left_alone(o) ||
		    (s->talks && strcmp(o->name, "send-proxy") == 0) ||
		    p->setting_count == PLAN_SETTINGS_MAX ||
		    !chance_is(&s->c, per_mille) || !some_value(s, o, value))
			continue;
		put(p, o->name, value);
		if (!is_fit(p))
			p->setting_count--;
	}
}

/* ---- actions ---- */

static struct action *add(struct swarm *s, enum action_kind kind)
{
	struct plan *p = s->plan;
	struct action *a = &p->actions[p->action_count];

	if (p->action_count < PLAN_ACTIONS_MAX - 1)
		p->action_count++;
	/* One draw a statement: their order is the compiler's otherwise. */
	*a = (struct action){.kind = kind};
	a->at_ms = chance_below(&s->c, (uint32_t)p->end_ms);
	a->seed = chance_next(&s->c);
	return a;
}

/* Clients or masters, of the characters in `mask`. */
static void add_actors(struct swarm *s, enum action_kind kind, uint32_t mask,
    uint32_t count, uint32_t addresses)
{
	uint32_t all = kind == ACT_CLIENT ? CHARACTERS : MASTER_CHARACTERS;

	while (count-- > 0) {
		struct action *a = add(s, kind);

		do
			a->a = chance_below(&s->c, all);
		while (!(mask >> a->a & 1));
		a->b = chance_below(&s->c, addresses);
	}
}

static void add_clients(struct swarm *s, uint32_t mask)
{
	uint32_t count = ONE_OF(s, 3, 10, 30, 60, 120);

	add_actors(s, ACT_CLIENT, mask, count, ONE_OF(s, 1, 2, 4, 20));
}

static void add_masters(struct swarm *s)
{
	uint32_t count = ONE_OF(s, 1, 3, 8, 20);
	uint32_t addresses = ONE_OF(s, 1, 2, 4, 10);

	add_actors(
	    s, ACT_MASTER, (uint32_t)chance_next(&s->c) | 1, count, addresses);
}

static void add_troubles(struct swarm *s)
{
	uint32_t count = chance_below(&s->c, 4);

	while (s->troubles && count-- > 0) {
		struct action *a = add(s, ACT_DEVICE);

		a->a = chance_between(&s->c, 1, TROUBLES - 1);
		a->b = chance_between(&s->c, 10, 20000);
	}
}

static void add_faults(struct swarm *s)
{
	enum { ERRNOS = 10, ALL = CALL_COUNT * ERRNOS };
	static const uint32_t errnos[ALL] = {
#define ROW(call, ...) [(call)*ERRNOS] = __VA_ARGS__
	    ROW(CALL_ACCEPT, EMFILE, ECONNABORTED, ENOBUFS, EINTR, ENFILE),
	    ROW(CALL_SOCKET, EMFILE, ENOBUFS),
	    ROW(CALL_CONNECT, EADDRNOTAVAIL, ENETUNREACH, EINTR, ECONNREFUSED,
		EADDRINUSE, ENOENT, EAGAIN, ENOBUFS, ECONNRESET, ETIMEDOUT),
	    ROW(CALL_CONNECTING, EHOSTUNREACH, ETIMEDOUT, ECONNRESET),
	    ROW(CALL_BIND, EADDRNOTAVAIL, EADDRINUSE),
	    ROW(CALL_RECV, EINTR, ECONNRESET, ETIMEDOUT, EHOSTUNREACH),
	    ROW(CALL_SEND, EINTR, ECONNRESET, ETIMEDOUT, ENOBUFS, ENOMEM),
	    ROW(CALL_PIPE, EMFILE),
	    ROW(CALL_EPOLL_CTL, ENOMEM),
	    ROW(CALL_EPOLL_WAIT, EINTR),
	    ROW(CALL_SPLICE, EINTR, EINVAL),
	    ROW(CALL_LOG, EAGAIN, ENOSPC),
#undef ROW
	};
	uint32_t count = chance_between(&s->c, 1, 3), all = 0, i, at;

	for (at = 0; at < ALL; at++)
		all += errnos[at] > 0;
	while (count-- > 0) {
		struct action *a = add(s, ACT_FAULT);

		i = chance_below(&s->c, all);
		for (at = 0; !errnos[at] || i-- > 0;)
			at++;
		a->a = at / ERRNOS;
		a->b = errnos[at];
		a->c = ONE_OF(s, 10, 100, 500, 900);
		a->d = chance_between(&s->c, 1, 3000);
	}
}

static void add_orders(struct swarm *s)
{
	for (uint32_t count = chance_between(&s->c, 1, 6); count > 0; count--) {
		struct action *a = add(s, ACT_ORDER);

		a->a = chance_below(&s->c, ORDERS);
		a->b = chance_below(&s->c, 4);
	}
}

/* It is held for a while, and released. */
static void add_hold(struct swarm *s, int64_t from_ms, uint32_t within_ms)
{
	struct action *hold = add(s, ACT_ORDER);
	struct action *release = add(s, ACT_ORDER);

	hold->a = ORDER_HOLD;
	hold->at_ms = from_ms + chance_below(&s->c, within_ms);
	if (hold->at_ms >= s->plan->end_ms)
		hold->at_ms = s->plan->end_ms - 1;
	release->a = ORDER_RELEASE;
	release->at_ms = hold->at_ms + chance_below(&s->c, 5000);
}

/* The operator looks after a device that has trouble. */
static void add_maintenance(struct swarm *s)
{
	for (int i = 0, last = s->plan->action_count; i < last; i++) {
		const struct action *trouble = &s->plan->actions[i];
		uint32_t count = chance_between(&s->c, 1, 4);

		while (trouble->kind == ACT_DEVICE && count-- > 0)
			add_hold(s, trouble->at_ms, trouble->b + 2000);
	}
}

/* A keeper, and what makes it change its workers. */
static void add_workers(struct swarm *s)
{
	uint32_t reloads = chance_between(&s->c, 1, 5);

	s->plan->nature[NATURE_WORKERS] = 1;
	s->plan->nature[NATURE_FDS] = 1000;
	while (reloads-- > 0) {
		struct action *a = add(s, ACT_RELOAD);

		a->b = ONE_OF(s, 0, 0, 1, 2, 4);
	}
	if (chance_is(&s->c, 300))
		add_orders(s);
	if (chance_is(&s->c, 500))
		add_maintenance(s);
	if (chance_is(&s->c, 300))
		add(s, ACT_KILL);
}

void plan_make(struct plan *p, uint64_t seed)
{
	struct swarm s = {.c.state = seed * 2654435761u + 1, .plan = p};
	uint32_t characters; /* those that come, a bit each */

	memset(p, 0, sizeof(*p));
	p->seed = seed;
	p->end_ms = ONE_OF(&s, 2000, 10000, 30000, 60000);
	make_nature(&s);
	make_settings(&s);
	characters = (uint32_t)chance_next(&s.c) & ((1u << CHARACTERS) - 1);
	if (chance_is(&s.c, 700))
		characters |= 1; /* browsers, most often */
	if (chance_is(&s.c, 500))
		characters &= ~(1u << (CHARACTERS - 1));
	if (!characters)
		characters = 3;
	s.troubles = chance_is(&s.c, 400);
	if (s.talks)
		add_masters(&s);
	else
		add_clients(&s, characters);
	add_troubles(&s);
	if (chance_is(&s.c, 200))
		add_faults(&s);
	if (chance_is(&s.c, 100)) {
		uint32_t ms = chance_between(&s.c, 1, 15000);

		add(&s, ACT_PAUSE)->b = ms;
	}
	if (chance_is(&s.c, 150))
		add_workers(&s);
	if (chance_is(&s.c, 50))
		add(&s, ACT_SIGNAL)->a = SIGTERM;
	if (chance_is(&s.c, 20))
		add(&s, ACT_SIGNAL)->a = SIGTERM;
	if (chance_is(&s.c, 50))
		add(&s, ACT_SIGNAL)->a = SIGUSR1;
	if (chance_is(&s.c, 50))
		add(&s, ACT_SIGNAL)->a = SIGHUP;
}
