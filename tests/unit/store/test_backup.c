/* SPDX-License-Identifier: ISC */
/*
 * test_backup.c - a backup is restored completely or not at all; notices belong
 * to their tenant.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"
#include "unit.h"
#include "unit_store.h"

#define TENANTS 200

/* Each test runs in a process of its own and has files of its own. */
static const char *
own(int slot, const char *name)
{
	static char path[4][256];

	snprintf(
	    path[slot], sizeof(path[slot]), "%s/%s", unit_directory(), name);
	return path[slot];
}

static struct store *
fresh(int slot, const char *name)
{
	return unit_store((struct store_options){
	    .directory = own(slot, name), .history_keep = 5 });
}

struct put {
	unsigned n;
	const char *apple_id;
};

/* Puts one row of each kind for a tenant. */
static enum err
put_tenant(struct txn *tx, void *arg)
{
	const struct put *p = arg;
	struct guid g = unit_tenant(p->n);
	struct record r = { .revision = p->n + 1 };
	struct event ev = { .action = STORE_CHANGED, .actor = str_of("a") };
	struct csr csr = { .request = str_of("request") };
	struct notice notice = { .serial = str_of("01"), .level = 2 };
	struct consent consent = { .actor = str_of("c"), .when = { 1, 2 } };
	struct custody custody = { .text = { str_of("o"), str_of("c") } };
	struct token t = { .tenant = g, .name = str_of("n") };
	enum err e;

	r.value[RECORD_APPLE_ID] = str_of(p->apple_id);
	memcpy(t.hash, g.byte, sizeof(g.byte));
	if ((e = store_record_put(tx, &g, &r)) != ERR_OK ||
	    (e = store_event_add(tx, &g, &ev)) != ERR_OK ||
	    (e = store_csr_put(tx, &g, NULL, &csr)) != ERR_OK ||
	    (e = store_token_put(tx, &t)) != ERR_OK ||
	    (e = store_consent_put(tx, &g, &consent)) != ERR_OK ||
	    (e = store_custody_put(tx, &g, &custody)) != ERR_OK)
		return e;
	return store_notice_put(tx, &g, &notice);
}

static void
put_all(struct store *st, unsigned from, unsigned n, const char *apple_id)
{
	struct put p = { .apple_id = apple_id };

	for (p.n = from; p.n < from + n; p.n++)
		unit_update(st, put_tenant, &p);
}

static void
check_tenant(struct txn *tx, unsigned n, const char *apple_id)
{
	struct guid g = unit_tenant(n);
	uint8_t hash[STORE_HASH_LEN] = { 0 };
	unsigned events = 0;
	struct consent consent;
	struct custody custody;
	struct notice notice;
	struct record r;
	struct token t;
	struct csr csr;

	memcpy(hash, g.byte, sizeof(g.byte));
	ck_assert_int_eq(store_record(tx, &g, &r), ERR_OK);
	unit_same("Apple ID", r.value[RECORD_APPLE_ID], str_of(apple_id));
	ck_assert_uint_eq(r.revision, n + 1);
	ck_assert_int_eq(
	    store_events(tx, &g, unit_count_event, &events), ERR_OK);
	ck_assert_uint_eq(events, 1);
	ck_assert_int_eq(store_csr(tx, &g, NULL, &csr), ERR_OK);
	unit_same("request", csr.request, str_of("request"));
	ck_assert_int_eq(store_token(tx, hash, &t), ERR_OK);
	ck_assert_int_eq(store_notice(tx, &g, &notice), ERR_OK);
	unit_same("serial", notice.serial, str_of("01"));
	ck_assert(str_is_null(notice.expires));
	ck_assert_uint_eq(notice.level, 2);
	ck_assert_int_eq(store_consent(tx, &g, &consent), ERR_OK);
	unit_same("consent", consent.actor, str_of("c"));
	ck_assert_uint_eq(consent.when.nano, 2);
	ck_assert_int_eq(store_custody(tx, &g, &custody), ERR_OK);
	unit_same("owner", custody.text[CUSTODY_OWNER], str_of("o"));
	unit_same("contact", custody.text[CUSTODY_CONTACT], str_of("c"));
	ck_assert(str_is_null(custody.text[CUSTODY_NOTES]));
}

