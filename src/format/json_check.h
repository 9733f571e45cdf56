/* SPDX-License-Identifier: ISC */
/*
 * json_check.h - whether a text is JSON (RFC 8259) with an object at its root;
 * private to json.
 *
 * Strict in both directions: nothing that is not JSON passes, and of what is
 * nothing is refused but what is too deep or too large. Duplicate names pass:
 * json.c looks for those.
 */
#ifndef PUSHCERT_JSON_CHECK_H
#define PUSHCERT_JSON_CHECK_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * *tokens: the number of names and values. On refusal one of ERR_JSON_*, and
 * *what is the offending piece of the text, empty at its end.
 */
enum err
json_check(struct str text, size_t *tokens, struct str *what) ATTR_CHECKED;

#endif
