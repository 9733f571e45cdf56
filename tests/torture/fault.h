/* SPDX-License-Identifier: ISC */
/*
 * fault.h - makes the n-th call of a function fail, in any part of the program:
 * the functions are replaced in the whole process.
 *
 * A plan lies in memory that the test shares with the processes under test, so
 * the test can change it while they run.
 */
#ifndef PUSHCERT_TORTURE_FAULT_H
#define PUSHCERT_TORTURE_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>

enum fault_call {
	FAULT_MALLOC, /* and calloc, realloc */
	FAULT_MMAP,
	FAULT_OPEN, /* and openat */
	FAULT_READ,
	FAULT_WRITE, /* and writev */
	FAULT_PWRITE,
	FAULT_FDATASYNC, /* and fsync */
	FAULT_FTRUNCATE, /* and fallocate */
	FAULT_ACCEPT,
	FAULT_FORK,
	FAULT_PIPE, /* and pipe2 */
	FAULT_MEMFD, /* memfd_create */
	FAULT_RENAME, /* and renameat2 */
	FAULT_FLOCK,
	FAULT_CALLS
};

struct fault_plan {
	atomic_int call; /* -1 for none */
	atomic_long left; /* calls up to and including the failing call */
	atomic_int cause; /* errno of the failing call */
	atomic_bool hit;
	atomic_long calls[FAULT_CALLS]; /* since the plan was armed */
};

/* Returns a plan in shared memory, or NULL. */
struct fault_plan *fault_new(void);
/* From now on, the calls of this process follow the plan. */
void fault_watch(struct fault_plan *plan);

/* With FAULT_CALLS no call fails; then the plan only counts. */
void
fault_arm(struct fault_plan *plan, enum fault_call call, int cause, long n);
/* Returns true if a call has failed since the plan was armed. */
bool fault_disarm(struct fault_plan *plan);

#endif
