/* SPDX-License-Identifier: ISC */
/*
 * fake_pq.h - a PostgreSQL server and its libpq in the memory of a test. It
 * knows the statements of pg_sql.c, runs what stands before a Sync as one
 * transaction, and fails where the test wants it to.
 *
 * A test program that links fake_pq.c with --wrap=pg_api_load gets the fake for
 * each store whose options have a `database`.
 */
#ifndef PUSHCERT_FAKE_PQ_H
#define PUSHCERT_FAKE_PQ_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "store/engine.h"
#include "store/pg_sql.h"

/* Where the server reports an SQLSTATE. */
enum fake_place {
	FAKE_CONNECT,
	FAKE_READ, /* a SELECT */
	FAKE_WRITE, /* the first statement that puts or removes rows */
	FAKE_COMMIT /* the end of a transaction that does so */
};

/* The fate of the commit of a transaction that changes rows. */
enum fake_commit {
	FAKE_COMMITS,
	/* The commit waits for a standby that is away. Other transactions do
	 * not see it, and wait for its rows until their lock_timeout. */
	FAKE_WAITS,
	/* An administrator cancels the wait: success, with a warning. */
	FAKE_CANCELLED,
	/* An administrator terminates the wait: the connection ends, and
	 * everyone sees the commit. */
	FAKE_TERMINATED
};

struct fake_pq {
	/* The test sets these. */
	enum fake_place place;
	const char *state; /* an SQLSTATE; NULL: none */
	unsigned times; /* how often it is reported */
	bool is_fatal; /* the connection ends after it */
	enum fake_commit commit;
	unsigned commits_so; /* how many commits end so */
	/* The connection is lost at this call of libpq; 0: never. */
	unsigned lose_at;
	/* The server still receives what this call sends. */
	bool lose_late;
	/* At this call that sends a statement, libpq has no memory for it, and
	 * the connection stays; 0: never. */
	unsigned refuse_at;
	/* How long an attempt to connect takes, in milliseconds. */
	int connect_ms;
	bool is_silent; /* the server answers nothing */
	bool is_elsewhere; /* the sessions have another schema */
	int version; /* of the server; 0: 150000 */
	/* Before so many transactions that change rows, another process changes
	 * all records. */
	unsigned rivals;
	/* It changes no record then, but puts this row of the format, if set.
	 */
	bool spares_records;
	struct str new_format;
	bool claimed; /* another process has the advisory lock */
	/* The schema is that of a release with one table fewer, and another
	 * role owns it. And how often the table of expiry was created. */
	bool lacks_table, is_foreign;
	unsigned tables_made;
	/* Another process changes the rows of a commit whose connection ends.
	 */
	bool steals;

	/* The answer to a statement that begins so: one row of 12
	 * cells, or no row. */
	const char *begins;
	struct str (*cells)[12];

	/* The test reads these. */
	unsigned calls; /* of libpq, beside connecting */
	unsigned connects, syncs, commits, beats;
	bool lost; /* lose_at has been reached */
};
extern struct fake_pq fake;

/* Begins with an empty server. */
void fake_reset(void);
/* The standby is back: the commit that waits is visible. */
void fake_release(void);
/* How many commits wait for the standby. */
size_t fake_waits(void);
/* Cuts the connections whose commits wait. */
void fake_cut(void);
/* The rows of a table. */
size_t fake_rows(enum store_table table);
/* Puts a row as another process would. */
void fake_put(enum store_table table, struct str key, struct str row);

#endif
