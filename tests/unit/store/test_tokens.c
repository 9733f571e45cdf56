/* SPDX-License-Identifier: ISC */
/*
 * test_tokens.c - tenants that are listed, and tokens in any order of
 * their hashes.
 */
#include "store/store.h"

#include <string.h>

#include "unit.h"
#include "unit_store.h"

static enum err
put_notice(struct txn *tx, void *arg)
{
	const struct notice n = { .level = 1 };

	return store_notice_put(tx, arg, &n);
}

static const struct tenant tenants[] = {
	{ .id = { { 0 } }, .alias = STR(""), .created_at = 0 },
	{ .id = { { 1, 2, 3 } },
	    .alias = STR("contoso"),
	    .created_at = 1700000000 },
	{ .id = { { 0xff, [15] = 0xff } },
	    .alias = { .p = NULL },
	    .created_at = 253402300799 },
};
#define TENANTS (sizeof(tenants) / sizeof(tenants[0]))

static void
same_tenant(const struct tenant *got, const struct tenant *want)
{
	ck_assert(memcmp(&got->id, &want->id, sizeof(got->id)) == 0);
	unit_same("alias", got->alias, want->alias);
	ck_assert_int_eq(got->created_at, want->created_at);
}

static enum err
visit_tenant(const struct tenant *t, void *arg)
{
	size_t *n = arg;

	same_tenant(t, &tenants[(*n)++]);
	return ERR_OK;
}

START_TEST(keeps_tenants)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 1 });
	struct tenant t;
	struct txn *tx;
	size_t i, n = 0;

	for (i = TENANTS; i-- > 0;) {
		t = tenants[i];
		unit_update(st, unit_put_tenant, &t);
		/* Rows of other kinds in the same map are not tenants. */
		unit_update(st, put_notice, &t.id);
	}
	tx = unit_begin(st);
	ck_assert(store_tenants(tx, visit_tenant, &n) == ERR_OK);
	ck_assert_uint_eq(n, TENANTS);
	ck_assert(store_tenant(tx, &tenants[1].id, &t) == ERR_OK);
	same_tenant(&t, &tenants[1]);
	store_end(tx);
	unit_update(st, unit_delete_tenant, &t.id);
	ck_assert(store_update(st, unit_delete_tenant, &t.id) == ERR_NOT_FOUND);
	ck_assert(store_begin(tx) == ERR_OK);
	ck_assert(store_tenant(tx, &tenants[1].id, &t) == ERR_NOT_FOUND);
	ck_assert(store_tenant(tx, &tenants[0].id, &t) == ERR_OK);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(an_empty_store_has_no_tenants)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 1 });
	struct guid unknown = { { 7 } };
	struct txn *tx = unit_begin(st);
	struct tenant t;
	unsigned n = 0;

	ck_assert(store_tenants(tx, unit_count_tenant, &n) == ERR_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert(store_tenant(tx, &unknown, &t) == ERR_NOT_FOUND);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* The hashes that are known begin with these bytes: one near the start, one in
 * the middle and one near the end of the range. */
static const uint8_t known[] = { 0x10, 0x80, 0xf0 };
#define KNOWN (sizeof(known) / sizeof(known[0]))

static bool
is_known(struct txn *tx, uint8_t first)
{
	struct token t = { .hash = { first } };
	enum err e = store_token(tx, t.hash, &t);

	ck_assert(e == ERR_OK || e == ERR_NOT_FOUND);
	if (e == ERR_OK)
		ck_assert(t.hash[0] == first && t.used_at == 1000 + first);
	return e == ERR_OK;
}

START_TEST(finds_tokens_and_no_others)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 1 });
	size_t i, n;
	unsigned h;

	for (n = 0; n <= KNOWN; n++) {
		struct txn *tx = unit_begin(st);

		for (h = 0; h < 256; h++) {
			bool want = false;

			for (i = 0; i < n; i++)
				want |= known[i] == h;
			ck_assert(is_known(tx, (uint8_t)h) == want);
		}
		store_reader_free(tx);
		if (n < KNOWN) {
			struct token t = { .hash = { known[n] },
				.used_at = 1000 + known[n] };

			unit_update(st, unit_put_token, &t);
		}
	}
	store_close(st);
}
END_TEST

static enum err
stop_at_tenant(const struct tenant *t, void *arg)
{
	(void)t;
	return ++*(int *)arg == 2 ? ERR_STOP : ERR_OK;
}

static enum err
stop_at_token(const struct token *t, void *arg)
{
	(void)t;
	return ++*(int *)arg == 2 ? ERR_STOP : ERR_OK;
}

START_TEST(stops_where_the_visitor_does)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 1 });
	int seen_tenants = 0, seen_tokens = 0;
	struct token token;
	struct tenant t;
	struct txn *tx;
	size_t i;

	for (i = 0; i < 3; i++) {
		t = tenants[i];
		token = (struct token){ .hash = { known[i] } };
		unit_update(st, unit_put_tenant, &t);
		unit_update(st, unit_put_token, &token);
	}
	tx = unit_begin(st);
	ck_assert(store_tenants(tx, stop_at_tenant, &seen_tenants) == ERR_STOP);
	ck_assert_int_eq(seen_tenants, 2);
	ck_assert(store_tokens(tx, stop_at_token, &seen_tokens) == ERR_STOP);
	ck_assert_int_eq(seen_tokens, 2);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tokens");
	TCase *t = tcase_create("tokens");

	tcase_add_test(t, keeps_tenants);
	tcase_add_test(t, an_empty_store_has_no_tenants);
	tcase_add_test(t, finds_tokens_and_no_others);
	tcase_add_test(t, stops_where_the_visitor_does);
	suite_add_tcase(s, t);
	return unit_run(s);
}
