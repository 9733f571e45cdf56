/* SPDX-License-Identifier: ISC */
/*
 * metrics.h - what this process has counted since it started. Safe to call from
 * any thread; a NULL struct metrics counts nothing.
 */
#ifndef PUSHCERT_METRICS_H
#define PUSHCERT_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* Status classes 1xx to 5xx at 1 to 5; anything else at 0. */
#define METRICS_CLASSES 6
/* Commits of 1, 2, up to 4, 8, 16, 32, 64 changes, and of more. */
#define METRICS_BATCHES 8

/* Begins as all zeros. */
struct metrics {
	atomic_uint_fast64_t request[METRICS_CLASSES];
	atomic_uint_fast64_t refusal[ERR_COUNT];
	atomic_uint_fast64_t batch[METRICS_BATCHES];
	atomic_uint_fast64_t changes;
	atomic_uint_fast64_t failed_commits;
};

/* A request was answered. */
void metrics_request(struct metrics *m, int status, enum err outcome);
/* So many changes went through one commit, or failed to. */
void metrics_commit(struct metrics *m, size_t changes, enum err outcome);

/* The same at one moment; the sums may be a request apart. */
struct metrics_counts {
	uint64_t request[METRICS_CLASSES];
	uint64_t refusal[ERR_COUNT];
	uint64_t batch[METRICS_BATCHES];
	uint64_t changes;
	uint64_t failed_commits;
};
void metrics_read(struct metrics *m, struct metrics_counts *out);

#endif
