/* SPDX-License-Identifier: ISC */
/*
 * openapi_operation.c - an operation of OpenAPI 3.0.3: parameters, bodies,
 * responses.
 */
#include "http/openapi.h"

#include <ctype.h>
#include <string.h>

#include "rules/scope.h"

/* --- parameters ------------------------------------------------------------
 */

static void
begin_parameter(
    struct emit *e, struct str name, const char *place, bool required)
{
	emit_object(e);
	emit_name(e, "name");
	emit_str(e, name);
	openapi_member(e, "in", place);
	if (required) {
		emit_name(e, "required");
		emit_bool(e, true);
	}
}

/* The schema of a parameter, which it ends. */
static void
end_parameter(struct emit *e, const char *type)
{
	emit_name(e, "schema");
	emit_object(e);
	openapi_member(e, "type", type);
	if (strcmp(type, "integer") == 0) {
		emit_name(e, "minimum");
		emit_u64(e, 0);
	}
	emit_end(e);
	emit_end(e);
}

static void
put_path_parameters(struct emit *e, const struct openapi_place *at)
{
	char text[OPENAPI_NAME_MAX];
	struct buf name;
	size_t i;

	for (i = 0; i < at->length; i++) {
		struct str pattern = at->route->segment[i];

		buf_init(&name, text, sizeof(text));
		if (str_is(pattern, "{id}"))
			openapi_id_name(&name, at, i);
		(void)str_cut(&pattern, '(');
		if (!str_is_null(pattern))
			buf_str(&name, str_head(pattern, pattern.n - 1));
		if (name.n == 0)
			continue;
		begin_parameter(e, buf_view(&name), "path", true);
		end_parameter(e, "string");
	}
}

/* $select is a list of names, separated by commas. */
static void
put_select(struct emit *e, enum model_type type)
{
	unsigned i;

	begin_parameter(e, str_of("$select"), "query", false);
	openapi_member(e, "style", "form");
	emit_name(e, "explode");
	emit_bool(e, false);
	emit_name(e, "schema");
	emit_object(e);
	openapi_member(e, "type", "array");
	emit_name(e, "uniqueItems");
	emit_bool(e, true);
	emit_name(e, "items");
	emit_object(e);
	openapi_member(e, "type", "string");
	emit_name(e, "enum");
	emit_array(e);
	for (i = 0; i < model_info(type)->properties; i++)
		if (!model_property(type, i).many ||
		    !model_property(type, i).navigation)
			emit_text(e, model_property(type, i).name);
	emit_end(e);
	emit_end(e);
	emit_end(e);
	emit_end(e);
}

static void
put_query_parameters(struct emit *e, const struct route *route)
{
	static const struct {
		enum odata_option option;
		const char *name, *type;
	} options[] = {
		{ ODATA_FILTER, "$filter", "string" },
		{ ODATA_ORDERBY, "$orderby", "string" },
		{ ODATA_TOP, "$top", "integer" },
		{ ODATA_SKIP, "$skip", "integer" },
		{ ODATA_COUNT, "$count", "boolean" },
		{ ODATA_EXPAND, "$expand", "string" },
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if ((route->options & ODATA_BIT(options[i].option)) == 0)
			continue;
		begin_parameter(e, str_of(options[i].name), "query", false);
		end_parameter(e, options[i].type);
	}
	if ((route->options & ODATA_BIT(ODATA_SELECT)) != 0 &&
	    model_info(route->returns)->properties > 0)
		put_select(e, route->returns);
}

static void
put_header_parameters(struct emit *e, const struct route *route)
{
	const char *name = NULL;

	if (str_is(route->method, "PATCH") || str_is(route->method, "DELETE"))
		name = "If-Match";
	else if (route->has_etag)
		name = "If-None-Match";
	if (name == NULL)
		return;
	begin_parameter(e, str_of(name), "header", false);
	end_parameter(e, "string");
}

/* --- bodies and responses ---------------------------------------------------
 */

void
openapi_content(struct emit *e, const char *type)
{
	emit_name(e, "content");
	emit_object(e);
	emit_name(e, type);
	emit_object(e);
	emit_name(e, "schema");
}

static void
put_request_body(struct emit *e, const struct route *route)
{
	if (route->takes == MODEL_NONE)
		return;
	emit_name(e, "requestBody");
	emit_object(e);
	emit_name(e, "required");
	emit_bool(e, true);
	openapi_content(e, "application/json");
	openapi_reference(e, route->takes, false);
	emit_end(e);
	emit_end(e);
	emit_end(e);
}

/* The response with the value of one property. */
static void
put_property_schema(struct emit *e, const struct openapi_place *at)
{
	struct model_property p, context = { .type = MODEL_STRING };
	int found = model_find(at->route->of, at->property);

	p = model_property(at->route->of, (unsigned)found);
	emit_object(e);
	openapi_member(e, "type", "object");
	emit_name(e, "properties");
	emit_object(e);
	emit_name(e, "@odata.context");
	openapi_property(e, &context);
	emit_name(e, "value");
	openapi_property(e, &p);
	emit_end(e);
	emit_end(e);
}

