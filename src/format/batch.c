/* SPDX-License-Identifier: ISC */
/*
 * batch.c - checks a batch as a whole, one kind of fault after the other: the
 * form of all items, then their number, their ids, their headers, their
 * dependencies.
 */
#include "format/batch.h"

#include <string.h>

static const struct method {
	struct str name;
	bool body; /* the item may have a body */
} methods[] = {
	{ STR("GET"), false },
	{ STR("HEAD"), false },
	{ STR("DELETE"), false },
	{ STR("OPTIONS"), false },
	{ STR("PATCH"), true },
	{ STR("POST"), true },
	{ STR("PUT"), true },
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* --- one item ----------------------------------------------------------- */

static bool
is_whole(const struct json *doc, size_t value)
{
	struct str text = json_text(doc, value);
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return true;
}

/* An id is a text, or a whole number, which some clients count up. */
static bool
read_id(const struct json *doc, size_t value, struct str *out)
{
	enum json_type type = json_type(doc, value);

	*out = json_text(doc, value);
	if (type != JSON_STRING &&
	    !(type == JSON_NUMBER && is_whole(doc, value)))
		return false;
	return out->n >= 1 && out->n <= BATCH_ID_MAX;
}

static bool
read_text(const struct json *doc, size_t value, struct str *out)
{
	*out = json_text(doc, value);
	return json_type(doc, value) == JSON_STRING;
}

/* Whether the value is an object of texts and nulls, or null. */
static bool
read_headers(const struct json *doc, size_t value, size_t *out)
{
	struct json_member m;
	size_t at = 0;

	if (json_type(doc, value) == JSON_NULL)
		return true;
	if (json_type(doc, value) != JSON_OBJECT)
		return false;
	while (json_next(doc, value, &at, &m))
		if (json_type(doc, m.value) != JSON_STRING &&
		    json_type(doc, m.value) != JSON_NULL)
			return false;
	*out = value;
	return true;
}

/* The JSON of a body. No route takes a text as its body, so a text is replaced
 * by a short one. */
static struct str
read_body(const struct json *doc, size_t value)
{
	switch (json_type(doc, value)) {
	case JSON_NULL:
		return str_of(NULL);
	case JSON_STRING:
		return str_of("\"...\"");
	case JSON_OBJECT:
	case JSON_ARRAY:
	case JSON_NUMBER:
	case JSON_TRUE:
	case JSON_FALSE:
	default:
		return json_text(doc, value);
	}
}

/* Reads one member of an item. Unknown members are ignored; a null counts as an
 * absent member. */
static bool
read_member(
    const struct json *doc, const struct json_member *m, struct batch_item *out)
{
	if (str_is(m->name, "id"))
		return read_id(doc, m->value, &out->id);
	if (str_is(m->name, "method"))
		return read_text(doc, m->value, &out->method);
	if (str_is(m->name, "url"))
		return read_text(doc, m->value, &out->url);
	if (str_is(m->name, "headers"))
		return read_headers(doc, m->value, &out->headers);
	if (str_is(m->name, "body"))
		out->body = read_body(doc, m->value);
	if (str_is(m->name, "if"))
		out->conditional = json_type(doc, m->value) != JSON_NULL;
	return true;
}

/* Writes a known method in capital letters, and drops the body of a method that
 * has none. */
static void
settle_method(struct batch_item *item)
{
	size_t i;

	for (i = 0; i < METHODS; i++) {
		if (!str_ieq(item->method, methods[i].name))
			continue;
		item->method = methods[i].name;
		if (!methods[i].body)
			item->body = str_of(NULL);
	}
}

static bool
read_item(const struct json *doc, size_t value, struct batch_item *out)
{
	struct json_member m;
	size_t at = 0;

	*out = (struct batch_item){ .headers = 0 };
	if (json_type(doc, value) != JSON_OBJECT)
		return false;
	while (json_next(doc, value, &at, &m))
		if (!read_member(doc, &m, out))
			return false;
	settle_method(out);
	return !str_is_null(out->id) && !str_is_null(out->method) &&
	    !str_is_null(out->url);
}

/* --- the batch ---------------------------------------------------------- */

/* Reads the items. Those beyond the limit are counted and checked too. */
static enum err
read_items(struct batch *b, size_t array)
{
	struct batch_item more;
	size_t at = 0, value, n;

	if (json_type(&b->json, array) != JSON_ARRAY)
		return ERR_BATCH_FORMAT;
	for (n = 0; json_next_item(&b->json, array, &at, &value); n++)
		if (!read_item(&b->json, value,
			n < BATCH_ITEMS_MAX ? &b->item[n] : &more))
			return ERR_BATCH_FORMAT;
	if (n > BATCH_ITEMS_MAX)
		return ERR_BATCH_ITEMS;
	b->n = n;
	return n > 0 ? ERR_OK : ERR_BATCH_FORMAT;
}

/* The index of the item with this id among the first n; n if there is none. */
static size_t
find_id(const struct batch *b, struct str id, size_t n)
{
	size_t i = 0;

	while (i < n && !str_ieq(b->item[i].id, id))
		i++;
	return i;
}

static enum err
check_ids(const struct batch *b, struct str *what)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		*what = b->item[i].id;
		if (find_id(b, *what, i) < i)
			return ERR_BATCH_ID;
	}
	return ERR_OK;
}

