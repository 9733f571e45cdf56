/* SPDX-License-Identifier: ISC */
/*
 * test_change_series.c - changes that share a commit: their outcomes, their
 * dependencies, and what happens when a commit fails.
 */
#include "rules/change.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook.h"
#include "state/metrics.h"
#include "unit.h"
#include "unit_store.h"

#define NOW 1796083200 /* 2026-12-01 */
#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
#define MOST 6

static unsigned failing; /* bit i: commit i fails, from the next one on */

/* A commit that finds the disk full. */
int
mdb_txn_commit(MDB_txn *txn)
{
	static int (*real)(MDB_txn *);
	bool fails = (failing & 1) != 0;

	HOOK_REAL(real, "mdb_txn_commit");
	failing >>= 1;
	if (!fails)
		return real(txn);
	mdb_txn_abort(txn);
	return MDB_MAP_FULL;
}

/*
 * Each letter of `steps` is a change: a to e set the Apple ID; = changes
 * nothing; ! has a condition that is not met; ? is an upload that is refused.
 * `needs` has a digit for each change: that of the change it depends on, or -.
 * `outcomes` has a letter for each change: y (done), n (refused), d (left out
 * for its dependency), f (full).
 */
static const struct series {
	const char *name, *steps, *needs;
	unsigned failing;
	const char *outcomes;
	const char *after; /* the Apple ID */
	unsigned events, commits;
} cases[] = {
	{ "one change", "a", "-", 0, "y", "a", 1, 1 },
	{ "changes in their order", "abc", "---", 0, "yyy", "c", 3, 1 },
	{ "a change that is refused", "a!b", "---", 0, "yny", "b", 2, 1 },
	{ "a refused upload is an event", "a?b", "---", 0, "yny", "b", 3, 1 },
	{ "a change of nothing", "a=b", "---", 0, "yyy", "b", 2, 1 },
	{ "a dependency that succeeds", "ab", "-0", 0, "yy", "b", 2, 1 },
	{ "a dependency that is refused", "a!b", "--1", 0, "ynd", "a", 1, 1 },
	{ "a chain", "!abc", "-01-", 0, "nddy", "c", 1, 1 },
	{ "a dependency on a refused upload", "?a", "-0", 0, "nd", NULL, 1, 1 },
	{ "a commit that fails once", "ab", "-0", 1, "yy", "b", 2, 2 },
	{ "a change whose commit fails", "abc", "-0-", 3, "fdy", "c", 1, 2 },
	{ "the last change fails", "abc", "---", 1 | 8, "yyf", "b", 2, 2 },
	{ "every commit fails", "ab", "--", 7, "ff", NULL, 0, 0 },
};

static struct {
	struct config config;
	struct store *store;
	struct metrics metrics;
	struct arena arena[MOST];
	struct change change[MOST];
	struct record out[MOST];
	struct fault fault[MOST];
	struct change_step step[MOST];
} f;

static void
set_up(void)
{
	size_t size = (size_t)2 << 20, i;

	memset(&f, 0, sizeof(f));
	config_default(&f.config);
	f.store = unit_store((struct store_options){
	    .history_keep = 100, .metrics = &f.metrics });
	for (i = 0; i < MOST; i++)
		arena_init(&f.arena[i], malloc(size), size);
}

static void
tear_down(void)
{
	size_t i;

	store_close(f.store);
	for (i = 0; i < MOST; i++)
		free(f.arena[i].block);
}

static void
prepare(size_t i, char letter)
{
	struct change *c = &f.change[i];

	*c = (struct change){ .config = &f.config,
		.arena = &f.arena[i],
		.by = { .tenant = unit_tenant(1),
		    .actor = str_of("test"),
		    .now = { .at = NOW } },
		.new_id = unit_tenant(2) };
	if (letter == '?') {
		c->patch.set = RECORD_BIT(RECORD_CERTIFICATE);
		c->patch.value[RECORD_CERTIFICATE] = str_of(
		    "-----BEGIN CERTIFICATE-----\nAA==\n"
		    "-----END CERTIFICATE-----\n");
	} else if (letter != '=') {
		c->patch.set = RECORD_BIT(RECORD_APPLE_ID);
		c->patch.value[RECORD_APPLE_ID] = arena_copy(
		    &f.arena[i], str_from(&letter, 1));
	}
	if (letter == '!')
		c->if_match = str_of("\"none\"");
	ck_assert(change_prepare(c, &f.out[i], &f.fault[i], &f.step[i].ready) ==
	    ERR_OK);
}

