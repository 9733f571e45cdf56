/* SPDX-License-Identifier: ISC */
/*
 * pg_send.c - commits the rows of a batch exactly once.
 *
 * All statements of a batch are one implicit transaction of the pipeline, so
 * one flush of the server's log makes all changes durable. Every row carries
 * the random mark of its batch. After a lost connection, a row with this mark
 * proves that the transaction was committed; if there is none, the same rows
 * are sent again with the same mark. The first transaction may end meanwhile,
 * and then the second one conflicts with it, so a conflict is followed by
 * another look.
 *
 * A commit that is visible need not have reached the standby: its connection
 * may have been lost, or an administrator may have ended the wait. Then one
 * more commit, which waits for the standby, proves that everything before it
 * has arrived.
 */
#include "store/pg_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "format/crypto.h"
#include "state/metrics.h"

/* SET and UNSET are INSERT and DELETE of a row that was not read. */
enum kind { NOTHING, INSERT, UPDATE, DELETE, SET, UNSET };

static enum kind
kind_of(const struct pg_row *r)
{
	bool was = r->known && !str_is_null(r->row);

	if (!r->dirty)
		return NOTHING;
	if (r->blind)
		return str_is_null(r->put) ? UNSET : SET;
	if (str_is_null(r->put))
		return was ? DELETE : NOTHING;
	return was ? UPDATE : INSERT;
}

size_t
pg_count_dirty(const struct pg_session *s)
{
	size_t n = 0, i;
	unsigned table;

	for (table = 0; table < STORE_TABLES; table++)
		for (i = 1; i < s->cache[table].n; i++)
			n += kind_of(s->cache[table].row[i]) != NOTHING;
	return n;
}

static size_t
count(const struct pg_cache *c, enum kind kind)
{
	size_t n = 0, i;

	for (i = 1; i < c->n; i++)
		n += kind_of(c->row[i]) == kind;
	return n;
}

/* Fills the arrays with all rows of a kind, in the order of their keys. */
static void
fill(const struct pg_cache *c, enum kind kind, size_t n, struct pg_array *keys,
    struct pg_array *rows, struct pg_array *marks)
{
	size_t i;

	pg_array_begin(keys, PG_BYTEA, n);
	pg_array_begin(rows, PG_BYTEA, n);
	pg_array_begin(marks, PG_UUID, n);
	for (i = 1; i < c->n; i++) {
		const struct pg_row *r = c->row[i];

		if (kind_of(r) != kind)
			continue;
		pg_array_add(keys, r->key.p, r->key.n);
		if (kind != DELETE && kind != UNSET)
			pg_array_add(rows, r->put.p, r->put.n);
		pg_array_add(marks, r->mark, sizeof(r->mark));
	}
}

/* Appends the statement for one kind of row of a table. Within locked tables no
 * row can have changed, so the rows are put whatever is there. */
static bool
send_kind(struct pg_session *s, struct pg_link *l, enum store_table table,
    enum kind kind, const uint8_t mark[PG_MARK_LEN])
{
	const struct pg_statement *sql = s->db->sql.statement[table];
	struct pg_array keys = { .n = 0 }, rows = keys, marks = keys;
	size_t n = count(&s->cache[table], kind);
	bool sent = false;

	if (n == 0)
		return true;
	fill(&s->cache[table], kind, n, &keys, &rows, &marks);
	if (!keys.failed && !rows.failed && !marks.failed) {
		const struct pg_value new_mark = { mark, PG_MARK_LEN };
		const struct pg_value old[] = { { keys.p, keys.n },
			{ rows.p, rows.n }, { marks.p, marks.n }, new_mark };
		const struct pg_value gone[] = { old[0], old[2] };
		const struct pg_value new[] = { old[0], old[1], new_mark };

		if (kind == UNSET)
			sent = pg_link_send(l, &sql[PG_ERASE], old, 1);
		else if (kind == DELETE)
			sent = pg_link_send(l, &sql[PG_DELETE], gone, 2);
		else if (s->own != NULL || kind == SET)
			sent = pg_link_send(l, &sql[PG_UPSERT], new, 3);
		else if (kind == INSERT)
			sent = pg_link_send(l, &sql[PG_INSERT], new, 3);
		else
			sent = pg_link_send(l, &sql[PG_UPDATE], old, 4);
	}
	pg_array_free(&keys);
	pg_array_free(&rows);
	pg_array_free(&marks);
	return sent;
}

/* The insertions come first, and every batch sends them in the same order, so
 * that two processes which change the same tenant meet at its next event, where
 * one of them waits, and not in a deadlock. The rows that were not read come
 * last: they belong to tenants whose record this batch has locked by then. */
bool
pg_send_dirty(
    struct pg_session *s, struct pg_link *l, const uint8_t mark[PG_MARK_LEN])
{
	static const enum kind kinds[] = { INSERT, UPDATE, DELETE, UNSET, SET };
	unsigned table;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (table = 0; table < STORE_TABLES; table++)
			if (!send_kind(
				s, l, (enum store_table)table, kinds[i], mark))
				return false;
	return true;
}

/* --- an unknown outcome ------------------------------------------------- */

/* The facts that the rows of a batch show. */
struct look {
	const struct pg_api *pq;
	size_t marked; /* the number of answers about the batch's own mark */
	bool committed; /* a row has the batch's mark */
	bool absent; /* a row still has the mark that the batch replaces */
};

static bool
take_look(void *arg, size_t i, struct pg_result *result)
{
	struct look *look = arg;

	if (pg_result_rows(look->pq, result) == 0)
		return false;
	if (i < look->marked)
		look->committed = true;
	else
		look->absent = true;
	return false;
}

