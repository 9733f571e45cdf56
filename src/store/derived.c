/* SPDX-License-Identifier: ISC */
/*
 * derived.c - puts and removes rows that follow from other rows of the same
 * change, without reading them, and removes all rows of a table.
 */
#include "store/store_private.h"

#include "store/store_struct.h"

/* Whether the change may put rows; if not, why. */
static enum err
check_writes(const struct txn *tx)
{
	return tx->writes ? tx->failed : ERR_INTERNAL;
}

enum err
store_set(struct txn *tx, enum store_table table, struct str key,
    const struct buf *row)
{
	const struct store_engine *engine = tx->st->engine;
	enum err e;

	if (engine->set == NULL)
		return store_put(tx, table, key, row);
	if ((e = check_writes(tx)) != ERR_OK)
		return e;
	tx->put = true;
	if (row->full)
		return store_fail(tx, ERR_MEMORY);
	e = engine->set(tx->tx, table, key, buf_view(row));
	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

enum err
store_unset(struct txn *tx, enum store_table table, struct str key)
{
	const struct store_engine *engine = tx->st->engine;
	enum err e;

	if (engine->unset == NULL)
		return store_walked(store_remove(tx, table, key));
	if ((e = check_writes(tx)) != ERR_OK)
		return e;
	tx->put = true;
	e = engine->unset(tx->tx, table, key);
	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

enum err
store_clear(struct txn *tx, enum store_table table)
{
	struct store_cursor at;
	enum err e = store_empty(tx, table);

	if (e != ERR_NOT_FOUND)
		return e;
	store_seek(tx, str_of(NULL), &at);
	while ((e = store_next(tx, table, STORE_NEXT, &at)) == ERR_OK)
		if ((e = store_remove(tx, table, at.key)) != ERR_OK)
			return e;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}
