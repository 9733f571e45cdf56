/* SPDX-License-Identifier: ISC */
/*
 * ahead.c - walks over the tenants by expiry and reads the rows of many of them
 * together, so that a database on another machine needs few round trips.
 */
#include "store/expiries.h"

#include "store/store_private.h"

struct ahead {
	struct txn *tx;
	bool custodies;
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

/* Names the rows that belong to the tenants: their records, or the entries of a
 * word. */
static void
expect(struct ahead *a, const char *word)
{
	struct store_range range[STORE_AHEAD_MAX];
	size_t i;

	for (i = 0; i < a->n; i++) {
		const struct guid *tenant = &a->place[i].tenant;

		range[i] = (struct store_range){ .way = STORE_FROM, .rows = 1 };
		range[i].table = word == NULL ? STORE_RECORD : STORE_META;
		range[i].key = word == NULL
		    ? store_tenant_key(tenant)
		    : store_entry_key(word, tenant, a->key[i]);
	}
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
	const struct guid *tenant = &a->place[i].tenant;
	struct store_expiry_row row = { .place = a->place[i] };
	struct record r;
	struct tenant t;
	struct custody c;
	enum err e;

	if ((e = store_record(a->tx, tenant, &r)) == ERR_OK)
		row.record = &r;
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = store_tenant(a->tx, tenant, &t);
	if (e == ERR_OK)
		row.listed = &t;
	if ((e == ERR_OK || e == ERR_NOT_FOUND) && a->custodies &&
	    (e = store_custody(a->tx, tenant, &c)) == ERR_OK)
		row.custody = &c;
	return e == ERR_OK || e == ERR_NOT_FOUND ? visit(&row, arg) : e;
}

static enum err
visit_rows(struct ahead *a, store_expiry_row_visit *visit, void *arg)
{
	enum err e = ERR_OK;
	size_t i;

	expect(a, NULL);
	expect(a, STORE_LISTED);
	if (a->custodies)
		expect(a, STORE_CUSTODY);
	for (i = 0; i < a->n && e == ERR_OK; i++)
		e = visit_row(a, i, visit, arg);
	return e;
}

enum err
store_expiry_rows(struct txn *tx, const struct store_expiry_walk *walk,
    store_expiry_row_visit *visit, void *arg)
{
	struct ahead a = {
		.tx = tx, .custodies = walk->custodies, .most = walk->ahead
	};
	const struct store_expiry *after = walk->after;
	struct store_expiry last;
	enum err e;

	if (a.most == 0 || a.most > STORE_AHEAD_MAX)
		a.most = STORE_AHEAD_MAX;
	do {
		if ((e = read_places(&a, after)) != ERR_OK ||
		    (e = visit_rows(&a, visit, arg)) != ERR_OK)
			return e;
		if (a.n > 0)
			last = a.place[a.n - 1];
		after = &last;
	} while (a.n == a.most);
	return ERR_OK;
}
