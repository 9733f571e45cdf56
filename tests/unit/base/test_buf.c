/* SPDX-License-Identifier: ISC */
/*
 * test_buf.c - the output buffer at the end of its memory.
 */
#include "base/buf.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

START_TEST(writers_append)
{
	char room[64];
	struct buf b;

	buf_init(&b, room, sizeof(room));
	buf_put(&b, "abc", 2);
	buf_put(&b, NULL, 0);
	buf_char(&b, '-');
	buf_str(&b, str_of("str"));
	buf_str(&b, str_of(NULL));
	buf_text(&b, " ");
	buf_u64(&b, 0);
	buf_char(&b, ' ');
	buf_u64(&b, UINT64_MAX);
	buf_printf(&b, " %s=%d", "n", -1);
	unit_same(
	    "all", buf_view(&b), str_of("ab-str 0 18446744073709551615 n=-1"));
	ck_assert(!b.full);
}
END_TEST

static void
put_5(struct buf *b)
{
	buf_put(b, "12345", 5);
}

static void
text_5(struct buf *b)
{
	buf_text(b, "12345");
}

static void
str_5(struct buf *b)
{
	buf_str(b, str_of("12345"));
}

static void
u64_5(struct buf *b)
{
	buf_u64(b, 12345);
}

static void
printf_5(struct buf *b)
{
	buf_printf(b, "%d", 12345);
}

static const struct full_case {
	const char *name;
	void (*write)(struct buf *b);
	size_t room;
	bool fits;
} full_cases[] = {
	{ "put fits exactly", put_5, 5, true },
	{ "put writes nothing of data that is too long", put_5, 4, false },
	{ "text fits exactly", text_5, 5, true },
	{ "text writes nothing of a text that is too long", text_5, 4, false },
	{ "str fits exactly", str_5, 5, true },
	{ "str writes nothing of a slice that is too long", str_5, 4, false },
	{ "u64 fits exactly", u64_5, 5, true },
	{ "u64 writes nothing of a number that is too long", u64_5, 4, false },
	{ "printf needs a byte for its terminator", printf_5, 6, true },
	{ "printf writes nothing of output that is too long", printf_5, 5,
	    false },
	{ "printf into an empty buffer", printf_5, 0, false },
	{ "put into an empty buffer", put_5, 0, false },
};

START_TEST(full)
{
	const struct full_case *c = &full_cases[_i];
	char *room = malloc(c->room + 1);
	struct buf b;

	room[c->room] = '!';
	buf_init(&b, room, c->room);
	c->write(&b);
	unit_check(c->name, b.full == !c->fits);
	unit_same(c->name, buf_view(&b), str_of(c->fits ? "12345" : ""));
	unit_check(c->name, room[c->room] == '!');
	free(room);
}
END_TEST

START_TEST(full_stays_full)
{
	char room[4];
	struct buf b;

	buf_init(&b, room, sizeof(room));
	buf_text(&b, "ab");
	buf_text(&b, "cde");
	ck_assert(b.full);
	buf_char(&b, 'f');
	buf_u64(&b, 1);
	buf_printf(&b, "g");
	ck_assert(b.full);
	unit_same("what fitted", buf_view(&b), str_of("ab"));
}
END_TEST

START_TEST(closing_takes_the_written_bytes_from_the_arena)
{
	alignas(max_align_t) char block[64];
	struct arena a;
	struct buf b;
	struct str text;
	char *next;

	arena_init(&a, block, sizeof(block));
	ck_assert_ptr_nonnull(arena_take(&a, 8));
	buf_open(&b, &a);
	ck_assert_uint_eq(b.size, 56);
	buf_text(&b, "hello");
	text = buf_close(&b, &a);
	ck_assert_uint_eq(a.used, 13);
	next = arena_take(&a, 1);
	ck_assert_ptr_nonnull(next);
	*next = '!';
	unit_same("text", text, str_of("hello"));
}
END_TEST

START_TEST(closing_a_full_buffer_takes_nothing)
{
	alignas(max_align_t) char block[16];
	struct arena a;
	struct buf b;

	arena_init(&a, block, sizeof(block));
	buf_open(&b, &a);
	buf_text(&b, "0123456789abcdef");
	buf_char(&b, '!');
	unit_same("full", buf_close(&b, &a), str_of(NULL));
	ck_assert_uint_eq(a.used, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("buf");
	TCase *tc = tcase_create("buf");

	tcase_add_test(tc, writers_append);
	tcase_add_loop_test(
	    tc, full, 0, sizeof(full_cases) / sizeof(full_cases[0]));
	tcase_add_test(tc, full_stays_full);
	tcase_add_test(tc, closing_takes_the_written_bytes_from_the_arena);
	tcase_add_test(tc, closing_a_full_buffer_takes_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
