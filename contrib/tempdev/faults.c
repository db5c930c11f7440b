/* faults.c: one row for each fault; a row's function reads its arguments. */
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

enum {
	ITEM_MAX = 32,
	COUNT_MAX = 1000000000,
	STUCK_DEFAULT_MS = 31800,
	REPLY_MAX = 16777216,
};

/* Each takes the arguments, "" for none, "off" never. 0 or -EINVAL; the
 * device is untouched on failure. */
typedef int set_fn(struct device *d, const char *args);

struct fault {
	const char *name;
	const char *args; /* as help shows them */
	const char *help;
	set_fn *set;
	void (*off)(struct device *d);
};

/* ---- arguments ---- */

/* Takes KEY:VALUE (or KEY alone) off the front of `*text`. False at the end,
 * or when an item is too long, which leaves `*text` standing. */
static bool next_item(
    const char **text, char out_key[ITEM_MAX], char out_value[ITEM_MAX])
{
	size_t len = strcspn(*text, ",");
	size_t key = strcspn(*text, ":,");

	if (len == 0 || len >= ITEM_MAX)
		return false;
	snprintf(out_key, ITEM_MAX, "%.*s", (int)key, *text);
	snprintf(out_value, ITEM_MAX, "%.*s",
	    key < len ? (int)(len - key - 1) : 0, *text + key + (key < len));
	*text += len;
	*text += **text == ',' && (*text)[1] != '\0';
	return true;
}

static int read_count(const char *text, unsigned int *out)
{
	int64_t n;

	if (value_whole(text, 1, COUNT_MAX, &n) < 0)
		return -EINVAL;
	*out = (unsigned int)n;
	return 0;
}

static int read_ms(const char *text, int64_t *out_us)
{
	int64_t ms;

	if (value_whole(text, 0, COUNT_MAX, &ms) < 0)
		return -EINVAL;
	*out_us = ms * US_PER_MS;
	return 0;
}

static int read_none(const char *args)
{
	return args[0] == '\0' ? 0 : -EINVAL;
}

/* ---- one function each ---- */

static int set_spi_hang(struct device *d, const char *args)
{
	char key[ITEM_MAX], value[ITEM_MAX];
	unsigned int req = 0, write = 1;

	if (strcmp(args, "now") == 0) {
		fw_hang(&d->fw);
		return 0;
	}
	while (next_item(&args, key, value)) {
		bool is_req = strcmp(key, "req") == 0;

		if (!is_req && strcmp(key, "write") != 0)
			return -EINVAL;
		if (read_count(value, is_req ? &req : &write) < 0)
			return -EINVAL;
	}
	if (*args != '\0' || req == 0)
		return -EINVAL;
	d->fw.faults.hang_req = req;
	d->fw.faults.hang_write = write;
	return 0;
}

static void off_spi_hang(struct device *d)
{
	d->fw.faults.hang_req = 0;
}

static int set_spi_zero(struct device *d, const char *args)
{
	if (read_none(args) < 0)
		return -EINVAL;
	d->chip.faults.reads_zero = true;
	fw_interrupt(&d->fw);
	return 0;
}

static void off_spi_zero(struct device *d)
{
	d->chip.faults.reads_zero = false;
}

static int read_stuck(
    const char *key, const char *value, struct chip_stuck *stuck)
{
	int word;

	if (strcmp(key, "nth") == 0)
		return read_count(value, &stuck->nth);
	if (strcmp(key, "ms") == 0 && strcmp(value, "forever") != 0)
		return read_ms(value, &stuck->lasts_us);
	if (strcmp(key, "ms") == 0) {
		stuck->lasts_us = CLOCK_NEVER;
		return 0;
	}
	if (strcmp(key, "end") != 0)
		return -EINVAL;
	word = value_word(value, "close|establ");
	stuck->ends_established = word == 1;
	return word < 0 ? word : 0;
}

