/* SPDX-License-Identifier: ISC */
/*
 * test_auth.c - which requests are let in, for which tenant and with which
 * rights: opaque tokens, JWT, tenants, failures, times of last use. The
 * contents of a JWT are the subject of test_jwt.
 */
#include "rules/auth.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/jwt.h"
#include "format/jwt_make.h"
#include "base/log.h"
#include "unit.h"
#include "unit_store.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
#define NOW 1700000000

#define HOME "6fa459ea-ee8a-4ca4-894e-db77e160355e"
#define ABROAD "11111111-2222-3333-4444-555555555555"
#define SERVICE "DeviceManagementServiceConfig"
#define CONFIGURATION "DeviceManagementConfiguration"

/* main creates the keys. The key set in the file lists only the first one until
 * a test writes the second. */
static char key_text[2][4096];
static char public_text[2][1024];

static struct {
	struct config config;
	struct store *store;
	struct txn *tx;
	struct auth *auth;
	struct arena arena;
} f;

/* --- setup -------------------------------------------------------------- */

static void
write_set(int keys)
{
	char pem[4096] = "", text[8192], fresh[300];
	struct str what;
	struct buf b;
	FILE *file;

	while (keys-- > 0)
		strcat(pem, public_text[keys]);
	buf_init(&b, text, sizeof(text));
	ck_assert(jwt_make_set(str_of(pem), &b, &what) == ERR_OK);
	snprintf(fresh, sizeof(fresh), "%s/new", unit_directory());
	ck_assert((file = fopen(fresh, "w")) != NULL);
	fwrite(b.p, 1, b.n, file);
	ck_assert(fclose(file) == 0);
	ck_assert(rename(fresh, f.config.jwks_file) == 0);
}

static void
set_up(void)
{
	static char block[JWT_ARENA + 4096], path[256];

	snprintf(path, sizeof(path), "%s/store", unit_directory());
	config_default(&f.config);
	snprintf(f.config.jwks_file, sizeof(f.config.jwks_file), "%s/keys",
	    unit_directory());
	write_set(1);
	f.store = unit_store((struct store_options){ .directory = path });
	ck_assert(store_reader(f.store, &f.tx) == ERR_OK);
	ck_assert((f.auth = auth_open(&f.config, NOW)) != NULL);
	arena_init(&f.arena, block, sizeof(block));
}

static void
tear_down(void)
{
	auth_close(f.auth);
	store_reader_free(f.tx);
	store_close(f.store);
}

static enum err
ask_as(struct auth *auth, struct str authorization, int64_t now_at,
    struct principal *who)
{
	const struct auth_call call = { .tx = f.tx,
		.authorization = authorization,
		.now_at = now_at,
		.arena = &f.arena };
	enum err e;

	arena_reset(&f.arena);
	ck_assert(store_begin(f.tx) == ERR_OK);
	e = auth_bearer(auth, &call, who);
	store_end(f.tx);
	ck_assert(e == ERR_OK || who->why.n > 0);
	ck_assert(e != ERR_OK || who->why.n == 0);
	return e;
}

static enum err
ask(const char *token, int64_t now_at, struct principal *who)
{
	char text[JWT_TOKEN_MAX + 16];

	snprintf(text, sizeof(text), "Bearer %s", token);
	return ask_as(f.auth, str_of(text), now_at, who);
}

/* Returns a token with these claims. Valid until the next call. */
static const char *
sign(int key, const char *claims)
{
	static char text[JWT_TOKEN_MAX];
	struct str what;
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	ck_assert(jwt_make_token(str_of(key_text[key]), str_of(claims), &b,
		      &what) == ERR_OK);
	text[b.n] = '\0';
	return text;
}

static struct guid
guid(const char *text)
{
	struct guid g;

	ck_assert(str_guid(str_of(text), &g));
	return g;
}

static void
add_tenant(const char *text)
{
	struct tenant t = { .id = guid(text) };

	unit_update(f.store, unit_put_tenant, &t);
}

static void
add_token(const char *text, int64_t expires_at, uint32_t scopes)
{
	struct token t = { .tenant = guid(HOME),
		.scopes = scopes,
		.name = str_of("eve"),
		.expires_at = expires_at };

	auth_token_hash(str_of(text), t.hash);
	unit_update(f.store, unit_put_token, &t);
}

/* --- JWT ---------------------------------------------------------------- */

#define V1(tenant) "\"iss\":\"https://sts.windows.net/" tenant "/\","
#define V2(tenant) \
	"\"iss\":\"https://login.microsoftonline.com/" tenant "/v2.0\","
