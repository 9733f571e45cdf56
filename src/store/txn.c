/* SPDX-License-Identifier: ISC */
/*
 * txn.c - transactions of the store, the rows under their keys, and the check
 * of the store's format.
 */
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "format/row.h"
#include "store/store_struct.h"

/* A hash of table and key, which stands for a damaged row in the log. */
static uint64_t
number_of(enum store_table table, struct str key)
{
	uint64_t n = table + 1;
	size_t i;

	for (i = 0; i < key.n; i++)
		n = n * 0x100000001b3 + (unsigned char)key.p[i];
	return n;
}

enum err
store_log_damage(
    struct txn *tx, enum err e, enum store_table table, struct str key)
{
	static const char *const what[STORE_TABLES] = {
#define X(name, word, in_database, one, all) one,
		STORE_TABLE_LIST(X)
#undef X
	};
	char hex[2 * STORE_KEY_MAX];

	if (e != ERR_CORRUPT ||
	    !log_should_repeat(
		&tx->st->last_damage, number_of(table, key), time(NULL)))
		return e;
	str_hex((const uint8_t *)key.p, key.n, hex);
	log_line(LOG_AT_ERROR, "store: damaged %s %.*s", what[table],
	    (int)(2 * key.n), hex);
	return e;
}

/* Marks a transaction as failed. Nothing of a failed transaction is committed,
 * including the other changes that share it. */
enum err
store_fail(struct txn *tx, enum err e)
{
	if (tx->writes && e != ERR_NOT_FOUND && tx->failed == ERR_OK)
		tx->failed = e;
	return e;
}

/* In a change, a put moves rows that were read before it, so this copies the
 * row. */
static enum err
keep(struct txn *tx, struct str *row)
{
	if (!tx->writes)
		return ERR_OK;
	*row = arena_copy(&tx->writer->read, *row);
	return str_is_null(*row) ? store_fail(tx, ERR_MEMORY) : ERR_OK;
}

static enum err
check_neighbour(struct txn *tx, enum store_table table,
    enum store_direction way, struct str key)
{
	struct str near = key, row;
	enum err e;

	e = tx->st->engine->step(tx->tx, table, way, &near, &row);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = str_eq(near, key) ? ERR_CORRUPT : row_check(near, row);
	return store_log_damage(tx, e, table, near);
}

bool
store_loses_rows(const struct txn *tx)
{
	return tx->st->engine->loses_rows;
}

enum err
store_absent(struct txn *tx, enum store_table table, struct str key)
{
	enum err e;

	if (!store_loses_rows(tx))
		return ERR_NOT_FOUND;
	if ((e = check_neighbour(tx, table, STORE_FROM, key)) == ERR_OK &&
	    (e = check_neighbour(tx, table, STORE_PREVIOUS, key)) == ERR_OK)
		return ERR_NOT_FOUND;
	return store_fail(tx, e);
}

/* After a miss (ERR_BUSY) a change may go on reading, so that the engine learns
 * of all rows that the change misses. It puts nothing until it runs again. */
static bool
cannot_read(const struct txn *tx)
{
	return tx->failed != ERR_OK && tx->failed != ERR_BUSY;
}

enum err
store_get(
    struct txn *tx, enum store_table table, struct str key, struct str *row)
{
	enum err e;

	if (cannot_read(tx))
		return tx->failed;
	e = tx->st->engine->get(tx->tx, table, key, row);
	if (e == ERR_NOT_FOUND)
		return store_absent(tx, table, key);
	if (e != ERR_OK)
		return store_fail(tx, store_log_damage(tx, e, table, key));
	return keep(tx, row);
}

void
store_scratch(struct txn *tx, enum store_scratch room, struct buf *out)
{
	struct store_writer *w = tx->writer;

	/* A reader cannot put, so it has no room. */
	if (w == NULL)
		buf_init(out, NULL, 0);
	else
		buf_init(out, w->room[room], sizeof(w->room[room]));
}

