/*
 * option_table.c: the table, and what is done with all its rows.
 */
#include "settings/option_table.h"

#include <string.h>

#include "base/bug.h"
#include "base/scan.h"
#include "settings/conf.h"

#define SECONDS(n)  ((int64_t)(n)*1000)
#define HOURS(n)    SECONDS((n)*3600)
#define DAYS(n)     HOURS((n)*24)
#define KIB(n)      ((int64_t)(n) << 10)
#define MIB(n)      KIB((n) << 10)
#define FIELD(path) offsetof(struct conf, path)

enum { HELP_WIDTH = 70 };

static const char *const profile_words[] = {"raw", "w5500", "modbus", NULL};
static const char *const off_on[] = {"off", "on", NULL};
static const char *const off_auto[] = {"off", "auto", NULL};
static const char *const gate_words[] = {"none", "data", "line", "http", NULL};
static const char *const queue_fin_words[] = {"keep", "drop", NULL};
static const char *const send_proxy_words[] = {"off", "v1", "v2", NULL};
static const char *const half_close_words[] = {"propagate", "after-reply",
    NULL};
static const char *const device_fin_words[] = {"half", "close", NULL};
static const char *const device_abort_words[] = {"rst", "fin", NULL};
static const char *const reply_words[] = {"stream", "hold", NULL};
static const char *const level_words[] = {"error", "warn", "info", "debug",
    NULL};
static const char *const format_words[] = {"logfmt", "json", "tcplog", NULL};

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_COMMANDS] = "Commands",
    [GROUP_ADDRESSES] = "Addresses",
    [GROUP_CLIENTS] = "Who may come in",
    [GROUP_GATE] = "The gate: when a client has earned a dial",
    [GROUP_SLOTS] = "Slots and the waiting line",
    [GROUP_DIAL] = "Reaching the device",
    [GROUP_CLOCKS] = "How long things may take (0: no limit)",
    [GROUP_ENDS] = "How connections end",
    [GROUP_REPLIES] = "Replies",
    [GROUP_BYTES] = "Memory and speed",
    [GROUP_HEALTH] = "The device's health",
    [GROUP_PROCESS] = "The process",
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
{"help", NULL, GROUP_COMMANDS, .command = COMMAND_HELP,
 .help = "Print this and exit."},
{"version", NULL, GROUP_COMMANDS, .command = COMMAND_VERSION,
 .help = "Print the version and exit."},

{"profile", "raw|w5500|modbus", GROUP_ADDRESSES, &value_word,
 FIELD(profile), 0, 0, profile_words, {"raw", "w5500", "modbus"},
 .help = "What all other settings are unless they are set."},
{"listen", "PORT|ADDRESS:PORT|[IPV6]:PORT|PATH", GROUP_ADDRESSES,
 &value_listen, FIELD(listener), .value = {NULL},
 .help = "Where clients come in, a Unix socket if PATH; may be repeated."},
{"device", "PORT|ADDRESS:PORT|[IPV6]:PORT|NAME:PORT", GROUP_ADDRESSES,
 &value_device, FIELD(dial), .value = {NULL},
 .help = "The one device; a NAME is looked up at start and its addresses tried in order, the next one on refusal."},

{"max-clients", "NUMBER", GROUP_CLIENTS, &value_number,
 FIELD(conn.max_clients), 0, 1000000, NULL, {"0"},
 .help = "Clients at a time; 0: as many as the descriptor limit allows."},
{"per-source", "NUMBER", GROUP_CLIENTS, &value_number,
 FIELD(clients.per_source), 0, 1000000, NULL, {"0"},
 .help = "Connections of one source, an IPv4 address or an IPv6 /64; 0: no limit."},
{"allow", "ADDRESS|ADDRESS/BITS", GROUP_CLIENTS, &value_allow,
 FIELD(acl), .value = {NULL},
 .help = "Let these clients in, and no others but those also allowed; of allow and deny the first match wins; may be repeated."},
{"deny", "ADDRESS|ADDRESS/BITS", GROUP_CLIENTS, &value_deny,
 FIELD(acl), .value = {NULL},
 .help = "Turn these clients away; may be repeated."},
{"accept-proxy", "ADDRESS|ADDRESS/BITS", GROUP_CLIENTS, &value_from,
 FIELD(proxy_header), .value = {NULL},
 .help = "Clients from here begin with a PROXY protocol header; may be repeated."},

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