#define GRAPH "\"aud\":\"https://graph.microsoft.com\","
#define TIMES "\"exp\":1700003600,\"nbf\":1700000000,\"iat\":1700000000,"
#define TID(tenant) "\"tid\":\"" tenant "\","
#define CLAIMS(issuer, tenant, more) "{" issuer GRAPH TIMES TID(tenant) more "}"
#define PERSON "\"appid\":\"app\",\"upn\":\"eve@a.test\",\"oid\":\"o\","

static const struct {
	const char *name;
	const char *claims;
	enum err e;
	uint32_t scopes;
	const char *actor;
	enum actor_kind kind;
	const char *user_id;
} jwt_cases[] = {
	{ "takes a delegated token of version 1",
	    CLAIMS(V1(HOME), HOME, PERSON "\"scp\":\"" SERVICE ".Read.All\""),
	    ERR_OK, AUTH_SERVICE_CONFIG_READ, "eve@a.test by app", ACTOR_USER,
	    "o" },
	{ "takes several scopes and passes over others",
	    CLAIMS(V1(HOME), HOME,
		PERSON "\"scp\":\"openid " SERVICE
		       ".Read.All User.Read  " CONFIGURATION
		       ".ReadWrite.All\""),
	    ERR_OK, AUTH_SERVICE_CONFIG_READ | AUTH_CONFIGURATION_WRITE,
	    "eve@a.test by app", ACTOR_USER, "o" },
	{ "takes an application's token of version 2",
	    CLAIMS(V2(HOME), HOME,
		"\"azp\":\"robot\",\"oid\":\"0123\",\"roles\":[\"" SERVICE
		".ReadWrite.All\",\"Mail.Read\"]"),
	    ERR_OK, AUTH_SERVICE_CONFIG_WRITE, "0123 by robot",
	    ACTOR_APPLICATION, "0123" },
	{ "takes scopes and roles together",
	    CLAIMS(V1(HOME), HOME,
		"\"appid\":\"a\",\"scp\":\"" SERVICE
		".Read.All\",\"roles\":[\"" CONFIGURATION ".Read.All\"]"),
	    ERR_OK, AUTH_SERVICE_CONFIG_READ | AUTH_CONFIGURATION_READ, "app a",
	    ACTOR_USER, NULL },
	{ "takes a token without rights for one without rights",
	    CLAIMS(V1(HOME), HOME, "\"scp\":\"User.Read\""), ERR_OK, 0, "JWT",
	    ACTOR_USER, NULL },
	{ "takes scopes in an array",
	    CLAIMS(V1(HOME), HOME,
		PERSON "\"scp\":[\"openid\",\"" SERVICE ".Read.All\"]"),
	    ERR_OK, AUTH_SERVICE_CONFIG_READ, "eve@a.test by app", ACTOR_USER,
	    "o" },
	{ "takes roles in a text",
	    CLAIMS(V1(HOME), HOME,
		PERSON "\"roles\":\"" SERVICE ".ReadWrite.All\""),
	    ERR_OK, AUTH_SERVICE_CONFIG_WRITE, "eve@a.test by app", ACTOR_USER,
	    "o" },
	{ "takes claims that are null for absent ones",
	    CLAIMS(V1(HOME), HOME,
		"\"appid\":null,\"upn\":null,\"oid\":\"o\",\"scp\":null,"
		"\"roles\":[\"" SERVICE ".Read.All\"]"),
	    ERR_OK, AUTH_SERVICE_CONFIG_READ, "o", ACTOR_APPLICATION, "o" },
	{ "ignores a right in another case",
	    CLAIMS(V1(HOME), HOME,
		"\"scp\":\"devicemanagementserviceconfig.read.all\""),
	    ERR_OK, 0, "JWT", ACTOR_USER, NULL },
	{ "ignores a right with text after it",
	    CLAIMS(V1(HOME), HOME,
		"\"scp\":\"" SERVICE ".Read.All2 x" SERVICE ".Read.All\""),
	    ERR_OK, 0, "JWT", ACTOR_USER, NULL },
	{ "ignores rights with commas between them",
	    CLAIMS(V1(HOME), HOME,
		"\"scp\":\"" SERVICE ".Read.All," SERVICE ".ReadWrite.All\""),
	    ERR_OK, 0, "JWT", ACTOR_USER, NULL },
	{ "refuses a tenant that is not listed",
	    CLAIMS(V1(ABROAD), ABROAD, "\"scp\":\"" SERVICE ".Read.All\""),
	    ERR_TENANT, AUTH_SERVICE_CONFIG_READ, "JWT", ACTOR_USER, NULL },
	{ "refuses another tenant than the issuer's",
	    CLAIMS(V1(ABROAD), HOME, "\"scp\":\"" SERVICE ".Read.All\""),
	    ERR_TOKEN_INVALID, 0, NULL, ACTOR_UNKNOWN, NULL },
	{ "refuses the pattern itself",
	    CLAIMS(V1("{tenantid}"), HOME, "\"scp\":\"" SERVICE ".Read.All\""),
	    ERR_TOKEN_INVALID, 0, NULL, ACTOR_UNKNOWN, NULL },
	{ "refuses another audience",
	    "{" V1(HOME) "\"aud\":\"https://graph.microsoft.us\"," TIMES TID(
		HOME) "\"scp\":\"" SERVICE ".Read.All\"}",
	    ERR_TOKEN_INVALID, 0, NULL, ACTOR_UNKNOWN, NULL },
	{ "refuses a token that has expired",
	    "{" V1(HOME) GRAPH TID(HOME) "\"exp\":1699999940}",
	    ERR_TOKEN_EXPIRED, 0, NULL, ACTOR_UNKNOWN, NULL },
	{ "accepts a token that has just expired, since clocks differ",
	    "{" V1(HOME) GRAPH TID(HOME) "\"exp\":1699999941}", ERR_OK, 0,
	    "JWT", ACTOR_APPLICATION, NULL },
	{ "refuses a token that is not yet valid",
	    "{" V1(HOME)
		GRAPH TID(HOME) "\"exp\":1700003600,\"nbf\":1700000061}",
	    ERR_TOKEN_EXPIRED, 0, NULL, ACTOR_UNKNOWN, NULL },
};

