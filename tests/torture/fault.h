/* SPDX-License-Identifier: ISC */
/*
 * fault.h - makes the n-th call of a function fail, in whatever part of the
 * program it is: the functions are replaced in the whole process.
 *
 * A plan lies in memory that a test shares with the processes which it watches,
 * so it can be made while they run.
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
	FAULT_CALLS
};

struct fault_plan {
	atomic_int call; /* -1: none */
	atomic_long left; /* calls until the one that fails */
	atomic_int cause; /* its errno */
	atomic_bool hit;
};

/* Shared memory; NULL. */
struct fault_plan *fault_new(void);
/* From now on the calls of this process follow the plan. */
void fault_watch(struct fault_plan *plan);

void
fault_arm(struct fault_plan *plan, enum fault_call call, int cause, long n);
/* Whether it has failed. */
bool fault_disarm(struct fault_plan *plan);

#endif
