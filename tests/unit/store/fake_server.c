/* SPDX-License-Identifier: ISC */
/*
 * fake_server.c - the server of fake_pq.h: transactions, the standby, and the
 * faults that the test wants.
 */
#include "fake_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

struct fake_pq fake;
pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;

static struct fake_list committed;
/* While the standby is away: what the commits that wait for it have touched,
 * and their connections. */
static struct {
	bool on;
	struct fake_list touched;
	struct pg_conn *conn[8];
	size_t n;
} away;

/* --- the test's side ------------------------------------------------------ */

void
fake_reset(void)
{
	fake_forget();
	fake = (struct fake_pq){ .state = NULL };
	committed = away.touched = (struct fake_list){ .n = 0 };
	away.on = false;
	away.n = 0;
}

static void
apply(const struct fake_list *touched)
{
	size_t i;

	for (i = 0; i < touched->n; i++)
		fake_list_set(&committed, touched->row[i]);
}

void
fake_release(void)
{
	pthread_mutex_lock(&fake_lock);
	apply(&away.touched);
	away.on = false;
	away.touched.n = 0;
	while (away.n > 0) {
		away.n--;
		away.conn[away.n]->waits = false;
		(void)eventfd_write(away.conn[away.n]->fd, 1);
	}
	pthread_mutex_unlock(&fake_lock);
}

size_t
fake_waits(void)
{
	size_t n;

	pthread_mutex_lock(&fake_lock);
	n = away.n;
	pthread_mutex_unlock(&fake_lock);
	return n;
}

void
fake_cut(void)
{
	pthread_mutex_lock(&fake_lock);
	while (away.n > 0) {
		struct pg_conn *c = away.conn[--away.n];

		c->waits = false;
		fake_lose(c);
		fake_drop_results(c);
		(void)eventfd_write(c->fd, 1);
	}
	pthread_mutex_unlock(&fake_lock);
}

size_t
fake_rows(enum store_table table)
{
	size_t n = 0, i;

	for (i = 0; i < committed.n; i++)
		n += committed.row[i].table == table;
	return n;
}

void
fake_put(enum store_table table, struct str key, struct str row)
{
	static uint8_t turn;
	struct fake_row r = {
		.table = table, .key = fake_copy(key), .row = fake_copy(row)
	};

	memset(r.mark, ++turn, sizeof(r.mark));
	pthread_mutex_lock(&fake_lock);
	fake_list_set(&committed, r);
	pthread_mutex_unlock(&fake_lock);
}

/* --- the server ----------------------------------------------------------- */

void
fake_answer_with(struct pg_conn *c, ExecStatusType status, const char *state,
    const struct fake_answer *rows)
{
	struct pg_result *r = fake_calloc(sizeof(*r));

	if (r == NULL || c->results + 2 > QUEUE)
		abort();
	r->status = status;
	if (state != NULL)
		snprintf(r->state, sizeof(r->state), "%s", state);
	if (rows != NULL)
		r->answer = *rows;
	c->result[c->results++] = r;
	if (status != PGRES_PIPELINE_SYNC)
		c->result[c->results++] = NULL;
}

void
fake_drop_results(struct pg_conn *c)
{
	while (c->taken < c->results)
		free(c->result[c->taken++]);
	c->taken = c->results = 0;
}

void
fake_lose(struct pg_conn *c)
{
	c->bad = true;
	c->why = "the connection is lost";
	c->open = false;
}

const char *
fake_fault(struct pg_conn *c, enum fake_place place)
{
	if (fake.state == NULL || fake.times == 0 || fake.place != place)
		return NULL;
	fake.times--;
	if (fake.is_fatal)
		fake_lose(c);
	return fake.state;
}

/* Whether the transaction needs a row that another one holds. */
static bool
is_blocked(const struct fake_list *touched)
{
	size_t i;

	for (i = 0; i < touched->n; i++)
		if (fake_list_find(&away.touched, touched->row[i].table,
			touched->row[i].key) != NULL)
			return true;
	return false;
}

/* Another process changes all records. */
static void
change_records(void)
{
	size_t i;

	for (i = 0; i < committed.n; i++)
		if (committed.row[i].table == STORE_RECORD)
			committed.row[i].mark[0] ^= 0x55;
}

/* Another process upgrades the store. */
static void
set_format(struct str row)
{
	struct fake_row *format = fake_list_find(
	    &committed, STORE_META, str_of("format"));

	if (format == NULL)
		return;
	format->row = fake_copy(row);
	format->mark[0] ^= 0x55;
}

