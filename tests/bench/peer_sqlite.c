/* SPDX-License-Identifier: ISC */
/*
 * peer_sqlite.c - SQLite with a write-ahead log and synchronous=FULL, prepared
 * statements, a transaction per PATCH. peer.js and peer.php use its file.
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
	[ADD_RECORD] = "INSERT INTO record VALUES (?1, 0, ?2)",
	[GET] = "SELECT text FROM token NATURAL JOIN record WHERE token = ?1",
	[KEEP] = "INSERT INTO history SELECT tenant, revision, text "
		 "FROM token NATURAL JOIN record WHERE token = ?1",
	[SET] = "UPDATE record SET text = ?2, revision = revision + 1 "
		"WHERE tenant = (SELECT tenant FROM token WHERE token = ?1)",
};

struct peer {
	sqlite3 *db;
	sqlite3_stmt *statement[COUNT];
};

struct peer *
peer_open(const char *path)
{
	struct peer *p = calloc(1, sizeof(*p));
	int i;

	if (p == NULL || sqlite3_open(path, &p->db) != SQLITE_OK ||
	    sqlite3_busy_timeout(p->db, 10000) != SQLITE_OK ||
	    sqlite3_exec(p->db,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY,"
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

/* Runs a statement that returns no rows; `token` and `text` may be NULL. */
static bool
run(struct peer *p, int which, const char *token, const char *text,
    size_t text_n)
{
	sqlite3_stmt *s = p->statement[which];
	bool done;

	if (token != NULL)
		sqlite3_bind_text(s, 1, token, -1, SQLITE_STATIC);
	if (text != NULL)
		sqlite3_bind_text(s, 2, text, (int)text_n, SQLITE_STATIC);
	done = sqlite3_step(s) == SQLITE_DONE;
	sqlite3_reset(s);
	return done;
}

static bool
add(struct peer *p, sqlite3_int64 tenant, const char *token, const char *text,
    size_t text_n)
{
	sqlite3_bind_int64(p->statement[ADD_TOKEN], 2, tenant);
	sqlite3_bind_int64(p->statement[ADD_RECORD], 1, tenant);
	return run(p, ADD_TOKEN, token, NULL, 0) &&
	    run(p, ADD_RECORD, NULL, text, text_n);
}

bool
peer_fill(
    struct peer *p, char **token, size_t n, const char *text, size_t text_n)
{
	size_t i;

	if (!run(p, BEGIN, NULL, NULL, 0))
		return false;
	for (i = 0; i < n; i++)
		if (!add(p, (sqlite3_int64)i, token[i], text, text_n))
			return false;
	return run(p, COMMIT, NULL, NULL, 0);
}

size_t
peer_get(struct peer *p, const char *token, char out[PEER_TEXT_MAX])
{
	sqlite3_stmt *s = p->statement[GET];
	size_t n = 0;

	sqlite3_bind_text(s, 1, token, -1, SQLITE_STATIC);
	if (sqlite3_step(s) == SQLITE_ROW) {
		n = (size_t)sqlite3_column_bytes(s, 0);
		memcpy(out, sqlite3_column_text(s, 0), n);
	}
	sqlite3_reset(s);
	return n;
}

bool
peer_patch(struct peer *p, const char *token, const char *text, size_t text_n)
{
	if (!run(p, BEGIN, NULL, NULL, 0))
		return false;
	if (run(p, KEEP, token, NULL, 0) && run(p, SET, token, text, text_n) &&
	    sqlite3_changes(p->db) == 1 && run(p, COMMIT, NULL, NULL, 0))
		return true;
	(void)run(p, ROLLBACK, NULL, NULL, 0);
	return false;
}
