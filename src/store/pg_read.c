/* SPDX-License-Identifier: ISC */
/*
 * pg_read.c - reads rows through the lanes (pg_lane.c), or through a connection
 * that shows one state.
 *
 * A transaction keeps the rows that it has read in its cache, and asks the
 * server only for what the cache does not know. A reader that looks up single
 * rows sees each of them as it is at that moment. A reader that begins a walk
 * at the start of a table gets a snapshot, from which all its further reads
 * come.
 */
#include "store/pg_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "state/metrics.h"

/* Milliseconds between two attempts to connect. */
#define AGAIN_MS 50
/* The bytes of rows that a walk keeps. A visitor uses only the newest. */
#define WALK_MAX ((size_t)64 << 20)

/* Waits, so that a server that ends each connection is not flooded. */
static void
wait_for_turn(const struct pg_link *l)
{
	int64_t left = l->connected_at + AGAIN_MS - clock_ms();
	const struct timespec pause = { .tv_nsec = left * 1000000L };

	if (l->connected_at != 0 && left > 0)
		nanosleep(&pause, NULL);
}

enum err
pg_connect(struct pg_link *l, int64_t until)
{
	do {
		if (l->conn == NULL)
			wait_for_turn(l);
		if (clock_ms() >= until)
			return ERR_BUSY;
	} while (pg_link_connect(l, until) != ERR_OK);
	if (l->lost)
		metrics_count_database(l->target->metrics, METRICS_RECONNECT);
	l->lost = false;
	return ERR_OK;
}

/* --- queries and answers ------------------------------------------------ */

bool
pg_send_fetch(
    const struct pg_sql *sql, struct pg_link *l, const struct pg_fetch *f)
{
	bool down = f->want.way == STORE_PREVIOUS;
	/* No key is that long, so this one stands after all others. */
	char last[STORE_KEY_MAX + 1];
	unsigned char limit[8] = { [6] = (unsigned char)(f->limit >> 8),
		[7] = (unsigned char)f->limit };
	struct pg_value value[2] = { { f->want.byte, f->want.n },
		{ limit, sizeof(limit) } };

	memset(last, 0xff, sizeof(last));
	if (f->want.end && down)
		value[0] = (struct pg_value){ last, sizeof(last) };
	return pg_link_send(
	    l, &sql->statement[f->table][down ? PG_DOWN : PG_UP], value, 2);
}

struct reading {
	const struct pg_api *pq;
	const struct pg_answer *a;
};

static struct pg_fetched
row_at(const void *answer, size_t i)
{
	const struct reading *r = answer;
	const struct pg_answer *a = r->a;

	i += a->first;
	return (struct pg_fetched){
		.key = pg_result_value(r->pq, a->r, i, a->column),
		.row = pg_result_value(r->pq, a->r, i, a->column + 1),
		.mark = (const uint8_t *)pg_result_value(
		    r->pq, a->r, i, a->column + 2)
			    .p,
	};
}

/* Whether every row has a length that the store can have written. */
static bool
is_sound(const struct reading *r)
{
	struct pg_fetched row;
	size_t i;

	for (i = 0; i < r->a->n; i++) {
		row = row_at(r, i);
		if (row.key.n > STORE_KEY_MAX || row.row.n > STORE_VALUE_MAX)
			return false;
	}
	return true;
}

enum err
pg_learn(
    struct pg_session *s, const struct pg_fetch *f, const struct pg_answer *a)
{
	const struct reading r = { s->db->target.api, a };

	if (!is_sound(&r))
		return ERR_CORRUPT;
	return pg_cache_learn(
	    &s->cache[f->table], &f->want, row_at, &r, a->n, a->n < f->limit);
}

enum err
pg_learn_all(
    struct pg_session *s, const struct pg_fetch *f, const struct pg_result *r)
{
	const struct pg_answer a = { r, 0, pg_result_rows(s->db->target.api, r),
		0 };

	return pg_learn(s, f, &a);
}

/* --- a snapshot --------------------------------------------------------- */

struct taken {
	struct pg_session *s;
	const struct pg_fetch *f;
	enum err e;
};

static bool
take_here(void *arg, size_t i, struct pg_result *result)
{
	struct taken *t = arg;

	(void)i;
	t->e = pg_learn_all(t->s, t->f, result);
	return false;
}

