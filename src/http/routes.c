/* SPDX-License-Identifier: ISC */
/*
 * routes.c - the table of routes, and the handling of a request as a whole.
 *
 * routes_handle resets the worker's arena, runs the steps (steps.c), and writes
 * the response: the parts that the handler left in the call, or the error of
 * the step that refused the request. Every request gets a response and one line
 * in the log.
 */
#include "http/routes.h"

#include <string.h>

#include "http/response.h"
#include "http/batch_run.h"
#include "format/json.h"
#include "http/metrics_text.h"
#include "http/call.h"
#include "state/batch_rooms.h"

#define READ_SCOPES                                              \
	(AUTH_SERVICE_CONFIG_READ | AUTH_SERVICE_CONFIG_WRITE |  \
	    AUTH_CONFIGURATION_READ | AUTH_CONFIGURATION_WRITE | \
	    AUTH_DEVICES_READ | AUTH_DEVICES_WRITE)
#define WRITE_SCOPES (AUTH_SERVICE_CONFIG_WRITE | AUTH_CONFIGURATION_WRITE)
/* Consents and audit events (Graph's permission list). */
#define CONSENT_WRITE_SCOPES AUTH_SERVICE_CONFIG_WRITE
#define CONSENT_READ_SCOPES                                   \
	(AUTH_CONFIGURATION_READ | AUTH_CONFIGURATION_WRITE | \
	    CONSENT_WRITE_SCOPES)
#define AUDIT_SCOPES                                                  \
	(AUTH_APPS_READ | AUTH_APPS_WRITE | AUTH_CONFIGURATION_READ | \
	    WRITE_SCOPES)

/* Bytes of the arena that the steps cannot use, so that an error can always be
 * written: its text with all repeated pieces, and the header lines. */
#define K ((size_t)1024)
#define RESERVE (16 * K)

#define SELECTS (ODATA_BIT(ODATA_SELECT) | ODATA_BIT(ODATA_FORMAT))

#define LIST_OPTIONS                                          \
	(ODATA_BIT(ODATA_FILTER) | ODATA_BIT(ODATA_ORDERBY) | \
	    ODATA_BIT(ODATA_TOP) | ODATA_BIT(ODATA_SKIP) |    \
	    ODATA_BIT(ODATA_COUNT) | ODATA_BIT(ODATA_SKIPTOKEN))

#define FORMAT ODATA_BIT(ODATA_FORMAT)
/* The rights of all five families that have a part of deviceManagement. */
#define MANAGEMENT_SCOPES AUTH_ALL
#define VALUE_TYPE "text/plain;charset=utf-8"

#define MANAGEMENT STR("deviceManagement")
#define AUDIT_EVENTS STR("deviceManagement"), STR("auditEvents")
#define CERTIFICATE \
	STR("deviceManagement"), STR("applePushNotificationCertificate")
#define CONSENTS MANAGEMENT, STR("dataSharingConsents")
#define NEWER (PATH_BETA | PATH_LOCALTEST)
#define CSR "ApplePushNotificationCertificateSigningRequest"

