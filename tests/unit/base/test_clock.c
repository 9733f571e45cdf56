/* SPDX-License-Identifier: ISC */
/*
 * test_clock.c - both units show the same moment of CLOCK_MONOTONIC.
 */
#include "base/clock.h"

#include <time.h>

#include "unit.h"

START_TEST(both_units_show_the_monotonic_clock)
{
	struct timespec before, after;
	int64_t us, ms;

	clock_gettime(CLOCK_MONOTONIC, &before);
	us = clock_us();
	ms = clock_ms();
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_ge(
	    us, (int64_t)before.tv_sec * 1000000 + before.tv_nsec / 1000);
	ck_assert_int_ge(ms, us / 1000);
	ck_assert_int_le(
	    ms, (int64_t)after.tv_sec * 1000 + after.tv_nsec / 1000000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = tcase_create("clock");

	tcase_add_test(tc, both_units_show_the_monotonic_clock);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
