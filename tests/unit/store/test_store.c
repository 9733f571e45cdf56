/* SPDX-License-Identifier: ISC */
/*
 * test_store.c - the store returns the values that were put, and no others:
 * rows, history, changes that share a commit, damage, many threads, SIGKILL.
 */
#include "store/store.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "unit_store.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define NONE              \
	{                 \
		.p = NULL \
	}

static struct store *
open_store(size_t map_size, unsigned history_keep)
{
	return unit_store((struct store_options){ .map_size = map_size,
	    .readers = 100,
	    .history_keep = history_keep });
}

static void
same_record(
    const char *name, const struct record *got, const struct record *want)
{
	unsigned i;

	unit_check(name, got->revision == want->revision);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		unit_same(name, got->value[i], want->value[i]);
}

/* A change that puts and deletes the members that are set, in this order. */
struct order {
	struct guid tenant;
	const struct record *record;
	const struct event *event;
	const struct token *token;
	const struct csr *csr;
	const uint8_t *delete_token;
	bool delete_record;
};

static enum err
obey(struct txn *tx, void *arg)
{
	const struct order *o = arg;
	enum err e = ERR_OK;

	if (o->record != NULL)
		e = store_record_put(tx, &o->tenant, o->record);
	if (e == ERR_OK && o->delete_record)
		e = store_record_delete(tx, &o->tenant);
	if (e == ERR_OK && o->event != NULL)
		e = store_event_add(tx, &o->tenant, o->event);
	if (e == ERR_OK && o->token != NULL)
		e = store_token_put(tx, o->token);
	if (e == ERR_OK && o->delete_token != NULL)
		e = store_token_delete(tx, o->delete_token);
	if (e == ERR_OK && o->csr != NULL)
		e = store_csr_put(tx, &o->tenant, NULL, o->csr);
	return e;
}

static enum err
put_record(struct store *st, unsigned n, const struct record *r)
{
	struct order o = { .tenant = unit_tenant(n), .record = r };

	return store_update(st, obey, &o);
}

static const struct {
	const char *name;
	struct record record;
} records[] = {
	{ "keeps a record of nulls", { .revision = 0 } },
	{ "keeps an empty text apart from a null",
	    { .value = { [RECORD_TOPIC] = STR("") }, .revision = 1 } },
	{ "keeps a whole record",
	    { .value = {
		  [RECORD_ID] = STR("2f8b7e1c-0d3a-4c5e-9b1f-6a7d8e9f0a1b"),
		  [RECORD_APPLE_ID] = STR("Apple Identifier value"),
		  [RECORD_TOPIC] = STR("com.apple.mgmt.External"),
		  [RECORD_MODIFIED] = STR("2022-03-22T12:40:15.0000000Z"),
		  [RECORD_EXPIRES] = STR("2016-12-31T23:57:57.2481234-08:00"),
		  [RECORD_STATUS] = STR("Succeeded"),
		  [RECORD_FAILURE] = STR("none"),
		  [RECORD_SERIAL] = STR("0B7002EFEA6BA6D0"),
		  [RECORD_CERTIFICATE] = STR("a\0b\r\n"),
	      },
		.revision = UINT64_MAX } },
};

