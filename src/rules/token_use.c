/* SPDX-License-Identifier: ISC */
/*
 * token_use.c - a table of uses that wait to be written. The first byte of the
 * token's hash selects the entry.
 *
 * A use is written only if the stored one is old enough (USE_PERIOD), and it
 * waits for others (USE_WAIT), so that many tokens share one transaction. If
 * the entry is taken, the use is dropped: a later use of the same token will be
 * written instead.
 */
#include "rules/token_use.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Seconds after which a stored use is replaced by a newer one. */
#define USE_PERIOD 3600
/* Uses that can wait at the same time. */
#define USES 256
/* Seconds for which the first use waits for others. */
#define USE_WAIT 60

struct use {
	uint8_t hash[STORE_HASH_LEN];
	int64_t at; /* 0: free */
};

struct token_use {
	_Atomic int64_t first_at; /* of the uses that wait; 0: none waits */
	pthread_mutex_t lock; /* guards the members below */
	struct use use[USES];
};

struct token_use *
token_use_new(void)
{
	struct token_use *uses = calloc(1, sizeof(*uses));

	if (uses != NULL)
		pthread_mutex_init(&uses->lock, NULL);
	return uses;
}

void
token_use_free(struct token_use *uses)
{
	if (uses == NULL)
		return;
	pthread_mutex_destroy(&uses->lock);
	free(uses);
}

void
token_use_note(struct token_use *uses, const struct token *t, int64_t now_at)
{
	struct use *u;

	if (t->used_at <= now_at && now_at - t->used_at < USE_PERIOD)
		return;
	u = &uses->use[t->hash[0] % USES];
	pthread_mutex_lock(&uses->lock);
	if (u->at == 0) {
		memcpy(u->hash, t->hash, sizeof(u->hash));
		u->at = now_at;
		if (atomic_load(&uses->first_at) == 0)
			atomic_store(&uses->first_at, now_at);
	}
	pthread_mutex_unlock(&uses->lock);
}

/* The store_change of token_use_write. Tokens that were revoked meanwhile are
 * skipped. */
static enum err
write_uses(struct txn *tx, void *arg)
{
	const struct use *use = arg;
	struct token t;
	enum err e;
	size_t i;

	for (i = 0; i < USES; i++) {
		if (use[i].at == 0 ||
		    store_token(tx, use[i].hash, &t) != ERR_OK)
			continue;
		t.used_at = use[i].at;
		if ((e = store_token_put(tx, &t)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

void
token_use_write(struct token_use *uses, struct store *st, int64_t now_at)
{
	struct use use[USES];
	int64_t first_at;
	enum err e;

	if (store_is_read_only(st))
		return;
	first_at = atomic_load(&uses->first_at);
	if (first_at == 0 || now_at - first_at < USE_WAIT)
		return;
	pthread_mutex_lock(&uses->lock);
	memcpy(use, uses->use, sizeof(use));
	memset(uses->use, 0, sizeof(uses->use));
	first_at = atomic_exchange(&uses->first_at, 0);
	pthread_mutex_unlock(&uses->lock);
	/* Another thread may have taken the uses first. */
	if (first_at != 0 && (e = store_update(st, write_uses, use)) != ERR_OK)
		log_line(LOG_AT_WARNING,
		    "the last use of tokens was not recorded: %s",
		    err_info(e)->text);
}
