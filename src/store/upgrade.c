/* SPDX-License-Identifier: ISC */
/*
 * upgrade.c - brings a store of an older format to STORE_FORMAT.
 *
 * An upgrade has five steps. It claims the store, so that no other process has
 * the store open. It makes the tables that are missing. It writes a copy. It
 * converts all rows in one change. It releases the claim. If the process dies
 * between these steps, either the former store, perhaps with an empty table, or
 * the new one is there, and perhaps a copy of the former store, which the next
 * upgrade replaces.
 */
#include "store/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "format/row.h"
#include "store/store_private.h"

/* A store of an older format lacks a new table, so a process that opens it must
 * know that the table may be absent. */
_Static_assert(STORE_TABLES == 6 && STORE_FORMAT == 6,
    "a new table is a new format, with a step below and its store in "
    "tests/stores");

enum err
store_to_our_format(struct txn *tx, void *arg)
{
	struct str key = str_of("format"), field;
	char number[ROW_U64_LEN];
	struct buf row;
	enum err e;

	(void)arg;
	if (store_format_seen(tx) == STORE_FORMAT)
		return ERR_OK;
	/* Format 2 has a tally. A new count would accept rows that are missing
	 * or too old, so only format 1 is counted. */
	if (store_format_seen(tx) < 2 && (e = store_recount(tx)) != ERR_OK)
		return e;
	if ((e = store_join_history(tx)) != ERR_OK)
		return e;
	if ((e = store_order_build(tx, tx)) != ERR_OK)
		return e;
	field = row_u64(STORE_FORMAT, number);
	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, &field, 1, &row);
	return store_put(tx, STORE_META, key, &row);
}

/* Whether more tenants than `most` have a record or a history. */
static enum err
has_more_tenants(struct txn *tx, uint64_t most, bool *more)
{
	char last[STORE_EVENT_KEY_LEN];
	struct store_cursor at;
	struct guid tenant;
	uint64_t n = 0;
	enum err e;

	store_seek(tx, str_of(NULL), &at);
	while ((e = store_next(tx, STORE_RECORD, STORE_NEXT, &at)) == ERR_OK) {
		if ((*more = ++n > most))
			return ERR_OK;
		if (at.key.n < sizeof(tenant.byte))
			continue;
		memcpy(tenant.byte, at.key.p, sizeof(tenant.byte));
		at.key = store_event_key_of(&tenant, 0, last);
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Reads the format and the number of tenants under the claim, when no other
 * process can change them. */
static enum err
look(struct store *st, uint64_t most)
{
	struct txn *tx = NULL;
	bool more = false;
	enum err e;

	if ((e = store_reader(st, &tx)) != ERR_OK)
		return e;
	e = store_begin_and_look(tx);
	if (e == ERR_OK && most > 0)
		e = has_more_tenants(tx, most, &more);
	store_end(tx);
	store_reader_free(tx);
	if (e != ERR_OK || !more)
		return e;
	log_line(LOG_AT_ERROR,
	    "store: %s: has format %u and more than %llu tenants, too many to "
	    "upgrade during a request; run pushcert init",
	    store_directory(st), store_format(st), (unsigned long long)most);
	return ERR_OLD_FORMAT;
}

static enum err
keep_copy(struct store *st)
{
	char path[PATH_MAX + 64];
	enum err e;

	snprintf(path, sizeof(path), "%s/data.mdb.format-%u",
	    store_directory(st), store_format(st));
	e = store_keep_copy(st, path);
	if (e == ERR_OK || e == ERR_CORRUPT)
		log_line(LOG_AT_INFO,
		    "store: %s: a copy of the store before the upgrade", path);
	/*
	 * The damage is older than the upgrade, which does not make it worse.
	 */
	if (e == ERR_CORRUPT) {
		log_line(LOG_AT_WARNING,
		    "store: %s: the store and its copy are damaged; run "
		    "pushcert verify after the upgrade",
		    store_directory(st));
		return ERR_OK;
	}
	if (e != ERR_OK)
		log_line(LOG_AT_ERROR,
		    "store: %s: %s; the store was not upgraded; pushcert init "
		    "--no-copy upgrades without a copy",
		    path, e == ERR_FILE ? strerror(errno) : err_info(e)->text);
	return e;
}

static enum err
upgrade(struct store *st, const struct store_upgrade_options *options)
{
	unsigned former = store_format(st);
	enum err e;

	log_line(LOG_AT_INFO, "store: %s: being upgraded from format %u to %u",
	    store_directory(st), former, STORE_FORMAT);
	/* Only the owner of a database can make a table. A process that cannot
	 * must not write a copy at each start, and a new table that is empty
	 * does not disturb the former release. */
	e = store_make_tables(st);
	if (e == ERR_OK && options->keep_copy && (e = keep_copy(st)) != ERR_OK)
		return e;
	if (e == ERR_OK)
		e = store_convert(st, store_to_our_format, NULL);
	if (e == ERR_OK)
		log_line(LOG_AT_INFO, "store: %s: upgraded to format %u",
		    store_directory(st), STORE_FORMAT);
	else
		log_line(LOG_AT_ERROR, "store: %s: not upgraded: %s",
		    store_directory(st), err_info(e)->text);
	return e;
}

/* The name of the process that prevents the upgrade, for the log. */
#define PROCESS_MAX 64

static const char *
name_process(pid_t pid, char out[PROCESS_MAX])
{
	if (pid > 0)
		snprintf(out, PROCESS_MAX, "process %ld", (long)pid);
	else
		snprintf(out, PROCESS_MAX,
		    "a process in another container or machine");
	return out;
}

static void
log_refusal(const struct store *st, enum err e, pid_t pid)
{
	char process[PROCESS_MAX];

	if (e == ERR_IN_USE)
		log_line(LOG_AT_ERROR,
		    "store: %s: not upgraded from format %u, as %s has it "
		    "open; end that process first",
		    store_directory(st), store_format(st),
		    name_process(pid, process));
	else
		log_line(LOG_AT_WARNING, "store: %s: %s is upgrading it",
		    store_directory(st), name_process(pid, process));
}

/* Logs a wait when it begins, so that the operator sees its cause. */
static enum err
claim(struct store *st, int64_t ms)
{
	char process[PROCESS_MAX];
	pid_t pid = 0;
	enum err e;

	e = store_claim(st, 0, &pid);
	if (e == ERR_IN_USE && ms > 0) {
		log_line(LOG_AT_INFO,
		    "store: %s: has format %u; waiting %lld ms for %s, which "
		    "has it open",
		    store_directory(st), store_format(st), (long long)ms,
		    name_process(pid, process));
		e = store_claim(st, ms, &pid);
	}
	if (e != ERR_OK)
		log_refusal(st, e, pid);
	return e;
}

enum err
store_upgrade(struct store *st, const struct store_upgrade_options *options)
{
	enum err e;

	if (store_format(st) == STORE_FORMAT)
		return ERR_OK;
	if ((e = claim(st, options->wait)) != ERR_OK)
		return e;
	e = look(st, options->tenants_most);
	if (e == ERR_OK && store_format(st) != STORE_FORMAT)
		e = upgrade(st, options);
	store_unclaim(st);
	return e;
}
