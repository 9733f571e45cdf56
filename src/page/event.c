/* SPDX-License-Identifier: ISC */
/*
 * event.c - one event, the difference between the record before it and the
 * record of today, and the form that restores the former one.
 */
#include "format/datetime.h"
#include "page/history.h"
#include "page/renewal.h"

/* An event, and what restoring the state before it would do. The texts of the
 * event live as long as the worker's transaction. */
struct former {
	struct event event;
	struct change change;
	struct record after;
	enum err outcome; /* of restoring; ERR_NOT_FOUND: there is no state */
	bool typed; /* the user has typed a topic */
};

/* --- reading -------------------------------------------------------------- */

static void
open_former(const struct call *c, struct former *f)
{
	*f = (struct former){ .change = call_change(c) };
	f->change.if_match = f->change.if_none_match = str_of(NULL);
	f->change.allow_topic = str_of(NULL);
}

static enum err
find_event(struct call *c, uint64_t number, struct event *out)
{
	enum err e = store_event(c->wk->reader, &c->who.tenant, number, out);

	return e == ERR_NOT_FOUND ? ERR_NO_EVENT : e;
}

/* Tries to restore the state. */
static enum err
try_former(struct call *c, struct former *f)
{
	enum err e;

	e = change_former(c->wk->reader, &f->change, f->event.number);
	if (e == ERR_OK)
		e = change_try(c->wk->reader, &f->change, &f->after, &c->fault);
	f->outcome = e;
	return e == ERR_NOT_FOUND || page_is_fault(e) ? ERR_OK : e;
}

static enum err
read_number(struct call *c, struct str text, uint64_t *number)
{
	c->fault.what = text;
	return str_u64(text, number) && *number != 0 ? ERR_OK : ERR_NO_EVENT;
}

/* --- the event ------------------------------------------------------------ */

static void
put_fact(struct page *p, enum word name, const char *element, struct str text)
{
	if (text.n == 0)
		return;
	page_open_fact(p, name);
	html_element(&p->html, element, text);
	html_close_all(&p->html, 2);
}

static void
put_ends(struct page *p, struct str expires)
{
	struct instant t;

	if (datetime_parse(expires, &t) == ERR_OK)
		page_fact_moment(p, WORD_UPLOADED_ENDS, t.at);
}

static void
put_request_id(struct page *p, const struct guid *id)
{
	static const struct guid none;
	char text[STR_GUID_LEN];

	if (memcmp(id, &none, sizeof(none)) == 0)
		return;
	str_guid_text(id, text);
	put_fact(p, WORD_EVENT_REQUEST, "code", str_from(text, sizeof(text)));
}

static void
put_refusal(struct page *p, const struct event *ev)
{
	if (!str_is_null(ev->outcome)) {
		page_open_fact(p, WORD_REASON);
		page_event_reason(p, ev);
		html_close_all(&p->html, 2);
	}
	if (ev->count < 2)
		return;
	page_open_fact(p, WORD_TIMES);
	html_u64(&p->html, ev->count);
	html_close_all(&p->html, 2);
	page_fact_moment(p, WORD_LAST_TIME, ev->last.at);
}

static void
put_event(struct page *p, const struct event *ev)
{
	struct html *h = &p->html;

	html_open_class(h, "dl", "facts");
	page_open_fact(p, WORD_NUMBER);
	html_u64(h, ev->number);
	html_close_all(h, 2);
	page_fact_moment(p, WORD_WHEN, ev->when.at);
	put_fact(
	    p, WORD_ACTION, "span", str_of(page_word(p, page_event_word(ev))));
	put_refusal(p, ev);
	put_fact(p, WORD_WHO, "span", ev->actor);
	put_fact(p, WORD_UPLOADED, "code", ev->serial);
	put_fact(p, WORD_UPLOADED_TOPIC, "code", ev->topic);
	put_ends(p, ev->expires);
	put_request_id(p, &ev->request_id);
	html_close(h);
}

/* --- the state before it -------------------------------------------------- */

/* Whether the record is as it was then. */
static bool
is_current(const struct former *f)
{
	const struct change_findings *found = &f->change.found;

	return f->outcome == ERR_OK && found->existed &&
	    f->after.revision == found->former.revision;
}

