/* SPDX-License-Identifier: ISC */
/*
 * test_guard.c - files that are removed, replaced or overwritten while a
 * process uses them. A change is acknowledged only if it is in data.mdb.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/lmdb_env.h"
#include "unit.h"

#define MIB ((size_t)1024 * 1024)
#define DATA "data/data.mdb"
#define LOCK "data/lock.mdb"

static const char *const maps[] = { "only", NULL };

static enum err
try_open(bool create, struct lmdb_env **out)
{
	const struct lmdb_options options = {
		.directory = "data",
		.map_size = MIB,
		.create = create,
		.maps = maps,
	};

	*out = NULL;
	return lmdb_env_open(&options, out);
}

static enum err
put(struct lmdb_env *db, const char *key)
{
	struct lmdb_txn *tx;
	enum err e;

	if ((e = lmdb_txn_write(db, &tx)) != ERR_OK)
		return e;
	ck_assert(lmdb_txn_put(tx, 0, str_of(key), str_of("value")) == ERR_OK);
	return lmdb_txn_commit(tx);
}

static enum err
get(struct lmdb_env *db, const char *key)
{
	struct lmdb_txn *tx;
	struct str value;
	enum err e;

	if ((e = lmdb_txn_reader(db, &tx)) != ERR_OK)
		return e;
	if ((e = lmdb_txn_begin(tx)) == ERR_OK)
		e = lmdb_txn_get(tx, 0, str_of(key), &value);
	lmdb_txn_reader_free(tx);
	return e;
}

/* Opens the store in another process, puts `key` there unless it is NULL, and
 * returns the outcome. */
static enum err
other_process(const char *key)
{
	struct lmdb_env *db;
	pid_t child = fork();
	int status;
	enum err e;

	ck_assert(child >= 0);
	if (child == 0) {
		if ((e = try_open(false, &db)) == ERR_OK) {
			e = key != NULL ? put(db, key) : ERR_OK;
			lmdb_env_close(db);
		}
		_exit((int)e);
	}
	ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return (enum err)WEXITSTATUS(status);
}

static void
copy_here(const char *from, const char *to, int flags)
{
	static char block[4 * MIB];
	int in = open(from, O_RDONLY), out;
	ssize_t n;

	out = open(to, O_WRONLY | O_CREAT | flags, 0600);
	ck_assert(in >= 0 && out >= 0);
	while ((n = read(in, block, sizeof(block))) > 0)
		ck_assert(write(out, block, (size_t)n) == n);
	ck_assert(n == 0 && close(in) == 0 && close(out) == 0);
}

/* Copies a file in a process of its own. Closing lock.mdb in this process would
 * drop the locks that LMDB holds here. */
static void
copy(const char *from, const char *to, int flags)
{
	pid_t child = fork();
	int status;

	ck_assert(child >= 0);
	if (child == 0) {
		copy_here(from, to, flags);
		_exit(0);
	}
	ck_assert(waitpid(child, &status, 0) == child && status == 0);
}

/* --- changes to the files ----------------------------------------------- */

static void
remove_lock(void)
{
	ck_assert(unlink(LOCK) == 0);
}

static void
replace_lock(void)
{
	int fd = open("new", O_CREAT | O_RDWR, 0600);

	ck_assert(fd >= 0 && close(fd) == 0);
	ck_assert(rename("new", LOCK) == 0);
}

static void
replace_lock_by_its_copy(void)
{
	copy(LOCK, "new", 0);
	ck_assert(rename("new", LOCK) == 0);
}

static void
lock_becomes_a_link(void)
{
	ck_assert(rename(LOCK, "elsewhere") == 0);
	ck_assert(symlink("../elsewhere", LOCK) == 0);
}

static void
remove_data(void)
{
	ck_assert(unlink(DATA) == 0);
}

static void
replace_data(void)
{
	ck_assert(rename("older", DATA) == 0);
}

static void
replace_data_twice(void)
{
	copy("older", "older2", 0);
	replace_data();
	ck_assert(rename("older2", DATA) == 0);
}

/* Overwrites the file as cp does, but without O_TRUNC: no reader would survive
 * that. */
static void
write_data_over(void)
{
	copy("older", DATA, 0);
}

static void
write_lock_over(void)
{
	copy("older-lock", LOCK, 0);
}

static void
rename_directory(void)
{
	ck_assert(rename("data", "old") == 0);
}

