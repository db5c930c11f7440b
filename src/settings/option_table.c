/*
 * option_table.c: the table, and what is done with all its rows.
 */
#include "settings/option_table.h"

#include <string.h>

#include "base/bug.h"
#include "base/scan.h"
#include "settings/conf.h"
#include "settings/value_slip.h"

#define SECONDS(n)  ((int64_t)(n)*1000)
#define HOURS(n)    SECONDS((n)*3600)
#define DAYS(n)     HOURS((n)*24)
#define KIB(n)      ((int64_t)(n) << 10)
#define MIB(n)      KIB((n) << 10)
#define FIELD(path) offsetof(struct conf, path)

const char *const option_profile_words[] = {"raw", "w5500", "modbus", NULL};
static const char *const off_on[] = {"off", "on", NULL};
static const char *const off_auto[] = {"off", "auto", NULL};
static const char *const gate_words[] = {"none", "data", "line", "http", NULL};
static const char *const queue_fin_words[] = {"keep", "drop", "safe",
    NULL};
static const char *const umask_words[] = {"umask", NULL};
static const char *const auto_words[] = {"auto", NULL};
static const char *const body_max_words[] = {"body-limit", NULL};
static const char *const send_proxy_words[] = {"off", "v1", "v2", NULL};
static const char *const half_close_words[] = {"propagate", "after-reply",
    NULL};
static const char *const device_fin_words[] = {"half", "close", NULL};
static const char *const device_abort_words[] = {"rst", "fin", NULL};
static const char *const reply_words[] = {"stream", "hold", NULL};
static const char *const level_words[] = {"error", "warn", "info", "debug",
    NULL};
static const char *const format_words[] = {"logfmt", "json", "tcplog", NULL};

static const struct {
	const char *old, *name;
} renamed[] = {
    {"absorb", "reply-buffer"},
    {"feed-timeout", "send-timeout"},
    {"source", "local-address"},
};