static int set_syn_stuck(struct device *d, const char *args)
{
	struct chip_stuck stuck = {
	    .lasts_us = (int64_t)STUCK_DEFAULT_MS * US_PER_MS};
	char key[ITEM_MAX], value[ITEM_MAX];

	while (next_item(&args, key, value))
		if (read_stuck(key, value, &stuck) < 0)
			return -EINVAL;
	if (*args != '\0' || stuck.nth == 0)
		return -EINVAL;
	d->chip.faults.stuck = stuck;
	return 0;
}

static void off_syn_stuck(struct device *d)
{
	d->chip.faults.stuck.nth = 0;
}

static int set_leak(struct device *d, const char *args)
{
	char key[ITEM_MAX], value[ITEM_MAX];
	unsigned int nth;

	if (!next_item(&args, key, value) || *args != '\0' ||
	    strcmp(key, "nth") != 0 || read_count(value, &nth) < 0)
		return -EINVAL;
	d->chip.faults.leak_nth = nth;
	return 0;
}

static void off_leak(struct device *d)
{
	d->chip.faults.leak_nth = 0;
}

static int set_no_close(struct device *d, const char *args)
{
	d->fw.faults.no_close = read_none(args) == 0;
	return read_none(args);
}

static void off_no_close(struct device *d)
{
	d->fw.faults.no_close = false;
}

static int set_no_fin(struct device *d, const char *args)
{
	d->fw.faults.no_fin = read_none(args) == 0;
	return read_none(args);
}

static void off_no_fin(struct device *d)
{
	d->fw.faults.no_fin = false;
}

static int set_ignore(struct device *d, const char *args)
{
	d->fw.faults.ignores_clients = read_none(args) == 0;
	return read_none(args);
}

static void off_ignore(struct device *d)
{
	d->fw.faults.ignores_clients = false;
	fw_interrupt(&d->fw);
}

static int set_slow_reply(struct device *d, const char *args)
{
	return read_ms(args, &d->fw.faults.slow_reply_us);
}

static void off_slow_reply(struct device *d)
{
	d->fw.faults.slow_reply_us = 0;
}

static int set_short_reply(struct device *d, const char *args)
{
	return read_count(args, &d->fw.faults.short_reply);
}

static void off_short_reply(struct device *d)
{
	d->fw.faults.short_reply = 0;
}

static int set_rst_reply(struct device *d, const char *args)
{
	return read_count(args, &d->fw.faults.rst_reply);
}

static void off_rst_reply(struct device *d)
{
	d->fw.faults.rst_reply = 0;
}

static int set_reply_size(struct device *d, const char *args)
{
	int64_t n;

	if (value_whole(args, 1, REPLY_MAX, &n) < 0)
		return -EINVAL;
	d->fw.faults.reply_bytes = (unsigned int)n;
	return 0;
}

static void off_reply_size(struct device *d)
{
	d->fw.faults.reply_bytes = 0;
}

static int set_tick_stall(struct device *d, const char *args)
{
	return read_ms(args, &d->fw.costs.stall_us);
}

static void off_tick_stall(struct device *d)
{
	d->fw.costs.stall_us = 0;
}

static int set_send_ok(struct device *d, const char *args)
{
	d->chip.faults.send_ok_at_ack = strcmp(args, "ack") == 0;
	return d->chip.faults.send_ok_at_ack ? 0 : -EINVAL;
}

static void off_send_ok(struct device *d)
{
	d->chip.faults.send_ok_at_ack = false;
}

static int set_overflow(struct device *d, const char *args)
{
	int word = value_word(args, "rst|evict-oldest");

	if (word < 0)
		return word;
	chip_set_overflow(
	    &d->chip, word == 0 ? CHIP_ACCEPT_RST : CHIP_EVICT_OLDEST);
	return 0;
}

static void off_overflow(struct device *d)
{
	chip_set_overflow(&d->chip, CHIP_REFUSE);
}

