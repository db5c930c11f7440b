/*
 * seen.c: which rows of the program's state tables the runs have met: states
 * of connections, directions and the device's health, and whose turn it was,
 * each by what happened in it. Counted where one file of the program calls
 * another; the linker's --wrap lets us in between.
 */
#include <inttypes.h>
#include <stdio.h>

#include "kernel.h"
#include "plan.h"
#include "proxy/proxy.h"

enum { EVENTS = 12 };

struct table {
	const char *name;
	const char *states[8];
	const char *events[EVENTS + 1];
	uint64_t count[8][EVENTS];
};

/* What the loop reports, in the order of `bits`. */
#define LOOP_EVENTS(end)                                                       \
	end "-in", end "-rdhup", end "-pri", end "-out", end "-hup", end "-err"

static const unsigned int bits[] = {
    EV_IN, EV_RDHUP, EV_PRI, EV_OUT, EV_HUP, EV_ERR};

enum { BITS = sizeof(bits) / sizeof(*bits) };

#define CONN_STATES "gate", "queue", "shared", "connect", "relay", "closing"

#define DIRECTION_STATES "flow", "drain", "done", "broken"

static struct table of_conn = {"connection", {CONN_STATES},
    {LOOP_EVENTS("client"), LOOP_EVENTS("device")}, {{0}}};

static struct table of_clock = {"clock", {CONN_STATES},
    {"end", "connect", "settled", "idle", "rate", "stalled", "queued",
	"delivered"},
    {{0}}};

/* Of a direction, what its source reports, and where bytes go out, what its
 * destination does. */
static struct table of_direction = {"direction", {DIRECTION_STATES},
    {"in", "rdhup", "pri", "out", "hup", "err"}, {{0}}};

static struct table of_verb = {"told", {DIRECTION_STATES},
    {"send-fin", "finish", "discard", "source-lost", "destination-lost", "say",
	"drop"},
    {{0}}};

enum { SEND_FIN, FINISH, DISCARD, SOURCE_LOST, DESTINATION_LOST, SAY, DROP };

static struct table of_turn = {"turn",
    {"nobody", "stream", "client-request", "client-room", "device-room",
	"device-reply", "device-rest"},
    {"client-bytes", "client-fin", "client-reset", "client-takes",
	"device-bytes", "device-fin", "device-reset", "device-takes", "clock"},
    {{0}}};

enum { BYTES, FIN, RESET, TAKES, OF_DEVICE, CLOCK = 2 * OF_DEVICE };

static struct table of_health = {"health", {"up", "suspected", "down", "held"},
    {"served", "refused", "silent", "reset", "probe-served", "probe-refused",
	"probe-silent", "probe-reset", "hold", "release", "probe-ended"},
    {{0}}};

enum { PROBES = HEALTH_RESET + 1, HOLD = 2 * PROBES, RELEASE, PROBE_ENDED };

static struct table *const tables[] = {
    &of_conn, &of_clock, &of_direction, &of_verb, &of_turn, &of_health};

void seen_print(void)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (int s = 0; s < 8 && tables[i]->states[s]; s++)
			for (int e = 0; tables[i]->events[e]; e++)
				printf("%s %s %s %" PRIu64 "\n",
				    tables[i]->name, tables[i]->states[s],
				    tables[i]->events[e],
				    tables[i]->count[s][e]);
}

/* ---- connections and their relay ---- */

static void count_events(const struct relay *r, enum end e, unsigned int events)
{
	const struct conn *c = container_of(r, struct conn, relay);
	const struct direction *in =
	    e == CLIENT ? &r->to_device : &r->to_client;
	const struct direction *out =
	    e == CLIENT ? &r->to_client : &r->to_device;

	for (int i = 0; i < BITS; i++) {
		if (!(events & bits[i]))
			continue;
		of_conn.count[c->state][(e == DEVICE ? BITS : 0) + i]++;
		of_direction
		    .count[direction_state(bits[i] == EV_OUT ? out : in)][i]++;
	}
}

struct facts {
	uint64_t read, sent;
	bool fin, lost;
};

static struct facts look(struct relay *r, enum end e)
{
	const struct direction *in = relay_from(r, e);
	const struct direction *out = relay_from(r, other_end(e));

