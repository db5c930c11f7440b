/*
 * firmware.c: from reset into the loop, and one pass of it.
 *
 * RESET - 689 ms - banner - 560 ms - begin - 2000 ms - loop: the chip listens
 * from 1.25 s on, the loop serves from 3.25 s.
 *
 * An idle pass changes nothing, so passes are skipped until something could:
 * an interrupt from the chip or the next look at the clock.
 */
#include "firmware.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/bug.h"
#include "fw_impl.h"
#include "value.h"

enum {
	BANNER_US = 689 * US_PER_MS,
	BEGIN_US = 560 * US_PER_MS,
	SETUP_US = 2000 * US_PER_MS,
	CLOCK_CHECK_US = 100 * US_PER_MS,
	FULL_REPEAT_US = 10 * US_PER_MS, /* the log need not hold every pass */
	SECONDS_TEN = 10,
	SECONDS_MINUTE = 60,
};

/* The walk of the temperature: 27 C up to 30.375 and back, in 1/16 C. */
enum { WALK_LOW = 432, WALK_TOP = 54, WALK_STEP_S = 16 };

void fw_next(
    struct firmware *fw, void (*step)(struct firmware *), int64_t delay_us)
{
	fw->step = step;
	fw->due_us = fw->clock->now_us + delay_us;
	fw->wakes = false;
}

void fw_wait(
    struct firmware *fw, void (*step)(struct firmware *), int64_t delay_us)
{
	fw_next(fw, step, delay_us);
	fw->wakes = true;
}

void fw_interrupt(struct firmware *fw)
{
	int64_t soon = fw->clock->now_us + fw->costs.poll_us;

	if (fw->wakes && soon < fw->due_us)
		fw->due_us = soon;
}

void fw_type(struct firmware *fw, char key)
{
	fw->key = key;
	fw_interrupt(fw);
}

void fw_step(struct firmware *fw)
{
	BUG_ON(fw->step == NULL);
	fw->step(fw);
}

static void stop_stepping(struct firmware *fw, enum fw_state state)
{
	fw->state = state;
	fw->step = NULL;
	fw->due_us = CLOCK_NEVER;
	fw->wakes = false;
}

void fw_off(struct firmware *fw)
{
	stop_stepping(fw, FW_OFF);
}

void fw_hang(struct firmware *fw)
{
	if (fw->state != FW_OFF)
		stop_stepping(fw, FW_HUNG);
}

uint32_t fw_uptime_s(const struct firmware *fw)
{
	return (uint32_t)((fw->clock->now_us - fw->boot_us) / US_PER_S);
}

/* ---- the loop ---- */

static int measure(const struct firmware *fw)
{
	int k = (int)(fw->second / WALK_STEP_S % (2 * WALK_TOP));

	if (fw->temp_is_fixed)
		return fw->fixed_temp;
	return WALK_LOW + (k <= WALK_TOP ? k : 2 * WALK_TOP - k);
}

int fw_set_temp(struct firmware *fw, const char *text)
{
	double c = 0;

	fw->temp_is_fixed = strcmp(text, "walk") != 0;
	if (fw->temp_is_fixed &&
	    value_decimal(text, FW_TEMP_MIN, FW_TEMP_MAX, &c) < 0)
		return -EINVAL;
	fw->fixed_temp = (int)(c * COUNTS_PER_DEGREE);
	fw->temp = measure(fw);
	return 0;
}

static void second_tick(struct firmware *fw)
{
	struct fw_counts *n = &fw->counts;

	fw->second = fw_uptime_s(fw);
	console_printf(fw->console, ".");
	n->idle_s++;
	if (n->idle_s > n->idle_max_s)
		n->idle_max_s = n->idle_s;
	fw->temp = measure(fw);
	if (fw->second % SECONDS_TEN == 0)
		fw->ten_tick = true;
	if (fw->second % SECONDS_MINUTE == 0)
		fw->minute_tick = true;
}

void fw_print_status(struct firmware *fw)
{
	bool hushed = fw->console->hushed;

	fw->console->hushed = false;
	fw_print_table(fw);
	fw_print_counters(fw);
	fw->console->hushed = hushed;
}

static void answer_key(struct firmware *fw, const char *what, bool is_on)
{
	bool hushed = fw->console->hushed;

	fw->console->hushed = false;
	console_printf(
	    fw->console, "\r\n%s: %s ", what, is_on ? "true" : "false");
	fw->console->hushed = hushed;
}

