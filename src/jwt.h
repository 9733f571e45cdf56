/* SPDX-License-Identifier: ISC */
/*
 * jwt.h - key sets and tokens of an OAuth authorization server: RS256 and
 * nothing else (RFC 7515, 7517, 7519, 8725).
 *
 * Pure: the clock is a parameter. Of a refused token *what tells the cause in
 * a constant text, for the log alone; no outcome carries a piece of the token.
 */
#ifndef PUSHCERT_JWT_H
#define PUSHCERT_JWT_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "crypto.h"
#include "err.h"
#include "json.h"
#include "mem.h"
#include "str.h"

/* Longest token; Entra's have 1 to 3 KiB. */
#define JWT_TOKEN_MAX 8192
/* Longest key set; Entra's has 15 KiB, most of it certificates. */
#define JWT_SET_MAX 131072
/* Most keys in a set; Entra's has six. */
#define JWT_KEYS_MAX 32
/* Longest name of a key; Entra's have 27 bytes. */
#define JWT_KID_MAX 128
/* Most audiences and most roles in one token. */
#define JWT_LIST_MAX 128
/* Tolerance between the clocks of two machines (contract 7), seconds. */
#define JWT_SKEW 60

struct jwt_key {
	char name[JWT_KID_MAX];
	size_t name_n;
	struct crypto_rsa *rsa;
};

/* A set never changes: threads may share it. */
struct jwt_keys {
	struct jwt_key key[JWT_KEYS_MAX];
	size_t n;
};

/*
 * Reads a JWKS; the arena, JSON_ARENA_SIZE(text.n), is scratch. Keys for
 * another purpose than RS256 signatures are passed over. ERR_JSON_* and
 * ERR_MEMORY as json_parse; ERR_CONFIG with *what a constant text for a set
 * that holds a secret key, the same name twice, an RSA key that is unfit, too
 * many keys or none.
 */
enum err jwt_keys_read(struct str text, struct arena *a, struct jwt_keys *out,
    struct str *what) ATTR_CHECKED;
/* A set that jwt_keys_read filled, or one of zeros. */
void jwt_keys_free(struct jwt_keys *keys);

struct jwt_list {
	struct str item[JWT_LIST_MAX];
	size_t n;
};

/* The claims of a token whose signature is right. Absent ones are null, empty,
 * or 0. Slices live in the arena. */
struct jwt {
	struct str issuer;
	struct jwt_list audience;
	int64_t expires_at;
	int64_t not_before_at;
	int64_t issued_at;
	struct guid tenant;
	struct str scopes; /* names with blanks between them */
	struct jwt_list roles;
	struct str application; /* appid, or azp of a v2 token */
	struct str object;
	struct str user;
};

/*
 * Reads a token and verifies its signature before it looks at a claim. Its
 * claims are still to be judged. ERR_TOKEN_INVALID, ERR_MEMORY, ERR_INTERNAL.
 */
#define JWT_ARENA (JSON_ARENA_SIZE(JWT_TOKEN_MAX) + JWT_TOKEN_MAX)
enum err jwt_verify(const struct jwt_keys *keys, struct str token,
    struct arena *a, struct jwt *out, struct str *what) ATTR_CHECKED;

/* Whose tokens are welcome, and for whom they were made. */
struct jwt_policy {
	/* Exact, or with {tenantid} where the token's tenant stands. */
	const struct str *issuer;
	size_t issuers;
	const struct str *audience;
	size_t audiences;
};

/* ERR_TOKEN_EXPIRED, also for one not yet valid; ERR_TOKEN_INVALID. */
enum err jwt_judge(const struct jwt *token, const struct jwt_policy *policy,
    int64_t now_at, struct str *what) ATTR_CHECKED;

#endif
