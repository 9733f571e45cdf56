/* SPDX-License-Identifier: ISC */
/*
 * file.h - reads a file as a whole, and writes a file that appears as a whole
 * or not at all.
 *
 * A function that fails returns ERR_FILE and sets errno. No descriptor passes
 * to another program. The buffers belong to the caller, which wipes them if
 * they may hold a secret, also after a failure.
 */
#ifndef PUSHCERT_FILE_H
#define PUSHCERT_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Opens a file for reading, for a caller that looks at it before it reads. */
enum err file_open(const char *path, int *fd) ATTR_CHECKED;

/*
 * Reads the file up to its end into text[size], and points *out at the bytes.
 * If the file is longer, fails with EFBIG, and *out has its first `size` bytes,
 * which is enough for a caller that needs only the first line. After any other
 * failure *out is null.
 */
enum err file_read(
    const char *path, char *text, size_t size, struct str *out) ATTR_CHECKED;
/* The same for an open descriptor, which stays open. */
enum err
file_read_fd(int fd, char *text, size_t size, struct str *out) ATTR_CHECKED;

/* Writes all n bytes. */
enum err file_write(int fd, const char *p, size_t n) ATTR_CHECKED;

/* Makes a file that has no name, exists only in memory, and cannot be changed
 * any more. Another program may open it as /dev/fd/N; its mode is that of a key
 * file, because cp(1) keeps the mode. Returns the descriptor, or -1 with errno.
 */
int file_memory(struct str text) ATTR_CHECKED;

/*
 * A file that is being written. Only a regular file is ever replaced: a device,
 * a FIFO and a descriptor of the process (/dev/stdout) are written directly. A
 * symbolic link is followed: the file that it names is created or replaced, and
 * the link stays.
 */
struct file {
	int fd;
	bool replace;
	char path[PATH_MAX]; /* its final name */
	char temporary[PATH_MAX]; /* its name until file_finish; "": none */
};

/* Opens the file for writing. A new file gets this mode. Unless `replace` is
 * set, no file of this name may exist (EEXIST). */
enum err file_create(
    struct file *f, const char *path, mode_t mode, bool replace) ATTR_CHECKED;
/* Whether it is a new file and not a device, a FIFO or a descriptor. Only a
 * file can be read back. */
bool file_is_new(const struct file *f);
/* Flushes the file to disk and gives it its name. If e is a failure, deletes
 * the temporary file and returns e. */
enum err file_finish(struct file *f, enum err e) ATTR_CHECKED;

/* Flushes the directory entry of a file to disk. Ignores errors, because the
 * directory may be writable but not readable. */
void file_sync_name(const char *path);

#endif
