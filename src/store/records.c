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

/* The record before a change of it, which has read and so checked it. Lives
 * until the next put. ERR_NOT_FOUND. */
static enum err
former_record(struct txn *tx, const struct guid *tenant, struct record *out)
{
	struct str row;
	enum err e;

	e = store_peek(tx, STORE_RECORD, store_tenant_key(tenant), &row);
	if (e != ERR_OK)
		return e;
	return store_fail(tx, record_decode_nested(row, out));
}

/* Moves the tenant to the place that the record gives it. Without a former
 * record, the tenant may have the place of a listed one. */
static enum err
move_place(struct txn *tx, const struct guid *tenant,
    const struct record *former, const struct record *r)
{
	struct store_expiry from, to;
	enum err e;

	if (former != NULL &&
	    str_eq(former->value[RECORD_EXPIRES], r->value[RECORD_EXPIRES]))
		return ERR_OK;
	from = store_expiry_of(tenant, former);
	to = store_expiry_of(tenant, r);
	if (from.expires == to.expires && from.expires_at == to.expires_at)
		return former != NULL ? ERR_OK : store_expiry_set(tx, &to);
	if ((e = store_expiry_unset(tx, &from)) != ERR_OK)
		return e;
	return store_expiry_set(tx, &to);
}

static void
encode(struct txn *tx, const struct guid *tenant, const struct record *r,
    struct buf *row)
{
	store_scratch(tx, STORE_ROW, row);
	record_encode(store_tenant_key(tenant), r, row);
}

/* A record that does not fit fails before it moves. */
static enum err
put(struct txn *tx, const struct guid *tenant, const struct record *former,
    const struct record *r, struct buf *row)
{
	enum err e = ERR_OK;

	if (!row->full)
		e = move_place(tx, tenant, former, r);
	if (e != ERR_OK)
		return e;
	return store_put(tx, STORE_RECORD, store_tenant_key(tenant), row);
}

enum err
store_record_replace(struct txn *tx, const struct guid *tenant,
    const struct record *former, const struct record *r)
{
	struct buf row;

	encode(tx, tenant, r, &row);
	return put(tx, tenant, former, r, &row);
}

enum err
store_record_put(
    struct txn *tx, const struct guid *tenant, const struct record *r)
{
	struct record former;
	struct buf row;
	enum err e = ERR_NOT_FOUND;

	encode(tx, tenant, r, &row);
	if (!row.full)
		e = former_record(tx, tenant, &former);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	return put(tx, tenant, e == ERR_OK ? &former : NULL, r, &row);
}

/* A listed tenant keeps a place in the order, at its end. */
static enum err
leave_place(struct txn *tx, const struct store_expiry *x)
{
	struct store_expiry last = store_expiry_of(&x->tenant, NULL);
	char bytes[STORE_KEY_MAX];
	struct str key = store_listed_key(&x->tenant, bytes), row;
	enum err e = store_get(tx, STORE_META, key, &row), e2;

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if ((e2 = store_expiry_unset(tx, x)) != ERR_OK)
		return e2;
	return e == ERR_OK ? store_expiry_set(tx, &last) : ERR_OK;
}

enum err
store_record_delete(struct txn *tx, const struct guid *tenant)
{
	struct store_expiry x;
	struct record former;
	enum err e;

	if ((e = former_record(tx, tenant, &former)) != ERR_OK)
		return e;
	x = store_expiry_of(tenant, &former);
	if ((e = leave_place(tx, &x)) != ERR_OK)
		return e;
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
