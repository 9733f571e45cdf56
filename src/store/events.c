/* SPDX-License-Identifier: ISC */
/*
 * events.c - stores the history of each tenant as rows.
 *
 * The number of a field is part of the format on disk. A number always keeps
 * its meaning: a new field takes the next free number, and a field that is
 * given up leaves its number unused.
 */
#include "store/store.h"

#include <string.h>

#include "base/progress.h"
#include "format/crypto.h"
#include "format/row.h"
#include "store/store_private.h"

/* The event number in a key of this tenant; 0 if the key is not that of an
 * event of this tenant. */
static uint64_t
event_number(struct str key, const struct guid *tenant)
{
	struct guid other;
	uint64_t number;

	if (!store_event_key(key, &other, &number) ||
	    memcmp(other.byte, tenant->byte, sizeof(other.byte)) != 0)
		return 0;
	return number;
}

/*
 * Whether the store has format 1 or 2, which keep events in a table of their
 * own, under tenant and number, the oldest event first.
 */
static bool
is_former(const struct txn *tx)
{
	return store_format_seen(tx) < 3;
}

/* Reads the tenant's newest event. Its number is 0 if the tenant has no event.
 * If the row is damaged, only its number is set. */
static enum err
newest_event(struct txn *tx, const struct guid *tenant, struct event *out)
{
	struct store_cursor at;
	uint64_t number;
	enum err e;

	*out = (struct event){ .number = 0 };
	store_seek(tx, store_tenant_key(tenant), &at);
	if ((e = store_next(tx, STORE_RECORD, STORE_NEXT, &at)) != ERR_OK)
		return store_walked(e);
	number = event_number(at.key, tenant);
	/* No event has the largest number. */
	if (number == UINT64_MAX)
		return store_fail(tx,
		    store_log_damage(tx, ERR_CORRUPT, STORE_RECORD, at.key));
	if (number > 0 && store_event_decode(at.key, at.row, out) != ERR_OK)
		*out = (struct event){ .number = 0 };
	out->number = number;
	return ERR_OK;
}

static enum err
put_event(struct txn *tx, const struct guid *tenant, uint64_t number,
    const struct event *ev)
{
	char bytes[STORE_EVENT_KEY_LEN];
	struct str key = store_event_key_of(tenant, number, bytes);
	struct buf former, row;

	store_scratch(tx, STORE_NESTED, &former);
	store_scratch(tx, STORE_ROW, &row);
	store_event_encode(key, ev, &former, &row);
	return store_put(tx, STORE_RECORD, key, &row);
}

/* Whether a refusal equals the newest event, so that it is only counted. */
static bool
is_repeated(const struct event *newest, const struct event *ev)
{
	return newest->number > 0 && newest->action == STORE_REFUSED &&
	    ev->action == STORE_REFUSED && newest->changed == ev->changed &&
	    newest->former.revision == ev->former.revision &&
	    str_eq(newest->actor, ev->actor) && newest->kind == ev->kind &&
	    newest->scopes == ev->scopes &&
	    str_eq(newest->user_id, ev->user_id) &&
	    str_eq(newest->outcome, ev->outcome) &&
	    str_eq(newest->fingerprint, ev->fingerprint);
}

/*
 * A sweep drops events beyond history_keep, but keeps those from which a former
 * certificate can be restored.
 *
 * The sweep reads the oldest event within history_keep and then the events
 * beyond it, from newer to older. It keeps an event if the event's former
 * record holds a certificate and no event read before holds the same one, up
 * to history_certificates events.
 * Reading the oldest event within history_keep first means that the next older
 * event is kept only if it replaced the certificate of its former record.
 *
 * With ten events beyond history_keep, a sweep costs a change about 7 us of CPU
 * time (8 connections, 12,000 changes of one record).
 */
struct sweep {
	uint8_t seen[STORE_CERTIFICATES_MAX + 1][CRYPTO_SHA256_LEN];
	unsigned n;
};

/* The most events that one sweep drops, so that no change becomes slow after
 * history_keep was lowered. */
#define SWEEP_MOST 16

/* The fingerprint of the certificate in the former record; false if there is
 * none. Releases before format 4 did not store the fingerprint. */
static bool
former_certificate(const struct event *ev, uint8_t id[CRYPTO_SHA256_LEN])
{
	const struct record *r = &ev->former;

	if (!ev->had_former || !record_is_real(r))
		return false;
	if (r->fingerprint.n == CRYPTO_SHA256_LEN)
		memcpy(id, r->fingerprint.p, CRYPTO_SHA256_LEN);
	else
		crypto_sha256(r->value[RECORD_CERTIFICATE], id);
	return true;
}

/* Whether an event is the first of the sweep that holds its certificate. If so,
 * the certificate is noted. */
static bool
is_first(struct sweep *s, const struct event *ev)
{
	uint8_t *id = s->seen[s->n];
	unsigned i;

	if (!former_certificate(ev, id))
		return false;
	for (i = 0; i < s->n; i++)
		if (memcmp(s->seen[i], id, CRYPTO_SHA256_LEN) == 0)
			return false;
	s->n++;
	return true;
}

