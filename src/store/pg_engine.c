/* SPDX-License-Identifier: ISC */
/*
 * pg_engine.c - the store in PostgreSQL, the engine of several machines.
 */
#include "store/pg_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/metrics.h"
#include "store/store.h"
#include "store/store_private.h"

/* Milliseconds that the start of a process waits for the server. */
#define START_MS 10000
/* Milliseconds that the server may take to count all rows. */
#define COUNT_MS 600000

static void
engine_close(void *arg)
{
	struct pg_db *db = arg;
	unsigned i;

	if (db == NULL)
		return;
	for (i = 0; i < db->lanes; i++)
		pg_lane_free(&db->lane[i]);
	for (i = 0; i < PG_WRITERS; i++) {
		pg_session_free(&db->writer[i].change);
		pg_link_close(&db->writer[i].link);
	}
	pg_link_close(&db->claim);
	free(db->api);
	free(db->directory);
	free(db->conninfo);
	free(db->password_file);
	free(db->schema);
	free(db);
}

static enum err
open_directory(const struct store_options *options, struct pg_db *db)
{
	if (options->create)
		(void)mkdir(options->directory, 0700);
	if ((db->directory = realpath(options->directory, NULL)) != NULL)
		return ERR_OK;
	if (errno == ENOENT)
		return ERR_NO_STORE;
	log_line(
	    LOG_AT_ERROR, "store: %s: %s", options->directory, strerror(errno));
	return ERR_STORE;
}

static enum err
connect_and_create(struct pg_db *db, const struct store_options *options)
{
	enum err e = pg_link_connect(
	    &db->writer[0].link, clock_ms() + START_MS);

	if (e == ERR_OK && options->create)
		e = pg_create(db, options);
	return e == ERR_BUSY ? ERR_STORE : e;
}

static char *
copy_text(const char *s)
{
	return s != NULL && *s != '\0' ? strdup(s) : NULL;
}

static enum err
start_lanes(struct pg_db *db, unsigned lanes)
{
	enum err e;

	lanes = lanes < 1 ? 1 : lanes > PG_LANES_MAX ? PG_LANES_MAX : lanes;
	db->spread.few = PG_FEW_LANES;
	db->spread.long_batch = PG_LONG_READS;
	for (; db->lanes < lanes; db->lanes++) {
		if ((e = pg_lane_init(&db->lane[db->lanes], db)) != ERR_OK)
			return e;
		db->spread.queue[db->spread.n++] = &db->lane[db->lanes].queue;
	}
	return ERR_OK;
}

/* libpq ignores a password file that other users can read. */
static enum err
check_password_file(const char *path)
{
	const char *wrong = NULL;
	struct stat st;

	if (path == NULL)
		return ERR_OK;
	if (stat(path, &st) != 0)
		wrong = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		wrong = "this is not a file";
	else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		wrong = "other users can read this password file; run chmod "
			"600 on it";
	if (wrong == NULL)
		return ERR_OK;
	log_line(LOG_AT_ERROR, "store: %s: %s", path, wrong);
	return ERR_STORE;
}

static enum err
fill(const struct store_options *options, struct pg_db *db)
{
	enum err e;

	db->timeout_ms = options->timeout_ms;
	db->conninfo = copy_text(options->database);
	db->password_file = copy_text(options->database_password_file);
	db->schema = copy_text(options->database_schema);
	if (db->conninfo == NULL || db->schema == NULL)
		return ERR_MEMORY;
	if ((e = check_password_file(db->password_file)) != ERR_OK ||
	    (e = pg_api_load(&db->api)) != ERR_OK)
		return e;
	db->target = (struct pg_target){ .conninfo = db->conninfo,
		.password_file = db->password_file,
		.schema = db->schema,
		.metrics = options->metrics,
		.api = db->api };
	metrics_use_database(options->metrics);
	pg_sql_init(&db->sql);
	pg_link_init(&db->claim, &db->target);
	return open_directory(options, db);
}

static enum err
engine_add_writer(void *arg, struct txn *writer)
{
	struct pg_db *db = arg;
	struct pg_writer *w = &db->writer[db->writers++];

	w->db = db;
	w->writer = writer;
	w->change.changes = true;
	pg_link_init(&w->link, &db->target);
	store_batch_use(writer, &w->change);
	return pg_session_init(&w->change, db);
}

static enum err
engine_open(const struct store_options *options, struct txn *writer, void **out)
{
	struct pg_db *db = calloc(1, sizeof(*db));
	enum err e;

	if (db == NULL)
		return ERR_MEMORY;
	if ((e = fill(options, db)) != ERR_OK ||
	    (e = engine_add_writer(db, writer)) != ERR_OK ||
	    (e = connect_and_create(db, options)) != ERR_OK ||
	    (e = start_lanes(db, options->database_lanes)) != ERR_OK) {
		engine_close(db);
		return e;
	}
	*out = db;
	return ERR_OK;
}

static const char *
engine_directory(const void *db)
{
	return ((const struct pg_db *)db)->directory;
}

static void
engine_tidy(void *db)
{
	(void)db;
}

static enum err
engine_look(void *db)
{
	(void)db;
	return ERR_OK;
}

static unsigned
engine_generation(const void *db)
{
	(void)db;
	return 1;
}

static void
engine_give_up(void *db, const char *why)
{
	const struct pg_db *pg = db;

	log_line(
	    LOG_AT_ERROR, "store: PostgreSQL, schema %s: %s", pg->schema, why);
}

