/* SPDX-License-Identifier: ISC */
/*
 * test_routes.c - behaviour that golden files cannot show: requests that run
 * out of memory, and the lines of the log.
 */
#include "http/routes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/auth.h"
#include "rules/change.h"
#include "base/log.h"
#include "unit.h"
#include "unit_store.h"

#define TOKEN "right"
#define RESOURCE "/deviceManagement/applePushNotificationCertificate"
#define DOWNLOAD "/downloadApplePushNotificationCertificateSigningRequest"
#define GENERATE "/generateApplePushNotificationCertificateSigningRequest"

/* The memory that routes.c reserves for error responses, in bytes. */
#define RESERVE ((size_t)16 * 1024)
#define STEP 7

/* 2026-11-23T12:00:00Z */
#define NOW INT64_C(1795435200)

struct fixture {
	struct config config;
	struct secrets secrets;
	struct app app;
	struct worker worker;
	size_t size; /* of the arena, in bytes */
	const char *token; /* Authorization, as it is sent */
	struct str body; /* the part that has not been read yet */
};

static struct fixture *
set_up(void)
{
	static struct fixture f;
	char path[128], message[CONFIG_TEXT_MAX];
	struct token t = { .name = str_of("test"),
		.created_at = NOW,
		.scopes = AUTH_SERVICE_CONFIG_WRITE };

	snprintf(path, sizeof(path), "%s/store", unit_directory());
	log_open(false, LOG_AT_ERROR);
	config_default(&f.config);
	f.config.max_body = 1024;
	ck_assert(secret_load(&f.config, &f.secrets, message) == ERR_OK);
	f.app.store = unit_store(
	    (struct store_options){ .directory = path, .history_keep = 10 });
	ck_assert(store_reader(f.app.store, &f.worker.reader) == ERR_OK);
	f.secrets.can_seal = true;
	f.app.config = &f.config;
	f.app.secrets = &f.secrets;
	auth_token_hash(str_of(TOKEN), t.hash);
	memset(&t.tenant, 7, sizeof(t.tenant));
	unit_update(f.app.store, unit_put_token, &t);
	f.app.auth = auth_open(&f.config, NOW);
	f.token = "Bearer " TOKEN;
	f.size = routes_arena_size(&f.config);
	arena_init(&f.worker.arena, malloc(f.size), f.size);
	return &f;
}

/* A request; `variable` is one more variable, as NAME=value. */
struct ask {
	const char *name;
	const char *method, *uri, *variable, *body;
};

static struct response
handle(struct fixture *f, const struct ask *a)
{
	struct str query = str_of(a->uri), path = str_cut(&query, '?');
	struct request req = {
		.read = unit_read_body, .from = &f->body, .now = { .at = NOW }
	};
	struct response resp;

	req.var[REQUEST_METHOD] = str_of(a->method);
	req.var[REQUEST_URI] = str_of(a->uri);
	req.var[REQUEST_SCRIPT_NAME] = path;
	req.var[REQUEST_QUERY] = query;
	req.var[REQUEST_HOST] = str_of("graph.example");
	req.var[REQUEST_CONTENT_TYPE] = str_of("application/json");
	req.var[REQUEST_AUTHORIZATION] = str_of(f->token);
	if (a->variable != NULL)
		request_take(&req, a->variable);
	f->body = str_of(a->body);
	routes_handle(&f->app, &f->worker, &req, &resp);
	return resp;
}

/* --- memory ------------------------------------------------------------- */

#define CONSENTS "/deviceManagement/dataSharingConsents"
#define CONSENT CONSENTS "/appleMDMPushCertificate"
#define DATE "\"expirationDateTime\":\"2027-01-01T00:00:00z\""

