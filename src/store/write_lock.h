/* SPDX-License-Identifier: ISC */
/*
 * write_lock.h - the lock that decides which process writes next. A process
 * takes it before LMDB's own write lock, because a wait for LMDB's lock cannot
 * have a timeout. Private to store.
 */
#ifndef PUSHCERT_WRITE_LOCK_H
#define PUSHCERT_WRITE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* Returns a descriptor for the lock, or -1 with errno. */
int write_lock_open(const char *directory) ATTR_CHECKED;
/* Waits at most `ms` milliseconds, or without end if `ms` is negative. False:
 * the time is over. The lock lasts until write_lock_drop, or until the process
 * ends. */
bool write_lock_take(int fd, int64_t ms) ATTR_CHECKED;
void write_lock_drop(int fd);

#endif
