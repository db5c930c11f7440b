/*
 * device.h: the whole device: power, chip, firmware, and time running over
 * both.
 *
 * device_run_to lives through everything that is due, in order, and looks at
 * the sockets at least once in each millisecond of device time, so that even
 * at great speed a peer's answer is seen soon after it came.
 */
#ifndef TEMPDEV_DEVICE_H
#define TEMPDEV_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "chip.h"
#include "clock.h"
#include "console.h"
#include "firmware.h"
#include "poller.h"

/* How a fault was set, in the words it was given. */
struct device_fault {
	bool is_on;
	char args[64];
};

enum { DEVICE_FAULTS_MAX = 24 };

struct device {
	struct clock clock;
	struct poller poller;
	struct console console;
	struct chip chip;
	struct firmware fw;
	struct device_fault fault[DEVICE_FAULTS_MAX];
	bool powered;
	unsigned int boots;
	int64_t cycle_at_us;	/* next power cycle; CLOCK_NEVER */
	int64_t cycle_every_us; /* 0: only once */
	int64_t looked_us;
	unsigned int steps; /* since then: steps may cost no time at all */
};

/* Presets: the device as it was found, in the middle of its life. */
struct device_past {
	bool any;
	uint32_t uptime_s;
	struct fw_counts counts;
	unsigned int touched; /* one bit a slot */
	unsigned int listen_slot;
};

void device_power_on(struct device *d);
void device_power_off(struct device *d);

/* Powers on and goes on from `past` instead of booting. */
void device_resume(struct device *d, const struct device_past *past);

/* The next moment at which something happens by itself. */
int64_t device_due(const struct device *d);

/* Lives through what is due by `target_us`; `is_enough` is asked after each
 * step and ends it early. */
void device_run_to(struct device *d, int64_t target_us,
    bool (*is_enough)(void *arg), void *arg);

/* The status table and counters on the console, hung or not. */
void device_print_table(struct device *d);

#endif
