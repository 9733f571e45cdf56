/* SPDX-License-Identifier: ISC */
/*
 * test_upgrade.c - a store of an older format can be read. It is upgraded only
 * while no other process has it open. A process whose store is upgraded by
 * another one ends.
 *
 * The other process is a child that follows orders through a pipe. It uses the
 * store as an older release does: it puts rows of format 1 without any check.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/clock.h"
#include "format/row.h"
#include "store/claim.h"
#include "store/tally.h"
#include "timing.h"
#include "unit.h"
#include "unit_store.h"

#define MIB ((size_t)1024 * 1024)
#define DEADLINE 20000 /* in milliseconds */

/* The directory of the store, also in a child. */
static const char *home;

static const struct guid tenant = { .byte = { 0xa0, 1 } };

/* --- the store as older and newer releases leave it --------------------- */

static void
write_format(uint64_t format)
{
	struct unit_tables t = unit_tables_open(home);

	unit_put_format(t.tx, format);
	unit_tables_commit(&t);
}

static uint64_t
read_format(void)
{
	struct unit_tables t = unit_tables_open(home);
	struct str row, field;
	uint64_t format;

	ck_assert_int_eq(
	    lmdb_txn_get(t.tx, STORE_META, str_of("format"), &row), ERR_OK);
	ck_assert_int_eq(row_decode(str_of("format"), row, &field, 1), ERR_OK);
	format = row_get_u64(field);
	unit_tables_commit(&t);
	return format;
}

static struct record
record_of(uint64_t revision)
{
	struct record r = { .revision = revision };

	r.value[RECORD_APPLE_ID] = str_of("a@example.org");
	return r;
}

/* Puts a change as format 1 stored it: a record of this revision, and an event
 * that has the same number. */
static void
put_old_change(struct lmdb_txn *tx, uint8_t revision)
{
	const struct record now = record_of(revision);
	const struct event ev = { .number = revision,
		.when = { revision, 0 },
		.action = STORE_CHANGED,
		.actor = str_of("tool:old"),
		.changed = RECORD_BIT(RECORD_APPLE_ID),
		.had_former = revision > 1,
		.former = record_of(revision - 1U) };
	struct str key = str_from((const char *)tenant.byte, 16);
	char block[1024];
	struct buf row;

	buf_init(&row, block, sizeof(block));
	record_encode(key, &now, &row);
	unit_put_row(tx, STORE_RECORD, key, buf_view(&row));
	unit_put_former_event(tx, &tenant, &ev);
}

/* --- the other process -------------------------------------------------- */

struct other {
	pid_t pid;
	int orders, replies;
};

enum {
	CLOSE = 'q',
	SET_NEWER = 'n'
}; /* any other byte is the revision to write */

static void
follow(struct lmdb_env *db, char order)
{
	struct lmdb_txn *tx;

	ck_assert_int_eq(lmdb_txn_write(db, &tx), ERR_OK);
	if (order == SET_NEWER)
		unit_put_format(tx, STORE_FORMAT + 1);
	else
		put_old_change(tx, (uint8_t)order);
	ck_assert_int_eq(lmdb_txn_commit(tx), ERR_OK);
}

static void
be_the_other(int orders, int replies)
{
	struct lmdb_env *db = unit_open_env(home);
	char order = 0;

	while (write(replies, &order, 1) == 1 && read(orders, &order, 1) == 1 &&
	    order != CLOSE)
		follow(db, order);
	lmdb_env_close(db);
}

static void
await(const struct other *o)
{
	struct pollfd p = { .fd = o->replies, .events = POLLIN };
	char byte;

	ck_assert_int_eq(poll(&p, 1, DEADLINE), 1);
	ck_assert_int_eq(read(o->replies, &byte, 1), 1);
}

