/* SPDX-License-Identifier: ISC */
/*
 * lmdb_env.c - the LMDB environment: opening it, transactions, pairs of bytes.
 *
 * Every commit is on the disk when it returns: MDB_NOSYNC, MDB_NOMETASYNC and
 * MDB_WRITEMAP lose acknowledged changes and are not used. MDB_NOTLS lets a
 * thread have several readers.
 */
#include "store/lmdb_env.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/log.h"
#include "store/data_dir.h"
#include "store/guard.h"
#include "store/lmdb_readers.h"

#define MIB ((size_t)1024 * 1024)

/* A thread that reads keeps a slot in the lock file, 64 bytes, for as long as
 * it lives: this is room for 100 processes of 80 threads. Never another number,
 * as processes that see different sizes of the file crash. */
#define READERS 8192
#define LOCK_SIZE ((READERS + 4) * 64)

/* What LMDB writes at once: 64 pages, but for a value that has more. */
#define WRITE_MAX (256 * 1024 + LMDB_VALUE_MAX)

struct lmdb_txn {
	struct lmdb_env *db;
	/* Of a reader, also between its transactions. */
	MDB_txn *mdb;
	MDB_cursor *cursor[LMDB_MAPS_MAX + 1];
	bool writes;
	bool open;
	struct lmdb_txn *next;
	struct lmdb_txn **link;
};

struct lmdb_env {
	char *directory;
	const char *const *maps;
	size_t map_size;
	size_t file_map_size; /* when it was opened */
	pid_t pid;

	MDB_env *env; /* NULL while it cannot be opened anew */
	MDB_dbi dbi[LMDB_MAPS_MAX + 1];
	/* Shared as long as a transaction is open; whoever gets it for himself
	 * alone may open the environment anew. */
	pthread_rwlock_t use;
	/* LMDB's reason why that must be done, or REPLACED or GONE, or 0. */
	atomic_int worn;
	/* Open as long as the environment is. */
	struct store_dir files;
	bool reads; /* a disk that is read-only will do */
	struct store_guard guard;
	atomic_int_fast64_t looked_at; /* at the files' names, in seconds */
	size_t newest; /* commit that lmdb_env_look saw */
	/* The commit that the oldest reader saw at the last look, and the
	 * first moment at which it was seen to be that. */
	atomic_uint_fast64_t watched;
	atomic_int_fast64_t watched_since;
	atomic_uint opened; /* how many files data.mdb has been */
	struct log_repeat told;

	pthread_mutex_t readers_lock;
	struct lmdb_txn *readers;
	struct lmdb_txn writer;
};

/* Reasons besides LMDB's, which are all below 0: data.mdb is another file than
 * the open one; lock.mdb or the directory is, and this process cannot go on. */
enum { REPLACED = 1, GONE };

/* Bytes; each processor's is larger. */
#define PAGE_SIZE_MIN 512

/* The start of a root's page, as LMDB 0.9 writes it. */
struct root {
	size_t page;
	uint16_t pad, flags;
	uint32_t bounds;
	uint32_t magic, version;
	size_t address, map_size;
	struct {
		uint32_t pad; /* of the first: the size of a page */
		uint16_t flags, depth;
		size_t pages[3], entries, top;
	} tree[2];
	size_t last_page;
	size_t commit;
};

static bool
read_root(const struct lmdb_env *db, unsigned i, struct root *root)
{
	MDB_stat page;
	int fd;

	if (mdb_env_get_fd(db->env, &fd) != 0 ||
	    mdb_env_stat(db->env, &page) != 0 ||
	    pread(fd, root, sizeof(*root), (off_t)i * page.ms_psize) !=
		(ssize_t)sizeof(*root))
		return false;
	return true;
}

/* The size of the map that the last writer had. */
static size_t
file_map_size(const struct lmdb_env *db)
{
	struct root root[2];

	if (!read_root(db, 0, &root[0]) || !read_root(db, 1, &root[1]))
		return 0;
	return root[root[1].commit > root[0].commit].map_size;
}

