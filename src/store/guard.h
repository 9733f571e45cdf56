/* SPDX-License-Identifier: ISC */
/*
 * guard.h - proves that the open files are still the files of the data
 * directory, and that all processes use the same pair of files. Private to
 * store.
 *
 * LMDB keeps the write lock and the number of the last commit in lock.mdb, and
 * the data in data.mdb. Two processes that share only one of the two files
 * overwrite each other's changes. So each process holds a shared lock on both
 * files, and the offset of the lock names the other file and the process.
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
	struct log_repeat last_logged; /* all zeros at the start */
};

/*
 * Sets the locks on the files in *d; they last until the files are closed.
 * ERR_STORE if another process uses one of the two files with another partner;
 * the log names that process.
 */
enum err guard_set(struct store_guard *g, const char *path,
    const struct store_dir *d) ATTR_CHECKED;

enum guard_state {
	GUARD_SAME,
	GUARD_REPLACED, /* the directory has another data.mdb, or none */
	GUARD_GONE, /* lock.mdb or the directory is another, or missing */
	GUARD_UNKNOWN, /* errno has the reason */
};
/* Compares the names with the open files. The cost is three system calls. */
enum guard_state guard_look(
    const struct store_guard *g, const char *path, const struct store_dir *d);

#endif
