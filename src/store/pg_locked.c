/* SPDX-License-Identifier: ISC */
/*
 * pg_locked.c - runs a change that walks over a whole table.
 *
 * The change has a transaction of its own, in which all tables are locked
 * against other changes. Its rows are sent when many have gathered, and at its
 * end.
 *
 * Each such transaction also sets the mark of the row with the format. If the
 * connection is lost during the commit, the next attempt locks the tables
 * again, which waits for the end of the former transaction, and looks at that
 * mark. The change's own mark proves that it was committed, and the former mark
 * proves that it was not, so it runs again. Any other mark proves nothing,
 * because another process has set it meanwhile.
 */
#include "store/pg_private.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "format/crypto.h"

/* The bytes that a change with locked tables keeps before it sends them. */
#define FLUSH_BYTES ((size_t)8 << 20)
/* Milliseconds that the server may take to remove all rows of a table. */
#define EMPTY_MS 600000

static enum err
err_of(enum pg_outcome outcome, const struct pg_link *l)
{
	switch (outcome) {
	case PG_DONE:
		return ERR_OK;
	case PG_FAILED:
		return l->failure;
	case PG_CONFLICT:
	case PG_AGAIN:
	case PG_LOST:
	default:
		return ERR_BUSY;
	}
}

enum err
pg_flush(struct pg_session *s, enum store_table table)
{
	enum pg_outcome outcome;
	unsigned i;

	if (s->own == NULL || s->cache[table].bytes < FLUSH_BYTES)
		return ERR_OK;
	if (!pg_send_dirty(s, s->own, s->mark))
		return ERR_MEMORY;
	outcome = pg_link_run(
	    s->own, pg_deadline(s->db->timeout_ms), NULL, NULL);
	for (i = 0; i < STORE_TABLES; i++)
		pg_cache_clear(&s->cache[i]);
	return err_of(outcome, s->own);
}

/* Only with locked tables. */
enum err
pg_empty(void *tx, enum store_table table)
{
	struct pg_session *s = tx;
	char sql[64];
	enum pg_outcome outcome;

	if (s->own == NULL) {
		s->walks = true;
		return ERR_BUSY;
	}
	snprintf(sql, sizeof(sql), "DELETE FROM %s", pg_sql_table(table));
	pg_cache_clear(&s->cache[table]);
	if (!pg_link_send_text(s->own, sql))
		return ERR_STORE;
	outcome = pg_link_run(s->own, pg_deadline(EMPTY_MS), NULL, NULL);
	return err_of(outcome, s->own);
}

static enum err
lock_tables(struct pg_writer *w)
{
	char sql[256] = "LOCK TABLE ", same[128];
	unsigned i;

	for (i = 0; i < STORE_TABLES; i++) {
		strcat(sql, i > 0 ? ", " : "");
		strcat(sql, pg_sql_table((enum store_table)i));
	}
	strcat(sql, " IN EXCLUSIVE MODE");
	/* See pg_format.c. */
	snprintf(same, sizeof(same),
	    "SELECT 1 / (current_schema() = '%s')::int", w->db->schema);
	if (pg_connect(&w->link, w->until) != ERR_OK)
		return ERR_BUSY;
	/* Later than the lock, each statement sees the newest state. */
	(void)pg_link_send_text(
	    &w->link, "BEGIN ISOLATION LEVEL READ COMMITTED");
	(void)pg_link_send_text(&w->link, same);
	(void)pg_link_send_text(&w->link, "SET LOCAL statement_timeout = 0");
	(void)pg_link_send_text(&w->link, sql);
	return err_of(pg_link_run(&w->link, w->until, NULL, NULL), &w->link);
}

struct attempt {
	struct pg_writer *w;
	struct group_commit_job *job;
	enum {
		RUN,
		/* The commit was sent, and its outcome is unknown. */
		SETTLE,
		/* The outcome stays unknown, or is known. */
		STOP
	} next;
	bool extended; /* the deadline was moved */
};

/* The row whose mark shows whether the change was committed. */
static const struct pg_fetch witness = { .table = STORE_META,
	.want = { .way = STORE_FROM, .n = 6, .byte = "format" },
	.limit = 1 };

