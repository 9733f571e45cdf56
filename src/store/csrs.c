/* SPDX-License-Identifier: ISC */
/*
 * csrs.c - stores certificate requests as rows.
 *
 * The order of the fields is part of the format on disk: add new fields at the
 * end.
 */
#include "store/store.h"

#include <string.h>

#include "format/row.h"
#include "store/store_private.h"

enum {
	CSR_AT,
	CSR_NANO,
	CSR_REQUEST,
	CSR_PUBLIC_KEY,
	CSR_SEALED_KEY,
	CSR_SETTLED_AT,
	CSR_SETTLED_NANO,
	CSR_FIELDS
};
_Static_assert(CSR_FIELDS <= ROW_FIELDS_MAX, "a request fits into a row");

#define CSR_KEY_MAX (sizeof(struct guid) + STORE_KEY_ID_LEN)

static struct str
csr_key(const struct guid *tenant, const uint8_t *key_id, char out[CSR_KEY_MAX])
{
	memcpy(out, tenant->byte, sizeof(tenant->byte));
	if (key_id == NULL)
		return str_from(out, sizeof(tenant->byte));
	memcpy(out + sizeof(tenant->byte), key_id, STORE_KEY_ID_LEN);
	return str_from(out, CSR_KEY_MAX);
}

/* Releases before format 4 stored a request under its key_id when its
 * certificate was uploaded, without the time of the upload. */
static struct instant
decode_settled(struct str key, const struct str *field, struct instant when)
{
	if (!str_is_null(field[CSR_SETTLED_AT]))
		return (struct instant){
			.at = (int64_t)row_get_u64(field[CSR_SETTLED_AT]),
			.nano = (uint32_t)row_get_u64(field[CSR_SETTLED_NANO])
		};
	return key.n == CSR_KEY_MAX ? when : (struct instant){ 0, 0 };
}

static enum err
decode_csr(struct str key, struct str row, struct csr *out)
{
	struct str field[CSR_FIELDS];
	enum err e;

	if ((e = row_decode(key, row, field, CSR_FIELDS)) != ERR_OK)
		return e;
	out->when.at = (int64_t)row_get_u64(field[CSR_AT]);
	out->when.nano = (uint32_t)row_get_u64(field[CSR_NANO]);
	out->settled = decode_settled(key, field, out->when);
	out->request = field[CSR_REQUEST];
	out->public_key = field[CSR_PUBLIC_KEY];
	out->sealed_key = field[CSR_SEALED_KEY];
	return ERR_OK;
}

enum err
store_csr(struct txn *tx, const struct guid *tenant, const uint8_t *key_id,
    struct csr *out)
{
	char bytes[CSR_KEY_MAX];
	struct str key = csr_key(tenant, key_id, bytes), row;
	enum err e;

	store_expect_change(tx, tenant);
	if ((e = store_get(tx, STORE_REQUEST, key, &row)) != ERR_OK)
		return e;
	return store_log_damage(
	    tx, decode_csr(key, row, out), STORE_REQUEST, key);
}

/* The requests of one kind that a tenant keeps under a key_id. */
struct kept_requests {
	unsigned n, most;
	char byte[CSR_KEY_MAX]; /* key of the oldest request, if any */
	size_t key_n;
	struct instant oldest;
};

static bool
is_before(struct instant a, struct instant b)
{
	return a.at < b.at || (a.at == b.at && a.nano < b.nano);
}

static void
take_oldest(struct kept_requests *kept, struct str key, struct instant t)
{
	if (kept->key_n > 0 && !is_before(t, kept->oldest))
		return;
	memcpy(kept->byte, key.p, key.n);
	kept->key_n = key.n;
	kept->oldest = t;
}

static enum err
drop_oldest(struct txn *tx, const struct kept_requests *kept)
{
	if (kept->n <= kept->most || kept->key_n == 0)
		return ERR_OK;
	return store_remove(
	    tx, STORE_REQUEST, str_from(kept->byte, kept->key_n));
}

/* Drops the oldest request of each kind if there are too many, but never the
 * request `put`, whose certificate has just been uploaded. A damaged request
 * does not count. */
static enum err
drop_requests(struct txn *tx, const struct guid *tenant, struct str put)
{
	unsigned most = store_history_certificates(tx);
	struct kept_requests settled = { .most = most };
	struct kept_requests replaced = { .most = most - 1 };
	struct str of_tenant = store_tenant_key(tenant);
	struct store_cursor at;
	struct csr c;
	enum err e;

	store_seek(tx, of_tenant, &at);
	while ((e = store_next(tx, STORE_REQUEST, STORE_NEXT, &at)) == ERR_OK &&
	    str_eq(str_head(at.key, of_tenant.n), of_tenant)) {
		if (at.key.n != CSR_KEY_MAX ||
		    decode_csr(at.key, at.row, &c) != ERR_OK)
			continue;
		settled.n += c.settled.at != 0;
		replaced.n += c.settled.at == 0;
		if (c.settled.at == 0)
			take_oldest(&replaced, at.key, c.when);
		else if (!str_eq(at.key, put))
			take_oldest(&settled, at.key, c.settled);
	}
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = drop_oldest(tx, &settled);
	return e == ERR_OK ? drop_oldest(tx, &replaced) : e;
}

enum err
store_csr_put(struct txn *tx, const struct guid *tenant, const uint8_t *key_id,
    const struct csr *c)
{
	char at[ROW_U64_LEN], nano[ROW_U64_LEN], bytes[CSR_KEY_MAX],
	    settled_at[ROW_U64_LEN], settled_nano[ROW_U64_LEN];
	const struct str field[CSR_FIELDS] = {
		[CSR_AT] = row_u64((uint64_t)c->when.at, at),
		[CSR_NANO] = row_u64(c->when.nano, nano),
		[CSR_REQUEST] = c->request,
		[CSR_PUBLIC_KEY] = c->public_key,
		[CSR_SEALED_KEY] = c->sealed_key,
		[CSR_SETTLED_AT] = row_u64((uint64_t)c->settled.at, settled_at),
		[CSR_SETTLED_NANO] = row_u64(c->settled.nano, settled_nano),
	};
	struct str key = csr_key(tenant, key_id, bytes);
	struct buf row;
	enum err e;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, CSR_FIELDS, &row);
	e = store_put(tx, STORE_REQUEST, key, &row);
	if (e != ERR_OK || key_id == NULL)
		return e;
	return drop_requests(tx, tenant, key);
}

enum err
store_csr_delete(
    struct txn *tx, const struct guid *tenant, const uint8_t *key_id)
{
	char bytes[CSR_KEY_MAX];

	return store_remove(tx, STORE_REQUEST, csr_key(tenant, key_id, bytes));
}
