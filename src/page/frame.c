/* SPDX-License-Identifier: ISC */
/*
 * frame.c - the frame of the pages: head, links to the other pages, and foot.
 */
#include "page/page.h"

#include "page/page_files.h"

static void
put_meta(struct page *p, const char *name, const char *content)
{
	html_open(&p->html, "meta");
	html_attr_text(&p->html, "name", name);
	html_attr_text(&p->html, "content", content);
	html_close(&p->html);
}

/* A link to a file, which has no query. */
static void
put_file(struct page *p, const char *attribute, enum page_file file)
{
	page_path(p, attribute, page_file_name(file));
}

/* The script has no words of its own. */
static void
put_script(struct page *p)
{
	struct html *h = &p->html;

	html_open(h, "script");
	put_file(p, "src", PAGE_JS);
	html_flag(h, "defer", true);
	html_attr_text(h, "data-here", page_word(p, WORD_HERE));
	html_attr_text(h, "data-copied", page_word(p, WORD_COPIED));
	html_close(h);
}

static void
put_files(struct page *p)
{
	struct html *h = &p->html;

	html_open(h, "link");
	html_attr_text(h, "rel", "stylesheet");
	put_file(p, "href", PAGE_CSS);
	html_close(h);
	html_open(h, "link");
	html_attr_text(h, "rel", "icon");
	html_attr_text(h, "type", "image/svg+xml");
	put_file(p, "href", PAGE_ICON);
	html_close(h);
	put_script(p);
}

static void
put_head(struct page *p, enum word title)
{
	struct html *h = &p->html;

	html_open(h, "head");
	html_open(h, "meta");
	html_attr_text(h, "charset", "utf-8");
	html_close(h);
	put_meta(p, "viewport", "width=device-width, initial-scale=1");
	put_meta(p, "color-scheme", "light dark");
	put_files(p);
	html_open(h, "title");
	page_put(p, title);
	html_words(h, " – ");
	page_put(p, WORD_PRODUCT);
	html_close_all(h, 2);
}

/* A link in the frame; the page itself is marked. */
static void
put_tab(struct page *p, const char *here, const char *path, enum word word)
{
	html_open(&p->html, "a");
	page_link(p, "href", path, str_of(NULL));
	if (here != NULL && strcmp(here, path) == 0)
		html_attr_text(&p->html, "aria-current", "page");
	page_put(p, word);
	html_close(&p->html);
}

static void
put_tabs(struct page *p, const char *here)
{
	struct html *h = &p->html;

	html_open(h, "nav");
	html_attr_text(h, "aria-label", page_word(p, WORD_PAGES));
	if (page_is_provider(p->call))
		put_tab(p, here, "tenants", WORD_TENANTS);
	if (page_has_tenant(p->call)) {
		put_tab(p, here, "./", WORD_STATUS);
		put_tab(p, here, "renew", WORD_RENEW);
		put_tab(p, here, "history", WORD_HISTORY);
	}
	html_close(h);
	html_open_class(h, "div", "user");
	html_element(h, "span", p->call->who.actor);
	page_form(p, "logout");
	page_button(p, NULL, WORD_SIGN_OUT);
	html_close_all(h, 2);
}

static void
put_header(struct page *p, const char *here)
{
	struct html *h = &p->html;

	html_open_class(h, "a", "skip");
	html_attr_text(h, "href", "#main");
	page_put(p, WORD_SKIP);
	html_close(h);
	html_open(h, "header");
	html_open_class(h, "p", "product");
	page_put(p, WORD_PRODUCT);
	html_close(h);
	if (p->call->who.scopes != 0)
		put_tabs(p, here);
	html_close(h);
}

struct str
page_tenant_name(struct call *c)
{
	struct str name = str_of(NULL);
	bool open = c->reads;
	struct tenant t;

	if (call_begin_reading(c) != ERR_OK)
		return name;
	if (store_tenant(c->wk->reader, &c->who.tenant, &t) == ERR_OK)
		name = arena_copy(&c->wk->arena, t.alias);
	if (!open)
		call_end_reading(c);
	return name;
}

static void
put_tenant(struct page *p, struct str name)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&p->call->who.tenant, tenant);
	html_open_class(&p->html, "p", "tenant");
	page_put(p, WORD_TENANT);
	html_words(&p->html, " ");
	if (name.n > 0) {
		html_element(&p->html, "strong", name);
		html_words(&p->html, " ");
	}
	html_element(&p->html, "code", str_from(tenant, sizeof(tenant)));
	html_close(&p->html);
}

void
page_begin(struct page *p, struct call *c, const char *here, enum word title)
{
	bool chosen = page_is_provider(c) && page_has_tenant(c);
	struct str name = chosen ? page_tenant_name(c) : str_of(NULL);
	struct html *h = &p->html;

	p->call = c;
	p->language = language_pick(c->req->var[REQUEST_ACCEPT_LANGUAGE]);
	buf_open(&p->text, &c->wk->arena);
	html_init(h, &p->text);
	html_open(h, "html");
	html_attr_text(h, "lang", language_tag(p->language));
	put_head(p, title);
	html_open(h, "body");
	put_header(p, here);
	html_open(h, "main");
	html_attr_text(h, "id", "main");
	if (chosen)
		put_tenant(p, name);
	page_element(p, "h1", title);
}

static void
put_footer(struct page *p)
{
	struct html *h = &p->html;

	html_open(h, "footer");
	html_open(h, "p");
	html_words(h, "pushcert " PACKAGE_VERSION " · ");
	page_put(p, WORD_REQUEST);
	html_words(h, " ");
	html_element(h, "code", p->call->ids.request_id);
	html_close_all(h, 2);
}

enum err
page_end(struct page *p)
{
	struct call *c = p->call;
	bool complete;

	html_close(&p->html);
	put_footer(p);
	html_close_all(&p->html, 2);
	complete = html_complete(&p->html);
	c->content = buf_close(&p->text, &c->wk->arena);
	c->type = str_of("text/html;charset=utf-8");
	if (!complete)
		return ERR_MEMORY;
	return page_put_lines(
	    c, "Content-Language: ", str_of(language_tag(p->language)));
}
