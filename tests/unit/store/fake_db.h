/* SPDX-License-Identifier: ISC */
/*
 * fake_db.h - the rows of the server of fake_pq.h, and its statements.
 */
#ifndef PUSHCERT_FAKE_DB_H
#define PUSHCERT_FAKE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "store/pg_cache.h"
#include "store/pg_sql.h"

#define FAKE_COLUMNS 12
#define FAKE_PARAMETERS 4

/* Like calloc(1, n), which a test may let fail. */
void *fake_calloc(size_t n);
/* Memory that lives until the server is reset. */
void *fake_memory(size_t n);
void fake_forget(void);
struct str fake_copy(struct str s);

struct fake_row {
	enum store_table table;
	struct str key, row; /* a null row: none is there */
	uint8_t mark[PG_MARK_LEN];
};
struct fake_list {
	struct fake_row *row; /* in the order of table and key */
	size_t n;
};
struct fake_list fake_list_copy(const struct fake_list *from);
/* The row under a key, or NULL. */
struct fake_row *fake_list_find(
    const struct fake_list *l, enum store_table table, struct str key);
/* Puts a row, or removes it if its row is null. */
void fake_list_set(struct fake_list *l, struct fake_row r);

/* Notes a row, or that it was removed. */
void fake_list_note(struct fake_list *l, struct fake_row r);

/* A transaction: what it sees, and what it has put or removed. */
struct fake_transaction {
	struct fake_list sees, touched;
};

struct fake_answer {
	size_t rows;
	struct str (*cell)[FAKE_COLUMNS];
};

/* The kinds of statements. */
struct fake_verb {
	bool known;
	bool is_login; /* tokens, and the records of their tenants */
	enum pg_verb verb;
	enum store_table table;
};
struct fake_verb fake_verb_of(const char *sql);
bool fake_verb_reads(struct fake_verb v);
bool fake_verb_writes(struct fake_verb v);

/* Runs a statement. Returns an SQLSTATE, or NULL. */
const char *fake_run(struct fake_transaction *t, struct fake_verb v,
    const struct str value[FAKE_PARAMETERS], struct fake_answer *out);

#endif
