/* SPDX-License-Identifier: ISC */
/*
 * store_private.h - reads and writes rows under keys in the tables of the
 * store. txn.c provides these functions to the modules of the rows; private to
 * store.
 *
 * When one of these functions fails in a change with anything but
 * ERR_NOT_FOUND, each later call in the same transaction fails too, and nothing
 * of the transaction is committed.
 */
#ifndef PUSHCERT_STORE_PRIVATE_H
#define PUSHCERT_STORE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "store/expiries.h"
#include "store/store.h"
#include "store/engine.h"
#include "base/str.h"

/*
 * Logs ERR_CORRUPT with the table and the key, and returns e. Only the caller
 * knows which row of a walk was damaged. Equal lines are logged once a minute.
 */
enum err store_log_damage(
    struct txn *tx, enum err e, enum store_table table, struct str key);

/*
 * Confirms that a key is absent: ERR_NOT_FOUND if the table has no such key and
 * the rows before and after its place are intact; otherwise ERR_CORRUPT. A
 * flipped bit in a key, or in a page that leads to it, makes a row unfindable;
 * it usually shows up as one of these two rows.
 */
enum err store_absent(
    struct txn *tx, enum store_table table, struct str key) ATTR_CHECKED;

/* See struct store_engine. */
bool store_loses_rows(const struct txn *tx);

/* See check_page, check_whole and recount in struct store_engine. */
enum err
store_check_page(struct txn *tx, struct str row, uintptr_t *state) ATTR_CHECKED;
enum err store_check_whole(struct txn *tx, const struct store_sums *seen,
    store_report *report, void *arg) ATTR_CHECKED;
enum err store_recount(struct txn *tx) ATTR_CHECKED;
/* See newest in struct store_engine. ERR_NOT_FOUND: the engine has no such
 * function. */
enum err store_newest_keys(
    struct txn *tx, store_key_visit *visit, void *arg) ATTR_CHECKED;
/* The number of rows, for a display; 0: not known. */
uint64_t store_rows(struct txn *tx);
/* See store_options.complete; false if that is NULL. */
bool store_complete(const struct txn *tx, struct record *r);
store_completion *store_completes(const struct store *st);
/* Where the work reports how far it is, or NULL. */
struct progress *store_progress(const struct store *st);
struct progress *store_txn_progress(const struct txn *tx);

/* Returns e. If e is a failure, nothing of the transaction is committed. */
enum err store_fail(struct txn *tx, enum err e);

/* The row lives until the transaction ends; in a change, until that change
 * ends. ERR_NOT_FOUND. */
enum err store_get(struct txn *tx, enum store_table table, struct str key,
    struct str *row) ATTR_CHECKED;

/* expect.c: what follows, so that the engine can fetch it in one round trip. A
 * change of this tenant; the lookup of a token and its tenant's record. */
void store_expect_change(struct txn *tx, const struct guid *tenant);
/* A change of this tenant reads the oldest events too. */
void store_expect_sweep(struct txn *tx, const struct guid *tenant);
/* In a reader: rows of one table from keys upwards; places after one. */
void
store_expect_rows(struct txn *tx, const struct store_range *range, size_t n);
void store_expect_places(
    struct txn *tx, const struct store_expiry *after, size_t rows);
enum err store_expect_login(struct txn *tx, struct str token) ATTR_CHECKED;

/* Buffers for the row to put, and for a row that is nested in it. Both belong
 * to the change that runs. */
enum store_scratch { STORE_ROW, STORE_NESTED, STORE_SCRATCHES };
void store_scratch(struct txn *tx, enum store_scratch room, struct buf *out);

/* ERR_MEMORY if the row did not fit into its buffer. */
enum err store_put(struct txn *tx, enum store_table table, struct str key,
    const struct buf *row) ATTR_CHECKED;
enum err store_remove(
    struct txn *tx, enum store_table table, struct str key) ATTR_CHECKED;

/* The number of the sessions as store_session_epoch gives it, also 0 if its row
 * is damaged, which a restore replaces. */
uint64_t store_session_epoch_peek(struct txn *tx);

/* See set, unset and run_alone in struct store_engine. */
enum err store_set(struct txn *tx, enum store_table table, struct str key,
    const struct buf *row) ATTR_CHECKED;
enum err store_unset(
    struct txn *tx, enum store_table table, struct str key) ATTR_CHECKED;
enum err store_run_alone(struct txn *tx) ATTR_CHECKED;
/* Whether other changes may run at the same time as this one. */
bool store_overlaps(const struct txn *tx);
/* The row as it is, until the next put or removal. In a change that has already
 * read it, this costs neither a check nor a copy. ERR_NOT_FOUND. */
enum err store_peek(struct txn *tx, enum store_table table, struct str key,
    struct str *row) ATTR_CHECKED;

/* Removes all rows of a table. ERR_NOT_FOUND: the engine cannot, and the rows
 * must be removed one by one. */
enum err store_empty(struct txn *tx, enum store_table table) ATTR_CHECKED;
/* Does so in any engine. */
enum err store_clear(struct txn *tx, enum store_table table) ATTR_CHECKED;

/* A position in a walk: a key, and its row until the next step. */
struct store_cursor {
	char byte[STORE_KEY_MAX];
	struct str key;
	struct str row;
	size_t read; /* bytes of the arena in use before the first step */
};

