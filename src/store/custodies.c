/* SPDX-License-Identifier: ISC */
/*
 * custodies.c - stores, as rows, which people look after each tenant's
 * certificate.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include "format/row.h"
#include "store/store_private.h"

_Static_assert(CUSTODY_TEXTS <= ROW_FIELDS_MAX, "a custody fits into a row");

#define WORD STORE_CUSTODY

enum err
store_custody(struct txn *tx, const struct guid *tenant, struct custody *out)
{
	char bytes[STORE_KEY_MAX];
	struct str key = store_entry_key(WORD, tenant, bytes), row;
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
	char bytes[STORE_KEY_MAX];
	struct str key = store_entry_key(WORD, tenant, bytes);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, c->text, CUSTODY_TEXTS, &row);
	return store_put(tx, STORE_META, key, &row);
}

enum err
store_custodies(struct txn *tx, store_custody_visit *visit, void *arg)
{
	struct store_cursor at;
	struct guid tenant;
	struct custody c;
	enum err e;

	store_seek(tx, str_of(WORD), &at);
	while ((e = store_entry_next(tx, WORD, 0, &at, &tenant)) == ERR_OK) {
		e = row_decode(at.key, at.row, c.text, CUSTODY_TEXTS);
		if (e != ERR_OK)
			return store_log_damage(tx, e, STORE_META, at.key);
		if ((e = visit(&tenant, &c, arg)) != ERR_OK)
			return e;
	}
	return store_walked(e);
}
