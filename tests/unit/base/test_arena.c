/* SPDX-License-Identifier: ISC */
/*
 * test_arena.c - an arena at the ends of its block.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "unit.h"

#define ALIGNED alignof(max_align_t)

START_TEST(allocations_are_aligned_wherever_the_block_begins)
{
	alignas(max_align_t) char block[8 * ALIGNED];
	struct arena a;
	size_t shift;
	char *p;

	for (shift = 0; shift < ALIGNED; shift++) {
		arena_init(&a, block + shift, sizeof(block) - shift);
		while ((p = arena_take(&a, 3)) != NULL) {
			ck_assert_uint_eq((uintptr_t)p % ALIGNED, 0);
			ck_assert(p >= block + shift);
			ck_assert(p + 3 <= block + sizeof(block));
		}
		ck_assert(a.used <= a.size);
	}
}
END_TEST

static const struct take_case {
	const char *name;
	size_t first, second;
	bool fits;
} take_cases[] = {
	{ "one byte more than the block", 65, 0, false },
	{ "one byte of a full block", 64, 1, false },
	{ "the rest of the block", 16, 48, true },
	{ "more than the rest of the block", 16, 49, false },
	{ "the rest of the block without the gap", 1, 63, false },
	{ "a size that would wrap", 16, SIZE_MAX, false },
	{ "a size that would wrap with the gap", 1, SIZE_MAX - 14, false },
	{ "all of the block, then nothing", 64, 0, true },
};

START_TEST(take)
{
	const struct take_case *c = &take_cases[_i];
	alignas(max_align_t) char block[64];
	struct arena a;
	void *first, *second;

	arena_init(&a, block, sizeof(block));
	first = arena_take(&a, c->first);
	second = first == NULL ? NULL : arena_take(&a, c->second);
	unit_check(c->name, (second != NULL) == c->fits);
}
END_TEST

START_TEST(a_refused_allocation_changes_nothing)
{
	alignas(max_align_t) char block[64];
	struct arena a;

	arena_init(&a, block, sizeof(block));
	ck_assert_ptr_null(arena_take(&a, 65));
	ck_assert_uint_eq(a.used, 0);
	ck_assert_ptr_nonnull(arena_take(&a, 64));
}
END_TEST

START_TEST(reset_frees_everything)
{
	alignas(max_align_t) char block[64];
	struct arena a;
	void *p;

	arena_init(&a, block, sizeof(block));
	p = arena_take(&a, 64);
	ck_assert_ptr_nonnull(p);
	arena_reset(&a);
	ck_assert_ptr_eq(arena_take(&a, 64), p);
}
END_TEST

START_TEST(copies_live_in_the_arena)
{
	alignas(max_align_t) char block[32];
	char text[] = "text";
	struct str copy;
	struct arena a;

	arena_init(&a, block, sizeof(block));
	copy = arena_copy(&a, str_of(text));
	text[0] = 'n';
	unit_same("text", copy, str_of("text"));
	unit_same("empty", arena_copy(&a, str_of("")), str_of(""));
	unit_same("null", arena_copy(&a, str_of(NULL)), str_of(NULL));
	unit_same(
	    "too long", arena_copy(&a, str_from(block, 32)), str_of(NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tc = tcase_create("arena");

	tcase_add_test(tc, allocations_are_aligned_wherever_the_block_begins);
	tcase_add_loop_test(
	    tc, take, 0, sizeof(take_cases) / sizeof(take_cases[0]));
	tcase_add_test(tc, a_refused_allocation_changes_nothing);
	tcase_add_test(tc, reset_frees_everything);
	tcase_add_test(tc, copies_live_in_the_arena);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
