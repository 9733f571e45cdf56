/* SPDX-License-Identifier: ISC */
/*
 * service.c - the documents about the service itself: the service document,
 * $metadata and openapi.json. Each request writes them again, so they
 * cost nothing until a client asks for them.
 */
#include "http/call.h"

#include "format/emit.h"
#include "http/description.h"

#define REST ">; rel=\"service-desc\"; type=\"application/json\""
#define LINK_MAX 128

/* Whether the path of the request ends in a slash, so that a relative URL
 * starts below the root and not beside it. */
static bool
ends_in_slash(const struct call *c)
{
	static const enum request_var parts[] = { REQUEST_URI,
		REQUEST_PATH_INFO, REQUEST_SCRIPT_NAME };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct str query = c->req->var[parts[i]];
		struct str path = str_cut(&query, '?');

		if (path.n > 0)
			return str_ends(path, "/");
	}
	return false;
}

/* Points at openapi.json (RFC 8631), relative to the URL of the request. */
static enum err
put_link(struct call *c, bool below)
{
	char *text = arena_take(&c->wk->arena, LINK_MAX);
	struct buf link;

	if (text == NULL)
		return ERR_MEMORY;
	buf_init(&link, text, LINK_MAX);
	buf_char(&link, '<');
	if (!below) {
		buf_str(&link, path_root_name(c->path->root));
		buf_char(&link, '/');
	}
	buf_text(&link, "openapi.json" REST);
	c->link = buf_view(&link);
	return ERR_OK;
}

static void
emit_singleton(struct emit *e)
{
	const char *name = model_info(MODEL_DEVICE_MANAGEMENT)->name;

	emit_object(e);
	emit_name(e, "name");
	emit_text(e, name);
	emit_name(e, "kind");
	emit_text(e, "Singleton");
	emit_name(e, "url");
	emit_text(e, name);
	emit_end(e);
}

static void
emit_service(struct emit *e, const struct view *v)
{
	char text[VIEW_BASE_MAX + 16];
	struct buf url;

	buf_init(&url, text, sizeof(text));
	buf_str(&url, v->base);
	buf_text(&url, "/$metadata");
	emit_object(e);
	if (v->metadata != ODATA_NONE) {
		emit_name(e, "@odata.context");
		emit_str(e, buf_view(&url));
	}
	emit_name(e, "value");
	emit_array(e);
	emit_singleton(e);
	emit_end(e);
	emit_end(e);
}

enum err
routes_service(struct call *c)
{
	struct buf out;
	struct emit e;
	enum err err;

	if ((err = put_link(c, ends_in_slash(c))) != ERR_OK)
		return err;
	buf_open(&out, &c->wk->arena);
	emit_init(&e, &out);
	emit_service(&e, &c->view);
	return call_put_document(c, buf_close(&out, &c->wk->arena));
}

enum err
routes_metadata(struct call *c)
{
	struct buf out;
	enum err e;

	if ((e = put_link(c, true)) != ERR_OK)
		return e;
	buf_open(&out, &c->wk->arena);
	description_metadata(&out, c->table, c->path->root);
	return call_put_document(c, buf_close(&out, &c->wk->arena));
}

enum err
routes_openapi(struct call *c)
{
	struct buf out;

	buf_open(&out, &c->wk->arena);
	description_openapi(&out, c->table, c->path->root, c->view.base);
	return call_put_document(c, buf_close(&out, &c->wk->arena));
}
