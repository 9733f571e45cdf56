/* SPDX-License-Identifier: ISC */
/*
 * lmdb_engine.c - the store in LMDB, the engine of one machine.
 *
 * The leader of a batch holds, in this order: the lead of the queue
 * (group_commit.h), the write lock between processes (write_lock.h), and LMDB's
 * write mutex. The thread that holds them owns the tally.
 */
#include "store/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/claim.h"
#include "store/group_commit.h"
#include "store/lmdb_env.h"
#include "store/misses.h"
#include "store/store_private.h"
#include "store/tally.h"
#include "store/write_lock.h"

_Static_assert(STORE_TABLES <= STORE_TABLES_MAX, "every table has its number");

struct lmdb_store;

struct session {
	struct lmdb_store *of;
	struct lmdb_txn *tx;
};

struct lmdb_store {
	struct lmdb_env *env;
	struct txn *writer;
	int lock; /* see write_lock.h; -1: none */
	bool alone; /* no other process has the store */

	/* The thread that holds the write lock owns the members below. */
	struct session session;
	bool tallied; /* the tally below was loaded */
	struct tally tally;
	struct misses misses;
};

#ifdef STORE_MISSES
#define MISSES true
#else
#define MISSES false
#endif

/* --- the database ------------------------------------------------------- */

static void
engine_close(void *arg)
{
	struct lmdb_store *db = arg;

	if (db == NULL)
		return;
	if (db->lock >= 0)
		close(db->lock);
	lmdb_env_close(db->env);
	free(db);
}

static enum err
open_lock(struct lmdb_store *db)
{
	const char *directory = lmdb_env_directory(db->env);

	if (db->alone || (db->lock = write_lock_open(directory)) >= 0)
		return ERR_OK;
	log_line(LOG_AT_ERROR, "store: %s: %s", directory, strerror(errno));
	return ERR_STORE;
}

static enum err
engine_open(const struct store_options *options, struct txn *writer, void **out)
{
	static const char *const maps[] = {
#define X(name, word, in_database, one, all) in_database,
		STORE_TABLE_LIST(X)
#undef X
		    NULL,
	};
	const struct lmdb_options env = {
		.directory = options->directory,
		.map_size = options->map_size,
		.readers = options->readers,
		.create = options->create,
		.reads = options->reads,
		.maps = maps,
		.maps_new = STORE_TABLES - STORE_TABLES_FORMER,
	};
	struct lmdb_store *db = calloc(1, sizeof(*db));
	enum err e;

	if (db == NULL)
		return ERR_MEMORY;
	db->lock = -1;
	db->alone = options->alone;
	db->writer = writer;
	db->session.of = db;
	if ((e = lmdb_env_open(&env, &db->env)) != ERR_OK ||
	    (e = open_lock(db)) != ERR_OK) {
		engine_close(db);
		return e;
	}
	*out = db;
	return ERR_OK;
}

static const char *
engine_directory(const void *db)
{
	return lmdb_env_directory(((const struct lmdb_store *)db)->env);
}

static void
engine_tidy(void *db)
{
	lmdb_env_tidy(((struct lmdb_store *)db)->env);
}

static enum err
engine_stamp(void *db, uint64_t *out)
{
	return lmdb_env_last_commit(((struct lmdb_store *)db)->env, out);
}

static enum err
engine_look(void *db)
{
	return lmdb_env_look(((struct lmdb_store *)db)->env);
}

static unsigned
engine_generation(const void *db)
{
	return lmdb_env_opened(((const struct lmdb_store *)db)->env);
}

static void
engine_give_up(void *db, const char *why)
{
	lmdb_env_give_up(((struct lmdb_store *)db)->env, why);
}

static enum err
engine_claim(void *arg, int64_t ms, pid_t *pid)
{
	struct lmdb_store *db = arg;

	if (db->alone)
		return ERR_OK;
	return claim_take(lmdb_env_lock_file(db->env), ms, pid);
}

static void
engine_unclaim(void *arg)
{
	struct lmdb_store *db = arg;

	if (!db->alone)
		claim_drop(lmdb_env_lock_file(db->env));
}

static enum err
engine_make_tables(void *db)
{
	return tally_make_maps(((struct lmdb_store *)db)->env, STORE_TABLES);
}

static enum err
engine_copy(void *db, int fd)
{
	return lmdb_env_copy(((struct lmdb_store *)db)->env, fd);
}

