/* SPDX-License-Identifier: ISC */
/*
 * docroot.h - whether the data directory lies under a web server's document
 * root. One wrong line of the server's configuration would publish it there.
 */
#ifndef PUSHCERT_DOCROOT_H
#define PUSHCERT_DOCROOT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* The directories above the data directory, by device and inode, because names
 * may be symbolic links. 64 levels are more than a path of PATH_MAX bytes has
 * in practice. */
#define DOCROOT_DEPTH 64

struct docroot {
	struct docroot_directory {
		dev_t device;
		ino_t file;
	} above[DOCROOT_DEPTH];
	size_t n;
};

/* Reads the parents of the data directory. A directory that does not exist lies
 * under nothing. */
void docroot_init(struct docroot *d, const char *data);

/* Whether `root`, a document root as the web server names it, holds the data
 * directory. "/" does not count: servers without a document root send it. */
bool docroot_holds(const struct docroot *d, struct str root);

/* The last document root that did not hold the data directory, and when it was
 * checked; starts as all zeros. It belongs to one thread. */
#define DOCROOT_SEEN_MAX 256
struct docroot_seen {
	char root[DOCROOT_SEEN_MAX];
	size_t n;
	int64_t at;
};

/* As docroot_holds, but reads the disk at most once a second. */
bool docroot_holds_now(const struct docroot *d, struct docroot_seen *seen,
    struct str root, int64_t now_at);

/* For a program without a web server to ask: the path of a directory above
 * `data` (which need not exist) that looks like a document root, or the null
 * slice. */
struct str docroot_suspect(const char *data, char path[PATH_MAX]);

#endif
