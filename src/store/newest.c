/* SPDX-License-Identifier: ISC */
/*
 * newest.c - finds the newest event of each tenant, and the next event after
 * one, by the keys alone. The number of an event is a part of its key, and the
 * newest event stands right after the tenant's record (see keys.c), so that two
 * steps for each tenant are enough, whatever the length of the histories.
 */
#include "store/place.h"

#include <string.h>

#include "store/store_private.h"

struct newest {
	store_newest_visit *visit;
	void *arg;
};

static enum err
visit_key(struct str key, void *arg)
{
	const struct newest *n = arg;
	struct guid tenant;
	uint64_t number;

	if (!store_event_key(key, &tenant, &number))
		return ERR_CORRUPT;
	return n->visit(&tenant, number, n->arg);
}

/* Moves the cursor after the history of the tenant of its key. */
static enum err
skip_history(struct store_cursor *at)
{
	struct guid tenant;

	if (at->key.n < sizeof(tenant.byte))
		return ERR_CORRUPT;
	memcpy(tenant.byte, at->key.p, sizeof(tenant.byte));
	at->key = store_event_key_of(&tenant, 0, at->byte);
	return ERR_OK;
}

static enum err
walk_keys(struct txn *tx, const struct newest *n)
{
	struct store_cursor at;
	enum err e;

	store_seek(tx, str_of(NULL), &at);
	while ((e = store_next(tx, STORE_RECORD, STORE_NEXT, &at)) == ERR_OK) {
		/* The row after a record is its newest event. */
		if (at.key.n == sizeof(struct guid))
			continue;
		if ((e = visit_key(at.key, (void *)(uintptr_t)n)) != ERR_OK ||
		    (e = skip_history(&at)) != ERR_OK)
			return e == ERR_CORRUPT
			    ? store_log_damage(tx, e, STORE_RECORD, at.key)
			    : e;
	}
	return store_walked(e);
}

enum err
store_newest(struct txn *tx, store_newest_visit *visit, void *arg)
{
	struct newest n = { visit, arg };
	enum err e;

	if (store_format_seen(tx) < 3)
		return ERR_OLD_FORMAT;
	e = store_newest_keys(tx, visit_key, &n);
	return e == ERR_NOT_FOUND ? walk_keys(tx, &n) : e;
}

enum err
store_event_after(
    struct txn *tx, const struct guid *tenant, uint64_t number, uint64_t *out)
{
	char bytes[STORE_EVENT_KEY_LEN];
	struct store_cursor at;
	struct guid found;
	enum err e;

	if (store_format_seen(tx) < 3)
		return ERR_OLD_FORMAT;
	store_seek(tx, store_event_key_of(tenant, number, bytes), &at);
	e = store_next(tx, STORE_RECORD, STORE_PREVIOUS, &at);
	if (e != ERR_OK)
		return e;
	if (!store_event_key(at.key, &found, out) ||
	    memcmp(found.byte, tenant->byte, sizeof(found.byte)) != 0)
		return ERR_NOT_FOUND;
	return ERR_OK;
}