/* Bounds are inclusive; the three values are those of raw, w5500, modbus. */
/* clang-format off */
const struct option options[] = {
{"config", "FILE", GROUP_COMMANDS, .letter = 'c', .command = COMMAND_CONFIG,
 .help = "Read settings from FILE, one `name value` a line."},
{"check", NULL, GROUP_COMMANDS, .letter = 't', .command = COMMAND_CHECK,
 .help = "Check all settings and exit."},
{"show-config", NULL, GROUP_COMMANDS, .command = COMMAND_SHOW,
 .help = "Print every setting in force and exit."},
{"help", NULL, GROUP_COMMANDS, .letter = 'h', .command = COMMAND_HELP,
 .help = "Print this and exit."},
{"version", NULL, GROUP_COMMANDS, .letter = 'V', .command = COMMAND_VERSION,
 .help = "Print the version and exit."},

{"profile", "raw|w5500|modbus", GROUP_ADDRESSES, &value_word,
 FIELD(profile), 0, 0, option_profile_words, {"raw", "w5500", "modbus"},
 .help = "What all other settings are unless they are set."},
{"name", "NAME|auto", GROUP_ADDRESSES, &value_name,
 FIELD(name), .value = {"auto"},
 .help = "Name of this proxy in log, events, status and metrics; auto: the stem of FILE, else the first listen address."},
{"listen", "PORT|ADDRESS:PORT|[IPV6]:PORT|PATH", GROUP_ADDRESSES,
 &value_listen, FIELD(listener), .value = {NULL},
 .help = "Where clients come in, a Unix socket if PATH; may be repeated."},
{"listen-mode", "MODE|umask", GROUP_ADDRESSES, &value_mode,
 FIELD(listener.mode), 0, 0777, umask_words, {"umask"},
 .help = "Permissions of a Unix socket, in octal; umask: 0666 without the bits of the umask."},
{"listen-group", "GROUP|off", GROUP_ADDRESSES, &value_path,
 FIELD(listener.group), .value = {"off"},
 .help = "Group of a Unix socket, a name or a number; off: the group of the process."},
{"device", "PORT|ADDRESS:PORT|[IPV6]:PORT|NAME:PORT", GROUP_ADDRESSES,
 &value_device, FIELD(dial), .value = {NULL},
 .help = "The one device; a NAME is looked up at start and its addresses tried in order, the next one on refusal."},
{"resolve-every", "TIME", GROUP_ADDRESSES, &value_time,
 FIELD(dial.resolve_every_ms), 0, DAYS(30), NULL, {"0", "5m"},
 .help = "Look the device's name up again so often, and after each failed probe; 0: only at start."},

{"max-clients", "NUMBER", GROUP_CLIENTS, &value_number,
 FIELD(conn.max_clients), 0, 1000000, NULL, {"0"},
 .help = "Clients at a time; 0: as many as the descriptor limit allows."},
{"per-source", "NUMBER", GROUP_CLIENTS, &value_number,
 FIELD(clients.per_source), 0, 1000000, NULL, {"0"},
 .help = "Connections of one source, an IPv4 address or an IPv6 /64; 0: no limit."},
{"request-limit", "NUMBER/TIME|0", GROUP_CLIENTS, &value_limit,
 FIELD(clients), 1000, HOURS(24), NULL, {"0"},
 .help = "HTTP requests of one client address in TIME; more are answered 429; 0: no limit."},
{"allow", "ADDRESS|ADDRESS/BITS", GROUP_CLIENTS, &value_allow,
 FIELD(acl), .value = {NULL},
 .help = "Let these clients in, and no others but those also allowed; of allow and deny the first match wins; may be repeated."},
{"deny", "ADDRESS|ADDRESS/BITS", GROUP_CLIENTS, &value_deny,
 FIELD(acl), .value = {NULL},
 .help = "Turn these clients away; may be repeated."},
{"accept-proxy", "ADDRESS|ADDRESS/BITS|unix", GROUP_CLIENTS, &value_from,
 FIELD(proxy_header), .value = {NULL},
 .help = "Clients from here, or of Unix sockets, begin with a PROXY protocol header; may be repeated."},

{"gate", "none|data|line|http", GROUP_GATE, &value_choice,
 FIELD(request.kind), 0, 0, gate_words, {"none", "http", "data"},
 .help = "Dial when: at once, a byte is there, a full line, a whole HTTP request."},
{"gate-timeout", "TIME", GROUP_GATE, &value_time,
 FIELD(request.timeout_ms), 1, HOURS(24), NULL, {"10s"},
 .help = "Time a client has to satisfy the gate."},
{"head-limit", "SIZE", GROUP_GATE, &value_size,
 FIELD(request.head_limit_bytes), 64, KIB(64), NULL, {"4k"},
 .help = "Longest line or request head the gate reads."},
{"body-limit", "SIZE", GROUP_GATE, &value_size,
 FIELD(request.body_limit_bytes), 0, MIB(64), NULL, {"16k"},
 .help = "Longest request body the gate awaits; a longer one is passed on as it comes."},
{"body-max", "SIZE|body-limit", GROUP_GATE, &value_size_or_word,
 FIELD(request.body_max_bytes), 0, MIB(65536), body_max_words,
 {"0", "body-limit"},
 .help = "Longest request body at all; a longer one is answered 413 without a connect; 0: no limit."},
{"allow-method", "METHOD...|any", GROUP_GATE, &value_methods,
 FIELD(request), .value = {"any", "GET HEAD POST"},
 .help = "HTTP methods that may pass, others are answered 405; any: all but CONNECT; may be repeated."},
{"answer", "PATH STATUS|off", GROUP_GATE, &value_answers,
 FIELD(request), .value = {"off"},
 .help = "Answer requests for PATH with STATUS, without a connect; may be repeated."},
{"strip-header", "FIELD...|off", GROUP_GATE, &value_strip,
 FIELD(request), .value = {"off"},
 .help = "Request fields that are not passed to the device; may be repeated."},

{"slots", "NUMBER", GROUP_SLOTS, &value_number,
 FIELD(device.slots), 0, DEVICE_SLOTS_MAX, NULL, {"0", "1", "1"},
 .help = "Device connections at a time; 0: no limit."},
{"stream-slots", "NUMBER|auto", GROUP_SLOTS, &value_number_or_word,
 FIELD(device.stream_slots), 1, DEVICE_SLOTS_MAX, auto_words, {"auto", "1"},
 .help = "Of these, how many replies without an end may hold; auto: slots less one, at least 1."},
{"queue", "NUMBER", GROUP_SLOTS, &value_number,
 FIELD(queue.places), 0, 1000000, NULL, {"64"},
 .help = "Clients that may wait for a slot; 0: nobody waits."},
{"queue-timeout", "TIME", GROUP_SLOTS, &value_time,
 FIELD(queue.timeout_ms), 0, HOURS(24), NULL, {"10s"},
 .help = "Longest wait for a slot."},
{"queue-fin", "keep|drop|safe", GROUP_SLOTS, &value_choice,
 FIELD(queue.fin), 0, 0, queue_fin_words, {"keep", "safe"},
 .help = "A waiting client that has sent FIN: keep its place, drop it, or keep only GET and HEAD without a query."},
{"preempt-idle", "TIME", GROUP_SLOTS, &value_time,
 FIELD(conn.preempt_idle_ms), 0, DAYS(30), NULL, {"0", NULL, "30s"},
 .help = "While others wait, a connection idle for so long gives up its slot; 0: never."},
{"busy-reply", "FILE|off", GROUP_SLOTS, &value_path,
 FIELD(http_error.busy_path), .value = {"off"},
 .help = "The exact bytes a client gets when the line is full, its wait is over or the device is down; for gates other than http."},

{"connect-timeout", "TIME", GROUP_DIAL, &value_time,
 FIELD(dial.connect_timeout_ms), 1, HOURS(24), NULL, {"5s", "1s"},
 .help = "One attempt to connect."},
{"connect-retry", "NUMBER", GROUP_DIAL, &value_number,
 FIELD(dial.connect_retry), 0, 100, NULL, {"0", "5"},
 .help = "Further attempts after a refusal, after 50, 100, 200, 400, 800 ms."},
{"connect-gap", "TIME", GROUP_DIAL, &value_time,
 FIELD(device.connect_gap_ms), 0, HOURS(1), NULL, {"0"},
 .help = "Pause between the end of one device connection and the next dial."},
{"settle", "TIME", GROUP_DIAL, &value_time,
 FIELD(dial.settle_ms), 0, HOURS(1), NULL, {"0"},
 .help = "Pause between connect and first byte."},
{"local-address", "ADDRESS|off", GROUP_DIAL, &value_local,
 FIELD(dial.local), .value = {"off"},
 .help = "Local address of device connections."},
{"send-proxy", "off|v1|v2", GROUP_DIAL, &value_choice,
 FIELD(dial.send_proxy), 0, 0, send_proxy_words, {"off"},
 .help = "Begin device connections with a PROXY protocol header."},
{"keepalive", "TIME", GROUP_DIAL, &value_time,
 FIELD(dial.keepalive_ms), 0, HOURS(9), NULL, {"60s", "0"},
 .help = "TCP keepalive towards the device; 0: off."},
{"user-timeout", "TIME", GROUP_DIAL, &value_time,
 FIELD(dial.user_timeout_ms), 0, HOURS(24), NULL, {"0", "30s"},
 .help = "Longest time that sent bytes stay unacknowledged by the device; 0: the kernel's choice."},
{"quickack", "off|on", GROUP_DIAL, &value_switch,
 FIELD(dial.quickack), 0, 0, off_on, {"off", "on"},
 .help = "Acknowledge the device's segments at once."},

{"first-byte-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.first_byte_ms), 0, DAYS(30), NULL, {"0", "5s"},
 .help = "Device silent after the whole request was sent."},
{"reply-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.reply_ms), 0, DAYS(30), NULL, {"0", "10s"},
 .help = "Longest pause within a reply."},
{"reply-max", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.reply_max_ms), 0, DAYS(30), NULL, {"0"},
 .help = "Longest reply in all."},
{"reply-rate", "SIZE", GROUP_CLOCKS, &value_size,
 FIELD(conn.reply_rate), 0, MIB(1024), NULL, {"0", "1k"},
 .help = "Least bytes a second that a client takes of its reply while others wait; a slower one is reset."},
{"request-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.request_ms), 0, DAYS(30), NULL, {"0", "10s"},
 .help = "Longest pause within a request body longer than body-limit."},
{"request-rate", "SIZE", GROUP_CLOCKS, &value_size,
 FIELD(conn.request_rate), 0, MIB(1024), NULL, {"0", "1k"},
 .help = "Least bytes a second of a request body that passes through while others wait; a slower client is reset."},
{"stream-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.stream_timeout_ms), 0, DAYS(30), NULL, {"10m"},
 .help = "No byte of a reply without an end."},
{"stream-yield", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.stream_yield_ms), 0, DAYS(30), NULL, {"0", "30s"},
 .help = "While others wait and only streams hold slots, end the oldest stream after so long."},
{"idle-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.idle_ms), 0, DAYS(30), NULL, {"10m", "30s"},
 .help = "No byte either way."},
{"fin-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.fin_ms), 0, DAYS(30), NULL, {"60s", "5s"},
 .help = "No byte after a FIN was passed on."},
{"linger-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.linger_ms), 1, HOURS(1), NULL, {"2s"},
 .help = "A client's end of connection after the door's own answer."},
{"send-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.send_ms), 0, DAYS(30), NULL, {"60s", "30s"},
 .help = "Longest pause in which a client takes no byte of what is kept for it."},
{"max-age", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.max_age_ms), 0, DAYS(365), NULL, {"0"},
 .help = "Longest life of a connection."},

