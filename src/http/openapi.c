/* SPDX-License-Identifier: ISC */
/*
 * openapi.c - the frame of openapi.json: information, server, tags, components.
 */
#include "http/openapi.h"

static void
put_info(struct emit *e, enum path_root root)
{
	emit_name(e, "info");
	emit_object(e);
	openapi_member(e, "title", "pushcert");
	emit_name(e, "version");
	emit_str(e, path_root_name(root));
	openapi_member(e, "description",
	    "The part of Microsoft Graph that belongs to an organisation's "
	    "Apple MDM push certificate.");
	emit_name(e, "license");
	emit_object(e);
	openapi_member(e, "name", "ISC");
	openapi_member(e, "url", "https://spdx.org/licenses/ISC.html");
	emit_end(e);
	emit_end(e);
}

static void
put_servers(struct emit *e, struct str base)
{
	emit_name(e, "servers");
	emit_array(e);
	emit_object(e);
	emit_name(e, "url");
	emit_str(e, base);
	emit_end(e);
	emit_end(e);
}

static void
put_security(struct emit *e)
{
	emit_name(e, "security");
	emit_array(e);
	emit_object(e);
	emit_name(e, "bearer");
	emit_array(e);
	emit_end(e);
	emit_end(e);
	emit_end(e);
}

static bool
has_tag_before(const struct route_table *table, size_t n, enum path_root root)
{
	struct str tag = openapi_tag(&table->route[n]);
	size_t i;

	for (i = 0; i < n; i++)
		if ((table->route[i].roots & root) != 0 &&
		    str_eq(openapi_tag(&table->route[i]), tag))
			return true;
	return false;
}

static void
put_tags(struct emit *e, const struct route_table *table, enum path_root root)
{
	struct str tag;
	size_t i;

	emit_name(e, "tags");
	emit_array(e);
	for (i = 0; i < table->n; i++) {
		if ((table->route[i].roots & root) == 0 ||
		    has_tag_before(table, i, root))
			continue;
		tag = openapi_tag(&table->route[i]);
		emit_object(e);
		emit_name(e, "name");
		emit_str(e, tag);
		emit_name(e, "description");
		emit_str(e, tag);
		emit_end(e);
	}
	emit_end(e);
}

static void
put_error_response(struct emit *e)
{
	emit_name(e, "responses");
	emit_object(e);
	emit_name(e, "error");
	emit_object(e);
	openapi_member(e, "description", "Error");
	openapi_content(e, "application/json");
	openapi_reference(e, MODEL_ERROR, false);
	emit_end(e);
	emit_end(e);
	emit_end(e);
	emit_end(e);
}

static void
put_security_schemes(struct emit *e)
{
	emit_name(e, "securitySchemes");
	emit_object(e);
	emit_name(e, "bearer");
	emit_object(e);
	openapi_member(e, "type", "http");
	openapi_member(e, "scheme", "bearer");
	emit_end(e);
	emit_end(e);
}

void
description_openapi(struct buf *out, const struct route_table *table,
    enum path_root root, struct str base)
{
	struct emit e;

	emit_init(&e, out);
	emit_object(&e);
	openapi_member(&e, "openapi", "3.0.3");
	put_info(&e, root);
	put_servers(&e, base);
	put_security(&e);
	put_tags(&e, table, root);
	emit_name(&e, "paths");
	openapi_paths(&e, table, root);
	emit_name(&e, "components");
	emit_object(&e);
	emit_name(&e, "schemas");
	openapi_schemas(&e, table, root);
	put_error_response(&e);
	put_security_schemes(&e);
	emit_end(&e);
	emit_end(&e);
	if (!emit_complete(&e))
		out->full = true;
}
