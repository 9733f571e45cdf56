/* SPDX-License-Identifier: ISC */
/*
 * test_sso.c - which id_tokens sign people in, for which sign-in, and with
 * which permissions.
 */
#include "rules/sso.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/jwt.h"
#include "format/jwt_make.h"
#include "unit.h"
#include "unit_store.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
#define NOW 1700000000
#define HOME "6fa459ea-ee8a-4ca4-894e-db77e160355e"
#define ABROAD "11111111-2222-3333-4444-555555555555"
#define CLIENT "22222222-2222-3333-4444-555555555555"
#define BACK "https://mdm.example.org/graph/ui/sso"
#define WANTED "event?n=3"
#define PROVIDER \
	"https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
#define WRITE "DeviceManagementServiceConfig.ReadWrite.All"

/* The set of keys has only the first. */
static char key_text[2][4096];

static struct {
	struct config config;
	struct secrets secrets;
	struct store *store;
	struct txn *tx;
	struct arena arena;
	struct session_site site;
	char cookie[2][1024]; /* of two sign-ins, as browsers send them back */
	char nonce[2][2 * SSO_RANDOM_LEN + 1];
	char location[2048];
} f;

/* --- setup ---------------------------------------------------------------- */

static void
write_set(void)
{
	char pem[2048], text[8192];
	struct str what;
	struct buf public, set;
	FILE *file;

	buf_init(&public, pem, sizeof(pem));
	buf_init(&set, text, sizeof(text));
	ck_assert(
	    jwt_make_public(str_of(key_text[0]), &public, &what) == ERR_OK);
	ck_assert(jwt_make_set(buf_view(&public), &set, &what) == ERR_OK);
	ck_assert((file = fopen(f.config.jwks_file, "w")) != NULL);
	fwrite(set.p, 1, set.n, file);
	ck_assert(fclose(file) == 0);
}

static enum err
begin(unsigned number, int64_t now_at)
{
	const uint8_t random[SSO_RANDOM_LEN] = { (uint8_t)number, 0xab };
	struct auth_call call = {
		.tx = f.tx, .now_at = now_at, .arena = &f.arena
	};
	struct sso_start start = { .back = STR(BACK), .wanted = STR(WANTED) };
	struct str value;
	enum err e;

	e = sso_begin(&f.site, &call, random, &start);
	if (e != ERR_OK)
		return e;
	value = str_cut(&start.cookie, ';');
	snprintf(
	    f.cookie[number], sizeof(f.cookie[number]), "%.*s", STR_ARG(value));
	snprintf(
	    f.location, sizeof(f.location), "%.*s", STR_ARG(start.location));
	str_hex(random, sizeof(random), f.nonce[number]);
	return ERR_OK;
}

static void
set_up(void)
{
	static char block[JWT_ARENA + 65536];
	struct tenant listed = { .alias = { NULL, 0 } };

	config_default(&f.config);
	f.secrets = (struct secrets){ .can_seal = true, .key = { 1, 2, 3 } };
	snprintf(f.config.jwks_file, sizeof(f.config.jwks_file), "%s/keys",
	    unit_directory());
	strcpy(f.config.client_id, CLIENT);
	strcpy(f.config.sso_uri, PROVIDER);
	write_set();
	f.store = unit_store((struct store_options){ .directory = NULL });
	ck_assert(store_reader(f.store, &f.tx) == ERR_OK);
	ck_assert(str_guid(str_of(HOME), &listed.id));
	unit_update(f.store, unit_put_tenant, &listed);
	arena_init(&f.arena, block, sizeof(block));
	f.site = (struct session_site){ .config = &f.config,
		.secrets = &f.secrets,
		.auth = auth_open(&f.config, NOW),
		.is_secure = true };
	ck_assert(f.site.auth != NULL);
	ck_assert(begin(0, NOW) == ERR_OK && begin(1, NOW) == ERR_OK);
}