static bool
engine_oldest_reader(void *db, struct store_reader_age *out)
{
	struct db_reader_age age;

	if (!lmdb_env_oldest_reader(((struct lmdb_store *)db)->env, &age))
		return false;
	*out =
	    (struct store_reader_age){ .pid = age.pid, .changes = age.changes };
	return true;
}

/* --- readers and rows --------------------------------------------------- */

static enum err
engine_reader(void *db, void **out)
{
	struct session *s = calloc(1, sizeof(*s));
	enum err e;

	if (s == NULL)
		return ERR_MEMORY;
	s->of = db;
	if ((e = lmdb_txn_reader(s->of->env, &s->tx)) != ERR_OK) {
		free(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

static void
engine_reader_free(void *arg)
{
	struct session *s = arg;

	if (s == NULL)
		return;
	lmdb_txn_reader_free(s->tx);
	free(s);
}

static enum err
engine_begin(void *tx)
{
	return lmdb_txn_begin(((struct session *)tx)->tx);
}

static void
engine_end(void *tx)
{
	lmdb_txn_end(((struct session *)tx)->tx);
}

static bool
is_missing(struct session *s, enum store_table table, int way, struct str key)
{
	return MISSES && s == &s->of->session &&
	    misses_first(&s->of->misses, table, way, key);
}

static enum err
engine_get(void *tx, enum store_table table, struct str key, struct str *row)
{
	struct session *s = tx;

	if (is_missing(s, table, -1, key))
		return ERR_BUSY;
	return lmdb_txn_get(s->tx, table, key, row);
}

static enum err
engine_step(void *tx, enum store_table table, enum store_direction way,
    struct str *key, struct str *row)
{
	struct session *s = tx;

	if (is_missing(s, table, (int)way, *key))
		return ERR_BUSY;
	return lmdb_txn_step(s->tx, table, way, key, row);
}

/* --- changes ------------------------------------------------------------ */

static enum err
load_tally(struct session *s, struct tally *out)
{
	enum err e = tally_load(s->tx, STORE_TABLES, out);

	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Subtracts the row that a put or a removal will replace from the tally.
 * ERR_NOT_FOUND if there is none. */
static enum err
take_old(struct session *s, enum store_table table, struct str key)
{
	struct lmdb_store *db = s->of;
	struct str old = STR_EMPTY;
	enum err e;

	if (!db->tallied && (e = load_tally(s, &db->tally)) != ERR_OK)
		return e;
	db->tallied = true;
	if ((e = lmdb_txn_get(s->tx, table, key, &old)) == ERR_OK)
		tally_take(&db->tally, table, old);
	return e;
}

static enum err
engine_put(void *tx, enum store_table table, struct str key, struct str row)
{
	struct session *s = tx;
	enum err e = take_old(s, table, key);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	tally_add(&s->of->tally, table, row);
	return lmdb_txn_put(s->tx, table, key, row);
}

static enum err
engine_remove(void *tx, enum store_table table, struct str key)
{
	struct session *s = tx;
	enum err e = take_old(s, table, key);

	return e == ERR_OK ? lmdb_txn_delete(s->tx, table, key) : e;
}

static enum err
engine_recount(void *tx)
{
	struct session *s = tx;
	struct tally *tally = &s->of->tally;
	struct str key, row = STR_EMPTY;
	unsigned table;
	enum err e;

	*tally = (struct tally){ .commit = 0 };
	s->of->tallied = true;
	for (table = 0; table < STORE_TABLES; table++) {
		key = str_of(NULL);
		while ((e = lmdb_txn_step(
			    s->tx, table, STORE_NEXT, &key, &row)) == ERR_OK)
			tally_add(tally, table, row);
		if (e != ERR_NOT_FOUND)
			return e;
	}
	return ERR_OK;
}

static enum err
engine_begin_batch(void *arg, void *tx, int64_t ms)
{
	struct lmdb_store *db = arg;

	(void)tx;
	return write_lock_take(db->lock, ms) ? ERR_OK : ERR_BUSY;
}

/* Runs n changes in one transaction. If the transaction fails, nothing has
 * changed, and the outcomes of the single changes are void. */
static enum err
change_all(struct lmdb_store *db, struct group_commit_job *job, size_t n)
{
	struct session *s = &db->session;
	enum err e;

	if ((e = lmdb_txn_write(db->env, &s->tx)) != ERR_OK)
		return e;
	db->tallied = false;
	store_batch_use(db->writer, s);
	e = store_batch_begin(db->writer);
	for (; n > 0 && e == ERR_OK; n--, job = job->next)
		e = store_batch_run(db->writer, job);
	if (e == ERR_OK && db->tallied)
		e = tally_save(s->tx, STORE_TABLES, &db->tally);
	if (e == ERR_OK)
		return lmdb_txn_commit(s->tx);
	lmdb_txn_abort(s->tx);
	return e;
}

static enum err
commit(struct lmdb_store *db, struct group_commit_job *job, size_t n)
{
	enum err e = change_all(db, job, n);

	while (MISSES && e == ERR_BUSY)
		e = change_all(db, job, n);
	store_batch_count(db->writer, n, e);
	return e;
}

/* Commits n changes together. If that fails, each change gets its own
 * transaction, so that only the change at fault fails. */
static void
commit_batch(struct lmdb_store *db, struct group_commit_job *job, size_t n)
{
	enum err e;

	if (n > 1 && commit(db, job, n) == ERR_OK)
		return;
	for (; n > 0; n--, job = job->next)
		if ((e = commit(db, job, 1)) != ERR_OK)
			store_batch_fail(job, e);
}

static void
engine_run_batch(void *arg, void *tx, struct group_commit_job *first, size_t n)
{
	struct lmdb_store *db = arg;

	(void)tx;
	db->misses.n = 0;
	commit_batch(db, first, n);
	write_lock_drop(db->lock);
}

/* --- checks ------------------------------------------------------------- */

static enum err
engine_check_page(void *tx, struct str row, uintptr_t *state)
{
	return lmdb_txn_check_page(((struct session *)tx)->tx, row, state);
}

/* Checks that the store shows the state of its last commit. In a copy the first
 * commit has the number 1, and the tally has the number of the original. */
static void
check_age(const struct session *s, const struct tally *kept,
    store_report *report, void *arg)
{
	uint64_t seen = lmdb_txn_commit_number(s->tx);
	char what[96];

	if (lmdb_env_check_roots(s->of->env) == ERR_CORRUPT)
		report(arg, STORE_TABLES,
		    "its two meta pages do not belong together");
	if (seen == 1 || seen == kept->commit)
		return;
	snprintf(what, sizeof(what), "seen as of commit %llu and of %llu",
	    (unsigned long long)seen, (unsigned long long)kept->commit);
	report(arg, STORE_TABLES, what);
}

static enum err
engine_check_whole(
    void *tx, const struct store_sums *seen, store_report *report, void *arg)
{
	struct session *s = tx;
	struct tally kept;
	enum err e = load_tally(s, &kept);

	if (e == ERR_CORRUPT) {
		report(arg, STORE_TABLES, "its tally is damaged");
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	tally_compare(&kept, seen, report, arg);
	check_age(s, &kept, report, arg);
	return ERR_OK;
}

static uint64_t
engine_rows(void *tx)
{
	struct tally kept;

	return load_tally(tx, &kept) == ERR_OK ? tally_rows(&kept, STORE_TABLES)
					       : 0;
}

static void
engine_usage(void *tx, uint64_t *used, uint64_t *size)
{
	lmdb_txn_usage(((struct session *)tx)->tx, used, size);
}

static const char *const files[] = { "data.mdb", "lock.mdb", NULL };

const struct store_engine lmdb_engine = {
	.loses_rows = true,
	.writers = 1,
	.few_writers = 1,
	.files = files,
	.open = engine_open,
	.close = engine_close,
	.directory = engine_directory,
	.tidy = engine_tidy,
	.look = engine_look,
	.generation = engine_generation,
	.give_up = engine_give_up,
	.claim = engine_claim,
	.unclaim = engine_unclaim,
	.stamp = engine_stamp,
	.make_tables = engine_make_tables,
	.reader = engine_reader,
	.reader_free = engine_reader_free,
	.begin = engine_begin,
	.end = engine_end,
	.get = engine_get,
	.step = engine_step,
	.put = engine_put,
	.remove = engine_remove,
	.recount = engine_recount,
	.begin_batch = engine_begin_batch,
	.run_batch = engine_run_batch,
	.check_page = engine_check_page,
	.examine = lmdb_env_examine,
	.check_whole = engine_check_whole,
	.copy = engine_copy,
	.rows = engine_rows,
	.usage = engine_usage,
	.oldest_reader = engine_oldest_reader,
};
