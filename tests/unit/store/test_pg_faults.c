/* SPDX-License-Identifier: ISC */
/*
 * test_pg_faults.c - what a change and a read of a store in PostgreSQL end with
 * when the server fails, on the server of fake_pq.h: nothing that was
 * acknowledged is lost, and nothing is done twice.
 */
#include "store/store.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "fake_server.h"
#include "timing.h"
#include "unit.h"
#include "unit_store.h"

/* The queue_timeout of the stores, in milliseconds. */
#define PATIENCE 800

static struct store *
open_store(void)
{
	const struct store_options options = { .directory = unit_directory(),
		.database = "host=/fake",
		.database_schema = "pushcert",
		.database_lanes = 1,
		.history_keep = 4,
		.timeout_ms = PATIENCE,
		.create = true };
	struct store *st = NULL;

	ck_assert_int_eq(store_open(&options, &st), ERR_OK);
	return st;
}

/* --- changes and reads ---------------------------------------------------- */

static const struct guid tenant = { .byte = { 0x6b } };

/* Adds 1 to the revision of the record, with an event. */
static enum err
count(struct txn *tx, void *arg)
{
	const struct guid *g = arg;
	struct record next = { .revision = 1 };
	struct event ev = { .action = STORE_CHANGED };
	enum err e = store_record(tx, g, &ev.former);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	ev.had_former = e == ERR_OK;
	if (ev.had_former)
		next.revision = ev.former.revision + 1;
	if ((e = store_record_put(tx, g, &next)) != ERR_OK)
		return e;
	return store_event_add(tx, g, &ev);
}

static struct guid first_tenant = { .byte = { 0x6b } };

static enum err
change(struct store *st)
{
	return store_update(st, count, &first_tenant);
}

static struct token
token_of(unsigned char n)
{
	struct token t = { .tenant = tenant, .created_at = 1 };

	memset(t.hash, n, sizeof(t.hash));
	t.name = str_of("one");
	return t;
}

static enum err
add_token(struct store *st)
{
	struct token t = token_of(2);

	return store_update(st, unit_put_token, &t);
}

static enum err
remove_token(struct store *st)
{
	struct token t = token_of(1);

	return store_update(st, unit_delete_token, t.hash);
}

static enum err
count_token(const struct token *t, void *arg)
{
	(void)t;
	++*(unsigned *)arg;
	return ERR_OK;
}

/* A change that walks over a table locks all of them. */
static enum err
count_and_add(struct txn *tx, void *arg)
{
	struct tenant t = { .id = unit_tenant(9), .created_at = 1 }, old;
	enum err e = store_tokens(tx, count_token, arg);

	if (e != ERR_OK)
		return e;
	e = store_tenant(tx, &t.id, &old);
	if (e != ERR_NOT_FOUND)
		return e == ERR_OK ? ERR_EXISTS : e;
	return store_tenant_put(tx, &t);
}

static enum err
add_tenant(struct store *st)
{
	unsigned n = 0;

	return store_update(st, count_and_add, &n);
}

static enum err
read_record(struct store *st)
{
	struct txn *tx = unit_begin(st);
	struct record r;
	enum err e = store_record(tx, &tenant, &r);

	if (e == ERR_OK)
		ck_assert_uint_ge(r.revision, 1);
	store_reader_free(tx);
	return e;
}

static enum err
walk(struct store *st)
{
	struct txn *tx = unit_begin(st);
	unsigned n = 0;
	enum err e = store_records(tx, unit_count_record, &n);

	if (e == ERR_OK)
		ck_assert_uint_eq(n, 1);
	store_reader_free(tx);
	return e;
}

/* The state of the store, read without faults. */
struct state {
	uint64_t revision;
	unsigned events, tokens, tenants;
};

