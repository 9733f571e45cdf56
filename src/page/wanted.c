/* SPDX-License-Identifier: ISC */
/*
 * wanted.c - the page that a visitor asked for before the sign-in, and comes to
 * after it.
 *
 * The links of the sign-in carry it as `to`, such as to=event%3Fn%3D3. Anybody
 * can make such a link, so it counts only if it names a page of the table. The
 * redirection is made of the name in the table, never of that in the link, so
 * it cannot lead to another site.
 */
#include "page/page.h"

#include <string.h>

#include "rules/sso.h"

bool
page_may_repeat(const struct call *c, struct str query)
{
	size_t i;

	for (i = 0; i < query.n; i++)
		if (query.p[i] <= ' ' || query.p[i] > '~')
			return false;
	return !routes_holds_key(c, query);
}

/* Whether people can come to the page of a route. A file would leave the
 * browser on the page of the sign-in. */
static bool
is_page(const struct route *r)
{
	struct str name = r->segment[0];

	return !r->open && str_is(r->method, "GET") &&
	    (name.n == 0 || memchr(name.p, '.', name.n) == NULL);
}

/* The page that the text names, or NULL. */
static const struct route *
find(const struct call *c, struct str name)
{
	size_t i;

	for (i = 0; i < c->table->n; i++)
		if (str_eq(c->table->route[i].segment[0], name) &&
		    is_page(&c->table->route[i]))
			return &c->table->route[i];
	return NULL;
}

/* Whether a query reports a form of ours (page_done), also to a web server that
 * decodes the names. After the sign-in, the request comes from our site. */
static bool
reports_form(struct str query)
{
	struct str pair, name;

	while (!str_is_null(query)) {
		pair = str_cut(&query, '&');
		name = str_cut(&pair, '=');
		if (str_is(name, "done") ||
		    (name.n > 0 && memchr(name.p, '%', name.n) != NULL))
			return true;
	}
	return false;
}

/* Splits the text into a page and its query. False if it is not one of ours, or
 * cannot be repeated. */
static bool
read_wanted(const struct call *c, struct str text, const struct route **page,
    struct str *query)
{
	struct str name;

	*query = str_of(NULL);
	if (text.n == 0 || text.n > SSO_WANTED_MAX)
		return false;
	name = str_cut(&text, '?');
	*page = find(c, name);
	if (*page == NULL || !page_may_repeat(c, text))
		return false;
	if (!reports_form(text))
		*query = text;
	return true;
}

/* The query of the page of the sign-in that carries the text; null if it is not
 * valid. */
static struct str
carry(struct call *c, struct str text)
{
	const struct route *page;
	struct str query;
	struct buf b;

	if (!read_wanted(c, text, &page, &query))
		return str_of(NULL);
	buf_open(&b, &c->wk->arena);
	buf_add_text(&b, "to=");
	buf_percent(&b, text, "-._~");
	return buf_close(&b, &c->wk->arena);
}

struct str
page_wanted(struct call *c)
{
	return carry(c, page_query(c, "to"));
}

enum err
page_go_to_login(struct call *c)
{
	struct str name = page_first_route(c)->segment[0];
	struct str query = c->req->var[REQUEST_QUERY], text;
	struct buf b;

	/* After the sign-in a browser cannot repeat a form. */
	if (str_is(c->req->var[REQUEST_METHOD], "POST"))
		return page_redirect(c, 303, "login", str_of(NULL));
	buf_open(&b, &c->wk->arena);
	buf_add(&b, name);
	if (query.n > 0) {
		buf_char(&b, '?');
		buf_add(&b, query);
	}
	text = buf_close(&b, &c->wk->arena);
	return page_redirect(c, 303, "login", carry(c, text));
}

enum err
page_go_to_wanted(struct call *c, struct str wanted)
{
	const struct route *page;
	struct str query;

	if (!read_wanted(c, wanted, &page, &query) || page->segment[0].n == 0)
		return page_redirect(c, 303, "./", query);
	return page_redirect(c, 303, page->segment[0].p, query);
}
