/* SPDX-License-Identifier: ISC */
/*
 * auth.h - authentication: a bearer token becomes a principal, which has one
 * tenant and a set of permissions. Safe to call from any thread.
 *
 * There are two kinds of tokens. Opaque tokens are made by the tool and looked
 * up in the store at each request. If a JWKS file is configured, the tokens of
 * an OAuth authorization server (JWTs) are accepted too.
 */
#ifndef PUSHCERT_AUTH_H
#define PUSHCERT_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "state/config.h"
#include "base/err.h"
#include "rules/scope.h"
#include "base/buf.h"
#include "store/store.h"
#include "base/str.h"

/* An opaque token is 32 random bytes in base64url. */
#define AUTH_SECRET_LEN 32
#define AUTH_TOKEN_LEN 43
void auth_token_text(
    const uint8_t secret[AUTH_SECRET_LEN], char out[AUTH_TOKEN_LEN]);
void auth_token_hash(struct str token, uint8_t hash[STORE_HASH_LEN]);

/* The state that all requests share: keys, verified tokens, the failures of
 * peers, and the uses of tokens. With NULL, only opaque tokens are accepted,
 * and neither failures nor uses are counted. */
struct auth;

/*
 * The configuration must outlive the result. Returns NULL if memory runs out.
 */
struct auth *auth_open(const struct config *c, int64_t now_at);
/* The same for a process that answers one request. It leaves it to doctor to
 * report what would otherwise be logged as a warning at each request. */
struct auth *auth_open_once(const struct config *c, int64_t now_at);
void auth_close(struct auth *auth);

/* Whether all items of jwt_issuer belong to one server (jwt_is_one_server). */
bool auth_has_one_server(const struct config *c);

/* From now on, any bearer token has all permissions: a token that is a GUID on
 * the tenant of that GUID, and any other token on this tenant. For tests; call
 * it before the first request. */
void auth_take_any(struct auth *auth, const struct guid *tenant);

struct auth_call {
	struct txn *tx; /* must have begun */
	struct str authorization; /* the value of the header */
	int64_t now_at;
	struct arena *arena;
};

/* The authenticated caller. Slices live in the arena. */
struct principal {
	struct guid tenant;
	uint32_t scopes;
	struct str actor;
	enum actor_kind kind;
	struct str user_id; /* the object id of a JWT, or null */
	/* An opaque token holds as long as it is in the store, and a JWT until
	 * this time. */
	bool is_opaque;
	int64_t until_at;
	bool has_chosen; /* `tenant` is that of auth_choose_tenant */
	/* The reason for a refusal: a constant text, for the log only. */
	struct str why;
};

/*
 * Authenticates a caller. Returns ERR_OK; ERR_TOKEN_ABSENT, ERR_TOKEN_INVALID
 * or ERR_TOKEN_EXPIRED; ERR_TENANT for a valid token whose tenant is not
 * listed; ERR_MEMORY, or an outcome of the store.
 */
enum err auth_bearer(struct auth *auth, const struct auth_call *call,
    struct principal *out) ATTR_CHECKED;

/* The same for a token that is not in a header: call->authorization is the
 * token itself. */
enum err auth_token(struct auth *auth, const struct auth_call *call,
    struct principal *out) ATTR_CHECKED;
/* The same for an opaque token of which only the hash is known. */
enum err auth_known(struct auth *auth, const struct auth_call *call,
    const uint8_t hash[STORE_HASH_LEN], struct principal *out) ATTR_CHECKED;
/*
 * Authenticates a person by the id_token of a sign-in (OpenID Connect):
 * call->authorization is the token. The token must be for client_id and have
 * this nonce; its roles are the permissions. The principal does not end with
 * the token. Returns the outcomes of auth_token; ERR_NOT_IMPLEMENTED without
 * jwks_file.
 */
enum err auth_id_token(struct auth *auth, const struct auth_call *call,
    struct str nonce, struct principal *out) ATTR_CHECKED;
/* Whether tokens of an authorization server are accepted. */
bool auth_takes_jwt(const struct auth *auth);
/* ERR_TENANT if out->tenant is not listed and must be; also an outcome of the
 * store. */
enum err auth_check_tenant(const struct config *c, const struct auth_call *call,
    struct principal *out) ATTR_CHECKED;

/* Whether the caller may name any tenant in a request for a page: by a token
 * for all tenants, or as a person whose object id is in `operator`. */
bool auth_may_choose(const struct config *c, const struct principal *who);
/*
 * Sets the tenant of a request for a page. `named` is the tenant that the
 * request names, or null. ERR_NOT_FOUND: the request must name one, but does
 * not. ERR_TENANT_NAMED: it names a tenant that is not the caller's, or that
 * has no record and is not listed, or no tenant at all. Also an outcome of the
 * store. After a failure the tenant is as before.
 */
enum err
auth_choose_tenant(const struct config *c, const struct auth_call *call,
    struct str named, struct principal *who) ATTR_CHECKED;

/* Counts an invalid token. Returns 0, or for how many seconds the peer
 * (REMOTE_ADDR and X-Forwarded-For) should not try again. */
unsigned auth_failed(
    struct auth *auth, struct str remote, struct str forwarded, int64_t now_at);

/* Writes the times at which tokens were last used to the store, if the oldest
 * that waits is at least a minute old; with INT64_MAX, at any age. It waits for
 * other writers, so call it after the response has been sent. */
void auth_tidy(struct auth *auth, struct store *st, int64_t now_at);

#endif
