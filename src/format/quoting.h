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

/* Returns false if no line has marks other than blanks around it. */
bool quoting_take_off(struct str text, struct buf *out);

#endif
