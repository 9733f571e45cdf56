/* SPDX-License-Identifier: ISC */
/*
 * test_log.c - the format of a log line on stderr. No text can forge a line.
 */
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static const struct line_case {
	const char *name;
	const char *text;
	const char *want;
} line_cases[] = {
	{ "begins with the program and ends the line", "hello",
	    "pushcert: hello\n" },
	{ "may have an empty text", "", "pushcert: \n" },
	{ "escapes a line end", "a\nb", "pushcert: a\\x0ab\n" },
	{ "escapes a carriage return", "a\rb", "pushcert: a\\x0db\n" },
	{ "escapes a terminal's escape", "\x1b[2J", "pushcert: \\x1b[2J\n" },
	{ "escapes DEL", "\x7f", "pushcert: \\x7f\n" },
	{ "escapes what is not ASCII", "\xc3\xa9", "pushcert: \\xc3\\xa9\n" },
	{ "escapes the escape", "\\x0a", "pushcert: \\x5cx0a\n" },
	{ "leaves the rest of ASCII", " !\"'/09AZ[]az~",
	    "pushcert:  !\"'/09AZ[]az~\n" },
};

START_TEST(line)
{
	const struct line_case *c = &line_cases[_i];

	unit_capture();
	log_line(LOG_AT_ERROR, "%s", c->text);
	unit_same(c->name, unit_captured(), str_of(c->want));
}
END_TEST

START_TEST(formats_like_printf)
{
	unit_capture();
	log_line(LOG_AT_INFO, "%d of %s", 1, "two");
	log_line(LOG_AT_INFO, "100%%");
	unit_same("two lines", unit_captured(),
	    str_of("pushcert: 1 of two\npushcert: 100%\n"));
}
END_TEST

static const struct level_case {
	const char *name;
	enum log_level most;
	const char *want;
} level_cases[] = {
	{ "errors alone", LOG_AT_ERROR, "pushcert: e\n" },
	{ "warnings too", LOG_AT_WARNING, "pushcert: e\npushcert: w\n" },
	{ "information too", LOG_AT_INFO,
	    "pushcert: e\npushcert: w\npushcert: i\n" },
	{ "all", LOG_AT_DEBUG,
	    "pushcert: e\npushcert: w\npushcert: i\npushcert: d\n" },
};

START_TEST(level)
{
	const struct level_case *c = &level_cases[_i];

	unit_capture();
	log_open(false, c->most);
	log_line(LOG_AT_ERROR, "e");
	log_line(LOG_AT_WARNING, "w");
	log_line(LOG_AT_INFO, "i");
	log_line(LOG_AT_DEBUG, "d");
	unit_same(c->name, unit_captured(), str_of(c->want));
	unit_check(c->name, log_wants(c->most));
	unit_check(
	    c->name, log_wants(LOG_AT_DEBUG) == (c->most == LOG_AT_DEBUG));
}
END_TEST

START_TEST(logs_information_before_log_open)
{
	ck_assert(log_wants(LOG_AT_INFO));
	ck_assert(!log_wants(LOG_AT_DEBUG));
}
END_TEST

static const struct cut_case {
	const char *name;
	char fill;
	size_t whole; /* Length of the escaped form of one byte of the text. */
} cut_cases[] = {
	{ "cuts a long line", 'x', 1 },
	{ "cuts a long line between escapes", '\n', 4 },
};

START_TEST(cut)
{
	const struct cut_case *c = &cut_cases[_i];
	char text[3 * LOG_LINE];
	struct str got;
	size_t n;

	memset(text, c->fill, sizeof(text) - 1);
	text[0] = 'x';
	text[sizeof(text) - 1] = '\0';
	unit_capture();
	log_line(LOG_AT_INFO, "%s", text);
	got = unit_captured();
	unit_check(c->name, str_starts(got, "pushcert: "));
	unit_check(c->name, str_ends(got, "\n"));
	n = got.n - strlen("pushcert: \n");
	unit_check(c->name, n <= LOG_LINE);
	unit_check(c->name, n > LOG_LINE - 8);
	unit_check(c->name, (n - 1) % c->whole == 0);
}
END_TEST

