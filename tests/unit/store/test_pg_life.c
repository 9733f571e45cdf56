/* SPDX-License-Identifier: ISC */
/*
 * test_pg_life.c - the creation of a schema and the examination of a server, on
 * the server of fake_pq.h.
 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fault.h"
#include "fake_db.h"
#include "fake_pq.h"
#include "unit.h"
#include "unit_store.h"

static enum err
open_store(
    const char *owner, const char *reader, bool create, struct store **st)
{
	const struct store_options options = { .directory = unit_directory(),
		.database = "host=/fake",
		.database_schema = "pushcert",
		.database_owner = owner,
		.database_reader = reader,
		.database_lanes = 1,
		.history_keep = 4,
		.timeout_ms = 800,
		.create = create };

	*st = NULL;
	return store_open(&options, st);
}

/* Lets the server answer a statement that begins with this text with one row.
 */
static void
answer(const char *begins, const char *const *cells, size_t n)
{
	static struct str row[1][FAKE_COLUMNS];
	size_t i;

	for (i = 0; i < FAKE_COLUMNS; i++)
		/* cppcheck-suppress nullPointer ; then n is 0 */
		row[0][i] = i < n ? str_of(cells[i]) : STR_EMPTY;
	fake.begins = begins;
	fake.cells = n > 0 ? row : NULL;
}

/* --- the schema ----------------------------------------------------------- */

/* The facts that the role of the service sees (enum column in pg_create.c). */
static const struct schema {
	const char *name;
	const char *seen[5];
	const char *owner, *reader;
	enum err want;
} schemas[] = {
	{ "a new schema", { "app", "0", "0", "true", "true" }, NULL, NULL,
	    ERR_OK },
	{ "with a reader", { "app", "0", "0", "true", "true" }, NULL, "reader",
	    ERR_OK },
	{ "with three roles", { "app", "0", "0", "true", "true" }, "owner",
	    "reader", ERR_OK },
	{ "an owner for what is there", { "app", "5", "0", "false", "false" },
	    "owner", NULL, ERR_OK },
	{ "its own schema again", { "app", "5", "0", "true", "true" }, NULL,
	    NULL, ERR_OK },
	{ "what an owner has made", { "app", "5", "0", "false", "true" }, NULL,
	    NULL, ERR_OK },
	{ "what it may not use", { "app", "5", "0", "false", "false" }, NULL,
	    NULL, ERR_STORE },
	{ "tables of another program", { "app", "4", "1", "true", "true" },
	    NULL, NULL, ERR_STORE },
	{ "the same for an owner", { "app", "4", "1", "true", "true" }, "owner",
	    NULL, ERR_STORE },
};

START_TEST(a_schema_is_made_or_refused)
{
	const struct schema *s = &schemas[_i];
	struct store *st;

	fake_reset();
	answer("SELECT quote_ident", s->seen, 5);
	unit_check(
	    s->name, open_store(s->owner, s->reader, true, &st) == s->want);
	store_close(st);
}
END_TEST

/* Returns whether the connection was lost. */
static bool
create_and_lose_at(unsigned n, const char *owner)
{
	struct store *st;
	bool lost;
	enum err e;

	fake_reset();
	fake.lose_at = n;
	e = open_store(owner, "reader", true, &st);
	lost = fake.lost;
	ck_assert_msg(e == ERR_OK || (lost && e == ERR_STORE), "call %u: %s", n,
	    err_info(e)->text);
	store_close(st);
	fake.lose_at = 0;
	/* It can be repeated. */
	ck_assert(open_store(owner, "reader", true, &st) == ERR_OK);
	store_close(st);
	return lost;
}

START_TEST(a_connection_is_lost_while_the_schema_is_made)
{
	unsigned n = 1;

	/* Most calls wait until the program connects again. */
	while (create_and_lose_at(n, _i == 0 ? NULL : "owner"))
		n += 1 + n / 8;
	ck_assert_uint_gt(n, 10);
	ck_assert_uint_lt(n, 500);
}
END_TEST

START_TEST(a_server_must_be_new_enough)
{
	struct store *st;

	fake_reset();
	fake.version = 130022;
	unit_capture();
	ck_assert(open_store(NULL, NULL, true, &st) == ERR_STORE);
	ck_assert(unit_holds(unit_captured(), "the server is older than 14\n"));
	store_close(st);
	fake.version = 140000;
	ck_assert(open_store(NULL, NULL, true, &st) == ERR_OK);
	store_close(st);
}
END_TEST

/* --- the server ----------------------------------------------------------- */

#define EXAMINE "SELECT current_setting('synchronous_standby_names')"

/* The answer of a server without a fault: the names of the standbys, and so on
 * (enum column in pg_examine.c). The clock is filled in. */
enum { CLOCK = 6, COLUMNS = 12 };
static const char *const good[COLUMNS] = { "ANY 1 (a, b)", "on", "on", "on",
	"true", "false", NULL, "false", "true", "2", "1", "true" };