{"half-close", "propagate|after-reply", GROUP_ENDS, &value_choice,
 FIELD(relay.half_close), 0, 0, half_close_words,
 {"propagate", "after-reply"},
 .help = "Pass a client's FIN on at once, or only once the device has finished."},
{"on-device-fin", "half|close", GROUP_ENDS, &value_choice,
 FIELD(relay.on_device_fin), 0, 0, device_fin_words, {"half", "close"},
 .help = "After the device's FIN: keep its write side, or close the device side."},
{"device-abort", "rst|fin", GROUP_ENDS, &value_choice,
 FIELD(relay.device_abort), 0, 0, device_abort_words, {"rst"},
 .help = "How an aborted device connection is closed."},

{"reply", "stream|hold", GROUP_REPLIES, &value_choice,
 FIELD(relay.reply), 0, 0, reply_words, {"stream", "hold"},
 .help = "Pass a reply on as it comes, or when it is complete or reply-buffer is full."},
{"upgrade", "off|on", GROUP_REPLIES, &value_switch,
 FIELD(request.upgrade), 0, 0, off_on, {"off"},
 .help = "Pass Upgrade on, and after a 101 reply stream both ways; off: take it out of the request."},
{"share", "off|on", GROUP_REPLIES, &value_switch,
 FIELD(conn.share), 0, 0, off_on, {"off"},
 .help = "GETs for the same target that wait while one is in flight get that one reply."},
{"keep-reply", "TIME", GROUP_REPLIES, &value_time,
 FIELD(conn.keep_reply_ms), 0, HOURS(24), NULL, {"0"},
 .help = "With share, answer further GETs for the same target with a complete reply for so long; 0: never."},

