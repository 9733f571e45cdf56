/* SPDX-License-Identifier: ISC */
/*
 * auth_private.h - shared by auth and auth_jwt: the state of authentication.
 */
#ifndef PUSHCERT_AUTH_PRIVATE_H
#define PUSHCERT_AUTH_PRIVATE_H

#include "rules/auth.h"
#include "rules/auth_cache.h"
#include "format/jwt.h"

struct keyring;
struct ratelimit;
struct token_use;

/* A list in the configuration has fewer items than this. */
#define ITEMS_MAX (CONFIG_TEXT_MAX / 2)

struct auth {
	const struct config *config;
	/* Judges a token. */
	enum err (*take)(struct auth *auth, const struct auth_call *call,
	    struct str token, struct principal *out);
	struct guid any_tenant; /* of auth_take_any */
	struct ratelimit *limit;
	struct token_use *uses;

	/* NULL: JWTs are not accepted. */
	struct keyring *keyring;
	struct auth_cache *cache;
	struct jwt_policy policy;
	struct str issuer[ITEMS_MAX];
	struct str audience[ITEMS_MAX];
};

/* Returns e. `why` is a constant text. */
enum err auth_refuse(enum err e, const char *why, struct principal *out);

/* Whether a token has the three parts of a JWT. */
bool auth_is_jwt(struct str token);
/* Authenticates by a JWT with this hash. */
enum err
auth_take_jwt(struct auth *auth, const struct auth_call *call, struct str token,
    const uint8_t hash[STORE_HASH_LEN], struct principal *out) ATTR_CHECKED;

#endif
