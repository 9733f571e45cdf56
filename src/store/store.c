/* SPDX-License-Identifier: ISC */
/*
 * store.c - opening the store, readers, and changes: those of all threads that
 * wait at a moment go to the disk in one transaction.
 */
#include "store/store.h"

#include <errno.h>
#include <stdatomic.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/clock.h"
#include "state/metrics.h"
#include "format/row.h"
#include "store/group_commit.h"
#include "store/claim.h"
#include "store/lmdb_env.h"
#include "store/write_lock.h"
#include "store/store_private.h"
#include "store/tally.h"

_Static_assert(STORE_MAPS <= LMDB_MAPS_MAX, "every map has its number");

/* What one change may read and keep: a record, requests, tokens, two events.
 * None is longer than 64 KiB but for the event, which holds a record. */
#define READ_MAX ((size_t)4 * LMDB_VALUE_MAX)

struct txn {
	struct store *st;
	struct lmdb_txn *db;
	bool writes;
	/* Of the change that runs: it has put something. */
	bool put;
	/* Why nothing of the transaction may be committed, or ERR_OK. */
	enum err failed;
};

/* One call of store_update. */
struct waiter {
	struct group_commit_job
	    job; /* first, so that the one leads to the other */
	store_change *change;
	void *arg;
	enum err outcome;
};

struct store {
	struct lmdb_env *db;
	unsigned history_keep, history_certificates;
	struct metrics *metrics;
	struct log_repeat damage; /* that was told */
	struct group_commit batch;
	int lock; /* store_lock */
	bool alone; /* no other process has it */

	/* The format of the last transaction that looked, the lmdb_env_opened
	 * of its file, and when it looked, in seconds. */
	atomic_uint format;
	atomic_uint looked_in;
	atomic_int_fast64_t looked_at;
	/* The format is newer than ours: nothing is read or written any more.
	 */
	atomic_bool outdated;
	atomic_int_fast64_t writes_since; /* milliseconds; 0: nobody writes */

	/* What follows belongs to the thread that commits. */
	struct txn writer;
	bool converts; /* the change that runs brings it to our format */
	bool tallied; /* the transaction has put something; then: */
	struct tally tally;
	struct arena read; /* rows that the running change has read */
	char read_block[READ_MAX];
	char room[STORE_SCRATCHES][LMDB_VALUE_MAX];
};

/* Tells keys apart. */
static uint64_t
number_of(enum store_table map, struct str key)
{
	uint64_t n = map + 1;
	size_t i;

	for (i = 0; i < key.n; i++)
		n = n * 0x100000001b3 + (unsigned char)key.p[i];
	return n;
}

enum err
store_log_damage(
    struct txn *tx, enum err e, enum store_table map, struct str key)
{
	static const char *const what[STORE_MAPS] = {
		[STORE_RECORD] = "record or event of tenant",
		[STORE_FORMER_HISTORY] = "event of format 2",
		[STORE_TOKEN] = "token with hash",
		[STORE_REQUEST] = "request of tenant",
		[STORE_META] = "entry",
	};
	char hex[2 * LMDB_KEY_MAX];

	if (e != ERR_CORRUPT ||
	    !log_should_repeat(
		&tx->st->damage, number_of(map, key), time(NULL)))
		return e;
	str_hex((const uint8_t *)key.p, key.n, hex);
	log_line(LOG_AT_ERROR, "store: damaged %s %.*s", what[map],
	    (int)(2 * key.n), hex);
	return e;
}

/* A change whose transaction has failed must not be committed, and neither may
 * those that share it. */
enum err
store_fail(struct txn *tx, enum err e)
{
	if (tx->writes && e != ERR_NOT_FOUND && tx->failed == ERR_OK)
		tx->failed = e;
	return e;
}

/* In a change a put moves what was read before, so that is copied. */
static enum err
keep(struct txn *tx, struct str *row)
{
	if (!tx->writes)
		return ERR_OK;
	*row = arena_copy(&tx->st->read, *row);
	return str_is_null(*row) ? store_fail(tx, ERR_MEMORY) : ERR_OK;
}

static enum err
check_neighbour(struct txn *tx, enum store_table map, enum lmdb_direction way,
    struct str key)
{
	struct str near = key, row;
	enum err e;