/* Whether somebody has written with a larger map since ours was opened: then
 * the full one is ours alone. */
static bool
has_grown(const struct lmdb_env *db)
{
	return db->env != NULL && file_map_size(db) > db->file_map_size;
}

/* The environment is open. */
static bool
find_oldest(struct lmdb_env *db, struct db_reader_age *out)
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

	if (full && db->env != NULL && find_oldest(db, &oldest))
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

static enum err
outcome(struct lmdb_env *db, const char *doing, int rc)
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
			atomic_store(&db->worn, MDB_MAP_RESIZED);
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
static void
drop(struct lmdb_txn *tx)
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
static void
close_environment(struct lmdb_env *db)
{
	struct lmdb_txn *tx;

	pthread_mutex_lock(&db->readers_lock);
	for (tx = db->readers; tx != NULL; tx = tx->next)
		drop(tx);
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

/* LMDB believes what the file says of its pages: it divides by their size, and
 * would search one for ever that begins elsewhere. What it can tell by itself
 * it may. */
static bool
has_page_size(int fd)
{
	struct root root[2];
	size_t size;

	if (pread(fd, &root[0], sizeof(root[0]), 0) != (ssize_t)sizeof(root[0]))
		return true;
	size = root[0].tree[0].pad;
	return size >= PAGE_SIZE_MIN && (size & (size - 1)) == 0 &&
	    pread(fd, &root[1], sizeof(root[1]), (off_t)size) ==
	    (ssize_t)sizeof(root[1]) &&
	    root[1].tree[0].pad == size;
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
		return outcome(db, "open", rc);
	if (held > 0)
		return outcome(db, "open", MDB_CORRUPTED);
	if (!create)
		return ERR_NO_STORE;
	if ((rc = open_maps(db, 0, MDB_CREATE, &held)) == 0)
		data_dir_sync(&db->files);
	return outcome(db, "create", rc);
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

	rc = has_page_size(db->files.data) ? open_file_limited(db)
					   : MDB_CORRUPTED;
	if (rc != 0)
		return outcome(db, "open", rc);
	mdb_reader_check(db->env, &dead);
	db->file_map_size = file_map_size(db);
	if ((e = check_opened(db)) == ERR_OK)
		e = find_maps(db, create);
	return e;
}

static enum err
open_environment(struct lmdb_env *db, bool create)
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
		close_environment(db);
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
		return outcome(db, db->directory, errno);
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
		e = outcome(db, "open", MDB_READERS_FULL);
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
	if ((e = open_environment(db, options->create)) != ERR_OK)
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
		close_environment(db);
	pthread_mutex_destroy(&db->readers_lock);
	pthread_rwlock_destroy(&db->use);
	free(db->directory);
	free(db);
}

/*
 * LMDB gives up for good after a failed write of its root (MDB_PANIC), and
 * cannot read what another process wrote behind the end of our map
 * (MDB_MAP_RESIZED). Both need the environment opened anew, which needs a
 * moment without transactions: since none begins any more, it comes soon, and
 * until then the answer is ERR_STORE. The same is done where data.mdb is not
 * the open file any more; where this process cannot go on, the environment is
 * only closed.
 */
static void
reopen(struct lmdb_env *db)
{
	int worn;
	enum err e;

	if (pthread_rwlock_trywrlock(&db->use) != 0)
		return;
	worn = atomic_load(&db->worn);
	if (worn == 0)
		goto out;
	/* The other's size, which the file tells. */
	if (worn == MDB_MAP_RESIZED)
		db->map_size = 0;
	if (db->env != NULL)
		close_environment(db);
	if (worn == GONE)
		goto out;
	if ((e = open_environment(db, false)) != ERR_OK) {
		if (e == ERR_NO_STORE)
			(void)outcome(db, db->directory, ENOENT);
		goto out;
	}
	if (worn == REPLACED) {
		db->newest = 0;
		atomic_fetch_add(&db->opened, 1);
		log_line(LOG_AT_WARNING,
		    "%s/data.mdb was replaced; the new one is open now",
		    db->directory);
	}
	atomic_store(&db->worn, 0);
out:
	pthread_rwlock_unlock(&db->use);
}

