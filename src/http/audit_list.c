/* SPDX-License-Identifier: ISC */
/*
 * audit_list.c - the list of audit events: $filter, $orderby, $top, $skip,
 * $count, and pages.
 *
 * A page is a range of the matching events beyond the event that $skiptoken
 * names, counted from the newest. The oldest events first means a range at the
 * other end, so the events are counted before, and the page is written
 * backwards. Each event becomes a piece of JSON while the transaction is open;
 * the transaction ends before the pieces are put together. A page has fewer
 * events if they need more memory than there is.
 */
#include "http/call.h"

#include "format/skiptoken.h"
#include "http/audit_walk.h"

#define RESOURCE "/deviceManagement/auditEvents"

#define PAGE_MAX 100
/* The last matching events of a count whose numbers are remembered, so that the
 * page can begin at one of them. */
#define RECENT 512
/* The pieces get this part of the free memory: they are copied into the
 * content, and that into the response. */
#define PART 3

/* The options of a list. */
struct query {
	const struct filter *filter; /* NULL: all events */
	bool ascending, counts;
	uint64_t page, skip;
	struct str token; /* null: from the start */
};

struct page {
	struct call *c;
	struct query query;
	struct audit_walk walk;
	uint64_t place; /* the number in $skiptoken; 0: none */

	uint64_t total; /* all events that match */
	uint64_t beyond; /* ... with a number above `place` */
	/* The number of the matching event i of these at i % RECENT. */
	uint64_t recent[RECENT];

	uint64_t from, to; /* the range to show, counted from the newest */
	uint64_t index; /* of the next matching event */
	bool more; /* events are left for another page */
	struct buf room;
	struct str piece[PAGE_MAX];
	size_t pieces;
	struct skiptoken last; /* the event that is shown last */
};

/* --- options -------------------------------------------------------------- */

static enum err
read_number(
    struct call *c, enum odata_option option, const char *name, uint64_t *out)
{
	struct str text = c->room->query.text[option];

	if (str_is_null(text) || str_u64(text, out))
		return ERR_OK;
	c->fault.what = text;
	c->fault.ours = str_of(name);
	return ERR_QUERY_NUMBER;
}

static enum err
read_count(struct call *c, bool *out)
{
	struct str text = c->room->query.text[ODATA_COUNT];

	*out = str_iis(text, "true");
	if (str_is_null(text) || *out || str_iis(text, "false"))
		return ERR_OK;
	c->fault.what = text;
	return ERR_QUERY_COUNT;
}

static enum err
read_order(struct call *c, bool *ascending)
{
	struct str text = c->room->query.text[ODATA_ORDERBY];
	struct str way = text, name = str_cut(&way, ' ');

	way = str_trim(way);
	*ascending = !str_is_null(text) &&
	    (str_is_null(way) || str_iis(way, "asc"));
	if (str_is_null(text) ||
	    (str_iis(name, "activityDateTime") &&
		(*ascending || str_iis(way, "desc"))))
		return ERR_OK;
	c->fault.what = text;
	return ERR_ORDERBY;
}

/* Notes the place of a filter's fault for the response. */
static enum err
filter_fault(struct call *c, enum err e, const struct filter_fault *fault)
{
	struct buf at;

	buf_init(&at, c->room->limit, sizeof(c->room->limit));
	buf_u64(&at, fault->at);
	c->fault.ours = buf_view(&at);
	c->fault.what = fault->what;
	c->fault.also = fault->property;
	return e;
}

static enum err
read_filter(struct call *c, const struct filter **out)
{
	struct str text = c->room->query.text[ODATA_FILTER];
	struct filter_fault fault;
	struct filter *filter;
	enum err e;

	*out = NULL;
	if (str_is_null(text))
		return ERR_OK;
	filter = arena_take(&c->wk->arena, sizeof(*filter));
	if (filter == NULL)
		return ERR_MEMORY;
	*out = filter;
	e = filter_parse(text, &audit_filter, &c->wk->arena, filter, &fault);
	return e == ERR_OK ? ERR_OK : filter_fault(c, e, &fault);
}

static enum err
read_query(struct call *c, struct query *out)
{
	enum err e;

	*out = (struct query){ .page = PAGE_MAX };
	if ((e = read_filter(c, &out->filter)) != ERR_OK)
		return e;
	if ((e = read_order(c, &out->ascending)) != ERR_OK)
		return e;
	if ((e = read_number(c, ODATA_TOP, "$top", &out->page)) != ERR_OK)
		return e;
	if ((e = read_number(c, ODATA_SKIP, "$skip", &out->skip)) != ERR_OK)
		return e;
	if (out->page > PAGE_MAX)
		out->page = PAGE_MAX;
	out->token = c->room->query.text[ODATA_SKIPTOKEN];
	return read_count(c, &out->counts);
}

