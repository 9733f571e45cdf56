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

#include "attr.h"
#include "err.h"
#include "mem.h"
#include "str.h"

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
	enum path_root root;
	struct str text; /* all of it, decoded */
};

/* The three variables; any may be null. */
struct path_source {
	struct str path_info;
	struct str script_name;
	struct str request_uri;
};

/*
 * Finds the root: tries PATH_INFO, then SCRIPT_NAME and PATH_INFO together,
 * then the decoded path of REQUEST_URI. Empty and . segments are dropped, ..
 * takes the one before it away. The right-most segment that is a root and is
 * last or followed by one of `known` (a list that ends in a null slice) is the
 * root; failing that the right-most that is a root. ERR_ROOT with *what the
 * segment that stands where a root should, ERR_MEMORY.
 */
enum err path_find(const struct path_source *from, const struct str *known,
    struct arena *a, struct path *out, struct str *what) ATTR_CHECKED;

/*
 * Whether the segments behind the root are those of a list that ends in a null
 * slice, and how many of them agree with it from its start. Letters compare
 * without regard to case; with `function` the last of the list may be written
 * name, name() or microsoft.graph.name().
 */
bool path_is(const struct path *p, const struct str *list, bool function);
size_t path_agrees(const struct path *p, const struct str *list, bool function);

/* The root in its canonical spelling, "v1.0". */
struct str path_root_name(enum path_root root);

/* Appends the mount path as the client wrote it ("/graph", or nothing), percent
 * escapes made anew. */
void path_mount(const struct path_source *from, const struct str *known,
    const struct path *found, struct arena *a, struct buf *out);

#endif