static void
tear_down(void)
{
	auth_close(f.site.auth);
	store_reader_free(f.tx);
	store_close(f.store);
}

/* Returns a token with these claims; %n stands for the nonce of the first
 * sign-in, %o for that of the second. Valid until the next call. */
static const char *
sign(int key, const char *claims)
{
	static char text[JWT_TOKEN_MAX];
	char full[4096] = "";
	struct str what;
	struct buf b;

	for (; *claims != '\0'; claims++)
		if (*claims == '%')
			strcat(full, f.nonce[*++claims == 'o']);
		else
			strncat(full, claims, 1);
	buf_init(&b, text, sizeof(text) - 1);
	ck_assert(jwt_make_token(str_of(key_text[key]), str_of(full), &b,
		      &what) == ERR_OK);
	text[b.n] = '\0';
	return text;
}

static enum err
finish(struct sso_answer *answer, int64_t now_at, struct principal *who,
    struct str *cookie)
{
	struct auth_call call = {
		.tx = f.tx, .now_at = now_at, .arena = &f.arena
	};
	enum err e;

	arena_reset(&f.arena);
	ck_assert(store_begin(f.tx) == ERR_OK);
	e = sso_end(&f.site, &call, answer, who, cookie);
	store_end(f.tx);
	ck_assert(e == ERR_OK || who->why.n > 0);
	ck_assert(e != ERR_OK || who->why.n == 0);
	return e;
}

static enum err
bring(const char *token, int64_t now_at, struct principal *who)
{
	struct sso_answer answer = { .cookies = str_of(f.cookie[0]),
		.state = str_of(f.nonce[0]),
		.id_token = str_of(token) };
	struct str cookie;

	return finish(&answer, now_at, who, &cookie);
}

/* --- tokens --------------------------------------------------------------- */

#define V2(tenant) \
	"\"iss\":\"https://login.microsoftonline.com/" tenant "/v2.0\","
#define TID(tenant) "\"tid\":\"" tenant "\","
#define AUD "\"aud\":\"" CLIENT "\","
#define TIMES "\"exp\":1700003600,\"nbf\":1700000000,\"iat\":1700000000,"
#define ADA                                                 \
	"\"oid\":\"33333333-2222-3333-4444-555555555555\"," \
	"\"preferred_username\":\"ada@example.org\","
#define ROLES "\"roles\":[\"" WRITE "\"]"
#define NONCE "\"nonce\":\"%n\","
#define GOOD "{" V2(HOME) TID(HOME) AUD TIMES ADA NONCE ROLES "}"

