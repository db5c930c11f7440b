/* control.c: lines in, commands by table, answers out. */
#include "control.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "faults.h"
#include "sys/sock.h"
#include "value.h"

enum { NS_PER_MS = 1000000, WAIT_MAX_MS = 3600000 };

/* ---- answers ---- */

/* A client that does not read its answers is dropped. */
static void answer(struct control_client *k, const char *json)
{
	char line[STATUS_JSON + 1];
	int len = snprintf(line, sizeof(line), "%s\n", json);

	console_flush(&k->control->device->console);
	if (k->io.fd >= 0 && sock_send(k->io.fd, line, (size_t)len) != len)
		watch_close(&k->control->device->poller, &k->io);
}

static void answer_ok(struct control_client *k)
{
	int64_t now = k->control->device->clock.now_us;
	char json[64];

	snprintf(json, sizeof(json), "{\"ok\":true,\"t\":%lld.%06lld}",
	    (long long)(now / US_PER_S), (long long)(now % US_PER_S));
	answer(k, json);
}

static void answer_error(struct control_client *k, const char *why)
{
	char json[STATUS_WHY + 32];
	int used = snprintf(json, sizeof(json), "{\"ok\":false,\"error\":\"");

	for (; *why != '\0' && used < (int)sizeof(json) - 3; why++)
		json[used++] =
		    *why == '"' || *why == '\\' || *why < ' ' ? '?' : *why;
	snprintf(json + used, sizeof(json) - (size_t)used, "\"}");
	answer(k, json);
}

/* ---- commands ---- */

/* Takes the next word off `*text`; "" when there is none. */
static char *next_word(char **text)
{
	char *word = *text + strspn(*text, " ");

	*text = word + strcspn(word, " ");
	if (**text != '\0')
		*(*text)++ = '\0';
	return word;
}

static void cmd_stat(struct control_client *k, char *args)
{
	char json[STATUS_JSON];

	(void)args;
	status_stat(k->control->device, json);
	answer(k, json);
}

static void cmd_slots(struct control_client *k, char *args)
{
	char json[STATUS_JSON];

	(void)args;
	status_slots(k->control->device, json);
	answer(k, json);
}

static void cmd_fault(struct control_client *k, char *args)
{
	char why[FAULT_WHY];
	char *name = next_word(&args);

	if (fault_set(k->control->device, name, next_word(&args), why) < 0)
		answer_error(k, why);
	else
		answer_ok(k);
}

static void cmd_faults(struct control_client *k, char *args)
{
	char json[STATUS_JSON] = "{\"faults\":[", text[FAULT_WHY];
	const char *comma = "";
	size_t used = strlen(json);

	(void)args;
	for (size_t i = 0; i < DEVICE_FAULTS_MAX; i++) {
		if (!fault_is_active(k->control->device, i, text))
			continue;
		used += (size_t)snprintf(
		    json + used, sizeof(json) - used, "%s\"%s\"", comma, text);
		comma = ",";
	}
	snprintf(json + used, sizeof(json) - used, "]}");
	answer(k, json);
}

static void cmd_table(struct control_client *k, char *args)
{
	(void)args;
	device_print_table(k->control->device);
	answer_ok(k);
}

static void cmd_reset(struct control_client *k, char *args)
{
	(void)args;
	device_power_off(k->control->device);
	device_power_on(k->control->device);
	answer_ok(k);
}

static void cmd_power(struct control_client *k, char *args)
{
	struct device *d = k->control->device;
	int on = value_word(next_word(&args), "off|on");

	if (on < 0) {
		answer_error(k, "power takes 'on' or 'off'");
		return;
	}
	if (on == 0)
		device_power_off(d);
	else if (!d->powered)
		device_power_on(d);
	answer_ok(k);
}

static void cmd_key(struct control_client *k, char *args)
{
	char *key = next_word(&args);

	if (strlen(key) != 1 || strchr("sSvVhH", key[0]) == NULL) {
		answer_error(k, "key takes one of s, v, h");
		return;
	}
	fw_type(&k->control->device->fw, key[0]);
	answer_ok(k);
}

