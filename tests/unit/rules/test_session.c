/* SPDX-License-Identifier: ISC */
/*
 * test_session.c - which cookies are a session, for how long, and whose.
 */
#include "rules/session.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "unit_store.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
#define NOW 1700000000
#define HOUR 3600
#define TOKEN "the token of eve"
#define OTHER "the token of bob"

static struct {
	struct config config;
	struct secrets secrets;
	struct store *store;
	struct txn *tx;
	struct arena arena;
	struct session_site site;
	struct guid tenant;
} f;

static void
add_token(const char *text, const char *name, int64_t expires_at)
{
	struct token t = { .tenant = f.tenant,
		.scopes = AUTH_SERVICE_CONFIG_READ,
		.name = str_of(name),
		.expires_at = expires_at };

	auth_token_hash(str_of(text), t.hash);
	unit_update(f.store, unit_put_token, &t);
}

static void
set_up(void)
{
	static char block[65536];
	struct tenant listed;

	config_default(&f.config);
	f.secrets = (struct secrets){ .can_seal = true, .key = { 1, 2, 3 } };
	f.store = unit_store((struct store_options){ .directory = NULL });
	ck_assert(store_reader(f.store, &f.tx) == ERR_OK);
	arena_init(&f.arena, block, sizeof(block));
	f.site =
	    (struct session_site){ .config = &f.config, .secrets = &f.secrets };
	f.tenant = unit_tenant(1);
	listed = (struct tenant){ .id = f.tenant };
	unit_update(f.store, unit_put_tenant, &listed);
	add_token(TOKEN, "eve", 0);
	add_token(OTHER, "bob", NOW + HOUR);
}

static void
tear_down(void)
{
	store_reader_free(f.tx);
	store_close(f.store);
}

static struct auth_call
call_with(struct str text, int64_t now_at)
{
	return (struct auth_call){ .tx = f.tx,
		.authorization = text,
		.now_at = now_at,
		.arena = &f.arena };
}

/* The cookie alone, as a browser sends it back. Valid until the next call with
 * the same slot. */
static const char *
sent(int slot, struct str header)
{
	static char text[2][1024];
	struct str value = str_cut(&header, ';');

	snprintf(text[slot], sizeof(text[slot]), "%.*s", STR_ARG(value));
	return text[slot];
}

static const char *
sign_in(int slot, const char *token)
{
	struct auth_call call = call_with(str_of(token), NOW);
	struct principal who;
	struct str cookie;

	ck_assert(store_begin(f.tx) == ERR_OK);
	ck_assert(session_begin(&f.site, &call, &who, &cookie) == ERR_OK);
	store_end(f.tx);
	return sent(slot, cookie);
}

static struct principal
sso_user(void)
{
	return (struct principal){ .tenant = f.tenant,
		.scopes = AUTH_SERVICE_CONFIG_WRITE,
		.actor = str_of("ada@a.test"),
		.kind = ACTOR_USER,
		.user_id = str_of("6fa459ea-ee8a-4ca4-894e-db77e160355e") };
}

static const char *
sign_in_as(int slot, const struct principal *who)
{
	struct auth_call call = call_with(str_of(NULL), NOW);
	struct str cookie;

	ck_assert(store_begin(f.tx) == ERR_OK);
	ck_assert(session_begin_as(&f.site, &call, who, &cookie) == ERR_OK);
	store_end(f.tx);
	return sent(slot, cookie);
}

static enum err
come_back(const char *header, int64_t now_at, struct principal *who)
{
	struct auth_call call = call_with(str_of(header), now_at);
	enum err e;

	arena_reset(&f.arena);
	ck_assert(store_begin(f.tx) == ERR_OK);
	e = session_open(&f.site, &call, who);
	store_end(f.tx);
	ck_assert(e == ERR_OK || who->why.n > 0);
	ck_assert(e != ERR_OK || who->why.n == 0);
	return e;
}

START_TEST(a_token_becomes_a_session)
{
	struct principal who;

	ck_assert(come_back(sign_in(0, TOKEN), NOW, &who) == ERR_OK);
	unit_same("actor", who.actor, str_of("eve"));
	ck_assert(who.kind == ACTOR_TOKEN && who.is_opaque);
	ck_assert_uint_eq(who.scopes, AUTH_SERVICE_CONFIG_READ);
	ck_assert(memcmp(&who.tenant, &f.tenant, sizeof(f.tenant)) == 0);
}
END_TEST

