/* faults.c: one row for each fault; a row's function reads its arguments. */
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fault_args.h"
#include "value.h"

enum {
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
	bool (*is_left)(const struct device *d); /* NULL: until it is off */
};

/* ---- one function each ---- */

static int set_spi_hang(struct device *d, const char *args)
{
	char key[ARG_MAX_LEN], value[ARG_MAX_LEN];
	struct strikes which = {0};
	unsigned int write = 1;

	if (strcmp(args, "now") == 0) {
		fw_hang(&d->fw);
		return 0;
	}
	while (args_next(&args, key, value)) {
		bool is_write = strcmp(key, "write") == 0;

		if (is_write && args_count(value, &write) < 0)
			return -EINVAL;
		if (!is_write && strikes_read(key, value, "req", &which) < 0)
			return -EINVAL;
	}
	if (*args != '\0' || !strikes_are_left(&which))
		return -EINVAL;
	d->fw.faults.hang = which;
	d->fw.faults.hang_write = write;
	return 0;
}

static void off_spi_hang(struct device *d)
{
	d->fw.faults.hang = (struct strikes){0};
}

static bool left_spi_hang(const struct device *d)
{
	return d->fw.state == FW_HUNG || strikes_are_left(&d->fw.faults.hang);
}

static int set_spi_zero(struct device *d, const char *args)
{
	if (args_none(args) < 0)
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

	if (strcmp(key, "silent") == 0) {
		stuck->is_silent = true;
		return args_none(value);
	}
	if (strcmp(key, "ms") == 0 && strcmp(value, "forever") != 0)
		return args_ms(value, &stuck->lasts_us);
	if (strcmp(key, "ms") == 0) {
		stuck->lasts_us = CLOCK_NEVER;
		return 0;
	}
	if (strcmp(key, "end") != 0)
		return strikes_read(key, value, NULL, &stuck->which);
	word = value_word(value, "close|establ");
	stuck->ends_established = word == 1;
	return word < 0 ? word : 0;
}

static int set_syn_stuck(struct device *d, const char *args)
{
	struct chip_stuck stuck = {
	    .lasts_us = (int64_t)STUCK_DEFAULT_MS * US_PER_MS};
	char key[ARG_MAX_LEN], value[ARG_MAX_LEN];

	while (args_next(&args, key, value))
		if (read_stuck(key, value, &stuck) < 0)
			return -EINVAL;
	if (*args != '\0' || !strikes_are_left(&stuck.which))
		return -EINVAL;
	d->chip.faults.stuck = stuck;
	return 0;
}

static void off_syn_stuck(struct device *d)
{
	d->chip.faults.stuck.which = (struct strikes){0};
}

static bool left_syn_stuck(const struct device *d)
{
	return strikes_are_left(&d->chip.faults.stuck.which);
}

static int set_leak(struct device *d, const char *args)
{
	if (args[0] == '\0')
		return -EINVAL;
	return args_which(args, 0, NULL, &d->chip.faults.leak);
}

static void off_leak(struct device *d)
{
	d->chip.faults.leak = (struct strikes){0};
}

static bool left_leak(const struct device *d)
{
	return strikes_are_left(&d->chip.faults.leak);
}

static int set_no_close(struct device *d, const char *args)
{
	return args_which(args, 0, NULL, &d->fw.faults.no_close);
}

static void off_no_close(struct device *d)
{
	d->fw.faults.no_close = (struct strikes){0};
}

static bool left_no_close(const struct device *d)
{
	return strikes_are_left(&d->fw.faults.no_close);
}

static int set_no_fin(struct device *d, const char *args)
{
	return args_which(args, 0, NULL, &d->fw.faults.no_fin);
}

static void off_no_fin(struct device *d)
{
	d->fw.faults.no_fin = (struct strikes){0};
}

static bool left_no_fin(const struct device *d)
{
	return strikes_are_left(&d->fw.faults.no_fin);
}

static int set_ignore(struct device *d, const char *args)
{
	d->fw.faults.ignores_clients = args_none(args) == 0;
	return args_none(args);
}

static void off_ignore(struct device *d)
{
	d->fw.faults.ignores_clients = false;
	fw_interrupt(&d->fw);
}

static int set_slow_reply(struct device *d, const char *args)
{
	int64_t n;

	if (args_which(args, 0, &n, &d->fw.faults.slow_reply) < 0)
		return -EINVAL;
	d->fw.faults.slow_reply_us = n * US_PER_MS;
	return 0;
}

static void off_slow_reply(struct device *d)
{
	d->fw.faults.slow_reply = (struct strikes){0};
}

static bool left_slow_reply(const struct device *d)
{
	return strikes_are_left(&d->fw.faults.slow_reply);
}

static int set_short_reply(struct device *d, const char *args)
{
	int64_t n;

	if (args_which(args, 1, &n, &d->fw.faults.short_reply) < 0)
		return -EINVAL;
	d->fw.faults.short_writes = (unsigned int)n;
	return 0;
}

static void off_short_reply(struct device *d)
{
	d->fw.faults.short_reply = (struct strikes){0};
}

static bool left_short_reply(const struct device *d)
{
	return strikes_are_left(&d->fw.faults.short_reply);
}

static int set_rst_reply(struct device *d, const char *args)
{
	int64_t n;

	if (args_which(args, 1, &n, &d->fw.faults.rst_reply) < 0)
		return -EINVAL;
	d->fw.faults.rst_writes = (unsigned int)n;
	return 0;
}