static void cmd_left(struct control_client *k, char *args)
{
	int64_t id;

	if (value_whole(next_word(&args), 0, FW_IDS - 1, &id) < 0) {
		answer_error(k, "left takes the number of a client, 0 to 1023");
		return;
	}
	k->control->device->fw.left[id] = true;
	answer_ok(k);
}

static void cmd_temp(struct control_client *k, char *args)
{
	struct firmware *fw = &k->control->device->fw;

	if (fw_set_temp(fw, next_word(&args)) < 0)
		answer_error(k, "temp takes degrees from -40 to 125, or walk");
	else
		answer_ok(k);
}

static void cmd_wait(struct control_client *k, char *args)
{
	char *text = next_word(&args);
	char why[STATUS_WHY];
	int64_t ms;

	if (value_whole(next_word(&args), 0, WAIT_MAX_MS, &ms) < 0) {
		answer_error(k, "wait takes a condition and milliseconds");
		return;
	}
	if (status_parse(text, k->control->device->chip.slots, &k->until, why) <
	    0) {
		answer_error(k, why);
		return;
	}
	k->pending = CONTROL_WAITS;
	k->deadline_ns = clock_real_ns() + ms * NS_PER_MS;
}

static bool is_advancing(const struct control *c)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].pending == CONTROL_ADVANCES)
			return true;
	return false;
}

/* Reads "until CONDITION", which may be missing. */
static int read_until(
    struct control_client *k, char *args, char out_why[STATUS_WHY])
{
	char *until = next_word(&args);

	k->until.terms = 0;
	if (*until == '\0')
		return 0;
	if (strcmp(until, "until") == 0)
		return status_parse(next_word(&args),
		    k->control->device->chip.slots, &k->until, out_why);
	snprintf(out_why, STATUS_WHY,
	    "advance takes SECONDS, or SECONDS until CONDITION");
	return -EINVAL;
}

static void cmd_advance(struct control_client *k, char *args)
{
	struct clock *clock = &k->control->device->clock;
	char *seconds = next_word(&args);
	char why[STATUS_WHY];
	int64_t us;

	if (clock->speed > 0)
		answer_error(k, "advance needs --speed 0");
	else if (is_advancing(k->control))
		answer_error(k, "time is advancing already");
	else if (value_seconds(seconds, &us) < 0)
		answer_error(k, "advance takes SECONDS [until CONDITION]");
	else if (read_until(k, args, why) < 0)
		answer_error(k, why);
	else {
		clock->limit_us = clock->now_us + us;
		k->pending = CONTROL_ADVANCES;
	}
}

static void cmd_quit(struct control_client *k, char *args)
{
	(void)args;
	k->control->quits = true;
	answer_ok(k);
}

static const struct {
	const char *name;
	void (*run)(struct control_client *k, char *args);
} commands[] = {
    {"stat", cmd_stat},
    {"slots", cmd_slots},
    {"wait", cmd_wait},
    {"advance", cmd_advance},
    {"fault", cmd_fault},
    {"faults", cmd_faults},
    {"table", cmd_table},
    {"power", cmd_power},
    {"reset", cmd_reset},
    {"key", cmd_key},
    {"temp", cmd_temp},
    {"left", cmd_left},
    {"quit", cmd_quit},
};

static void run_command(struct control_client *k, char *line)
{
	char *name = next_word(&line);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0) {
			commands[i].run(k, line);
			return;
		}
	}
	answer_error(k,
	    "unknown command; allowed: stat, slots, wait, advance, "
	    "fault, faults, table, power, reset, key, temp, left, quit");
}

/* ---- clients ---- */

/* Lines wait while a command is under way, and so does the kernel's buffer
 * once ours is full. */
static void run_lines(struct control_client *k)
{
	char *end;

	while (k->io.fd >= 0 && k->pending == CONTROL_READY &&
	       (end = memchr(k->line, '\n', k->used)) != NULL) {
		char line[CONTROL_LINE];
		size_t len = (size_t)(end - k->line);

		memcpy(line, k->line, len);
		line[len] = '\0';
		k->used -= len + 1;
		memmove(k->line, end + 1, k->used);
		run_command(k, line);
	}
	if (k->io.fd < 0)
		return;
	if (k->is_ended && k->pending == CONTROL_READY)
		watch_close(&k->control->device->poller, &k->io);
	else
		watch_set(&k->control->device->poller, &k->io,
		    k->used < sizeof(k->line) && !k->is_ended ? EPOLLIN : 0);
}

