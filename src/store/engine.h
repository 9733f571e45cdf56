/* SPDX-License-Identifier: ISC */
/*
 * engine.h - what the store needs from a database engine: ordered tables of
 * keys and rows, readers, and batches of changes. Private to store.
 *
 * An engine knows nothing of the meaning of a row, except that row.h can check
 * it. The store above calls the engine only through struct store_engine, and
 * only store.c chooses an engine. `db` is what open returned; `tx` is what
 * reader returned, or, in a change, what the engine has put into the member tx
 * of the writer.
 *
 * Each function may also return, beside the outcomes named below: ERR_FULL,
 * ERR_CORRUPT, ERR_MEMORY and ERR_STORE; the engine logs the cause of the last.
 */
#ifndef PUSHCERT_ENGINE_H
#define PUSHCERT_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

struct group_commit_job;
struct metrics;
struct store_options;
struct store_reader_age;
struct txn;

/* The longest key and the longest row, in bytes. A longer one is damage. */
#define STORE_KEY_MAX 32
#define STORE_VALUE_MAX (128 * 1024)
#define STORE_TABLES_MAX 8

/*
 * The tables: the name for the code, the name in the database, and the words
 * for a damaged row and for all rows. A table is one line here; each engine
 * makes it, and verify.c must have a function look_at_NAME. A line is never
 * removed or moved, because LMDB's tally counts the tables by their order.
 *
 * RECORD: the key of a record is the tenant. The key of an event is the tenant
 * and the complement of the event's number, most significant byte first. So the
 * newest event stands right after the record, and a change usually writes one
 * page for both.
 *
 * FORMER_HISTORY: events as formats 1 and 2 keep them, under tenant and number.
 * In later formats this table is empty, except for rows that the upgrade could
 * not move.
 *
 * EXPIRY: the index by expiry. The key is an end and a tenant, see expiries.c,
 * and the row has no fields.
 *
 * TOKEN: the key is a SHA-256. REQUEST: the key is a tenant, or a tenant and a
 * key_id. META: the key is a name, or a word and a tenant.
 */
#define STORE_TABLE_LIST(X)                                            \
	X(RECORD, record, "record", "record or event of tenant",       \
	    "records and history")                                     \
	X(FORMER_HISTORY, former, "history", "event of format 2",      \
	    "former history")                                          \
	X(TOKEN, token, "token", "token with hash", "token")           \
	X(REQUEST, request, "request", "request of tenant", "request") \
	X(META, entry, "meta", "entry", "entry")                       \
	X(EXPIRY, expiry, "expiry", "place in the order of expiry",    \
	    "order of expiry")

enum store_table {
#define X(name, word, in_database, one, all) STORE_##name,
	STORE_TABLE_LIST(X)
#undef X
	    STORE_TABLES
};
/* The number of tables that a store of formats 1 to 5 has. */
#define STORE_TABLES_FORMER 5

/* Finds the row with the least key that is not less than a key (FROM), with the
 * least key that is greater (NEXT), or with the greatest key that is less
 * (PREVIOUS). */
enum store_direction { STORE_FROM, STORE_NEXT, STORE_PREVIOUS };

/* The counts of a walk over all tables: rows, and the sum of the rows'
 * checksums modulo 2^64. A store of an older format has fewer tables. */
struct store_sums {
	unsigned tables;
	uint64_t rows[STORE_TABLES_MAX];
	uint64_t sum[STORE_TABLES_MAX];
};

/* Reports what is wrong with a table, or with the store itself if `table` is
 * STORE_TABLES. */
typedef void store_report(void *arg, enum store_table table, const char *what);

typedef enum err store_key_visit(struct str key, void *arg);

/* Rows that will probably be read: see expect below. */
struct store_range {
	enum store_table table;
	enum store_direction way; /* FROM, or PREVIOUS */
	struct str key;
	size_t rows;
};

struct store_engine {
	/* Whether damage can make a row unfindable, because the engine keeps no
	 * checksums of the pages that lead to the rows; see store_absent. */
	bool loses_rows;
	/* See store_files. */
	const char *const *files;

	/* How many batches may run at the same time, and how many do if they
	 * are short (spread.h); in microseconds, what is not short. */
	unsigned writers, few_writers;
	int64_t long_batch;

	/* Opens the database, and creates it if the options say so. `writer` is
	 * the transaction of the changes. ERR_NO_STORE, ERR_NOT_PRIVATE,
	 * ERR_NETWORK_FS, ERR_UPGRADING. */
	enum err (*open)(
	    const struct store_options *options, struct txn *writer, void **db);
	/* Called after open for each writer but the first. NULL with one. */
	enum err (*add_writer)(void *db, struct txn *writer);
	/* All readers must have been freed. */
	void (*close)(void *db);
	/* The absolute path of the data directory. */
	const char *(*directory)(const void *db);
	/* See store_tidy and store_look. */
	void (*tidy)(void *db);
	enum err (*look)(void *db);
	/* A number that changes when the database was replaced by another one
	 * under this process. */
	unsigned (*generation)(const void *db);
	/* Ends the use of the database for good; `why` goes into the log. */
	void (*give_up)(void *db, const char *why);
	/* Gives the database to this process alone, for an upgrade, and takes
	 * it back. See claim.h. */
	enum err (*claim)(void *db, int64_t ms, pid_t *pid);
	void (*unclaim)(void *db);
	/* Makes this process the only one of all machines that does this work,
	 * a word, until the database is closed. ERR_IN_USE. NULL: a lock file
	 * does it. */
	enum err (*alone)(void *db, const char *work);
	/* See store_stamp. */
	enum err (*stamp)(void *db, uint64_t *out);
	/* Makes the tables that a store of an older format lacks. Called under
	 * the claim, while this process has no reader. */
	enum err (*make_tables)(void *db);

