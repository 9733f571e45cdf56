/* SPDX-License-Identifier: ISC */
/*
 * places.c - stores, as rows, how far each `notify` has come.
 *
 * The key is a word, the tenant and the first bytes of the SHA-256 of name and
 * matter, which may be longer than the rest of a key. The row holds both texts.
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/place.h"

#include <string.h>

#include "format/crypto.h"
#include "format/row.h"
#include "store/store_private.h"

enum {
	PLACE_NAME,
	PLACE_MATTER,
	PLACE_NUMBER,
	PLACE_SERIAL,
	PLACE_EXPIRES,
	PLACE_LEVEL,
	PLACE_FIELDS
};
_Static_assert(PLACE_FIELDS <= ROW_FIELDS_MAX, "a place fits into a row");

#define WORD "place"
#define HASH_LEN 8

/* The hash of both hashes, so that no two pairs of texts are equal to it. */
static struct str
place_key(const struct guid *tenant, struct str name, struct str matter,
    char out[STORE_KEY_MAX])
{
	struct str key = store_entry_key(WORD, tenant, out);
	uint8_t hash[2 * CRYPTO_SHA256_LEN];

	crypto_sha256(name, hash);
	crypto_sha256(matter, hash + CRYPTO_SHA256_LEN);
	crypto_sha256(str_from((const char *)hash, sizeof(hash)), hash);
	memcpy(out + key.n, hash, HASH_LEN);
	return str_from(out, key.n + HASH_LEN);
}

static enum err
decode_place(struct str key, struct str row, struct place *out)
{
	struct str field[PLACE_FIELDS];
	enum err e;

	if ((e = row_decode(key, row, field, PLACE_FIELDS)) != ERR_OK)
		return e;
	out->name = field[PLACE_NAME];
	out->matter = field[PLACE_MATTER];
	out->number = row_get_u64(field[PLACE_NUMBER]);
	out->serial = field[PLACE_SERIAL];
	out->expires = field[PLACE_EXPIRES];
	out->level = row_get_u64(field[PLACE_LEVEL]);
	return ERR_OK;
}

enum err
store_place(struct txn *tx, const struct guid *tenant, struct str name,
    struct str matter, struct place *out)
{
	char bytes[STORE_KEY_MAX];
	struct str key = place_key(tenant, name, matter, bytes), row;
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	e = decode_place(key, row, out);
	if (e == ERR_OK &&
	    (!str_eq(out->name, name) || !str_eq(out->matter, matter)))
		e = ERR_CORRUPT;
	return store_log_damage(tx, e, STORE_META, key);
}

enum err
store_place_put(
    struct txn *tx, const struct guid *tenant, const struct place *p)
{
	char number[ROW_U64_LEN], level[ROW_U64_LEN], bytes[STORE_KEY_MAX];
	const struct str field[PLACE_FIELDS] = {
		[PLACE_NAME] = p->name,
		[PLACE_MATTER] = p->matter,
		[PLACE_NUMBER] = row_u64(p->number, number),
		[PLACE_SERIAL] = p->serial,
		[PLACE_EXPIRES] = p->expires,
		[PLACE_LEVEL] = row_u64(p->level, level),
	};
	struct str key = place_key(tenant, p->name, p->matter, bytes);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, PLACE_FIELDS, &row);
	return store_put(tx, STORE_META, key, &row);
}

enum err
store_place_delete(struct txn *tx, const struct guid *tenant, struct str name,
    struct str matter)
{
	char bytes[STORE_KEY_MAX];

	return store_remove(
	    tx, STORE_META, place_key(tenant, name, matter, bytes));
}

bool
store_is_place(struct str key, struct guid *tenant)
{
	return store_entry_tenant(key, WORD, HASH_LEN, tenant);
}

enum err
store_places(struct txn *tx, store_place_visit *visit, void *arg)
{
	enum store_direction way = STORE_FROM;
	struct store_cursor at;
	struct guid tenant;
	struct place p;
	enum err e;

	store_seek(tx, str_of(WORD), &at);
	while ((e = store_next(tx, STORE_META, way, &at)) == ERR_OK) {
		way = STORE_NEXT;
		if (!store_is_place(at.key, &tenant)) {
			if (str_starts(at.key, WORD))
				continue;
			return ERR_OK;
		}
		e = store_log_damage(
		    tx, decode_place(at.key, at.row, &p), STORE_META, at.key);
		if (e == ERR_OK)
			e = visit(&tenant, &p, arg);
		if (e != ERR_OK && e != ERR_CORRUPT)
			return e;
	}
	return store_walked(e);
}

enum err
store_place_at(struct txn *tx, struct str key)
{
	struct place found, again;
	struct guid tenant;
	struct str row;
	enum err e;

	if (!store_is_place(key, &tenant))
		return ERR_CORRUPT;
	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	if ((e = decode_place(key, row, &found)) != ERR_OK)
		return e;
	return store_place(tx, &tenant, found.name, found.matter, &again);
}
