/* SPDX-License-Identifier: ISC */
/*
 * test_skiptoken.c - a token is valid only in its own form, and only for the
 * place that it was made for.
 */
#include "format/skiptoken.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct skiptoken place = { .tenant = { .byte = { 1, [15] = 2 } },
	.number = 25,
	.when = { 1795953600, 123456700 } };

static struct str
make(const struct skiptoken *t)
{
	static char text[SKIPTOKEN_LEN];

	skiptoken_make(t, text);
	return str_from(text, sizeof(text));
}

START_TEST(has_a_number_and_an_order)
{
	struct skiptoken read, up = place;

	up.ascending = true;
	ck_assert(skiptoken_read(make(&place), &read));
	ck_assert_uint_eq(read.number, 25);
	ck_assert(!read.ascending);
	ck_assert(skiptoken_is(make(&place), &place));
	ck_assert(skiptoken_read(make(&up), &read) && read.ascending);
	/* The form must not change: clients keep tokens over an upgrade. */
	unit_same("the token", make(&place),
	    str_of("AQAAAAAAAAAAGe5_jOzsXaAGLMz2nyM-was"));
}
END_TEST

START_TEST(belongs_to_one_place)
{
	struct skiptoken other[6];
	size_t i;

	for (i = 0; i < 6; i++)
		other[i] = place;
	other[0].tenant.byte[15] ^= 1;
	other[1].tenant.byte[0] ^= 0x80;
	other[2].ascending = true;
	other[3].number++;
	other[4].when.at++;
	other[5].when.nano++;
	for (i = 0; i < 6; i++)
		ck_assert(!skiptoken_is(make(&place), &other[i]));
}
END_TEST

START_TEST(no_byte_may_change)
{
	struct skiptoken read, t = place;
	char text[SKIPTOKEN_LEN];
	size_t i;
	int c;

	for (i = 0; i < sizeof(text); i++) {
		memcpy(text, make(&place).p, sizeof(text));
		for (c = 0; c < 256; c++) {
			if ((char)c == make(&place).p[i])
				continue;
			text[i] = (char)c;
			if (!skiptoken_read(
				str_from(text, sizeof(text)), &read))
				continue;
			t.number = read.number;
			t.ascending = read.ascending;
			ck_assert(
			    !skiptoken_is(str_from(text, sizeof(text)), &t));
		}
	}
}
END_TEST

static const char *const others[] = { "", "25",
	"AQAAAAAAAAAAGe5_jOzsXaAGLMz2nyM-was=",
	"AgAAAAAAAAAAGQAAAAAAAAAAAAAAAAAAAAA",
	"AQIAAAAAAAAAGQAAAAAAAAAAAAAAAAAAAAA",
	"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"AQAAAAAAAAAAGQAAAAAAAAAAAAAAAAAAAAB",
	"AQAAAAAAAAAAGQAAAAAAAAAAAAAAAAAAAA/",
	"AQAAAAAAAAAAGQAAAAAAAAAAAAAAAAAAAAAA" };

START_TEST(refuses_other_forms)
{
	struct skiptoken read;

	unit_check(others[_i],
	    !skiptoken_read(unit_guard(0, str_of(others[_i])), &read));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("skiptoken");
	TCase *t = tcase_create("skiptoken");

	tcase_add_test(t, has_a_number_and_an_order);
	tcase_add_test(t, belongs_to_one_place);
	tcase_add_test(t, no_byte_may_change);
	tcase_add_loop_test(
	    t, refuses_other_forms, 0, sizeof(others) / sizeof(others[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
