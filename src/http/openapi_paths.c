/* SPDX-License-Identifier: ISC */
/*
 * openapi_paths.c - the routes as paths of OpenAPI 3.0.3, and their names. A
 * route with the pattern {property} is a path for each property.
 */
#include "http/openapi.h"

#include <ctype.h>

static bool
is_property(struct str pattern)
{
	return str_is(pattern, "{property}");
}

struct str
openapi_tag(const struct route *route)
{
	struct str first = route->segment[0], second;

	if (str_is_null(first))
		return str_of("service");
	second = route->segment[1];
	if (!str_is_null(second) && second.p[0] != '{')
		return second;
	return str_starts(first, "$") ? str_tail(first, 1) : first;
}

void
openapi_id_name(struct buf *b, const struct openapi_place *at, size_t i)
{
	enum model_type type = description_path(at->route, i + 1).type;

	buf_text(b, model_info(type)->name);
	buf_text(b, type == MODEL_NONE ? "id" : "-id");
}

/* A function with one parameter: name(category='{category}'). */
static void
put_function_name(
    struct buf *b, const struct openapi_place *at, struct str pattern)
{
	struct str parameter = pattern;
	struct str name = str_cut(&parameter, '(');

	buf_str(b, name);
	if (str_is_null(parameter)) {
		if (str_is(at->route->method, "GET"))
			buf_text(b, "()");
		return;
	}
	parameter.n--;
	buf_char(b, '(');
	buf_str(b, parameter);
	buf_text(b, "='{");
	buf_str(b, parameter);
	buf_text(b, "}')");
}

/* The path with a final NUL, in `text`, which has OPENAPI_NAME_MAX bytes. */
static const char *
path_text(char *text, const struct openapi_place *at)
{
	struct buf b;
	size_t i;

	buf_init(&b, text, OPENAPI_NAME_MAX);
	if (at->length == 0)
		buf_char(&b, '/');
	for (i = 0; i < at->length; i++) {
		struct str pattern = at->route->segment[i];

		buf_char(&b, '/');
		if (is_property(pattern)) {
			buf_str(&b, at->property);
		} else if (str_is(pattern, "{id}")) {
			buf_char(&b, '{');
			openapi_id_name(&b, at, i);
			buf_char(&b, '}');
		} else if (at->route->function && i + 1 == at->length) {
			put_function_name(&b, at, pattern);
		} else {
			buf_str(&b, pattern);
		}
	}
	buf_char(&b, '\0');
	return text;
}

/* --- the name of an operation --------------------------------------------- */

static const char *
verb(const struct route *route)
{
	if (route->function || str_is(route->method, "POST"))
		return "";
	if (str_is(route->method, "PATCH"))
		return "Update";
	if (str_is(route->method, "DELETE"))
		return "Delete";
	return route->many ? "List" : "Get";
}

/* Pattern i as a word: without $, parameters and a suffix. */
static struct str
word(const struct openapi_place *at, size_t i)
{
	struct str pattern = at->route->segment[i];

	if (is_property(pattern))
		return at->property;
	if (str_starts(pattern, "$"))
		return str_tail(pattern, 1);
	pattern = str_cut(&pattern, '(');
	return str_cut(&pattern, '.');
}

void
openapi_operation_id(struct emit *e, const struct openapi_place *at)
{
	const char *action = verb(at->route);
	char text[OPENAPI_NAME_MAX];
	struct str name;
	struct buf b;
	size_t i, last = 0;

	buf_init(&b, text, sizeof(text));
	for (i = 0; i < at->length; i++)
		if (!str_is(at->route->segment[i], "{id}"))
			last = i;
	for (i = 0; i < last; i++) {
		if (str_is(at->route->segment[i], "{id}"))
			continue;
		buf_str(&b, word(at, i));
		buf_char(&b, '_');
	}
	name = at->length > 0 ? word(at, last) : str_of("root");
	buf_text(&b, action);
	if (action[0] != '\0' && name.n > 0) {
		buf_char(&b, (char)toupper((unsigned char)name.p[0]));
		name = str_tail(name, 1);
	}
	buf_str(&b, name);
	emit_name(e, "operationId");
	emit_str(e, buf_view(&b));
}

/* --- paths
 * -------------------------------------------------------------------- */

static bool
has_same_path(const struct route *a, const struct route *b)
{
	size_t i;

	for (i = 0; i < PATH_WORDS_MAX; i++)
		if (!str_eq(a->segment[i], b->segment[i]))
			return false;
	return true;
}

/* One path with the operations of all its routes. Routes of one path follow
 * each other only by chance, so the loop covers the rest of the table. */
static void
put_path(struct emit *e, const struct route_table *table, size_t first,
    enum path_root root, struct str property)
{
	const struct route *route = table->route;
	char text[OPENAPI_NAME_MAX];
	struct openapi_place at = { .route = &route[first],
		.length = description_length(&route[first]),
		.property = property };
	size_t i;

	emit_name(e, path_text(text, &at));
	emit_object(e);
	for (i = first; i < table->n; i++) {
		if ((route[i].roots & root) == 0 ||
		    !has_same_path(&route[i], &route[first]))
			continue;
		at.route = &route[i];
		openapi_operation(e, &at);
	}
	emit_end(e);
}

static bool
is_first_of_path(const struct route_table *table, size_t n, enum path_root root)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((table->route[i].roots & root) != 0 &&
		    has_same_path(&table->route[i], &table->route[n]))
			return false;
	return (table->route[n].roots & root) != 0;
}

void
openapi_paths(
    struct emit *e, const struct route_table *table, enum path_root root)
{
	enum model_type of;
	size_t i;
	unsigned k;

	emit_object(e);
	for (i = 0; i < table->n; i++) {
		if (!is_first_of_path(table, i, root))
			continue;
		of = table->route[i].of;
		if (of == MODEL_NONE)
			put_path(e, table, i, root, str_of(NULL));
		for (k = 0; k < model_info(of)->properties; k++)
			if (!model_property(of, k).navigation)
				put_path(e, table, i, root,
				    str_of(model_property(of, k).name));
	}
	emit_end(e);
}