static void read_key(struct firmware *fw)
{
	char key = fw->key;

	fw->key = '\0';
	if (key == 's' || key == 'S') {
		fw->has_tables = !fw->has_tables;
		answer_key(fw, "Socket Status", fw->has_tables);
	} else if (key == 'v' || key == 'V') {
		fw->verbose = !fw->verbose;
		if (fw->verbose)
			fw->console->hushed = false;
		answer_key(fw, "verbose", fw->verbose);
	} else if (key == 'h' || key == 'H') {
		fw->console->hushed = !fw->console->hushed;
		if (fw->console->hushed)
			fw->verbose = false;
		answer_key(fw, "silent", fw->console->hushed);
	}
}

static void idle_marks(struct firmware *fw)
{
	if (fw->ten_tick)
		console_printf(fw->console, "'");
	if (fw->minute_tick)
		console_printf(fw->console, "\r\n");
	fw->ten_tick = fw->minute_tick = false;
}

static void look_for_client(struct firmware *fw)
{
	enum server_verdict verdict = SERVER_IDLE;
	int64_t next = fw->checked_us + CLOCK_CHECK_US;
	int64_t kept = fw_site_due(fw);
	int64_t delay = (kept < next ? kept : next) - fw->clock->now_us;

	read_key(fw);
	if (fw->is_site && fw_site_attend(fw))
		return;
	if (!fw->faults.ignores_clients)
		verdict = server_available(&fw->server, &fw->slot);
	if (verdict == SERVER_CLIENT) {
		fw_session(fw);
		return;
	}
	if (verdict == SERVER_STOP) {
		fw_reclaim(fw);
		return;
	}
	idle_marks(fw);
	/* With registers all zero the listener is reopened in every pass. */
	if (verdict == SERVER_FULL || fw->chip->faults.reads_zero)
		fw_next(fw, fw_loop, FULL_REPEAT_US);
	else
		fw_wait(fw, fw_loop, delay > 0 ? delay : 0);
}

void fw_loop(struct firmware *fw)
{
	int64_t now = fw->clock->now_us;

	fw->state = FW_LOOP;
	fw->pass_us = now;
	if (now >= fw->checked_us + CLOCK_CHECK_US) {
		fw->checked_us = now;
		if (fw_uptime_s(fw) > fw->second) {
			second_tick(fw);
			fw_next(fw, look_for_client, fw->costs.stall_us);
			return;
		}
	}
	look_for_client(fw);
}

/* ---- boot ---- */

static void step_setup_done(struct firmware *fw)
{
	console_printf(fw->console,
	    "Setup Complete!\r\n"
	    "Send V/v to toggle verbose, h/H to toggle "
	    "hush/silent, s/S socket status%s",
	    fw->era->later_sketch ? "\r\n" : "");
	fw->second = fw_uptime_s(fw) - 1;
	fw->temp = measure(fw);
	fw_loop(fw);
}

static void step_begin(struct firmware *fw)
{
	if (!fw->era->first_build)
		console_printf(fw->console, "%server at %s\r\n",
		    fw->era->later_sketch ? "S" : "Begin s", fw->shown_ip);
	if (fw->era->later_sketch) {
		fw_print_table(fw);
		console_printf(fw->console, "Start listening:\r\n");
	}
	server_begin(&fw->server);
	if (fw->era->first_build)
		console_printf(
		    fw->console, "server is at %s\r\n", fw->shown_ip);
	if (!fw->era->no_tables)
		fw_print_table(fw);
	fw_print_sensor(fw);
	fw_next(fw, step_setup_done, SETUP_US);
}

static void step_banner(struct firmware *fw)
{
	fw_print_banner(fw);
	fw_next(fw, step_begin, BEGIN_US);
}

static void forget(struct firmware *fw)
{
	fw->counts = (struct fw_counts){0};
	fw->server.listening = fw->server.slots;
	fw->ten_tick = fw->minute_tick = false;
	fw->verbose = true;
	fw->has_tables = !fw->era->no_tables;
	fw->reclaims = false;
	fw->console->hushed = false;
	fw->key = '\0';
	fw->pushing = false;
	memset(fw->kept, 0, sizeof(fw->kept));
	fw->boot_us = fw->clock->now_us;
	fw->checked_us = INT64_MIN / 2;
}

void fw_boot(struct firmware *fw)
{
	forget(fw);
	fw->state = FW_BOOT;
	fw_next(fw, step_banner, BANNER_US);
}

void fw_resume(struct firmware *fw, uint32_t uptime_s)
{
	forget(fw);
	fw->boot_us -= (int64_t)uptime_s * US_PER_S;
	fw->second = uptime_s;
	fw->temp = measure(fw);
	fw->state = FW_LOOP;
	fw_wait(fw, fw_loop, 0);
}
