/* SPDX-License-Identifier: ISC */
/*
 * page.h - the frame that all pages share: head, links to the other pages, main
 * part and foot; and what the handlers of pages offer to each other. Private to
 * src/page.
 *
 * All pages have the same depth, <mount>/ui/NAME, and all links are relative.
 * So the pages need not know the path under which a proxy serves them.
 */
#ifndef PUSHCERT_PAGE_H
#define PUSHCERT_PAGE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/expiry.h"
#include "format/form.h"
#include "format/html.h"
#include "format/language.h"
#include "http/call.h"
#include "page/words.h"
#include "rules/session.h"

/* Whether the caller may name any tenant in the query. */
bool page_is_provider(const struct call *c);
/* Whether the caller has a tenant; a provider may not have chosen one yet. */
bool page_has_tenant(const struct call *c);
/* The alias of the request's tenant, in the arena; null if it has none. */
struct str page_tenant_name(struct call *c);

/*
 * A page while it is written. Between page_begin and page_end it has the free
 * part of the worker's arena, so nothing else may be taken from that; read
 * before it everything that the page shows.
 */
struct page {
	struct call *call;
	enum language language;
	struct buf text;
	struct html html; /* main is its innermost element after page_begin */
};

/* Writes the head and the title, and opens the main part. `here` is the name of
 * the page in the links of the frame, or NULL. */
void
page_begin(struct page *p, struct call *c, const char *here, enum word title);
/* Completes the page and makes it the content of the response. */
enum err page_end(struct page *p) ATTR_CHECKED;

/* The text of a word in the language of the page. */
const char *page_word(const struct page *p, enum word word);
/* Text in the innermost element: the word alone, or with the value for its {}.
 */
void page_put(struct page *p, enum word word);
void page_say(struct page *p, enum word word, struct str value);
void page_say_number(struct page *p, enum word word, uint64_t value);
/* An element that holds nothing but the word. */
void page_element(struct page *p, const char *element, enum word word);

/* An attribute that links to a page or a form's target. `query` is null, or
 * name=value pairs without a question mark. The tenant of a provider is added.
 */
void page_link(
    struct page *p, const char *attribute, const char *path, struct str query);
/* The same to a file, which belongs to no tenant. */
void page_path(struct page *p, const char *attribute, const char *path);
/* A whole element a. */
void page_anchor(struct page *p, const char *path, enum word word);
/* Opens a form that sends POST to a page; html_close closes it. */
void page_form(struct page *p, const char *path);
/* A hidden field of a form. */
void page_hidden(struct page *p, const char *name, struct str value);
/* A hidden field with the tenant of a provider, for a form that sends GET. */
void page_keep_tenant(struct page *p);

/* How a status looks (none, good, warn or bad), its word, and what to do. */
struct page_look {
	const char *name;
	enum word word, cure;
};
extern const struct page_look page_looks[EXPIRY_STATUSES];

/* A day, and a time: elements time in words, with the date for the script. */
void page_day(struct page *p, int64_t at);
void page_moment(struct page *p, int64_t at);

/* The word, which has {}, with a day or a time in its place. */
void page_say_day(struct page *p, enum word word, int64_t at);
void page_say_moment(struct page *p, enum word word, int64_t at);

/* A text as code, with a button that copies it where the script runs. */
void page_copy(struct page *p, struct str text);

/* Opens a notice with a heading; html_close closes it. The looks are notice,
 * and with it good, warn and bad. */
void page_notice(struct page *p, const char *look, enum word title);
/* A whole notice of one sentence. `role` is alert, status or NULL. */
void page_message(
    struct page *p, const char *look, const char *role, enum word word);
/* A fact in dl.facts. The first opens two elements, for its text. */
void page_open_fact(struct page *p, enum word name);
void page_fact_moment(struct page *p, enum word name, int64_t at);
/* Opens a table and its body: two elements, in which each row is one. */
void page_open_table(struct page *p, const char *classes, enum word caption,
    const enum word *heading, size_t n);
/* Opens a cell. On a narrow screen each has a line of its own, with its
 * heading. */
void page_open_cell(struct page *p, enum word heading);

/* Opens a field with its label. The control has the id `name`. */
void page_open_field(struct page *p, const char *name, enum word label);
/* The hint for that control, which precedes it. */
void page_open_hint(struct page *p, const char *name);
void page_hint(struct page *p, const char *name, enum word word);
/* Opens a control of a field with a hint; its other attributes may follow. */
void page_open_input(struct page *p, const char *type, const char *name);
/* Attributes of a text that a browser must not correct, or offer next time. */
void page_exact(struct page *p);
/* A button that sends its form. `classes` may be NULL. */
void page_button(struct page *p, const char *classes, enum word word);
/* A link that looks like a button. */
void page_button_link(
    struct page *p, const char *classes, const char *path, enum word word);

