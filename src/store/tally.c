/* SPDX-License-Identifier: ISC */
/*
 * tally.c - stores the tally as one row of numbers: the commit, then the number
 * of rows and the sum of each map.
 *
 * The sums of checksums are modulo 2^64, so that rows can be added and removed
 * in any order at the same cost.
 */
#include "store/tally.h"

#include <stdio.h>

#include "base/buf.h"
#include "format/row.h"

#define KEY "tally"
#define LEN(maps) (ROW_U64_LEN * (1 + 2 * (size_t)(maps)))

void
tally_add(struct tally *t, unsigned map, struct str row)
{
	t->rows[map]++;
	t->sum[map] += row_checksum(row);
}

void
tally_take(struct tally *t, unsigned map, struct str row)
{
	t->rows[map]--;
	t->sum[map] -= row_checksum(row);
}

/* Takes the first number from the list. */
static uint64_t
get(struct str *numbers)
{
	uint64_t u = row_get_u64(str_head(*numbers, ROW_U64_LEN));

	*numbers = str_tail(*numbers, ROW_U64_LEN);
	return u;
}

enum err
tally_load(struct lmdb_txn *tx, unsigned maps, struct tally *out)
{
	struct str row, numbers;
	unsigned i;
	enum err e;

	*out = (struct tally){ .commit = 0 };
	if ((e = lmdb_txn_get(tx, maps, str_of(KEY), &row)) != ERR_OK)
		return e;
	if ((e = row_decode(str_of(KEY), row, &numbers, 1)) != ERR_OK)
		return e;
	if (numbers.n == LEN(STORE_TABLES_FORMER))
		maps = STORE_TABLES_FORMER;
	if (numbers.n != LEN(maps))
		return ERR_CORRUPT;
	out->commit = get(&numbers);
	for (i = 0; i < maps; i++) {
		out->rows[i] = get(&numbers);
		out->sum[i] = get(&numbers);
	}
	return ERR_OK;
}

uint64_t
tally_rows(const struct tally *t, unsigned maps)
{
	uint64_t n = 0;

	while (maps > 0)
		n += t->rows[--maps];
	return n;
}

enum err
tally_save(struct lmdb_txn *tx, unsigned maps, const struct tally *t)
{
	char numbers[LEN(STORE_TABLES_MAX)], block[sizeof(numbers) + 64], *p;
	unsigned map = maps, i;
	struct str field;
	struct buf row;

	/* A copy of a store of an older format can be read by the release that
	 * made the store. */
	if (maps > STORE_TABLES_FORMER &&
	    tally_rows(t, maps) == tally_rows(t, STORE_TABLES_FORMER))
		maps = STORE_TABLES_FORMER;
	row_u64(lmdb_txn_commit_number(tx), numbers);
	for (p = numbers + ROW_U64_LEN, i = 0; i < maps; i++) {
		row_u64(t->rows[i], p);
		row_u64(t->sum[i], p + ROW_U64_LEN);
		p += (size_t)2 * ROW_U64_LEN;
	}
	field = str_from(numbers, LEN(maps));
	buf_init(&row, block, sizeof(block));
	row_encode(str_of(KEY), &field, 1, &row);
	return lmdb_txn_put(tx, map, str_of(KEY), buf_view(&row));
}

void
tally_compare(const struct tally *kept, const struct store_sums *seen,
    store_report *report, void *arg)
{
	char what[96];
	unsigned i;

	for (i = 0; i < seen->tables; i++)
		if (seen->rows[i] != kept->rows[i]) {
			snprintf(what, sizeof(what),
			    "%llu rows are present, but %llu are recorded",
			    (unsigned long long)seen->rows[i],
			    (unsigned long long)kept->rows[i]);
			report(arg, (enum store_table)i, what);
		} else if (seen->sum[i] != kept->sum[i]) {
			report(arg, (enum store_table)i,
			    "at least one row is not the last that was "
			    "written");
		}
}

static enum err
make_maps(struct lmdb_txn *tx, unsigned maps)
{
	struct tally t;
	enum err e;

	if ((e = lmdb_txn_make_maps(tx)) != ERR_OK)
		return e;
	if ((e = tally_load(tx, maps, &t)) == ERR_OK)
		return tally_save(tx, maps, &t);
	/* Format 1 has no tally. */
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
tally_make_maps(struct lmdb_env *db, unsigned maps)
{
	struct lmdb_txn *tx;
	enum err e;

	if ((e = lmdb_txn_write(db, &tx)) != ERR_OK)
		return e;
	if ((e = make_maps(tx, maps)) == ERR_OK)
		e = lmdb_txn_commit(tx);
	else
		lmdb_txn_abort(tx);
	if (e != ERR_OK)
		lmdb_env_forget_maps(db);
	return e;
}
