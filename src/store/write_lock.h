/* SPDX-License-Identifier: ISC */
/*
 * write_lock.h - whose turn it is to write, among all processes: LMDB's lock,
 * which comes after it, cannot be waited for with an end. Private to store.
 */
#ifndef PUSHCERT_WRITE_LOCK_H
#define PUSHCERT_WRITE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* A descriptor for the lock, which is on the directory; -1 with errno. */
int write_lock_open(const char *directory) ATTR_CHECKED;
/* Waits at most so many milliseconds, below 0 without end; false when the time
 * was over. Given up by write_lock_drop, and with the process. */
bool write_lock_take(int fd, int64_t ms) ATTR_CHECKED;
void write_lock_drop(int fd);

#endif
