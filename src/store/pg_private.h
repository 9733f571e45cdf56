/* SPDX-License-Identifier: ISC */
/*
 * pg_private.h - the members of a store in PostgreSQL. Private to the pg_*
 * files.
 */
#ifndef PUSHCERT_PG_PRIVATE_H
#define PUSHCERT_PG_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/engine.h"
#include "store/group_commit.h"
#include "store/pg_cache.h"
#include "store/pg_link.h"
#include "store/pg_sql.h"
#include "store/spread.h"

#define PG_LANES_MAX 8
/* The rows of the longest answer. */
#define PG_CHUNK_MAX 1000

struct pg_read;

/* A connection for the reads of many threads; see pg_lane.c. */
#define PG_LANE_BATCH 128
struct pg_lane {
	struct pg_db *db;
	struct pg_link link;
	struct group_commit queue;
	/* The thread that leads owns the members below. */
	int64_t until; /* deadline of the batch */
	struct pg_read *login[PG_LANE_BATCH], *other[PG_LANE_BATCH];
	size_t logins, others;
};

struct pg_fetch {
	enum store_table table;
	struct pg_want want;
	size_t limit; /* rows */
	/* Also fetches the record that a token names: pg_sql.logins. */
	bool login;
	/* Fetches what this session wants of the table. NULL: `want` alone. */
	struct pg_session *all;
};

/* A transaction: of a reader, or the one of all changes. */
struct pg_session {
	struct pg_db *db;
	struct pg_cache cache[STORE_TABLES];
	size_t limit; /* rows of the next answer to a step */

	/* A reader that walks over a whole table has a connection of its own,
	 * which shows one state. A change that does so has locked the tables.
	 * NULL: each answer is the newest state. */
	struct pg_link *own;
	struct pg_link walk;

	/* The members below are those of the changes. */
	bool changes;
	/* Of a change with locked tables: its mark, and two marks of the row
	 * that shows whether it was committed: before it, and at last. */
	uint8_t mark[PG_MARK_LEN], former[PG_MARK_LEN], seen[PG_MARK_LEN];
	bool walks; /* a change has begun a walk over a whole table */
	struct pg_fetch *wants;
	size_t wanted, room;
};

/* The row with the format, of which each batch needs a copy: pg_format.c. */
#define PG_FORMAT_ROW_MAX 64
struct pg_format {
	size_t n; /* 0: not known */
	char row[PG_FORMAT_ROW_MAX];
	uint8_t mark[PG_MARK_LEN];
};

/* Runs batches of changes, on a connection of its own. */
struct pg_writer {
	/* The first member, so that the session's address is that of its
	 * writer. */
	struct pg_session change;
	struct pg_db *db;
	struct txn *writer;
	struct pg_link link;
	struct pg_format format;
	int64_t until; /* deadline of the batch */
};

/*
 * The number of writers, and of writers and lanes that run while batches are
 * short (spread.h). A batch waits most of its time for the server, and
 * meanwhile the others run. A server on the same quiet machine needs few of
 * them (two CPUs, medians of two interleaved rounds): 64 threads change
 * 18,900/s with four writers and 27,500/s with two; 64 connections behind nginx
 * GET 31,500/s with two lanes and 37,400/s with one, but 17,400/s and 16,300/s
 * where a round trip takes 1 ms more. On a busy machine (load 12 to 18) 64
 * threads change 5,800/s with one writer and 7,000/s with three; through a
 * proxy, 4,200/s with three and 5,800/s with four.
 */
#define PG_WRITERS 4
#define PG_FEW_WRITERS 2
#define PG_LONG_BATCH 4000 /* microseconds */
#define PG_FEW_LANES 1
#define PG_LONG_READS 1000 /* microseconds */

_Static_assert(PG_LANES_MAX <= SPREAD_MAX && PG_WRITERS <= SPREAD_MAX,
    "each lane and each writer has a place");

struct pg_db {
	struct pg_api *api;
	struct pg_target target;
	struct pg_sql sql;
	char *directory, *conninfo, *password_file, *schema;
	int64_t timeout_ms;

	struct pg_lane lane[PG_LANES_MAX];
	unsigned lanes;
	struct spread spread; /* the queues of the lanes */

	struct pg_writer writer[PG_WRITERS];
	unsigned writers;
	struct pg_link claim; /* pg_claim.c */
};

/* pg_deadline.c. */
/* The deadline of an operation that may wait `ms` milliseconds; 0: long. */
int64_t pg_deadline(int64_t ms);
/* The deadline of a batch whose leader has `ms` milliseconds left; negative:
 * long. And the deadline once the batch has its jobs, which is that of its
 * oldest one. Either leaves the batch a little time. */
int64_t pg_deadline_left(int64_t ms);
int64_t pg_deadline_of(const struct group_commit_job *oldest, int64_t until);

/* pg_read.c. */
enum err pg_session_init(struct pg_session *s, struct pg_db *db) ATTR_CHECKED;
void pg_session_free(struct pg_session *s);
void pg_session_clear(struct pg_session *s);
enum err
pg_get(void *tx, enum store_table table, struct str key, struct str *row);
enum err pg_step(void *tx, enum store_table table, enum store_direction way,
    struct str *key, struct str *row);
/* Appends a query to the batch of a link. */
bool pg_send_fetch(
    const struct pg_sql *sql, struct pg_link *l, const struct pg_fetch *f);
/* Takes n rows of an answer into the cache. The first of them is row `first`,
 * and the key stands in that column. */
struct pg_answer {
	const struct pg_result *r;
	size_t first, n;
	int column;
};
enum err pg_learn(struct pg_session *s, const struct pg_fetch *f,
    const struct pg_answer *a) ATTR_CHECKED;