static bool
has_type(const struct batch *b, const struct batch_item *item)
{
	struct json_member m;
	size_t at = 0;

	while (batch_header(b, item, &at, &m))
		if (str_iis(m.name, "Content-Type"))
			return true;
	return false;
}

static enum err
check_types(const struct batch *b, struct str *what)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		*what = b->item[i].id;
		if (!str_is_null(b->item[i].body) && !has_type(b, &b->item[i]))
			return ERR_BATCH_CONTENT_TYPE;
	}
	return ERR_OK;
}

/* Reads the dependencies of item i, each of which names an earlier item. */
static bool
read_needs(struct batch *b, size_t i, size_t array)
{
	const struct json *doc = &b->json;
	size_t at = 0, value, found;
	struct str id;

	if (json_type(doc, array) == JSON_NULL)
		return true;
	if (json_type(doc, array) != JSON_ARRAY)
		return false;
	while (json_next_item(doc, array, &at, &value)) {
		if (!read_id(doc, value, &id))
			return false;
		if ((found = find_id(b, id, i)) == i)
			return false;
		b->item[i].needs |= UINT32_C(1) << found;
	}
	return true;
}

static enum err
check_needs(struct batch *b, size_t array, struct str *what)
{
	size_t at = 0, value, needs, i;

	for (i = 0; json_next_item(&b->json, array, &at, &value); i++) {
		*what = b->item[i].id;
		if (json_find(&b->json, value, str_of("dependsOn"), &needs) &&
		    !read_needs(b, i, needs))
			return ERR_BATCH_DEPENDENCY;
	}
	return ERR_OK;
}

enum err
batch_read(
    struct str text, struct arena *a, struct batch *out, struct str *what)
{
	static const struct json_limits most = { BATCH_DEPTH_MAX,
		BATCH_TOKENS_MAX };
	size_t array;
	enum err e;

	out->n = 0;
	e = json_parse_within(text, &most, a, &out->json, what);
	if (e != ERR_OK)
		return e;
	if (!json_find(&out->json, 0, str_of("requests"), &array))
		return ERR_BATCH_FORMAT;
	if ((e = read_items(out, array)) != ERR_OK ||
	    (e = check_ids(out, what)) != ERR_OK ||
	    (e = check_types(out, what)) != ERR_OK)
		return e;
	return check_needs(out, array, what);
}

bool
batch_header(const struct batch *b, const struct batch_item *item, size_t *at,
    struct json_member *out)
{
	if (item->headers == 0)
		return false;
	while (json_next(&b->json, item->headers, at, out))
		if (json_type(&b->json, out->value) == JSON_STRING)
			return true;
	return false;
}

/* --- URLs --------------------------------------------------------------- */

/* The path after the scheme and the host of an absolute URL. */
static struct str
without_host(struct str path)
{
	struct str rest = path;
	struct str scheme = str_cut(&rest, ':');

	if (scheme.n == 0 || !str_starts(rest, "//") ||
	    memchr(scheme.p, '/', scheme.n) != NULL)
		return path;
	rest = str_tail(rest, 2);
	(void)str_cut(&rest, '/');
	return str_is_null(rest) ? STR_EMPTY : rest;
}

/* The byte of the escape at p, or -1 for a % that stands for itself. NUL is
 * never decoded. */
static int
escaped_byte(struct str s, size_t i)
{
	int high, low;

	if (s.p[i] != '%' || s.n - i < 3)
		return -1;
	high = str_hex_digit(s.p[i + 1]);
	low = str_hex_digit(s.p[i + 2]);
	if (high < 0 || low < 0 || (high | low) == 0)
		return -1;
	return high << 4 | low;
}

static void
put_decoded(struct buf *out, struct str path)
{
	size_t i;

	for (i = 0; i < path.n; i++) {
		int byte = escaped_byte(path, i);

		buf_char(out, byte < 0 ? path.p[i] : (char)byte);
		i += byte < 0 ? 0 : 2;
	}
}

/* Escapes each % that stands for itself. */
static void
put_query(struct buf *out, struct str query)
{
	size_t i;

	for (i = 0; i < query.n; i++) {
		buf_char(out, query.p[i]);
		if (query.p[i] == '%' && escaped_byte(query, i) < 0)
			buf_text(out, "25");
	}
}

static bool
has_percent(struct str s)
{
	return s.n > 0 && memchr(s.p, '%', s.n) != NULL;
}

enum err
batch_url(struct str url, struct arena *a, struct batch_url *out)
{
	struct str query = str_cut(&url, '#');
	struct buf b;

	out->path = without_host(str_cut(&query, '?'));
	out->query = query;
	if (has_percent(out->path)) {
		buf_open(&b, a);
		put_decoded(&b, out->path);
		out->path = buf_close(&b, a);
	}
	if (has_percent(query)) {
		buf_open(&b, a);
		put_query(&b, query);
		out->query = buf_close(&b, a);
		if (str_is_null(out->query))
			return ERR_MEMORY;
	}
	return str_is_null(out->path) ? ERR_MEMORY : ERR_OK;
}
