/* SPDX-License-Identifier: ISC */
/*
 * cookies.h - the cookies of a Cookie header (RFC 6265, section 4.2).
 *
 * Pure. Slices point into the header.
 */
#ifndef PUSHCERT_COOKIES_H
#define PUSHCERT_COOKIES_H

#include <stdbool.h>

#include "base/str.h"

/* Finds the next cookie with this name, whose case counts. *rest is the whole
 * header before the first call, and belongs to the function. Returns false if
 * no cookie follows. A header may have several of one name. */
bool cookies_next(struct str *rest, struct str name, struct str *value);

#endif
