/* SPDX-License-Identifier: ISC */
/*
 * auth.c - authenticates callers by bearer tokens (RFC 6750). The text of a
 * token is never stored: the program looks it up by its SHA-256.
 */
#include "rules/auth.h"

#include <stdlib.h>
#include <string.h>

#include "rules/auth_cache.h"
#include "rules/token_use.h"
#include "format/client_addr.h"
#include "format/crypto.h"
#include "format/jwt.h"
#include "state/keyring.h"
#include "state/ratelimit.h"
#include "base/log.h"

/* A list in the configuration has fewer items than this. */
#define ITEMS_MAX (CONFIG_TEXT_MAX / 2)

struct auth {
	const struct config *config;
	struct guid any_tenant;
	bool take_any;
	struct ratelimit *limit;
	struct token_use *uses;

	/* NULL: JWTs are not accepted. */
	struct keyring *keyring;
	struct auth_cache *cache;
	struct jwt_policy policy;
	struct str issuer[ITEMS_MAX];
	struct str audience[ITEMS_MAX];
};

void
auth_token_text(const uint8_t secret[AUTH_SECRET_LEN], char out[AUTH_TOKEN_LEN])
{
	(void)str_base64url(secret, AUTH_SECRET_LEN, out);
}

void
auth_token_hash(struct str token, uint8_t hash[STORE_HASH_LEN])
{
	crypto_sha256(token, hash);
}

/* --- what all requests share ------------------------------------------- */

static size_t
split(const char *list, struct str *item)
{
	struct str rest = str_of(list);
	size_t n = 0;

	while (!str_is_null(rest)) {
		item[n] = str_trim(str_cut(&rest, ','));
		if (item[n].n > 0)
			n++;
	}
	return n;
}

bool
auth_has_one_server(const struct config *c)
{
	struct str issuer[ITEMS_MAX];
	const struct jwt_policy policy = { .issuer = issuer,
		.issuers = split(c->jwt_issuer, issuer) };

	return jwt_is_one_server(&policy);
}

static bool
open_keyring(struct auth *auth, int64_t now_at, enum log_level level)
{
	const struct config *c = auth->config;

	auth->policy = (struct jwt_policy){
		.issuer = auth->issuer,
		.issuers = split(c->jwt_issuer, auth->issuer),
		.audience = auth->audience,
		.audiences = split(c->jwt_audience, auth->audience),
	};
	auth->cache = auth_cache_new();
	auth->keyring = keyring_open(c->jwks_file, now_at, level);
	return auth->cache != NULL && auth->keyring != NULL;
}

static struct auth *
open_auth(const struct config *c, int64_t now_at, enum log_level level)
{
	struct auth *auth = calloc(1, sizeof(*auth));

	if (auth == NULL)
		return NULL;
	auth->config = c;
	auth->limit = ratelimit_new(
	    (unsigned)c->failed_logins, (unsigned)c->failed_logins_period);
	auth->uses = token_use_new();
	if (auth->limit == NULL || auth->uses == NULL ||
	    (c->jwks_file[0] != '\0' && !open_keyring(auth, now_at, level))) {
		auth_close(auth);
		return NULL;
	}
	return auth;
}

struct auth *
auth_open(const struct config *c, int64_t now_at)
{
	return open_auth(c, now_at, LOG_AT_WARNING);
}

struct auth *
auth_open_once(const struct config *c, int64_t now_at)
{
	return open_auth(c, now_at, LOG_AT_DEBUG);
}

void
auth_close(struct auth *auth)
{
	if (auth == NULL)
		return;
	keyring_close(auth->keyring);
	auth_cache_free(auth->cache);
	ratelimit_free(auth->limit);
	token_use_free(auth->uses);
	free(auth);
}

void
auth_take_any(struct auth *auth, const struct guid *tenant)
{
	auth->any_tenant = *tenant;
	auth->take_any = true;
}

bool
auth_takes_any(const struct auth *auth)
{
	return auth != NULL && auth->take_any;
}

unsigned
auth_failed(
    struct auth *auth, struct str remote, struct str forwarded, int64_t now_at)
{
	struct str peer;

