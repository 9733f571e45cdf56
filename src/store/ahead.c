/* SPDX-License-Identifier: ISC */
/*
 * ahead.c - walks over the tenants by expiry and reads the rows of many of them
 * together, so that a database on another machine needs few round trips.
 */
#include "store/expiries.h"

#include "store/store_private.h"

struct ahead {
	struct txn *tx;
	size_t most, n;
	struct store_expiry place[STORE_AHEAD_MAX];
	char key[STORE_AHEAD_MAX][STORE_KEY_MAX];
};

static enum err
keep_place(const struct store_expiry *x, void *arg)
{
	struct ahead *a = arg;

	a->place[a->n++] = *x;
	return a->n < a->most ? ERR_OK : ERR_STOP;
}

/* Names the rows of a table that belong to the tenants. */
static void
expect(struct ahead *a, enum store_table table)
{
	struct store_range range[STORE_AHEAD_MAX];
	size_t i;

	for (i = 0; i < a->n; i++)
		range[i] = (struct store_range){ .table = table,
			.way = STORE_FROM,
			.rows = 1,
			.key = table == STORE_RECORD
			    ? store_tenant_key(&a->place[i].tenant)
			    : store_listed_key(
				  &a->place[i].tenant, a->key[i]) };
	store_expect_rows(a->tx, range, a->n);
}

/* Reads the places after one. */
static enum err
read_places(struct ahead *a, const struct store_expiry *after)
{
	enum err e;

	a->n = 0;
	store_expect_places(a->tx, after, a->most);
	e = store_expiries(a->tx, after, keep_place, a);
	return e == ERR_STOP ? ERR_OK : e;
}

static enum err
visit_row(struct ahead *a, size_t i, store_expiry_row_visit *visit, void *arg)
{
	struct store_expiry_row row = { .place = a->place[i] };
	struct record r;
	struct tenant t;
	enum err e = store_record(a->tx, &a->place[i].tenant, &r);

	if (e == ERR_OK)
		row.record = &r;
	else if (e != ERR_NOT_FOUND)
		return e;
	e = store_tenant(a->tx, &a->place[i].tenant, &t);
	if (e == ERR_OK)
		row.listed = &t;
	else if (e != ERR_NOT_FOUND)
		return e;
	return visit(&row, arg);
}

enum err
store_expiry_rows(struct txn *tx, const struct store_expiry *after,
    size_t ahead, store_expiry_row_visit *visit, void *arg)
{
	struct ahead a = { .tx = tx, .most = ahead };
	struct store_expiry last;
	enum err e;
	size_t i;

	if (a.most == 0 || a.most > STORE_AHEAD_MAX)
		a.most = STORE_AHEAD_MAX;
	do {
		if ((e = read_places(&a, after)) != ERR_OK)
			return e;
		expect(&a, STORE_RECORD);
		expect(&a, STORE_META);
		for (i = 0; i < a.n; i++)
			if ((e = visit_row(&a, i, visit, arg)) != ERR_OK)
				return e;
		if (a.n > 0)
			last = a.place[a.n - 1];
		after = &last;
	} while (a.n == a.most);
	return ERR_OK;
}
