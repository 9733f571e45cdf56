/* SPDX-License-Identifier: ISC */
/*
 * pg_change.c - runs batches of changes.
 *
 * A batch holds no lock in the database while it works. It runs all changes on
 * the rows that it knows, fetches in one round trip what they missed, and runs
 * them again, until nothing is missing. Then it sends all rows that the changes
 * have put, in one transaction and one round trip, on the condition that the
 * rows which they replace are still the ones that were read. If PostgreSQL
 * refuses them for a conflict, commit_changes forgets all rows and begins
 * again.
 *
 * This is correct because each change of a record or a request adds an event
 * under the next number. Two processes that change the same tenant insert the
 * same key, and one of them fails. All other rows are compared by their marks,
 * except for rows that follow from those (pg_set).
 *
 * A change that walks over a whole table cannot work like that; see
 * pg_locked.c.
 */
#include "store/pg_private.h"

#include <time.h>

#include "base/clock.h"
#include "state/metrics.h"

/* After a conflict, a batch waits up to this many microseconds for each try
 * before it, so that batches which change the same tenants come apart. */
#define PAUSE_US 500
#define PAUSE_TRIES 16

/* --- rows --------------------------------------------------------------- */

enum err
pg_put(void *tx, enum store_table table, struct str key, struct str row)
{
	struct pg_session *s = tx;
	struct str old;
	enum err e;

	if (s->own == NULL) {
		e = pg_get(tx, table, key, &old);
		if (e != ERR_OK && e != ERR_NOT_FOUND)
			return e;
	}
	if ((e = pg_cache_put(&s->cache[table], key, row)) != ERR_OK)
		return e;
	return pg_flush(s, table);
}

