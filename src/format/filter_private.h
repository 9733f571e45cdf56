/* SPDX-License-Identifier: ISC */
/*
 * filter_private.h - what the files of filter.h offer to each other.
 */
#ifndef PUSHCERT_FILTER_PRIVATE_H
#define PUSHCERT_FILTER_PRIVATE_H

#include "format/filter.h"

/* The state of open parentheses. Scope 0 is that of the whole filter. */
struct filter_scope {
	/* The variable of an any(), which stands for the element of the
	 * collection; NULL: the parentheses are not those of an any(). */
	const char *collection;
	struct str variable;
	bool invert; /* "not" precedes them */
	bool and_waits, or_waits; /* for the right operand */
};

struct filter_parser {
	const struct filter_table *table;
	struct str all, rest;
	struct filter_scope scope[FILTER_DEPTH_MAX + 1];
	unsigned depth; /* parentheses that are open */
	struct arena *arena;
	struct filter *out;
	struct filter_fault *fault;
};

struct filter_literal {
	struct str raw; /* as written */
	struct str text; /* without quotes */
	bool quoted;
};

void filter_skip_blanks(struct filter_parser *p);
/* The next character after blanks; NUL at the end. */
char filter_peek(struct filter_parser *p);
/* Takes the character if it is the next one after blanks. */
bool filter_take(struct filter_parser *p, char c);
struct str filter_peek_name(struct filter_parser *p);
/* Takes the keyword if it is the next name. */
bool filter_take_keyword(struct filter_parser *p, const char *keyword);

/* Notes the piece of the filter that begins at `place` and returns e. */
enum err filter_refuse(const struct filter_parser *p, enum err e,
    struct str place, struct str what) ATTR_CHECKED;
/* The same for a syntax error at the next character after blanks. */
enum err filter_syntax(struct filter_parser *p) ATTR_CHECKED;

/* Whether the next operand is a literal: not a name, or a name that is a
 * constant or the start of a GUID. */
bool filter_at_literal(struct filter_parser *p);
enum err filter_read_literal(
    struct filter_parser *p, struct filter_literal *out) ATTR_CHECKED;
/* The literal as a value of the type, or ERR_FILTER_LITERAL. */
enum err filter_convert(struct filter_parser *p, const struct filter_literal *l,
    enum filter_type type, struct filter_value *out) ATTR_CHECKED;
/* Reads names with slashes between them. */
enum err
filter_read_path(struct filter_parser *p, struct str *out) ATTR_CHECKED;

#endif
