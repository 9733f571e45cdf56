/* SPDX-License-Identifier: ISC */
/*
 * pg_create.c - creates the schema: its tables, the functions and views with
 * which people read them, and the rights of three roles.
 *
 * The owner creates and owns everything. The role of the service may read and
 * change rows, and nothing else. The reader may read the views. Without an
 * owner of its own, the role of the service owns the schema.
 */
#include "store/pg_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

#define CREATE_MS 10000
/* A name has at most 63 bytes; each may be a quotation mark, which is doubled.
 */
#define ROLE_MAX 160

/* $ stands for the schema. A row is decoded as format/row.c writes it: the
 * number of fields is its second byte, the lengths begin at the eleventh. A
 * text with a NUL, which PostgreSQL cannot hold, is shown with \000. */
static const char *const definitions[] = {
	"CREATE OR REPLACE FUNCTION $.row_length(r bytea, i int) RETURNS bigint "
	"LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT "
	"get_byte(r, 10 + 4 * i) + get_byte(r, 11 + 4 * i) * 256::bigint + "
	"get_byte(r, 12 + 4 * i) * 65536::bigint + "
	"get_byte(r, 13 + 4 * i) * 16777216::bigint'",

	"CREATE OR REPLACE FUNCTION $.row_field(r bytea, n int) RETURNS bytea "
	"LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT CASE WHEN "
	"n < get_byte(r, 1) AND $.row_length(r, n) < 4294967295 THEN "
	"substr(r, 11 + 4 * get_byte(r, 1) + coalesce((SELECT "
	"sum($.row_length(r, i)) FROM generate_series(0, n - 1) AS i WHERE "
	"$.row_length(r, i) < 4294967295), 0)::int, "
	"$.row_length(r, n)::int) END'",

	"CREATE OR REPLACE FUNCTION $.row_text(r bytea, n int) RETURNS text "
	"LANGUAGE sql STABLE STRICT PARALLEL SAFE AS 'SELECT CASE WHEN "
	"position(''\\x00''::bytea IN f) > 0 THEN encode(f, ''escape'') ELSE "
	"convert_from(f, ''UTF8'') END FROM $.row_field(r, n) AS f'",

	"CREATE OR REPLACE FUNCTION $.row_number(r bytea, n int) RETURNS "
	"bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT "
	"sum(get_byte(f, i)::bigint << 8 * i)::bigint FROM $.row_field(r, n) "
	"AS f, generate_series(0, 7) AS i WHERE octet_length(f) = 8'",

	/* The fields of enum record_field. */
	"CREATE OR REPLACE VIEW $.certificate AS SELECT "
	"encode(key, 'hex')::uuid AS tenant, "
	"$.row_text(row, 1) AS apple_identifier, "
	"$.row_text(row, 2) AS topic, "
	"$.row_text(row, 3) AS modified, "
	"$.row_text(row, 4) AS expires, "
	"$.row_text(row, 5) AS status, "
	"$.row_text(row, 7) AS serial "
	"FROM $.record WHERE octet_length(key) = 16",

	/* The fields of events.c, and the actions of enum store_action. */
	"CREATE OR REPLACE VIEW $.history AS SELECT "
	"encode(substr(key, 1, 16), 'hex')::uuid AS tenant, "
	"~(('x' || encode(substr(key, 17), 'hex'))::bit(64)::bigint) AS number, "
	"to_timestamp($.row_number(row, 0)) AS at, "
	"CASE $.row_number(row, 2) WHEN 0 THEN 'changed' WHEN 1 THEN 'removed' "
	"WHEN 2 THEN 'refused' WHEN 3 THEN 'requested' WHEN 4 THEN 'restored' "
	"WHEN 5 THEN 'imported' END AS action, "
	"$.row_text(row, 3) AS actor, "
	"$.row_text(row, 9) AS topic "
	"FROM $.record WHERE octet_length(key) = 24",
};

/* The facts that the role of the service sees: its name in quotes, the number
 * of the store's tables, the number of other tables with such a name, whether
 * it owns them, and whether it may use them. */
enum column { ROLE, OURS, OTHER, OWNS, MAY, COLUMNS };

struct seen {
	const struct pg_api *pq;
	char text[COLUMNS][ROLE_MAX];
};

static bool
take_seen(void *arg, size_t i, struct pg_result *result)
{
	struct seen *s = arg;
	int column;

	(void)i;
	for (column = 0; column < COLUMNS; column++)
		snprintf(s->text[column], ROLE_MAX, "%.*s",
		    STR_ARG(pg_result_value(s->pq, result, 0, column)));
	return false;
}

static bool
is(const struct seen *s, enum column column, const char *text)
{
	return strcmp(s->text[column], text) == 0;
}

static void
put_tables(struct buf *sql, const char *before, const char *after)
{
	unsigned i;

	for (i = 0; i < STORE_TABLES; i++) {
		buf_text(sql, i > 0 ? ", " : "");
		buf_text(sql, before);
		buf_text(sql, pg_sql_table((enum store_table)i));
		buf_text(sql, after);
	}
}

