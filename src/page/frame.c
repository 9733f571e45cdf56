/* SPDX-License-Identifier: ISC */
/*
 * frame.c - the frame of the pages, their links, and the lines of the header
 * that every page has.
 */
#include "page/page.h"

#include "format/datetime.h"
#include "page/page_files.h"

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

/* Whether the caller has a tenant; a provider may not have chosen one yet. */
static bool
has_tenant(const struct call *c)
{
	static const struct guid none;

	return memcmp(&c->who.tenant, &none, sizeof(none)) != 0;
}

/* --- words ---------------------------------------------------------------- */

const char *
page_word(const struct page *p, enum word word)
{
	return words_text(word, p->language);
}

void
page_say(struct page *p, enum word word, struct str value)
{
	const char *text = page_word(p, word);
	const char *mark = strstr(text, "{}");

	if (mark == NULL) {
		html_words(&p->html, text);
		return;
	}
	html_text(&p->html, str_from(text, (size_t)(mark - text)));
	html_text(&p->html, value);
	html_words(&p->html, mark + strlen("{}"));
}

void
page_say_number(struct page *p, enum word word, uint64_t value)
{
	char text[24];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_u64(&b, value);
	page_say(p, word, buf_view(&b));
}

void
page_element(struct page *p, const char *element, enum word word)
{
	html_element(&p->html, element, str_of(page_word(p, word)));
}

void
page_copy(struct page *p, struct str text)
{
	struct html *h = &p->html;

	html_element(h, "code", text);
	html_words(h, " ");
	html_open_class(h, "button", "copy");
	html_attr_text(h, "type", "button");
	html_flag(h, "hidden", true);
	html_words(h, page_word(p, WORD_COPY));
	html_close(h);
}

/* --- links ---------------------------------------------------------------- */

/* Appends the way from the request's path to the directory of the pages. */
static void
put_way(const struct call *c, struct buf *out)
{
	const struct path *path = c->path;
	size_t below = path->count - path->at - 1 + path->slashes;

	if (below == 0)
		buf_text(out, "ui/");
	for (; below > 1; below--)
		buf_text(out, "../");
}

/* Appends a query; the tenant of a provider comes last. */
static void
put_query(const struct call *c, struct str query, struct buf *out)
{
	char tenant[STR_GUID_LEN];

	if (query.n > 0) {
		buf_char(out, '?');
		buf_str(out, query);
	}
	if (!page_is_provider(c) || !has_tenant(c))
		return;
	str_guid_text(&c->who.tenant, tenant);
	buf_text(out, query.n > 0 ? "&tenant=" : "?tenant=");
	buf_put(out, tenant, sizeof(tenant));
}

static void
put_link(
    const struct call *c, const char *path, struct str query, struct buf *out)
{
	put_way(c, out);
	buf_text(out, path);
	put_query(c, query, out);
}

void
page_link(
    struct page *p, const char *attribute, const char *path, struct str query)
{
	char text[LINK_MAX];
	struct buf link;

	buf_init(&link, text, sizeof(text));
	put_link(p->call, path, query, &link);
	p->text.full |= link.full;
	html_attr(&p->html, attribute, buf_view(&link));
}

void
page_anchor(struct page *p, const char *path, enum word word)
{
	html_open(&p->html, "a");
	page_link(p, "href", path, str_of(NULL));
	html_words(&p->html, page_word(p, word));
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

	if (!page_is_provider(p->call) || !has_tenant(p->call))
		return;
	str_guid_text(&p->call->who.tenant, tenant);
	page_hidden(p, "tenant", str_from(tenant, sizeof(tenant)));
}

/* --- dates ---------------------------------------------------------------- */

/* Writes 30 Nov 2026, from an ISO date. */
static void
put_day(struct page *p, const char *iso)
{
	unsigned month = (unsigned)(iso[5] - '0') * 10 +
	    (unsigned)(iso[6] - '0') - 1;
	const char *day = iso + 8;
	size_t zero = *day == '0';

	page_say(p, (enum word)(WORD_JANUARY + month),
	    str_from(day + zero, 2 - zero));
	html_words(&p->html, " ");
	html_text(&p->html, str_from(iso, 4));
}

static void
open_time(struct page *p, int64_t at, char iso[DATETIME_SECONDS_LEN])
{
	char text[DATETIME_SECONDS_LEN + 1];

	datetime_seconds(at, iso);
	memcpy(text, iso, DATETIME_SECONDS_LEN);
	text[DATETIME_SECONDS_LEN] = 'Z';
	html_open(&p->html, "time");
	html_attr(&p->html, "datetime", str_from(text, sizeof(text)));
}

