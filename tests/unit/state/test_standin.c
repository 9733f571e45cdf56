/* SPDX-License-Identifier: ISC */
/*
 * test_standin.c - the clocks, the journals and the limits of tenants, each
 * apart from the others.
 */
#include "state/standin.h"

#include <stdio.h>

#include "state/journal.h"
#include "unit.h"

static const struct instant real = { 1000000, 500000000 };

static struct guid
tenant(unsigned i)
{
	struct guid g = { { 0 } };

	g.byte[0] = (uint8_t)i;
	g.byte[1] = (uint8_t)(i >> 8);
	return g;
}

static struct instant
now_of(struct standin *s, unsigned i, struct instant now)
{
	const struct guid g = tenant(i);

	standin_now(s, &g, &now);
	return now;
}

static enum err
apply(struct standin *s, unsigned i, struct standin_patch p)
{
	const struct guid g = tenant(i);

	return standin_apply(s, &g, &p, real);
}

static struct standin_act
judge(struct standin *s, unsigned i, const char *path, int64_t now_at)
{
	struct standin_request r = { .tenant = tenant(i),
		.method = str_of("GET"),
		.path = str_of(path),
		.now = { .at = now_at } };
	struct standin_act act;

	ck_assert(standin_judge(s, &r, &act) == ERR_OK);
	return act;
}

static const struct {
	struct standin_patch patch;
	struct instant real, now; /* at `real` the tenant has `now` */
} clocks[] = {
	{ { .advance = 0 }, { 1000010, 0 }, { 1000010, 0 } },
	{ { .advance = 5 }, { 1000010, 0 }, { 1000015, 0 } },
	{ { .advance = -5 }, { 1000010, 0 }, { 1000005, 0 } },
	{ { .has_now = true, .now = { 7, 0 } }, { 1000001, 500000000 },
	    { 8, 0 } },
	{ { .has_now = true, .now = { 7, 900000000 } }, { 1000001, 700000000 },
	    { 9, 100000000 } },
	{ { .has_now = true, .now = { 7, 100000000 } }, { 1000000, 500000000 },
	    { 7, 100000000 } },
	{ { .has_now = true,
	      .now = { 7, 3 },
	      .has_frozen = true,
	      .frozen = true },
	    { 1000099, 0 }, { 7, 3 } },
	{ { .has_frozen = true, .frozen = true, .advance = 1 }, { 1000099, 0 },
	    { 1000001, 500000000 } },
	{ { .has_now = true, .real_now = true, .advance = 2 }, { 1000002, 0 },
	    { 1000004, 0 } },
};

START_TEST(sets_the_clock_of_one_tenant)
{
	struct standin *s = standin_open();
	struct instant now;

	ck_assert(apply(s, 1, clocks[_i].patch) == ERR_OK);
	now = now_of(s, 1, clocks[_i].real);
	ck_assert_int_eq(now.at, clocks[_i].now.at);
	ck_assert_uint_eq(now.nano, clocks[_i].now.nano);
	ck_assert_int_eq(now_of(s, 2, clocks[_i].real).at, clocks[_i].real.at);
	standin_close(s);
}
END_TEST

START_TEST(continues_a_stopped_clock_where_it_stood)
{
	struct standin *s = standin_open();

	ck_assert(apply(s, 1,
		      (struct standin_patch){ .has_now = true,
			  .now = { 50, 0 },
			  .has_frozen = true,
			  .frozen = true }) == ERR_OK);
	ck_assert(apply(s, 1, (struct standin_patch){ .has_frozen = true }) ==
	    ERR_OK);
	ck_assert_int_eq(
	    now_of(s, 1, (struct instant){ 1000009, 600000000 }).at, 59);
	standin_close(s);
}
END_TEST

START_TEST(refuses_a_time_that_no_date_has)
{
	struct standin *s = standin_open();

	ck_assert(
	    apply(s, 1, (struct standin_patch){ .advance = -70000000000 }) ==
	    ERR_STANDIN);
	ck_assert(
	    apply(s, 1, (struct standin_patch){ .advance = 253402300800 }) ==
	    ERR_STANDIN);
	ck_assert_int_eq(now_of(s, 1, real).at, real.at);
	standin_close(s);
}
END_TEST

