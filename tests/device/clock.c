/*
 * Proves that device time keeps its promises at every speed, virtual time
 * included, for as long as anyone will wait.
 */
#include "clock.h"

#include "unit.h"

TEST(the_fastest_runs_for_years)
{
	const int64_t days = 700;
	const int64_t us = days * 86400 * US_PER_S;
	struct clock c;

	clock_init(&c, 100000);
	c.start_ns -= us * 1000;
	ck_assert_int_ge(clock_target(&c), us * 99999);
}

TEST(the_slowest_naps_an_hour_at_a_time)
{
	struct clock c;

	clock_init(&c, 1e-12);
	ck_assert_int_eq(clock_sleep_ns(&c, US_PER_S), 3600 * (int64_t)1e9);
	ck_assert_int_eq(clock_sleep_ns(&c, CLOCK_NEVER), -1);
}

TEST(virtual_time_moves_to_its_limit_only)
{
	struct clock c;

	clock_init(&c, 0);
	ck_assert_int_eq(clock_target(&c), 0);
	c.limit_us = 10;
	ck_assert_int_eq(clock_target(&c), 10);
	ck_assert_int_eq(clock_sleep_ns(&c, 10), 0);
	ck_assert_int_eq(clock_sleep_ns(&c, 11), -1);
}
