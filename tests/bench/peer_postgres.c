/* SPDX-License-Identifier: ISC */
/*
 * peer_postgres.c - the same changes as a program usually makes them: each
 * thread has a connection, locks the tenant's record by SELECT FOR UPDATE,
 * reads the newest event and the pending request, and writes the record and an
 * event, as pushcert does. The statements are prepared and pipelined, so a
 * change takes two round trips and one commit.
 *
 *   peer_postgres [-c THREADS] [-d SECONDS] [-n TENANTS] DATABASE SCHEMA
 *
 * The schema must hold a copy of a store that fill has made.
 */
#include "changes.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "fill.h"
#include "format/record.h"
#include "format/row.h"

struct shared {
	const char *database, *schema;
};

struct own {
	PGconn *conn;
	char room[3][65536];
};

static const char *const statements[] = { "BEGIN",
	"SELECT row FROM record WHERE key = $1 FOR UPDATE",
	"SELECT key, row FROM record WHERE key > $1 ORDER BY key LIMIT 1",
	"SELECT key, row FROM request WHERE key >= $1 ORDER BY key LIMIT 1",
	"UPDATE record SET row = $2 WHERE key = $1",
	("INSERT INTO record (key, row, mark) VALUES ($1, $2, "
	 "gen_random_uuid())"),
	"COMMIT" };
enum { BEGIN, LOCK, NEWEST, REQUEST, UPDATE, INSERT, COMMIT, STATEMENTS };

static void
must(PGconn *c, bool good)
{
	if (!good)
		changes_die("peer_postgres", PQerrorMessage(c));
}

static void *
open_shared(char **arguments, int n)
{
	static struct shared s;

	if (n != 2)
		changes_die("peer_postgres", "DATABASE SCHEMA");
	s = (struct shared){ arguments[0], arguments[1] };
	return &s;
}

static void *
begin(void *shared)
{
	const struct shared *s = shared;
	struct own *o = calloc(1, sizeof(*o));
	char sql[256], name[8];
	int i;

	if (o == NULL)
		changes_die("peer_postgres", "memory");
	o->conn = PQconnectdb(s->database);
	must(o->conn, PQstatus(o->conn) == CONNECTION_OK);
	snprintf(sql, sizeof(sql),
	    "SET search_path = %s; SET enable_seqscan = off; SET jit = off",
	    s->schema);
	PQclear(PQexec(o->conn, sql));
	for (i = 0; i < STATEMENTS; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		PQclear(PQprepare(o->conn, name, statements[i], 0, NULL));
	}
	must(o->conn, PQenterPipelineMode(o->conn));
	return o;
}

static void
append(struct own *o, int statement, struct str a, struct str b, int n)
{
	const char *value[] = { a.p, b.p };
	const int length[] = { (int)a.n, (int)b.n }, format[] = { 1, 1 };
	char name[8];

	snprintf(name, sizeof(name), "s%d", statement);
	must(o->conn,
	    PQsendQueryPrepared(o->conn, name, n, value, length, format, 1));
}

/* The result of the next statement; the caller clears it. */
static PGresult *
next_result(struct own *o)
{
	PGresult *r = PQgetResult(o->conn), *end;

	if ((end = PQgetResult(o->conn)) != NULL)
		PQclear(end);
	return r;
}

static bool
skip(struct own *o, int n)
{
	bool good = true;
	PGresult *r;

	while (n-- > 0) {
		r = next_result(o);
		good &= PQresultStatus(r) == PGRES_COMMAND_OK;
		PQclear(r);
	}
	r = PQgetResult(o->conn); /* the end of the pipeline */
	good &= PQresultStatus(r) == PGRES_PIPELINE_SYNC;
	PQclear(r);
	return good;
}

static struct str
value(const PGresult *r, int column)
{
	return str_from(
	    PQgetvalue(r, 0, column), (size_t)PQgetlength(r, 0, column));
}

/* The key of the event after the newest one: 16 bytes of the tenant, 8 of the
 * complement of the number. */
static struct str
next_key(const PGresult *newest, struct str tenant, char out[24])
{
	struct str key = PQntuples(newest) == 1 ? value(newest, 0) : STR_EMPTY;
	bool has = key.n == 24 && memcmp(key.p, tenant.p, 16) == 0;
	int i;

	memset(out, 0xff, 24);
	memcpy(out, has ? key.p : tenant.p, has ? 24 : 16);
	for (i = 23; i > 15 && out[i]-- == 0; i--)
		continue;
	return str_from(out, 24);
}

static bool
write_rows(struct own *o, struct str key, struct str event_key,
    struct str former_row, unsigned number)
{
	struct buf row, former, event;
	struct record r;
	char text[32];

	buf_init(&row, o->room[0], sizeof(o->room[0]));
	buf_init(&former, o->room[1], sizeof(o->room[1]));
	buf_init(&event, o->room[2], sizeof(o->room[2]));
	if (record_decode(key, former_row, &r) != ERR_OK)
		return false;
	record_encode(event_key, &r, &former);
	snprintf(text, sizeof(text), "number %u", number);
	r.value[RECORD_APPLE_ID] = str_of(text);
	r.revision++;
	record_encode(key, &r, &row);
	{
		const struct str field[] = { str_of("12345678"), str_of("1234"),
			str_of("12345678"), str_of("bench"), str_of(NULL),
			str_of("12345678"), str_of(NULL), buf_view(&former) };

		row_encode(event_key, field, 8, &event);
	}
	append(o, UPDATE, key, buf_view(&row), 2);
	append(o, INSERT, event_key, buf_view(&event), 2);
	append(o, COMMIT, STR_EMPTY, STR_EMPTY, 0);
	must(o->conn, PQpipelineSync(o->conn));
	return skip(o, 3);
}

static bool
change(void *own, unsigned long tenant, unsigned number)
{
	struct own *o = own;
	struct guid g = fill_tenant(tenant);
	struct str key = str_from((const char *)g.byte, sizeof(g.byte));
	PGresult *record, *newest;
	char byte[24];
	bool good;

	append(o, BEGIN, STR_EMPTY, STR_EMPTY, 0);
	append(o, LOCK, key, STR_EMPTY, 1);
	append(o, NEWEST, key, STR_EMPTY, 1);
	append(o, REQUEST, key, STR_EMPTY, 1);
	must(o->conn, PQpipelineSync(o->conn));
	PQclear(next_result(o));
	record = next_result(o);
	newest = next_result(o);
	PQclear(next_result(o));
	good = skip(o, 0) && PQntuples(record) == 1 &&
	    write_rows(
		o, key, next_key(newest, key, byte), value(record, 0), number);
	PQclear(record);
	PQclear(newest);
	return good;
}

int
main(int argc, char **argv)
{
	static const struct changes_way way = { open_shared, begin, change,
		"peer_postgres [-c THREADS] [-d SECONDS] [-n TENANTS] DATABASE "
		"SCHEMA" };

	return changes_main(argc, argv, &way);
}