/* Returns when the child has opened the store. */
static struct other
start_other(void)
{
	int orders[2], replies[2];
	struct other o;

	ck_assert(pipe(orders) == 0 && pipe(replies) == 0);
	fflush(NULL);
	o = (struct other){
		.pid = fork(), .orders = orders[1], .replies = replies[0]
	};
	ck_assert(o.pid >= 0);
	if (o.pid == 0) {
		close(orders[1]);
		close(replies[0]);
		be_the_other(orders[0], replies[1]);
		_exit(0);
	}
	close(orders[0]);
	close(replies[1]);
	await(&o);
	return o;
}

static void
give_order(const struct other *o, char order)
{
	ck_assert_int_eq(write(o->orders, &order, 1), 1);
	await(o);
}

static void
end_other(const struct other *o)
{
	const char order = CLOSE;
	int status;

	ck_assert_int_eq(write(o->orders, &order, 1), 1);
	ck_assert_int_eq(waitpid(o->pid, &status, 0), o->pid);
	ck_assert_int_eq(status, 0);
	close(o->orders);
	close(o->replies);
}

/* --- the store as this release uses it ---------------------------------- */

static enum err
try_open(bool create, struct store **st)
{
	const struct store_options options = {
		.directory = home,
		.map_size = MIB,
		.readers = 10,
		.history_keep = 100,
		.create = create,
	};

	*st = NULL;
	return store_open(&options, st);
}

static struct store *
open_store(void)
{
	struct store *st;

	ck_assert_int_eq(try_open(false, &st), ERR_OK);
	return st;
}

static enum err
upgrade(struct store *st, bool keep_copy)
{
	const struct store_upgrade_options options = { .keep_copy = keep_copy };

	return store_upgrade(st, &options);
}

/* Makes a store of format 1 with this number of changes of a tenant. */
static void
make_old_store(uint8_t changes)
{
	struct store *st;
	struct unit_tables t;
	uint8_t i;

	ck_assert_int_eq(try_open(true, &st), ERR_OK);
	store_close(st);
	t = unit_tables_open(home);
	unit_put_format(t.tx, 1);
	for (i = 1; i <= changes; i++)
		put_old_change(t.tx, i);
	unit_tables_commit(&t);
}

static enum err
expect_event(const struct event *ev, void *arg)
{
	uint64_t *left = arg;

	ck_assert_uint_eq(ev->number, *left);
	ck_assert_uint_eq((uint64_t)ev->when.at, *left);
	ck_assert_uint_eq(ev->former.revision, *left - 1);
	--*left;
	return ERR_OK;
}

/* Reads everything that the commands list, history and verify read. */
static void
check_store(struct store *st, uint64_t changes)
{
	struct store_counts counts;
	unsigned records = 0;
	uint64_t left = changes;
	struct txn *tx = unit_begin(st);
	struct event ev;

	ck_assert_int_eq(
	    store_records(tx, unit_count_record, &records), ERR_OK);
	ck_assert_uint_eq(records, 1);
	ck_assert_int_eq(
	    store_events(tx, &tenant, expect_event, &left), ERR_OK);
	ck_assert_uint_eq(left, 0);
	ck_assert_int_eq(store_event(tx, &tenant, changes, &ev), ERR_OK);
	ck_assert_int_eq(
	    store_event(tx, &tenant, changes + 1, &ev), ERR_NOT_FOUND);
	counts = unit_verify(tx);
	ck_assert_uint_eq(counts.records, 1);
	ck_assert_uint_eq(counts.events, changes);
	ck_assert_uint_eq(counts.findings, 0);
	store_reader_free(tx);
}

static enum err
put_one(struct txn *tx, void *arg)
{
	struct record r = record_of(9);

	(void)arg;
	return store_record_put(tx, &tenant, &r);
}

/* --- tests -------------------------------------------------------------- */

/* The facts that the tool derives from a certificate. */
static bool
complete(struct record *r)
{
	if (str_is(r->value[RECORD_CERTIFICATE], "unreadable"))
		return false;
	r->issued = true;
	r->issued_at = 86400;
	return true;
}