/* Sets the cursor at a key, or before the first key if `key` is null. */
void store_seek(struct txn *tx, struct str key, struct store_cursor *at);
/* Moves the cursor by one step. ERR_NOT_FOUND at the end. */
enum err store_next(struct txn *tx, enum store_table table,
    enum store_direction way, struct store_cursor *at) ATTR_CHECKED;

const char *store_directory(const struct store *st);
/* Writes a data file of LMDB with the last committed state. ERR_NOT_FOUND: the
 * engine cannot, and the rows must be copied. */
enum err store_copy(struct store *st, int fd) ATTR_CHECKED;

/* The key of the sessions' number in STORE_META. */
#define STORE_SESSION_KEY "session"

/* A hash of a tenant's id: not zero, and its upper half is well mixed. */
uint64_t store_tenant_hash(const struct guid *tenant);
/* The key of a tenant's record and of its pending request. */
struct str store_tenant_key(const struct guid *tenant);
/* The keys of a tenant's events lie between the keys of the numbers 0 and
 * UINT64_MAX, which no event has. */
#define STORE_EVENT_KEY_LEN (sizeof(struct guid) + 8)
struct str store_event_key_of(
    const struct guid *tenant, uint64_t number, char out[STORE_EVENT_KEY_LEN]);
/* The key of an event in STORE_FORMER_HISTORY. */
struct str store_former_key_of(
    const struct guid *tenant, uint64_t number, char out[STORE_EVENT_KEY_LEN]);
/* The number in the last eight bytes of a key. */
uint64_t store_key_number(struct str key);
/* Maps the end of a walk (ERR_NOT_FOUND) to ERR_OK. */
enum err store_walked(enum err e);
/* entries.c: the key of a tenant's row in STORE_META, and whether a key is one,
 * with `more` bytes after the tenant. */
struct str store_entry_key(
    const char *word, const struct guid *tenant, char out[STORE_KEY_MAX]);
bool store_entry_tenant(
    struct str key, const char *word, size_t more, struct guid *tenant);
/* Moves the cursor to the next row of a word. Set it at the word itself for the
 * first one. ERR_NOT_FOUND after the last. */
enum err store_entry_next(struct txn *tx, const char *word, size_t more,
    struct store_cursor *at, struct guid *tenant) ATTR_CHECKED;
/* The key of the entry of a listed tenant, which follows STORE_LISTED. */
#define STORE_LISTED "tenant"
#define STORE_CUSTODY "custody"
struct str store_listed_key(const struct guid *id, char out[STORE_KEY_MAX]);

/* expiries.c: the place in the order of expiry that a record has; r may be
 * NULL. */
struct store_expiry
store_expiry_of(const struct guid *tenant, const struct record *r);
/* The key of a place, and the place of a key: false if it is not such a key. */
#define STORE_EXPIRY_KEY_LEN (8 + sizeof(struct guid))
struct str
store_expiry_key(const struct store_expiry *x, char out[STORE_EXPIRY_KEY_LEN]);
bool store_expiry_place(struct str key, struct store_expiry *out);
/* Puts and removes the row of a place. */
enum err
store_expiry_set(struct txn *tx, const struct store_expiry *x) ATTR_CHECKED;
enum err
store_expiry_unset(struct txn *tx, const struct store_expiry *x) ATTR_CHECKED;
/* order.c: puts the rows of all tenants that `from` has into `tx`, which may be
 * the same transaction. */
enum err store_order_build(struct txn *tx, struct txn *from) ATTR_CHECKED;

/* Whether a key is that of an event; its tenant and its number. */
bool store_event_key(struct str key, struct guid *tenant, uint64_t *number);
/* The row of an event under its key; `former` is a buffer for the row that is
 * nested in it. Decoding leaves ev->number as it is. */
void store_event_encode(struct str key, const struct event *ev,
    struct buf *former, struct buf *row);
enum err store_event_decode(
    struct str key, struct str row, struct event *ev) ATTR_CHECKED;
/* In a change: moves the events of an older format to STORE_RECORD. */
enum err store_join_history(struct txn *tx) ATTR_CHECKED;

/* The format that the last check of the format has seen, and the number of
 * tables that a store of that format has. */
unsigned store_format_seen(const struct txn *tx);
unsigned store_tables_seen(const struct txn *tx);
/* See struct store_engine. */
enum err store_make_tables(struct store *st) ATTR_CHECKED;
/* Like store_begin, but always checks the format. */
enum err store_begin_and_look(struct txn *tx) ATTR_CHECKED;
/* The store_change that brings an empty store, or a store of an older format,
 * to STORE_FORMAT. store_convert runs such a change. */
enum err store_to_our_format(struct txn *tx, void *arg) ATTR_CHECKED;
enum err
store_convert(struct store *st, store_change *change, void *arg) ATTR_CHECKED;
/* See claim_take and claim_drop. */
enum err store_claim(struct store *st, int64_t ms, pid_t *pid) ATTR_CHECKED;
void store_unclaim(struct store *st);
/* Writes a verified copy of the store to `path` in the data directory, and
 * replaces a file of that name. ERR_CORRUPT means that the store is damaged;
 * the copy exists nevertheless. ERR_FILE with errno. */
enum err store_keep_copy(struct store *st, const char *path) ATTR_CHECKED;

/* The number of newest events to keep per tenant, at least 1. */
unsigned store_history_keep(const struct txn *tx);
/* From 1 to STORE_CERTIFICATES_MAX. */
unsigned store_history_certificates(const struct txn *tx);

#endif