START_TEST(claims_become_a_session)
{
	struct principal user = sso_user(), who;

	ck_assert(come_back(sign_in_as(0, &user), NOW, &who) == ERR_OK);
	unit_same("actor", who.actor, user.actor);
	unit_same("user id", who.user_id, user.user_id);
	ck_assert(who.kind == ACTOR_USER && !who.is_opaque);
	ck_assert_uint_eq(who.scopes, user.scopes);
	ck_assert(memcmp(&who.tenant, &f.tenant, sizeof(f.tenant)) == 0);
}
END_TEST

START_TEST(the_cookie_holds_no_token)
{
	const char *cookie = sign_in(0, TOKEN);
	uint8_t hash[STORE_HASH_LEN];
	char hex[2 * STORE_HASH_LEN + 1] = "";

	auth_token_hash(str_of(TOKEN), hash);
	str_hex(hash, sizeof(hash), hex);
	ck_assert(strstr(cookie, TOKEN) == NULL && strstr(cookie, hex) == NULL);
	/* Each seal has its own nonce. */
	ck_assert(strcmp(cookie, sign_in(1, TOKEN)) != 0);
}
END_TEST

/* The attributes are the defence against scripts and other sites. */
START_TEST(the_cookie_has_its_attributes)
{
	static const struct {
		bool secure;
		const char *start, *end, *removal;
	} cases[] = {
		{ false, "pushcert=", "; HttpOnly; SameSite=Lax",
		    "pushcert=; Max-Age=0; HttpOnly; SameSite=Lax" },
		{ true,
		    "__Secure-pushcert=", "; HttpOnly; SameSite=Lax; Secure",
		    "__Secure-pushcert=; Max-Age=0; HttpOnly; SameSite=Lax; "
		    "Secure" },
	};
	struct auth_call call = call_with(str_of(TOKEN), NOW);
	struct principal who;
	struct str cookie, rest;
	size_t i;

	for (i = 0; i < 2; i++) {
		f.site.is_secure = cases[i].secure;
		ck_assert(store_begin(f.tx) == ERR_OK);
		ck_assert(
		    session_begin(&f.site, &call, &who, &cookie) == ERR_OK);
		store_end(f.tx);
		ck_assert(str_starts(cookie, cases[i].start));
		rest = cookie;
		(void)str_cut(&rest, ';');
		unit_same(cases[i].start,
		    str_tail(cookie, cookie.n - rest.n - 1),
		    str_of(cases[i].end));
		unit_same("removal", session_removal(&f.site),
		    str_of(cases[i].removal));
	}
}
END_TEST

/* A cookie of http is no session over https, where another program of the host
 * could have set it without TLS. */
START_TEST(a_cookie_of_http_counts_for_http_only)
{
	const char *cookie = sign_in(0, TOKEN);
	char secure[1024];
	struct principal who;

	snprintf(secure, sizeof(secure), "__Secure-%s", cookie);
	ck_assert(come_back(secure, NOW, &who) == ERR_TOKEN_ABSENT);
	f.site.is_secure = true;
	ck_assert(come_back(cookie, NOW, &who) == ERR_TOKEN_ABSENT);
	ck_assert(come_back(secure, NOW, &who) == ERR_OK);
}
END_TEST

START_TEST(each_changed_character_is_refused)
{
	char cookie[1024];
	struct principal who;
	size_t i, n;
	int bit;

	strcpy(cookie, sign_in(0, TOKEN));
	n = strlen(cookie);
	for (i = strlen("pushcert="); i < n; i++)
		for (bit = 0; bit < 8; bit++) {
			cookie[i] = (char)(cookie[i] ^ 1 << bit);
			ck_assert(come_back(cookie, NOW, &who) != ERR_OK);
			cookie[i] = (char)(cookie[i] ^ 1 << bit);
		}
	ck_assert(come_back(cookie, NOW, &who) == ERR_OK);
	while (n > strlen("pushcert=")) {
		cookie[--n] = '\0';
		ck_assert(come_back(cookie, NOW, &who) != ERR_OK);
	}
}
END_TEST

