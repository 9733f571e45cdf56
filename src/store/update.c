/* SPDX-License-Identifier: ISC */
/*
 * update.c - changes. The changes of all threads that wait at the same time
 * share one transaction.
 */
#include "store/store_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "state/metrics.h"
#include "store/claim.h"
#include "store/store_struct.h"
#include "store/write_lock.h"

/* One call of store_update, on the stack of its thread. */
struct waiter {
	/* The first member, so that a job's address is that of its waiter. */
	struct group_commit_job job;
	store_change *change;
	void *arg;
	enum err outcome;
};

/* Another process may have upgraded the store since this process opened it. A
 * row of the older format would be damage in the newer one, so each write
 * transaction checks the format. */
static enum err
check_writable(struct txn *tx)
{
	struct store *st = tx->st;
	enum err e;

	if ((e = store_note_format(tx)) != ERR_OK)
		return e;
	if (st->converts || atomic_load(&st->format) == STORE_FORMAT)
		return ERR_OK;
	return ERR_OLD_FORMAT;
}

static void
run_change(struct txn *tx, struct waiter *w)
{
	arena_reset(&tx->st->read);
	tx->put = false;
	w->outcome = w->change(tx, w->arg);
	/* A change that refuses must have put nothing, so that the other
	 * changes of the batch can be committed. If it did put something, that
	 * is a bug in this program, and the whole transaction is dropped. */
	if (w->outcome != ERR_OK && tx->put && tx->failed == ERR_OK) {
		log_line(LOG_AT_ERROR,
		    "store: a change was refused after it had put something; "
		    "it was undone");
		tx->failed = ERR_INTERNAL;
	}
}

/* Runs n changes in one transaction. If the transaction fails, nothing has
 * changed, and the outcomes of the single changes are void. */
static enum err
change_all(struct store *st, struct group_commit_job *job, size_t n)
{
	struct txn *tx = &st->writer;
	enum err e;

	if ((e = lmdb_txn_write(st->db, &tx->db)) != ERR_OK)
		return e;
	tx->failed = ERR_OK;
	st->tallied = false;
	arena_reset(&st->read);
	tx->failed = check_writable(tx);
	for (; n > 0 && tx->failed == ERR_OK; n--, job = job->next)
		run_change(tx, (struct waiter *)job);
	if (tx->failed == ERR_OK && st->tallied)
		tx->failed = tally_save(tx->db, STORE_MAPS, &st->tally);
	if (tx->failed == ERR_OK)
		return lmdb_txn_commit(tx->db);
	lmdb_txn_abort(tx->db);
	return tx->failed;
}

static enum err
commit(struct store *st, struct group_commit_job *job, size_t n)
{
	enum err e = change_all(st, job, n);

	metrics_commit(st->metrics, n, e);
	return e;
}

/* Commits n changes together. If that fails, each change gets its own
 * transaction, so that only the change at fault fails. */
static void
commit_batch(struct group_commit_job *first, size_t n, struct store *st)
{
	struct group_commit_job *job = first;
	enum err e;

	if (n > 1 && commit(st, first, n) == ERR_OK)
		return;
	for (; n > 0; n--, job = job->next)
		if ((e = commit(st, job, 1)) != ERR_OK)
			((struct waiter *)job)->outcome = e;
}

enum err
store_begin_batch(void *arg, int64_t ms)
{
	struct store *st = arg;

	if (!write_lock_take(st->lock, ms))
		return ERR_BUSY;
	atomic_store(&st->writes_since, clock_ms());
	return ERR_OK;
}

void
store_run_batch(struct group_commit_job *first, size_t n, void *arg)
{
	struct store *st = arg;

	commit_batch(first, n, st);
	atomic_store(&st->writes_since, 0);
	write_lock_drop(st->lock);
}

int64_t
store_write_age(const struct store *st)
{
	int64_t since = atomic_load(&st->writes_since);

	return since > 0 ? clock_ms() - since : 0;
}

enum err
store_update(struct store *st, store_change *change, void *arg)
{
	struct waiter w = { .change = change, .arg = arg };
	enum err e;

	metrics_change_begins(st->metrics);
	e = group_commit_run(&st->queue, &w.job);
	metrics_change_ends(st->metrics, e);
	return e != ERR_OK ? e : w.outcome;
}

enum err
store_recount(struct txn *tx)
{
	struct tally *tally = &tx->st->tally;
	struct store_cursor at;
	unsigned map;
	enum err e;

	*tally = (struct tally){ .commit = 0 };
	tx->st->tallied = true;
	for (map = 0; map < STORE_MAPS; map++) {
		store_seek(tx, str_of(NULL), &at);
		while ((e = store_next(tx, (enum store_table)map, LMDB_NEXT,
			    &at)) == ERR_OK)
			tally_add(tally, map, at.row);
		if (e != ERR_NOT_FOUND)
			return store_fail(tx, e);
	}
	return ERR_OK;
}

enum err
store_convert(struct store *st, store_change *change, void *arg)
{
	enum err e;

	st->converts = true;
	e = store_update(st, change, arg);
	st->converts = false;
	if (e == ERR_OK)
		atomic_store(&st->format, STORE_FORMAT);
	return e;
}

enum err
store_claim(struct store *st, int64_t ms, pid_t *pid)
{
	if (st->alone)
		return ERR_OK;
	return claim_take(lmdb_env_lock_file(st->db), ms, pid);
}

void
store_unclaim(struct store *st)
{
	if (!st->alone)
		claim_drop(lmdb_env_lock_file(st->db));
}
