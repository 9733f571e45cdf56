/* SPDX-License-Identifier: ISC */
/*
 * deliveries.c - stores, as rows, which certificate each target of `deploy` has
 * taken, and its tries.
 *
 * The key is a word, the tenant and the first bytes of the SHA-256 of the
 * target's name, because a name is longer than the rest of a key. The row holds
 * the name. The order of the fields is part of the format on disk: add new
 * fields at the end.
 */
#include "store/delivery.h"

#include <string.h>

#include "format/crypto.h"
#include "format/row.h"
#include "store/store_private.h"

enum {
	DELIVERY_TARGET,
	DELIVERY_FINGERPRINT,
	DELIVERY_SERIAL,
	DELIVERY_EXPIRES_AT,
	DELIVERY_TAKEN_AT,
	DELIVERY_SKIPPED,
	DELIVERY_TRIED,
	DELIVERY_TRIES,
	DELIVERY_LAST_EXIT,
	DELIVERY_SINCE_AT,
	DELIVERY_NEXT_AT,
	DELIVERY_FIELDS
};
_Static_assert(DELIVERY_FIELDS <= ROW_FIELDS_MAX, "a delivery fits into a row");

#define WORD "delivery"
#define NAME_LEN 8

static struct str
delivery_key(
    const struct guid *tenant, struct str target, char out[STORE_KEY_MAX])
{
	struct str key = store_entry_key(WORD, tenant, out);
	uint8_t hash[CRYPTO_SHA256_LEN];

	crypto_sha256(target, hash);
	memcpy(out + key.n, hash, NAME_LEN);
	return str_from(out, key.n + NAME_LEN);
}

static enum err
decode_delivery(struct str key, struct str row, struct delivery *out)
{
	struct str field[DELIVERY_FIELDS];
	enum err e;

	if ((e = row_decode(key, row, field, DELIVERY_FIELDS)) != ERR_OK)
		return e;
	out->target = field[DELIVERY_TARGET];
	out->fingerprint = field[DELIVERY_FINGERPRINT];
	out->serial = field[DELIVERY_SERIAL];
	out->expires_at = (int64_t)row_get_u64(field[DELIVERY_EXPIRES_AT]);
	out->taken_at = (int64_t)row_get_u64(field[DELIVERY_TAKEN_AT]);
	out->skipped = row_get_u64(field[DELIVERY_SKIPPED]) != 0;
	out->tried = field[DELIVERY_TRIED];
	out->tries = row_get_u64(field[DELIVERY_TRIES]);
	out->last_exit = row_get_u64(field[DELIVERY_LAST_EXIT]);
	out->since_at = (int64_t)row_get_u64(field[DELIVERY_SINCE_AT]);
	out->next_at = (int64_t)row_get_u64(field[DELIVERY_NEXT_AT]);
	return ERR_OK;
}

enum err
store_delivery(struct txn *tx, const struct guid *tenant, struct str target,
    struct delivery *out)
{
	char bytes[STORE_KEY_MAX];
	struct str key = delivery_key(tenant, target, bytes), row;
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	e = decode_delivery(key, row, out);
	if (e == ERR_OK && !str_eq(out->target, target))
		e = ERR_CORRUPT;
	return store_log_damage(tx, e, STORE_META, key);
}

enum err
store_delivery_put(
    struct txn *tx, const struct guid *tenant, const struct delivery *d)
{
	char expires[ROW_U64_LEN], taken[ROW_U64_LEN], skipped[ROW_U64_LEN],
	    tries[ROW_U64_LEN], last_exit[ROW_U64_LEN], since[ROW_U64_LEN],
	    next[ROW_U64_LEN], bytes[STORE_KEY_MAX];
	const struct str field[DELIVERY_FIELDS] = {
		[DELIVERY_TARGET] = d->target,
		[DELIVERY_FINGERPRINT] = d->fingerprint,
		[DELIVERY_SERIAL] = d->serial,
		[DELIVERY_EXPIRES_AT] = row_u64(
		    (uint64_t)d->expires_at, expires),
		[DELIVERY_TAKEN_AT] = row_u64((uint64_t)d->taken_at, taken),
		[DELIVERY_SKIPPED] = row_u64(d->skipped, skipped),
		[DELIVERY_TRIED] = d->tried,
		[DELIVERY_TRIES] = row_u64(d->tries, tries),
		[DELIVERY_LAST_EXIT] = row_u64(d->last_exit, last_exit),
		[DELIVERY_SINCE_AT] = row_u64((uint64_t)d->since_at, since),
		[DELIVERY_NEXT_AT] = row_u64((uint64_t)d->next_at, next),
	};
	struct str key = delivery_key(tenant, d->target, bytes);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, DELIVERY_FIELDS, &row);
	return store_put(tx, STORE_META, key, &row);
}

bool
store_is_delivery(struct str key, struct guid *tenant)
{
	return store_entry_tenant(key, WORD, NAME_LEN, tenant);
}

enum err
store_deliveries(struct txn *tx, const struct guid *tenant,
    store_delivery_visit *visit, void *arg)
{
	char bytes[STORE_KEY_MAX];
	struct str start = tenant == NULL
	    ? str_of(WORD)
	    : store_entry_key(WORD, tenant, bytes);
	struct store_cursor at;
	struct delivery d;
	struct guid found;
	enum err e;

	store_seek(tx, start, &at);
	while ((e = store_next(tx, STORE_META, STORE_NEXT, &at)) == ERR_OK) {
		if (!str_eq(str_head(at.key, start.n), start))
			return ERR_OK;
		if (!store_is_delivery(at.key, &found))
			continue;
		e = store_log_damage(tx, decode_delivery(at.key, at.row, &d),
		    STORE_META, at.key);
		if (e == ERR_OK)
			e = visit(&found, &d, arg);
		if (e != ERR_OK && e != ERR_CORRUPT)
			return e;
	}
	return store_walked(e);
}

enum err
store_delivery_at(struct txn *tx, struct str key)
{
	struct delivery found, again;
	struct guid tenant;
	struct str row;
	enum err e;

	if (!store_is_delivery(key, &tenant))
		return ERR_CORRUPT;
	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	if ((e = decode_delivery(key, row, &found)) != ERR_OK)
		return e;
	return store_delivery(tx, &tenant, found.target, &again);
}