/* Prism refuses a text that is described as an integer. */
static void
put_primitive_schema(struct emit *e, const struct route *route)
{
	if (route->returns == MODEL_STRING && route->type == NULL) {
		openapi_reference(e,
		    route->many ? MODEL_STRINGS_RESPONSE
				: MODEL_STRING_RESPONSE,
		    false);
		return;
	}
	emit_object(e);
	openapi_member(
	    e, "type", route->returns == MODEL_ANY ? "object" : "string");
	emit_end(e);
}

static const char *
media_type(const struct route *route, char *text)
{
	struct str type = str_of(route->type);
	struct buf b;

	if (route->type == NULL)
		return "application/json";
	buf_init(&b, text, OPENAPI_NAME_MAX);
	buf_str(&b, str_cut(&type, ';'));
	buf_char(&b, '\0');
	return text;
}

static void
put_success(struct emit *e, const struct openapi_place *at)
{
	const struct route *route = at->route;
	char text[OPENAPI_NAME_MAX];

	if (route->returns == MODEL_NONE)
		return;
	emit_name(e, "200");
	emit_object(e);
	openapi_member(e, "description", "Success");
	openapi_content(e, media_type(route, text));
	if (!str_is_null(at->property) && route->type == NULL)
		put_property_schema(e, at);
	else if (model_info(route->returns)->kind == MODEL_IS_PRIMITIVE)
		put_primitive_schema(e, route);
	else
		openapi_reference(e, route->returns, route->many);
	emit_end(e);
	emit_end(e);
	emit_end(e);
}

static void
put_empty(struct emit *e, const char *status, const char *description)
{
	emit_name(e, status);
	emit_object(e);
	openapi_member(e, "description", description);
	emit_end(e);
}

static void
put_responses(struct emit *e, const struct openapi_place *at)
{
	static const char *const errors[] = { "4XX", "5XX" };
	size_t i;

	emit_name(e, "responses");
	emit_object(e);
	put_success(e, at);
	if (at->route->may_be_empty || at->route->returns == MODEL_NONE)
		put_empty(e, "204", "Success without content");
	if (at->route->has_etag)
		put_empty(e, "304", "Not modified");
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		emit_name(e, errors[i]);
		emit_object(e);
		openapi_member(e, "$ref", "#/components/responses/error");
		emit_end(e);
	}
	emit_end(e);
}

/* --- operations
 * --------------------------------------------------------------- */

static void
put_rights(struct emit *e, const struct route *route)
{
	char text[AUTH_NAMES_MAX + 64];
	struct buf b;

	if (route->open) {
		emit_name(e, "security");
		emit_array(e);
		emit_end(e);
	}
	buf_init(&b, text, sizeof(text));
	if (route->scopes == 0)
		buf_text(&b, route->open ? "No token" : "Any token");
	else
		buf_text(&b, "Any one of the permissions ");
	auth_scope_names(route->scopes, ", ", &b);
	buf_char(&b, '.');
	emit_name(e, "description");
	emit_str(e, buf_view(&b));
}

static void
put_paging(struct emit *e, const struct route *route)
{
	if (!route->many || model_info(route->returns)->kind != MODEL_IS_ENTITY)
		return;
	emit_name(e, "x-ms-pageable");
	emit_object(e);
	openapi_member(e, "nextLinkName", "@odata.nextLink");
	openapi_member(e, "operationName", "listMore");
	emit_end(e);
}

static void
put_summary(struct emit *e, const struct openapi_place *at)
{
	char text[OPENAPI_NAME_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	if (at->route->summary != NULL)
		buf_text(&b, at->route->summary);
	if (!str_is_null(at->property)) {
		buf_char(&b, ' ');
		buf_str(&b, at->property);
	}
	emit_name(e, "summary");
	emit_str(e, buf_view(&b));
}

void
openapi_operation(struct emit *e, const struct openapi_place *at)
{
	char method[16];
	struct str name = at->route->method;
	size_t i;

	for (i = 0; i < name.n && i + 1 < sizeof(method); i++)
		method[i] = (char)tolower((unsigned char)name.p[i]);
	method[i] = '\0';
	emit_name(e, method);
	emit_object(e);
	emit_name(e, "tags");
	emit_array(e);
	emit_str(e, openapi_tag(at->route));
	emit_end(e);
	put_summary(e, at);
	put_rights(e, at->route);
	openapi_operation_id(e, at);
	emit_name(e, "parameters");
	emit_array(e);
	put_path_parameters(e, at);
	put_query_parameters(e, at->route);
	put_header_parameters(e, at->route);
	emit_end(e);
	put_request_body(e, at->route);
	put_responses(e, at);
	put_paging(e, at->route);
	emit_end(e);
}
