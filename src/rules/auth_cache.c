/* SPDX-License-Identifier: ISC */
/*
 * auth_cache.c - a table of sets with a few entries each. The first byte of the
 * hash selects the set.
 */
#include "rules/auth_cache.h"

#include <pthread.h>
#include <stdlib.h>

/* 1,024 tokens, 300 KiB. */
#define SETS 256
#define WAYS 4

struct auth_cache {
	pthread_mutex_t lock;
	struct auth_verified entry[SETS][WAYS];
};

struct auth_cache *
auth_cache_new(void)
{
	struct auth_cache *c = calloc(1, sizeof(*c));

	if (c != NULL)
		pthread_mutex_init(&c->lock, NULL);
	return c;
}

void
auth_cache_free(struct auth_cache *c)
{
	if (c == NULL)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* The entry with this hash, or else the entry of its set that expires first. A
 * free entry counts as expired. */
static struct auth_verified *
find(struct auth_cache *c, const uint8_t hash[CRYPTO_SHA256_LEN])
{
	struct auth_verified *set = c->entry[hash[0] % SETS], *first = set;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (crypto_equal(set[i].hash, hash, CRYPTO_SHA256_LEN))
			return &set[i];
		if (set[i].until_at < first->until_at)
			first = &set[i];
	}
	return first;
}

bool
auth_cache_get(struct auth_cache *c, const uint8_t hash[CRYPTO_SHA256_LEN],
    uint64_t state, int64_t now_at, struct auth_verified *out)
{
	const struct auth_verified *v;
	bool good;

	pthread_mutex_lock(&c->lock);
	v = find(c, hash);
	good = crypto_equal(v->hash, hash, CRYPTO_SHA256_LEN) &&
	    v->state == state && v->from_at <= now_at && now_at < v->until_at;
	if (good)
		*out = *v;
	pthread_mutex_unlock(&c->lock);
	return good;
}

void
auth_cache_put(struct auth_cache *c, const struct auth_verified *v)
{
	pthread_mutex_lock(&c->lock);
	*find(c, v->hash) = *v;
	pthread_mutex_unlock(&c->lock);
}
