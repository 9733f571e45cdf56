/* SPDX-License-Identifier: ISC */
/*
 * backup.c - writes the whole store to one file, and restores it from one.
 *
 * store_backup copies the store into a scratch directory, verifies the copy
 * there and writes it to its file. store_restore copies a file into such a
 * directory, verifies it and replaces all rows. store_keep_copy makes the copy
 * for an upgrade.
 *
 * The scratch directory lies in the data directory, which is private and local;
 * on a read-only disk, in TMPDIR or beside the backup. A process holds a lock
 * on its scratch directory; a scratch directory without a lock belongs to a
 * process that died.
 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/progress.h"
#include "format/row.h"
#include "store/store_private.h"

/* The name of a scratch directory, for mkdtemp. */
#define SCRATCH "copy.XXXXXX"

struct scratch {
	char directory[PATH_MAX];
	char data[PATH_MAX + 16];
	char lock[PATH_MAX + 16];
	int lock_fd; /* of the directory */
	int fd; /* of data.mdb */
	struct progress *progress;
	store_completion *complete;
};

static void
remove_if_dead(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		unlinkat(fd, "data.mdb", 0);
		unlinkat(fd, "lock.mdb", 0);
		unlinkat(parent, name, AT_REMOVEDIR);
	}
	close(fd);
}

/* Errors are ignored, because the next backup tries again. */
void
store_backup_clean(const char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (strncmp(entry->d_name, "copy.", 5) == 0)
			remove_if_dead(dirfd(d), entry->d_name);
	if (d != NULL)
		closedir(d);
}

/* Creates the scratch directory. If the disk of the data directory is
 * read-only, it goes to TMPDIR, or else beside the backup. */
static bool
make_directory(const struct store *st, const char *path, struct scratch *s)
{
	const char *slash = strrchr(path, '/');
	const char *temporary = getenv("TMPDIR");
	const struct {
		const char *directory;
		int n;
	} places[] = {
		{ store_directory(st), -1 },
		{ temporary != NULL ? temporary : "/tmp", -1 },
		{ slash != NULL ? path : ".",
		    slash != NULL ? (int)(slash - path) + 1 : -1 },
	};
	size_t i;
	int n;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		n = snprintf(s->directory, sizeof(s->directory), "%.*s/%s",
		    places[i].n, places[i].directory, SCRATCH);
		if (n > 0 && (size_t)n < sizeof(s->directory) &&
		    mkdtemp(s->directory) != NULL)
			return true;
		if (i == 0 && errno != EROFS)
			break;
	}
	s->directory[0] = '\0';
	return false;
}

