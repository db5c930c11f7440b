/*
 * service.c: readiness, state and signs of life for the service manager.
 *
 * The watchdog is fed only when the worker has answered the last ping: a
 * worker that hangs or is stopped is noticed as a keeper would be.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keeper/inside.h"
#include "policy/health.h"

enum {
	STATUS_EVERY_MS = 5000,
	WATCHDOG_SHARE = 4, /* so many pings in the time that is allowed */
};

static void tell(struct keeper *k, const char *lines)
{
	if (k->notify.fd >= 0)
		(void)notify_send(&k->notify, lines);
}

static const char *health_word(uint32_t health)
{
	switch ((enum health_state)health) {
	case HEALTH_SUSPECTED:
		return "suspected";
	case HEALTH_DOWN:
		return "down";
	case HEALTH_HELD:
		return "held";
	default:
		return "up";
	}
}

static void print_status(struct keeper *k, char *out_text, size_t size)
{
	struct stats_block sum;
	int len;

	stats_sum(k->stats, k->newest ? k->newest->stats : NULL, &sum);
	if (!k->newest) {
		snprintf(out_text, size, "no worker");
		return;
	}
	len = snprintf(out_text, size, "device %s, ", health_word(sum.health));
	if (k->conf->slots.slots > 0)
		snprintf(out_text + len, size - (size_t)len,
		    "%u/%u slots, %u waiting", sum.slots_taken,
		    k->conf->slots.slots, sum.queue);
	else
		snprintf(out_text + len, size - (size_t)len, "%u connections",
		    sum.live);
}

static void tell_status(struct keeper *k)
{
	char text[sizeof(k->status_text)], lines[sizeof(text) + 16];

	print_status(k, text, sizeof(text));
	if (strcmp(text, k->status_text) == 0)
		return;
	strcpy(k->status_text, text);
	snprintf(lines, sizeof(lines), "STATUS=%s", text);
	tell(k, lines);
}

void service_ready(struct keeper *k)
{
	char lines[64];

	snprintf(lines, sizeof(lines), "READY=1\nMAINPID=%d", (int)getpid());
	tell(k, lines);
	k->tick_ms = keeper_now_ms();
}

void service_reloading(struct keeper *k)
{
	char lines[64];

	snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    keeper_now_ms() * 1000);
	tell(k, lines);
}

void service_reloaded(struct keeper *k)
{
	tell(k, "READY=1");
}

void service_stopping(struct keeper *k)
{
	tell(k, "STOPPING=1\nSTATUS=draining");
}

/* While another worker is on its way the keeper itself is the sign. */
static void feed_watchdog(struct keeper *k)
{
	struct process *w = k->newest;

	if (!w || w->phase != PROCESS_SERVING || w->stats->beat == w->pinged)
		tell(k, "WATCHDOG=1");
	if (w && w->phase == PROCESS_SERVING)
		(void)line_tell(w->line, LINE_PING, ++w->pinged);
}

int64_t service_run(struct keeper *k, int64_t now_ms)
{
	int64_t every_ms = STATUS_EVERY_MS;

	if (k->notify.fd < 0 || !k->was_ready)
		return INT64_MAX;
	if (k->notify.watchdog_ms > 0 &&
	    k->notify.watchdog_ms / WATCHDOG_SHARE < every_ms)
		every_ms = k->notify.watchdog_ms / WATCHDOG_SHARE + 1;
	if (now_ms < k->tick_ms)
		return k->tick_ms;
	if (k->notify.watchdog_ms > 0)
		feed_watchdog(k);
	if (!k->ending)
		tell_status(k);
	k->tick_ms = now_ms + every_ms;
	return k->tick_ms;
}
