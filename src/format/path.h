/* SPDX-License-Identifier: ISC */
/*
 * path.h - finds the place in the request's path where the API starts. Web
 * servers spread the path over PATH_INFO, SCRIPT_NAME and REQUEST_URI in many
 * ways.
 *
 * Pure. Segments point into the given variables or into the arena.
 */
#ifndef PUSHCERT_PATH_H
#define PUSHCERT_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* The roots of the API, as bits so that a route can name several. */
enum path_root {
	PATH_V1 = 1 << 0,
	PATH_BETA = 1 << 1,
	PATH_LOCALTEST = 1 << 2,
	PATH_ANY = PATH_V1 | PATH_BETA | PATH_LOCALTEST,
	/* The pages for people: no root of the API. */
	PATH_UI = 1 << 3
};

/* More segments than a mount path and a resource have together. */
#define PATH_SEGMENTS_MAX 64

/* More words than any route has (path_words). */
#define PATH_WORDS_MAX 6

struct path {
	struct str segment[PATH_SEGMENTS_MAX];
	size_t count;
	size_t at; /* index of the root */
	/* Index of the mount path's first segment if the root is repeated (see
	 * path_find), else 0. */
	size_t mounted;
	enum path_root root;
	struct str text; /* of all segments, null if they come from two texts */
	struct str uri; /* the decoded path of REQUEST_URI, or null */
	/* For PATH_UI: the number of slashes at the end of the path that the
	 * client sees. Relative links start after the last one. */
	size_t slashes;
	/* For PATH_UI: the empty segments after the root, without those at the
	 * end. A browser takes each for a directory of its own. */
	size_t empty;
	/*
	 * The words of the path after its root, at most PATH_WORDS_MAX. A word
	 * is a segment, but a segment with a key is two words: events('a''b')
	 * is the word events and the key a'b. Bit i of `keys` is set if word i
	 * is a key.
	 */
	struct str word[PATH_WORDS_MAX];
	size_t words;
	unsigned keys;
};

/* The three variables and the configured mount path; each may be null. */
struct path_source {
	struct str path_info;
	struct str script_name;
	struct str request_uri;
	struct str mount;
	bool pages; /* PATH_UI is a root */
};

/*
 * Finds the root: the left-most segment with the name of a root. Empty segments
 * and . are dropped, and .. removes the segment before it. Three paths are
 * searched in this order:
 *
 *   1. PATH_INFO. If it is empty: the part of REQUEST_URI after SCRIPT_NAME,
 *      if that is a proper prefix, because a script may be named like a root.
 *   2. SCRIPT_NAME and PATH_INFO together.
 *   3. The decoded path of REQUEST_URI.
 *
 * The first path with a root before a segment of `known` (a list that ends in a
 * null slice) wins; if there is none, the first path with a root. PATH_UI, the
 * right-most segment ui, is the root only of a path with no other.
 *
 * A segment of the mount path is not a root if the path starts with the mount
 * path. Clients write two forms in which a later root counts: an absolute URL
 * after the root (/v1.0/http://host/v1.0/x), and the mount path after the
 * version (/v1.0/mount/v1.0/x). Returns ERR_ROOT, and *what is then the segment
 * in the place of the root, or ERR_MEMORY.
 */
enum err path_find(const struct path_source *from, const struct str *known,
    struct arena *a, struct path *out, struct str *what) ATTR_CHECKED;

/* Sets the words of a path whose root is known; path_find calls it. Returns
 * ERR_OK or ERR_MEMORY. */
enum err path_read_words(struct path *p, struct arena *a) ATTR_CHECKED;

/*
 * path_is: whether the words after the root match a list of patterns that ends
 * in a null slice. path_agrees: how many of them, from the first on, match the
 * list. Both ignore the case of letters. The patterns:
 *
 *   name		the word itself
 *   {id}		any word, and any key
 *   {other}		any word; no key
 *   name(parameter)	a function with one parameter: name(parameter='value')
 *
 * With `function`, the last pattern is a function, which a client may also
 * write as microsoft.graph.name, and without a parameter as name().
 */
bool path_is(const struct path *p, const struct str *list, bool function);
size_t path_agrees(const struct path *p, const struct str *list, bool function);
/* Whether a list has a pattern in braces. */
bool path_is_open(const struct str *list);
/* Whether a list takes any text in some place: {id}, or a parameter. */
bool path_takes_value(const struct str *list);

/* The value in the word of a function with one parameter, without its quotes.
 * Null if the word has none, or if the arena is full. */
struct str path_argument(struct str word, struct arena *a);

/* The canonical spelling of a root of the API, such as "v1.0". */
struct str path_root_name(enum path_root root);

/* Appends a segment with percent escapes. */
void path_put_segment(struct str segment, struct buf *out);

/* Appends the mount path of a path that was found, in the client's spelling
 * ("/graph", or nothing), with new percent escapes. */
void path_mount(const struct path *found, struct buf *out);

#endif
