/* device.c: one queue of due steps over chip, firmware and power. */
#include "device.h"

#include <stddef.h>

enum { LOOK_EVERY_US = US_PER_MS, LOOK_EVERY_STEPS = 256 };

void device_power_on(struct device *d)
{
	chip_reset(&d->chip, true);
	d->powered = true;
	d->boots++;
	fw_boot(&d->fw);
}

void device_power_off(struct device *d)
{
	d->powered = false;
	chip_reset(&d->chip, false);
	fw_off(&d->fw);
}

void device_resume(struct device *d, const struct device_past *past)
{
	chip_reset(&d->chip, true);
	d->powered = true;
	d->boots++;
	fw_resume(&d->fw, past->uptime_s);
	d->fw.counts = past->counts;
	for (unsigned int i = 0; i < d->chip.slots; i++)
		if (past->touched & (1u << i))
			chip_write(&d->chip, i, CHIP_MR, CHIP_MR_TCP);
	server_listen_on(&d->fw.server, past->listen_slot);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t device_due(const struct device *d)
{
	int64_t own = earlier(d->fw.due_us, d->cycle_at_us);

	return earlier(own, chip_due(&d->chip));
}

static void power_cycle(struct device *d)
{
	d->cycle_at_us = d->cycle_every_us > 0
			     ? d->clock.now_us + d->cycle_every_us
			     : CLOCK_NEVER;
	device_power_off(d);
	device_power_on(d);
}

/* The chip comes first: what it did is what the firmware then reads. */
static void step(struct device *d)
{
	int64_t now = d->clock.now_us;

	if (d->cycle_at_us <= now)
		power_cycle(d);
	else if (chip_due(&d->chip) <= now)
		chip_tick(&d->chip);
	else
		fw_step(&d->fw);
}

static void look(struct device *d)
{
	d->looked_us = d->clock.now_us;
	d->steps = 0;
	poller_look(&d->poller, 0);
}

void device_run_to(struct device *d, int64_t target_us,
    bool (*is_enough)(void *arg), void *arg)
{
	int64_t due;

	while ((due = device_due(d)) <= target_us) {
		if (due > d->clock.now_us)
			d->clock.now_us = due;
		step(d);
		if (is_enough(arg))
			return;
		if (d->clock.now_us - d->looked_us >= LOOK_EVERY_US ||
		    ++d->steps >= LOOK_EVERY_STEPS)
			look(d);
	}
	if (target_us > d->clock.now_us)
		d->clock.now_us = target_us;
}

void device_print_table(struct device *d)
{
	bool zero = d->chip.faults.reads_zero;

	d->chip.faults.reads_zero = false;
	fw_print_status(&d->fw);
	d->chip.faults.reads_zero = zero;
	console_flush(&d->console);
}