/* The window belongs to one method and path of one tenant. */
START_TEST(enforces_a_window)
{
	struct standin_rule rule = { .times = 1,
		.status = { 429 },
		.statuses = 1,
		.enforce = true,
		.wait = STANDIN_WAIT_SECONDS,
		.wait_seconds = 10 };
	struct standin *s = standin_open();

	ck_assert(
	    apply(s, 1,
		(struct standin_patch){
		    .has_faults = true, .rule = &rule, .rules = 1 }) == ERR_OK);
	ck_assert_uint_eq(judge(s, 1, "a", 100).status, 429);
	ck_assert_uint_eq(judge(s, 1, "a", 109).status, 429);
	ck_assert_uint_eq(judge(s, 1, "b", 109).status, 0);
	ck_assert_uint_eq(judge(s, 2, "a", 109).status, 0);
	ck_assert_uint_eq(judge(s, 1, "a", 118).status, 429);
	ck_assert_uint_eq(judge(s, 1, "a", 128).status, 0);
	standin_close(s);
}
END_TEST

START_TEST(limits_a_window)
{
	struct standin_patch p = { .has_limit = true,
		.limit = { .requests = 2, .window = 60, .warn = 1000000 } };
	struct standin *s = standin_open();
	struct standin_act act;

	ck_assert(apply(s, 1, p) == ERR_OK);
	ck_assert(!judge(s, 1, "a", 100).warns);
	act = judge(s, 1, "a", 101);
	ck_assert(act.warns && act.remaining == 0 && act.reset == 59);
	act = judge(s, 1, "a", 159);
	ck_assert(act.limited && act.status == 429 && act.wait_seconds == 1);
	ck_assert_uint_eq(judge(s, 1, "a", 160).status, 0);
	/* The clock went back, so the window begins again. */
	ck_assert_uint_eq(judge(s, 1, "a", 50).status, 0);
	ck_assert_uint_eq(judge(s, 2, "a", 50).status, 0);
	standin_close(s);
}
END_TEST

START_TEST(keeps_the_last_entries)
{
	struct standin *s = standin_open();
	const struct guid g = tenant(1);
	char text[16], out[2048];
	struct buf b;
	struct emit e;
	int i;

	for (i = 0; i < JOURNAL_MAX + 2; i++) {
		snprintf(text, sizeof(text), "%d", i);
		standin_note(s, &g, str_of(text));
	}
	buf_init(&b, out, sizeof(out));
	emit_init(&e, &b);
	standin_journal(s, &g, &e);
	ck_assert(emit_complete(&e));
	ck_assert(str_starts(buf_view(&b), "[2,3,4,"));
	ck_assert(str_ends(buf_view(&b), ",100,101]"));
	standin_forget_journal(s, &g);
	buf_init(&b, out, sizeof(out));
	emit_init(&e, &b);
	standin_journal(s, &g, &e);
	ck_assert(str_is(buf_view(&b), "[]"));
	standin_close(s);
}
END_TEST

/* With one tenant too many, only the longest idle tenant is reset. */
START_TEST(resets_the_longest_idle_tenant)
{
	const struct standin_patch p = { .advance = 9 };
	struct standin *s = standin_open();
	unsigned i;

	for (i = 0; i < STANDIN_TENANTS; i++)
		ck_assert(apply(s, i, p) == ERR_OK);
	ck_assert_int_eq(now_of(s, 0, real).at, real.at + 9);
	ck_assert(apply(s, STANDIN_TENANTS, p) == ERR_OK);
	ck_assert_int_eq(now_of(s, 1, real).at, real.at);
	for (i = 0; i <= STANDIN_TENANTS; i++)
		ck_assert_int_eq(
		    now_of(s, i, real).at, real.at + (i == 1 ? 0 : 9));
	standin_close(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("standin");
	TCase *t = tcase_create("standin");

	tcase_add_loop_test(t, sets_the_clock_of_one_tenant, 0,
	    (int)(sizeof(clocks) / sizeof(clocks[0])));
	tcase_add_test(t, continues_a_stopped_clock_where_it_stood);
	tcase_add_test(t, refuses_a_time_that_no_date_has);
	tcase_add_test(t, enforces_a_window);
	tcase_add_test(t, limits_a_window);
	tcase_add_test(t, keeps_the_last_entries);
	tcase_add_test(t, resets_the_longest_idle_tenant);
	suite_add_tcase(s, t);
	return unit_run(s);
}