static bool
take_witness(void *arg, size_t i, struct pg_result *result)
{
	struct pg_session *s = arg;
	const struct pg_api *pq = s->db->target.api;
	struct str mark;

	(void)i;
	memset(s->seen, 0, sizeof(s->seen));
	if (pg_result_rows(pq, result) == 0 ||
	    !str_eq(
		pg_result_value(pq, result, 0, 0), pg_want_key(&witness.want)))
		return false;
	mark = pg_result_value(pq, result, 0, 2);
	if (mark.n == sizeof(s->seen))
		memcpy(s->seen, mark.p, mark.n);
	return false;
}

/* Reads the mark of the witness into `seen`; zeros if there is no such row. */
static enum err
look_at_witness(struct pg_writer *w)
{
	(void)pg_send_fetch(&w->db->sql, &w->link, &witness);
	return err_of(pg_link_run(&w->link, w->until, take_witness, &w->change),
	    &w->link);
}

/* Gives a commit time, once, after its change has taken `ms` milliseconds. A
 * change that takes longer than the timeout, such as a restore, is not one of a
 * service. */
static void
give_time(struct attempt *a, int64_t ms)
{
	bool is_long = ms > a->w->db->timeout_ms;
	int64_t least = is_long ? pg_deadline(0) : pg_deadline_left(0);

	if (!a->extended && a->w->until < least) {
		a->w->until = least;
		a->extended = true;
	}
}

static enum err
run_locked(struct attempt *a)
{
	struct pg_session *s = &a->w->change;
	struct pg_link *l = &a->w->link;
	int64_t began = clock_ms();
	enum pg_outcome outcome;
	enum err e;

	if ((e = look_at_witness(a->w)) != ERR_OK)
		return e;
	memcpy(s->former, s->seen, sizeof(s->former));
	if ((e = store_batch_begin(a->w->writer)) != ERR_OK ||
	    (e = store_batch_run(a->w->writer, a->job)) != ERR_OK)
		return e;
	l->unreplicated = false;
	if (!pg_send_dirty(s, l, s->mark) || !pg_send_beat(l, s->mark) ||
	    !pg_link_send_text(l, "COMMIT"))
		return ERR_BUSY;
	give_time(a, clock_ms() - began);
	outcome = pg_link_run(l, a->w->until, NULL, NULL);
	if (outcome == PG_LOST)
		a->next = SETTLE;
	if (outcome == PG_DONE && l->unreplicated) {
		a->next = STOP;
		outcome = pg_confirm(l, s->mark, a->w->until);
	}
	return err_of(outcome, l);
}

static enum err
settle(struct attempt *a)
{
	struct pg_session *s = &a->w->change;
	struct pg_link *l = &a->w->link;
	enum err e;

	if ((e = look_at_witness(a->w)) != ERR_OK)
		return e;
	if (memcmp(s->seen, s->former, sizeof(s->seen)) == 0) {
		a->next = RUN;
		return run_locked(a);
	}
	a->next = STOP;
	if (memcmp(s->seen, s->mark, sizeof(s->seen)) != 0)
		return ERR_BUSY;
	/* The end of the connection ends the transaction. */
	pg_link_close(l);
	return err_of(pg_confirm(l, s->mark, a->w->until), l);
}

static enum err
try_locked(struct attempt *a)
{
	struct pg_session *s = &a->w->change;
	enum err e;

	pg_session_clear(s);
	if ((e = lock_tables(a->w)) == ERR_OK) {
		s->own = &a->w->link;
		e = a->next == SETTLE ? settle(a) : run_locked(a);
	}
	if (e != ERR_OK)
		pg_link_close(&a->w->link);
	pg_session_clear(s);
	return e;
}

enum err
pg_change_locked(struct pg_writer *w, struct group_commit_job *job)
{
	struct attempt a = { .w = w, .job = job, .next = RUN };
	uint8_t *mark = w->change.mark;
	enum err e;

	if ((e = crypto_random(mark, PG_MARK_LEN)) != ERR_OK)
		return e;
	/* The change may be the upgrade of the format. */
	pg_format_forget(w);
	do
		e = try_locked(&a);
	while (e == ERR_BUSY && a.next != STOP && clock_ms() < w->until);
	return e;
}