	/* Without REMOTE_ADDR, all clients would share one bucket, so their
	 * failures are not counted. */
	if (auth == NULL || remote.n == 0)
		return 0;
	peer = client_addr(
	    remote, forwarded, str_of(auth->config->trusted_proxies));
	return ratelimit_failed(auth->limit, peer, now_at);
}

void
auth_tidy(struct auth *auth, struct store *st, int64_t now_at)
{
	if (auth != NULL)
		token_use_write(auth->uses, st, now_at);
}

/* --- opaque tokens ------------------------------------------------------ */

static enum err
refuse(enum err e, const char *why, struct principal *out)
{
	out->why = str_of(why);
	return e;
}

static enum err
take_opaque(struct auth *auth, const struct auth_call *call,
    const uint8_t hash[STORE_HASH_LEN], struct principal *out)
{
	static const struct str unnamed = STR("token");
	struct token t = { .expires_at = 0 };
	enum err e;

	e = store_token(call->tx, hash, &t);
	if (e == ERR_NOT_FOUND)
		return refuse(ERR_TOKEN_INVALID, "it is unknown", out);
	if (e != ERR_OK)
		return e;
	if (t.expires_at != 0 && t.expires_at <= call->now_at) {
		/* An unknown token takes the same read, so the response time
		 * does not reveal that this token exists. */
		if ((e = store_token_before(call->tx, hash)) != ERR_OK)
			return e;
		return refuse(ERR_TOKEN_EXPIRED, "it has expired", out);
	}
	if (auth != NULL)
		token_use_note(auth->uses, &t, call->now_at);
	out->tenant = t.tenant;
	out->scopes = t.scopes;
	out->kind = ACTOR_TOKEN;
	out->actor = arena_copy(call->arena, t.name.n > 0 ? t.name : unnamed);
	return str_is_null(out->actor) ? ERR_MEMORY : ERR_OK;
}

/* --- JWT ---------------------------------------------------------------- */

static bool
is_jwt(struct str token)
{
	size_t i, dots = 0;

	for (i = 0; i < token.n; i++)
		dots += token.p[i] == '.';
	return dots == 2;
}

/* Unknown names are permissions of other services, and are ignored. */
static uint32_t
scopes_of(const struct jwt_list *list)
{
	struct str names;
	uint32_t set = 0;
	size_t at = 0;

	while (jwt_list_next(list, &at, &names))
		while (!str_is_null(names))
			set |= auth_scope(str_cut(&names, ' '));
	return set;
}

/* Appends at most n bytes of s, without splitting a character. */
static void
put_head(struct str s, size_t n, struct buf *out)
{
	if (n >= s.n)
		n = s.n;
	else
		while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
	buf_str(out, str_head(s, n));
}

/* Names the actor for the history and the log: the user, by name or else by
 * object id, and the application. */
static void
name_actor(const struct jwt *t, struct auth_verified *out)
{
	struct str user = t->user.n > 0 ? t->user : t->object;
	struct buf b;

	buf_init(&b, out->actor, sizeof(out->actor));
	put_head(user, 128, &b);
	if (t->application.n > 0)
		buf_text(&b, user.n > 0 ? " by " : "app ");
	put_head(t->application, 64, &b);
	if (b.n == 0)
		buf_text(&b, ACTOR_UNNAMED);
	out->actor_n = (uint8_t)b.n;
	buf_init(&b, out->user_id, sizeof(out->user_id));
	put_head(t->object, sizeof(out->user_id), &b);
	out->user_id_n = (uint8_t)b.n;
}

/* An application's own token has no scopes, but roles, and no name of a user.
 * Its object id is that of the application. */
