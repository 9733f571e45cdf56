/* SPDX-License-Identifier: ISC */
/*
 * expect.c - names the rows that the usual requests read, so that a database on
 * another machine sends them in one round trip. Nothing depends on it but the
 * number of round trips.
 */
#include "store/store_private.h"

#include <stdatomic.h>

#include "store/store_struct.h"

/*
 * A change of a tenant whose history is full also reads the oldest events. To
 * read them always would cost the server a fifth of a change, so the store
 * notes which tenants need it, with a bit for each hash. A note that is missing
 * costs the next change of the tenant a round trip. Tenants that share a bit
 * share the note, and the server reads for them what they may not need.
 */
static atomic_uint_fast64_t *
note_of(struct txn *tx, const struct guid *tenant, uint_fast64_t *bit)
{
	uint64_t hash = (store_tenant_hash(tenant) >> 32) % STORE_SWEPT;

	*bit = UINT64_C(1) << hash % 64;
	return &tx->st->swept[hash / 64];
}

void
store_expect_sweep(struct txn *tx, const struct guid *tenant)
{
	uint_fast64_t bit;
	atomic_uint_fast64_t *note = note_of(tx, tenant, &bit);

	if (tx->st->engine->expect != NULL)
		atomic_fetch_or_explicit(note, bit, memory_order_relaxed);
}

static bool
expects_sweep(struct txn *tx, const struct guid *tenant)
{
	uint_fast64_t bit;
	atomic_uint_fast64_t *note = note_of(tx, tenant, &bit);

	return (atomic_load_explicit(note, memory_order_relaxed) & bit) != 0;
}

/*
 * A change reads the record and the newest event, which follows the record, and
 * the pending request. Where the history is full, the change also reads the
 * oldest events and the row after them, at which the sweep ends.
 */
static void
expect_change(struct txn *tx, const struct guid *tenant)
{
	char bytes[STORE_EVENT_KEY_LEN];
	struct str key = store_tenant_key(tenant);
	struct str end = store_event_key_of(tenant, 0, bytes);
	const struct store_range ranges[] = {
		{ STORE_RECORD, STORE_FROM, key, 2 },
		{ STORE_REQUEST, STORE_FROM, key, 1 },
		{ STORE_RECORD, STORE_PREVIOUS, end, 3 },
		{ STORE_RECORD, STORE_FROM, end, 1 },
	};
	size_t n = sizeof(ranges) / sizeof(ranges[0]);

	tx->st->engine->expect(
	    tx->tx, ranges, expects_sweep(tx, tenant) ? n : n - 2);
}

void
store_expect_change(struct txn *tx, const struct guid *tenant)
{
	if (tx->writes && tx->failed == ERR_OK &&
	    tx->st->engine->expect != NULL)
		expect_change(tx, tenant);
}

void
store_expect_rows(struct txn *tx, const struct store_range *range, size_t n)
{
	const struct store_engine *engine = tx->st->engine;

	if (!tx->writes && engine->expect != NULL)
		engine->expect(tx->tx, range, n);
}

/* The range begins after the place itself, which may be known. */
void
store_expect_places(
    struct txn *tx, const struct store_expiry *after, size_t rows)
{
	char bytes[STORE_EXPIRY_KEY_LEN + 1] = { 0 };
	struct store_range range = { .table = STORE_EXPIRY,
		.way = STORE_FROM,
		.key = str_from(bytes, sizeof(bytes)),
		.rows = rows };

	if (after != NULL)
		(void)store_expiry_key(after, bytes);
	store_expect_rows(tx, &range, 1);
}

enum err
store_expect_login(struct txn *tx, struct str token)
{
	const struct store_engine *engine = tx->st->engine;

	if (tx->writes || engine->fetch_pair == NULL)
		return ERR_OK;
	return engine->fetch_pair(tx->tx, STORE_TOKEN, token, STORE_RECORD);
}