static void
replace_directory(void)
{
	rename_directory();
	ck_assert(mkdir("data", 0700) == 0);
	ck_assert(rename("older", DATA) == 0);
}

static void
remove_all(void)
{
	remove_data();
	remove_lock();
	ck_assert(rmdir("data") == 0);
}

static void
change_nothing(void)
{
	copy("older", "data/other", 0);
	ck_assert(rename(DATA, "data/away") == 0);
	ck_assert(rename("data/away", DATA) == 0);
}

static const struct {
	const char *name;
	void (*action)(void);
	/* The outcome of a change in this process, of lmdb_env_look after the
	 * change, and of opening the store in another process without that
	 * change. */
	enum err change, look, other;
} cases[] = {
	{ "nothing", change_nothing, ERR_OK, ERR_OK, ERR_OK },
	{ "lock removed", remove_lock, ERR_STORE, ERR_STORE, ERR_STORE },
	{ "lock replaced", replace_lock, ERR_STORE, ERR_STORE, ERR_STORE },
	{ "lock copied", replace_lock_by_its_copy, ERR_STORE, ERR_STORE,
	    ERR_STORE },
	{ "lock a link", lock_becomes_a_link, ERR_STORE, ERR_STORE,
	    ERR_NOT_PRIVATE },
	{ "data removed", remove_data, ERR_STORE, ERR_OK, ERR_NO_STORE },
	{ "data replaced", replace_data, ERR_OK, ERR_OK, ERR_STORE },
	{ "data replaced twice", replace_data_twice, ERR_OK, ERR_OK,
	    ERR_STORE },
	{ "data written over", write_data_over, ERR_STORE, ERR_STORE,
	    ERR_STORE },
	{ "lock written over", write_lock_over, ERR_STORE, ERR_STORE,
	    ERR_STORE },
	{ "directory renamed", rename_directory, ERR_STORE, ERR_STORE,
	    ERR_NO_STORE },
	{ "directory replaced", replace_directory, ERR_STORE, ERR_STORE,
	    ERR_OK },
	{ "all removed", remove_all, ERR_STORE, ERR_STORE, ERR_NO_STORE },
};
#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))

/*
 * Makes a store with two commits more than the copies "older" and "older-lock".
 */
static struct lmdb_env *
make_store(void)
{
	struct lmdb_env *db;

	ck_assert(chdir(unit_directory()) == 0);
	ck_assert(try_open(true, &db) == ERR_OK);
	ck_assert(put(db, "first") == ERR_OK);
	copy(DATA, "older", 0);
	copy(LOCK, "older-lock", 0);
	ck_assert(put(db, "second") == ERR_OK);
	ck_assert(put(db, "third") == ERR_OK);
	return db;
}

START_TEST(acknowledges_only_what_is_in_the_store)
{
	struct lmdb_env *db = make_store(), *after;
	enum err e;

	cases[_i].action();
	e = put(db, "change");
	ck_assert_msg(
	    e == cases[_i].change, "%s: change: %d", cases[_i].name, (int)e);
	unit_check(cases[_i].name, lmdb_env_look(db) == cases[_i].look);
	/* A process that cannot go on has closed the files, so another process
	 * can open the store if there is one. */
	if (cases[_i].look != ERR_OK && cases[_i].action != lock_becomes_a_link)
		unit_check(cases[_i].name,
		    other_process(NULL) ==
			(access(DATA, F_OK) == 0 ? ERR_OK : ERR_NO_STORE));
	lmdb_env_close(db);
	if (try_open(false, &after) != ERR_OK)
		return;
	unit_check(cases[_i].name,
	    get(after, "change") == (e == ERR_OK ? ERR_OK : ERR_NOT_FOUND));
	unit_check(cases[_i].name, put(after, "again") == ERR_OK);
	lmdb_env_close(after);
}
END_TEST

START_TEST(two_processes_never_share_half_a_store)
{
	struct lmdb_env *db = make_store();
	enum err e;

	cases[_i].action();
	e = other_process("other");
	ck_assert_msg(
	    e == cases[_i].other, "%s: other: %d", cases[_i].name, (int)e);
	/* A second process has the same outcome as the first. */
	e = other_process("other");
	ck_assert_msg(
	    e == cases[_i].other, "%s: again: %d", cases[_i].name, (int)e);
	lmdb_env_close(db);
}
END_TEST

static void
next_second(void)
{
	time_t began = time(NULL);

	while (time(NULL) == began)
		usleep(1000);
}

