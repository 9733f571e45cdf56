/* SPDX-License-Identifier: ISC */
/*
 * test_batch_run.c - batches beyond what golden files show: their limits, their
 * memory, their commits, the lines of the log, and the forms of a response.
 */
#include "http/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/auth.h"
#include "base/log.h"
#include "format/json.h"
#include "http/batch_reply.h"
#include "state/batch_rooms.h"
#include "unit.h"
#include "unit_store.h"

#define TOKEN "right"
#define RESOURCE "/deviceManagement/applePushNotificationCertificate"
#define GET "{\"id\":\"%d\",\"method\":\"GET\",\"url\":\"" RESOURCE "\"}"
#define PATCH_OF(body)                                        \
	"{\"id\":\"%d\",\"method\":\"PATCH\",\"url\":\""      \
	"v1.0" RESOURCE "\",\"headers\":{\"Content-Type\":\"" \
	"application/json\"},\"body\":" body "}"
#define PATCH PATCH_OF("{\"appleIdentifier\":\"%d\"}")
#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
/* Bytes that the test adds to a batch. */
#define TEXT_MAX ((size_t)5 << 20)

/* 2026-11-23T12:00:00Z */
#define NOW INT64_C(1795435200)

struct fixture {
	struct config config;
	struct secrets secrets;
	struct app app;
	struct worker worker;
	struct metrics metrics;
	struct batch_rooms rooms;
	struct str body; /* the part that has not been read yet */
	bool chunked; /* the length is not declared */
	char text[TEXT_MAX];
};

static struct fixture *
set_up(void)
{
	static struct fixture f;
	char path[128];
	size_t size;
	struct token t = { .name = str_of("test"),
		.created_at = NOW,
		.scopes = AUTH_SERVICE_CONFIG_WRITE };

	snprintf(path, sizeof(path), "%s/store", unit_directory());
	log_open(false, LOG_AT_ERROR);
	config_default(&f.config);
	f.app.metrics = &f.metrics;
	f.app.store = unit_store((struct store_options){
	    .directory = path, .history_keep = 100, .metrics = &f.metrics });
	ck_assert(store_reader(f.app.store, &f.worker.reader) == ERR_OK);
	f.app.config = &f.config;
	f.app.secrets = &f.secrets;
	auth_token_hash(str_of(TOKEN), t.hash);
	t.tenant = unit_tenant(7);
	unit_update(f.app.store, unit_put_token, &t);
	f.app.auth = auth_open(&f.config, NOW);
	f.config.max_body = (size_t)256 * 1024;
	size = routes_arena_size(&f.config);
	arena_init(&f.worker.arena, malloc(size), size);
	batch_rooms_init(&f.rooms, routes_room_size(&f.config), 2);
	f.app.batch_rooms = &f.rooms;
	memset(&f.metrics, 0, sizeof(f.metrics));
	return &f;
}

static struct response
handle(struct fixture *f, struct str body)
{
	struct request req = {
		.read = unit_read_body, .from = &f->body, .now = { .at = NOW }
	};
	char length[24];
	struct response resp;

	snprintf(length, sizeof(length), "%zu", body.n);
	req.var[REQUEST_METHOD] = str_of("POST");
	req.var[REQUEST_PATH_INFO] = str_of("/v1.0/$batch");
	req.var[REQUEST_HOST] = str_of("graph.example");
	req.var[REQUEST_CONTENT_TYPE] = str_of("application/json");
	req.var[REQUEST_AUTHORIZATION] = str_of("Bearer " TOKEN);
	if (!f->chunked)
		req.var[REQUEST_CONTENT_LENGTH] = str_of(length);
	f->body = body;
	routes_handle(&f->app, &f->worker, &req, &resp);
	return resp;
}

static void
begin(struct fixture *f, struct buf *b)
{
	buf_init(b, f->text, sizeof(f->text));
	buf_text(b, "{\"requests\":[");
}

/* Ends the batch, and adds blanks up to n bytes. */
static struct str
end(struct buf *b, size_t n)
{
	buf_text(b, "]}");
	while (b->n < n && !b->full)
		buf_char(b, ' ');
	ck_assert(!b->full);
	return buf_view(b);
}

/* A batch of n PATCHes and then m GETs. */
static struct str
mixed(struct fixture *f, int n, int m)
{
	struct buf b;
	int i;

	begin(f, &b);
	for (i = 0; i < n + m; i++) {
		if (i > 0)
			buf_char(&b, ',');
		if (i < n)
			buf_printf(&b, PATCH, i, i);
		else
			buf_printf(&b, GET, i);
	}
	return end(&b, 0);
}