static const struct {
	const char *name, *claims;
	enum err e;
	const char *actor;
} tokens[] = {
	{ "a person of version 2", GOOD, ERR_OK, "ada@example.org" },
	{ "a person of version 1",
	    "{\"iss\":\"https://sts.windows.net/" HOME "/\"," TID(HOME)
		AUD TIMES "\"upn\":\"ada@a.test\"," NONCE ROLES "}",
	    ERR_OK, "ada@a.test" },
	{ "this application in azp",
	    "{" V2(HOME) TID(HOME) AUD TIMES ADA NONCE "\"azp\":\"" CLIENT
						       "\"," ROLES "}",
	    ERR_OK, "ada@example.org" },
	{ "roles that are not ours beside one",
	    "{" V2(HOME) TID(HOME) AUD TIMES ADA NONCE
	    "\"roles\":[\"Admin\",\"" WRITE "\",\"pushcert.AllTenants\"]}",
	    ERR_OK, "ada@example.org" },
	{ "the nonce of another sign-in",
	    "{" V2(HOME) TID(HOME) AUD TIMES ADA "\"nonce\":\"%o\"," ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "no nonce", "{" V2(HOME) TID(HOME) AUD TIMES ADA ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "an empty nonce",
	    "{" V2(HOME) TID(HOME) AUD TIMES ADA "\"nonce\":\"\"," ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "more than the nonce",
	    "{" V2(HOME) TID(HOME) AUD TIMES ADA "\"nonce\":\"%n0\"," ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "another audience",
	    "{" V2(HOME) TID(HOME) "\"aud\":\"other\"," TIMES ADA NONCE ROLES
				   "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "an access token, for an audience of the API",
	    "{" V2(HOME)
		TID(HOME) "\"aud\":\"https://graph.microsoft.com\"," TIMES ADA
		    NONCE ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "several audiences, made for another application",
	    "{" V2(HOME) TID(HOME) "\"aud\":[\"" CLIENT
				   "\",\"other\"]," TIMES ADA NONCE
				   "\"azp\":\"other\"," ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "another issuer",
	    "{\"iss\":\"https://evil.example/" HOME "/\"," TID(HOME)
		AUD TIMES ADA NONCE ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "the issuer of another tenant",
	    "{" V2(ABROAD) TID(HOME) AUD TIMES ADA NONCE ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "a tenant that is not listed",
	    "{" V2(ABROAD) TID(ABROAD) AUD TIMES ADA NONCE ROLES "}",
	    ERR_TENANT, NULL },
	{ "no tenant", "{" V2(HOME) AUD TIMES ADA NONCE ROLES "}",
	    ERR_TOKEN_INVALID, NULL },
	{ "expired",
	    "{" V2(HOME) TID(HOME) AUD "\"exp\":1699999940," ADA NONCE ROLES
				       "}",
	    ERR_TOKEN_EXPIRED, NULL },
	{ "not yet valid",
	    "{" V2(HOME) TID(HOME) AUD
	    "\"exp\":1700003600,\"nbf\":1700000061," ADA NONCE ROLES "}",
	    ERR_TOKEN_EXPIRED, NULL },
	{ "no roles", "{" V2(HOME) TID(HOME) AUD TIMES ADA NONCE "\"a\":1}",
	    ERR_SSO_ROLE, NULL },
	{ "roles that are not ours",
	    "{" V2(HOME) TID(HOME) AUD TIMES ADA NONCE
	    "\"roles\":[\"Admin\",\"pushcert.AllTenants\"]}",
	    ERR_SSO_ROLE, NULL },
	{ "scopes, which an application has asked for",
	    "{" V2(HOME) TID(HOME) AUD TIMES ADA NONCE "\"scp\":\"" WRITE "\"}",
	    ERR_SSO_ROLE, NULL },
};

START_TEST(tokens_are_judged)
{
	const char *name = tokens[_i].name;
	struct principal who;
	struct guid home;

	ck_assert(str_guid(str_of(HOME), &home));
	ck_assert_msg(
	    bring(sign(0, tokens[_i].claims), NOW, &who) == tokens[_i].e,
	    "%s: %.*s", name, STR_ARG(who.why));
	if (tokens[_i].e != ERR_OK)
		return;
	unit_same(name, who.actor, str_of(tokens[_i].actor));
	unit_check(name, who.kind == ACTOR_USER);
	unit_check(name, who.scopes == AUTH_SERVICE_CONFIG_WRITE);
	unit_check(name, memcmp(&who.tenant, &home, sizeof(home)) == 0);
}
END_TEST

START_TEST(a_token_of_another_key)
{
	struct principal who;

	ck_assert(bring(sign(1, GOOD), NOW, &who) == ERR_TOKEN_INVALID);
}
END_TEST

/* --- sign-ins ------------------------------------------------------------- */

