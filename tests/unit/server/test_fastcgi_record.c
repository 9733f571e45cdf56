/* SPDX-License-Identifier: ISC */
/*
 * test_fastcgi_record.c - which bytes are a whole request, so that a worker
 * need not wait for more.
 */
#include "server/fastcgi_record.h"

#include "unit.h"

#define BEGIN "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"
#define PARAMS "\1\4\0\1\0\4\4\0abcd\0\0\0\0"
#define NO_PARAMS "\1\4\0\1\0\0\0\0"
#define BODY "\1\5\0\1\0\3\0\0xyz"
#define END "\1\5\0\1\0\0\0\0"

static const struct {
	const char *name;
	const char *bytes;
	size_t n;
	bool whole;
} cases[] = {
#define BYTES(text) text, sizeof(text) - 1
	{ "nothing is a part", BYTES(""), false },
	{ "the first byte is a part", BYTES("\1"), false },
	{ "half a header is a part", BYTES("\1\1\0\1\0"), false },
	{ "a header without its content is a part", BYTES("\1\1\0\1\0\10\0\0"),
	    false },
	{ "the beginning is a part", BYTES(BEGIN), false },
	{ "parameters without a body's end are a part",
	    BYTES(BEGIN PARAMS NO_PARAMS), false },
	{ "padding that is missing is a part",
	    BYTES(BEGIN "\1\4\0\1\0\4\4\0abcd\0\0\0"), false },
	{ "a body without its end is a part",
	    BYTES(BEGIN PARAMS NO_PARAMS BODY), false },
	{ "half of the body's end is a part",
	    BYTES(BEGIN PARAMS NO_PARAMS BODY "\1\5\0\1\0\0\0"), false },
	{ "a body with its end is whole",
	    BYTES(BEGIN PARAMS NO_PARAMS BODY END), true },
	{ "no body is whole", BYTES(BEGIN PARAMS NO_PARAMS END), true },
	{ "bytes after the request do not matter",
	    BYTES(BEGIN PARAMS NO_PARAMS END "\1"), true },
	{ "an abort is whole", BYTES(BEGIN PARAMS "\1\2\0\1\0\0\0\0"), true },
	{ "another version is whole", BYTES("\2\1\0\1\0\10\0\0"), true },
	{ "the first byte of another protocol is whole", BYTES("GET"), true },
#undef BYTES
};

START_TEST(distinguishes_whole_requests_from_parts)
{
	struct str at = unit_guard(0, str_from(cases[_i].bytes, cases[_i].n));

	unit_check(cases[_i].name,
	    fastcgi_record((const unsigned char *)at.p, at.n) ==
		cases[_i].whole);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fastcgi_record");
	TCase *t = tcase_create("fastcgi_record");

	tcase_add_loop_test(t, distinguishes_whole_requests_from_parts, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(s, t);
	return unit_run(s);
}