/* The first request verifies the token; the second finds it in the cache. */
START_TEST(jwts)
{
	const char *token = sign(0, jwt_cases[_i].claims);
	const char *name = jwt_cases[_i].name;
	struct guid home = guid(HOME);
	struct principal who;
	int i;

	add_tenant(HOME);
	for (i = 0; i < 2; i++) {
		unit_check(name, ask(token, NOW, &who) == jwt_cases[_i].e);
		unit_check(name, who.scopes == jwt_cases[_i].scopes);
		if (jwt_cases[_i].e == ERR_OK)
			unit_check(name,
			    memcmp(&who.tenant, &home, sizeof(home)) == 0);
		unit_same(name, who.actor, str_of(jwt_cases[_i].actor));
		unit_check(name, who.kind == jwt_cases[_i].kind);
		unit_same(name, who.user_id, str_of(jwt_cases[_i].user_id));
	}
}
END_TEST

#define GOOD CLAIMS(V1(HOME), HOME, PERSON "\"scp\":\"" SERVICE ".Read.All\"")

/* A token in the cache is checked against the clock at each request. */
START_TEST(a_cached_token_expires)
{
	const char *token = sign(0, GOOD);
	struct principal who;

	add_tenant(HOME);
	ck_assert(ask(token, NOW, &who) == ERR_OK);
	ck_assert(ask(token, 1700003659, &who) == ERR_OK);
	ck_assert(ask(token, 1700003660, &who) == ERR_TOKEN_EXPIRED);
	ck_assert(ask(token, NOW, &who) == ERR_OK);
	ck_assert(ask(token, NOW - 60, &who) == ERR_OK);
	ck_assert(ask(token, NOW - 61, &who) == ERR_TOKEN_EXPIRED);
}
END_TEST

START_TEST(checks_the_tenant_at_each_request)
{
	const char *token = sign(0, GOOD);
	struct guid home = guid(HOME);
	struct principal who;

	ck_assert(ask(token, NOW, &who) == ERR_TENANT);
	add_tenant(HOME);
	ck_assert(ask(token, NOW, &who) == ERR_OK);
	unit_update(f.store, unit_delete_tenant, &home);
	ck_assert(ask(token, NOW, &who) == ERR_TENANT);
	ck_assert(memcmp(&who.tenant, &home, sizeof(home)) == 0);
}
END_TEST

START_TEST(accepts_any_tenant_if_configured)
{
	struct principal who;

	f.config.tenants = CONFIG_TENANTS_ANY;
	ck_assert(ask(sign(0, GOOD), NOW, &who) == ERR_OK);
}
END_TEST

/* The tenant is a claim, and one server issues tokens for many tenants. So the
 * tenant is checked even if the configured issuer names one. */
