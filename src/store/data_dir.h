/* SPDX-License-Identifier: ISC */
/*
 * data_dir.h - the data directory: ours alone, on a local file system, its
 * files in place before the database is opened; private to store.
 */
#ifndef PUSHCERT_DATA_DIR_H
#define PUSHCERT_DATA_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* Open files of a data directory; -1: not open. */
struct store_dir {
	int fd; /* the directory itself */
	int data, lock;
	bool read_only; /* the disk is, so the lock file is not open */
};

/* What the caller needs of a data directory. */
struct data_dir_options {
	bool create; /* make what is missing */
	bool reads; /* a disk that is read-only will do */
	size_t lock_size; /* of the lock file, on the disk */
};

/*
 * Opens the directory and its files and checks them. ERR_NO_STORE,
 * ERR_NOT_PRIVATE, ERR_NETWORK_FS, ERR_FULL, ERR_UPGRADING, ERR_STORE; the
 * cause is logged. *d is to be closed only if ERR_OK is returned.
 */
enum err data_dir_open(const char *path, const struct data_dir_options *options,
    struct store_dir *d) ATTR_CHECKED;
/* To close the lock file drops all locks of the process on it: LMDB must have
 * closed it before. */
void data_dir_close(struct store_dir *d);

/* Puts the names of new files on the disk. */
void data_dir_sync(const struct store_dir *d);

#endif