enum err
store_put(struct txn *tx, enum store_table table, struct str key,
    const struct buf *row)
{
	enum err e;

	if (!tx->writes)
		return ERR_INTERNAL;
	if (tx->failed != ERR_OK)
		return tx->failed;
	tx->put = true;
	if (row->full)
		return store_fail(tx, ERR_MEMORY);
	e = tx->st->engine->put(tx->tx, table, key, buf_view(row));
	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

enum err
store_remove(struct txn *tx, enum store_table table, struct str key)
{
	enum err e;

	if (!tx->writes)
		return ERR_INTERNAL;
	if (tx->failed != ERR_OK)
		return tx->failed;
	e = tx->st->engine->remove(tx->tx, table, key);
	if (e == ERR_NOT_FOUND)
		return e;
	tx->put = true;
	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

bool
store_overlaps(const struct txn *tx)
{
	return tx->st->engine->run_alone != NULL;
}

enum err
store_run_alone(struct txn *tx)
{
	const struct store_engine *engine = tx->st->engine;
	enum err e;

	if (!tx->writes)
		return ERR_INTERNAL;
	if (tx->failed != ERR_OK)
		return tx->failed;
	if (engine->run_alone == NULL)
		return ERR_OK;
	e = engine->run_alone(tx->tx);
	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

enum err
store_peek(
    struct txn *tx, enum store_table table, struct str key, struct str *row)
{
	enum err e;

	if (cannot_read(tx))
		return tx->failed;
	e = tx->st->engine->get(tx->tx, table, key, row);
	return e == ERR_OK || e == ERR_NOT_FOUND
	    ? e
	    : store_fail(tx, store_log_damage(tx, e, table, key));
}

enum err
store_empty(struct txn *tx, enum store_table table)
{
	enum err e;

	if (!tx->writes)
		return ERR_INTERNAL;
	if (tx->failed != ERR_OK)
		return tx->failed;
	if (tx->st->engine->empty == NULL)
		return ERR_NOT_FOUND;
	e = tx->st->engine->empty(tx->tx, table);
	tx->put |= e == ERR_OK;
	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

void
store_seek(struct txn *tx, struct str key, struct store_cursor *at)
{
	at->key = key;
	at->read = tx->writes ? tx->writer->read.used : 0;
}

enum err
store_next(struct txn *tx, enum store_table table, enum store_direction way,
    struct store_cursor *at)
{
	struct str key = at->key;
	enum err e;

	if (cannot_read(tx))
		return tx->failed;
	if (tx->writes)
		tx->writer->read.used = at->read;
	e = tx->st->engine->step(tx->tx, table, way, &key, &at->row);
	if (e != ERR_OK)
		return store_fail(tx, store_log_damage(tx, e, table, at->key));
	/* The cursor copies the key, because a put before the next step moves
	 * keys as well. */
	memcpy(at->byte, key.p, key.n);
	at->key = str_from(at->byte, key.n);
	return keep(tx, &at->row);
}

const char *
store_directory(const struct store *st)
{
	return st->engine->directory(st->db);
}

enum err
store_copy(struct store *st, int fd)
{
	if (st->engine->copy == NULL)
		return ERR_NOT_FOUND;
	return st->engine->copy(st->db, fd);
}

static enum err
read_format(struct txn *tx, uint64_t *format)
{
	struct str key = str_of("format"), row, field;
	enum err e;

	*format = 0;
	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if ((e = row_decode(key, row, &field, 1)) != ERR_OK)
		return store_log_damage(tx, e, STORE_META, key);
	*format = row_get_u64(field);
	return ERR_OK;
}

static enum err
give_up(struct store *st, uint64_t format)
{
	if (!atomic_exchange(&st->outdated, true))
		log_line(LOG_AT_ERROR,
		    "store: %s: has format %llu of a newer release, but this "
		    "release supports formats up to %u; this process ends",
		    store_directory(st), (unsigned long long)format,
		    STORE_FORMAT);
	return ERR_NEWER;
}

enum err
store_note_format(struct txn *tx)
{
	struct store *st = tx->st;
	unsigned opened = st->engine->generation(st->db);
	uint64_t format;
	enum err e;

	atomic_store(&st->looked_at, time(NULL));
	if ((e = read_format(tx, &format)) != ERR_OK)
		return e;
	if (format > STORE_FORMAT)
		return give_up(st, format);
	/* A file that replaced data.mdb may have an older format. Only the
	 * start of a process upgrades it. */
	if (format < store_format(st)) {
		st->engine->give_up(
		    st->db, "was replaced by a file of an older format");
		return ERR_STORE;
	}
	atomic_store(&st->format, (unsigned)format);
	atomic_store(&st->looked_in, opened);
	return ERR_OK;
}

/* Whether a reader must check the format: once a second, and after data.mdb was
 * replaced. */
static bool
look_is_due(struct store *st)
{
	return atomic_load(&st->looked_at) != time(NULL) ||
	    atomic_load(&st->looked_in) != st->engine->generation(st->db);
}

unsigned
store_format(const struct store *st)
{
	return atomic_load(&st->format);
}

bool
store_is_outdated(const struct store *st)
{
	return atomic_load(&st->outdated);
}

unsigned
store_format_seen(const struct txn *tx)
{
	return store_format(tx->st);
}

unsigned
store_tables_seen(const struct txn *tx)
{
	return store_format_seen(tx) < 6 ? STORE_TABLES_FORMER : STORE_TABLES;
}

enum err
store_reader(struct store *st, struct txn **out)
{
	struct txn *tx = calloc(1, sizeof(*tx));
	enum err e;

	if (tx == NULL)
		return ERR_MEMORY;
	tx->st = st;
	if ((e = st->engine->reader(st->db, &tx->tx)) != ERR_OK) {
		free(tx);
		return e;
	}
	*out = tx;
	return ERR_OK;
}

void
store_reader_free(struct txn *tx)
{
	if (tx == NULL)
		return;
	tx->st->engine->reader_free(tx->tx);
	free(tx);
}

enum err
store_begin(struct txn *tx)
{
	struct store *st = tx->st;
	enum err e;

	if (store_is_outdated(st))
		return ERR_NEWER;
	if ((e = tx->st->engine->begin(tx->tx)) != ERR_OK || !look_is_due(st))
		return e;
	e = store_note_format(tx);
	if (e == ERR_OK)
		return ERR_OK;
	/* If only the row of the format is damaged, the other rows stay
	 * readable. */
	if (e == ERR_CORRUPT &&
	    atomic_load(&st->looked_in) == st->engine->generation(st->db))
		return ERR_OK;
	tx->st->engine->end(tx->tx);
	return e;
}

enum err
store_begin_and_look(struct txn *tx)
{
	enum err e;

	if ((e = tx->st->engine->begin(tx->tx)) != ERR_OK)
		return e;
	if ((e = store_note_format(tx)) != ERR_OK)
		tx->st->engine->end(tx->tx);
	return e;
}

void
store_end(struct txn *tx)
{
	if (tx != NULL)
		tx->st->engine->end(tx->tx);
}

enum err
store_check_page(struct txn *tx, struct str row, uintptr_t *state)
{
	const struct store_engine *engine = tx->st->engine;

	if (engine->check_page == NULL)
		return ERR_OK;
	return engine->check_page(tx->tx, row, state);
}

enum err
store_check_whole(struct txn *tx, const struct store_sums *seen,
    store_report *report, void *arg)
{
	return tx->st->engine->check_whole(tx->tx, seen, report, arg);
}

enum err
store_recount(struct txn *tx)
{
	enum err e = tx->st->engine->recount(tx->tx);

	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

enum err
store_newest_keys(struct txn *tx, store_key_visit *visit, void *arg)
{
	if (tx->st->engine->newest == NULL)
		return ERR_NOT_FOUND;
	return tx->st->engine->newest(tx->tx, visit, arg);
}

uint64_t
store_rows(struct txn *tx)
{
	return tx->st->engine->rows != NULL ? tx->st->engine->rows(tx->tx) : 0;
}

struct progress *
store_progress(const struct store *st)
{
	return st->progress;
}

store_completion *
store_completes(const struct store *st)
{
	return st->complete;
}

bool
store_complete(const struct txn *tx, struct record *r)
{
	return tx->st->complete != NULL && tx->st->complete(r);
}

struct progress *
store_txn_progress(const struct txn *tx)
{
	return tx->st->progress;
}

void
store_usage(struct txn *tx, uint64_t *used, uint64_t *size)
{
	tx->st->engine->usage(tx->tx, used, size);
}

unsigned
store_history_keep(const struct txn *tx)
{
	return tx->st->history_keep;
}

unsigned
store_history_certificates(const struct txn *tx)
{
	return tx->st->history_certificates;
}