START_TEST(checks_the_tenant_even_if_the_issuer_names_one)
{
	struct principal who;

	auth_close(f.auth);
	strcpy(f.config.jwt_issuer, "https://sts.windows.net/" HOME "/");
	f.auth = auth_open(&f.config, NOW);
	ck_assert(ask(sign(0, GOOD), NOW, &who) == ERR_TENANT);
	ck_assert(ask(sign(0, CLAIMS(V1(HOME), ABROAD, "\"scp\":\"\"")), NOW,
		      &who) == ERR_TENANT);
	add_tenant(HOME);
	ck_assert(ask(sign(0, GOOD), NOW, &who) == ERR_OK);
	ck_assert(ask(sign(0, CLAIMS(V1(ABROAD), ABROAD, "\"scp\":\"\"")), NOW,
		      &who) == ERR_TOKEN_INVALID);
	f.config.tenants = CONFIG_TENANTS_ANY;
	ck_assert(ask(sign(0, CLAIMS(V1(HOME), ABROAD, "\"scp\":\"\"")), NOW,
		      &who) == ERR_OK);
}
END_TEST

/* A key that names no issuer is trusted for a single server. With two servers,
 * a key of one could sign for the tenants of the other. */
START_TEST(refuses_keys_without_issuer_for_two_servers)
{
	struct principal who;

	add_tenant(HOME);
	ck_assert(auth_has_one_server(&f.config));
	auth_close(f.auth);
	strcpy(f.config.jwt_issuer,
	    "https://sts.windows.net/{tenantid}/, https://b.test/");
	f.auth = auth_open(&f.config, NOW);
	ck_assert(!auth_has_one_server(&f.config));
	ck_assert(ask(sign(0, GOOD), NOW, &who) == ERR_TOKEN_INVALID);
	unit_same("the reason", who.why,
	    str_of("its key names no issuer, and jwt_issuer has several "
		   "servers"));
}
END_TEST

START_TEST(follows_the_set_of_keys)
{
	struct principal who;
	char first[JWT_TOKEN_MAX];

	add_tenant(HOME);
	strcpy(first, sign(0, GOOD));
	ck_assert(ask(first, NOW, &who) == ERR_OK);
	ck_assert(ask(sign(1, GOOD), NOW, &who) == ERR_TOKEN_INVALID);
	write_set(2);
	ck_assert(ask(sign(1, GOOD), NOW + 1, &who) == ERR_OK);
	ck_assert(ask(first, NOW + 1, &who) == ERR_OK);
}
END_TEST

/* A token with any one character changed is refused, even if the valid token is
 * in the cache. */
START_TEST(every_character_counts)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789-_.=+/ ";
	char token[JWT_TOKEN_MAX], good;
	struct principal who;
	size_t i, k;
	enum err e;

	add_tenant(HOME);
	strcpy(token, sign(0, GOOD));
	ck_assert(ask(token, NOW, &who) == ERR_OK);
	for (i = 0; token[i] != '\0'; i++) {
		good = token[i];
		/* Each place gets an eighth of the digits; test_jwt tries all
		 * of them. */
		for (k = i % 8; k < sizeof(digits) - 1; k += 8) {
			token[i] = digits[k];
			if (digits[k] == good)
				continue;
			e = ask(token, NOW, &who);
			/* Blanks around the token belong to the header. */
			if (digits[k] != ' ' || (i > 0 && token[i + 1] != 0))
				ck_assert_msg(e == ERR_TOKEN_INVALID,
				    "'%c' at %zu: %d", digits[k], i, e);
		}
		token[i] = good;
	}
	ck_assert(ask(token, NOW, &who) == ERR_OK);
}
END_TEST

START_TEST(cuts_long_names)
{
	char claims[4096], user[1024];
	struct principal who;
	int i;

	add_tenant(HOME);
	/* The name has 100 characters of three bytes. There is room for 42 of
	 * them, and for 21 as the second name. */
	user[0] = '\0';
	for (i = 0; i < 100; i++)
		strcat(user, "\xe2\x82\xac");
	snprintf(claims, sizeof(claims),
	    CLAIMS(V1(HOME), HOME, "\"upn\":\"%s\",\"appid\":\"%s\""), user,
	    user);
	ck_assert(ask(sign(0, claims), NOW, &who) == ERR_OK);
	ck_assert_uint_eq(who.actor.n, 3 * 42 + 4 + 3 * 21);
	ck_assert(str_utf8_valid(who.actor));
}
END_TEST

/* The requests use more tokens than the cache holds. */
START_TEST(forgets_and_verifies_again)
{
	struct principal who;
	char claims[1024];
	int i;

	add_tenant(HOME);
	for (i = 0; i < 1300; i++) {
		snprintf(claims, sizeof(claims),
		    CLAIMS(V1(HOME), HOME, "\"upn\":\"%d\""), i % 1250);
		ck_assert(ask(sign(0, claims), NOW, &who) == ERR_OK);
		snprintf(claims, sizeof(claims), "%d", i % 1250);
		unit_same("the right one", who.actor, str_of(claims));
	}
}
END_TEST

/* --- opaque tokens ------------------------------------------------------ */

