/* SPDX-License-Identifier: ISC */
/*
 * lmdb_watch.c - watches the files of the environment, and reopens the
 * environment when that is necessary.
 */
#include "store/lmdb_env.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include <lmdb.h>

#include "base/log.h"
#include "store/lmdb_pages.h"
#include "store/lmdb_private.h"
#include "store/lmdb_readers.h"

/*
 * Reopens the environment in three cases. After a failed write of a root, LMDB
 * refuses all further use (MDB_PANIC). LMDB cannot read pages that another
 * process wrote after the end of this process's map (MDB_MAP_RESIZED). And
 * another file may have replaced data.mdb (LMDB_REPLACED). In the state
 * LMDB_GONE this function only closes the environment.
 *
 * LMDB allows this only while no transaction of the process is open, so this
 * function needs `use` exclusively. If a transaction is open, the function
 * returns at once, and the caller's transaction fails with ERR_STORE. No
 * transaction begins any more in this state, so the open ones soon end, and a
 * later caller succeeds.
 */
static void
reopen(struct lmdb_env *db)
{
	int must_reopen;
	enum err e;

	if (pthread_rwlock_trywrlock(&db->use) != 0)
		return;
	must_reopen = atomic_load(&db->must_reopen);
	if (must_reopen == 0)
		goto out;
	/* With size 0, LMDB takes the size of the larger map from the file. */
	if (must_reopen == MDB_MAP_RESIZED)
		db->map_size = 0;
	if (db->env != NULL)
		lmdb_env_unmap(db);
	if (must_reopen == LMDB_GONE)
		goto out;
	if ((e = lmdb_env_map(db, false)) != ERR_OK) {
		if (e == ERR_NO_STORE)
			(void)lmdb_env_outcome(db, db->directory, ENOENT);
		goto out;
	}
	if (must_reopen == LMDB_REPLACED) {
		db->newest = 0;
		atomic_fetch_add(&db->opened, 1);
		log_line(LOG_AT_WARNING,
		    "%s/data.mdb was replaced; the new file is open now",
		    db->directory);
	}
	atomic_store(&db->must_reopen, 0);
out:
	pthread_rwlock_unlock(&db->use);
}

enum err
lmdb_env_enter(struct lmdb_env *db)
{
	if (atomic_load(&db->must_reopen) != 0)
		reopen(db);
	if (pthread_rwlock_rdlock(&db->use) != 0)
		return ERR_STORE;
	if (atomic_load(&db->must_reopen) == 0)
		return ERR_OK;
	pthread_rwlock_unlock(&db->use);
	return ERR_STORE;
}

void
lmdb_env_leave(struct lmdb_env *db)
{
	pthread_rwlock_unlock(&db->use);
	/* Closing the environment releases its locks, so that other processes
	 * can use the files that are there now. */
	if (atomic_load(&db->must_reopen) == LMDB_GONE)
		reopen(db);
}

enum err
lmdb_env_copy(struct lmdb_env *db, int fd)
{
	enum err e;

	if ((e = lmdb_env_enter(db)) != ERR_OK)
		return e;
	e = lmdb_env_outcome(
	    db, "copy", mdb_env_copyfd2(db->env, fd, MDB_CP_COMPACT));
	lmdb_env_leave(db);
	return e;
}

enum err
lmdb_env_last_commit(struct lmdb_env *db, uint64_t *out)
{
	MDB_envinfo info;
	enum err e;

	if ((e = lmdb_env_enter(db)) != ERR_OK)
		return e;
	e = lmdb_env_outcome(
	    db, "read the last commit", mdb_env_info(db->env, &info));
	lmdb_env_leave(db);
	if (e == ERR_OK)
		*out = info.me_last_txnid;
	return e;
}

/* From now on no transaction begins, and a commit that is under way returns
 * ERR_STORE. */
