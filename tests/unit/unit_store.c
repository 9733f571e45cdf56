/* SPDX-License-Identifier: ISC */
/*
 * unit_store.c - opens stores and their tables, and puts, deletes and counts
 * rows for the unit tests.
 */
#include "unit_store.h"

#include <stdio.h>
#include <string.h>

#include "format/row.h"
#include "unit.h"

#define MAP_SIZE ((size_t)64 << 20)

struct store *
unit_store(struct store_options options)
{
	char schema[UNIT_SCHEMA_MAX];
	struct store *st = NULL;

	options.create = true;
	if (options.directory == NULL)
		options.directory = unit_directory();
	if (options.map_size == 0)
		options.map_size = MAP_SIZE;
	if (options.readers == 0)
		options.readers = 16;
	unit_engine(&options, schema);
	ck_assert_int_eq(store_open(&options, &st), ERR_OK);
	return st;
}

struct txn *
unit_begin(struct store *st)
{
	struct txn *tx = NULL;

	ck_assert_int_eq(store_reader(st, &tx), ERR_OK);
	ck_assert_int_eq(store_begin(tx), ERR_OK);
	return tx;
}

void
unit_update(struct store *st, store_change *change, void *arg)
{
	ck_assert_int_eq(store_update(st, change, arg), ERR_OK);
}

struct guid
unit_tenant(unsigned n)
{
	struct guid g = { .byte = { 0xa0 } };

	g.byte[14] = (uint8_t)(n >> 8);
	g.byte[15] = (uint8_t)n;
	return g;
}

/* --- changes and visits --------------------------------------------------- */

enum err
unit_put_tenant(struct txn *tx, void *tenant)
{
	return store_tenant_put(tx, tenant);
}

enum err
unit_delete_tenant(struct txn *tx, void *guid)
{
	return store_tenant_delete(tx, guid);
}

enum err
unit_put_token(struct txn *tx, void *token)
{
	return store_token_put(tx, token);
}

enum err
unit_delete_token(struct txn *tx, void *hash)
{
	return store_token_delete(tx, hash);
}

static enum err
count_one(unsigned *count)
{
	++*count;
	return ERR_OK;
}

enum err
unit_count_record(
    const struct guid *tenant, const struct record *r, void *count)
{
	(void)tenant;
	(void)r;
	return count_one(count);
}

enum err
unit_count_event(const struct event *ev, void *count)
{
	(void)ev;
	return count_one(count);
}

enum err
unit_count_tenant(const struct tenant *t, void *count)
{
	(void)t;
	return count_one(count);
}

static void
print_finding(
    const char *where, const struct guid *tenant, const char *what, void *arg)
{
	(void)tenant;
	(void)arg;
	fprintf(stderr, "finding: %s: %s\n", where, what);
}

struct store_counts
unit_verify(struct txn *tx)
{
	const struct store_verifier v = { .relations = true,
		.found = print_finding };
	struct store_counts counts;

	ck_assert_int_eq(store_verify(tx, &v, &counts), ERR_OK);
	return counts;
}

/* --- tables --------------------------------------------------------------- */

struct lmdb_env *
unit_open_env(const char *directory)
{
	static const char *const maps[] = {
#define X(name, word, in_database, one, all) in_database,
		STORE_TABLE_LIST(X)
#undef X
		    NULL
	};
	const struct lmdb_options options = {
		.directory = directory, .map_size = MAP_SIZE, .maps = maps
	};
	struct lmdb_env *env = NULL;

	ck_assert_int_eq(lmdb_env_open(&options, &env), ERR_OK);
	return env;
}

struct unit_tables
unit_tables_open(const char *directory)
{
	struct unit_tables t = { .env = unit_open_env(directory) };

	ck_assert_int_eq(lmdb_txn_write(t.env, &t.tx), ERR_OK);
	return t;
}

void
unit_tables_commit(struct unit_tables *t)
{
	ck_assert_int_eq(lmdb_txn_commit(t->tx), ERR_OK);
	lmdb_env_close(t->env);
}

void
unit_put_row(
    struct lmdb_txn *tx, enum store_table map, struct str key, struct str row)
{
	ck_assert_int_eq(lmdb_txn_put(tx, map, key, row), ERR_OK);
}

void
unit_put_format(struct lmdb_txn *tx, uint64_t format)
{
	char number[ROW_U64_LEN], bytes[64];
	struct str field = row_u64(format, number);
	struct buf row;

	buf_init(&row, bytes, sizeof(bytes));
	row_encode(str_of("format"), &field, 1, &row);
	unit_put_row(tx, STORE_META, str_of("format"), buf_view(&row));
}

void
unit_put_former_event(
    struct lmdb_txn *tx, const struct guid *tenant, const struct event *ev)
{
	char at[ROW_U64_LEN], nano[ROW_U64_LEN], action[ROW_U64_LEN],
	    changed[ROW_U64_LEN], bytes[24] = { 0 }, inner[512], outer[1024];
	struct str field[11] = { row_u64((uint64_t)ev->when.at, at),
		row_u64(ev->when.nano, nano), row_u64(ev->action, action),
		ev->actor, ev->outcome, row_u64(ev->changed, changed),
		ev->fingerprint };
	struct str key = str_from(bytes, sizeof(bytes));
	struct buf former, row;

	memcpy(bytes, tenant->byte, sizeof(tenant->byte));
	bytes[23] = (char)ev->number;
	buf_init(&former, inner, sizeof(inner));
	buf_init(&row, outer, sizeof(outer));
	if (ev->had_former) {
		record_encode(key, &ev->former, &former);
		field[7] = buf_view(&former);
	}
	row_encode(key, field, 11, &row);
	unit_put_row(tx, STORE_FORMER_HISTORY, key, buf_view(&row));
}