static const struct {
	const char *name;
	const char *authorization;
	enum err e;
} opaque_cases[] = {
	{ "takes a token", "Bearer good", ERR_OK },
	{ "takes the scheme in any case", "bEARER good", ERR_OK },
	{ "takes blanks around it", " Bearer   good ", ERR_OK },
	{ "accepts a token that will expire", "Bearer soon", ERR_OK },
	{ "refuses a token that has expired", "Bearer old", ERR_TOKEN_EXPIRED },
	{ "refuses an unknown one", "Bearer goo", ERR_TOKEN_INVALID },
	{ "refuses another case", "Bearer Good", ERR_TOKEN_INVALID },
	{ "refuses two", "Bearer good good", ERR_TOKEN_INVALID },
	{ "refuses one with quotes", "Bearer \"good\"", ERR_TOKEN_INVALID },
	{ "refuses another scheme", "Basic good", ERR_TOKEN_ABSENT },
	{ "refuses no scheme", "good", ERR_TOKEN_ABSENT },
	{ "refuses a scheme alone", "Bearer", ERR_TOKEN_ABSENT },
	{ "refuses an empty header", "", ERR_TOKEN_ABSENT },
	{ "refuses a text that looks like a JWT", "Bearer a.b.c",
	    ERR_TOKEN_INVALID },
	{ "refuses the hash of a token",
	    "Bearer "
	    "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c",
	    ERR_TOKEN_INVALID },
};

START_TEST(opaques)
{
	struct principal who;
	enum err e;

	add_token("good", 0, AUTH_DEVICES_READ);
	add_token("soon", NOW + 1, AUTH_DEVICES_READ);
	add_token("old", NOW, AUTH_DEVICES_READ);
	e = ask_as(f.auth,
	    unit_guard(0, str_of(opaque_cases[_i].authorization)), NOW, &who);
	unit_check(opaque_cases[_i].name, e == opaque_cases[_i].e);
	if (e == ERR_OK) {
		unit_check(
		    opaque_cases[_i].name, who.scopes == AUTH_DEVICES_READ);
		unit_same(opaque_cases[_i].name, who.actor, str_of("eve"));
	}
	/* An opaque token needs the store only, and no struct auth. */
	unit_check(opaque_cases[_i].name,
	    ask_as(NULL, str_of(opaque_cases[_i].authorization), NOW, &who) ==
		opaque_cases[_i].e);
}
END_TEST

static int64_t
used_at(const char *text)
{
	uint8_t hash[STORE_HASH_LEN];
	struct token t;

	auth_token_hash(str_of(text), hash);
	ck_assert(store_begin(f.tx) == ERR_OK);
	ck_assert(store_token(f.tx, hash, &t) == ERR_OK);
	store_end(f.tx);
	unit_same("its name stays", t.name, str_of("eve"));
	return t.used_at;
}

START_TEST(writes_last_uses_once_an_hour)
{
	struct principal who;

	add_token("good", 0, AUTH_DEVICES_READ);
	add_token("never", 0, AUTH_DEVICES_READ);
	ck_assert(ask("good", NOW, &who) == ERR_OK);
	auth_tidy(f.auth, f.store, NOW + 59);
	ck_assert_int_eq(used_at("good"), 0);
	auth_tidy(f.auth, f.store, NOW + 60);
	ck_assert_int_eq(used_at("good"), NOW);
	ck_assert(ask("good", NOW + 3599, &who) == ERR_OK);
	auth_tidy(f.auth, f.store, INT64_MAX);
	ck_assert_int_eq(used_at("good"), NOW);
	ck_assert(ask("good", NOW + 3600, &who) == ERR_OK);
	ck_assert(ask("good", NOW + 3601, &who) == ERR_OK);
	auth_tidy(f.auth, f.store, INT64_MAX);
	ck_assert_int_eq(used_at("good"), NOW + 3600);
	ck_assert_int_eq(used_at("never"), 0);
	/* The clock has been set back. */
	ck_assert(ask("good", NOW, &who) == ERR_OK);
	auth_tidy(f.auth, f.store, INT64_MAX);
	ck_assert_int_eq(used_at("good"), NOW);
}
END_TEST

START_TEST(a_late_last_use_does_not_restore_a_revoked_token)
{
	uint8_t hash[STORE_HASH_LEN];
	struct principal who;

	add_token("good", 0, AUTH_DEVICES_READ);
	ck_assert(ask("good", NOW, &who) == ERR_OK);
	auth_token_hash(str_of("good"), hash);
	unit_update(f.store, unit_delete_token, hash);
	auth_tidy(f.auth, f.store, INT64_MAX);
	ck_assert(ask("good", NOW, &who) == ERR_TOKEN_INVALID);
}
END_TEST