static const struct server {
	const char *name;
	int column; /* that is different */
	const char *value;
	const char *says; /* the beginning of the advice; NULL: none */
	bool is_note;
} servers[] = {
	{ "nothing is wrong", 0, "a", NULL, false },
	{ "no standby", 0, "", "synchronous_standby_names is empty", false },
	{ "the standby is away", 10, "0", "no synchronous standby is connected",
	    false },
	{ "the role may not look", 8, "false", "this role may not see", true },
	{ "remote_apply", 1, "remote_apply", NULL, false },
	{ "asynchronous", 1, "off", "synchronous_commit is off or local",
	    false },
	{ "local", 1, "local", "synchronous_commit is off or local", false },
	{ "no fsync", 2, "off", "fsync is off", false },
	{ "no checksums", 3, "off", "data_checksums is off", false },
	{ "no TLS", 4, "false", "the connection is not encrypted", false },
	{ "a clock that is late", CLOCK, "1000000000",
	    "the clock of the server", false },
	{ "a clock that is early", CLOCK, "99999999999",
	    "the clock of the server", false },
	{ "no clock", CLOCK, "late", "the clock of the server", false },
	{ "a role that only reads", 11, "false",
	    "the role of this program may not change", false },
	{ "a superuser", 7, "true", "the role of this program is a superuser",
	    false },
};

struct said {
	unsigned n;
	bool is_note;
	char what[128];
};

static void
listen_to(void *arg, bool is_note, const char *what, const char *cure)
{
	struct said *s = arg;

	ck_assert(cure[strlen(cure) - 1] == '.');
	snprintf(s->what, sizeof(s->what), "%s", what);
	s->is_note = is_note;
	s->n++;
}

static void
answer_as(const struct server *s)
{
	const char *cells[COLUMNS];
	static char now[32];

	snprintf(now, sizeof(now), "%lld", (long long)time(NULL));
	memcpy(cells, good, sizeof(cells));
	cells[CLOCK] = now;
	if (s != NULL)
		cells[s->column] = s->value;
	answer(EXAMINE, cells, COLUMNS);
}

START_TEST(a_server_is_examined)
{
	const struct server *s = &servers[_i];
	struct said said = { .n = 0 };
	struct store *st;

	fake_reset();
	ck_assert(open_store(NULL, NULL, true, &st) == ERR_OK);
	answer_as(s);
	unit_check(s->name, store_examine(st, listen_to, &said) == ERR_OK);
	unit_check(s->name, said.n == (s->says != NULL));
	unit_check(s->name,
	    s->says == NULL ||
		(said.is_note == s->is_note &&
		    strncmp(said.what, s->says, strlen(s->says)) == 0));
	store_close(st);
}
END_TEST

/* A role that may not see the state of the standbys sees their number, and TLS
 * is not needed on the machine itself. */
START_TEST(a_role_may_see_less)
{
	const char *cells[COLUMNS];
	struct said said = { .n = 0 };
	struct store *st;
	char now[32];

	fake_reset();
	ck_assert(open_store(NULL, NULL, true, &st) == ERR_OK);
	snprintf(now, sizeof(now), "%lld", (long long)time(NULL));
	memcpy(cells, good, sizeof(cells));
	cells[CLOCK] = now;
	cells[4] = "false";
	cells[5] = "true";
	cells[8] = "false";
	cells[9] = "0";
	answer(EXAMINE, cells, COLUMNS);
	ck_assert(store_examine(st, listen_to, &said) == ERR_OK);
	ck_assert_uint_eq(said.n, 2);
	store_close(st);
}
END_TEST

START_TEST(a_server_gives_no_answer)
{
	struct said said = { .n = 0 };
	struct store *st;
	unsigned n;

	fake_reset();
	ck_assert(open_store(NULL, NULL, true, &st) == ERR_OK);
	/* It does not know the statement. */
	ck_assert(store_examine(st, listen_to, &said) == ERR_STORE);
	answer(EXAMINE, NULL, 0);
	ck_assert(store_examine(st, listen_to, &said) == ERR_BUSY);
	answer_as(NULL);
	for (n = 1; n < 100; n++) {
		fake.calls = 0;
		fake.lost = false;
		fake.lose_at = n;
		ck_assert(store_examine(st, listen_to, &said) == ERR_OK);
		if (!fake.lost)
			break;
	}
	fake.lose_at = 0;
	ck_assert_uint_gt(n, 3);
	ck_assert_uint_lt(n, 100);
	ck_assert_uint_eq(said.n, 0);
	store_close(st);
}
END_TEST

/* --- no memory ------------------------------------------------------------ */

static struct store *mine;

static enum err
open_mine(void)
{
	store_close(mine);
	return open_store("owner", "reader", true, &mine);
}

static enum err
add_event(struct txn *tx, void *arg)
{
	struct guid tenant = unit_tenant(1);
	struct record r = { .revision = 1 };
	struct event ev = { .action = STORE_CHANGED };
	enum err e = store_record(tx, &tenant, &ev.former);

	(void)arg;
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	ev.had_former = e == ERR_OK;
	if ((e = store_record_put(tx, &tenant, &r)) != ERR_OK)
		return e;
	return store_event_add(tx, &tenant, &ev);
}

