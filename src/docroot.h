/* SPDX-License-Identifier: ISC */
/*
 * docroot.h - whether the data directory lies under a web server's document
 * root, from where one wrong line of its configuration gives it away.
 */
#ifndef PUSHCERT_DOCROOT_H
#define PUSHCERT_DOCROOT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "str.h"

/* The directories above the data directory, by number: names may be symbolic
 * links. No path of PATH_MAX bytes that a person has made is deeper. */
#define DOCROOT_DEPTH 64

struct docroot {
	struct docroot_directory {
		dev_t device;
		ino_t file;
	} above[DOCROOT_DEPTH];
	size_t n;
};

/* Looks at the data directory; one that is not there is under nothing. */
void docroot_init(struct docroot *d, const char *data);

/* Whether `root`, a document root as the web server names it, holds the data
 * directory. "/" does not count: it is what servers say that have none. */
bool docroot_holds(const struct docroot *d, struct str root);

/* The last document root that did not hold it, and when that was; zeros at
 * first. It belongs to one thread. */
#define DOCROOT_SEEN_MAX 256
struct docroot_seen {
	char root[DOCROOT_SEEN_MAX];
	size_t n;
	int64_t at;
};

/* As docroot_holds, but looks at the disk once a second. */
bool docroot_holds_now(const struct docroot *d, struct docroot_seen *seen,
    struct str root, int64_t now_at);

/* Without a web server to ask: whether a directory above `data`, which need
 * not exist, looks like a document root; its path then, else the null slice. */
struct str docroot_suspect(const char *data, char path[PATH_MAX]);

#endif
