/* SPDX-License-Identifier: ISC */
/*
 * test_places.c - how far each name of notify has come, and which tenants have
 * new events.
 */
#include "store/place.h"

#include <string.h>

#include "store/lmdb_env.h"
#include "unit.h"
#include "unit_store.h"

#define PLACES_MAX 16

static enum err
put_place(struct txn *tx, void *arg)
{
	const struct place *p = arg;
	/* The first letter of the name is the tenant. */
	struct guid g = unit_tenant((unsigned)p->name.p[0]);

	return store_place_put(tx, &g, p);
}

static void
put(struct store *st, const char *name, const char *matter, uint64_t number)
{
	struct place p = { .name = str_of(name),
		.matter = str_of(matter),
		.number = number,
		.serial = str_of("01"),
		.expires = str_of("2027-01-01T00:00:00Z"),
		.level = 2 };

	unit_update(st, put_place, &p);
}

static enum err
read_place(
    struct txn *tx, const char *name, const char *matter, struct place *out)
{
	struct guid g = unit_tenant((unsigned)name[0]);

	return store_place(tx, &g, str_of(name), str_of(matter), out);
}

struct list {
	size_t n;
	struct guid tenant[PLACES_MAX];
	uint64_t number[PLACES_MAX];
};

static enum err
add(const struct guid *tenant, uint64_t number, void *arg)
{
	struct list *list = arg;

	ck_assert_uint_lt(list->n, PLACES_MAX);
	list->tenant[list->n] = *tenant;
	list->number[list->n++] = number;
	return ERR_OK;
}

static enum err
add_place(const struct guid *tenant, const struct place *p, void *arg)
{
	return add(tenant, p->number, arg);
}

START_TEST(a_place_is_found_by_tenant_name_and_matter)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 3 });
	struct txn *tx;
	struct place p;

	put(st, "a", "", 1);
	put(st, "a", "b", 2);
	put(st, "ab", "", 3);
	put(st, "b", "", 4);
	put(st, "b", "", 5);
	tx = unit_begin(st);
	ck_assert_int_eq(read_place(tx, "a", "", &p), ERR_OK);
	ck_assert_uint_eq(p.number, 1);
	ck_assert_uint_eq(p.level, 2);
	unit_same("serial", p.serial, str_of("01"));
	unit_same("expires", p.expires, str_of("2027-01-01T00:00:00Z"));
	ck_assert_int_eq(read_place(tx, "a", "b", &p), ERR_OK);
	ck_assert_uint_eq(p.number, 2);
	ck_assert_int_eq(read_place(tx, "ab", "", &p), ERR_OK);
	ck_assert_uint_eq(p.number, 3);
	ck_assert_int_eq(read_place(tx, "b", "", &p), ERR_OK);
	ck_assert_uint_eq(p.number, 5);
	ck_assert_int_eq(read_place(tx, "b", "b", &p), ERR_NOT_FOUND);
	ck_assert_uint_eq(unit_verify(tx).places, 4);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(places_come_in_the_order_of_the_tenants)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 3 });
	struct list list = { .n = 0 };
	struct guid first = unit_tenant('a'), last = unit_tenant('c');
	struct txn *tx;

	put(st, "c", "", 3);
	put(st, "a", "", 1);
	put(st, "b", "", 2);
	put(st, "a", "x", 1);
	tx = unit_begin(st);
	ck_assert_int_eq(store_places(tx, add_place, &list), ERR_OK);
	ck_assert_uint_eq(list.n, 4);
	ck_assert_mem_eq(&list.tenant[0], &first, sizeof(first));
	ck_assert_mem_eq(&list.tenant[1], &first, sizeof(first));
	ck_assert_uint_eq(list.number[2], 2);
	ck_assert_mem_eq(&list.tenant[3], &last, sizeof(last));
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* Changes one byte of the row of a place. */
static void
spoil(const char *name)
{
	struct unit_tables t = unit_tables_open(unit_directory());
	struct str key = STR("place"), row;
	char copy[256];

	ck_assert_int_eq(
	    lmdb_txn_step(t.tx, STORE_META, STORE_FROM, &key, &row), ERR_OK);
	ck_assert_uint_le(row.n, sizeof(copy));
	memcpy(copy, row.p, row.n);
	ck_assert_ptr_nonnull(memmem(copy, row.n, name, strlen(name)));
	copy[row.n - 1] ^= 1;
	unit_put_row(t.tx, STORE_META, key, str_from(copy, row.n));
	unit_tables_commit(&t);
}

START_TEST(a_damaged_place_is_passed_over_and_replaced)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 3 });
	struct list list = { .n = 0 };
	struct txn *tx;
	struct place p;

	put(st, "a", "", 1);
	put(st, "b", "", 2);
	store_close(st);
	spoil("a");
	st = unit_store((struct store_options){ .history_keep = 3 });
	tx = unit_begin(st);
	ck_assert_int_eq(read_place(tx, "a", "", &p), ERR_CORRUPT);
	ck_assert_int_eq(store_places(tx, add_place, &list), ERR_OK);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_uint_eq(list.number[0], 2);
	store_end(tx);
	put(st, "a", "", 7);
	ck_assert_int_eq(store_begin(tx), ERR_OK);
	ck_assert_int_eq(read_place(tx, "a", "", &p), ERR_OK);
	ck_assert_uint_eq(p.number, 7);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* --- events ------------------------------------------------------------ */

