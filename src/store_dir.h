/* SPDX-License-Identifier: ISC */
/*
 * store_dir.h - the data directory: ours alone, on a local file system, its
 * files in place before the database is opened; private to store.
 */
#ifndef PUSHCERT_STORE_DIR_H
#define PUSHCERT_STORE_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"
#include "err.h"

/*
 * Opens the directory and checks it and its files; makes what is missing if
 * create is set. lock_size bytes of the lock file are really on the disk
 * afterwards. ERR_NO_STORE, ERR_NOT_PRIVATE, ERR_NETWORK_FS, ERR_FULL,
 * ERR_STORE; the cause is logged.
 */
enum err store_dir_open(
    const char *path, bool create, size_t lock_size, int *fd) ATTR_CHECKED;

/* Puts the names of new files on the disk. */
void store_dir_sync(int fd);

#endif
