/* SPDX-License-Identifier: ISC */
/*
 * charset.h - undoes the reading of a file in a wrong encoding of characters.
 *
 * Pure. The result is never longer than the text.
 */
#ifndef PUSHCERT_CHARSET_H
#define PUSHCERT_CHARSET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* UTF-16 of either order becomes bytes, UTF-32 becomes UTF-16. The text may
 * lie in the buffer. */
void charset_drop_nuls(struct str text, struct buf *out);
/* UTF-8 of Latin-1 or windows-1252 becomes bytes, without a byte order mark.
 * False: the text is no such UTF-8. */
bool charset_drop_utf8(struct str text, struct buf *out);
/* UTF-8 of UTF-16, in the order given, becomes bytes. False: most characters
 * are those of one byte. */
#define CHARSET_WIDE_MIN 10
bool charset_narrow(struct str text, bool big, struct buf *out);

#endif