/* %0 and %1 are the cookies of two sign-ins; the token is for the first. */
static const struct {
	const char *name, *cookies, *state, *token;
	enum err e;
} answers[] = {
	{ "the cookie, the state and the token", "%0", "%n", GOOD, ERR_OK },
	{ "no state, which some providers drop", "%0", NULL, GOOD, ERR_OK },
	{ "among other cookies", "a=b; %0; pushcert=x", "%n", GOOD, ERR_OK },
	{ "no cookie: this browser asked for no token", NULL, "%n", GOOD,
	    ERR_SSO_STATE },
	{ "the cookie of another sign-in", "%1", NULL, GOOD,
	    ERR_TOKEN_INVALID },
	{ "two cookies, one of which another host may have set", "%1; %0", "%n",
	    GOOD, ERR_SSO_STATE },
	{ "a broken cookie", "__Secure-pushcert-sso=AAAA", "%n", GOOD,
	    ERR_SSO_STATE },
	{ "the state of another sign-in", "%0", "%o", GOOD, ERR_SSO_STATE },
	{ "a state that is too short", "%0", "00", GOOD, ERR_SSO_STATE },
	{ "no token: the person went back", "%0", "%n", NULL, ERR_SSO_REFUSED },
	{ "an empty token", "%0", "%n", "", ERR_SSO_REFUSED },
	{ "text that is no token", "%0", "%n", "x", ERR_TOKEN_INVALID },
};

static void
fill(const char *text, char out[4096])
{
	out[0] = '\0';
	for (; text != NULL && *text != '\0'; text++) {
		const char *value = *text != '%' ? NULL
		    : text[1] == 'n'             ? f.nonce[0]
		    : text[1] == 'o'             ? f.nonce[1]
						 : f.cookie[text[1] - '0'];

		if (value == NULL)
			strncat(out, text, 1);
		else
			strcat(out, value);
		text += value != NULL;
	}
}

START_TEST(answers_are_judged)
{
	char cookies[4096], state[4096];
	const char *token = answers[_i].token;
	struct sso_answer answer;
	struct principal who;
	struct str cookie;

	fill(answers[_i].cookies, cookies);
	fill(answers[_i].state, state);
	if (token != NULL && token[0] == '{')
		token = sign(0, token);
	answer = (struct sso_answer){ .cookies = str_of(cookies),
		.state = str_of(answers[_i].state != NULL ? state : NULL),
		.id_token = str_of(token) };
	ck_assert_msg(finish(&answer, NOW, &who, &cookie) == answers[_i].e,
	    "%s: %.*s", answers[_i].name, STR_ARG(who.why));
}
END_TEST

START_TEST(a_sign_in_becomes_a_session)
{
	struct sso_answer answer = { .cookies = str_of(f.cookie[0]),
		.id_token = str_of(sign(0, GOOD)) };
	struct auth_call call = { .tx = f.tx, .arena = &f.arena };
	struct principal who;
	struct str cookie;
	char text[1024];

	ck_assert(finish(&answer, NOW, &who, &cookie) == ERR_OK);
	unit_same("wanted", answer.wanted, str_of(WANTED));
	cookie = str_cut(&cookie, ';');
	snprintf(text, sizeof(text), "%.*s", STR_ARG(cookie));
	ck_assert(store_begin(f.tx) == ERR_OK);
	call.authorization = str_of(text);
	/* The session outlives the token. */
	call.now_at = NOW + 7 * 3600;
	ck_assert(session_open(&f.site, &call, &who) == ERR_OK);
	unit_same("actor", who.actor, str_of("ada@example.org"));
	call.now_at = NOW + 8 * 3600;
	ck_assert(session_open(&f.site, &call, &who) == ERR_TOKEN_EXPIRED);
	store_end(f.tx);
}
END_TEST

START_TEST(a_sign_in_takes_ten_minutes)
{
	const char *token = sign(0, GOOD);
	struct principal who;

	ck_assert(bring(token, NOW + 599, &who) == ERR_OK);
	ck_assert(bring(token, NOW + 600, &who) == ERR_SSO_STATE);
}
END_TEST

