/* SPDX-License-Identifier: ISC */
/*
 * tenants_page.c - the list of all tenants, for a provider: the certificate
 * that expires first comes first.
 */
#include "page/page.h"

#include "page/year.h"
#include "rules/tenant_list.h"

#define DAY ((int64_t)86400)

/* Tenants of a page. */
#define ROWS 100

/* Bytes of a query with a search text. */
#define QUERY_MAX 1024

static const enum expiry_status choices[] = { EXPIRY_EXPIRED, EXPIRY_EXPIRING,
	EXPIRY_VALID, EXPIRY_NONE };

#define CHOICES (sizeof(choices) / sizeof(choices[0]))

/* The page while its rows are visited. */
struct listing {
	struct page page;
	struct tenant_list wanted;
	struct store_expiry after;
	size_t rows;
};

/* --- the query ------------------------------------------------------------ */

/* The status with this word; EXPIRY_STATUSES: any. */
static enum expiry_status
status_named(struct str word)
{
	size_t i;

	for (i = 0; i < CHOICES; i++)
		if (str_is(word, expiry_word(choices[i])))
			return choices[i];
	return EXPIRY_STATUSES;
}

/* Reads a place: the end in seconds, or none, and the tenant. */
static bool
read_place(struct str text, struct store_expiry *out)
{
	struct str tenant = text, end = str_cut(&tenant, '.');
	bool negative = str_starts(end, "-");
	uint64_t seconds = 0;

	*out = (struct store_expiry){ .expires = !str_is(end, "none") };
	if (!str_guid(tenant, &out->tenant))
		return false;
	if (!out->expires)
		return true;
	if (!str_u64(str_tail(end, negative), &seconds) || seconds > INT64_MAX)
		return false;
	out->expires_at = negative ? -(int64_t)seconds : (int64_t)seconds;
	return true;
}

static void
put_place(struct buf *out, const struct store_expiry *place)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&place->tenant, tenant);
	if (place->expires)
		buf_printf(out, "%lld", (long long)place->expires_at);
	else
		buf_add_text(out, "none");
	buf_char(out, '.');
	buf_add(out, str_from(tenant, sizeof(tenant)));
}

/* The search of the page with percent escapes; `place` may be NULL. */
static struct str
query_of(const struct listing *l, const struct store_expiry *place, char *room)
{
	const struct tenant_list *wanted = &l->wanted;
	struct buf out;

	buf_init(&out, room, QUERY_MAX);
	buf_add_text(&out, "q=");
	buf_percent(&out, wanted->text, "-._~");
	if (wanted->status != EXPIRY_STATUSES) {
		buf_add_text(&out, "&status=");
		buf_add_text(&out, expiry_word(wanted->status));
	}
	if (place != NULL) {
		buf_add_text(&out, "&after=");
		put_place(&out, place);
	}
	return out.full ? str_of(NULL) : buf_view(&out);
}

/* A key that was pasted into the search is not shown again. */
static void
read_wanted(const struct call *c, struct listing *l)
{
	struct str text = str_trim(page_query(c, "q"));

	if (routes_holds_key(c, text))
		text = STR_EMPTY;
	l->wanted = (struct tenant_list){ .now_at = c->req->now.at,
		.status = status_named(page_query(c, "status")),
		.text = str_utf8_head(text, 64),
		.rows = ROWS };
	if (read_place(page_query(c, "after"), &l->after))
		l->wanted.after = &l->after;
}

/* --- the search form ------------------------------------------------------ */

static void
put_option(struct page *p, const char *value, enum word word, bool chosen)
{
	html_open(&p->html, "option");
	html_attr_text(&p->html, "value", value);
	html_flag(&p->html, "selected", chosen);
	page_put(p, word);
	html_close(&p->html);
}

static void
put_status(struct page *p, enum expiry_status chosen)
{
	struct html *h = &p->html;
	size_t i;

	page_open_field(p, "status", WORD_STATUS);
	html_open(h, "select");
	html_attr_text(h, "id", "status");
	html_attr_text(h, "name", "status");
	put_option(p, "", WORD_ALL, chosen == EXPIRY_STATUSES);
	for (i = 0; i < CHOICES; i++)
		put_option(p, expiry_word(choices[i]),
		    page_looks[choices[i]].word, chosen == choices[i]);
	html_close_all(h, 2);
}

