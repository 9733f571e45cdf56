/* SPDX-License-Identifier: ISC */
/* stand_in.h - the web servers that `stand-in` can start. */
#ifndef PUSHCERT_STAND_IN_H
#define PUSHCERT_STAND_IN_H

#include <limits.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

struct stand_in_site {
	char directory[PATH_MAX / 2]; /* private to this user */
	char socket[PATH_MAX];
	unsigned port; /* of 127.0.0.1 */
};

/* One web server: its program, and its arguments for a configuration. */
struct stand_in_server {
	const char *name;
	void (*write)(const struct stand_in_site *site, struct buf *out);
	/* The arguments before and after the path of the configuration. */
	const char *before[5];
};

/* The servers in the order in which they are tried; a NULL name follows. */
extern const struct stand_in_server stand_in_servers[];

/* Finds a program in PATH, and for each .../bin of PATH in .../sbin too, where
 * Debian has web servers. */
bool stand_in_find(const char *name, char out[PATH_MAX]);

#endif
