/* SPDX-License-Identifier: ISC */
/*
 * pg_sql.c - writes the statements from one template for each verb.
 */
#include "store/pg_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(STORE_TABLES *PG_VERBS <= PG_FORMAT_NUMBER,
    "each statement has a number of its own");

static const char *const tables[STORE_TABLES] = {
#define X(name, word, in_database, one, all) "\"" in_database "\"",
	STORE_TABLE_LIST(X)
#undef X
};

/* The table stands between the two parts. The division by zero aborts the
 * transaction. */
static const struct {
	const char *before, *after;
} templates[PG_VERBS] = {
	[PG_UP] = { "SELECT key, row, mark FROM ",
	    " WHERE key >= $1 ORDER BY key LIMIT $2::int8" },
	[PG_DOWN] = { "SELECT key, row, mark FROM ",
	    " WHERE key < $1 ORDER BY key DESC LIMIT $2::int8" },
	[PG_UP_EACH] = { "SELECT v.i, t.key, t.row, t.mark FROM "
			 "unnest($1::bytea[], $2::int8[]) WITH ORDINALITY AS "
			 "v(k, n, i), LATERAL (SELECT key, row, mark FROM ",
	    " WHERE key >= v.k ORDER BY key LIMIT v.n) AS t "
	    "ORDER BY v.i, t.key" },
	[PG_DOWN_EACH] = { "SELECT v.i, t.key, t.row, t.mark FROM "
			   "unnest($1::bytea[], $2::int8[]) WITH ORDINALITY AS "
			   "v(k, n, i), LATERAL (SELECT key, row, mark FROM ",
	    " WHERE key < v.k ORDER BY key DESC LIMIT v.n) AS t "
	    "ORDER BY v.i, t.key DESC" },
	[PG_INSERT] = { "INSERT INTO ",
	    " (key, row, mark) SELECT k, r, $3::uuid FROM "
	    "unnest($1::bytea[], $2::bytea[]) AS v(k, r)" },
	[PG_UPDATE] = { "WITH u AS (UPDATE ",
	    " AS t SET row = v.r, mark = $4::uuid FROM "
	    "unnest($1::bytea[], $2::bytea[], $3::uuid[]) AS "
	    "v(k, r, o) WHERE t.key = v.k AND t.mark = v.o "
	    "RETURNING 1) SELECT 1 / (count(*) = "
	    "cardinality($1::bytea[]))::int FROM u" },
	[PG_DELETE] = { "WITH d AS (DELETE FROM ",
	    " AS t USING unnest($1::bytea[], $2::uuid[]) AS v(k, "
	    "o) WHERE t.key = v.k AND t.mark = v.o RETURNING 1) "
	    "SELECT 1 / (count(*) = "
	    "cardinality($1::bytea[]))::int FROM d" },
	[PG_UPSERT] = { "INSERT INTO ",
	    " (key, row, mark) SELECT k, r, $3::uuid FROM "
	    "unnest($1::bytea[], $2::bytea[]) AS v(k, r) ON "
	    "CONFLICT (key) DO UPDATE SET row = excluded.row, "
	    "mark = excluded.mark" },
	[PG_ERASE] = { "DELETE FROM ", " WHERE key = ANY($1::bytea[])" },
	[PG_UNCHANGED] = { "SELECT t.key FROM ",
	    " AS t, unnest($1::bytea[], $2::uuid[]) AS v(k, o) "
	    "WHERE t.key = v.k AND t.mark = v.o LIMIT 1" },
	[PG_MARKED] = { "SELECT key FROM ",
	    " WHERE key = ANY($1::bytea[]) AND mark = $2::uuid "
	    "LIMIT 1" },
};

/* The name "history" is that of the view of all events. */
const char *
pg_sql_table(enum store_table table)
{
	return table == STORE_FORMER_HISTORY ? "\"former_history\""
					     : tables[table];
}

/* The first field of a token's row is the key of the record: row.c has the
 * number of fields in byte 1, the length of the first field from byte 10 on,
 * and the fields after all lengths. */
static void
init_logins(struct pg_sql *sql)
{
	snprintf(sql->logins_text, sizeof(sql->logins_text),
	    "SELECT v.i, t.key, t.row, t.mark, r.key, r.row, r.mark FROM "
	    "unnest($1::bytea[]) WITH ORDINALITY AS v(k, i), LATERAL (SELECT "
	    "key, row, mark FROM %s WHERE key >= v.k ORDER BY key LIMIT 1) AS "
	    "t LEFT JOIN %s AS r ON r.key = CASE WHEN length(t.row) > 10 THEN "
	    "substr(t.row, 11 + 4 * get_byte(t.row, 1), get_byte(t.row, 10)) "
	    "END",
	    tables[STORE_TOKEN], tables[STORE_RECORD]);
	sql->logins =
	    (struct pg_statement){ PG_LOGINS_NUMBER, sql->logins_text };
}

void
pg_sql_init(struct pg_sql *sql)
{
	unsigned table, verb;

	init_logins(sql);

	for (table = 0; table < STORE_TABLES; table++)
		for (verb = 0; verb < PG_VERBS; verb++) {
			snprintf(sql->text[table][verb], PG_SQL_MAX, "%s%s%s",
			    templates[verb].before,
			    pg_sql_table((enum store_table)table),
			    templates[verb].after);
			sql->statement[table][verb] = (struct pg_statement){
				.number = table * PG_VERBS + verb,
				.sql = sql->text[table][verb]
			};
		}
}

/* --- arrays ------------------------------------------------------------- */

static char *
take(struct pg_array *a, size_t n)
{
	size_t room = a->room > 0 ? a->room : 4096;
	char *more;

	while (room - a->n < n)
		room *= 2;
	if (!a->failed && room > a->room) {
		more = realloc(a->p, room);
		a->failed = more == NULL;
		if (more != NULL) {
			a->p = more;
			a->room = room;
		}
	}
	/* The first half is for gcc 14, which does not see that there is memory
	 * if there is room. */
	if (a->p == NULL || a->failed)
		return NULL;
	a->n += n;
	return a->p + a->n - n;
}

/* Four bytes, most significant first. */
static void
put_int(struct pg_array *a, size_t value)
{
	char *p = take(a, 4);
	int i;

	for (i = 3; p != NULL && i >= 0; i--, value >>= 8)
		p[i] = (char)(value & 0xff);
}

/* The form of array_send in PostgreSQL's arrayfuncs.c: the number of
 * dimensions, whether there are nulls, the type, the length, the first index.
 */
void
pg_array_begin(struct pg_array *a, enum pg_type type, size_t count)
{
	a->n = 0;
	put_int(a, count > 0);
	put_int(a, 0);
	put_int(a, type);
	if (count == 0)
		return;
	put_int(a, count);
	put_int(a, 1);
}

void
pg_array_add(struct pg_array *a, const void *p, size_t n)
{
	char *to;

	put_int(a, n);
	to = take(a, n);
	if (to != NULL && n > 0)
		memcpy(to, p, n);
}

void
pg_array_free(struct pg_array *a)
{
	free(a->p);
	*a = (struct pg_array){ .p = NULL };
}
