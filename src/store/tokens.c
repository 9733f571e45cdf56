/* SPDX-License-Identifier: ISC */
/*
 * tokens.c - stores tokens as rows.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include <string.h>

#include "format/crypto.h"
#include "format/row.h"
#include "store/store_private.h"

enum {
	TOKEN_TENANT,
	TOKEN_SCOPES,
	TOKEN_NAME,
	TOKEN_CREATED,
	TOKEN_EXPIRES,
	TOKEN_USED,
	TOKEN_FIELDS
};
_Static_assert(TOKEN_FIELDS <= ROW_FIELDS_MAX, "a token fits into a row");

static struct str
token_key(const uint8_t hash[STORE_HASH_LEN])
{
	return str_from((const char *)hash, STORE_HASH_LEN);
}

static enum err
decode_token(struct str key, struct str row, struct token *out)
{
	struct str field[TOKEN_FIELDS];
	enum err e;

	if ((e = row_decode(key, row, field, TOKEN_FIELDS)) != ERR_OK)
		return e;
	if (key.n != sizeof(out->hash) ||
	    field[TOKEN_TENANT].n != sizeof(out->tenant.byte))
		return ERR_CORRUPT;
	memcpy(out->hash, key.p, sizeof(out->hash));
	memcpy(
	    out->tenant.byte, field[TOKEN_TENANT].p, sizeof(out->tenant.byte));
	out->scopes = (uint32_t)row_get_u64(field[TOKEN_SCOPES]);
	out->name = field[TOKEN_NAME];
	out->created_at = (int64_t)row_get_u64(field[TOKEN_CREATED]);
	out->expires_at = (int64_t)row_get_u64(field[TOKEN_EXPIRES]);
	out->used_at = (int64_t)row_get_u64(field[TOKEN_USED]);
	return ERR_OK;
}

static enum err
token_beside(
    struct txn *tx, struct str key, enum store_direction way, struct token *out)
{
	struct store_cursor at;
	enum err e;

	store_seek(tx, key, &at);
	if ((e = store_next(tx, STORE_TOKEN, way, &at)) != ERR_OK)
		return e;
	return store_log_damage(
	    tx, decode_token(at.key, at.row, out), STORE_TOKEN, at.key);
}

enum err
store_token_before(struct txn *tx, const uint8_t hash[STORE_HASH_LEN])
{
	struct token t;
	enum err e;

	if (!store_loses_rows(tx))
		return ERR_OK;
	e = token_beside(tx, token_key(hash), STORE_PREVIOUS, &t);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
store_token(
    struct txn *tx, const uint8_t hash[STORE_HASH_LEN], struct token *out)
{
	uint8_t wanted[STORE_HASH_LEN];
	enum err e;

	/* `hash` may point into *out, which token_beside overwrites. */
	memcpy(wanted, hash, sizeof(wanted));
	if ((e = store_expect_login(tx, token_key(wanted))) != ERR_OK)
		return e;
	e = token_beside(tx, token_key(wanted), STORE_FROM, out);
	if (e == ERR_OK && crypto_equal(out->hash, wanted, sizeof(wanted)))
		return ERR_OK;
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = store_token_before(tx, wanted);
	return e == ERR_OK ? ERR_NOT_FOUND : e;
}

enum err
store_token_put(struct txn *tx, const struct token *t)
{
	char scopes[ROW_U64_LEN], created[ROW_U64_LEN], expires[ROW_U64_LEN],
	    used[ROW_U64_LEN];
	const struct str field[TOKEN_FIELDS] = {
		[TOKEN_TENANT] = str_from(
		    (const char *)t->tenant.byte, sizeof(t->tenant.byte)),
		[TOKEN_SCOPES] = row_u64(t->scopes, scopes),
		[TOKEN_NAME] = t->name,
		[TOKEN_CREATED] = row_u64((uint64_t)t->created_at, created),
		[TOKEN_EXPIRES] = row_u64((uint64_t)t->expires_at, expires),
		[TOKEN_USED] = row_u64((uint64_t)t->used_at, used),
	};
	struct str key = token_key(t->hash);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, TOKEN_FIELDS, &row);
	return store_put(tx, STORE_TOKEN, key, &row);
}

enum err
store_token_delete(struct txn *tx, const uint8_t hash[STORE_HASH_LEN])
{
	return store_remove(tx, STORE_TOKEN, token_key(hash));
}

enum err
store_tokens(struct txn *tx, store_token_visit *visit, void *arg)
{
	struct token t;
	struct store_cursor at;
	enum err e;

	store_seek(tx, str_of(NULL), &at);
	while ((e = store_next(tx, STORE_TOKEN, STORE_NEXT, &at)) == ERR_OK) {
		if ((e = decode_token(at.key, at.row, &t)) != ERR_OK)
			return store_log_damage(tx, e, STORE_TOKEN, at.key);
		if ((e = visit(&t, arg)) != ERR_OK)
			return e;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}