static enum err
enter(struct lmdb_env *db)
{
	if (atomic_load(&db->worn) != 0)
		reopen(db);
	if (pthread_rwlock_rdlock(&db->use) != 0)
		return ERR_STORE;
	if (atomic_load(&db->worn) == 0)
		return ERR_OK;
	pthread_rwlock_unlock(&db->use);
	return ERR_STORE;
}

static void
leave(struct lmdb_env *db)
{
	pthread_rwlock_unlock(&db->use);
	/* So that other processes can use what is there now. */
	if (atomic_load(&db->worn) == GONE)
		reopen(db);
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

enum err
lmdb_env_copy(struct lmdb_env *db, int fd)
{
	enum err e;

	if ((e = enter(db)) != ERR_OK)
		return e;
	e = outcome(db, "copy", mdb_env_copyfd2(db->env, fd, MDB_CP_COMPACT));
	leave(db);
	return e;
}

/* Nothing is begun any more; what is under way is not acknowledged. */
static void
give_up(struct lmdb_env *db, const char *name, const char *why)
{
	if (atomic_exchange(&db->worn, GONE) != GONE)
		log_line(LOG_AT_ERROR,
		    "%s%s %s while this process used it. This process "
		    "ends now: start it again",
		    db->directory, name, why);
}

/* Whether the open files are those that the names lead to. */
static enum err
check_names(struct lmdb_env *db)
{
	const char *name = "";
	struct stat st;

	switch (guard_look(&db->guard, db->directory, &db->files)) {
	case GUARD_SAME:
		return ERR_OK;
	case GUARD_REPLACED:
		atomic_store(&db->worn, REPLACED);
		return ERR_STORE;
	case GUARD_GONE:
		if (stat(db->directory, &st) == 0 &&
		    st.st_ino == db->guard.directory.inode)
			name = "/lock.mdb";
		give_up(db, name, "was removed or replaced");
		return ERR_STORE;
	case GUARD_UNKNOWN:
		break;
	}
	return outcome(db, "look at the files' names", errno);
}

/*
 * The number of the last commit stands in data.mdb and, in memory, in lock.mdb.
 * Where either of the two was written over by another tool (cp, rsync
 * --inplace), the numbers differ, and LMDB would go on from a wrong state. Only
 * under the write lock are they always the same: a commit writes data.mdb
 * first.
 */
static enum err
check_numbers(struct lmdb_txn *tx)
{
	struct lmdb_env *db = tx->db;
	size_t seen = mdb_txn_id(tx->mdb);
	MDB_envinfo info;

	if (mdb_env_info(db->env, &info) != 0)
		return ERR_STORE;
	if (tx->writes ? seen == info.me_last_txnid + 1
		       : seen <= info.me_last_txnid)
		return ERR_OK;
	give_up(db, "/data.mdb", "or lock.mdb was written over");
	return ERR_STORE;
}

/* Once a second, or before each write. */
static enum err
check_files(struct lmdb_txn *tx)
{
	struct lmdb_env *db = tx->db;
	int64_t now_at = time(NULL);
	enum err e;

	if (!tx->writes && atomic_load(&db->looked_at) == now_at)
		return ERR_OK;
	atomic_store(&db->looked_at, now_at);
	if ((e = check_names(db)) == ERR_OK)
		e = check_numbers(tx);
	return e;
}

bool
lmdb_env_oldest_reader(struct lmdb_env *db, struct db_reader_age *out)
{
	bool found;

	if (enter(db) != ERR_OK)
		return false;
	found = find_oldest(db, out);
	leave(db);
	return found;
}

static void
watch_oldest(struct lmdb_env *db)
{
	const struct db_oldest oldest = lmdb_readers_oldest(db->env);

	if (oldest.commit == atomic_load(&db->watched))
		return;
	atomic_store(&db->watched_since, time(NULL));
	atomic_store(&db->watched, oldest.commit);
}

enum err
lmdb_env_look(struct lmdb_env *db)
{
	MDB_envinfo info;

	if (enter(db) != ERR_OK)
		goto out;
	if (check_names(db) == ERR_OK && mdb_env_info(db->env, &info) == 0) {
		if (info.me_last_txnid < db->newest)
			give_up(db, "/data.mdb", "was written over");
		db->newest = info.me_last_txnid;
		watch_oldest(db);
	}
	leave(db);
out:
	return atomic_load(&db->worn) == GONE ? ERR_STORE : ERR_OK;
}

void
lmdb_env_tidy(struct lmdb_env *db)
{
	int dead;

	if (enter(db) != ERR_OK)
		return;
	mdb_reader_check(db->env, &dead);
	leave(db);
}

unsigned
lmdb_env_opened(const struct lmdb_env *db)
{
	return atomic_load(&db->opened);
}

void
lmdb_env_give_up(struct lmdb_env *db, const char *why)
{
	give_up(db, "/data.mdb", why);
}

static enum err
check_process(const struct lmdb_env *db)
{
	if (getpid() == db->pid)
		return ERR_OK;
	log_line(LOG_AT_ERROR, "store: used after a fork");
	return ERR_STORE;
}

static int
start(struct lmdb_txn *tx)
{
	MDB_env *env = tx->db->env;
	int rc, dead;

	if (tx->writes)
		return mdb_txn_begin(env, NULL, 0, &tx->mdb);
	if (tx->mdb != NULL)
		return mdb_txn_renew(tx->mdb);
	rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &tx->mdb);
	if (rc == MDB_READERS_FULL && mdb_reader_check(env, &dead) == 0)
		rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &tx->mdb);
	return rc;
}

