/* SPDX-License-Identifier: ISC */
/*
 * consents.c - stores, as rows, each tenant's consent to share data with Apple.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include "format/row.h"
#include "store/store_private.h"

enum {
	CONSENT_AT,
	CONSENT_NANO,
	CONSENT_ACTOR,
	CONSENT_KIND,
	CONSENT_USER_ID,
	CONSENT_FIELDS
};
_Static_assert(CONSENT_FIELDS <= ROW_FIELDS_MAX, "a consent fits into a row");

#define WORD "consent"

enum err
store_consent(struct txn *tx, const struct guid *tenant, struct consent *out)
{
	char bytes[STORE_KEY_MAX];
	struct str key = store_entry_key(WORD, tenant, bytes), row;
	struct str field[CONSENT_FIELDS];
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	if ((e = row_decode(key, row, field, CONSENT_FIELDS)) != ERR_OK)
		return store_log_damage(tx, e, STORE_META, key);
	out->when.at = (int64_t)row_get_u64(field[CONSENT_AT]);
	out->when.nano = (uint32_t)row_get_u64(field[CONSENT_NANO]);
	out->actor = field[CONSENT_ACTOR];
	out->kind = (enum actor_kind)row_get_u64(field[CONSENT_KIND]);
	out->user_id = field[CONSENT_USER_ID];
	return ERR_OK;
}

enum err
store_consent_put(
    struct txn *tx, const struct guid *tenant, const struct consent *c)
{
	char at[ROW_U64_LEN], nano[ROW_U64_LEN], kind[ROW_U64_LEN];
	char bytes[STORE_KEY_MAX];
	const struct str field[CONSENT_FIELDS] = {
		[CONSENT_AT] = row_u64((uint64_t)c->when.at, at),
		[CONSENT_NANO] = row_u64(c->when.nano, nano),
		[CONSENT_ACTOR] = c->actor,
		[CONSENT_KIND] = row_u64(c->kind, kind),
		[CONSENT_USER_ID] = c->user_id,
	};
	struct str key = store_entry_key(WORD, tenant, bytes);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, CONSENT_FIELDS, &row);
	return store_put(tx, STORE_META, key, &row);
}
