/* SPDX-License-Identifier: ISC */
/*
 * event_row.c - the stored form of an event.
 *
 * The number of a field is part of the format on disk. A number always keeps
 * its meaning: a new field takes the next free number, and a field that is
 * given up leaves its number unused.
 */
#include "store/store.h"

#include <string.h>

#include "format/row.h"
#include "store/store_private.h"

enum {
	EVENT_AT = 0,
	EVENT_NANO = 1,
	EVENT_ACTION = 2,
	EVENT_ACTOR = 3,
	EVENT_OUTCOME = 4,
	EVENT_CHANGED = 5,
	EVENT_FINGERPRINT = 6,
	EVENT_FORMER = 7, /* a nested row, under the key of the event */
	EVENT_SERIAL = 8,
	EVENT_TOPIC = 9,
	EVENT_EXPIRES = 10,
	EVENT_COUNT = 11,
	EVENT_LAST_AT = 12,
	EVENT_LAST_NANO = 13,
	EVENT_SWEPT = 14,
	EVENT_KIND = 15,
	EVENT_SCOPES = 16,
	EVENT_USER_ID = 17,
	EVENT_REQUEST_ID = 18, /* 16 bytes; null: the tool made the change */
	EVENT_FIELDS
};
_Static_assert(EVENT_FIELDS <= ROW_FIELDS_MAX, "an event fits into a row");

static bool
is_zero(const struct guid *g)
{
	static const struct guid zero;

	return memcmp(g->byte, zero.byte, sizeof(zero.byte)) == 0;
}

void
store_event_encode(
    struct str key, const struct event *ev, struct buf *former, struct buf *row)
{
	char at[ROW_U64_LEN], nano[ROW_U64_LEN], action[ROW_U64_LEN],
	    changed[ROW_U64_LEN], count[ROW_U64_LEN], last_at[ROW_U64_LEN],
	    last_nano[ROW_U64_LEN], swept[ROW_U64_LEN], kind[ROW_U64_LEN],
	    scopes[ROW_U64_LEN];
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
		[EVENT_COUNT] = row_u64(ev->count, count),
		[EVENT_LAST_AT] = row_u64((uint64_t)ev->last.at, last_at),
		[EVENT_LAST_NANO] = row_u64(ev->last.nano, last_nano),
		[EVENT_SWEPT] = row_u64(ev->swept, swept),
		[EVENT_KIND] = row_u64(ev->kind, kind),
		[EVENT_SCOPES] = row_u64(ev->scopes, scopes),
		[EVENT_USER_ID] = ev->user_id,
	};

	if (!is_zero(&ev->request_id))
		field[EVENT_REQUEST_ID] = str_from(
		    (const char *)ev->request_id.byte,
		    sizeof(ev->request_id.byte));
	if (ev->had_former) {
		record_encode(key, &ev->former, former);
		field[EVENT_FORMER] = buf_view(former);
	}
	row_encode(key, field, EVENT_FIELDS, row);
	row->full |= former->full;
}

/* Releases before format 4 did not count refusals. */
static void
decode_count(const struct str *field, struct event *ev)
{
	ev->count = 1;
	ev->last = ev->when;
	ev->swept = row_get_u64(field[EVENT_SWEPT]);
	if (str_is_null(field[EVENT_COUNT]))
		return;
	ev->count = row_get_u64(field[EVENT_COUNT]);
	ev->last.at = (int64_t)row_get_u64(field[EVENT_LAST_AT]);
	ev->last.nano = (uint32_t)row_get_u64(field[EVENT_LAST_NANO]);
}

/* Releases before format 5 did not store these fields. */
static void
decode_actor(const struct str *field, struct event *ev)
{
	struct str id = field[EVENT_REQUEST_ID];

	ev->kind = (enum actor_kind)row_get_u64(field[EVENT_KIND]);
	ev->scopes = (uint32_t)row_get_u64(field[EVENT_SCOPES]);
	ev->user_id = field[EVENT_USER_ID];
	ev->request_id = (struct guid){ .byte = { 0 } };
	if (id.n == sizeof(ev->request_id.byte))
		memcpy(ev->request_id.byte, id.p, id.n);
}

enum err
store_event_decode(struct str key, struct str row, struct event *ev)
{
	struct str field[EVENT_FIELDS];
	enum err e;

	if ((e = row_decode(key, row, field, EVENT_FIELDS)) != ERR_OK)
		return e;
	if (row_get_u64(field[EVENT_ACTION]) > STORE_IMPORTED ||
	    row_get_u64(field[EVENT_KIND]) >= ACTOR_KINDS)
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
	decode_count(field, ev);
	decode_actor(field, ev);
	ev->had_former = !str_is_null(field[EVENT_FORMER]);
	ev->former = (struct record){ .revision = 0 };
	return ev->had_former
	    ? record_decode_nested(field[EVENT_FORMER], &ev->former)
	    : ERR_OK;
}

bool
store_event_changes(const struct event *ev)
{
	switch (ev->action) {
	case STORE_CHANGED:
	case STORE_REMOVED:
	case STORE_RESTORED:
		return true;
	case STORE_IMPORTED:
		return ev->changed != 0;
	case STORE_REFUSED:
	case STORE_REQUESTED:
		break;
	}
	return false;
}
