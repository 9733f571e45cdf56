/* SPDX-License-Identifier: ISC */
/*
 * fake_db.c - a sorted list of rows, and the statements of pg_sql.c.
 */
#include "fake_db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- memory --------------------------------------------------------------- */

struct block {
	struct block *next;
	max_align_t byte[];
};
static struct block *blocks;

/* fault.c replaces calloc in the whole process; see there. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || \
    defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define CALLOC __interceptor_calloc
#else
#define CALLOC __libc_calloc
#endif
void *CALLOC(size_t count, size_t n);

void *
fake_calloc(size_t n)
{
	return CALLOC(1, n);
}

void *
fake_memory(size_t n)
{
	struct block *b = fake_calloc(sizeof(*b) + n);

	if (b == NULL)
		abort();
	b->next = blocks;
	blocks = b;
	return b->byte;
}

void
fake_forget(void)
{
	struct block *b;

	while ((b = blocks) != NULL) {
		blocks = b->next;
		free(b);
	}
}

struct str
fake_copy(struct str s)
{
	char *p = fake_memory(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return str_from(p, s.n);
}

/* --- lists ---------------------------------------------------------------- */

static int
compare(const struct fake_row *r, enum store_table table, struct str key)
{
	size_t n = r->key.n < key.n ? r->key.n : key.n;
	int order;

	if (r->table != table)
		return r->table < table ? -1 : 1;
	order = n > 0 ? memcmp(r->key.p, key.p, n) : 0;
	if (order != 0)
		return order;
	return r->key.n < key.n ? -1 : r->key.n > key.n;
}

/* The index of the first row that is not before the key. */
static size_t
place_of(const struct fake_list *l, enum store_table table, struct str key)
{
	size_t i = 0;

	while (i < l->n && compare(&l->row[i], table, key) < 0)
		i++;
	return i;
}

struct fake_list
fake_list_copy(const struct fake_list *from)
{
	struct fake_list l = { .row = fake_memory(
				   (from->n + 1) * sizeof(struct fake_row)),
		.n = from->n };

	if (from->n > 0)
		memcpy(l.row, from->row, from->n * sizeof(struct fake_row));
	return l;
}

struct fake_row *
fake_list_find(
    const struct fake_list *l, enum store_table table, struct str key)
{
	size_t i = place_of(l, table, key);

	return i < l->n && compare(&l->row[i], table, key) == 0 ? &l->row[i]
								: NULL;
}

/* Makes room at an index. */
static void
insert_at(struct fake_list *l, size_t i)
{
	struct fake_row *more = fake_memory(
	    (l->n + 1) * sizeof(struct fake_row));

	if (i > 0 && l->row != NULL)
		memcpy(more, l->row, i * sizeof(*more));
	if (l->n > i && l->row != NULL)
		memcpy(more + i + 1, l->row + i, (l->n - i) * sizeof(*more));
	l->row = more;
	l->n++;
}

void
fake_list_note(struct fake_list *l, struct fake_row r)
{
	size_t i = place_of(l, r.table, r.key);

	if (i == l->n || compare(&l->row[i], r.table, r.key) != 0)
		insert_at(l, i);
	assert(l->row != NULL);
	l->row[i] = r;
}

void
fake_list_set(struct fake_list *l, struct fake_row r)
{
	struct fake_row *old = fake_list_find(l, r.table, r.key);

	if (!str_is_null(r.row)) {
		fake_list_note(l, r);
	} else if (old != NULL) {
		l->n--;
		memmove(
		    old, old + 1, (size_t)(l->row + l->n - old) * sizeof(*old));
	}
}

/* --- statements ----------------------------------------------------------- */

struct fake_verb
fake_verb_of(const char *sql)
{
	static struct pg_sql all;
	unsigned table, verb;

	if (all.text[0][0][0] == '\0')
		pg_sql_init(&all);
	if (strcmp(sql, all.logins_text) == 0)
		return (struct fake_verb){ true, true, PG_UP, STORE_TOKEN };
	for (table = 0; table < STORE_TABLES; table++)
		for (verb = 0; verb < PG_VERBS; verb++)
			if (strcmp(sql, all.text[table][verb]) == 0)
				return (struct fake_verb){ true, false,
					(enum pg_verb)verb,
					(enum store_table)table };
	return (struct fake_verb){ .known = false };
}

bool
fake_verb_reads(struct fake_verb v)
{
	return v.known && v.verb != PG_INSERT && v.verb != PG_UPDATE &&
	    v.verb != PG_DELETE && v.verb != PG_UPSERT && v.verb != PG_ERASE;
}

bool
fake_verb_writes(struct fake_verb v)
{
	return v.known && !fake_verb_reads(v);
}

static uint64_t
number(struct str s)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		n = n << 8 | (unsigned char)s.p[i];
	return n;
}

static size_t
array_length(struct str a)
{
	return number(str_head(a, 4)) == 0 ? 0 : number(str_from(a.p + 12, 4));
}

/* An element of an array in its binary form. */
static struct str
element(struct str a, size_t i)
{
	const char *p = a.p + 20;

	for (; i > 0; i--)
		p += 4 + number(str_from(p, 4));
	return str_from(p + 4, number(str_from(p, 4)));
}

/* Adds the columns of a row to the row of an answer. */
static void
fill(struct str *cell, const struct fake_row *r)
{
	cell[0] = r->key;
	cell[1] = r->row;
	cell[2] = str_from((const char *)r->mark, PG_MARK_LEN);
}