/* --- threads ------------------------------------------------------------ */

#define THREADS 4

struct asker {
	pthread_t thread;
	const char *jwt;
	int64_t now_at;
	unsigned refused;
};

/* Each thread has a transaction and an arena of its own, as a worker has. */
static void *
ask_on(void *arg)
{
	struct asker *a = arg;
	struct auth_call call = { .now_at = a->now_at };
	struct principal who;
	struct arena arena;
	int i;

	arena_init(&arena, malloc(JWT_ARENA + 4096), JWT_ARENA + 4096);
	call.arena = &arena;
	if (store_reader(f.store, &call.tx) != ERR_OK)
		return NULL;
	for (i = 0; i < 500; i++) {
		call.authorization = str_of(
		    i % 2 == 0 ? a->jwt : "Bearer good");
		call.now_at = a->now_at + i / 50;
		arena_reset(&arena);
		if (store_begin(call.tx) != ERR_OK)
			break;
		if (auth_bearer(f.auth, &call, &who) != ERR_OK)
			a->refused++;
		store_end(call.tx);
		(void)auth_failed(
		    f.auth, str_of("192.0.2.1"), str_of(NULL), call.now_at);
		auth_tidy(f.auth, f.store, INT64_MAX);
	}
	store_reader_free(call.tx);
	free(arena.block);
	return NULL;
}

START_TEST(serves_many_threads)
{
	struct asker asker[THREADS] = { { .refused = 0 } };
	char text[JWT_TOKEN_MAX + 8];
	int i;

	add_tenant(HOME);
	add_token("good", 0, AUTH_DEVICES_READ);
	snprintf(text, sizeof(text), "Bearer %s", sign(0, GOOD));
	for (i = 0; i < THREADS; i++) {
		asker[i] = (struct asker){ .jwt = text, .now_at = NOW + i };
		ck_assert(pthread_create(
			      &asker[i].thread, NULL, ask_on, &asker[i]) == 0);
	}
	for (i = 0; i < 20; i++)
		write_set(1 + i % 2);
	for (i = 0; i < THREADS; i++) {
		pthread_join(asker[i].thread, NULL);
		ck_assert_uint_eq(asker[i].refused, 0);
	}
	ck_assert(used_at("good") >= NOW);
}
END_TEST

/* --- failures ----------------------------------------------------------- */

START_TEST(counts_failures_by_peer)
{
	const struct str peer = STR("192.0.2.1"), other = STR("192.0.2.2");
	const struct str proxy = STR("10.0.0.1");
	int i;

	strcpy(f.config.trusted_proxies, "10.0.0.1, 10.0.0.2");
	for (i = 0; i < 20; i++)
		ck_assert_uint_eq(
		    auth_failed(f.auth, peer, str_of(NULL), NOW), 0);
	ck_assert_uint_eq(auth_failed(f.auth, peer, str_of(NULL), NOW), 3);
	ck_assert_uint_eq(auth_failed(f.auth, proxy, peer, NOW), 3);
	ck_assert_uint_eq(auth_failed(f.auth, other, peer, NOW), 0);
	ck_assert_uint_eq(auth_failed(f.auth, peer, str_of(NULL), NOW + 2), 1);
	ck_assert_uint_eq(auth_failed(f.auth, peer, str_of(NULL), NOW + 3), 0);
	/* If the web server names no peer, failures are not counted: the
	 * forwarded address is not trusted. */
	f.config.trusted_proxies[0] = '\0';
	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(auth_failed(f.auth, STR_EMPTY, peer, NOW), 0);
	ck_assert_uint_eq(auth_failed(f.auth, peer, str_of(NULL), NOW), 6);
	ck_assert_uint_eq(auth_failed(NULL, peer, str_of(NULL), NOW), 0);
}
END_TEST

START_TEST(each_right_has_a_name)
{
	char text[AUTH_NAMES_MAX];
	struct str rest, name;
	uint32_t seen = 0;
	struct buf names;

	buf_init(&names, text, sizeof(text));
	auth_scope_names(AUTH_ALL, "1234", &names);
	ck_assert(!names.full);
	buf_init(&names, text, sizeof(text));
	auth_scope_names(AUTH_ALL, ",", &names);
	rest = buf_view(&names);
	while (!str_is_null(rest)) {
		name = str_cut(&rest, ',');
		ck_assert_uint_ne(auth_scope(name), 0);
		ck_assert_uint_eq(seen & auth_scope(name), 0);
		seen |= auth_scope(name);
	}
	ck_assert_uint_eq(seen, AUTH_ALL);
}
END_TEST