static struct state
look(struct store *st)
{
	struct state s = { .revision = 0 };
	struct txn *tx = unit_begin(st);
	struct record r;
	enum err e = store_record(tx, &tenant, &r);

	ck_assert(e == ERR_OK || e == ERR_NOT_FOUND);
	if (e == ERR_OK)
		s.revision = r.revision;
	e = store_events(tx, &tenant, unit_count_event, &s.events);
	ck_assert_int_eq(e, ERR_OK);
	e = store_tokens(tx, count_token, &s.tokens);
	ck_assert_int_eq(e, ERR_OK);
	e = store_tenants(tx, unit_count_tenant, &s.tenants);
	ck_assert_int_eq(e, ERR_OK);
	store_reader_free(tx);
	return s;
}

/* A store with a record, an event and a token; and no faults so far. */
static struct store *
begin(void)
{
	struct token t = token_of(1);
	struct store *st;

	fake_reset();
	st = open_store();
	ck_assert_int_eq(change(st), ERR_OK);
	unit_update(st, unit_put_token, &t);
	fake.calls = fake.connects = fake.syncs = fake.commits = fake.beats = 0;
	return st;
}

static const struct state before = { 1, 1, 1, 0 };

static bool
is_state(const struct state *a, const struct state *b)
{
	return a->revision == b->revision && a->events == b->events &&
	    a->tokens == b->tokens && a->tenants == b->tenants;
}

/* --- a lost connection ---------------------------------------------------- */

static const struct work {
	const char *name;
	enum err (*run)(struct store *st);
	struct state after;
	/* The outcomes that it may have beside ERR_OK when the connection is
	 * lost. */
	enum err also;
} works[] = {
	{ "a change", change, { 2, 2, 1, 0 }, ERR_OK },
	{ "a new row", add_token, { 1, 1, 2, 0 }, ERR_OK },
	/* A removed row has no mark, so the outcome may stay unknown. */
	{ "a removal", remove_token, { 1, 1, 0, 0 }, ERR_BUSY },
	{ "a change with locked tables", add_tenant, { 1, 1, 1, 1 }, ERR_OK },
	{ "a read", read_record, { 1, 1, 1, 0 }, ERR_OK },
	/* Nothing can show a snapshot that has ended. */
	{ "a walk", walk, { 1, 1, 1, 0 }, ERR_BUSY },
};

/* The work is done, or it failed and did nothing. */
static void
check_outcome(
    const struct work *w, struct store *st, const char *name, enum err e)
{
	struct state s = look(st);

	ck_assert_msg(
	    e == ERR_OK || e == w->also, "%s: %s", name, err_info(e)->text);
	unit_check(name,
	    is_state(&s, &w->after) ||
		(e == ERR_BUSY && is_state(&s, &before)));
	if (e == ERR_OK)
		unit_check(name, is_state(&s, &w->after));
}

/* Loses the connection at the n-th call of libpq. False: there is no n-th call.
 */
static bool
lose_at(const struct work *w, unsigned n, bool late)
{
	struct store *st = begin();
	char name[96];
	bool lost;
	enum err e;

	snprintf(name, sizeof(name), "%s, call %u, %s", w->name, n,
	    late ? "late" : "early");
	fake.lose_at = n;
	fake.lose_late = late;
	e = w->run(st);
	lost = fake.lost;
	fake.lose_at = 0;
	check_outcome(w, st, name, e);
	store_close(st);
	return lost;
}

/* Each loss waits for a new connection, so each test makes a part of them. */
#define PARTS 4

START_TEST(a_connection_is_lost_at_every_call)
{
	const struct work *w = &works[_i / 2 / PARTS];
	unsigned n = 1 + (unsigned)_i / 2 % PARTS;

	while (lose_at(w, n, _i % 2 == 1))
		n += PARTS;
	/* To send, to flush, to receive. */
	ck_assert_uint_gt(n, 5);
	ck_assert_uint_lt(n, 500);
}
END_TEST

/* libpq has no memory for the n-th statement. The batch must not go on without
 * it, and the connection is made again. False: there is no n-th statement. */
static bool
refuse_at(const struct work *w, unsigned n)
{
	struct store *st = begin();
	char name[96];
	bool refused;
	enum err e;

	snprintf(name, sizeof(name), "%s, statement %u", w->name, n);
	fake.refuse_at = n;
	e = w->run(st);
	refused = fake.refuse_at == 0;
	fake.refuse_at = 0;
	if (refused)
		unit_check(name, e != ERR_OK || fake.connects > 0);
	check_outcome(w, st, name, e);
	store_close(st);
	return refused;
}

