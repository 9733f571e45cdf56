/* SPDX-License-Identifier: ISC */
/*
 * data_dir.c - the checks of the data directory, before anything in it is
 * read.
 */
#include "store/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "store/claim.h"

#define DIRECTORY_MODE 0700
#define FILE_MODE 0600

/*
 * File systems of other machines, on which locks or maps do not hold (f_type
 * of statfs). FUSE is among them since it does not tell what is behind it.
 */
static const uint32_t network[] = {
	0x00006969, /* NFS */
	0x0000517b, /* SMB */
	0xfe534d42, /* SMB 2 */
	0xff534d42, /* CIFS */
	0x01021997, /* 9P */
	0x65735546, /* FUSE */
	0x5346414f, /* AFS */
	0x6b414653, /* AFS of the kernel */
	0x73757245, /* Coda */
	0x00c36400, /* Ceph */
	0x0000564c, /* NetWare */
	0x0bd00bd0, /* Lustre */
	0x7461636f, /* OCFS2 */
	0x01161970, /* GFS2 */
	0x47504653, /* GPFS */
	0x20030528, /* OrangeFS */
	0x786f4256, /* VirtualBox shared folders */
};

static enum err
failed(const char *directory, const char *name, int cause)
{
	log_line(LOG_AT_ERROR, "%s/%s: %s", directory, name, strerror(cause));
	switch (cause) {
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	case EACCES: /* of another user */
	case ELOOP: /* a symbolic link: name what it points at instead */
	case ENOTDIR:
		return ERR_NOT_PRIVATE;
	default:
		return ERR_STORE;
	}
}

static enum err
check_ours(const char *directory, const char *name, int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return failed(directory, name, errno);
	if ((st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return ERR_OK;
	if (st.st_uid != geteuid())
		log_line(LOG_AT_ERROR,
		    "%s/%s: belongs to user %ld, and we run as %ld: run "
		    "pushcert as its owner",
		    directory, name, (long)st.st_uid, (long)geteuid());
	else
		log_line(LOG_AT_ERROR, "%s/%s: mode %o, but must be %o",
		    directory, name, (unsigned)st.st_mode & 07777,
		    type == S_IFDIR ? DIRECTORY_MODE : FILE_MODE);
	return ERR_NOT_PRIVATE;
}

static enum err
check_local(const char *directory, int fd)
{
	struct statfs fs;
	size_t i;

	if (fstatfs(fd, &fs) != 0)
		return failed(directory, ".", errno);
	for (i = 0; i < sizeof(network) / sizeof(network[0]); i++)
		if ((uint32_t)fs.f_type == network[i])
			return ERR_NETWORK_FS;
	return ERR_OK;
}

static enum err
make_directory(const char *path)
{
	if (mkdir(path, DIRECTORY_MODE) != 0)
		return errno == EEXIST ? ERR_OK : failed(path, ".", errno);
	/* The umask may have taken away what we need. */
	return chmod(path, DIRECTORY_MODE) == 0 ? ERR_OK
						: failed(path, ".", errno);
}

/* The file must be ours alone; *fd is to be closed unless it is -1. */
static enum err
open_file(const char *directory, const struct store_dir *d, const char *name,
    bool create, int *fd)
{
	int flags = (d->read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_CLOEXEC;

	*fd = openat(d->fd, name, flags);
	if (*fd < 0 && errno == ENOENT) {
		if (!create)
			return ERR_NO_STORE;
		*fd = openat(d->fd, name, flags | O_CREAT, FILE_MODE);
		if (*fd >= 0 && fchmod(*fd, FILE_MODE) != 0)
			return failed(directory, name, errno);
	}
	if (*fd < 0)
		return failed(directory, name, errno);
	return check_ours(directory, name, *fd, S_IFREG);
}

static enum err
open_data(const char *directory, bool create, struct store_dir *d)
{
	struct stat st;
	enum err e;

	e = open_file(directory, d, "data.mdb", create, &d->data);
	/* Of a first start that got no further than here. */
	if (e == ERR_OK && fstat(d->data, &st) == 0 && st.st_size == 0 &&
	    !create)
		e = ERR_NO_STORE;
	return e;
}

/*
 * A process that has the database open holds a lock on the byte that has its
 * number (mdb_reader_pid in LMDB 0.9), and LMDB knows readers by that number
 * alone: a second process of the same number, which only another pid namespace
 * can have, could not tell its readers from those of the first. A lock of the
 * open file, other than one of the process, sees those of its own process too;
 * the kernel gives the holder's number as this namespace knows it, 0 where it
 * does not.
 */
static bool
is_open_already(int fd, pid_t *holder)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = getpid(),
		.l_len = 1,
	};

	if (fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return false;
	*holder = lock.l_pid;
	return true;
}

static void
log_open_already(const char *directory, pid_t holder)
{
	if (holder == getpid())
		log_line(LOG_AT_ERROR, "%s: open already in this process",
		    directory);
	else
		log_line(LOG_AT_ERROR,
		    "%s: open in another container, by a process that has the "
		    "number of this one, %ld; run this in that container, or "
		    "let both share a pid namespace",
		    directory, (long)getpid());
}

/* A write to a hole in the lock file's map would kill us on a full disk. */
static enum err
open_lock(const char *directory, size_t size, struct store_dir *d)
{
	pid_t pid;
	enum err e;

	e = open_file(directory, d, "lock.mdb", true, &d->lock);
	if (e != ERR_OK)
		return e;
	if (is_open_already(d->lock, &pid)) {
		log_open_already(directory, pid);
		/* The file stays open: to close it would drop this process's
		 * locks under the one who has the database open. */
		d->lock = -1;
		return ERR_STORE;
	}
	if (claim_is_taken(d->lock, &pid)) {
		log_line(LOG_AT_WARNING,
		    "%s: process %ld is upgrading the store", directory,
		    (long)pid);
		return ERR_UPGRADING;
	}
	/* Not posix_fallocate: where the file system cannot do it, that writes
	 * over what another process writes. */
	if (fallocate(d->lock, 0, 0, (off_t)size) != 0 && errno != EOPNOTSUPP)
		e = failed(directory, "lock.mdb", errno);
	return e;
}

void
data_dir_close(struct store_dir *d)
{
	int *const fds[] = { &d->data, &d->lock, &d->fd };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static bool
is_read_only(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

enum err
data_dir_open(const char *path, const struct data_dir_options *options,
    struct store_dir *d)
{
	enum err e;

	*d = (struct store_dir){ .fd = -1, .data = -1, .lock = -1 };
	if (options->create && (e = make_directory(path)) != ERR_OK)
		return e;
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->fd < 0)
		return errno == ENOENT ? ERR_NO_STORE
				       : failed(path, ".", errno);
	d->read_only = options->reads && is_read_only(d->fd);
	if ((e = check_ours(path, ".", d->fd, S_IFDIR)) != ERR_OK ||
	    (e = check_local(path, d->fd)) != ERR_OK ||
	    (e = open_data(path, options->create, d)) != ERR_OK ||
	    (!d->read_only &&
		(e = open_lock(path, options->lock_size, d)) != ERR_OK))
		data_dir_close(d);
	return e;
}

void
data_dir_sync(const struct store_dir *d)
{
	int parent = openat(d->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* The parent may not be ours to read; then its file system is left to
	 * put the new directory on the disk in its own time. */
	if (parent >= 0) {
		fsync(parent);
		close(parent);
	}
	if (fsync(d->fd) != 0)
		log_line(LOG_AT_WARNING, "data directory: %s", strerror(errno));
}
