/* SPDX-License-Identifier: ISC */
/*
 * records.c - stores records as rows, in the form that record.h gives them.
 */
#include "store/store.h"

#include <string.h>

#include "format/row.h"
#include "store/store_private.h"

enum err
store_record(struct txn *tx, const struct guid *tenant, struct record *out)
{
	struct str key = store_tenant_key(tenant), row;
	enum err e;

	store_expect_change(tx, tenant);
	if ((e = store_get(tx, STORE_RECORD, key, &row)) != ERR_OK)
		return e;
	return store_log_damage(
	    tx, record_decode(key, row, out), STORE_RECORD, key);
}

enum err
store_record_put(
    struct txn *tx, const struct guid *tenant, const struct record *r)
{
	struct str key = store_tenant_key(tenant);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	record_encode(key, r, &row);
	return store_put(tx, STORE_RECORD, key, &row);
}

enum err
store_record_delete(struct txn *tx, const struct guid *tenant)
{
	return store_remove(tx, STORE_RECORD, store_tenant_key(tenant));
}

/* Checks that a row is intact and has the key of a record or an event, and
 * gives its tenant. */
static enum err
check_place(const struct store_cursor *at, struct guid *tenant)
{
	if (at->key.n != sizeof(tenant->byte) &&
	    at->key.n != STORE_EVENT_KEY_LEN)
		return ERR_CORRUPT;
	memcpy(tenant->byte, at->key.p, sizeof(tenant->byte));
	return row_check(at->key, at->row);
}

/* Visits a record. If the walk met an event instead, the tenant must have no
 * record: a damaged key may have moved it. */
static enum err
visit_place(struct txn *tx, const struct store_cursor *at,
    const struct guid *tenant, store_record_visit *visit, void *arg)
{
	struct record r;
	enum err e;

	if (at->key.n == STORE_EVENT_KEY_LEN) {
		e = store_absent(tx, STORE_RECORD, store_tenant_key(tenant));
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	}
	if ((e = record_decode(at->key, at->row, &r)) != ERR_OK)
		return store_log_damage(tx, e, STORE_RECORD, at->key);
	return visit(tenant, &r, arg);
}

enum err
store_records(struct txn *tx, store_record_visit *visit, void *arg)
{
	struct guid tenant;
	struct store_cursor at;
	enum err e;

	store_seek(tx, str_of(NULL), &at);
	while ((e = store_next(tx, STORE_RECORD, STORE_NEXT, &at)) == ERR_OK) {
		if ((e = check_place(&at, &tenant)) != ERR_OK)
			return store_log_damage(tx, e, STORE_RECORD, at.key);
		e = visit_place(tx, &at, &tenant, visit, arg);
		if (e != ERR_OK)
			return e;
		/* The next step continues after the tenant's history. */
		at.key = store_event_key_of(&tenant, 0, at.byte);
	}
	return store_walked(e);
}