/* Drops the events up to number `old` that need not stay. A damaged event is
 * dropped when it is the first beyond history_keep; a damaged event further
 * back stays, because its key may be wrong and verify must find it. */
static enum err
sweep(struct txn *tx, const struct guid *tenant, uint64_t old)
{
	unsigned most = store_history_certificates(tx), kept = 0, dropped = 0;
	struct sweep s = { .n = 0 };
	struct store_cursor at;
	struct event ev;
	uint64_t number;
	bool stays;
	enum err e;

	store_expect_sweep(tx, tenant);
	store_seek(tx, store_event_key_of(tenant, old + 2, at.byte), &at);
	while (dropped < SWEEP_MOST &&
	    (e = store_next(tx, STORE_RECORD, STORE_NEXT, &at)) == ERR_OK &&
	    (number = event_number(at.key, tenant)) != 0) {
		if (store_event_decode(at.key, at.row, &ev) != ERR_OK)
			stays = number != old;
		else
			stays = kept < most && is_first(&s, &ev);
		if (number > old)
			continue;
		kept += stays;
		dropped += !stays;
		if (!stays &&
		    (e = store_remove(tx, STORE_RECORD, at.key)) != ERR_OK)
			return e;
	}
	return store_walked(e);
}

enum err
store_event_add(
    struct txn *tx, const struct guid *tenant, const struct event *ev)
{
	struct event newest, next = *ev;
	uint64_t old;
	enum err e;

	if ((e = newest_event(tx, tenant, &newest)) != ERR_OK)
		return e;
	if (is_repeated(&newest, ev)) {
		newest.count++;
		newest.last = ev->when;
		return put_event(tx, tenant, newest.number, &newest);
	}
	next.number = newest.number + 1;
	next.count = 1;
	next.last = ev->when;
	old = next.number > store_history_keep(tx)
	    ? next.number - store_history_keep(tx)
	    : 0;
	next.swept = old > newest.swept ? old : newest.swept;
	if ((e = put_event(tx, tenant, next.number, &next)) != ERR_OK)
		return e;
	return old > 0 ? sweep(tx, tenant, old) : ERR_OK;
}

/*
 * Moves an event of format 1 or 2 to the records. A damaged event moves as it
 * is, so that it is reported as damaged there and not as missing.
 *
 * In a store of format 3, such an event was written by an older release that
 * was still running after a newer one had upgraded the store. Its number is
 * already in use, so it becomes the newest event.
 */
static enum err
join_event(struct txn *tx, const struct store_cursor *at)
{
	uint64_t number = store_key_number(at->key);
	char bytes[STORE_EVENT_KEY_LEN];
	struct event ev, newest;
	struct guid tenant;
	struct buf row;
	enum err e;

	memcpy(tenant.byte, at->key.p, sizeof(tenant.byte));
	if (!is_former(tx)) {
		if ((e = newest_event(tx, &tenant, &newest)) != ERR_OK)
			return e;
		number = newest.number + 1;
	}
	if (store_event_decode(at->key, at->row, &ev) == ERR_OK)
		return put_event(tx, &tenant, number, &ev);
	store_scratch(tx, STORE_ROW, &row);
	buf_str(&row, at->row);
	return store_put(
	    tx, STORE_RECORD, store_event_key_of(&tenant, number, bytes), &row);
}

enum err
store_join_history(struct txn *tx)
{
	struct store_cursor at;
	enum err e;

	progress_step(store_txn_progress(tx), "converting", store_rows(tx));
	store_seek(tx, str_of(NULL), &at);
	while ((e = store_next(tx, STORE_FORMER_HISTORY, STORE_NEXT, &at)) ==
	    ERR_OK) {
		progress_add(store_txn_progress(tx), 1);
		if (at.key.n != STORE_EVENT_KEY_LEN)
			continue;
		if ((e = join_event(tx, &at)) != ERR_OK)
			return e;
		e = store_remove(tx, STORE_FORMER_HISTORY, at.key);
		if (e != ERR_OK)
			return e;
	}
	return store_walked(e);
}

/* The table and the key of an event in the format of the store. */
static struct str
find_event(const struct txn *tx, const struct guid *tenant, uint64_t number,
    char out[STORE_EVENT_KEY_LEN], enum store_table *table)
{
	*table = is_former(tx) ? STORE_FORMER_HISTORY : STORE_RECORD;
	return is_former(tx) ? store_former_key_of(tenant, number, out)
			     : store_event_key_of(tenant, number, out);
}

enum err
store_event(struct txn *tx, const struct guid *tenant, uint64_t number,
    struct event *out)
{
	char bytes[STORE_EVENT_KEY_LEN];
	enum store_table table;
	struct str key = find_event(tx, tenant, number, bytes, &table), row;
	enum err e;

	if ((e = store_get(tx, table, key, &row)) != ERR_OK)
		return e;
	out->number = number;
	return store_log_damage(
	    tx, store_event_decode(key, row, out), table, key);
}

