/* SPDX-License-Identifier: ISC */
/*
 * output.c - a temporary file beside the old one, which is renamed at the end.
 */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* As many symbolic links as the kernel follows (path_resolution(7)). */
#define LINKS_MAX 40

/* Returns the descriptor of this process that the path names, or -1. */
static int
own_descriptor(const char *path)
{
	static const char *const directories[] = { "/proc/self/fd/",
		"/dev/fd/" };
	struct str name = str_of(path);
	uint64_t fd;
	size_t i;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (str_starts(name, directories[i]) &&
		    str_u64(str_tail(name, strlen(directories[i])), &fd) &&
		    fd <= INT_MAX)
			return (int)fd;
	return -1;
}

/* Replaces the path of a symbolic link by the path that the link names. */
static bool
follow(char path[PATH_MAX])
{
	char target[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t directory = slash != NULL ? (size_t)(slash - path) + 1 : 0;
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	if (target[0] == '/')
		directory = 0;
	if (directory + (size_t)n >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(path + directory, target, (size_t)n + 1);
	return true;
}

/* Follows links until o->path is the file itself. If it is a descriptor of this
 * process, o->fd becomes a copy of that. */
static enum err
resolve(struct output *o)
{
	struct stat st;
	int links, own;

	for (links = 0; links < LINKS_MAX; links++) {
		if ((own = own_descriptor(o->path)) >= 0) {
			o->fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
			return o->fd >= 0 ? ERR_OK : ERR_FILE;
		}
		if (lstat(o->path, &st) != 0)
			return errno == ENOENT ? ERR_OK : ERR_FILE;
		if (!S_ISLNK(st.st_mode))
			return ERR_OK;
		if (!follow(o->path))
			return ERR_FILE;
	}
	errno = ELOOP;
	return ERR_FILE;
}

/* Returns whether a new file may take this name: the name is free, or a regular
 * file has it (*regular). */
static bool
is_to_be_made(const char *path, bool *regular)
{
	struct stat st;

	*regular = false;
	if (lstat(path, &st) != 0)
		return errno == ENOENT;
	*regular = S_ISREG(st.st_mode);
	return *regular;
}

static enum err
open_temporary(struct output *o, mode_t mode)
{
	int n = snprintf(
	    o->temporary, sizeof(o->temporary), "%s.XXXXXX", o->path);

	if (n < 0 || (size_t)n >= sizeof(o->temporary)) {
		o->temporary[0] = '\0';
		errno = ENAMETOOLONG;
		return ERR_FILE;
	}
	if ((o->fd = mkostemp(o->temporary, O_CLOEXEC)) < 0) {
		o->temporary[0] = '\0';
		return ERR_FILE;
	}
	if (fchmod(o->fd, mode) == 0)
		return ERR_OK;
	return output_close(o, ERR_FILE);
}

enum err
output_open(struct output *o, const char *path, mode_t mode, bool replace)
{
	struct stat st;
	bool regular;

	*o = (struct output){ .fd = -1, .replace = replace };
	if (strlen(path) >= sizeof(o->path)) {
		errno = ENAMETOOLONG;
		return ERR_FILE;
	}
	strcpy(o->path, path);
	if (!replace && lstat(path, &st) == 0) {
		errno = EEXIST;
		return ERR_FILE;
	}
	if (resolve(o) != ERR_OK)
		return ERR_FILE;
	if (o->fd >= 0)
		return ERR_OK;
	if (is_to_be_made(o->path, &regular))
		return open_temporary(o, mode);
	/* Opens without O_TRUNC and O_CREAT. For a FIFO, open waits here for a
	 * reader. */
	o->fd = open(o->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	return o->fd >= 0 ? ERR_OK : ERR_FILE;
}

bool
output_is_file(const struct output *o)
{
	return o->temporary[0] != '\0';
}

/* Some file systems do not support RENAME_NOREPLACE, and some support no hard
 * links. */
static bool
name_new_file(const char *temporary, const char *path)
{
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) ==
	    0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	return link(temporary, path) == 0 && unlink(temporary) == 0;
}

/* Checks again, because another process may have made a file of this name since
 * output_open. */
static bool
name_file(const struct output *o)
{
	bool regular;

	if (!o->replace)
		return name_new_file(o->temporary, o->path);
	if (!is_to_be_made(o->path, &regular)) {
		errno = EEXIST;
		return false;
	}
	return regular ? rename(o->temporary, o->path) == 0
		       : name_new_file(o->temporary, o->path);
}

void
output_sync_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX] = ".";
	int fd;

	if (slash != NULL)
		snprintf(directory, sizeof(directory), "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	if ((fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Finishes a file whose content was written without an error. */
static bool
complete(const struct output *o)
{
	if (!output_is_file(o))
		return true;
	if (fsync(o->fd) != 0 || !name_file(o))
		return false;
	output_sync_name(o->path);
	return true;
}

enum err
output_close(struct output *o, enum err e)
{
	int cause;

	if (e == ERR_OK && !complete(o))
		e = ERR_FILE;
	cause = errno;
	if (close(o->fd) != 0 && e == ERR_OK) {
		cause = errno;
		e = ERR_FILE;
	}
	o->fd = -1;
	if (e != ERR_OK && output_is_file(o))
		unlink(o->temporary);
	errno = cause;
	return e;
}