/* Notes what only a new environment cures; begin tries once more then. */
static bool
note_worn(struct lmdb_env *db, int rc)
{
	if (rc != MDB_PANIC && rc != MDB_MAP_RESIZED)
		return false;
	atomic_store(&db->worn, rc);
	return true;
}

/* What start began, where the files are not ours any more. */
static void
stop(struct lmdb_txn *tx)
{
	if (!tx->writes) {
		mdb_txn_reset(tx->mdb);
		return;
	}
	mdb_txn_abort(tx->mdb);
	tx->mdb = NULL;
}

/* One try to begin; *again: after the environment is opened anew a second one
 * may succeed. */
static enum err
try_begin(struct lmdb_txn *tx, bool *again)
{
	struct lmdb_env *db = tx->db;
	int rc = start(tx);
	enum err e;

	/* Only another tool can have written to our slot. */
	if (rc == MDB_BAD_RSLOT)
		give_up(db, "/lock.mdb", "was written over");
	if (rc != 0) {
		/* The first time it is not worth a line. */
		if (note_worn(db, rc) && *again)
			return ERR_STORE;
		*again = false;
		return outcome(db, "begin", rc);
	}
	if ((e = check_files(tx)) == ERR_OK)
		return ERR_OK;
	stop(tx);
	*again = *again && atomic_load(&db->worn) == REPLACED;
	return e;
}

static enum err
begin(struct lmdb_txn *tx)
{
	bool again = true;
	int tries;
	enum err e = ERR_STORE;

	for (tries = 0; again; tries++) {
		if ((e = enter(tx->db)) != ERR_OK)
			return e;
		again = tries == 0;
		if ((e = try_begin(tx, &again)) == ERR_OK) {
			tx->open = true;
			return ERR_OK;
		}
		/* Last, since leave lets others close the environment. */
		leave(tx->db);
	}
	return e;
}

