/* SPDX-License-Identifier: ISC */
/*
 * path.c - one rule finds the root in every recorded way of mounting the
 * program.
 */
#include "format/path.h"

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

/* The paths that may contain the root, in the order of the search. */
enum candidate { AFTER_SCRIPT, WHOLE, URI, CANDIDATES };

/* Appends the segments of a text to the first `floor` segments of a path, which
 * a .. cannot remove. Returns false if there are too many. */
static bool
split(struct str text, size_t floor, struct path *p)
{
	p->count = floor;
	p->text = floor == 0 ? text : str_of(NULL);
	while (!str_is_null(text)) {
		struct str segment = str_cut(&text, '/');

		if (segment.n == 0 || str_is(segment, "."))
			continue;
		if (str_is(segment, "..")) {
			p->count -= p->count > floor;
			continue;
		}
		if (p->count == PATH_SEGMENTS_MAX)
			return false;
		p->segment[p->count++] = segment;
	}
	return true;
}

/* The path of REQUEST_URI: without its query, and without the scheme and host
 * of the absolute form (RFC 9112, section 3.2.2). A fragment is dropped too,
 * because nginx chooses the location by the path before it but passes it on. */
static struct str
uri_path(struct str uri)
{
	struct str query = str_cut(&uri, '#');
	struct str path = str_cut(&query, '?');
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

/* Whether the path has a slash that only the server sees. A browser would
 * resolve the links and the forms of a page against another directory. */
static bool
hides_slash(struct str uri)
{
	struct str path = uri_path(uri);
	size_t i;

	for (i = 0; i < path.n; i++)
		if (str_iis(str_head(str_tail(path, i), 3), "%2f"))
			return true;
	return false;
}

/* Whether SCRIPT_NAME ends in PATH_INFO. Apache's ProxyPass and some others put
 * the whole path into SCRIPT_NAME, and perhaps into PATH_INFO as well. */
static bool
script_has_info(const struct path_source *from)
{
	struct str script = from->script_name, info = from->path_info;

	return script.n >= info.n &&
	    str_eq(str_tail(script, script.n - info.n), info);
}

/* Returns the index after the segments of a prefix that start at `at`, or `at`
 * if the prefix is not there. */
static size_t
after_prefix(const struct path *p, size_t at, struct str prefix)
{
	size_t i = at;

	while (!str_is_null(prefix)) {
		struct str segment = str_cut(&prefix, '/');

		if (segment.n == 0)
			continue;
		if (i == p->count || !str_ieq(p->segment[i], segment))
			return at;
		i++;
	}
	return i;
}

/*
 * Splits one of the paths of a request. REQUEST_URI must be decoded already.
 * *first is the first segment that can be the root; segments of the script and
 * of the mount path cannot. Returns false if the request does not have this
 * path.
 */
static bool
load(const struct path_source *from, enum candidate which, struct path *p,
    size_t *first)
{
	bool after_script = which == AFTER_SCRIPT;
	size_t script = 0, mount;

	if (which == URI || (after_script && from->path_info.n == 0)) {
		/* nginx calls the whole path SCRIPT_NAME. */
		if (after_script &&
		    str_eq(from->script_name, from->request_uri))
			return false;
		if (!split(from->request_uri, 0, p))
			return false;
		if (after_script)
			script = after_prefix(p, 0, from->script_name);
		if (script == 0 && after_script && from->script_name.n > 0)
			return false;
	} else {
		if (!split(from->script_name, 0, p))
			return false;
		if (after_script && !script_has_info(from))
			script = p->count;
		if (!script_has_info(from) &&
		    !split(from->path_info, p->count, p))
			return false;
	}
	mount = after_prefix(p, 0, from->mount);
	*first = script > mount ? script : mount;
	return true;
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

/* Whether an absolute URL starts here: a scheme and a host. split() drops the
 * slashes between them, and so do some servers. */
static bool
is_url(const struct path *p, size_t i)
{
	return i + 1 < p->count &&
	    (str_iis(p->segment[i], "https:") ||
		str_iis(p->segment[i], "http:"));
}

/* Finds the left-most root from segment i on. In an absolute URL the mount path
 * follows the host, which may have the name of a root. */
static bool
find_root(struct path *p, size_t i, struct str mount)
{
	while (i < p->count) {
		if (is_url(p, i)) {
			p->mounted = i + 2;
			i = after_prefix(p, p->mounted, mount);
			continue;
		}
		p->root = root_named(p->segment[i]);
		p->at = i;
		if (p->root != 0)
			return true;
		i++;
	}
	return false;
}

/* Handles the two forms in which clients repeat the root. Any other second root
 * is an unknown segment. */
static void
find_later_root(struct path *p, struct str mount)
{
	size_t first = p->at, mounted = p->mounted;
	enum path_root root = p->root;
	size_t next = after_prefix(p, first + 1, mount);

	if (is_url(p, first + 1)) {
		if (find_root(p, first + 1, mount))
			return;
	} else if (next > first + 1 && next < p->count &&
	    root_named(p->segment[next]) != 0) {
		p->mounted = first + 1;
		p->at = next;
		p->root = root_named(p->segment[next]);
		return;
	}
	p->at = first;
	p->root = root;
	p->mounted = mounted;
}

/* The segment that is in the place of the root: the segment before a known
 * segment, or else the first. */
static struct str
not_a_root(const struct path *p, size_t first, const struct str *known)
{
	size_t i;

	for (i = first + 1; i < p->count; i++)
		if (is_known(p->segment[i], known))
			return p->segment[i - 1];
	return first < p->count ? p->segment[first] : STR_EMPTY;
}

static bool
find_in(const struct path_source *from, enum candidate which,
    const struct str *known, struct path *p)
{
	size_t first;

	p->mounted = 0;
	if (!load(from, which, p, &first) || !find_root(p, first, from->mount))
		return false;
	find_later_root(p, from->mount);
	return known == NULL ||
	    (p->at + 1 < p->count && is_known(p->segment[p->at + 1], known));
}

/* Finds the pages for people. All of them have the same depth, so the last
 * segment with their name counts, and a mount path may have that name too. */
static bool
find_pages(const struct path_source *from, enum candidate which, struct path *p)
{
	size_t first;

	if (!from->pages || !load(from, which, p, &first))
		return false;
	for (p->at = p->count; p->at-- > first;) {
		if (!str_iis(p->segment[p->at], "ui"))
			continue;
		p->mounted = 0;
		p->root = PATH_UI;
		return true;
	}
	return false;
}

/* The path of REQUEST_URI, against which a client resolves relative links. Not
 * every server has it. */
static struct str
client_path(const struct path_source *from)
{
	struct str text = from->request_uri;
	size_t end;

	for (end = 0; end < text.n; end++)
		if (text.p[end] == '?' || text.p[end] == '#')
			break;
	text.n = end;
	if (text.n > 0)
		return text;
	return from->path_info.n > 0 ? from->path_info : from->script_name;
}

/* Takes the slashes off the end and returns their number. */
static size_t
cut_slashes(struct str *text)
{
	size_t n = 0;

	for (; str_ends(*text, "/"); n++)
		text->n--;
	return n;
}

/* Finds out how the client sees the path of a page. */
static void
count_slashes(const struct path_source *from, struct path *out)
{
	struct str text = client_path(from);
	size_t i, n;

	out->slashes = cut_slashes(&text);
	out->empty = 0;
	for (i = out->count - out->at - 1; i > 0; i--) {
		while (text.n > 0 && !str_ends(text, "/"))
			text.n--;
		n = cut_slashes(&text);
		out->empty += n > 1 ? n - 1 : 0;
	}
}

enum err
path_find(const struct path_source *from, const struct str *known,
    struct arena *a, struct path *out, struct str *what)
{
	struct path_source decoded = *from;
	size_t i, first;

	decoded.request_uri = out->uri = decoded_uri(from->request_uri, a);
	for (i = 0; i < CANDIDATES; i++)
		if (find_in(&decoded, (enum candidate)i, known, out))
			return path_read_words(out, a);
	decoded.pages = from->pages && !hides_slash(from->request_uri);
	for (i = 0; i < CANDIDATES; i++) {
		if (find_in(&decoded, (enum candidate)i, NULL, out))
			return path_read_words(out, a);
		if (find_pages(&decoded, (enum candidate)i, out)) {
			count_slashes(from, out);
			return path_read_words(out, a);
		}
	}
	*what = STR_EMPTY;
	for (i = CANDIDATES; i-- > 0 && what->n == 0;)
		if (load(&decoded, (enum candidate)i, out, &first))
			*what = not_a_root(out, first, known);
	return ERR_ROOT;
}

/* A segment may contain more than letters and digits unescaped (RFC 3986,
 * section 3.3). */
void
path_put_segment(struct str segment, struct buf *out)
{
	buf_percent(out, segment, "-._~!$&'()*+,;=:@");
}

struct str
path_root_name(enum path_root root)
{
	size_t i;

	for (i = 0; i + 1 < ROOTS && roots[i].root != root; i++)
		;
	return roots[i].name;
}

/* Whether p ends in the segments of `found` from its root on. */
static bool
ends_alike(const struct path *p, const struct path *found)
{
	size_t n = found->count - found->at, i;

	for (i = 1; i <= n && i <= p->count; i++)
		if (!str_eq(p->segment[p->count - i],
			found->segment[found->count - i]))
			return false;
	return i > n;
}

void
path_mount(const struct path *found, struct buf *out)
{
	size_t i = found->mounted, end = found->at;
	struct path uri;

	if (i == 0 && !str_eq(found->text, found->uri) &&
	    split(found->uri, 0, &uri) && ends_alike(&uri, found)) {
		end = uri.count - (found->count - found->at);
		found = &uri;
	}
	for (; i < end; i++) {
		buf_char(out, '/');
		path_put_segment(found->segment[i], out);
	}
}
