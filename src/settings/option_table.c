/*
 * option_table.c: the table, and what is done with all its rows.
 */
#include "settings/option_table.h"

#include <string.h>

#include "base/bug.h"
#include "settings/conf.h"
#include "settings/value_slip.h"

#define SECONDS(n)  ((int64_t)(n)*1000)
#define HOURS(n)    SECONDS((n)*3600)
#define DAYS(n)	    HOURS((n)*24)
#define KIB(n)	    ((int64_t)(n) << 10)
#define MIB(n)	    KIB((n) << 10)
#define FIELD(path) offsetof(struct conf, path)

const char *const option_profile_words[] = {
    "raw", "w5500", "esp", "printer", "serial", "modbus", NULL};
static const char *const off_on[] = {"off", "on", NULL};
static const char *const off_auto[] = {"off", "auto", NULL};
static const char *const gate_words[] = {
    "none", "data", "line", "http", "modbus", NULL};
static const char *const queue_fin_words[] = {"keep", "drop", "safe", NULL};
static const char *const umask_words[] = {"umask", NULL};
static const char *const auto_words[] = {"auto", NULL};
static const char *const body_max_words[] = {"body-limit", NULL};
static const char *const send_proxy_words[] = {"off", "v1", "v2", NULL};
static const char *const half_close_words[] = {
    "propagate", "after-reply", NULL};
static const char *const device_fin_words[] = {"half", "close", NULL};
static const char *const device_abort_words[] = {"rst", "fin", NULL};
static const char *const reply_words[] = {"stream", "hold", NULL};
static const char *const sandbox_words[] = {"off", "log", "on", NULL};
static const char *const level_words[] = {LOG_LEVEL_WORDS, NULL};
static const char *const format_words[] = {"logfmt", "json", "tcplog", NULL};

/* Bounds are inclusive; the values are those of raw, w5500, esp, printer,
 * serial, modbus. */