START_TEST(a_statement_is_refused_by_libpq)
{
	unsigned n = 1;

	while (refuse_at(&works[_i], n))
		n++;
	ck_assert_uint_gt(n, 1);
	ck_assert_uint_lt(n, 100);
}
END_TEST

/* A pool of connections gives each transaction another session, which has the
 * schema of another store. */
START_TEST(a_session_of_another_store_changes_nothing)
{
	const struct work *w = &works[_i];
	struct store *st = begin();
	struct state s;

	fake.is_elsewhere = true;
	ck_assert_int_eq(w->run(st), ERR_BUSY);
	fake.is_elsewhere = false;
	s = look(st);
	unit_check(w->name, is_state(&s, &before));
	ck_assert_int_eq(w->run(st), ERR_OK);
	store_close(st);
}
END_TEST

/* --- SQLSTATEs ------------------------------------------------------------ */

#define ALWAYS 1000000

/* The outcome of a change, or a read, when the server reports a state. The
 * states are those of errcodes.txt in PostgreSQL. */
static const struct trouble {
	const char *name, *state;
	enum fake_place place;
	unsigned times;
	bool is_fatal;
	enum err want;
	unsigned status; /* of HTTP */
} troubles[] = {
	{ "a serialization failure", "40001", FAKE_WRITE, 1, 0, ERR_OK, 200 },
	{ "a deadlock", "40P01", FAKE_WRITE, 2, 0, ERR_OK, 200 },
	{ "another inserted the key", "23505", FAKE_WRITE, 3, 0, ERR_OK, 200 },
	{ "another changed the row", "22012", FAKE_WRITE, 1, 0, ERR_OK, 200 },
	{ "a lock timeout", "55P03", FAKE_WRITE, 1, 0, ERR_OK, 200 },
	{ "a cancelled statement", "57014", FAKE_WRITE, 1, 0, ERR_OK, 200 },
	{ "an ended connection", "57P01", FAKE_WRITE, 1, 1, ERR_OK, 200 },
	{ "a crash of the server", "57P02", FAKE_WRITE, 1, 1, ERR_OK, 200 },
	{ "no memory, once", "53200", FAKE_WRITE, 1, 0, ERR_OK, 200 },
	{ "now a standby", "25006", FAKE_WRITE, 1, 0, ERR_OK, 200 },
	{ "a connection failure", "08006", FAKE_WRITE, 1, 1, ERR_OK, 200 },
	{ "an idle transaction", "25P03", FAKE_WRITE, 1, 1, ERR_OK, 200 },
	{ "a conflict at commit", "40001", FAKE_COMMIT, 2, 0, ERR_OK, 200 },
	{ "an end at commit", "57P01", FAKE_COMMIT, 1, 1, ERR_OK, 200 },
	{ "too many connections, once", "53300", FAKE_CONNECT, 1, 0, ERR_OK,
	    200 },
	{ "starting up", "57P03", FAKE_CONNECT, 3, 0, ERR_OK, 200 },

	{ "conflicts without end", "40001", FAKE_WRITE, ALWAYS, 0, ERR_BUSY,
	    503 },
	{ "locked for long", "55P03", FAKE_WRITE, ALWAYS, 0, ERR_BUSY, 503 },
	{ "a full disk", "53100", FAKE_WRITE, ALWAYS, 0, ERR_FULL, 507 },
	{ "a full disk at commit", "53100", FAKE_COMMIT, ALWAYS, 0, ERR_FULL,
	    507 },
	{ "no memory", "53200", FAKE_WRITE, ALWAYS, 0, ERR_BUSY, 503 },
	{ "a standby for long", "25006", FAKE_WRITE, ALWAYS, 0, ERR_BUSY, 503 },
	{ "cancelled always", "57014", FAKE_WRITE, ALWAYS, 0, ERR_BUSY, 503 },
	{ "ended always", "57P01", FAKE_WRITE, ALWAYS, 1, ERR_BUSY, 503 },
	{ "damaged data", "XX001", FAKE_WRITE, ALWAYS, 0, ERR_CORRUPT, 500 },
	{ "a damaged index", "XX002", FAKE_WRITE, ALWAYS, 0, ERR_CORRUPT, 500 },
	{ "no right to write", "42501", FAKE_WRITE, ALWAYS, 0, ERR_STORE, 503 },
	{ "an unknown state", "99999", FAKE_WRITE, ALWAYS, 0, ERR_STORE, 503 },
	{ "too many connections", "53300", FAKE_CONNECT, ALWAYS, 0, ERR_BUSY,
	    503 },
	{ "starting for long", "57P03", FAKE_CONNECT, ALWAYS, 0, ERR_BUSY,
	    503 },
	{ "a wrong password", "28P01", FAKE_CONNECT, ALWAYS, 0, ERR_BUSY, 503 },

	{ "a read that is cancelled", "57014", FAKE_READ, 1, 0, ERR_OK, 200 },
	{ "a read that is ended", "57P01", FAKE_READ, 2, 1, ERR_OK, 200 },
	{ "a read of damaged data", "XX001", FAKE_READ, ALWAYS, 0, ERR_CORRUPT,
	    500 },
	{ "a read without rights", "42501", FAKE_READ, ALWAYS, 0, ERR_STORE,
	    503 },
	{ "no memory to read", "53200", FAKE_READ, ALWAYS, 0, ERR_BUSY, 503 },
	{ "a dropped schema", "3F000", FAKE_READ, ALWAYS, 0, ERR_NO_STORE,
	    503 },
	{ "a dropped table", "42P01", FAKE_READ, ALWAYS, 0, ERR_NO_STORE, 503 },
};

