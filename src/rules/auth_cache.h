/* SPDX-License-Identifier: ISC */
/*
 * auth_cache.h - tokens that were verified lately, under their SHA-256: private
 * to auth. A table of a fixed size; only who holds a right token can put
 * something in. Safe to call from any thread.
 */
#ifndef PUSHCERT_AUTH_CACHE_H
#define PUSHCERT_AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/crypto.h"
#include "base/str.h"

/* Longest name of who asks; what is longer is cut before. */
#define AUTH_ACTOR_MAX 200

struct auth_verified {
	uint8_t hash[CRYPTO_SHA256_LEN];
	uint64_t state; /* of the keyring that verified it */
	int64_t from_at, until_at; /* when it is valid: until_at is too late */
	struct guid tenant;
	uint32_t scopes;
	uint8_t actor_n;
	char actor[AUTH_ACTOR_MAX];
};

struct auth_cache;

/* NULL if there is no memory. */
struct auth_cache *auth_cache_new(void);
void auth_cache_free(struct auth_cache *c);

/* The entry of that hash, if it was made in that state and is valid now. */
bool auth_cache_get(struct auth_cache *c, const uint8_t hash[CRYPTO_SHA256_LEN],
    uint64_t state, int64_t now_at, struct auth_verified *out);
void auth_cache_put(struct auth_cache *c, const struct auth_verified *v);

#endif
