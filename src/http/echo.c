/* SPDX-License-Identifier: ISC */
/*
 * echo.c - keeps private keys that a request contains out of responses and out
 * of the log.
 *
 * Users paste a key as a whole, but a response repeats only a piece of the
 * request, and a key cannot be recognised in a piece. So the functions search
 * every part of the request from which a piece may come. Nothing is repeated if
 * one of these parts holds a key, or if the arena has no room for the search.
 */
#include "http/call.h"

#include <string.h>

#include "format/unwrap.h"

/* In bytes. Texts up to this length are identifiers; the shortest private key
 * in base64 is longer. */
#define ID_MAX STR_GUID_LEN

bool
routes_holds_key(const struct call *c, struct str text)
{
	struct str what;

	return text.n > 0 && unwrap_check(text, &c->wk->arena, &what) != ERR_OK;
}

static bool
is_property(struct str name)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (str_is(name, record_properties[i].name))
			return true;
	return name.n == 0;
}

/* Whether the error would repeat any part of the request. */
static bool
repeats(enum err e, const struct fault *fault)
{
	const char *text = err_info(e)->text;

	return (strstr(text, "{}") != NULL && fault->what.n > 0) ||
	    (strstr(text, "{2}") != NULL && fault->also.n > 0) ||
	    !is_property(fault->target);
}

void
routes_withhold(struct call *c, enum err e)
{
	const struct str *var = c->req->var;
	const struct str places[] = { c->body, var[REQUEST_URI],
		var[REQUEST_PATH_INFO], var[REQUEST_QUERY], var[REQUEST_ACCEPT],
		var[REQUEST_CONTENT_TYPE], var[REQUEST_CONTENT_ENCODING],
		c->fault.what, c->fault.also, c->fault.target };
	size_t i;

	if (!repeats(e, &c->fault))
		return;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (routes_holds_key(c, places[i]))
			c->fault.withheld = true;
	if (c->fault.withheld && !is_property(c->fault.target))
		c->fault.target = str_of(NULL);
}

bool
routes_may_repeat_id(const struct call *c, struct str id)
{
	return id.n <= ID_MAX || !routes_holds_key(c, id);
}

/* Whether a client chooses no part of the path: the segments are names of the
 * route, and no other segment precedes the root. */
static bool
is_ours(const struct call *c)
{
	return c->route != NULL && c->route != &steps_options &&
	    c->path->at == 0 && !path_takes_value(c->route->segment);
}

struct str
routes_logged_path(const struct call *c, struct str path)
{
	if (is_ours(c) || path.n <= ID_MAX || !routes_holds_key(c, path))
		return path;
	return str_of("(withheld)");
}
