/* SPDX-License-Identifier: ISC */
/*
 * test_verify.c - the verification finds changes that were made to a store
 * without its knowledge, and reports nothing that the store did itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/row.h"
#include "store/delivery.h"
#include "store/place.h"
#include "store/store.h"
#include "store/lmdb_env.h"
#include "unit.h"
#include "unit_store.h"

#define TENANTS 40
/* The table after the last one of the store. */
#define TALLY STORE_TABLES

static struct store *
open_store(void)
{
	return unit_store((struct store_options){ .history_keep = 3 });
}

/* Puts one change of a tenant, as the rules do. */
static enum err
put_change(struct txn *tx, void *arg)
{
	struct guid g = unit_tenant(*(const unsigned *)arg);
	struct record r = { .revision = 0 };
	struct event ev = { .action = STORE_CHANGED, .actor = str_of("a") };
	enum err e = store_record(tx, &g, &ev.former);

	ev.had_former = e == ERR_OK;
	r.revision = ev.had_former ? ev.former.revision + 1 : 1;
	r.value[RECORD_APPLE_ID] = str_of("an Apple ID");
	if ((e = store_record_put(tx, &g, &r)) != ERR_OK)
		return e;
	return store_event_add(tx, &g, &ev);
}

static enum err
put_removal(struct txn *tx, void *arg)
{
	struct guid g = unit_tenant(*(const unsigned *)arg);
	struct event ev = { .action = STORE_REMOVED, .had_former = true };
	enum err e = store_record(tx, &g, &ev.former);

	if (e != ERR_OK)
		return e;
	if ((e = store_record_delete(tx, &g)) != ERR_OK)
		return e;
	return store_event_add(tx, &g, &ev);
}

static enum err
put_others(struct txn *tx, void *arg)
{
	struct guid g = unit_tenant(*(const unsigned *)arg);
	struct csr csr = { .request = str_of("r"), .public_key = str_of("k") };
	struct notice notice = { .serial = str_of("01") };
	struct consent consent = { .actor = str_of("c") };
	struct delivery delivery = { .target = str_of("nanomdm"),
		.fingerprint = str_of("f"),
		.taken_at = 5,
		.tries = 2,
		.last_exit = 77 };
	struct place place = { .name = str_of("default"), .number = 3 };
	struct tenant listed = { .id = g, .alias = str_of("alias") };
	struct token t = { .tenant = g, .name = str_of("n"), .hash = { 1 } };
	enum err e;

	if ((e = store_csr_put(tx, &g, NULL, &csr)) != ERR_OK ||
	    (e = store_token_put(tx, &t)) != ERR_OK ||
	    (e = store_tenant_put(tx, &listed)) != ERR_OK ||
	    (e = store_delivery_put(tx, &g, &delivery)) != ERR_OK ||
	    (e = store_place_put(tx, &g, &place)) != ERR_OK ||
	    (e = store_consent_put(tx, &g, &consent)) != ERR_OK)
		return e;
	return store_notice_put(tx, &g, &notice);
}

/* Fills a store: the last tenant is removed, the first has one row of each
 * kind, and all others have one event more than the history keeps. */
static void
fill(void)
{
	struct store *st = open_store();
	unsigned i, round;

	for (round = 0; round < 4; round++)
		for (i = round == 0 ? 0 : 1; i < TENANTS; i++)
			unit_update(st, put_change, &i);
	i = TENANTS - 1;
	unit_update(st, put_removal, &i);
	i = 0;
	unit_update(st, put_others, &i);
	store_close(st);
}

/* --- changes without the store's knowledge -------------------------------- */

static struct str
record_key(unsigned n, char out[24])
{
	struct guid g = unit_tenant(n);

	memcpy(out, g.byte, sizeof(g.byte));
	return str_from(out, sizeof(g.byte));
}

static struct str
event_key(unsigned n, unsigned char number, char out[24])
{
	memset(out, 0xff, 24);
	(void)record_key(n, out);
	out[23] = (char)~number;
	return str_from(out, 24);
}

static enum err
lose_record(struct lmdb_txn *tx)
{
	char key[24];

	return lmdb_txn_delete(tx, STORE_RECORD, record_key(7, key));
}

static enum err
lose_event(struct lmdb_txn *tx)
{
	char key[24];

	return lmdb_txn_delete(tx, STORE_RECORD, event_key(7, 3, key));
}

static enum err
lose_oldest_event(struct lmdb_txn *tx)
{
	char key[24];

	return lmdb_txn_delete(tx, STORE_RECORD, event_key(7, 2, key));
}