static void off_rst_reply(struct device *d)
{
	d->fw.faults.rst_reply = (struct strikes){0};
}

static bool left_rst_reply(const struct device *d)
{
	return strikes_are_left(&d->fw.faults.rst_reply);
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
	return args_ms(args, &d->fw.costs.stall_us);
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

static int set_silence(struct device *d, const char *args)
{
	if (args_none(args) < 0)
		return -EINVAL;
	d->chip.faults.cut = true;
	chip_update_silence(&d->chip);
	return 0;
}

static void off_silence(struct device *d)
{
	d->chip.faults.cut = false;
	chip_update_silence(&d->chip);
}

static int set_quiet_off(struct device *d, const char *args)
{
	if (args_none(args) < 0)
		return -EINVAL;
	d->chip.faults.quiet_off = true;
	chip_update_silence(&d->chip);
	return 0;
}

static void off_quiet_off(struct device *d)
{
	d->chip.faults.quiet_off = false;
	chip_update_silence(&d->chip);
}

static int set_power_cycle(struct device *d, const char *args)
{
	char key[ARG_MAX_LEN], value[ARG_MAX_LEN];
	int64_t us;
	int word;

	if (!args_next(&args, key, value) || *args != '\0' ||
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

static bool left_power_cycle(const struct device *d)
{
	return d->cycle_at_us != CLOCK_NEVER;
}

/* ---- the table ---- */

#define WHICH "nth:N|nth:N-M|every:N"

static const struct fault faults[] = {
    {"spi-hang", "req:N[,write:K]|now",
	"Freeze before write K of the Nth request", set_spi_hang, off_spi_hang,
	left_spi_hang},
    {"spi-zero", "", "Read 0 from every register", set_spi_zero, off_spi_zero,
	NULL},
    {"syn-stuck", WHICH "[,ms:MS|forever][,end:close|establ][,silent]",
	"Keep these connections in 0x16 (31800 ms, then close)", set_syn_stuck,
	off_syn_stuck, left_syn_stuck},
    {"leak-established", WHICH, "Miss the end of these connections", set_leak,
	off_leak, left_leak},
    {"no-close", "[" WHICH "]", "Leave out stop() after the reply",
	set_no_close, off_no_close, left_no_close},
    {"no-fin", "[" WHICH "]", "Send no FIN in stop()", set_no_fin, off_no_fin,
	left_no_fin},
    {"slow-reply", "MS[," WHICH "]", "Pause before each write", set_slow_reply,
	off_slow_reply, left_slow_reply},
    {"short-reply", "K[," WHICH "]", "Send FIN after write K", set_short_reply,
	off_short_reply, left_short_reply},
    {"rst-reply", "K[," WHICH "]", "Send RST after write K", set_rst_reply,
	off_rst_reply, left_rst_reply},
    {"reply-size", "N", "Pad the page to N bytes, 64 a write", set_reply_size,
	off_reply_size, NULL},
    {"ignore-clients", "", "Run the loop, but serve nobody", set_ignore,
	off_ignore, NULL},
    {"tick-stall", "MS", "Pause the loop each second (30)", set_tick_stall,
	off_tick_stall, NULL},
    {"send-ok", "ack",
	"Wait with each write until the peer has acknowledged it", set_send_ok,
	off_send_ok, NULL},
    {"overflow", "rst|evict-oldest",
	"Accept and reset beyond the slots, or replace the oldest",
	set_overflow, off_overflow, NULL},
    {"power-cycle", "at:S|every:S", "Switch off and on after S seconds",
	set_power_cycle, off_power_cycle, left_power_cycle},
    {"silence", "", "Answer and receive nothing, as with a pulled cable",
	set_silence, off_silence, NULL},
    {"quiet-off", "", "Be silent without power, and in boot until it listens",
	set_quiet_off, off_quiet_off, NULL},
};

enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };
_Static_assert(
    (int)FAULTS <= (int)DEVICE_FAULTS_MAX, "no place to remember a fault");

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
	struct device_fault *setting;

	for (size_t i = 0; i < FAULTS; i++)
		if (strcmp(faults[i].name, name) == 0)
			f = &faults[i];
	if (f == NULL)
		return unknown(name, out_why);
	setting = &d->fault[f - faults];
	if (args != NULL && strcmp(args, "off") == 0) {
		f->off(d);
		setting->is_on = false;
		return 0;
	}
	if (f->set(d, args == NULL ? "" : args) == 0) {
		setting->is_on = true;
		snprintf(setting->args, sizeof(setting->args), "%s",
		    args == NULL ? "" : args);
		return 0;
	}
	snprintf(out_why, FAULT_WHY, "fault %s takes '%s', or 'off'", f->name,
	    f->args[0] == '\0' ? "nothing" : f->args);
	return -EINVAL;
}

int fault_parse(struct device *d, const char *text, char out_why[FAULT_WHY])
{
	char name[ARG_MAX_LEN];
	size_t len = strcspn(text, "=");

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	return fault_set(
	    d, name, text[len] == '=' ? text + len + 1 : NULL, out_why);
}

bool fault_is_active(
    const struct device *d, size_t index, char out_text[FAULT_WHY])
{
	const struct device_fault *setting;
	const struct fault *f;

	if (index >= FAULTS)
		return false;
	f = &faults[index];
	setting = &d->fault[index];
	if (!setting->is_on || (f->is_left != NULL && !f->is_left(d)))
		return false;
	snprintf(out_text, FAULT_WHY, "%s%s%s", f->name,
	    setting->args[0] == '\0' ? "" : "=", setting->args);
	return true;
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
