/* SPDX-License-Identifier: ISC */
/*
 * test_standin_rule.c - which requests a rule matches, when it acts, and that
 * the same start value gives the same faults.
 */
#include "format/standin_rule.h"

#include "base/buf.h"
#include "unit.h"

static const struct {
	const char *path, *pattern;
	bool is;
} paths[] = {
	{ "", "", true },
	{ "a", "", false },
	{ "", "*", true },
	{ "a/b", "*", true },
	{ "a/b", "A/B", true },
	{ "a/b", "a/*", true },
	{ "a/", "a/*", true },
	{ "a", "a/*", false },
	{ "a/b/c", "a/*/c", true },
	{ "a/b/c/c", "*/c", true },
	{ "a/b/c", "*b*", true },
	{ "a/b/c", "a*b", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaab", "a*a*a*a*a*a*a*c", false },
	{ "x", "**x**", true },
};

START_TEST(matches_a_path)
{
	ck_assert_int_eq(standin_rule_path_is(
			     str_of(paths[_i].path), str_of(paths[_i].pattern)),
	    paths[_i].is);
}
END_TEST

static const struct {
	const char *text;
	int64_t rate; /* -1: refused */
} rates[] = {
	{ "0", 0 },
	{ "1", 1000000 },
	{ "0.5", 500000 },
	{ "0.000001", 1 },
	{ "1.0", 1000000 },
	{ "1.000001", -1 },
	{ "2", -1 },
	{ "0.", -1 },
	{ ".5", -1 },
	{ "0.0000001", -1 },
	{ "-0.5", -1 },
	{ "1e-1", -1 },
	{ "", -1 },
};

START_TEST(reads_a_rate)
{
	uint32_t rate = 0;
	bool good = standin_rule_text_rate(str_of(rates[_i].text), &rate);

	ck_assert_int_eq(good, rates[_i].rate >= 0);
	if (good)
		ck_assert_uint_eq(rate, (uint32_t)rates[_i].rate);
}
END_TEST

/* The faults of 32 requests, as bits. */
static uint32_t
faults_of(uint64_t random, uint32_t rate)
{
	struct standin_rule r = {
		.times = UINT64_MAX, .has_rate = true, .rate = rate
	};
	uint32_t bits = 0;
	int i;

	for (i = 0; i < 32; i++)
		bits = bits << 1 | standin_rule_is_due(&r, &random);
	return bits;
}

START_TEST(repeats_with_the_same_start_value)
{
	ck_assert_uint_eq(faults_of(7, 500000), faults_of(7, 500000));
	ck_assert_uint_ne(faults_of(7, 500000), faults_of(8, 500000));
	ck_assert_uint_eq(faults_of(7, 0), 0);
	ck_assert_uint_eq(faults_of(7, STANDIN_CERTAIN), UINT32_MAX);
}
END_TEST

START_TEST(acts_as_often_as_its_rate_says)
{
	struct standin_rule r = {
		.times = UINT64_MAX, .has_rate = true, .rate = 100000
	};
	uint64_t random = 1, i;

	for (i = 0; i < 100000; i++)
		(void)standin_rule_is_due(&r, &random);
	ck_assert_uint_ge(r.acted, 9500);
	ck_assert_uint_le(r.acted, 10500);
}
END_TEST

static const struct {
	uint64_t skip, times;
	const char *acts;
} counts[] = {
	{ 0, 1, "x---" },
	{ 2, 1, "--x-" },
	{ 1, 2, "-xx-" },
	{ 0, 0, "----" },
	{ 3, UINT64_MAX, "---x" },
};

START_TEST(counts_requests)
{
	struct standin_rule r = { .skip = counts[_i].skip,
		.times = counts[_i].times };
	uint64_t random = 0;
	size_t i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(standin_rule_is_due(&r, &random),
		    counts[_i].acts[i] == 'x');
}
END_TEST

START_TEST(draws_the_statuses_of_dev_proxy)
{
	const struct standin_rule r = { .has_rate = true };
	uint64_t random = 3;
	bool seen_507 = false;
	int i;

	for (i = 0; i < 200; i++) {
		unsigned get =
		    standin_rule_act(&r, 1, str_of("GET"), &random).status;
		unsigned post =
		    standin_rule_act(&r, 1, str_of("POST"), &random).status;

		ck_assert(
		    get == 429 || get == 500 || (get >= 502 && get <= 504));
		seen_507 |= post == 507;
	}
	ck_assert(seen_507);
}
END_TEST

START_TEST(draws_a_delay_from_its_range)
{
	struct standin_rule r;
	uint64_t random = 3;
	struct str what;
	const char *why;
	unsigned least = 99, most = 0, delay;
	int i;

	ck_assert(standin_rule_text_header(
		      str_of(" Delay = 10-12 ;; "), &r, &why, &what) == ERR_OK);
	for (i = 0; i < 200; i++) {
		delay = standin_rule_act(&r, 0, str_of("GET"), &random).delay;
		least = delay < least ? delay : least;
		most = delay > most ? delay : most;
	}
	ck_assert_uint_eq(least, 10);
	ck_assert_uint_eq(most, 12);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("standin_rule");
	TCase *t = tcase_create("standin_rule");

	tcase_add_loop_test(t, matches_a_path, 0, ROWS(paths));
	tcase_add_loop_test(t, reads_a_rate, 0, ROWS(rates));
	tcase_add_test(t, repeats_with_the_same_start_value);
	tcase_add_test(t, acts_as_often_as_its_rate_says);
	tcase_add_loop_test(t, counts_requests, 0, ROWS(counts));
	tcase_add_test(t, draws_the_statuses_of_dev_proxy);
	tcase_add_test(t, draws_a_delay_from_its_range);
	suite_add_tcase(s, t);
	return unit_run(s);
}
