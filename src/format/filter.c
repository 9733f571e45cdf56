/* SPDX-License-Identifier: ISC */
/*
 * filter.c - the parser: it writes the operations of a filter in postfix order.
 *
 * The parser alternates between operands and what follows them. An operator
 * waits in the scope of its parentheses until its right operand is complete:
 * "and" until the next operand is, "or" until the last operand of the "and" is.
 * "not" inverts the operation that was written last, which is the root of its
 * operand.
 */
#include "format/filter_private.h"

#include <string.h>

static bool
find(const struct filter_parser *p, const char *collection, struct str name,
    unsigned *out)
{
	const struct filter_path *path = p->table->path;
	unsigned i;

	for (i = 0; i < p->table->n; i++) {
		if ((collection == NULL) != (path[i].collection == NULL) ||
		    !str_iis(name, path[i].name))
			continue;
		if (collection == NULL ||
		    strcmp(collection, path[i].collection) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* The collection of the any() whose variable this is, or NULL. */
static const char *
collection_of(const struct filter_parser *p, struct str variable)
{
	unsigned i;

	for (i = p->depth; i > 0; i--)
		if (p->scope[i].collection != NULL &&
		    str_ieq(variable, p->scope[i].variable))
			return p->scope[i].collection;
	return NULL;
}

/* Finds a property. A path that begins with the variable of an any() is one of
 * its collection's elements. */
static enum err
find_property(const struct filter_parser *p, struct str path, unsigned *out)
{
	struct str rest = path, first = str_cut(&rest, '/');
	const char *collection = collection_of(p, first);
	bool found;

	if (collection == NULL)
		found = find(p, NULL, path, out);
	else
		found = !str_is_null(rest) && find(p, collection, rest, out);
	return found ? ERR_OK
		     : filter_refuse(p, ERR_FILTER_PROPERTY, path, path);
}

static const char *
find_collection(const struct filter_parser *p, struct str name)
{
	const struct filter_path *path = p->table->path;
	size_t i;

	for (i = 0; i < p->table->n; i++)
		if (path[i].collection != NULL &&
		    str_iis(name, path[i].collection))
			return path[i].collection;
	return NULL;
}

/* --- terms -------------------------------------------------------------- */

static void
put_op(struct filter_parser *p, const struct filter_op *op)
{
	p->out->op[p->out->n++] = *op;
}

/* Writes the comparison of a property with a literal. */
static enum err
put_term(struct filter_parser *p, struct filter_op *op, struct str path,
    const struct filter_literal *l)
{
	enum err e;

	if ((e = find_property(p, path, &op->path)) != ERR_OK)
		return e;
	op->type = p->table->path[op->path].type;
	e = filter_convert(p, l, op->type, &op->value);
	if (op->how >= FILTER_CONTAINS &&
	    (op->type != FILTER_TEXT || op->value.is_null))
		e = ERR_FILTER_LITERAL;
	if (e == ERR_FILTER_LITERAL) {
		p->fault->property = path;
		return filter_refuse(p, e, l->raw, l->raw);
	}
	if (e == ERR_OK)
		put_op(p, op);
	return e;
}

static bool
take_operator(struct filter_parser *p, enum filter_operator *out)
{
	static const char *const names[] = { [FILTER_EQ] = "eq",
		[FILTER_NE] = "ne",
		[FILTER_GT] = "gt",
		[FILTER_GE] = "ge",
		[FILTER_LT] = "lt",
		[FILTER_LE] = "le" };
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*out = (enum filter_operator)i;
		if (filter_take_keyword(p, names[i]))
			return true;
	}
	return false;
}

/* The operator between the operands in the other order. */
static const enum filter_operator mirrored[] = { [FILTER_EQ] = FILTER_EQ,
	[FILTER_NE] = FILTER_NE,
	[FILTER_GT] = FILTER_LT,
	[FILTER_GE] = FILTER_LE,
	[FILTER_LT] = FILTER_GT,
	[FILTER_LE] = FILTER_GE };

/* Parses the rest of a comparison that begins with a property. */
static enum err
parse_comparison(struct filter_parser *p, struct str path)
{
	struct filter_op op = { .invert = false };
	struct filter_literal l;
	enum err e;

	if (!take_operator(p, &op.how) || !filter_at_literal(p))
		return filter_syntax(p);
	if ((e = filter_read_literal(p, &l)) != ERR_OK)
		return e;
	return put_term(p, &op, path, &l);
}

static enum err
parse_mirrored(struct filter_parser *p)
{
	struct filter_op op = { .invert = false };
	struct filter_literal l;
	struct str path;
	enum err e;

	if ((e = filter_read_literal(p, &l)) != ERR_OK)
		return e;
	if (!take_operator(p, &op.how) || filter_at_literal(p))
		return filter_syntax(p);
	if ((e = filter_read_path(p, &path)) != ERR_OK)
		return e;
	op.how = mirrored[op.how];
	return put_term(p, &op, path, &l);
}

/* The comparison of a function's result with a boolean, which clients may leave
 * out. */
static enum err
parse_boolean(struct filter_parser *p, struct filter_op *op)
{
	enum filter_operator how = FILTER_EQ;
	bool is_true = true;
	struct str before;

	filter_skip_blanks(p);
	before = p->rest;
	if (!take_operator(p, &how))
		return ERR_OK;
	if (how > FILTER_NE) {
		p->rest = before;
		return filter_syntax(p);
	}
	if (!filter_take_keyword(p, "true")) {
		if (!filter_take_keyword(p, "false"))
			return filter_syntax(p);
		is_true = false;
	}
	op->invert = (how == FILTER_EQ) != is_true;
	return ERR_OK;
}

static enum err
parse_function(struct filter_parser *p, struct str name)
{
	static const char *const names[] = { "contains", "startswith",
		"endswith" };
	struct filter_op op = { .invert = false };
	struct filter_literal l;
	struct str path;
	unsigned i = 0;
	enum err e;

	while (i < 3 && !str_iis(name, names[i]))
		i++;
	if (i == 3)
		return filter_refuse(p, ERR_FILTER_FUNCTION, name, name);
	op.how = (enum filter_operator)(FILTER_CONTAINS + i);
	if (!filter_take(p, '(') || filter_at_literal(p))
		return filter_syntax(p);
	if ((e = filter_read_path(p, &path)) != ERR_OK)
		return e;
	if (!filter_take(p, ',') || !filter_at_literal(p))
		return filter_syntax(p);
	if ((e = filter_read_literal(p, &l)) != ERR_OK)
		return e;
	if (!filter_take(p, ')'))
		return filter_syntax(p);
	if ((e = put_term(p, &op, path, &l)) != ERR_OK)
		return e;
	return parse_boolean(p, &p->out->op[p->out->n - 1]);
}

/* --- expressions -------------------------------------------------------- */

/* Opens parentheses: those of an expression, or of an any() with a variable. */
static enum err
open_scope(struct filter_parser *p, const struct filter_scope *scope)
{
	if (p->depth == FILTER_DEPTH_MAX)
		return filter_refuse(p, ERR_FILTER_DEPTH,
		    str_from(p->rest.p - 1, p->rest.n + 1), p->all);
	p->scope[++p->depth] = *scope;
	return ERR_OK;
}

static bool
is_any(struct str path)
{
	const size_t n = sizeof("/any") - 1;

	return path.n > n && str_iis(str_tail(path, path.n - n), "/any");
}

/* Parses collection/any(variable: up to its expression, or any(). The
 * collection has one element, so any() has the result of its expression for
 * this element. */
static enum err
parse_any(struct filter_parser *p, struct str path, bool invert, bool *whole)
{
	const struct filter_op exists = { .how = FILTER_TRUE,
		.invert = invert };
	struct filter_scope inner = { .invert = invert };

	path.n -= sizeof("/any") - 1;
	inner.collection = find_collection(p, path);
	if (inner.collection == NULL)
		return filter_refuse(p, ERR_FILTER_PROPERTY, path, path);
	if (!filter_take(p, '('))
		return filter_syntax(p);
	*whole = filter_take(p, ')');
	if (*whole) {
		put_op(p, &exists);
		return ERR_OK;
	}
	inner.variable = filter_peek_name(p);
	p->rest = str_tail(p->rest, inner.variable.n);
	if (inner.variable.n == 0 || !filter_take(p, ':'))
		return filter_syntax(p);
	p->out->terms--; /* its expression has terms of its own */
	return open_scope(p, &inner);
}

static enum err
parse_plain_term(struct filter_parser *p, struct str path)
{
	if (filter_peek(p) == '(')
		return parse_function(p, path);
	return parse_comparison(p, path);
}

static enum err
parse_term(struct filter_parser *p, bool invert, bool *whole)
{
	struct str path;
	enum err e;

	filter_skip_blanks(p);
	if (p->out->terms == FILTER_TERMS_MAX)
		return filter_refuse(p, ERR_FILTER_TERMS, p->rest, p->all);
	p->out->terms++;
	if (p->rest.n > 0 && filter_at_literal(p)) {
		e = parse_mirrored(p);
	} else {
		if ((e = filter_read_path(p, &path)) != ERR_OK)
			return e;
		if (is_any(path) && filter_peek(p) == '(')
			return parse_any(p, path, invert, whole);
		e = parse_plain_term(p, path);
	}
	if (e == ERR_OK)
		p->out->op[p->out->n - 1].invert ^= invert;
	return e;
}

/* Parses a term, or opens parentheses; *whole says whether the operand is
 * complete. */
static enum err
begin_operand(struct filter_parser *p, bool *whole)
{
	struct filter_scope inner = { .collection = NULL };

	*whole = true;
	while (filter_take_keyword(p, "not"))
		inner.invert = !inner.invert;
	if (!filter_take(p, '('))
		return parse_term(p, inner.invert, whole);
	*whole = false;
	return open_scope(p, &inner);
}

static void
put_waiting(struct filter_parser *p, bool *waits, enum filter_operator how)
{
	const struct filter_op op = { .how = how };

	if (*waits)
		put_op(p, &op);
	*waits = false;
}

/* After an operand: writes the operators that have waited for it, and closes
 * parentheses, up to the next operand or the end of the filter. */
static enum err
end_operand(struct filter_parser *p, bool *more)
{
	for (;;) {
		struct filter_scope *scope = &p->scope[p->depth];

		put_waiting(p, &scope->and_waits, FILTER_AND);
		*more = scope->and_waits = filter_take_keyword(p, "and");
		if (*more)
			return ERR_OK;
		put_waiting(p, &scope->or_waits, FILTER_OR);
		*more = scope->or_waits = filter_take_keyword(p, "or");
		if (*more)
			return ERR_OK;
		if (p->depth == 0)
			return filter_peek(p) == '\0' ? ERR_OK
						      : filter_syntax(p);
		if (!filter_take(p, ')'))
			return filter_syntax(p);
		p->out->op[p->out->n - 1].invert ^= scope->invert;
		p->depth--;
	}
}

enum err
filter_parse(struct str text, const struct filter_table *table, struct arena *a,
    struct filter *out, struct filter_fault *fault)
{
	struct filter_parser p = { .table = table,
		.all = text,
		.rest = text,
		.arena = a,
		.out = out,
		.fault = fault };
	bool more = true, whole;
	enum err e = ERR_OK;

	out->n = out->terms = 0;
	*fault = (struct filter_fault){ .what = text };
	while (more && e == ERR_OK) {
		e = begin_operand(&p, &whole);
		if (e == ERR_OK && whole)
			e = end_operand(&p, &more);
	}
	return e;
}
