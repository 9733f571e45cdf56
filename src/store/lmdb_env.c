/* SPDX-License-Identifier: ISC */
/*
 * lmdb_env.c - opens and closes the LMDB environment.
 *
 * Every commit is on the disk when it returns: MDB_NOSYNC, MDB_NOMETASYNC and
 * MDB_WRITEMAP lose acknowledged changes and are not used. MDB_NOTLS lets a
 * thread have several readers.
 */
#include "store/lmdb_env.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/log.h"
#include "store/lmdb_pages.h"
#include "store/lmdb_private.h"
#include "store/lmdb_readers.h"

#define MIB ((size_t)1024 * 1024)

/* A thread that reads keeps a slot in the lock file, 64 bytes, for as long as
 * it lives: this is room for 100 processes of 80 threads. Never another number,
 * as processes that see different sizes of the file crash. */
#define READERS 8192
#define LOCK_SIZE ((READERS + 4) * 64)

/* Whether somebody has written with a larger map since ours was opened: then
 * the full one is ours alone. */
static bool
has_grown(const struct lmdb_env *db)
{
	return db->env != NULL && lmdb_pages_map_size(db) > db->file_map_size;
}

/* The environment is open. */
bool
lmdb_env_find_oldest(struct lmdb_env *db, struct db_reader_age *out)
{
	const struct db_oldest oldest = lmdb_readers_oldest(db->env);
	uint64_t watched = atomic_load(&db->watched);

	if (oldest.pid == 0)
		return false;
	out->pid = oldest.pid;
	out->changes = oldest.changes;
	/* It is another one that the last look saw, or it has begun again. */
	out->seconds = watched == oldest.commit
	    ? time(NULL) - atomic_load(&db->watched_since)
	    : 0;
	return true;
}

/* Where there is no room, who keeps it may be named. */
static void
log_outcome(struct lmdb_env *db, const char *doing, int rc, bool full)
{
	struct db_reader_age oldest = { .pid = 0 };
	char reader[128] = "";

	if (full && db->env != NULL && lmdb_env_find_oldest(db, &oldest))
		(void)snprintf(reader, sizeof(reader),
		    "; the oldest reader, process %ld, has read for %lld "
		    "seconds and %llu changes",
		    (long)oldest.pid, (long long)oldest.seconds,
		    (unsigned long long)oldest.changes);
	if (log_should_repeat(&db->told,
		(uint64_t)(unsigned)rc | (uint64_t)oldest.pid << 32,
		time(NULL)))
		log_line(LOG_AT_ERROR, "store: %s: %s%s", doing,
		    mdb_strerror(rc), reader);
}

enum err
lmdb_env_outcome(struct lmdb_env *db, const char *doing, int rc)
{
	enum err e = ERR_STORE;
	int dead;

	switch (rc) {
	case MDB_SUCCESS:
		return ERR_OK;
	case MDB_NOTFOUND:
		return ERR_NOT_FOUND;
	case MDB_MAP_FULL:
		if (has_grown(db))
			atomic_store(&db->must_reopen, MDB_MAP_RESIZED);
		/* The next one may find room. */
		if (db->env != NULL)
			mdb_reader_check(db->env, &dead);
		e = ERR_FULL;
		break;
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		e = ERR_FULL;
		break;
	case MDB_PAGE_NOTFOUND:
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
	case MDB_CURSOR_FULL:
		e = ERR_CORRUPT;
		break;
	default:
		break;
	}
	log_outcome(db, doing, rc, e == ERR_FULL);
	return e;
}

/* What a reader keeps. */
void
lmdb_txn_drop(struct lmdb_txn *tx)
{
	size_t i;

	for (i = 0; i < sizeof(tx->cursor) / sizeof(tx->cursor[0]); i++) {
		mdb_cursor_close(tx->cursor[i]);
		tx->cursor[i] = NULL;
	}
	mdb_txn_abort(tx->mdb);
	tx->mdb = NULL;
}

/* No transaction is open. */
void
lmdb_env_unmap(struct lmdb_env *db)
{
	struct lmdb_txn *tx;

	pthread_mutex_lock(&db->readers_lock);
	for (tx = db->readers; tx != NULL; tx = tx->next)
		lmdb_txn_drop(tx);
	pthread_mutex_unlock(&db->readers_lock);
	mdb_env_close(db->env);
	db->env = NULL;
	data_dir_close(&db->files);
}