static enum err
lose_token(struct lmdb_txn *tx)
{
	static const char hash[STORE_HASH_LEN] = { 1 };

	return lmdb_txn_delete(tx, STORE_TOKEN, str_from(hash, sizeof(hash)));
}

static enum err
lose_request(struct lmdb_txn *tx)
{
	char key[24];

	return lmdb_txn_delete(tx, STORE_REQUEST, record_key(0, key));
}

static enum err
lose_tally(struct lmdb_txn *tx)
{
	return lmdb_txn_delete(tx, TALLY, str_of("tally"));
}

static enum err
spoil_tally(struct lmdb_txn *tx)
{
	return lmdb_txn_put(tx, TALLY, str_of("tally"), str_of("spoilt"));
}

static enum err
spoil_record(struct lmdb_txn *tx)
{
	char key[24], copy[512];
	struct str row;
	enum err e = lmdb_txn_get(tx, STORE_RECORD, record_key(7, key), &row);

	if (e != ERR_OK)
		return e;
	memcpy(copy, row.p, row.n);
	copy[row.n - 1] ^= 1;
	return lmdb_txn_put(
	    tx, STORE_RECORD, record_key(7, key), str_from(copy, row.n));
}

/* Puts a valid row of another revision. */
static enum err
age_record(struct lmdb_txn *tx)
{
	struct record r = { .revision = 2 };
	char key[24], block[512];
	struct buf row;

	buf_init(&row, block, sizeof(block));
	record_encode(record_key(7, key), &r, &row);
	return lmdb_txn_put(
	    tx, STORE_RECORD, record_key(7, key), buf_view(&row));
}

static enum err
bring_back(struct lmdb_txn *tx)
{
	struct record r = { .revision = 4 };
	char key[24], block[512];
	struct buf row;

	buf_init(&row, block, sizeof(block));
	record_encode(record_key(TENANTS - 1, key), &r, &row);
	return lmdb_txn_put(
	    tx, STORE_RECORD, record_key(TENANTS - 1, key), buf_view(&row));
}

/* The key of a tenant's place in the order of expiry; the second is that of a
 * tenant without a known end. */
static struct str
place_key(unsigned n, unsigned char end, char out[24])
{
	struct guid g = unit_tenant(n);

	memset(out, end, 8);
	memcpy(out + 8, g.byte, sizeof(g.byte));
	return str_from(out, 24);
}

static enum err
lose_place(struct lmdb_txn *tx)
{
	char key[24];

	return lmdb_txn_delete(tx, STORE_EXPIRY, place_key(7, 0xff, key));
}

static enum err
put_place(struct lmdb_txn *tx, struct str key)
{
	char block[64];
	struct buf row;

	buf_init(&row, block, sizeof(block));
	row_encode(key, NULL, 0, &row);
	return lmdb_txn_put(tx, STORE_EXPIRY, key, buf_view(&row));
}

static enum err
put_second_place(struct lmdb_txn *tx)
{
	char key[24];

	return put_place(tx, place_key(7, 0x80, key));
}

static enum err
put_place_of_nobody(struct lmdb_txn *tx)
{
	char key[24];

	return put_place(tx, place_key(TENANTS - 1, 0xff, key));
}

static enum err
put_half_a_place(struct lmdb_txn *tx)
{
	char key[24];

	return put_place(tx, str_head(place_key(7, 0xff, key), 8));
}

static enum err
put_stranger(struct lmdb_txn *tx)
{
	char block[64];
	struct buf row;

	buf_init(&row, block, sizeof(block));
	row_encode(str_of("stranger"), NULL, 0, &row);
	return lmdb_txn_put(tx, STORE_META, str_of("stranger"), buf_view(&row));
}

static enum err
lose_history(struct lmdb_txn *tx)
{
	enum err e = ERR_OK;
	unsigned char i;
	char key[24];

	for (i = 2; i <= 4 && e == ERR_OK; i++)
		e = lmdb_txn_delete(tx, STORE_RECORD, event_key(7, i, key));
	return e;
}

static enum err
spoil_event(struct lmdb_txn *tx)
{
	char key[24], copy[512];
	struct str row;
	enum err e = lmdb_txn_get(tx, STORE_RECORD, event_key(7, 4, key), &row);

	if (e != ERR_OK)
		return e;
	memcpy(copy, row.p, row.n);
	copy[row.n - 1] ^= 1;
	return lmdb_txn_put(
	    tx, STORE_RECORD, event_key(7, 4, key), str_from(copy, row.n));
}