START_TEST(keeps_records)
{
	struct store *st = open_store(MIB, 10);
	struct guid mine = unit_tenant(1), other = unit_tenant(2);
	struct record r;
	struct txn *tx;

	ck_assert(put_record(st, 1, &records[_i].record) == ERR_OK);
	store_close(st);
	st = open_store(MIB, 10);
	tx = unit_begin(st);
	unit_check(records[_i].name, store_record(tx, &mine, &r) == ERR_OK);
	same_record(records[_i].name, &r, &records[_i].record);
	unit_check(
	    records[_i].name, store_record(tx, &other, &r) == ERR_NOT_FOUND);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(deletes_records)
{
	struct store *st = open_store(MIB, 10);
	struct order o = { .tenant = unit_tenant(1), .delete_record = true };
	struct guid mine = unit_tenant(1), other = unit_tenant(2);
	struct record r;
	struct txn *tx;

	ck_assert(store_update(st, obey, &o) == ERR_NOT_FOUND);
	ck_assert(put_record(st, 1, &records[1].record) == ERR_OK);
	ck_assert(put_record(st, 2, &records[2].record) == ERR_OK);
	unit_update(st, obey, &o);
	tx = unit_begin(st);
	ck_assert(store_record(tx, &mine, &r) == ERR_NOT_FOUND);
	ck_assert(store_record(tx, &other, &r) == ERR_OK);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* Notes the items of a walk and stops it after `stop` of them (0: never). */
struct walk {
	unsigned count;
	unsigned stop;
	uint8_t seen[8];
};

static enum err
note(struct walk *w, uint8_t what)
{
	w->seen[w->count++ % sizeof(w->seen)] = what;
	return w->count == w->stop ? ERR_BUSY : ERR_OK;
}

static enum err
visit_record(const struct guid *t, const struct record *r, void *arg)
{
	ck_assert_uint_eq(r->revision, t->byte[15]);
	return note(arg, t->byte[15]);
}

static enum err
visit_token(const struct token *t, void *arg)
{
	return note(arg, t->hash[0]);
}

static enum err
visit_event(const struct event *ev, void *arg)
{
	return note(arg, (uint8_t)ev->number);
}

static const struct event events[] = {
	{
	    .number = 1,
	    .when = { -62135596800, 999999999 },
	    .action = STORE_CHANGED,
	    .actor = STR("a token"),
	    .outcome = NONE,
	    .changed = RECORD_BIT(RECORD_TOPIC) |
		RECORD_BIT(RECORD_CERTIFICATE),
	    .fingerprint = STR("0123456789abcdef0123456789abcdef"),
	},
	{
	    .number = 2,
	    .action = STORE_REFUSED,
	    .actor = NONE,
	    .outcome = STR("TopicChange"),
	    .fingerprint = NONE,
	    .had_former = true,
	    .former = { .value = { [RECORD_APPLE_ID] = STR("before"),
			    [RECORD_TOPIC] = STR("") },
		.revision = 41 },
	},
	{
	    .number = 3,
	    .when = { 253402300799, 0 },
	    .action = STORE_RESTORED,
	    .actor = STR(""),
	    .outcome = STR(""),
	    .changed = RECORD_ALL,
	    .fingerprint = STR(""),
	    .had_former = true,
	    .former = { .revision = 0 },
	},
};
#define EVENTS (sizeof(events) / sizeof(events[0]))

static void
add_events(struct store *st, unsigned n, unsigned times)
{
	struct order o = { .tenant = unit_tenant(n), .event = &events[0] };

	while (times-- > 0)
		unit_update(st, obey, &o);
}

START_TEST(walks_records_in_the_order_of_the_tenants)
{
	static const uint8_t tenants[] = { 7, 2, 5 }, sorted[] = { 2, 5, 7 };
	struct store *st = open_store(MIB, 10);
	struct walk all = { .count = 0 }, some = { .stop = 2 };
	struct record r = { .revision = 0 };
	struct txn *tx;
	size_t i;

	tx = unit_begin(st);
	ck_assert(store_records(tx, visit_record, &all) == ERR_OK);
	ck_assert_uint_eq(all.count, 0);
	store_end(tx);
	for (i = 0; i < sizeof(tenants); i++) {
		r.revision = tenants[i];
		ck_assert(put_record(st, tenants[i], &r) == ERR_OK);
	}
	/* The events of these tenants and of others are stored between the
	 * records. */
	for (i = 1; i < 9; i++)
		if (i != 5)
			add_events(st, (unsigned)i, 3);
	ck_assert(store_begin(tx) == ERR_OK);
	ck_assert(store_records(tx, visit_record, &all) == ERR_OK);
	ck_assert_uint_eq(all.count, 3);
	ck_assert_mem_eq(all.seen, sorted, sizeof(sorted));
	ck_assert(store_records(tx, visit_record, &some) == ERR_BUSY);
	ck_assert_uint_eq(some.count, 2);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(keeps_tokens)
{
	static const struct token first = {
		.hash = { 0x10, 1 },
		.tenant = { { 3 } },
		.scopes = UINT32_MAX,
		.name = STR("of the first"),
		.created_at = 1,
		.expires_at = INT64_MAX,
	};
	static const struct token second = {
		.hash = { 0x20, 2 },
		.tenant = { { 4 } },
		.name = NONE,
		.created_at = -1,
	};
	static const uint8_t unknown[STORE_HASH_LEN] = { 0x10, 2 };
	struct order put_first = { .token = &first };
	struct order put_second = { .token = &second };
	struct order delete_first = { .delete_token = first.hash };
	struct store *st = open_store(MIB, 10);
	struct walk w = { .count = 0 };
	struct token t;
	struct txn *tx;

	unit_update(st, obey, &put_second);
	unit_update(st, obey, &put_first);
	tx = unit_begin(st);
	ck_assert(store_token(tx, first.hash, &t) == ERR_OK);
	ck_assert_mem_eq(t.hash, first.hash, STORE_HASH_LEN);
	ck_assert_mem_eq(t.tenant.byte, first.tenant.byte, 16);
	ck_assert_uint_eq(t.scopes, UINT32_MAX);
	unit_same("the first's name", t.name, first.name);
	ck_assert_int_eq(t.created_at, 1);
	ck_assert_int_eq(t.expires_at, INT64_MAX);
	ck_assert(store_token(tx, second.hash, &t) == ERR_OK);
	unit_same("the second's name", t.name, second.name);
	ck_assert_int_eq(t.created_at, -1);
	ck_assert_int_eq(t.expires_at, 0);
	ck_assert(store_token(tx, unknown, &t) == ERR_NOT_FOUND);
	ck_assert(store_tokens(tx, visit_token, &w) == ERR_OK);
	ck_assert(w.count == 2 && w.seen[0] == 0x10 && w.seen[1] == 0x20);
	store_end(tx);
	unit_update(st, obey, &delete_first);
	ck_assert(store_update(st, obey, &delete_first) == ERR_NOT_FOUND);
	ck_assert(store_begin(tx) == ERR_OK);
	ck_assert(store_token(tx, first.hash, &t) == ERR_NOT_FOUND);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(keeps_the_last_request)
{
	static const struct csr csr[] = {
		{ .when = { 1, 2 },
		    .request = STR("old"),
		    .public_key = NONE,
		    .sealed_key = STR("") },
		{ .when = { INT64_MIN, 999999999 },
		    .request = STR("new"),
		    .public_key = STR("\x30\x00"),
		    .sealed_key = STR("s") },
	};
	struct store *st = open_store(MIB, 10);
	struct order o = { .tenant = unit_tenant(1) };
	struct guid mine = unit_tenant(1), other = unit_tenant(2);
	struct txn *tx = unit_begin(st);
	struct csr c;
	size_t i;

	ck_assert(store_csr(tx, &mine, NULL, &c) == ERR_NOT_FOUND);
	for (i = 0; i < 2; i++) {
		store_end(tx);
		o.csr = &csr[i];
		unit_update(st, obey, &o);
		ck_assert(store_begin(tx) == ERR_OK);
		ck_assert(store_csr(tx, &mine, NULL, &c) == ERR_OK);
		ck_assert_int_eq(c.when.at, csr[i].when.at);
		ck_assert_uint_eq(c.when.nano, csr[i].when.nano);
		unit_same("request", c.request, csr[i].request);
		unit_same("public key", c.public_key, csr[i].public_key);
		unit_same("sealed key", c.sealed_key, csr[i].sealed_key);
	}
	ck_assert(store_csr(tx, &other, NULL, &c) == ERR_NOT_FOUND);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

static enum err
same_event(const struct event *ev, void *arg)
{
	size_t *left = arg;
	const struct event *want = &events[--*left];

	ck_assert_uint_eq(ev->number, want->number);
	ck_assert_int_eq(ev->when.at, want->when.at);
	ck_assert_uint_eq(ev->when.nano, want->when.nano);
	ck_assert_int_eq(ev->action, want->action);
	unit_same("actor", ev->actor, want->actor);
	unit_same("outcome", ev->outcome, want->outcome);
	ck_assert_uint_eq(ev->changed, want->changed);
	unit_same("fingerprint", ev->fingerprint, want->fingerprint);
	ck_assert(ev->had_former == want->had_former);
	same_record("former", &ev->former, &want->former);
	return ERR_OK;
}

START_TEST(keeps_events_and_shows_the_newest_first)
{
	struct store *st = open_store(MIB, 10);
	struct order o = { .tenant = unit_tenant(1) };
	struct guid mine = unit_tenant(1), other = unit_tenant(2);
	size_t left = EVENTS, i;
	struct txn *tx;

	for (i = 0; i < EVENTS; i++) {
		o.event = &events[i];
		unit_update(st, obey, &o);
	}
	tx = unit_begin(st);
	ck_assert(store_events(tx, &mine, same_event, &left) == ERR_OK);
	ck_assert_uint_eq(left, 0);
	ck_assert(store_events(tx, &other, same_event, &left) == ERR_OK);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

static void
check_events(struct store *st, unsigned n, struct walk want)
{
	struct walk w = { .count = 0 };
	struct guid mine = unit_tenant(n);
	struct txn *tx = unit_begin(st);

	ck_assert(store_events(tx, &mine, visit_event, &w) == ERR_OK);
	ck_assert_uint_eq(w.count, want.count);
	ck_assert_mem_eq(w.seen, want.seen, sizeof(w.seen));
	store_reader_free(tx);
}

START_TEST(keeps_the_newest_events_of_each_tenant)
{
	struct store *st = open_store(MIB, 3);

	add_events(st, 1, 2);
	add_events(st, 3, 1);
	add_events(st, 2, 7);
	check_events(st, 1, (struct walk){ 2, 0, { 2, 1 } });
	check_events(st, 2, (struct walk){ 3, 0, { 7, 6, 5 } });
	check_events(st, 3, (struct walk){ 1, 0, { 1 } });
	store_close(st);

	/*
	 * The store now keeps a single event. The next event drops the others.
	 */
	st = open_store(MIB, 1);
	check_events(st, 2, (struct walk){ 3, 0, { 7, 6, 5 } });
	add_events(st, 2, 1);
	check_events(st, 2, (struct walk){ 1, 0, { 8 } });
	check_events(st, 1, (struct walk){ 2, 0, { 2, 1 } });
	store_close(st);

	/* The store keeps more events again, and at least one even with 0. */
	st = open_store(MIB, 3);
	add_events(st, 2, 1);
	check_events(st, 2, (struct walk){ 2, 0, { 9, 8 } });
	store_close(st);
	st = open_store(MIB, 0);
	add_events(st, 2, 1);
	check_events(st, 2, (struct walk){ 1, 0, { 10 } });
	store_close(st);
}
END_TEST

/* Puts the row of another format, as a release of that format would. */
static void
put_format(uint64_t format)
{
	struct unit_tables t = unit_tables_open(unit_directory());

	unit_put_format(t.tx, format);
	unit_tables_commit(&t);
}

static void
upgrade(struct store *st)
{
	const struct store_upgrade_options plainly = { .keep_copy = false };

	ck_assert_int_eq(store_upgrade(st, &plainly), ERR_OK);
}

static const struct {
	const char *name;
	uint64_t format;
	bool create;
	enum err outcome;
} formats[] = {
	{ "opens its own format", STORE_FORMAT, false, ERR_OK },
	{ "opens format 1", 1, false, ERR_OK },
	{ "opens format 2 with permission to create", 2, true, ERR_OK },
	{ "opens format 3", 3, false, ERR_OK },
	{ "refuses a newer format", STORE_FORMAT + 1, false, ERR_NEWER },
	{ "refuses a newer format with permission to create", STORE_FORMAT + 1,
	    true, ERR_NEWER },
	{ "treats a store without a format as absent", 0, false, ERR_NO_STORE },
	{ "writes its format into a store without one", 0, true, ERR_OK },
};

START_TEST(knows_its_format)
{
	struct store_options options = {
		.directory = unit_directory(),
		.map_size = MIB,
		.create = formats[_i].create,
	};
	struct record r = { .revision = 1 };
	struct store *st = NULL;
	unsigned format = formats[_i].format == 0
	    ? STORE_FORMAT
	    : (unsigned)formats[_i].format;

	store_close(open_store(MIB, 1));
	put_format(formats[_i].format);
	unit_check(
	    formats[_i].name, store_open(&options, &st) == formats[_i].outcome);
	if (formats[_i].outcome != ERR_OK)
		return;
	unit_check(formats[_i].name, store_format(st) == format);
	unit_check(formats[_i].name,
	    put_record(st, 1, &r) ==
		(format == STORE_FORMAT ? ERR_OK : ERR_OLD_FORMAT));
	upgrade(st);
	unit_check(formats[_i].name, store_format(st) == STORE_FORMAT);
	unit_check(formats[_i].name, put_record(st, 1, &r) == ERR_OK);
	store_close(st);
	options.create = false;
	st = NULL;
	unit_check(formats[_i].name, store_open(&options, &st) == ERR_OK);
	unit_check(formats[_i].name, store_format(st) == STORE_FORMAT);
	store_close(st);
}
END_TEST

/* The verification finds rows that were put without the store's knowledge. In
 * format 1 some were never counted, because it had no tally. */
static const struct {
	const char *name;
	uint64_t format;
	uint64_t findings;
} joined[] = {
	{ "moves the history of format 1", 1, 2 },
	{ "moves the history of format 2, and keeps counting", 2, 4 },
	{ "moves events that an older release wrote into format 3", 3, 4 },
};

START_TEST(an_upgrade_moves_the_history)
{
	const struct store_verifier quiet = { .relations = false };
	struct guid mine = unit_tenant(1), other = unit_tenant(2),
		    last = unit_tenant(3);
	struct store_counts counts;
	char key[24] = { 0 };
	struct unit_tables t;
	struct txn *tx;
	struct store *st;
	size_t left = EVENTS;
	uint8_t i;

	store_close(open_store(MIB, 10));
	t = unit_tables_open(unit_directory());
	unit_put_format(t.tx, joined[_i].format);
	for (i = 0; i < EVENTS; i++) {
		unit_put_former_event(t.tx, &mine, &events[i]);
		unit_put_former_event(t.tx, &other, &events[i]);
	}
	/* An unreadable row does not prevent the store from opening. */
	unit_put_row(t.tx, STORE_FORMER_HISTORY, str_of("damaged"), STR_EMPTY);
	memcpy(key, last.byte, sizeof(last.byte));
	key[23] = 1;
	unit_put_row(t.tx, STORE_FORMER_HISTORY, str_from(key, sizeof(key)),
	    str_of("not an event"));
	unit_tables_commit(&t);

	st = open_store(MIB, 10);
	upgrade(st);
	tx = unit_begin(st);
	ck_assert(store_events(tx, &mine, same_event, &left) == ERR_OK);
	ck_assert_uint_eq(left, 0);
	left = EVENTS;
	ck_assert(store_events(tx, &last, same_event, &left) == ERR_CORRUPT);
	ck_assert_uint_eq(left, EVENTS);
	ck_assert(store_verify(tx, &quiet, &counts) == ERR_OK);
	ck_assert_uint_eq(counts.events, 2 * EVENTS);
	unit_check(joined[_i].name, counts.findings == joined[_i].findings);
	store_reader_free(tx);
	add_events(st, 1, 1);
	check_events(st, 1, (struct walk){ 4, 0, { 4, 3, 2, 1 } });
	/* The tenant with the damaged event is the next newer neighbour. */
	tx = unit_begin(st);
	ck_assert(store_events(tx, &other, same_event, &left) == ERR_CORRUPT);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* Puts a row that no release wrote into the table of the records. */
static void
damage_record(struct str key)
{
	struct unit_tables t = unit_tables_open(unit_directory());

	unit_put_row(t.tx, STORE_RECORD, key, str_of("damaged"));
	unit_tables_commit(&t);
}

/* A tenant whose record is damaged needs the history to repair it. */
START_TEST(shows_the_history_of_a_damaged_record)
{
	struct record r = { .revision = 1 };
	struct guid g = unit_tenant(1);
	struct store *st = open_store(MIB, 10);

	ck_assert(put_record(st, 1, &r) == ERR_OK);
	add_events(st, 1, 2);
	store_close(st);
	damage_record(str_from((char *)g.byte, sizeof(g.byte)));
	st = open_store(MIB, 10);
	check_events(st, 1, (struct walk){ 2, 0, { 2, 1 } });
	store_close(st);
}
END_TEST

/* Rows in the map of records that are not records. A flipped bit in the key of
 * a record has this effect. */
static const struct {
	const char *name;
	struct str key;
} strays[] = {
	{ "a key that is too short", STR("short") },
	{ "a tenant and a byte", STR("\xa0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0") },
	{ "an event that is damaged",
	    STR("\xa0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\xff\xff\xff\xff\xff\xff\xff\xfe") },
};

START_TEST(a_walk_over_records_reports_stray_rows)
{
	struct record r = { .revision = 1 };
	struct walk w = { .count = 0 };
	struct store *st = open_store(MIB, 10);
	struct txn *tx;

	ck_assert(put_record(st, 1, &r) == ERR_OK);
	r.revision = 3;
	ck_assert(put_record(st, 3, &r) == ERR_OK);
	store_close(st);
	damage_record(strays[_i].key);
	st = open_store(MIB, 10);
	tx = unit_begin(st);
	unit_check(strays[_i].name,
	    store_records(tx, visit_record, &w) == ERR_CORRUPT);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(refuses_a_format_that_is_damaged)
{
	const struct store_options options = {
		.directory = unit_directory(),
		.map_size = MIB,
		.create = true,
	};
	struct store *st = NULL;
	struct unit_tables t;

	store_close(open_store(MIB, 1));
	t = unit_tables_open(unit_directory());
	unit_put_row(
	    t.tx, STORE_META, str_of("format"), str_of("\1\1 something else"));
	unit_tables_commit(&t);
	ck_assert(store_open(&options, &st) == ERR_CORRUPT);
	ck_assert(st == NULL);
}
END_TEST

/* Flips a bit in every occurrence of a text in the data file. */
static void
damage(struct str text, unsigned bit)
{
	size_t hits = 0, i;
	char path[128], *all;
	struct stat s;
	int fd;

	snprintf(path, sizeof(path), "%s/data.mdb", unit_directory());
	ck_assert((fd = open(path, O_RDWR)) >= 0 && fstat(fd, &s) == 0);
	all = malloc((size_t)s.st_size);
	ck_assert(pread(fd, all, (size_t)s.st_size, 0) == s.st_size);
	for (i = 0; i + text.n <= (size_t)s.st_size; i++)
		if (memcmp(all + i, text.p, text.n) == 0) {
			i += bit / 8;
			all[i] ^= (char)(1 << bit % 8);
			hits += pwrite(fd, all + i, 1, (off_t)i) == 1;
		}
	free(all);
	close(fd);
	ck_assert_uint_gt(hits, 0);
}

START_TEST(never_returns_a_damaged_value)
{
	static const struct record r = { .value = { STR("in the record") } };
	static const struct token t = { .hash = { 1 },
		.name = STR("in the token") };
	static const struct csr c = { .request = STR("in the request") };
	static const struct event ev = { .actor = STR("in the event") };
	struct order o = { .tenant = unit_tenant(1),
		.record = &r,
		.token = &t,
		.csr = &c,
		.event = &ev };
	struct store *st = open_store(MIB, 10);
	struct guid mine = unit_tenant(1), other = unit_tenant(2);
	struct walk w = { .count = 0 };
	struct record got;
	struct token token;
	struct csr csr;
	struct txn *tx;

	unit_update(st, obey, &o);
	ck_assert(put_record(st, 2, &records[2].record) == ERR_OK);
	damage(str_of("in the record"), 2);
	damage(str_of("in the token"), 2);
	damage(str_of("in the request"), 2);
	damage(str_of("in the event"), 2);
	tx = unit_begin(st);
	ck_assert(store_record(tx, &mine, &got) == ERR_CORRUPT);
	ck_assert(store_records(tx, visit_record, &w) == ERR_CORRUPT);
	ck_assert(store_token(tx, t.hash, &token) == ERR_CORRUPT);
	ck_assert(store_tokens(tx, visit_token, &w) == ERR_CORRUPT);
	ck_assert(store_csr(tx, &mine, NULL, &csr) == ERR_CORRUPT);
	ck_assert(store_events(tx, &mine, visit_event, &w) == ERR_CORRUPT);
	ck_assert_uint_eq(w.count, 0);
	ck_assert(store_record(tx, &other, &got) == ERR_OK);
	same_record("the other's", &got, &records[2].record);
	store_end(tx);
	/* A new value replaces the damaged one. */
	ck_assert(put_record(st, 1, &r) == ERR_OK);
	ck_assert(store_begin(tx) == ERR_OK);
	ck_assert(store_record(tx, &mine, &got) == ERR_OK);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* Enough rows to fill many pages, so that there are branch pages, whose keys
 * lead to other pages. */
#define CROWD 200

static struct guid
crowd_tenant(unsigned n)
{
	struct guid g = { { 0 } };

	/* The keys are spread. No two differ in a single bit, and none is all
	 * zeros, because zeros occur everywhere in a file. */
	n++;
	n = n << 8 | (n ^ n >> 1) % 256;
	memcpy(g.byte, &n, sizeof(n));
	memcpy(g.byte + 12, &n, sizeof(n));
	return g;
}

static enum err
put_crowd(struct txn *tx, void *arg)
{
	static char text[500];
	const struct record r = { .value = { str_from(text, sizeof(text)) } };
	const struct event ev = { .had_former = true, .former = r };
	struct token t = { .name = r.value[0] };
	struct order o = { .record = &r, .event = &ev, .token = &t };
	enum err e = ERR_OK;
	unsigned n;

	(void)arg;
	for (n = 0; n < CROWD && e == ERR_OK; n++) {
		o.tenant = crowd_tenant(n);
		memcpy(t.hash, o.tenant.byte, sizeof(o.tenant.byte));
		if ((e = obey(tx, &o)) == ERR_OK)
			e = obey(tx, &o);
	}
	return e;
}

/* Reads everything and returns the number of failures. Each failure must be
 * ERR_CORRUPT. */
static unsigned
count_damage(struct store *st)
{
	struct txn *tx = unit_begin(st);
	unsigned n, found = 0;
	struct record r;
	struct token t;
	struct walk w;
	struct guid g;
	enum err e;

	for (n = 0; n < CROWD; n++) {
		g = crowd_tenant(n);
		e = store_record(tx, &g, &r);
		found += e != ERR_OK;
		ck_assert(e == ERR_OK || e == ERR_CORRUPT);
		memset(t.hash, 0, sizeof(t.hash));
		memcpy(t.hash, g.byte, sizeof(g.byte));
		e = store_token(tx, t.hash, &t);
		found += e != ERR_OK;
		ck_assert(e == ERR_OK || e == ERR_CORRUPT);
		w.count = w.stop = 0;
		e = store_events(tx, &g, visit_event, &w);
		found += e != ERR_OK;
		ck_assert(e == ERR_CORRUPT || (e == ERR_OK && w.count == 2));
	}
	store_reader_free(tx);
	return found;
}

START_TEST(a_row_with_a_damaged_key_is_not_reported_as_absent)
{
	struct guid g = crowd_tenant((unsigned)_i * 7 % CROWD);
	struct store *st = open_store(16 * MIB, 10);

	unit_update(st, put_crowd, NULL);
	ck_assert_uint_eq(count_damage(st), 0);
	/* Damages the key on leaf pages and on branch pages. */
	damage(str_from((const char *)g.byte, sizeof(g.byte)),
	    (unsigned)_i * 5 % 128);
	ck_assert_uint_gt(count_damage(st), 0);
	store_close(st);
}
END_TEST

START_TEST(survives_a_file_that_was_cut_off)
{
	const struct store_options options = {
		.directory = unit_directory(),
		.map_size = 16 * MIB,
	};
	struct store *st = open_store(16 * MIB, 10);
	char path[128];
	struct stat s;
	enum err e;

	unit_update(st, put_crowd, NULL);
	store_close(st);
	snprintf(path, sizeof(path), "%s/data.mdb", unit_directory());
	ck_assert(stat(path, &s) == 0);
	ck_assert(truncate(path, s.st_size / 16 * (16 - _i)) == 0);
	st = NULL;
	e = store_open(&options, &st);
	ck_assert(e == ERR_OK || e == ERR_CORRUPT || e == ERR_NO_STORE);
	if (e == ERR_OK)
		ck_assert_uint_gt(count_damage(st), 0);
	store_close(st);
}
END_TEST

/* Changes of several threads that share a commit: the change of the first
 * thread waits until the other changes must be in the queue. */
struct together {
	struct store *st;
	store_change *change;
	void *arg;
	enum err outcome;
	pthread_t thread;
};

static enum err
hold(struct txn *tx, void *arg)
{
	atomic_int *held = arg;

	(void)tx;
	if (atomic_exchange(held, 1) == 0)
		usleep(200 * 1000);
	return ERR_OK;
}

static void *
update(void *arg)
{
	struct together *t = arg;

	t->outcome = store_update(t->st, t->change, t->arg);
	return NULL;
}

static void
run_together(struct store *st, struct together *t, size_t n)
{
	atomic_int held = 0;
	struct together first = { st, hold, &held, ERR_INTERNAL, 0 };
	size_t i;

	ck_assert(pthread_create(&first.thread, NULL, update, &first) == 0);
	while (atomic_load(&held) == 0)
		usleep(1000);
	for (i = 0; i < n; i++) {
		t[i].st = st;
		t[i].outcome = ERR_INTERNAL;
		ck_assert(
		    pthread_create(&t[i].thread, NULL, update, &t[i]) == 0);
	}
	for (i = 0; i < n; i++)
		pthread_join(t[i].thread, NULL);
	pthread_join(first.thread, NULL);
	ck_assert(first.outcome == ERR_OK);
}

/* Refuses, as a change does whose precondition is not met. */
static enum err
refuse(struct txn *tx, void *arg)
{
	struct record r;
	enum err e = store_record(tx, arg, &r);

	return e == ERR_OK || e == ERR_NOT_FOUND ? ERR_PRECONDITION : e;
}

START_TEST(commits_the_others_when_one_is_refused)
{
	struct store *st = open_store(MIB, 10);
	struct order first = { .tenant = unit_tenant(1),
		.record = &records[1].record };
	struct order third = { .tenant = unit_tenant(3),
		.record = &records[2].record };
	struct guid second = unit_tenant(2);
	struct together t[] = {
		{ .change = obey, .arg = &first },
		{ .change = refuse, .arg = &second },
		{ .change = obey, .arg = &third },
	};
	struct record r;
	struct txn *tx;

	run_together(st, t, 3);
	ck_assert(t[0].outcome == ERR_OK);
	ck_assert(t[1].outcome == ERR_PRECONDITION);
	ck_assert(t[2].outcome == ERR_OK);
	tx = unit_begin(st);
	ck_assert(store_record(tx, &first.tenant, &r) == ERR_OK);
	ck_assert(store_record(tx, &second, &r) == ERR_NOT_FOUND);
	ck_assert(store_record(tx, &third.tenant, &r) == ERR_OK);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* Misuses the interface: a change must refuse before it puts anything. */
static enum err
put_and_refuse(struct txn *tx, void *arg)
{
	enum err e = store_record_put(tx, arg, &records[1].record);

	return e == ERR_OK ? ERR_PRECONDITION : e;
}

START_TEST(undoes_a_change_that_has_put_and_refused)
{
	struct store *st = open_store(MIB, 10);
	struct order first = { .tenant = unit_tenant(1),
		.record = &records[1].record };
	struct guid second = unit_tenant(2);
	struct together t[] = {
		{ .change = obey, .arg = &first },
		{ .change = put_and_refuse, .arg = &second },
	};
	struct record r;
	struct txn *tx;

	run_together(st, t, 2);
	ck_assert(t[0].outcome == ERR_OK);
	ck_assert(t[1].outcome == ERR_INTERNAL);
	ck_assert(store_update(st, put_and_refuse, &second) == ERR_INTERNAL);
	tx = unit_begin(st);
	ck_assert(store_record(tx, &first.tenant, &r) == ERR_OK);
	ck_assert(store_record(tx, &second, &r) == ERR_NOT_FOUND);
	/* A read transaction cannot put either. */
	ck_assert(
	    store_record_put(tx, &second, &records[1].record) == ERR_INTERNAL);
	if (!unit_on_server())
		ck_assert(store_begin(tx) == ERR_INTERNAL);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

static struct record
large_record(size_t n)
{
	static char text[256 * KIB];
	struct record r = { .revision = 1 };

	ck_assert(n <= sizeof(text));
	memset(text, 'x', sizeof(text));
	r.value[RECORD_CERTIFICATE] = str_from(text, n);
	return r;
}

static const struct {
	const char *name;
	size_t map_size;
	size_t large;
	enum err outcome;
} misfits[] = {
	{ "commits the others when one has no room in the map", 160 * KIB,
	    120 * KIB, ERR_FULL },
	{ "commits the others when one is longer than any row", MIB,
	    STORE_VALUE_MAX, ERR_MEMORY },
};

START_TEST(commits_the_others_when_one_does_not_fit)
{
	struct record large = large_record(misfits[_i].large), r;
	struct store *st = open_store(misfits[_i].map_size, 10);
	struct order o[] = {
		{ .tenant = unit_tenant(1), .record = &records[1].record },
		{ .tenant = unit_tenant(2),
		    .record = &large,
		    .event = &events[0] },
		{ .tenant = unit_tenant(3), .record = &records[2].record },
	};
	struct together t[3];
	struct txn *tx;
	size_t i;

	for (i = 0; i < 3; i++)
		t[i] = (struct together){ .change = obey, .arg = &o[i] };
	run_together(st, t, 3);
	unit_check(misfits[_i].name, t[0].outcome == ERR_OK);
	unit_check(misfits[_i].name, t[1].outcome == misfits[_i].outcome);
	unit_check(misfits[_i].name, t[2].outcome == ERR_OK);
	tx = unit_begin(st);
	ck_assert(store_record(tx, &o[0].tenant, &r) == ERR_OK);
	same_record(misfits[_i].name, &r, &records[1].record);
	ck_assert(store_record(tx, &o[1].tenant, &r) == ERR_NOT_FOUND);
	ck_assert(store_record(tx, &o[2].tenant, &r) == ERR_OK);
	same_record(misfits[_i].name, &r, &records[2].record);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* Puts a record that does not fit, and ignores the error. */
static enum err
ignore(struct txn *tx, void *arg)
{
	struct record large = large_record(STORE_VALUE_MAX), r;
	struct guid other = unit_tenant(2);
	enum err e;

	if ((e = store_record_put(tx, &other, &records[1].record)) != ERR_OK)
		return e;
	/* In PostgreSQL the former record must be fetched first. */
	if ((e = store_record_put(tx, arg, &large)) == ERR_BUSY)
		return e;
	ck_assert(e == ERR_MEMORY);
	ck_assert(store_record(tx, &other, &r) == ERR_MEMORY);
	ck_assert(store_record_delete(tx, &other) == ERR_MEMORY);
	return ERR_OK;
}

START_TEST(keeps_nothing_of_a_change_that_ignored_an_error)
{
	struct store *st = open_store(MIB, 10);
	struct guid mine = unit_tenant(1), other = unit_tenant(2);
	struct record r;
	struct txn *tx;

	ck_assert(store_update(st, ignore, &mine) == ERR_MEMORY);
	tx = unit_begin(st);
	ck_assert(store_record(tx, &mine, &r) == ERR_NOT_FOUND);
	ck_assert(store_record(tx, &other, &r) == ERR_NOT_FOUND);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(keeps_a_record_of_the_longest_texts_and_its_event)
{
	static char text[4 * KIB];
	struct record r = large_record(32 * KIB), got;
	struct event ev = { .had_former = true };
	struct order o = {
		.tenant = unit_tenant(1), .record = &r, .event = &ev
	};
	struct store *st = open_store(4 * MIB, 10);
	struct txn *tx;
	unsigned i;

	memset(text, 'y', sizeof(text));
	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (i != RECORD_CERTIFICATE)
			r.value[i] = str_from(text, sizeof(text));
	ev.former = r;
	unit_update(st, obey, &o);
	tx = unit_begin(st);
	ck_assert(store_record(tx, &o.tenant, &got) == ERR_OK);
	same_record("the longest", &got, &r);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* A value that a change has read stays valid and unchanged while the change
 * puts other values. */
static enum err
read_then_put(struct txn *tx, void *arg)
{
	struct record large = large_record(KIB), small = records[1].record, r;
	struct guid mine = unit_tenant(1), other = unit_tenant(2);
	enum err e;

	(void)arg;
	if ((e = store_record_put(tx, &other, &small)) != ERR_OK ||
	    (e = store_record(tx, &mine, &r)) != ERR_OK)
		return e;
	ck_assert(store_record_put(tx, &other, &large) == ERR_OK);
	ck_assert(store_record_put(tx, &mine, &large) == ERR_OK);
	same_record("a record that was read", &r, &records[2].record);
	return ERR_OK;
}

START_TEST(values_that_a_change_has_read_stay_valid)
{
	struct store *st = open_store(MIB, 10);

	ck_assert(put_record(st, 1, &records[2].record) == ERR_OK);
	unit_update(st, read_then_put, NULL);
	store_close(st);
}
END_TEST

static enum err
delete_visited(const struct guid *t, const struct record *r, void *arg)
{
	(void)r;
	return store_record_delete(arg, t);
}

static enum err
delete_all(struct txn *tx, void *arg)
{
	(void)arg;
	return store_records(tx, delete_visited, tx);
}

START_TEST(a_walk_survives_the_deletion_of_its_items)
{
	struct record large = large_record(8 * KIB);
	struct store *st = open_store(4 * MIB, 10);
	struct walk w = { .count = 0 };
	struct txn *tx;
	unsigned i;

	/*
	 * The records are larger together than the scratch memory of a change.
	 */
	for (i = 0; i < 100; i++)
		ck_assert(put_record(st, i, &large) == ERR_OK);
	unit_update(st, delete_all, NULL);
	tx = unit_begin(st);
	ck_assert(store_records(tx, visit_record, &w) == ERR_OK);
	ck_assert_uint_eq(w.count, 0);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* Returns a text that depends on the revision, and so does its length. */
static struct str
text_of(uint64_t revision)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return str_from(letters + revision % 26, 1 + revision % 27);
}

/* Reads the record, puts a new one, and then adds an event with the values that
 * were read at first. */
static enum err
increment(struct txn *tx, void *arg)
{
	struct event ev = { .action = STORE_CHANGED };
	struct record r = { .revision = 0 };
	enum err e;

	e = store_record(tx, arg, &ev.former);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	ev.had_former = e == ERR_OK;
	if (ev.had_former)
		r = ev.former;
	else
		ev.former = r;
	r.revision++;
	r.value[RECORD_APPLE_ID] = text_of(r.revision);
	if ((e = store_record_put(tx, arg, &r)) != ERR_OK)
		return e;
	return store_event_add(tx, arg, &ev);
}

#define TENANTS 8
#define THREADS 64
#define UPDATES 200

struct worker {
	struct store *st;
	unsigned number;
	pthread_t thread;
};

static void *
work(void *arg)
{
	const struct worker *w = arg;
	struct guid t;
	unsigned i;

	for (i = 0; i < UPDATES; i++) {
		t = unit_tenant((w->number + i) % TENANTS);
		unit_update(w->st, increment, &t);
		if (i % 10 == 0)
			ck_assert(store_update(w->st, refuse, &t) ==
			    ERR_PRECONDITION);
	}
	return NULL;
}

/* Each event holds the record before its change: revisions decrease by one. */
static enum err
check_former(const struct event *ev, void *arg)
{
	uint64_t *revision = arg;

	ck_assert_uint_eq(ev->number, *revision);
	ck_assert_uint_eq(ev->former.revision, --*revision);
	if (*revision > 0)
		unit_same("former", ev->former.value[RECORD_APPLE_ID],
		    text_of(*revision));
	return ERR_OK;
}

START_TEST(counts_every_change_of_many_threads)
{
	struct store *st = open_store(64 * MIB, 100);
	struct worker w[THREADS];
	uint64_t sum = 0;
	struct record r;
	struct guid t;
	struct txn *tx;
	unsigned i;

	for (i = 0; i < THREADS; i++) {
		w[i].st = st;
		w[i].number = i;
		ck_assert(pthread_create(&w[i].thread, NULL, work, &w[i]) == 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(w[i].thread, NULL);
	tx = unit_begin(st);
	for (i = 0; i < TENANTS; i++) {
		t = unit_tenant(i);
		ck_assert(store_record(tx, &t, &r) == ERR_OK);
		sum += r.revision;
		ck_assert(
		    store_events(tx, &t, check_former, &r.revision) == ERR_OK);
	}
	ck_assert_uint_eq(sum, THREADS * UPDATES);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

#define KILLS 20
#define VICTIMS 16

/* Writes a byte into a pipe for each change that is acknowledged, and so on
 * disk. */
struct victim {
	struct store *st;
	uint8_t number;
	int acks;
	pthread_t thread;
};

static void *
change_until_killed(void *arg)
{
	const struct victim *v = arg;
	struct guid t = unit_tenant(v->number);

	while (store_update(v->st, increment, &t) == ERR_OK)
		if (write(v->acks, &v->number, 1) != 1)
			break;
	return NULL;
}

static _Noreturn void
run_victims(const char *directory, int acks)
{
	struct store_options options = {
		.directory = directory,
		.map_size = 64 * MIB,
		.history_keep = 10,
		.create = true,
	};
	struct victim v[VICTIMS];
	char schema[UNIT_SCHEMA_MAX];
	struct store *st;
	uint8_t i;

	unit_engine(&options, schema);
	if (store_open(&options, &st) != ERR_OK)
		_exit(1);
	for (i = 0; i < VICTIMS; i++) {
		v[i] = (struct victim){ .st = st, .number = i, .acks = acks };
		pthread_create(&v[i].thread, NULL, change_until_killed, &v[i]);
	}
	for (;;)
		pause();
}

/* Every acknowledged change is there, and at most one more per thread, whose
 * acknowledgement was under way. PostgreSQL may commit the last batch of a
 * killed process after the look at it, which then counts one too few. */
static void
check_acks(uint64_t *acks)
{
	unsigned late = getenv("PUSHCERT_TEST_DATABASE") != NULL ? 1 : 0, i;
	struct store *st = open_store(64 * MIB, 10);
	struct txn *tx = unit_begin(st);
	struct record r;
	struct guid t;
	enum err e;

	for (i = 0; i < VICTIMS; i++) {
		t = unit_tenant(i);
		r.revision = 0;
		e = store_record(tx, &t, &r);
		ck_assert(e == ERR_OK || (e == ERR_NOT_FOUND && acks[i] == 0));
		ck_assert_uint_ge(r.revision, acks[i]);
		ck_assert_uint_le(r.revision, acks[i] + 1 + late);
		acks[i] = r.revision;
		ck_assert(
		    store_events(tx, &t, check_former, &r.revision) == ERR_OK);
	}
	store_reader_free(tx);
	store_close(st);
}

START_TEST(loses_no_acknowledged_change_to_sigkill)
{
	const char *directory = unit_directory();
	uint64_t acks[VICTIMS] = { 0 }, total = 0;
	uint8_t ack[4096];
	int ends[2], round;
	ssize_t n, i;
	pid_t pid;

	for (round = 0; round < KILLS; round++) {
		ck_assert(pipe(ends) == 0);
		fflush(NULL);
		if ((pid = fork()) == 0) {
			close(ends[0]);
			run_victims(directory, ends[1]);
		}
		ck_assert(pid > 0);
		close(ends[1]);
		/* The time until the kill starts with the first change, however
		 * slow the machine is. */
		(void)poll(&(struct pollfd){ .fd = ends[0], .events = POLLIN },
		    1, 30000);
		usleep((useconds_t)(20 + 7 * round % 40) * 1000);
		ck_assert(kill(pid, SIGKILL) == 0);
		ck_assert(waitpid(pid, NULL, 0) == pid);
		while ((n = read(ends[0], ack, sizeof(ack))) > 0)
			for (i = 0, total += (uint64_t)n; i < n; i++)
				acks[ack[i]]++;
		close(ends[0]);
		check_acks(acks);
	}
	ck_assert_uint_ge(total, KILLS);
	printf("%d kills, %llu acknowledged changes, 0 lost\n", KILLS,
	    (unsigned long long)total);
}
END_TEST

#define OPENERS 4

/* LMDB 0.9.27 and later destroys its mutexes when the last process closes. */
START_TEST(opens_while_the_last_process_closes)
{
	pid_t pid[OPENERS];
	int i, n, status;

	store_close(open_store(MIB, 10));
	fflush(NULL);
	for (i = 0; i < OPENERS; i++) {
		if ((pid[i] = fork()) != 0)
			continue;
		for (n = 0; n < 250; n++)
			store_close(open_store(MIB, 10));
		_exit(0);
	}
	for (i = 0; i < OPENERS; i++) {
		ck_assert(waitpid(pid[i], &status, 0) == pid[i]);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/* Tests of a store in a file only. */
static TCase *
file_tests(void)
{
	TCase *t = tcase_create("the file of LMDB");

	tcase_add_loop_test(
	    t, knows_its_format, 0, sizeof(formats) / sizeof(formats[0]));
	tcase_add_loop_test(t, an_upgrade_moves_the_history, 0,
	    sizeof(joined) / sizeof(joined[0]));
	tcase_add_test(t, shows_the_history_of_a_damaged_record);
	tcase_add_loop_test(t, a_walk_over_records_reports_stray_rows, 0,
	    sizeof(strays) / sizeof(strays[0]));
	tcase_add_test(t, refuses_a_format_that_is_damaged);
	tcase_add_test(t, never_returns_a_damaged_value);
	tcase_add_loop_test(
	    t, a_row_with_a_damaged_key_is_not_reported_as_absent, 0, 40);
	tcase_add_loop_test(t, survives_a_file_that_was_cut_off, 1, 17);
	tcase_add_test(t, opens_while_the_last_process_closes);
	return t;
}

static Suite *
suite_store(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("rows");

	tcase_add_loop_test(
	    t, keeps_records, 0, sizeof(records) / sizeof(records[0]));
	tcase_add_test(t, deletes_records);
	tcase_add_test(t, walks_records_in_the_order_of_the_tenants);
	tcase_add_test(t, keeps_tokens);
	tcase_add_test(t, keeps_the_last_request);
	tcase_add_test(t, keeps_events_and_shows_the_newest_first);
	tcase_add_test(t, keeps_the_newest_events_of_each_tenant);
	tcase_add_test(t, keeps_a_record_of_the_longest_texts_and_its_event);
	suite_add_tcase(s, t);

	if (!unit_on_server())
		suite_add_tcase(s, file_tests());

	t = tcase_create("changes");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, commits_the_others_when_one_is_refused);
	tcase_add_test(t, undoes_a_change_that_has_put_and_refused);
	/* Only a store in a file has a limit. */
	tcase_add_loop_test(t, commits_the_others_when_one_does_not_fit,
	    unit_on_server(), sizeof(misfits) / sizeof(misfits[0]));
	tcase_add_test(t, keeps_nothing_of_a_change_that_ignored_an_error);
	tcase_add_test(t, values_that_a_change_has_read_stay_valid);
	tcase_add_test(t, a_walk_survives_the_deletion_of_its_items);
	tcase_add_test(t, counts_every_change_of_many_threads);
	tcase_add_test(t, loses_no_acknowledged_change_to_sigkill);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite_store());
}