static char
letter_of(enum err e)
{
	return e == ERR_OK        ? 'y'
	    : e == ERR_DEPENDENCY ? 'd'
	    : e == ERR_FULL       ? 'f'
				  : 'n';
}

/* The content of the store after a series. */
static void
check_after(const struct series *s)
{
	struct store_counts counts;
	struct txn *tx = unit_begin(f.store);
	const struct guid tenant = unit_tenant(1);
	struct record r;
	enum err e = store_record(tx, &tenant, &r);

	ck_assert_msg((e == ERR_OK) == (s->after != NULL), "%s: record %d",
	    s->name, (int)e);
	if (e == ERR_OK)
		unit_same(s->name, r.value[RECORD_APPLE_ID], str_of(s->after));
	counts = unit_verify(tx);
	ck_assert_msg(counts.events == s->events, "%s: %u events", s->name,
	    (unsigned)counts.events);
	ck_assert_uint_eq(counts.findings, 0);
	store_reader_free(tx);
}

static unsigned
commits(void)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < METRICS_BATCHES; i++)
		n += (unsigned)atomic_load(&f.metrics.batch[i]);
	return n;
}

START_TEST(applies_a_series)
{
	const struct series *s = &cases[_i];
	char outcomes[MOST + 1] = "";
	size_t n = strlen(s->steps), i;
	unsigned before;

	if (s->failing != 0 && getenv("PUSHCERT_TEST_DATABASE") != NULL) {
		printf("left out: %s, because only commits of LMDB fail here\n",
		    s->name);
		return;
	}
	set_up();
	before = commits();
	for (i = 0; i < n; i++) {
		prepare(i, s->steps[i]);
		if (s->needs[i] != '-')
			f.step[i].needs = 1U << (s->needs[i] - '0');
	}
	failing = s->failing;
	change_run_series(f.store, f.step, n);
	failing = 0;
	for (i = 0; i < n; i++)
		outcomes[i] = letter_of(f.step[i].outcome);
	ck_assert_msg(
	    strcmp(outcomes, s->outcomes) == 0, "%s: %s", s->name, outcomes);
	ck_assert_msg(commits() - before == s->commits, "%s: %u commits",
	    s->name, commits() - before);
	check_after(s);
	tear_down();
}
END_TEST

/* The counts of commits say how many changes shared one. */
START_TEST(counts_every_change)
{
	size_t i;

	set_up();
	atomic_store(&f.metrics.changes, 0);
	for (i = 0; i < MOST; i++)
		prepare(i, (char)('a' + i));
	change_run_series(f.store, f.step, MOST);
	ck_assert_uint_eq(atomic_load(&f.metrics.changes), MOST);
	tear_down();
}
END_TEST

/* A record of the greatest size, with a request: the arena that the header
 * names is enough. */
START_TEST(needs_no_more_arena_than_it_says)
{
	static char long_text[32 * 1024];
	size_t i;

	set_up();
	memset(long_text, 'x', sizeof(long_text));
	for (i = 0; i < MOST; i++) {
		struct arena *a = &f.arena[i];

		prepare(i, (char)('a' + i));
		f.change[i].patch.set |= RECORD_BIT(RECORD_CERTIFICATE);
		f.change[i].patch.value[RECORD_CERTIFICATE] = str_from(
		    long_text, sizeof(long_text));
		a->size = a->used + CHANGE_ARENA;
	}
	change_run_series(f.store, f.step, MOST);
	for (i = 0; i < MOST; i++)
		ck_assert_int_eq(f.step[i].outcome, ERR_OK);
	tear_down();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("change_series");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, applies_a_series, 0, ROWS(cases));
	tcase_add_test(all, counts_every_change);
	tcase_add_test(all, needs_no_more_arena_than_it_says);
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