/* Puts an action that does not exist yet. */
static enum err
put_action(struct lmdb_txn *tx)
{
	char key[24], block[512], action[ROW_U64_LEN];
	const struct str field[] = { { NULL, 0 }, { NULL, 0 },
		row_u64(STORE_IMPORTED + 1, action) };
	struct buf row;

	buf_init(&row, block, sizeof(block));
	row_encode(event_key(7, 4, key), field, 3, &row);
	return lmdb_txn_put(
	    tx, STORE_RECORD, event_key(7, 4, key), buf_view(&row));
}

/* Commits a change that does not update the tally. */
static enum err
do_nothing(struct lmdb_txn *tx)
{
	char key[24], copy[512];
	struct str row;
	enum err e = lmdb_txn_get(tx, STORE_RECORD, record_key(7, key), &row);

	if (e != ERR_OK)
		return e;
	memcpy(copy, row.p, row.n);
	return lmdb_txn_put(
	    tx, STORE_RECORD, record_key(7, key), str_from(copy, row.n));
}

#define ALL "records and history: "

static const struct damage {
	const char *name;
	enum err (*plant)(struct lmdb_txn *tx);
	const char *found[6]; /* in any order, up to NULL */
} damages[] = {
	{ "finds nothing in an intact store", NULL, { NULL } },
	{ "misses a record", lose_record,
	    { "record 7: missing, although its history does not end with a "
	      "removal",
		"order of expiry 7: has a place, but neither a record nor an "
		"entry",
		ALL "156 rows are present, but 157 are recorded", "age" } },
	{ "misses an event", lose_event,
	    { "history 7: the events between 2 and 4 are missing",
		ALL "156 rows are present, but 157 are recorded", "age" } },
	{ "misses the oldest event", lose_oldest_event,
	    { ALL "156 rows are present, but 157 are recorded", "age" } },
	{ "misses a token", lose_token,
	    { "token: 0 rows are present, but 1 are recorded", "age" } },
	{ "misses a request", lose_request,
	    { "request: 0 rows are present, but 1 are recorded", "age" } },
	{ "finds a record that was changed", spoil_record,
	    { "record 7: does not match its checksum",
		"record 6: its history is damaged", "age" } },
	{ "finds a record that is older than its history", age_record,
	    { "record 7: has revision 2, but revision 4 by its history",
		ALL "at least one row is not the last that was written",
		"age" } },
	{ "finds a record that was removed", bring_back,
	    { "record 39: present, although its history ends with a removal",
		"record 39: missing in the order of expiry",
		ALL "158 rows are present, but 157 are recorded", "age" } },
	{ "misses a place", lose_place,
	    { "record 7: missing in the order of expiry",
		"order of expiry: 38 rows are present, but 39 are recorded",
		"age" } },
	{ "finds a second place", put_second_place,
	    { "order of expiry 7: has a place that its record does not give "
	      "it",
		"order of expiry: 40 rows are present, but 39 are recorded",
		"age" } },
	{ "finds a place of a tenant that is gone", put_place_of_nobody,
	    { "order of expiry 39: has a place, but neither a record nor an "
	      "entry",
		"order of expiry: 40 rows are present, but 39 are recorded",
		"age" } },
	{ "finds half a place", put_half_a_place,
	    { "order of expiry: damaged",
		"order of expiry: 40 rows are present, but 39 are recorded",
		"age" } },
	{ "finds an unknown entry", put_stranger,
	    { "entry: written by a newer release",
		"entry: 7 rows are present, but 6 are recorded", "age" } },
	{ "finds a record without any history", lose_history,
	    { "record 7: it has no history",
		ALL "154 rows are present, but 157 are recorded", "age" } },
	{ "finds an event that was changed", spoil_event,
	    { "history 7: does not match its checksum",
		"record 7: its history is damaged",
		"record 7: has revision 4, but revision 3 by its history",
		"age" } },
	{ "finds an action of a newer release", put_action,
	    { "history 7: written by a newer release",
		"record 7: its history is damaged",
		"record 7: has revision 4, but revision 3 by its history",
		ALL "at least one row is not the last that was written",
		"age" } },
	{ "finds a commit of another program", do_nothing, { "age" } },
	{ "finds that the tally is damaged", spoil_tally,
	    { "store: its tally is damaged" } },
	{ "finds that the tally is gone", lose_tally,
	    { ALL "157 rows are present, but 0 are recorded",
		"token: 1 rows are present, but 0 are recorded",
		"request: 1 rows are present, but 0 are recorded",
		"entry: 6 rows are present, but 0 are recorded",
		"order of expiry: 39 rows are present, but 0 are recorded",
		"age" } },
};