/* The content of the response must be JSON. */
static struct str
content_of(const struct response *resp)
{
	static char block[(size_t)16 << 20];
	static const struct json_limits most = { JSON_SCOPES_MAX, 65536 };
	struct arena a;
	struct json json;
	struct str what, s = resp->text;

	while (!str_starts(s, "\r\n\r\n") && s.n > 0)
		s = str_tail(s, 1);
	s = str_tail(s, 4);
	arena_init(&a, block, sizeof(block));
	ck_assert_int_eq(json_parse_within(s, &most, &a, &json, &what), ERR_OK);
	return s;
}

static unsigned
commits(struct fixture *f)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < METRICS_BATCHES; i++)
		n += (unsigned)atomic_load(&f->metrics.batch[i]);
	return n;
}

/* --- commits, counts and lines ------------------------------------------ */

START_TEST(commits_twenty_patches_once)
{
	struct fixture *f = set_up();
	struct response resp = handle(f, mixed(f, 20, 0));
	struct str text = content_of(&resp);

	ck_assert_uint_eq(unit_count(text, "\"status\":200"), 20);
	ck_assert_uint_eq(commits(f), 1);
	ck_assert_uint_eq(atomic_load(&f->metrics.changes), 20);
	ck_assert_uint_eq(atomic_load(&f->metrics.request[2]), 21);
	ck_assert(unit_holds(text, "\"appleIdentifier\":\"19\""));
}
END_TEST

START_TEST(commits_before_what_is_not_a_patch)
{
	struct fixture *f = set_up();
	struct response resp;
	struct str text;
	struct buf b;

	begin(f, &b);
	buf_printf(&b, PATCH "," GET "," PATCH "," PATCH "," GET, 1, 1, 2, 3, 3,
	    4, 4, 5);
	resp = handle(f, end(&b, 0));
	text = content_of(&resp);
	ck_assert_uint_eq(commits(f), 2);
	ck_assert_uint_eq(unit_count(text, "\"appleIdentifier\":\"1\""), 2);
	ck_assert_uint_eq(unit_count(text, "\"appleIdentifier\":\"4\""), 2);
}
END_TEST

START_TEST(logs_each_item)
{
	struct fixture *f = set_up();
	struct buf b;
	struct str log;

	log_open(false, LOG_AT_INFO);
	begin(f, &b);
	buf_printf(&b,
	    PATCH ",{\"id\":\"g\",\"method\":\"GET\",\"url\":"
		  "\"/nothing?token=secret\",\"dependsOn\":[\"1\"]},"
		  "{\"id\":\"h\",\"method\":\"GET\",\"url\":\"/x\","
		  "\"dependsOn\":[\"g\"]}",
	    1, 1);
	unit_capture();
	ck_assert_int_eq(handle(f, end(&b, 0)).status, 200);
	log = unit_captured();
	ck_assert_uint_eq(unit_count(log, "\n"), 4);
	ck_assert(unit_holds(log, "PATCH /v1.0" RESOURCE " 200 OK tenant="));
	ck_assert(unit_holds(log, "GET /v1.0/nothing 400 BadRequest tenant="));
	ck_assert(unit_holds(log, "GET /v1.0/x 424 FailedDependency tenant="));
	ck_assert(unit_holds(log, "POST /v1.0/$batch 200 OK tenant="));
	ck_assert_uint_eq(unit_count(log, "actor=test"), 4);
	ck_assert(!unit_holds(log, "secret"));
}
END_TEST

/* The shortest private key (Ed25519, as PKCS #8 in base64). */
#define KEY "MC4CAQAwBQYDK2VwBCIEIGVzdCBvZiBhIGtleSB0aGF0IGlzIG5vdCBvbmUu"

static const struct {
	const char *name, *text;
} keys[] = {
	{ "a key in a URL",
	    "{\"id\":\"1\",\"method\":\"GET\",\"url\":\"/" KEY "\"}" },
	{ "a key in a query",
	    "{\"id\":\"1\",\"method\":\"GET\",\"url\":\"" RESOURCE
	    "?$select=" KEY "\"}" },
	{ "a key in a name",
	    "{\"id\":\"1\",\"method\":\"PATCH\",\"url\":\"" RESOURCE "\","
	    "\"headers\":{\"content-type\":\"application/json\"},"
	    "\"body\":{\"" KEY "\":1}}" },
	{ "a key in a header",
	    "{\"id\":\"1\",\"method\":\"GET\",\"url\":\"" RESOURCE "\","
	    "\"headers\":{\"Accept\":\"" KEY "\",\"client-request-id\":\"" KEY
	    "\"}}" },
	{ "a key in a body that is no JSON", "{" KEY "}" },
};

