/* SPDX-License-Identifier: ISC */
/*
 * cookies.c - splits a Cookie header. Browsers send cookies of other programs
 * of the same host, too, so the reader skips a malformed piece.
 */
#include "format/cookies.h"

bool
cookies_next(struct str *rest, struct str name, struct str *value)
{
	struct str found;

	while (!str_is_null(*rest)) {
		*value = str_trim(str_cut(rest, ';'));
		found = str_cut(value, '=');
		if (!str_is_null(*value) && str_eq(found, name))
			return true;
	}
	return false;
}
