/* SPDX-License-Identifier: ISC */
/*
 * pg_newest.c - finds the newest event of each tenant by one query, so that the
 * histories stay on the server.
 *
 * The query jumps from one tenant to the next by the index of the keys: each
 * step seeks the first event after the last key that the tenant of the step
 * before could have. It costs two look-ups for each tenant.
 */
#include "store/pg_private.h"

#include <stdio.h>

/* Milliseconds that the server may take. */
#define NEWEST_MS 60000

static const char query[] =
    "WITH RECURSIVE n(k) AS ((SELECT key FROM %s WHERE length(key) = 24 "
    "ORDER BY key LIMIT 1) UNION ALL SELECT (SELECT t.key FROM %s AS t WHERE "
    "t.key > substr(n.k, 1, 16) || '\\xffffffffffffffff'::bytea AND "
    "length(t.key) = 24 ORDER BY t.key LIMIT 1) FROM n WHERE n.k IS NOT NULL) "
    "SELECT k FROM n WHERE k IS NOT NULL";

struct visiting {
	const struct pg_api *pq;
	store_key_visit *visit;
	void *arg;
	enum err e;
};

static bool
take_keys(void *arg, size_t i, struct pg_result *result)
{
	struct visiting *v = arg;
	size_t n = pg_result_rows(v->pq, result), row;

	(void)i;
	v->e = ERR_OK;
	for (row = 0; row < n && v->e == ERR_OK; row++)
		v->e = v->visit(pg_result_value(v->pq, result, row, 0), v->arg);
	return false;
}

enum err
pg_newest(void *tx, store_key_visit *visit, void *arg)
{
	struct pg_session *s = tx;
	struct visiting v = { s->db->target.api, visit, arg, ERR_STORE };
	const char *table = pg_sql_table(STORE_RECORD);
	enum pg_outcome outcome;
	char sql[sizeof(query) + 2 * PG_SQL_MAX];
	enum err e;

	if (s->changes)
		return ERR_INTERNAL;
	if (s->own == NULL && (e = pg_snapshot(s)) != ERR_OK)
		return e;
	snprintf(sql, sizeof(sql), query, table, table);
	(void)pg_link_send_text(s->own, sql);
	outcome = pg_link_run(s->own, pg_deadline(NEWEST_MS), take_keys, &v);
	if (outcome == PG_FAILED)
		return s->own->failure;
	return outcome == PG_DONE ? v.e : ERR_BUSY;
}
