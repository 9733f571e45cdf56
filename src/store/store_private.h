/* SPDX-License-Identifier: ISC */
/*
 * store_private.h - rows under keys in the store's maps: what store.c gives to
 * its rows; private to store.
 *
 * Once one of these has failed with anything but ERR_NOT_FOUND in a change,
 * they all fail, and nothing of the transaction is committed.
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
#include "store/store.h"
#include "store/lmdb_env.h"
#include "base/str.h"

enum store_table {
	/* A record's key: tenant. An event's: tenant, number counted down, with
	 * its greatest byte first: the newest stands next to the record, so
	 * that a change mostly writes one page of both. */
	STORE_RECORD,
	/* The events as formats 1 and 2 keep them, by tenant and number; in
	 * later ones empty but for what could not be brought to its place. */
	STORE_FORMER_HISTORY,
	STORE_TOKEN, /* SHA-256 */
	STORE_REQUEST, /* tenant */
	STORE_META, /* a name; a word and a tenant */
	STORE_MAPS
};

/* Logs what is damaged, once a minute, as nobody above knows which row of a
 * walk it was, and returns e. */
enum err store_log_damage(
    struct txn *tx, enum err e, enum store_table map, struct str key);

/*
 * ERR_NOT_FOUND if there is no such key and its neighbours are intact and in
 * order; else ERR_CORRUPT. A flipped bit in a key, or in one of those that lead
 * to it, makes rows unfindable; they show up as such a neighbour.
 */
enum err
store_absent(struct txn *tx, enum store_table map, struct str key) ATTR_CHECKED;

/* What is counted in every map; all zeros where nothing ever was. */
struct tally;
enum err store_load_tally(struct txn *tx, struct tally *out) ATTR_CHECKED;
/* lmdb_txn_check_page, lmdb_env_check_roots, lmdb_txn_commit_number. */
enum err
store_check_page(struct txn *tx, struct str row, uintptr_t *map) ATTR_CHECKED;
enum err store_check_roots(struct txn *tx) ATTR_CHECKED;
uint64_t store_commit_seen(const struct txn *tx);
/* In a change: makes that what is there, however it came there. */
enum err store_recount(struct txn *tx) ATTR_CHECKED;

/* Returns e; if that is a failure, nothing of the transaction is committed. */
enum err store_fail(struct txn *tx, enum err e);

/* The row lives until the transaction ends. ERR_NOT_FOUND. */
enum err store_get(struct txn *tx, enum store_table map, struct str key,
    struct str *row) ATTR_CHECKED;

/* Room for the row to put, and for one that goes into it. */
enum store_scratch { STORE_ROW, STORE_NESTED, STORE_SCRATCHES };
void store_scratch(struct txn *tx, enum store_scratch room, struct buf *out);

/* ERR_MEMORY for a row that had no room. */
enum err store_put(struct txn *tx, enum store_table map, struct str key,
    const struct buf *row) ATTR_CHECKED;
enum err
store_remove(struct txn *tx, enum store_table map, struct str key) ATTR_CHECKED;

/* A place in a walk: a key, and the row of that key until the next step. */
struct store_cursor {
	char byte[LMDB_KEY_MAX];
	struct str key;
	struct str row;
	size_t read; /* before the first step */
};

/* Stands at a key, or before the first one where that is null. */
void store_seek(struct txn *tx, struct str key, struct store_cursor *at);
/* ERR_NOT_FOUND at the end. */
enum err store_next(struct txn *tx, enum store_table map,
    enum lmdb_direction way, struct store_cursor *at) ATTR_CHECKED;

const char *store_directory(const struct store *st);
/* Writes the data file of all that was committed. */
enum err store_copy(struct store *st, int fd) ATTR_CHECKED;

/* A record's key; that of the pending request too. */
struct str store_tenant_key(const struct guid *tenant);
/* The keys of a tenant's events lie between the keys of number 0 and of number
 * UINT64_MAX, which no event has. */
#define STORE_EVENT_KEY_LEN (sizeof(struct guid) + 8)
struct str store_event_key_of(
    const struct guid *tenant, uint64_t number, char out[STORE_EVENT_KEY_LEN]);
/* The same in the map of STORE_FORMER_HISTORY. */
struct str store_former_key_of(
    const struct guid *tenant, uint64_t number, char out[STORE_EVENT_KEY_LEN]);
/* The number in the last eight bytes of a key. */
uint64_t store_key_number(struct str key);
/* The outcome of a walk: its end is not a failure. */
enum err store_walked(enum err e);
/* Whether that is an event's key, and whose. */
bool store_event_key(struct str key, struct guid *tenant, uint64_t *number);
/* In a change: puts the events of a former format where they belong now. */
enum err store_join_history(struct txn *tx) ATTR_CHECKED;

/* The format that a transaction sees. */
unsigned store_format_seen(const struct txn *tx);
/* As store_begin, but looks at the format whenever that was looked at last. */
enum err store_begin_and_look(struct txn *tx) ATTR_CHECKED;
/* The store_change that brings a store of an older format, or one with nothing
 * in it, to STORE_FORMAT; store_convert runs it. */
enum err store_to_our_format(struct txn *tx, void *arg) ATTR_CHECKED;
enum err
store_convert(struct store *st, store_change *change, void *arg) ATTR_CHECKED;
/* claim_take, claim_drop. */
enum err store_claim(struct store *st, int64_t ms, pid_t *pid) ATTR_CHECKED;
void store_unclaim(struct store *st);
/* A copy of everything in the data directory under that name, in the place of
 * the file that has it. It is verified; ERR_CORRUPT, and there is a copy, where
 * the store is damaged. ERR_FILE with errno. */
enum err store_keep_copy(struct store *st, const char *path) ATTR_CHECKED;

/* Newest events to keep of each tenant; one at least. */
unsigned store_history_keep(const struct txn *tx);
/* From 1 to STORE_CERTIFICATES_MAX. */
unsigned store_history_certificates(const struct txn *tx);

#endif
