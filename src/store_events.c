/* SPDX-License-Identifier: ISC */
/*
 * store_events.c - the history of each tenant as rows.
 *
 * The order of the fields is that of the stored form: new ones go to the end.
 */
#include "store.h"

#include <string.h>

#include "row.h"
#include "store_map.h"

/* The number in the key of an event of this tenant; 0 if it is no such. */
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

enum {
	EVENT_AT,
	EVENT_NANO,
	EVENT_ACTION,
	EVENT_ACTOR,
	EVENT_OUTCOME,
	EVENT_CHANGED,
	EVENT_FINGERPRINT,
	EVENT_FORMER, /* a record's row, under the event's key */
	EVENT_SERIAL,
	EVENT_TOPIC,
	EVENT_EXPIRES,
	EVENT_FIELDS
};
_Static_assert(EVENT_FIELDS <= ROW_FIELDS_MAX, "an event fits into a row");

static void
encode_event(
    struct str key, const struct event *ev, struct buf *former, struct buf *row)
{
	char at[ROW_U64_LEN], nano[ROW_U64_LEN], action[ROW_U64_LEN],
	    changed[ROW_U64_LEN];
	struct str field[EVENT_FIELDS] = {
		[EVENT_AT] = row_u64((uint64_t)ev->when.at, at),
		[EVENT_NANO] = row_u64(ev->when.nano, nano),
		[EVENT_ACTION] = row_u64(ev->action, action),
		[EVENT_ACTOR] = ev->actor,
		[EVENT_OUTCOME] = ev->outcome,
		[EVENT_CHANGED] = row_u64(
		    record_set_to_fields(ev->changed), changed),
		[EVENT_FINGERPRINT] = ev->fingerprint,
		[EVENT_SERIAL] = ev->serial,
		[EVENT_TOPIC] = ev->topic,
		[EVENT_EXPIRES] = ev->expires,
	};

	if (ev->had_former) {
		record_encode(key, &ev->former, former);
		field[EVENT_FORMER] = buf_view(former);
	}
	row_encode(key, field, EVENT_FIELDS, row);
	row->full |= former->full;
}

static enum err
decode_event(struct str key, struct str row, struct event *ev)
{
	struct str field[EVENT_FIELDS];
	enum err e;

	if ((e = row_decode(key, row, field, EVENT_FIELDS)) != ERR_OK)
		return e;
	if (row_get_u64(field[EVENT_ACTION]) > STORE_RESTORED)
		return ERR_NEWER;
	ev->when.at = (int64_t)row_get_u64(field[EVENT_AT]);
	ev->when.nano = (uint32_t)row_get_u64(field[EVENT_NANO]);
	ev->action = (enum store_action)row_get_u64(field[EVENT_ACTION]);
	ev->actor = field[EVENT_ACTOR];
	ev->outcome = field[EVENT_OUTCOME];
	ev->changed = record_set_of_fields(row_get_u64(field[EVENT_CHANGED]));
	ev->fingerprint = field[EVENT_FINGERPRINT];
	ev->serial = field[EVENT_SERIAL];
	ev->topic = field[EVENT_TOPIC];
	ev->expires = field[EVENT_EXPIRES];
	ev->had_former = !str_is_null(field[EVENT_FORMER]);
	ev->former = (struct record){ .revision = 0 };
	return ev->had_former
	    ? record_decode(key, field[EVENT_FORMER], &ev->former)
	    : ERR_OK;
}

/*
 * Whether the store has the format 1 or 2: then the events are in a map of
 * their own, where a key is a tenant and a number, the oldest event first.
 */
static bool
is_former(const struct txn *tx)
{
	return store_format_seen(tx) < 3;
}

/* The number of the tenant's newest event, 0 if there is none. */
static enum err
newest_event(struct txn *tx, const struct guid *tenant, uint64_t *number)
{
	struct store_place at;
	enum err e;

	store_walk(tx, store_tenant_key(tenant), &at);
	e = store_step(tx, STORE_RECORD, DB_NEXT, &at);
	*number = e == ERR_OK ? event_number(at.key, tenant) : 0;
	/* None has the last number there is. */
	if (*number == UINT64_MAX)
		return store_fail(
		    tx, store_decoded(tx, ERR_CORRUPT, STORE_RECORD, at.key));
	return store_walked(e);
}

static enum err
put_event(struct txn *tx, const struct guid *tenant, uint64_t number,
    const struct event *ev)
{
	char bytes[STORE_EVENT_KEY_LEN];
	struct str key = store_event_key_of(tenant, number, bytes);
	struct buf former, row;

	store_room(tx, STORE_NESTED, &former);
	store_room(tx, STORE_ROW, &row);
	encode_event(key, ev, &former, &row);
	return store_put(tx, STORE_RECORD, key, &row);
}

enum err
store_event_add(
    struct txn *tx, const struct guid *tenant, const struct event *ev)
{
	char bytes[STORE_EVENT_KEY_LEN];
	uint64_t number, old;
	enum err e;

	if ((e = newest_event(tx, tenant, &number)) != ERR_OK)
		return e;
	number++;
	if ((e = put_event(tx, tenant, number, ev)) != ERR_OK)
		return e;
	/* More than one is too old only after history_keep was lowered. */
	old = number > store_history_keep(tx) ? number - store_history_keep(tx)
					      : 0;
	for (; old > 0 && e == ERR_OK; old--)
		e = store_remove(
		    tx, STORE_RECORD, store_event_key_of(tenant, old, bytes));
	return store_walked(e);
}