START_TEST(repeats_no_key)
{
	struct fixture *f = set_up();
	struct response resp;
	struct buf b;

	log_open(false, LOG_AT_INFO);
	begin(f, &b);
	buf_text(&b, keys[_i].text);
	unit_capture();
	resp = handle(f, end(&b, 0));
	unit_check(keys[_i].name, !unit_holds(resp.text, "MC4CAQAw"));
	unit_check(keys[_i].name, !unit_holds(unit_captured(), "MC4CAQAw"));
}
END_TEST

static const struct {
	const char *name;
	size_t size;
	const char *part;
} pieces[] = {
	{ "a piece of a small body", 1024, "Invalid JSON near 'x'." },
	{ "no piece of a large body", 1025, "Invalid JSON near '(withheld)'." },
};

/* To search a large body for a key would take too long. */
START_TEST(repeats_a_piece_of_a_small_body_only)
{
	struct fixture *f = set_up();
	struct response resp;
	struct buf b;

	f->config.max_body = 1024;
	begin(f, &b);
	buf_char(&b, 'x');
	resp = handle(f, end(&b, pieces[_i].size));
	ck_assert_int_eq(resp.status, 400);
	unit_check(pieces[_i].name, unit_holds(resp.text, pieces[_i].part));
}
END_TEST

/* --- limits ------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t size, max;
	bool chunked;
	int status;
} sizes[] = {
	{ "the largest batch", 262144, 262144, false, 200 },
	{ "the largest batch, without a length", 262144, 262144, true, 200 },
	{ "a byte more", 262145, 262144, false, 413 },
	{ "a byte more, without a length", 262145, 262144, true, 413 },
	{ "1 MiB", 1048576, 262144, false, 413 },
	{ "1 MiB where that is allowed", 1048576, 1048576, false, 200 },
	{ "4 MiB where that is allowed", 4194304, 4194304, true, 200 },
};

START_TEST(limits_the_body)
{
	struct fixture *f = set_up();
	struct response resp;
	char limit[64];
	struct buf b;

	f->config.max_batch = sizes[_i].max;
	f->rooms.size = routes_room_size(&f->config);
	f->chunked = sizes[_i].chunked;
	begin(f, &b);
	buf_printf(&b, PATCH, 1, 1);
	resp = handle(f, end(&b, sizes[_i].size));
	ck_assert_msg(resp.status == sizes[_i].status, "%s: %d", sizes[_i].name,
	    resp.status);
	snprintf(limit, sizeof(limit), "larger than %zu bytes.", sizes[_i].max);
	unit_check(sizes[_i].name,
	    unit_holds(resp.text, limit) == (resp.status == 413));
	ck_assert_uint_eq(commits(f), resp.status == 200);
}
END_TEST

START_TEST(limits_the_body_of_an_item)
{
	static char filler[2048];
	struct fixture *f = set_up();
	struct response resp;
	struct str text;
	struct buf b;

	memset(filler, 'x', sizeof(filler) - 1);
	f->config.max_body = 1024;
	begin(f, &b);
	buf_printf(&b, PATCH_OF("{\"appleIdentifier\":\"%s\"}") "," PATCH, 1,
	    filler, 2, 2);
	resp = handle(f, end(&b, 0));
	text = content_of(&resp);
	ck_assert(unit_holds(text, "{\"id\":\"1\",\"status\":413,"));
	ck_assert(unit_holds(text, "body is larger than 1024 bytes."));
	ck_assert(unit_holds(text, "{\"id\":\"2\",\"status\":200,"));
}
END_TEST

/* --- memory ------------------------------------------------------------- */

static enum err
put_largest(struct txn *tx, void *unused)
{
	static char text[32 * 1024];
	const struct guid tenant = unit_tenant(7);
	struct record r = { .revision = 1 };

	(void)unused;
	memset(text, 1, sizeof(text));
	r.value[RECORD_ID] = str_of("11111111-2222-4333-8444-555555555555");
	r.value[RECORD_MODIFIED] = str_of("2026-11-23T11:00:00.0000000Z");
	r.value[RECORD_CERTIFICATE] = str_from(text, sizeof(text));
	return store_record_put(tx, &tenant, &r);
}

