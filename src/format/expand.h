/* SPDX-License-Identifier: ISC */
/*
 * expand.h - the query option $expand with a nested $select: which related
 * entity a response contains, and which of its properties.
 *
 * Pure.
 */
#ifndef PUSHCERT_EXPAND_H
#define PUSHCERT_EXPAND_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/model.h"

struct expand {
	unsigned set; /* the properties to expand, as in model_select */
	bool selected; /* there is a nested $select */
	unsigned nested; /* the properties of the expanded entity to show */
};

/*
 * Reads the text of $expand for a type. Navigations to single entities can be
 * expanded, others cannot. Returns ERR_SELECT, ERR_EXPAND, ERR_EXPAND_SYNTAX,
 * ERR_QUERY_OPTION or ERR_QUERY_TWICE; *what is then the piece at fault, and
 * *of the type that a name was looked for in.
 */
enum err expand_read(enum model_type type, struct str list, struct expand *out,
    struct str *what, enum model_type *of) ATTR_CHECKED;

#endif
