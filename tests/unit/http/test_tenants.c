/* SPDX-License-Identifier: ISC */
/*
 * test_tenants.c - many tenants share one store. 20,000 random requests with
 * tokens of random rights are compared with a model of what each token may see
 * and do. No response contains data of another tenant, and no token has a right
 * too many or too few.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/auth.h"
#include "format/jwt.h"
#include "format/jwt_make.h"
#include "base/log.h"
#include "http/routes.h"
#include "unit.h"
#include "unit_store.h"

#define TENANTS 50
#define TOKENS 200
#define REQUESTS 20000
#define NOW 1700000000
#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

#define RIGHTS_END 1024 /* one more than all ten rights */
#define READ_ANY 0x3fU /* each of the first six rights allows reading */
#define CONSENT_ANY 0x0eU /* three of them allow reading the consent */
#define AUDIT_ANY 0xceU /* five of them allow reading the history */
#define WRITE_ANY 0x0aU /* the two rights that allow writing */

static const char *const names[] = { "DeviceManagementServiceConfig.Read.All",
	"DeviceManagementServiceConfig.ReadWrite.All",
	"DeviceManagementConfiguration.Read.All",
	"DeviceManagementConfiguration.ReadWrite.All",
	"DeviceManagementManagedDevices.Read.All",
	"DeviceManagementManagedDevices.ReadWrite.All",
	"DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All",
	"DeviceManagementRBAC.Read.All", "DeviceManagementRBAC.ReadWrite.All" };
_Static_assert(1U << ROWS(names) == RIGHTS_END, "a name for each right");

enum state { GOOD, EXPIRED, REVOKED };

/*
 * The model: the state that the service should have after the requests so far.
 */
static struct {
	struct tenant_of {
		struct guid id;
		char guid[STR_GUID_LEN + 1];
		char mark[32]; /* a text that only its own record contains */
		unsigned version; /* 0 if the tenant has no record */
		bool listed;
	} tenant[TENANTS];
	struct token_of {
		char text[2048];
		unsigned tenant;
		unsigned rights;
		bool jwt;
		enum state state;
	} token[TOKENS];
} model;

static struct {
	struct config config;
	struct secrets secrets;
	struct app app;
	struct worker worker;
	char key[4096];
	struct str body;
	uint64_t random;
} world;

/* Returns a number below the bound from a fixed pseudo-random sequence, so that
 * a failure can be repeated. */
static unsigned
pick(unsigned below)
{
	world.random = world.random * 6364136223846793005U +
	    1442695040888963407U;
	return (unsigned)(world.random >> 33) % below;
}

/* --- the scene ---------------------------------------------------------- */

static void
list_tenant(struct tenant_of *t, bool listed)
{
	struct tenant row = { .id = t->id };

	if (listed != t->listed)
		unit_update(world.app.store,
		    listed ? unit_put_tenant : unit_delete_tenant, &row);
	t->listed = listed;
}

static void
put_names(unsigned rights, struct buf *out)
{
	size_t i;

	buf_text(out, "openid");
	for (i = 0; i < ROWS(names); i++)
		if (rights & 1U << i)
			buf_printf(out, " %s", names[i]);
}

static void
make_jwt(struct token_of *t)
{
	char claims[2048];
	struct str said, what;
	struct buf b;

	buf_init(&b, claims, sizeof(claims));
	buf_printf(&b,
	    "{\"iss\":\"https://sts.windows.net/%s/\",\"tid\":\"%s\","
	    "\"aud\":\"https://graph.microsoft.com\",\"exp\":%d,\"scp\":\"",
	    model.tenant[t->tenant].guid, model.tenant[t->tenant].guid,
	    t->state == EXPIRED ? NOW - 100 : NOW + 1000000);
	put_names(t->rights, &b);
	buf_text(&b, "\"}");
	ck_assert(!b.full);
	said = buf_view(&b);
	memset(t->text, 0, sizeof(t->text));
	buf_init(&b, t->text, sizeof(t->text) - 1);
	ck_assert(jwt_make_token(str_of(world.key), said, &b, &what) == ERR_OK);
}

static void
make_opaque(struct token_of *t, unsigned number)
{
	struct token row = { .tenant = model.tenant[t->tenant].id,
		.scopes = t->rights,
		.name = str_of("token"),
		.expires_at = t->state == EXPIRED ? NOW - 1 : 0 };

	snprintf(t->text, sizeof(t->text), "opaque-%u", number);
	auth_token_hash(str_of(t->text), row.hash);
	unit_update(world.app.store, unit_put_token, &row);
}

