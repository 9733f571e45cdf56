/* SPDX-License-Identifier: ISC */
/*
 * order.c - builds the index by expiry from the records and the listed tenants,
 * for an upgrade and for a restore.
 */
#include "store/store_private.h"

#include <string.h>

#include "base/progress.h"

/*
 * The walks below read rows as they are. A row that is damaged was so before,
 * and an upgrade leaves it: its tenant gets no place then, and the verification
 * finds both.
 */

static enum err
add(struct txn *tx, const struct guid *tenant, const struct record *r)
{
	struct store_expiry x = store_expiry_of(tenant, r);

	return store_expiry_set(tx, &x);
}

/* Puts a record again with what a newer release keeps in it. */
static enum err
complete(struct txn *tx, struct str key, struct record *r)
{
	struct buf row;

	if (!record_is_real(r) || r->issued || !store_complete(tx, r))
		return ERR_OK;
	store_scratch(tx, STORE_ROW, &row);
	record_encode(key, r, &row);
	return store_put(tx, STORE_RECORD, key, &row);
}

/* A walk may meet a row of a record or of an event. */
static enum err
add_record(struct txn *tx, struct txn *from, const struct guid *tenant,
    const struct store_cursor *at)
{
	struct record r;
	enum err e = ERR_OK;

	if (at->key.n != sizeof(tenant->byte) ||
	    record_decode(at->key, at->row, &r) != ERR_OK)
		return ERR_OK;
	if (tx == from)
		e = complete(tx, store_tenant_key(tenant), &r);
	return e == ERR_OK ? add(tx, tenant, &r) : e;
}

static enum err
add_records(struct txn *tx, struct txn *from)
{
	struct store_cursor at;
	struct guid tenant;
	enum err e;

	store_seek(from, str_of(NULL), &at);
	while (
	    (e = store_next(from, STORE_RECORD, STORE_NEXT, &at)) == ERR_OK) {
		if (at.key.n < sizeof(tenant.byte))
			continue;
		memcpy(tenant.byte, at.key.p, sizeof(tenant.byte));
		if ((e = add_record(tx, from, &tenant, &at)) != ERR_OK)
			return e;
		progress_add(store_txn_progress(tx), 1);
		/* The next step continues after the tenant's history. */
		at.key = store_event_key_of(&tenant, 0, at.byte);
	}
	return store_walked(e);
}

static enum err
add_listed(struct txn *tx, struct txn *from)
{
	struct store_cursor at;
	struct guid tenant;
	struct str row;
	enum err e;

	store_seek(from, str_of(STORE_LISTED), &at);
	while ((e = store_entry_next(from, STORE_LISTED, 0, &at, &tenant)) ==
	    ERR_OK) {
		e = store_peek(
		    from, STORE_RECORD, store_tenant_key(&tenant), &row);
		if (e == ERR_NOT_FOUND)
			e = add(tx, &tenant, NULL);
		if (e != ERR_OK)
			return e;
	}
	return store_walked(e);
}

enum err
store_order_build(struct txn *tx, struct txn *from)
{
	enum err e;

	progress_step(store_txn_progress(tx), "ordering by expiry", 0);
	/* A database that a dump of an older format was put into may still have
	 * the rows of the newer one. */
	if ((e = store_clear(tx, STORE_EXPIRY)) != ERR_OK)
		return e;
	e = add_records(tx, from);
	return e == ERR_OK ? add_listed(tx, from) : e;
}