{"slots", "NUMBER", GROUP_SLOTS, &value_number,
 FIELD(device.slots), 0, DEVICE_SLOTS_MAX, NULL, {"0", "1", "1"},
 .help = "Device connections at a time; 0: no limit."},
{"queue", "NUMBER", GROUP_SLOTS, &value_number,
 FIELD(queue.places), 0, 1000000, NULL, {"64"},
 .help = "Clients that may wait for a slot; 0: nobody waits."},
{"queue-timeout", "TIME", GROUP_SLOTS, &value_time,
 FIELD(queue.timeout_ms), 0, HOURS(24), NULL, {"10s"},
 .help = "Longest wait for a slot."},
{"queue-fin", "keep|drop", GROUP_SLOTS, &value_choice,
 FIELD(queue.fin), 0, 0, queue_fin_words, {"keep"},
 .help = "Whether a waiting client that has sent FIN keeps its place."},
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
{"source", "ADDRESS|off", GROUP_DIAL, &value_source,
 FIELD(dial.source), .value = {"off"},
 .help = "Local address of device connections."},
{"send-proxy", "off|v1|v2", GROUP_DIAL, &value_choice,
 FIELD(dial.send_proxy), 0, 0, send_proxy_words, {"off"},
 .help = "Begin device connections with a PROXY protocol header."},
{"keepalive", "TIME", GROUP_DIAL, &value_time,
 FIELD(dial.keepalive_ms), 0, HOURS(9), NULL, {"60s", "0"},
 .help = "TCP keepalive towards the device; 0: off."},
{"user-timeout", "TIME", GROUP_DIAL, &value_time,
 FIELD(dial.user_timeout_ms), 0, HOURS(24), NULL, {"0", "5s"},
 .help = "Longest time that sent bytes stay unacknowledged by the device; 0: the kernel's choice."},
{"quickack", "off|on", GROUP_DIAL, &value_switch,
 FIELD(dial.quickack), 0, 0, off_on, {"off", "on"},
 .help = "Acknowledge the device's segments at once."},

{"first-byte-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.first_byte_ms), 0, DAYS(30), NULL, {"0", "5s"},
 .help = "Device silent after the whole request was sent."},
{"reply-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.reply_ms), 0, DAYS(30), NULL, {"0", "10s"},
 .help = "Whole reply, once begun."},
{"request-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.request_ms), 0, DAYS(30), NULL, {"0", "10s"},
 .help = "Whole request, when its body is longer than body-limit."},
{"idle-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.idle_ms), 0, DAYS(30), NULL, {"10m", "30s"},
 .help = "No byte either way."},
{"fin-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.fin_ms), 0, DAYS(30), NULL, {"60s", "5s"},
 .help = "No byte after a FIN was passed on."},
{"linger-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.linger_ms), 1, HOURS(1), NULL, {"2s"},
 .help = "A client's end of connection after the door's own answer."},
{"feed-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.feed_ms), 0, DAYS(30), NULL, {"60s", "30s"},
 .help = "Feeding a client after the device side has ended."},
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
 .help = "Pass a reply on as it comes, or when it is complete or absorb is full."},
{"upgrade", "off|on", GROUP_REPLIES, &value_switch,
 FIELD(conn.upgrade), 0, 0, off_on, {"off"},
 .help = "After a 101 reply stream both ways, without reply-timeout."},
{"share", "off|on", GROUP_REPLIES, &value_switch,
 FIELD(conn.share), 0, 0, off_on, {"off"},
 .help = "GETs for the same target that wait while one is in flight get that one reply."},

