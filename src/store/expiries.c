/* SPDX-License-Identifier: ISC */
/*
 * expiries.c - the index by expiry: one row for each tenant that has a record
 * or that the operator has listed, under its end and its id.
 *
 * The end is eight bytes, most significant first, with the sign flipped, so
 * that the order of the keys is that of the ends. A tenant without a known end
 * has the greatest number, which never stands for a date. A listed tenant
 * without a record has it too.
 *
 * A change of a record writes the rows of its two places without reading them,
 * because they follow from the record before and after the change. An end that
 * stays the same writes nothing.
 */
#include "store/expiries.h"

#include <string.h>

#include "format/row.h"
#include "store/store_private.h"

#define SIGN (UINT64_C(1) << 63)
#define END_LEN (STORE_EXPIRY_KEY_LEN - sizeof(struct guid))

struct store_expiry
store_expiry_of(const struct guid *tenant, const struct record *r)
{
	struct store_expiry x = { .tenant = *tenant };

	x.expires = r != NULL && record_end(r, &x.expires_at);
	return x;
}

struct str
store_expiry_key(const struct store_expiry *x, char out[STORE_EXPIRY_KEY_LEN])
{
	uint64_t end = (uint64_t)x->expires_at ^ SIGN;
	size_t i;

	/* The place of a tenant without a known end is the greatest number. */
	if (!x->expires)
		end = UINT64_MAX;
	else if (end == UINT64_MAX)
		end--;

	for (i = END_LEN; i > 0; end >>= 8)
		out[--i] = (char)(end & 0xff);
	memcpy(out + END_LEN, x->tenant.byte, sizeof(x->tenant.byte));
	return str_from(out, STORE_EXPIRY_KEY_LEN);
}

bool
store_expiry_place(struct str key, struct store_expiry *out)
{
	uint64_t end = 0;
	size_t i;

	if (key.n != STORE_EXPIRY_KEY_LEN)
		return false;
	for (i = 0; i < END_LEN; i++)
		end = end << 8 | (unsigned char)key.p[i];
	out->expires = end != UINT64_MAX;
	out->expires_at = out->expires ? (int64_t)(end ^ SIGN) : 0;
	memcpy(out->tenant.byte, key.p + END_LEN, sizeof(out->tenant.byte));
	return true;
}

enum err
store_expiry_set(struct txn *tx, const struct store_expiry *x)
{
	char bytes[STORE_EXPIRY_KEY_LEN], block[64];
	struct str key = store_expiry_key(x, bytes);
	struct buf row;

	buf_init(&row, block, sizeof(block));
	row_encode(key, NULL, 0, &row);
	return store_set(tx, STORE_EXPIRY, key, &row);
}

enum err
store_expiry_unset(struct txn *tx, const struct store_expiry *x)
{
	char bytes[STORE_EXPIRY_KEY_LEN];

	return store_unset(tx, STORE_EXPIRY, store_expiry_key(x, bytes));
}

/* Visits the row at the cursor. */
static enum err
visit_place(struct txn *tx, const struct store_cursor *at,
    store_expiry_visit *visit, void *arg)
{
	struct store_expiry x;
	enum err e = row_check(at->key, at->row);

	if (e == ERR_OK && !store_expiry_place(at->key, &x))
		e = ERR_CORRUPT;
	if (e != ERR_OK)
		return store_log_damage(tx, e, STORE_EXPIRY, at->key);
	return visit(&x, arg);
}

enum err
store_expiries(struct txn *tx, const struct store_expiry *after,
    store_expiry_visit *visit, void *arg)
{
	char bytes[STORE_EXPIRY_KEY_LEN] = { 0 };
	struct str from = str_from(bytes, sizeof(bytes));
	struct store_cursor at;
	enum err e;

	if (store_format_seen(tx) < 6)
		return ERR_OLD_FORMAT;
	/* The least key is not the null key: in PostgreSQL, a walk from there
	 * would begin a transaction of its own. No tenant has it. */
	if (after != NULL)
		from = store_expiry_key(after, bytes);
	store_seek(tx, from, &at);
	while ((e = store_next(tx, STORE_EXPIRY, STORE_NEXT, &at)) == ERR_OK)
		if ((e = visit_place(tx, &at, visit, arg)) != ERR_OK)
			return e;
	return store_walked(e);
}
