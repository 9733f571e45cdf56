/* SPDX-License-Identifier: ISC */
/*
 * claim.h - the store in the hands of one process, which brings it to
 * another format; private to store.
 *
 * LMDB holds a read lock on the first byte of lock.mdb for as long as a process
 * has the store open, in every release of pushcert. A claim turns the lock of
 * its own process into a write lock: that works only while no other process has
 * the store open, and a process of any release that opens it meanwhile waits in
 * LMDB. A process of this release looks for a claim before that, and does not
 * wait.
 */
#ifndef PUSHCERT_CLAIM_H
#define PUSHCERT_CLAIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/* Whether another process has or wants a claim. *pid is 0 where that process
 * is in another container. */
bool claim_is_taken(int lock_file, pid_t *pid);

/*
 * Takes the claim on the store of that lock.mdb, which this process has open.
 * Waits at most so many milliseconds until the others have closed it.
 * ERR_UPGRADING: another process has a claim. ERR_IN_USE: another process has
 * the store open. *pid is that process, 0 where it is in another container.
 */
enum err claim_take(int lock_file, int64_t ms, pid_t *pid) ATTR_CHECKED;
/* Lets the others in again. */
void claim_drop(int lock_file);

#endif
