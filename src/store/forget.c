/* SPDX-License-Identifier: ISC */
/*
 * forget.c - removes everything that belongs to one tenant, for a test. The
 * history goes last to first, so that it has no gap when a part of it is gone.
 */
#include "store/store.h"

#include <string.h>

#include "store/place.h"
#include "store/store_private.h"

/* The most rows that one change removes, so that no change becomes slow. */
#define ROWS_MOST 16

/* Removes the rows whose key begins with the tenant. */
static enum err
forget_rows(struct txn *tx, enum store_table table, const struct guid *tenant,
    unsigned *removed)
{
	struct str of_tenant = store_tenant_key(tenant);
	struct store_cursor at;
	char bytes[STORE_KEY_MAX];
	struct str key;
	enum err e = ERR_OK;

	while (e == ERR_OK && *removed < ROWS_MOST) {
		store_seek(tx, of_tenant, &at);
		e = store_next(tx, table, STORE_NEXT, &at);
		if (e != ERR_OK ||
		    !str_eq(str_head(at.key, of_tenant.n), of_tenant))
			break;
		memcpy(bytes, at.key.p, at.key.n);
		key = str_from(bytes, at.key.n);
		++*removed;
		e = store_remove(tx, table, key);
	}
	return store_walked(e);
}

static enum err
forget_entry(struct txn *tx, const char *word, const struct guid *tenant)
{
	char bytes[STORE_KEY_MAX];
	struct buf key;

	buf_init(&key, bytes, sizeof(bytes));
	buf_text(&key, word);
	buf_put(&key, tenant->byte, sizeof(tenant->byte));
	return store_walked(store_remove(tx, STORE_META, buf_view(&key)));
}

/* Removes the places of all names, because the numbers of the events begin
 * again. */
static enum err
forget_places(struct txn *tx, const struct guid *tenant)
{
	char bytes[STORE_KEY_MAX];
	struct store_cursor at;
	struct guid found;
	struct buf start;
	struct str key;
	enum err e;

	buf_init(&start, bytes, sizeof(bytes));
	buf_text(&start, "place");
	buf_put(&start, tenant->byte, sizeof(tenant->byte));
	store_seek(tx, buf_view(&start), &at);
	while ((e = store_next(tx, STORE_META, STORE_NEXT, &at)) == ERR_OK &&
	    store_is_place(at.key, &found) &&
	    memcmp(&found, tenant, sizeof(found)) == 0) {
		memcpy(bytes, at.key.p, at.key.n);
		key = str_from(bytes, at.key.n);
		if ((e = store_remove(tx, STORE_META, key)) != ERR_OK)
			return e;
	}
	return store_walked(e);
}

enum err
store_forget(struct txn *tx, const struct guid *tenant, bool *more)
{
	unsigned removed = 0;
	enum err e;

	*more = true;
	e = forget_rows(tx, STORE_REQUEST, tenant, &removed);
	if (e == ERR_OK)
		e = forget_rows(tx, STORE_RECORD, tenant, &removed);
	if (e != ERR_OK || removed == ROWS_MOST)
		return e;
	*more = false;
	if ((e = forget_entry(tx, "consent", tenant)) != ERR_OK ||
	    (e = forget_entry(tx, "notice", tenant)) != ERR_OK ||
	    (e = forget_places(tx, tenant)) != ERR_OK ||
	    (e = store_walked(store_csr_delete(tx, tenant, NULL))) != ERR_OK)
		return e;
	return store_walked(store_record_delete(tx, tenant));
}