static enum err
run_in_time(
    struct store *st, enum err (*run)(struct store *st), const char *name)
{
	int64_t began = clock_ms();
	enum err e = run(st);

	ck_assert_msg(clock_ms() - began < timeout_ms(PATIENCE + 1000),
	    "%s: took %lld ms", name, (long long)(clock_ms() - began));
	return e;
}

/* In the order of the failures: a change, a new row, a change with locked
 * tables, a read. */
static void
meet(const struct trouble *t, const struct work *w)
{
	struct store *st = begin();
	struct state s;
	enum err e;

	fake.place = t->place;
	fake.state = t->state;
	fake.times = t->times;
	fake.is_fatal = t->is_fatal;
	/* Only a lost connection is followed by another one. */
	fake.lose_at = t->place == FAKE_CONNECT ? 1 : 0;
	e = run_in_time(st, w->run, t->name);
	fake.times = 0;
	ck_assert_msg(e == t->want, "%s, %s: got '%s', want '%s'", w->name,
	    t->name, err_info(e)->text, err_info(t->want)->text);
	ck_assert_uint_eq((unsigned)err_info(e)->status, t->status);
	s = look(st);
	unit_check(t->name, is_state(&s, e == ERR_OK ? &w->after : &before));
	store_close(st);
}

START_TEST(a_state_of_the_server_has_an_outcome)
{
	const struct trouble *t = &troubles[_i];

	unit_capture();
	if (t->place != FAKE_READ) {
		meet(t, &works[0]);
		meet(t, &works[1]);
	}
	if (t->place != FAKE_WRITE && t->place != FAKE_COMMIT)
		meet(t, &works[4]);
}
END_TEST

/* A batch in which one change always fails must not take the others with it,
 * and a transaction with locked tables ends with the same outcomes. */
START_TEST(locked_tables_have_the_same_outcomes)
{
	const struct trouble *t = &troubles[_i];

	unit_capture();
	if (t->place == FAKE_WRITE || t->place == FAKE_COMMIT)
		meet(t, &works[3]);
}
END_TEST

static unsigned
count_text(struct str text, const char *word)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i + strlen(word) <= text.n; i++)
		n += strncmp(text.p + i, word, strlen(word)) == 0;
	return n;
}

