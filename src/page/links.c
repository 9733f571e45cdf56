/* SPDX-License-Identifier: ISC */
/*
 * links.c - the links of the pages and their forms, the values in a query, and
 * the lines of the header that every page has.
 */
#include "page/page.h"

/* Bytes of a link: a name, a query, and a tenant. */
#define LINK_MAX 4096

/*
 * Nothing but the program's own files is loaded or run, no other page may show
 * one of these in a frame, and a form leads to this origin only. With
 * no-referrer instead of same-origin, browsers would send "Origin: null" with
 * the pages' own forms.
 */
#define POLICY                                                         \
	"Cache-Control: no-store\r\n"                                  \
	"Content-Security-Policy: default-src 'none'; script-src "     \
	"'self'; style-src 'self'; img-src 'self'; form-action "       \
	"'self'; frame-ancestors 'none'; base-uri 'none'; "            \
	"require-trusted-types-for 'script'; trusted-types 'none'\r\n" \
	"Cross-Origin-Opener-Policy: same-origin\r\n"                  \
	"Cross-Origin-Resource-Policy: same-origin\r\n"                \
	"Referrer-Policy: same-origin\r\n"                             \
	"X-Frame-Options: DENY\r\n"

bool
page_is_provider(const struct call *c)
{
	return auth_may_choose(c->app->config, &c->who);
}

bool
page_has_tenant(const struct call *c)
{
	static const struct guid none;

	return memcmp(&c->who.tenant, &none, sizeof(none)) != 0;
}

/* Appends the way from the request's path to the directory of the pages. */
static void
put_way(const struct call *c, struct buf *out)
{
	const struct path *path = c->path;
	size_t below = path->count - path->at - 1 + path->slashes + path->empty;

	if (below == 0)
		buf_add_text(out, "ui/");
	for (; below > 1; below--)
		buf_add_text(out, "../");
}

/* Appends a query; the tenant of a provider comes last. */
static void
put_query(const struct call *c, struct str query, struct buf *out)
{
	char tenant[STR_GUID_LEN];

	if (query.n > 0) {
		buf_char(out, '?');
		buf_add(out, query);
	}
	if (!page_is_provider(c) || !page_has_tenant(c))
		return;
	str_guid_text(&c->who.tenant, tenant);
	buf_add_text(out, query.n > 0 ? "&tenant=" : "?tenant=");
	buf_add(out, str_from(tenant, sizeof(tenant)));
}

/* `query` is NULL for a file, which belongs to no tenant. */
static void
put_attribute(struct page *p, const char *attribute, const char *path,
    const struct str *query)
{
	char text[LINK_MAX];
	struct buf link;

	buf_init(&link, text, sizeof(text));
	put_way(p->call, &link);
	buf_add_text(&link, path);
	if (query != NULL)
		put_query(p->call, *query, &link);
	p->text.full |= link.full;
	html_attr(&p->html, attribute, buf_view(&link));
}

void
page_path(struct page *p, const char *attribute, const char *path)
{
	put_attribute(p, attribute, path, NULL);
}

void
page_link(
    struct page *p, const char *attribute, const char *path, struct str query)
{
	put_attribute(p, attribute, path, &query);
}

void
page_anchor(struct page *p, const char *path, enum word word)
{
	html_open(&p->html, "a");
	page_link(p, "href", path, str_of(NULL));
	page_put(p, word);
	html_close(&p->html);
}

void
page_form(struct page *p, const char *path)
{
	html_open(&p->html, "form");
	html_attr_text(&p->html, "method", "post");
	page_link(p, "action", path, str_of(NULL));
}

void
page_hidden(struct page *p, const char *name, struct str value)
{
	html_open(&p->html, "input");
	html_attr_text(&p->html, "type", "hidden");
	html_attr_text(&p->html, "name", name);
	html_attr(&p->html, "value", value);
	html_close(&p->html);
}

void
page_keep_tenant(struct page *p)
{
	char tenant[STR_GUID_LEN];

	if (!page_is_provider(p->call) || !page_has_tenant(p->call))
		return;
	str_guid_text(&p->call->who.tenant, tenant);
	page_hidden(p, "tenant", str_from(tenant, sizeof(tenant)));
}

/* --- the header ----------------------------------------------------------- */

/* Appends a line, and other lines before it. */
static enum err
add_line(struct call *c, const char *before, const char *name, struct str value,
    const char *end)
{
	struct buf lines;

	buf_open(&lines, &c->wk->arena);
	buf_add(&lines, c->lines);
	buf_add_text(&lines, before);
	buf_add_text(&lines, name);
	buf_add(&lines, value);
	buf_add_text(&lines, end);
	c->lines = buf_close(&lines, &c->wk->arena);
	return str_is_null(c->lines) ? ERR_MEMORY : ERR_OK;
}

enum err
page_put_lines(struct call *c, const char *name, struct str value)
{
	return add_line(c, POLICY, name, value, "\r\n");
}

enum err
page_redirect(struct call *c, int status, const char *path, struct str query)
{
	struct buf link;
	struct str to;

	buf_open(&link, &c->wk->arena);
	put_way(c, &link);
	buf_add_text(&link, path);
	put_query(c, query, &link);
	to = buf_close(&link, &c->wk->arena);
	return str_is_null(to) ? ERR_MEMORY : page_redirect_to(c, status, to);
}

enum err
page_redirect_to(struct call *c, int status, struct str url)
{
	c->status = status;
	c->content = STR_EMPTY;
	c->type = str_of("text/html;charset=utf-8");
	return page_put_lines(c, "Location: ", url);
}

enum err
page_set_cookie(struct call *c, struct str cookie)
{
	return add_line(c, "", "Set-Cookie: ", cookie, "\r\n");
}

enum err
page_download(struct call *c, const char *type, struct str name)
{
	c->type = str_of(type);
	return add_line(c, POLICY,
	    "Content-Disposition: attachment; filename=\"", name, "\"\r\n");
}

struct str
page_query(const struct call *c, const char *name)
{
	struct str query = c->req->var[REQUEST_QUERY], value;
	char *room;

	while (!str_is_null(query)) {
		struct str pair = str_cut(&query, '&'), found = str_of(NULL);

		value = pair;
		if (!str_is(str_cut(&value, '='), name))
			continue;
		room = arena_take(&c->wk->arena, value.n + 1);
		if (room == NULL || str_is_null(value) ||
		    !str_unpercent(value, true, room, &found) ||
		    !str_utf8_valid(found))
			return str_of(NULL);
		return found;
	}
	return str_of(NULL);
}

struct str
page_done(const struct call *c)
{
	struct str site = c->req->var[REQUEST_SEC_FETCH_SITE];

	return site.n > 0 && !str_is(site, "same-origin")
	    ? str_of(NULL)
	    : page_query(c, "done");
}
