/* SPDX-License-Identifier: ISC */
/*
 * login.c - signs people in with a token that they paste, and out.
 *
 * The browser gets a sealed cookie and never keeps the token.
 */
#include "page/page.h"

#include <string.h>

struct session_site
page_site(const struct call *c)
{
	return (struct session_site){ .config = c->app->config,
		.secrets = c->app->secrets,
		.auth = c->app->auth,
		.is_secure = request_is_secure(c->req, c->app->config) };
}

enum err
page_read_form(struct call *c, struct form *out)
{
	struct str type = c->req->var[REQUEST_CONTENT_TYPE], body;
	enum err e;

	if ((e = call_read_body(c, &c->wk->arena, &body)) != ERR_OK)
		return e;
	c->body = body;
	return form_read(type, body, &c->wk->arena, out, &c->fault);
}

/* --- the page ------------------------------------------------------------- */

/* Why a sign-in failed; the last row is for each other outcome. */
struct reason {
	enum err e;
	enum word word;
};
static const struct reason of_token[] = {
	{ ERR_TOKEN_ABSENT, WORD_TOKEN_EMPTY },
	{ ERR_TOKEN_EXPIRED, WORD_TOKEN_EXPIRED },
	{ ERR_OK, WORD_TOKEN_WRONG },
};
static const struct reason of_provider[] = {
	{ ERR_SSO_STATE, WORD_SSO_STATE },
	{ ERR_SSO_REFUSED, WORD_SSO_REFUSED },
	{ ERR_SSO_ROLE, WORD_SSO_ROLE },
	{ ERR_TENANT, WORD_SSO_TENANT },
	{ ERR_OK, WORD_SSO_WRONG },
};

static bool
is_from_provider(const struct call *c)
{
	return c->route != NULL && c->route->run == page_come_from_sso;
}

static void
put_reason(struct page *p, enum err e)
{
	const struct reason *r = is_from_provider(p->call) ? of_provider
							   : of_token;

	if (e == ERR_OK || e == ERR_NOT_IMPLEMENTED)
		return;
	while (r->e != e && r->e != ERR_OK)
		r++;
	page_message(p, "notice bad", "alert", r->word);
	if (is_from_provider(p->call))
		page_exact_words(p, e, &p->call->fault);
}

static void
put_form(struct page *p, struct str wanted)
{
	struct html *h = &p->html;

	html_open(h, "form");
	html_attr_text(h, "method", "post");
	page_link(p, "action", "login", wanted);
	page_open_field(p, "token", WORD_TOKEN);
	page_hint(p, "token", WORD_TOKEN_HINT);
	page_open_input(p, "password", "token");
	html_attr_text(h, "autocomplete", "current-password");
	html_attr_text(h, "spellcheck", "false");
	html_flag(h, "required", true);
	html_flag(h, "autofocus", true);
	html_close_all(h, 2);
	html_open(h, "p");
	page_button(p, "main", WORD_SIGN_IN);
	html_close_all(h, 2);
}

enum err
page_show_login(struct call *c, enum err e)
{
	struct session_site site = page_site(c);
	struct str wanted = page_wanted(c);
	struct page p;

	page_begin(&p, c, NULL, WORD_SIGN_IN);
	put_reason(&p, e);
	page_put_sso(&p, wanted);
	if (session_is_possible(&site))
		put_form(&p, wanted);
	else
		page_message(&p, "notice warn", NULL, WORD_TOKEN_OFF);
	return page_end(&p);
}

enum err
page_login(struct call *c)
{
	return page_show_login(c, ERR_OK);
}

/* --- in and out ----------------------------------------------------------- */

static enum err
begin_session(struct call *c, struct str token, struct str *cookie)
{
	struct session_site site = page_site(c);
	struct auth_call call = { .tx = c->wk->reader,
		.authorization = token,
		.now_at = c->req->now.at,
		.arena = &c->wk->arena };
	struct principal who = { .scopes = 0 };
	enum err e;

	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	e = session_begin(&site, &call, &who, cookie);
	call_end_reading(c);
	if (e == ERR_OK)
		c->who = who;
	else
		c->who.why = who.why;
	return steps_limit_failures(c, e);
}

/* The token in a text that was pasted: without the white space around it, and
 * without the word that precedes it in the header of a client. */
static struct str
bare_token(struct str text)
{
	static const char blank[] = " \t\r\n";

	while (text.n > 0 && strchr(blank, text.p[0]) != NULL)
		text = str_tail(text, 1);
	while (text.n > 0 && strchr(blank, text.p[text.n - 1]) != NULL)
		text.n--;
	return str_iis(str_head(text, 7), "bearer ")
	    ? str_trim(str_tail(text, 7))
	    : text;
}

enum err
page_sign_in(struct call *c)
{
	struct form form;
	struct str token, cookie;
	enum err e;

	if ((e = page_read_form(c, &form)) != ERR_OK)
		return e;
	token = bare_token(form_value(&form, "token"));
	if (token.n == 0)
		return ERR_TOKEN_ABSENT;
	if ((e = begin_session(c, token, &cookie)) != ERR_OK)
		return e;
	if ((e = page_set_cookie(c, cookie)) != ERR_OK)
		return e;
	return page_go_to_wanted(c, page_query(c, "to"));
}

enum err
page_sign_out(struct call *c)
{
	struct session_site site = page_site(c);
	enum err e = page_set_cookie(c, session_removal(&site));

	return e == ERR_OK ? page_redirect(c, 303, "login", str_of(NULL)) : e;
}
