/* SPDX-License-Identifier: ISC */
/*
 * unit.h - what every unit test program needs: input that ends at a page which
 * may not be read, and a main that runs Check suites.
 */
#ifndef PUSHCERT_UNIT_H
#define PUSHCERT_UNIT_H

#include <check.h>
#include <stddef.h>

#include "base/str.h"

/*
 * A copy of text whose last byte is the last of its page, followed by a page
 * that may not be read: a read past the end dies at once. Valid until the
 * next call with the same slot. For several inputs at a time use other slots.
 */
#define UNIT_SLOTS 8
struct str unit_guard(int slot, struct str text);

/* The failure message says which row of a table failed. */
#define unit_check(name, condition) \
	ck_assert_msg(condition, "%s: %s", name, #condition)
/* Compares slices and shows both. */
void unit_same(const char *name, struct str got, struct str want);

/* Fresh directory for the test, 0700, removed at exit. */
const char *unit_directory(void);

/* Runs the suite; the exit status for main. */
int unit_run(Suite *suite);

#endif
