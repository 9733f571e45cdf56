/* SPDX-License-Identifier: ISC */
/*
 * lmdb_private.h - the members of an environment and of its transactions.
 * Private to the lmdb_* files.
 *
 * The environment is closed and reopened while other threads want to use it. So
 * each use stands between lmdb_env_enter and lmdb_env_leave, which hold the
 * lock `use` in shared mode. Only reopen in lmdb_watch.c takes this lock
 * exclusively, and never waits for it.
 *
 * Lock order: `use`, then LMDB's write mutex (mdb_txn_begin). readers_lock is
 * an innermost lock.
 */
#ifndef PUSHCERT_LMDB_PRIVATE_H
#define PUSHCERT_LMDB_PRIVATE_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "store/data_dir.h"
#include "store/guard.h"
#include "store/lmdb_env.h"

struct MDB_cursor;
struct MDB_env;
struct MDB_txn;

struct lmdb_txn {
	struct lmdb_env *db;
	/* A reader keeps it between its transactions. */
	struct MDB_txn *mdb;
	struct MDB_cursor *cursor[STORE_TABLES_MAX + 1];
	bool writes;
	bool open;
	struct lmdb_txn *next;
	struct lmdb_txn **link;
};

struct lmdb_env {
	char *directory;
	const char *const *maps;
	unsigned maps_new;
	size_t map_size;
	size_t file_map_size; /* in the file, when it was opened */
	pid_t pid;

	struct MDB_env *env; /* NULL: closed, and not yet reopened */
	unsigned dbi[STORE_TABLES_MAX + 1]; /* LMDB_NO_MAP: missing */
	/* A thread with an open transaction holds it shared; the thread that
	 * reopens the environment holds it exclusively. */
	pthread_rwlock_t use;
	/* Why the environment must be reopened or closed: an error of LMDB
	 * (below 0), LMDB_REPLACED or LMDB_GONE. 0: not at all. */
	atomic_int must_reopen;
	/* These files are open while the environment is. */
	struct store_dir files;
	bool reads; /* a read-only disk is accepted */
	bool knows_pages; /* see lmdb_pages_known */
	struct store_guard guard;
	atomic_int_fast64_t looked_at; /* last check of the names, in seconds */
	size_t newest; /* commit that lmdb_env_look saw last */
	/* The commit that the oldest reader saw when lmdb_env_look looked last,
	 * and the time of the first look that found it. */
	atomic_uint_fast64_t watched;
	atomic_int_fast64_t watched_since;
	atomic_uint opened; /* see lmdb_env_opened */
	struct log_repeat last_logged;

	pthread_mutex_t readers_lock;
	struct lmdb_txn *readers;
	struct lmdb_txn writer;
};

#define LMDB_NO_MAP UINT_MAX

/* LMDB_REPLACED: another file has replaced data.mdb, and this process opens
 * that file. LMDB_GONE: lock.mdb or the directory was removed or replaced, and
 * this process must not use the store any more. */
enum { LMDB_REPLACED = 1, LMDB_GONE };

/* lmdb_env.c. lmdb_env_outcome maps a return value of LMDB and logs failures.
 * lmdb_env_unmap and lmdb_env_map close and open the environment; only a thread
 * that holds `use` exclusively may call them. */
enum err lmdb_env_outcome(struct lmdb_env *db, const char *doing, int rc);
void lmdb_env_unmap(struct lmdb_env *db);
enum err lmdb_env_map(struct lmdb_env *db, bool create) ATTR_CHECKED;
bool lmdb_env_find_oldest(struct lmdb_env *db, struct db_reader_age *out);

/* lmdb_watch.c. lmdb_env_lose ends the use of the store and logs why. */
enum err lmdb_env_enter(struct lmdb_env *db) ATTR_CHECKED;
void lmdb_env_leave(struct lmdb_env *db);
void lmdb_env_lose(struct lmdb_env *db, const char *name, const char *why);
enum err lmdb_env_check_names(struct lmdb_env *db) ATTR_CHECKED;
enum err lmdb_env_check_numbers(struct lmdb_txn *tx) ATTR_CHECKED;
enum err lmdb_env_check_files(struct lmdb_txn *tx) ATTR_CHECKED;

void lmdb_txn_drop(struct lmdb_txn *tx);

#endif
