/* SPDX-License-Identifier: ISC */
/* test_batch_rooms.c - how many batches get a room. */
#include "state/batch_rooms.h"

#include <string.h>

#include "unit.h"

#define SIZE (BATCH_ROOMS_KEPT + 8192)

static const struct {
	size_t workers, rooms;
} limits[] = {
	{ 0, 1 },
	{ 1, 1 },
	{ 2, 1 },
	{ 3, 1 },
	{ 4, 2 },
	{ 15, 7 },
	{ 16, 8 },
	{ 1024, BATCH_ROOMS_MAX },
};

START_TEST(gives_rooms_to_half_of_the_workers)
{
	void *room[BATCH_ROOMS_MAX] = { NULL };
	struct batch_rooms r;
	size_t i;

	batch_rooms_init(&r, SIZE, limits[_i].workers);
	for (i = 0; i < limits[_i].rooms; i++) {
		ck_assert_ptr_nonnull(room[i] = batch_rooms_take(&r));
		memset(room[i], 'x', SIZE);
	}
	ck_assert_ptr_null(batch_rooms_take(&r));
	batch_rooms_give(&r, room[0]);
	ck_assert_ptr_eq(batch_rooms_take(&r), room[0]);
	ck_assert_ptr_null(batch_rooms_take(&r));
	batch_rooms_free(&r);
}
END_TEST

START_TEST(returns_the_pages_beyond_those_it_keeps)
{
	struct batch_rooms r;
	char *room;

	batch_rooms_init(&r, SIZE, 2);
	ck_assert_ptr_nonnull(room = batch_rooms_take(&r));
	memset(room, 'x', SIZE);
	batch_rooms_give(&r, room);
	ck_assert_ptr_eq(batch_rooms_take(&r), room);
	ck_assert_int_eq(room[BATCH_ROOMS_KEPT - 1], 'x');
	ck_assert_int_eq(room[BATCH_ROOMS_KEPT], 0);
	batch_rooms_free(&r);
}
END_TEST

START_TEST(refuses_what_the_system_refuses)
{
	struct batch_rooms r;

	/* A process of 32 bits may get half of its addresses. */
	batch_rooms_init(&r, SIZE_MAX / 8 * 7, 2);
	ck_assert_ptr_null(batch_rooms_take(&r));
	ck_assert_ptr_null(batch_rooms_take(&r));
	batch_rooms_free(&r);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *suite = suite_create("batch_rooms");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(
	    all, gives_rooms_to_half_of_the_workers, 0, ROWS(limits));
	tcase_add_test(all, returns_the_pages_beyond_those_it_keeps);
	tcase_add_test(all, refuses_what_the_system_refuses);
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
