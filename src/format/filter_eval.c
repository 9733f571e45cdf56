/* SPDX-License-Identifier: ISC */
/*
 * filter_eval.c - decides whether a row matches a filter.
 */
#include "format/filter.h"

#include <string.h>

/* How a value stands to a literal. Null equals only null, and is neither less
 * nor greater than any value. */
enum relation {
	LESS = 1 << 0,
	EQUAL = 1 << 1,
	GREATER = 1 << 2,
	ONE_IS_NULL = 1 << 3,
	BOTH_ARE_NULL = 1 << 4
};

static const unsigned holds[] = {
	[FILTER_EQ] = EQUAL | BOTH_ARE_NULL,
	[FILTER_NE] = LESS | GREATER | ONE_IS_NULL,
	[FILTER_GT] = GREATER,
	[FILTER_GE] = GREATER | EQUAL,
	[FILTER_LT] = LESS,
	[FILTER_LE] = LESS | EQUAL,
};

static enum relation
relation_of(int order)
{
	if (order == 0)
		return EQUAL;
	return order < 0 ? LESS : GREATER;
}

static int
compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Orders two texts by their bytes. */
static int
compare_texts(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int
compare(enum filter_type type, const struct filter_value *a,
    const struct filter_value *b)
{
	int order;

	if (type != FILTER_TIME)
		return compare_texts(a->text, b->text);
	order = compare_numbers(a->time.at, b->time.at);
	return order != 0 ? order : compare_numbers(a->time.nano, b->time.nano);
}

static enum relation
relate(const struct filter_op *op, const struct filter_value *v)
{
	if (v->is_null || op->value.is_null)
		return v->is_null && op->value.is_null ? BOTH_ARE_NULL
						       : ONE_IS_NULL;
	return relation_of(compare(op->type, v, &op->value));
}

static bool
has_piece(const struct filter_op *op, const struct filter_value *v)
{
	struct str text = v->text, piece = op->value.text;

	if (v->is_null || piece.n > text.n)
		return false;
	if (piece.n == 0)
		return true;
	if (op->how == FILTER_CONTAINS)
		return memmem(text.p, text.n, piece.p, piece.n) != NULL;
	if (op->how == FILTER_STARTSWITH)
		return memcmp(text.p, piece.p, piece.n) == 0;
	return str_eq(str_tail(text, text.n - piece.n), piece);
}

static bool
term_holds(const struct filter_op *op, filter_get *get, const void *row)
{
	struct filter_value v;

	if (op->how == FILTER_TRUE)
		return true;
	v = get(row, op->path);
	return op->how < FILTER_CONTAINS
	    ? (holds[op->how] & relate(op, &v)) != 0
	    : has_piece(op, &v);
}

/* The results that no operation has used yet are the low bits of one word: at
 * most as many as there are terms. */
_Static_assert(FILTER_TERMS_MAX <= 64, "one bit for each term");

bool
filter_holds(const struct filter *f, filter_get *get, const void *row)
{
	uint64_t results = 0;
	bool a, b;
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct filter_op *op = &f->op[i];

		if (op->how < FILTER_AND) {
			a = term_holds(op, get, row);
		} else {
			a = (results & 1) != 0;
			b = (results >> 1 & 1) != 0;
			results >>= 2;
			a = op->how == FILTER_AND ? a && b : a || b;
		}
		results = results << 1 | (a != op->invert);
	}
	return (results & 1) != 0;
}