static const struct ask asks[] = {
	{ "GET", "GET", "/v1.0" RESOURCE "?$select=%69d,topicIdentifier", NULL,
	    NULL },
	{ "GET below another path", "GET", "/m%20n/v1.0" RESOURCE, NULL, NULL },
	{ "PATCH", "PATCH", "/beta" RESOURCE, NULL,
	    "{\"topicIdentifier\":\"a\\nb\"," DATE "}" },
	{ "PATCH that is not kept", "PATCH", "/beta" RESOURCE,
	    "HTTP_PREFER=pushcert.dry-run", "{" DATE "}" },
	{ "DELETE that removes nothing", "DELETE", "/beta" RESOURCE,
	    "HTTP_PREFER=pushcert.dry-run", NULL },
	{ "download", "GET", "/v1.0" RESOURCE DOWNLOAD, NULL, NULL },
	{ "consent", "GET", "/beta" CONSENT, NULL, NULL },
	{ "consents", "GET", "/beta" CONSENTS, NULL, NULL },
	{ "grant", "POST", "/beta" CONSENT "/consentToDataSharing", NULL,
	    NULL },
	{ "health", "GET", "/v1.0/health", NULL, NULL },
	{ "the types", "GET", "/v1.0/$metadata", NULL, NULL },
	{ "service document", "GET", "/m%20n/v1.0", NULL, NULL },
	{ "deviceManagement", "GET",
	    "/v1.0/deviceManagement?$expand=applePushNotificationCertificate"
	    "($select=id)",
	    NULL, NULL },
	{ "a property", "GET", "/v1.0" RESOURCE "/id", NULL, NULL },
	{ "a property of deviceManagement", "GET",
	    "/v1.0/deviceManagement/intuneAccountId/$value", NULL, NULL },
	{ "metrics", "GET", "/v1.0/metrics", NULL, NULL },
};

/* However small the arena is, the response is either the right one or a
 * complete error response that names the reason. */
START_TEST(reports_the_lack_of_memory)
{
	const struct ask first = { "generate", "POST",
		"/beta" RESOURCE GENERATE, NULL, NULL };
	struct fixture *f = set_up();
	struct response resp = { .status = 0 };
	unsigned refused = 0;
	size_t n;

	if (strcmp(asks[_i].name, "download") == 0)
		ck_assert_int_eq(handle(f, &first).status, 200);
	else
		ck_assert_int_eq(handle(f, &asks[2]).status, 200);
	unit_capture();
	for (n = 0; RESERVE + n < f->size; n += STEP) {
		f->worker.arena.size = RESERVE + n;
		resp = handle(f, &asks[_i]);
		if (resp.status / 100 == 2)
			break;
		refused++;
		ck_assert_msg(resp.outcome == ERR_MEMORY, "%s: outcome %d",
		    asks[_i].name, (int)resp.outcome);
		unit_check(asks[_i].name,
		    str_starts(
			resp.text, "Status: 500 Internal Server Error\r"));
		unit_check(asks[_i].name,
		    unit_holds(resp.text,
			"{\"error\":{\"code\":\"InternalError\",\"message\":"
			"\"The request needs more memory than a "
			"request may use.\""));
		unit_check(asks[_i].name, str_ends(resp.text, "\"}}}"));
	}
	unit_check(asks[_i].name, resp.status / 100 == 2 && refused > 0);
}
END_TEST

/* --- the log ------------------------------------------------------------ */

#define HINT                                                       \
	"pushcert: a request has no Authorization header; if the " \
	"client sent one, Apache removed it: set CGIPassAuth On\n"

static const struct {
	const char *name, *software, *token;
	bool once; /* A service has a flag for the hint; a process for a single
		      request has none. */
	const char *log;
} hints[] = {
	{ "logs the hint for Apache once", "SERVER_SOFTWARE=Apache/2.4", NULL,
	    true, HINT },
	{ "logs no hint for a request with a token",
	    "SERVER_SOFTWARE=Apache/2.4", "Bearer " TOKEN, true, "" },
	{ "logs no hint for other web servers", "SERVER_SOFTWARE=lighttpd/1.4",
	    NULL, true, "" },
	{ "logs no hint in a process for one request",
	    "SERVER_SOFTWARE=Apache/2.4", NULL, false, "" },
};

START_TEST(hints_at_apache)
{
	atomic_flag hinted = ATOMIC_FLAG_INIT;
	struct fixture *f = set_up();
	struct ask a = asks[0];
	int i;

	a.variable = hints[_i].software;
	f->token = hints[_i].token;
	if (hints[_i].once)
		f->app.hinted = &hinted;
	log_open(false, LOG_AT_WARNING);
	unit_capture();
	for (i = 0; i < 3; i++)
		handle(f, &a);
	unit_same(hints[_i].name, unit_captured(), str_of(hints[_i].log));
}
END_TEST

/* The shortest private key (Ed25519, as PKCS #8 in base64), in a path. */
#define KEY "MC4CAQAwBQYDK2VwBCIEIGVzdCBvZiBhIGtleSB0aGF0IGlzIG5vdCBvbmUu"