	/* In LMDB a reader sees one state from begin to end. In PostgreSQL only
	 * a walk over a whole table does; a lookup before it sees the newest
	 * row. */
	enum err (*reader)(void *db, void **tx);
	void (*reader_free)(void *tx);
	enum err (*begin)(void *tx);
	void (*end)(void *tx);

	/*
	 * get, step, put and remove: in a change, ERR_BUSY if the engine must
	 * fetch a row first. The change returns at once, and the engine runs it
	 * again. In a reader, ERR_BUSY if the database does not answer in time.
	 */

	/* The row lives until the reader ends; in a change, until the next put
	 * or removal. ERR_NOT_FOUND. */
	enum err (*get)(
	    void *tx, enum store_table table, struct str key, struct str *row);
	/* Sets *key to the key that was found, and *row to its row. The null
	 * key stands before the first key, or after the last for
	 * STORE_PREVIOUS. ERR_NOT_FOUND at the end. Puts and removals between
	 * two steps do not disturb a walk. */
	enum err (*step)(void *tx, enum store_table table,
	    enum store_direction way, struct str *key, struct str *row);
	enum err (*put)(
	    void *tx, enum store_table table, struct str key, struct str row);
	enum err (*remove)(void *tx, enum store_table table, struct str key);
	/* The same for a row that depends only on rows which this change has
	 * put or removed too, so that nothing needs to be read or compared. No
	 * change may put such a row by `put`. NULL: put and remove do it. */
	enum err (*set)(
	    void *tx, enum store_table table, struct str key, struct str row);
	enum err (*unset)(void *tx, enum store_table table, struct str key);
	/* In a change: no other change runs until this one ends. NULL: that is
	 * always so. */
	enum err (*run_alone)(void *tx);
	/* Names the rows that a change will probably read. If the engine does
	 * not know the first of them, it fetches all of them together. In a
	 * reader, the rows are FROM keys of one table; the rows of that table
	 * that were read before may end. NULL: the engine fetches nothing. */
	void (*expect)(void *tx, const struct store_range *range, size_t n);
	/* In a reader: fetches the row of a table that a step FROM the key
	 * would find, and the row of another table whose key is the first field
	 * of that row, in one round trip. get and step will return them. NULL:
	 * the engine fetches nothing. */
	enum err (*fetch_pair)(void *tx, enum store_table table, struct str key,
	    enum store_table other);
	/* In a reader: visits, in their order, the key of the newest event of
	 * each tenant. NULL: the store walks over the keys. */
	enum err (*newest)(void *tx, store_key_visit *visit, void *arg);
	/* Removes all rows of a table in a change. NULL: the store removes them
	 * one by one. */
	enum err (*empty)(void *tx, enum store_table table);
	/* In a change that has replaced all rows: counts them again. */
	enum err (*recount)(void *tx);

	/* Waits at most `ms` milliseconds until a batch may begin; a negative
	 * `ms` waits without end. `tx` is the handle of the writer. ERR_BUSY.
	 */
	enum err (*begin_batch)(void *db, void *tx, int64_t ms);
	/* Runs n changes by the functions below, commits them, and ends the
	 * batch. n may be 0. */
	void (*run_batch)(
	    void *db, void *tx, struct group_commit_job *first, size_t n);

	/* Checks the page of a row of a walk. *state is 0 before the first
	 * call. NULL: there is nothing to check. */
	enum err (*check_page)(void *tx, struct str row, uintptr_t *state);
	/* Compares what a walk has counted with what was committed, and checks
	 * the database as a whole. */
	enum err (*check_whole)(void *tx, const struct store_sums *seen,
	    store_report *report, void *arg);
	/* Writes the last committed state as a data file of LMDB. NULL: the
	 * store copies all rows. */
	enum err (*copy)(void *db, int fd);
	/* The number of rows, for a display; 0: not known. */
	uint64_t (*rows)(void *tx);
	/* See store_examine, store_usage and store_oldest_reader. */
	enum err (*examine)(void *db, store_advice *report, void *arg);
	void (*usage)(void *tx, uint64_t *used, uint64_t *size);
	bool (*oldest_reader)(void *db, struct store_reader_age *out);
};

extern const struct store_engine lmdb_engine;
#ifdef HAVE_POSTGRESQL
extern const struct store_engine pg_engine;
#endif

/*
 * The store's part of an engine's run_batch. store_batch_begin checks,
 * within the transaction, that the store has the format of this release;
 * store_batch_run runs the changes of one job and stores their outcomes. Both
 * return the reason why the transaction must not be committed, or ERR_OK.
 */
enum err store_batch_begin(struct txn *writer) ATTR_CHECKED;
enum err
store_batch_run(struct txn *writer, struct group_commit_job *job) ATTR_CHECKED;
/* Notes that the transaction of a job failed. */
void store_batch_fail(struct group_commit_job *job, enum err e);
/* Counts a commit of n changes in the metrics. */
void store_batch_count(struct txn *writer, size_t n, enum err e);
/* Sets the engine's handle of the writer. */
void store_batch_use(struct txn *writer, void *tx);

#endif
