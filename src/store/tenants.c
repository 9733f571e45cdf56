/* SPDX-License-Identifier: ISC */
/*
 * tenants.c - stores, as rows, the tenants that the operator has listed.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include "format/row.h"
#include "store/store_private.h"

enum { TENANT_ALIAS, TENANT_CREATED, TENANT_FIELDS };
_Static_assert(TENANT_FIELDS <= ROW_FIELDS_MAX, "a tenant fits into a row");

#define WORD STORE_LISTED

struct str
store_listed_key(const struct guid *id, char out[STORE_KEY_MAX])
{
	return store_entry_key(WORD, id, out);
}

static enum err
decode_tenant(
    const struct guid *id, struct str key, struct str row, struct tenant *out)
{
	struct str field[TENANT_FIELDS];
	enum err e;

	if ((e = row_decode(key, row, field, TENANT_FIELDS)) != ERR_OK)
		return e;
	out->id = *id;
	out->alias = field[TENANT_ALIAS];
	out->created_at = (int64_t)row_get_u64(field[TENANT_CREATED]);
	return ERR_OK;
}

enum err
store_tenant(struct txn *tx, const struct guid *id, struct tenant *out)
{
	char bytes[STORE_KEY_MAX];
	struct str key = store_listed_key(id, bytes), row;
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	return store_log_damage(
	    tx, decode_tenant(id, key, row, out), STORE_META, key);
}

/*
 * Puts or removes the tenant's place in the order of expiry, which the listing
 * gives it if it has no record.
 *
 * If it has one, the record is put as it is. Otherwise, where changes overlap,
 * another one could remove or add the record at the same time, and read the
 * listing before this change. It now meets the record, or, because this change
 * runs alone, the place.
 */
static enum err
list_place(struct txn *tx, const struct guid *id, bool listed)
{
	struct store_expiry x = store_expiry_of(id, NULL);
	struct str key = store_tenant_key(id), row;
	struct buf same;
	enum err e;

	if ((e = store_run_alone(tx)) != ERR_OK)
		return e;
	e = store_peek(tx, STORE_RECORD, key, &row);
	if (e == ERR_NOT_FOUND)
		return listed ? store_expiry_set(tx, &x)
			      : store_expiry_unset(tx, &x);
	if (e != ERR_OK || !store_overlaps(tx))
		return e;
	store_scratch(tx, STORE_ROW, &same);
	buf_str(&same, row);
	return store_put(tx, STORE_RECORD, key, &same);
}

enum err
store_tenant_put(struct txn *tx, const struct tenant *t)
{
	char created[ROW_U64_LEN], bytes[STORE_KEY_MAX];
	const struct str field[TENANT_FIELDS] = {
		[TENANT_ALIAS] = t->alias,
		[TENANT_CREATED] = row_u64((uint64_t)t->created_at, created),
	};
	struct str key = store_listed_key(&t->id, bytes);
	struct buf row;
	enum err e;

	if ((e = list_place(tx, &t->id, true)) != ERR_OK)
		return e;
	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, TENANT_FIELDS, &row);
	return store_put(tx, STORE_META, key, &row);
}

enum err
store_tenant_delete(struct txn *tx, const struct guid *id)
{
	char bytes[STORE_KEY_MAX];
	struct str key = store_listed_key(id, bytes), row;
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK ||
	    (e = list_place(tx, id, false)) != ERR_OK)
		return e;
	return store_remove(tx, STORE_META, key);
}

enum err
store_tenants(struct txn *tx, store_tenant_visit *visit, void *arg)
{
	struct store_cursor at;
	struct guid id;
	struct tenant t;
	enum err e;

	store_seek(tx, str_of(WORD), &at);
	while ((e = store_entry_next(tx, WORD, 0, &at, &id)) == ERR_OK) {
		if ((e = decode_tenant(&id, at.key, at.row, &t)) != ERR_OK)
			return store_log_damage(tx, e, STORE_META, at.key);
		if ((e = visit(&t, arg)) != ERR_OK)
			return e;
	}
	return store_walked(e);
}
