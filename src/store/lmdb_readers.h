/* SPDX-License-Identifier: ISC */
/*
 * lmdb_readers.h - the reader that has been at it longest; private to
 * store_db.
 */
#ifndef PUSHCERT_LMDB_READERS_H
#define PUSHCERT_LMDB_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct MDB_env;

struct db_oldest {
	pid_t pid; /* 0: every reader sees the newest commit */
	size_t commit; /* that it sees */
	size_t changes; /* that were committed since */
};

/* Of all processes, as their slots in the lock file say at this moment. */
struct db_oldest lmdb_readers_oldest(struct MDB_env *env);

#endif
