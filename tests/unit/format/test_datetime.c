/* SPDX-License-Identifier: ISC */
/*
 * test_datetime.c - which dates are accepted, which instants they name, and how
 * instants are written.
 */
#include "format/datetime.h"

#include <string.h>
#include <time.h>

#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct taken_case {
	const char *name;
	struct str text;
	int64_t at;
	uint32_t nano;
	const char *normal; /* NULL if it is the text itself */
} taken_cases[] = {
	{ "the epoch", STR("1970-01-01T00:00:00Z"), 0, 0, NULL },
	{ "the second before the epoch", STR("1969-12-31T23:59:59Z"), -1, 0,
	    NULL },
	{ "the date of the seed", STR("2017-01-01T00:01:27.2282595+03:00"),
	    1483218087, 228259500, NULL },
	{ "the date that stands for unset", STR(DATETIME_UNSET), -62135596800,
	    0, NULL },
	{ "the last second", STR("9999-12-31T23:59:59Z"), 253402300799, 0,
	    NULL },
	{ "the first day further east", STR("0001-01-01T00:00:00+14:00"),
	    -62135647200, 0, NULL },
	{ "the last day further west", STR("9999-12-31T23:59:59-14:00"),
	    253402351199, 0, NULL },
	{ "no seconds", STR("2024-02-29T12:30Z"), 1709209800, 0,
	    "2024-02-29T12:30:00Z" },
	{ "no seconds and an offset", STR("2024-02-29T12:30+00:00"), 1709209800,
	    0, "2024-02-29T12:30:00+00:00" },
	{ "no seconds and a western offset", STR("2024-02-29T10:30-02:00"),
	    1709209800, 0, "2024-02-29T10:30:00-02:00" },
	{ "t and z", STR("2024-02-29t12:30:00z"), 1709209800, 0,
	    "2024-02-29T12:30:00Z" },
	{ "z without seconds", STR("2024-02-29t12:30z"), 1709209800, 0,
	    "2024-02-29T12:30:00Z" },
	{ "a fraction of one digit", STR("1970-01-01T00:00:00.1Z"), 0,
	    100000000, NULL },
	{ "a fraction of nine digits", STR("1970-01-01T00:00:00.123456789Z"), 0,
	    123456789, NULL },
	{ "a fraction of twelve digits",
	    STR("1970-01-01T00:00:00.123456789987Z"), 0, 123456789, NULL },
	{ "twelve nines are not rounded up",
	    STR("1970-01-01T00:00:00.999999999999Z"), 0, 999999999, NULL },
	{ "zeros after a fraction stay", STR("1970-01-01T00:00:00.5000Z"), 0,
	    500000000, NULL },
	{ "a fraction and z", STR("1970-01-01T00:00:00.5z"), 0, 500000000,
	    "1970-01-01T00:00:00.5Z" },
	{ "a fraction before the epoch counts forward",
	    STR("1969-12-31T23:59:59.75Z"), -1, 750000000, NULL },
	{ "minus zero is zero", STR("1970-01-01T00:00:00-00:00"), 0, 0, NULL },
	{ "plus zero is zero", STR("1970-01-01T00:00:00+00:00"), 0, 0, NULL },
	{ "an offset of half an hour", STR("1970-01-01T05:30:00+05:30"), 0, 0,
	    NULL },
	{ "the furthest west", STR("1969-12-31T10:00:00-14:00"), 0, 0, NULL },
	{ "the furthest east", STR("1970-01-01T14:00:00+14:00"), 0, 0, NULL },
	{ "an offset just below", STR("1970-01-01T13:59:00+13:59"), 0, 0,
	    NULL },
	{ "29 February every four years", STR("2024-02-29T00:00:00Z"),
	    1709164800, 0, NULL },
	{ "29 February every four hundred years", STR("2000-02-29T23:59:59Z"),
	    951868799, 0, NULL },
	{ "the last day of a leap year", STR("2024-12-31T00:00:00Z"),
	    1735603200, 0, NULL },
	{ "a leap second", STR("2016-12-31T23:59:60Z"), 1483228800, 0, NULL },
	{ "a leap second and a fraction", STR("2016-12-31T23:59:60.5Z"),
	    1483228800, 500000000, NULL },
	{ "a leap second in the east", STR("2017-01-01T05:29:60+05:30"),
	    1483228800, 0, NULL },
	{ "a leap second in the west", STR("2016-12-31T15:59:60-08:00"),
	    1483228800, 0, NULL },
	{ "a leap second of the first day", STR("0001-01-01T23:59:60Z"),
	    -62135510400, 0, NULL },
	{ "a leap second of the last day", STR("9999-12-31T23:59:60Z"),
	    253402300800, 0, NULL },
};

