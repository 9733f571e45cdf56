/* SPDX-License-Identifier: ISC */
/*
 * jwt.h - tokens of an OAuth authorization server: RS256 and nothing else (RFC
 * 7515, 7519, 8725, 9068).
 *
 * Pure: the clock is a parameter. If a function refuses a token, *what is a
 * constant text with the cause, which belongs in the log only. No outcome
 * carries a piece of the token.
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

/* Longest token. A person in 200 groups has a token of 11,000 bytes, and Entra
 * lists no more groups; web servers pass at most 60,000 bytes. */
#define JWT_TOKEN_MAX 60000
/* Tolerance for the clocks of two machines, in seconds. */
#define JWT_SKEW 60

/* The texts of a claim that may be one text or an array of texts. */
struct jwt_list {
	struct json doc; /* doc.token is NULL if the claim is absent */
	size_t value;
};

/* Walks the texts. *at is 0 before the first call and belongs to the function.
 * Returns false after the last text. */
bool jwt_list_next(const struct jwt_list *list, size_t *at, struct str *out);

/* The claims of a token with a valid signature. A claim that is absent or null
 * is null, empty or 0. Slices live in the arena. */
struct jwt {
	struct str issuer;
	struct jwt_list audience;
	int64_t expires_at;
	int64_t not_before_at;
	int64_t issued_at;
	struct guid tenant;
	bool no_tenant; /* the claim is absent; jwt_judge refuses that */
	/* Each text is one name or several names with blanks between them. */
	struct jwt_list scopes;
	struct jwt_list roles;
	struct str application; /* appid, or azp in version 2 */
	struct str object;
	struct str user; /* upn, or preferred_username in version 2 */
	struct str nonce; /* of an id_token (OpenID Connect) */
	/* True if the key set binds the signing key to the token's issuer,
	 * false if the set names no issuer for that key. */
	bool bound;
};

/* Verifies the signature of a token, then reads its claims. Refuses a key that
 * the set binds to another issuer. jwt_judge checks the other claims. Returns
 * ERR_TOKEN_INVALID, ERR_MEMORY or ERR_INTERNAL. */
#define JWT_ARENA (JSON_ARENA_SIZE(JWT_TOKEN_MAX) + JWT_TOKEN_MAX)
enum err jwt_verify(const struct jwt_keys *keys, struct str token,
    struct arena *a, struct jwt *out, struct str *what) ATTR_CHECKED;

/* A part of jwt_verify: whether the set lets the signing key, in any of its
 * entries, sign for the token's issuer. Sets token->bound. */
enum err
jwt_check_key(const struct jwt_keys *keys, const struct jwt_key *signer,
    struct jwt *token, struct str *what) ATTR_CHECKED;

/* The issuers and audiences that we accept. */
struct jwt_policy {
	/* The exact text, or a pattern with {tenantid} in place of the token's
	 * tenant. */
	const struct str *issuer;
	size_t issuers;
	const struct str *audience;
	size_t audiences;
};

/*
 * Whether all issuers of the policy belong to one server, that is, have the
 * same scheme and host. The two default issuers of Entra count as one server.
 * Only then may we accept a key without an issuer: with two servers in one set,
 * each server's keys could sign for the other's tenants.
 */
bool jwt_is_one_server(const struct jwt_policy *policy);

/* Checks the dates, issuer and audience of a verified token. Returns
 * ERR_TOKEN_EXPIRED if the token is expired or not yet valid, or
 * ERR_TOKEN_INVALID. */
enum err jwt_judge(const struct jwt *token, const struct jwt_policy *policy,
    int64_t now_at, struct str *what) ATTR_CHECKED;

#endif
