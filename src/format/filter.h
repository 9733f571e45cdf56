/* SPDX-License-Identifier: ISC */
/*
 * filter.h - $filter (OData 4.01, part 2, section 5.1.1): parses an expression
 * against a table of properties, and decides whether a row matches it.
 *
 *   or         and { "or" and }
 *   and        unary { "and" unary }
 *   unary      { "not" } ( "(" or ")" | term )
 *   term       property operator literal | literal operator property |
 *              function "(" property "," text ")" [ ("eq"|"ne") boolean ] |
 *              collection "/any(" [ variable ":" or ] ")"
 *   operator   "eq" | "ne" | "gt" | "ge" | "lt" | "le"
 *   function   "contains" | "startswith" | "endswith"
 *   literal    text | time | guid | "null"
 *
 * Names are matched without regard to case, values with regard to it. A text is
 * in single quotes, in which a quote is doubled. A time is a DateTimeOffset
 * (datetime.h) or a date, which means its midnight in UTC; times and GUIDs may
 * be in quotes.
 *
 * Pure. A filter lives as long as its text and the arena.
 */
#ifndef PUSHCERT_FILTER_H
#define PUSHCERT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/datetime.h"

/* Parentheses in each other, and comparisons and functions of one filter. */
#define FILTER_DEPTH_MAX 10
#define FILTER_TERMS_MAX 50

enum filter_type { FILTER_TEXT, FILTER_TIME, FILTER_GUID };

/* A property that a filter may name. */
struct filter_path {
	/* The collection whose elements have the property, or NULL. */
	const char *collection;
	const char *name; /* with slashes between its segments */
	enum filter_type type;
};

struct filter_table {
	const struct filter_path *path;
	size_t n;
};

/* The value of a property or literal. The text of a GUID is in lower case. */
struct filter_value {
	bool is_null;
	struct str text; /* FILTER_TEXT, FILTER_GUID */
	struct instant time; /* FILTER_TIME */
};

/* The value of the property at an index of the table. A collection has one
 * element in each row. */
typedef struct filter_value filter_get(const void *row, unsigned path);

enum filter_operator {
	FILTER_EQ,
	FILTER_NE,
	FILTER_GT,
	FILTER_GE,
	FILTER_LT,
	FILTER_LE,
	FILTER_CONTAINS,
	FILTER_STARTSWITH,
	FILTER_ENDSWITH,
	FILTER_TRUE, /* an element exists */
	FILTER_AND, /* of the two results before it */
	FILTER_OR
};

struct filter_op {
	enum filter_operator how;
	bool invert;
	unsigned path;
	enum filter_type type;
	struct filter_value value;
};

/* A parsed filter: its operations in the order of their evaluation. */
struct filter {
	struct filter_op op[2 * FILTER_TERMS_MAX];
	size_t n;
	size_t terms;
};

/* The place of a fault. */
struct filter_fault {
	size_t at; /* in characters, from 0 */
	struct str what; /* the filter, or the piece of it at fault */
	struct str property; /* of ERR_FILTER_LITERAL */
};

/* Returns ERR_FILTER_SYNTAX, ERR_FILTER_PROPERTY, ERR_FILTER_FUNCTION,
 * ERR_FILTER_LITERAL, ERR_FILTER_DEPTH, ERR_FILTER_TERMS or ERR_MEMORY. */
enum err
filter_parse(struct str text, const struct filter_table *table, struct arena *a,
    struct filter *out, struct filter_fault *fault) ATTR_CHECKED;

bool filter_holds(const struct filter *f, filter_get *get, const void *row);

#endif