static const struct {
	struct ask ask;
	const char *log;
} logs[] = {
	{ { "a key as the version", "GET", "/" KEY, NULL, NULL },
	    "GET (withheld) 404" },
	{ { "a key as the mount", "PATCH", "/" KEY "/v1.0" RESOURCE, NULL,
	      "{}" },
	    "PATCH (withheld) 404" },
	{ { "a key as a segment", "GET", "/v1.0/" KEY, NULL, NULL },
	    "GET (withheld) 400" },
	{ { "a key as an id", "GET", "/v2.0", "HTTP_CLIENT_REQUEST_ID=" KEY,
	      NULL },
	    "GET /v2.0 404" },
	{ { "a key as the id of an event", "GET",
	      "/v1.0/deviceManagement/auditEvents/" KEY, NULL, NULL },
	    "GET (withheld) 404" },
	{ { "a key as the key of an event", "DELETE",
	      "/v1.0/deviceManagement/auditEvents('" KEY "')", NULL, NULL },
	    "DELETE (withheld) 405" },
	{ { "a key as a parameter", "GET",
	      "/v1.0/deviceManagement/auditEvents/"
	      "getAuditActivityTypes(category='" KEY "')?$top=1",
	      NULL, NULL },
	    "GET (withheld) 400" },
	{ { "any id of an event", "GET",
	      "/v1.0/deviceManagement/auditEvents/"
	      "a0d17e00-0000-8000-8000-000000000001",
	      NULL, NULL },
	    "GET /v1.0/deviceManagement/auditEvents/"
	    "a0d17e00-0000-8000-8000-000000000001 404" },
	{ { "a key in a filter", "GET",
	      "/v1.0/deviceManagement/auditEvents?$filter=id%20eq%20'" KEY
	      "'%20x",
	      NULL, NULL },
	    "GET /v1.0/deviceManagement/auditEvents 400" },
	{ { "any long path", "GET",
	      "/v1.0/deviceManagement/applePushNotificationCertificateOfOurs",
	      NULL, NULL },
	    "GET /v1.0/deviceManagement/"
	    "applePushNotificationCertificateOfOurs 400" },
};

START_TEST(logs_no_key)
{
	struct fixture *f = set_up();
	struct response resp;
	struct str log;

	log_open(false, LOG_AT_INFO);
	unit_capture();
	resp = handle(f, &logs[_i].ask);
	log = unit_captured();
	ck_assert_msg(unit_holds(log, logs[_i].log), "%s: %.*s",
	    logs[_i].ask.name, STR_ARG(log));
	unit_check(logs[_i].ask.name, !unit_holds(log, "MC4CAQAw"));
	unit_check(logs[_i].ask.name, !unit_holds(resp.text, "MC4CAQAw"));
}
END_TEST

START_TEST(logs_a_faulty_subject_and_hides_it_from_the_client)
{
	const struct ask generate = { "generate", "POST",
		"/beta" RESOURCE GENERATE, NULL, NULL };
	struct fixture *f = set_up();
	struct response resp;
	struct str log;

	strcpy(f->config.csr_country, "Germany");
	unit_capture();
	resp = handle(f, &generate);
	log = unit_captured();
	ck_assert_int_eq(resp.status, 500);
	ck_assert(!unit_holds(resp.text, "Germany"));
	unit_same("the first line", str_cut(&log, '\n'),
	    str_of("pushcert: certificate request: csr_country 'Germany' "
		   "is too long; use two letters"));
}
END_TEST

/* --- text of the request that the response repeats ----------------------- */

#define OWN_ID "\r\nclient-request-id: 00000000-0000-4000-8000-000000000000\r"

static const struct {
	struct ask ask;
	int status;
	const char *part;
} repeats[] = {
	{ { "a path that is not UTF-8", "GET", "/v1.0/a\xff\xc3/b", NULL,
	      NULL },
	    400,
	    "\"Resource not found for the segment "
	    "'a\xef\xbf\xbd\xef\xbf\xbd'.\"" },
	{ { "the client's id", "GET", "/v1.0/health",
	      "HTTP_CLIENT_REQUEST_ID=!~", NULL },
	    200, "\r\nclient-request-id: !~\r" },
	{ { "not an id with a blank", "GET", "/v1.0/health",
	      "HTTP_CLIENT_REQUEST_ID=a b", NULL },
	    200, OWN_ID },
	{ { "not an id with DEL", "GET", "/v1.0/health",
	      "HTTP_CLIENT_REQUEST_ID=a\x7f", NULL },
	    200, OWN_ID },
	{ { "a text without metadata", "POST", "/beta" RESOURCE GENERATE,
	      "HTTP_ACCEPT=application/json;odata.metadata=none", NULL },
	    200, "\r\n\r\n{\"value\":\"" },
};