/* Fills the arrays with the rows of two kinds. */
static size_t
fill_two(const struct pg_cache *c, enum kind one, enum kind two,
    struct pg_array *keys, struct pg_array *marks)
{
	size_t n = count(c, one) + count(c, two), i;

	pg_array_begin(keys, PG_BYTEA, n);
	pg_array_begin(marks, PG_UUID, n);
	for (i = 1; i < c->n; i++) {
		const struct pg_row *r = c->row[i];

		if (kind_of(r) != one && kind_of(r) != two)
			continue;
		pg_array_add(keys, r->key.p, r->key.n);
		pg_array_add(marks, r->mark, sizeof(r->mark));
	}
	return n;
}

/* Asks for each table whether rows have the batch's mark, or those that they
 * had before. The number of statements that were sent. */
static size_t
ask(struct pg_session *s, struct pg_link *l, const uint8_t *mark)
{
	enum kind one = mark != NULL ? INSERT : DELETE;
	enum pg_verb verb = mark != NULL ? PG_MARKED : PG_UNCHANGED;
	struct pg_array keys = { .n = 0 }, marks = keys;
	size_t sent = 0;
	unsigned table;

	for (table = 0; table < STORE_TABLES; table++) {
		const struct pg_statement *sql = s->db->sql.statement[table];
		size_t n = fill_two(
		    &s->cache[table], one, UPDATE, &keys, &marks);

		if (n == 0)
			continue;
		if (keys.failed || marks.failed) {
			pg_link_close(l);
			break;
		}
		const struct pg_value value[] = { { keys.p, keys.n },
			{ mark != NULL ? (const void *)mark : marks.p,
			    mark != NULL ? PG_MARK_LEN : marks.n } };

		sent += pg_link_send(l, &sql[verb], value, 2);
	}
	pg_array_free(&keys);
	pg_array_free(&marks);
	return sent;
}

static enum pg_outcome
look_at_rows(struct pg_session *s, struct pg_link *l,
    const uint8_t mark[PG_MARK_LEN], int64_t until, struct look *look)
{
	*look = (struct look){ .pq = s->db->target.api };
	look->marked = ask(s, l, mark);
	(void)ask(s, l, NULL);
	return pg_link_run(l, until, take_look, look);
}

static enum pg_outcome
send_once(struct pg_session *s, struct pg_link *l,
    const uint8_t mark[PG_MARK_LEN], int64_t until)
{
	if (!pg_send_dirty(s, l, mark) || !pg_format_send(s, l))
		pg_link_close(l);
	return pg_link_run(l, until, NULL, NULL);
}

/*
 * Repeats the batch until its outcome is known.
 *
 * A conflict means that a row is no longer what the batch expects: either the
 * first transaction was committed, or another process has changed the row. If
 * no row has the mark of the batch, and one still has its former mark, then the
 * batch was not committed, and cannot be any more. If all rows have other
 * marks, another process may have changed them after this batch, so the outcome
 * stays unknown.
 *
 * Any other error proves nothing, because the first transaction may hold locks
 * and wait for a standby.
 */
static enum pg_outcome
find_out(struct pg_session *s, struct pg_link *l,
    const uint8_t mark[PG_MARK_LEN], int64_t until)
{
	enum pg_outcome outcome = PG_LOST;
	struct look look;

	while (pg_connect(l, until) == ERR_OK) {
		if (look_at_rows(s, l, mark, until, &look) != PG_DONE) {
			pg_link_close(l);
			continue;
		}
		if (look.committed)
			return PG_DONE;
		if (outcome == PG_CONFLICT)
			return look.absent ? PG_CONFLICT : PG_LOST;
		outcome = send_once(s, l, mark, until);
		if (outcome == PG_DONE)
			return PG_DONE;
		if (outcome != PG_CONFLICT)
			pg_link_close(l);
	}
	return PG_LOST;
}

bool
pg_send_beat(struct pg_link *l, const uint8_t mark[PG_MARK_LEN])
{
	static const struct pg_statement beat = { .number = PG_BEAT_NUMBER,
		.sql = "UPDATE \"meta\" SET mark = $1::uuid "
		       "WHERE key = 'format'" };
	const struct pg_value value = { mark, PG_MARK_LEN };

	return pg_link_send(l, &beat, &value, 1);
}

enum pg_outcome
pg_confirm(struct pg_link *l, const uint8_t mark[PG_MARK_LEN], int64_t until)
{
	enum pg_outcome outcome;

	while (pg_connect(l, until) == ERR_OK) {
		l->unreplicated = false;
		(void)pg_send_beat(l, mark);
		outcome = pg_link_run(l, until, NULL, NULL);
		if (outcome == PG_DONE && !l->unreplicated)
			return PG_DONE;
		pg_link_close(l);
	}
	return PG_LOST;
}

enum pg_outcome
pg_commit(struct pg_session *s, struct pg_link *l, int64_t until)
{
	uint8_t mark[PG_MARK_LEN];
	enum pg_outcome outcome;
	bool lost = false;

	l->failure = ERR_INTERNAL;
	if (crypto_random(mark, sizeof(mark)) != ERR_OK)
		return PG_FAILED;
	l->unreplicated = false;
	outcome = send_once(s, l, mark, until);
	if (outcome == PG_LOST) {
		lost = true;
		outcome = find_out(s, l, mark, until);
		if (outcome != PG_LOST)
			metrics_count_database(
			    l->target->metrics, METRICS_RESOLVED);
	}
	if (outcome == PG_DONE && (lost || l->unreplicated))
		outcome = pg_confirm(l, mark, until);
	return outcome;
}