/* An expired sign-in beside a new one does not count. */
START_TEST(a_new_sign_in_replaces_an_old_one)
{
	char both[2048];
	struct sso_answer answer = { .cookies = { NULL, 0 } };
	struct principal who;
	struct str cookie;

	snprintf(both, sizeof(both), "%s", f.cookie[1]);
	ck_assert(begin(0, NOW + 300) == ERR_OK);
	snprintf(both + strlen(both), sizeof(both) - strlen(both), "; %s",
	    f.cookie[0]);
	answer.cookies = str_of(both);
	answer.id_token = str_of(sign(0, GOOD));
	ck_assert(finish(&answer, NOW + 599, &who, &cookie) == ERR_SSO_STATE);
	ck_assert(finish(&answer, NOW + 600, &who, &cookie) == ERR_OK);
}
END_TEST

START_TEST(a_tenant_of_its_own)
{
	static const char other[] =
	    "{\"iss\":\"https://idp.a.test\"," AUD TIMES
	    "\"preferred_username\":\"ada\"," NONCE ROLES "}";
	struct principal who;
	struct guid home;

	ck_assert(str_guid(str_of(HOME), &home));
	auth_close(f.site.auth);
	strcpy(f.config.jwt_issuer, "https://idp.a.test");
	f.site.auth = auth_open(&f.config, NOW);
	ck_assert(bring(sign(0, other), NOW, &who) == ERR_TOKEN_INVALID);
	strcpy(f.config.sso_tenant, HOME);
	ck_assert(bring(sign(0, other), NOW, &who) == ERR_OK);
	ck_assert(memcmp(&who.tenant, &home, sizeof(home)) == 0);
	strcpy(f.config.sso_tenant, ABROAD);
	ck_assert(bring(sign(0, other), NOW, &who) == ERR_TENANT);
}
END_TEST

START_TEST(people_of_another_tenant_than_sso_tenant)
{
	struct principal who;

	strcpy(f.config.sso_tenant, HOME);
	ck_assert(bring(sign(0, GOOD), NOW, &who) == ERR_OK);
	strcpy(f.config.sso_tenant, ABROAD);
	ck_assert(bring(sign(0, GOOD), NOW, &who) == ERR_TOKEN_INVALID);
}
END_TEST

START_TEST(sends_the_browser_to_the_provider)
{
	ck_assert_str_eq(f.location,
	    PROVIDER "?response_type=id_token&response_mode=form_post"
		     "&scope=openid%20profile&client_id=" CLIENT
		     "&redirect_uri=https%3A%2F%2Fmdm.example.org%2Fgraph%2Fui"
		     "%2Fsso&nonce=01ab0000000000000000000000000000"
		     "&state=01ab0000000000000000000000000000");
	strcpy(f.config.sso_uri, "https://idp.a.test/auth?tenant=a");
	strcpy(f.config.client_id, "a b&c=d/\xc3\xa9");
	ck_assert(begin(0, NOW) == ERR_OK);
	ck_assert(strstr(f.location,
		      "https://idp.a.test/auth?tenant=a&response_type="
		      "id_token&") == f.location);
	ck_assert(
	    strstr(f.location, "&client_id=a%20b%26c%3Dd%2F%C3%A9&") != NULL);
}
END_TEST

START_TEST(the_cookie_of_a_sign_in_has_its_attributes)
{
	const uint8_t random[SSO_RANDOM_LEN] = { 0 };
	struct auth_call call = {
		.tx = f.tx, .now_at = NOW, .arena = &f.arena
	};
	struct sso_start start = { .back = STR(BACK) };

	ck_assert(sso_begin(&f.site, &call, random, &start) == ERR_OK);
	ck_assert(str_starts(start.cookie, "__Secure-pushcert-sso="));
	ck_assert(str_ends(
	    start.cookie, "; Max-Age=600; HttpOnly; SameSite=None; Secure"));
	unit_same("removal", sso_removal(),
	    str_of("__Secure-pushcert-sso=; Max-Age=0; HttpOnly; "
		   "SameSite=None; Secure"));
}
END_TEST

