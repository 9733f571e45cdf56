/* SPDX-License-Identifier: ISC */
/*
 * quoting.h - takes quotes, comment signs, line numbers and indentation off the
 * lines of a text.
 *
 * Pure. The result is never longer than the text.
 */
#ifndef PUSHCERT_QUOTING_H
#define PUSHCERT_QUOTING_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Returns false if no line has marks other than blanks around it. A + at the
 * start of most lines is the sign of a patch, but base64 may also start with
 * it. If `signs`, it is a sign before every long word; the result is false if
 * that makes no difference.
 */
bool quoting_take_off(struct str text, bool signs, struct buf *out);

#endif
