/* SPDX-License-Identifier: ISC */
/*
 * pg_cache.h - the rows of one table that a transaction has fetched, and the
 * rows that it has put, in the order of their keys. Private to store.
 *
 * The cache knows for each key whether its row is there, is absent, or was
 * never asked for. Between two neighbours it knows whether the table has keys
 * between them, so a walk ends only where the table really ends.
 */
#ifndef PUSHCERT_PG_CACHE_H
#define PUSHCERT_PG_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "store/engine.h"

/* The mark of the batch that wrote a row. */
#define PG_MARK_LEN 16

struct pg_text;

struct pg_row {
	char byte[STORE_KEY_MAX];
	struct str key;
	bool known; /* whether the row below, or its absence, was fetched */
	bool next_known; /* the table has no key up to the next row here */
	struct str row; /* as fetched; null: absent */
	uint8_t mark[PG_MARK_LEN];
	bool dirty; /* the change has put or removed the row */
	bool blind; /* so, whatever row is there */
	struct str put; /* null: removed */
};

struct pg_cache {
	struct pg_row **row; /* row[0] has the empty key, before all others */
	size_t n, room;
	struct pg_text *texts; /* that rows have or had */
	size_t bytes; /* of all texts */
};

/* ERR_MEMORY. */
enum err pg_cache_init(struct pg_cache *c) ATTR_CHECKED;
void pg_cache_free(struct pg_cache *c);
/* Forgets everything. */
void pg_cache_clear(struct pg_cache *c);
/* Forgets what was put or removed, and keeps what was fetched. */
void pg_cache_undo(struct pg_cache *c);

/* A query: the rows from a key upwards (STORE_FROM), or before a key downwards
 * (STORE_PREVIOUS). A null key is the end of the table in that direction. */
struct pg_want {
	enum store_direction way;
	bool end; /* the null key */
	size_t n;
	char byte[STORE_KEY_MAX];
};

static inline struct str
pg_want_key(const struct pg_want *want)
{
	return want->end ? str_of(NULL) : str_from(want->byte, want->n);
}

static inline struct pg_want
pg_want_of(enum store_direction way, struct str key)
{
	struct pg_want want = { .way = way, .end = str_is_null(key) };

	if (!want.end)
		memcpy(want.byte, key.p, key.n);
	want.n = key.n;
	return want;
}

/* These functions return ERR_OK, ERR_NOT_FOUND, or ERR_BUSY if something must
 * be fetched first: *want names it. A query for two rows is enough to make the
 * next call get further. Rows and keys live until the cache is cleared. */
enum err pg_cache_get(
    struct pg_cache *c, struct str key, struct str *row, struct pg_want *want);
enum err pg_cache_step(struct pg_cache *c, enum store_direction way,
    struct str *key, struct str *row, struct pg_want *want);
/* The cache must know whether the key has a row: the caller must have called
 * pg_cache_get. ERR_MEMORY. */
enum err pg_cache_put(struct pg_cache *c, struct str key, struct str row);
enum err pg_cache_remove(struct pg_cache *c, struct str key);
/* The same for a key that need not be known; a null row is a removal. */
enum err pg_cache_set(struct pg_cache *c, struct str key, struct str row);
/* Forgets what was put under a key that was never fetched. False: there is no
 * such row. */
bool pg_cache_drop_put(struct pg_cache *c, struct str key);

/* A row of an answer. */
struct pg_fetched {
	struct str key, row;
	const uint8_t *mark;
};
/* A row as it was fetched, whatever the change has put. False: it is absent, or
 * was not fetched. */
bool pg_cache_fetched(
    const struct pg_cache *c, struct str key, struct pg_fetched *out);
typedef struct pg_fetched pg_row_at(const void *answer, size_t i);
/* Takes in the n rows of an answer, in the order of the query. `whole` says
 * that the table has no more rows in that direction. ERR_MEMORY. */
enum err pg_cache_learn(struct pg_cache *c, const struct pg_want *want,
    pg_row_at *at, const void *answer, size_t n, bool whole) ATTR_CHECKED;

#endif
