/* SPDX-License-Identifier: ISC */
/*
 * parts.c - the parts of which pages are made: notices, facts, tables, fields
 * and buttons.
 */
#include "page/page.h"

#include <stdio.h>

/* Bytes of the id of a hint. */
#define ID_MAX 32

/* --- notices -------------------------------------------------------------- */

void
page_notice(struct page *p, const char *look, enum word title)
{
	html_open_class(&p->html, "div", look);
	page_element(p, "h2", title);
}

void
page_message(struct page *p, const char *look, const char *role, enum word word)
{
	html_open_class(&p->html, "div", look);
	html_attr_text(&p->html, "role", role);
	page_element(p, "p", word);
	html_close(&p->html);
}

/* --- facts and tables ----------------------------------------------------- */

void
page_open_fact(struct page *p, enum word name)
{
	html_open(&p->html, "div");
	page_element(p, "dt", name);
	html_open(&p->html, "dd");
}

void
page_fact_moment(struct page *p, enum word name, int64_t at)
{
	page_open_fact(p, name);
	page_moment(p, at);
	html_close_all(&p->html, 2);
}

void
page_open_table(struct page *p, const char *classes, enum word caption,
    const enum word *heading, size_t n)
{
	struct html *h = &p->html;

	html_open_class(h, "table", classes);
	page_element(p, "caption", caption);
	html_open(h, "thead");
	html_open(h, "tr");
	for (; n > 0; n--, heading++) {
		html_open(h, "th");
		html_attr_text(h, "scope", "col");
		page_put(p, *heading);
		html_close(h);
	}
	html_close_all(h, 2);
	html_open(h, "tbody");
}

void
page_open_cell(struct page *p, enum word heading)
{
	html_open(&p->html, "td");
	html_attr_text(&p->html, "data-label", page_word(p, heading));
}

/* --- forms ---------------------------------------------------------------- */

void
page_open_field(struct page *p, const char *name, enum word label)
{
	struct html *h = &p->html;

	html_open_class(h, "div", "field");
	html_open(h, "label");
	html_attr_text(h, "for", name);
	page_put(p, label);
	html_close(h);
}

/* An attribute with the id of the hint for a field. */
static void
put_hint_id(struct page *p, const char *attribute, const char *name)
{
	char id[ID_MAX];

	snprintf(id, sizeof(id), "%s-hint", name);
	html_attr_text(&p->html, attribute, id);
}

void
page_open_hint(struct page *p, const char *name)
{
	html_open_class(&p->html, "p", "hint");
	put_hint_id(p, "id", name);
}

void
page_hint(struct page *p, const char *name, enum word word)
{
	page_open_hint(p, name);
	page_put(p, word);
	html_close(&p->html);
}

void
page_open_input(struct page *p, const char *type, const char *name)
{
	struct html *h = &p->html;

	html_open(h, "input");
	html_attr_text(h, "type", type);
	html_attr_text(h, "id", name);
	html_attr_text(h, "name", name);
	put_hint_id(p, "aria-describedby", name);
}

void
page_exact(struct page *p)
{
	html_attr_text(&p->html, "autocomplete", "off");
	html_attr_text(&p->html, "autocapitalize", "none");
	html_attr_text(&p->html, "spellcheck", "false");
}

void
page_button(struct page *p, const char *classes, enum word word)
{
	html_open_class(&p->html, "button", classes);
	page_put(p, word);
	html_close(&p->html);
}

void
page_button_link(
    struct page *p, const char *classes, const char *path, enum word word)
{
	html_open_class(&p->html, "a", classes);
	page_link(p, "href", path, str_of(NULL));
	page_put(p, word);
	html_close(&p->html);
}
