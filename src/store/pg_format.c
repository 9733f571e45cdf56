/* SPDX-License-Identifier: ISC */
/*
 * pg_format.c - the row with the format of the store, which each change reads.
 *
 * A writer keeps the row from batch to batch instead of fetching it. This is
 * safe because the last statement of each batch that changes rows compares the
 * row with that of the server. If it differs, the batch is a conflict, and the
 * writer fetches the row again. An upgrade locks all tables, and the statements
 * before the comparison have locked a table too, so no upgrade comes between
 * the comparison and the commit.
 *
 * The statement also compares the schema. A pool of connections that gives each
 * transaction another session of the server may give it one of another store,
 * with the schema of that one; then nothing is committed.
 */
#include "store/pg_private.h"

#include <string.h>

static struct str
format_key(void)
{
	return str_of("format");
}

static struct pg_fetched
row_of(const void *answer, size_t i)
{
	const struct pg_format *f = answer;

	(void)i;
	return (struct pg_fetched){
		.key = format_key(), .row = { f->row, f->n }, .mark = f->mark
	};
}

enum err
pg_format_recall(struct pg_writer *w)
{
	const struct pg_want want = pg_want_of(STORE_FROM, format_key());

	if (w->format.n == 0)
		return ERR_OK;
	return pg_cache_learn(
	    &w->change.cache[STORE_META], &want, row_of, &w->format, 1, false);
}

void
pg_format_keep(struct pg_writer *w)
{
	struct pg_format *f = &w->format;
	struct pg_fetched row;

	if (f->n > 0 ||
	    !pg_cache_fetched(
		&w->change.cache[STORE_META], format_key(), &row) ||
	    row.row.n > sizeof(f->row))
		return;
	f->n = row.row.n;
	memcpy(f->row, row.row.p, f->n);
	memcpy(f->mark, row.mark, sizeof(f->mark));
}

void
pg_format_forget(struct pg_writer *w)
{
	w->format.n = 0;
}

bool
pg_format_send(struct pg_session *s, struct pg_link *l)
{
	static const struct pg_statement same = { .number = PG_FORMAT_NUMBER,
		.sql = "SELECT 1 / (count(*) = 1)::int FROM \"meta\" "
		       "WHERE key = 'format' AND row = $1::bytea AND "
		       "current_schema() = $2::text" };
	const char *schema = s->db->schema;
	struct pg_want want;
	struct str row;

	/* A change that has put another row meets that one. */
	if (pg_cache_get(&s->cache[STORE_META], format_key(), &row, &want) !=
	    ERR_OK)
		return true;
	const struct pg_value value[] = { { row.p, row.n },
		{ schema, strlen(schema) } };

	return pg_link_send(l, &same, value, 2);
}
