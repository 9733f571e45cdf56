/* SPDX-License-Identifier: ISC */
/*
 * pg_fetch.c - fetches all rows that a batch of changes misses in one round
 * trip, with one statement for each table and direction.
 */
#include "store/pg_private.h"

#include <stdlib.h>
#include <string.h>

/* The bytes of rows of one table that a reader keeps beside those that it
 * expects. */
#define READER_MAX ((size_t)4 << 20)
/* How far back a want is compared with those before it. A change often asks
 * for the same rows twice in succession. Other repetitions cost a little, and
 * to find them would cost more. */
#define RECENT 8

static bool
is_same(const struct pg_fetch *a, const struct pg_fetch *b)
{
	return a->table == b->table && a->want.way == b->want.way &&
	    str_eq(pg_want_key(&a->want), pg_want_key(&b->want));
}

static bool
make_room(struct pg_session *s)
{
	size_t room = s->room > 0 ? 2 * s->room : 256;
	struct pg_fetch *more;

	if (s->wanted < s->room)
		return true;
	more = reallocarray(s->wants, room, sizeof(*more));
	if (more == NULL)
		return false;
	s->wants = more;
	s->room = room;
	return true;
}

enum err
pg_want(struct pg_session *s, const struct pg_fetch *f)
{
	size_t i = s->wanted > RECENT ? s->wanted - RECENT : 0;

	for (; i < s->wanted; i++)
		if (is_same(&s->wants[i], f)) {
			if (f->limit > s->wants[i].limit)
				s->wants[i].limit = f->limit;
			return ERR_BUSY;
		}
	if (!make_room(s))
		return ERR_MEMORY;
	s->wants[s->wanted++] = *f;
	return ERR_BUSY;
}

/* Fetches what a reader wants. If that fails, the lookups will fetch the rows,
 * and report the failure. */
static void
read_wants(struct pg_session *s, enum store_table table)
{
	const struct pg_fetch all = { .table = table, .all = s };

	if (s->cache[table].bytes > READER_MAX)
		pg_cache_clear(&s->cache[table]);
	(void)!pg_lane_fetch(s, &all);
	s->wanted = 0;
}

void
pg_expect(void *tx, const struct store_range *range, size_t n)
{
	struct pg_session *s = tx;
	struct pg_fetch f;
	struct str row;
	size_t i;

	if (n == 0 || s->own != NULL ||
	    pg_cache_get(&s->cache[range->table], range->key, &row, &f.want) !=
		ERR_BUSY)
		return;
	for (i = 0; i < n; i++) {
		f = (struct pg_fetch){ .table = range[i].table,
			.want = pg_want_of(range[i].way, range[i].key),
			.limit = range[i].rows };
		(void)pg_want(s, &f);
	}
	if (!s->changes)
		read_wants(s, range->table);
}

/* --- the statements ----------------------------------------------------- */

/* The wants of one statement. */
struct group {
	enum store_table table;
	enum store_direction way;
};

static bool
is_in(const struct group *g, const struct pg_fetch *f)
{
	return f->table == g->table && f->want.way == g->way;
}

static void
add_limit(struct pg_array *a, size_t limit)
{
	const unsigned char byte[8] = {
		[6] = (unsigned char)(limit >> 8), [7] = (unsigned char)limit
	};

	pg_array_add(a, byte, sizeof(byte));
}

static bool
send_group(
    struct pg_session *s, struct pg_link *l, const struct group *g, size_t n)
{
	enum pg_verb verb = g->way == STORE_PREVIOUS ? PG_DOWN_EACH
						     : PG_UP_EACH;
	struct pg_array keys = { .n = 0 }, limits = keys;
	/* No key is that long, so this one stands after all others. */
	char last[STORE_KEY_MAX + 1];
	bool sent = false;
	size_t i;

