/* SPDX-License-Identifier: ISC */
/*
 * sandbox.h - what a process can do no more once it serves.
 *
 * It reads and writes the data directory, reads the directory of the JWKS file
 * and of a key's file that is not there yet, and opens no other file; it has
 * system calls for what it holds open, for memory and for threads, and none to
 * make a process, a connection to elsewhere, or code. It leaves no core, and no
 * other process of its user can look into it. All that comes on top of the
 * modes of files: where the kernel lacks some of it, the rest holds.
 *
 * A system call that is none of these fails, with a line in the log, and the
 * process goes on: who runs code of his own here gains nothing by it, and a C
 * library that tries a new call first takes an old one. The calls of another
 * architecture end the process.
 */
#ifndef PUSHCERT_SANDBOX_H
#define PUSHCERT_SANDBOX_H

#include <stdbool.h>

#include "state/config.h"
#include "base/log.h"

/*
 * To be called when everything is open, before any thread is started; there is
 * no way back. Takes what the kernel has of it, and says at this level what it
 * lacks. Whether it is whole.
 */
bool sandbox_enter(const struct config *c, enum log_level level);

#endif