/* --- the place in the history --------------------------------------------- */

static struct skiptoken
token_of(const struct page *p, const struct event *ev)
{
	return (struct skiptoken){ .tenant = p->c->who.tenant,
		.ascending = p->query.ascending,
		.number = ev->number,
		.when = ev->when };
}

/* Finds the event that $skiptoken names. The token must be the one that this
 * list gave for this event. */
static enum err
find_place(struct page *p)
{
	struct call *c = p->c;
	struct skiptoken read, right;
	struct event ev;
	enum err e;

	if (str_is_null(p->query.token))
		return ERR_OK;
	c->fault.what = p->query.token;
	if (!skiptoken_read(p->query.token, &read))
		return ERR_SKIPTOKEN;
	e = store_event(c->wk->reader, &c->who.tenant, read.number, &ev);
	if (e == ERR_NOT_FOUND)
		return ERR_SKIPTOKEN;
	if (e != ERR_OK)
		return e;
	right = token_of(p, &ev);
	if (!skiptoken_is(p->query.token, &right))
		return ERR_SKIPTOKEN;
	p->place = read.number;
	return ERR_OK;
}

/* --- walks ---------------------------------------------------------------- */

static enum err
count_row(const struct audit_row *row, void *arg)
{
	struct page *p = arg;

	p->total++;
	if (row->event->number > p->place)
		p->recent[p->beyond++ % RECENT] = row->event->number;
	return ERR_OK;
}

static enum err
count_rows(struct page *p)
{
	if (!p->query.counts && !p->query.ascending)
		return ERR_OK;
	p->walk.visit = count_row;
	return audit_walk_run(&p->walk, UINT64_MAX);
}

/* Writes one event. ERR_MEMORY if the room is full. */
static enum err
put_row(struct page *p, const struct audit_row *row)
{
	size_t start = p->room.n;
	struct emit e;

	emit_init(&e, &p->room);
	emit_object(&e);
	audit_view_members(&e, &p->c->view, row);
	emit_end(&e);
	if (p->room.full)
		return ERR_MEMORY;
	p->piece[p->pieces++] = str_tail(buf_view(&p->room), start);
	return ERR_OK;
}

static enum err
show_row(const struct audit_row *row, void *arg)
{
	struct page *p = arg;
	uint64_t i = p->index;

	if (p->query.ascending && row->event->number <= p->place)
		return ERR_STOP;
	if (i >= p->to) {
		p->more = true;
		return ERR_STOP;
	}
	p->index++;
	if (i < p->from)
		return ERR_OK;
	if (!p->query.ascending || p->pieces == 0)
		p->last = token_of(p, row->event);
	return put_row(p, row);
}

/* Sets the range that a page of n events shows. */
static void
set_range(struct page *p, uint64_t n)
{
	uint64_t skip = p->query.skip;

	if (!p->query.ascending) {
		p->from = skip;
		p->to = skip > UINT64_MAX - n ? UINT64_MAX : skip + n;
		return;
	}
	p->to = p->beyond > skip ? p->beyond - skip : 0;
	p->from = p->to > n ? p->to - n : 0;
}

/* Where the walk of a page begins: before the range, at an event that exists if
 * its number is known. Sets the index of the first matching event after it. */
static uint64_t
start_of(struct page *p)
{
	p->index = 0;
	if (!p->query.ascending)
		return p->place > 0 ? p->place : UINT64_MAX;
	if (p->from == 0 || p->beyond - p->from >= RECENT)
		return UINT64_MAX;
	p->index = p->from;
	return p->recent[(p->from - 1) % RECENT];
}

static enum err
show_rows(struct page *p, uint64_t n)
{
	enum err e;

	set_range(p, n);
	p->pieces = 0;
	p->more = false;
	p->room.n = 0;
	p->room.full = false;
	p->walk.visit = show_row;
	e = audit_walk_run(&p->walk, start_of(p));
	if (p->query.ascending)
		p->more = p->from > 0;
	return e == ERR_STOP ? ERR_OK : e;
}

/* Shows as many events as there is memory for. */
static enum err
fill(struct page *p)
{
	uint64_t n = p->query.page;
	enum err e;

	if (n == 0)
		return ERR_OK;
	while ((e = show_rows(p, n)) == ERR_MEMORY && n > 1)
		n /= 2;
	return e;
}

/* --- the response --------------------------------------------------------- */

