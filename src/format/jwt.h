/* SPDX-License-Identifier: ISC */
/*
 * jwt.h - tokens of an OAuth authorization server: RS256 and nothing else (RFC
 * 7515, 7519, 8725, 9068).
 *
 * Pure: the clock is a parameter. Of a refused token *what tells the cause in
 * a constant text, for the log alone; no outcome carries a piece of the token.
 */
#ifndef PUSHCERT_JWT_H
#define PUSHCERT_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/crypto.h"
#include "base/err.h"
#include "format/json.h"
#include "format/jwt_keys.h"
#include "base/buf.h"
#include "base/str.h"

/* Longest token; people in 200 groups have tokens of 11,000 bytes (Entra names
 * no more groups), and web servers pass 60,000 at most. */
#define JWT_TOKEN_MAX 60000
/* Tolerance between the clocks of two machines (contract 7), seconds. */
#define JWT_SKEW 60

/* The texts of a claim that is one text or an array of texts. */
struct jwt_list {
	struct json doc; /* its tokens are NULL where the claim is absent */
	size_t value;
};

/* Walks the texts: *at is 0 before the first call and belongs to the function.
 * False after the last one. */
bool jwt_list_next(const struct jwt_list *list, size_t *at, struct str *out);

/* The claims of a token whose signature is right. Claims that are absent or
 * null are null, empty or 0. Slices live in the arena. */
struct jwt {
	struct str issuer;
	struct jwt_list audience;
	int64_t expires_at;
	int64_t not_before_at;
	int64_t issued_at;
	struct guid tenant;
	/* Names, also several in a text with blanks between them. */
	struct jwt_list scopes;
	struct jwt_list roles;
	struct str application; /* appid, or azp of a v2 token */
	struct str object;
	struct str user;
	/* The key names the token's issuer as its own.
	 * False: the set does not say whom the key speaks for. */
	bool bound;
};

/*
 * Reads a token and verifies its signature before it looks at a claim. A key
 * that speaks for another issuer than the token's is refused; the other claims
 * are still to be judged. ERR_TOKEN_INVALID, ERR_MEMORY, ERR_INTERNAL.
 */
#define JWT_ARENA (JSON_ARENA_SIZE(JWT_TOKEN_MAX) + JWT_TOKEN_MAX)
enum err jwt_verify(const struct jwt_keys *keys, struct str token,
    struct arena *a, struct jwt *out, struct str *what) ATTR_CHECKED;

/* A part of jwt_verify: whether the signer, or the same key in another entry of
 * the set, speaks for the token's issuer. Sets token->bound. */
enum err
jwt_check_key(const struct jwt_keys *keys, const struct jwt_key *signer,
    struct jwt *token, struct str *what) ATTR_CHECKED;

/* Whose tokens are welcome, and for whom they were made. */
struct jwt_policy {
	/* Exact, or with {tenantid} where the token's tenant stands. */
	const struct str *issuer;
	size_t issuers;
	const struct str *audience;
	size_t audiences;
};

/*
 * Whether all issuers of the policy belong to one server: the same scheme and
 * host; the two of Entra's default issuers count as one. Only then may a key
 * speak that does not say for whom: with two servers in one set, the key of
 * either would speak for the tenants of the other.
 */
bool jwt_is_one_server(const struct jwt_policy *policy);

/* ERR_TOKEN_EXPIRED, also for one not yet valid; ERR_TOKEN_INVALID. */
enum err jwt_judge(const struct jwt *token, const struct jwt_policy *policy,
    int64_t now_at, struct str *what) ATTR_CHECKED;

#endif
