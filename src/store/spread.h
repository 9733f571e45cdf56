/* SPDX-License-Identifier: ISC */
/*
 * spread.h - spreads jobs over several queues of group_commit.h, each of which
 * has a connection of its own. Private to the store.
 */
#ifndef PUSHCERT_SPREAD_H
#define PUSHCERT_SPREAD_H

#include <stdint.h>

#include "store/group_commit.h"

#define SPREAD_MAX 8

/*
 * More queues make the batches smaller, and each batch has a cost of its own.
 * Where a batch takes long, it mostly waits, for the network or for a busy
 * processor; then all queues are used, and otherwise only the first few. The
 * first queue is always in use, so its time is that of a recent batch,
 * unless its connection hangs; then all queues are used, too.
 */
struct spread {
	struct group_commit *queue[SPREAD_MAX];
	unsigned n; /* of queues */
	unsigned few; /* at least 1 */
	int64_t long_batch; /* microseconds */
};

/* The number of the queue for the next job. There is at least one queue. */
unsigned spread_choose(const struct spread *s);

#endif