/* A form that sends GET loses the query of its address. */
static void
put_search(struct listing *l)
{
	struct page *p = &l->page;
	struct html *h = &p->html;

	html_open(h, "form");
	html_attr_text(h, "action", "tenants");
	page_keep_tenant(p);
	html_open_class(h, "div", "line");
	page_open_field(p, "q", WORD_FIND);
	page_hint(p, "q", WORD_FIND_HINT);
	page_open_input(p, "search", "q");
	html_attr_text(h, "maxlength", "64");
	html_attr(h, "value", l->wanted.text);
	html_close_all(h, 2);
	put_status(p, l->wanted.status);
	html_open(h, "p");
	page_button(p, "main", WORD_SHOW);
	html_close_all(h, 3);
}

/* --- the table ------------------------------------------------------------ */

static void
put_head(struct page *p)
{
	static const enum word headings[] = { WORD_TENANT, WORD_STATUS,
		WORD_DAYS, WORD_ENDS, WORD_APPLE_ID };

	page_open_table(p, "list", WORD_EARLIEST, headings,
	    sizeof(headings) / sizeof(headings[0]));
}

/* A link to the status of a tenant, by its alias if it has one. */
static void
put_tenant(struct page *p, const struct tenant_list_row *t)
{
	char link[] = "./?tenant=00000000-0000-0000-0000-000000000000";
	char *id = link + sizeof(link) - 1 - STR_GUID_LEN;
	struct str guid = str_from(id, STR_GUID_LEN);
	struct html *h = &p->html;

	str_guid_text(&t->end.tenant, id);
	page_open_cell(p, WORD_TENANT);
	html_open(h, "a");
	html_attr_text(h, "href", link);
	html_text(h, t->alias.n > 0 ? t->alias : guid);
	html_close(h);
	if (t->alias.n > 0) {
		html_words(h, " ");
		html_element(h, "code", guid);
	}
	html_close(h);
}

/* Whole days, also after the end, as the page of the status has them. */
static void
put_days(struct page *p, const struct tenant_list_row *t)
{
	int64_t left = (t->end.expires_at - p->call->req->now.at) / DAY;

	page_open_cell(p, WORD_DAYS);
	if (t->end.expires) {
		if (left < 0)
			html_words(&p->html, "−");
		html_u64(&p->html, (uint64_t)(left < 0 ? -left : left));
		page_days(p, page_looks[t->status].name, left);
	}
	html_close(&p->html);
	page_open_cell(p, WORD_ENDS);
	if (t->end.expires)
		page_day(p, t->end.expires_at);
	html_close(&p->html);
}

static enum err
put_row(const struct tenant_list_row *t, void *arg)
{
	struct listing *l = arg;
	struct page *p = &l->page;
	struct html *h = &p->html;

	if (l->rows++ == 0)
		put_head(p);
	html_open(h, "tr");
	put_tenant(p, t);
	page_open_cell(p, WORD_STATUS);
	page_put(p, page_looks[t->status].word);
	html_close(h);
	put_days(p, t);
	page_open_cell(p, WORD_APPLE_ID);
	if (t->apple_id.n > 0)
		html_element(h, "code", t->apple_id);
	html_close_all(h, 2);
	return ERR_OK;
}

/* --- the page ------------------------------------------------------------- */

static void
put_paging(struct listing *l, const struct tenant_list_end *end)
{
	struct page *p = &l->page;
	struct html *h = &p->html;
	char room[QUERY_MAX];

	if (!end->more && l->wanted.after == NULL)
		return;
	html_open_class(h, "nav", "paging");
	html_attr_text(h, "aria-label", page_word(p, WORD_PAGES));
	if (l->wanted.after != NULL) {
		html_open(h, "a");
		page_link(p, "href", "tenants", query_of(l, NULL, room));
		page_put(p, WORD_FIRST);
		html_close(h);
	}
	if (end->more) {
		html_open(h, "a");
		page_link(p, "href", "tenants", query_of(l, &end->place, room));
		page_put(p, WORD_NEXT);
		html_close(h);
	}
	html_close(h);
}

enum err
page_tenants(struct call *c)
{
	struct listing l = { .rows = 0 };
	struct tenant_list_end end;
	struct page *p = &l.page;
	enum err e;

	if (!page_is_provider(c))
		return call_check_scopes(c, AUTH_ALL_TENANTS);
	read_wanted(c, &l);
	page_begin(p, c, "tenants", WORD_TENANTS);
	put_search(&l);
	e = tenant_list_walk(c->wk->reader, &l.wanted, put_row, &l, &end);
	if (e != ERR_OK)
		return e;
	if (l.rows > 0)
		html_close_all(&p->html, 2);
	else
		page_element(p, "p", WORD_NO_TENANT);
	if (end.more && l.rows < ROWS) {
		html_open(&p->html, "p");
		page_say_number(p, WORD_SEARCHED, TENANT_LIST_READS);
		html_close(&p->html);
	}
	put_paging(&l, &end);
	return page_end(p);
}
