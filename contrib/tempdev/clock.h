/*
 * clock.h: the device's own time, in microseconds since its emulator began.
 *
 * At --speed X it runs X times as fast as ours; at speed 0 it is virtual and
 * moves only as far as `advance` allows. `now_us` is the moment being lived
 * through: it jumps from one due step to the next and never overtakes
 * clock_target().
 */
#ifndef TEMPDEV_CLOCK_H
#define TEMPDEV_CLOCK_H

#include <stdint.h>

enum { US_PER_MS = 1000, US_PER_S = 1000000 };

#define CLOCK_NEVER INT64_MAX

struct clock {
	double speed; /* 0: virtual */
	int64_t now_us;
	int64_t limit_us; /* virtual time only: allowed so far */
	int64_t start_ns; /* our time when the device's was 0 */
};

void clock_init(struct clock *c, double speed);

/* Our own monotonic time. */
int64_t clock_real_ns(void);

/* The device time that has come: steps due by then may run. */
int64_t clock_target(const struct clock *c);

/* How long to sleep, in our time, until `due_us`, or an hour if that is less;
 * -1: until woken. */
int64_t clock_sleep_ns(const struct clock *c, int64_t due_us);

#endif