static void
make_model(void)
{
	unsigned i;

	for (i = 0; i < TENANTS; i++) {
		struct tenant_of *t = &model.tenant[i];

		memset(t->id.byte, (int)(i + 1), sizeof(t->id.byte));
		str_guid_text(&t->id, t->guid);
		snprintf(t->mark, sizeof(t->mark), "mark-of-%03u", i);
		list_tenant(t, pick(4) != 0);
	}
	for (i = 0; i < TOKENS; i++) {
		struct token_of *t = &model.token[i];

		t->tenant = i % TENANTS;
		t->rights = pick(2) ? pick(64) : pick(RIGHTS_END);
		t->jwt = pick(3) == 0;
		t->state = pick(8) == 0 ? EXPIRED : GOOD;
		if (t->jwt)
			make_jwt(t);
		else
			make_opaque(t, i);
	}
}

static void
make_key(void)
{
	char public[1024], set[2048];
	struct str what;
	struct buf b;
	FILE *f;

	buf_init(&b, world.key, sizeof(world.key) - 1);
	ck_assert(jwt_make_key(&b) == ERR_OK);
	buf_init(&b, public, sizeof(public));
	ck_assert(jwt_make_public(str_of(world.key), &b, &what) == ERR_OK);
	what = buf_view(&b);
	buf_init(&b, set, sizeof(set));
	ck_assert(jwt_make_set(what, &b, &what) == ERR_OK);
	snprintf(world.config.jwks_file, sizeof(world.config.jwks_file),
	    "%s/keys", unit_directory());
	ck_assert((f = fopen(world.config.jwks_file, "w")) != NULL);
	fwrite(b.p, 1, b.n, f);
	ck_assert(fclose(f) == 0);
}

static void
make_world(void)
{
	char path[256];
	size_t size;

	snprintf(path, sizeof(path), "%s/store", unit_directory());
	config_default(&world.config);
	make_key();
	world.random = 1;
	world.app.config = &world.config;
	world.app.secrets = &world.secrets;
	world.app.store = unit_store(
	    (struct store_options){ .directory = path, .history_keep = 2 });
	ck_assert(
	    store_reader(world.app.store, &world.worker.reader) == ERR_OK);
	world.app.auth = auth_open(&world.config, NOW);
	ck_assert(world.app.auth != NULL);
	size = routes_arena_size(&world.config);
	arena_init(&world.worker.arena, malloc(size), size);
}

static void
end_world(void)
{
	auth_close(world.app.auth);
	store_reader_free(world.worker.reader);
	store_close(world.app.store);
	free(world.worker.arena.block);
}

/* --- requests ----------------------------------------------------------- */

#define RESOURCE "/deviceManagement/applePushNotificationCertificate"
#define EVENTS "/deviceManagement/auditEvents"
#define CONSENTS "/deviceManagement/dataSharingConsents"
#define CONSENT CONSENTS "/appleMDMPushCertificate"
#define CSR "ApplePushNotificationCertificateSigningRequest"

static const struct action {
	const char *method, *path;
	unsigned rights; /* the token needs one of these */
	/* Status for a token with the right, if the tenant has a record and if
	 * it has none. */
	int status, status_without;
	bool changes;
} actions[] = {
	{ "GET", "/v1.0" RESOURCE, READ_ANY, 200, 404, false },
	{ "HEAD", "/beta" RESOURCE, READ_ANY, 200, 404, false },
	{ "GET", "/localtest/metrics", READ_ANY, 200, 200, false },
	{ "PATCH", "/v1.0" RESOURCE, WRITE_ANY, 200, 200, true },
	{ "DELETE", "/v1.0" RESOURCE, WRITE_ANY, 204, 404, true },
	{ "GET", "/v1.0" RESOURCE "/download" CSR, WRITE_ANY, 404, 404, false },
	{ "GET", "/v1.0" RESOURCE "/appleIdentifier", READ_ANY, 200, 404,
	    false },
	{ "GET", "/v1.0/deviceManagement", RIGHTS_END - 1, 200, 200, false },
	{ "GET", "/beta/deviceManagement/subscriptionState", RIGHTS_END - 1,
	    200, 200, false },
	{ "GET", "/v1.0" EVENTS, AUDIT_ANY, 200, 200, false },
	{ "GET", "/beta" EVENTS "/$count", AUDIT_ANY, 200, 200, false },
	{ "GET", "/v1.0" EVENTS "/getAuditCategories", AUDIT_ANY, 200, 200,
	    false },
	{ "GET", "/beta" CONSENTS, CONSENT_ANY, 200, 200, false },
	{ "GET", "/beta" CONSENT, CONSENT_ANY, 200, 200, false },
	{ "POST", "/beta" CONSENT "/consentToDataSharing", 2, 200, 200, false },
	/* The configuration names no key file. */
	{ "POST", "/beta" RESOURCE "/generate" CSR, WRITE_ANY, 501, 501,
	    false },
};

