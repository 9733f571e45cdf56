/* SPDX-License-Identifier: ISC */
/*
 * misses.h - makes the first read of each row in a batch fail with ERR_BUSY (a
 * test build). Private to store.
 *
 * An engine across a network fetches all rows that a batch needs at once: it
 * runs the changes, notes which rows were missing, and runs the changes again.
 * A build with configure --enable-store-misses makes LMDB do the same, so that
 * every test proves that a change returns when a read fails and can run again.
 */
#ifndef PUSHCERT_MISSES_H
#define PUSHCERT_MISSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "store/engine.h"

/* Each miss costs another run of the batch. */
#define MISSES_MAX 64

/* The reads of a batch, as hashes; all zeros when the batch begins. */
struct misses {
	size_t n;
	uint64_t read[MISSES_MAX];
};

/* Whether this is the first time that the batch reads this row. False for every
 * row after MISSES_MAX rows. `way` is -1 for a get. */
bool
misses_first(struct misses *m, enum store_table table, int way, struct str key);

#endif
