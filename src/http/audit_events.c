/* SPDX-License-Identifier: ISC */
/*
 * audit_events.c - one audit event, and the functions of the list that return
 * its categories and types.
 */
#include "http/call.h"

#include "http/audit_walk.h"

/* Bytes of the longest context: base, resource, and the names of all
 * properties. */
#define URL_MAX (VIEW_BASE_MAX + 512)

/* The index of the id, or of the function, after deviceManagement/auditEvents.
 */
#define WORD 2

static enum err
put_event(const struct audit_row *row, void *arg)
{
	struct call *c = arg;
	char text[URL_MAX];
	struct buf content, url;
	struct emit e;

	buf_open(&content, &c->wk->arena);
	emit_init(&e, &content);
	emit_object(&e);
	if (c->view.metadata != ODATA_NONE) {
		buf_init(&url, text, sizeof(text));
		audit_view_context(&url, &c->view, true);
		emit_name(&e, "@odata.context");
		emit_str(&e, buf_view(&url));
	}
	audit_view_members(&e, &c->view, row);
	emit_end(&e);
	c->content = buf_close(&content, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

enum err
routes_audit_event(struct call *c)
{
	struct str id = c->path->word[WORD];
	struct audit_walk walk = { .tx = c->wk->reader,
		.tenant = &c->who.tenant,
		.visit = put_event,
		.arg = c };
	uint64_t number;
	enum err e;

	if (!c->view.selected)
		c->view.set = AUDIT_ALL;
	c->fault.what = id;
	if (!audit_number(id, &number))
		return ERR_NO_EVENT;
	if ((e = audit_walk_init(&walk, &c->wk->arena)) != ERR_OK)
		return e;
	e = audit_walk_event(&walk, number);
	return e == ERR_NOT_FOUND ? ERR_NO_EVENT : e;
}

/* A collection of n texts. */
static enum err
put_texts(struct call *c, const struct str *list, size_t n)
{
	char text[URL_MAX];
	struct buf content, url;
	struct emit e;
	size_t i;

	buf_open(&content, &c->wk->arena);
	emit_init(&e, &content);
	emit_object(&e);
	if (c->view.metadata != ODATA_NONE) {
		buf_init(&url, text, sizeof(text));
		buf_str(&url, c->view.base);
		buf_text(&url, "/$metadata#Collection(Edm.String)");
		emit_name(&e, "@odata.context");
		emit_str(&e, buf_view(&url));
	}
	emit_name(&e, "value");
	emit_array(&e);
	for (i = 0; i < n; i++)
		emit_str(&e, list[i]);
	emit_end(&e);
	emit_end(&e);
	c->content = buf_close(&content, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

enum err
routes_audit_categories(struct call *c)
{
	static const struct str category = STR(AUDIT_VIEW_CATEGORY);

	return put_texts(c, &category, 1);
}

enum err
routes_audit_types(struct call *c)
{
	struct str category = path_argument(c->path->word[WORD], &c->wk->arena);

	if (str_is_null(category))
		return ERR_MEMORY;
	return put_texts(c, audit_view_types,
	    str_is(category, AUDIT_VIEW_CATEGORY) ? audit_view_types_n : 0);
}
