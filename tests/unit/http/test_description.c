/* SPDX-License-Identifier: ISC */
/*
 * test_description.c - $metadata and openapi.json contain every row of the
 * tables that they come from, also a row that is added later. Complete
 * documents are in tests/golden.
 */
#include "http/description.h"

#include <stdio.h>
#include <string.h>

#include "format/json.h"
#include "format/record.h"
#include "rules/scope.h"
#include "unit.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define MANAGEMENT STR("deviceManagement")
#define DOCUMENT_MAX ((size_t)512 * 1024)

static const enum path_root roots[] = { PATH_V1, PATH_BETA, PATH_LOCALTEST };

/* The document lives until the next call. */
static struct str
document(const struct route_table *table, enum path_root root, bool xml)
{
	static char text[DOCUMENT_MAX];
	struct buf out;

	buf_init(&out, text, sizeof(text));
	if (xml)
		description_metadata(&out, table, root);
	else
		description_openapi(
		    &out, table, root, str_of("https://h/v1.0"));
	ck_assert(!out.full);
	return buf_view(&out);
}

/* --- rows that are added ------------------------------------------------- */

static const struct route added[] = {
	/* A row without a description. */
	{ .segment = { MANAGEMENT, STR("something") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .scopes = AUTH_APPS_READ | AUTH_RBAC_WRITE },
	{ .segment = { MANAGEMENT, STR("something") },
	    .roots = PATH_BETA,
	    .method = STR("PATCH"),
	    .takes = MODEL_CERTIFICATE,
	    .returns = MODEL_AUDIT_EVENT },
	{ .segment = { MANAGEMENT, STR("auditEvents"), STR("{id}") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .options = ODATA_BIT(ODATA_SELECT) | ODATA_BIT(ODATA_TOP),
	    .returns = MODEL_AUDIT_EVENT },
	{ .segment = { MANAGEMENT, STR("auditEvents") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .returns = MODEL_AUDIT_EVENT,
	    .many = true },
	{ .segment = { MANAGEMENT, STR("auditEvents"), STR("find(text)") },
	    .roots = PATH_V1,
	    .method = STR("GET"),
	    .function = true,
	    .returns = MODEL_STRING,
	    .many = true },
	{ .segment = { MANAGEMENT, STR("dataSharingConsents"), STR("{id}"),
	      STR("agree") },
	    .roots = PATH_BETA,
	    .method = STR("POST"),
	    .function = true,
	    .returns = MODEL_CONSENT },
	{ .segment = { MANAGEMENT, STR("{property}"), STR("$value") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .type = "text/plain;charset=utf-8",
	    .of = MODEL_DEVICE_MANAGEMENT,
	    .returns = MODEL_STRING },
	{ .segment = { STR("$batch") },
	    .roots = PATH_ANY,
	    .method = STR("POST"),
	    .takes = MODEL_BATCH_REQUEST,
	    .returns = MODEL_BATCH_RESPONSE },
	{ .segment = { STR("state") },
	    .roots = PATH_ANY,
	    .method = STR("DELETE"),
	    .open = true },
};

static const struct route_table added_table = { .route = added,
	.n = ROWS(added) };

#define REF "{\"$ref\":\"#/components/schemas/"

/* Pieces of the documents. A piece that starts with ! is not there. */
static const struct {
	const char *name;
	enum path_root root;
	bool xml;
	const char *piece;
} pieces[] = {
	{ "a row without a description", PATH_V1, false,
	    "\"/deviceManagement/something\":{\"get\":{" },
	{ "the permissions of a row", PATH_V1, false,
	    "Any one of the permissions DeviceManagementApps.Read.All, "
	    "DeviceManagementRBAC.ReadWrite.All." },
	{ "another method of a path", PATH_BETA, false, "},\"patch\":{" },
	{ "no row of another root", PATH_V1, false, "!\"patch\":{" },
	{ "the body of a row", PATH_BETA, false,
	    "\"requestBody\":{\"required\":true,\"content\":{\"application/"
	    "json\":{\"schema\":" REF
	    "microsoft.graph.applePushNotificationCertificate\"}}}}" },
	{ "a path with a key", PATH_V1, false,
	    "\"/deviceManagement/auditEvents/{auditEvent-id}\":{" },
	{ "the key as a parameter", PATH_V1, false,
	    "{\"name\":\"auditEvent-id\",\"in\":\"path\",\"required\":true," },
	{ "an option of the query", PATH_V1, false,
	    "{\"name\":\"$top\",\"in\":\"query\",\"schema\":{\"type\":"
	    "\"integer\",\"minimum\":0}}" },
	{ "no option that the row does not take", PATH_V1, false,
	    "!\"$skip\"" },
	{ "the names to select", PATH_V1, false,
	    "\"enum\":[\"id\",\"displayName\",\"componentName\"" },
	{ "a collection", PATH_V1, false,
	    REF "microsoft.graph.auditEventCollectionResponse\"}" },
	{ "the schema of a collection", PATH_V1, false,
	    "\"microsoft.graph.auditEventCollectionResponse\":{" },
	{ "a function with a parameter", PATH_V1, false,
	    "\"/deviceManagement/auditEvents/find(text='{text}')\":{" },
	{ "the parameter of a function", PATH_V1, false,
	    "{\"name\":\"text\",\"in\":\"path\",\"required\":true," },
	{ "the name of an operation", PATH_V1, false,
	    "\"operationId\":\"deviceManagement_auditEvents_find\"" },
	{ "the name of an operation with a method", PATH_V1, false,
	    "\"operationId\":\"deviceManagement_ListAuditEvents\"" },
	{ "an action", PATH_BETA, false,
	    "\"/deviceManagement/dataSharingConsents/{dataSharingConsent-id}/"
	    "agree\":{\"post\":{" },
	{ "a path for each property", PATH_V1, false,
	    "\"/deviceManagement/subscriptionState/$value\":{" },
	{ "a text that is not JSON", PATH_V1, false,
	    "\"text/plain\":{\"schema\":{\"type\":\"string\"}}" },
	{ "no path for a navigation", PATH_V1, false,
	    "!\"/deviceManagement/applePushNotificationCertificate/$value\"" },
	{ "a row that needs no token", PATH_V1, false,
	    "\"security\":[],\"description\":\"No token.\"" },
	{ "a type of another root", PATH_V1, false,
	    "!microsoft.graph.dataSharingConsent" },
	{ "a function as CSDL", PATH_V1, true,
	    "<Function Name=\"find\" IsBound=\"true\"><Parameter Name=\""
	    "bindingParameter\" Type=\"Collection(microsoft.graph.auditEvent)"
	    "\"/><Parameter Name=\"text\" Type=\"Edm.String\" Unicode="
	    "\"false\"/><ReturnType Type=\"Collection(Edm.String)\" Unicode="
	    "\"false\"/></Function>" },
	{ "no function of another root as CSDL", PATH_BETA, true, "!\"find\"" },
	{ "an action as CSDL", PATH_BETA, true,
	    "<Action Name=\"agree\" IsBound=\"true\"><Parameter Name=\""
	    "bindingParameter\" Type=\"microsoft.graph.dataSharingConsent\"/>"
	    "<ReturnType Type=\"microsoft.graph.dataSharingConsent\"/>"
	    "</Action>" },
	{ "batches as CSDL", PATH_V1, true,
	    "<Annotation Term=\"Org.OData.Capabilities.V1.BatchSupport\">" },
	{ "no type of another root as CSDL", PATH_V1, true,
	    "!dataSharingConsent" },
};

START_TEST(describes_rows)
{
	struct str text = document(
	    &added_table, pieces[_i].root, pieces[_i].xml);
	const char *piece = pieces[_i].piece;
	bool absent = piece[0] == '!';

	unit_check(pieces[_i].name,
	    unit_holds(text, piece + (absent ? 1 : 0)) == !absent);
}
END_TEST

/* --- the real tables ------------------------------------------------------ */

/* The document is JSON, and each of its references has a target. */
START_TEST(is_valid_json)
{
	static char block[DOCUMENT_MAX];
	struct str text = document(&routes_table, roots[_i], false), what, rest;
	char target[256];
	struct arena a;
	struct json json;

	arena_init(&a, block, sizeof(block));
	ck_assert(json_parse(text, &a, &json, &what) == ERR_OK);
	for (rest = text; rest.n > 0; rest = str_tail(rest, 1)) {
		if (!str_starts(rest, REF))
			continue;
		rest = str_tail(rest, strlen(REF));
		what = rest;
		what = str_cut(&what, '"');
		snprintf(target, sizeof(target), "\"%.*s\":{", STR_ARG(what));
		unit_check(target, unit_holds(text, target));
	}
}
END_TEST

/* The list of first words has those of the table, each of them once. */
START_TEST(lists_the_first_words)
{
	const struct str *first;
	unsigned found;
	size_t i;

	for (i = 0; i < routes_table.n; i++) {
		struct str word = routes_table.route[i].segment[0];

		found = str_is_null(word);
		for (first = routes_table.first; !str_is_null(*first); first++)
			found += str_eq(*first, word);
		ck_assert_msg(found == 1, "route %zu", i);
	}
	for (first = routes_table.first; !str_is_null(*first); first++) {
		found = 0;
		for (i = 0; i < routes_table.n; i++)
			found += str_eq(
			    *first, routes_table.route[i].segment[0]);
		ck_assert_msg(found > 0, "%.*s", STR_ARG(*first));
	}
}
END_TEST

/* Each route is an operation and has a text. */
START_TEST(describes_every_route)
{
	const struct route *route = &routes_table.route[_i];
	struct route_table one = { .route = route, .n = 1 };
	char start[512];
	struct str paths, path, text, end;
	size_t k;

	ck_assert_msg(route->summary != NULL, "route %d has no summary", _i);
	ck_assert_msg(
	    route->returns != MODEL_NONE || str_is(route->method, "DELETE"),
	    "route %d returns nothing", _i);
	for (k = 0; k < ROWS(roots); k++) {
		if ((route->roots & roots[k]) == 0)
			continue;
		text = document(&one, roots[k], false);
		paths = str_tail(text,
		    (size_t)((char *)memmem(text.p, text.n, "\"paths\":{", 9) -
			text.p) +
			9);
		end = paths;
		path = str_cut(&end, ':');
		snprintf(start, sizeof(start), "%.*s", STR_ARG(path));
		text = document(&routes_table, roots[k], false);
		unit_check(start, start[0] == '"' && start[1] == '/');
		unit_check(start, unit_holds(text, start));
	}
}
END_TEST

/* Each property of the record is in both documents, with its rules. */
START_TEST(describes_every_property)
{
	const struct record_property *p = &record_properties[_i];
	char piece[256];
	struct str text;

	text = document(&routes_table, PATH_V1, false);
	snprintf(piece, sizeof(piece), "\"%s\":{\"type\":\"string\"%s", p->name,
	    p->type == EDM_DATE ? ",\"format\":\"date-time\"" : "");
	unit_check(piece, unit_holds(text, piece));
	snprintf(piece, sizeof(piece),
	    "\"/deviceManagement/applePushNotificationCertificate/%s\":{",
	    p->name);
	unit_check(piece, unit_holds(text, piece));
	text = document(&routes_table, PATH_V1, true);
	snprintf(piece, sizeof(piece),
	    "<Property Name=\"%s\" Type=\"Edm.%s\"%s", p->name,
	    p->type == EDM_DATE ? "DateTimeOffset" : "String",
	    p->nullable ? "/>" : " Nullable=\"false\"/>");
	unit_check(piece, unit_holds(text, piece));
}
END_TEST

/* Both documents fit into the memory of a request, with their copy after the
 * header lines. */
START_TEST(leaves_room)
{
	struct config config;
	size_t k;

	config_default(&config);
	config.max_body = 1024;
	for (k = 0; k < ROWS(roots); k++)
		ck_assert_uint_lt(
		    4 * document(&routes_table, roots[k], false).n,
		    routes_arena_size(&config));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("description");
	TCase *t = tcase_create("description");

	tcase_add_loop_test(t, describes_rows, 0, ROWS(pieces));
	tcase_add_loop_test(t, is_valid_json, 0, ROWS(roots));
	tcase_add_loop_test(t, describes_every_route, 0, (int)routes_table.n);
	tcase_add_loop_test(t, describes_every_property, 0, RECORD_PROPERTIES);
	tcase_add_test(t, lists_the_first_words);
	tcase_add_test(t, leaves_room);
	suite_add_tcase(s, t);
	return unit_run(s);
}