enum err
pg_fetch_here(struct pg_session *s, struct pg_link *l, const struct pg_fetch *f)
{
	struct taken t = { s, f, ERR_STORE };
	enum pg_outcome outcome;

	if (!s->changes && s->cache[f->table].bytes > WALK_MAX)
		pg_cache_clear(&s->cache[f->table]);
	(void)pg_send_fetch(&s->db->sql, l, f);
	outcome = pg_link_run(l, pg_deadline(s->db->timeout_ms), take_here, &t);
	if (outcome == PG_FAILED)
		return l->failure;
	return outcome == PG_DONE ? t.e : ERR_BUSY;
}

/* A walk needs one state, which a transaction of its own shows. */
enum err
pg_snapshot(struct pg_session *s)
{
	int64_t until = pg_deadline(s->db->timeout_ms);
	enum pg_outcome outcome;

	pg_session_clear(s);
	while (pg_connect(&s->walk, until) == ERR_OK) {
		(void)pg_link_send_text(&s->walk,
		    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
		(void)pg_link_send_text(
		    &s->walk, "SET LOCAL statement_timeout = 0");
		(void)pg_link_send_text(&s->walk,
		    "SET LOCAL idle_in_transaction_session_timeout = '600s'");
		outcome = pg_link_run(&s->walk, until, NULL, NULL);
		if (outcome == PG_DONE) {
			s->own = &s->walk;
			return ERR_OK;
		}
		if (outcome == PG_FAILED)
			return s->walk.failure;
		pg_link_close(&s->walk);
	}
	return ERR_BUSY;
}

/* --- sessions ----------------------------------------------------------- */

enum err
pg_session_init(struct pg_session *s, struct pg_db *db)
{
	unsigned i;

	s->db = db;
	pg_link_init(&s->walk, &db->target);
	for (i = 0; i < STORE_TABLES; i++)
		if (pg_cache_init(&s->cache[i]) != ERR_OK)
			return ERR_MEMORY;
	return ERR_OK;
}

/* Forgets all rows, and ends the snapshot. */
void
pg_session_clear(struct pg_session *s)
{
	unsigned i;

	for (i = 0; i < STORE_TABLES; i++)
		pg_cache_clear(&s->cache[i]);
	pg_link_close(&s->walk);
	s->own = NULL;
	s->limit = 2;
}

void
pg_session_free(struct pg_session *s)
{
	unsigned i;

	pg_session_clear(s);
	for (i = 0; i < STORE_TABLES; i++)
		pg_cache_free(&s->cache[i]);
	free(s->wants);
	s->wants = NULL;
	s->room = 0;
}

void
pg_raise_limit(struct pg_session *s)
{
	s->limit = s->limit * 4 < PG_CHUNK_MAX ? s->limit * 4 : PG_CHUNK_MAX;
}

static enum err
fetch(struct pg_session *s, const struct pg_fetch *f)
{
	if (s->own != NULL)
		return pg_fetch_here(s, s->own, f);
	return s->changes ? pg_want(s, f) : pg_lane_fetch(s, f);
}

enum err
pg_get(void *tx, enum store_table table, struct str key, struct str *row)
{
	struct pg_session *s = tx;
	struct pg_fetch f = { .table = table, .limit = 1 };
	enum err e;

	while (
	    (e = pg_cache_get(&s->cache[table], key, row, &f.want)) == ERR_BUSY)
		if ((e = fetch(s, &f)) != ERR_OK)
			return e;
	return e;
}

enum err
pg_step(void *tx, enum store_table table, enum store_direction way,
    struct str *key, struct str *row)
{
	struct pg_session *s = tx;
	struct pg_fetch f = { .table = table };
	enum err e;

	if (str_is_null(*key) && s->own == NULL) {
		if (s->changes) {
			s->walks = true;
			return ERR_BUSY;
		}
		if ((e = pg_snapshot(s)) != ERR_OK)
			return e;
	}
	while ((e = pg_cache_step(&s->cache[table], way, key, row, &f.want)) ==
	    ERR_BUSY) {
		f.limit = s->limit;
		if (!s->changes || s->own != NULL)
			pg_raise_limit(s);
		if ((e = fetch(s, &f)) != ERR_OK)
			return e;
	}
	return e;
}

/* A lookup in a snapshot needs no login: the snapshot has its own connection
 * and reads few tokens. */
enum err
pg_fetch_pair(
    void *tx, enum store_table table, struct str key, enum store_table other)
{
	struct pg_session *s = tx;
	struct pg_fetch f = { .table = table, .limit = 1, .login = true };
	struct str row;

	if (s->own != NULL || s->changes || table != STORE_TOKEN ||
	    other != STORE_RECORD ||
	    pg_cache_get(&s->cache[table], key, &row, &f.want) != ERR_BUSY)
		return ERR_OK;
	return pg_lane_fetch(s, &f);
}