/* The same for an answer that has all its rows, from the first column on. */
enum err pg_learn_all(struct pg_session *s, const struct pg_fetch *f,
    const struct pg_result *r) ATTR_CHECKED;
enum err pg_fetch_pair(void *tx, enum store_table table, struct str key,
    enum store_table other) ATTR_CHECKED;
/* The next answer to a step of this transaction may have more rows. */
void pg_raise_limit(struct pg_session *s);
/* Connects, and tries again until the deadline. ERR_BUSY. */
enum err pg_connect(struct pg_link *l, int64_t until) ATTR_CHECKED;
/* Sends one query on this link and takes its answer into the cache. */
enum err pg_fetch_here(struct pg_session *s, struct pg_link *l,
    const struct pg_fetch *f) ATTR_CHECKED;

/* Begins a transaction of its own for a reader, which shows one state. */
enum err pg_snapshot(struct pg_session *s) ATTR_CHECKED;

/* pg_create.c. Creates what is missing of the schema. The link of the changes
 * is connected. */
enum err
pg_create(struct pg_db *db, const struct store_options *options) ATTR_CHECKED;
/* See engine.h. */
enum err pg_make_tables(void *arg) ATTR_CHECKED;

/* pg_examine.c. See store_examine. */
enum err pg_examine(void *arg, store_advice *report, void *of_report);

/* pg_lane.c. */
enum err pg_lane_init(struct pg_lane *lane, struct pg_db *db) ATTR_CHECKED;
void pg_lane_free(struct pg_lane *lane);
/* Fetches through the lanes. */
enum err
pg_lane_fetch(struct pg_session *s, const struct pg_fetch *f) ATTR_CHECKED;

/* pg_fetch.c. */
/* Sends the query for the wants of a table upwards, and takes its answer. */
bool
pg_send_wants(struct pg_session *s, struct pg_link *l, enum store_table table);
enum err pg_learn_wants(struct pg_session *s, enum store_table table,
    const struct pg_result *r) ATTR_CHECKED;
/* Notes what a change misses. ERR_BUSY: the change runs again after the next
 * fetch. */
enum err pg_want(struct pg_session *s, const struct pg_fetch *f);
void pg_expect(void *tx, const struct store_range *range, size_t n);
/* Fetches all that was noted, in one round trip. */
enum err pg_fetch_wants(struct pg_writer *w) ATTR_CHECKED;

/* pg_format.c. */
/* Puts the row of the format into the cache, if it is known. */
enum err pg_format_recall(struct pg_writer *w) ATTR_CHECKED;
/* Takes the row of the format from the cache. */
void pg_format_keep(struct pg_writer *w);
/* Reads the row again in the next batch. */
void pg_format_forget(struct pg_writer *w);
/* Appends a statement that fails if another process has changed the format
 * since the changes read it. */
bool pg_format_send(struct pg_session *s, struct pg_link *l) ATTR_CHECKED;

/* pg_change.c. */
enum err
pg_put(void *tx, enum store_table table, struct str key, struct str row);
enum err pg_remove(void *tx, enum store_table table, struct str key);
enum err pg_empty(void *tx, enum store_table table);
/* See engine.h. */
enum err
pg_set(void *tx, enum store_table table, struct str key, struct str row);
enum err pg_unset(void *tx, enum store_table table, struct str key);
enum err pg_run_alone(void *tx);
enum err pg_begin_batch(void *arg, void *tx, int64_t ms);
void
pg_run_batch(void *arg, void *tx, struct group_commit_job *first, size_t n);

/* pg_claim.c. See claim and unclaim in engine.h. */
enum err pg_claim(void *arg, int64_t ms, pid_t *pid);
void pg_unclaim(void *arg);
/* See alone and stamp in engine.h. */
enum err pg_alone(void *arg, const char *work) ATTR_CHECKED;
enum err pg_stamp(void *arg, uint64_t *out) ATTR_CHECKED;

/* pg_newest.c. See newest in engine.h. */
enum err pg_newest(void *tx, store_key_visit *visit, void *arg) ATTR_CHECKED;

/* pg_locked.c. */
/* Runs a change with all tables locked against other changes. */
enum err pg_change_locked(
    struct pg_writer *w, struct group_commit_job *job) ATTR_CHECKED;
/* With locked tables: sends what was put so far, if it is much. */
enum err pg_flush(struct pg_session *s, enum store_table table) ATTR_CHECKED;

/* pg_send.c. */
/* The number of rows that the changes have put or removed. */
size_t pg_count_dirty(const struct pg_session *s);
/* Appends these rows to the batch of a link. False: there is no memory, or the
 * link is lost. */
bool pg_send_dirty(struct pg_session *s, struct pg_link *l,
    const uint8_t mark[PG_MARK_LEN]) ATTR_CHECKED;
/*
 * Commits these rows as one transaction. If the connection is lost, finds out
 * whether the transaction was committed, and repeats it if it was not. PG_LOST:
 * the deadline passed before this was known, or before a standby had the
 * commit.
 */
enum pg_outcome
pg_commit(struct pg_session *s, struct pg_link *l, int64_t until) ATTR_CHECKED;
/* Appends a change of nothing but a mark to the batch. */
bool pg_send_beat(struct pg_link *l, const uint8_t mark[PG_MARK_LEN]);
/* Commits a change of nothing, which waits for the standby like any other, so
 * that all commits before it have arrived there. PG_LOST: the deadline passed.
 */
enum pg_outcome pg_confirm(struct pg_link *l, const uint8_t mark[PG_MARK_LEN],
    int64_t until) ATTR_CHECKED;

#endif
