/* SPDX-License-Identifier: ISC */
/*
 * lmdb_env.h - ordered maps of byte strings in one file, shared by threads and
 * processes: the part of store that speaks to LMDB; private to it.
 *
 * It knows nothing of what it keeps. It sees to it that the directory is ours
 * alone and local, that what is committed is on the disk, and that the file is
 * opened anew by itself after an error which LMDB does not survive, and where
 * another file has taken its place. A commit that went into a file which is not
 * data.mdb any more is ERR_STORE.
 *
 * Outcomes beside those named: ERR_FULL (disk or map), ERR_CORRUPT (a damaged
 * page), ERR_STORE (anything else; its cause is logged).
 */
#ifndef PUSHCERT_LMDB_ENV_H
#define PUSHCERT_LMDB_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Longest key that is used here, and the longest value: a longer one in the
 * file is damage. */
#define DB_KEY_MAX 32
#define DB_VALUE_MAX (128 * 1024)
#define DB_MAPS_MAX 8

struct db;
struct db_txn;

struct db_options {
	const char *directory;
	size_t map_size;
	/* ERR_STORE if there is no room for so many. */
	unsigned readers;
	/* Make what is missing. */
	bool create;
	/* A disk that is read-only will do; there a write is ERR_STORE. */
	bool reads;
	/* Names of the maps, which are numbered in this order; ends with NULL;
	 * must live as long as the database. The number of that end is a map
	 * too, which must not be walked: every commit writes its page anyway,
	 * so that it is the place for what every commit changes. */
	const char *const *maps;
};

/* ERR_NO_STORE, ERR_NOT_PRIVATE, ERR_NETWORK_FS. Not twice in a process, and
 * not before a fork: the process then loses its locks. */
enum err
store_db_open(const struct db_options *options, struct db **out) ATTR_CHECKED;
/* No reader may be left. NULL is allowed. */
void store_db_close(struct db *db);
/* lock.mdb, which is open as long as the environment is; -1 while it is not. */
int store_db_lock_file(const struct db *db);
/* In full; lives as long as the database. */
const char *store_db_directory(const struct db *db);
/* Writes all that was committed, without gaps, as a data file, while changes go
 * on. */
enum err store_db_copy(struct db *db, int fd) ATTR_CHECKED;
/* Forgets the readers of dead processes. */
void store_db_tidy(struct db *db);
/* Looks whether the open files are still those of the directory, as every write
 * does, and readers once a second. ERR_STORE: they are not, and this process
 * can never use the store again. */
enum err store_db_look(struct db *db) ATTR_CHECKED;
/* Counts the times that data.mdb was replaced by another file and that one was
 * opened. */
unsigned store_db_opened(const struct db *db);
/* Ends the use of the store for good, as the caller cannot use the file that
 * has taken the place of data.mdb. The log gets a line with that reason. */
void store_db_give_up(struct db *db, const char *why);

/* A reader sees from store_db_begin to store_db_end what was committed before.
 */
enum err store_db_reader(struct db *db, struct db_txn **out) ATTR_CHECKED;
void store_db_reader_free(struct db_txn *tx);
enum err store_db_begin(struct db_txn *tx) ATTR_CHECKED;
void store_db_end(struct db_txn *tx);

/* The one write transaction; waits for those of other threads and processes.
 * It ends with store_db_commit, whatever that returns, or with store_db_abort;
 * after a failed put or delete with store_db_abort. */
enum err store_db_write(struct db *db, struct db_txn **out) ATTR_CHECKED;
enum err store_db_commit(struct db_txn *tx) ATTR_CHECKED;
void store_db_abort(struct db_txn *tx);

/* A writer's number, one higher than that of the last commit; a reader's: that
 * of the commit that it sees, which is 1 in a copy. */
uint64_t store_db_commit_number(const struct db_txn *tx);
/*
 * The file has two roots, of the last commit and of the one before. LMDB takes
 * that of the higher number, so that a damaged number brings back an old state:
 * ERR_CORRUPT where they are not of neighbours.
 */
enum err store_db_check_roots(struct db *db) ATTR_CHECKED;

/*
 * Whether the page of a value that a reader was given is what LMDB made of it:
 * ERR_CORRUPT if not. To read it LMDB does not look at all of that, but to
 * change it it does. *map is 0 in the first call of a transaction.
 */
enum err store_db_check_page(
    struct db_txn *tx, struct str value, uintptr_t *map) ATTR_CHECKED;
/*
 * The reader that sees the oldest commit, of any process: no page that was
 * freed since is used again. False where all see the newest one. seconds: for
 * how long at least, as store_db_look, once a second, has seen.
 */
struct db_reader_age {
	pid_t pid;
	uint64_t changes; /* that were committed since it began */
	int64_t seconds;
};
bool store_db_oldest_reader(struct db *db, struct db_reader_age *out);
/* Bytes of the map that are in use, and its size. The reader has begun. */
void store_db_usage(struct db_txn *tx, uint64_t *used, uint64_t *size);

/* The value lives until the reader ends or the writer puts or deletes.
 * ERR_NOT_FOUND. */
enum err store_db_get(struct db_txn *tx, unsigned map, struct str key,
    struct str *value) ATTR_CHECKED;

/*
 * The pair of the least key that is not less than *key (DB_FROM) or greater
 * (DB_NEXT), or of the greatest one that is less (DB_PREVIOUS); *key is then
 * that pair's. The null key stands before the first and behind the last.
 * ERR_NOT_FOUND at the end. A walk made of these goes on whatever is put or
 * deleted between two steps.
 */
enum db_way { DB_FROM, DB_NEXT, DB_PREVIOUS };
enum err store_db_step(struct db_txn *tx, unsigned map, enum db_way way,
    struct str *key, struct str *value) ATTR_CHECKED;

enum err store_db_put(struct db_txn *tx, unsigned map, struct str key,
    struct str value) ATTR_CHECKED;
/* ERR_NOT_FOUND changes nothing and is no failure. */
enum err
store_db_delete(struct db_txn *tx, unsigned map, struct str key) ATTR_CHECKED;

#endif