/* Each cause is logged, and none of them twice within seconds. */
START_TEST(causes_alternate)
{
	static const char *const states[] = { "57P01", "53200" };
	struct store *st = begin();
	unsigned i;

	unit_capture();
	for (i = 0; i < 4; i++) {
		fake.place = FAKE_WRITE;
		fake.state = states[i % 2];
		fake.times = 1;
		ck_assert_int_eq(change(st), ERR_OK);
	}
	for (i = 0; i < 2; i++)
		ck_assert_uint_eq(count_text(unit_captured(), states[i]), 1);
	store_close(st);
}
END_TEST

/* --- an unknown outcome --------------------------------------------------- */

/* A change in a thread of its own. */
struct call {
	struct store *st;
	enum err (*run)(struct store *st);
	pthread_t thread;
	enum err e;
	int64_t took;
};

static void *
run_call(void *arg)
{
	struct call *c = arg;
	int64_t began = clock_ms();

	c->e = c->run(c->st);
	c->took = clock_ms() - began;
	return NULL;
}

static void
start(struct call *c)
{
	ck_assert_int_eq(pthread_create(&c->thread, NULL, run_call, c), 0);
}

static void
end(struct call *c, enum err want)
{
	ck_assert_int_eq(pthread_join(c->thread, NULL), 0);
	ck_assert_msg(c->e == want, "got '%s'", err_info(c->e)->text);
	ck_assert_int_lt(c->took, timeout_ms(PATIENCE + 1000));
}

/* The changes that wait for a standby. */
static const struct waiting {
	enum err (*run)(struct store *st);
	struct state after;
} waitings[] = {
	{ change, { 2, 2, 1, 0 } },
	{ add_token, { 1, 1, 2, 0 } },
	{ add_tenant, { 1, 1, 1, 1 } },
};

/* The only standby is away: the client gets 503, the change is there later, and
 * no retry of this program adds a second one. */
START_TEST(a_standby_stays_away)
{
	const struct waiting *w = &waitings[_i];
	struct store *st = begin();
	struct call c = { .st = st, .run = w->run };
	struct state s;

	unit_capture();
	fake.commit = FAKE_WAITS;
	fake.commits_so = 1;
	start(&c);
	end(&c, ERR_BUSY);
	s = look(st);
	ck_assert(is_state(&s, &before));
	fake_release();
	s = look(st);
	ck_assert(is_state(&s, &w->after));
	store_close(st);
}
END_TEST

/* The connection is lost while the commit waits for the standby. The locks of
 * the former transaction make the repeated one fail, which proves nothing. */
START_TEST(a_connection_is_lost_while_its_commit_waits)
{
	const struct waiting *w = &waitings[_i];
	struct store *st = begin();
	struct call c = { .st = st, .run = w->run };
	struct state s;
	int64_t until;

	unit_capture();
	fake.commit = FAKE_WAITS;
	fake.commits_so = 1;
	start(&c);
	until = clock_ms() + timeout_ms(PATIENCE);
	while (fake_waits() == 0 && clock_ms() < until)
		sleep_ms(1);
	fake_cut();
	sleep_ms(PATIENCE / 4);
	fake_release();
	end(&c, ERR_OK);
	s = look(st);
	ck_assert(is_state(&s, &w->after));
	ck_assert_uint_ge(fake.beats, 1);
	store_close(st);
}
END_TEST

/* An administrator ends the wait for the standby: the change counts only after
 * a later commit has arrived there. */
static const struct {
	enum fake_commit how;
	unsigned times;
	bool comes_back;
} ends[] = {
	{ FAKE_CANCELLED, 1, true },
	{ FAKE_TERMINATED, 1, true },
	{ FAKE_CANCELLED, 1000, false },
	{ FAKE_TERMINATED, 1000, false },
};

START_TEST(an_administrator_ends_the_wait)
{
	const int n = (int)(sizeof(ends) / sizeof(ends[0]));
	const struct waiting *w = &waitings[_i / n];
	struct store *st = begin();
	struct state s;
	enum err e;

	unit_capture();
	fake.commit = ends[_i % n].how;
	fake.commits_so = ends[_i % n].times;
	e = run_in_time(st, w->run, "a change");
	fake.commits_so = 0;
	ck_assert_int_eq(e, ends[_i % n].comes_back ? ERR_OK : ERR_BUSY);
	ck_assert_uint_ge(fake.beats, 1);
	s = look(st);
	ck_assert(is_state(&s, &w->after));
	store_close(st);
}
END_TEST

