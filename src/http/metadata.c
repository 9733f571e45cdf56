/* SPDX-License-Identifier: ISC */
/*
 * metadata.c - $metadata: the model as CSDL 4.0 (OData 4.0, part 3).
 *
 * Types are written out in full, although the schema has an alias: with the
 * alias, odata2ts 0.34 silently leaves out every bound function.
 */
#include "http/description.h"

#include "format/xml.h"

#define EDMX "http://docs.oasis-open.org/odata/ns/edmx"
#define EDM "http://docs.oasis-open.org/odata/ns/edm"
#define VOCABULARIES                                      \
	"https://oasis-tcs.github.io/odata-vocabularies/" \
	"vocabularies/"
#define CORE "Org.OData.Core.V1"
#define CAPABILITIES "Org.OData.Capabilities.V1"
#define TARGET_MAX 128

/* An attribute that holds a type: "Edm.String", "microsoft.graph.auditEvent",
 * "Collection(...)". */
static void
put_type(struct xml *x, const char *attribute, enum model_type type, bool many)
{
	const struct model_info *info = model_info(type);
	char text[TARGET_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, many ? "Collection(" : "");
	buf_text(
	    &b, info->kind == MODEL_IS_PRIMITIVE ? "" : MODEL_NAMESPACE ".");
	buf_text(&b, info->name);
	buf_text(&b, many ? ")" : "");
	xml_attribute(x, attribute, buf_view(&b));
}

static void
put_member(struct xml *x, const struct model_property *p)
{
	char text[16];
	struct buf value;

	buf_init(&value, text, sizeof(text));
	buf_u64(&value, p->limit);
	xml_begin(x, "Member");
	xml_attribute_text(x, "Name", p->name);
	xml_attribute(x, "Value", buf_view(&value));
	xml_end(x);
}

static void
put_property(struct xml *x, const struct model_property *p)
{
	xml_begin(x, p->navigation ? "NavigationProperty" : "Property");
	xml_attribute_text(x, "Name", p->name);
	put_type(x, "Type", p->type, p->many);
	if (p->navigation)
		xml_attribute_text(x, "ContainsTarget", "true");
	else if (!p->nullable && !p->many)
		xml_attribute_text(x, "Nullable", "false");
	xml_end(x);
}

static void
put_key(struct xml *x)
{
	xml_begin(x, "Key");
	xml_begin(x, "PropertyRef");
	xml_attribute_text(x, "Name", "id");
	xml_end(x);
	xml_end(x);
}

/* Opens the element of a type. Returns the number of its first property: the
 * abstract entity declares the id of each entity. */
static unsigned
begin_type(struct xml *x, enum model_type type)
{
	static const char *const elements[] = {
		[MODEL_IS_ENUM] = "EnumType",
		[MODEL_IS_ENTITY] = "EntityType",
		[MODEL_IS_COMPLEX] = "ComplexType",
	};
	const struct model_info *info = model_info(type);

	xml_begin(x, elements[info->kind]);
	xml_attribute_text(x, "Name", info->name);
	if (info->kind != MODEL_IS_ENTITY)
		return 0;
	if (type != MODEL_ENTITY) {
		put_type(x, "BaseType", MODEL_ENTITY, false);
		return 1;
	}
	xml_attribute_text(x, "Abstract", "true");
	put_key(x);
	return 0;
}

static bool
is_described(enum model_type type, enum path_root root)
{
	const struct model_info *info = model_info(type);

	return info->kind != MODEL_IS_PRIMITIVE &&
	    info->kind != MODEL_IS_JSON && (info->roots & root) != 0;
}

static void
put_type_declaration(struct xml *x, enum model_type type, enum path_root root)
{
	const struct model_info *info = model_info(type);
	unsigned i;

	if (!is_described(type, root))
		return;
	for (i = begin_type(x, type); i < info->properties; i++) {
		struct model_property p = model_property(type, i);

		if (info->kind == MODEL_IS_ENUM)
			put_member(x, &p);
		else if ((model_info(p.type)->roots & root) != 0)
			put_property(x, &p);
	}
	xml_end(x);
}

/* --- functions and actions ----------------------------------------------- */

static void
put_parameter(struct xml *x, struct str name, enum model_type type, bool many)
{
	xml_begin(x, "Parameter");
	xml_attribute(x, "Name", name);
	put_type(x, "Type", type, many);
	if (type == MODEL_STRING)
		xml_attribute_text(x, "Unicode", "false");
	xml_end(x);
}

/* A route that ends in a function is bound to what the path before it denotes.
 * A function with one parameter has the pattern name(parameter). */
static void
put_function(struct xml *x, const struct route *route)
{
	size_t last = description_length(route) - 1;
	struct description_path bound = description_path(route, last);
	struct str parameter = route->segment[last];
	struct str name = str_cut(&parameter, '(');

	xml_begin(x, str_is(route->method, "GET") ? "Function" : "Action");
	xml_attribute(x, "Name", name);
	xml_attribute_text(x, "IsBound", "true");
	put_parameter(x, str_of("bindingParameter"), bound.type, bound.many);
	if (!str_is_null(parameter))
		put_parameter(x, str_head(parameter, parameter.n - 1),
		    MODEL_STRING, false);
	xml_begin(x, "ReturnType");
	put_type(x, "Type", route->returns, route->many);
	if (route->returns == MODEL_STRING)
		xml_attribute_text(x, "Unicode", "false");
	xml_end(x);
	xml_end(x);
}

