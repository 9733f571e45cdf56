/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <sched.h>

#include "scheduling.h"
#include "unit.h"

/* Policies of a thread, from its beginning on, in the order of time. */
struct policies {
	int first;
	bool yields;
	int then, urgent, again;
};

static int
set_policy(int policy)
{
	const struct sched_param none = { .sched_priority = 0 };

	return sched_setscheduler(0, policy, &none);
}

static void *
live(void *arg)
{
	struct policies *p = arg;

	ck_assert_int_eq(set_policy(p->first), 0);
	if (p->yields)
		scheduling_yields();
	p->then = sched_getscheduler(0);
	scheduling_urgent(true);
	p->urgent = sched_getscheduler(0);
	scheduling_urgent(false);
	p->again = sched_getscheduler(0);
	return NULL;
}

static struct policies
lived(int first, bool yields)
{
	struct policies p = { .first = first, .yields = yields };
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, live, &p), 0);
	pthread_join(t, NULL);
	return p;
}

START_TEST(who_yields_does_not_while_it_is_urgent)
{
	struct policies p = lived(SCHED_OTHER, true);

	ck_assert_int_eq(p.then, SCHED_BATCH);
	ck_assert_int_eq(p.urgent, SCHED_OTHER);
	ck_assert_int_eq(p.again, SCHED_BATCH);
	ck_assert_int_ne(sched_getscheduler(0), SCHED_BATCH);
}
END_TEST

START_TEST(nobody_else_is_changed)
{
	struct policies p = lived(SCHED_OTHER, false);

	ck_assert_int_eq(p.then, SCHED_OTHER);
	ck_assert_int_eq(p.urgent, SCHED_OTHER);
	ck_assert_int_eq(p.again, SCHED_OTHER);
}
END_TEST

START_TEST(what_an_operator_wants_stays)
{
	struct policies p = lived(SCHED_IDLE, true);

	ck_assert_int_eq(p.then, SCHED_IDLE);
	ck_assert_int_eq(p.urgent, SCHED_IDLE);
	ck_assert_int_eq(p.again, SCHED_IDLE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("scheduling");
	TCase *t = tcase_create("scheduling");

	tcase_add_test(t, who_yields_does_not_while_it_is_urgent);
	tcase_add_test(t, nobody_else_is_changed);
	tcase_add_test(t, what_an_operator_wants_stays);
	suite_add_tcase(s, t);
	return unit_run(s);
}
