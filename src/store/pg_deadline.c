/* SPDX-License-Identifier: ISC */
/*
 * pg_deadline.c - how long an operation of the database may take.
 */
#include "store/pg_private.h"

#include "base/clock.h"

/* Without a timeout, as the tool opens a store, an operation may take this
 * many milliseconds. */
#define PATIENT_MS 60000
/* A batch of jobs whose time is nearly over may still take this many. */
#define LEAST_MS 500

int64_t
pg_deadline(int64_t ms)
{
	return clock_ms() + (ms > 0 ? ms : PATIENT_MS);
}

int64_t
pg_deadline_left(int64_t ms)
{
	if (ms >= 0 && ms < LEAST_MS)
		ms = LEAST_MS;
	return clock_ms() + (ms < 0 ? PATIENT_MS : ms);
}

int64_t
pg_deadline_of(const struct group_commit_job *oldest, int64_t until)
{
	int64_t own = oldest->until / 1000, least = clock_ms() + LEAST_MS;

	if (oldest->until == 0)
		return until;
	if (own < least)
		own = least;
	return own < until ? own : until;
}