void
page_day(struct page *p, int64_t at)
{
	char iso[DATETIME_SECONDS_LEN];

	open_time(p, at, iso);
	put_day(p, iso);
	html_close(&p->html);
}

void
page_moment(struct page *p, int64_t at)
{
	char iso[DATETIME_SECONDS_LEN];

	open_time(p, at, iso);
	html_attr_text(&p->html, "class", "moment");
	put_day(p, iso);
	html_words(&p->html, ", ");
	page_say(p, WORD_MOMENT, str_from(iso + 11, 5));
	html_close(&p->html);
}

/* --- the frame ------------------------------------------------------------ */

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
	char text[LINK_MAX];
	struct buf link;

	buf_init(&link, text, sizeof(text));
	put_way(p->call, &link);
	buf_text(&link, page_file_name(file));
	p->text.full |= link.full;
	html_attr(&p->html, attribute, buf_view(&link));
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
	html_words(h, page_word(p, title));
	html_words(h, " – ");
	html_words(h, page_word(p, WORD_PRODUCT));
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
	html_words(&p->html, page_word(p, word));
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
	if (has_tenant(p->call)) {
		put_tab(p, here, "./", WORD_STATUS);
		put_tab(p, here, "renew", WORD_RENEW);
		put_tab(p, here, "history", WORD_HISTORY);
	}
	html_close(h);
	html_open_class(h, "div", "user");
	html_element(h, "span", p->call->who.actor);
	page_form(p, "logout");
	html_open(h, "button");
	html_words(h, page_word(p, WORD_SIGN_OUT));
	html_close_all(h, 3);
}

static void
put_header(struct page *p, const char *here)
{
	struct html *h = &p->html;

	html_open_class(h, "a", "skip");
	html_attr_text(h, "href", "#main");
	html_words(h, page_word(p, WORD_SKIP));
	html_close(h);
	html_open(h, "header");
	html_open_class(h, "p", "product");
	html_words(h, page_word(p, WORD_PRODUCT));
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
	html_words(&p->html, page_word(p, WORD_TENANT));
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
	bool chosen = page_is_provider(c) && has_tenant(c);
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
	html_words(h, page_word(p, WORD_REQUEST));
	html_words(h, " ");
	html_element(h, "code", p->call->ids.request_id);
	html_close_all(h, 2);
}

/* Sets the lines of the header: the cookies that are there already, the policy,
 * and others. */
static enum err
put_lines(struct call *c, const char *name, struct str value)
{
	struct buf lines;

	buf_open(&lines, &c->wk->arena);
	buf_str(&lines, c->lines);
	buf_text(&lines, POLICY);
	buf_text(&lines, name);
	buf_str(&lines, value);
	buf_text(&lines, "\r\n");
	c->lines = buf_close(&lines, &c->wk->arena);
	return str_is_null(c->lines) ? ERR_MEMORY : ERR_OK;
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
	return put_lines(
	    c, "Content-Language: ", str_of(language_tag(p->language)));
}

/* --- other responses ------------------------------------------------------ */

enum err
page_redirect(struct call *c, int status, const char *path, struct str query)
{
	struct buf link;
	struct str to;

	buf_open(&link, &c->wk->arena);
	put_link(c, path, query, &link);
	to = buf_close(&link, &c->wk->arena);
	return str_is_null(to) ? ERR_MEMORY : page_redirect_to(c, status, to);
}

enum err
page_redirect_to(struct call *c, int status, struct str url)
{
	c->status = status;
	c->content = STR_EMPTY;
	c->type = str_of("text/html;charset=utf-8");
	return put_lines(c, "Location: ", url);
}

enum err
page_set_cookie(struct call *c, struct str cookie)
{
	struct buf lines;

	buf_open(&lines, &c->wk->arena);
	buf_str(&lines, c->lines);
	buf_text(&lines, "Set-Cookie: ");
	buf_str(&lines, cookie);
	buf_text(&lines, "\r\n");
	c->lines = buf_close(&lines, &c->wk->arena);
	return str_is_null(c->lines) ? ERR_MEMORY : ERR_OK;
}

enum err
page_download(struct call *c, const char *type, struct str name)
{
	struct buf lines;

	c->type = str_of(type);
	buf_open(&lines, &c->wk->arena);
	buf_text(&lines, POLICY "Content-Disposition: attachment; filename=\"");
	buf_str(&lines, name);
	buf_text(&lines, "\"\r\n");
	c->lines = buf_close(&lines, &c->wk->arena);
	return str_is_null(c->lines) ? ERR_MEMORY : ERR_OK;
}

struct str
page_query(const struct call *c, const char *name)
{
	struct str query = c->req->var[REQUEST_QUERY], value = query;
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