{"absorb", "SIZE", GROUP_BYTES, &value_size,
 FIELD(relay.absorb_bytes), KIB(4), MIB(1024), NULL, {"16k", "64k"},
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
 FIELD(access.format), 0, 0, format_words, {"logfmt"},
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

	while (strcmp(profile_words[p], name) != 0)
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
	if (!fits_a_line(text)) {
		*out = (struct value_error){"is not a value",
		    "one line without \" #\" or spaces at its ends"};
		return false;
	}
	return o->kind->set(o, field_of(o, conf), text, out);
}

void option_clear(const struct option *o, struct conf *conf)
{
	o->kind->clear(field_of(o, conf));
}

void option_expect(const struct option *o, FILE *to)
{
	if (o->kind && o->kind->expect)
		o->kind->expect(o, to);
	else
		fputs(o->form, to);
}

static const char *default_of(const struct option *o, enum profile profile)
{
	return o->value[profile] ? o->value[profile] : o->value[PROFILE_RAW];
}

void option_table_set_profile(struct conf *conf, enum profile profile)
{
	struct value_error c;

	for (const struct option *o = options; o->name; o++) {
		const char *text = default_of(o, profile);

		BUG_ON(text && !option_set(o, conf, text, &c));
	}
}

void option_table_print_conf(const struct conf *conf, FILE *to)
{
	enum option_group group = GROUP_COMMANDS;
	const void *field;

	for (const struct option *o = options; o->name; o++) {
		if (!o->kind)
			continue;
		if (o->group != group)
			fprintf(to, "%s# %s\n",
			    group == GROUP_COMMANDS ? "" : "\n",
			    group_titles[o->group]);
		group = o->group;
		field = (const char *)conf + o->offset;
		if (o->kind->is_unset && o->kind->is_unset(field))
			fprintf(to, "# %s %s\n", o->name, o->form);
		else
			o->kind->print(o, field, to);
	}
}

/* Prints `text` indented, broken between words. */
static void print_wrapped(const char *text, FILE *to)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > HELP_WIDTH) {
			putc('\n', to);
			column = 0;
		}
		fprintf(to, "%s%.*s", column == 0 ? "        " : " ", (int)len,
		    text);
		column += len + (column > 0);
		text += len + (text[len] == ' ');
	}
	putc('\n', to);
}

/* "Default: 5s, w5500 1s." */
static void print_defaults(const struct option *o, FILE *to)
{
	if (!o->value[PROFILE_RAW])
		return;
	fprintf(to, "        Default: %s", o->value[PROFILE_RAW]);
	for (enum profile p = PROFILE_RAW + 1; p < PROFILE_COUNT; p++)
		if (o->value[p] && o->kind != &value_word)
			fprintf(to, ", %s %s", profile_words[p], o->value[p]);
	fputs(".\n", to);
}

void option_table_print_help(FILE *to)
{
	enum option_group group = GROUP_COUNT;

	fputs("usage: sallyport [OPTION]... LISTEN DEVICE\n"
	      "       sallyport [OPTION]... -c FILE\n"
	      "\n"
	      "A hardened front door for one fragile TCP device. Options are "
	      "`--name VALUE`\nor `--name=VALUE`; without dashes they are the "
	      "lines of FILE.\n",
	    to);
	for (const struct option *o = options; o->name; o++) {
		if (o->group != group)
			fprintf(to, "\n%s\n", group_titles[o->group]);
		group = o->group;
		fputs("  ", to);
		if (o->letter)
			fprintf(to, "-%c, ", o->letter);
		fprintf(to, "--%s%s%s\n", o->name, o->form ? " " : "",
		    o->form ? o->form : "");
		print_wrapped(o->help, to);
		print_defaults(o, to);
	}
}
