/* clock.c: device time, scaled or virtual. */
#include "clock.h"

#include <time.h>

enum { NS_PER_US = 1000, NS_PER_S = 1000000000 };

/* A very slow device's next step may lie further off than can be counted. */
static const double nap_max_ns = 3600e9;

int64_t clock_real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

void clock_init(struct clock *c, double speed)
{
	*c = (struct clock){.speed = speed, .start_ns = clock_real_ns()};
}

int64_t clock_target(const struct clock *c)
{
	if (c->speed <= 0)
		return c->limit_us;
	return (int64_t)((double)(clock_real_ns() - c->start_ns) * c->speed /
			 NS_PER_US);
}

int64_t clock_sleep_ns(const struct clock *c, int64_t due_us)
{
	int64_t left_us;
	double ns;

	if (due_us == CLOCK_NEVER)
		return -1;
	left_us = due_us - clock_target(c);
	if (left_us <= 0)
		return 0;
	if (c->speed <= 0)
		return -1;
	ns = (double)left_us * NS_PER_US / c->speed;
	return ns < nap_max_ns ? (int64_t)ns + 1 : (int64_t)nap_max_ns;
}
