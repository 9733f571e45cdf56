/* SPDX-License-Identifier: ISC */
/*
 * pg_sql.h - the statements of the store in PostgreSQL. Private to the pg_*
 * files.
 *
 * Each table of the store is a table in the schema, with the columns key, row
 * and mark. The mark names the batch that wrote the row. An update or a
 * deletion states the mark of the row that it replaces, and the statement fails
 * if a single row has another mark, so the whole batch fails.
 */
#ifndef PUSHCERT_PG_SQL_H
#define PUSHCERT_PG_SQL_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/engine.h"
#include "store/pg_link.h"

enum pg_verb {
	PG_UP, /* rows from key $1 upwards, at most $2 */
	PG_DOWN, /* rows before key $1 downwards, at most $2 */
	PG_UP_EACH, /* for each key of $1 the rows upwards, at most $2 */
	PG_DOWN_EACH, /* for each key of $1 those before it, at most $2 */
	PG_INSERT, /* keys $1, rows $2, mark $3 */
	PG_UPDATE, /* keys $1, rows $2, their marks $3, mark $4 */
	PG_DELETE, /* keys $1, their marks $2 */
	PG_UPSERT, /* keys $1, rows $2, mark $3; whatever is there */
	PG_ERASE, /* keys $1; whatever is there */
	PG_MARKED, /* one of the keys $1 if it has the mark $2 */
	PG_UNCHANGED, /* one of the keys $1 that still has its mark of $2 */
	PG_VERBS
};

#define PG_SQL_MAX 512

struct pg_sql {
	char text[STORE_TABLES][PG_VERBS][PG_SQL_MAX];
	struct pg_statement statement[STORE_TABLES][PG_VERBS];
	char logins_text[PG_SQL_MAX];
	/* For each key of $1 a token, and the record of its tenant. */
	struct pg_statement logins;
};

/* The statements without a table; the others have the numbers before them. */
enum {
	PG_BEAT_NUMBER = PG_STATEMENTS_MAX - 1,
	PG_FORMAT_NUMBER = PG_STATEMENTS_MAX - 3,
	PG_LOGINS_NUMBER = PG_STATEMENTS_MAX - 2
};

void pg_sql_init(struct pg_sql *sql);

/* The name of a table, in quotes. */
const char *pg_sql_table(enum store_table table);

/* An array of PostgreSQL in its binary form, which grows. */
struct pg_array {
	char *p;
	size_t n, room;
	bool failed; /* no memory */
};
enum pg_type { PG_BYTEA = 17, PG_INT8 = 20, PG_UUID = 2950 };
void pg_array_begin(struct pg_array *a, enum pg_type type, size_t count);
void pg_array_add(struct pg_array *a, const void *p, size_t n);
void pg_array_free(struct pg_array *a);

#endif