START_TEST(readers_notice_within_a_second)
{
	struct lmdb_env *db = make_store();
	struct lmdb_txn *tx;
	enum err e;

	ck_assert(lmdb_txn_reader(db, &tx) == ERR_OK);
	cases[_i].action();
	next_second();
	e = lmdb_txn_begin(tx);
	lmdb_txn_end(tx);
	ck_assert_msg(
	    e == cases[_i].change, "%s: reader: %d", cases[_i].name, (int)e);
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

START_TEST(reads_the_new_data)
{
	struct lmdb_env *db = make_store();

	ck_assert(get(db, "third") == ERR_OK && lmdb_env_opened(db) == 0);
	replace_data();
	next_second();
	ck_assert(get(db, "third") == ERR_NOT_FOUND);
	ck_assert(get(db, "first") == ERR_OK && lmdb_env_opened(db) == 1);
	lmdb_env_close(db);
}
END_TEST

/* rsync leaves the directory without data.mdb for a moment. */
START_TEST(recovers_when_the_data_file_returns)
{
	struct lmdb_env *db = make_store();

	ck_assert(rename(DATA, "away") == 0);
	ck_assert(put(db, "change") == ERR_STORE);
	ck_assert(get(db, "third") == ERR_STORE);
	ck_assert(rename("away", DATA) == 0);
	ck_assert(put(db, "change") == ERR_OK);
	ck_assert(get(db, "third") == ERR_OK);
	lmdb_env_close(db);
}
END_TEST

/* The files change while a write transaction is open. Its commit stores its
 * number in the lock file, so an older lock file has the right number again. */
START_TEST(reports_a_commit_that_went_to_other_files)
{
	struct lmdb_env *db = make_store();
	struct lmdb_txn *tx;
	bool good;

	ck_assert(lmdb_txn_write(db, &tx) == ERR_OK);
	ck_assert(lmdb_txn_put(tx, 0, str_of("change"), str_of("x")) == ERR_OK);
	cases[_i].action();
	good = cases[_i].action == change_nothing ||
	    cases[_i].action == write_lock_over;
	ck_assert_msg(
	    (lmdb_txn_commit(tx) == ERR_OK) == good, "%s", cases[_i].name);
	lmdb_env_close(db);
}
END_TEST

/* Two processes have the old data open. The first one can open the new data
 * only after the other has closed the old data. */
START_TEST(waits_for_the_others)
{
	struct lmdb_env *db = make_store();
	int go[2], ready[2], status;
	struct lmdb_env *theirs;
	char byte = 0;
	pid_t child;

	lmdb_env_close(db);
	ck_assert(pipe(go) == 0 && pipe(ready) == 0);
	ck_assert((child = fork()) >= 0);
	if (child == 0) {
		if (try_open(false, &theirs) != ERR_OK ||
		    write(ready[1], &byte, 1) != 1 ||
		    read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(put(theirs, "theirs") == ERR_OK ? 0 : 2);
	}
	ck_assert(read(ready[0], &byte, 1) == 1);
	ck_assert(try_open(false, &db) == ERR_OK);
	replace_data();
	ck_assert(put(db, "ours") == ERR_STORE);
	ck_assert(lmdb_env_look(db) == ERR_OK);
	ck_assert(write(go[1], &byte, 1) == 1);
	ck_assert(waitpid(child, &status, 0) == child);
	/* The child either failed in the same way, because this process still
	 * held its lock, or opened the new data, because the lock was free. */
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	ck_assert(put(db, "ours") == ERR_OK);
	ck_assert(get(db, "ours") == ERR_OK);
	ck_assert(get(db, "theirs") ==
	    (WEXITSTATUS(status) == 0 ? ERR_OK : ERR_NOT_FOUND));
	lmdb_env_close(db);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("guard");
	TCase *t = tcase_create("files");

	tcase_add_loop_test(
	    t, acknowledges_only_what_is_in_the_store, 0, CASES);
	tcase_add_loop_test(
	    t, two_processes_never_share_half_a_store, 0, CASES);
	tcase_add_loop_test(t, readers_notice_within_a_second, 0, CASES);
	tcase_add_test(t, reads_the_new_data);
	tcase_add_test(t, recovers_when_the_data_file_returns);
	tcase_add_loop_test(
	    t, reports_a_commit_that_went_to_other_files, 0, CASES);
	tcase_add_test(t, waits_for_the_others);
	suite_add_tcase(suite, t);
	return unit_run(suite);
}