/* Appends the text with the name of the schema in place of each $. */
static void
put_named(struct buf *sql, const char *text, const char *schema)
{
	for (; *text != '\0'; text++)
		if (*text == '$')
			buf_text(sql, schema);
		else
			buf_char(sql, *text);
}

static bool
send(struct pg_link *l, struct buf *sql)
{
	bool sent;

	buf_char(sql, '\0');
	sent = !sql->full && pg_link_send_text(l, sql->p);
	sql->n = 0;
	return sent;
}

/* Counts the tables of the store, and other tables and views that have the name
 * of one of them. ERR_BUSY: the connection is lost. */
static enum err
look(struct pg_db *db, struct seen *out)
{
	char text[2048];
	struct buf sql;

	buf_init(&sql, text, sizeof(text));
	put_named(&sql,
	    "SELECT quote_ident(current_user), count(*) FILTER (WHERE ours)"
	    "::text, count(*) FILTER (WHERE NOT ours)::text, "
	    "coalesce(bool_or(pg_has_role(current_user, relowner, 'USAGE')), "
	    "true)::text, coalesce(bool_and(has_schema_privilege("
	    "relnamespace, 'USAGE') AND has_table_privilege(oid, 'SELECT') "
	    "AND has_table_privilege(oid, 'INSERT') AND "
	    "has_table_privilege(oid, 'UPDATE') AND "
	    "has_table_privilege(oid, 'DELETE')), true)::text FROM (SELECT "
	    "oid, relowner, relnamespace, coalesce((SELECT string_agg(attname "
	    "|| ' ' || format_type(atttypid, NULL), ', ' ORDER BY attnum) "
	    "FROM pg_attribute WHERE attrelid = r.oid AND attnum > 0 AND NOT "
	    "attisdropped), '') = 'key bytea, row bytea, mark uuid' AS ours "
	    "FROM pg_class AS r WHERE relnamespace = (SELECT oid FROM "
	    "pg_namespace WHERE nspname = '$') AND relname IN (",
	    db->schema);
	put_tables(&sql, "replace('", "', '\"', '')");
	buf_text(&sql, ")) AS t");
	out->pq = db->target.api;
	/* A failure to send shows when the answer is awaited. */
	if (!send(&db->writer[0].link, &sql))
		pg_link_close(&db->writer[0].link);
	switch (pg_link_run(
	    &db->writer[0].link, clock_ms() + CREATE_MS, take_seen, out)) {
	case PG_DONE:
		return ERR_OK;
	case PG_FAILED:
		return ERR_STORE;
	case PG_CONFLICT:
	case PG_AGAIN:
	case PG_LOST:
	default:
		return ERR_BUSY;
	}
}

static bool
send_tables(struct pg_link *l, const char *schema, struct buf *sql)
{
	unsigned i;

	/* The lock lets one process at a time create the schema. Its number is
	 * "pushcert" in ASCII. CREATE SCHEMA needs a right even if the schema
	 * is there. */
	put_named(sql,
	    "DO 'BEGIN PERFORM pg_advisory_xact_lock(8103509996704461428); IF "
	    "NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = ''$'') THEN "
	    "CREATE SCHEMA $; END IF; END'",
	    schema);
	if (!send(l, sql))
		return false;
	for (i = 0; i < STORE_TABLES; i++) {
		put_named(sql, "CREATE TABLE IF NOT EXISTS $.", schema);
		buf_text(sql, pg_sql_table((enum store_table)i));
		buf_text(sql,
		    " (key bytea PRIMARY KEY, row bytea NOT NULL, mark uuid "
		    "NOT NULL) WITH (fillfactor = 70)");
		if (!send(l, sql))
			return false;
	}
	for (i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
		put_named(sql, definitions[i], schema);
		if (!send(l, sql))
			return false;
	}
	return true;
}

static bool
send_rights(struct pg_link *l, const char *schema, const char *tables,
    const char *rights, const char *role, struct buf *sql)
{
	put_named(sql, "GRANT USAGE ON SCHEMA $ TO ", schema);
	buf_text(sql, role);
	if (!send(l, sql))
		return false;
	put_named(sql, rights, schema);
	put_named(sql, tables, schema);
	buf_text(sql, " TO ");
	buf_text(sql, role);
	return send(l, sql);
}