/* A change whose outcome is unknown is not run again when its batch fails, and
 * a row that another process has changed meanwhile proves nothing. */
START_TEST(a_row_of_an_unknown_batch_is_changed)
{
	struct store *st = begin();
	struct state s;
	enum err e;

	unit_capture();
	/* The commit is there, but another process changes the same rows before
	 * this one looks. */
	fake.commit = FAKE_TERMINATED;
	fake.commits_so = 1;
	fake.steals = true;
	e = run_in_time(st, change, "a change");
	ck_assert_int_eq(e, ERR_BUSY);
	s = look(st);
	ck_assert(is_state(&s, &works[0].after));
	store_close(st);
}
END_TEST

/* With locked tables a put does not read its row. So a removal after it must
 * find out whether the row is there. */
static enum err
put_and_remove(struct txn *tx, void *arg)
{
	struct tenant t = { .id = unit_tenant(9), .created_at = 2 };
	enum err e = store_tokens(tx, count_token, arg);

	if (e != ERR_OK || (e = store_tenant_put(tx, &t)) != ERR_OK ||
	    (e = store_tenant_delete(tx, &t.id)) != ERR_OK)
		return e;
	e = store_tenant(tx, &t.id, &t);
	return e == ERR_NOT_FOUND ? ERR_OK : ERR_EXISTS;
}

START_TEST(a_row_is_put_and_removed)
{
	struct store *st = begin();
	struct state s;
	unsigned n = 0, round;

	for (round = 0; round < 2; round++) {
		if (round == 1)
			ck_assert_int_eq(add_tenant(st), ERR_OK);
		ck_assert_int_eq(store_update(st, put_and_remove, &n), ERR_OK);
		s = look(st);
		ck_assert_uint_eq(s.tenants, 0);
	}
	store_close(st);
}
END_TEST

/* Another process is faster: the change runs again on its rows. */
START_TEST(another_process_is_faster)
{
	struct store *st = begin();
	struct state s;

	fake.rivals = 3;
	ck_assert_int_eq(change(st), ERR_OK);
	s = look(st);
	ck_assert(is_state(&s, &works[0].after));
	ck_assert_uint_eq(fake.commits, 1);
	store_close(st);
}
END_TEST

static enum err
change_tenant(struct store *st)
{
	return store_update_tenant(st, &first_tenant, count, &first_tenant);
}

/* While the commit of a change waits, another change of the same tenant waits
 * for it. A second connection would meet the locks of the first one. */
START_TEST(a_tenant_has_one_connection)
{
	struct store *st = begin();
	struct call one = { .st = st, .run = change_tenant }, two = one;
	int64_t until = clock_ms() + PATIENCE;
	struct state s;

	fake.commit = FAKE_WAITS;
	fake.commits_so = 1;
	start(&one);
	while (fake_waits() == 0 && clock_ms() < until)
		sleep_ms(1);
	start(&two);
	sleep_ms(PATIENCE / 8);
	ck_assert_uint_eq(fake.connects, 0);
	fake_release();
	end(&one, ERR_OK);
	end(&two, ERR_OK);
	s = look(st);
	ck_assert(is_state(&s, &(struct state){ 3, 3, 1, 0 }));
	ck_assert_uint_eq(fake.commits, 1);
	store_close(st);
}
END_TEST

/* The server answers nothing. The second change comes while the first one
 * waits, and must not wait twice as long. */
START_TEST(a_server_is_silent)
{
	struct store *st = begin();
	struct call one = { .st = st, .run = change }, two = one,
		    three = { .st = st, .run = read_record };
	struct state s;

	unit_capture();
	fake.is_silent = true;
	start(&one);
	start(&three);
	sleep_ms(PATIENCE / 4);
	start(&two);
	end(&one, ERR_BUSY);
	end(&two, ERR_BUSY);
	end(&three, ERR_BUSY);
	fake.is_silent = false;
	s = look(st);
	ck_assert(is_state(&s, &before));
	store_close(st);
}
END_TEST

