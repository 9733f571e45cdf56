/* SPDX-License-Identifier: ISC */
/*
 * auth.h - who asks: a bearer token becomes a principal with one tenant and a
 * set of rights. Safe to call from any thread.
 *
 * Tokens are opaque ones, made by the tool, which are looked up in the store at
 * each request; or, where a JWKS file is configured, those of an OAuth
 * authorization server.
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

/* An opaque token: 32 random bytes in base64url. */
#define AUTH_SECRET_LEN 32
#define AUTH_TOKEN_LEN 43
void auth_token_text(
    const uint8_t secret[AUTH_SECRET_LEN], char out[AUTH_TOKEN_LEN]);
void auth_token_hash(struct str token, uint8_t hash[STORE_HASH_LEN]);

/* What all requests share: keys, what was verified, who failed, what was used.
 * NULL knows opaque tokens, and nothing of failures and uses. */
struct auth;

/* The configuration must outlive it. NULL if there is no memory. */
struct auth *auth_open(const struct config *c, int64_t now_at);
/* The same for a process that answers one request: warnings that would come
 * with each request are left to doctor. */
struct auth *auth_open_once(const struct config *c, int64_t now_at);
void auth_close(struct auth *auth);

/* Whether all of jwt_issuer belongs to one server: jwt_is_one_server. */
bool auth_has_one_server(const struct config *c);

/* From now on any bearer token has all rights on this tenant: for tests, before
 * the first request. */
void auth_take_any(struct auth *auth, const struct guid *tenant);
bool auth_takes_any(const struct auth *auth);

struct auth_call {
	struct txn *tx; /* has begun */
	struct str authorization; /* the header */
	int64_t now_at;
	struct arena *arena;
};

/* Slices live in the arena. */
struct principal {
	struct guid tenant;
	uint32_t scopes;
	struct str actor;
	/* Of a refusal: the cause, a constant text, for the log alone. */
	struct str why;
};

/*
 * ERR_TOKEN_ABSENT, ERR_TOKEN_INVALID, ERR_TOKEN_EXPIRED; ERR_TENANT for a
 * right token of a tenant that is not listed; ERR_MEMORY, or what the store
 * says.
 */
enum err auth_bearer(struct auth *auth, const struct auth_call *call,
    struct principal *out) ATTR_CHECKED;

/* Counts a refusal: 0, or for how many seconds its peer (REMOTE_ADDR and
 * X-Forwarded-For) should not try again. */
unsigned auth_failed(
    struct auth *auth, struct str remote, struct str forwarded, int64_t now_at);

/* Writes when tokens were last used, if that is news of a minute ago;
 * INT64_MAX: any news. Waits for other writers: call it when the answer is out.
 */
void auth_tidy(struct auth *auth, struct store *st, int64_t now_at);

#endif
