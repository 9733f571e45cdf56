/* SPDX-License-Identifier: ISC */
/*
 * expiries.c - the tenants in the order in which their certificates expire.
 */
#include "store/expiries.h"

#include <stdlib.h>
#include <string.h>

#include "format/record.h"

struct order {
	struct txn *tx;
	struct store_expiry *row;
	size_t n, room;
};

static int
compare(const void *first, const void *second)
{
	const struct store_expiry *a = first, *b = second;

	if (a->expires != b->expires)
		return a->expires ? -1 : 1;
	if (a->expires_at != b->expires_at)
		return a->expires_at < b->expires_at ? -1 : 1;
	return memcmp(&a->tenant, &b->tenant, sizeof(a->tenant));
}

static enum err
add(const struct guid *tenant, const struct record *r, void *arg)
{
	struct order *o = arg;
	struct store_expiry *row = o->row;

	if (o->n == o->room) {
		o->room = o->room > 0 ? 2 * o->room : 64;
		row = reallocarray(row, o->room, sizeof(*row));
		if (row == NULL)
			return ERR_MEMORY;
		o->row = row;
	}
	row += o->n++;
	*row = (struct store_expiry){ .tenant = *tenant };
	row->expires = r != NULL && record_end(r, &row->expires_at);
	return ERR_OK;
}

static enum err
add_listed(const struct tenant *t, void *arg)
{
	struct order *o = arg;
	struct record r;
	enum err e = store_record(o->tx, &t->id, &r);

	return e == ERR_NOT_FOUND ? add(&t->id, NULL, o) : e;
}

enum err
store_expiries(struct txn *tx, const struct store_expiry *after,
    store_expiry_visit *visit, void *arg)
{
	struct order o = { .tx = tx };
	enum err e;
	size_t i;

	if ((e = store_records(tx, add, &o)) == ERR_OK)
		e = store_tenants(tx, add_listed, &o);
	if (e == ERR_OK && o.n > 0)
		qsort(o.row, o.n, sizeof(*o.row), compare);
	for (i = 0; i < o.n && e == ERR_OK; i++)
		if (after == NULL || compare(&o.row[i], after) > 0)
			e = visit(&o.row[i], arg);
	free(o.row);
	return e;
}
