/* SPDX-License-Identifier: ISC */
/*
 * lmdb_private.h - the environment and its transactions as the lmdb_* files see
 * them; private to those files.
 */
#ifndef PUSHCERT_LMDB_PRIVATE_H
#define PUSHCERT_LMDB_PRIVATE_H

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
	/* Of a reader, also between its transactions. */
	struct MDB_txn *mdb;
	struct MDB_cursor *cursor[LMDB_MAPS_MAX + 1];
	bool writes;
	bool open;
	struct lmdb_txn *next;
	struct lmdb_txn **link;
};

struct lmdb_env {
	char *directory;
	const char *const *maps;
	size_t map_size;
	size_t file_map_size; /* when it was opened */
	pid_t pid;

	struct MDB_env *env; /* NULL while it cannot be opened anew */
	unsigned dbi[LMDB_MAPS_MAX + 1];
	/* Shared as long as a transaction is open; whoever gets it for himself
	 * alone may open the environment anew. */
	pthread_rwlock_t use;
	/* LMDB's reason why that must be done, or LMDB_REPLACED or LMDB_GONE,
	 * or 0. */
	atomic_int must_reopen;
	/* Open as long as the environment is. */
	struct store_dir files;
	bool reads; /* a disk that is read-only will do */
	bool knows_pages; /* lmdb_pages_known; else no page is checked */
	struct store_guard guard;
	atomic_int_fast64_t looked_at; /* at the files' names, in seconds */
	size_t newest; /* commit that lmdb_env_look saw */
	/* The commit that the oldest reader saw at the last look, and the
	 * first moment at which it was seen to be that. */
	atomic_uint_fast64_t watched;
	atomic_int_fast64_t watched_since;
	atomic_uint opened; /* how many files data.mdb has been */
	struct log_repeat told;

	pthread_mutex_t readers_lock;
	struct lmdb_txn *readers;
	struct lmdb_txn writer;
};

/* Reasons besides LMDB's, which are all below 0: data.mdb is another file than
 * the open one; lock.mdb or the directory is, and this process cannot go on. */
enum { LMDB_REPLACED = 1, LMDB_GONE };

/* lmdb_env.c */
enum err lmdb_env_outcome(struct lmdb_env *db, const char *doing, int rc);
void lmdb_env_unmap(struct lmdb_env *db);
enum err lmdb_env_map(struct lmdb_env *db, bool create) ATTR_CHECKED;
bool lmdb_env_find_oldest(struct lmdb_env *db, struct db_reader_age *out);

/* lmdb_watch.c */
enum err lmdb_env_enter(struct lmdb_env *db) ATTR_CHECKED;
void lmdb_env_leave(struct lmdb_env *db);
void lmdb_env_lose(struct lmdb_env *db, const char *name, const char *why);
enum err lmdb_env_check_names(struct lmdb_env *db) ATTR_CHECKED;
enum err lmdb_env_check_numbers(struct lmdb_txn *tx) ATTR_CHECKED;
enum err lmdb_env_check_files(struct lmdb_txn *tx) ATTR_CHECKED;

void lmdb_txn_drop(struct lmdb_txn *tx);

#endif