/* Valid rows of empty values, each under a key. A row with more values than
 * this release knows counts as a row of a newer release. */
#define NEWER ROW_FIELDS_MAX
/* One of our tenants, without its last byte. */
#define TENANT "\xa0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const struct planted {
	struct damage d;
	unsigned map;
	struct str key;
	size_t values;
} planted[] = {
	{ { "finds a record of a newer release", NULL,
	      { "record 7: written by a newer release",
		  ALL "at least one row is not the last that was written",
		  "age" } },
	    STORE_RECORD, STR(TENANT "\7"), NEWER },
	{ { "finds a record under a key that is not a tenant", NULL,
	      { "record: damaged",
		  ALL "158 rows are present, but 157 are recorded", "age" } },
	    STORE_RECORD, STR("short"), 0 },
	{ { "finds an event of a newer release", NULL,
	      { "history 7: written by a newer release",
		  "record 7: its history is damaged",
		  "record 7: has revision 4, but revision 3 by its history",
		  ALL "at least one row is not the last that was written",
		  "age" } },
	    STORE_RECORD, STR(TENANT "\7\xff\xff\xff\xff\xff\xff\xff\xfb"),
	    NEWER },
	{ { "finds an event without a number", NULL,
	      { "history 7: damaged", "record 7: it has no history",
		  ALL "158 rows are present, but 157 are recorded", "age" } },
	    STORE_RECORD, STR(TENANT "\7\0\0\0\0"), 0 },
	{ { "finds an event that was not brought to its place", NULL,
	      { "former history 7: damaged",
		  "former history: 1 rows are present, but 0 are recorded",
		  "age" } },
	    STORE_FORMER_HISTORY, STR(TENANT "\7\0\0\0\0\0\0\0\1"), 0 },
	{ { "finds a token of a newer release", NULL,
	      { "token: written by a newer release",
		  "token: at least one row is not the last that was written",
		  "age" } },
	    STORE_TOKEN, STR("\1" ZEROS "\0" ZEROS), NEWER },
	{ { "finds a token of no tenant", NULL,
	      { "token: damaged",
		  "token: at least one row is not the last that was written",
		  "age" } },
	    STORE_TOKEN, STR("\1" ZEROS "\0" ZEROS), 0 },
	{ { "finds a token under a key that is not a hash", NULL,
	      { "token: damaged",
		  "token: 2 rows are present, but 1 are recorded", "age" } },
	    STORE_TOKEN, STR("short"), 0 },
	{ { "finds a request of a newer release", NULL,
	      { "request 0: written by a newer release",
		  "request: at least one row is not the last that was written",
		  "age" } },
	    STORE_REQUEST, STR(TENANT "\0"), NEWER },
	{ { "finds a request under half a key's name", NULL,
	      { "request 0: damaged",
		  "request: 2 rows are present, but 1 are recorded", "age" } },
	    STORE_REQUEST, STR(TENANT "\0half"), 0 },
	{ { "finds a request under another key's name", NULL,
	      { "request 0: stored under the name of another key",
		  "request: 2 rows are present, but 1 are recorded", "age" } },
	    STORE_REQUEST, STR(TENANT "\0sixteen letters!"), 0 },
	{ { "finds a request without any history", NULL,
	      { "request 100: it has no history",
		  "request: 2 rows are present, but 1 are recorded", "age" } },
	    STORE_REQUEST, STR(TENANT "d"), 0 },
};

/* Applies the damage, or puts the row if there is none. */
static void
plant(const struct damage *d, const struct planted *p)
{
	struct unit_tables t = unit_tables_open(unit_directory());
	const struct str value[NEWER] = { { NULL, 0 } };
	char block[512];
	struct buf row;

	if (d->plant != NULL) {
		ck_assert_int_eq(d->plant(t.tx), ERR_OK);
	} else {
		ck_assert_ptr_nonnull(p);
		buf_init(&row, block, sizeof(block));
		row_encode(p->key, value, p->values, &row);
		unit_put_row(t.tx, p->map, p->key, buf_view(&row));
	}
	unit_tables_commit(&t);
}

/* --- findings ------------------------------------------------------------- */

struct seen {
	const struct damage *d;
	unsigned hits; /* bit i: found[i] was reported */
};