/* Checks the row before the tenant's events, unless it is the tenant's record.
 * The history must stay readable when the record is damaged, because it is
 * needed most then. */
static enum err
check_first(struct txn *tx, const struct guid *tenant)
{
	char bytes[STORE_EVENT_KEY_LEN];
	struct store_cursor at;
	enum err e;

	store_seek(tx, store_event_key_of(tenant, UINT64_MAX, bytes), &at);
	e = store_next(tx, STORE_RECORD, STORE_PREVIOUS, &at);
	if (e == ERR_OK && !str_eq(at.key, store_tenant_key(tenant)))
		e = store_log_damage(
		    tx, row_check(at.key, at.row), STORE_RECORD, at.key);
	return store_walked(e);
}

/* Checks that no event of the tenant is hidden before the first or after the
 * last one. */
static enum err
check_start(struct txn *tx, const struct guid *tenant)
{
	char bytes[STORE_EVENT_KEY_LEN];
	enum store_table table;
	struct str start = find_event(tx, tenant, UINT64_MAX, bytes, &table);

	if (table == STORE_RECORD)
		return check_first(tx, tenant);
	return store_walked(store_absent(tx, table, start));
}

static enum err
check_end(struct txn *tx, const struct guid *tenant)
{
	char bytes[STORE_EVENT_KEY_LEN];
	enum store_table table;
	struct str end = find_event(tx, tenant, 0, bytes, &table);

	return store_walked(store_absent(tx, table, end));
}

/*
 * Moves *ev from the newer event to the one at the cursor. ERR_NOT_FOUND if the
 * row belongs to another tenant; that row must be intact too, because it may be
 * an event of this tenant with a flipped bit in its key. ERR_CORRUPT if an
 * event between the two is missing, unless its number is at most `swept`.
 */
static enum err
older_event(const struct txn *tx, const struct store_cursor *at,
    const struct guid *tenant, uint64_t swept, struct event *ev)
{
	uint64_t newer = ev->number, number;
	enum err e;

	if ((e = row_check(at->key, at->row)) != ERR_OK)
		return e;
	number = event_number(at->key, tenant);
	/* Formats 1 and 2 do not invert the number: invert it back. */
	if (is_former(tx) && number != 0)
		number = ~number;
	if ((ev->number = number) == 0)
		return ERR_NOT_FOUND;
	if (newer != 0 && ev->number != newer - 1 && newer - 1 > swept)
		return ERR_CORRUPT;
	return store_event_decode(at->key, at->row, ev);
}

/* The place before the event `from`, or before the newest one. */
static struct str
start_of(const struct txn *tx, const struct guid *tenant, uint64_t from,
    char bytes[STORE_EVENT_KEY_LEN])
{
	enum store_table table;

	if (from > 0)
		return find_event(tx, tenant, from + 1, bytes, &table);
	/* In this format the newest event comes right after the record. */
	return is_former(tx) ? find_event(tx, tenant, UINT64_MAX, bytes, &table)
			     : store_tenant_key(tenant);
}

/* The checks before a walk. *swept is the number up to which events may be
 * missing, as far as the event knows at which the walk begins. */
static enum err
prepare_walk(
    struct txn *tx, const struct guid *tenant, uint64_t from, uint64_t *swept)
{
	struct event newest;
	enum err e;

	*swept = 0;
	if (from == 0) {
		if ((e = check_start(tx, tenant)) != ERR_OK)
			return e;
		return check_end(tx, tenant);
	}
	if (!is_former(tx)) {
		if ((e = newest_event(tx, tenant, &newest)) != ERR_OK)
			return e;
		*swept = newest.swept;
	}
	return check_end(tx, tenant);
}

enum err
store_events_from(struct txn *tx, const struct guid *tenant, uint64_t from,
    store_event_visit *visit, void *arg)
{
	enum store_direction way = is_former(tx) ? STORE_PREVIOUS : STORE_NEXT;
	enum store_table table = is_former(tx) ? STORE_FORMER_HISTORY
					       : STORE_RECORD;
	struct event ev = { .number = 0 };
	char bytes[STORE_EVENT_KEY_LEN];
	struct store_cursor at;
	uint64_t swept;
	enum err e;

	if ((e = prepare_walk(tx, tenant, from, &swept)) != ERR_OK)
		return e;
	store_seek(tx, start_of(tx, tenant, from, bytes), &at);
	while ((e = store_next(tx, table, way, &at)) == ERR_OK) {
		e = older_event(tx, &at, tenant, swept, &ev);
		if (e != ERR_OK)
			return store_walked(
			    store_log_damage(tx, e, table, at.key));
		/* A newer event knows of later sweeps, so the largest number
		 * holds. */
		swept = ev.swept > swept ? ev.swept : swept;
		if ((e = visit(&ev, arg)) != ERR_OK)
			return e;
	}
	return store_walked(e);
}

enum err
store_events(struct txn *tx, const struct guid *tenant,
    store_event_visit *visit, void *arg)
{
	return store_events_from(tx, tenant, 0, visit, arg);
}