/* A name server or a host that does not answer blocks libpq, but no client. The
 * next change uses the connection as soon as it is there. */
START_TEST(an_attempt_to_connect_hangs)
{
	struct store *st = begin();
	struct call c = { .st = st, .run = change };
	struct state s;

	unit_capture();
	fake.connect_ms = 3 * PATIENCE;
	fake.lose_at = 1;
	start(&c);
	end(&c, ERR_BUSY);
	fake.connect_ms = 0;
	ck_assert_uint_eq(fake.connects, 0);
	while (change(st) != ERR_OK)
		ck_assert_uint_le(fake.connects, 1);
	ck_assert_uint_eq(fake.connects, 1);
	s = look(st);
	ck_assert(is_state(&s, &works[0].after));
	store_close(st);
}
END_TEST

/* The store is closed while a connection is being made. */
START_TEST(a_store_is_closed_while_it_connects)
{
	struct store *st = begin();
	struct call c = { .st = st, .run = change };

	unit_capture();
	fake.connect_ms = 2 * PATIENCE;
	fake.lose_at = 1;
	start(&c);
	end(&c, ERR_BUSY);
	store_close(st);
	sleep_ms(2 * PATIENCE);
}
END_TEST

/* --- round trips ---------------------------------------------------------- */

/* A history is full with its fifth event. From then on a change also drops the
 * oldest event, and still reads all its rows at once. */
START_TEST(a_full_history_costs_no_round_trip)
{
	enum { TENANTS = 400, FULL = 5 };
	struct store *st;
	unsigned i, n;

	fake_reset();
	st = open_store();
	for (n = 0; n <= FULL; n++) {
		fake.syncs = 0;
		for (i = 0; i < TENANTS; i++) {
			struct guid g = unit_tenant(i);

			ck_assert_int_eq(store_update(st, count, &g), ERR_OK);
		}
	}
	ck_assert_uint_eq(fake.syncs, 2 * TENANTS);
	store_close(st);
}
END_TEST

/* --- logins that are sent together ---------------------------------------- */

enum { LOGINS = 9 };
struct login {
	struct store *st;
	bool reads; /* only a record */
	pthread_t thread;
	unsigned char token;
	enum err e;
	uint64_t revision; /* of the record; 0: none */
};

static void *
log_in(void *arg)
{
	struct login *l = arg;
	struct token wanted = token_of(l->token), found;
	struct txn *tx = unit_begin(l->st);
	struct record r;

	found.tenant = unit_tenant(l->token);
	l->e = l->reads ? ERR_OK : store_token(tx, wanted.hash, &found);
	if (l->e == ERR_OK) {
		enum err e = store_record(tx, &found.tenant, &r);

		if (e == ERR_OK)
			l->revision = r.revision;
		else if (e != ERR_NOT_FOUND)
			l->e = e;
	}
	store_reader_free(tx);
	return NULL;
}

/* Threads log in with tokens 2 to 10. The first of them waits for libpq, and
 * the others for it. There are the tokens 1, 4, 5, 7 and 8; the tenants of 4
 * and 7 have records, of revision 1 and 2. */
static void
log_in_together(struct store *st, struct login l[LOGINS], bool reads)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000000L };
	unsigned i;

	pthread_mutex_lock(&fake_lock);
	fake.syncs = 0;
	for (i = 0; i < LOGINS; i++) {
		l[i] = (struct login){
			.st = st, .reads = reads, .token = (uint8_t)(i + 2)
		};
		ck_assert_int_eq(
		    pthread_create(&l[i].thread, NULL, log_in, &l[i]), 0);
	}
	nanosleep(&pause, NULL);
	pthread_mutex_unlock(&fake_lock);
	for (i = 0; i < LOGINS; i++)
		pthread_join(l[i].thread, NULL);
}

