/* SPDX-License-Identifier: ISC */
/*
 * commit_delay.h - the delay before a batch of group_commit.h. Private to the
 * store.
 */
#ifndef PUSHCERT_COMMIT_DELAY_H
#define PUSHCERT_COMMIT_DELAY_H

#include <stdint.h>

#include "store/group_commit.h"

/* When the delay of the next batch ends, in us of clock_us; 0: without a delay.
 * The lock of the queue is held. */
int64_t commit_delay_end(const struct group_commit *g, int64_t now);

#endif
