/* SPDX-License-Identifier: ISC */
/*
 * enter.c - the step that finds the caller of a page.
 *
 * There are two ways to be known: an Authorization header, which the web server
 * may have set, and the cookie of a session. A caller without either is sent to
 * the page of the sign-in.
 */
#include "page/page.h"

#include "http/cross_site.h"

const struct route *
page_first_route(const struct call *c)
{
	unsigned i = 0;

	while ((c->reached & 1U << i) == 0)
		i++;
	return &c->table->route[i];
}

/* Sends the client to the path of the same page that has the right number of
 * slashes at its end. */
static enum err
move(struct call *c)
{
	struct str name = page_first_route(c)->segment[0];
	struct str query = c->req->var[REQUEST_QUERY];

	if (!page_may_repeat(c, query))
		query = str_of(NULL);
	return page_redirect(c, 308, name.n > 0 ? name.p : "", query);
}

/* These take the place of the route, as OPTIONS does. */
static const struct route moved = { .open = true, .run = move };
static const struct route to_login = { .open = true, .run = page_go_to_login };

static enum err
instead(struct call *c, const struct route *route)
{
	call_end_reading(c);
	c->route = route;
	c->route_error = ERR_OK;
	c->open = true;
	return ERR_OK;
}

/* A page has no slash after its name, and the first page has nothing but the
 * slash. With another slash before its name, the cookie of a sign-in would
 * belong to a directory of its own, and the sign-out would not remove it. */
static bool
is_misplaced(const struct call *c)
{
	return c->reached != 0 &&
	    ((c->path->words == 0) != (c->path->slashes != 0) ||
		c->path->empty != 0);
}

/* A web server that checks passwords by itself may pass on its own
 * Authorization header, which is not ours. */
static bool
is_bearer(struct str authorization)
{
	return str_iis(str_head(authorization, 7), "bearer ");
}

static enum err
find_caller(struct call *c)
{
	struct str authorization = steps_authorization(c->req);
	struct session_site site = page_site(c);
	struct auth_call call = { .tx = c->wk->reader,
		.authorization = c->req->var[REQUEST_COOKIE],
		.now_at = c->req->now.at,
		.arena = &c->wk->arena };
	enum err e;

	if (is_bearer(authorization))
		return steps_authenticate(c, authorization);
	if (call.authorization.n == 0)
		return ERR_TOKEN_ABSENT;
	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	e = session_open(&site, &call, &c->who);
	/* The user of a session that has ended signs in again. */
	return e == ERR_TOKEN_INVALID || e == ERR_TOKEN_EXPIRED
	    ? ERR_TOKEN_ABSENT
	    : e;
}

static enum err
go_to_tenants(struct call *c)
{
	return page_redirect(c, 303, "tenants", str_of(NULL));
}

static const struct route to_tenants = { .open = true, .run = go_to_tenants };

/* Finds the tenant whose pages the caller wants. A provider names it, and may
 * look at the list of tenants without one. */
static enum err
choose_tenant(struct call *c)
{
	struct str named = page_query(c, "tenant");
	struct auth_call call = { .tx = c->wk->reader,
		.now_at = c->req->now.at,
		.arena = &c->wk->arena };
	enum err e;

	if (str_is_null(named) && c->route->no_tenant && page_is_provider(c))
		return ERR_OK;
	c->fault.what = named;
	e = auth_choose_tenant(c->app->config, &call, named, &c->who);
	return e == ERR_NOT_FOUND ? instead(c, &to_tenants) : e;
}

enum err
page_enter(struct call *c)
{
	enum err e;

	if (is_misplaced(c))
		return instead(c, &moved);
	if (c->route == NULL || !c->route->any_site) {
		e = cross_site_check_page(c->req, c->app->config, &c->fault);
		if (e != ERR_OK)
			return e;
	}
	if (c->route == NULL || c->open)
		return ERR_OK;
	e = find_caller(c);
	if (e == ERR_TOKEN_ABSENT)
		return instead(c, &to_login);
	return e == ERR_OK ? choose_tenant(c) : e;
}
