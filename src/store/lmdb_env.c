/* SPDX-License-Identifier: ISC */
/*
 * lmdb_env.c - opens and closes the LMDB environment.
 *
 * Every commit is on the disk when it returns. MDB_NOSYNC, MDB_NOMETASYNC and
 * MDB_WRITEMAP lose acknowledged changes, so they are not used. MDB_NOTLS lets
 * a thread have several readers.
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

/*
 * The number of reader slots in the lock file; each has 64 bytes. A reading
 * thread keeps its slot while it lives, so 100 processes of 80 threads fit. All
 * releases must use this number, because processes that see different sizes of
 * the file crash.
 */
#define READERS 8192
#define LOCK_SIZE ((READERS + 4) * 64)

/*
 * Whether another process has written with a larger map since this process
 * opened its map. If so, only the map of this process is full, not the store.
 */
static bool
has_grown(const struct lmdb_env *db)
{
	return db->env != NULL && lmdb_pages_map_size(db) > db->file_map_size;
}

/* The caller has made sure that the environment is open. */
bool
lmdb_env_find_oldest(struct lmdb_env *db, struct db_reader_age *out)
{
	const struct db_oldest oldest = lmdb_readers_oldest(db->env);
	uint64_t watched = atomic_load(&db->watched);

	if (oldest.pid == 0)
		return false;
	out->pid = oldest.pid;
	out->changes = oldest.changes;
	/* If the numbers differ, the last look saw another reader, or this
	 * reader has begun again since. */
	out->seconds = watched == oldest.commit
	    ? time(NULL) - atomic_load(&db->watched_since)
	    : 0;
	return true;
}

/* Logs a failure of LMDB. If the map is full, the line names the oldest reader,
 * because LMDB cannot reuse the pages that this reader sees. */
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
	if (log_should_repeat(&db->last_logged,
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
		/* The next writer may find the pages of dead readers free. */
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

/* Closes the cursors and the LMDB transaction of a reader. */
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

static void
set_first_byte(int fd, short type)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_len = 1
	};

	(void)fcntl(fd, F_OFD_SETLK, &lock);
}

/*
 * Closes the environment. LMDB 0.9.27 and later destroys the mutexes in
 * lock.mdb if no other process has the store open. A process that opens the
 * store at that moment waits for LMDB's lock on the first byte, gets it as soon
 * as this process has closed the file, and finds destroyed mutexes (EINVAL).
 * LMDB leaves the mutexes alone if another descriptor has a lock on that byte,
 * which may be one of this process (F_OFD_SETLK, Linux 3.15).
 */
static void
close_env(struct lmdb_env *db)
{
	set_first_byte(db->files.lock, F_RDLCK);
	mdb_env_close(db->env);
	set_first_byte(db->files.lock, F_UNLCK);
	db->env = NULL;
}

/* No transaction may be open. */
void
lmdb_env_unmap(struct lmdb_env *db)
{
	struct lmdb_txn *tx;

	pthread_mutex_lock(&db->readers_lock);
	for (tx = db->readers; tx != NULL; tx = tx->next)
		lmdb_txn_drop(tx);
	pthread_mutex_unlock(&db->readers_lock);
	close_env(db);
	data_dir_close(&db->files);
}

/*
 * Extends the file to its last page. LMDB does not write pages that one
 * transaction has allocated and freed, so an intact file may end before its
 * last page. But if a file was truncated, a read after its end would kill this
 * process (SIGBUS). In the extended file the missing pages read as zeros, which
 * LMDB refuses.
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
	/* fallocate never shortens the file and never overwrites data of
	 * another process. On a full disk, or if the file system lacks
	 * fallocate, the file stays as it is. */
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
	    (rc = mdb_env_set_maxdbs(db->env, STORE_TABLES_MAX)) == 0)
		rc = mdb_env_open(db->env, db->directory,
		    MDB_NOTLS | (db->files.read_only ? MDB_RDONLY : 0), 0600);
	if (rc == 0)
		reach_last_page(db);
	else
		close_env(db);
	return rc;
}

/* Opens the file with a smaller map if the address space is limited. LMDB never
 * takes a map that is smaller than the data. */
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

/*
 * *held: the number of entries in the main map before this call, of any kind.
 */
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
	/* LMDB's main map, which contains the named maps. */
	rc = mdb_dbi_open(txn, NULL, 0, &db->dbi[count]);
	if (rc == 0 && (rc = mdb_stat(txn, db->dbi[count], &all)) == 0)
		*held = all.ms_entries;
	for (i = 0; rc == 0 && i < count; i++) {
		rc = mdb_dbi_open(txn, db->maps[i], map_flags, &db->dbi[i]);
		if (rc == MDB_NOTFOUND && i + db->maps_new >= count) {
			db->dbi[i] = LMDB_NO_MAP;
			rc = 0;
		}
	}
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

/*
 * Opens all maps, or creates all of them in an empty file. If only some of the
 * maps exist that every file has, the file is damaged. mdb_env_stat cannot
 * answer whether the file is empty, because it sees a commit of another process
 * before a transaction does.
 */
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

/* Checks that LMDB, which opens the files by name, has opened the same files as
 * data_dir_open did shortly before. */
static enum err
check_opened(const struct lmdb_env *db)
{
	struct stat st;
	int fd;

	if (guard_look(&db->guard, db->directory, &db->files) == GUARD_SAME &&
	    mdb_env_get_fd(db->env, &fd) == 0 && fstat(fd, &st) == 0 &&
	    st.st_ino == db->guard.data.inode)
		return ERR_OK;
	log_line(LOG_AT_ERROR,
	    "%s: the files of the store were replaced just now; try again",
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
		    "store: %s/data.mdb: the page layout is not that of LMDB "
		    "0.9; the page checks are off",
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

/*
 * Makes the name of the directory absolute, because the working directory may
 * change. Symbolic links are resolved only in a relative name: a process that
 * starts later follows the links of an absolute name, so this process must
 * notice when they lead elsewhere.
 */
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
	db->maps_new = options->maps_new;
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

void
lmdb_env_forget_maps(struct lmdb_env *db)
{
	unsigned count = 0, i;

	while (db->maps[count] != NULL)
		count++;
	for (i = 0; i < db->maps_new && i < count; i++)
		db->dbi[count - 1 - i] = LMDB_NO_MAP;
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