START_TEST(taken)
{
	const struct taken_case *c = &taken_cases[_i];
	struct str text = unit_guard(0, c->text);
	char room[DATETIME_TEXT_MAX];
	struct instant t;
	struct buf out;

	unit_check(c->name, datetime_parse(text, &t) == ERR_OK);
	ck_assert_msg(t.at == c->at && t.nano == c->nano, "%s: %lld.%09u",
	    c->name, (long long)t.at, t.nano);
	buf_init(&out, room, sizeof(room));
	datetime_normal(text, &out);
	unit_check(c->name, !out.full);
	unit_same(c->name, buf_view(&out),
	    c->normal != NULL ? str_of(c->normal) : c->text);
}
END_TEST

/* No proper prefix of a date is a date. */
START_TEST(refuses_the_beginning_of_a_date)
{
	struct str whole = str_of("2017-01-01T00:01:27.2282595+03:00");
	struct instant t;
	size_t n;

	for (n = 0; n < whole.n; n++)
		ck_assert_msg(datetime_parse(unit_guard(0, str_head(whole, n)),
				  &t) == ERR_NOT_DATE,
		    "takes '%.*s'", (int)n, whole.p);
}
END_TEST

/*
 * At each place, any byte other than a digit or the expected mark is refused.
 */
START_TEST(refuses_a_wrong_mark)
{
	static const char whole[] = "2017-01-01T00:01:27.5+03:00";
	char text[sizeof(whole)];
	struct instant t;
	int byte;
	size_t i;

	for (i = 0; i < sizeof(whole) - 1; i++) {
		memcpy(text, whole, sizeof(whole));
		for (byte = 0; byte < 256; byte++) {
			text[i] = (char)byte;
			if ((byte >= '0' && byte <= '9') || byte == whole[i] ||
			    (whole[i] == 'T' && byte == 't') ||
			    (whole[i] == '+' && byte == '-'))
				continue;
			ck_assert_msg(datetime_parse(str_from(text, 27), &t) ==
				ERR_NOT_DATE,
			    "takes '%.27s'", text);
		}
	}
}
END_TEST