/*
 * Puts an event of formats 1 and 2 where it belongs; one that is damaged as it
 * is, so that it is refused there too, and not taken for missing. In a store
 * of format 3 such an event is of an older release that went on writing after
 * a newer one had upgraded the store. Its number is taken there, so that it
 * becomes the newest event.
 */
static enum err
join_event(struct txn *tx, const struct store_place *at)
{
	uint64_t number = store_key_number(at->key);
	char bytes[STORE_EVENT_KEY_LEN];
	struct guid tenant;
	struct event ev;
	struct buf row;
	enum err e;

	memcpy(tenant.byte, at->key.p, sizeof(tenant.byte));
	if (!is_former(tx)) {
		if ((e = newest_event(tx, &tenant, &number)) != ERR_OK)
			return e;
		number++;
	}
	if (decode_event(at->key, at->row, &ev) == ERR_OK)
		return put_event(tx, &tenant, number, &ev);
	store_room(tx, STORE_ROW, &row);
	buf_str(&row, at->row);
	return store_put(
	    tx, STORE_RECORD, store_event_key_of(&tenant, number, bytes), &row);
}

enum err
store_join_history(struct txn *tx)
{
	struct store_place at;
	enum err e;

	store_walk(tx, str_of(NULL), &at);
	while ((e = store_step(tx, STORE_FORMER_HISTORY, DB_NEXT, &at)) ==
	    ERR_OK) {
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

/* The map and the key of an event in the format that the store has. */
static struct str
find_event(const struct txn *tx, const struct guid *tenant, uint64_t number,
    char out[STORE_EVENT_KEY_LEN], enum store_map *map)
{
	*map = is_former(tx) ? STORE_FORMER_HISTORY : STORE_RECORD;
	return is_former(tx) ? store_former_key_of(tenant, number, out)
			     : store_event_key_of(tenant, number, out);
}

enum err
store_event(struct txn *tx, const struct guid *tenant, uint64_t number,
    struct event *out)
{
	char bytes[STORE_EVENT_KEY_LEN];
	enum store_map map;
	struct str key = find_event(tx, tenant, number, bytes, &map), row;
	enum err e;

	if ((e = store_get(tx, map, key, &row)) != ERR_OK)
		return e;
	out->number = number;
	return store_decoded(tx, decode_event(key, row, out), map, key);
}

/* The place before the first of a tenant's events, which is the tenant's own
 * record, if there is one. That may be damaged, when its history is needed
 * most. */
static enum err
check_first(struct txn *tx, const struct guid *tenant)
{
	char bytes[STORE_EVENT_KEY_LEN];
	struct store_place at;
	enum err e;

	store_walk(tx, store_event_key_of(tenant, UINT64_MAX, bytes), &at);
	e = store_step(tx, STORE_RECORD, DB_PREVIOUS, &at);
	if (e == ERR_OK && !str_eq(at.key, store_tenant_key(tenant)))
		e = store_decoded(
		    tx, row_check(at.key, at.row), STORE_RECORD, at.key);
	return store_walked(e);
}

/* Checks that no event has got out of sight before the first or after the last.
 */
static enum err
check_ends(struct txn *tx, const struct guid *tenant)
{
	char bytes[STORE_EVENT_KEY_LEN];
	enum store_map map;
	struct str end = find_event(tx, tenant, UINT64_MAX, bytes, &map);
	enum err e;

	if (map == STORE_RECORD)
		e = check_first(tx, tenant);
	else
		e = store_walked(store_absent(tx, map, end));
	if (e != ERR_OK)
		return e;
	end = find_event(tx, tenant, 0, bytes, &map);
	return store_walked(store_absent(tx, map, end));
}

/*
 * Goes on from the newer event in *ev to the one at a place of the walk.
 * ERR_NOT_FOUND at another tenant's. That one must be intact too: it may be
 * ours with a flipped bit in its key.
 */
static enum err
older_event(const struct txn *tx, const struct store_place *at,
    const struct guid *tenant, struct event *ev)
{
	uint64_t newer = ev->number, number;
	enum err e;

	if ((e = row_check(at->key, at->row)) != ERR_OK)
		return e;
	number = event_number(at->key, tenant);
	/* UINT64_MAX is the number 0 in the former way of counting. */
	if (is_former(tx) && number != 0)
		number = ~number;
	if ((ev->number = number) == 0)
		return ERR_NOT_FOUND;
	/* There are no gaps. */
	if (newer != 0 && ev->number != newer - 1)
		return ERR_CORRUPT;
	return decode_event(at->key, at->row, ev);
}

enum err
store_events(struct txn *tx, const struct guid *tenant,
    store_event_visit *visit, void *arg)
{
	enum db_way way = is_former(tx) ? DB_PREVIOUS : DB_NEXT;
	struct event ev = { .number = 0 };
	char bytes[STORE_EVENT_KEY_LEN];
	struct store_place at;
	enum store_map map;
	struct str start;
	enum err e;

	if ((e = check_ends(tx, tenant)) != ERR_OK)
		return e;
	start = find_event(tx, tenant, UINT64_MAX, bytes, &map);
	/* Here the newest event comes right after the record. */
	if (map == STORE_RECORD)
		start = store_tenant_key(tenant);
	store_walk(tx, start, &at);
	while ((e = store_step(tx, map, way, &at)) == ERR_OK) {
		e = older_event(tx, &at, tenant, &ev);
		if (e != ERR_OK)
			return store_walked(store_decoded(tx, e, map, at.key));
		if ((e = visit(&ev, arg)) != ERR_OK)
			return e;
	}
	return store_walked(e);
}
