/* SPDX-License-Identifier: ISC */
/*
 * auth.h - who asks: a bearer token becomes a principal with one tenant and a
 * set of rights.
 */
#ifndef PUSHCERT_AUTH_H
#define PUSHCERT_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"
#include "mem.h"
#include "store.h"
#include "str.h"

/* Graph's permission names; a set of them is a set of these bits. */
enum auth_scope {
	AUTH_SERVICE_CONFIG_READ = 1 << 0,
	AUTH_SERVICE_CONFIG_WRITE = 1 << 1,
	AUTH_CONFIGURATION_READ = 1 << 2,
	AUTH_CONFIGURATION_WRITE = 1 << 3,
	AUTH_DEVICES_READ = 1 << 4,
	AUTH_DEVICES_WRITE = 1 << 5
};

/* The scope of that name, or 0. */
uint32_t auth_scope(struct str name);
/* Appends the names of a set, ", " between them. */
void auth_scope_names(uint32_t scopes, struct buf *out);

/* Slices live in the arena. */
struct principal {
	struct guid tenant;
	uint32_t scopes;
	struct str actor;
};

/* An opaque token: 32 random bytes in base64url. */
#define AUTH_SECRET_LEN 32
#define AUTH_TOKEN_LEN 43
void auth_token_text(
    const uint8_t secret[AUTH_SECRET_LEN], char out[AUTH_TOKEN_LEN]);
void auth_token_hash(struct str token, uint8_t hash[STORE_HASH_LEN]);

/*
 * Judges an Authorization header. ERR_TOKEN_ABSENT, ERR_TOKEN_INVALID,
 * ERR_TOKEN_EXPIRED, or what the store says.
 */
enum err auth_bearer(struct txn *tx, struct str authorization, int64_t now_at,
    struct arena *a, struct principal *out) ATTR_CHECKED;

#endif