static void
put_functions(
    struct xml *x, const struct route_table *table, enum path_root root)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (table->route[i].function &&
		    (table->route[i].roots & root) != 0)
			put_function(x, &table->route[i]);
}

/* --- the container and the annotations ------------------------------------ */

static void
put_flag(struct xml *x, const char *property, const char *value)
{
	xml_begin(x, "PropertyValue");
	xml_attribute_text(x, "Property", property);
	xml_attribute_text(x, "Bool", value);
	xml_end(x);
}

static void
put_formats(struct xml *x)
{
	xml_begin(x, "PropertyValue");
	xml_attribute_text(x, "Property", "SupportedFormats");
	xml_begin(x, "Collection");
	xml_begin(x, "String");
	xml_text(x, str_of("application/json"));
	xml_end(x);
	xml_end(x);
	xml_end(x);
}

static void
put_batch_support(struct xml *x)
{
	xml_begin(x, "Annotation");
	xml_attribute_text(x, "Term", CAPABILITIES ".BatchSupport");
	xml_begin(x, "Record");
	put_flag(x, "Supported", "true");
	put_flag(x, "ContinueOnErrorSupported", "false");
	put_flag(x, "EtagReferencesSupported", "false");
	put_formats(x);
	xml_end(x);
	xml_end(x);
}

static bool
has_batch(const struct route_table *table)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (str_is(table->route[i].segment[0], "$batch"))
			return true;
	return false;
}

static void
put_container(struct xml *x, const struct route_table *table)
{
	xml_begin(x, "EntityContainer");
	xml_attribute_text(x, "Name", "GraphService");
	xml_begin(x, "Singleton");
	xml_attribute_text(
	    x, "Name", model_info(MODEL_DEVICE_MANAGEMENT)->name);
	put_type(x, "Type", MODEL_DEVICE_MANAGEMENT, false);
	xml_end(x);
	if (has_batch(table))
		put_batch_support(x);
	xml_end(x);
}

static void
put_computed(struct xml *x)
{
	xml_begin(x, "Annotation");
	xml_attribute_text(x, "Term", CORE ".Computed");
	xml_attribute_text(x, "Bool", "true");
	xml_end(x);
	xml_begin(x, "Annotation");
	xml_attribute_text(x, "Term", CORE ".Permissions");
	xml_begin(x, "EnumMember");
	xml_text(x, str_of(CORE ".Permission/Read"));
	xml_end(x);
	xml_end(x);
}

/* The id is declared by the abstract entity, so it has no annotations. */
static void
put_annotations(
    struct xml *x, enum model_type type, const struct model_property *p)
{
	char text[TARGET_MAX];
	struct buf target;

	if (p->description == NULL)
		return;
	buf_init(&target, text, sizeof(text));
	buf_text(&target, MODEL_NAMESPACE ".");
	buf_text(&target, model_info(type)->name);
	buf_char(&target, '/');
	buf_text(&target, p->name);
	xml_begin(x, "Annotations");
	xml_attribute(x, "Target", buf_view(&target));
	xml_begin(x, "Annotation");
	xml_attribute_text(x, "Term", CORE ".Description");
	xml_attribute_text(x, "String", p->description);
	xml_end(x);
	if (p->computed)
		put_computed(x);
	xml_end(x);
}

static void
put_all_annotations(struct xml *x, enum path_root root)
{
	enum model_type type;
	struct model_property p;
	unsigned i;

	for (type = MODEL_NONE; type < MODEL_TYPES; type++) {
		if (!is_described(type, root))
			continue;
		for (i = 0; i < model_info(type)->properties; i++) {
			p = model_property(type, i);
			put_annotations(x, type, &p);
		}
	}
}

/* --- the document --------------------------------------------------------- */

static void
put_reference(struct xml *x, const char *uri, const char *name)
{
	xml_begin(x, "edmx:Reference");
	xml_attribute_text(x, "Uri", uri);
	xml_begin(x, "edmx:Include");
	xml_attribute_text(x, "Namespace", name);
	xml_end(x);
	xml_end(x);
}

static void
put_schema(struct xml *x, const struct route_table *table, enum path_root root)
{
	enum model_type type;

	xml_begin(x, "Schema");
	xml_attribute_text(x, "Namespace", MODEL_NAMESPACE);
	xml_attribute_text(x, "Alias", "graph");
	xml_attribute_text(x, "xmlns", EDM);
	for (type = MODEL_NONE; type < MODEL_TYPES; type++)
		put_type_declaration(x, type, root);
	put_functions(x, table, root);
	put_container(x, table);
	put_all_annotations(x, root);
	xml_end(x);
}

void
description_metadata(
    struct buf *out, const struct route_table *table, enum path_root root)
{
	struct xml x;

	xml_init(&x, out);
	xml_begin(&x, "edmx:Edmx");
	xml_attribute_text(&x, "Version", "4.0");
	xml_attribute_text(&x, "xmlns:edmx", EDMX);
	put_reference(&x, VOCABULARIES CORE ".xml", CORE);
	put_reference(&x, VOCABULARIES CAPABILITIES ".xml", CAPABILITIES);
	xml_begin(&x, "edmx:DataServices");
	put_schema(&x, table, root);
	xml_end(&x);
	xml_end(&x);
	if (!xml_complete(&x))
		out->full = true;
}