/* 20 responses with the largest certificate, in which every character is
 * escaped. */
START_TEST(has_space_for_twenty_records)
{
	struct fixture *f = set_up();
	struct response resp;

	unit_update(f->app.store, put_largest, NULL);
	resp = handle(f, mixed(f, 20, 0));
	ck_assert_uint_eq(unit_count(content_of(&resp), "\"status\":200"), 20);
	ck_assert_uint_gt(resp.text.n, (size_t)20 * 6 * 32 * 1024);
	resp = handle(f, mixed(f, 0, 20));
	ck_assert_uint_eq(unit_count(content_of(&resp), "\"status\":200"), 20);
	f->app.batch_rooms->most = 0;
	ck_assert_int_eq(handle(f, mixed(f, 0, 1)).status, 503);
}
END_TEST

/* The number of PATCHes, of 20, that run in a room of this size. The others are
 * refused, each with the same words. */
static unsigned
run_in(struct fixture *f, size_t size, int *status)
{
	struct response resp;
	struct str text;
	unsigned run;

	routes_release(&f->app, &f->worker);
	batch_rooms_free(&f->rooms);
	batch_rooms_init(&f->rooms, size, 2);
	resp = handle(f, mixed(f, 20, 0));
	*status = resp.status;
	if (resp.status != 200)
		return 0;
	text = content_of(&resp);
	run = unit_count(text, "\"status\":200");
	ck_assert_uint_eq(unit_count(text, "might become too large"), 20 - run);
	ck_assert_uint_eq(
	    unit_count(text,
		"\"status\":503,\"headers\":{\"Cache-Control\":\"no-cache\","
		"\"Content-Type\":\"application/json\","
		"\"Retry-After\":\"1\"}"),
	    20 - run);
	return run;
}

/* However small the room is, each item is either run or refused as a whole. */
START_TEST(runs_no_item_whose_response_might_not_fit)
{
	struct fixture *f = set_up();
	size_t size = routes_room_size(&f->config);
	unsigned run, before = 20, some = 0;
	int status;

	unit_update(f->app.store, put_largest, NULL);
	while ((run = run_in(f, size, &status)) > 0) {
		ck_assert_uint_le(run, before);
		before = run;
		some += run < 20;
		size -= (size_t)700 * 1024;
	}
	/* At last the room does not even have space for a batch. */
	ck_assert_int_eq(status, 500);
	ck_assert_uint_gt(some, 0);
}
END_TEST

START_TEST(gives_its_room_back)
{
	struct fixture *f = set_up();
	struct worker *wk = &f->worker;
	struct response resp;

	resp = handle(f, mixed(f, 1, 1));
	ck_assert_int_eq(resp.status, 200);
	ck_assert_ptr_null(batch_rooms_take(&f->rooms));
	(void)content_of(&resp);
	routes_release(&f->app, wk);
	routes_release(&f->app, wk);
	ck_assert_ptr_nonnull(batch_rooms_take(&f->rooms));
	resp = handle(f, mixed(f, 1, 1));
	ck_assert_int_eq(resp.status, 503);
	ck_assert(unit_holds(resp.text, "\r\nRetry-After: 1\r\n"));
	ck_assert(unit_holds(resp.text, "too many batches. Nothing was"));
}
END_TEST

/* The memory of the worker is small; that of the room is not. */
START_TEST(reports_the_lack_of_memory)
{
	struct fixture *f = set_up();
	size_t size = f->worker.arena.size, n;
	unsigned refused = 0;
	struct response resp;

	unit_capture();
	for (n = (size_t)16 * 1024; n < size; n += 61) {
		f->worker.arena.size = n;
		resp = handle(f, mixed(f, 1, 1));
		if (resp.status == 200)
			break;
		refused++;
		ck_assert_int_eq(resp.outcome, ERR_MEMORY);
		(void)content_of(&resp);
	}
	ck_assert_uint_gt(refused, 0);
	ck_assert_int_eq(resp.status, 200);
}
END_TEST

/* --- the entry of an item ----------------------------------------------- */

#define HEAD_OF(status)                         \
	"{\"id\":\"a\\\"b\",\"status\":" status \
	",\"headers\":{\"Cache-Control\":\"no-cache\""