/*
 * LMDB does not write pages that were taken and freed in one transaction, so
 * that a sound file may end before its last page. But to read a page behind
 * the end, of a file that was cut off, would kill us: so the file is made to
 * reach that far. What was cut off reads as zeros, which are no page.
 */
static void
reach_last_page(const struct lmdb_env *db)
{
	MDB_envinfo info;
	MDB_stat page;
	int fd;

	if (mdb_env_info(db->env, &info) != 0 ||
	    mdb_env_stat(db->env, &page) != 0 ||
	    mdb_env_get_fd(db->env, &fd) != 0)
		return;
	/* Never shortens or writes over what another process writes. On a full
	 * disk, and where the file system cannot do it, the file stays as it
	 * is. */
	(void)fallocate(
	    fd, 0, (off_t)(info.me_last_pgno * page.ms_psize), page.ms_psize);
}

static int
open_file(struct lmdb_env *db, size_t map_size)
{
	int rc;

	if ((rc = mdb_env_create(&db->env)) != 0) {
		db->env = NULL;
		return rc;
	}
	if ((rc = mdb_env_set_mapsize(db->env, map_size)) == 0 &&
	    (rc = mdb_env_set_maxreaders(db->env, READERS)) == 0 &&
	    (rc = mdb_env_set_maxdbs(db->env, LMDB_MAPS_MAX)) == 0)
		rc = mdb_env_open(db->env, db->directory,
		    MDB_NOTLS | (db->files.read_only ? MDB_RDONLY : 0), 0600);
	if (rc == 0) {
		reach_last_page(db);
	} else {
		mdb_env_close(db->env);
		db->env = NULL;
	}
	return rc;
}

/* Takes a smaller map where the address space is limited; LMDB never takes one
 * that is smaller than the data. */
static int
open_file_limited(struct lmdb_env *db)
{
	static const size_t smaller[] = { 256 * MIB, 64 * MIB, 32 * MIB,
		16 * MIB };
	int rc = open_file(db, db->map_size);
	size_t i;

	for (i = 0; rc == ENOMEM && i < sizeof(smaller) / sizeof(smaller[0]);
	     i++)
		rc = open_file(db, smaller[i]);
	return rc;
}

/* *held: how many entries there were before, of all kinds. */
static int
open_maps(
    struct lmdb_env *db, unsigned txn_flags, unsigned map_flags, size_t *held)
{
	unsigned i, count = 0;
	MDB_txn *txn;
	MDB_stat all;
	int rc;

