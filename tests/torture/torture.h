/* SPDX-License-Identifier: ISC */
/*
 * torture.h - what the torture tests share: a directory, random numbers that
 * come the same again, counts, and the form in which they are told.
 *
 * Without an argument a test is short enough for every build; with --full it
 * reaches the figure that it is there for.
 */
#ifndef PUSHCERT_TORTURE_H
#define PUSHCERT_TORTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* The sanitizers take all addresses that there are, and keep what is freed. */
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

/* Ends the process where the arguments are wrong or there is no directory. */
void torture_begin(struct torture *t, const char *name, int argc, char **argv);
/* Counts one check, and tells the first ones that fail. Returns good. */
bool torture_check(struct torture *t, bool good, const char *format, ...)
    ATTR_PRINTF(3, 4);
/* Removes the directory, prints the counts; the exit status. */
int torture_end(struct torture *t);

/* The test cannot go on, or not here: exit status 99 or 77. */
_Noreturn void torture_die(struct torture *t, const char *what);
_Noreturn void torture_skip(struct torture *t, const char *why);

/* Below n. */
uint32_t torture_random(struct torture *t, uint32_t n);

#endif