static const struct refused_case {
	const char *name;
	struct str text;
} refused_cases[] = {
	{ "nothing", STR("") },
	{ "null", { NULL, 0 } },
	{ "a date alone", STR("2024-01-01") },
	{ "a local time", STR("2024-01-01T00:00:00") },
	{ "a blank for T", STR("2024-01-01 00:00:00Z") },
	{ "a blank before", STR(" 2024-01-01T00:00:00Z") },
	{ "a blank after the date", STR("2024-01-01T00:00:00Z ") },
	{ "a NUL after the date", STR("2024-01-01T00:00:00Z\0") },
	{ "the basic form", STR("20240101T000000Z") },
	{ "infinity", STR("INF") },
	{ "minus infinity", STR("-INF") },
	{ "the word for not a number", STR("NaN") },
	{ "the year 0", STR("0000-01-01T00:00:00Z") },
	{ "a year before Christ", STR("-0001-01-01T00:00:00Z") },
	{ "a year of five digits", STR("10000-01-01T00:00:00Z") },
	{ "a year of two digits", STR("24-01-01T00:00:00Z") },
	{ "a sign before the year", STR("+2024-01-01T00:00:00Z") },
	{ "month 0", STR("2024-00-01T00:00:00Z") },
	{ "month 13", STR("2024-13-01T00:00:00Z") },
	{ "a month of one digit", STR("2024-1-01T00:00:00Z") },
	{ "day 0", STR("2024-01-00T00:00:00Z") },
	{ "32 January", STR("2024-01-32T00:00:00Z") },
	{ "31 April", STR("2024-04-31T00:00:00Z") },
	{ "31 June", STR("2024-06-31T00:00:00Z") },
	{ "31 September", STR("2024-09-31T00:00:00Z") },
	{ "31 November", STR("2024-11-31T00:00:00Z") },
	{ "32 December", STR("2024-12-32T00:00:00Z") },
	{ "30 February", STR("2024-02-30T00:00:00Z") },
	{ "29 February in other years", STR("2023-02-29T00:00:00Z") },
	{ "29 February every hundred years", STR("1900-02-29T00:00:00Z") },
	{ "hour 24", STR("2024-01-01T24:00:00Z") },
	{ "hour 25", STR("2024-01-01T25:00:00Z") },
	{ "minute 60", STR("2024-01-01T00:60:00Z") },
	{ "second 61", STR("2024-12-31T23:59:61Z") },
	{ "second 60 in another minute", STR("2016-12-31T23:58:60Z") },
	{ "second 60 in another hour", STR("2016-12-31T22:59:60Z") },
	{ "second 60 at midnight", STR("2016-12-31T00:00:60Z") },
	{ "second 60 that is local only", STR("2016-12-31T23:59:60+01:00") },
	{ "a fraction without digits", STR("2024-01-01T00:00:00.Z") },
	{ "a fraction of thirteen digits",
	    STR("2024-01-01T00:00:00.1234567890123Z") },
	{ "a comma before the fraction", STR("2024-01-01T00:00:00,5Z") },
	{ "a fraction of minutes", STR("2024-01-01T00:00.5Z") },
	{ "two fractions", STR("2024-01-01T00:00:00.5.5Z") },
	{ "an offset without minutes", STR("2024-01-01T00:00:00+01") },
	{ "an offset without colon", STR("2024-01-01T00:00:00+0100") },
	{ "an offset of minute 60", STR("2024-01-01T00:00:00+01:60") },
	{ "an offset a minute too far east", STR("2024-01-01T00:00:00+14:01") },
	{ "an offset a minute too far west", STR("2024-01-01T00:00:00-14:01") },
	{ "an offset of 15 hours", STR("2024-01-01T00:00:00+15:00") },
	{ "an offset of a day", STR("2024-01-01T00:00:00+24:00") },
	{ "an offset after Z", STR("2024-01-01T00:00:00Z+00:00") },
	{ "the name of a zone", STR("2024-01-01T00:00:00UTC") },
	{ "a minus sign of Unicode",
	    STR("2024-01-01T00:00:00\xe2\x88\x92"
		"01:00") },
	{ "a date of HTTP", STR("Mon, 01 Jan 2024 00:00:00 GMT") },
	{ "a number of milliseconds", STR("/Date(1704067200000)/") },
};

START_TEST(refused)
{
	const struct refused_case *c = &refused_cases[_i];
	struct str text = c->text;
	struct instant t;

	if (!str_is_null(text))
		text = unit_guard(0, text);
	unit_check(c->name, datetime_parse(text, &t) == ERR_NOT_DATE);
}
END_TEST