{"reply-buffer", "SIZE", GROUP_BYTES, &value_size,
 FIELD(relay.reply_buffer_bytes), KIB(4), MIB(1024), NULL, {"16k", "64k"},
 .help = "Reply bytes taken ahead of a slow client."},
{"memory", "SIZE", GROUP_BYTES, &value_size,
 FIELD(conn.memory_bytes), KIB(64), MIB(65536), NULL, {"64m", "16m"},
 .help = "Ceiling for all bytes in transit."},
{"sndbuf", "SIZE", GROUP_BYTES, &value_size,
 FIELD(listener.sndbuf_bytes), 0, MIB(64), NULL, {"0", "64k"},
 .help = "Kernel send buffer towards a client; 0: the kernel's choice."},
{"splice", "off|auto", GROUP_BYTES, &value_switch,
 FIELD(relay.splice), 0, 0, off_auto, {"auto", "off"},
 .help = "Move bulk through a pipe, without copying."},

{"probe", "METHOD /TARGET|off", GROUP_HEALTH, &value_probe,
 FIELD(device.probe), 0, 512, NULL, {"off", "GET /"},
 .help = "The request the door sends a device that is down; off: the next client is the trial."},
{"probe-backoff", "TIME..TIME", GROUP_HEALTH, &value_backoff,
 FIELD(device), 1, HOURS(24), NULL, {"1s..32s"},
 .help = "First and longest pause between trials; each failure doubles it."},
{"down-after", "SILENCES|TIME|SILENCES,TIME", GROUP_HEALTH, &value_down,
 FIELD(device), 0, HOURS(24), NULL, {"0", "1,10s"},
 .help = "The device is down after so many silences in a row, or refusals for so long; 0: never."},
{"events", "PATH|off", GROUP_HEALTH, &value_path,
 FIELD(device.events_path), .value = {"off"},
 .help = "FIFO that gets a line when the device is up, down or wedged."},

