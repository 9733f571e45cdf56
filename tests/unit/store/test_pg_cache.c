/* SPDX-License-Identifier: ISC */
/*
 * test_pg_cache.c - random operations on the cache of rows, and the same ones
 * on a list of all rows. The cache may ask for rows, but must never give
 * another answer.
 */
#include "store/pg_cache.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

/* The keys are the texts of up to three letters of "ab", and one long key. */
#define KEYS 16
static const char *const keys[KEYS] = { "a", "aa", "aaa", "aab", "ab", "aba",
	"abb", "b", "ba", "baa", "bab", "bb", "bba", "bbb", "bbba",
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" };

/* Rows are numbers; 0: there is none. */
struct model {
	unsigned table[KEYS]; /* what the server has */
	unsigned put[KEYS]; /* what the change has put */
	bool dirty[KEYS];
	struct pg_cache cache;
	uint64_t random;
	unsigned last; /* the newest row */
	unsigned asked; /* how often the cache asked */
	char text[KEYS][16];
	uint8_t mark[PG_MARK_LEN];
};

static unsigned
next(struct model *m, unsigned below)
{
	m->random = m->random * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (unsigned)(m->random >> 33) % below;
}

static unsigned
seen(const struct model *m, size_t i)
{
	return m->dirty[i] ? m->put[i] : m->table[i];
}

static struct str
row_of(struct model *m, size_t i, unsigned number)
{
	snprintf(m->text[i], sizeof(m->text[i]), "row %u", number);
	return str_of(m->text[i]);
}

/* --- the server ----------------------------------------------------------- */

struct query {
	struct model *m;
	size_t at[KEYS], n;
};

static struct pg_fetched
at(const void *answer, size_t i)
{
	const struct query *q = answer;
	struct model *m = q->m;
	size_t k = q->at[i];

	memset(m->mark, (int)m->table[k], sizeof(m->mark));
	return (struct pg_fetched){ str_of(keys[k]), row_of(m, k, m->table[k]),
		m->mark };
}

static bool
is_before(const char *key, struct str other)
{
	return strncmp(key, other.p, other.n) < 0;
}

/* Answers what the cache asks for. */
static void
answer(struct model *m, const struct pg_want *want)
{
	size_t limit = 1 + next(m, 4), i;
	struct query q = { .m = m };
	struct str key = pg_want_key(want);
	bool whole = true;

	m->asked++;
	for (i = 0; i < KEYS; i++) {
		bool down = want->way == STORE_PREVIOUS;
		size_t k = down ? KEYS - 1 - i : i;

		if (m->table[k] == 0 ||
		    (!want->end && is_before(keys[k], key) != down))
			continue;
		if (q.n == limit) {
			whole = false;
			break;
		}
		q.at[q.n++] = k;
	}
	/* The program says so when it gets fewer rows than it asked for. */
	if (q.n == limit)
		whole = false;
	ck_assert_int_eq(
	    pg_cache_learn(&m->cache, want, at, &q, q.n, whole), ERR_OK);
}

/* --- operations ----------------------------------------------------------- */

/* One query makes the cache get further, so this many are enough. */
enum { QUERIES = 4 * KEYS };

static enum err
get(struct model *m, size_t i)
{
	unsigned tries = 0, want = seen(m, i);
	struct pg_want ask;
	struct str row;
	enum err e;

	while ((e = pg_cache_get(&m->cache, str_of(keys[i]), &row, &ask)) ==
	    ERR_BUSY) {
		ck_assert_uint_lt(tries++, QUERIES);
		answer(m, &ask);
	}
	ck_assert_int_eq(e, want > 0 ? ERR_OK : ERR_NOT_FOUND);
	if (e == ERR_OK)
		unit_same(keys[i], row, row_of(m, i, want));
	return e;
}

/* The key that a step finds; KEYS: there is none. `from` is the place of a key,
 * or -1 for the null key. */
static size_t
found(const struct model *m, enum store_direction way, int from)
{
	int by = way == STORE_PREVIOUS ? -1 : 1;
	int i = from >= 0           ? from + (way == STORE_FROM ? 0 : by)
	    : way == STORE_PREVIOUS ? KEYS - 1
				    : 0;

	for (; i >= 0 && i < KEYS; i += by)
		if (seen(m, (size_t)i) > 0)
			return (size_t)i;
	return KEYS;
}

static void
step(struct model *m, enum store_direction way, int from)
{
	size_t want = found(m, way, from);
	unsigned tries = 0;
	struct pg_want ask;
	struct str key = str_of(from < 0 ? NULL : keys[from]), row;
	enum err e;

	while (
	    (e = pg_cache_step(&m->cache, way, &key, &row, &ask)) == ERR_BUSY) {
		ck_assert_uint_lt(tries++, QUERIES);
		answer(m, &ask);
	}
	ck_assert_int_eq(e, want < KEYS ? ERR_OK : ERR_NOT_FOUND);
	if (e != ERR_OK)
		return;
	unit_same("key", key, str_of(keys[want]));
	unit_same(keys[want], row, row_of(m, want, seen(m, want)));
}

static void
put(struct model *m, size_t i)
{
	(void)get(m, i);
	m->put[i] = ++m->last;
	m->dirty[i] = true;
	ck_assert_int_eq(
	    pg_cache_put(&m->cache, str_of(keys[i]), row_of(m, i, m->put[i])),
	    ERR_OK);
}

static void
take_out(struct model *m, size_t i)
{
	if (get(m, i) != ERR_OK)
		return;
	m->put[i] = 0;
	m->dirty[i] = true;
	ck_assert_int_eq(pg_cache_remove(&m->cache, str_of(keys[i])), ERR_OK);
}

/* The server's rows change only while the cache is empty. */
static void
forget(struct model *m)
{
	size_t i;

	pg_cache_clear(&m->cache);
	for (i = 0; i < KEYS; i++) {
		m->dirty[i] = false;
		if (next(m, 3) == 0)
			m->table[i] = next(m, 2) ? ++m->last : 0;
	}
}

static void
operate(struct model *m)
{
	size_t i = next(m, KEYS), k;
	int from = (int)next(m, KEYS + 1) - 1;

	switch (next(m, 16)) {
	case 0:
		forget(m);
		break;
	case 1:
		pg_cache_undo(&m->cache);
		for (k = 0; k < KEYS; k++)
			m->dirty[k] = false;
		break;
	case 2:
	case 3:
		take_out(m, i);
		break;
	case 4:
	case 5:
	case 6:
		put(m, i);
		break;
	case 7:
	case 8:
	case 9:
		(void)get(m, i);
		break;
	default:
		step(m, (enum store_direction)next(m, 3), from);
	}
}

/* A commit compares the rows that the cache knows. */
static void
check_known(const struct model *m)
{
	const struct pg_row *r;
	size_t i, k;

	for (i = 1; i < m->cache.n; i++) {
		r = m->cache.row[i];
		for (k = 0; k < KEYS && !str_eq(r->key, str_of(keys[k])); k++)
			;
		ck_assert_uint_lt(k, KEYS);
		if (r->known)
			ck_assert_int_eq(str_is_null(r->row), m->table[k] == 0);
		/* cppcheck-suppress arrayIndexOutOfBounds ; k < KEYS */
		if (r->known && m->table[k] != 0)
			ck_assert_uint_eq(r->mark[0], (uint8_t)m->table[k]);
		/* cppcheck-suppress arrayIndexOutOfBounds ; k < KEYS */
		ck_assert_int_eq(r->dirty, m->dirty[k]);
	}
}

START_TEST(the_cache_answers_as_the_table)
{
	struct model m = { .random = (uint64_t)_i + 1 };
	unsigned n;

	ck_assert_int_eq(pg_cache_init(&m.cache), ERR_OK);
	forget(&m);
	for (n = 0; n < 4000; n++) {
		operate(&m);
		check_known(&m);
	}
	ck_assert_uint_gt(m.asked, 0);
	/* Most answers come from the cache. */
	ck_assert_uint_lt(m.asked, n);
	pg_cache_free(&m.cache);
}
END_TEST

/* A walk over all rows asks once for each chunk of rows. */
START_TEST(a_walk_asks_no_more_than_it_must)
{
	struct model m = { .random = 7 };
	int way, i;

	for (way = STORE_NEXT; way <= STORE_PREVIOUS; way++) {
		ck_assert_int_eq(pg_cache_init(&m.cache), ERR_OK);
		for (i = 0; i < KEYS; i++)
			m.table[i] = (unsigned)i + 1;
		m.asked = 0;
		step(&m, (enum store_direction)way, -1);
		for (i = 0; i < KEYS; i++)
			step(&m, (enum store_direction)way,
			    way == STORE_NEXT ? i : KEYS - 1 - i);
		ck_assert_uint_le(m.asked, KEYS + 2);
		pg_cache_free(&m.cache);
	}
}
END_TEST

START_TEST(a_key_that_is_too_long_is_refused)
{
	char key[STORE_KEY_MAX + 1];
	struct pg_cache c;

	memset(key, 'k', sizeof(key));
	ck_assert_int_eq(pg_cache_init(&c), ERR_OK);
	ck_assert_int_eq(
	    pg_cache_put(&c, str_from(key, sizeof(key)), str_of("row")),
	    ERR_MEMORY);
	pg_cache_free(&c);
}
END_TEST

static Suite *
pg_cache_suite(void)
{
	Suite *s = suite_create("pg_cache");
	TCase *t = tcase_create("pg_cache");

	tcase_add_loop_test(t, the_cache_answers_as_the_table, 0, 20);
	tcase_add_test(t, a_walk_asks_no_more_than_it_must);
	tcase_add_test(t, a_key_that_is_too_long_is_refused);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(pg_cache_suite());
}
