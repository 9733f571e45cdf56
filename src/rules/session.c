/* SPDX-License-Identifier: ISC */
/*
 * session.c - makes the cookies of sessions, and judges those that come back.
 */
#include "rules/session.h"

#include <string.h>

#include "format/cookies.h"
#include "format/row.h"
#include "rules/cookie.h"

/* The fields of a cookie. An old cookie lives at most a week, so the purpose
 * takes a new number when the meaning of a field changes. */
enum session_field {
	SESSION_KIND,
	SESSION_UNTIL,
	SESSION_EPOCH,
	SESSION_TOKEN, /* the hash of an opaque token; the rest is null then */
	SESSION_TENANT,
	SESSION_SCOPES,
	SESSION_ACTOR_KIND,
	SESSION_ACTOR,
	SESSION_USER_ID,
	SESSION_FIELDS
};

enum session_kind { SESSION_OF_TOKEN = 1, SESSION_OF_CLAIMS };

/* With this prefix a browser takes the cookie only over https (RFC 6265bis).
 * The prefix __Host- would demand a Path. */
#define SECURE "__Secure-"
#define NAME "pushcert"
#define PURPOSE STR("pushcert.session.1")
/* Lax, because with Strict the return from a sign-in elsewhere, or a link in a
 * mail, would find no session. */
#define ATTRIBUTES "; HttpOnly; SameSite=Lax"

static const struct cookie cookies[] = {
	{ STR(NAME), PURPOSE, SESSION_FIELDS, ATTRIBUTES },
	{ STR(SECURE NAME), PURPOSE, SESSION_FIELDS, ATTRIBUTES "; Secure" },
};

static const struct str removals[] = {
	STR(NAME "=; Max-Age=0" ATTRIBUTES),
	STR(SECURE NAME "=; Max-Age=0" ATTRIBUTES "; Secure"),
};

static const struct cookie *
cookie_of(const struct session_site *site)
{
	return &cookies[site->is_secure];
}

struct str
session_removal(const struct session_site *site)
{
	return removals[site->is_secure];
}

bool
session_is_possible(const struct session_site *site)
{
	return site->secrets->can_seal;
}

/* --- making --------------------------------------------------------------- */

/* Adds what each session has, and seals the fields. */
static enum err
seal(const struct session_site *site, const struct auth_call *call,
    int64_t until_at, struct str field[SESSION_FIELDS], struct str *cookie)
{
	int64_t end = call->now_at +
	    (int64_t)site->config->session_hours * 3600;
	char until[ROW_U64_LEN], number[ROW_U64_LEN];
	uint64_t epoch;
	enum err e;

	if ((e = store_session_epoch(call->tx, &epoch)) != ERR_OK)
		return e;
	if (until_at != 0 && until_at < end)
		end = until_at;
	field[SESSION_UNTIL] = row_u64((uint64_t)end, until);
	field[SESSION_EPOCH] = row_u64(epoch, number);
	return cookie_seal(
	    cookie_of(site), site->secrets, field, call->arena, cookie);
}

static enum err
begin_with_token(const struct session_site *site, const struct auth_call *call,
    struct str *cookie)
{
	uint8_t hash[STORE_HASH_LEN];
	char kind[ROW_U64_LEN];
	struct str field[SESSION_FIELDS] = {
		[SESSION_KIND] = row_u64(SESSION_OF_TOKEN, kind),
		[SESSION_TOKEN] = str_from((const char *)hash, sizeof(hash)),
	};

	auth_token_hash(call->authorization, hash);
	return seal(site, call, 0, field, cookie);
}

enum err
session_begin_as(const struct session_site *site, const struct auth_call *call,
    const struct principal *who, struct str *cookie)
{
	char kind[ROW_U64_LEN], scopes[ROW_U64_LEN], actor_kind[ROW_U64_LEN];
	struct str field[SESSION_FIELDS] = {
		[SESSION_KIND] = row_u64(SESSION_OF_CLAIMS, kind),
		[SESSION_TENANT] = str_from(
		    (const char *)who->tenant.byte, sizeof(who->tenant.byte)),
		[SESSION_SCOPES] = row_u64(who->scopes, scopes),
		[SESSION_ACTOR_KIND] = row_u64(who->kind, actor_kind),
		[SESSION_ACTOR] = who->actor,
		[SESSION_USER_ID] = who->user_id,
	};

	if (!session_is_possible(site))
		return ERR_NOT_IMPLEMENTED;
	return seal(site, call, who->until_at, field, cookie);
}