	return (struct facts){
	    .read = direction_read_bytes(in),
	    .sent = direction_sent_bytes(out),
	    .fin = direction_fin_seen(in),
	    .lost = direction_read_error(in) || direction_write_error(out),
	};
}

WRAP(unsigned int, relay_on_events, struct relay *r, struct direction_env *env,
    enum end e, unsigned int events)
{
	const struct conn *c = container_of(r, struct conn, relay);
	struct facts before = look(r, e), after;
	uint64_t *row;
	unsigned int moved;

	count_events(r, e, events);
	if (!c->prot || c->state != CONN_RELAY)
		return __real_relay_on_events(r, env, e, events);
	row = of_turn.count[c->prot->turn] + (e == DEVICE ? OF_DEVICE : 0);
	moved = __real_relay_on_events(r, env, e, events);
	after = look(r, e);
	row[BYTES] += after.read > before.read;
	row[FIN] += after.fin && !before.fin;
	row[RESET] += after.lost && !before.lost;
	row[TAKES] += after.sent > before.sent;
	return moved;
}

WRAP(void, conn_connect_on_link, struct conn *c, unsigned int events)
{
	for (int i = 0; i < BITS; i++)
		if (events & bits[i])
			of_conn.count[CONN_CONNECT][BITS + i]++;
	__real_conn_connect_on_link(c, events);
}

/* Called from elsewhere only when the timer strikes. */
WRAP(struct deadline, conn_deadline, const struct conn *c)
{
	struct deadline d = __real_conn_deadline(c);

	if (d.at_ms > ev_now(c->px->loop))
		return d;
	of_clock.count[c->state][d.action]++;
	if (c->prot && c->state == CONN_RELAY)
		of_turn.count[c->prot->turn][CLOCK]++;
	return d;
}

/* ---- what directions are told, and the health of the device ---- */

/* A call of `name` is counted so, and goes on. */
#define COUNTED(count, type, arguments, name, ...)                             \
	WRAP(type, name, __VA_ARGS__)                                          \
	{                                                                      \
		count;                                                         \
		return __real_##name arguments;                                \
	}
#define TOLD(verb)   of_verb.count[direction_state(d)][verb]
#define HEALTH(what) of_health.count[health_state(h)][what]

COUNTED(TOLD(SEND_FIN)++, void, (d, to), direction_send_fin,
    struct direction *d, int to)
COUNTED(TOLD(FINISH)++, void, (d), direction_finish, struct direction *d)
COUNTED(TOLD(DISCARD)++, void, (d, env, bytes), direction_discard,
    struct direction *d, struct direction_env *env, uint64_t bytes)
COUNTED(TOLD(SOURCE_LOST)++, void, (d, err, fin_was_none),
    direction_source_lost, struct direction *d, int err, bool fin_was_none)
COUNTED(TOLD(DESTINATION_LOST)++, void, (d, env, err),
    direction_destination_lost, struct direction *d, struct direction_env *env,
    int err)
COUNTED(TOLD(SAY)++, void, (d, env, to, bytes, len), direction_say,
    struct direction *d, struct direction_env *env, int to, const void *bytes,
    size_t len)
COUNTED(TOLD(DROP) += direction_buffered(d) > 0, void, (d, env), direction_drop,
    struct direction *d, struct direction_env *env)

COUNTED(HEALTH(signal + (client ? 0 : PROBES))++, enum health_event,
    (h, conf, signal, client, probe_id, now_ms), health_report,
    struct health *h, const struct health_conf *conf, enum health_signal signal,
    const struct client *client, unsigned int probe_id, int64_t now_ms)
COUNTED(HEALTH(HOLD)++, enum health_event, (h, now_ms), health_hold,
    struct health *h, int64_t now_ms)
COUNTED(HEALTH(RELEASE)++, enum health_event, (h, conf, now_ms), health_reset,
    struct health *h, const struct health_conf *conf, int64_t now_ms)
COUNTED(HEALTH(PROBE_ENDED) += probe_id > 0, void, (h, probe_id, now_ms),
    health_probe_ended, struct health *h, unsigned int probe_id, int64_t now_ms)
