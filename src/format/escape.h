/* SPDX-License-Identifier: ISC */
/*
 * escape.h - takes escapes off a text: %41, &#65;, <br>, \n, \u0041.
 *
 * Pure. The result is never longer than the text.
 */
#ifndef PUSHCERT_ESCAPE_H
#define PUSHCERT_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Replaces the escapes of one kind by the characters that they stand for and
 * keeps the rest. Returns their number; for 0, *out is not valid. For HTML it
 * returns the length of the text instead. *phrase is a constant text that names
 * the kind in a message.
 */
size_t escape_take_off(struct str text, struct buf *out, const char **phrase);

/* Reads up to `most` digits of a base up to 16 and returns their number. */
size_t escape_number(struct str s, unsigned base, size_t most, uint32_t *out);

#endif
