/* SPDX-License-Identifier: ISC */
/*
 * history.c - the list of all events of a tenant, the newest first.
 */
#include "page/history.h"
#include "page/renewal.h"

/* Events on a page. */
#define ROWS 50

enum word
page_event_word(const struct event *ev)
{
	switch (ev->action) {
	case STORE_CHANGED:
		return ev->had_former ? WORD_WAS_CHANGED : WORD_CREATED;
	case STORE_REMOVED:
		return WORD_REMOVED;
	case STORE_REFUSED:
		return WORD_WAS_REFUSED;
	case STORE_REQUESTED:
		return WORD_REQUESTED;
	case STORE_RESTORED:
		return WORD_RESTORED;
	case STORE_IMPORTED:
		return WORD_IMPORTED;
	}
	return WORD_NOTHING;
}

void
page_event_reason(struct page *p, const struct event *ev)
{
	enum word title = page_fault_title(ev->outcome);

	if (title != WORDS)
		page_put(p, title);
	else
		html_element(&p->html, "code", ev->outcome);
}

/* --- the list ------------------------------------------------------------- */

struct list {
	struct page *page;
	unsigned rows;
	uint64_t next; /* the first event of the next page, or 0 */
};

static void
put_number(struct page *p, uint64_t number)
{
	char text[32];
	struct buf query;

	buf_init(&query, text, sizeof(text));
	buf_add_text(&query, "n=");
	buf_u64(&query, number);
	html_open(&p->html, "a");
	page_link(p, "href", "event", buf_view(&query));
	html_u64(&p->html, number);
	html_close(&p->html);
}

static void
put_change(struct page *p, const struct event *ev)
{
	struct html *h = &p->html;

	page_open_cell(p, WORD_ACTION);
	page_put(p, page_event_word(ev));
	if (!str_is_null(ev->outcome)) {
		html_words(h, ": ");
		page_event_reason(p, ev);
	}
	if (ev->count > 1) {
		html_words(h, " (× ");
		html_u64(h, ev->count);
		html_words(h, ")");
	}
	html_close(h);
}

static void
put_text(
    struct page *p, enum word heading, const char *element, struct str text)
{
	page_open_cell(p, heading);
	if (text.n == 0)
		page_put(p, WORD_NOTHING);
	else
		html_element(&p->html, element, text);
	html_close(&p->html);
}

static void
open_table(struct page *p)
{
	static const enum word headings[] = { WORD_NUMBER, WORD_WHEN,
		WORD_ACTION, WORD_WHO, WORD_SERIAL };

	page_open_table(p, "list", WORD_HISTORY_HINT, headings,
	    sizeof(headings) / sizeof(headings[0]));
}

static enum err
put_event(const struct event *ev, void *arg)
{
	struct list *l = arg;
	struct page *p = l->page;
	struct html *h = &p->html;

	if (l->rows++ == ROWS) {
		l->next = ev->number;
		return ERR_STOP;
	}
	if (l->rows == 1)
		open_table(p);
	html_open(h, "tr");
	page_open_cell(p, WORD_NUMBER);
	put_number(p, ev->number);
	html_close(h);
	page_open_cell(p, WORD_WHEN);
	page_moment(p, ev->when.at);
	html_close(h);
	put_change(p, ev);
	put_text(p, WORD_WHO, "span", ev->actor);
	put_text(p, WORD_SERIAL, "code", ev->serial);
	html_close(h);
	return ERR_OK;
}

static void
put_paging(struct page *p, uint64_t from, uint64_t next)
{
	struct html *h = &p->html;
	char text[32];
	struct buf query;

	if (from == 0 && next == 0)
		return;
	html_open_class(h, "nav", "paging");
	html_attr_text(h, "aria-label", page_word(p, WORD_HISTORY));
	if (from != 0)
		page_anchor(p, "history", WORD_HISTORY_NEWEST);
	if (next != 0) {
		buf_init(&query, text, sizeof(text));
		buf_add_text(&query, "from=");
		buf_u64(&query, next);
		html_open(h, "a");
		page_link(p, "href", "history", buf_view(&query));
		page_put(p, WORD_HISTORY_OLDER);
		html_close(h);
	}
	html_close(h);
}

/* The event with which the list begins; 0: the newest one. */
static enum err
read_from(struct call *c, uint64_t *from)
{
	struct str text = page_query(c, "from");
	struct event ev;
	enum err e;

	*from = 0;
	if (str_is_null(text))
		return ERR_OK;
	c->fault.what = text;
	if (!str_u64(text, from) || *from == 0)
		return ERR_NO_EVENT;
	e = store_event(c->wk->reader, &c->who.tenant, *from, &ev);
	return e == ERR_NOT_FOUND ? ERR_NO_EVENT : e;
}

static enum err
put_list(struct page *p, uint64_t from)
{
	struct call *c = p->call;
	struct list l = { .page = p };
	enum err e;

	e = store_events_from(
	    c->wk->reader, &c->who.tenant, from, put_event, &l);
	if (l.rows > 0)
		html_close_all(&p->html, 2);
	else
		page_element(p, "p", WORD_HISTORY_NONE);
	put_paging(p, from, l.next);
	return e == ERR_STOP ? ERR_OK : e;
}

enum err
page_history(struct call *c)
{
	uint64_t from;
	struct page p;
	enum err e, end;

	if ((e = read_from(c, &from)) != ERR_OK)
		return e;
	page_begin(&p, c, "history", WORD_HISTORY);
	e = put_list(&p, from);
	end = page_end(&p);
	return e != ERR_OK ? e : end;
}