static enum err
change_mine(void)
{
	return store_update(mine, add_event, NULL);
}

static enum err
put_and_delete(struct txn *tx, void *arg)
{
	struct token t = { .name = str_of("x"), .created_at = 1 };
	enum err e;

	(void)arg;
	if ((e = store_token_put(tx, &t)) != ERR_OK)
		return e;
	return store_token_delete(tx, t.hash);
}

static enum err
put_and_delete_mine(void)
{
	return store_update(mine, put_and_delete, NULL);
}

/* A walk over a whole table locks the tables. */
static enum err
count_and_put(struct txn *tx, void *arg)
{
	struct tenant t = { .id = unit_tenant(2), .created_at = 1 };
	unsigned n = 0;
	enum err e;

	(void)arg;
	if ((e = store_records(tx, unit_count_record, &n)) != ERR_OK)
		return e;
	return store_tenant_put(tx, &t);
}

static enum err
change_all_mine(void)
{
	return store_update(mine, count_and_put, NULL);
}

static enum err
read_mine(void)
{
	const struct store_verifier quiet = { .relations = true };
	struct guid tenant = unit_tenant(1);
	struct store_counts counts;
	struct txn *tx = NULL;
	struct record r;
	enum err e;

	if ((e = store_reader(mine, &tx)) != ERR_OK)
		return e;
	if ((e = store_begin(tx)) == ERR_OK &&
	    (e = store_record(tx, &tenant, &r)) == ERR_OK)
		e = store_verify(tx, &quiet, &counts);
	store_reader_free(tx);
	return e;
}

static enum err
examine_mine(void)
{
	struct said said = { .n = 0 };

	answer_as(NULL);
	return store_examine(mine, listen_to, &said);
}

static enum err
back_up_mine(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/backup", unit_directory());
	return store_backup(mine, path, true);
}

static enum err
restore_mine(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/backup", unit_directory());
	return store_restore(mine, path, true);
}

static const struct act {
	const char *name;
	enum err (*run)(void);
} acts[] = {
	{ "open", open_mine },
	{ "change", change_mine },
	{ "change again", change_mine },
	{ "put and delete", put_and_delete_mine },
	{ "change with locked tables", change_all_mine },
	{ "read", read_mine },
	{ "examine", examine_mine },
	{ "back up", back_up_mine },
	{ "restore", restore_mine },
};

/* Each act fails, or it was done; afterwards it can be done. */
START_TEST(memory_runs_out_at_every_call)
{
	struct fault_plan *plan = fault_new();
	const struct act *a = acts;
	bool hit = true;
	enum err e;
	long n;

	ck_assert_ptr_nonnull(plan);
	fault_watch(plan);
	fake_reset();
	for (; a < acts + sizeof(acts) / sizeof(acts[0]); a++)
		for (n = 1, hit = true; hit; n += 1 + n / 16) {
			fault_arm(plan, FAULT_MALLOC, ENOMEM, n);
			e = a->run();
			hit = fault_disarm(plan);
			ck_assert_msg(hit || e == ERR_OK, "%s: %s", a->name,
			    err_info(e)->text);
			e = a->run();
			ck_assert_msg(e == ERR_OK, "%s after %ld: %s", a->name,
			    n, err_info(e)->text);
		}
	store_close(mine);
}
END_TEST

/* Tests of a store in files only. */
START_TEST(a_server_has_no_map_and_no_old_reader)
{
	const struct store_options options = { .database = "host=/fake" };
	struct store_reader_age age;
	uint64_t used = 1, size = 1;
	struct store *st;
	struct txn *tx = NULL;

	fake_reset();
	ck_assert(store_files(&options)[0] == NULL);
	ck_assert(open_store(NULL, NULL, false, &st) == ERR_NO_STORE);
	ck_assert(open_store(NULL, NULL, true, &st) == ERR_OK);
	ck_assert(store_reader(st, &tx) == ERR_OK);
	ck_assert(store_begin(tx) == ERR_OK);
	store_usage(tx, &used, &size);
	ck_assert(used == 0 && size == 0);
	store_reader_free(tx);
	ck_assert(!store_oldest_reader(st, &age));
	store_tidy(st);
	ck_assert(store_look(st) == ERR_OK);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_life");
	TCase *cases = tcase_create("all");

	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, a_schema_is_made_or_refused, 0,
	    sizeof(schemas) / sizeof(schemas[0]));
	tcase_add_loop_test(
	    cases, a_connection_is_lost_while_the_schema_is_made, 0, 2);
	tcase_add_loop_test(cases, a_server_is_examined, 0,
	    sizeof(servers) / sizeof(servers[0]));
	tcase_add_test(cases, a_server_must_be_new_enough);
	tcase_add_test(cases, a_role_may_see_less);
	tcase_add_test(cases, a_server_gives_no_answer);
	tcase_add_test(cases, memory_runs_out_at_every_call);
	tcase_add_test(cases, a_server_has_no_map_and_no_old_reader);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
