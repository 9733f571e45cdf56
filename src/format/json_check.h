/* SPDX-License-Identifier: ISC */
/*
 * json_check.h - whether a text is JSON (RFC 8259) with an object as its root.
 * Only json.c includes this header.
 *
 * The check is strict in both directions: it accepts only JSON, and it refuses
 * only JSON that is too deep or has too many tokens. It accepts duplicate
 * names, which json.c looks for.
 */
#ifndef PUSHCERT_JSON_CHECK_H
#define PUSHCERT_JSON_CHECK_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/json.h"

/* Sets *tokens to the number of names and values. If it refuses, it returns one
 * of ERR_JSON_*, and *what is the offending piece of the text (empty at its
 * end). */
enum err json_check(struct str text, const struct json_limits *most,
    size_t *tokens, struct str *what) ATTR_CHECKED;

#endif
