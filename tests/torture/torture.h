/* SPDX-License-Identifier: ISC */
/*
 * torture.h - what the torture tests share: a directory, reproducible random
 * numbers, counts, and the format of the report.
 *
 * Without an argument a test is short enough for every build. With --full it
 * reaches its target figure.
 */
#ifndef PUSHCERT_TORTURE_H
#define PUSHCERT_TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* The sanitizers reserve most of the address space and do not release freed
 * memory, so some limits do not apply to such a build. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define TORTURE_SANITIZED true
#else
#define TORTURE_SANITIZED false
#endif

struct torture {
	const char *name;
	bool full;
	char dir[96]; /* private to the test, removed at its end */
	unsigned passed;
	unsigned failed;
	uint64_t random;
};

/* Makes the directory, and sets the time limit, at which the test fails. Ends
 * the process if that fails, or if the arguments are wrong. */
void torture_begin(struct torture *t, const char *name, int argc, char **argv);
/* Counts one check and prints the first 20 failures. Returns `good`. */
bool torture_check(struct torture *t, bool good, const char *format, ...)
    ATTR_PRINTF(3, 4);
/* Removes the directory, prints the counts, and returns the exit status. */
int torture_end(struct torture *t);

/* End the process: the test cannot go on (status 99), or cannot run on this
 * machine (status 77). */
_Noreturn void torture_die(struct torture *t, const char *what);
_Noreturn void torture_skip(struct torture *t, const char *why);

/* Returns zeroed memory that child processes share. Ends the process if there
 * is none. */
void *torture_share(size_t size);

/* Returns a number below n. */
uint32_t torture_random(struct torture *t, uint32_t n);

#endif
