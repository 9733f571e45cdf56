/* SPDX-License-Identifier: ISC */
/* err.c - the table of outcomes. */
#include "base/err.h"

#include <stddef.h>

#define ERR_ROW(name, status, code, text, reason) \
	[name] = { status, code, text, reason },

static const struct err_info outcomes[] = { ERR_LIST(ERR_ROW) };

const struct err_info *
err_info(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		e = ERR_INTERNAL;
	return &outcomes[e];
}
