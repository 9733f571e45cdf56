/* SPDX-License-Identifier: ISC */
/*
 * docroot.h - whether the data directory lies under a web server's document
 * root. There, one wrong line in the server's configuration would publish it.
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
 * may be symbolic links. A path of PATH_MAX bytes has in practice fewer than 64
 * levels. */
#define DOCROOT_DEPTH 64

struct docroot {
	struct docroot_directory {
		dev_t device;
		ino_t file;
	} above[DOCROOT_DEPTH];
	size_t n;
};

/* Reads the parents of the data directory. If the data directory does not
 * exist, docroot_holds returns false for every root. */
void docroot_init(struct docroot *d, const char *data);

/* Whether the data directory lies under `root`, a document root as the web
 * server names it. "/" does not count, because servers without a document root
 * send it. */
bool docroot_holds(const struct docroot *d, struct str root);

/* The last document root that did not hold the data directory, and the second
 * in which it was checked. Starts as all zeros and belongs to one thread. */
#define DOCROOT_SEEN_MAX 256
struct docroot_seen {
	char root[DOCROOT_SEEN_MAX];
	size_t n;
	int64_t at;
};

/* Like docroot_holds, but checks the same root at most once a second. */
bool docroot_holds_now(const struct docroot *d, struct docroot_seen *seen,
    struct str root, int64_t now_at);

/* For a program that runs without a web server. Returns the path of a directory
 * above `data` (which need not exist) that looks like a document root, or the
 * null slice. The result lies in path. */
struct str docroot_suspect(const char *data, char path[PATH_MAX]);

#endif