static void
add(struct fake_answer *out, const struct fake_row *r)
{
	struct str(*more)[FAKE_COLUMNS] = fake_memory(
	    (out->rows + 1) * sizeof(*more));

	if (out->rows > 0)
		memcpy(more, out->cell, out->rows * sizeof(*more));
	out->cell = more;
	fill(more[out->rows++], r);
}

static void
read_rows(const struct fake_list *l, struct fake_verb v, struct str key,
    uint64_t most, struct fake_answer *out)
{
	size_t i = place_of(l, v.table, key);

	if (v.verb == PG_UP || v.verb == PG_UP_EACH)
		for (; most > 0 && i < l->n && l->row[i].table == v.table;
		     most--)
			add(out, &l->row[i++]);
	else
		for (; most > 0 && i > 0 && l->row[i - 1].table == v.table;
		     most--)
			add(out, &l->row[--i]);
}

/* Puts a number before the three cells of a row. */
static void
put_number(struct str cell[FAKE_COLUMNS], size_t number)
{
	char *p = fake_memory(8);

	p[6] = (char)(number >> 8);
	p[7] = (char)number;
	memmove(cell + 1, cell, 3 * sizeof(struct str));
	cell[0] = str_from(p, 8);
}

/* The rows for each key of a list, after the number of the key. */
static void
read_each(const struct fake_list *l, struct fake_verb v,
    const struct str value[], struct fake_answer *out)
{
	size_t i, k, from;

	for (i = 0; i < array_length(value[0]); i++) {
		from = out->rows;
		read_rows(l, v, element(value[0], i),
		    number(element(value[1], i)), out);
		for (k = from; k < out->rows; k++)
			put_number(out->cell[k], i + 1);
	}
}

/* For each key of a list a token and the record of its tenant. */
static void
read_logins(const struct fake_list *l, const struct str value[],
    struct fake_answer *out)
{
	const struct fake_verb v = { .verb = PG_UP, .table = STORE_TOKEN };
	const struct fake_row *r;
	struct str row, key;
	size_t i, at;

	for (i = 0; i < array_length(value[0]); i++) {
		at = out->rows;
		read_rows(l, v, element(value[0], i), 1, out);
		if (out->rows == at)
			continue;
		put_number(out->cell[at], i + 1);
		row = out->cell[at][2];
		assert(row.p != NULL);
		key = str_from(row.p + 10 + 4 * (unsigned char)row.p[1],
		    (unsigned char)row.p[10]);
		if ((r = fake_list_find(l, STORE_RECORD, key)) != NULL)
			fill(out->cell[at] + 4, r);
	}
}

/* Finds a row with the one mark, or with the mark of its place in a list. */
static void
find_marked(const struct fake_list *l, struct fake_verb v,
    const struct str value[], struct fake_answer *out)
{
	const struct fake_row *r;
	struct str mark = value[1];
	size_t i;

	for (i = 0; i < array_length(value[0]) && out->rows == 0; i++) {
		if (v.verb == PG_UNCHANGED)
			mark = element(value[1], i);
		r = fake_list_find(l, v.table, element(value[0], i));
		if (r != NULL && memcmp(r->mark, mark.p, PG_MARK_LEN) == 0)
			add(out, r);
	}
}

/* Puts or removes one row. */
static const char *
write_row(struct fake_transaction *t, enum pg_verb verb, struct fake_row r,
    struct str old_mark)
{
	const struct fake_row *old = fake_list_find(&t->sees, r.table, r.key);

	if (verb == PG_INSERT && old != NULL)
		return "23505";
	if ((verb == PG_UPDATE || verb == PG_DELETE) &&
	    (old == NULL || memcmp(old->mark, old_mark.p, PG_MARK_LEN) != 0))
		return "22012";
	fake_list_set(&t->sees, r);
	fake_list_note(&t->touched, r);
	return NULL;
}

const char *
fake_run(struct fake_transaction *t, struct fake_verb v,
    const struct str value[FAKE_PARAMETERS], struct fake_answer *out)
{
	/* The parameter with the old marks and with the new mark of a verb. */
	static const int old_marks[PG_VERBS] = {
		[PG_UPDATE] = 2, [PG_DELETE] = 1
	};
	static const int new_mark[PG_VERBS] = {
		[PG_INSERT] = 2, [PG_UPDATE] = 3, [PG_UPSERT] = 2
	};
	const char *state = NULL;
	struct str old = STR_EMPTY;
	size_t i;

	*out = (struct fake_answer){ .rows = 0 };
	if (v.verb == PG_MARKED || v.verb == PG_UNCHANGED)
		find_marked(&t->sees, v, value, out);
	else if (v.is_login)
		read_logins(&t->sees, value, out);
	else if (v.verb == PG_UP_EACH || v.verb == PG_DOWN_EACH)
		read_each(&t->sees, v, value, out);
	else if (fake_verb_reads(v))
		read_rows(&t->sees, v, value[0], number(value[1]), out);
	else
		for (i = 0; i < array_length(value[0]) && state == NULL; i++) {
			struct fake_row r = { .table = v.table,
				.key = element(value[0], i),
				.row = str_of(NULL) };

			if (v.verb != PG_DELETE && v.verb != PG_ERASE) {
				r.row = element(value[1], i);
				memcpy(r.mark, value[new_mark[v.verb]].p,
				    PG_MARK_LEN);
			}
			if (old_marks[v.verb] != 0)
				old = element(value[old_marks[v.verb]], i);
			state = write_row(t, v.verb, r, old);
		}
	return state;
}
