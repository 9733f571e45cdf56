/* SPDX-License-Identifier: ISC */
/*
 * pg_cache.c - a sorted array of rows. A batch has some hundred rows, so an
 * insertion that moves pointers costs less than a tree would.
 */
#include "store/pg_cache.h"

#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
/* gcc's analyzer takes a pointer that memmove has moved for a lost one. */
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static int
compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return a.n < b.n ? -1 : a.n > b.n;
}

/* The index of the first row whose key is not less. */
static size_t
find(const struct pg_cache *c, struct str key)
{
	size_t low = 0, high = c->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare(c->row[middle]->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const struct pg_cache *c, size_t i, struct str key)
{
	return i < c->n && str_eq(c->row[i]->key, key);
}

static bool
make_room(struct pg_cache *c)
{
	size_t room = c->room > 0 ? 2 * c->room : 64;
	struct pg_row **more;

	if (c->n < c->room)
		return true;
	more = reallocarray(c->row, room, sizeof(struct pg_row *));
	if (more == NULL)
		return false;
	c->row = more;
	c->room = room;
	return true;
}

/* Inserts a row before index i. If the gap was known, the row is absent. */
static struct pg_row *
insert(struct pg_cache *c, size_t i, struct str key)
{
	struct pg_row *r;

	if (key.n > STORE_KEY_MAX || !make_room(c) ||
	    (r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	memmove(
	    c->row + i + 1, c->row + i, (c->n - i) * sizeof(struct pg_row *));
	c->row[i] = r;
	c->n++;
	if (key.n > 0)
		memcpy(r->byte, key.p, key.n);
	r->key = str_from(r->byte, key.n);
	r->known = r->next_known = i > 0 && c->row[i - 1]->next_known;
	return r;
}

static struct pg_row *
find_or_insert(struct pg_cache *c, struct str key)
{
	size_t i = find(c, key);

	return is_at(c, i, key) ? c->row[i] : insert(c, i, key);
}

/* A text stays until the cache is cleared, because a caller may have it. */
struct pg_text {
	struct pg_text *next;
	char byte[];
};

static bool
set_text(struct pg_cache *c, struct str *s, struct str from)
{
	struct pg_text *t = malloc(sizeof(*t) + from.n + 1);

	if (t == NULL)
		return false;
	memcpy(t->byte, from.p, from.n);
	t->next = c->texts;
	c->texts = t;
	c->bytes += from.n;
	*s = str_from(t->byte, from.n);
	return true;
}

enum err
pg_cache_init(struct pg_cache *c)
{
	struct pg_row *first;

	*c = (struct pg_cache){ .n = 0 };
	if ((first = insert(c, 0, STR_EMPTY)) == NULL)
		return ERR_MEMORY;
	first->known = true;
	return ERR_OK;
}

void
pg_cache_clear(struct pg_cache *c)
{
	struct pg_text *t;

	while (c->n > 1)
		free(c->row[--c->n]);
	if (c->n > 0)
		c->row[0]->next_known = false;
	while ((t = c->texts) != NULL) {
		c->texts = t->next;
		free(t);
	}
	c->bytes = 0;
}

void
pg_cache_free(struct pg_cache *c)
{
	pg_cache_clear(c);
	if (c->n > 0)
		free(c->row[0]);
	free(c->row);
	*c = (struct pg_cache){ .n = 0 };
}

void
pg_cache_undo(struct pg_cache *c)
{
	size_t i;

	for (i = 1; i < c->n; i++)
		c->row[i]->dirty = c->row[i]->blind = false;
}

/* The row as the change sees it. */
static enum err
see(const struct pg_row *r, struct str *row)
{
	if (!r->dirty && !r->known)
		return ERR_BUSY;
	*row = r->dirty ? r->put : r->row;
	return str_is_null(*row) ? ERR_NOT_FOUND : ERR_OK;
}

static enum err
ask(struct pg_want *want, enum store_direction way, struct str key)
{
	*want = pg_want_of(way, key);
	return ERR_BUSY;
}

enum err
pg_cache_get(
    struct pg_cache *c, struct str key, struct str *row, struct pg_want *want)
{
	size_t i = find(c, key);
	enum err e = ERR_NOT_FOUND;

	if (is_at(c, i, key))
		e = see(c->row[i], row);
	else if (!c->row[i - 1]->next_known)
		e = ERR_BUSY;
	return e == ERR_BUSY ? ask(want, STORE_FROM, key) : e;
}

static enum err
step_up(struct pg_cache *c, bool after, struct str *key, struct str *row,
    struct pg_want *want)
{
	struct str from = str_is_null(*key) ? STR_EMPTY : *key;
	size_t i = find(c, from);
	bool crosses = true; /* from row i - 1 to row i */
	enum err e;

	if (is_at(c, i, from)) {
		crosses = after || from.n == 0;
		i += crosses;
	} else if (!c->row[i - 1]->next_known) {
		return ask(want, STORE_FROM, from);
	}
	for (;; i++, crosses = true) {
		if (crosses && !c->row[i - 1]->next_known)
			return ask(want, STORE_FROM, c->row[i - 1]->key);
		if (i == c->n)
			return ERR_NOT_FOUND;
		if ((e = see(c->row[i], row)) == ERR_OK)
			*key = c->row[i]->key;
		if (e == ERR_BUSY)
			return ask(want, STORE_FROM, c->row[i]->key);
		if (e == ERR_OK)
			return e;
	}
}

static enum err
step_down(
    struct pg_cache *c, struct str *key, struct str *row, struct pg_want *want)
{
	size_t i = str_is_null(*key) ? c->n : find(c, *key);
	struct str above = *key;
	enum err e;

	for (;; above = c->row[i]->key) {
		if (!c->row[--i]->next_known)
			return ask(want, STORE_PREVIOUS, above);
		if (i == 0)
			return ERR_NOT_FOUND;
		if ((e = see(c->row[i], row)) == ERR_OK)
			*key = c->row[i]->key;
		if (e == ERR_BUSY)
			return ask(want, STORE_FROM, c->row[i]->key);
		if (e == ERR_OK)
			return e;
	}
}

enum err
pg_cache_step(struct pg_cache *c, enum store_direction way, struct str *key,
    struct str *row, struct pg_want *want)
{
	if (way == STORE_PREVIOUS)
		return step_down(c, key, row, want);
	return step_up(c, way == STORE_NEXT, key, row, want);
}

enum err
pg_cache_put(struct pg_cache *c, struct str key, struct str row)
{
	struct pg_row *r = find_or_insert(c, key);

	if (r == NULL || !set_text(c, &r->put, row))
		return ERR_MEMORY;
	r->dirty = true;
	return ERR_OK;
}

enum err
pg_cache_remove(struct pg_cache *c, struct str key)
{
	struct pg_row *r = find_or_insert(c, key);

	if (r == NULL)
		return ERR_MEMORY;
	r->put = str_of(NULL);
	r->dirty = true;
	return ERR_OK;
}

enum err
pg_cache_set(struct pg_cache *c, struct str key, struct str row)
{
	enum err e = str_is_null(row) ? pg_cache_remove(c, key)
				      : pg_cache_put(c, key, row);

	if (e == ERR_OK)
		c->row[find(c, key)]->blind = true;
	return e;
}

bool
pg_cache_drop_put(struct pg_cache *c, struct str key)
{
	size_t i = find(c, key);

	if (!is_at(c, i, key) || !c->row[i]->dirty || c->row[i]->known)
		return false;
	c->row[i]->dirty = false;
	return true;
}

/* --- what was fetched --------------------------------------------------- */

bool
pg_cache_fetched(
    const struct pg_cache *c, struct str key, struct pg_fetched *out)
{
	size_t i = find(c, key);

	if (!is_at(c, i, key) || !c->row[i]->known ||
	    str_is_null(c->row[i]->row))
		return false;
	*out = (struct pg_fetched){
		.key = key, .row = c->row[i]->row, .mark = c->row[i]->mark
	};
	return true;
}

struct answer {
	pg_row_at *at;
	const void *answer;
	size_t n;
	bool whole;
};

static struct str
key_at(const struct answer *a, size_t i)
{
	return a->at(a->answer, i).key;
}

static enum err
learn_row(struct pg_cache *c, struct pg_fetched from)
{
	struct pg_row *r = find_or_insert(c, from.key);

	if (r == NULL || !set_text(c, &r->row, from.row))
		return ERR_MEMORY;
	memcpy(r->mark, from.mark, sizeof(r->mark));
	r->known = true;
	return ERR_OK;
}

/* The table has no row between two keys; a null key is the end of the table. */
static void
join(struct pg_cache *c, struct str from, struct str to)
{
	size_t i = find(c, from), k = str_is_null(to) ? c->n : find(c, to);

	for (; i + 1 < k; i++) {
		c->row[i]->next_known = true;
		c->row[i + 1]->known = true;
		c->row[i + 1]->row = str_of(NULL);
	}
	c->row[i]->next_known = true;
}

static void
join_up(struct pg_cache *c, struct str key, const struct answer *a)
{
	struct str low = str_is_null(key) ? STR_EMPTY : key;
	struct pg_row *edge = c->row[find(c, low)];
	size_t i;

	if (a->n == 0 || !str_eq(key_at(a, 0), low)) {
		edge->known = true;
		edge->row = str_of(NULL);
	}
	for (i = 0; i < a->n; low = key_at(a, i++))
		if (!str_eq(low, key_at(a, i)))
			join(c, low, key_at(a, i));
	if (a->whole)
		join(c, low, str_of(NULL));
}

static void
join_down(struct pg_cache *c, struct str key, const struct answer *a)
{
	struct str high = key;
	size_t i;

	for (i = 0; i < a->n; high = key_at(a, i++))
		join(c, key_at(a, i), high);
	if (a->whole)
		join(c, STR_EMPTY, high);
}

enum err
pg_cache_learn(struct pg_cache *c, const struct pg_want *want, pg_row_at *at,
    const void *answer, size_t n, bool whole)
{
	const struct answer a = { at, answer, n, whole };
	struct str key = pg_want_key(want);
	size_t i;
	enum err e;

	if (!want->end && find_or_insert(c, key) == NULL)
		return ERR_MEMORY;
	for (i = 0; i < n; i++)
		if ((e = learn_row(c, at(answer, i))) != ERR_OK)
			return e;
	if (want->way == STORE_PREVIOUS)
		join_down(c, key, &a);
	else
		join_up(c, key, &a);
	return ERR_OK;
}