	e = lmdb_txn_step(tx->db, map, way, &near, &row);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = str_eq(near, key) ? ERR_CORRUPT : row_check(near, row);
	return store_log_damage(tx, e, map, near);
}

enum err
store_absent(struct txn *tx, enum store_table map, struct str key)
{
	enum err e;

	if ((e = check_neighbour(tx, map, LMDB_FROM, key)) == ERR_OK &&
	    (e = check_neighbour(tx, map, LMDB_PREVIOUS, key)) == ERR_OK)
		return ERR_NOT_FOUND;
	return store_fail(tx, e);
}

enum err
store_get(struct txn *tx, enum store_table map, struct str key, struct str *row)
{
	enum err e;

	if (tx->failed != ERR_OK)
		return tx->failed;
	if ((e = lmdb_txn_get(tx->db, map, key, row)) == ERR_NOT_FOUND)
		return store_absent(tx, map, key);
	if (e != ERR_OK)
		return store_fail(tx, store_log_damage(tx, e, map, key));
	return keep(tx, row);
}

enum err
store_load_tally(struct txn *tx, struct tally *out)
{
	enum err e = tally_load(tx->db, STORE_MAPS, out);

	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Counts a row out of its map before another one, or none, takes its place. */
static enum err
take_old(struct txn *tx, enum store_table map, struct str key)
{
	struct store *st = tx->st;
	struct str old;
	enum err e;

	if (!st->tallied && (e = store_load_tally(tx, &st->tally)) != ERR_OK)
		return e;
	st->tallied = true;
	if ((e = lmdb_txn_get(tx->db, map, key, &old)) == ERR_OK)
		tally_take(&st->tally, map, old);
	return e;
}

void
store_scratch(struct txn *tx, enum store_scratch room, struct buf *out)
{
	buf_init(out, tx->st->room[room], sizeof(tx->st->room[room]));
}

enum err
store_put(
    struct txn *tx, enum store_table map, struct str key, const struct buf *row)
{
	enum err e;

	if (!tx->writes)
		return ERR_INTERNAL;
	if (tx->failed != ERR_OK)
		return tx->failed;
	tx->put = true;
	if (row->full)
		return store_fail(tx, ERR_MEMORY);
	if ((e = take_old(tx, map, key)) != ERR_OK && e != ERR_NOT_FOUND)
		return store_fail(tx, e);
	tally_add(&tx->st->tally, map, buf_view(row));
	e = lmdb_txn_put(tx->db, map, key, buf_view(row));
	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

enum err
store_remove(struct txn *tx, enum store_table map, struct str key)
{
	enum err e;

	if (!tx->writes)
		return ERR_INTERNAL;
	if (tx->failed != ERR_OK)
		return tx->failed;
	if ((e = take_old(tx, map, key)) == ERR_NOT_FOUND)
		return e;
	tx->put = true;
	if (e == ERR_OK)
		e = lmdb_txn_delete(tx->db, map, key);
	return e == ERR_OK ? ERR_OK : store_fail(tx, e);
}

void
store_seek(struct txn *tx, struct str key, struct store_cursor *at)
{
	at->key = key;
	at->read = tx->writes ? tx->st->read.used : 0;
}

enum err
store_next(struct txn *tx, enum store_table map, enum lmdb_direction way,
    struct store_cursor *at)
{
	struct str key = at->key;
	enum err e;

	if (tx->failed != ERR_OK)
		return tx->failed;
	if (tx->writes)
		tx->st->read.used = at->read;
	if ((e = lmdb_txn_step(tx->db, map, way, &key, &at->row)) != ERR_OK)
		return store_fail(tx, store_log_damage(tx, e, map, at->key));
	/* A copy, since a put before the next step moves keys too. */
	memcpy(at->byte, key.p, key.n);
	at->key = str_from(at->byte, key.n);
	return keep(tx, &at->row);
}

/* --- the format ------------------------------------------------------- */

static enum err
read_format(struct txn *tx, uint64_t *format)
{
	struct str key = str_of("format"), row, field;
	enum err e;

	*format = 0;
	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if ((e = row_decode(key, row, &field, 1)) != ERR_OK)
		return store_log_damage(tx, e, STORE_META, key);
	*format = row_get_u64(field);
	return ERR_OK;
}

static enum err
give_up(struct store *st, uint64_t format)
{
	if (!atomic_exchange(&st->outdated, true))
		log_line(LOG_AT_ERROR,
		    "store: %s: has format %llu of a newer release, and this "
		    "one knows no format above %u; this process ends",
		    store_directory(st), (unsigned long long)format,
		    STORE_FORMAT);
	return ERR_NEWER;
}

/* Takes note of the format that this transaction sees. */
static enum err
look_at_format(struct txn *tx)
{
	struct store *st = tx->st;
	unsigned opened = lmdb_env_opened(st->db);
	uint64_t format;
	enum err e;

	atomic_store(&st->looked_at, time(NULL));
	if ((e = read_format(tx, &format)) != ERR_OK)
		return e;
	if (format > STORE_FORMAT)
		return give_up(st, format);
	/* A file that took the place of data.mdb may be of an older format. The
	 * start of a process upgrades it. */
	if (format < store_format(st)) {
		lmdb_env_give_up(
		    st->db, "was replaced by one of an older format");
		return ERR_STORE;
	}
	atomic_store(&st->format, (unsigned)format);
	atomic_store(&st->looked_in, opened);
	return ERR_OK;
}

/* Another process may have upgraded the store since we opened it. So each
 * transaction that writes looks at the format: rows of a former one would be
 * damage in a newer one. */
static enum err
check_writable(struct txn *tx)
{
	struct store *st = tx->st;
	enum err e;

	if ((e = look_at_format(tx)) != ERR_OK)
		return e;
	if (st->converts || atomic_load(&st->format) == STORE_FORMAT)
		return ERR_OK;
	return ERR_OLD_FORMAT;
}

/* Whether a reader is to look: once a second, and at each new file. */
static bool
look_is_due(struct store *st)
{
	return atomic_load(&st->looked_at) != time(NULL) ||
	    atomic_load(&st->looked_in) != lmdb_env_opened(st->db);
}

unsigned
store_format(const struct store *st)
{
	return atomic_load(&st->format);
}

bool
store_is_outdated(const struct store *st)
{
	return atomic_load(&st->outdated);
}

unsigned
store_format_seen(const struct txn *tx)
{
	return store_format(tx->st);
}

/* --- changes ------------------------------------------------------------ */

static void
run_change(struct txn *tx, struct waiter *w)
{
	arena_reset(&tx->st->read);
	tx->put = false;
	w->outcome = w->change(tx, w->arg);
	/* A change that refuses has put nothing: the others' are committed. If
	 * it has, that is a fault of ours, and nothing of it may be kept. */
	if (w->outcome != ERR_OK && tx->put && tx->failed == ERR_OK) {
		log_line(LOG_AT_ERROR,
		    "store: a change was refused after it had put something; "
		    "it was undone");
		tx->failed = ERR_INTERNAL;
	}
}

/* Runs n changes in one transaction. If that fails nothing is changed, and
 * what the single changes returned is void. */
static enum err
change_all(struct store *st, struct group_commit_job *job, size_t n)
{
	struct txn *tx = &st->writer;
	enum err e;

	if ((e = lmdb_txn_write(st->db, &tx->db)) != ERR_OK)
		return e;
	tx->failed = ERR_OK;
	st->tallied = false;
	arena_reset(&st->read);
	tx->failed = check_writable(tx);
	for (; n > 0 && tx->failed == ERR_OK; n--, job = job->next)
		run_change(tx, (struct waiter *)job);
	if (tx->failed == ERR_OK && st->tallied)
		tx->failed = tally_save(tx->db, STORE_MAPS, &st->tally);
	if (tx->failed == ERR_OK)
		return lmdb_txn_commit(tx->db);
	lmdb_txn_abort(tx->db);
	return tx->failed;
}

static enum err
commit(struct store *st, struct group_commit_job *job, size_t n)
{
	enum err e = change_all(st, job, n);

	metrics_commit(st->metrics, n, e);
	return e;
}

/* If they cannot be committed together each gets a transaction of its own, so
 * that only the one which does not fit is refused. */
static void
settle(struct group_commit_job *first, size_t n, struct store *st)
{
	struct group_commit_job *job = first;
	enum err e;

	if (n > 1 && commit(st, first, n) == ERR_OK)
		return;
	for (; n > 0; n--, job = job->next)
		if ((e = commit(st, job, 1)) != ERR_OK)
			((struct waiter *)job)->outcome = e;
}

static enum err
begin_round(void *arg, int64_t ms)
{
	struct store *st = arg;

	if (!write_lock_take(st->lock, ms))
		return ERR_BUSY;
	atomic_store(&st->writes_since, clock_ms());
	return ERR_OK;
}

static void
run_round(struct group_commit_job *first, size_t n, void *arg)
{
	struct store *st = arg;

	settle(first, n, st);
	atomic_store(&st->writes_since, 0);
	write_lock_drop(st->lock);
}

int64_t
store_write_age(const struct store *st)
{
	int64_t since = atomic_load(&st->writes_since);

	return since > 0 ? clock_ms() - since : 0;
}

enum err
store_update(struct store *st, store_change *change, void *arg)
{
	struct waiter w = { .change = change, .arg = arg };
	enum err e;

	metrics_change_begins(st->metrics);
	e = group_commit_run(&st->batch, &w.job);
	metrics_change_ends(st->metrics, e);
	return e != ERR_OK ? e : w.outcome;
}

enum err
store_recount(struct txn *tx)
{
	struct tally *tally = &tx->st->tally;
	struct store_cursor at;
	unsigned map;
	enum err e;

	*tally = (struct tally){ .commit = 0 };
	tx->st->tallied = true;
	for (map = 0; map < STORE_MAPS; map++) {
		store_seek(tx, str_of(NULL), &at);
		while ((e = store_next(tx, (enum store_table)map, LMDB_NEXT,
			    &at)) == ERR_OK)
			tally_add(tally, map, at.row);
		if (e != ERR_NOT_FOUND)
			return store_fail(tx, e);
	}
	return ERR_OK;
}

enum err
store_convert(struct store *st, store_change *change, void *arg)
{
	enum err e;

	st->converts = true;
	e = store_update(st, change, arg);
	st->converts = false;
	if (e == ERR_OK)
		atomic_store(&st->format, STORE_FORMAT);
	return e;
}

enum err
store_claim(struct store *st, int64_t ms, pid_t *pid)
{
	if (st->alone)
		return ERR_OK;
	return claim_take(lmdb_env_lock_file(st->db), ms, pid);
}

void
store_unclaim(struct store *st)
{
	if (!st->alone)
		claim_drop(lmdb_env_lock_file(st->db));
}

enum err
store_begin_and_look(struct txn *tx)
{
	enum err e;

	if ((e = lmdb_txn_begin(tx->db)) != ERR_OK)
		return e;
	if ((e = look_at_format(tx)) != ERR_OK)
		lmdb_txn_end(tx->db);
	return e;
}

static enum err
check_format(struct store *st, bool create)
{
	struct txn *tx = NULL;
	enum err e;

	if ((e = store_reader(st, &tx)) != ERR_OK)
		return e;
	e = store_begin_and_look(tx);
	store_reader_free(tx);
	if (e != ERR_OK || store_format(st) != 0)
		return e;
	return create ? store_convert(st, store_to_our_format, NULL)
		      : ERR_NO_STORE;
}

static enum err
open_lock(struct store *st)
{
	const char *directory = lmdb_env_directory(st->db);

	if ((st->lock = write_lock_open(directory)) >= 0)
		return ERR_OK;
	log_line(LOG_AT_ERROR, "store: %s: %s", directory, strerror(errno));
	return ERR_STORE;
}

const char *
store_directory(const struct store *st)
{
	return lmdb_env_directory(st->db);
}

enum err
store_copy(struct store *st, int fd)
{
	return lmdb_env_copy(st->db, fd);
}

enum err
store_check_page(struct txn *tx, struct str row, uintptr_t *map)
{
	return lmdb_txn_check_page(tx->db, row, map);
}

enum err
store_check_roots(struct txn *tx)
{
	return lmdb_env_check_roots(tx->st->db);
}

bool
store_oldest_reader(struct store *st, struct store_reader_age *out)
{
	struct db_reader_age age;

	if (!lmdb_env_oldest_reader(st->db, &age))
		return false;
	*out =
	    (struct store_reader_age){ .pid = age.pid, .changes = age.changes };
	return true;
}

void
store_usage(struct txn *tx, uint64_t *used, uint64_t *size)
{
	lmdb_txn_usage(tx->db, used, size);
}

uint64_t
store_commit_seen(const struct txn *tx)
{
	return lmdb_txn_commit_number(tx->db);
}

unsigned
store_history_keep(const struct txn *tx)
{
	return tx->st->history_keep;
}

unsigned
store_history_certificates(const struct txn *tx)
{
	return tx->st->history_certificates;
}

static unsigned
within(unsigned n, unsigned least, unsigned most)
{
	return n < least ? least : n > most ? most : n;
}

enum err
store_open(const struct store_options *options, struct store **out)
{
	static const char *const maps[] = {
		[STORE_RECORD] = "record",
		[STORE_FORMER_HISTORY] = "history",
		[STORE_TOKEN] = "token",
		[STORE_REQUEST] = "request",
		[STORE_META] = "meta",
		[STORE_MAPS] = NULL,
	};
	struct lmdb_options db = {
		.directory = options->directory,
		.map_size = options->map_size,
		.readers = options->readers,
		.create = options->create,
		.reads = options->reads,
		.maps = maps,
	};
	struct store *st = calloc(1, sizeof(*st));
	const struct group_commit_work work = { .arg = st,
		.begin = begin_round,
		.run = run_round,
		.queue_max = options->queue_max,
		.batch_max = options->batch_max,
		.timeout_ms = options->timeout_ms };
	enum err e;

	if (st == NULL)
		return ERR_MEMORY;
	st->lock = -1;
	st->alone = options->alone;
	/* Without one the numbers would begin anew with each event. */
	st->history_keep = within(options->history_keep, 1, UINT_MAX);
	st->history_certificates = within(
	    options->history_certificates, 1, STORE_CERTIFICATES_MAX);
	st->metrics = options->metrics;
	st->writer = (struct txn){ .st = st, .writes = true };
	arena_init(&st->read, st->read_block, sizeof(st->read_block));
	if ((e = group_commit_init(&st->batch, &work)) != ERR_OK) {
		free(st);
		return e;
	}
	if ((e = lmdb_env_open(&db, &st->db)) != ERR_OK ||
	    (!options->alone && (e = open_lock(st)) != ERR_OK) ||
	    (e = check_format(st, options->create)) != ERR_OK) {
		store_close(st);
		return e;
	}
	*out = st;
	return ERR_OK;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	group_commit_destroy(&st->batch);
	if (st->lock >= 0)
		close(st->lock);
	lmdb_env_close(st->db);
	free(st);
}

void
store_tidy(struct store *st)
{
	lmdb_env_tidy(st->db);
}

enum err
store_look(struct store *st)
{
	if (store_is_outdated(st))
		return ERR_NEWER;
	return lmdb_env_look(st->db);
}

enum err
store_reader(struct store *st, struct txn **out)
{
	struct txn *tx = calloc(1, sizeof(*tx));
	enum err e;

	if (tx == NULL)
		return ERR_MEMORY;
	tx->st = st;
	if ((e = lmdb_txn_reader(st->db, &tx->db)) != ERR_OK) {
		free(tx);
		return e;
	}
	*out = tx;
	return ERR_OK;
}

void
store_reader_free(struct txn *tx)
{
	if (tx == NULL)
		return;
	lmdb_txn_reader_free(tx->db);
	free(tx);
}

enum err
store_begin(struct txn *tx)
{
	struct store *st = tx->st;
	enum err e;

	if (store_is_outdated(st))
		return ERR_NEWER;
	if ((e = lmdb_txn_begin(tx->db)) != ERR_OK || !look_is_due(st))
		return e;
	e = look_at_format(tx);
	if (e == ERR_OK)
		return ERR_OK;
	/* A damaged format does not keep readers from rows that are whole. */
	if (e == ERR_CORRUPT &&
	    atomic_load(&st->looked_in) == lmdb_env_opened(st->db))
		return ERR_OK;
	lmdb_txn_end(tx->db);
	return e;
}

void
store_end(struct txn *tx)
{
	if (tx != NULL)
		lmdb_txn_end(tx->db);
}
