/* SPDX-License-Identifier: ISC */
/*
 * test_x509.h - what the parts of the test of x509 share.
 */
#ifndef PUSHCERT_TEST_X509_H
#define PUSHCERT_TEST_X509_H

#include <stdbool.h>

#include "base/str.h"
#include "unit.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

/* A file that mkcerts.sh made; valid until the next call. */
struct str file_text(const char *file);
/* Whether the shell command, run among those files, succeeds. */
bool in_directory(const char *command);

/* The tests of x509_make.h. */
TCase *make_tests(void);
/* The tests of x509_import.h. */
TCase *import_tests(void);

#endif
