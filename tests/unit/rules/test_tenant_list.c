/* SPDX-License-Identifier: ISC */
/*
 * test_tenant_list.c - a status is a range of the order of the ends, and a part
 * of the list ends where the next one begins.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/datetime.h"
#include "rules/tenant_list.h"
#include "unit.h"
#include "unit_store.h"

#define DAY INT64_C(86400)
#define NOW INT64_C(1796040000)

/* The tenants: record i has the end ends[i], and tenant 9 has none. */
static const struct {
	unsigned tenant;
	int64_t end_at; /* 0: the record has none */
	const char *apple_id, *alias;
} tenants[] = {
	{ 5, NOW - 400 * DAY, "five@example.org", NULL },
	{ 2, NOW, "two@example.org", "Two" },
	{ 7, NOW + 1, "seven@example.org", NULL },
	{ 1, NOW + 30 * DAY - 1, "one@example.org", "Contoso" },
	{ 3, NOW + 30 * DAY, "three@EXAMPLE.org", NULL },
	{ 4, NOW + 30 * DAY, "four@example.org", "contoso north" },
	{ 6, 0, "six@example.org", NULL },
};

#define TENANTS (sizeof(tenants) / sizeof(tenants[0]))

static enum err
put_all(struct txn *tx, void *arg)
{
	char end[DATETIME_SECONDS_LEN + 1];
	struct record r;
	struct tenant t;
	enum err e = ERR_OK;
	size_t i;

	(void)arg;
	for (i = 0; i < TENANTS && e == ERR_OK; i++) {
		struct guid id = unit_tenant(tenants[i].tenant);

		r = (struct record){ .revision = 1 };
		r.value[RECORD_ID] = str_of("x");
		r.value[RECORD_MODIFIED] = str_of("2026-01-01T00:00:00Z");
		r.value[RECORD_APPLE_ID] = str_of(tenants[i].apple_id);
		datetime_seconds(tenants[i].end_at, end);
		end[DATETIME_SECONDS_LEN] = 'Z';
		if (tenants[i].end_at != 0)
			r.value[RECORD_EXPIRES] = str_from(end, sizeof(end));
		e = store_record_put(tx, &id, &r);
		if (e != ERR_OK || tenants[i].alias == NULL)
			continue;
		t = (struct tenant){ .id = id,
			.alias = str_of(tenants[i].alias) };
		e = store_tenant_put(tx, &t);
	}
	t = (struct tenant){ .id = unit_tenant(9) };
	return e == ERR_OK ? store_tenant_put(tx, &t) : e;
}

/* The visited tenants, a digit each. */
struct seen {
	char text[16];
	size_t n;
};

static enum err
see(const struct tenant_list_row *t, void *arg)
{
	struct seen *seen = arg;
	unsigned i;

	for (i = 0; i < 10; i++) {
		struct guid id = unit_tenant(i);

		if (memcmp(&id, &t->end.tenant, sizeof(id)) == 0)
			seen->text[seen->n++] = (char)('0' + i);
	}
	return ERR_OK;
}

static const struct {
	const char *name;
	enum expiry_status status;
	const char *text;
	size_t rows;
	const char *parts; /* of the list, with a blank between them */
} lists[] = {
	{ "all", EXPIRY_STATUSES, NULL, 100, "52713469" },
	{ "in parts", EXPIRY_STATUSES, NULL, 3, "527 134 69" },
	{ "one at a time", EXPIRY_STATUSES, NULL, 1, "5 2 7 1 3 4 6 9" },
	{ "a full part with nothing after it", EXPIRY_STATUSES, NULL, 8,
	    "52713469" },
	{ "expired", EXPIRY_EXPIRED, NULL, 100, "52" },
	{ "expired, in parts", EXPIRY_EXPIRED, NULL, 1, "5 2" },
	{ "expiring", EXPIRY_EXPIRING, NULL, 100, "71" },
	{ "valid", EXPIRY_VALID, NULL, 1, "3 4" },
	{ "none", EXPIRY_NONE, NULL, 1, "6 9" },
	{ "an alias", EXPIRY_STATUSES, "CONTOSO", 100, "14" },
	{ "an Apple ID", EXPIRY_STATUSES, "e@example.ORG", 1, "5 1 3" },
	{ "an Apple ID with a status", EXPIRY_VALID, "e@example.org", 100,
	    "3" },
	{ "a GUID", EXPIRY_STATUSES, "0000", 100, "52713469" },
	{ "nothing", EXPIRY_STATUSES, "nobody", 100, "" },
};