	if ((rc = mdb_txn_begin(db->env, NULL, txn_flags, &txn)) != 0)
		return rc;
	while (db->maps[count] != NULL)
		count++;
	/* The one that the others are in. */
	rc = mdb_dbi_open(txn, NULL, 0, &db->dbi[count]);
	if (rc == 0 && (rc = mdb_stat(txn, db->dbi[count], &all)) == 0)
		*held = all.ms_entries;
	for (i = 0; rc == 0 && i < count; i++)
		rc = mdb_dbi_open(txn, db->maps[i], map_flags, &db->dbi[i]);
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

/* Makes all of them or none: a single one that is missing was not always. What
 * mdb_env_stat tells is no base for that: it knows of a commit of another
 * process before a transaction does. */
static enum err
find_maps(struct lmdb_env *db, bool create)
{
	size_t held = 0;
	int rc = open_maps(db, MDB_RDONLY, 0, &held);

	if (rc != MDB_NOTFOUND)
		return lmdb_env_outcome(db, "open", rc);
	if (held > 0)
		return lmdb_env_outcome(db, "open", MDB_CORRUPTED);
	if (!create)
		return ERR_NO_STORE;
	if ((rc = open_maps(db, 0, MDB_CREATE, &held)) == 0)
		data_dir_sync(&db->files);
	return lmdb_env_outcome(db, "create", rc);
}

/* LMDB has opened the files by their names, some time after we did. */
static enum err
check_opened(const struct lmdb_env *db)
{
	struct stat st;
	int fd;

	if (guard_look(&db->guard, db->directory, &db->files) == GUARD_SAME &&
	    mdb_env_get_fd(db->env, &fd) == 0 && fstat(fd, &st) == 0 &&
	    st.st_ino == db->guard.data.inode)
		return ERR_OK;
	log_line(LOG_AT_ERROR, "%s: its files were replaced just now",
	    db->directory);
	return ERR_STORE;
}

static enum err
open_mapped(struct lmdb_env *db, bool create)
{
	int dead, rc;
	enum err e;

	db->knows_pages = lmdb_pages_known(db->files.data);
	rc = !db->knows_pages || lmdb_pages_has_size(db->files.data)
	    ? open_file_limited(db)
	    : MDB_CORRUPTED;
	if (rc != 0)
		return lmdb_env_outcome(db, "open", rc);
	if (!db->knows_pages)
		log_line(LOG_AT_WARNING,
		    "store: %s/data.mdb: the layout of its pages is not that "
		    "of LMDB 0.9; the checks of pages are off",
		    db->directory);
	mdb_reader_check(db->env, &dead);
	db->file_map_size = lmdb_pages_map_size(db);
	if ((e = check_opened(db)) == ERR_OK)
		e = find_maps(db, create);
	return e;
}

enum err
lmdb_env_map(struct lmdb_env *db, bool create)
{
	const struct data_dir_options options = {
		.create = create,
		.reads = db->reads,
		.lock_size = LOCK_SIZE,
	};
	enum err e;

	e = data_dir_open(db->directory, &options, &db->files);
	if (e != ERR_OK)
		return e;
	e = guard_set(&db->guard, db->directory, &db->files);
	if (e == ERR_OK)
		e = open_mapped(db, create);
	if (e != ERR_OK && db->env != NULL)
		lmdb_env_unmap(db);
	else if (e != ERR_OK)
		data_dir_close(&db->files);
	return e;
}

/* The name by which the directory is found again, wherever we work by then. A
 * link on the way to it may point elsewhere one day: then the name must lead
 * there too, since it does for every process that starts. */
static enum err
name_directory(struct lmdb_env *db)
{
	char *absolute;

	if (db->directory[0] == '/')
		return ERR_OK;
	if ((absolute = realpath(db->directory, NULL)) == NULL)
		return lmdb_env_outcome(db, db->directory, errno);
	free(db->directory);
	db->directory = absolute;
	return ERR_OK;
}

enum err
lmdb_env_open(const struct lmdb_options *options, struct lmdb_env **out)
{
	struct lmdb_env *db = calloc(1, sizeof(*db));
	enum err e = ERR_MEMORY;

	if (db == NULL || (db->directory = strdup(options->directory)) == NULL)
		goto out;
	if (options->readers > READERS) {
		e = lmdb_env_outcome(db, "open", MDB_READERS_FULL);
		goto out;
	}
	db->maps = options->maps;
	db->map_size = options->map_size;
	db->reads = options->reads;
	db->pid = getpid();
	db->files = (struct store_dir){ .fd = -1, .data = -1, .lock = -1 };
	db->writer = (struct lmdb_txn){ .db = db, .writes = true };
	if (pthread_rwlock_init(&db->use, NULL) != 0 ||
	    pthread_mutex_init(&db->readers_lock, NULL) != 0)
		goto out;
	if ((e = lmdb_env_map(db, options->create)) != ERR_OK)
		goto out;
	if ((e = name_directory(db)) != ERR_OK)
		goto out;
	*out = db;
	db = NULL;
out:
	lmdb_env_close(db);
	return e;
}

void
lmdb_env_close(struct lmdb_env *db)
{
	if (db == NULL)
		return;
	assert(db->readers == NULL);
	if (db->env != NULL)
		lmdb_env_unmap(db);
	pthread_mutex_destroy(&db->readers_lock);
	pthread_rwlock_destroy(&db->use);
	free(db->directory);
	free(db);
}

int
lmdb_env_lock_file(const struct lmdb_env *db)
{
	return db->files.lock;
}

const char *
lmdb_env_directory(const struct lmdb_env *db)
{
	return db->directory;
}

unsigned
lmdb_env_opened(const struct lmdb_env *db)
{
	return atomic_load(&db->opened);
}
