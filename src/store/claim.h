/* SPDX-License-Identifier: ISC */
/*
 * claim.h - gives the store to one process, which upgrades it to another
 * format. Private to store.
 *
 * In every release of pushcert, LMDB holds a read lock on the first byte of
 * lock.mdb while a process has the store open. A claim turns the lock of its
 * own process into a write lock, which succeeds only while no other process has
 * the store open. A process of any release that opens the store meanwhile waits
 * in LMDB. A process of this release checks for a claim before it calls LMDB,
 * and fails instead of waiting.
 */
#ifndef PUSHCERT_CLAIM_H
#define PUSHCERT_CLAIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/* Whether another process has a claim or waits for one. *pid is 0 if that
 * process is in another container. */
bool claim_is_taken(int lock_file, pid_t *pid);

/*
 * Takes the claim on the store of this lock.mdb, which this process has open.
 * Waits at most `ms` milliseconds until the other processes have closed the
 * store. ERR_UPGRADING: another process has a claim. ERR_IN_USE: another
 * process still has the store open. *pid is that process; 0 if it is in another
 * container.
 */
enum err claim_take(int lock_file, int64_t ms, pid_t *pid) ATTR_CHECKED;
/* Releases the claim, so that other processes can open the store. */
void claim_drop(int lock_file);

#endif
