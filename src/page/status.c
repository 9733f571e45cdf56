/* SPDX-License-Identifier: ISC */
/*
 * status.c - the first page: what is stored, until when it is valid, and what
 * to do about it.
 */
#include "page/renewal.h"

#include <stdio.h>

#include "format/datetime.h"
#include "format/expiry.h"
#include "page/year.h"

#define DAY 86400

/* The facts that the page shows. The texts live as long as the worker's
 * transaction. */
struct status {
	struct record record;
	struct expiry_tenant facts;
	bool stored; /* there is a record */
	bool waiting; /* a request waits for its certificate */
	int64_t waiting_at;
};

const struct page_look page_looks[EXPIRY_STATUSES] = {
	[EXPIRY_NONE] = { "none", WORD_NONE, WORD_NONE_CURE },
	[EXPIRY_VALID] = { "good", WORD_VALID, WORD_VALID_CURE },
	[EXPIRY_EXPIRING] = { "warn", WORD_EXPIRING, WORD_EXPIRING_CURE },
	[EXPIRY_EXPIRED] = { "bad", WORD_EXPIRED, WORD_EXPIRED_CURE },
	[EXPIRY_NOT_YET_VALID] = { "warn", WORD_EARLY, WORD_EARLY_CURE },
};

static enum err
read_status(struct call *c, struct status *s)
{
	struct csr waiting;
	enum err e;

	e = store_record(c->wk->reader, &c->who.tenant, &s->record);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	s->stored = e == ERR_OK;
	s->facts = expiry_tenant(&c->who.tenant, s->stored ? &s->record : NULL,
	    c->req->now.at, EXPIRY_DAYS, &c->wk->arena);
	e = store_csr(c->wk->reader, &c->who.tenant, NULL, &waiting);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	s->waiting = waiting.settled.at == 0;
	s->waiting_at = waiting.when.at;
	return ERR_OK;
}

static void
put_left(struct page *p, const struct expiry *x)
{
	int64_t left = x->expires_at - p->call->req->now.at;
	uint64_t days = (uint64_t)(left < 0 ? -left : left) / DAY;

	if (left <= 0 && days == 0)
		page_say(p, WORD_JUST_NOW, STR_EMPTY);
	else if (days == 0)
		page_say(p, WORD_LAST_DAY, STR_EMPTY);
	else if (days == 1)
		page_say(p, left < 0 ? WORD_DAY_AGO : WORD_DAY_LEFT, STR_EMPTY);
	else
		page_say_number(
		    p, left < 0 ? WORD_DAYS_AGO : WORD_DAYS_LEFT, days);
}

static void
put_panel(struct page *p, const struct status *s)
{
	const struct page_look *look = &page_looks[s->facts.status];
	struct html *h = &p->html;
	char classes[16];

	snprintf(classes, sizeof(classes), "notice %s", look->name);
	html_open_class(h, "div", classes);
	html_open(h, "p");
	page_element(p, "strong", look->word);
	if (s->facts.expiry.expires) {
		html_words(h, " – ");
		put_left(p, &s->facts.expiry);
	}
	html_close(h);
	page_element(p, "p", look->cure);
	html_close(h);
}

/* The page may follow a form that has been sent. */
static void
put_done(struct page *p, struct str done)
{
	static const struct {
		struct str name;
		enum word word;
	} known[] = {
		{ STR("stored"), WORD_DONE_STORED },
		{ STR("restored"), WORD_DONE_RESTORED },
		{ STR("apple-id"), WORD_DONE_APPLE_ID },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(done, known[i].name))
			page_message(p, "notice good", "status", known[i].word);
}

static void
put_waiting(struct page *p, const struct status *s)
{
	struct html *h = &p->html;

	if (!s->waiting)
		return;
	html_open_class(h, "div", "notice");
	html_open(h, "p");
	page_say_day(p, WORD_WAITING, s->waiting_at);
	html_words(h, " ");
	page_anchor(p, "renew", WORD_GO_ON);
	html_close_all(h, 2);
}

/* --- facts ---------------------------------------------------------------- */

static void
put_text(struct page *p, enum word word, struct str text)
{
	struct html *h = &p->html;

	page_open_fact(p, word);
	if (text.n == 0)
		page_put(p, WORD_NOT_SET);
	else
		page_copy(p, text);
	html_close_all(h, 2);
}

static void
put_facts(struct page *p, const struct status *s)
{
	const struct expiry_tenant *t = &s->facts;
	struct instant modified;

	html_open_class(&p->html, "dl", "facts");
	put_text(p, WORD_APPLE_ID, t->apple_id);
	put_text(p, WORD_TOPIC, t->topic);
	put_text(p, WORD_SERIAL, t->serial);
	if (t->expiry.issued)
		page_fact_moment(p, WORD_VALID_FROM, t->expiry.issued_at);
	if (t->expiry.expires)
		page_fact_moment(p, WORD_ENDS, t->expiry.expires_at);
	if (datetime_parse(t->modified, &modified) == ERR_OK)
		page_fact_moment(p, WORD_LAST_CHANGE, modified.at);
	html_close(&p->html);
}

/* --- what to do ----------------------------------------------------------- */

static void
put_apple_id(struct page *p, const struct status *s)
{
	char room[RECORD_ETAG_MAX];

	html_open(&p->html, "details");
	page_element(p, "summary", WORD_CHANGE_APPLE_ID);
	page_apple_id_form(p, record_etag(&s->record, room), s->facts.apple_id);
	html_close(&p->html);
}

static void
put_actions(struct page *p, const struct status *s)
{
	struct html *h = &p->html;
	bool none = s->facts.status == EXPIRY_NONE;

	html_open_class(h, "p", "actions");
	page_button_link(
	    p, "button main", "renew", none ? WORD_SET_UP : WORD_RENEW);
	if (record_is_real(&s->record) &&
	    p->call->app->config->return_certificate)
		page_anchor(p, "certificate.pem", WORD_DOWNLOAD);
	if (!none)
		page_anchor(p, "calendar.ics", WORD_CALENDAR);
	html_close(h);
}

enum err
page_status(struct call *c)
{
	struct status s = { .stored = false };
	struct str done = page_done(c);
	struct page p;
	enum err e;

	if ((e = read_status(c, &s)) != ERR_OK)
		return e;
	page_begin(&p, c, "./", WORD_STATUS);
	put_done(&p, done);
	put_panel(&p, &s);
	put_waiting(&p, &s);
	if (s.facts.expiry.expires)
		page_year(&p, &s.facts.expiry, c->req->now.at);
	if (s.stored)
		put_facts(&p, &s);
	put_actions(&p, &s);
	if (s.stored && page_may_write(c))
		put_apple_id(&p, &s);
	return page_end(&p);
}