struct order {
	struct guid tenant;
	const char *certificate; /* NULL: a refusal, which needs no record */
};

static enum err
obey(struct txn *tx, void *arg)
{
	const struct order *o = arg;
	struct event ev = { .action = STORE_REFUSED,
		.actor = str_of("a"),
		.outcome = str_of("WeakKey") };
	struct record r = { .revision = 1 };
	enum err e = store_record(tx, &o->tenant, &ev.former);

	ev.had_former = e == ERR_OK;
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (o->certificate != NULL) {
		ev.action = STORE_CHANGED;
		r.revision += ev.had_former ? ev.former.revision : 0;
		r.value[RECORD_SERIAL] = str_of("01");
		r.value[RECORD_CERTIFICATE] = str_of(o->certificate);
		if ((e = store_record_put(tx, &o->tenant, &r)) != ERR_OK)
			return e;
	}
	return store_event_add(tx, &o->tenant, &ev);
}

static void
change(struct store *st, unsigned tenant, const char *certificate)
{
	struct order o = { unit_tenant(tenant), certificate };

	unit_update(st, obey, &o);
}

START_TEST(the_newest_event_of_each_tenant_is_found)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 2 });
	struct list list = { .n = 0 };
	struct guid third = unit_tenant(3);
	struct txn *tx = unit_begin(st);
	unsigned i;

	ck_assert_int_eq(store_newest(tx, add, &list), ERR_OK);
	ck_assert_uint_eq(list.n, 0);
	store_end(tx);
	for (i = 0; i < 5; i++)
		change(st, 1, "x");
	change(st, 2, NULL);
	change(st, 3, "x");
	change(st, 3, "y");
	ck_assert_int_eq(store_begin(tx), ERR_OK);
	ck_assert_int_eq(store_newest(tx, add, &list), ERR_OK);
	ck_assert_uint_eq(list.n, 3);
	ck_assert_uint_eq(list.number[0], 5);
	ck_assert_uint_eq(list.number[1], 1);
	ck_assert_uint_eq(list.number[2], 2);
	ck_assert_mem_eq(&list.tenant[2], &third, sizeof(third));
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(the_next_event_may_come_after_a_gap)
{
	struct store *st = unit_store((struct store_options){
	    .history_keep = 2, .history_certificates = 1 });
	struct guid one = unit_tenant(1), two = unit_tenant(2);
	uint64_t next;
	struct txn *tx;
	unsigned i;

	change(st, 1, "x");
	for (i = 0; i < 6; i++)
		change(st, 1, "y");
	change(st, 3, "x");
	tx = unit_begin(st);
	/* The history keeps event 2, which leads back to certificate x, and
	 * the newest two. */
	ck_assert_int_eq(store_event_after(tx, &one, 0, &next), ERR_OK);
	ck_assert_uint_eq(next, 2);
	ck_assert_int_eq(store_event_after(tx, &one, 2, &next), ERR_OK);
	ck_assert_uint_eq(next, 6);
	ck_assert_int_eq(store_event_after(tx, &one, 6, &next), ERR_OK);
	ck_assert_uint_eq(next, 7);
	ck_assert_int_eq(store_event_after(tx, &one, 7, &next), ERR_NOT_FOUND);
	ck_assert_int_eq(store_event_after(tx, &two, 0, &next), ERR_NOT_FOUND);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

static enum err
forget(struct txn *tx, void *arg)
{
	bool more;

	return store_forget(tx, arg, &more);
}

START_TEST(a_tenant_that_is_forgotten_loses_its_places)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 2 });
	struct guid a = unit_tenant('a');
	struct list list = { .n = 0 };
	uint64_t before, after;
	struct txn *tx;

	put(st, "a", "", 1);
	put(st, "a", "x", 2);
	put(st, "b", "", 3);
	ck_assert_int_eq(store_notify_alone(st, str_of("name")), ERR_OK);
	ck_assert_int_eq(store_stamp(st, &before), ERR_OK);
	unit_update(st, forget, &a);
	ck_assert_int_eq(store_stamp(st, &after), ERR_OK);
	ck_assert_uint_ne(before, after);
	tx = unit_begin(st);
	ck_assert_int_eq(store_places(tx, add_place, &list), ERR_OK);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_uint_eq(list.number[0], 3);
	store_reader_free(tx);
	ck_assert_int_eq(store_stamp(st, &before), ERR_OK);
	/* Another database of the server may have changed. */
	ck_assert(unit_on_server() || before == after);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("places");
	TCase *t = tcase_create("places");

	tcase_add_test(t, a_place_is_found_by_tenant_name_and_matter);
	tcase_add_test(t, places_come_in_the_order_of_the_tenants);
	if (!unit_on_server())
		tcase_add_test(t, a_damaged_place_is_passed_over_and_replaced);
	tcase_add_test(t, the_newest_event_of_each_tenant_is_found);
	tcase_add_test(t, the_next_event_may_come_after_a_gap);
	tcase_add_test(t, a_tenant_that_is_forgotten_loses_its_places);
	suite_add_tcase(s, t);
	return unit_run(s);
}
