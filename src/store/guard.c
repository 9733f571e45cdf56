/* SPDX-License-Identifier: ISC */
/*
 * guard.c - sets locks that pair data.mdb with lock.mdb, and compares the names
 * of both files with the open files.
 *
 * The locks belong to the open file description (fcntl(2), F_OFD_SETLK). LMDB's
 * locks belong to the process, which loses them when it closes any descriptor
 * of the file. The locks are shared, so they never make a process wait, and
 * they lie far after the bytes that LMDB locks. The offset of a lock is:
 *
 *   bit 62      1
 *   bits 61-22  the inode of the other file, folded to 40 bits
 *   bits 21-0   the process id (less than 2^22 on Linux)
 *
 * The file system does not reuse an inode number while a process has the file
 * open, so two different files never have the same number.
 */
#include "store/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define FIRST ((off_t)1 << 62)
#define PROCESS_BITS 22
#define PROCESSES ((off_t)1 << PROCESS_BITS)
#define INODES (((uint64_t)1 << 40) - 1)

_Static_assert(sizeof(off_t) == 8, "a lock's byte has 63 bits");

/* The first byte of the range that stands for this partner. */
static off_t
bytes_of(ino_t partner)
{
	uint64_t inode = (uint64_t)partner;

	return FIRST + (off_t)((inode ^ inode >> 40) & INODES) * PROCESSES;
}

/* The process that holds a lock in the range, or 0. With n = 0 the range has no
 * end. */
static pid_t
holder(int fd, off_t from, off_t n)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = from,
		.l_len = n,
	};

	if (fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK ||
	    lock.l_start < FIRST)
		return 0;
	return (pid_t)(lock.l_start % PROCESSES);
}

/* The process that uses the file together with another partner, or 0. */
static pid_t
stranger(int fd, ino_t partner)
{
	const off_t ours = bytes_of(partner), behind = ours + PROCESSES;
	pid_t pid = 0;

	if (ours > FIRST)
		pid = holder(fd, FIRST, ours - FIRST);
	/* After the last possible range nothing follows, and the sum would
	 * overflow. */
	if (pid == 0 && ours <= INT64_MAX - PROCESSES)
		pid = holder(fd, behind, 0);
	return pid;
}

static enum err
pair(int fd, ino_t partner)
{
	struct flock lock = {
		.l_type = F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = bytes_of(partner) + getpid() % PROCESSES,
		.l_len = 1,
	};

	/* A kernel without these locks (Linux before 3.15) returns EINVAL, and
	 * the store then works without the guard. */
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0 || errno == EINVAL)
		return ERR_OK;
	return ERR_STORE;
}

static enum err
refuse(struct store_guard *g, const char *path, pid_t pid, const char *why)
{
	if (log_should_repeat(&g->last_logged, (uint64_t)pid, time(NULL)))
		log_line(
		    LOG_AT_ERROR, "%s: process %ld %s", path, (long)pid, why);
	return ERR_STORE;
}

/* On a read-only disk this process sets no locks, but another process may write
 * through another mount of the same disk. */
static enum err
set_read_only(
    struct store_guard *g, const char *path, const struct store_dir *d)
{
	pid_t pid = holder(d->data, FIRST, 0);

	return pid == 0 ? ERR_OK
			: refuse(g, path, pid,
			      "uses this store through a writable mount; use "
			      "that mount");
}

static enum err
set_pair(struct store_guard *g, const char *path, const struct store_dir *d)
{
	pid_t pid;

	if (pair(d->data, g->lock.inode) != ERR_OK ||
	    pair(d->lock, g->data.inode) != ERR_OK) {
		log_line(LOG_AT_ERROR, "%s: %s", path, strerror(errno));
		return ERR_STORE;
	}
	/* Each process sets its lock before it checks, so at least one of two
	 * processes sees the other. */
	if ((pid = stranger(d->data, g->lock.inode)) != 0)
		return refuse(g, path, pid,
		    "has data.mdb open with another lock.mdb, which was "
		    "removed or replaced; end that process first");
	if ((pid = stranger(d->lock, g->data.inode)) != 0)
		return refuse(g, path, pid,
		    "still has the former data.mdb open; end that process "
		    "first");
	return ERR_OK;
}

enum err
guard_set(struct store_guard *g, const char *path, const struct store_dir *d)
{
	struct stat directory, data, lock = { .st_ino = 0 };

	if (fstat(d->fd, &directory) != 0 || fstat(d->data, &data) != 0 ||
	    (!d->read_only && fstat(d->lock, &lock) != 0)) {
		log_line(LOG_AT_ERROR, "%s: %s", path, strerror(errno));
		return ERR_STORE;
	}
	g->directory.device = directory.st_dev;
	g->directory.inode = directory.st_ino;
	g->data.device = data.st_dev;
	g->data.inode = data.st_ino;
	g->lock.device = lock.st_dev;
	g->lock.inode = lock.st_ino;
	return d->read_only ? set_read_only(g, path, d) : set_pair(g, path, d);
}

static bool
is_gone(int cause)
{
	return cause == ENOENT || cause == ENOTDIR || cause == ELOOP;
}

/* Compares a result of stat, rc and *st, with the open file. */
static enum guard_state
compare(int rc, const struct stat *st, dev_t device, ino_t inode,
    enum guard_state other)
{
	if (rc != 0)
		return is_gone(errno) ? other : GUARD_UNKNOWN;
	return st->st_dev == device && st->st_ino == inode ? GUARD_SAME : other;
}

enum guard_state
guard_look(
    const struct store_guard *g, const char *path, const struct store_dir *d)
{
	enum guard_state state;
	struct stat st;
	int rc;

	rc = stat(path, &st);
	state = compare(
	    rc, &st, g->directory.device, g->directory.inode, GUARD_GONE);
	if (state != GUARD_SAME)
		return state;
	if (!d->read_only) {
		rc = fstatat(d->fd, "lock.mdb", &st, AT_SYMLINK_NOFOLLOW);
		state = compare(
		    rc, &st, g->lock.device, g->lock.inode, GUARD_GONE);
	}
	if (state != GUARD_SAME)
		return state;
	rc = fstatat(d->fd, "data.mdb", &st, AT_SYMLINK_NOFOLLOW);
	return compare(rc, &st, g->data.device, g->data.inode, GUARD_REPLACED);
}