/* --- readers ------------------------------------------------------------ */

static enum err
engine_reader(void *db, void **out)
{
	struct pg_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR_MEMORY;
	if (pg_session_init(s, db) != ERR_OK) {
		pg_session_free(s);
		free(s);
		return ERR_MEMORY;
	}
	*out = s;
	return ERR_OK;
}

static void
engine_reader_free(void *arg)
{
	struct pg_session *s = arg;

	if (s == NULL)
		return;
	pg_session_free(s);
	free(s);
}

static enum err
engine_begin(void *tx)
{
	pg_session_clear(tx);
	return ERR_OK;
}

static void
engine_end(void *tx)
{
	pg_session_clear(tx);
}

static enum err
engine_recount(void *tx)
{
	(void)tx;
	return ERR_OK;
}

/* --- checks ------------------------------------------------------------- */

struct counting {
	const struct pg_api *pq;
	const struct store_sums *seen;
	store_report *report;
	void *arg;
	uint64_t rows;
};

static bool
compare_count(void *arg, size_t i, struct pg_result *r)
{
	const struct counting *c = arg;
	struct str number = pg_result_value(c->pq, r, 0, 0);
	uint64_t kept = 0;
	char what[96];
	size_t k;

	for (k = 0; k < number.n; k++)
		kept = kept << 8 | (unsigned char)number.p[k];
	if (kept != c->seen->rows[i]) {
		snprintf(what, sizeof(what),
		    "%llu of them are found, but %llu are kept",
		    (unsigned long long)c->seen->rows[i],
		    (unsigned long long)kept);
		c->report(c->arg, (enum store_table)i, what);
	}
	return false;
}

/* Counts the rows in the snapshot of the walk. */
static enum err
engine_check_whole(
    void *tx, const struct store_sums *seen, store_report *report, void *arg)
{
	struct pg_session *s = tx;
	struct counting c = { s->db->target.api, seen, report, arg, 0 };
	char sql[PG_SQL_MAX];
	unsigned i;

	if (s->own == NULL)
		return ERR_INTERNAL;
	for (i = 0; i < seen->tables; i++) {
		snprintf(sql, sizeof(sql), "SELECT count(*)::int8 FROM %s",
		    pg_sql_table((enum store_table)i));
		(void)pg_link_send_text(s->own, sql);
	}
	return pg_link_run(s->own, pg_deadline(COUNT_MS), compare_count, &c) ==
		PG_DONE
	    ? ERR_OK
	    : ERR_STORE;
}

static bool
take_number(void *arg, size_t i, struct pg_result *result)
{
	struct counting *c = arg;
	struct str number = pg_result_value(c->pq, result, 0, 0);
	size_t k;

	(void)i;
	for (c->rows = 0, k = 0; k < number.n; k++)
		c->rows = c->rows << 8 | (unsigned char)number.p[k];
	return false;
}

/* An estimate: the server counts the rows of a table when it cleans up. */
static uint64_t
engine_rows(void *tx)
{
	struct pg_session *s = tx;
	struct counting c = { .pq = s->db->target.api };

	if ((s->own == NULL && (s->changes || pg_snapshot(s) != ERR_OK)) ||
	    !pg_link_send_text(s->own,
		"SELECT coalesce(sum(greatest(reltuples, 0)), 0)::int8 FROM "
		"pg_class WHERE relkind = 'r' AND relnamespace = "
		"current_schema()::regnamespace") ||
	    pg_link_run(s->own, pg_deadline(0), take_number, &c) != PG_DONE)
		return 0;
	return c.rows;
}

static void
engine_usage(void *tx, uint64_t *used, uint64_t *size)
{
	(void)tx;
	*used = *size = 0;
}

static bool
engine_oldest_reader(void *db, struct store_reader_age *out)
{
	(void)db;
	(void)out;
	return false;
}

static const char *const no_files[] = { NULL };

const struct store_engine pg_engine = {
	.loses_rows = false,
	.writers = PG_WRITERS,
	.few_writers = PG_FEW_WRITERS,
	.long_batch = PG_LONG_BATCH,
	.files = no_files,
	.open = engine_open,
	.add_writer = engine_add_writer,
	.close = engine_close,
	.directory = engine_directory,
	.tidy = engine_tidy,
	.look = engine_look,
	.generation = engine_generation,
	.give_up = engine_give_up,
	.claim = pg_claim,
	.unclaim = pg_unclaim,
	.alone = pg_alone,
	.stamp = pg_stamp,
	.newest = pg_newest,
	.make_tables = pg_make_tables,
	.reader = engine_reader,
	.reader_free = engine_reader_free,
	.begin = engine_begin,
	.end = engine_end,
	.get = pg_get,
	.step = pg_step,
	.put = pg_put,
	.remove = pg_remove,
	.set = pg_set,
	.unset = pg_unset,
	.run_alone = pg_run_alone,
	.expect = pg_expect,
	.fetch_pair = pg_fetch_pair,
	.empty = pg_empty,
	.recount = engine_recount,
	.begin_batch = pg_begin_batch,
	.run_batch = pg_run_batch,
	.check_whole = engine_check_whole,
	.rows = engine_rows,
	.examine = pg_examine,
	.usage = engine_usage,
	.oldest_reader = engine_oldest_reader,
};