static void
put_form(struct page *p, const struct former *f)
{
	bool asks = f->outcome == ERR_TOPIC_CHANGE;
	struct html *h = &p->html;
	char room[RECORD_ETAG_MAX], number[24];
	struct buf n;

	buf_init(&n, number, sizeof(number));
	buf_u64(&n, f->event.number);
	page_form(p, "restore");
	page_hidden(p, "n", buf_view(&n));
	page_hidden(p, "etag", page_etag(&f->change, room));
	if (asks && f->typed)
		page_message(p, "notice bad", NULL, WORD_TYPED_WRONG);
	if (asks)
		page_type_topic(p, p->call->fault.also);
	html_open(h, "p");
	page_button(p, asks ? "danger" : "main",
	    asks ? WORD_RESTORE_CUTS : WORD_RESTORE);
	html_close_all(h, 2);
}

static void
put_topic(struct page *p)
{
	page_notice(p, "notice bad", WORD_BEFORE_TOPIC);
	page_element(p, "p", WORD_BEFORE_TOPIC_CAUSE);
	page_exact_words(p, ERR_TOPIC_CHANGE, &p->call->fault);
	html_close(&p->html);
}

static void
put_before(struct page *p, const struct former *f)
{
	const struct change_findings *found = &f->change.found;

	page_element(p, "h2", WORD_BEFORE);
	if (!f->event.had_former) {
		page_element(p, "p", WORD_BEFORE_NONE);
		return;
	}
	if (is_current(f)) {
		page_element(p, "p", WORD_BEFORE_SAME);
		return;
	}
	page_comparison(p, WORD_BEFORE_CHANGE,
	    found->existed ? &found->former : NULL, &f->event.former);
	if (f->outcome == ERR_TOPIC_CHANGE)
		put_topic(p);
	else if (f->outcome != ERR_OK)
		page_fault(p, "notice bad", f->outcome, &p->call->fault);
	page_notices(p, &f->change, f->outcome);
	if (!page_may_write(p->call))
		page_element(p, "p", WORD_READ_ONLY);
	else if (f->outcome == ERR_OK || f->outcome == ERR_TOPIC_CHANGE)
		put_form(p, f);
}

static enum err
show(struct call *c, const struct former *f)
{
	struct page p;

	page_begin(&p, c, "history", WORD_EVENT);
	put_event(&p, &f->event);
	put_before(&p, f);
	return page_end(&p);
}

enum err
page_event(struct call *c)
{
	struct former f;
	uint64_t number;
	enum err e;

	open_former(c, &f);
	if ((e = read_number(c, page_query(c, "n"), &number)) != ERR_OK)
		return e;
	if ((e = find_event(c, number, &f.event)) != ERR_OK)
		return e;
	if (f.event.had_former && (e = try_former(c, &f)) != ERR_OK)
		return e;
	return show(c, &f);
}

/* --- restoring ------------------------------------------------------------ */

/* The page of the event once more, with the reason why nothing was restored. */
static enum err
show_refusal(struct call *c, struct former *f, uint64_t number)
{
	enum err e;

	page_answer_fault(c, f->outcome);
	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	if ((e = find_event(c, number, &f->event)) == ERR_OK)
		e = show(c, f);
	call_end_reading(c);
	return e;
}

static enum err
prepare(struct call *c, struct former *f, uint64_t number)
{
	enum err e;

	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	e = change_former(c->wk->reader, &f->change, number);
	call_end_reading(c);
	return e == ERR_NOT_FOUND ? ERR_NO_EVENT : e;
}

enum err
page_restore(struct call *c)
{
	struct form form;
	struct former f;
	uint64_t number;
	enum err e;

	open_former(c, &f);
	if ((e = page_read_form(c, &form)) != ERR_OK)
		return e;
	if ((e = page_condition(&form, &f.change)) != ERR_OK)
		return e;
	e = read_number(c, page_text(&form, "n"), &number);
	if (e != ERR_OK)
		return e;
	f.change.allow_topic = str_trim(page_text(&form, "topic"));
	f.typed = f.change.allow_topic.n > 0;
	if ((e = prepare(c, &f, number)) != ERR_OK)
		return e;
	f.outcome = change_patch(c->app->store, &f.change, &f.after, &c->fault);
	if (f.outcome == ERR_OK) {
		call_check_clock(c, &f.after);
		return page_redirect(c, 303, "./", str_of("done=restored"));
	}
	return page_is_fault(f.outcome) ? show_refusal(c, &f, number)
					: f.outcome;
}
