/* SPDX-License-Identifier: ISC */
/*
 * output.h - a file that is written for the user: it appears whole or not at
 * all, and only a regular file is ever replaced.
 *
 * A device, a FIFO and a descriptor of the process (/dev/stdout) are written to
 * as they are. A symbolic link is followed: the file that it names is replaced,
 * or made, and the link stays.
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
	char path[PATH_MAX]; /* that the file gets */
	char temporary[PATH_MAX]; /* that it has until then; "": none */
};

/* Opens the file for writing; mode: of a new one. Unless `replace` is set there
 * must be nothing of that name (EEXIST). ERR_FILE with errno. */
enum err output_open(
    struct output *o, const char *path, mode_t mode, bool replace) ATTR_CHECKED;
/* Whether what was written can be read back. */
bool output_is_file(const struct output *o);
/* Puts the file on the disk and gives it its name; if e is a failure, drops it
 * and returns e. ERR_FILE with errno. */
enum err output_close(struct output *o, enum err e) ATTR_CHECKED;

/* Puts a name on the disk. Best effort: the directory may be one that we can
 * write to but not read. */
void output_sync_name(const char *path);

#endif
