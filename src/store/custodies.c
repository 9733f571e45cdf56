/* SPDX-License-Identifier: ISC */
/*
 * custodies.c - stores, as rows, which people look after each tenant's
 * certificate.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include <string.h>

#include "format/row.h"
#include "store/store_private.h"

_Static_assert(CUSTODY_TEXTS <= ROW_FIELDS_MAX, "a custody fits into a row");

#define CUSTODY "custody"
#define CUSTODY_LEN (sizeof(CUSTODY) - 1)
#define CUSTODY_KEY_LEN (CUSTODY_LEN + sizeof(struct guid))

static struct str
custody_key(const struct guid *tenant, char out[CUSTODY_KEY_LEN])
{
	memcpy(out, CUSTODY, CUSTODY_LEN);
	memcpy(out + CUSTODY_LEN, tenant->byte, sizeof(tenant->byte));
	return str_from(out, CUSTODY_KEY_LEN);
}

enum err
store_custody(struct txn *tx, const struct guid *tenant, struct custody *out)
{
	char bytes[CUSTODY_KEY_LEN];
	struct str key = custody_key(tenant, bytes), row;
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	return store_log_damage(tx,
	    row_decode(key, row, out->text, CUSTODY_TEXTS), STORE_META, key);
}

enum err
store_custody_put(
    struct txn *tx, const struct guid *tenant, const struct custody *c)
{
	char bytes[CUSTODY_KEY_LEN];
	struct str key = custody_key(tenant, bytes);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, c->text, CUSTODY_TEXTS, &row);
	return store_put(tx, STORE_META, key, &row);
}

enum err
store_custodies(struct txn *tx, store_custody_visit *visit, void *arg)
{
	static const struct guid first;
	enum store_direction way = STORE_FROM;
	char bytes[CUSTODY_KEY_LEN];
	struct store_cursor at;
	struct guid tenant;
	struct custody c;
	enum err e;

	store_seek(tx, custody_key(&first, bytes), &at);
	while ((e = store_next(tx, STORE_META, way, &at)) == ERR_OK) {
		way = STORE_NEXT;
		if (at.key.n != CUSTODY_KEY_LEN || !str_starts(at.key, CUSTODY))
			return ERR_OK;
		e = row_decode(at.key, at.row, c.text, CUSTODY_TEXTS);
		if (e != ERR_OK)
			return store_log_damage(tx, e, STORE_META, at.key);
		memcpy(&tenant, at.key.p + CUSTODY_LEN, sizeof(tenant));
		if ((e = visit(&tenant, &c, arg)) != ERR_OK)
			return e;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}