enum err
lmdb_txn_reader(struct lmdb_env *db, struct lmdb_txn **out)
{
	struct lmdb_txn *tx;
	enum err e;

	if ((e = check_process(db)) != ERR_OK)
		return e;
	if ((tx = calloc(1, sizeof(*tx))) == NULL)
		return ERR_MEMORY;
	tx->db = db;
	pthread_mutex_lock(&db->readers_lock);
	tx->link = &db->readers;
	if ((tx->next = db->readers) != NULL)
		tx->next->link = &tx->next;
	db->readers = tx;
	pthread_mutex_unlock(&db->readers_lock);
	/* Takes its slot now, so that no request fails for want of one. */
	if ((e = lmdb_txn_begin(tx)) != ERR_OK) {
		lmdb_txn_reader_free(tx);
		return e;
	}
	lmdb_txn_end(tx);
	*out = tx;
	return ERR_OK;
}

void
lmdb_txn_reader_free(struct lmdb_txn *tx)
{
	if (tx == NULL)
		return;
	lmdb_txn_end(tx);
	pthread_mutex_lock(&tx->db->readers_lock);
	if ((*tx->link = tx->next) != NULL)
		tx->next->link = tx->link;
	drop(tx);
	pthread_mutex_unlock(&tx->db->readers_lock);
	free(tx);
}

enum err
lmdb_txn_begin(struct lmdb_txn *tx)
{
	if (tx->writes || tx->open)
		return ERR_INTERNAL;
	return begin(tx);
}

void
lmdb_txn_end(struct lmdb_txn *tx)
{
	if (tx == NULL || !tx->open)
		return;
	mdb_txn_reset(tx->mdb);
	tx->open = false;
	leave(tx->db);
}

enum err
lmdb_txn_write(struct lmdb_env *db, struct lmdb_txn **out)
{
	enum err e;

	if ((e = check_process(db)) != ERR_OK)
		return e;
	*out = &db->writer;
	return begin(&db->writer);
}

/* The writer is somebody else's as soon as LMDB's lock is gone. */
static MDB_txn *
hand_over(struct lmdb_txn *tx)
{
	MDB_txn *mdb = tx->mdb;

	tx->mdb = NULL;
	tx->open = false;
	return mdb;
}

/* LMDB calls it EIO when less was written than it wanted to, though then there
 * was room for no more: in what a file of ours may grow to, on the disk, or in
 * our share of it, which only tells who asks for more. */
static bool
lacks_room(const struct lmdb_env *db)
{
	struct statvfs fs;
	struct rlimit file;
	MDB_envinfo info;
	MDB_stat page;
	int fd;

	if (mdb_env_get_fd(db->env, &fd) != 0 || fstatvfs(fd, &fs) != 0 ||
	    mdb_env_info(db->env, &info) != 0 ||
	    mdb_env_stat(db->env, &page) != 0 ||
	    getrlimit(RLIMIT_FSIZE, &file) != 0)
		return false;
	if (file.rlim_cur != RLIM_INFINITY &&
	    file.rlim_cur < info.me_last_pgno * page.ms_psize + WRITE_MAX)
		return true;
	if (fs.f_bavail < WRITE_MAX / fs.f_frsize)
		return true;
	return fallocate(fd, FALLOC_FL_KEEP_SIZE,
		   (off_t)(info.me_last_pgno * page.ms_psize),
		   WRITE_MAX) != 0 &&
	    (errno == EDQUOT || errno == ENOSPC);
}

void
lmdb_txn_abort(struct lmdb_txn *tx)
{
	struct lmdb_env *db = tx->db;

	if (!tx->open)
		return;
	mdb_txn_abort(hand_over(tx));
	leave(db);
}

enum err
lmdb_txn_commit(struct lmdb_txn *tx)
{
	struct lmdb_env *db = tx->db;
	int rc;
	enum err e;

	if (!tx->open)
		return ERR_INTERNAL;
	if ((e = check_numbers(tx)) != ERR_OK) {
		lmdb_txn_abort(tx);
		return e;
	}
	rc = mdb_txn_commit(hand_over(tx));
	if (rc == EIO && lacks_room(db))
		rc = ENOSPC;
	/* The outcome reads the environment, so it comes before leave: after
	 * leave another thread may close the environment. */
	e = outcome(db, "commit", rc);
	/* What went into a file that has lost its name meanwhile is lost. */
	if (e == ERR_OK)
		e = check_names(db);
	leave(db);
	return e;
}

