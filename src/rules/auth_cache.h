/* SPDX-License-Identifier: ISC */
/*
 * auth_cache.h - tokens that were verified recently, by their SHA-256; private
 * to auth. The table has a fixed size, and only callers with a valid token can
 * add an entry. Safe to call from any thread.
 */
#ifndef PUSHCERT_AUTH_CACHE_H
#define PUSHCERT_AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/crypto.h"
#include "base/str.h"

/* Longest name of an actor, and longest user id, in bytes; auth cuts longer
 * ones. */
#define AUTH_ACTOR_MAX 200
#define AUTH_USER_ID_MAX 64

struct auth_verified {
	uint8_t hash[CRYPTO_SHA256_LEN];
	uint64_t state; /* of the keyring that verified the token */
	int64_t from_at, until_at; /* valid if from_at <= now_at < until_at */
	struct guid tenant;
	uint32_t scopes;
	uint8_t kind; /* enum actor_kind */
	uint8_t actor_n, user_id_n;
	char actor[AUTH_ACTOR_MAX];
	char user_id[AUTH_USER_ID_MAX];
};

struct auth_cache;

/* Returns NULL if memory runs out. */
struct auth_cache *auth_cache_new(void);
void auth_cache_free(struct auth_cache *c);

/* Gets the entry with this hash, if it was made in this state of the keyring
 * and is valid now. */
bool auth_cache_get(struct auth_cache *c, const uint8_t hash[CRYPTO_SHA256_LEN],
    uint64_t state, int64_t now_at, struct auth_verified *out);
void auth_cache_put(struct auth_cache *c, const struct auth_verified *v);

#endif
