/* SPDX-License-Identifier: ISC */
/*
 * path.h - where in the request's path the API begins: web servers spread it
 * over PATH_INFO, SCRIPT_NAME and REQUEST_URI in many ways.
 *
 * Pure. Segments point into the variables given or into the arena.
 */
#ifndef PUSHCERT_PATH_H
#define PUSHCERT_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* The API's roots, as bits so that a route can name several. */
enum path_root {
	PATH_V1 = 1 << 0,
	PATH_BETA = 1 << 1,
	PATH_LOCALTEST = 1 << 2,
	PATH_ANY = PATH_V1 | PATH_BETA | PATH_LOCALTEST
};

/* More segments than any mount path and resource have together. */
#define PATH_SEGMENTS_MAX 64

struct path {
	struct str segment[PATH_SEGMENTS_MAX];
	size_t count;
	size_t at; /* index of the root's segment */
	/* Index of the mount path's first segment; 0 unless the root is a later
	 * one (path_find). */
	size_t mounted;
	enum path_root root;
};

/* The three variables, and the configured mount path; any may be null. */
struct path_source {
	struct str path_info;
	struct str script_name;
	struct str request_uri;
	struct str mount;
};

/*
 * Finds the root. Empty and . segments are dropped, .. takes away the segment
 * before it. The left-most segment that names a root is the root, in the first
 * of these paths that has one before a segment of `known` (a list that ends in
 * a null slice), or else in the first that has one at all:
 *
 *  1. PATH_INFO, or, without one, REQUEST_URI after SCRIPT_NAME where that is
 *     a proper prefix: a script may be named like a root;
 *  2. SCRIPT_NAME and PATH_INFO together;
 *  3. the decoded path of REQUEST_URI.
 *
 * The segments of the mount path are no roots where the path begins with them.
 * Clients write two forms in which a later root counts: an absolute URL after
 * the root (/v1.0/http://host/v1.0/x), and the mount path after the version
 * (/v1.0/mount/v1.0/x). ERR_ROOT with *what the segment where a root should
 * be, ERR_MEMORY.
 */
enum err path_find(const struct path_source *from, const struct str *known,
    struct arena *a, struct path *out, struct str *what) ATTR_CHECKED;

/*
 * Whether the segments after the root are those of a list that ends in a null
 * slice, and how many of them agree with it from its start. Letters compare
 * without regard to case; with `function` the last of the list may be written
 * name, name() or microsoft.graph.name().
 */
bool path_is(const struct path *p, const struct str *list, bool function);
size_t path_agrees(const struct path *p, const struct str *list, bool function);

/* The root in its canonical spelling, "v1.0". */
struct str path_root_name(enum path_root root);

/* Appends the mount path of a path that was found, as the client wrote it
 * ("/graph", or nothing), with new percent escapes. */
void path_mount(const struct path_source *from, const struct path *found,
    struct arena *a, struct buf *out);

#endif