uint64_t
lmdb_txn_commit_number(const struct lmdb_txn *tx)
{
	return mdb_txn_id(tx->mdb);
}

/* The head of a page, as LMDB 0.9 writes it. */
struct head {
	size_t number;
	uint16_t pad, flags;
	union {
		struct {
			uint16_t lower, upper;
		} room; /* of a leaf: between its nodes */
		uint32_t pages; /* of a value that has its own */
	} has;
};
enum { LEAF = 0x02, OVERFLOW = 0x04 };

enum err
lmdb_txn_check_page(struct lmdb_txn *tx, struct str value, uintptr_t *map)
{
	const struct head *head;
	MDB_stat page;
	uintptr_t first;
	size_t size;
	bool good;

	if (mdb_env_stat(tx->db->env, &page) != 0)
		return ERR_STORE;
	size = page.ms_psize;
	head = (const void *)((uintptr_t)value.p & ~(uintptr_t)(size - 1));
	/* Pages stand in the order of their numbers. */
	first = (uintptr_t)head - head->number * size;
	if (*map == 0)
		*map = first;
	if (head->flags == OVERFLOW)
		good = head->has.pages ==
		    (sizeof(*head) + value.n + size - 1) / size;
	else
		good = head->flags == LEAF &&
		    head->has.room.lower >= sizeof(*head) &&
		    head->has.room.lower <= head->has.room.upper &&
		    head->has.room.upper <= size;
	return good && first == *map ? ERR_OK : ERR_CORRUPT;
}

/* LMDB's own map of what may be used again: lists of pages that begin with
 * their length. */
#define FREE_PAGES 0

static size_t
count_free(MDB_txn *mdb)
{
	MDB_cursor *cursor;
	MDB_val key, list;
	size_t n = 0, length;

	if (mdb_cursor_open(mdb, FREE_PAGES, &cursor) != 0)
		return 0;
	while (mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == 0) {
		if (list.mv_size < sizeof(length))
			break;
		memcpy(&length, list.mv_data, sizeof(length));
		n += length;
	}
	mdb_cursor_close(cursor);
	return n;
}

void
lmdb_txn_usage(struct lmdb_txn *tx, uint64_t *used, uint64_t *size)
{
	size_t unused = count_free(tx->mdb);
	MDB_envinfo info;
	MDB_stat page;

	*used = *size = 0;
	if (mdb_env_info(tx->db->env, &info) != 0 ||
	    mdb_env_stat(tx->db->env, &page) != 0)
		return;
	*size = info.me_mapsize;
	if (unused <= info.me_last_pgno)
		*used = (info.me_last_pgno + 1 - unused) * page.ms_psize;
}

enum err
lmdb_env_check_roots(struct lmdb_env *db)
{
	struct root even = { .commit = 0 }, odd = even, again = { .commit = 1 };
	enum err e;

	if ((e = enter(db)) != ERR_OK)
		return e;
	/* Others commit meanwhile: then once more. */
	while (e == ERR_OK && again.commit != even.commit)
		if (!read_root(db, 0, &even) || !read_root(db, 1, &odd) ||
		    !read_root(db, 0, &again))
			e = ERR_STORE;
	leave(db);
	if (e != ERR_OK || (even.commit == 0 && odd.commit == 0))
		return e;
	return even.commit % 2 == 0 &&
		(odd.commit == even.commit + 1 || odd.commit + 1 == even.commit)
	    ? ERR_OK
	    : ERR_CORRUPT;
}

/* LMDB's type has no const, but LMDB does not write to what we give it. */
static MDB_val
given(struct str s)
{
	return (MDB_val){ .mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p };
}

static struct str
found(MDB_val v)
{
	return str_from(v.mv_data, v.mv_size);
}

/* In the order of the map. */
static bool
is_less(struct str a, struct str b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c < 0 || (c == 0 && a.n < b.n);
}

