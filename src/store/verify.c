/* SPDX-License-Identifier: ISC */
/*
 * verify.c - reads the whole store and finds the damage in it.
 *
 * It answers three questions. Is each row intact, and can it be found under its
 * key? Are these exactly the rows that were last written (tally.h)? Do the rows
 * agree with each other?
 */
#include "store/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/progress.h"
#include "format/crypto.h"
#include "format/row.h"
#include "store/delivery.h"
#include "store/place.h"
#include "store/store_private.h"

#define GUID_LEN sizeof(struct guid)

/* The part of one tenant's history that was read so far, from the newest event
 * backwards. */
struct past {
	struct guid tenant;
	uint64_t oldest; /* number of the last event read; 0: none */
	uint64_t swept; /* events up to this number may be missing */
	bool changed; /* an event of a change was read */
};

struct walk {
	struct txn *tx;
	const struct store_verifier *v;
	struct store_counts *counts;
	struct store_sums seen;
	uintptr_t page; /* for store_check_page */
	struct past past;
};

static void found(struct walk *w, const char *where, const struct guid *tenant,
    const char *format, ...) ATTR_PRINTF(4, 5);

static void
found(struct walk *w, const char *where, const struct guid *tenant,
    const char *format, ...)
{
	char what[160];
	va_list ap;

	w->counts->findings++;
	if (w->v->found == NULL)
		return;
	va_start(ap, format);
	if (vsnprintf(what, sizeof(what), format, ap) < 0)
		what[0] = '\0';
	va_end(ap);
	w->v->found(where, tenant, what, w->v->arg);
}

static enum err
stop_at_event(const struct event *ev, void *arg)
{
	(void)ev;
	*(bool *)arg = true;
	return ERR_STOP;
}

static void
need_history(struct walk *w, const char *where, const struct guid *tenant)
{
	bool any = false;
	enum err e = store_events(w->tx, tenant, stop_at_event, &any);

	if (e != ERR_OK && e != ERR_STOP)
		found(w, where, tenant, "its history is damaged");
	else if (!any)
		found(w, where, tenant, "it has no history");
}

/* Compares a record with the newest event of a change. Each change adds an
 * event with the former record, and puts a record of the next revision. */
static void
compare_record(
    struct walk *w, const struct guid *tenant, const struct event *newest)
{
	uint64_t revision = (newest->had_former ? newest->former.revision : 0) +
	    1;
	bool exists = newest->action != STORE_REMOVED;
	struct record r;
	enum err e = store_record(w->tx, tenant, &r);

	if (e == ERR_NOT_FOUND && exists)
		found(w, "record", tenant,
		    "missing, although its history does not end with a "
		    "removal");
	else if (e == ERR_OK && !exists)
		found(w, "record", tenant,
		    "present, although its history ends with a removal");
	else if (e == ERR_OK && r.revision != revision)
		found(w, "record", tenant,
		    "has revision %llu, but revision %llu by its history",
		    (unsigned long long)r.revision,
		    (unsigned long long)revision);
}

static void
follow_past(struct walk *w, const struct guid *tenant, const struct event *ev)
{
	struct past *p = &w->past;

	if (memcmp(&p->tenant, tenant, GUID_LEN) != 0)
		*p = (struct past){ .tenant = *tenant };
	if (p->oldest != 0 && ev->number + 1 != p->oldest &&
	    p->oldest - 1 > p->swept)
		found(w, "history", tenant,
		    "the events between %llu and %llu are missing",
		    (unsigned long long)ev->number,
		    (unsigned long long)p->oldest);
	p->oldest = ev->number;
	p->swept = ev->swept > p->swept ? ev->swept : p->swept;
	if (p->changed || !store_event_changes(ev))
		return;
	p->changed = true;
	compare_record(w, tenant, ev);
}

static enum err
look_at_event(struct walk *w, const struct guid *tenant, uint64_t number)
{
	struct event ev;
	enum err e;

	if ((e = store_event(w->tx, tenant, number, &ev)) != ERR_OK)
		return e;
	w->counts->events++;
	if (w->v->relations)
		follow_past(w, tenant, &ev);
	return ERR_OK;
}

/* Checks that a tenant has the place in the order that its record gives it; r
 * is NULL for a listed tenant without a record. */
static void
need_place(struct walk *w, const char *where, const struct guid *tenant,
    const struct record *r)
{
	struct store_expiry x = store_expiry_of(tenant, r);
	char bytes[STORE_EXPIRY_KEY_LEN];
	struct str row;

	if (store_tables_seen(w->tx) <= STORE_EXPIRY)
		return;
	if (store_peek(w->tx, STORE_EXPIRY, store_expiry_key(&x, bytes),
		&row) != ERR_OK)
		found(w, where, tenant, "missing in the order of expiry");
}