void
lmdb_env_lose(struct lmdb_env *db, const char *name, const char *why)
{
	if (atomic_exchange(&db->must_reopen, LMDB_GONE) != LMDB_GONE)
		log_line(LOG_AT_ERROR,
		    "%s%s %s while this process used it. This process ends "
		    "now; start it again",
		    db->directory, name, why);
}

/* Checks that the names still lead to the open files. */
enum err
lmdb_env_check_names(struct lmdb_env *db)
{
	const char *name = "";
	struct stat st;

	switch (guard_look(&db->guard, db->directory, &db->files)) {
	case GUARD_SAME:
		return ERR_OK;
	case GUARD_REPLACED:
		atomic_store(&db->must_reopen, LMDB_REPLACED);
		return ERR_STORE;
	case GUARD_GONE:
		if (stat(db->directory, &st) == 0 &&
		    st.st_ino == db->guard.directory.inode)
			name = "/lock.mdb";
		lmdb_env_lose(db, name, "was removed or replaced");
		return ERR_STORE;
	case GUARD_UNKNOWN:
		break;
	}
	return lmdb_env_outcome(db, "check the file names", errno);
}

/*
 * Checks that data.mdb and lock.mdb state the same last commit. Another program
 * (cp, rsync --inplace) may have overwritten one of them, and LMDB would then
 * continue from a wrong state. A commit writes data.mdb first, so the two
 * numbers are certain to be equal only under the write lock; a reader may find
 * data.mdb ahead of lock.mdb.
 */
enum err
lmdb_env_check_numbers(struct lmdb_txn *tx)
{
	struct lmdb_env *db = tx->db;
	size_t seen = mdb_txn_id(tx->mdb);
	MDB_envinfo info;

	if (mdb_env_info(db->env, &info) != 0)
		return ERR_STORE;
	if (tx->writes ? seen == info.me_last_txnid + 1
		       : seen <= info.me_last_txnid)
		return ERR_OK;
	lmdb_env_lose(db, "/data.mdb", "or lock.mdb was overwritten");
	return ERR_STORE;
}

/* The check before each write, and once a second before a read. */
enum err
lmdb_env_check_files(struct lmdb_txn *tx)
{
	struct lmdb_env *db = tx->db;
	int64_t now_at = time(NULL);
	enum err e;

	if (!tx->writes && atomic_load(&db->looked_at) == now_at)
		return ERR_OK;
	atomic_store(&db->looked_at, now_at);
	if ((e = lmdb_env_check_names(db)) == ERR_OK)
		e = lmdb_env_check_numbers(tx);
	return e;
}

bool
lmdb_env_oldest_reader(struct lmdb_env *db, struct db_reader_age *out)
{
	bool found;

	if (lmdb_env_enter(db) != ERR_OK)
		return false;
	found = lmdb_env_find_oldest(db, out);
	lmdb_env_leave(db);
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

	if (lmdb_env_enter(db) != ERR_OK)
		goto out;
	if (lmdb_env_check_names(db) == ERR_OK &&
	    mdb_env_info(db->env, &info) == 0) {
		if (info.me_last_txnid < db->newest)
			lmdb_env_lose(db, "/data.mdb", "was overwritten");
		db->newest = info.me_last_txnid;
		watch_oldest(db);
	}
	lmdb_env_leave(db);
out:
	return atomic_load(&db->must_reopen) == LMDB_GONE ? ERR_STORE : ERR_OK;
}

void
lmdb_env_tidy(struct lmdb_env *db)
{
	int dead;

	if (lmdb_env_enter(db) != ERR_OK)
		return;
	mdb_reader_check(db->env, &dead);
	lmdb_env_leave(db);
}

void
lmdb_env_give_up(struct lmdb_env *db, const char *why)
{
	lmdb_env_lose(db, "/data.mdb", why);
}

enum err
lmdb_env_check_roots(struct lmdb_env *db)
{
	enum err e;

	if ((e = lmdb_env_enter(db)) != ERR_OK)
		return e;
	e = lmdb_pages_check_roots(db);
	lmdb_env_leave(db);
	return e;
}
