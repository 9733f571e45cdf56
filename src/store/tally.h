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

struct tally {
	uint64_t commit; /* the commit that wrote the tally
			    (lmdb_txn_commit_number) */
	uint64_t rows[LMDB_MAPS_MAX];
	uint64_t sum[LMDB_MAPS_MAX];
};

void tally_add(struct tally *t, unsigned map, struct str row);
void tally_take(struct tally *t, unsigned map, struct str row);

/* `maps` is the number of maps. The tally lies in the map that follows them
 *. ERR_NOT_FOUND while nothing was counted. */
enum err
tally_load(struct lmdb_txn *tx, unsigned maps, struct tally *out) ATTR_CHECKED;
enum err tally_save(
    struct lmdb_txn *tx, unsigned maps, const struct tally *t) ATTR_CHECKED;

#endif