enum err
pg_remove(void *tx, enum store_table table, struct str key)
{
	struct pg_session *s = tx;
	struct str old;
	enum err e;

	if ((e = pg_get(tx, table, key, &old)) != ERR_OK)
		return e;
	/* With locked tables, a put has not read the row. */
	if (pg_cache_drop_put(&s->cache[table], key) &&
	    (e = pg_get(tx, table, key, &old)) != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if ((e = pg_cache_remove(&s->cache[table], key)) != ERR_OK)
		return e;
	return pg_flush(s, table);
}

enum err
pg_set(void *tx, enum store_table table, struct str key, struct str row)
{
	struct pg_session *s = tx;
	enum err e = pg_cache_set(&s->cache[table], key, row);

	return e == ERR_OK ? pg_flush(s, table) : e;
}

enum err
pg_unset(void *tx, enum store_table table, struct str key)
{
	return pg_set(tx, table, key, str_of(NULL));
}

enum err
pg_run_alone(void *tx)
{
	struct pg_session *s = tx;

	if (s->own != NULL)
		return ERR_OK;
	s->walks = true;
	return ERR_BUSY;
}

/* --- a batch ------------------------------------------------------------ */

static bool
misses(const struct pg_session *s)
{
	return s->wanted > 0 || s->walks;
}

/* Runs the changes on the known rows. The session notes the rows that they
 * miss. */
static enum err
run_once(struct pg_writer *w, struct group_commit_job *job, size_t n)
{
	struct pg_session *s = &w->change;
	unsigned i;
	enum err e;

	for (i = 0; i < STORE_TABLES; i++)
		pg_cache_undo(&s->cache[i]);
	s->wanted = 0;
	e = store_batch_begin(w->writer);
	if (e != ERR_OK && !(e == ERR_BUSY && misses(s)))
		return e;
	for (; n > 0; n--, job = job->next) {
		e = store_batch_run(w->writer, job);
		if (e != ERR_OK && !(e == ERR_BUSY && misses(s)))
			return e;
	}
	return ERR_OK;
}

/* Runs the changes until they miss nothing. */
static enum err
run_until_whole(struct pg_writer *w, struct group_commit_job *first, size_t n)
{
	struct pg_session *s = &w->change;
	enum err e;

	pg_session_clear(s);
	s->walks = false;
	s->limit = 4;
	if ((e = pg_format_recall(w)) != ERR_OK)
		return e;
	for (;;) {
		if ((e = run_once(w, first, n)) != ERR_OK)
			return e;
		if (s->walks || s->wanted == 0)
			return ERR_OK;
		if ((e = pg_fetch_wants(w)) != ERR_OK)
			return e;
		pg_format_keep(w);
		pg_raise_limit(s);
	}
}

/* Each conflict means that another batch was committed, so the number of tries
 * has no limit but the deadline. */
static void
back_off(int tries)
{
	struct timespec pause = { .tv_sec = 0 }, now;
	long most = 1000L * PAUSE_US *
	    (tries < PAUSE_TRIES ? tries : PAUSE_TRIES);

	clock_gettime(CLOCK_MONOTONIC, &now);
	/* The last digits differ in every thread. */
	pause.tv_nsec = now.tv_nsec % (most + 1);
	nanosleep(&pause, NULL);
}

/* `try_alone` says that each change may be tried alone: nothing was committed,
 * and the cause lies in one of the changes. */
static enum err
commit_changes(struct pg_writer *w, struct group_commit_job *first, size_t n,
    bool *try_alone)
{
	enum err e;
	int tries;

	*try_alone = false;
	for (tries = 0; clock_ms() < w->until; tries++) {
		if (tries > 0) {
			pg_format_forget(w);
			back_off(tries);
		}
		e = run_until_whole(w, first, n);
		*try_alone = e != ERR_BUSY;
		if (e != ERR_OK || w->change.walks)
			return e;
		*try_alone = false;
		if (pg_count_dirty(&w->change) == 0)
			return ERR_OK;
		metrics_count_database(w->db->target.metrics, METRICS_ROUND);
		switch (pg_commit(&w->change, &w->link, w->until)) {
		case PG_DONE:
			return ERR_OK;
		case PG_FAILED:
			*try_alone = true;
			return w->link.failure;
		case PG_LOST:
			return ERR_BUSY;
		case PG_CONFLICT:
		case PG_AGAIN:
		default:
			/* Another process was faster: the loop runs all changes
			 * again on fresh rows. */
			metrics_count_database(
			    w->db->target.metrics, METRICS_CONFLICT);
			break;
		}
	}
	return ERR_BUSY;
}

enum err
pg_begin_batch(void *arg, void *tx, int64_t ms)
{
	struct pg_writer *w = tx;

	(void)arg;
	w->until = pg_deadline_left(ms);
	return pg_connect(&w->link, w->until);
}

static void
change_one(struct pg_writer *w, struct group_commit_job *job)
{
	bool try_alone;
	enum err e = commit_changes(w, job, 1, &try_alone);

	if (e == ERR_OK && w->change.walks)
		e = pg_change_locked(w, job);
	store_batch_count(w->writer, 1, e);
	if (e != ERR_OK)
		store_batch_fail(job, e);
}

void
pg_run_batch(void *arg, void *tx, struct group_commit_job *first, size_t n)
{
	struct pg_writer *w = tx;
	struct group_commit_job *job = first;
	bool try_alone = true;
	enum err e;

	(void)arg;
	if (first == NULL)
		return;
	w->until = pg_deadline_of(first, w->until);
	if (n > 1) {
		e = commit_changes(w, first, n, &try_alone);
		try_alone |= e == ERR_OK && w->change.walks;
		if (e == ERR_OK && !w->change.walks) {
			store_batch_count(w->writer, n, ERR_OK);
			return;
		}
		if (!try_alone) {
			store_batch_count(w->writer, n, e);
			for (; n > 0; n--, job = job->next)
				store_batch_fail(job, e);
			return;
		}
	}
	for (; n > 0; n--, job = job->next)
		change_one(w, job);
}