static void
put_record_of_5(struct lmdb_txn *tx, uint8_t n, const char *certificate)
{
	const struct guid g = { .byte = { n } };
	struct str key = str_from((const char *)g.byte, sizeof(g.byte));
	struct record r = record_of(n);
	char block[1024];
	struct buf row;

	if (certificate != NULL) {
		r.value[RECORD_SERIAL] = str_of("01");
		r.value[RECORD_CERTIFICATE] = str_of(certificate);
	}
	buf_init(&row, block, sizeof(block));
	record_encode(key, &r, &row);
	unit_put_row(tx, STORE_RECORD, key, buf_view(&row));
}

/* An upgrade completes the records of real certificates only. */
START_TEST(an_upgrade_completes_the_records)
{
	const char *const certificate[] = { NULL, "a certificate", "unreadable",
		NULL };
	struct store_options options = { .directory = home,
		.map_size = 4 * MIB,
		.readers = 4,
		.complete = complete,
		.create = true };
	struct store *st = NULL;
	struct unit_tables t;
	struct record r;
	struct txn *tx;
	uint8_t n;

	ck_assert_int_eq(store_open(&options, &st), ERR_OK);
	store_close(st);
	t = unit_tables_open(home);
	for (n = 1; n < 4; n++)
		put_record_of_5(t.tx, n, certificate[n]);
	unit_put_format(t.tx, 5);
	unit_tables_commit(&t);
	ck_assert_int_eq(store_open(&options, &st), ERR_OK);
	ck_assert_int_eq(upgrade(st, false), ERR_OK);
	tx = unit_begin(st);
	for (n = 1; n < 4; n++) {
		const struct guid g = { .byte = { n } };

		ck_assert_int_eq(store_record(tx, &g, &r), ERR_OK);
		ck_assert_uint_eq(r.revision, n);
		ck_assert(r.issued == (n == 1));
		ck_assert_int_eq(r.issued_at, n == 1 ? 86400 : 0);
	}
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* This gap once damaged stores: a newer tool lists the store while an older
 * process goes on writing. */
START_TEST(a_list_leaves_the_store_of_an_older_process)
{
	struct store *st;
	struct other o;
	char pid[64];

	make_old_store(2);
	o = start_other();
	st = open_store();
	check_store(st, 2);
	store_close(st);
	give_order(&o, 3);
	st = open_store();
	ck_assert_uint_eq(store_format(st), 1);
	check_store(st, 3);
	ck_assert_int_eq(store_update(st, put_one, NULL), ERR_OLD_FORMAT);
	unit_capture();
	ck_assert_int_eq(upgrade(st, true), ERR_IN_USE);
	snprintf(pid, sizeof(pid), "process %ld has it open", (long)o.pid);
	ck_assert(unit_holds(unit_captured(), pid));
	store_close(st);
	give_order(&o, 4);
	end_other(&o);
	ck_assert_uint_eq(read_format(), 1);

	st = open_store();
	ck_assert_int_eq(upgrade(st, false), ERR_OK);
	check_store(st, 4);
	ck_assert_int_eq(store_update(st, put_one, NULL), ERR_OK);
	store_close(st);
	ck_assert_uint_eq(read_format(), STORE_FORMAT);
}
END_TEST

/* Opens the store as an older release does. While the store is claimed, LMDB
 * makes it wait. */
static void
open_as_older_release(int opened)
{
	MDB_env *env;

	if (mdb_env_create(&env) != 0 ||
	    mdb_env_set_maxreaders(env, 8192) != 0 ||
	    mdb_env_open(env, home, MDB_NOTLS, 0600) != 0 ||
	    write(opened, "", 1) != 1)
		_exit(1);
	_exit(0);
}

START_TEST(a_claim_keeps_others_out)
{
	struct store *st, *second;
	int fd, opened[2], status;
	char path[256];
	struct pollfd p;
	pid_t pid, child, looker;
	int64_t began;

	make_old_store(1);
	st = open_store();
	snprintf(path, sizeof(path), "%s/lock.mdb", home);
	ck_assert((fd = open(path, O_RDWR | O_CLOEXEC)) >= 0);
	ck_assert_int_eq(claim_take(fd, 0, &pid), ERR_OK);
	ck_assert(pipe(opened) == 0);
	fflush(NULL);
	if ((looker = fork()) == 0) {
		began = clock_ms();
		_exit(try_open(false, &second) != ERR_UPGRADING ||
		    clock_ms() - began > 5000);
	}
	ck_assert_int_eq(waitpid(looker, &status, 0), looker);
	ck_assert_int_eq(status, 0);
	if ((child = fork()) == 0)
		open_as_older_release(opened[1]);
	p = (struct pollfd){ .fd = opened[0], .events = POLLIN };
	ck_assert_int_eq(poll(&p, 1, 300), 0);
	claim_drop(fd);
	ck_assert_int_eq(poll(&p, 1, DEADLINE), 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(opened[0]);
	close(opened[1]);
	store_close(st);
	close(fd);
}
END_TEST

START_TEST(only_one_of_several_processes_upgrades)
{
	struct store *st;
	int i, status, upgraded = 0;
	pid_t child[4];

	make_old_store(3);
	fflush(NULL);
	for (i = 0; i < 4; i++) {
		const struct store_upgrade_options options = { .wait = 60000 };
		enum err e;

		if ((child[i] = fork()) != 0)
			continue;
		do {
			if ((e = try_open(false, &st)) == ERR_OK)
				e = store_upgrade(st, &options);
			store_close(st);
			sleep_ms(5);
		} while (e == ERR_UPGRADING);
		_exit(e != ERR_OK);
	}
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
		upgraded += status == 0;
	}
	ck_assert_int_eq(upgraded, 4);
	st = open_store();
	ck_assert_uint_eq(store_format(st), STORE_FORMAT);
	check_store(st, 3);
	store_close(st);
}
END_TEST

START_TEST(a_change_under_a_newer_format_is_refused)
{
	struct store *st;
	struct other o;

	ck_assert_int_eq(try_open(true, &st), ERR_OK);
	ck_assert_int_eq(store_update(st, put_one, NULL), ERR_OK);
	o = start_other();
	give_order(&o, SET_NEWER);
	ck_assert(!store_is_outdated(st));
	unit_capture();
	ck_assert_int_eq(store_update(st, put_one, NULL), ERR_NEWER);
	ck_assert_int_eq(store_update(st, put_one, NULL), ERR_NEWER);
	ck_assert_uint_eq(unit_count(unit_captured(), "of a newer release"), 1);
	ck_assert(store_is_outdated(st));
	store_close(st);
	end_other(&o);
}
END_TEST

START_TEST(a_reader_notices_a_newer_format)
{
	int64_t until = clock_ms() + DEADLINE;
	struct txn *tx = NULL;
	struct store *st;
	struct other o;
	enum err e;

	ck_assert_int_eq(try_open(true, &st), ERR_OK);
	ck_assert_int_eq(store_reader(st, &tx), ERR_OK);
	o = start_other();
	give_order(&o, SET_NEWER);
	while ((e = store_begin(tx)) == ERR_OK && clock_ms() < until) {
		store_end(tx);
		sleep_ms(5);
	}
	ck_assert_int_eq(e, ERR_NEWER);
	ck_assert(store_is_outdated(st));
	ck_assert_int_eq(store_begin(tx), ERR_NEWER);
	store_reader_free(tx);
	store_close(st);
	end_other(&o);
}
END_TEST

/* A file of an older format replaces data.mdb under a process. The process
 * ends, and the next one upgrades the file. */
START_TEST(an_older_file_ends_the_process)
{
	char path[256], former[256];
	struct txn *tx = NULL;
	struct store *st;

	make_old_store(2);
	st = open_store();
	ck_assert_int_eq(upgrade(st, true), ERR_OK);
	ck_assert_int_eq(store_reader(st, &tx), ERR_OK);
	ck_assert_int_eq(store_begin(tx), ERR_OK);
	store_end(tx);
	snprintf(path, sizeof(path), "%s/data.mdb", home);
	snprintf(former, sizeof(former), "%s/data.mdb.format-1", home);
	ck_assert_int_eq(rename(former, path), 0);
	ck_assert_int_eq(store_update(st, put_one, NULL), ERR_STORE);
	ck_assert_int_eq(store_begin(tx), ERR_STORE);
	ck_assert_int_eq(store_look(st), ERR_STORE);
	store_reader_free(tx);
	store_close(st);
	st = open_store();
	ck_assert_uint_eq(store_format(st), 1);
	ck_assert_int_eq(upgrade(st, false), ERR_OK);
	check_store(st, 2);
	store_close(st);
}
END_TEST

START_TEST(an_upgrade_leaves_a_copy)
{
	char path[256], second[256];
	struct store *st, *copy = NULL;
	struct store_options options = { .readers = 1, .alone = true };
	struct stat file;

	make_old_store(5);
	st = open_store();
	ck_assert_int_eq(upgrade(st, true), ERR_OK);
	store_close(st);
	snprintf(path, sizeof(path), "%s/data.mdb.format-1", home);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_uint_eq(file.st_mode & 07777, 0600);
	/* The copy is a store of the former format. */
	snprintf(second, sizeof(second), "%s/second", home);
	ck_assert_int_eq(mkdir(second, 0700), 0);
	options.directory = second;
	snprintf(second + strlen(second), 16, "/data.mdb");
	ck_assert_int_eq(rename(path, second), 0);
	*strrchr(second, '/') = '\0';
	ck_assert_int_eq(store_open(&options, &copy), ERR_OK);
	ck_assert_uint_eq(store_format(copy), 1);
	check_store(copy, 5);
	store_close(copy);
	/* The next upgrade replaces a file of the same name. */
	write_format(3);
	snprintf(path, sizeof(path), "%s/data.mdb.format-3", home);
	close(open(path, O_WRONLY | O_CREAT, 0644));
	st = open_store();
	ck_assert_int_eq(upgrade(st, true), ERR_OK);
	store_close(st);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_uint_eq(file.st_mode & 07777, 0600);
	ck_assert(file.st_size > 0);
}
END_TEST

START_TEST(no_upgrade_without_a_copy)
{
	char path[256];
	struct store *st;

	make_old_store(1);
	snprintf(path, sizeof(path), "%s/data.mdb.format-1", home);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	st = open_store();
	ck_assert_int_eq(upgrade(st, true), ERR_FILE);
	ck_assert_uint_eq(store_format(st), 1);
	ck_assert_int_eq(upgrade(st, false), ERR_OK);
	check_store(st, 1);
	store_close(st);
}
END_TEST

static enum err
put_three(struct txn *tx, void *arg)
{
	struct record r = record_of(1);
	struct guid g = tenant;
	enum err e = ERR_OK;

	(void)arg;
	for (g.byte[2] = 1; g.byte[2] <= 3 && e == ERR_OK; g.byte[2]++)
		e = store_record_put(tx, &g, &r);
	return e;
}

START_TEST(too_many_tenants_are_refused)
{
	struct store_upgrade_options options = { .tenants_most = 2 };
	struct store *st;

	ck_assert_int_eq(try_open(true, &st), ERR_OK);
	ck_assert_int_eq(store_update(st, put_three, NULL), ERR_OK);
	store_close(st);
	write_format(3);
	st = open_store();
	ck_assert_int_eq(store_upgrade(st, &options), ERR_OLD_FORMAT);
	ck_assert_uint_eq(store_format(st), 3);
	options.tenants_most = 3;
	ck_assert_int_eq(store_upgrade(st, &options), ERR_OK);
	store_close(st);
	ck_assert_uint_eq(read_format(), STORE_FORMAT);
}
END_TEST

/* A process that dies during an upgrade leaves the former store or the new one,
 * and never locks other processes out. */
START_TEST(survives_a_death_during_an_upgrade)
{
	struct store *st;
	pid_t child;

	make_old_store(100);
	fflush(NULL);
	if ((child = fork()) == 0) {
		if (try_open(false, &st) != ERR_OK)
			_exit(1);
		(void)!upgrade(st, true);
		_exit(0);
	}
	sleep_ms(_i);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	st = open_store();
	ck_assert_int_eq(upgrade(st, true), ERR_OK);
	check_store(st, 100);
	store_close(st);
}
END_TEST

/* Opens the maps of this release, or those of format 5. */
static struct lmdb_env *
open_maps(bool former)
{
	static const char *maps[] = {
#define X(name, word, in_database, one, all) in_database,
		STORE_TABLE_LIST(X)
#undef X
		    NULL
	};
	static const char *fewer[STORE_TABLES_FORMER + 1];
	const struct lmdb_options options = { .directory = home,
		.map_size = MIB,
		.create = true,
		.maps = former ? fewer : maps,
		.maps_new = former ? 0 : STORE_TABLES - STORE_TABLES_FORMER };
	struct lmdb_env *db = NULL;

	memcpy(fewer, maps, sizeof(char *) * STORE_TABLES_FORMER);
	ck_assert_int_eq(lmdb_env_open(&options, &db), ERR_OK);
	return db;
}

/* An upgrade may end after it has made the new map, and the tally must still
 * have the number of the last commit. */
START_TEST(a_new_map_is_no_damage)
{
	struct lmdb_env *db = open_maps(true);
	struct lmdb_txn *tx;
	struct tally t = { .commit = 0 };

	ck_assert_int_eq(lmdb_txn_write(db, &tx), ERR_OK);
	ck_assert_int_eq(tally_save(tx, STORE_TABLES_FORMER, &t), ERR_OK);
	ck_assert_int_eq(lmdb_txn_commit(tx), ERR_OK);
	lmdb_env_close(db);
	db = open_maps(false);
	ck_assert_int_eq(tally_make_maps(db, STORE_TABLES), ERR_OK);
	lmdb_env_close(db);
	db = open_maps(false);
	ck_assert_int_eq(lmdb_txn_reader(db, &tx), ERR_OK);
	ck_assert_int_eq(lmdb_txn_begin(tx), ERR_OK);
	ck_assert_int_eq(tally_load(tx, STORE_TABLES, &t), ERR_OK);
	ck_assert_uint_gt(t.commit, 0);
	ck_assert_uint_eq(t.commit, lmdb_txn_commit_number(tx));
	lmdb_txn_end(tx);
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

static void
set_up(void)
{
	home = unit_directory();
}

static Suite *
suite(void)
{
	Suite *s = suite_create("upgrade");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, set_up, NULL);
	tcase_add_test(t, an_upgrade_completes_the_records);
	tcase_add_test(t, a_list_leaves_the_store_of_an_older_process);
	tcase_add_test(t, a_claim_keeps_others_out);
	tcase_add_test(t, only_one_of_several_processes_upgrades);
	tcase_add_test(t, a_change_under_a_newer_format_is_refused);
	tcase_add_test(t, a_reader_notices_a_newer_format);
	tcase_add_test(t, an_older_file_ends_the_process);
	tcase_add_test(t, an_upgrade_leaves_a_copy);
	tcase_add_test(t, no_upgrade_without_a_copy);
	tcase_add_test(t, too_many_tenants_are_refused);
	tcase_add_test(t, a_new_map_is_no_damage);
	tcase_add_loop_test(t, survives_a_death_during_an_upgrade, 0, 20);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