/* `path` is that of the backup. */
static enum err
scratch_make(const struct store *st, const char *path, struct scratch *s)
{
	s->fd = s->lock_fd = -1;
	s->progress = store_progress(st);
	s->complete = store_completes(st);
	store_backup_clean(store_directory(st));
	if (!make_directory(st, path, s))
		return ERR_FILE;
	snprintf(s->data, sizeof(s->data), "%s/data.mdb", s->directory);
	snprintf(s->lock, sizeof(s->lock), "%s/lock.mdb", s->directory);
	s->lock_fd = open(s->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->lock_fd < 0 || flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return ERR_FILE;
	s->fd = open(s->data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return s->fd >= 0 ? ERR_OK : ERR_FILE;
}

/* Keeps errno for the report of the failure. */
static void
scratch_remove(struct scratch *s)
{
	int cause = errno;

	if (s->fd >= 0)
		close(s->fd);
	if (s->directory[0] != '\0') {
		unlink(s->data);
		unlink(s->lock);
		rmdir(s->directory);
	}
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	errno = cause;
}

static enum err
copy_file(struct progress *p, int from, int to)
{
	char block[64 * 1024];
	ssize_t n;

	if (lseek(from, 0, SEEK_SET) < 0)
		return ERR_FILE;
	while ((n = read(from, block, sizeof(block))) > 0) {
		if (file_write(to, block, (size_t)n) != ERR_OK)
			return ERR_FILE;
		progress_add(p, (uint64_t)n);
	}
	return n == 0 ? ERR_OK : ERR_FILE;
}

static uint64_t
size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

struct replacement {
	struct txn *from;
	bool replace;
	const char *doing; /* for the display of the progress */
};

/* ERR_EXISTS if the store holds any row but its format. */
static enum err
check_empty(struct txn *tx)
{
	struct store_cursor at;
	unsigned table;
	enum err e;

	for (table = 0; table < STORE_TABLES; table++) {
		store_seek(tx, str_of(NULL), &at);
		while ((e = store_next(tx, (enum store_table)table, STORE_NEXT,
			    &at)) == ERR_OK)
			if (table != STORE_META || !str_is(at.key, "format"))
				return ERR_EXISTS;
		if (e != ERR_NOT_FOUND)
			return e;
	}
	return ERR_OK;
}

static enum err
fill(struct txn *tx, enum store_table table, struct txn *from)
{
	struct store_cursor at;
	struct buf row;
	enum err e;

	/* The order of expiry is built from the other rows. */
	if (table == STORE_EXPIRY)
		return ERR_OK;
	store_seek(from, str_of(NULL), &at);
	while ((e = store_next(from, table, STORE_NEXT, &at)) == ERR_OK) {
		store_scratch(tx, STORE_ROW, &row);
		buf_str(&row, at.row);
		if ((e = store_put(tx, table, at.key, &row)) != ERR_OK)
			return e;
		progress_add(store_txn_progress(tx), 1);
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* A backup must not revive the sessions that were ended after it. */
static enum err
keep_sessions_ended(struct txn *tx, uint64_t former)
{
	uint64_t epoch;
	enum err e = store_session_epoch(tx, &epoch);

	return e == ERR_OK && epoch < former
	    ? store_session_epoch_put(tx, former)
	    : e;
}

/* The store_change of a restore. A row's checksum covers its key but not its
 * file, so rows can be copied as they are. */
static enum err
replace_all(struct txn *tx, void *arg)
{
	const struct replacement *r = arg;
	uint64_t epoch = store_session_epoch_peek(tx);
	unsigned table;
	enum err e;

	if (!r->replace && (e = check_empty(tx)) != ERR_OK)
		return e;
	progress_step(store_txn_progress(tx), r->doing, store_rows(r->from));
	for (table = 0; table < STORE_TABLES; table++)
		if ((e = store_clear(tx, (enum store_table)table)) != ERR_OK ||
		    (e = fill(tx, (enum store_table)table, r->from)) != ERR_OK)
			return store_fail(tx, e);
	if (store_tables_seen(r->from) == STORE_TABLES &&
	    (e = store_order_build(tx, r->from)) != ERR_OK)
		return store_fail(tx, e);
	if ((e = keep_sessions_ended(tx, epoch)) != ERR_OK)
		return store_fail(tx, e);
	/* A damaged store may have had a wrong tally, so all rows are counted
	 * again. */
	return store_recount(tx);
}

/* The size of the map of a copy, in bytes of address space. */
#define COPY_MAP ((size_t)64 << 30)

/* Copies all rows, as of one moment, into a store in LMDB. */
static enum err
copy_rows(struct store *st, const struct scratch *s)
{
	const struct store_options options = { .directory = s->directory,
		.map_size = COPY_MAP,
		.readers = 1,
		.progress = s->progress,
		.create = true,
		.alone = true };
	struct replacement r = { .replace = true, .doing = "copying" };
	struct store *copy = NULL;
	enum err e;

	if ((e = store_open(&options, &copy)) == ERR_OK &&
	    (e = store_reader(st, &r.from)) == ERR_OK &&
	    (e = store_begin(r.from)) == ERR_OK)
		e = store_update(copy, replace_all, &r);
	store_reader_free(r.from);
	store_close(copy);
	return e;
}

/* The copy leaves free pages out, so it may become shorter than the store. */
static enum err
copy_store(struct store *st, const struct scratch *s)
{
	char path[PATH_MAX + 16];
	struct stat data;
	bool known;
	enum err e;

	snprintf(path, sizeof(path), "%s/data.mdb", store_directory(st));
	known = stat(path, &data) == 0;
	progress_step(
	    s->progress, "copying", known ? (uint64_t)data.st_size : 0);
	progress_file(s->progress, s->fd);
	e = store_copy(st, s->fd);
	return e == ERR_NOT_FOUND ? copy_rows(st, s) : e;
}

/* Checks that each row is intact and that no row is missing. */
static enum err
verify_rows(struct txn *tx)
{
	const struct store_verifier quiet = { .relations = false };
	struct store_counts counts;
	enum err e;

	if ((e = store_verify(tx, &quiet, &counts)) != ERR_OK)
		return e;
	return counts.findings == 0 ? ERR_OK : ERR_CORRUPT;
}

/* Opens the copy as a store of its own, upgrades it if the caller wants that,
 * begins a reader, and verifies all rows. The caller must free both the store
 * and the reader, whatever the outcome. */
static enum err
open_and_verify(
    const struct scratch *s, bool upgrade, struct store **st, struct txn **tx)
{
	const struct store_upgrade_options plainly = { .keep_copy = false };
	/* With map_size 0, LMDB takes the size from the file. */
	struct store_options options = {
		.directory = s->directory,
		.readers = 1,
		.history_keep = 1,
		.alone = true,
		.progress = s->progress,
		.complete = s->complete,
	};
	enum err e;

	if ((e = store_open(&options, st)) != ERR_OK)
		return e;
	if (upgrade && (e = store_upgrade(*st, &plainly)) != ERR_OK)
		return e;
	if ((e = store_reader(*st, tx)) != ERR_OK)
		return e;
	if ((e = store_begin(*tx)) != ERR_OK)
		return e;
	return verify_rows(*tx);
}

static enum err
check_copy(const struct scratch *s)
{
	struct store *st = NULL;
	struct txn *tx = NULL;
	enum err e = open_and_verify(s, false, &st, &tx);

	store_reader_free(tx);
	store_close(st);
	return e;
}

/* Compares the written file, as the disk returns it, with its source. */
static enum err
compare_file(struct progress *p, int from, int to)
{
	char block[2][16 * 1024];
	ssize_t n;

	/* Otherwise the kernel would return the pages in its cache, and not
	 * those on the disk. */
	(void)posix_fadvise(to, 0, 0, POSIX_FADV_DONTNEED);
	if (lseek(from, 0, SEEK_SET) < 0 || lseek(to, 0, SEEK_SET) < 0)
		return ERR_FILE;
	progress_step(p, "reading back", size_of(from));
	do {
		n = read(from, block[0], sizeof(block[0]));
		if (n < 0 || read(to, block[1], sizeof(block[1])) != n)
			return ERR_FILE;
		if (memcmp(block[0], block[1], (size_t)n) != 0) {
			errno = EIO;
			return ERR_FILE;
		}
		progress_add(p, (uint64_t)n);
	} while (n > 0);
	return ERR_OK;
}

/* The file gets its name only after it is complete and was read back. */
static enum err
put_file(struct progress *p, int from, const char *path, bool replace)
{
	struct file f;
	enum err e;

	if (file_create(&f, path, 0600, replace) != ERR_OK)
		return ERR_FILE;
	progress_step(p, "writing", size_of(from));
	e = copy_file(p, from, f.fd);
	if (e == ERR_OK && file_is_new(&f)) {
		e = fsync(f.fd) == 0 ? ERR_OK : ERR_FILE;
		if (e == ERR_OK)
			e = compare_file(p, from, f.fd);
	}
	return file_finish(&f, e);
}

enum err
store_backup(struct store *st, const char *path, bool replace)
{
	struct scratch s;
	struct stat old;
	enum err e;

	/* file_create makes the final check; an early check saves the work. */
	if (!replace && lstat(path, &old) == 0) {
		errno = EEXIST;
		return ERR_FILE;
	}
	if ((e = scratch_make(st, path, &s)) != ERR_OK)
		goto out;
	if ((e = copy_store(st, &s)) != ERR_OK)
		goto out;
	if ((e = check_copy(&s)) != ERR_OK)
		goto out;
	e = put_file(s.progress, s.fd, path, replace);
out:
	scratch_remove(&s);
	return e;
}

enum err
store_keep_copy(struct store *st, const char *path)
{
	struct scratch s;
	enum err e;

	if ((e = scratch_make(st, path, &s)) != ERR_OK)
		goto out;
	if ((e = copy_store(st, &s)) != ERR_OK)
		goto out;
	if (fsync(s.fd) != 0) {
		e = ERR_FILE;
		goto out;
	}
	/* Otherwise the kernel would return the pages in its cache, and not
	 * those on the disk. */
	(void)posix_fadvise(s.fd, 0, 0, POSIX_FADV_DONTNEED);
	if ((e = check_copy(&s)) != ERR_OK && e != ERR_CORRUPT)
		goto out;
	if (rename(s.data, path) != 0) {
		e = ERR_FILE;
		goto out;
	}
	file_sync_name(path);
out:
	scratch_remove(&s);
	return e;
}

static enum err
take_file(const char *path, struct scratch *s)
{
	int from = open(path, O_RDONLY | O_CLOEXEC);
	enum err e;

	if (from < 0)
		return ERR_FILE;
	progress_step(s->progress, "reading", size_of(from));
	e = copy_file(s->progress, from, s->fd);
	close(from);
	return e;
}

enum err
store_restore(struct store *st, const char *path, bool replace)
{
	struct replacement r = { .replace = replace, .doing = "restoring" };
	struct store *copy = NULL;
	struct scratch s;
	enum err e;

	if ((e = scratch_make(st, path, &s)) != ERR_OK)
		goto out;
	if ((e = take_file(path, &s)) != ERR_OK)
		goto out;
	if ((e = open_and_verify(&s, true, &copy, &r.from)) != ERR_OK)
		goto out;
	e = store_update(st, replace_all, &r);
out:
	store_reader_free(r.from);
	store_close(copy);
	scratch_remove(&s);
	return e;
}
