/* SPDX-License-Identifier: ISC */
/*
 * tally.h - the number of rows in each map and the sum of their
 * checksums, kept in the transaction that changes them. Private to store.
 *
 * A row shows by itself that it is damaged, but not that it is missing or that
 * an older row stands in its place, because LMDB keeps no checksums of the
 * pages that lead to it. The tally shows that.
 */
#ifndef PUSHCERT_TALLY_H
#define PUSHCERT_TALLY_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/lmdb_env.h"
#include "base/str.h"

struct store_tally {
	uint64_t commit; /* the commit that wrote the tally
			    (store_db_commit_number) */
	uint64_t rows[DB_MAPS_MAX];
	uint64_t sum[DB_MAPS_MAX];
};

void store_tally_add(struct store_tally *t, unsigned map, struct str row);
void store_tally_take(struct store_tally *t, unsigned map, struct str row);

/* `maps` is the number of maps. The tally lies in the map that follows them
 *. ERR_NOT_FOUND while nothing was counted. */
enum err store_tally_load(
    struct db_txn *tx, unsigned maps, struct store_tally *out) ATTR_CHECKED;
enum err store_tally_save(
    struct db_txn *tx, unsigned maps, const struct store_tally *t) ATTR_CHECKED;

#endif