static const struct route routes[] = {
	{ .segment = { CERTIFICATE },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = READ_SCOPES,
	    .options = SELECTS,
	    .run = routes_get,
	    .summary = "Get the record",
	    .returns = MODEL_CERTIFICATE,
	    .has_etag = true },
	{ .segment = { CERTIFICATE },
	    .roots = PATH_ANY,
	    .method = STR("PATCH"),
	    .body = true,
	    .scopes = WRITE_SCOPES,
	    .options = SELECTS,
	    .run = routes_patch,
	    .summary = "Change the record",
	    .takes = MODEL_CERTIFICATE,
	    .returns = MODEL_CERTIFICATE,
	    .may_be_empty = true },
	{ .segment = { CERTIFICATE },
	    .roots = PATH_ANY,
	    .method = STR("DELETE"),
	    .scopes = WRITE_SCOPES,
	    .options = SELECTS,
	    .run = routes_delete,
	    .summary = "Remove the record" },
	{ .segment = { CERTIFICATE, STR("download" CSR) },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .function = true,
	    .reads = true,
	    .scopes = WRITE_SCOPES,
	    .options = SELECTS,
	    .run = routes_download,
	    .summary = "Get the request that waits for its certificate",
	    .returns = MODEL_STRING },
	{ .segment = { CERTIFICATE, STR("generate" CSR) },
	    .roots = PATH_BETA | PATH_LOCALTEST,
	    .method = STR("POST"),
	    .function = true,
	    .scopes = WRITE_SCOPES,
	    .options = SELECTS,
	    .run = routes_generate,
	    .summary = "Make a key and its request",
	    .returns = MODEL_STRING },
	{ .segment = { CERTIFICATE, STR("{property}") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = READ_SCOPES,
	    .options = FORMAT,
	    .of = MODEL_CERTIFICATE,
	    .run = routes_property,
	    .summary = "Get the property",
	    .returns = MODEL_STRING,
	    .may_be_empty = true,
	    .has_etag = true },
	{ .segment = { CERTIFICATE, STR("{property}"), STR("$value") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .type = VALUE_TYPE,
	    .reads = true,
	    .scopes = READ_SCOPES,
	    .options = FORMAT,
	    .of = MODEL_CERTIFICATE,
	    .run = routes_property,
	    .summary = "Get the text of the property",
	    .returns = MODEL_STRING,
	    .may_be_empty = true,
	    .has_etag = true },
	{ .segment = { CONSENTS },
	    .roots = NEWER,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CONSENT_READ_SCOPES,
	    .options = SELECTS,
	    .run = routes_consents,
	    .summary = "List the consents",
	    .returns = MODEL_CONSENT,
	    .many = true },
	{ .segment = { CONSENTS, STR("{id}") },
	    .roots = NEWER,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CONSENT_READ_SCOPES,
	    .options = SELECTS,
	    .run = routes_consent,
	    .summary = "Get the consent",
	    .returns = MODEL_CONSENT },
	{ .segment = { CONSENTS, STR("{id}"), STR("consentToDataSharing") },
	    .roots = NEWER,
	    .method = STR("POST"),
	    .function = true,
	    .scopes = CONSENT_WRITE_SCOPES,
	    .options = SELECTS,
	    .run = routes_grant_consent,
	    .summary = "Grant the consent",
	    .returns = MODEL_CONSENT },
	{ .segment = { AUDIT_EVENTS },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .reads = true,
	    .has_urls = true,
	    .scopes = AUDIT_SCOPES,
	    .options = SELECTS | LIST_OPTIONS,
	    .run = routes_audit_events,
	    .summary = "Get the history",
	    .returns = MODEL_AUDIT_EVENT,
	    .many = true },
	{ .segment = { AUDIT_EVENTS, STR("$count") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .type = VALUE_TYPE,
	    .reads = true,
	    .scopes = AUDIT_SCOPES,
	    .options = ODATA_BIT(ODATA_FILTER),
	    .run = routes_audit_count,
	    .summary = "Get the number of events",
	    .returns = MODEL_STRING },
	{ .segment = { AUDIT_EVENTS, STR("getAuditCategories") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .function = true,
	    .scopes = AUDIT_SCOPES,
	    .options = FORMAT,
	    .run = routes_audit_categories,
	    .summary = "Get the categories of events",
	    .returns = MODEL_STRING,
	    .many = true },
	{ .segment = { AUDIT_EVENTS, STR("getAuditActivityTypes(category)") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .function = true,
	    .scopes = AUDIT_SCOPES,
	    .options = FORMAT,
	    .run = routes_audit_types,
	    .summary = "Get the types of activities in a category",
	    .returns = MODEL_STRING,
	    .many = true },
	{ .segment = { AUDIT_EVENTS, STR("{id}") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = AUDIT_SCOPES,
	    .options = SELECTS,
	    .run = routes_audit_event,
	    .summary = "Get the event",
	    .returns = MODEL_AUDIT_EVENT },
	{ .segment = { MANAGEMENT },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = MANAGEMENT_SCOPES,
	    .options = SELECTS | ODATA_BIT(ODATA_EXPAND),
	    .run = routes_management,
	    .summary = "Get deviceManagement",
	    .returns = MODEL_DEVICE_MANAGEMENT,
	    .has_etag = true },
	{ .segment = { MANAGEMENT, STR("{property}") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .scopes = MANAGEMENT_SCOPES,
	    .options = FORMAT,
	    .of = MODEL_DEVICE_MANAGEMENT,
	    .run = routes_management_property,
	    .summary = "Get the property",
	    .returns = MODEL_STRING,
	    .has_etag = true },
	{ .segment = { MANAGEMENT, STR("{property}"), STR("$value") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .type = VALUE_TYPE,
	    .scopes = MANAGEMENT_SCOPES,
	    .options = FORMAT,
	    .of = MODEL_DEVICE_MANAGEMENT,
	    .run = routes_management_property,
	    .summary = "Get the text of the property",
	    .returns = MODEL_STRING,
	    .has_etag = true },
	{ .segment = { { NULL, 0 } },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .open = true,
	    .options = FORMAT,
	    .run = routes_service,
	    .summary = "Get the service document",
	    .returns = MODEL_SERVICE,
	    .has_etag = true },
	{ .segment = { STR("$batch") },
	    .roots = PATH_ANY,
	    .method = STR("POST"),
	    .type = "application/json",
	    .body = true,
	    .batch = true,
	    .run = routes_batch,
	    .summary = "Send several requests",
	    .takes = MODEL_BATCH_REQUEST,
	    .returns = MODEL_BATCH_RESPONSE },
	{ .segment = { STR("$metadata") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .open = true,
	    .type = "application/xml",
	    .options = FORMAT,
	    .run = routes_metadata,
	    .summary = "Get the description of the types (CSDL)",
	    .returns = MODEL_STRING,
	    .has_etag = true },
	{ .segment = { STR("openapi.json") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .open = true,
	    .type = "application/json",
	    .has_urls = true,
	    .run = routes_openapi,
	    .summary = "Get this document",
	    .returns = MODEL_ANY,
	    .has_etag = true },
	{ .segment = { STR("health") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .open = true,
	    .run = routes_health,
	    .summary = "Get the state of the service",
	    .returns = MODEL_HEALTH },
	{ .segment = { STR("metrics") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .type = METRICS_TEXT_TYPE,
	    .reads = true,
	    .scopes = READ_SCOPES,
	    .run = routes_metrics,
	    .summary = "Get the metrics of the tenant and of the process",
	    .returns = MODEL_STRING },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

_Static_assert(ROUTES <= CALL_ROUTES_MAX, "the routes of a path are 32 bits");

/* A list of its own, because each request needs it before its route is known.
 * test_description compares it with the table. */
static const struct str first_words[] = { MANAGEMENT, STR("$batch"),
	STR("$metadata"), STR("openapi.json"), STR("health"), STR("metrics"),
	{ NULL, 0 } };

const struct route_table routes_table = {
	.route = routes, .n = ROUTES, .first = first_words
};

/* --- the response ------------------------------------------------------- */

static void
refuse(struct call *c, enum err e)
{
	struct buf content;

	c->resp->outcome = e;
	c->status = err_info(e)->status;
	if (c->status == 0)
		c->status = 500;
	c->etag = str_of(NULL);
	routes_withhold(c, e);
	buf_open(&content, &c->wk->arena);
	view_error(&content, e, &c->fault, &c->ids);
	c->content = buf_close(&content, &c->wk->arena);
}

/* The names that a preflight asks for are repeated, unless they hold a key. */
static void
read_cors(const struct call *c, struct cors *out)
{
	cors_read(c->req, c->app->config, out);
	if (!str_is_null(out->headers) && routes_holds_key(c, out->headers))
		out->headers = str_of(NULL);
}

/* The whole response, or the entry of an item in its batch; null if it does not
 * fit into the memory. */
static struct str
render(const struct call *c)
{
	const struct config *config = c->app->config;
	bool ok = c->resp->outcome == ERR_OK;
	bool tell_allow = c->route == &steps_options || c->status == 405;
	bool challenge = c->status == 401;
	struct str type = str_of(c->route != NULL ? c->route->type : NULL);
	struct response_parts parts = {
		.status = c->status,
		.ok = ok,
		.head = c->head,
		.metadata = c->view.metadata,
		.prefer = ok ? c->applied : 0,
		.type = type,
		.odata = str_is_null(type) || c->route->options != 0 ||
		    c->route->batch,
		.link = ok ? c->link : str_of(NULL),
		.etag = c->etag,
		.notice = c->notice,
		.allow = tell_allow ? c->allow : str_of(NULL),
		.authorization_uri = str_of(
		    challenge ? config->authorization_uri : NULL),
		.client_id = str_of(challenge ? config->client_id : NULL),
		.retry_after = c->retry_after,
		.insecure = str_of(
		    auth_takes_any(c->app->auth) ? "any-token" : NULL),
		.request_id = c->ids.request_id,
		.client_request_id = c->ids.client_request_id,
		.content = c->content,
	};
	struct buf text;

	if (c->outer != NULL)
		return batch_run_put(c, &parts);
	if (config->cors_origins[0] != '\0')
		read_cors(c, &parts.cors);
	if (ok && c->gap != NULL)
		return batch_run_head(c, &parts);
	buf_open(&text, &c->wk->arena);
	response_put(&text, &parts);
	return buf_close(&text, &c->wk->arena);
}

static bool
is_visible(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
	return true;
}

static void
make_ids(struct call *c)
{
	struct guid id;

	memcpy(id.byte, c->req->random, sizeof(id.byte));
	str_guid_v4(&id);
	str_guid_text(&id, c->room->request_id);
	c->ids.request_id = str_from(c->room->request_id, STR_GUID_LEN);
	c->ids.client_request_id = c->ids.request_id;
	c->ids.now_at = c->req->now.at;
}

/* An item has the ids of its batch, unless it has an id of its own. */
void
routes_assign_ids(struct call *c)
{
	struct str theirs = c->req->var[REQUEST_CLIENT_REQUEST_ID];

	if (c->outer != NULL)
		c->ids = c->outer->ids;
	else
		make_ids(c);
	if (theirs.n >= 1 && theirs.n <= 64 && is_visible(theirs) &&
	    routes_may_repeat_id(c, theirs))
		c->ids.client_request_id = theirs;
}

size_t
routes_arena_size(const struct config *c)
{
	/*
	 * The sum covers the body, its strings once more if they contain
	 * escapes, the former and the new record, the content (a control
	 * character becomes six bytes) and its copy after the header lines; the
	 * JSON tokens; the memory that it takes to read a certificate; and the
	 * rest.
	 */
	size_t texts = 2 * c->max_body + 2 * RECORD_BYTES_MAX + 2 * 6 * 48 * K;

	return texts + JSON_TOKENS_MAX * 128 + X509_ARENA(PEM_TEXT_MAX) +
	    128 * K + RESERVE;
}

void
routes_open(struct call *c, const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp, struct call_room *room)
{
	*c = (struct call){
		.room = room,
		.path = &room->path,
		.app = app,
		.table = &routes_table,
		.wk = wk,
		.req = req,
		.resp = resp,
		.head = str_is(req->var[REQUEST_METHOD], "HEAD"),
		.status = 200,
		.view = { .metadata = ODATA_MINIMAL, .set = RECORD_ALL },
	};
	*resp = (struct response){ .outcome = ERR_OK };
}

enum err
routes_walk(struct call *c)
{
	enum err e;

	c->wk->arena.size -= RESERVE;
	routes_assign_ids(c);
	e = steps_walk(c);
	call_end_reading(c);
	c->wk->arena.size += RESERVE;
	return e;
}

void
routes_complete(struct call *c, enum err e)
{
	struct response *resp = c->resp;

	if (e == ERR_OK)
		resp->text = render(c);
	if (e == ERR_OK && str_is_null(resp->text))
		e = c->outer == NULL ? ERR_MEMORY : batch_run_full(c);
	if (e != ERR_OK) {
		refuse(c, e);
		resp->text = render(c);
	}
	resp->status = c->status;
	metrics_request(c->app->metrics, resp->status, resp->outcome);
	access_log_put(c);
}

void
routes_release(const struct app *app, struct worker *wk)
{
	if (wk->room != NULL)
		batch_rooms_give(app->batch_rooms, wk->room);
	wk->room = NULL;
}

void
routes_handle(const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp)
{
	struct call_room room;
	struct call c;

	routes_release(app, wk);
	arena_reset(&wk->arena);
	routes_open(&c, app, wk, req, resp, &room);
	routes_complete(&c, routes_walk(&c));
}
