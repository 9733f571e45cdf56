/* SPDX-License-Identifier: ISC */
/*
 * lmdb_readers.h - the reader that sees the oldest commit. Private to the
 * lmdb_* files.
 */
#ifndef PUSHCERT_LMDB_READERS_H
#define PUSHCERT_LMDB_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct MDB_env;

struct db_oldest {
	pid_t pid; /* 0: every reader sees the newest commit */
	size_t commit; /* the commit that it sees */
	size_t changes; /* commits since then */
};

/* The oldest reader of all processes at this moment. The environment must be
 * open. */
struct db_oldest lmdb_readers_oldest(struct MDB_env *env);

#endif
