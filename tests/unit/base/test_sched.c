/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "base/sched.h"
#include "unit.h"

/*
 * The life of a thread: its first policy, whether it yields to the thread that
 * it wakes, and its policies after that, while it leads, and after it has led.
 */
static const struct life {
	const char *name;
	int first;
	bool yields;
	int then, urgent, again;
} lives[] = {
	{ "a yielding thread does not yield while it leads", SCHED_OTHER, true,
	    SCHED_BATCH, SCHED_OTHER, SCHED_BATCH },
	{ "a thread that never yields keeps its policy", SCHED_OTHER, false,
	    SCHED_OTHER, SCHED_OTHER, SCHED_OTHER },
	{ "a policy that the operator chose is kept", SCHED_IDLE, true,
	    SCHED_IDLE, SCHED_IDLE, SCHED_IDLE },
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
	const struct life *l = arg;

	unit_check(l->name, set_policy(l->first) == 0);
	if (l->yields)
		sched_yield_to_waker();
	unit_check(l->name, sched_getscheduler(0) == l->then);
	sched_lead(true);
	unit_check(l->name, sched_getscheduler(0) == l->urgent);
	sched_lead(false);
	unit_check(l->name, sched_getscheduler(0) == l->again);
	return NULL;
}

START_TEST(each_thread_has_its_own)
{
	struct life l = lives[_i];
	int before = sched_getscheduler(0);
	pthread_t t;

	if (before < 0 && errno == ENOSYS) {
		printf("%s: skipped: this C library cannot set a policy\n",
		    l.name);
		return;
	}
	ck_assert(pthread_create(&t, NULL, live, &l) == 0);
	pthread_join(t, NULL);
	ck_assert_int_eq(sched_getscheduler(0), before);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sched");
	TCase *t = tcase_create("sched");

	tcase_add_loop_test(
	    t, each_thread_has_its_own, 0, sizeof(lives) / sizeof(lives[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
