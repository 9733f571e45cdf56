/* SPDX-License-Identifier: ISC */
/*
 * provider.c - signs people in at a provider of OpenID Connect.
 *
 * The provider sends the browser back with a form of its own site, so that
 * request is exempt from the rule about other sites; the nonce of the sign-in
 * protects it.
 */
#include "page/page.h"

#include "http/view.h"
#include "rules/sso.h"

/* --- the link ------------------------------------------------------------- */

bool
page_has_sso(const struct call *c)
{
	return c->app->config->sso_uri[0] != '\0';
}

void
page_put_sso(struct page *p, struct str wanted)
{
	struct session_site site = page_site(p->call);
	const char *lacks = sso_lacks(&site);
	struct html *h = &p->html;

	if (!page_has_sso(p->call))
		return;
	if (lacks != NULL) {
		html_open_class(h, "div", "notice warn");
		html_open(h, "p");
		page_say(p, WORD_SSO_LACKS, str_of(lacks));
		html_close_all(h, 2);
		return;
	}
	/* A form that leads to the provider would break the policy of the page,
	 * so it is a link. */
	html_open_class(h, "p", "actions");
	html_open_class(h, "a", "button");
	page_link(p, "href", "sso", wanted);
	page_put(p, WORD_SSO);
	html_close_all(h, 2);
	page_element(p, "p", WORD_OR);
}

/* --- there ---------------------------------------------------------------- */

/* The URL of this page, which the provider must know. */
static enum err
find_back(struct call *c, struct str *out)
{
	char *p = arena_take(&c->wk->arena, VIEW_BASE_MAX);
	struct buf b;

	if (p == NULL)
		return ERR_MEMORY;
	buf_init(&b, p, VIEW_BASE_MAX);
	steps_put_base(c, &b);
	buf_text(&b, "ui/sso");
	*out = buf_view(&b);
	return b.full ? ERR_MEMORY : ERR_OK;
}

enum err
page_go_to_sso(struct call *c)
{
	struct session_site site = page_site(c);
	struct auth_call call = { .now_at = c->req->now.at,
		.arena = &c->wk->arena };
	struct sso_start start = { .wanted = page_query(c, "to") };
	enum err e;

	/* The page of the sign-in names what is lacking. */
	if (sso_lacks(&site) != NULL)
		return page_redirect(c, 303, "login", str_of(NULL));
	if ((e = find_back(c, &start.back)) != ERR_OK)
		return e;
	if (start.wanted.n > SSO_WANTED_MAX)
		start.wanted = str_of(NULL);
	/* No record is made, so the bytes for its id are free. */
	e = sso_begin(&site, &call, c->req->random + 16, &start);
	if (e == ERR_OK)
		e = page_set_cookie(c, start.cookie);
	return e == ERR_OK ? page_redirect_to(c, 303, start.location) : e;
}

/* --- and back ------------------------------------------------------------- */

static enum err
end_sign_in(struct call *c, struct sso_answer *answer, struct str *cookie)
{
	struct session_site site = page_site(c);
	struct auth_call call = { .now_at = c->req->now.at,
		.arena = &c->wk->arena };
	struct principal who = { .scopes = 0 };
	enum err e;

	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	call.tx = c->wk->reader;
	e = sso_end(&site, &call, answer, &who, cookie);
	call_end_reading(c);
	if (e == ERR_OK)
		c->who = who;
	else
		c->who.why = who.why;
	return steps_limit_failures(c, e);
}

enum err
page_come_from_sso(struct call *c)
{
	struct sso_answer answer = { .cookies = c->req->var[REQUEST_COOKIE] };
	struct str cookie = str_of(NULL);
	struct form form;
	enum err e;

	if ((e = page_read_form(c, &form)) != ERR_OK)
		return e;
	answer.id_token = str_trim(form_value(&form, "id_token"));
	answer.state = form_value(&form, "state");
	c->fault.what = form_value(&form, "error");
	e = end_sign_in(c, &answer, &cookie);
	if (e == ERR_OK)
		e = page_set_cookie(c, sso_removal());
	if (e == ERR_OK)
		e = page_set_cookie(c, cookie);
	return e == ERR_OK ? page_go_to_wanted(c, answer.wanted) : e;
}