static int set_power_cycle(struct device *d, const char *args)
{
	char key[ITEM_MAX], value[ITEM_MAX];
	int64_t us;
	int word;

	if (!next_item(&args, key, value) || *args != '\0' ||
	    value_seconds(value, &us) < 0 || us == 0)
		return -EINVAL;
	word = value_word(key, "at|every");
	if (word < 0)
		return word;
	d->cycle_at_us = d->clock.now_us + us;
	d->cycle_every_us = word == 1 ? us : 0;
	return 0;
}

static void off_power_cycle(struct device *d)
{
	d->cycle_at_us = CLOCK_NEVER;
	d->cycle_every_us = 0;
}

/* ---- the table ---- */

static const struct fault faults[] = {
    {"spi-hang", "req:N[,write:K]|now",
	"firmware freezes before write K of the Nth request", set_spi_hang,
	off_spi_hang},
    {"spi-zero", "", "every register reads 0", set_spi_zero, off_spi_zero},
    {"syn-stuck", "nth:N[,ms:MS|forever][,end:close|establ]",
	"the Nth connection stays in 0x16 (31800 ms, then closes)",
	set_syn_stuck, off_syn_stuck},
    {"leak-established", "nth:N", "the end of the Nth connection is never seen",
	set_leak, off_leak},
    {"no-close", "", "no stop() after the reply", set_no_close, off_no_close},
    {"no-fin", "", "stop() tells the client nothing", set_no_fin, off_no_fin},
    {"slow-reply", "MS", "a pause before each write", set_slow_reply,
	off_slow_reply},
    {"short-reply", "K", "FIN after write K", set_short_reply, off_short_reply},
    {"rst-reply", "K", "RST after write K", set_rst_reply, off_rst_reply},
    {"reply-size", "N", "pads the page to N bytes, 64 a write", set_reply_size,
	off_reply_size},
    {"ignore-clients", "", "the loop runs, nobody is served", set_ignore,
	off_ignore},
    {"tick-stall", "MS", "pause of the loop each second (30)", set_tick_stall,
	off_tick_stall},
    {"send-ok", "ack", "a write is over when the peer has acknowledged it",
	set_send_ok, off_send_ok},
    {"overflow", "rst|evict-oldest",
	"beyond the slots: accept and reset, or replace the oldest",
	set_overflow, off_overflow},
    {"power-cycle", "at:S|every:S", "off and on after S seconds",
	set_power_cycle, off_power_cycle},
};

enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

static int unknown(const char *name, char out_why[FAULT_WHY])
{
	int len = snprintf(
	    out_why, FAULT_WHY, "unknown fault '%.32s'; allowed:", name);

	for (size_t i = 0; i < FAULTS && len < FAULT_WHY; i++)
		len += snprintf(out_why + len, (size_t)(FAULT_WHY - len),
		    "%s %s", i > 0 ? "," : "", faults[i].name);
	return -EINVAL;
}

int fault_set(struct device *d, const char *name, const char *args,
    char out_why[FAULT_WHY])
{
	const struct fault *f = NULL;

	for (size_t i = 0; i < FAULTS; i++)
		if (strcmp(faults[i].name, name) == 0)
			f = &faults[i];
	if (f == NULL)
		return unknown(name, out_why);
	if (args != NULL && strcmp(args, "off") == 0) {
		f->off(d);
		return 0;
	}
	if (f->set(d, args == NULL ? "" : args) == 0)
		return 0;
	snprintf(out_why, FAULT_WHY, "fault %s takes '%s', or 'off'", f->name,
	    f->args[0] == '\0' ? "nothing" : f->args);
	return -EINVAL;
}

int fault_parse(struct device *d, const char *text, char out_why[FAULT_WHY])
{
	char name[ITEM_MAX];
	size_t len = strcspn(text, "=");

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	return fault_set(
	    d, name, text[len] == '=' ? text + len + 1 : NULL, out_why);
}

const char *fault_help(size_t index, char out_text[FAULT_WHY])
{
	const struct fault *f = &faults[index];

	if (index >= FAULTS)
		return NULL;
	snprintf(out_text, FAULT_WHY, "%s%s%s\n        %s", f->name,
	    f->args[0] == '\0' ? "" : "=", f->args, f->help);
	return out_text;
}