static const struct {
	const char *name;
	struct response_parts parts;
	const char *text;
} entries[] = {
	{ "an entity",
	    { .status = 200,
		.ok = true,
		.odata = true,
		.metadata = ODATA_FULL,
		.etag = STR("W/\"1\""),
		.content = STR("{}") },
	    HEAD_OF(
		"200") ",\"OData-Version\":\"4.0\",\"Content-Type\":"
		       "\"application/json;odata.metadata=full;odata.streaming=true;"
		       "IEEE754Compatible=false;charset=utf-8\","
		       "\"ETag\":\"W/\\\"1\\\"\"},\"body\":{}}" },
	{ "a text",
	    { .status = 200,
		.ok = true,
		.type = STR("text/plain;charset=utf-8"),
		.content = STR("a\n\"b\"") },
	    HEAD_OF("200") ",\"Content-Type\":\"text/plain;charset=utf-8\"},"
			   "\"body\":\"a\\n\\\"b\\\"\"}" },
	{ "an empty text",
	    { .status = 200,
		.ok = true,
		.type = STR("text/plain"),
		.content = STR("") },
	    HEAD_OF("200") ",\"Content-Type\":\"text/plain\"},\"body\":\"\"}" },
	{ "XML",
	    { .status = 200,
		.ok = true,
		.type = STR("application/xml"),
		.content = STR("<a/>") },
	    HEAD_OF("200") ",\"Content-Type\":\"application/xml\"},"
			   "\"body\":\"PGEvPg==\"}" },
	{ "JSON that is not OData",
	    { .status = 200,
		.ok = true,
		.type = STR("application/json"),
		.content = STR("[1]") },
	    HEAD_OF("200") ",\"Content-Type\":\"application/json\"},"
			   "\"body\":[1]}" },
	{ "an error, which has no type of its own",
	    { .status = 503, .retry_after = 2, .content = STR("{}") },
	    HEAD_OF("503") ",\"Content-Type\":\"application/json\","
			   "\"Retry-After\":\"2\"},\"body\":{}}" },
	{ "no content",
	    { .status = 204,
		.ok = true,
		.odata = true,
		.prefer = ODATA_PREFER_MINIMAL | ODATA_PREFER_DRY_RUN,
		.content = STR("{}") },
	    HEAD_OF("204") ",\"OData-Version\":\"4.0\",\"Preference-Applied\":"
			   "\"return=minimal, pushcert.dry-run\"}}" },
	{ "HEAD",
	    { .status = 200,
		.ok = true,
		.head = true,
		.type = STR("text/plain"),
		.content = STR("x") },
	    HEAD_OF("200") ",\"Content-Type\":\"text/plain\"}}" },
	{ "a method that is not allowed",
	    { .status = 405, .allow = STR("GET"), .content = STR("{}") },
	    HEAD_OF("405") ",\"Content-Type\":\"application/json\","
			   "\"Allow\":\"GET\"},\"body\":{}}" },
};

START_TEST(writes_an_entry)
{
	const char *name = entries[_i].name;
	struct str want = str_of(entries[_i].text);
	char room[1024];
	struct buf b;
	size_t n;

	for (n = 0; n <= want.n; n++) {
		buf_init(&b, room, n + 1);
		buf_char(&b, '.');
		unit_check(name,
		    batch_reply_put(&b, str_of("a\"b"), &entries[_i].parts) ==
			(n == want.n));
		unit_check(name, !b.full && b.n == (n == want.n ? n + 1 : 1));
	}
	unit_same(name, str_tail(buf_view(&b), 1), want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("batch_run");
	TCase *all = tcase_create("all");

	tcase_add_test(all, commits_twenty_patches_once);
	tcase_add_test(all, commits_before_what_is_not_a_patch);
	tcase_add_test(all, logs_each_item);
	tcase_add_loop_test(all, repeats_no_key, 0, ROWS(keys));
	tcase_add_loop_test(
	    all, repeats_a_piece_of_a_small_body_only, 0, ROWS(pieces));
	tcase_add_loop_test(all, limits_the_body, 0, ROWS(sizes));
	tcase_add_test(all, limits_the_body_of_an_item);
	tcase_add_test(all, has_space_for_twenty_records);
	tcase_add_test(all, runs_no_item_whose_response_might_not_fit);
	tcase_add_test(all, gives_its_room_back);
	tcase_add_test(all, reports_the_lack_of_memory);
	tcase_add_loop_test(all, writes_an_entry, 0, ROWS(entries));
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
