/* SPDX-License-Identifier: ISC */
/*
 * expiries.h - the tenants in the order in which their certificates expire.
 */
#ifndef PUSHCERT_EXPIRIES_H
#define PUSHCERT_EXPIRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

/* A tenant's place in the order. The tenants without a known end come last;
 * tenants with the same end are in the order of their ids. */
struct store_expiry {
	struct guid tenant;
	bool expires; /* whether the end is known */
	int64_t expires_at; /* the record's expirationDateTime; 0: not known */
};

/*
 * Visits each tenant that has a record or that the operator has listed, in the
 * order of their ends, beginning after a place, which no tenant need have.
 * NULL: from the first tenant on. A visit that returns anything but ERR_OK ends
 * the walk, and store_expiries returns that outcome. The visitor may read other
 * rows of the transaction. A store that was not upgraded has no order yet:
 * ERR_OLD_FORMAT.
 */
typedef enum err store_expiry_visit(const struct store_expiry *x, void *arg);
enum err store_expiries(struct txn *tx, const struct store_expiry *after,
    store_expiry_visit *visit, void *arg) ATTR_CHECKED;

/* The same with each tenant's record, its entry in the list and, if asked for,
 * its custody, which the store reads for `ahead` tenants at a time, at most
 * STORE_AHEAD_MAX; 0: for that number. They live until the visit returns. */
#define STORE_AHEAD_MAX 128
struct store_expiry_walk {
	const struct store_expiry *after;
	size_t ahead;
	bool custodies;
};
struct store_expiry_row {
	struct store_expiry place;
	const struct record *record; /* NULL: none */
	const struct tenant *listed; /* NULL: not listed */
	const struct custody *custody; /* NULL: none, or not asked for */
};
typedef enum err
store_expiry_row_visit(const struct store_expiry_row *row, void *arg);
enum err store_expiry_rows(struct txn *tx, const struct store_expiry_walk *walk,
    store_expiry_row_visit *visit, void *arg) ATTR_CHECKED;

#endif
