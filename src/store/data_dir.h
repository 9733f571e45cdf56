/* SPDX-License-Identifier: ISC */
/*
 * data_dir.h - opens the data directory and checks that it is private to this
 * user and on a local file system, before LMDB opens the files. Private to
 * store.
 */
#ifndef PUSHCERT_DATA_DIR_H
#define PUSHCERT_DATA_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* The open files of a data directory; -1: not open. */
struct store_dir {
	int fd; /* the directory itself */
	int data, lock;
	bool read_only; /* if so, `lock` stays -1 */
};

/* The caller's demands on a data directory. */
struct data_dir_options {
	bool create; /* create the directory and its files */
	bool reads; /* accept a read-only disk */
	size_t lock_size; /* bytes to allocate for lock.mdb */
};

/*
 * Opens the directory and its files and checks them. ERR_NO_STORE,
 * ERR_NOT_PRIVATE, ERR_NETWORK_FS, ERR_FULL, ERR_UPGRADING, ERR_STORE; the
 * cause is logged. The caller must close *d only after ERR_OK.
 */
enum err data_dir_open(const char *path, const struct data_dir_options *options,
    struct store_dir *d) ATTR_CHECKED;
/* Closing lock.mdb releases all locks of the process on it, so LMDB must have
 * closed the file before. */
void data_dir_close(struct store_dir *d);

/* Flushes the names of new files to the disk. A failure is logged. */
void data_dir_sync(const struct store_dir *d);

#endif