/* The options of the next page. It begins after the events that were skipped,
 * so it does not skip any. */
#define LINK_OPTIONS                                             \
	(ODATA_BIT(ODATA_SELECT) | ODATA_BIT(ODATA_FORMAT) |     \
	    ODATA_BIT(ODATA_FILTER) | ODATA_BIT(ODATA_ORDERBY) | \
	    ODATA_BIT(ODATA_TOP) | ODATA_BIT(ODATA_COUNT) |      \
	    ODATA_BIT(ODATA_SKIPTOKEN))

/* Appends the URL of the next page. It repeats the filter, which must not hold
 * a private key. */
static enum err
put_link(struct page *p, struct str *link)
{
	struct call *c = p->c;
	struct odata_query query = c->room->query;
	char token[SKIPTOKEN_LEN];
	struct buf b;

	if (routes_holds_key(c, query.text[ODATA_FILTER]))
		return ERR_PRIVATE_KEY;
	skiptoken_make(&p->last, token);
	query.text[ODATA_SKIPTOKEN] = str_from(token, sizeof(token));
	buf_open(&b, &c->wk->arena);
	buf_str(&b, c->view.base);
	buf_text(&b, RESOURCE "?");
	odata_put_options(&query, LINK_OPTIONS, &b);
	*link = buf_close(&b, &c->wk->arena);
	return str_is_null(*link) ? ERR_MEMORY : ERR_OK;
}

static void
emit_context(struct emit *e, const struct call *c)
{
	char text[VIEW_BASE_MAX + 512];
	struct buf url;

	if (c->view.metadata == ODATA_NONE)
		return;
	buf_init(&url, text, sizeof(text));
	audit_view_context(&url, &c->view, false);
	emit_name(e, "@odata.context");
	emit_str(e, buf_view(&url));
}

static void
emit_pieces(struct emit *e, const struct page *p)
{
	size_t i;

	emit_name(e, "value");
	emit_array(e);
	for (i = 0; i < p->pieces; i++)
		emit_json(
		    e, p->piece[p->query.ascending ? p->pieces - 1 - i : i]);
	emit_end(e);
}

static enum err
put_page(struct page *p)
{
	struct call *c = p->c;
	struct str link = str_of(NULL);
	struct buf content;
	struct emit e;
	enum err err;

	if (p->more && (err = put_link(p, &link)) != ERR_OK)
		return err;
	buf_open(&content, &c->wk->arena);
	emit_init(&e, &content);
	emit_object(&e);
	emit_context(&e, c);
	if (p->query.counts) {
		emit_name(&e, "@odata.count");
		emit_u64(&e, p->total);
	}
	if (!str_is_null(link)) {
		emit_name(&e, "@odata.nextLink");
		emit_str(&e, link);
	}
	emit_pieces(&e, p);
	emit_end(&e);
	c->content = buf_close(&content, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

/* Prepares the page of a call, or only its filter and its walk. */
static enum err
begin(struct call *c, struct page **out)
{
	struct page *p = arena_take(&c->wk->arena, sizeof(*p));
	enum err e;

	if ((*out = p) == NULL)
		return ERR_MEMORY;
	*p = (struct page){ .c = c };
	if (!c->view.selected)
		c->view.set = AUDIT_ALL;
	if ((e = read_query(c, &p->query)) != ERR_OK)
		return e;
	p->walk = (struct audit_walk){ .tx = c->wk->reader,
		.tenant = &c->who.tenant,
		.filter = p->query.filter,
		.arg = p };
	return audit_walk_init(&p->walk, &c->wk->arena);
}

enum err
routes_audit_events(struct call *c)
{
	struct arena *a = &c->wk->arena;
	struct page *p;
	size_t size;
	char *room;
	enum err e;

	if ((e = begin(c, &p)) != ERR_OK)
		return e;
	size = (a->size - a->used) / PART;
	if ((room = arena_take(a, size)) == NULL)
		return ERR_MEMORY;
	buf_init(&p->room, room, size);
	if ((e = find_place(p)) != ERR_OK)
		return e;
	if ((e = count_rows(p)) != ERR_OK)
		return e;
	if ((e = fill(p)) != ERR_OK)
		return e;
	call_end_reading(c);
	return put_page(p);
}

enum err
routes_audit_count(struct call *c)
{
	struct buf content;
	struct page *p;
	enum err e;

	if ((e = begin(c, &p)) != ERR_OK)
		return e;
	p->query.counts = true;
	if ((e = count_rows(p)) != ERR_OK)
		return e;
	buf_open(&content, &c->wk->arena);
	buf_u64(&content, p->total);
	c->content = buf_close(&content, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}
