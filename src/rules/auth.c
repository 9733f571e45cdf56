/* SPDX-License-Identifier: ISC */
/*
 * auth.c - authenticates callers by bearer tokens (RFC 6750). The text of a
 * token is never stored: the program looks it up by its SHA-256.
 */
#include "rules/auth_private.h"

#include <stdlib.h>
#include <string.h>

#include "rules/token_use.h"
#include "format/client_addr.h"
#include "format/crypto.h"
#include "state/keyring.h"
#include "state/ratelimit.h"
#include "base/log.h"

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

/* --- tokens ------------------------------------------------------------- */

enum err
auth_refuse(enum err e, const char *why, struct principal *out)
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
		return auth_refuse(ERR_TOKEN_INVALID, "it is unknown", out);
	if (e != ERR_OK)
		return e;
	if (t.expires_at != 0 && t.expires_at <= call->now_at) {
		/* An unknown token takes the same read, so the response time
		 * does not reveal that this token exists. */
		if ((e = store_token_before(call->tx, hash)) != ERR_OK)
			return e;
		return auth_refuse(ERR_TOKEN_EXPIRED, "it has expired", out);
	}
	if (auth != NULL)
		token_use_note(auth->uses, &t, call->now_at);
	out->tenant = t.tenant;
	out->scopes = t.scopes;
	out->kind = ACTOR_TOKEN;
	out->is_opaque = true;
	out->actor = arena_copy(call->arena, t.name.n > 0 ? t.name : unnamed);
	return str_is_null(out->actor) ? ERR_MEMORY : ERR_OK;
}

static enum err
take_known(struct auth *auth, const struct auth_call *call, struct str token,
    struct principal *out)
{
	uint8_t hash[STORE_HASH_LEN];

	auth_token_hash(token, hash);
	if (auth_takes_jwt(auth) && auth_is_jwt(token))
		return auth_take_jwt(auth, call, token, hash, out);
	return take_opaque(auth, call, hash, out);
}

/* A stand-in for tests takes every token. A GUID is its own tenant. */
static enum err
take_any(struct auth *auth, const struct auth_call *call, struct str token,
    struct principal *out)
{
	(void)call;
	if (!str_guid(token, &out->tenant))
		out->tenant = auth->any_tenant;
	out->scopes = AUTH_ALL;
	out->kind = ACTOR_TOKEN;
	out->actor = str_of("any token");
	return ERR_OK;
}

void
auth_take_any(struct auth *auth, const struct guid *tenant)
{
	auth->any_tenant = *tenant;
	auth->take = take_any;
}

static enum err
take(struct auth *auth, const struct auth_call *call, struct str token,
    struct principal *out)
{
	return auth == NULL ? take_known(NULL, call, token, out)
			    : auth->take(auth, call, token, out);
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
	auth->take = take_known;
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

bool
auth_takes_jwt(const struct auth *auth)
{
	return auth != NULL && auth->keyring != NULL;
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

enum err
auth_token(
    struct auth *auth, const struct auth_call *call, struct principal *out)
{
	*out = (struct principal){ .scopes = 0 };
	if (call->authorization.n == 0)
		return auth_refuse(ERR_TOKEN_ABSENT, "it has no token", out);
	return take(auth, call, call->authorization, out);
}

enum err
auth_known(struct auth *auth, const struct auth_call *call,
    const uint8_t hash[STORE_HASH_LEN], struct principal *out)
{
	*out = (struct principal){ .scopes = 0 };
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
		return auth_refuse(e, "there is no bearer token", out);
	return take(auth, call, token, out);
}

/* --- the tenant of a page ------------------------------------------------- */

/* Whether an item, ID or TENANT/ID, is this caller. */
static bool
is_caller(struct str item, const struct principal *who)
{
	struct guid tenant, object, id;
	struct str first = str_cut(&item, '/');

	if (!str_guid(who->user_id, &object))
		return false;
	if (!str_is_null(item) &&
	    (!str_guid(first, &tenant) ||
		memcmp(&tenant, &who->tenant, sizeof(tenant)) != 0))
		return false;
	return str_guid(str_is_null(item) ? first : item, &id) &&
	    memcmp(&id, &object, sizeof(id)) == 0;
}

bool
auth_may_choose(const struct config *c, const struct principal *who)
{
	struct str rest = str_of(c->operator);

	if (who->has_chosen || (who->scopes & AUTH_ALL_TENANTS) != 0)
		return true;
	while (!str_is_null(rest))
		if (is_caller(str_trim(str_cut(&rest, ',')), who))
			return true;
	return false;
}

/* Whether the tenant has a record or is listed, so that a mistyped id does not
 * become a tenant. */
static enum err
check_choice(
    const struct config *c, const struct auth_call *call, struct principal *who)
{
	struct record r;
	enum err e = store_record(call->tx, &who->tenant, &r);

	return e == ERR_NOT_FOUND ? auth_check_tenant(c, call, who) : e;
}

/* A token for all tenants has this GUID, and the store keeps what belongs to no
 * tenant under it. */
static bool
is_none(const struct guid *tenant)
{
	static const struct guid none;

	return memcmp(tenant, &none, sizeof(none)) == 0;
}

enum err
auth_choose_tenant(const struct config *c, const struct auth_call *call,
    struct str named, struct principal *who)
{
	bool may_choose = auth_may_choose(c, who);
	struct guid own = who->tenant, tenant;
	enum err e;

	if (named.n == 0)
		return may_choose ? ERR_NOT_FOUND : ERR_OK;
	if (!str_guid(named, &tenant))
		return auth_refuse(
		    ERR_TENANT_NAMED, "it names a tenant without a GUID", who);
	if (is_none(&tenant))
		return auth_refuse(ERR_TENANT_NAMED,
		    "it names no tenant: the GUID is all zeros", who);
	if (memcmp(&tenant, &own, sizeof(tenant)) == 0)
		return ERR_OK;
	if (!may_choose)
		return auth_refuse(ERR_TENANT_NAMED,
		    "it names another tenant than its own", who);
	who->tenant = tenant;
	e = check_choice(c, call, who);
	who->has_chosen = e == ERR_OK;
	if (e == ERR_OK)
		return ERR_OK;
	who->tenant = own;
	return e == ERR_TENANT ? ERR_TENANT_NAMED : e;
}
