/* SPDX-License-Identifier: ISC */
/*
 * test_pg_upgrade.c - several machines with one store in PostgreSQL, on the
 * server of fake_pq.h: one of them upgrades it, a process of an older release
 * writes nothing afterwards, and machines may differ in history_keep.
 */
#include "store/store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "fake_pq.h"
#include "format/row.h"
#include "timing.h"
#include "unit.h"
#include "unit_store.h"

#define PATIENCE 800

static enum err
try_open(unsigned keep, bool create, struct store **out)
{
	const struct store_options options = { .directory = unit_directory(),
		.database = "host=/fake",
		.database_schema = "pushcert",
		.database_lanes = 1,
		.history_keep = keep,
		.timeout_ms = PATIENCE,
		.create = create };

	return store_open(&options, out);
}

static struct store *
open_machine(unsigned keep)
{
	struct store *st = NULL;

	ck_assert_int_eq(try_open(keep, true, &st), ERR_OK);
	return st;
}

/* The row of a format. Valid until the next call. */
static struct str
format_row(unsigned format)
{
	static char bytes[64];
	char number[ROW_U64_LEN];
	struct str field = row_u64(format, number);
	struct buf row;

	buf_init(&row, bytes, sizeof(bytes));
	row_encode(str_of("format"), &field, 1, &row);
	ck_assert(!row.full);
	return buf_view(&row);
}

static void
set_format(unsigned format)
{
	fake_put(STORE_META, str_of("format"), format_row(format));
}

static const struct guid tenant = { .byte = { 0x6b } };

static enum err
add_event(struct txn *tx, void *arg)
{
	struct record r = { .revision = 1 }, old;
	struct event ev = { .action = STORE_CHANGED };
	enum err e = store_record(tx, &tenant, &old);

	(void)arg;
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_OK)
		r.revision = old.revision + 1;
	if ((e = store_record_put(tx, &tenant, &r)) != ERR_OK)
		return e;
	return store_event_add(tx, &tenant, &ev);
}

static unsigned
count_events(struct store *st)
{
	struct txn *tx = unit_begin(st);
	unsigned n = 0;

	ck_assert_int_eq(
	    store_events(tx, &tenant, unit_count_event, &n), ERR_OK);
	store_reader_free(tx);
	return n;
}

static bool
has_copy(unsigned format)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/data.mdb.format-%u", unit_directory(),
	    format);
	return access(path, F_OK) == 0;
}

static const struct store_upgrade_options careful = { .keep_copy = true };

START_TEST(an_older_format_is_upgraded_once)
{
	struct store *st, *other = NULL;

	fake_reset();
	unit_capture();
	st = open_machine(4);
	unit_update(st, add_event, NULL);
	store_close(st);
	set_format(STORE_FORMAT - 1);

	ck_assert_int_eq(try_open(4, false, &st), ERR_OK);
	ck_assert_int_eq(try_open(4, false, &other), ERR_OK);
	ck_assert_uint_eq(store_format(st), STORE_FORMAT - 1);
	ck_assert_int_eq(store_update(st, add_event, NULL), ERR_OLD_FORMAT);
	ck_assert_uint_eq(count_events(st), 1);

	/* Another machine has the claim. */
	fake.claimed = true;
	ck_assert_int_eq(store_upgrade(st, &careful), ERR_UPGRADING);
	ck_assert_uint_eq(store_format(st), STORE_FORMAT - 1);
	ck_assert(!has_copy(STORE_FORMAT - 1));
	fake.claimed = false;
	ck_assert_int_eq(store_upgrade(st, &careful), ERR_OK);
	ck_assert_uint_eq(store_format(st), STORE_FORMAT);
	ck_assert(has_copy(STORE_FORMAT - 1));
	ck_assert_int_eq(store_update(st, add_event, NULL), ERR_OK);

	/* The other machine finds the work done. */
	fake.commits = 0;
	ck_assert_int_eq(store_upgrade(other, &careful), ERR_OK);
	ck_assert_uint_eq(fake.commits, 0);
	ck_assert_int_eq(store_update(other, add_event, NULL), ERR_OK);
	ck_assert_uint_eq(count_events(other), 3);
	store_close(st);
	store_close(other);
}
END_TEST

/* A store of the former format, with one event. */
static struct store *
open_former(void)
{
	struct store *st;

	fake_reset();
	st = open_machine(4);
	unit_update(st, add_event, NULL);
	store_close(st);
	set_format(STORE_FORMAT - 1);
	ck_assert_int_eq(try_open(4, false, &st), ERR_OK);
	return st;
}

/* Loses the connection at the n-th call of an upgrade: the store has one format
 * or the other, and the next attempt succeeds. False: there is no n-th call. */
static bool
upgrade_cut(unsigned n, bool late)
{
	const struct store_upgrade_options hasty = { .wait = 0 };
	struct store *st = open_former();
	bool lost;
	enum err e;

	fake.calls = 0;
	fake.lose_at = n;
	fake.lose_late = late;
	e = store_upgrade(st, &hasty);
	lost = fake.lost;
	fake.lose_at = 0;
	if (e != ERR_OK)
		e = store_upgrade(st, &hasty);
	ck_assert_msg(e == ERR_OK, "call %u: %s", n, err_info(e)->text);
	ck_assert_uint_eq(store_format(st), STORE_FORMAT);
	ck_assert_int_eq(store_update(st, add_event, NULL), ERR_OK);
	ck_assert_uint_eq(count_events(st), 2);
	store_close(st);
	return lost;
}

