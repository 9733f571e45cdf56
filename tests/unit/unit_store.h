/* SPDX-License-Identifier: ISC */
/*
 * unit_store.h - what the tests of the store, and of the modules above it,
 * share: a store in a directory of the test, the changes and visits that most
 * of them need, and the tables of a store without the store. Each function
 * fails the test if its work fails.
 */
#ifndef PUSHCERT_UNIT_STORE_H
#define PUSHCERT_UNIT_STORE_H

#include "store/engine.h"
#include "store/lmdb_env.h"
#include "store/store.h"

/*
 * Opens a store, and creates it if it is missing. Three members have a default
 * for 0: the directory is unit_directory(), the map has 64 MiB, and 16 threads
 * may read.
 */
struct store *unit_store(struct store_options options);
/* Returns a reader that has begun. store_reader_free releases it. */
struct txn *unit_begin(struct store *st);
/* Runs a change that must succeed. */
void unit_update(struct store *st, store_change *change, void *arg);

/* Tenants of the tests. They sort by their number, which is below 65,536. */
struct guid unit_tenant(unsigned n);

/* Changes of one call each. The argument points to what they put, or to the
 * tenant or the hash that they delete. */
enum err unit_put_tenant(struct txn *tx, void *tenant);
enum err unit_delete_tenant(struct txn *tx, void *guid);
enum err unit_put_token(struct txn *tx, void *token);
enum err unit_delete_token(struct txn *tx, void *hash);

/* Visits that add 1 to an unsigned. */
enum err unit_count_record(
    const struct guid *tenant, const struct record *r, void *count);
enum err unit_count_event(const struct event *ev, void *count);
enum err unit_count_tenant(const struct tenant *t, void *count);

/* Verifies all rows and their relations, prints the findings, and returns the
 * counts. */
struct store_counts unit_verify(struct txn *tx);

/*
 * The tables of the store in a directory, for rows that the store itself never
 * puts: damaged rows, and rows of older releases. The tally does not count
 * them. unit_tables_open begins a write transaction; unit_tables_commit commits
 * it and closes the tables.
 */
struct lmdb_env *unit_open_env(const char *directory);
struct unit_tables {
	struct lmdb_env *env;
	struct lmdb_txn *tx;
};
struct unit_tables unit_tables_open(const char *directory);
void unit_tables_commit(struct unit_tables *t);
void unit_put_row(
    struct lmdb_txn *tx, enum store_table map, struct str key, struct str row);
void unit_put_format(struct lmdb_txn *tx, uint64_t format);
/* Puts an event as formats 1 and 2 stored it: in a table of its own, under an
 * ascending number. */
void unit_put_former_event(
    struct lmdb_txn *tx, const struct guid *tenant, const struct event *ev);

#endif