static const struct {
	const char *name;
	struct log_field field;
	const char *want;
} field_cases[] = {
	{ "writes a value alone", { NULL, STR("GET"), 9, false },
	    "pushcert: GET end\n" },
	{ "writes a name and a value", { "peer", STR("192.0.2.1"), 9, false },
	    "pushcert: peer=192.0.2.1 end\n" },
	{ "has a dash for no value", { "peer", STR(""), 9, false },
	    "pushcert: peer=- end\n" },
	{ "has a dash for an absent value", { "peer", { NULL, 0 }, 9, false },
	    "pushcert: peer=- end\n" },
	{ "escapes the blanks and the sign of another field",
	    { "actor", STR("bob peer=10.9.9.9"), 99, false },
	    "pushcert: actor=bob\\x20peer\\x3d10.9.9.9 end\n" },
	{ "escapes quotes and backslashes",
	    { "actor", STR("\"a\\"), 99, false },
	    "pushcert: actor=\\x22a\\x5c end\n" },
	{ "escapes line ends, tabs and what is not ASCII",
	    { "actor", STR("a\n\t\xc2\xa0"), 99, false },
	    "pushcert: actor=a\\x0a\\x09\\xc2\\xa0 end\n" },
	{ "escapes a NUL", { "actor", STR("a\0b"), 99, false },
	    "pushcert: actor=a\\x00b end\n" },
	{ "cuts a long value and marks the cut",
	    { "actor", STR("abcdef"), 5, false },
	    "pushcert: actor=abcde... end\n" },
	{ "cuts between escapes", { "actor", STR("  "), 7, false },
	    "pushcert: actor=\\x20... end\n" },
	{ "leaves the blanks between words",
	    { "token", STR("not good"), 99, true },
	    "pushcert: token: not good end\n" },
	{ "does not allow a field between the words",
	    { "token", STR("no peer=x"), 99, true },
	    "pushcert: token: no peer\\x3dx end\n" },
};

START_TEST(field)
{
	const struct log_field fields[] = { field_cases[_i].field,
		{ NULL, STR("end"), 3, false } };

	unit_capture();
	log_fields(LOG_AT_ERROR, fields, 2);
	unit_same(field_cases[_i].name, unit_captured(),
	    str_of(field_cases[_i].want));
}
END_TEST

/* The expected text depends on the machine: some machines have no syslog
 * daemon. */
START_TEST(syslog_leaves_stderr_alone)
{
	const char *want = access("/dev/log", W_OK) == 0
	    ? ""
	    : "pushcert: no syslog daemon can be reached, so log lines go to "
	      "standard error\npushcert: a line of the test of pushcert\n";

	unit_capture();
	log_open(true, LOG_AT_INFO);
	log_line(LOG_AT_INFO, "a line of the test of pushcert");
	unit_same("stderr", unit_captured(), str_of(want));
}
END_TEST

static const struct {
	const char *name;
	uint64_t what;
	int64_t at;
	bool news;
} news_cases[] = {
	{ "logs the first event", 7, 1000, true },
	{ "does not repeat it at once", 7, 1000, false },
	{ "does not repeat it within a minute", 7, 1059, false },
	{ "repeats it after a minute", 7, 1060, true },
	{ "logs another event", 8, 1061, true },
	{ "logs the event before it again", 7, 1061, true },
	{ "logs again after the clock was set back", 7, 900, true },
	{ "does not repeat it with the new clock", 7, 901, false },
};

START_TEST(a_lasting_condition_is_logged_once_a_minute)
{
	struct log_repeat last = { .what = 0 };
	size_t i;

	for (i = 0; i < sizeof(news_cases) / sizeof(news_cases[0]); i++)
		unit_check(news_cases[i].name,
		    log_should_repeat(&last, news_cases[i].what,
			news_cases[i].at) == news_cases[i].news);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_loop_test(
	    tc, line, 0, sizeof(line_cases) / sizeof(line_cases[0]));
	tcase_add_test(tc, formats_like_printf);
	tcase_add_loop_test(
	    tc, level, 0, sizeof(level_cases) / sizeof(level_cases[0]));
	tcase_add_test(tc, logs_information_before_log_open);
	tcase_add_loop_test(
	    tc, cut, 0, sizeof(cut_cases) / sizeof(cut_cases[0]));
	tcase_add_test(tc, a_lasting_condition_is_logged_once_a_minute);
	tcase_add_loop_test(
	    tc, field, 0, sizeof(field_cases) / sizeof(field_cases[0]));
	tcase_add_test(tc, syslog_leaves_stderr_alone);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