static void
check_all(struct store *st, unsigned want, const char *apple_id)
{
	struct txn *tx = unit_begin(st);
	unsigned n = 0;

	ck_assert_int_eq(store_records(tx, unit_count_record, &n), ERR_OK);
	ck_assert_uint_eq(n, want);
	for (n = 0; n < want; n++)
		check_tenant(tx, n, apple_id);
	store_reader_free(tx);
}

/* The directory contains the two files of a store in files, and no others. */
static void
check_tidy(const char *directory)
{
	DIR *d = opendir(directory);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	ck_assert_uint_eq(n, unit_on_server() ? 2 : 4);
}

START_TEST(a_backup_restores_everything)
{
	struct store *from = fresh(0, "from"), *to = fresh(1, "to");
	const char *file = own(2, "backup");
	struct stat st;

	put_all(from, 0, TENANTS, "first");
	ck_assert_int_eq(store_backup(from, file, false), ERR_OK);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	/* The backup does not contain later changes. */
	put_all(from, 0, 1, "second");
	ck_assert_int_eq(store_restore(to, file, false), ERR_OK);
	check_all(to, TENANTS, "first");
	store_close(from);
	store_close(to);
	check_tidy(own(0, "from"));
	check_tidy(own(1, "to"));
}
END_TEST

/* The restore upgrades its copy of the backup to the current format. */
START_TEST(a_backup_of_an_older_release_is_restored)
{
	struct store *from = fresh(0, "from"), *to = fresh(1, "to");
	struct unit_tables t;

	put_all(from, 0, 3, "older");
	store_close(from);
	t = unit_tables_open(own(0, "from"));
	unit_put_format(t.tx, 1);
	unit_tables_commit(&t);
	ck_assert_int_eq(
	    store_restore(to, own(2, "from/data.mdb"), false), ERR_OK);
	check_all(to, 3, "older");
	store_close(to);
	check_tidy(own(1, "to"));
}
END_TEST

START_TEST(a_full_store_is_replaced_only_if_asked)
{
	struct store *from = fresh(0, "from"), *to = fresh(1, "to");
	const char *file = own(2, "backup");

	put_all(from, 0, 3, "first");
	put_all(to, 0, 200, "other");
	ck_assert_int_eq(store_backup(from, file, true), ERR_OK);
	/* A new backup replaces an old one only if the caller asks for it. */
	ck_assert_int_eq(store_backup(from, file, false), ERR_FILE);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(store_backup(from, file, true), ERR_OK);
	ck_assert_int_eq(store_restore(to, file, false), ERR_EXISTS);
	check_all(to, 200, "other");
	ck_assert_int_eq(store_restore(to, file, true), ERR_OK);
	check_all(to, 3, "first");
	store_close(from);
	store_close(to);
}
END_TEST

/* Writes the first n bytes of a backup, with a changed byte in each copy of the
 * needle. A page that is not used any more may have such a copy, too. */
static void
spoil(const char *bytes, const char *to, size_t n, const char *needle)
{
	size_t most = needle == NULL ? n : strlen(needle), i;
	FILE *out = fopen(to, "wb");
	bool found;

	ck_assert_ptr_nonnull(out);
	for (i = 0; i < n; i++) {
		found = needle != NULL && n - i >= most &&
		    memcmp(bytes + i, needle, most) == 0;
		putc(found ? bytes[i] ^ 1 : bytes[i], out);
	}
	fclose(out);
}