enum err
lmdb_txn_get(
    struct lmdb_txn *tx, unsigned map, struct str key, struct str *value)
{
	struct lmdb_env *db = tx->db;
	MDB_val k = given(key), v;
	int rc;

	if ((rc = mdb_get(tx->mdb, db->dbi[map], &k, &v)) != 0)
		return outcome(db, "get", rc);
	*value = found(v);
	/* What follows must not be looked at: it may end behind the file. */
	return value->n <= LMDB_VALUE_MAX ? ERR_OK : ERR_CORRUPT;
}

/* Else a damaged page could send a walk round in circles. */
static bool
in_order(enum lmdb_direction way, struct str from, struct str key)
{
	if (str_is_null(from))
		return true;
	switch (way) {
	case LMDB_FROM:
		return !is_less(key, from);
	case LMDB_NEXT:
		return is_less(from, key);
	case LMDB_PREVIOUS:
		return is_less(key, from);
	}
	return false;
}

/* A reader's cursors last as long as it does; a writer's are closed. */
static int
take_cursor(struct lmdb_txn *tx, unsigned map, MDB_cursor **out)
{
	MDB_dbi dbi = tx->db->dbi[map];
	int rc;

	if (tx->writes)
		return mdb_cursor_open(tx->mdb, dbi, out);
	if (tx->cursor[map] == NULL)
		rc = mdb_cursor_open(tx->mdb, dbi, &tx->cursor[map]);
	else
		rc = mdb_cursor_renew(tx->mdb, tx->cursor[map]);
	*out = tx->cursor[map];
	return rc;
}

static int
seek(MDB_cursor *cursor, enum lmdb_direction way, struct str from, MDB_val *k,
    MDB_val *v)
{
	int rc;

	if (str_is_null(from))
		return mdb_cursor_get(
		    cursor, k, v, way == LMDB_PREVIOUS ? MDB_LAST : MDB_FIRST);
	*k = given(from);
	rc = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
	if (rc == 0 && is_less(found(*k), from))
		return MDB_CORRUPTED;
	if (way == LMDB_PREVIOUS && rc == MDB_NOTFOUND)
		return mdb_cursor_get(cursor, k, v, MDB_LAST);
	if (way == LMDB_PREVIOUS && rc == 0)
		return mdb_cursor_get(cursor, k, v, MDB_PREV);
	if (way == LMDB_NEXT && rc == 0 && str_eq(found(*k), from))
		return mdb_cursor_get(cursor, k, v, MDB_NEXT);
	return rc;
}

enum err
lmdb_txn_step(struct lmdb_txn *tx, unsigned map, enum lmdb_direction way,
    struct str *key, struct str *value)
{
	struct lmdb_env *db = tx->db;
	struct str from = *key;
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	if ((rc = take_cursor(tx, map, &cursor)) != 0)
		return outcome(db, "walk", rc);
	rc = seek(cursor, way, from, &k, &v);
	if (tx->writes)
		mdb_cursor_close(cursor);
	if (rc != 0)
		return outcome(db, "walk", rc);
	if (k.mv_size == 0 || k.mv_size > LMDB_KEY_MAX ||
	    v.mv_size > LMDB_VALUE_MAX || !in_order(way, from, found(k)))
		return ERR_CORRUPT;
	*key = found(k);
	*value = found(v);
	return ERR_OK;
}

enum err
lmdb_txn_put(
    struct lmdb_txn *tx, unsigned map, struct str key, struct str value)
{
	MDB_val k = given(key), v = given(value);

	if (key.n == 0 || key.n > LMDB_KEY_MAX || value.n > LMDB_VALUE_MAX)
		return ERR_INTERNAL;
	return outcome(
	    tx->db, "put", mdb_put(tx->mdb, tx->db->dbi[map], &k, &v, 0));
}

enum err
lmdb_txn_delete(struct lmdb_txn *tx, unsigned map, struct str key)
{
	MDB_val k = given(key);

	return outcome(
	    tx->db, "delete", mdb_del(tx->mdb, tx->db->dbi[map], &k, NULL));
}
