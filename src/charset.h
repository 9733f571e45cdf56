/* SPDX-License-Identifier: ISC */
/*
 * charset.h - text files as editors and shells write them, turned into UTF-8.
 */
#ifndef PUSHCERT_CHARSET_H
#define PUSHCERT_CHARSET_H

#include "attr.h"
#include "err.h"
#include "mem.h"
#include "str.h"

/* Bytes that the UTF-8 of n bytes of UTF-16 needs at most. */
#define CHARSET_UTF8_SIZE(n) ((n) / 2 * 3 + 3)

/*
 * Removes the byte order mark of UTF-8, and converts UTF-16 of either byte
 * order, with a mark or without. Text without a mark counts as UTF-16 if one of
 * its first two bytes is NUL and the other is ASCII. Any other text, and
 * malformed UTF-16, is returned unchanged. *out lives in the text or in the
 * arena. ERR_MEMORY.
 */
enum err
charset_to_utf8(struct str text, struct arena *a, struct str *out) ATTR_CHECKED;

#endif