static void
wait_for_standby(struct pg_conn *c, const struct fake_list *touched)
{
	size_t i;

	away.on = true;
	for (i = 0; i < touched->n; i++)
		fake_list_note(&away.touched, touched->row[i]);
	if (away.n == sizeof(away.conn) / sizeof(away.conn[0]))
		abort();
	away.conn[away.n++] = c;
	c->waits = true;
}

static const char *
commit(struct pg_conn *c, const struct fake_transaction *t)
{
	enum fake_commit how = FAKE_COMMITS;
	const char *state;

	if (t->touched.n == 0)
		return NULL;
	if ((state = fake_fault(c, FAKE_COMMIT)) != NULL)
		return state;
	if (fake.commits_so > 0) {
		fake.commits_so--;
		how = fake.commit;
	}
	if (how == FAKE_WAITS || (how == FAKE_COMMITS && away.on)) {
		wait_for_standby(c, &t->touched);
		return NULL;
	}
	apply(&t->touched);
	fake.commits++;
	c->warns = how == FAKE_CANCELLED;
	if (how == FAKE_TERMINATED) {
		fake_lose(c);
		fake_drop_results(c);
	}
	if (fake.steals)
		change_records();
	fake.steals = false;
	return NULL;
}

static bool
is_text(const struct message *m, const char *sql)
{
	return !m->prepares && strncmp(m->sql, sql, strlen(sql)) == 0;
}

/* Makes a commit that changes nothing, as pg_send.c does. */
static void
beat(struct fake_transaction *t, const struct message *m)
{
	struct fake_row *format = fake_list_find(
	    &t->sees, STORE_META, str_of("format"));

	fake.beats++;
	if (format == NULL)
		return;
	memcpy(format->mark, m->value[0].p, PG_MARK_LEN);
	fake_list_note(&t->touched, *format);
}

/* Compares the format, as pg_send.c does at the end of a batch. */
static const char *
compare_format(const struct fake_transaction *t, const struct message *m)
{
	const struct fake_row *format = fake_list_find(
	    &t->sees, STORE_META, str_of("format"));

	return format != NULL && str_eq(format->row, m->value[0]) ? NULL
								  : "22012";
}

/* The answers to queries about the server: what pg_create.c asks (the role, the
 * tables that are there, and the rights), the number of all rows, and whether
 * an advisory lock is free. */
static bool
answer_query(const struct message *m, struct fake_answer *rows)
{
	static struct str whole[1][FAKE_COLUMNS] = { { { "fake", 4 },
	    { "6", 1 }, { "0", 1 }, { "true", 4 }, { "true", 4 } } };
	static struct str former[1][FAKE_COLUMNS] = { { { "fake", 4 },
	    { "5", 1 }, { "0", 1 }, { "true", 4 }, { "true", 4 } } };
	static struct str foreign[1][FAKE_COLUMNS] = { { { "fake", 4 },
	    { "5", 1 }, { "0", 1 }, { "false", 5 }, { "true", 4 } } };
	static struct str zero[1][FAKE_COLUMNS] = { { { "\0", 1 } } };
	static struct str yes[1][FAKE_COLUMNS] = { { { "\1", 1 } } };

	_Static_assert(STORE_TABLES == 6, "the schema has all tables");
	if (is_text(m, "SELECT quote_ident"))
		*rows = (struct fake_answer){ 1,
			!fake.lacks_table     ? whole
			    : fake.is_foreign ? foreign
					      : former };
	else if (is_text(m, "SELECT coalesce(sum"))
		*rows = (struct fake_answer){ 1, zero };
	else if (is_text(m, "SELECT pg_try_advisory_lock"))
		*rows = (struct fake_answer){ 1, fake.claimed ? zero : yes };
	else
		return false;
	return true;
}

/* The statements that pg_engine.c and pg_locked.c send with the name of a
 * table. */
#define COUNT "SELECT count(*)::int8 FROM "
#define DELETE "DELETE FROM "

static bool
is_of(const struct fake_row *r, const char *name)
{
	return strcmp(name, pg_sql_table(r->table)) == 0 &&
	    !str_is_null(r->row);
}

static void
count_rows(const struct fake_list *l, const char *name, struct fake_answer *out)
{
	char *number = fake_memory(8);
	struct str(*cell)[FAKE_COLUMNS] = fake_memory(sizeof(*cell));
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		n += is_of(&l->row[i], name);
	for (i = 8; i > 0; n >>= 8)
		number[--i] = (char)n;
	(*cell)[0] = str_from(number, 8);
	*out = (struct fake_answer){ 1, cell };
}

static void
delete_rows(struct fake_transaction *t, const char *name)
{
	struct fake_list all = fake_list_copy(&t->sees);
	size_t i;

	for (i = 0; i < all.n; i++)
		if (is_of(&all.row[i], name)) {
			all.row[i].row = str_of(NULL);
			fake_list_set(&t->sees, all.row[i]);
			fake_list_note(&t->touched, all.row[i]);
		}
}

