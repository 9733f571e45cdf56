/* SPDX-License-Identifier: ISC */
/*
 * store_tally.h - how many rows each map holds and what their checksums add up
 * to, kept in the transaction that changes them; private to store.
 *
 * A row tells by itself that it is damaged, but not that it is missing, or that
 * an older one stands in its place: LMDB has no checksums for the pages that
 * lead to it. The tally does.
 */
#ifndef PUSHCERT_STORE_TALLY_H
#define PUSHCERT_STORE_TALLY_H

#include <stdint.h>

#include "attr.h"
#include "err.h"
#include "store_db.h"
#include "str.h"

struct store_tally {
	uint64_t commit; /* that wrote it: store_db_commit_number */
	uint64_t rows[DB_MAPS_MAX];
	uint64_t sum[DB_MAPS_MAX];
};

void store_tally_add(struct store_tally *t, unsigned map, struct str row);
void store_tally_take(struct store_tally *t, unsigned map, struct str row);

/* Of so many maps; it lies in the map behind them. ERR_NOT_FOUND. */
enum err store_tally_load(
    struct db_txn *tx, unsigned maps, struct store_tally *out) ATTR_CHECKED;
enum err store_tally_save(
    struct db_txn *tx, unsigned maps, const struct store_tally *t) ATTR_CHECKED;

#endif