START_TEST(accepts_any_token_in_test_mode)
{
	struct guid tenant = guid(ABROAD);
	struct principal who;

	ck_assert(ask("whatever", NOW, &who) == ERR_TOKEN_INVALID);
	auth_take_any(f.auth, &tenant);
	ck_assert(ask("whatever", NOW, &who) == ERR_OK);
	ck_assert(memcmp(&who.tenant, &tenant, sizeof(tenant)) == 0);
	ck_assert_uint_eq(who.scopes, AUTH_ALL);
	ck_assert(ask("", NOW, &who) == ERR_TOKEN_ABSENT);
}
END_TEST

static void
must(bool holds)
{
	if (holds)
		return;
	fputs("test_auth: no keys\n", stderr);
	exit(EXIT_FAILURE);
}

static void
make_keys(void)
{
	struct str what;
	struct buf b;
	int i;

	for (i = 0; i < 2; i++) {
		buf_init(&b, key_text[i], sizeof(key_text[i]) - 1);
		must(jwt_make_key(&b) == ERR_OK);
		buf_init(&b, public_text[i], sizeof(public_text[i]) - 1);
		must(jwt_make_public(str_of(key_text[i]), &b, &what) == ERR_OK);
	}
}

/* --- the tenant of a page ------------------------------------------------- */

#define OID "33333333-2222-3333-4444-555555555555"
#define OTHER_OID "44444444-2222-3333-4444-555555555555"

static const struct {
	const char *name;
	uint32_t scopes;
	const char *oid, *operators;
	bool may_choose;
} choosers[] = {
	{ "a token for all tenants", AUTH_ALL_TENANTS, NULL, "", true },
	{ "a token with every permission of Graph", AUTH_ALL, NULL, "", false },
	{ "a person who is listed", 0, OID, OID, true },
	{ "in other letters", 0, "ABCDEF33-2222-3333-4444-555555555555",
	    "abcdef33-2222-3333-4444-555555555555", true },
	{ "after others", 0, OID, OTHER_OID " , " OID, true },
	{ "with the tenant", 0, OID, HOME "/" OID, true },
	{ "with another tenant", 0, OID, ABROAD "/" OID, false },
	{ "a person who is not listed", 0, OTHER_OID, OID, false },
	{ "the tenant alone", 0, HOME, HOME "/" OID, false },
	{ "no object id", 0, NULL, OID, false },
	{ "an object id that is no GUID", 0, "o", OID, false },
	{ "an empty list", 0, OID, "", false },
};

START_TEST(some_may_choose_the_tenant)
{
	struct principal who = { .tenant = guid(HOME),
		.scopes = choosers[_i].scopes,
		.user_id = str_of(choosers[_i].oid) };

	strcpy(f.config.operator, choosers[_i].operators);
	unit_check(choosers[_i].name,
	    auth_may_choose(&f.config, &who) == choosers[_i].may_choose);
}
END_TEST

#define UNKNOWN "22222222-2222-3333-4444-555555555555"
#define NONE "00000000-0000-0000-0000-000000000000"
static const struct {
	const char *name;
	bool may_choose;
	const char *named;
	enum err e;
	const char *tenant; /* afterwards */
	bool any;
} choices[] = {
	{ "none", false, NULL, ERR_OK, HOME, false },
	{ "an empty one", false, "", ERR_OK, HOME, false },
	{ "its own", false, HOME, ERR_OK, HOME, false },
	{ "another", false, ABROAD, ERR_TENANT_NAMED, HOME, false },
	{ "another, where any tenant is served", false, ABROAD,
	    ERR_TENANT_NAMED, HOME, true },
	{ "no GUID", false, "x", ERR_TENANT_NAMED, HOME, false },
	{ "a provider: none", true, NULL, ERR_NOT_FOUND, HOME, false },
	{ "a provider: one that is listed", true, ABROAD, ERR_OK, ABROAD,
	    false },
	{ "a provider: one that is not listed", true, UNKNOWN, ERR_TENANT_NAMED,
	    HOME, false },
	{ "a provider: any, where any tenant is served", true, UNKNOWN, ERR_OK,
	    UNKNOWN, true },
	{ "a provider: no GUID", true, ABROAD "0", ERR_TENANT_NAMED, HOME,
	    false },
	{ "a provider: the GUID of no tenant", true, NONE, ERR_TENANT_NAMED,
	    HOME, false },
	{ "the same, where any tenant is served", true, NONE, ERR_TENANT_NAMED,
	    HOME, true },
};