/* Sets the lines of the header: the cookies that are there already, those that
 * every page has, and one more. */
enum err
page_put_lines(struct call *c, const char *name, struct str value) ATTR_CHECKED;
/* Ends the request with this status and the header Location, which is relative
 * to the page: another page of ours, and a query or null. The tenant of a
 * provider is added. */
enum err page_redirect(struct call *c, int status, const char *path,
    struct str query) ATTR_CHECKED;
/* The same with a URL of another site. */
enum err
page_redirect_to(struct call *c, int status, struct str url) ATTR_CHECKED;
/* Adds a cookie to the response; call it before page_begin or page_redirect.
 * The text is the value of Set-Cookie. */
enum err page_set_cookie(struct call *c, struct str cookie) ATTR_CHECKED;
/* The header lines of a download with this file name, which has no quote. */
enum err
page_download(struct call *c, const char *type, struct str name) ATTR_CHECKED;
/* The value of a name in the query, decoded; null if it is absent or not well
 * formed. */
struct str page_query(const struct call *c, const char *name);
/* The value of `done` in the query, with which a form of ours leads to the page
 * that says so. Null if the browser came from another place, such as a link in
 * a mail. */
struct str page_done(const struct call *c);

/* Reads the body of the request, which is a form. The values live as long as
 * the call. */
enum err page_read_form(struct call *c, struct form *out) ATTR_CHECKED;

/* The site that the browser sees. */
struct session_site page_site(const struct call *c);
/* The step that finds the caller of a page. */
enum err page_enter(struct call *c) ATTR_CHECKED;
/* The page of a request that is refused. */
void page_refuse(struct call *c, enum err e);
/* The sentence of the API in an element that the reader can open. */
void page_exact_words(struct page *p, enum err e, const struct fault *fault);
/* The first route of the table that has the path of the request. */
const struct route *page_first_route(const struct call *c);
/* Whether a link or a header line can repeat a query: its characters are
 * visible, and none of it is a private key. */
bool page_may_repeat(const struct call *c, struct str query);
/* Sends a visitor who is not signed in to the sign-in, and on to a page of
 * ours: that which the visitor wanted, or the first one. */
enum err page_go_to_login(struct call *c) ATTR_CHECKED;
enum err page_go_to_wanted(struct call *c, struct str wanted) ATTR_CHECKED;
/* The query of the links of the sign-in that carries the wanted page on, in the
 * arena; null if there is none. */
struct str page_wanted(struct call *c);

/* Whether the operator offers the sign-in at a provider. */
bool page_has_sso(const struct call *c);
/* The link to the provider, with the query of page_wanted, or what the service
 * lacks for it. */
void page_put_sso(struct page *p, struct str wanted);
/* The page of the sign-in, with the reason why the last attempt failed, or
 * ERR_OK. */
enum err page_show_login(struct call *c, enum err e) ATTR_CHECKED;

/* The handlers of the routes. */
enum err page_login(struct call *c) ATTR_CHECKED;
enum err page_sign_in(struct call *c) ATTR_CHECKED;
enum err page_sign_out(struct call *c) ATTR_CHECKED;
enum err page_go_to_sso(struct call *c) ATTR_CHECKED;
enum err page_come_from_sso(struct call *c) ATTR_CHECKED;
enum err page_status(struct call *c) ATTR_CHECKED;
enum err page_certificate(struct call *c) ATTR_CHECKED;
enum err page_calendar(struct call *c) ATTR_CHECKED;
enum err page_renew(struct call *c) ATTR_CHECKED;
enum err page_make_request(struct call *c) ATTR_CHECKED;
enum err page_request_file(struct call *c) ATTR_CHECKED;
enum err page_check(struct call *c) ATTR_CHECKED;
enum err page_upload(struct call *c) ATTR_CHECKED;
enum err page_history(struct call *c) ATTR_CHECKED;
enum err page_event(struct call *c) ATTR_CHECKED;
enum err page_restore(struct call *c) ATTR_CHECKED;
enum err page_tenants(struct call *c) ATTR_CHECKED;
enum err page_store_apple_id(struct call *c) ATTR_CHECKED;

#endif
