/* SPDX-License-Identifier: ISC */
/*
 * forget.c - removes everything that belongs to one tenant, for a test. The
 * history goes last to first, so that it has no gap when a part of it is gone.
 */
#include "store/store.h"

#include <string.h>

#include "store/store_private.h"

/* The most rows that one change removes, so that no change becomes slow. */
#define ROWS_MOST 16

/* Removes the rows whose key is longer than this one and begins with it. */
static enum err
forget_rows(
    struct txn *tx, enum store_table table, struct str start, unsigned *removed)
{
	struct store_cursor at;
	char bytes[STORE_KEY_MAX];
	struct str key;
	enum err e = ERR_OK;

	while (e == ERR_OK && *removed < ROWS_MOST) {
		store_seek(tx, start, &at);
		e = store_next(tx, table, STORE_NEXT, &at);
		if (e != ERR_OK || !str_eq(str_head(at.key, start.n), start))
			break;
		memcpy(bytes, at.key.p, at.key.n);
		key = str_from(bytes, at.key.n);
		++*removed;
		e = store_remove(tx, table, key);
	}
	return store_walked(e);
}

/* The words of the entries that go with the record. The listing of the tenant
 * and its custody are the operator's, and stay. */
static enum err
forget_entries(struct txn *tx, const struct guid *tenant)
{
	static const char *const words[] = { "consent", "notice" };
	char bytes[STORE_KEY_MAX];
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]) && e == ERR_OK; i++)
		e = store_walked(store_remove(
		    tx, STORE_META, store_entry_key(words[i], tenant, bytes)));
	return e;
}

enum err
store_forget(struct txn *tx, const struct guid *tenant, bool *more)
{
	struct str key = store_tenant_key(tenant);
	char bytes[STORE_KEY_MAX];
	unsigned removed = 0;
	enum err e;

	*more = true;
	e = forget_rows(tx, STORE_REQUEST, key, &removed);
	if (e == ERR_OK)
		e = forget_rows(tx, STORE_RECORD, key, &removed);
	if (e == ERR_OK)
		e = forget_rows(tx, STORE_META,
		    store_entry_key("delivery", tenant, bytes), &removed);
	if (e == ERR_OK) /* the numbers of the events begin again */
		e = forget_rows(tx, STORE_META,
		    store_entry_key("place", tenant, bytes), &removed);
	if (e != ERR_OK || removed == ROWS_MOST)
		return e;
	*more = false;
	if ((e = forget_entries(tx, tenant)) != ERR_OK ||
	    (e = store_walked(store_csr_delete(tx, tenant, NULL))) != ERR_OK)
		return e;
	return store_walked(store_record_delete(tx, tenant));
}
