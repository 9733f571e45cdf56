/* SPDX-License-Identifier: ISC */
/*
 * unit.h - what every unit test program needs: guarded input, comparisons that
 * report the row of a table, and a main that runs Check suites.
 */
#ifndef PUSHCERT_UNIT_H
#define PUSHCERT_UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * Returns a copy of text that ends at the last byte of a page. The next page
 * must not be read, so a read past the end crashes at once. The copy is valid
 * until the next call with the same slot. A test that needs several inputs at a
 * time uses a slot for each.
 */
#define UNIT_SLOTS 8
struct str unit_guard(int slot, struct str text);

/* Fails with the name of the row and the text of the condition. */
#define unit_check(name, condition) \
	ck_assert_msg(condition, "%s: %s", name, #condition)
/* Compares two slices and prints both if they differ. */
void unit_same(const char *name, struct str got, struct str want);

/* Returns a fresh directory with mode 0700. It lives as long as the process
 * that created it, which removes it on exit. */
const char *unit_directory(void);

/* Whether the test's stores are in PostgreSQL, so that they have no files. */
bool unit_on_server(void);

/*
 * The engine of the test's stores: if $PUSHCERT_TEST_DATABASE has a connection
 * string, they are in PostgreSQL, each directory in a schema of its own. Sets
 * the members of the options after the directory; `schema` must live until
 * store_open returns.
 */
#define UNIT_SCHEMA_MAX 32
struct store_options;
void unit_engine(struct store_options *options, char schema[UNIT_SCHEMA_MAX]);

/* Redirects stderr to a file for the rest of the test. */
void unit_capture(void);
/* Returns the text that was written since unit_capture. Valid until the next
 * call. */
struct str unit_captured(void);

/* How often a text contains another one, and whether it does. */
unsigned unit_count(struct str text, const char *part);
bool unit_holds(struct str text, const char *part);

/* A request_read function for a body in a struct str. */
long unit_read_body(void *body, char *p, size_t n);

/* Runs the suite and returns the exit status for main. */
int unit_run(Suite *suite);

/* Whether a sanitizer or valgrind runs the test; they reserve address space for
 * themselves. */
bool unit_is_watched(void);

#endif
