/* SPDX-License-Identifier: ISC */
/*
 * update.c - runs changes for store_update, through the group commit. The
 * changes of all threads that wait at the same time share one transaction.
 */
#include "store/store_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "state/metrics.h"
#include "store/store_struct.h"

/* One call of store_update or store_update_series, on the stack of its
 * thread. */
struct waiter {
	/* The first member, so that a job's address is that of its waiter. */
	struct group_commit_job job;
	struct store_step *step;
	size_t n;
	enum err failed; /* the reason why the commit failed, or ERR_OK */
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

void
store_batch_use(struct txn *writer, void *tx)
{
	writer->tx = tx;
}

enum err
store_batch_begin(struct txn *writer)
{
	writer->failed = ERR_OK;
	writer->more = 0;
	arena_reset(&writer->writer->read);
	return writer->failed = check_writable(writer);
}

static enum err
run_step(struct txn *writer, struct store_step *step)
{
	arena_reset(&writer->writer->read);
	writer->failed = ERR_OK;
	writer->put = false;
	step->outcome = step->change(writer, step->arg);
	/* A change that refuses must have put nothing, so that the other
	 * changes of the batch can be committed. If it did put something, that
	 * is a bug in this program, and the whole transaction is dropped. */
	if (step->outcome != ERR_OK && writer->put &&
	    writer->failed == ERR_OK) {
		log_line(LOG_AT_ERROR,
		    "store: a change was refused after it had written "
		    "something; it was undone");
		writer->failed = ERR_INTERNAL;
	}
	return writer->failed;
}

/* After ERR_BUSY the engine may fetch the rows that were missed and run the job
 * again, so the further steps say what they miss too. */
enum err
store_batch_run(struct txn *writer, struct group_commit_job *job)
{
	struct waiter *w = (struct waiter *)job;
	enum err e = ERR_OK, first = ERR_OK;
	size_t i;

	w->failed = ERR_OK;
	writer->more += w->n - 1;
	for (i = 0; i < w->n && (e == ERR_OK || e == ERR_BUSY); i++) {
		e = run_step(writer, &w->step[i]);
		if (first == ERR_OK)
			first = e;
	}
	return writer->failed = first;
}

void
store_batch_fail(struct group_commit_job *job, enum err e)
{
	((struct waiter *)job)->failed = e;
}

void
store_batch_count(struct txn *writer, size_t n, enum err e)
{
	metrics_commit(writer->st->metrics, n + writer->more, e);
}

enum err
store_begin_batch(void *arg, int64_t ms)
{
	struct store_writer *w = arg;
	struct store *st = w->st;
	enum err e = st->engine->begin_batch(st->db, w->txn.tx, ms);

	if (e == ERR_OK)
		atomic_store(&w->writes_since, clock_ms());
	return e;
}

void
store_run_batch(struct group_commit_job *first, size_t n, void *arg)
{
	struct store_writer *w = arg;
	struct store *st = w->st;

	st->engine->run_batch(st->db, w->txn.tx, first, n);
	atomic_store(&w->writes_since, 0);
}

int64_t
store_write_age(const struct store *st)
{
	int64_t now = clock_ms(), oldest = now, since;
	unsigned i;

	for (i = 0; i < st->writers; i++) {
		since = atomic_load(&st->writer[i].writes_since);
		if (since > 0 && since < oldest)
			oldest = since;
	}
	return now - oldest;
}

/*
 * Two batches that change the same tenant conflict, and one of them must run
 * again with all its changes. So the changes of a tenant go to the writer that
 * has one already. A place of `busy` holds the number of its changes, and above
 * that the writer. Tenants that share a place share the writer, too.
 */
enum { WRITER_SHIFT = 24 };
#define CHANGES_MASK (((uint_fast32_t)1 << WRITER_SHIFT) - 1)

static atomic_uint_fast32_t *
place_of(struct store *st, const struct guid *tenant)
{
	return &st->busy[(store_tenant_hash(tenant) >> 32) % STORE_BUSY];
}

static struct store_writer *
writer_of(struct store *st, const struct guid *tenant)
{
	atomic_uint_fast32_t *place = place_of(st, tenant);
	uint_fast32_t old = atomic_load(place), new;

	do {
		new = old + 1;
		if ((old & CHANGES_MASK) == 0)
			new = (uint_fast32_t)spread_choose(&st->spread)
				<< WRITER_SHIFT |
			    1;
	} while (!atomic_compare_exchange_weak(place, &old, new));
	return &st->writer[new >> WRITER_SHIFT];
}

static enum err
run_series(struct store *st, struct store_step *step, size_t n)
{
	const struct guid *tenant = n > 0 && st->writers > 1 ? step[0].tenant
							     : NULL;
	struct store_writer *writer = tenant != NULL
	    ? writer_of(st, tenant)
	    : &st->writer[spread_choose(&st->spread)];
	struct waiter w = { .step = step, .n = n };
	enum err e;

	metrics_change_begins(st->metrics);
	e = group_commit_run(&writer->queue, &w.job);
	metrics_change_ends(st->metrics, e);
	if (tenant != NULL)
		atomic_fetch_sub(place_of(st, tenant), 1);
	return e != ERR_OK ? e : w.failed;
}

enum err
store_update_series(struct store *st, struct store_step *step, size_t n)
{
	return st->read_only ? ERR_READ_ONLY : run_series(st, step, n);
}

static enum err
update(struct store *st, const struct guid *tenant, store_change *change,
    void *arg)
{
	struct store_step step = {
		.change = change, .arg = arg, .tenant = tenant
	};
	enum err e = run_series(st, &step, 1);

	return e != ERR_OK ? e : step.outcome;
}

enum err
store_update(struct store *st, store_change *change, void *arg)
{
	return st->read_only ? ERR_READ_ONLY : update(st, NULL, change, arg);
}

enum err
store_update_tenant(struct store *st, const struct guid *tenant,
    store_change *change, void *arg)
{
	return st->read_only ? ERR_READ_ONLY : update(st, tenant, change, arg);
}

enum err
store_convert(struct store *st, store_change *change, void *arg)
{
	enum err e;

	st->converts = true;
	e = update(st, NULL, change, arg);
	st->converts = false;
	if (e == ERR_OK)
		atomic_store(&st->format, STORE_FORMAT);
	return e;
}

enum err
store_claim(struct store *st, int64_t ms, pid_t *pid)
{
	return st->engine->claim(st->db, ms, pid);
}

enum err
store_make_tables(struct store *st)
{
	return st->engine->make_tables(st->db);
}

void
store_unclaim(struct store *st)
{
	st->engine->unclaim(st->db);
}