static struct store *
open_with_tokens(void)
{
	static const unsigned char number[] = { 4, 5, 7, 8 };
	struct store *st = begin();
	struct guid g;
	size_t i;

	for (i = 0; i < sizeof(number); i++) {
		struct token t = token_of(number[i]);

		t.tenant = unit_tenant(number[i]);
		unit_update(st, unit_put_token, &t);
	}
	g = unit_tenant(4);
	ck_assert_int_eq(store_update(st, count, &g), ERR_OK);
	g = unit_tenant(7);
	ck_assert_int_eq(store_update(st, count, &g), ERR_OK);
	ck_assert_int_eq(store_update(st, count, &g), ERR_OK);
	return st;
}

START_TEST(logins_are_sent_together)
{
	static const uint64_t want[LOGINS] = { [4 - 2] = 1, [7 - 2] = 2 };
	struct store *st = open_with_tokens();
	struct login l[LOGINS];
	unsigned i, tries = 0;

	/* On a busy machine some threads may come too late. */
	do {
		log_in_together(st, l, false);
	} while (fake.syncs >= LOGINS && ++tries < 5);
	ck_assert_uint_lt(fake.syncs, LOGINS);
	for (i = 0; i < LOGINS; i++) {
		bool exists = i == 2 || i == 3 || i == 5 || i == 6;

		ck_assert_int_eq(l[i].e, exists ? ERR_OK : ERR_NOT_FOUND);
		ck_assert_uint_eq(l[i].revision, want[i]);
	}
	store_close(st);
}
END_TEST

/* libpq has no memory for one of the statements of a batch. The answers to the
 * others must not be taken for those of their neighbours. */
START_TEST(a_statement_is_not_sent)
{
	static const uint64_t want[LOGINS] = { [4 - 2] = 1, [7 - 2] = 2 };
	struct store *st = open_with_tokens();
	struct login l[LOGINS];
	unsigned i;

	fake.refuse_at = 1 + (unsigned)_i;
	log_in_together(st, l, true);
	ck_assert_uint_eq(fake.refuse_at, 0);
	for (i = 0; i < LOGINS; i++) {
		ck_assert_int_eq(l[i].e, ERR_OK);
		ck_assert_uint_eq(l[i].revision, want[i]);
	}
	store_close(st);
}
END_TEST

static Suite *
pg_faults_suite(void)
{
	const int n = (int)(sizeof(troubles) / sizeof(troubles[0]));
	const int waits = (int)(sizeof(waitings) / sizeof(waitings[0]));
	Suite *s = suite_create("pg_faults");
	TCase *t = tcase_create("pg_faults");

	tcase_add_loop_test(t, a_connection_is_lost_at_every_call, 0,
	    2 * PARTS * (int)(sizeof(works) / sizeof(works[0])));
	/* The first works are changes. */
	tcase_add_loop_test(
	    t, a_session_of_another_store_changes_nothing, 0, 4);
	tcase_add_loop_test(t, a_statement_is_refused_by_libpq, 0,
	    sizeof(works) / sizeof(works[0]));
	tcase_add_loop_test(t, a_state_of_the_server_has_an_outcome, 0, n);
	tcase_add_loop_test(t, locked_tables_have_the_same_outcomes, 0, n);
	tcase_add_test(t, causes_alternate);
	tcase_add_loop_test(t, a_standby_stays_away, 0, waits);
	tcase_add_loop_test(
	    t, a_connection_is_lost_while_its_commit_waits, 0, waits);
	tcase_add_loop_test(t, an_administrator_ends_the_wait, 0,
	    waits * (int)(sizeof(ends) / sizeof(ends[0])));
	tcase_add_test(t, a_row_of_an_unknown_batch_is_changed);
	tcase_add_test(t, a_row_is_put_and_removed);
	tcase_add_test(t, another_process_is_faster);
	tcase_add_test(t, a_tenant_has_one_connection);
	tcase_add_test(t, a_server_is_silent);
	tcase_add_test(t, an_attempt_to_connect_hangs);
	tcase_add_test(t, a_store_is_closed_while_it_connects);
	tcase_add_test(t, a_full_history_costs_no_round_trip);
	tcase_add_test(t, logins_are_sent_together);
	tcase_add_loop_test(t, a_statement_is_not_sent, 0, LOGINS);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(pg_faults_suite());
}