START_TEST(a_page_has_a_tenant)
{
	const struct auth_call call = {
		.tx = f.tx, .now_at = NOW, .arena = &f.arena
	};
	struct guid want = guid(choices[_i].tenant);
	struct principal who = { .tenant = guid(HOME),
		.scopes = choices[_i].may_choose ? AUTH_ALL_TENANTS : 0 };
	enum err e;

	f.config.tenants = choices[_i].any ? CONFIG_TENANTS_ANY
					   : CONFIG_TENANTS_LISTED;
	add_tenant(ABROAD);
	ck_assert(store_begin(f.tx) == ERR_OK);
	e = auth_choose_tenant(
	    &f.config, &call, str_of(choices[_i].named), &who);
	store_end(f.tx);
	unit_check(choices[_i].name, e == choices[_i].e);
	unit_check(
	    choices[_i].name, memcmp(&who.tenant, &want, sizeof(want)) == 0);
}
END_TEST

/* A token for all tenants has the GUID of no tenant, which is not its own. */
START_TEST(a_token_for_all_tenants_has_none)
{
	const struct auth_call call = {
		.tx = f.tx, .now_at = NOW, .arena = &f.arena
	};
	struct principal who = { .scopes = AUTH_ALL_TENANTS };

	ck_assert(store_begin(f.tx) == ERR_OK);
	ck_assert(auth_choose_tenant(&f.config, &call, str_of(NONE), &who) ==
	    ERR_TENANT_NAMED);
	store_end(f.tx);
	ck_assert(!who.has_chosen);
}
END_TEST

/* The tenant in `operator` is that of the person, whatever tenant the person
 * looks at. */
START_TEST(an_operator_stays_one_in_another_tenant)
{
	const struct auth_call call = {
		.tx = f.tx, .now_at = NOW, .arena = &f.arena
	};
	struct principal who = { .tenant = guid(HOME), .user_id = STR(OID) };
	struct guid abroad = guid(ABROAD);

	strcpy(f.config.operator, HOME "/" OID);
	add_tenant(ABROAD);
	ck_assert(store_begin(f.tx) == ERR_OK);
	ck_assert(auth_choose_tenant(&f.config, &call, str_of(UNKNOWN), &who) ==
	    ERR_TENANT_NAMED);
	ck_assert(!who.has_chosen && auth_may_choose(&f.config, &who));
	ck_assert(auth_choose_tenant(&f.config, &call, str_of(ABROAD), &who) ==
	    ERR_OK);
	store_end(f.tx);
	ck_assert(memcmp(&who.tenant, &abroad, sizeof(abroad)) == 0);
	ck_assert(auth_may_choose(&f.config, &who));
}
END_TEST

/* No claim gives the right of a provider. */
START_TEST(a_jwt_is_never_for_all_tenants)
{
	struct principal who;

	add_tenant(HOME);
	ck_assert(ask(sign(0,
			  CLAIMS(V1(HOME), HOME,
			      PERSON "\"scp\":\"pushcert.AllTenants\","
				     "\"roles\":[\"pushcert.AllTenants\"]")),
		      NOW, &who) == ERR_OK);
	ck_assert_uint_eq(who.scopes, 0);
	ck_assert_uint_eq(auth_scope(str_of("pushcert.AllTenants")), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("auth");
	TCase *t = tcase_create("auth");

	make_keys();
	log_open(false, LOG_AT_ERROR);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, jwts, 0, ROWS(jwt_cases));
	tcase_add_test(t, a_cached_token_expires);
	tcase_add_test(t, checks_the_tenant_at_each_request);
	tcase_add_test(t, accepts_any_tenant_if_configured);
	tcase_add_test(t, checks_the_tenant_even_if_the_issuer_names_one);
	tcase_add_test(t, refuses_keys_without_issuer_for_two_servers);
	tcase_add_test(t, follows_the_set_of_keys);
	tcase_add_test(t, every_character_counts);
	tcase_add_test(t, cuts_long_names);
	tcase_add_test(t, forgets_and_verifies_again);
	tcase_add_loop_test(t, opaques, 0, ROWS(opaque_cases));
	tcase_add_test(t, writes_last_uses_once_an_hour);
	tcase_add_test(t, a_late_last_use_does_not_restore_a_revoked_token);
	tcase_add_test(t, serves_many_threads);
	tcase_add_test(t, counts_failures_by_peer);
	tcase_add_test(t, each_right_has_a_name);
	tcase_add_test(t, accepts_any_token_in_test_mode);
	tcase_add_loop_test(t, some_may_choose_the_tenant, 0, ROWS(choosers));
	tcase_add_loop_test(t, a_page_has_a_tenant, 0, ROWS(choices));
	tcase_add_test(t, a_token_for_all_tenants_has_none);
	tcase_add_test(t, an_operator_stays_one_in_another_tenant);
	tcase_add_test(t, a_jwt_is_never_for_all_tenants);
	suite_add_tcase(s, t);
	return unit_run(s);
}
