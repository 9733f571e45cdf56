/* SPDX-License-Identifier: ISC */
/*
 * tally.h - counts the rows of each map and sums their checksums, in the
 * transaction that changes the rows. Private to store.
 *
 * A row's checksum reveals a damaged row, but not a missing row or an older row
 * in its place, because LMDB keeps no checksums of the pages that lead to the
 * rows. The tally reveals both.
 */
#ifndef PUSHCERT_TALLY_H
#define PUSHCERT_TALLY_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/lmdb_env.h"
#include "base/str.h"

struct tally {
	uint64_t commit; /* written by this commit (lmdb_txn_commit_number) */
	uint64_t rows[STORE_TABLES_MAX];
	uint64_t sum[STORE_TABLES_MAX];
};

void tally_add(struct tally *t, unsigned map, struct str row);
void tally_take(struct tally *t, unsigned map, struct str row);

/* Reports each map of which a walk has not met exactly the rows that were
 * written last. */
void tally_compare(const struct tally *kept, const struct store_sums *seen,
    store_report *report, void *arg);

/* The number of rows of all maps. */
uint64_t tally_rows(const struct tally *t, unsigned maps);

/* `maps` is the number of maps; the tally lies in the map after them (see
 * lmdb_options.maps). A tally of an older format counts only the maps of that
 * format. ERR_NOT_FOUND: nothing was counted yet. */
enum err
tally_load(struct lmdb_txn *tx, unsigned maps, struct tally *out) ATTR_CHECKED;
enum err tally_save(
    struct lmdb_txn *tx, unsigned maps, const struct tally *t) ATTR_CHECKED;

/* Makes the maps that are missing, and saves the tally again, because it has
 * the number of the last commit. This process must have no reader. */
enum err tally_make_maps(struct lmdb_env *db, unsigned maps) ATTR_CHECKED;

#endif
