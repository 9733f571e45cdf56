/* SPDX-License-Identifier: ISC */
/*
 * sessions.c - stores, as a row, the number that all sessions of the pages
 * carry.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include "format/row.h"
#include "store/store_private.h"

enum { SESSION_EPOCH, SESSION_FIELDS };
_Static_assert(SESSION_FIELDS <= ROW_FIELDS_MAX, "a number fits into a row");

static const struct str key = STR(STORE_SESSION_KEY);

enum err
store_session_epoch(struct txn *tx, uint64_t *out)
{
	struct str row, field[SESSION_FIELDS];
	enum err e;

	*out = 0;
	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return store_walked(e);
	if ((e = row_decode(key, row, field, SESSION_FIELDS)) != ERR_OK)
		return store_log_damage(tx, e, STORE_META, key);
	*out = row_get_u64(field[SESSION_EPOCH]);
	return ERR_OK;
}

uint64_t
store_session_epoch_peek(struct txn *tx)
{
	struct str row, field[SESSION_FIELDS];

	return store_peek(tx, STORE_META, key, &row) == ERR_OK &&
		row_decode(key, row, field, SESSION_FIELDS) == ERR_OK
	    ? row_get_u64(field[SESSION_EPOCH])
	    : 0;
}

enum err
store_session_epoch_put(struct txn *tx, uint64_t epoch)
{
	char number[ROW_U64_LEN];
	const struct str field[SESSION_FIELDS] = {
		[SESSION_EPOCH] = row_u64(epoch, number),
	};
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, SESSION_FIELDS, &row);
	return store_put(tx, STORE_META, key, &row);
}
