/* SPDX-License-Identifier: ISC */
/*
 * path.c - the rule that found the root in every way of mounting that was
 * recorded.
 */
#include "path.h"

#include <string.h>

static const struct {
	enum path_root root;
	struct str name;
} roots[] = {
	{ PATH_V1, STR("v1.0") },
	{ PATH_BETA, STR("beta") },
	{ PATH_LOCALTEST, STR("localtest") },
};

#define ROOTS (sizeof(roots) / sizeof(roots[0]))

/* Where the root is looked for, in this order. */
enum { PATH_INFO, WHOLE, URI, CANDIDATES };

static bool
split(struct str text, struct path *p)
{
	p->text = text;
	p->count = 0;
	while (!str_is_null(text)) {
		struct str segment = str_cut(&text, '/');

		if (segment.n == 0 || str_is(segment, "."))
			continue;
		if (str_is(segment, "..")) {
			p->count -= p->count > 0;
			continue;
		}
		if (p->count == PATH_SEGMENTS_MAX)
			return false;
		p->segment[p->count++] = segment;
	}
	return true;
}

/* REQUEST_URI without its query, and without scheme and host of the absolute
 * form (RFC 9112, section 3.2.2). */
static struct str
uri_path(struct str uri)
{
	struct str path = str_cut(&uri, '?');
	struct str rest = path;
	struct str scheme = str_cut(&rest, ':');

	if (str_starts(path, "/") || !str_starts(rest, "//") || scheme.n == 0)
		return path;
	rest = str_tail(rest, 2);
	(void)str_cut(&rest, '/');
	return rest;
}

static struct str
decoded_uri(struct str uri, struct arena *a)
{
	struct str path = uri_path(uri), decoded;
	char *room;

	if (path.n == 0 || memchr(path.p, '%', path.n) == NULL)
		return path;
	room = arena_take(a, path.n);
	if (room == NULL || !str_unpercent(path, false, room, &decoded))
		return str_of(NULL);
	return decoded;
}

/* SCRIPT_NAME and PATH_INFO together; SCRIPT_NAME alone where the server put
 * the whole path into it. */
static struct str
whole_path(const struct path_source *from, struct arena *a)
{
	struct str script = from->script_name, info = from->path_info;
	char *p;

	if (info.n == 0)
		return script;
	if (script.n >= info.n &&
	    str_eq(str_tail(script, script.n - info.n), info))
		return script;
	if ((p = arena_take(a, script.n + info.n)) == NULL)
		return str_of(NULL);
	if (script.n > 0)
		memcpy(p, script.p, script.n);
	memcpy(p + script.n, info.p, info.n);
	return str_from(p, script.n + info.n);
}

static enum path_root
root_named(struct str segment)
{
	size_t i;

	for (i = 0; i < ROOTS; i++)
		if (str_ieq(segment, roots[i].name))
			return roots[i].root;
	return 0;
}

static bool
is_known(struct str segment, const struct str *known)
{
	for (; !str_is_null(*known); known++)
		if (str_ieq(segment, *known))
			return true;
	return false;
}

/* The right-most root; with `known` only one that is last or stands before a
 * known segment. */
static bool
find_root(struct path *p, const struct str *known)
{
	size_t i = p->count;

	while (i-- > 0) {
		p->root = root_named(p->segment[i]);
		p->at = i;
		if (p->root == 0)
			continue;
		if (known == NULL || i + 1 == p->count ||
		    is_known(p->segment[i + 1], known))
			return true;
	}
	return false;
}

/* What stands where a root should: before a known segment, else first. */
static struct str
not_a_root(const struct path *p, const struct str *known)
{
	size_t i;

	for (i = 1; i < p->count; i++)
		if (is_known(p->segment[i], known))
			return p->segment[i - 1];
	return p->count > 0 ? p->segment[0] : STR_EMPTY;
}

enum err
path_find(const struct path_source *from, const struct str *known,
    struct arena *a, struct path *out, struct str *what)
{
	struct str candidate[CANDIDATES];
	size_t i;

	candidate[PATH_INFO] = from->path_info;
	candidate[WHOLE] = whole_path(from, a);
	candidate[URI] = str_of(NULL);
	for (i = 0; i < CANDIDATES; i++) {
		if (i == URI)
			candidate[i] = decoded_uri(from->request_uri, a);
		if (split(candidate[i], out) && find_root(out, known))
			return ERR_OK;
	}
	for (i = 0; i < CANDIDATES; i++)
		if (split(candidate[i], out) && find_root(out, NULL))
			return ERR_OK;
	*what = STR_EMPTY;
	for (i = CANDIDATES; i-- > 0 && what->n == 0;)
		if (split(candidate[i], out))
			*what = not_a_root(out, known);
	return ERR_ROOT;
}

/* A function's name without what may stand around it. */
static struct str
bare_function(struct str segment)
{
	static const char prefix[] = "microsoft.graph.";

	if (str_iis(str_head(segment, sizeof(prefix) - 1), prefix))
		segment = str_tail(segment, sizeof(prefix) - 1);
	if (str_ends(segment, "()"))
		segment.n -= 2;
	return segment;
}

static bool
is_segment(struct str segment, const struct str *list, bool function)
{
	if (function && str_is_null(list[1]))
		segment = bare_function(segment);
	return str_ieq(segment, list[0]);
}

bool
path_is(const struct path *p, const struct str *list, bool function)
{
	const struct str *behind = p->segment + p->at + 1;
	size_t n = p->count - p->at - 1, i;

	for (i = 0; i < n && !str_is_null(list[i]); i++)
		;
	if (i < n || !str_is_null(list[i]))
		return false;
	/* Paths begin alike and end differently. */
	while (i-- > 0)
		if (!is_segment(behind[i], list + i, function))
			return false;
	return true;
}

size_t
path_agrees(const struct path *p, const struct str *list, bool function)
{
	size_t i = 0;

	while (!str_is_null(list[i]) && p->at + 1 + i < p->count &&
	    is_segment(p->segment[p->at + 1 + i], list + i, function))
		i++;
	return i;
}

/* RFC 3986, section 3.3: what may stand in a segment as it is. */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("-._~!$&'()*+,;=:@", c) != NULL);
}

static void
put_segment(struct str segment, struct buf *out)
{
	size_t i;

	buf_char(out, '/');
	for (i = 0; i < segment.n; i++) {
		char digits[2];

		if (is_plain(segment.p[i])) {
			buf_char(out, segment.p[i]);
			continue;
		}
		str_hex_upper((const uint8_t *)segment.p + i, 1, digits);
		buf_char(out, '%');
		buf_put(out, digits, sizeof(digits));
	}
}

struct str
path_root_name(enum path_root root)
{
	size_t i;

	for (i = 0; i + 1 < ROOTS && roots[i].root != root; i++)
		;
	return roots[i].name;
}

void
path_mount(const struct path_source *from, const struct str *known,
    const struct path *found, struct arena *a, struct buf *out)
{
	struct str text = decoded_uri(from->request_uri, a);
	struct path uri;
	size_t i;

	if (!str_eq(text, found->text) && split(text, &uri) &&
	    find_root(&uri, known))
		found = &uri;
	for (i = 0; i < found->at; i++)
		put_segment(found->segment[i], out);
}
