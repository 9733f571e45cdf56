/* SPDX-License-Identifier: ISC */
/*
 * apple_id.c - the form that stores the Apple ID alone.
 */
#include "page/renewal.h"

void
page_apple_id_form(struct page *p, struct str etag, struct str apple_id)
{
	struct html *h = &p->html;

	page_form(p, "apple-id");
	page_hidden(p, "etag", etag);
	page_apple_id(p, WORD_APPLE_ID_HINT, apple_id);
	html_open(h, "p");
	page_button(p, "main", WORD_STORE);
	html_close_all(h, 2);
}

/* Shows why the Apple ID was refused, and the form again. */
static enum err
show_fault(struct call *c, const struct form *form, enum err e)
{
	struct str apple_id = page_text(form, "apple-id");
	struct page p;

	routes_withhold(c, e);
	page_answer_fault(c, e);
	if (c->fault.withheld || e == ERR_PRIVATE_KEY)
		apple_id = STR_EMPTY;
	page_begin(&p, c, "./", WORD_CHANGE_APPLE_ID);
	page_fault(&p, "notice bad", e, &c->fault);
	page_apple_id_form(&p, page_text(form, "etag"), apple_id);
	return page_end(&p);
}

/* An empty text means that the record has no Apple ID. */
static enum err
store(struct call *c, const struct form *form)
{
	const struct record_property *id = &record_properties[RECORD_APPLE_ID];
	struct str text = page_text(form, "apple-id");
	struct change change = call_change(c);
	struct record after;
	enum err e;

	if (str_is_null(text)) {
		c->fault.ours = str_of("a field is missing");
		c->fault.what = str_of("apple-id");
		return ERR_FORM;
	}
	text = str_trim(text);
	if (str_utf8_count(text) > id->limit) {
		c->fault.what = c->fault.target = str_of(id->name);
		return ERR_TOO_LONG;
	}
	change.patch.set = RECORD_BIT(RECORD_APPLE_ID);
	change.patch.value[RECORD_APPLE_ID] = text.n > 0 ? text : str_of(NULL);
	if ((e = page_condition(form, &change)) != ERR_OK)
		return e;
	e = change_patch(c->app->store, &change, &after, &c->fault);
	if (e == ERR_OK)
		call_check_clock(c, &after);
	return e;
}

enum err
page_store_apple_id(struct call *c)
{
	struct form form;
	enum err e;

	if ((e = page_read_form(c, &form)) != ERR_OK)
		return e;
	e = store(c, &form);
	if (e == ERR_OK)
		return page_redirect(c, 303, "./", str_of("done=apple-id"));
	return page_is_fault(e) ? show_fault(c, &form, e) : e;
}