/* Each cut waits for a new connection, so each test makes a part of the cuts.
 */
#define PARTS 8

START_TEST(an_upgrade_is_cut_at_every_call)
{
	unsigned n = 1 + (unsigned)_i / 2;

	unit_capture();
	while (upgrade_cut(n, _i % 2 == 1))
		n += PARTS;
	ck_assert_uint_gt(n, 10 * PARTS);
}
END_TEST

/* Formats 1 to 5 had one table fewer. Only the role that owns the schema can
 * create it. */
START_TEST(an_upgrade_creates_the_missing_table)
{
	struct store *st = open_former();

	unit_capture();
	fake.tables_made = 0;
	fake.lacks_table = fake.is_foreign = true;
	ck_assert_int_eq(store_upgrade(st, &careful), ERR_STORE);
	ck_assert_uint_eq(store_format(st), STORE_FORMAT - 1);
	ck_assert_uint_eq(fake.tables_made, 0);
	ck_assert(!has_copy(STORE_FORMAT - 1));
	ck_assert(
	    unit_holds(unit_captured(), "run pushcert init --owner ROLE"));
	fake.is_foreign = false;
	ck_assert_int_eq(store_upgrade(st, &careful), ERR_OK);
	ck_assert_uint_eq(fake.tables_made, 1);
	ck_assert_uint_eq(fake_rows(STORE_EXPIRY), 1);
	store_close(st);
}
END_TEST

/* A dump of an older format replaces only the tables of that format. */
START_TEST(an_upgrade_forgets_the_former_order)
{
	static const char key[24] = "\x80";
	struct store *st = open_former();

	unit_capture();
	fake_put(STORE_EXPIRY, str_from(key, sizeof(key)), STR_EMPTY);
	ck_assert_uint_eq(fake_rows(STORE_EXPIRY), 2);
	ck_assert_int_eq(store_upgrade(st, &careful), ERR_OK);
	ck_assert_uint_eq(fake_rows(STORE_EXPIRY), 1);
	store_close(st);
}
END_TEST

START_TEST(a_newer_format_is_refused)
{
	struct store *st, *late = NULL;
	int64_t until;
	struct txn *tx = NULL;
	enum err e = ERR_OK;

	fake_reset();
	unit_capture();
	st = open_machine(4);
	unit_update(st, add_event, NULL);
	set_format(STORE_FORMAT + 1);
	ck_assert_int_eq(try_open(4, false, &late), ERR_NEWER);
	ck_assert_int_eq(try_open(4, true, &late), ERR_NEWER);
	ck_assert_int_eq(store_reader(st, &tx), ERR_OK);
	until = clock_ms() + timeout_ms(5000);
	while ((e = store_begin(tx)) == ERR_OK && clock_ms() < until) {
		store_end(tx);
		sleep_ms(20);
	}
	ck_assert_int_eq(e, ERR_NEWER);
	store_reader_free(tx);
	ck_assert_int_eq(store_update(st, add_event, NULL), ERR_NEWER);
	ck_assert(store_is_outdated(st));
	store_close(st);
}
END_TEST

/* A newer release upgrades the store after a change has read its rows, and
 * before it is committed. Without the comparison at the end of the batch, the
 * older release would add its row to the newer store. */
START_TEST(an_upgrade_comes_before_a_commit)
{
	struct store *st;
	size_t rows;

	fake_reset();
	unit_capture();
	st = open_machine(4);
	unit_update(st, add_event, NULL);
	rows = fake_rows(STORE_RECORD);
	fake.rivals = 1;
	fake.spares_records = true;
	fake.new_format = format_row(STORE_FORMAT + 1);
	ck_assert_int_eq(store_update(st, add_event, NULL), ERR_NEWER);
	ck_assert_uint_eq(fake_rows(STORE_RECORD), rows);
	store_close(st);
}
END_TEST

/* Each change removes what its own machine does not keep. */
START_TEST(two_machines_keep_different_histories)
{
	struct store *wide, *narrow;
	unsigned i;

	fake_reset();
	wide = open_machine(6);
	narrow = open_machine(3);
	for (i = 0; i < 8; i++)
		unit_update(wide, add_event, NULL);
	ck_assert_uint_eq(count_events(wide), 6);
	unit_update(narrow, add_event, NULL);
	ck_assert_uint_eq(count_events(narrow), 3);
	unit_update(wide, add_event, NULL);
	ck_assert_uint_eq(count_events(wide), 4);
	for (i = 0; i < 20; i++)
		unit_update(i % 2 ? wide : narrow, add_event, NULL);
	ck_assert_uint_le(count_events(wide), 4);
	ck_assert_uint_ge(count_events(wide), 3);
	store_close(wide);
	store_close(narrow);
}
END_TEST

static Suite *
pg_upgrade_suite(void)
{
	Suite *s = suite_create("pg_upgrade");
	TCase *t = tcase_create("pg_upgrade");

	tcase_add_test(t, an_older_format_is_upgraded_once);
	tcase_add_loop_test(t, an_upgrade_is_cut_at_every_call, 0, 2 * PARTS);
	tcase_add_test(t, an_upgrade_creates_the_missing_table);
	tcase_add_test(t, an_upgrade_forgets_the_former_order);
	tcase_add_test(t, a_newer_format_is_refused);
	tcase_add_test(t, an_upgrade_comes_before_a_commit);
	tcase_add_test(t, two_machines_keep_different_histories);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(pg_upgrade_suite());
}
