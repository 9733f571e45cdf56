/* SPDX-License-Identifier: ISC */
/*
 * charset.h - undoes the decoding of a file with a wrong character encoding.
 *
 * Pure. The result is never longer than the text.
 */
#ifndef PUSHCERT_CHARSET_H
#define PUSHCERT_CHARSET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Turns UTF-16 of either byte order into bytes, and UTF-32 into UTF-16. The
 * text may lie in the buffer. */
void charset_drop_nuls(struct str text, struct buf *out);
/* Turns UTF-8 that was made from Latin-1 or windows-1252 into bytes, without a
 * byte order mark. Returns false if the text is not such UTF-8. */
bool charset_drop_utf8(struct str text, struct buf *out);
/* Turns UTF-8 that was made from UTF-16 of the given byte order into bytes.
 * Returns false unless CHARSET_WIDE_MIN characters, and a quarter of all, are
 * outside Latin-1 and windows-1252. */
#define CHARSET_WIDE_MIN 10
bool charset_narrow(struct str text, bool big, struct buf *out);

#endif
