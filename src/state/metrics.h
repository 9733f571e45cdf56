/* SPDX-License-Identifier: ISC */
/*
 * metrics.h - counters of this process since its start. Every function is safe
 * to call from any thread and does nothing if the struct metrics is NULL.
 */
#ifndef PUSHCERT_METRICS_H
#define PUSHCERT_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Status classes 1xx to 5xx have the indexes 1 to 5; other values have 0. */
#define METRICS_CLASSES 6
/* Commits of 1, 2, up to 4, 8, 16, 32, 64, and more than 64 changes. */
#define METRICS_BATCHES 8

/* Events in a store on a database server: a round of changes is run; it
 * meets rows that another process has changed, and runs again; a lost
 * connection is replaced; after a lost connection, it is found out whether a
 * round was committed. */
enum metrics_database {
	METRICS_ROUND,
	METRICS_CONFLICT,
	METRICS_RECONNECT,
	METRICS_RESOLVED,
	METRICS_DATABASE
};

/* Starts as all zeros. */
struct metrics {
	atomic_uint_fast64_t request[METRICS_CLASSES];
	atomic_uint_fast64_t refusal[ERR_COUNT];
	atomic_uint_fast64_t batch[METRICS_BATCHES];
	atomic_uint_fast64_t changes;
	atomic_uint_fast64_t failed_commits;
	atomic_uint_fast64_t writers; /* at present */
	atomic_uint_fast64_t turned_away; /* changes that timed out in the queue
					     or found it full */
	atomic_uint_fast64_t hangs; /* workers that missed their deadline */
	atomic_uint_fast64_t hanging; /* of them, hanging at present */
	atomic_bool has_database; /* the store is on a server */
	atomic_uint_fast64_t database[METRICS_DATABASE];
};

/* A request has been answered. */
void metrics_request(struct metrics *m, int status, enum err outcome);
/* One commit of this many changes has succeeded or failed. */
void metrics_commit(struct metrics *m, size_t changes, enum err outcome);
/* A change starts waiting; a change ends (ERR_BUSY: it timed out waiting). */
void metrics_change_begins(struct metrics *m);
void metrics_change_ends(struct metrics *m, enum err outcome);

/* A worker has missed its deadline; this many workers hang at present. */
void metrics_hang(struct metrics *m);
void metrics_hanging(struct metrics *m, size_t workers);

/* The store is on a database server; one of these things has happened there. */
void metrics_use_database(struct metrics *m);
void metrics_count_database(struct metrics *m, enum metrics_database what);

/* A copy of all counters. They are read one after the other, so their sums may
 * differ by requests that end meanwhile. */
struct metrics_counts {
	uint64_t request[METRICS_CLASSES];
	uint64_t refusal[ERR_COUNT];
	uint64_t batch[METRICS_BATCHES];
	uint64_t changes;
	uint64_t failed_commits;
	uint64_t writers;
	uint64_t turned_away;
	uint64_t hangs;
	uint64_t hanging;
	bool has_database;
	uint64_t database[METRICS_DATABASE];
};
void metrics_read(struct metrics *m, struct metrics_counts *out);

#endif
