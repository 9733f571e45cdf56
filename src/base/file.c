/* SPDX-License-Identifier: ISC */
/*
 * file.c - reads a file as a whole; writes a temporary file beside the old one
 * and renames it at the end.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/libc.h"
#include "base/str.h"

/* As many symbolic links as the kernel follows (path_resolution(7)). */
#define LINKS_MAX 40

/* --- reading ---------------------------------------------------------- */

enum err
file_open(const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return *fd >= 0 ? ERR_OK : ERR_FILE;
}

/* Like read(2), but a signal does not end it. */
static ssize_t
read_part(int fd, char *p, size_t n)
{
	ssize_t got;

	do {
		got = read(fd, p, n);
	} while (got < 0 && errno == EINTR);
	return got;
}

enum err
file_read_fd(int fd, char *text, size_t size, struct str *out)
{
	size_t n = 0;
	ssize_t got = 1;
	char more;

	*out = str_of(NULL);
	while (got > 0 && n < size)
		if ((got = read_part(fd, text + n, size - n)) > 0)
			n += (size_t)got;
	if (got > 0)
		got = read_part(fd, &more, 1);
	if (got < 0)
		return ERR_FILE;
	*out = str_from(text, n);
	if (got == 0)
		return ERR_OK;
	errno = EFBIG;
	return ERR_FILE;
}

enum err
file_read(const char *path, char *text, size_t size, struct str *out)
{
	int fd, cause;
	enum err e;

	*out = str_of(NULL);
	if (file_open(path, &fd) != ERR_OK)
		return ERR_FILE;
	e = file_read_fd(fd, text, size, out);
	cause = errno;
	close(fd);
	errno = cause;
	return e;
}

/* --- writing ---------------------------------------------------------- */

enum err
file_write(int fd, const char *p, size_t n)
{
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done)
		if ((done = write(fd, p, n)) < 0) {
			if (errno != EINTR)
				return ERR_FILE;
			done = 0;
		}
	return ERR_OK;
}

int
file_memory(struct str text)
{
	int fd = memfd_create("pushcert", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
	    file_write(fd, text.p, text.n) == ERR_OK &&
	    lseek(fd, 0, SEEK_SET) == 0 &&
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

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

/* Follows links until f->path is the file itself. If it is a descriptor of this
 * process, f->fd becomes a copy of that. */
static enum err
resolve(struct file *f)
{
	struct stat st;
	int links, own;

	for (links = 0; links < LINKS_MAX; links++) {
		if ((own = own_descriptor(f->path)) >= 0) {
			f->fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
			return f->fd >= 0 ? ERR_OK : ERR_FILE;
		}
		if (lstat(f->path, &st) != 0)
			return errno == ENOENT ? ERR_OK : ERR_FILE;
		if (!S_ISLNK(st.st_mode))
			return ERR_OK;
		if (!follow(f->path))
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
open_temporary(struct file *f, mode_t mode)
{
	int n = snprintf(
	    f->temporary, sizeof(f->temporary), "%s.XXXXXX", f->path);

	if (n < 0 || (size_t)n >= sizeof(f->temporary)) {
		f->temporary[0] = '\0';
		errno = ENAMETOOLONG;
		return ERR_FILE;
	}
	if ((f->fd = mkostemp(f->temporary, O_CLOEXEC)) < 0) {
		f->temporary[0] = '\0';
		return ERR_FILE;
	}
	if (fchmod(f->fd, mode) == 0)
		return ERR_OK;
	return file_finish(f, ERR_FILE);
}

enum err
file_create(struct file *f, const char *path, mode_t mode, bool replace)
{
	struct stat st;
	bool regular;

	*f = (struct file){ .fd = -1, .replace = replace };
	if (strlen(path) >= sizeof(f->path)) {
		errno = ENAMETOOLONG;
		return ERR_FILE;
	}
	strcpy(f->path, path);
	if (!replace && lstat(path, &st) == 0) {
		errno = EEXIST;
		return ERR_FILE;
	}
	if (resolve(f) != ERR_OK)
		return ERR_FILE;
	if (f->fd >= 0)
		return ERR_OK;
	if (is_to_be_made(f->path, &regular))
		return open_temporary(f, mode);
	/* Opens without O_TRUNC and O_CREAT. For a FIFO, open waits here for a
	 * reader. */
	f->fd = open(f->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	return f->fd >= 0 ? ERR_OK : ERR_FILE;
}

bool
file_is_new(const struct file *f)
{
	return f->temporary[0] != '\0';
}

/* Some file systems do not support RENAME_NOREPLACE, and some support no hard
 * links. */
static bool
name_new_file(const char *temporary, const char *path)
{
	if (libc_rename_new(temporary, path) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	return link(temporary, path) == 0 && unlink(temporary) == 0;
}

/* Checks again, because another process may have made a file of this name since
 * file_create. */
static bool
name_file(const struct file *f)
{
	bool regular;

	if (!f->replace)
		return name_new_file(f->temporary, f->path);
	if (!is_to_be_made(f->path, &regular)) {
		errno = EEXIST;
		return false;
	}
	return regular ? rename(f->temporary, f->path) == 0
		       : name_new_file(f->temporary, f->path);
}

void
file_sync_name(const char *path)
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
complete(const struct file *f)
{
	if (!file_is_new(f))
		return true;
	if (fsync(f->fd) != 0 || !name_file(f))
		return false;
	file_sync_name(f->path);
	return true;
}

enum err
file_finish(struct file *f, enum err e)
{
	int cause;

	if (e == ERR_OK && !complete(f))
		e = ERR_FILE;
	cause = errno;
	if (close(f->fd) != 0 && e == ERR_OK) {
		cause = errno;
		e = ERR_FILE;
	}
	f->fd = -1;
	if (e != ERR_OK && file_is_new(f))
		unlink(f->temporary);
	errno = cause;
	return e;
}