static enum err
look_at_record(struct walk *w, struct str key)
{
	struct guid tenant;
	uint64_t number;
	struct record r;
	enum err e;

	if (store_event_key(key, &tenant, &number))
		return look_at_event(w, &tenant, number);
	if (key.n != GUID_LEN)
		return ERR_CORRUPT;
	memcpy(&tenant, key.p, GUID_LEN);
	if ((e = store_record(w->tx, &tenant, &r)) != ERR_OK)
		return e;
	w->counts->records++;
	if (!w->v->relations)
		return ERR_OK;
	need_history(w, "record", &tenant);
	need_place(w, "record", &tenant, &r);
	return ERR_OK;
}

/* An event of format 1 or 2. Later formats keep events among the records. */
static enum err
look_at_former(struct walk *w, struct str key)
{
	struct guid tenant;
	uint64_t down;

	if (store_format_seen(w->tx) >= 3 ||
	    !store_event_key(key, &tenant, &down))
		return ERR_CORRUPT;
	return look_at_event(w, &tenant, ~down);
}

static enum err
look_at_token(struct walk *w, struct str key)
{
	struct token t;
	enum err e;

	if (key.n != STORE_HASH_LEN)
		return ERR_CORRUPT;
	if ((e = store_token(w->tx, (const uint8_t *)key.p, &t)) != ERR_OK)
		return e;
	w->counts->tokens++;
	return ERR_OK;
}

static enum err
look_at_request(struct walk *w, struct str key)
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	const uint8_t *key_id = NULL;
	struct guid tenant;
	struct csr c;
	enum err e;

	if (key.n != GUID_LEN && key.n != GUID_LEN + STORE_KEY_ID_LEN)
		return ERR_CORRUPT;
	memcpy(&tenant, key.p, GUID_LEN);
	if (key.n > GUID_LEN)
		key_id = (const uint8_t *)key.p + GUID_LEN;
	if ((e = store_csr(w->tx, &tenant, key_id, &c)) != ERR_OK)
		return e;
	w->counts->requests++;
	if (!w->v->relations)
		return ERR_OK;
	crypto_sha256(c.public_key, hash);
	if (key_id != NULL && memcmp(hash, key_id, STORE_KEY_ID_LEN) != 0)
		found(w, "request", &tenant,
		    "stored under the name of another key");
	need_history(w, "request", &tenant);
	if (w->v->request != NULL)
		w->v->request(&tenant, &c, w->v->arg);
	return ERR_OK;
}

static enum err
look_at_entry(struct walk *w, struct str key)
{
	struct notice notice;
	struct consent consent;
	struct custody custody;
	struct tenant listed;
	struct guid tenant;
	struct str row;
	enum err e;

	if (store_entry_tenant(key, "notice", 0, &tenant)) {
		e = store_notice(w->tx, &tenant, &notice);
		w->counts->notices += e == ERR_OK;
		return e;
	}
	if (store_entry_tenant(key, "consent", 0, &tenant)) {
		e = store_consent(w->tx, &tenant, &consent);
		w->counts->consents += e == ERR_OK;
		return e;
	}
	if (store_is_delivery(key, &tenant)) {
		e = store_delivery_at(w->tx, key);
		w->counts->deliveries += e == ERR_OK;
		return e;
	}
	if (store_is_place(key, &tenant)) {
		e = store_place_at(w->tx, key);
		w->counts->places += e == ERR_OK;
		return e;
	}
	if (store_entry_tenant(key, STORE_CUSTODY, 0, &tenant)) {
		e = store_custody(w->tx, &tenant, &custody);
		w->counts->custodies += e == ERR_OK;
		return e;
	}
	if (store_entry_tenant(key, STORE_LISTED, 0, &tenant)) {
		e = store_tenant(w->tx, &tenant, &listed);
		w->counts->tenants += e == ERR_OK;
		if (e == ERR_OK && w->v->relations &&
		    store_peek(w->tx, STORE_RECORD, store_tenant_key(&tenant),
			&row) == ERR_NOT_FOUND)
			need_place(w, "tenant", &tenant, NULL);
		return e;
	}
	if (str_is(key, STORE_SESSION_KEY))
		return store_session_epoch(w->tx, &(uint64_t){ 0 });
	return str_is(key, "format") ? ERR_OK : ERR_NEWER;
}

/* A record gives its tenant a place, and so does the listing of a tenant
 * without a record. */
