/* SPDX-License-Identifier: ISC */
/*
 * sandbox.h - restricts the process to what a running service needs.
 *
 * The process may read and write the data directory, read the directories of
 * the JWKS file, of the key file and of the vendor's files, and open no other
 * file. The caller first removes the names of files that it has read already
 * (secret_leave_out). The system calls of the process cover descriptors that it
 * holds, memory and threads; it cannot start a process, connect to another
 * address or create executable memory. It leaves no core dump, and other
 * processes of its user cannot inspect it. All of this adds to the file modes:
 * if a kernel lacks a part, the other parts still hold.
 *
 * With a database the process may also connect to the database's ports and to
 * DNS, read the files of the resolver, and read the directories of the password
 * file and of the CA certificate.
 *
 * A refused system call fails, is logged, and the process continues. Injected
 * code gains nothing from that, and a C library that tries a newer system call
 * first falls back to an older one. A system call by another architecture's
 * convention ends the process.
 */
#ifndef PUSHCERT_SANDBOX_H
#define PUSHCERT_SANDBOX_H

#include <stdbool.h>

#include "state/config.h"
#include "base/log.h"

/*
 * Enters the sandbox. Call it when everything is open and before any thread is
 * started; the process cannot leave the sandbox again. Logs each part that the
 * kernel lacks, with its reason, at this level, and applies the others. Returns
 * whether all parts are in force.
 */
bool sandbox_enter(const struct config *c, enum log_level level);

#endif
