/* SPDX-License-Identifier: ISC */
/*
 * tenants.c - stores, as rows, the tenants that the operator has listed.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include <string.h>

#include "format/row.h"
#include "store/store_private.h"

enum { TENANT_ALIAS, TENANT_CREATED, TENANT_FIELDS };
_Static_assert(TENANT_FIELDS <= ROW_FIELDS_MAX, "a tenant fits into a row");

#define WORD "tenant"
#define WORD_LEN (sizeof(WORD) - 1)
#define KEY_LEN (WORD_LEN + sizeof(struct guid))

static struct str
tenant_key(const struct guid *id, char out[KEY_LEN])
{
	memcpy(out, WORD, WORD_LEN);
	memcpy(out + WORD_LEN, id->byte, sizeof(id->byte));
	return str_from(out, KEY_LEN);
}

static enum err
decode_tenant(struct str key, struct str row, struct tenant *out)
{
	struct str field[TENANT_FIELDS];
	enum err e;

	if ((e = row_decode(key, row, field, TENANT_FIELDS)) != ERR_OK)
		return e;
	memcpy(out->id.byte, key.p + WORD_LEN, sizeof(out->id.byte));
	out->alias = field[TENANT_ALIAS];
	out->created_at = (int64_t)row_get_u64(field[TENANT_CREATED]);
	return ERR_OK;
}

enum err
store_tenant(struct txn *tx, const struct guid *id, struct tenant *out)
{
	char bytes[KEY_LEN];
	struct str key = tenant_key(id, bytes), row;
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	return store_log_damage(
	    tx, decode_tenant(key, row, out), STORE_META, key);
}

enum err
store_tenant_put(struct txn *tx, const struct tenant *t)
{
	char created[ROW_U64_LEN], bytes[KEY_LEN];
	const struct str field[TENANT_FIELDS] = {
		[TENANT_ALIAS] = t->alias,
		[TENANT_CREATED] = row_u64((uint64_t)t->created_at, created),
	};
	struct str key = tenant_key(&t->id, bytes);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, TENANT_FIELDS, &row);
	return store_put(tx, STORE_META, key, &row);
}

enum err
store_tenant_delete(struct txn *tx, const struct guid *id)
{
	char bytes[KEY_LEN];

	return store_remove(tx, STORE_META, tenant_key(id, bytes));
}

enum err
store_tenants(struct txn *tx, store_tenant_visit *visit, void *arg)
{
	static const struct guid first;
	enum store_direction way = STORE_FROM;
	char bytes[KEY_LEN];
	struct store_cursor at;
	struct tenant t;
	enum err e;

	store_seek(tx, tenant_key(&first, bytes), &at);
	while ((e = store_next(tx, STORE_META, way, &at)) == ERR_OK) {
		way = STORE_NEXT;
		if (at.key.n != KEY_LEN || !str_starts(at.key, WORD))
			return ERR_OK;
		if ((e = decode_tenant(at.key, at.row, &t)) != ERR_OK)
			return store_log_damage(tx, e, STORE_META, at.key);
		if ((e = visit(&t, arg)) != ERR_OK)
			return e;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}
