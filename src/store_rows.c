/* SPDX-License-Identifier: ISC */
/*
 * store_rows.c - records, their history and requests as rows.
 *
 * The order of the fields is that of the stored form: new ones go to the end.
 */
#include "store.h"

#include <string.h>

#include "row.h"
#include "store_map.h"

static struct str
tenant_key(const struct guid *tenant)
{
	return str_from((const char *)tenant->byte, sizeof(tenant->byte));
}

/* The end of a walk is no failure. */
static enum err
walked(enum err e)
{
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
store_record(struct txn *tx, const struct guid *tenant, struct record *out)
{
	struct str key = tenant_key(tenant), row;
	enum err e;

	if ((e = store_get(tx, STORE_RECORD, key, &row)) != ERR_OK)
		return e;
	return store_decoded(
	    tx, record_decode(key, row, out), STORE_RECORD, key);
}

enum err
store_record_put(
    struct txn *tx, const struct guid *tenant, const struct record *r)
{
	struct str key = tenant_key(tenant);
	struct buf row;

	store_room(tx, STORE_ROW, &row);
	record_encode(key, r, &row);
	return store_put(tx, STORE_RECORD, key, &row);
}

enum err
store_record_delete(struct txn *tx, const struct guid *tenant)
{
	return store_remove(tx, STORE_RECORD, tenant_key(tenant));
}

/* The keys of a tenant's events lie between these of 0 and of UINT64_MAX, which
 * no event has. */
#define EVENT_KEY_LEN (sizeof(struct guid) + 8)

static struct str
event_key(const struct guid *tenant, uint64_t number, char out[EVENT_KEY_LEN])
{
	uint64_t down = ~number;
	size_t i;

	memcpy(out, tenant->byte, sizeof(tenant->byte));
	for (i = EVENT_KEY_LEN; i > sizeof(tenant->byte); down >>= 8)
		out[--i] = (char)(down & 0xff);
	return str_from(out, EVENT_KEY_LEN);
}

static uint64_t
last_eight_bytes(struct str key)
{
	uint64_t number = 0;
	size_t i;

	for (i = key.n - 8; i < key.n; i++)
		number = number << 8 | (unsigned char)key.p[i];
	return number;
}

bool
store_event_key(struct str key, struct guid *tenant, uint64_t *number)
{
	if (key.n != EVENT_KEY_LEN)
		return false;
	memcpy(tenant->byte, key.p, sizeof(tenant->byte));
	*number = ~last_eight_bytes(key);
	return true;
}

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

/* The tenant of a row, which is intact and a record or an event. */
static enum err
check_place(const struct store_place *at, struct guid *tenant)
{
	if (at->key.n != sizeof(tenant->byte) && at->key.n != EVENT_KEY_LEN)
		return ERR_CORRUPT;
	memcpy(tenant->byte, at->key.p, sizeof(tenant->byte));
	return row_check(at->key, at->row);
}

/* Visits the record at a place; behind an event there must be none. */
static enum err
visit_place(struct txn *tx, const struct store_place *at,
    const struct guid *tenant, store_record_visit *visit, void *arg)
{
	struct record r;
	enum err e;

	if (at->key.n == EVENT_KEY_LEN) {
		e = store_absent(tx, STORE_RECORD, tenant_key(tenant));
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	}
	if ((e = record_decode(at->key, at->row, &r)) != ERR_OK)
		return store_decoded(tx, e, STORE_RECORD, at->key);
	return visit(tenant, &r, arg);
}

enum err
store_records(struct txn *tx, store_record_visit *visit, void *arg)
{
	struct guid tenant;
	struct store_place at;
	enum err e;

	store_walk(tx, str_of(NULL), &at);
	while ((e = store_step(tx, STORE_RECORD, DB_NEXT, &at)) == ERR_OK) {
		if ((e = check_place(&at, &tenant)) != ERR_OK)
			return store_decoded(tx, e, STORE_RECORD, at.key);
		e = visit_place(tx, &at, &tenant, visit, arg);
		if (e != ERR_OK)
			return e;
		/* On behind its history. */
		at.key = event_key(&tenant, 0, at.byte);
	}
	return walked(e);
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

/* The number of the tenant's newest event, 0 if there is none. */
static enum err
newest_event(struct txn *tx, const struct guid *tenant, uint64_t *number)
{
	struct store_place at;
	enum err e;

	store_walk(tx, tenant_key(tenant), &at);
	e = store_step(tx, STORE_RECORD, DB_NEXT, &at);
	*number = e == ERR_OK ? event_number(at.key, tenant) : 0;
	/* None has the last number there is. */
	if (*number == UINT64_MAX)
		return store_fail(
		    tx, store_decoded(tx, ERR_CORRUPT, STORE_RECORD, at.key));
	return walked(e);
}

static enum err
put_event(struct txn *tx, const struct guid *tenant, uint64_t number,
    const struct event *ev)
{
	char bytes[EVENT_KEY_LEN];
	struct str key = event_key(tenant, number, bytes);
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
	char bytes[EVENT_KEY_LEN];
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
		    tx, STORE_RECORD, event_key(tenant, old, bytes));
	return walked(e);
}

/* Puts an event of format 2 where it belongs; one that is damaged as it is, so
 * that it is refused there too, and not taken for missing. */
static enum err
join_event(struct txn *tx, const struct store_place *at)
{
	uint64_t number = last_eight_bytes(at->key);
	char bytes[EVENT_KEY_LEN];
	struct guid tenant;
	struct event ev;
	struct buf row;

	memcpy(tenant.byte, at->key.p, sizeof(tenant.byte));
	if (decode_event(at->key, at->row, &ev) == ERR_OK)
		return put_event(tx, &tenant, number, &ev);
	store_room(tx, STORE_ROW, &row);
	buf_str(&row, at->row);
	return store_put(
	    tx, STORE_RECORD, event_key(&tenant, number, bytes), &row);
}

enum err
store_join_history(struct txn *tx)
{
	struct store_place at;
	enum err e;

	store_walk(tx, str_of(NULL), &at);
	while ((e = store_step(tx, STORE_FORMER_HISTORY, DB_NEXT, &at)) ==
	    ERR_OK) {
		if (at.key.n != EVENT_KEY_LEN)
			continue;
		if ((e = join_event(tx, &at)) != ERR_OK)
			return e;
		e = store_remove(tx, STORE_FORMER_HISTORY, at.key);
		if (e != ERR_OK)
			return e;
	}
	return walked(e);
}

enum err
store_event(struct txn *tx, const struct guid *tenant, uint64_t number,
    struct event *out)
{
	char bytes[EVENT_KEY_LEN];
	struct str key = event_key(tenant, number, bytes), row;
	enum err e;

	if ((e = store_get(tx, STORE_RECORD, key, &row)) != ERR_OK)
		return e;
	out->number = number;
	return store_decoded(
	    tx, decode_event(key, row, out), STORE_RECORD, key);
}

/* No event has got out of sight before the first or behind the last. The
 * tenant's own record may be damaged, when its history is needed most. */
static enum err
check_ends(struct txn *tx, const struct guid *tenant)
{
	char bytes[EVENT_KEY_LEN];
	struct store_place at;
	enum err e;

	store_walk(tx, event_key(tenant, UINT64_MAX, bytes), &at);
	e = store_step(tx, STORE_RECORD, DB_PREVIOUS, &at);
	if (e == ERR_OK && !str_eq(at.key, tenant_key(tenant)))
		e = store_decoded(
		    tx, row_check(at.key, at.row), STORE_RECORD, at.key);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	return walked(
	    store_absent(tx, STORE_RECORD, event_key(tenant, 0, bytes)));
}

/*
 * Goes on from the newer event in *ev to the one at a place of the walk.
 * ERR_NOT_FOUND at another tenant's. That one must be intact too: it may be
 * ours with a flipped bit in its key.
 */
static enum err
older_event(
    const struct store_place *at, const struct guid *tenant, struct event *ev)
{
	uint64_t newer = ev->number;
	enum err e;

	if ((e = row_check(at->key, at->row)) != ERR_OK)
		return e;
	if ((ev->number = event_number(at->key, tenant)) == 0)
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
	struct event ev = { .number = 0 };
	struct store_place at;
	enum err e;

	if ((e = check_ends(tx, tenant)) != ERR_OK)
		return e;
	store_walk(tx, tenant_key(tenant), &at);
	while ((e = store_step(tx, STORE_RECORD, DB_NEXT, &at)) == ERR_OK) {
		if ((e = older_event(&at, tenant, &ev)) != ERR_OK)
			return walked(
			    store_decoded(tx, e, STORE_RECORD, at.key));
		if ((e = visit(&ev, arg)) != ERR_OK)
			return e;
	}
	return walked(e);
}

enum {
	CSR_AT,
	CSR_NANO,
	CSR_REQUEST,
	CSR_PUBLIC_KEY,
	CSR_SEALED_KEY,
	CSR_FIELDS
};
_Static_assert(CSR_FIELDS <= ROW_FIELDS_MAX, "a request fits into a row");

#define CSR_KEY_MAX (sizeof(struct guid) + STORE_KEY_ID_LEN)

static struct str
csr_key(const struct guid *tenant, const uint8_t *key_id, char out[CSR_KEY_MAX])
{
	memcpy(out, tenant->byte, sizeof(tenant->byte));
	if (key_id == NULL)
		return str_from(out, sizeof(tenant->byte));
	memcpy(out + sizeof(tenant->byte), key_id, STORE_KEY_ID_LEN);
	return str_from(out, CSR_KEY_MAX);
}

enum err
store_csr(struct txn *tx, const struct guid *tenant, const uint8_t *key_id,
    struct csr *out)
{
	char bytes[CSR_KEY_MAX];
	struct str key = csr_key(tenant, key_id, bytes), row;
	struct str field[CSR_FIELDS];
	enum err e;

	if ((e = store_get(tx, STORE_REQUEST, key, &row)) != ERR_OK)
		return e;
	if ((e = row_decode(key, row, field, CSR_FIELDS)) != ERR_OK)
		return store_decoded(tx, e, STORE_REQUEST, key);
	out->when.at = (int64_t)row_get_u64(field[CSR_AT]);
	out->when.nano = (uint32_t)row_get_u64(field[CSR_NANO]);
	out->request = field[CSR_REQUEST];
	out->public_key = field[CSR_PUBLIC_KEY];
	out->sealed_key = field[CSR_SEALED_KEY];
	return ERR_OK;
}

enum err
store_csr_put(struct txn *tx, const struct guid *tenant, const uint8_t *key_id,
    const struct csr *c)
{
	char at[ROW_U64_LEN], nano[ROW_U64_LEN], bytes[CSR_KEY_MAX];
	const struct str field[CSR_FIELDS] = {
		[CSR_AT] = row_u64((uint64_t)c->when.at, at),
		[CSR_NANO] = row_u64(c->when.nano, nano),
		[CSR_REQUEST] = c->request,
		[CSR_PUBLIC_KEY] = c->public_key,
		[CSR_SEALED_KEY] = c->sealed_key,
	};
	struct str key = csr_key(tenant, key_id, bytes);
	struct buf row;

	store_room(tx, STORE_ROW, &row);
	row_encode(key, field, CSR_FIELDS, &row);
	return store_put(tx, STORE_REQUEST, key, &row);
}

enum err
store_csr_delete(
    struct txn *tx, const struct guid *tenant, const uint8_t *key_id)
{
	char bytes[CSR_KEY_MAX];

	return store_remove(tx, STORE_REQUEST, csr_key(tenant, key_id, bytes));
}

enum { NOTICE_SERIAL, NOTICE_EXPIRES, NOTICE_LEVEL, NOTICE_FIELDS };
_Static_assert(NOTICE_FIELDS <= ROW_FIELDS_MAX, "a notice fits into a row");

#define NOTICE "notice"
#define NOTICE_KEY_LEN (sizeof(NOTICE) - 1 + sizeof(struct guid))

static struct str
notice_key(const struct guid *tenant, char out[NOTICE_KEY_LEN])
{
	memcpy(out, NOTICE, sizeof(NOTICE) - 1);
	memcpy(out + sizeof(NOTICE) - 1, tenant->byte, sizeof(tenant->byte));
	return str_from(out, NOTICE_KEY_LEN);
}

enum err
store_notice(struct txn *tx, const struct guid *tenant, struct notice *out)
{
	char bytes[NOTICE_KEY_LEN];
	struct str key = notice_key(tenant, bytes), row;
	struct str field[NOTICE_FIELDS];
	enum err e;

	if ((e = store_get(tx, STORE_META, key, &row)) != ERR_OK)
		return e;
	if ((e = row_decode(key, row, field, NOTICE_FIELDS)) != ERR_OK)
		return store_decoded(tx, e, STORE_META, key);
	out->serial = field[NOTICE_SERIAL];
	out->expires = field[NOTICE_EXPIRES];
	out->level = row_get_u64(field[NOTICE_LEVEL]);
	return ERR_OK;
}

enum err
store_notice_put(
    struct txn *tx, const struct guid *tenant, const struct notice *n)
{
	char level[ROW_U64_LEN], bytes[NOTICE_KEY_LEN];
	const struct str field[NOTICE_FIELDS] = {
		[NOTICE_SERIAL] = n->serial,
		[NOTICE_EXPIRES] = n->expires,
		[NOTICE_LEVEL] = row_u64(n->level, level),
	};
	struct str key = notice_key(tenant, bytes);
	struct buf row;

	store_room(tx, STORE_ROW, &row);
	row_encode(key, field, NOTICE_FIELDS, &row);
	return store_put(tx, STORE_META, key, &row);
}
