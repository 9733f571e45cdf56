/* SPDX-License-Identifier: ISC */
/*
 * lmdb_txn.c - readers, the write transaction, and the pairs of bytes in the
 * maps.
 *
 * A transaction goes through these steps: lmdb_env_enter, begin of the LMDB
 * transaction, check of the files, use, end of the LMDB transaction,
 * lmdb_env_leave. If LMDB reports an error that only a reopened environment
 * cures, begin leaves, reopens and tries once more.
 */
#include "store/lmdb_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/log.h"
#include "store/lmdb_pages.h"
#include "store/lmdb_private.h"

/*
 * The most bytes that LMDB writes by one call: 64 pages, or one longer value.
 */
#define WRITE_MAX (256 * 1024 + STORE_VALUE_MAX)

static enum err
check_process(const struct lmdb_env *db)
{
	if (getpid() == db->pid)
		return ERR_OK;
	log_line(LOG_AT_ERROR, "store: used in a forked process");
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

/* Records an error that only a reopened environment cures; false for any other
 * error. */
static bool
note_must_reopen(struct lmdb_env *db, int rc)
{
	if (rc != MDB_PANIC && rc != MDB_MAP_RESIZED)
		return false;
	atomic_store(&db->must_reopen, rc);
	return true;
}

/* Ends the LMDB transaction of a begin whose check of the files has failed. */
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

/* One attempt to begin. *again: on entry, whether a second attempt is allowed;
 * on return, whether it may succeed after the environment was reopened. */
static enum err
try_begin(struct lmdb_txn *tx, bool *again)
{
	struct lmdb_env *db = tx->db;
	int rc = start(tx);
	enum err e;

	/* Only another program can have overwritten the slot of this reader. */
	if (rc == MDB_BAD_RSLOT)
		lmdb_env_lose(db, "/lock.mdb", "was overwritten");
	if (rc != 0) {
		/* The first failure is not logged, because the second attempt
		 * usually succeeds. */
		if (note_must_reopen(db, rc) && *again)
			return ERR_STORE;
		*again = false;
		return lmdb_env_outcome(db, "begin", rc);
	}
	if ((e = lmdb_env_check_files(tx)) == ERR_OK)
		return ERR_OK;
	stop(tx);
	*again = *again && atomic_load(&db->must_reopen) == LMDB_REPLACED;
	return e;
}

static enum err
begin(struct lmdb_txn *tx)
{
	bool again = true;
	int tries;
	enum err e = ERR_STORE;

	for (tries = 0; again; tries++) {
		if ((e = lmdb_env_enter(tx->db)) != ERR_OK)
			return e;
		again = tries == 0;
		if ((e = try_begin(tx, &again)) == ERR_OK) {
			tx->open = true;
			return ERR_OK;
		}
		/* This comes last, because after it another thread may close
		 * the environment. */
		lmdb_env_leave(tx->db);
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
	/* The reader takes its slot now, so that a later request cannot fail
	 * for lack of a slot. */
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
	lmdb_txn_drop(tx);
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
	lmdb_env_leave(tx->db);
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

/* Detaches the LMDB transaction from the writer. As soon as LMDB has released
 * its lock, another thread may use the writer. */
static MDB_txn *
hand_over(struct lmdb_txn *tx)
{
	MDB_txn *mdb = tx->mdb;

	tx->mdb = NULL;
	tx->open = false;
	return mdb;
}

/* Whether a short write, for which LMDB reports EIO, was due to lack of room:
 * the limit of this process's file size, the free room of the disk, or the
 * user's quota. Only an allocation shows whether the quota is used up. */
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
	lmdb_env_leave(db);
}

enum err
lmdb_txn_commit(struct lmdb_txn *tx)
{
	struct lmdb_env *db = tx->db;
	int rc;
	enum err e;

	if (!tx->open)
		return ERR_INTERNAL;
	if ((e = lmdb_env_check_numbers(tx)) != ERR_OK) {
		lmdb_txn_abort(tx);
		return e;
	}
	rc = mdb_txn_commit(hand_over(tx));
	if (rc == EIO && lacks_room(db))
		rc = ENOSPC;
	/*
	 * lmdb_env_outcome reads the environment, so it comes before
	 * lmdb_env_leave: after that another thread may close the environment.
	 */
	e = lmdb_env_outcome(db, "commit", rc);
	/* If the file lost its name during the commit, the change is lost. */
	if (e == ERR_OK)
		e = lmdb_env_check_names(db);
	lmdb_env_leave(db);
	return e;
}

uint64_t
lmdb_txn_commit_number(const struct lmdb_txn *tx)
{
	return mdb_txn_id(tx->mdb);
}

void
lmdb_txn_usage(struct lmdb_txn *tx, uint64_t *used, uint64_t *size)
{
	size_t unused = lmdb_pages_free(tx);
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

/* The members of MDB_val are not const, but LMDB does not write to keys and
 * values that it is given. */
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

/* The outcome of a call of LMDB on a map. LMDB refuses the number of a map that
 * is missing; a store that was upgraded has every map. */
static enum err
outcome_of(struct lmdb_txn *tx, unsigned map, const char *doing, int rc)
{
	if (rc == EINVAL && tx->db->dbi[map] == LMDB_NO_MAP)
		rc = MDB_CORRUPTED;
	return lmdb_env_outcome(tx->db, doing, rc);
}

/* Compares keys in the order of a map. */
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
	MDB_val k = given(key), v;
	int rc;

	if ((rc = mdb_get(tx->mdb, tx->db->dbi[map], &k, &v)) != 0)
		return outcome_of(tx, map, "get", rc);
	*value = found(v);
	/* A longer value is not read, because it may end after the end of the
	 * file. */
	return value->n <= STORE_VALUE_MAX ? ERR_OK : ERR_CORRUPT;
}

/* Whether a step went in its direction. This stops a walk that a damaged page
 * would otherwise send round in circles. */
static bool
in_order(enum store_direction way, struct str from, struct str key)
{
	if (str_is_null(from))
		return true;
	switch (way) {
	case STORE_FROM:
		return !is_less(key, from);
	case STORE_NEXT:
		return is_less(from, key);
	case STORE_PREVIOUS:
		return is_less(key, from);
	}
	return false;
}

/* A reader's cursors live as long as the reader; the caller must close a
 * writer's cursor. */
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
seek(MDB_cursor *cursor, enum store_direction way, struct str from, MDB_val *k,
    MDB_val *v)
{
	int rc;

	if (str_is_null(from))
		return mdb_cursor_get(
		    cursor, k, v, way == STORE_PREVIOUS ? MDB_LAST : MDB_FIRST);
	*k = given(from);
	rc = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
	if (rc == 0 && is_less(found(*k), from))
		return MDB_CORRUPTED;
	if (way == STORE_PREVIOUS && rc == MDB_NOTFOUND)
		return mdb_cursor_get(cursor, k, v, MDB_LAST);
	if (way == STORE_PREVIOUS && rc == 0)
		return mdb_cursor_get(cursor, k, v, MDB_PREV);
	if (way == STORE_NEXT && rc == 0 && str_eq(found(*k), from))
		return mdb_cursor_get(cursor, k, v, MDB_NEXT);
	return rc;
}

enum err
lmdb_txn_step(struct lmdb_txn *tx, unsigned map, enum store_direction way,
    struct str *key, struct str *value)
{
	struct str from = *key;
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	if ((rc = take_cursor(tx, map, &cursor)) != 0)
		return outcome_of(tx, map, "walk", rc);
	rc = seek(cursor, way, from, &k, &v);
	if (tx->writes)
		mdb_cursor_close(cursor);
	if (rc != 0)
		return outcome_of(tx, map, "walk", rc);
	if (k.mv_size == 0 || k.mv_size > STORE_KEY_MAX ||
	    v.mv_size > STORE_VALUE_MAX || !in_order(way, from, found(k)))
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

	if (key.n == 0 || key.n > STORE_KEY_MAX || value.n > STORE_VALUE_MAX)
		return ERR_INTERNAL;
	return outcome_of(
	    tx, map, "put", mdb_put(tx->mdb, tx->db->dbi[map], &k, &v, 0));
}

enum err
lmdb_txn_delete(struct lmdb_txn *tx, unsigned map, struct str key)
{
	MDB_val k = given(key);

	return outcome_of(
	    tx, map, "delete", mdb_del(tx->mdb, tx->db->dbi[map], &k, NULL));
}

enum err
lmdb_txn_make_maps(struct lmdb_txn *tx)
{
	struct lmdb_env *db = tx->db;
	unsigned i;
	int rc = 0;

	for (i = 0; db->maps[i] != NULL && rc == 0; i++)
		if (db->dbi[i] == LMDB_NO_MAP)
			rc = mdb_dbi_open(
			    tx->mdb, db->maps[i], MDB_CREATE, &db->dbi[i]);
	return lmdb_env_outcome(db, "create", rc);
}