{"log", "stderr|syslog|PATH", GROUP_PROCESS, &value_log,
 FIELD(log), .value = {"stderr"},
 .help = "Where lines go; a PATH has a slash."},
{"log-level", "error|warn|info|debug", GROUP_PROCESS, &value_choice,
 FIELD(log.level), 0, 0, level_words, {"info"},
 .help = "Least important lines that are written; connections are info."},
{"log-format", "logfmt|json|tcplog", GROUP_PROCESS, &value_choice,
 FIELD(log.format), 0, 0, format_words, {"logfmt"},
 .help = "The line each connection ends with."},
{"drain-timeout", "TIME", GROUP_PROCESS, &value_time,
 FIELD(life.drain_ms), 0, HOURS(24), NULL, {"30s"},
 .help = "Time for clients present at TERM to finish."},
{.name = NULL},
};
/* clang-format on */

const struct option *option_table_find(const char *name)
{
	for (const struct option *o = options; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

const char *option_table_renamed(const char *name)
{
	for (size_t i = 0; i < sizeof(renamed) / sizeof(*renamed); i++)
		if (strcmp(renamed[i].old, name) == 0)
			return renamed[i].name;
	return NULL;
}

const struct option *option_table_find_letter(char letter)
{
	for (const struct option *o = options; o->name; o++)
		if (o->letter != '\0' && o->letter == letter)
			return o;
	return NULL;
}

const struct option *option_table_nearest(const char *name)
{
	size_t len = strlen(name);
	unsigned int least = (unsigned int)len / 2 + 1;
	const struct option *nearest = NULL;

	for (const struct option *o = options; o->name; o++) {
		size_t other = strlen(o->name);
		unsigned int d;

		/* No word is nearer than the lengths are. */
		if ((other > len ? other - len : len - other) >= least)
			continue;
		d = scan_distance(o->name, name);
		if (d < least) {
			least = d;
			nearest = o;
		}
	}
	return nearest;
}

enum profile option_table_profile(const char *name)
{
	enum profile p = PROFILE_RAW;

	while (strcmp(option_profile_words[p], name) != 0)
		p++;
	return p;
}

static void *field_of(const struct option *o, struct conf *conf)
{
	return (char *)conf + o->offset;
}

/* What could not stand on a line of a file is no value from anywhere. */
static bool fits_a_line(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			return false;
	return len > 0 && text[0] != ' ' && text[0] != '#' &&
	    text[len - 1] != ' ' && !strstr(text, " #");
}

bool option_set(const struct option *o, struct conf *conf, const char *text,
    struct value_error *out)
{
	if (!fits_a_line(text))
		return value_reject_for(out, "is not a value",
		    "one line without \" #\" or spaces at its ends");
	if (slip_of_any(text, out))
		return false;
	return o->type->set(o, field_of(o, conf), text, out);
}

void option_clear(const struct option *o, struct conf *conf)
{
	o->type->clear(field_of(o, conf));
}

void option_expect(const struct option *o, FILE *to)
{
	if (o->type && o->type->expect)
		o->type->expect(o, to);
	else
		fputs(o->form, to);
}

static const char *default_of(const struct option *o, enum profile profile)
{
	return o->value[profile] ? o->value[profile] : o->value[PROFILE_RAW];
}

void option_table_set_profile(struct conf *conf, enum profile profile)
{
	struct value_error e;

	for (const struct option *o = options; o->name; o++) {
		const char *text = default_of(o, profile);

		BUG_ON(text && !option_set(o, conf, text, &e));
	}
}