static void on_client(struct watch *w, uint32_t events)
{
	struct control_client *k = container_of(w, struct control_client, io);
	ssize_t n = 0;

	if (k->used < sizeof(k->line))
		n = sock_recv(
		    w->fd, k->line + k->used, sizeof(k->line) - k->used);
	if (n == -EAGAIN)
		return;
	/* Its end may be the end of its commands only: `echo wait ... |`. */
	if (n == 0 && k->used < sizeof(k->line) && !(events & EPOLLHUP)) {
		k->is_ended = true;
		run_lines(k);
		return;
	}
	if (n <= 0) {
		k->pending = CONTROL_READY;
		watch_close(&k->control->device->poller, w);
		return;
	}
	k->used += (size_t)n;
	if (k->used == sizeof(k->line) &&
	    memchr(k->line, '\n', k->used) == NULL) {
		answer_error(k, "the line is too long");
		watch_close(&k->control->device->poller, w);
		return;
	}
	run_lines(k);
}

static void on_control_connection(struct watch *w, uint32_t events)
{
	struct control *c = container_of(w, struct control, listener);
	struct peer peer;
	int fd;

	(void)events;
	if (sock_accept(w->fd, &fd, &peer) < 0)
		return;
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *k = &c->client[i];

		if (k->io.fd >= 0)
			continue;
		k->io.fd = fd;
		k->used = 0;
		k->is_ended = false;
		k->pending = CONTROL_READY;
		watch_set(&c->device->poller, &k->io, EPOLLIN);
		return;
	}
	close(fd);
}

static void finish(struct control_client *k)
{
	k->pending = CONTROL_READY;
	answer_ok(k);
	run_lines(k);
}

bool control_is_enough(void *arg)
{
	struct control *c = arg;
	struct clock *clock = &c->device->clock;
	bool enough = c->quits;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *k = &c->client[i];

		if (k->pending == CONTROL_READY || k->until.terms == 0 ||
		    !status_holds(&k->until, c->device))
			continue;
		if (k->pending == CONTROL_ADVANCES) {
			clock->limit_us = clock->now_us;
			enough = true;
		}
		finish(k);
	}
	return enough;
}

void control_finish(struct control *c)
{
	struct clock *clock = &c->device->clock;

	control_is_enough(c);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *k = &c->client[i];

		if (k->pending == CONTROL_ADVANCES &&
		    clock->now_us >= clock->limit_us) {
			finish(k);
		} else if (k->pending == CONTROL_WAITS &&
			   clock_real_ns() >= k->deadline_ns) {
			k->pending = CONTROL_READY;
			answer_error(k, "waited in vain");
			run_lines(k);
		}
	}
}

int64_t control_sleep_ns(const struct control *c)
{
	int64_t least = -1;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *k = &c->client[i];
		int64_t left = k->deadline_ns - clock_real_ns();

		if (k->pending != CONTROL_WAITS)
			continue;
		if (left < 0)
			left = 0;
		if (least < 0 || left < least)
			least = left;
	}
	return least;
}

void control_init(struct control *c, struct device *d)
{
	c->device = d;
	c->quits = false;
	watch_init(&c->listener, on_control_connection);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *k = &c->client[i];

		watch_init(&k->io, on_client);
		k->control = c;
		k->pending = CONTROL_READY;
	}
}

int control_open(struct control *c, const char *path)
{
	const struct sock_listen_opts opts = {0};
	size_t len = strlen(path);
	int err;

	if (len >= sizeof(c->addr.u.un.sun_path))
		return -ENAMETOOLONG;
	c->addr.u.un.sun_family = AF_UNIX;
	memcpy(c->addr.u.un.sun_path, path, len + 1);
	c->addr.len = sizeof(c->addr.u.un);
	err = sock_listen(&c->addr, &opts, &c->listener.fd);
	if (err < 0)
		return err;
	watch_set(&c->device->poller, &c->listener, EPOLLIN);
	return 0;
}

void control_close(struct control *c)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		watch_close(&c->device->poller, &c->client[i].io);
	if (c->listener.fd < 0)
		return;
	watch_close(&c->device->poller, &c->listener);
	unlink(c->addr.u.un.sun_path);
}