START_TEST(a_session_ends_after_its_hours)
{
	struct principal user = sso_user(), who;
	const char *cookie = sign_in(0, TOKEN), *claims;

	ck_assert(come_back(cookie, NOW + 8 * HOUR - 1, &who) == ERR_OK);
	ck_assert(come_back(cookie, NOW + 8 * HOUR, &who) == ERR_TOKEN_EXPIRED);
	f.config.session_hours = 1;
	cookie = sign_in(0, TOKEN);
	ck_assert(come_back(cookie, NOW + HOUR - 1, &who) == ERR_OK);
	ck_assert(come_back(cookie, NOW + HOUR, &who) == ERR_TOKEN_EXPIRED);
	user.until_at = NOW + 60;
	claims = sign_in_as(0, &user);
	ck_assert(come_back(claims, NOW + 59, &who) == ERR_OK);
	ck_assert(come_back(claims, NOW + 60, &who) == ERR_TOKEN_EXPIRED);
	user.until_at = NOW + 2 * HOUR;
	claims = sign_in_as(0, &user);
	ck_assert(come_back(claims, NOW + HOUR, &who) == ERR_TOKEN_EXPIRED);
}
END_TEST

START_TEST(a_session_ends_with_its_token)
{
	uint8_t hash[STORE_HASH_LEN];
	struct principal who;
	char cookie[1024];

	strcpy(cookie, sign_in(0, OTHER));
	ck_assert(come_back(cookie, NOW + HOUR - 1, &who) == ERR_OK);
	ck_assert(come_back(cookie, NOW + HOUR, &who) == ERR_TOKEN_EXPIRED);
	strcpy(cookie, sign_in(0, TOKEN));
	ck_assert(come_back(cookie, NOW, &who) == ERR_OK);
	auth_token_hash(str_of(TOKEN), hash);
	unit_update(f.store, unit_delete_token, hash);
	ck_assert(come_back(cookie, NOW, &who) == ERR_TOKEN_INVALID);
}
END_TEST

START_TEST(a_session_of_claims_ends_with_its_tenant)
{
	struct principal user = sso_user(), who;
	const char *cookie = sign_in_as(0, &user);

	unit_update(f.store, unit_delete_tenant, &f.tenant);
	ck_assert(come_back(cookie, NOW, &who) == ERR_TENANT);
	f.config.tenants = CONFIG_TENANTS_ANY;
	ck_assert(come_back(cookie, NOW, &who) == ERR_OK);
}
END_TEST

START_TEST(a_session_ends_with_the_key)
{
	const char *cookie = sign_in(0, TOKEN);
	struct principal who;

	f.secrets.key[31] ^= 1;
	ck_assert(come_back(cookie, NOW, &who) == ERR_TOKEN_INVALID);
	f.secrets.key[31] ^= 1;
	f.secrets.can_seal = false;
	ck_assert(come_back(cookie, NOW, &who) == ERR_TOKEN_ABSENT);
}
END_TEST

static enum err
put_epoch(struct txn *tx, void *epoch)
{
	return store_session_epoch_put(tx, *(uint64_t *)epoch);
}

START_TEST(all_sessions_can_be_ended)
{
	struct principal user = sso_user(), who;
	const char *cookie = sign_in(0, TOKEN), *claims = sign_in_as(1, &user);
	uint64_t epoch = NOW;

	unit_update(f.store, put_epoch, &epoch);
	ck_assert(come_back(cookie, NOW, &who) == ERR_TOKEN_INVALID);
	ck_assert(come_back(claims, NOW, &who) == ERR_TOKEN_INVALID);
	ck_assert(come_back(sign_in(0, TOKEN), NOW, &who) == ERR_OK);
	ck_assert(store_begin(f.tx) == ERR_OK);
	ck_assert(unit_verify(f.tx).findings == 0);
	store_end(f.tx);
}
END_TEST

START_TEST(no_session_without_a_key_or_a_token)
{
	struct auth_call call = call_with(str_of("an unknown token"), NOW);
	struct principal user = sso_user(), who;
	struct str cookie;

	ck_assert(store_begin(f.tx) == ERR_OK);
	ck_assert(
	    session_begin(&f.site, &call, &who, &cookie) == ERR_TOKEN_INVALID);
	call.authorization = STR_EMPTY;
	ck_assert(
	    session_begin(&f.site, &call, &who, &cookie) == ERR_TOKEN_ABSENT);
	call.authorization = str_of(TOKEN);
	f.secrets.can_seal = false;
	ck_assert(!session_is_possible(&f.site));
	ck_assert(session_begin(&f.site, &call, &who, &cookie) ==
	    ERR_NOT_IMPLEMENTED);
	ck_assert(session_begin_as(&f.site, &call, &user, &cookie) ==
	    ERR_NOT_IMPLEMENTED);
	store_end(f.tx);
}
END_TEST