static void
see(const char *where, const struct guid *tenant, const char *what, void *arg)
{
	struct seen *seen = arg;
	char line[256];
	unsigned i;

	if (tenant == NULL)
		snprintf(line, sizeof(line), "%s: %s", where, what);
	else
		snprintf(line, sizeof(line), "%s %u: %s", where,
		    tenant->byte[15], what);
	if (strncmp(line, "store: seen as of commit", 24) == 0)
		strcpy(line, "age");
	for (i = 0; i < 6 && seen->d->found[i] != NULL; i++)
		if (strcmp(line, seen->d->found[i]) == 0) {
			seen->hits |= 1U << i;
			return;
		}
	ck_abort_msg("%s: %s", seen->d->name, line);
}

static void
verify(const struct damage *d, struct store_counts *counts)
{
	struct seen seen = { .d = d };
	const struct store_verifier v = {
		.relations = true, .found = see, .arg = &seen
	};
	struct store *st = open_store();
	struct txn *tx;
	unsigned i;

	tx = unit_begin(st);
	unit_check(d->name, store_verify(tx, &v, counts) == ERR_OK);
	for (i = 0; i < 6 && d->found[i] != NULL; i++)
		ck_assert_msg(
		    seen.hits & 1U << i, "%s: not: %s", d->name, d->found[i]);
	unit_check(d->name, counts->findings == i);
	store_reader_free(tx);
	store_close(st);
}

START_TEST(finds_damage)
{
	const struct damage *d = &damages[_i];
	struct store_counts counts;

	fill();
	if (d->plant != NULL)
		plant(d, NULL);
	verify(d, &counts);
	if (d->plant != NULL)
		return;
	ck_assert_uint_eq(counts.records, TENANTS - 1);
	ck_assert_uint_eq(counts.events, 1 + 3 * (TENANTS - 1));
	ck_assert_uint_eq(counts.consents, 1);
	ck_assert_uint_eq(counts.deliveries, 1);
	ck_assert_uint_eq(counts.places, 1);
}
END_TEST

START_TEST(finds_a_row_that_was_put)
{
	const struct planted *p = &planted[_i];
	struct store_counts counts;

	fill();
	plant(&p->d, p);
	verify(&p->d, &counts);
}
END_TEST

/* The number of the transaction in the meta page `root` changes by `add`. */
static const struct {
	const char *name;
	unsigned root;
	int add;
	bool is_found;
} ages[] = {
	{ "accepts neighbouring commits", 0, 0, false },
	{ "finds a root that is too old", 0, -2, true },
	{ "finds a root that is too young", 1, 2, true },
	{ "finds roots that have swapped places", 0, 1, true },
};

START_TEST(finds_a_root_of_another_commit)
{
	/* Of the number in the meta page; test_lmdb explains the offset. */
	const long at = 4096 * (long)ages[_i].root + 32 +
	    14 * (long)sizeof(size_t);
	const struct damage quiet = { .name = ages[_i].name };
	struct store_counts counts;
	struct store_verifier v = { .relations = true };
	struct store *st;
	struct txn *tx;
	char path[300];
	size_t number;
	FILE *f;

	fill();
	snprintf(path, sizeof(path), "%s/data.mdb", unit_directory());
	ck_assert_ptr_nonnull((f = fopen(path, "r+b")));
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	ck_assert_uint_eq(fread(&number, sizeof(number), 1, f), 1);
	number += (size_t)ages[_i].add;
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite(&number, sizeof(number), 1, f), 1);
	ck_assert_int_eq(fclose(f), 0);
	st = open_store();
	tx = unit_begin(st);
	unit_check(quiet.name, store_verify(tx, &v, &counts) == ERR_OK);
	unit_check(quiet.name, (counts.findings > 0) == ages[_i].is_found);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verify");
	TCase *cases = tcase_create("all");

	tcase_set_timeout(cases, 60);
	/* Except for the first row, which is a store without damage, the tests
	 * write into the file. */
	tcase_add_loop_test(cases, finds_damage, 0,
	    unit_on_server() ? 1 : sizeof(damages) / sizeof(damages[0]));
	if (!unit_on_server()) {
		tcase_add_loop_test(cases, finds_a_row_that_was_put, 0,
		    sizeof(planted) / sizeof(planted[0]));
		tcase_add_loop_test(cases, finds_a_root_of_another_commit, 0,
		    sizeof(ages) / sizeof(ages[0]));
	}
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
