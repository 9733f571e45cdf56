/* SPDX-License-Identifier: ISC */
/*
 * peer_sqlite.c - storage in SQLite with a write-ahead log, synchronous=FULL
 * and prepared statements: a transaction per PATCH. peer.js and peer.php use
 * the same file.
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

enum { BEGIN, COMMIT, ROLLBACK, ADD_TOKEN, ADD_RECORD, GET, KEEP, SET, COUNT };

static const char *const text_of[COUNT] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[ADD_TOKEN] = "INSERT INTO token VALUES (?1, ?2)",
	[ADD_RECORD] = "INSERT INTO record VALUES (?1, ?2, ?3)",
	[GET] = "SELECT tenant, revision, text FROM token NATURAL JOIN record "
		"WHERE hash = ?1",
	[KEEP] = "INSERT INTO history VALUES (?1, ?2, ?3)",
	[SET] = "UPDATE record SET revision = ?2, text = ?3 WHERE tenant = ?1",
};

struct conn {
	sqlite3 *db;
	sqlite3_stmt *statement[COUNT];
};

struct conn *
peer_open(const char *path)
{
	struct conn *p = calloc(1, sizeof(*p));
	int i;

	if (p == NULL || sqlite3_open(path, &p->db) != SQLITE_OK ||
	    sqlite3_busy_timeout(p->db, 10000) != SQLITE_OK ||
	    sqlite3_exec(p->db,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"CREATE TABLE IF NOT EXISTS token (hash BLOB PRIMARY KEY,"
		" tenant INTEGER) WITHOUT ROWID;"
		"CREATE TABLE IF NOT EXISTS record (tenant INTEGER PRIMARY KEY,"
		" revision INTEGER, text TEXT);"
		"CREATE TABLE IF NOT EXISTS history (tenant INTEGER,"
		" revision INTEGER, text TEXT,"
		" PRIMARY KEY (tenant, revision)) WITHOUT ROWID",
		NULL, NULL, NULL) != SQLITE_OK)
		return NULL;
	for (i = 0; i < COUNT; i++)
		if (sqlite3_prepare_v2(p->db, text_of[i], -1, &p->statement[i],
			NULL) != SQLITE_OK)
			return NULL;
	return p;
}

/* Runs a statement that returns no rows. */
static bool
run(struct conn *p, int which)
{
	bool done = sqlite3_step(p->statement[which]) == SQLITE_DONE;

	sqlite3_reset(p->statement[which]);
	return done;
}

/* Runs a statement that writes a tenant's record. */
static bool
put(struct conn *p, int which, sqlite3_int64 tenant,
    const struct peer_record *r)
{
	sqlite3_stmt *s = p->statement[which];

	sqlite3_bind_int64(s, 1, tenant);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)r->revision);
	sqlite3_bind_text(s, 3, r->text, (int)r->n, SQLITE_STATIC);
	return run(p, which);
}

bool
peer_fill(struct conn *p, size_t n, peer_make *make)
{
	sqlite3_stmt *s = p->statement[ADD_TOKEN];
	uint8_t key[PEER_KEY_LEN];
	struct peer_record r;
	size_t i;

	if (!run(p, BEGIN))
		return false;
	for (i = 0; i < n; i++) {
		make(i, key, &r);
		sqlite3_bind_blob(s, 1, key, sizeof(key), SQLITE_STATIC);
		sqlite3_bind_int64(s, 2, (sqlite3_int64)i);
		if (!run(p, ADD_TOKEN) ||
		    !put(p, ADD_RECORD, (sqlite3_int64)i, &r))
			return false;
	}
	return run(p, COMMIT);
}

static bool
find(struct conn *p, const uint8_t key[PEER_KEY_LEN], sqlite3_int64 *tenant,
    struct peer_record *out)
{
	sqlite3_stmt *s = p->statement[GET];
	bool found;

	sqlite3_bind_blob(s, 1, key, PEER_KEY_LEN, SQLITE_STATIC);
	if ((found = sqlite3_step(s) == SQLITE_ROW)) {
		*tenant = sqlite3_column_int64(s, 0);
		out->revision = (uint64_t)sqlite3_column_int64(s, 1);
		out->n = (size_t)sqlite3_column_bytes(s, 2);
		memcpy(out->text, sqlite3_column_text(s, 2), out->n);
	}
	sqlite3_reset(s);
	return found;
}

bool
peer_get(
    struct conn *p, const uint8_t key[PEER_KEY_LEN], struct peer_record *out)
{
	sqlite3_int64 tenant;

	return find(p, key, &tenant, out);
}

bool
peer_patch(struct conn *p, const uint8_t key[PEER_KEY_LEN], peer_change *change,
    void *arg, struct peer_record *out)
{
	sqlite3_int64 tenant;

	if (!run(p, BEGIN))
		return false;
	if (find(p, key, &tenant, out) && put(p, KEEP, tenant, out) &&
	    change(out, arg) && put(p, SET, tenant, out) && run(p, COMMIT))
		return true;
	(void)run(p, ROLLBACK);
	return false;
}
