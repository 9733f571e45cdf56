/* SPDX-License-Identifier: ISC */
/*
 * output.h - a file that the user asked for: it appears as a whole or not at
 * all, and only a regular file is ever replaced.
 *
 * A device, a FIFO and a descriptor of the process (/dev/stdout) are written
 * directly. A symbolic link is followed: the file that it names is created or
 * replaced, and the link stays.
 */
#ifndef PUSHCERT_OUTPUT_H
#define PUSHCERT_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct output {
	int fd;
	bool replace;
	char path[PATH_MAX]; /* its final name */
	char temporary[PATH_MAX]; /* its name until output_close; "": none */
};

/* Opens the file for writing. A new file gets this mode. Unless `replace` is
 * set, no file of this name may exist (EEXIST). Returns ERR_FILE with errno
 * set. */
enum err output_open(
    struct output *o, const char *path, mode_t mode, bool replace) ATTR_CHECKED;
/* Whether the output is a new file and not a device, a FIFO or a descriptor.
 * Only a file can be read back. */
bool output_is_file(const struct output *o);
/* Flushes the file to disk and gives it its name. If e is a failure, deletes
 * the temporary file and returns e. Returns ERR_FILE with errno set if a step
 * fails. */
enum err output_close(struct output *o, enum err e) ATTR_CHECKED;

/* Flushes the directory entry of a file to disk. Ignores errors, because the
 * directory may be writable but not readable. */
void output_sync_name(const char *path);

#endif