/* clang-format off */
const struct option options[] = {
{"config", "FILE", GROUP_COMMANDS, .letter = 'c', .command = COMMAND_CONFIG,
 .help = "Read settings from FILE, one `name value` a line."},
{"check", NULL, GROUP_COMMANDS, .letter = 't', .command = COMMAND_CHECK,
 .help = "Check all settings and exit."},
{"show-config", NULL, GROUP_COMMANDS, .command = COMMAND_SHOW,
 .help = "Print every setting in force and exit."},
{"single", NULL, GROUP_COMMANDS, .command = COMMAND_SINGLE,
 .help = "Run as one process, without a keeper: no reload, no upgrade."},
{"help", NULL, GROUP_COMMANDS, .letter = 'h', .command = COMMAND_HELP,
 .help = "Print this and exit."},
{"version", NULL, GROUP_COMMANDS, .letter = 'V', .command = COMMAND_VERSION,
 .help = "Print the version and exit."},

{"profile", "raw|w5500|esp|printer|serial|modbus", GROUP_ADDRESSES,
 &value_word, FIELD(profile), 0, 0, option_profile_words,
 {"raw", "w5500", "esp", "printer", "serial", "modbus"},
 .help = "Choose the defaults of all other settings."},
{"name", "NAME|auto", GROUP_ADDRESSES, &value_name,
 FIELD(name), .value = {"auto"},
 .help = "Name this proxy in log, events, status and metrics; auto takes the "
  "stem of FILE, else the first listen address."},
{"listen", "PORT|ADDRESS:PORT|[IPV6]:PORT|PATH", GROUP_ADDRESSES,
 &value_listen, FIELD(listener), .value = {NULL},
 .help = "Accept clients here, on a Unix socket if it is a PATH; may be "
  "repeated."},
{"listen-mode", "MODE|umask", GROUP_ADDRESSES, &value_mode,
 FIELD(listener.mode), 0, 0777, umask_words, {"umask"},
 .help = "Set the permissions of a Unix socket, in octal; umask takes 0666 "
  "without the bits of the umask."},
{"listen-group", "GROUP|off", GROUP_ADDRESSES, &value_path,
 FIELD(listener.group), .value = {"off"},
 .help = "Give a Unix socket to a group, by name or number; off leaves it to "
  "the group of the process."},
{"device", "PORT|ADDRESS:PORT|[IPV6]:PORT|NAME:PORT", GROUP_ADDRESSES,
 &value_device, FIELD(link), .value = {NULL},
 .help = "Connect to this device; of the addresses of a NAME try the next one "
  "on refusal, timeout or a local error."},
{"resolve-every", "TIME", GROUP_ADDRESSES, &value_time,
 FIELD(link.resolve_every_ms), 0, DAYS(30), NULL, {"0", "5m"},
 .help = "Look the name of the device up again so often, and after each "
  "failed probe; 0 looks it up only at start."},

{"max-clients", "NUMBER", GROUP_CLIENTS, &value_number,
 FIELD(conn.max_clients), 0, 1000000, NULL, {"0"},
 .help = "Limit the connections of clients; 0 allows as many as the "
  "descriptor limit does."},
{"per-source", "NUMBER", GROUP_CLIENTS, &value_number,
 FIELD(clients.per_source), 0, 1000000, NULL, {"0"},
 .help = "Limit the connections of one client address, an IPv4 address or an "
  "IPv6 /64; 0 sets no limit."},
{"request-limit", "NUMBER/TIME|0", GROUP_CLIENTS, &value_limit,
 FIELD(clients), 1000, HOURS(24), NULL, {"0"},
 .help = "Answer 429 to a client address that sends more than NUMBER "
  "requests in TIME; 0 sets no limit."},
{"allow", "ADDRESS|ADDRESS/BITS", GROUP_CLIENTS, &value_allow,
 FIELD(acl), .value = {NULL},
 .help = "Accept these clients, and no others but those also allowed; of "
  "allow and deny the first match decides; may be repeated."},
{"deny", "ADDRESS|ADDRESS/BITS", GROUP_CLIENTS, &value_deny,
 FIELD(acl), .value = {NULL},
 .help = "Refuse these clients; may be repeated."},
{"accept-proxy", "ADDRESS|ADDRESS/BITS|unix", GROUP_CLIENTS, &value_from,
 FIELD(proxy_header), .value = {NULL},
 .help = "Expect a PROXY protocol header from these peers, or from clients "
  "of Unix sockets; may be repeated."},

{"gate", "none|data|line|http|modbus", GROUP_GATE, &value_choice,
 FIELD(request.kind), 0, 0, gate_words,
 {"none", "http", "http", "data", NULL, "modbus"},
 .help = "Connect to the device at once (none), or when the client has sent "
  "a byte (data), a line, a whole HTTP request, or a whole Modbus/TCP frame."},
{"gate-timeout", "TIME", GROUP_GATE, &value_time,
 FIELD(request.timeout_ms), 1, HOURS(24), NULL, {"10s"},
 .help = "End a client that has not satisfied the gate after this time."},
{"head-limit", "SIZE", GROUP_GATE, &value_size,
 FIELD(request.head_limit_bytes), 64, KIB(64), NULL, {"4k"},
 .help = "Refuse a line or a request head that is longer."},
{"body-limit", "SIZE", GROUP_GATE, &value_size,
 FIELD(request.body_limit_bytes), 0, MIB(64), NULL, {"16k"},
 .help = "Read a request body up to this size before connecting; pass a "
  "longer one through as it comes."},
{"body-max", "SIZE|body-limit", GROUP_GATE, &value_size_or_word,
 FIELD(request.body_max_bytes), 0, MIB(65536), body_max_words,
 {"0", "body-limit"},
 .help = "Answer 413 to a longer request body, without connecting; 0 sets no "
  "limit."},
{"allow-method", "METHOD...|any", GROUP_GATE, &value_methods,
 FIELD(request), .value = {"any", "GET HEAD POST"},
 .help = "Answer 405 to other HTTP methods, without connecting; any allows "
  "all but CONNECT; may be repeated."},
{"answer", "PATH STATUS|off", GROUP_GATE, &value_answers,
 FIELD(request), .value = {"off"},
 .help = "Answer requests for PATH with STATUS, without connecting; may be "
  "repeated."},
{"strip-header", "FIELD...|off", GROUP_GATE, &value_strip,
 FIELD(request), .value = {"off"},
 .help = "Take these fields out of requests; may be repeated."},

{"slots", "NUMBER", GROUP_SLOTS, &value_number,
 FIELD(slots.slots), 0, SLOTS_MAX, NULL, {"0", "1", "3", "1", "1", "1"},
 .help = "Limit the connections to the device; 0 sets no limit."},
{"stream-slots", "NUMBER|auto", GROUP_SLOTS, &value_number_or_word,
 FIELD(slots.stream_slots), 1, SLOTS_MAX, auto_words, {"auto", "1", "2"},
 .help = "Limit the slots held by replies without an end; auto allows slots "
  "less one, at least 1."},
{"shared-connection", "off|on", GROUP_SLOTS, &value_switch,
 FIELD(shared.on), 0, 0, off_on, {"off", NULL, NULL, NULL, NULL, "on"},
 .help = "Keep one device connection for all clients, with gate modbus by "
  "frame, with gate line by line."},
{"pipeline", "NUMBER", GROUP_SLOTS, &value_number,
 FIELD(shared.pipeline), 1, SHARED_PIPELINE_MAX, NULL, {"1"},
 .help = "Send so many frames on the shared connection before the first is "
  "answered."},
{"queue", "NUMBER", GROUP_SLOTS, &value_number,
 FIELD(queue.places), 0, 1000000, NULL, {"64"},
 .help = "Let so many clients wait for a slot; 0 lets nobody wait."},
{"queue-timeout", "TIME", GROUP_SLOTS, &value_time,
 FIELD(queue.timeout_ms), 0, HOURS(24), NULL,
 {"10s", NULL, NULL, "15m", "30s", "5s"},
 .help = "Refuse a client that has waited this long for a slot; 0 sets no "
  "limit."},
{"queue-fin", "keep|drop|safe", GROUP_SLOTS, &value_choice,
 FIELD(queue.fin), 0, 0, queue_fin_words,
 {"keep", "safe", "safe", NULL, "drop", "drop"},
 .help = "Keep or drop a waiting client that has sent FIN; safe keeps GET "
  "and HEAD without a query and drops what may change something."},
{"preempt-idle", "TIME", GROUP_SLOTS, &value_time,
 FIELD(conn.preempt_idle_ms), 0, DAYS(30), NULL, {"0"},
 .help = "Close the longest-idle connection, idle for at least this time, "
  "when others wait; 0 never does."},
{"busy-reply", "FILE|off", GROUP_SLOTS, &value_path,
 FIELD(http_error.busy_path), .value = {"off"},
 .help = "Send the bytes of FILE to a client when the queue is full, its "
  "wait is over or the device is down; for gates other than http."},

{"connect-timeout", "TIME", GROUP_DIAL, &value_time,
 FIELD(link.connect_timeout_ms), 1, HOURS(24), NULL,
 {"5s", "1s", "2s", NULL, "2s", "2s"},
 .help = "Give up one attempt to connect after this time."},
{"connect-retry", "NUMBER", GROUP_DIAL, &value_number,
 FIELD(link.connect_retry), 0, 10000, NULL,
 {"0", "5", "5", "1000", "5", "5"},
 .help = "Try so many times more after a refused connect: after 50, 100, "
  "200, 400 ms, then every 800 ms."},
{"connect-gap", "TIME", GROUP_DIAL, &value_time,
 FIELD(slots.connect_gap_ms), 0, HOURS(1), NULL,
 {"0", NULL, NULL, "200ms", "100ms", "100ms"},
 .help = "Pause between the end of one device connection and the next "
  "connect."},
{"settle", "TIME", GROUP_DIAL, &value_time,
 FIELD(link.settle_ms), 0, HOURS(1), NULL,
 {"0", NULL, NULL, "500ms", NULL, NULL},
 .help = "Pause between the connect and the first byte."},
{"local-address", "ADDRESS|off", GROUP_DIAL, &value_local,
 FIELD(link.local), .value = {"off"},
 .help = "Connect to the device from this local address."},
{"send-proxy", "off|v1|v2", GROUP_DIAL, &value_choice,
 FIELD(link.send_proxy), 0, 0, send_proxy_words, {"off"},
 .help = "Begin device connections with a PROXY protocol header."},
{"keepalive", "TIME", GROUP_DIAL, &value_time,
 FIELD(link.keepalive_ms), 0, HOURS(9), NULL, {"60s", "0"},
 .help = "Send TCP keepalives to the device after this time without traffic; "
  "0 sends none."},
{"user-timeout", "TIME", GROUP_DIAL, &value_time,
 FIELD(link.user_timeout_ms), 0, HOURS(24), NULL, {"0", "30s"},
 .help = "End a device connection whose sent bytes stay unacknowledged for "
  "this time; 0 leaves it to the kernel."},
{"quickack", "off|on", GROUP_DIAL, &value_switch,
 FIELD(link.quickack), 0, 0, off_on, {"off", "on"},
 .help = "Acknowledge the segments of the device at once."},

{"first-byte-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.first_byte_ms), 0, DAYS(30), NULL,
 {"0", "5s", "15s", NULL, NULL, "3s"},
 .help = "Give up when the device has the whole request and sends no byte of "
  "the reply for this time, or takes no byte of the request."},
{"reply-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.reply_ms), 0, DAYS(30), NULL,
 {"0", "10s", "30s", NULL, NULL, "3s"},
 .help = "Give up when the device pauses this long within a reply."},
{"reply-max", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.reply_max_ms), 0, DAYS(30), NULL, {"0"},
 .help = "End a reply that takes longer in all."},
{"reply-rate", "SIZE", GROUP_CLOCKS, &value_size,
 FIELD(conn.reply_rate), 0, MIB(1024), NULL, {"0", "1k"},
 .help = "Reset a client that takes fewer bytes a second of its reply while "
  "others wait."},
{"request-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.request_ms), 0, DAYS(30), NULL,
 {"0", "10s", "30s", "15m", NULL, "3s"},
 .help = "Give up when the client pauses this long within a request body "
  "longer than body-limit."},
{"request-rate", "SIZE", GROUP_CLOCKS, &value_size,
 FIELD(conn.request_rate), 0, MIB(1024), NULL, {"0", "1k"},
 .help = "Reset a client that sends fewer bytes a second of such a body "
  "while others wait."},
{"stream-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.stream_timeout_ms), 0, DAYS(30), NULL, {"10m"},
 .help = "End a reply without an end when no byte of it moves for this time."},
{"stream-yield", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.stream_yield_ms), 0, DAYS(30), NULL, {"0", "30s"},
 .help = "End the oldest stream this long after it began, while others wait "
  "and only streams hold slots; 0: never."},
{"idle-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.idle_ms), 0, DAYS(30), NULL, {"10m", "30s", "60s", "15m", "30m"},
 .help = "End a connection on which no byte moves either way for this time."},
{"fin-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.fin_ms), 0, DAYS(30), NULL, {"60s", "5s", "5s", "15m", "2s", "1s"},
 .help = "End a connection on which no byte moves for this time after the "
  "first FIN was passed on."},
{"linger-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.linger_ms), 1, HOURS(1), NULL, {"2s"},
 .help = "Wait this long for the client to close after an answer of the "
  "proxy's own."},
{"send-timeout", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.send_ms), 0, DAYS(30), NULL, {"60s", "30s"},
 .help = "End a client that takes no byte of what is kept for it for this "
  "time."},
{"max-age", "TIME", GROUP_CLOCKS, &value_time,
 FIELD(conn.max_age_ms), 0, DAYS(365), NULL, {"0"},
 .help = "End a connection at this age."},

