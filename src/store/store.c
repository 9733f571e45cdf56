/* SPDX-License-Identifier: ISC */
/*
 * store.c - opens and closes the store.
 */
#include "store/store.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_private.h"
#include "store/store_struct.h"
#include "store/write_lock.h"

_Static_assert(STORE_MAPS <= LMDB_MAPS_MAX, "every map has its number");

static unsigned
within(unsigned n, unsigned least, unsigned most)
{
	return n < least ? least : n > most ? most : n;
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
		.begin = store_begin_batch,
		.run = store_run_batch,
		.queue_max = options->queue_max,
		.batch_max = options->batch_max,
		.timeout_ms = options->timeout_ms };
	enum err e;

	if (st == NULL)
		return ERR_MEMORY;
	st->lock = -1;
	st->alone = options->alone;
	/* At least one event stays, because the next event takes its number
	 * from the newest one. */
	st->history_keep = within(options->history_keep, 1, UINT_MAX);
	st->history_certificates = within(
	    options->history_certificates, 1, STORE_CERTIFICATES_MAX);
	st->metrics = options->metrics;
	st->writer = (struct txn){ .st = st, .writes = true };
	arena_init(&st->read, st->read_block, sizeof(st->read_block));
	if ((e = group_commit_init(&st->queue, &work)) != ERR_OK) {
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
	group_commit_destroy(&st->queue);
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