/* Runs a statement that is not one of the tables'. */
static const char *
run_other(struct fake_transaction *t, const struct message *m,
    struct fake_answer *rows)
{
	static const char *const plain[] = { "BEGIN", "SET ", "LOCK ", "COMMIT",
		"CREATE ", "DO ", "GRANT ", "SELECT pg_advisory" };
	size_t i;

	/* A transaction that waits has locked its tables. */
	if (is_text(m, "LOCK ") && away.touched.n > 0)
		return "55P03";
	if (fake.begins != NULL &&
	    strncmp(m->sql, fake.begins, strlen(fake.begins)) == 0) {
		*rows = (struct fake_answer){ fake.cells != NULL, fake.cells };
		return NULL;
	}
	fake.tables_made += is_text(
	    m, "CREATE TABLE IF NOT EXISTS pushcert.\"expiry\"");
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (is_text(m, plain[i]))
			return NULL;
	if (is_text(m, "SELECT 1 / (current_schema()"))
		return fake.is_elsewhere ? "22012" : NULL;
	if (answer_query(m, rows))
		return NULL;
	if (is_text(m, "SELECT 1 / (count(*) = 1)::int FROM \"meta\""))
		return fake.is_elsewhere ? "22012" : compare_format(t, m);
	if (is_text(m, COUNT)) {
		count_rows(&t->sees, m->sql + strlen(COUNT), rows);
		return NULL;
	}
	if (is_text(m, DELETE)) {
		delete_rows(t, m->sql + strlen(DELETE));
		return NULL;
	}
	if (!is_text(m, "UPDATE \"meta\" SET mark")) {
		fprintf(stderr, "fake_pq: unknown statement: %s\n", m->sql);
		return "42601";
	}
	beat(t, m);
	return is_blocked(&t->touched) ? "55P03" : NULL;
}

/* Runs one statement. Returns an SQLSTATE, or NULL. */
static const char *
run(struct pg_conn *c, struct fake_transaction *t, const struct message *m,
    struct fake_answer *rows)
{
	struct fake_verb v = fake_verb_of(m->sql);
	const char *state;

	if (m->prepares)
		return NULL;
	if (!v.known)
		return run_other(t, m, rows);
	state = fake_fault(c, fake_verb_reads(v) ? FAKE_READ : FAKE_WRITE);
	if (state == NULL)
		state = fake_run(t, v, m->value, rows);
	return state == NULL && is_blocked(&t->touched) ? "55P03" : state;
}

/* Runs a statement that stands before a Sync. Returns an SQLSTATE, or NULL. */
static const char *
run_in_turn(struct pg_conn *c, struct fake_transaction *one,
    const struct message *m, struct fake_answer *rows)
{
	const char *state;

	if (is_text(m, "BEGIN")) {
		c->open = true;
		c->transaction = *one;
	}
	state = run(c, c->open ? &c->transaction : one, m, rows);
	if (state == NULL && is_text(m, "COMMIT")) {
		c->open = false;
		state = commit(c, &c->transaction);
		one->touched.n = 0;
	}
	return state;
}

void
fake_run_all(struct pg_conn *c)
{
	struct fake_transaction one;
	const char *state = NULL;
	size_t i;

	for (i = 0; i < c->queued && fake.rivals > 0; i++)
		if (fake_verb_writes(fake_verb_of(c->queue[i].sql))) {
			fake.rivals--;
			if (!fake.spares_records)
				change_records();
			if (fake.new_format.n > 0)
				set_format(fake.new_format);
			break;
		}
	one = (struct fake_transaction){ .sees = fake_list_copy(&committed) };
	for (i = 0; i < c->queued && !c->bad; i++) {
		struct fake_answer rows = { .rows = 0 };

		if (state != NULL) {
			fake_answer_with(c, PGRES_PIPELINE_ABORTED, NULL, NULL);
			continue;
		}
		state = run_in_turn(c, &one, &c->queue[i], &rows);
		fake_answer_with(c,
		    state == NULL ? PGRES_TUPLES_OK : PGRES_FATAL_ERROR, state,
		    &rows);
	}
	if (!c->open && state == NULL && !c->bad &&
	    (state = commit(c, &one)) != NULL)
		fake_answer_with(c, PGRES_FATAL_ERROR, state, NULL);
	if (!c->bad)
		fake_answer_with(c, PGRES_PIPELINE_SYNC, NULL, NULL);
	c->queued = 0;
}

void
fake_forget_waiter(const struct pg_conn *c)
{
	size_t i;

	for (i = 0; i < away.n; i++)
		if (away.conn[i] == c)
			away.conn[i--] = away.conn[--away.n];
}
