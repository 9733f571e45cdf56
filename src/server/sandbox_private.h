/* SPDX-License-Identifier: ISC */
/*
 * sandbox_private.h - the parts of the sandbox with a file of their own. Each
 * returns false, and sets errno, if the kernel lacks the part.
 */
#ifndef PUSHCERT_SANDBOX_PRIVATE_H
#define PUSHCERT_SANDBOX_PRIVATE_H

#include <stdbool.h>

#include "base/attr.h"
#include "state/config.h"

/* Applies the whole set of Landlock rules, or none of it. */
bool sandbox_restrict_files(const struct config *c) ATTR_CHECKED;
/* Applies the filter of system calls; later calls cannot install another. */
bool sandbox_restrict_syscalls(const struct config *c) ATTR_CHECKED;

#endif