START_TEST(lists_in_parts)
{
	struct store *st = unit_store((struct store_options){ .map_size = 0 });
	struct tenant_list wanted = { .now_at = NOW,
		.status = lists[_i].status,
		.text = str_of(lists[_i].text),
		.rows = lists[_i].rows };
	struct seen seen = { .n = 0 };
	struct tenant_list_end end;
	struct store_expiry place;
	struct txn *tx;

	unit_update(st, put_all, NULL);
	tx = unit_begin(st);
	do {
		if (seen.n > 0)
			seen.text[seen.n++] = ' ';
		ck_assert_int_eq(
		    tenant_list_walk(tx, &wanted, see, &seen, &end), ERR_OK);
		place = end.place;
		wanted.after = &place;
	} while (end.more);
	/* The last part may be empty if a text is searched. */
	if (seen.n > 0 && seen.text[seen.n - 1] == ' ')
		seen.n--;
	unit_same(lists[_i].name, str_from(seen.text, seen.n),
	    str_of(lists[_i].parts));
	store_reader_free(tx);
	store_close(st);
}
END_TEST

static enum err
put_many(struct txn *tx, void *arg)
{
	unsigned i, *n = arg;
	enum err e = ERR_OK;

	for (i = 0; i < *n && e == ERR_OK; i++) {
		struct tenant t = { .id = unit_tenant(i) };

		e = store_tenant_put(tx, &t);
	}
	return e;
}

/* A search reads a limited number of rows, and goes on where it ended. */
START_TEST(reads_a_limited_number_of_rows)
{
	struct store *st = unit_store((struct store_options){ .map_size = 0 });
	struct tenant_list wanted = { .now_at = NOW,
		.status = EXPIRY_STATUSES,
		.text = str_of("no such text"),
		.rows = 1 };
	struct seen seen = { .n = 0 };
	struct tenant_list_end end;
	struct store_expiry place;
	struct guid last = unit_tenant(TENANT_LIST_READS - 1);
	unsigned n = TENANT_LIST_READS + 1;
	struct txn *tx;

	unit_update(st, put_many, &n);
	tx = unit_begin(st);
	ck_assert(tenant_list_walk(tx, &wanted, see, &seen, &end) == ERR_OK);
	ck_assert(end.more && !end.place.expires);
	ck_assert_mem_eq(&end.place.tenant, &last, sizeof(last));
	place = end.place;
	wanted.after = &place;
	ck_assert(tenant_list_walk(tx, &wanted, see, &seen, &end) == ERR_OK);
	ck_assert(!end.more);
	ck_assert_uint_eq(seen.n, 0);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

static enum err
refuse(const struct tenant_list_row *t, void *arg)
{
	(void)t;
	(void)arg;
	return ERR_MEMORY;
}

START_TEST(ends_with_the_outcome_of_a_visit)
{
	struct store *st = unit_store((struct store_options){ .map_size = 0 });
	struct tenant_list wanted = {
		.now_at = NOW, .status = EXPIRY_STATUSES, .rows = 10
	};
	struct tenant_list_end end;
	struct txn *tx;

	unit_update(st, put_all, NULL);
	tx = unit_begin(st);
	ck_assert(
	    tenant_list_walk(tx, &wanted, refuse, NULL, &end) == ERR_MEMORY);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tenant_list");
	TCase *t = tcase_create("tenant_list");

	tcase_add_loop_test(
	    t, lists_in_parts, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(t, reads_a_limited_number_of_rows);
	tcase_add_test(t, ends_with_the_outcome_of_a_visit);
	suite_add_tcase(s, t);
	return unit_run(s);
}