static const struct written_case {
	const char *name;
	struct instant t;
	const char *ticks;
} written_cases[] = {
	{ "the epoch", { 0, 0 }, "1970-01-01T00:00:00.0000000Z" },
	{ "the moment before", { -1, 999999999 },
	    "1969-12-31T23:59:59.9999999Z" },
	{ "less than a tick is cut off", { 0, 99 },
	    "1970-01-01T00:00:00.0000000Z" },
	{ "one tick", { 0, 100 }, "1970-01-01T00:00:00.0000001Z" },
	{ "the moment of the seed", { 1483217901, 132702100 },
	    "2016-12-31T20:58:21.1327021Z" },
	{ "a leap day", { 951868799, 0 }, "2000-02-29T23:59:59.0000000Z" },
	{ "the last day of 400 years", { 978307199, 0 },
	    "2000-12-31T23:59:59.0000000Z" },
	{ "the first of 400 years", { 978307200, 0 },
	    "2001-01-01T00:00:00.0000000Z" },
	{ "a year without a leap day", { -2203891200, 0 },
	    "1900-03-01T00:00:00.0000000Z" },
	{ "the first second", { -62135596800, 0 },
	    "0001-01-01T00:00:00.0000000Z" },
	{ "the second before the first", { -62135596801, 0 },
	    "0001-01-01T00:00:00.0000000Z" },
	{ "the least instant", { INT64_MIN, 0 },
	    "0001-01-01T00:00:00.0000000Z" },
	{ "the last second", { 253402300799, 0 },
	    "9999-12-31T23:59:59.0000000Z" },
	{ "the second after the last", { 253402300800, 0 },
	    "9999-12-31T23:59:59.0000000Z" },
	{ "the greatest instant", { INT64_MAX, 999999999 },
	    "9999-12-31T23:59:59.9999999Z" },
};

START_TEST(written)
{
	const struct written_case *c = &written_cases[_i];
	char ticks[DATETIME_TICKS_LEN + 1], seconds[DATETIME_SECONDS_LEN + 1];

	ticks[DATETIME_TICKS_LEN] = seconds[DATETIME_SECONDS_LEN] = '!';
	datetime_ticks(c->t, ticks);
	unit_same(
	    c->name, str_from(ticks, DATETIME_TICKS_LEN), str_of(c->ticks));
	datetime_seconds(c->t.at, seconds);
	unit_same(c->name, str_from(seconds, DATETIME_SECONDS_LEN),
	    str_head(str_of(c->ticks), DATETIME_SECONDS_LEN));
	unit_check(c->name, ticks[DATETIME_TICKS_LEN] == '!');
	unit_check(c->name, seconds[DATETIME_SECONDS_LEN] == '!');
}
END_TEST

/* The calendar repeats every 400 years. The C library supplies the
 * expected results. */
START_TEST(every_day_of_400_years_is_that_of_the_c_library)
{
	const int64_t day = 86400, first = -8 * 365 * day;
	char text[DATETIME_SECONDS_LEN + 1] = "", want[32];
	struct instant back;
	struct tm tm;
	int64_t i, at;
	time_t t;

	for (i = 0; i < 146097; i++) {
		at = first + i * day + i % day;
		t = (time_t)at;
		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		ck_assert_uint_eq(
		    strftime(want, sizeof(want), "%FT%TZ", &tm), 20);
		datetime_seconds(at, text);
		ck_assert_mem_eq(text, want, DATETIME_SECONDS_LEN);
		ck_assert_int_eq(datetime_parse(str_of(want), &back), ERR_OK);
		ck_assert_int_eq(back.at, at);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("datetime");
	TCase *tc = tcase_create("datetime");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, taken, 0, COUNT(taken_cases));
	tcase_add_test(tc, refuses_the_beginning_of_a_date);
	tcase_add_test(tc, refuses_a_wrong_mark);
	tcase_add_loop_test(tc, refused, 0, COUNT(refused_cases));
	tcase_add_loop_test(tc, written, 0, COUNT(written_cases));
	tcase_add_test(tc, every_day_of_400_years_is_that_of_the_c_library);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
