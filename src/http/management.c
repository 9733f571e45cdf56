/* SPDX-License-Identifier: ISC */
/*
 * management.c - the entity deviceManagement, which every tenant has, and the
 * single properties of it and of the certificate.
 */
#include "http/call.h"

#include "format/emit.h"
#include "format/expand.h"

#define RESOURCE "deviceManagement"
/* Bytes of the longest URL: base, resource, and the names of all properties. */
#define URL_MAX (VIEW_BASE_MAX + 512)

/* One response: the entity, and the record that it contains. */
struct management {
	const struct view *view;
	struct expand expand;
	struct view nested; /* how the record is shown */
	const struct record *record; /* NULL: the tenant has none */
	char tenant[STR_GUID_LEN];
};

/* The account has no identifier of its own, so the tenant identifies it. */
static struct str
text_of(enum model_type type, const char tenant[STR_GUID_LEN])
{
	return type == MODEL_STATE ? str_of("active")
				   : str_from(tenant, STR_GUID_LEN);
}

/* The annotation of a type that JSON does not imply, or NULL. */
static const char *
type_annotation(enum model_type type)
{
	if (type == MODEL_STATE)
		return "#" MODEL_NAMESPACE ".deviceManagementSubscriptionState";
	if (type == MODEL_GUID)
		return "#Guid";
	return type == MODEL_DATE ? "#DateTimeOffset" : NULL;
}

/* --- the entity --------------------------------------------------------------
 */

/* Appends the list of what the context has of the entity:
 * "(id,applePushNotificationCertificate())". */
static void
put_shown(struct buf *out, const struct management *m)
{
	const struct model_info *info = model_info(MODEL_DEVICE_MANAGEMENT);
	unsigned selected = m->view->selected ? m->view->set : 0;
	const char *between = "(";
	unsigned i;

	for (i = 0; i < info->properties; i++) {
		bool expanded = (m->expand.set & MODEL_BIT(i)) != 0;

		if (!expanded && (selected & MODEL_BIT(i)) == 0)
			continue;
		buf_text(out, between);
		buf_text(out, model_property(MODEL_DEVICE_MANAGEMENT, i).name);
		if (expanded && m->expand.selected)
			view_selected(out, &m->nested);
		else if (expanded)
			buf_text(out, "()");
		between = ",";
	}
	if (between[0] == ',')
		buf_char(out, ')');
}

static void
emit_context(struct emit *e, const struct management *m)
{
	char text[URL_MAX];
	struct buf url;

	buf_init(&url, text, sizeof(text));
	buf_str(&url, m->view->base);
	buf_text(&url, "/$metadata#" RESOURCE);
	put_shown(&url, m);
	buf_text(&url, "/$entity");
	emit_name(e, "@odata.context");
	emit_str(e, buf_view(&url));
	emit_name(e, "@odata.type");
	emit_text(e, "#" MODEL_NAMESPACE "." RESOURCE);
}

static void
emit_links(struct emit *e, const struct management *m)
{
	char text[URL_MAX];
	struct buf url;

	buf_init(&url, text, sizeof(text));
	buf_str(&url, m->view->base);
	buf_text(&url, "/" RESOURCE);
	emit_name(e, "@odata.id");
	emit_str(e, buf_view(&url));
	emit_name(e, "@odata.editLink");
	emit_text(e, RESOURCE);
}

static void
emit_property(struct emit *e, const struct management *m, unsigned i)
{
	struct model_property p = model_property(MODEL_DEVICE_MANAGEMENT, i);
	const char *type = type_annotation(p.type);

	if (m->view->metadata == ODATA_FULL && type != NULL) {
		emit_name2(e, p.name, "@odata.type");
		emit_text(e, type);
	}
	emit_name(e, p.name);
	emit_str(e, text_of(p.type, m->tenant));
}

static void
emit_management(struct emit *e, const struct management *m)
{
	unsigned all = model_all(MODEL_DEVICE_MANAGEMENT);
	unsigned set = m->view->selected ? m->view->set & all : all;
	unsigned i;

	emit_object(e);
	if (m->view->metadata != ODATA_NONE)
		emit_context(e, m);
	if (m->view->metadata == ODATA_FULL)
		emit_links(e, m);
	for (i = 0; set >> i != 0; i++)
		if ((set & MODEL_BIT(i)) != 0)
			emit_property(e, m, i);
	if (m->expand.set != 0)
		view_expanded(e, &m->nested, m->record);
	emit_end(e);
}

/* Reads $expand. The caller needs a right to the record that it shows. */
static enum err
read_expand(struct call *c, struct management *m)
{
	struct str text = c->room->query.text[ODATA_EXPAND];
	enum model_type of = MODEL_DEVICE_MANAGEMENT;
	enum err e;

	if (str_is_null(text))
		return ERR_OK;
	e = expand_read(of, text, &m->expand, &c->fault.what, &of);
	if (e != ERR_OK) {
		c->fault.ours = str_of(model_info(of)->name);
		return e;
	}
	m->nested = (struct view){ .base = c->view.base,
		.metadata = c->view.metadata,
		.selected = m->expand.selected,
		.set = m->expand.nested };
	return call_check_scopes(c, call_scopes_of(c, routes_get));
}

enum err
routes_management(struct call *c)
{
	struct management m = { .view = &c->view };
	struct record record;
	struct buf out;
	struct emit e;
	enum err err;

	if ((err = read_expand(c, &m)) != ERR_OK)
		return err;
	str_guid_text(&c->who.tenant, m.tenant);
	err = m.expand.set != 0 ? call_record(c, &record) : ERR_NOT_FOUND;
	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	m.record = err == ERR_OK ? &record : NULL;
	buf_open(&out, &c->wk->arena);
	emit_init(&e, &out);
	emit_management(&e, &m);
	return call_put_document(c, buf_close(&out, &c->wk->arena));
}

/* --- single properties
 * --------------------------------------------------------- */

/* The response with the value of a property; null has no content. A path that
 * ends in $value gives the text alone. */
static enum err
put_property(struct call *c, const char *resource, struct str text)
{
	struct model_property p = model_property(
	    c->route->of, call_property(c));
	char fragment[128];
	struct buf name, out;

	c->content = text;
	if (str_is_null(text))
		c->status = 204;
	if (str_is_null(text) || c->route->type != NULL)
		return ERR_OK;
	buf_init(&name, fragment, sizeof(fragment));
	buf_text(&name, resource);
	buf_char(&name, '/');
	buf_text(&name, p.name);
	buf_open(&out, &c->wk->arena);
	view_value(
	    &out, &c->view, buf_view(&name), type_annotation(p.type), text);
	c->content = buf_close(&out, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

enum err
routes_property(struct call *c)
{
	struct record r;
	struct str text;
	enum err e;

	if ((e = call_record(c, &r)) != ERR_OK)
		return e;
	text = record_text(&r, (enum property)call_property(c));
	e = put_property(c, RESOURCE "/applePushNotificationCertificate", text);
	c->etag = record_etag(&r, c->room->etag);
	call_compare_etag(c);
	return e;
}

enum err
routes_management_property(struct call *c)
{
	struct model_property p = model_property(
	    c->route->of, call_property(c));
	char *tenant = arena_take(&c->wk->arena, STR_GUID_LEN);
	enum err e;

	if (tenant == NULL)
		return ERR_MEMORY;
	str_guid_text(&c->who.tenant, tenant);
	e = put_property(c, RESOURCE, text_of(p.type, tenant));
	return e == ERR_OK ? call_put_document(c, c->content) : e;
}
