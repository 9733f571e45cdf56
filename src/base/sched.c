/* SPDX-License-Identifier: ISC */
/*
 * sched.c - the scheduling policy of the calling thread; sched.h has the
 * measured gain.
 */
#include "base/sched.h"

#include <sched.h>

/* Whether this thread has SCHED_BATCH from sched_yield_to_waker. */
static _Thread_local bool yields;

static bool
set_policy(int policy)
{
	const struct sched_param none = { .sched_priority = 0 };

	return sched_setscheduler(0, policy, &none) == 0;
}

void
sched_yield_to_waker(void)
{
	yields = sched_getscheduler(0) == SCHED_OTHER &&
	    set_policy(SCHED_BATCH);
}

void
sched_lead(bool leads)
{
	if (yields)
		(void)set_policy(leads ? SCHED_OTHER : SCHED_BATCH);
}