static void
send_request(
    const struct action *a, const struct token_of *t, struct response *resp)
{
	const struct tenant_of *owner = &model.tenant[t->tenant];
	struct request req = {
		.read = unit_read_body, .from = &world.body, .now = { NOW, 0 }
	};
	char authorization[2100], body[128], length[16];
	size_t i;

	snprintf(authorization, sizeof(authorization), "Bearer %s", t->text);
	snprintf(body, sizeof(body), "{\"appleIdentifier\":\"%s-%u\"}",
	    owner->mark, owner->version + 1);
	world.body = str_of(a->changes ? body : "");
	snprintf(length, sizeof(length), "%zu", world.body.n);
	for (i = 0; i < sizeof(req.random); i++)
		req.random[i] = (uint8_t)(0x80 + pick(0x80));
	req.var[REQUEST_METHOD] = str_of(a->method);
	req.var[REQUEST_URI] = str_of(a->path);
	req.var[REQUEST_PATH_INFO] = str_of(a->path);
	req.var[REQUEST_CONTENT_TYPE] = str_of("application/json");
	req.var[REQUEST_CONTENT_LENGTH] = str_of(length);
	req.var[REQUEST_AUTHORIZATION] = str_of(authorization);
	routes_handle(&world.app, &world.worker, &req, resp);
}

static int
expected_status(const struct action *a, const struct token_of *t)
{
	const struct tenant_of *owner = &model.tenant[t->tenant];

	if (t->state != GOOD)
		return 401;
	if (t->jwt && !owner->listed)
		return 403;
	if ((t->rights & a->rights) == 0)
		return 403;
	return owner->version > 0 ? a->status : a->status_without;
}

/* A response shows the tenant's own record if the request may read it, and
 * never any text of another tenant. */
static void
check_content(const struct action *a, const struct token_of *t,
    const struct response *resp)
{
	const struct tenant_of *owner = &model.tenant[t->tenant];
	bool shows = resp->status == 200 && owner->version > 0 &&
	    strcmp(a->method, "HEAD") != 0 && strstr(a->path, RESOURCE) != NULL;
	char mark[64];
	unsigned i;

	for (i = 0; i < TENANTS; i++) {
		const struct tenant_of *other = &model.tenant[i];

		if (other == owner)
			continue;
		ck_assert(!unit_holds(resp->text, other->mark));
		ck_assert(!unit_holds(resp->text, other->guid));
	}
	snprintf(mark, sizeof(mark), "%s-%u\"", owner->mark, owner->version);
	if (shows)
		ck_assert(unit_holds(resp->text, mark));
	else if (resp->status != 200)
		ck_assert(!unit_holds(resp->text, owner->mark));
}

/* Makes one random change as an operator would: lists or unlists a tenant, or
 * creates or revokes a token. */
static void
change_something(void)
{
	struct token_of *t = &model.token[pick(TOKENS)];
	uint8_t hash[STORE_HASH_LEN];

	if (pick(2) == 0) {
		list_tenant(&model.tenant[pick(TENANTS)], pick(2) == 0);
	} else if (!t->jwt && t->state == REVOKED) {
		t->state = GOOD;
		t->rights = pick(2) ? pick(64) : pick(RIGHTS_END);
		make_opaque(t, (unsigned)(t - model.token));
	} else if (!t->jwt) {
		auth_token_hash(str_of(t->text), hash);
		unit_update(world.app.store, unit_delete_token, hash);
		t->state = REVOKED;
	}
}

START_TEST(no_tenant_sees_or_changes_another)
{
	unsigned i, counts[6] = { 0 };

	make_world();
	make_model();
	for (i = 0; i < REQUESTS; i++) {
		struct token_of *t = &model.token[pick(TOKENS)];
		const struct action *a = &actions[pick(ROWS(actions))];
		int want = expected_status(a, t);
		struct response resp;

		send_request(a, t, &resp);
		ck_assert_msg(resp.status == want,
		    "request %u: %s %s: %d for %d", i, a->method, a->path,
		    resp.status, want);
		if (a->changes && want == 200)
			model.tenant[t->tenant].version++;
		if (a->changes && want == 204)
			model.tenant[t->tenant].version = 0;
		check_content(a, t, &resp);
		counts[resp.status / 100]++;
		if (i % 20 == 0)
			change_something();
	}
	end_world();
	printf("%d requests, %d tenants, %d tokens: %u 2xx, %u 4xx, %u 5xx; "
	       "none wrong\n",
	    REQUESTS, TENANTS, TOKENS, counts[2], counts[4], counts[5]);
	/* Enough requests succeeded for the test to mean something. */
	ck_assert_uint_gt(counts[2], REQUESTS / 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tenants");
	TCase *t = tcase_create("tenants");

	/*
	 * Each response with status 501 logs a line; the lines are discarded.
	 */
	if (freopen("/dev/null", "w", stderr) == NULL)
		return EXIT_FAILURE;
	log_open(false, LOG_AT_ERROR);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, no_tenant_sees_or_changes_another);
	suite_add_tcase(s, t);
	return unit_run(s);
}