START_TEST(a_damaged_or_cut_backup_is_refused)
{
	struct store *from = fresh(0, "from"), *to = fresh(1, "to");
	const char *file = own(2, "backup"), *bad = own(3, "bad");
	char needle[] = "spoil me";
	struct stat st;
	size_t n;
	char *bytes;
	FILE *f;

	put_all(to, 0, 2, "kept");
	put_all(from, 0, TENANTS, needle);
	ck_assert_int_eq(store_backup(from, file, true), ERR_OK);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_ptr_nonnull((bytes = malloc((size_t)st.st_size)));
	ck_assert_ptr_nonnull((f = fopen(file, "rb")));
	ck_assert_uint_eq(fread(bytes, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	n = (size_t)st.st_size;

	spoil(bytes, bad, n, needle);
	ck_assert_int_eq(store_restore(to, bad, true), ERR_CORRUPT);
	/* The last pages of a backup that PostgreSQL has filled may be free. */
	spoil(bytes, bad, unit_on_server() ? n / 2 : n - 8192, NULL);
	ck_assert_int_eq(store_restore(to, bad, true), ERR_CORRUPT);
	spoil(bytes, bad, 0, NULL);
	ck_assert_int_eq(store_restore(to, bad, true), ERR_NO_STORE);
	free(bytes);
	ck_assert_int_eq(store_restore(to, own(3, "absent"), true), ERR_FILE);
	check_all(to, 2, "kept");
	store_close(from);
	store_close(to);
}
END_TEST

START_TEST(a_backup_that_cannot_be_written_leaves_nothing)
{
	struct store *from = fresh(0, "from");

	ck_assert_int_eq(
	    store_backup(from, own(1, "no/such/directory"), true), ERR_FILE);
	store_close(from);
	check_tidy(own(0, "from"));
}
END_TEST

/* The directory that an unfinished backup left is kept while its process lives,
 * which the lock shows, and removed afterwards. */
START_TEST(files_of_a_dead_backup_are_removed)
{
	struct store *from = fresh(0, "from");
	const char *dead = own(1, "from/copy.dead"),
		   *data = own(2, "from/copy.dead/data.mdb");
	int lock;

	ck_assert_int_eq(mkdir(dead, 0700), 0);
	ck_assert_int_eq(
	    close(open(data, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	ck_assert_int_ge(lock = open(dead, O_RDONLY | O_CLOEXEC), 0);
	ck_assert_int_eq(flock(lock, LOCK_EX), 0);
	ck_assert_int_eq(store_backup(from, own(3, "backup"), false), ERR_OK);
	ck_assert_int_eq(access(data, F_OK), 0);
	close(lock);
	ck_assert_int_eq(store_backup(from, own(3, "backup"), true), ERR_OK);
	ck_assert_int_ne(access(dead, F_OK), 0);
	store_close(from);
	check_tidy(own(0, "from"));
}
END_TEST

/* A thread that changes two tenants in one transaction, over and over. */
struct pair {
	struct store *st;
	atomic_bool stop;
};

static enum err
put_pair(struct txn *tx, void *arg)
{
	struct record r = { .revision = *(const uint64_t *)arg };
	struct guid a = unit_tenant(0), b = unit_tenant(TENANTS);
	enum err e;

	if ((e = store_record_put(tx, &a, &r)) != ERR_OK)
		return e;
	return store_record_put(tx, &b, &r);
}

static void *
change_pair(void *arg)
{
	struct pair *p = arg;
	uint64_t i;

	for (i = 1; !atomic_load(&p->stop); i++)
		if (store_update(p->st, put_pair, &i) != ERR_OK)
			abort();
	return NULL;
}

static uint64_t
revision(struct txn *tx, unsigned n)
{
	struct guid g = unit_tenant(n);
	struct record r;

	ck_assert_int_eq(store_record(tx, &g, &r), ERR_OK);
	return r.revision;
}

START_TEST(a_backup_is_of_one_moment)
{
	struct store *from = fresh(0, "from"), *to = fresh(1, "to");
	const char *file = own(2, "backup");
	struct pair p = { .st = from };
	struct txn *tx = NULL;
	uint64_t last = 0;
	pthread_t thread;
	int i;

	put_all(from, 1, 50, "between");
	unit_update(from, put_pair, &last);
	ck_assert_int_eq(store_reader(to, &tx), ERR_OK);
	ck_assert_int_eq(pthread_create(&thread, NULL, change_pair, &p), 0);
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(store_backup(from, file, true), ERR_OK);
		ck_assert_int_eq(store_restore(to, file, true), ERR_OK);
		ck_assert_int_eq(store_begin(tx), ERR_OK);
		ck_assert_uint_eq(revision(tx, 0), revision(tx, TENANTS));
		ck_assert_uint_ge(revision(tx, 0), last);
		last = revision(tx, 0);
		store_end(tx);
	}
	atomic_store(&p.stop, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_gt(last, 0);
	store_reader_free(tx);
	store_close(from);
	store_close(to);
}
END_TEST

START_TEST(a_store_that_lists_a_tenant_is_not_empty)
{
	struct store *from = fresh(0, "from"), *to = fresh(1, "to");
	struct tenant t = { .id = unit_tenant(1), .alias = str_of("one") };
	const char *file = own(2, "backup");

	unit_update(to, unit_put_tenant, &t);
	ck_assert_int_eq(store_backup(from, file, true), ERR_OK);
	ck_assert_int_eq(store_restore(to, file, false), ERR_EXISTS);
	ck_assert_int_eq(store_backup(to, file, true), ERR_OK);
	ck_assert_int_eq(store_restore(from, file, false), ERR_OK);
	ck_assert_int_eq(store_restore(from, file, false), ERR_EXISTS);
	store_close(from);
	store_close(to);
}
END_TEST

static enum err
end_sessions(struct txn *tx, void *arg)
{
	return store_session_epoch_put(tx, *(const uint64_t *)arg);
}

START_TEST(a_restore_revives_no_session)
{
	static const uint64_t ends[] = { 5, 7 };
	const char *file = own(2, "backup");
	struct store *st = fresh(0, "from");
	uint64_t epoch = 0;
	struct txn *tx;

	unit_update(st, end_sessions, (void *)(uintptr_t)&ends[0]);
	ck_assert_int_eq(store_backup(st, file, true), ERR_OK);
	unit_update(st, end_sessions, (void *)(uintptr_t)&ends[1]);
	ck_assert_int_eq(store_restore(st, file, true), ERR_OK);
	tx = unit_begin(st);
	ck_assert_int_eq(store_session_epoch(tx, &epoch), ERR_OK);
	ck_assert_uint_eq(epoch, 7);
	ck_assert_uint_eq(unit_verify(tx).findings, 0);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(a_notice_belongs_to_its_tenant)
{
	struct store *st = fresh(0, "from");
	struct guid stranger = unit_tenant(9);
	struct notice notice;
	struct txn *tx;

	put_all(st, 0, 2, "x");
	tx = unit_begin(st);
	ck_assert_int_eq(store_notice(tx, &stranger, &notice), ERR_NOT_FOUND);
	check_tenant(tx, 1, "x");
	store_reader_free(tx);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backup");
	TCase *cases = tcase_create("all");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, a_backup_restores_everything);
	/* The test makes the older backup from a store in a file. */
	if (!unit_on_server())
		tcase_add_test(cases, a_backup_of_an_older_release_is_restored);
	tcase_add_test(cases, a_full_store_is_replaced_only_if_asked);
	tcase_add_test(cases, a_damaged_or_cut_backup_is_refused);
	tcase_add_test(cases, a_backup_that_cannot_be_written_leaves_nothing);
	tcase_add_test(cases, files_of_a_dead_backup_are_removed);
	tcase_add_test(cases, a_backup_is_of_one_moment);
	tcase_add_test(cases, a_store_that_lists_a_tenant_is_not_empty);
	tcase_add_test(cases, a_restore_revives_no_session);
	tcase_add_test(cases, a_notice_belongs_to_its_tenant);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
