/* SPDX-License-Identifier: ISC */
/*
 * comparison.c - the table that shows a record now and then.
 */
#include "format/datetime.h"
#include "page/renewal.h"

static const struct row {
	enum property property;
	enum word name;
} rows[] = {
	{ RECORD_TOPIC, WORD_TOPIC },
	{ RECORD_EXPIRES, WORD_ENDS },
	{ RECORD_SERIAL, WORD_SERIAL },
	{ RECORD_APPLE_ID, WORD_APPLE_ID },
};

static void
put_value(
    struct page *p, enum word heading, enum property property, struct str text)
{
	struct instant t;

	page_open_cell(p, heading);
	if (text.n == 0)
		page_put(p, WORD_NOTHING);
	else if (record_properties[property].type == EDM_DATE &&
	    datetime_parse(text, &t) == ERR_OK)
		page_moment(p, t.at);
	else
		html_element(&p->html, "code", text);
	html_close(&p->html);
}

static struct str
value(const struct record *r, enum property property)
{
	struct str text = r == NULL ? str_of(NULL) : r->value[property];

	return property == RECORD_EXPIRES && str_is(text, DATETIME_UNSET)
	    ? str_of(NULL)
	    : text;
}

/* Whether both values look the same: a time is shown without its seconds. */
static bool
is_same(enum property property, struct str a, struct str b)
{
	size_t n = record_properties[property].type == EDM_DATE
	    ? sizeof("2027-11-30T12:00") - 1
	    : SIZE_MAX;

	return str_eq(str_head(a, n), str_head(b, n));
}

static void
put_row(struct page *p, const struct row *row, struct str now, struct str then)
{
	bool same = is_same(row->property, now, then);
	struct html *h = &p->html;

	if (same)
		html_open(h, "tr");
	else
		html_open_class(h, "tr", "changes");
	html_open(h, "th");
	html_attr_text(h, "scope", "row");
	page_put(p, row->name);
	html_close(h);
	put_value(p, WORD_NOW, row->property, now);
	put_value(p, WORD_THEN, row->property, then);
	page_open_cell(p, WORD_DIFFERENCE);
	page_put(p, same ? WORD_STAYS : WORD_CHANGES);
	html_close_all(h, 2);
}

void
page_comparison(struct page *p, enum word caption, const struct record *now,
    const struct record *then)
{
	static const enum word headings[] = { WORD_PROPERTY, WORD_NOW,
		WORD_THEN, WORD_DIFFERENCE };
	size_t i;

	page_open_table(p, "change", caption, headings,
	    sizeof(headings) / sizeof(headings[0]));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put_row(p, &rows[i], value(now, rows[i].property),
		    value(then, rows[i].property));
	html_close_all(&p->html, 2);
}
