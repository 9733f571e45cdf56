/* SPDX-License-Identifier: ISC */
/*
 * store_struct.h - the members of a store and of a transaction. Private to
 * txn.c, expect.c, update.c and store.c.
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
#include "store/engine.h"
#include "store/spread.h"
#include "store/store_private.h"

struct metrics;
struct progress;

/* The bytes that one change may read and keep: a record, requests, tokens and
 * two events. Each is at most 64 KiB, except for the event, which contains a
 * record. */
#define READ_MAX ((size_t)4 * STORE_VALUE_MAX)

struct txn {
	struct store *st;
	void *tx; /* the engine's handle of the transaction */
	bool writes;
	/* Whether the running change has put anything. */
	bool put;
	/* The reason why the transaction must not be committed, or ERR_OK. */
	enum err failed;
	/* The changes of the transaction beyond one for each job. */
	size_t more;
	struct store_writer *writer; /* NULL: a reader */
};

/*
 * Runs changes in batches. An engine whose batches may overlap has several
 * writers, each with a queue of its own, so that one batch runs while others
 * wait for the database.
 */
struct store_writer {
	struct store *st;
	struct group_commit queue;
	atomic_int_fast64_t writes_since; /* clock_ms; 0: no batch runs */
	/* The leader of the queue owns the members below. */
	struct txn txn;
	struct arena read; /* rows that the running change has read */
	char read_block[READ_MAX];
	char room[STORE_SCRATCHES][STORE_VALUE_MAX];
};

/* The tenants that are being changed, by a hash of their id; see update.c. */
enum { STORE_BUSY = 4096 };

/* The tenants whose change has read the oldest events, as bits by a hash of
 * their id; see expect.c. */
enum { STORE_SWEPT = 65536 };

struct store {
	const struct store_engine *engine;
	int alone_lock; /* the lock file of alone.c, or -1 */
	void *db;
	unsigned history_keep, history_certificates;
	bool read_only;
	struct metrics *metrics;
	struct progress *progress;
	store_completion *complete;
	struct log_repeat last_damage; /* that was logged */
	struct store_writer *writer;
	unsigned writers;
	struct spread spread; /* the queues of the writers */

	/* The last check of the format: the format, the generation of the
	 * database at that moment, and the time in seconds. */
	atomic_uint format;
	atomic_uint looked_in;
	atomic_int_fast64_t looked_at;
	/* Whether the format is newer than STORE_FORMAT. If so, each
	 * transaction fails. */
	atomic_bool outdated;
	atomic_uint_fast64_t swept[STORE_SWEPT / 64];
	atomic_uint_fast32_t busy[STORE_BUSY];
	/* The running change is a conversion, and no other change runs. */
	bool converts;
};

/* txn.c: records the format that this transaction sees. ERR_NEWER, or ERR_STORE
 * if the format is older than before. */
enum err store_note_format(struct txn *tx) ATTR_CHECKED;

/* update.c: the callbacks of group_commit.h. `arg` is a writer. */
enum err store_begin_batch(void *arg, int64_t ms) ATTR_CHECKED;
void store_run_batch(struct group_commit_job *first, size_t n, void *arg);

#endif
