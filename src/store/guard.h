/* SPDX-License-Identifier: ISC */
/*
 * guard.h - proof that the files which are open are still those of the
 * data directory, and that every process uses the same pair of them; private to
 * store.
 *
 * LMDB keeps the number of the last commit and the write lock in lock.mdb, and
 * the data in data.mdb. Two processes that share only one of the two files
 * overwrite each other's changes. So each process holds a shared lock on both
 * files, and the byte that it locks names the other file and the process.
 */
#ifndef PUSHCERT_GUARD_H
#define PUSHCERT_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "store/data_dir.h"

struct store_guard {
	struct {
		dev_t device;
		ino_t inode;
	} directory, data, lock;
	struct log_repeat told; /* of other processes; begins as all zeros */
};

/*
 * Takes the locks on the files in *d, which last until they are closed.
 * ERR_STORE where another process uses one of the two files with another
 * partner; the log names that process.
 */
enum err guard_set(struct store_guard *g, const char *path,
    const struct store_dir *d) ATTR_CHECKED;

enum guard_state {
	GUARD_SAME,
	GUARD_REPLACED, /* data.mdb: the directory holds another one, or none */
	GUARD_GONE, /* the same of lock.mdb, or of the directory */
	GUARD_UNKNOWN, /* errno says why */
};
/* Compares the names with the open files: three system calls. */
enum guard_state guard_look(
    const struct store_guard *g, const char *path, const struct store_dir *d);

#endif