static enum actor_kind
kind_of(const struct jwt *t)
{
	struct str names;
	size_t at = 0;

	return t->user.n > 0 || jwt_list_next(&t->scopes, &at, &names)
	    ? ACTOR_USER
	    : ACTOR_APPLICATION;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static enum err
verify(struct auth *auth, const struct auth_call *call, struct str token,
    struct auth_verified *out, struct str *why)
{
	struct jwt t;
	enum err e;

	e = keyring_verify(auth->keyring, token, call->arena, &t, why);
	if (e != ERR_OK)
		return e;
	if ((e = jwt_judge(&t, &auth->policy, call->now_at, why)) != ERR_OK)
		return e;
	out->from_at = later(t.not_before_at, t.issued_at) - JWT_SKEW;
	out->until_at = t.expires_at + JWT_SKEW;
	out->tenant = t.tenant;
	out->scopes = scopes_of(&t.scopes) | scopes_of(&t.roles);
	out->kind = (uint8_t)kind_of(&t);
	name_actor(&t, out);
	return ERR_OK;
}

static enum err
check_tenant(const struct auth *auth, const struct auth_call *call,
    struct principal *out)
{
	struct tenant t;
	enum err e;

	/* The tenant is checked even if jwt_issuer names the issuer in full:
	 * the tenant is a claim of the token, and one server may issue tokens
	 * for many tenants. */
	if (auth->config->tenants == CONFIG_TENANTS_ANY)
		return ERR_OK;
	e = store_tenant(call->tx, &out->tenant, &t);
	return e == ERR_NOT_FOUND
	    ? refuse(ERR_TENANT, "its tenant is not listed", out)
	    : e;
}

static enum err
take_jwt(struct auth *auth, const struct auth_call *call, struct str token,
    const uint8_t hash[STORE_HASH_LEN], struct principal *out)
{
	struct auth_verified v = { .state = keyring_refresh(
				       auth->keyring, call->now_at) };
	size_t used = call->arena->used;
	struct str why;
	enum err e;

	if (!auth_cache_get(auth->cache, hash, v.state, call->now_at, &v)) {
		memcpy(v.hash, hash, sizeof(v.hash));
		e = verify(auth, call, token, &v, &why);
		/* Verification takes as much memory as the rest of the request,
		 * so it is given back here. */
		call->arena->used = used;
		if (e != ERR_OK)
			return refuse(e, why.p, out);
		auth_cache_put(auth->cache, &v);
	}
	out->tenant = v.tenant;
	out->scopes = v.scopes;
	out->actor = arena_copy(call->arena, str_from(v.actor, v.actor_n));
	if (str_is_null(out->actor))
		return ERR_MEMORY;
	out->kind = (enum actor_kind)v.kind;
	if (v.user_id_n > 0) {
		out->user_id = arena_copy(
		    call->arena, str_from(v.user_id, v.user_id_n));
		if (str_is_null(out->user_id))
			return ERR_MEMORY;
	}
	return check_tenant(auth, call, out);
}

/* --- bearers ------------------------------------------------------------ */

/*
 * Extracts the credentials from an Authorization header of the scheme Bearer.
 */
static enum err
bearer(struct str authorization, struct str *token)
{
	struct str scheme = str_cut(&authorization, ' ');

	*token = str_trim(authorization);
	if (!str_iis(scheme, "bearer") || token->n == 0)
		return ERR_TOKEN_ABSENT;
	return ERR_OK;
}

static enum err
take(struct auth *auth, const struct auth_call *call, struct str token,
    struct principal *out)
{
	uint8_t hash[STORE_HASH_LEN];

	if (auth_takes_any(auth)) {
		if (!str_guid(token, &out->tenant))
			out->tenant = auth->any_tenant;
		out->scopes = AUTH_ALL;
		out->kind = ACTOR_TOKEN;
		out->actor = str_of("any token");
		return ERR_OK;
	}
	auth_token_hash(token, hash);
	if (auth != NULL && auth->keyring != NULL && is_jwt(token))
		return take_jwt(auth, call, token, hash, out);
	return take_opaque(auth, call, hash, out);
}

enum err
auth_bearer(
    struct auth *auth, const struct auth_call *call, struct principal *out)
{
	struct str token;
	enum err e;

	*out = (struct principal){ .scopes = 0 };
	e = bearer(str_trim(call->authorization), &token);
	if (e != ERR_OK)
		return refuse(e, "there is no bearer token", out);
	return take(auth, call, token, out);
}
