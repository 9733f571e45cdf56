/* SPDX-License-Identifier: ISC */
/*
 * store.c - opens and closes the store.
 */
#include "store/store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_private.h"
#include "store/store_struct.h"

static unsigned
within(unsigned n, unsigned least, unsigned most)
{
	return n < least ? least : n > most ? most : n;
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

static const struct store_engine *
engine_for(const struct store_options *options)
{
	if (options->database == NULL)
		return &lmdb_engine;
#ifdef HAVE_POSTGRESQL
	return &pg_engine;
#else
	log_line(LOG_AT_ERROR,
	    "store: this program was built without PostgreSQL (configure "
	    "--with-postgresql)");
	return NULL;
#endif
}

/* The part of a limit that each of n queues has; 0 stays no limit. */
static size_t
share_of(size_t limit, unsigned n)
{
	return limit / n + (limit % n > 0);
}

static enum err
open_writer(const struct store_options *options, struct store *st)
{
	struct store_writer *w = &st->writer[st->writers];
	const struct group_commit_work work = { .arg = w,
		.begin = store_begin_batch,
		.run = store_run_batch,
		.shares_clients = st->engine->writers > 1,
		.queue_max = share_of(options->queue_max, st->engine->writers),
		.batch_max = options->batch_max,
		.timeout_ms = options->timeout_ms };
	enum err e;

	w->st = st;
	w->txn = (struct txn){ .st = st, .writes = true, .writer = w };
	arena_init(&w->read, w->read_block, sizeof(w->read_block));
	if ((e = group_commit_init(&w->queue, &work)) != ERR_OK)
		return e;
	st->spread.queue[st->spread.n++] = &w->queue;
	if (st->writers++ == 0)
		return st->engine->open(options, &w->txn, &st->db);
	return st->engine->add_writer(st->db, &w->txn);
}

static enum err
open_writers(const struct store_options *options, struct store *st)
{
	enum err e;

	st->writer = calloc(st->engine->writers, sizeof(*st->writer));
	if (st->writer == NULL)
		return ERR_MEMORY;
	st->spread.few = st->engine->few_writers;
	st->spread.long_batch = st->engine->long_batch;
	while (st->writers < st->engine->writers)
		if ((e = open_writer(options, st)) != ERR_OK)
			return e;
	return check_format(st, options->create);
}

enum err
store_open(const struct store_options *options, struct store **out)
{
	struct store *st = calloc(1, sizeof(*st));
	enum err e;

	if (st == NULL)
		return ERR_MEMORY;
	st->alone_lock = -1;
	if ((st->engine = engine_for(options)) == NULL) {
		free(st);
		return ERR_STORE;
	}
	/* At least one event stays, because the next event takes its number
	 * from the newest one. */
	st->progress = options->progress;
	st->complete = options->complete;
	st->history_keep = within(options->history_keep, 1, UINT_MAX);
	st->history_certificates = within(
	    options->history_certificates, 1, STORE_CERTIFICATES_MAX);
	st->metrics = options->metrics;
	if ((e = open_writers(options, st)) != ERR_OK) {
		store_close(st);
		return e;
	}
	*out = st;
	return ERR_OK;
}

const char *const *
store_files(const struct store_options *options)
{
	static const char *const none[] = { NULL };
	const struct store_engine *engine = engine_for(options);

	return engine != NULL ? engine->files : none;
}

enum err
store_exists(const struct store_options *options)
{
	const char *const *files = store_files(options);
	struct store_options look = *options;
	struct store *st = NULL;
	char path[PATH_MAX];
	enum err e;

	if (files[0] != NULL) {
		snprintf(
		    path, sizeof(path), "%s/%s", options->directory, files[0]);
		return access(path, F_OK) == 0 ? ERR_OK : ERR_NO_STORE;
	}
	look.create = false;
	e = store_open(&look, &st);
	store_close(st);
	return e;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	while (st->writers > 0)
		group_commit_destroy(&st->writer[--st->writers].queue);
	st->engine->close(st->db);
	if (st->alone_lock >= 0)
		close(st->alone_lock);
	free(st->writer);
	free(st);
}

void
store_set_read_only(struct store *st)
{
	st->read_only = true;
}

bool
store_is_read_only(const struct store *st)
{
	return st->read_only;
}

void
store_tidy(struct store *st)
{
	st->engine->tidy(st->db);
}

enum err
store_look(struct store *st)
{
	if (store_is_outdated(st))
		return ERR_NEWER;
	return st->engine->look(st->db);
}

bool
store_oldest_reader(struct store *st, struct store_reader_age *out)
{
	return st->engine->oldest_reader(st->db, out);
}

enum err
store_examine(struct store *st, store_advice *report, void *arg)
{
	return st->engine->examine(st->db, report, arg);
}