{"half-close", "propagate|after-reply", GROUP_ENDS, &value_choice,
 FIELD(relay.half_close), 0, 0, half_close_words,
 {"propagate", "after-reply", "after-reply"},
 .help = "Pass a client's FIN on at once, or only after the device has "
  "finished."},
{"on-device-fin", "half|close", GROUP_ENDS, &value_choice,
 FIELD(relay.on_device_fin), 0, 0, device_fin_words,
 {"half", "close", "close", NULL, "close", "close"},
 .help = "Keep the write side after the device's FIN, or close the device "
  "side."},
{"device-abort", "rst|fin", GROUP_ENDS, &value_choice,
 FIELD(relay.device_abort), 0, 0, device_abort_words, {"rst"},
 .help = "Close an aborted device connection with RST or with FIN."},

{"reply", "stream|hold", GROUP_REPLIES, &value_choice,
 FIELD(relay.reply), 0, 0, reply_words, {"stream", "hold"},
 .help = "Pass a reply on as it comes, or when it is complete or "
  "reply-buffer is full."},
{"upgrade", "off|on", GROUP_REPLIES, &value_switch,
 FIELD(request.upgrade), 0, 0, off_on, {"off", NULL, "on"},
 .help = "Pass Upgrade on, and stream both ways after a 101; off takes it "
  "out of the request."},
{"share", "off|on", GROUP_REPLIES, &value_switch,
 FIELD(conn.share), 0, 0, off_on, {"off"},
 .help = "Answer GETs for the same target that wait while one is in flight "
  "with that one reply."},
{"keep-reply", "TIME", GROUP_REPLIES, &value_time,
 FIELD(conn.keep_reply_ms), 0, HOURS(24), NULL, {"0"},
 .help = "Answer further GETs for the same target with a complete reply for "
  "this time; 0 keeps none."},

