/* SPDX-License-Identifier: ISC */
/*
 * data_dir.c - checks the data directory before LMDB reads anything in it.
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
 * The f_type of network file systems, on which locks or shared maps do not
 * work. FUSE is on the list because it does not reveal the real file system.
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

/* In the functions below, `name` is "/" and the name of a file in the
 * directory, or empty for the directory itself. */
static enum err
failed(const char *directory, const char *name, int cause)
{
	log_line(LOG_AT_ERROR, "%s%s: %s", directory, name, strerror(cause));
	switch (cause) {
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	case EACCES: /* the file belongs to another user */
	case ELOOP: /* a symbolic link: configure its target instead */
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
		    "%s%s: belongs to user %ld, but pushcert runs as user "
		    "%ld; run pushcert as the owner",
		    directory, name, (long)st.st_uid, (long)geteuid());
	else
		log_line(LOG_AT_ERROR, "%s%s: has mode %o, but needs mode %o",
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
		return failed(directory, "", errno);
	for (i = 0; i < sizeof(network) / sizeof(network[0]); i++)
		if ((uint32_t)fs.f_type == network[i])
			return ERR_NETWORK_FS;
	return ERR_OK;
}

static enum err
make_directory(const char *path)
{
	if (mkdir(path, DIRECTORY_MODE) != 0)
		return errno == EEXIST ? ERR_OK : failed(path, "", errno);
	/* The umask may have removed permissions that this program needs. */
	return chmod(path, DIRECTORY_MODE) == 0 ? ERR_OK
						: failed(path, "", errno);
}

/* Opens or creates a file of the directory, which must be private to this user.
 * The caller must close *fd unless it is -1, whatever the outcome. */
static enum err
open_file(const char *directory, const struct store_dir *d, const char *name,
    bool create, int *fd)
{
	int flags = (d->read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_CLOEXEC;

	*fd = openat(d->fd, name + 1, flags);
	if (*fd < 0 && errno == ENOENT) {
		if (!create)
			return ERR_NO_STORE;
		*fd = openat(d->fd, name + 1, flags | O_CREAT, FILE_MODE);
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

	e = open_file(directory, d, "/data.mdb", create, &d->data);
	/* An empty file is left from a first start that went no further. */
	if (e == ERR_OK && fstat(d->data, &st) == 0 && st.st_size == 0 &&
	    !create)
		e = ERR_NO_STORE;
	return e;
}

/*
 * Whether a process with the id of this one already has the database open.
 *
 * LMDB 0.9 keeps a lock on the byte at the offset of the process id
 * (mdb_reader_pid), and identifies readers by process id alone. So two
 * processes with the same id, which is possible only in different pid
 * namespaces, would confuse their readers. F_OFD_GETLK also sees the locks of
 * the calling process, which F_GETLK does not. The kernel translates the
 * holder's id into this pid namespace, and returns 0 if the holder is in
 * another one.
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
		log_line(LOG_AT_ERROR, "%s: already open in this process",
		    directory);
	else
		log_line(LOG_AT_ERROR,
		    "%s: a process in another container has the store open "
		    "and has the same process ID as this one, %ld; run this "
		    "in that container, or let both share a PID namespace",
		    directory, (long)getpid());
}

/* Opens the lock file and allocates its blocks. LMDB maps this file, and on a
 * full disk a write to a hole in it would kill the process (SIGBUS). */
static enum err
open_lock(const char *directory, size_t size, struct store_dir *d)
{
	pid_t pid;
	enum err e;

	e = open_file(directory, d, "/lock.mdb", true, &d->lock);
	if (e != ERR_OK)
		return e;
	if (is_open_already(d->lock, &pid)) {
		log_open_already(directory, pid);
		/* The file stays open, because closing it would release the
		 * locks of the thread that has the database open. */
		d->lock = -1;
		return ERR_STORE;
	}
	if (claim_is_taken(d->lock, &pid)) {
		log_line(LOG_AT_WARNING,
		    "%s: process %ld is upgrading the store", directory,
		    (long)pid);
		return ERR_UPGRADING;
	}
	/* posix_fallocate would overwrite data of another process if the file
	 * system does not support the call. */
	if (fallocate(d->lock, 0, 0, (off_t)size) != 0 && errno != EOPNOTSUPP)
		e = failed(directory, "/lock.mdb", errno);
	return e;
}

void
data_dir_close(struct store_dir *d)
{
	int *const fds[] = { &d->data, &d->lock, &d->fd };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			(void)close(*fds[i]);
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
		return errno == ENOENT ? ERR_NO_STORE : failed(path, "", errno);
	d->read_only = options->reads && is_read_only(d->fd);
	if ((e = check_ours(path, "", d->fd, S_IFDIR)) != ERR_OK ||
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

	/* If this user may not read the parent directory, the kernel writes the
	 * new name to the disk at some later time. */
	if (parent >= 0) {
		fsync(parent);
		close(parent);
	}
	if (fsync(d->fd) != 0)
		log_line(LOG_AT_WARNING,
		    "the data directory was not flushed to disk: %s",
		    strerror(errno));
}
