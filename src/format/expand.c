/* SPDX-License-Identifier: ISC */
/*
 * expand.c - reads $expand (OData 4.01, part 2, section 5.1.3).
 */
#include "format/expand.h"

/* Takes the next item of a list: up to the next separator outside parentheses.
 */
static struct str
next_item(struct str *list, char separator)
{
	struct str rest = *list;
	size_t depth = 0, i;

	for (i = 0; i < rest.n; i++) {
		if (rest.p[i] == '(')
			depth++;
		else if (rest.p[i] == ')' && depth > 0)
			depth--;
		else if (rest.p[i] == separator && depth == 0)
			break;
	}
	*list = i < rest.n ? str_tail(rest, i + 1) : str_of(NULL);
	return str_trim(str_head(rest, i));
}

/* Reads the nested options: $select is the only one. */
static enum err
read_options(
    enum model_type type, struct str list, struct expand *out, struct str *what)
{
	while (!str_is_null(list)) {
		struct str value = next_item(&list, ';');
		struct str name = str_trim(str_cut(&value, '='));
		enum err e;

		*what = name;
		if (!str_iis(name, "$select") && !str_iis(name, "select"))
			return ERR_QUERY_OPTION;
		if (out->selected)
			return ERR_QUERY_TWICE;
		out->selected = true;
		if (str_is_null(value))
			value = STR_EMPTY;
		e = model_select(type, value, &out->nested, what);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Reads name or name(options). */
static enum err
read_item(enum model_type type, struct str item, struct expand *out,
    struct str *what, enum model_type *of)
{
	struct str options = item, name = str_trim(str_cut(&options, '('));
	struct model_property p;
	int found = model_find(type, name);

	*what = name;
	*of = type;
	if (found < 0)
		return ERR_SELECT;
	p = model_property(type, (unsigned)found);
	if (!str_is(name, p.name))
		return ERR_SELECT;
	if (!p.navigation || p.many)
		return ERR_EXPAND;
	if ((out->set & MODEL_BIT((unsigned)found)) != 0)
		return ERR_QUERY_TWICE;
	out->set |= MODEL_BIT((unsigned)found);
	*of = p.type;
	out->nested = model_all(p.type);
	if (str_is_null(options))
		return ERR_OK;
	*what = item;
	if (!str_ends(options, ")"))
		return ERR_EXPAND_SYNTAX;
	options.n--;
	return str_trim(options).n == 0
	    ? ERR_OK
	    : read_options(p.type, options, out, what);
}

enum err
expand_read(enum model_type type, struct str list, struct expand *out,
    struct str *what, enum model_type *of)
{
	enum err e;

	*out = (struct expand){ .set = 0 };
	do
		e = read_item(type, next_item(&list, ','), out, what, of);
	while (!str_is_null(list) && e == ERR_OK);
	return e;
}