	memset(last, 0xff, sizeof(last));
	pg_array_begin(&keys, PG_BYTEA, n);
	pg_array_begin(&limits, PG_INT8, n);
	for (i = 0; i < s->wanted; i++) {
		const struct pg_fetch *f = &s->wants[i];

		if (!is_in(g, f))
			continue;
		if (f->want.end && g->way == STORE_PREVIOUS)
			pg_array_add(&keys, last, sizeof(last));
		else
			pg_array_add(&keys, f->want.byte, f->want.n);
		add_limit(&limits, f->limit);
	}
	if (!keys.failed && !limits.failed) {
		const struct pg_value value[] = { { keys.p, keys.n },
			{ limits.p, limits.n } };

		sent = pg_link_send(
		    l, &s->db->sql.statement[g->table][verb], value, 2);
	}
	pg_array_free(&keys);
	pg_array_free(&limits);
	return sent;
}

struct fetching {
	struct pg_session *s;
	struct group group[2 * STORE_TABLES];
	enum err e;
};

static size_t
count_wants(const struct pg_session *s, const struct group *g)
{
	size_t n = 0, i;

	for (i = 0; i < s->wanted; i++)
		n += is_in(g, &s->wants[i]);
	return n;
}

/* Sends a statement for each group that has wants. */
static void
send_groups(struct fetching *f, struct pg_link *l)
{
	size_t groups = 0, n, i;

	for (i = 0; i < 2 * (size_t)STORE_TABLES; i++) {
		const struct group g = { (enum store_table)(i / 2),
			i % 2 == 0 ? STORE_FROM : STORE_PREVIOUS };

		if ((n = count_wants(f->s, &g)) == 0)
			continue;
		f->group[groups++] = g;
		/* A failure to send shows when the answers are awaited. */
		if (!send_group(f->s, l, &g, n))
			pg_link_close(l);
	}
}

/* --- the answers -------------------------------------------------------- */

static enum err
learn_group(
    struct pg_session *s, const struct group *g, const struct pg_result *r)
{
	const struct pg_api *pq = s->db->target.api;
	size_t rows = pg_result_rows(pq, r), i;
	struct pg_answer a = { r, 0, 0, 1 };
	uint64_t number = 0;
	enum err e;

	for (i = 0; i < s->wanted; i++) {
		if (!is_in(g, &s->wants[i]))
			continue;
		number++;
		a.n = 0;
		while (a.first + a.n < rows &&
		    pg_result_number(pq, r, a.first + a.n) == number)
			a.n++;
		if ((e = pg_learn(s, &s->wants[i], &a)) != ERR_OK)
			return e;
		a.first += a.n;
	}
	return a.first == rows ? ERR_OK : ERR_CORRUPT;
}

bool
pg_send_wants(struct pg_session *s, struct pg_link *l, enum store_table table)
{
	const struct group g = { table, STORE_FROM };

	return send_group(s, l, &g, count_wants(s, &g));
}

enum err
pg_learn_wants(
    struct pg_session *s, enum store_table table, const struct pg_result *r)
{
	const struct group g = { table, STORE_FROM };

	return learn_group(s, &g, r);
}

static bool
take_group(void *arg, size_t i, struct pg_result *result)
{
	struct fetching *f = arg;

	if (f->e == ERR_OK)
		f->e = learn_group(f->s, &f->group[i], result);
	return false;
}

enum err
pg_fetch_wants(struct pg_writer *w)
{
	struct fetching f = { .s = &w->change, .e = ERR_OK };

	for (;;) {
		if (pg_connect(&w->link, w->until) != ERR_OK)
			return ERR_BUSY;
		f.e = ERR_OK;
		send_groups(&f, &w->link);
		switch (pg_link_run(&w->link, w->until, take_group, &f)) {
		case PG_DONE:
			return f.e;
		case PG_FAILED:
			return w->link.failure;
		case PG_CONFLICT:
		case PG_AGAIN:
		case PG_LOST:
		default:
			break;
		}
	}
}