/* The sign-in takes each token that the API takes. */
START_TEST(an_access_token_becomes_a_session)
{
	static const char claims[] = "{" V2(HOME)
	    TID(HOME) "\"aud\":\"https://graph.microsoft.com\"," TIMES ADA
		      "\"scp\":\"" WRITE "\"}";
	struct auth_call call = { .tx = f.tx,
		.authorization = str_of(sign(0, claims)),
		.now_at = NOW,
		.arena = &f.arena };
	struct principal who;
	struct str cookie;

	ck_assert(store_begin(f.tx) == ERR_OK);
	ck_assert(session_begin(&f.site, &call, &who, &cookie) == ERR_OK);
	call.authorization = str_cut(&cookie, ';');
	/* The token has an hour, and clocks may differ by a minute. */
	call.now_at = NOW + 3659;
	ck_assert(session_open(&f.site, &call, &who) == ERR_OK);
	unit_same("actor", who.actor, str_of("ada@example.org"));
	ck_assert_uint_eq(who.scopes, AUTH_SERVICE_CONFIG_WRITE);
	call.now_at = NOW + 3660;
	ck_assert(session_open(&f.site, &call, &who) == ERR_TOKEN_EXPIRED);
	store_end(f.tx);
}
END_TEST

/* One key seals both cookies. */
START_TEST(the_cookie_of_a_sign_in_is_no_session)
{
	struct auth_call call = {
		.tx = f.tx, .now_at = NOW, .arena = &f.arena
	};
	struct principal who;
	char text[1024];

	snprintf(text, sizeof(text), "__Secure-pushcert%s",
	    strchr(f.cookie[0], '='));
	call.authorization = str_of(text);
	ck_assert(session_open(&f.site, &call, &who) == ERR_TOKEN_INVALID);
}
END_TEST

START_TEST(names_what_it_lacks)
{
	struct principal who;

	ck_assert(sso_lacks(&f.site) == NULL);
	f.site.is_secure = false;
	ck_assert_str_eq(sso_lacks(&f.site), "https");
	ck_assert(begin(0, NOW) == ERR_NOT_IMPLEMENTED);
	f.site.is_secure = true;
	f.secrets.can_seal = false;
	ck_assert_str_eq(sso_lacks(&f.site), "key_file");
	f.secrets.can_seal = true;
	auth_close(f.site.auth);
	f.site.auth = NULL;
	ck_assert_str_eq(sso_lacks(&f.site), "jwks_file");
	f.config.sso_uri[0] = '\0';
	ck_assert_str_eq(sso_lacks(&f.site), "sso_uri");
	ck_assert(begin(0, NOW) == ERR_NOT_IMPLEMENTED);
	ck_assert(bring("x", NOW, &who) == ERR_NOT_IMPLEMENTED);
}
END_TEST

static void
make_keys(void)
{
	struct buf b;
	int i;

	for (i = 0; i < 2; i++) {
		buf_init(&b, key_text[i], sizeof(key_text[i]) - 1);
		if (jwt_make_key(&b) != ERR_OK)
			exit(EXIT_FAILURE);
	}
}

int
main(void)
{
	Suite *s = suite_create("sso");
	TCase *t = tcase_create("sso");

	make_keys();
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, tokens_are_judged, 0, ROWS(tokens));
	tcase_add_test(t, a_token_of_another_key);
	tcase_add_loop_test(t, answers_are_judged, 0, ROWS(answers));
	tcase_add_test(t, a_sign_in_becomes_a_session);
	tcase_add_test(t, a_sign_in_takes_ten_minutes);
	tcase_add_test(t, a_new_sign_in_replaces_an_old_one);
	tcase_add_test(t, a_tenant_of_its_own);
	tcase_add_test(t, people_of_another_tenant_than_sso_tenant);
	tcase_add_test(t, sends_the_browser_to_the_provider);
	tcase_add_test(t, the_cookie_of_a_sign_in_has_its_attributes);
	tcase_add_test(t, an_access_token_becomes_a_session);
	tcase_add_test(t, the_cookie_of_a_sign_in_is_no_session);
	tcase_add_test(t, names_what_it_lacks);
	suite_add_tcase(s, t);
	return unit_run(s);
}