/* %1 and %2 stand for the cookies of two sign-ins; the second has the other
 * token. */
static const struct {
	const char *name, *header;
	enum err e;
	const char *actor;
} headers[] = {
	{ "one session", "%1", ERR_OK, "eve" },
	{ "among other cookies", "a=b; %1; c=d", ERR_OK, "eve" },
	{ "without blanks", "a=b;%1;c=d", ERR_OK, "eve" },
	{ "with blanks and empty pieces", " ; ;;  %1  ;", ERR_OK, "eve" },
	{ "after pieces that are no cookies", "pushcert; a; =; %1", ERR_OK,
	    "eve" },
	{ "the same session twice", "%1; %1", ERR_OK, "eve" },
	{ "beside a value that is none", "pushcert=x; %1; pushcert=", ERR_OK,
	    "eve" },
	{ "two sessions, which one of another host may have set", "%1; %2",
	    ERR_TOKEN_INVALID, NULL },
	{ "no header", NULL, ERR_TOKEN_ABSENT, NULL },
	{ "an empty header", "", ERR_TOKEN_ABSENT, NULL },
	{ "other cookies", "a=b; pushcert2=x", ERR_TOKEN_ABSENT, NULL },
	{ "a name in another case", "PUSHCERT=x", ERR_TOKEN_ABSENT, NULL },
	{ "a name that ends like ours", "a.%1", ERR_TOKEN_ABSENT, NULL },
	{ "an empty value, as after a sign-out", "pushcert=", ERR_TOKEN_ABSENT,
	    NULL },
	{ "a value that is none", "pushcert=x", ERR_TOKEN_INVALID, NULL },
	{ "a value with text after it", "%1=", ERR_TOKEN_INVALID, NULL },
	{ "a value in quotes", "pushcert=\"x\"", ERR_TOKEN_INVALID, NULL },
	{ "commas instead of semicolons", "%1, a=b", ERR_TOKEN_INVALID, NULL },
};

START_TEST(headers_with_odd_cookies)
{
	const char *cookie[2] = { sign_in(0, TOKEN), sign_in(1, OTHER) };
	const char *p = headers[_i].header;
	char text[4096] = "";
	struct principal who;

	for (; p != NULL && *p != '\0'; p++)
		if (*p == '%')
			strcat(text, cookie[*++p - '1']);
		else
			strncat(text, p, 1);
	unit_check(headers[_i].name,
	    come_back(headers[_i].header == NULL ? NULL : text, NOW, &who) ==
		headers[_i].e);
	unit_same(headers[_i].name, who.actor, str_of(headers[_i].actor));
}
END_TEST

/* An expired session beside one that is not: the browser had two. */
START_TEST(a_session_that_is_over_hides_no_other)
{
	struct principal user = sso_user(), who;
	char text[2048];
	int i;

	user.until_at = NOW + 60;
	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s; %s",
		    i == 0 ? sign_in_as(0, &user) : sign_in(0, TOKEN),
		    i == 0 ? sign_in(1, TOKEN) : sign_in_as(1, &user));
		ck_assert(come_back(text, NOW, &who) == ERR_TOKEN_INVALID);
		ck_assert(come_back(text, NOW + 60, &who) == ERR_OK);
		unit_same("actor", who.actor, str_of("eve"));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session");
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_token_becomes_a_session);
	tcase_add_test(t, claims_become_a_session);
	tcase_add_test(t, the_cookie_holds_no_token);
	tcase_add_test(t, the_cookie_has_its_attributes);
	tcase_add_test(t, a_cookie_of_http_counts_for_http_only);
	tcase_add_test(t, each_changed_character_is_refused);
	tcase_add_test(t, a_session_ends_after_its_hours);
	tcase_add_test(t, a_session_ends_with_its_token);
	tcase_add_test(t, a_session_of_claims_ends_with_its_tenant);
	tcase_add_test(t, a_session_ends_with_the_key);
	tcase_add_test(t, all_sessions_can_be_ended);
	tcase_add_test(t, no_session_without_a_key_or_a_token);
	tcase_add_loop_test(t, headers_with_odd_cookies, 0, ROWS(headers));
	tcase_add_test(t, a_session_that_is_over_hides_no_other);
	suite_add_tcase(s, t);
	return unit_run(s);
}
