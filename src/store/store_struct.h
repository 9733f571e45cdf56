/* SPDX-License-Identifier: ISC */
/*
 * store_struct.h - the store and its transactions as txn.c, update.c and
 * store.c see them; private to those files.
 */
#ifndef PUSHCERT_STORE_STRUCT_H
#define PUSHCERT_STORE_STRUCT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "store/group_commit.h"
#include "store/lmdb_env.h"
#include "store/store_private.h"
#include "store/tally.h"

struct metrics;

/* What one change may read and keep: a record, requests, tokens, two events.
 * None is longer than 64 KiB but for the event, which holds a record. */
#define READ_MAX ((size_t)4 * LMDB_VALUE_MAX)

struct txn {
	struct store *st;
	struct lmdb_txn *db;
	bool writes;
	/* Of the change that runs: it has put something. */
	bool put;
	/* Why nothing of the transaction may be committed, or ERR_OK. */
	enum err failed;
};

struct store {
	struct lmdb_env *db;
	unsigned history_keep, history_certificates;
	struct metrics *metrics;
	struct log_repeat damage; /* that was told */
	struct group_commit queue;
	int lock; /* store_lock */
	bool alone; /* no other process has it */

	/* The format of the last transaction that looked, the lmdb_env_opened
	 * of its file, and when it looked, in seconds. */
	atomic_uint format;
	atomic_uint looked_in;
	atomic_int_fast64_t looked_at;
	/* The format is newer than ours: nothing is read or written any more.
	 */
	atomic_bool outdated;
	atomic_int_fast64_t writes_since; /* milliseconds; 0: nobody writes */

	/* What follows belongs to the thread that commits. */
	struct txn writer;
	bool converts; /* the change that runs brings it to our format */
	bool tallied; /* the transaction has put something; then: */
	struct tally tally;
	struct arena read; /* rows that the running change has read */
	char read_block[READ_MAX];
	char room[STORE_SCRATCHES][LMDB_VALUE_MAX];
};

/* txn.c: takes note of the format that this transaction sees. */
enum err store_note_format(struct txn *tx) ATTR_CHECKED;

/* update.c: what a leader does; arg is the store. */
enum err store_begin_batch(void *arg, int64_t ms) ATTR_CHECKED;
void store_run_batch(struct group_commit_job *first, size_t n, void *arg);

#endif