START_TEST(repeats_what_may_be_repeated)
{
	struct fixture *f = set_up();
	struct response resp = handle(f, &repeats[_i].ask);

	unit_check(repeats[_i].ask.name, resp.status == repeats[_i].status);
	unit_check(
	    repeats[_i].ask.name, unit_holds(resp.text, repeats[_i].part));
}
END_TEST

/* --- long paths --------------------------------------------------------- */

/* The context URL in the response repeats the path before the API root, so a
 * long path makes a long URL. */
START_TEST(refuses_a_path_that_no_response_can_repeat)
{
	char uri[2048];
	struct ask a = { "long", "GET", uri, NULL, NULL };
	struct fixture *f = set_up();
	struct response resp;

	memset(uri, 'a', sizeof(uri));
	uri[0] = '/';
	strcpy(uri + 1000, "/v1.0" RESOURCE);
	resp = handle(f, &a);
	ck_assert_int_eq(resp.status, 414);
	ck_assert(unit_holds(resp.text,
	    "{\"error\":{\"code\":\"RequestUriTooLong\",\"message\":"
	    "\"The request's URL is longer than 1024 bytes.\","));
	strcpy(uri + 900, "/v1.0" RESOURCE);
	ck_assert_int_eq(handle(f, &a).status, 404);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

/* --- DELETE ------------------------------------------------------------- */

static enum err
keep_event(const struct event *ev, void *arg)
{
	struct event *newest = arg;

	*newest = *ev;
	return ERR_STOP;
}

static enum err
prepare_restore(struct txn *tx, struct change *in, struct event *newest)
{
	enum err e;

	if ((e = store_begin(tx)) != ERR_OK)
		return e;
	e = store_events(tx, &in->by.tenant, keep_event, newest);
	ck_assert_int_eq(e, ERR_STOP);
	ck_assert_int_eq(newest->action, STORE_REMOVED);
	ck_assert(newest->had_former && str_is_null(newest->outcome));
	ck_assert(str_is(newest->actor, "test"));
	e = change_former(tx, in, newest->number);
	store_end(tx);
	return e;
}

/* DELETE is an event of the history, and the record before it can be
 * restored. */
START_TEST(restores_what_was_deleted)
{
	const struct ask make = { "make", "PATCH", "/v1.0" RESOURCE, NULL,
		"{\"appleIdentifier\":\"a\",\"topicIdentifier\":\"t\"}" };
	const struct ask delete = { "delete", "DELETE", "/v1.0" RESOURCE, NULL,
		NULL };
	const struct ask read = { "read", "GET", "/v1.0" RESOURCE, NULL, NULL };
	struct fixture *f = set_up();
	struct change in = { .config = &f->config,
		.arena = &f->worker.arena,
		.by.now = { .at = NOW } };
	struct fault fault = { .what = str_of(NULL) };
	struct event newest;
	struct record r;

	memset(&in.by.tenant, 7, sizeof(in.by.tenant));
	ck_assert_int_eq(handle(f, &make).status, 200);
	ck_assert_int_eq(handle(f, &delete).status, 204);
	ck_assert_int_eq(handle(f, &read).status, 404);
	ck_assert_int_eq(
	    prepare_restore(f->worker.reader, &in, &newest), ERR_OK);
	ck_assert_int_eq(change_patch(f->app.store, &in, &r, &fault), ERR_OK);
	ck_assert(unit_holds(handle(f, &read).text,
	    "\"appleIdentifier\":\"a\",\"topicIdentifier\":\"t\""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("routes");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, reports_the_lack_of_memory, 0, ROWS(asks));
	tcase_add_loop_test(all, hints_at_apache, 0, ROWS(hints));
	tcase_add_test(all, logs_a_faulty_subject_and_hides_it_from_the_client);
	tcase_add_loop_test(all, logs_no_key, 0, ROWS(logs));
	tcase_add_loop_test(
	    all, repeats_what_may_be_repeated, 0, ROWS(repeats));
	tcase_add_test(all, refuses_a_path_that_no_response_can_repeat);
	tcase_add_test(all, restores_what_was_deleted);
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
