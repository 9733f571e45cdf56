/* SPDX-License-Identifier: ISC */
/*
 * openapi_schemas.c - the model as JSON schemas of OpenAPI 3.0.3.
 */
#include "http/openapi.h"

#define SCHEMA_NAME_MAX 160

/* The name of a type's schema, with a prefix and a suffix. `text` has
 * SCHEMA_NAME_MAX bytes. */
static const char *
schema_name(char *text, const char *prefix, enum model_type type, bool many)
{
	const struct model_info *info = model_info(type);
	struct buf b;

	buf_init(&b, text, SCHEMA_NAME_MAX);
	buf_text(&b, prefix);
	buf_text(&b, info->kind == MODEL_IS_JSON ? "" : MODEL_NAMESPACE ".");
	buf_text(&b, info->name);
	buf_text(&b, many ? "CollectionResponse" : "");
	buf_char(&b, '\0');
	return text;
}

void
openapi_member(struct emit *e, const char *name, const char *text)
{
	emit_name(e, name);
	emit_text(e, text);
}

void
openapi_reference(struct emit *e, enum model_type type, bool many)
{
	char text[SCHEMA_NAME_MAX];

	emit_object(e);
	openapi_member(
	    e, "$ref", schema_name(text, "#/components/schemas/", type, many));
	emit_end(e);
}

static void
put_enum(struct emit *e, enum model_type type)
{
	unsigned i;

	openapi_member(e, "type", "string");
	emit_name(e, "enum");
	emit_array(e);
	for (i = 0; i < model_info(type)->properties; i++)
		emit_text(e, model_property(type, i).name);
	emit_end(e);
}

/* The members of the schema of a primitive type. */
static void
put_primitive(struct emit *e, enum model_type type)
{
	const struct model_info *info = model_info(type);

	if (info->json != NULL)
		openapi_member(e, "type", info->json);
	if (info->format != NULL)
		openapi_member(e, "format", info->format);
	if (type == MODEL_TEXTS) {
		emit_name(e, "additionalProperties");
		emit_object(e);
		openapi_member(e, "type", "string");
		emit_end(e);
	}
}

/* The members of the schema of an object or null. Null must be valid against
 * a whole allOf, so it needs an alternative of its own, which takes no other
 * object. redocly refuses a nullable schema without a type. */
static void
put_reference_or_null(struct emit *e, enum model_type type)
{
	openapi_member(e, "type", "object");
	emit_name(e, "anyOf");
	emit_array(e);
	openapi_reference(e, type, false);
	emit_object(e);
	openapi_member(e, "type", "object");
	emit_name(e, "nullable");
	emit_bool(e, true);
	emit_name(e, "maxProperties");
	emit_u64(e, 0);
	emit_end(e);
	emit_end(e);
}

/* The members of the schema of a value that is not a reference. */
static void
put_type(struct emit *e, enum model_type type)
{
	if (model_info(type)->kind == MODEL_IS_ENUM)
		put_enum(e, type);
	else
		put_primitive(e, type);
}

static bool
is_object(enum model_type type)
{
	return model_info(type)->kind != MODEL_IS_PRIMITIVE &&
	    model_info(type)->kind != MODEL_IS_ENUM;
}

static void
put_items(struct emit *e, const struct model_property *p)
{
	openapi_member(e, "type", "array");
	if (p->limit != 0) {
		emit_name(e, "minItems");
		emit_u64(e, 1);
		emit_name(e, "maxItems");
		emit_u64(e, p->limit);
	}
	emit_name(e, "items");
	if (is_object(p->type)) {
		openapi_reference(e, p->type, false);
		return;
	}
	emit_object(e);
	put_type(e, p->type);
	emit_end(e);
}

/* A text that only the server sets has no limit that a client could exceed. */
void
openapi_property(struct emit *e, const struct model_property *p)
{
	if (is_object(p->type) && !p->many && !p->nullable) {
		openapi_reference(e, p->type, false);
		return;
	}
	emit_object(e);
	if (p->many)
		put_items(e, p);
	else if (p->nullable && is_object(p->type))
		put_reference_or_null(e, p->type);
	else
		put_type(e, p->type);
	if (!p->many && p->limit != 0 && p->type == MODEL_STRING &&
	    !p->computed) {
		emit_name(e, "maxLength");
		emit_u64(e, p->limit);
	}
	if (p->nullable) {
		emit_name(e, "nullable");
		emit_bool(e, true);
	}
	if (p->computed) {
		emit_name(e, "readOnly");
		emit_bool(e, true);
	}
	if (p->description != NULL)
		openapi_member(e, "description", p->description);
	emit_end(e);
}

static void
put_required(struct emit *e, enum model_type type)
{
	bool begun = false;
	unsigned i;

	for (i = 0; i < model_info(type)->properties; i++) {
		if (!model_property(type, i).required)
			continue;
		if (!begun) {
			emit_name(e, "required");
			emit_array(e);
		}
		begun = true;
		emit_text(e, model_property(type, i).name);
	}
	if (begun)
		emit_end(e);
}

/* Navigations to collections are paths of their own. */
static void
put_schema(struct emit *e, enum model_type type)
{
	struct model_property p;
	char text[SCHEMA_NAME_MAX];
	unsigned i;

	emit_name(e, schema_name(text, "", type, false));
	emit_object(e);
	openapi_member(e, "title", model_info(type)->name);
	openapi_member(e, "type", "object");
	put_required(e, type);
	emit_name(e, "properties");
	emit_object(e);
	for (i = 0; i < model_info(type)->properties; i++) {
		p = model_property(type, i);
		if (p.navigation && p.many)
			continue;
		emit_name(e, p.name);
		openapi_property(e, &p);
	}
	emit_end(e);
	emit_end(e);
}

/* The response with a page of a collection. */
static void
put_collection(struct emit *e, enum model_type type)
{
	static const struct model_property members[] = {
		{ .name = "@odata.context", .type = MODEL_STRING },
		{ .name = "@odata.count", .type = MODEL_INTEGER },
		{ .name = "@odata.nextLink", .type = MODEL_STRING },
	};
	struct model_property value = { .type = type, .many = true };
	char text[SCHEMA_NAME_MAX];
	size_t i;

	emit_name(e, schema_name(text, "", type, true));
	emit_object(e);
	openapi_member(e, "type", "object");
	emit_name(e, "required");
	emit_array(e);
	emit_text(e, "value");
	emit_end(e);
	emit_name(e, "properties");
	emit_object(e);
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		emit_name(e, members[i].name);
		openapi_property(e, &members[i]);
	}
	emit_name(e, "value");
	openapi_property(e, &value);
	emit_end(e);
	emit_end(e);
}

static bool
has_collection(
    const struct route_table *table, enum model_type type, enum path_root root)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (table->route[i].returns == type && table->route[i].many &&
		    (table->route[i].roots & root) != 0)
			return true;
	return false;
}

void
openapi_schemas(
    struct emit *e, const struct route_table *table, enum path_root root)
{
	const struct model_info *info;
	enum model_type type;

	emit_object(e);
	for (type = MODEL_NONE; type < MODEL_TYPES; type++) {
		info = model_info(type);
		if (info->kind == MODEL_IS_PRIMITIVE ||
		    info->kind == MODEL_IS_ENUM || type == MODEL_ENTITY ||
		    (info->roots & root) == 0)
			continue;
		put_schema(e, type);
		if (info->kind == MODEL_IS_ENTITY &&
		    has_collection(table, type, root))
			put_collection(e, type);
	}
	emit_end(e);
}
