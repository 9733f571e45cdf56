/* SPDX-License-Identifier: ISC */
/*
 * notices.c - stores, as rows, the last notice given of the end of each
 * tenant's certificate.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include "format/row.h"
#include "store/store_private.h"

enum { NOTICE_SERIAL, NOTICE_EXPIRES, NOTICE_LEVEL, NOTICE_FIELDS };
_Static_assert(NOTICE_FIELDS <= ROW_FIELDS_MAX, "a notice fits into a row");

#define WORD "notice"

enum err
store_notice(struct txn *tx, const struct guid *tenant, struct notice *out)
{
	char bytes[STORE_KEY_MAX];
	struct str key = store_entry_key(WORD, tenant, bytes), row;
	struct str field[NOTICE_FIELDS];
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	if ((e = row_decode(key, row, field, NOTICE_FIELDS)) != ERR_OK)
		return store_log_damage(tx, e, STORE_META, key);
	out->serial = field[NOTICE_SERIAL];
	out->expires = field[NOTICE_EXPIRES];
	out->level = row_get_u64(field[NOTICE_LEVEL]);
	return ERR_OK;
}

enum err
store_notice_put(
    struct txn *tx, const struct guid *tenant, const struct notice *n)
{
	char level[ROW_U64_LEN], bytes[STORE_KEY_MAX];
	const struct str field[NOTICE_FIELDS] = {
		[NOTICE_SERIAL] = n->serial,
		[NOTICE_EXPIRES] = n->expires,
		[NOTICE_LEVEL] = row_u64(n->level, level),
	};
	struct str key = store_entry_key(WORD, tenant, bytes);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, NOTICE_FIELDS, &row);
	return store_put(tx, STORE_META, key, &row);
}
