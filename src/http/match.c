/* SPDX-License-Identifier: ISC */
/*
 * match.c - finds the route of a request, or the reason why there is none.
 */
#include "http/call.h"

/* Lists the methods of all routes that have this path. */
static void
put_allow(struct call *c)
{
	const struct route *routes = c->table->route;
	struct buf allow;
	size_t i;

	buf_init(&allow, c->room->allow, sizeof(c->room->allow));
	for (i = 0; i < c->table->n; i++) {
		if ((c->reached & 1U << i) == 0)
			continue;
		buf_str(&allow, routes[i].method);
		buf_text(&allow,
		    str_is(routes[i].method, "GET") ? ", HEAD, " : ", ");
	}
	buf_text(&allow, "OPTIONS");
	c->allow = buf_view(&allow);
}

/* The pattern {property} takes the names of the type's properties only. */
static bool
names_property(const struct route *route, const struct path *p)
{
	int found;

	if (route->of == MODEL_NONE)
		return true;
	found = model_find(route->of, p->word[call_property_at(route)]);
	return found >= 0 &&
	    !model_property(route->of, (unsigned)found).navigation;
}

/* The first unknown word, or the last word if the path ends too early. */
static struct str
unknown_segment(const struct call *c)
{
	const struct route *routes = c->table->route;
	const struct path *p = c->path;
	size_t i, n, at, most = 0;

	for (i = 0; i < c->table->n; i++) {
		if ((routes[i].roots & p->root) == 0)
			continue;
		n = path_agrees(p, routes[i].segment, routes[i].function);
		at = call_property_at(&routes[i]);
		if (n > at && !names_property(&routes[i], p))
			n = at;
		if (n > most)
			most = n;
	}
	if (p->words == 0)
		return p->segment[p->at];
	return p->word[most < p->words ? most : p->words - 1];
}

/* Finds the route of the path and method, and, if there is none, all routes of
 * the path. The search ends at the route: a row with a name precedes the rows
 * whose pattern would take that name too, and a path that a row names is not
 * matched by such a row. */
static void
match_path(struct call *c, struct str method)
{
	const struct route *routes = c->table->route;
	const struct path *p = c->path;
	bool named = false;
	size_t i;

	for (i = 0; i < c->table->n && c->route == NULL; i++) {
		if ((routes[i].roots & p->root) == 0 ||
		    !path_is(p, routes[i].segment, routes[i].function) ||
		    !names_property(&routes[i], p))
			continue;
		if (named && path_is_open(routes[i].segment))
			continue;
		named = !path_is_open(routes[i].segment);
		c->reached |= 1U << i;
		c->open |= routes[i].open;
		if (str_eq(method, routes[i].method))
			c->route = &routes[i];
	}
}

void
match_route(struct call *c, struct str method)
{
	const struct path *p = c->path;

	match_path(c, method);
	if (c->route != NULL)
		return;
	if (c->reached == 0) {
		c->fault.what = unknown_segment(c);
		c->route_error = p->root == PATH_UI ? ERR_NO_PAGE : ERR_SEGMENT;
		return;
	}
	put_allow(c);
	c->route_error = ERR_METHOD;
	if (str_is(method, "OPTIONS")) {
		c->route = &steps_options;
		c->route_error = ERR_OK;
		c->open = true;
	}
}
