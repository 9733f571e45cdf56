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
#define LMDB_KEY_MAX 32
#define LMDB_VALUE_MAX (128 * 1024)
#define LMDB_MAPS_MAX 8

struct lmdb_env;
struct lmdb_txn;

struct lmdb_options {
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
enum err lmdb_env_open(
    const struct lmdb_options *options, struct lmdb_env **out) ATTR_CHECKED;
/* No reader may be left. NULL is allowed. */
void lmdb_env_close(struct lmdb_env *db);
/* lock.mdb, which is open as long as the environment is; -1 while it is not. */
int lmdb_env_lock_file(const struct lmdb_env *db);
/* In full; lives as long as the database. */
const char *lmdb_env_directory(const struct lmdb_env *db);
/* Writes all that was committed, without gaps, as a data file, while changes go
 * on. */
enum err lmdb_env_copy(struct lmdb_env *db, int fd) ATTR_CHECKED;
/* Forgets the readers of dead processes. */
void lmdb_env_tidy(struct lmdb_env *db);
/* Looks whether the open files are still those of the directory, as every write
 * does, and readers once a second. ERR_STORE: they are not, and this process
 * can never use the store again. */
enum err lmdb_env_look(struct lmdb_env *db) ATTR_CHECKED;
/* Counts the times that data.mdb was replaced by another file and that one was
 * opened. */
unsigned lmdb_env_opened(const struct lmdb_env *db);
/* Ends the use of the store for good, as the caller cannot use the file that
 * has taken the place of data.mdb. The log gets a line with that reason. */
void lmdb_env_give_up(struct lmdb_env *db, const char *why);

/* A reader sees from lmdb_txn_begin to lmdb_txn_end what was committed before.
 */
enum err
lmdb_txn_reader(struct lmdb_env *db, struct lmdb_txn **out) ATTR_CHECKED;
void lmdb_txn_reader_free(struct lmdb_txn *tx);
enum err lmdb_txn_begin(struct lmdb_txn *tx) ATTR_CHECKED;
void lmdb_txn_end(struct lmdb_txn *tx);

/* The one write transaction; waits for those of other threads and processes.
 * It ends with lmdb_txn_commit, whatever that returns, or with lmdb_txn_abort;
 * after a failed put or delete with lmdb_txn_abort. */
enum err
lmdb_txn_write(struct lmdb_env *db, struct lmdb_txn **out) ATTR_CHECKED;
enum err lmdb_txn_commit(struct lmdb_txn *tx) ATTR_CHECKED;
void lmdb_txn_abort(struct lmdb_txn *tx);

/* A writer's number, one higher than that of the last commit; a reader's: that
 * of the commit that it sees, which is 1 in a copy. */
uint64_t lmdb_txn_commit_number(const struct lmdb_txn *tx);
/*
 * The file has two roots, of the last commit and of the one before. LMDB takes
 * that of the higher number, so that a damaged number brings back an old state:
 * ERR_CORRUPT where they are not of neighbours.
 */
enum err lmdb_env_check_roots(struct lmdb_env *db) ATTR_CHECKED;

/*
 * Whether the page of a value that a reader was given is what LMDB made of it:
 * ERR_CORRUPT if not. To read it LMDB does not look at all of that, but to
 * change it it does. *map is 0 in the first call of a transaction.
 */
enum err lmdb_txn_check_page(
    struct lmdb_txn *tx, struct str value, uintptr_t *map) ATTR_CHECKED;
/*
 * The reader that sees the oldest commit, of any process: no page that was
 * freed since is used again. False where all see the newest one. seconds: for
 * how long at least, as lmdb_env_look, once a second, has seen.
 */
struct db_reader_age {
	pid_t pid;
	uint64_t changes; /* that were committed since it began */
	int64_t seconds;
};
bool lmdb_env_oldest_reader(struct lmdb_env *db, struct db_reader_age *out);
/* Bytes of the map that are in use, and its size. The reader has begun. */
void lmdb_txn_usage(struct lmdb_txn *tx, uint64_t *used, uint64_t *size);

/* The value lives until the reader ends or the writer puts or deletes.
 * ERR_NOT_FOUND. */
enum err lmdb_txn_get(struct lmdb_txn *tx, unsigned map, struct str key,
    struct str *value) ATTR_CHECKED;

/*
 * The pair of the least key that is not less than *key (LMDB_FROM) or greater
 * (LMDB_NEXT), or of the greatest one that is less (LMDB_PREVIOUS); *key is
 * then that pair's. The null key stands before the first and behind the last.
 * ERR_NOT_FOUND at the end. A walk made of these goes on whatever is put or
 * deleted between two steps.
 */
enum lmdb_direction { LMDB_FROM, LMDB_NEXT, LMDB_PREVIOUS };
enum err lmdb_txn_step(struct lmdb_txn *tx, unsigned map,
    enum lmdb_direction way, struct str *key, struct str *value) ATTR_CHECKED;

enum err lmdb_txn_put(struct lmdb_txn *tx, unsigned map, struct str key,
    struct str value) ATTR_CHECKED;
/* ERR_NOT_FOUND changes nothing and is no failure. */
enum err
lmdb_txn_delete(struct lmdb_txn *tx, unsigned map, struct str key) ATTR_CHECKED;

#endif