static enum err
look_at_expiry(struct walk *w, struct str key)
{
	char bytes[STORE_KEY_MAX], right[STORE_EXPIRY_KEY_LEN];
	struct store_expiry x;
	struct record r;
	struct str row;
	bool has_record;
	enum err e;

	if (!store_expiry_place(key, &x))
		return ERR_CORRUPT;
	if (!w->v->relations)
		return ERR_OK;
	e = store_record(w->tx, &x.tenant, &r);
	has_record = e == ERR_OK;
	if (e == ERR_NOT_FOUND)
		e = store_peek(w->tx, STORE_META,
		    store_listed_key(&x.tenant, bytes), &row);
	if (e == ERR_NOT_FOUND) {
		found(w, "order of expiry", &x.tenant,
		    "has a place, but neither a record nor an entry");
		return ERR_OK;
	}
	if (e != ERR_OK)
		return ERR_OK; /* found at the record itself */
	x = store_expiry_of(&x.tenant, has_record ? &r : NULL);
	if (!str_eq(store_expiry_key(&x, right), key))
		found(w, "order of expiry", &x.tenant,
		    "has a place that its record does not give it");
	return ERR_OK;
}

static const struct table {
	const char *name;
	enum err (*look)(struct walk *w, struct str key);
} tables[STORE_TABLES] = {
#define X(name, word, in_database, one, all) { all, look_at_##word },
	STORE_TABLE_LIST(X)
#undef X
};

static const char *
row_name(enum store_table table, struct str key)
{
	if (table == STORE_RECORD)
		return key.n > GUID_LEN ? "history" : "record";
	return tables[table].name;
}

/* The tenant at the start of a key; NULL if the keys of the table have none. */
static const struct guid *
tenant_in(enum store_table table, struct str key, struct guid *out)
{
	if (table == STORE_TOKEN || table == STORE_META || key.n < GUID_LEN)
		return NULL;
	if (table == STORE_EXPIRY)
		key = str_tail(key, key.n - GUID_LEN);
	memcpy(out, key.p, GUID_LEN);
	return out;
}

static void
look_at(struct walk *w, enum store_table table, const struct store_cursor *at)
{
	const char *name = row_name(table, at->key);
	struct guid room;
	const struct guid *tenant = tenant_in(table, at->key, &room);
	enum err e;

	w->seen.rows[table]++;
	w->seen.sum[table] += row_checksum(at->row);
	if (store_check_page(w->tx, at->row, &w->page) == ERR_CORRUPT)
		found(w, name, tenant, "its page is damaged");
	if (row_check(at->key, at->row) != ERR_OK) {
		found(w, name, tenant, "does not match its checksum");
		return;
	}
	e = tables[table].look(w, at->key);
	if (e == ERR_NEWER)
		found(w, name, tenant, "written by a newer release");
	else if (e == ERR_NOT_FOUND)
		found(w, name, tenant, "not found under its key");
	else if (e != ERR_OK)
		found(w, name, tenant, "damaged");
}

static enum err
walk_table(struct walk *w, enum store_table table)
{
	/* In this direction a tenant's newest event comes first. */
	enum store_direction way =
	    table == STORE_FORMER_HISTORY ? STORE_PREVIOUS : STORE_NEXT;
	struct store_cursor at;
	enum err e;

	store_seek(w->tx, str_of(NULL), &at);
	while ((e = store_next(w->tx, table, way, &at)) == ERR_OK) {
		look_at(w, table, &at);
		progress_add(store_txn_progress(w->tx), 1);
	}
	if (e == ERR_CORRUPT)
		found(w, tables[table].name, NULL,
		    "a page is damaged; the rows after it were not read");
	return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
}

/* The store_report of check_whole. */
static void
report(void *arg, enum store_table table, const char *what)
{
	found(arg, table < STORE_TABLES ? tables[table].name : "store", NULL,
	    "%s", what);
}

enum err
store_verify(
    struct txn *tx, const struct store_verifier *v, struct store_counts *out)
{
	struct walk w = { .tx = tx, .v = v, .counts = out };
	unsigned table;
	enum err e;

	*out = (struct store_counts){ .findings = 0 };
	progress_step(store_txn_progress(tx), "verifying", store_rows(tx));
	w.seen.tables = store_tables_seen(tx);
	for (table = 0; table < w.seen.tables; table++)
		if ((e = walk_table(&w, (enum store_table)table)) != ERR_OK)
			return e;
	/* Format 1 has no tally. */
	if (store_format_seen(tx) < 2)
		return ERR_OK;
	return store_check_whole(tx, &w.seen, report, &w);
}