{"reply-buffer", "SIZE", GROUP_BYTES, &value_size,
 FIELD(relay.reply_buffer_bytes), KIB(4), MIB(1024), NULL, {"16k", "64k"},
 .help = "Take so many bytes of a reply ahead of a slow client."},
{"memory", "SIZE", GROUP_BYTES, &value_size,
 FIELD(conn.memory_bytes), KIB(64), MIB(65536), NULL, {"64m", "16m"},
 .help = "Limit the memory of all buffers."},
{"sndbuf", "SIZE", GROUP_BYTES, &value_size,
 FIELD(listener.sndbuf_bytes), 0, MIB(64), NULL, {"0", "64k"},
 .help = "Set the kernel's send buffer towards clients; 0 leaves it to the "
  "kernel."},
{"splice", "off|auto", GROUP_BYTES, &value_switch,
 FIELD(relay.splice), 0, 0, off_auto, {"auto"},
 .help = "Move bulk data through a pipe, without copying."},

{"probe", "METHOD /TARGET|off", GROUP_HEALTH, &value_probe,
 FIELD(health.probe), 0, 512, NULL, {"off", "GET /", "GET /"},
 .help = "Send this request to a device that is suspected or down; off tries "
  "the next client instead."},
{"probe-backoff", "TIME..TIME", GROUP_HEALTH, &value_backoff,
 FIELD(health), 1, HOURS(24), NULL, {"1s..32s"},
 .help = "Pause so long between probes, first and at most; each failure "
  "doubles the pause."},
{"down-after", "SILENCES|TIME|SILENCES,TIME", GROUP_HEALTH, &value_down,
 FIELD(health), 0, HOURS(24), NULL, {"0", "1,10s", "2", NULL, NULL, "2"},
 .help = "Count the device as down after so many silences, or refusals for "
  "so long; 0 never does."},
{"events", "PATH|off", GROUP_HEALTH, &value_path,
 FIELD(health.events_path), .value = {"off"},
 .help = "Write a line to this FIFO when the device is up, down, stuck or "
  "held."},