enum err
session_begin(const struct session_site *site, const struct auth_call *call,
    struct principal *who, struct str *cookie)
{
	enum err e;

	if (!session_is_possible(site))
		return ERR_NOT_IMPLEMENTED;
	if ((e = auth_token(site->auth, call, who)) != ERR_OK)
		return e;
	return who->is_opaque ? begin_with_token(site, call, cookie)
			      : session_begin_as(site, call, who, cookie);
}

/* --- judging -------------------------------------------------------------- */

static enum err
refuse(enum err e, const char *why, struct principal *who)
{
	who->why = str_of(why);
	return e;
}

static enum err
take_claims(const struct session_site *site, const struct auth_call *call,
    const struct str field[SESSION_FIELDS], struct principal *who)
{
	struct str tenant = field[SESSION_TENANT];

	if (tenant.n != sizeof(who->tenant.byte))
		return refuse(ERR_TOKEN_INVALID, "its session is broken", who);
	memcpy(who->tenant.byte, tenant.p, tenant.n);
	who->scopes = (uint32_t)row_get_u64(field[SESSION_SCOPES]);
	who->kind = (enum actor_kind)row_get_u64(field[SESSION_ACTOR_KIND]);
	who->actor = field[SESSION_ACTOR];
	who->user_id = field[SESSION_USER_ID];
	who->until_at = (int64_t)row_get_u64(field[SESSION_UNTIL]);
	return auth_check_tenant(site->config, call, who);
}

static bool
is_over(const struct str field[SESSION_FIELDS], int64_t now_at)
{
	return (int64_t)row_get_u64(field[SESSION_UNTIL]) <= now_at;
}

static enum err
judge(const struct session_site *site, const struct auth_call *call,
    const struct str field[SESSION_FIELDS], struct principal *who)
{
	struct str token = field[SESSION_TOKEN];
	uint64_t epoch;
	enum err e;

	if (is_over(field, call->now_at))
		return refuse(ERR_TOKEN_EXPIRED, "its session is over", who);
	if ((e = store_session_epoch(call->tx, &epoch)) != ERR_OK)
		return e;
	if (row_get_u64(field[SESSION_EPOCH]) != epoch)
		return refuse(ERR_TOKEN_INVALID, "its session was ended", who);
	if (row_get_u64(field[SESSION_KIND]) == SESSION_OF_CLAIMS)
		return take_claims(site, call, field, who);
	if (token.n != STORE_HASH_LEN)
		return refuse(ERR_TOKEN_INVALID, "its session is broken", who);
	return auth_known(site->auth, call, (const uint8_t *)token.p, who);
}

/* The sessions that a header has. A session that is over does not count beside
 * a valid one. */
struct search {
	struct str value; /* null: none */
	struct str field[SESSION_FIELDS];
	bool over;
	bool several;
};

static void
note(struct search *s, struct str value, const struct str *field, bool over)
{
	if (!str_is_null(s->value) && !s->over) {
		s->several |= !over && !str_eq(value, s->value);
		return;
	}
	s->value = value;
	memcpy(s->field, field, sizeof(s->field));
	s->over = over;
}

static enum err
find(const struct session_site *site, const struct auth_call *call,
    struct search *found, bool *any)
{
	const struct cookie *k = cookie_of(site);
	struct str field[SESSION_FIELDS], value, rest = call->authorization;
	enum err e;

	while (cookies_next(&rest, k->name, &value)) {
		*any |= value.n > 0;
		e = cookie_open(k, site->secrets, value, call->arena, field);
		if (e == ERR_OK)
			note(found, value, field, is_over(field, call->now_at));
		else if (e != ERR_TOKEN_INVALID)
			return e;
	}
	return ERR_OK;
}

enum err
session_open(const struct session_site *site, const struct auth_call *call,
    struct principal *who)
{
	struct search found = { .over = false };
	bool any = false;
	enum err e;

	*who = (struct principal){ .scopes = 0 };
	if (session_is_possible(site) &&
	    (e = find(site, call, &found, &any)) != ERR_OK)
		return e;
	if (!any)
		return refuse(ERR_TOKEN_ABSENT, "it has no session", who);
	if (str_is_null(found.value))
		return refuse(
		    ERR_TOKEN_INVALID, "its session was not made here", who);
	if (found.several)
		return refuse(
		    ERR_TOKEN_INVALID, "it has several sessions", who);
	return judge(site, call, found.field, who);
}