static bool
send_all(struct pg_db *db, struct pg_link *l,
    const struct store_options *options, const char *role)
{
	char text[4096], tables[512], reader[ROLE_MAX];
	struct buf sql, list;

	buf_init(&sql, text, sizeof(text));
	buf_init(&list, tables, sizeof(tables));
	put_tables(&list, "$.", "");
	buf_char(&list, '\0');
	if (!send_tables(l, db->schema, &sql))
		return false;
	if (options->database_owner != NULL &&
	    !send_rights(l, db->schema, tables,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ", role, &sql))
		return false;
	if (options->database_reader == NULL)
		return true;
	snprintf(reader, sizeof(reader), "\"%s\"", options->database_reader);
	return send_rights(l, db->schema, "$.certificate, $.history",
	    "GRANT SELECT ON ", reader, &sql);
}

/* A connection string with another user: the last word counts. */
static char *
with_user(const char *conninfo, const char *user)
{
	bool is_uri = strstr(conninfo, "://") != NULL;
	const char *before = !is_uri        ? " user="
	    : strchr(conninfo, '?') != NULL ? "&user="
					    : "?user=";
	size_t size = strlen(conninfo) + strlen(before) + strlen(user) + 1;
	char *out = malloc(size);

	if (out != NULL)
		snprintf(out, size, "%s%s%s", conninfo, before, user);
	return out;
}

static enum err
create_by(struct pg_db *db, struct pg_link *l,
    const struct store_options *options, const char *role)
{
	int64_t until = clock_ms() + CREATE_MS;
	enum pg_outcome outcome;

	/* Another process may create it at this moment, or the connection is
	 * lost; each statement may be repeated. */
	do {
		if (pg_link_connect(l, until) != ERR_OK)
			return ERR_STORE;
		if (!send_all(db, l, options, role))
			pg_link_close(l);
		outcome = pg_link_run(l, until, NULL, NULL);
	} while (
	    outcome != PG_DONE && outcome != PG_FAILED && clock_ms() < until);
	if (outcome == PG_DONE)
		return ERR_OK;
	if (outcome != PG_FAILED) {
		log_line(LOG_AT_ERROR,
		    "store: PostgreSQL: the server did not confirm the schema "
		    "%s in time; start the synchronous standby, or see what "
		    "holds a lock in pg_stat_activity, and run pushcert init "
		    "again",
		    db->schema);
		return ERR_STORE;
	}
	log_line(LOG_AT_ERROR,
	    "store: PostgreSQL: the schema %s was not created; run pushcert "
	    "init --owner ROLE with a role that may create it",
	    db->schema);
	return ERR_STORE;
}

static enum err
create_by_owner(
    struct pg_db *db, const struct store_options *options, const char *role)
{
	struct pg_target target = db->target;
	char *conninfo = with_user(db->conninfo, options->database_owner);
	struct pg_link link;
	enum err e;

	if (conninfo == NULL)
		return ERR_MEMORY;
	target.conninfo = conninfo;
	pg_link_init(&link, &target);
	e = create_by(db, &link, options, role);
	pg_link_close(&link);
	free(conninfo);
	return e;
}

static enum err
refuse(const struct pg_db *db, const struct seen *seen)
{
	if (!is(seen, OTHER, "0"))
		log_line(LOG_AT_ERROR,
		    "store: PostgreSQL: the schema %s has a table of another "
		    "program; choose another database_schema",
		    db->schema);
	else
		log_line(LOG_AT_ERROR,
		    "store: PostgreSQL: the role %s may not use the tables of "
		    "the schema %s; pushcert init --owner ROLE gives it the "
		    "rights",
		    seen->text[ROLE], db->schema);
	return ERR_STORE;
}

enum err
pg_create(struct pg_db *db, const struct store_options *options)
{
	struct seen seen = { .pq = NULL };
	enum err e;

	if ((e = look(db, &seen)) != ERR_OK)
		return e;
	if (!is(&seen, OTHER, "0"))
		return refuse(db, &seen);
	if (options->database_owner != NULL)
		return create_by_owner(db, options, seen.text[ROLE]);
	if (is(&seen, OWNS, "true"))
		return create_by(
		    db, &db->writer[0].link, options, seen.text[ROLE]);
	/* A role that owns nothing may use what the owner has made. */
	return is(&seen, MAY, "true") ? ERR_OK : refuse(db, &seen);
}

enum err
pg_make_tables(void *arg)
{
	const struct store_options plainly = { .database_owner = NULL };
	struct seen seen = { .pq = NULL };
	struct pg_db *db = arg;
	int64_t until = pg_deadline(CREATE_MS);
	char all[16];
	enum err e;

	do
		if ((e = pg_connect(&db->writer[0].link, until)) == ERR_OK)
			e = look(db, &seen);
	while (e == ERR_BUSY && clock_ms() < until);
	if (e != ERR_OK)
		return e;
	snprintf(all, sizeof(all), "%d", STORE_TABLES);
	if (is(&seen, OURS, all))
		return ERR_OK;
	if (is(&seen, OTHER, "0") && is(&seen, OWNS, "true"))
		return create_by(
		    db, &db->writer[0].link, &plainly, seen.text[ROLE]);
	log_line(LOG_AT_ERROR,
	    "store: PostgreSQL: the schema %s lacks a table of this release; "
	    "run pushcert init --owner ROLE with the role that owns it",
	    db->schema);
	return ERR_STORE;
}