{"log", "stderr|syslog|PATH", GROUP_PROCESS, &value_log,
 FIELD(log), .value = {"stderr"},
 .help = "Write the log here; a PATH has a slash."},
{"log-level", "error|warn|info|debug", GROUP_PROCESS, &value_choice,
 FIELD(log.level), 0, 0, level_words, {"info"},
 .help = "Write lines of this level and above; connections are info."},
{"log-format", "logfmt|json|tcplog", GROUP_PROCESS, &value_choice,
 FIELD(log.format), 0, 0, format_words, {"logfmt"},
 .help = "Write lines in this format."},
{"control", "PATH|off", GROUP_PROCESS, &value_control,
 FIELD(status.control_path), .value = {"off"},
 .help = "Answer the commands status and control on this Unix socket."},
{"admin", "ADDRESS:PORT|PORT|PATH|off", GROUP_PROCESS, &value_admin,
 FIELD(status.admin), .value = {"off"},
 .help = "Serve a page, /metrics and /status.json here, to be read only; a "
  "bare port is one of 127.0.0.1."},
{"metrics-file", "PATH|off", GROUP_PROCESS, &value_path,
 FIELD(status.metrics_path), .value = {"off"},
 .help = "Write the metrics to this file every 15 s, for node_exporter."},
{"drain-timeout", "TIME", GROUP_PROCESS, &value_time,
 FIELD(shutdown.drain_ms), 0, HOURS(24), NULL, {"30s"},
 .help = "Let clients that are present at TERM finish for this time."},
{"user", "USER|off", GROUP_PROCESS, &value_path,
 FIELD(jail.user), .value = {"off"},
 .help = "Set the user of the worker, by name or number; off leaves it as it "
  "was started."},
{"group", "GROUP|off", GROUP_PROCESS, &value_path,
 FIELD(jail.group), .value = {"off"},
 .help = "Set the group of the worker, by name or number; off takes that of "
  "user."},
{"chroot", "PATH|off", GROUP_PROCESS, &value_path,
 FIELD(jail.root), .value = {"off"},
 .help = "Set the root directory of the worker, an empty one at best."},
{"sandbox", "off|log|on", GROUP_PROCESS, &value_choice,
 FIELD(jail.sandbox), 0, 0, sandbox_words, {"on"},
 .help = "Limit the worker to the system calls and ports that it needs; log "
  "lets the others pass, and the kernel report them."},
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
	/* Without quotes a name of two words is none either. */
	if (!(o->type == &value_name && strchr(text, ' ')) &&
	    slip_of_any(text, out))
		return false;
	if (strstr(o->form, "off") && slip_of_off(text, out))
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

const char *option_table_default(const struct option *o, enum profile profile)
{
	return o->value[profile] ? o->value[profile] : o->value[PROFILE_RAW];
}

void option_table_set_profile(struct conf *conf, enum profile profile)
{
	struct value_error e;

	for (const struct option *o = options; o->name; o++) {
		const char *text = option_table_default(o, profile);

		BUG_ON(text && !option_set(o, conf, text, &e));
	}
}
