/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "format/odata.h"
#include "unit.h"

#define TAKEN (ODATA_BIT(ODATA_SELECT) | ODATA_BIT(ODATA_FORMAT))

static const struct {
	const char *name;
	const char *query;
	enum err outcome;
	const char *select; /* the culprit if it is refused */
} queries[] = {
	{ "an empty query", "", ERR_OK, NULL },
	{ "a selection", "$select=id,x", ERR_OK, "id,x" },
	{ "a selection without the dollar", "select=id", ERR_OK, "id" },
	{ "a selection in other case", "$SELECT=id", ERR_OK, "id" },
	{ "an escaped selection", "%24select=id%2cx+y", ERR_OK, "id,x y" },
	{ "a selection without a value", "$select", ERR_OK, "" },
	{ "a selection among others", "&a=b&&$select=id&c", ERR_OK, "id" },
	{ "two selections", "$select=id&select=id", ERR_QUERY_TWICE, "select" },
	{ "a format without the dollar", "format=atom", ERR_OK, NULL },
	{ "a selection between spaces", "$select=%20id+", ERR_OK, "id" },
	{ "two formats", "$format=json&$format=json", ERR_QUERY_TWICE,
	    "$format" },
	{ "an unsupported option", "$expand=a", ERR_QUERY_OPTION, "$expand" },
	{ "an unknown option", "$what=a", ERR_QUERY_OPTION, "$what" },
	{ "an unsupported option without the dollar", "expand=a", ERR_OK,
	    NULL },
	{ "a bad escape in a known option", "$select=%z", ERR_QUERY_ESCAPE,
	    "$select" },
	{ "bad UTF-8 in a known option", "$select=%ff", ERR_QUERY_ESCAPE,
	    "$select" },
	{ "a bad escape after a dollar", "$filter%zz=1", ERR_QUERY_ESCAPE,
	    "$filter%zz" },
	{ "a bad escape after an escaped dollar", "%24x%2=1", ERR_QUERY_ESCAPE,
	    "%24x%2" },
	{ "a bad escape in an unknown option", "x=%zz&%2=a&y=%00", ERR_OK,
	    NULL },
};

START_TEST(reads_queries)
{
	char block[512];
	struct odata_query q;
	struct str what = str_of(NULL);
	struct arena a;

	arena_init(&a, block, sizeof(block));
	unit_check(queries[_i].name,
	    odata_query(unit_guard(0, str_of(queries[_i].query)), TAKEN, &a, &q,
		&what) == queries[_i].outcome);
	unit_same(queries[_i].name,
	    queries[_i].outcome == ERR_OK ? q.text[ODATA_SELECT] : what,
	    str_of(queries[_i].select));
}
END_TEST

/* The options that a resource takes decide which names are system options. */
static const struct {
	const char *name;
	const char *query;
	unsigned taken;
	enum err outcome;
	enum odata_option option;
	const char *text; /* of the option, or the name that is refused */
} options[] = {
	{ "an option that is taken", "$filter=a%20eq+1",
	    ODATA_BIT(ODATA_FILTER), ERR_OK, ODATA_FILTER, "a eq 1" },
	{ "an option without its dollar", "Top=3&x=y", ODATA_BIT(ODATA_TOP),
	    ERR_OK, ODATA_TOP, "3" },
	{ "an option of another resource without its dollar", "top=3",
	    ODATA_BIT(ODATA_SKIP), ERR_OK, ODATA_TOP, NULL },
	{ "an option of another resource", "$top=3", ODATA_BIT(ODATA_SKIP),
	    ERR_QUERY_OPTION, ODATA_TOP, "$top" },
	{ "the selection where none is taken", "$select=id", 0,
	    ERR_QUERY_OPTION, ODATA_SELECT, "$select" },
	{ "a selection without its dollar where none is taken", "select=id", 0,
	    ERR_OK, ODATA_SELECT, NULL },
	{ "an option with and without its dollar", "$expand=a&expand=a",
	    ODATA_BIT(ODATA_EXPAND), ERR_QUERY_TWICE, ODATA_EXPAND, "expand" },
	{ "a token for the next page", "%24skiptoken=a%2Bb",
	    ODATA_BIT(ODATA_SKIPTOKEN), ERR_OK, ODATA_SKIPTOKEN, "a+b" },
};

START_TEST(takes_options)
{
	char block[512];
	struct odata_query q;
	struct str what = str_of(NULL);
	struct arena a;

	arena_init(&a, block, sizeof(block));
	unit_check(options[_i].name,
	    odata_query(unit_guard(0, str_of(options[_i].query)),
		options[_i].taken, &a, &q, &what) == options[_i].outcome);
	unit_same(options[_i].name,
	    options[_i].outcome == ERR_OK ? q.text[options[_i].option] : what,
	    str_of(options[_i].text));
}
END_TEST

static const struct {
	const char *format;
	enum err outcome;
	enum odata_metadata level;
} formats[] = {
	{ "json", ERR_OK, ODATA_MINIMAL },
	{ "application/json", ERR_OK, ODATA_MINIMAL },
	{ "application/json;odata.metadata=none", ERR_OK, ODATA_NONE },
	{ "json;metadata=full;x=y", ERR_OK, ODATA_FULL },
	{ "", ERR_FORMAT, ODATA_NONE },
	{ "atom", ERR_FORMAT, ODATA_NONE },
	{ "xml;json", ERR_FORMAT, ODATA_NONE },
};

START_TEST(reads_formats)
{
	enum odata_metadata level = ODATA_NONE;

	unit_check(formats[_i].format,
	    odata_format(unit_guard(0, str_of(formats[_i].format)), &level) ==
		formats[_i].outcome);
	unit_check(formats[_i].format, level == formats[_i].level);
}
END_TEST

static const struct {
	const char *accept;
	enum err outcome;
	enum odata_metadata level;
} accepts[] = {
	{ "", ERR_OK, ODATA_MINIMAL },
	{ " ", ERR_OK, ODATA_MINIMAL },
	{ "*/*", ERR_OK, ODATA_MINIMAL },
	{ "*", ERR_OK, ODATA_MINIMAL },
	{ "application/*", ERR_OK, ODATA_MINIMAL },
	{ "application/json", ERR_OK, ODATA_MINIMAL },
	{ "Application/JSON", ERR_OK, ODATA_MINIMAL },
	{ "application/json;charset=utf-8;x=\"a,b\"", ERR_OK, ODATA_MINIMAL },
	{ "application/json;odata.metadata=none", ERR_OK, ODATA_NONE },
	{ "application/json; odata.metadata=\"full\"", ERR_OK, ODATA_FULL },
	{ "application/json;metadata=full", ERR_OK, ODATA_FULL },
	{ "*/*, application/json;odata.metadata=none", ERR_OK, ODATA_NONE },
	{ "application/json;odata.metadata=none, */*", ERR_OK, ODATA_NONE },
	{ "text/html;q=1, */*;q=0.1", ERR_OK, ODATA_MINIMAL },
	{ "application/json;q=0.001", ERR_OK, ODATA_MINIMAL },
	{ "application/json;odata.metadata=full;q=0, application/json", ERR_OK,
	    ODATA_MINIMAL },
	{ "application/json;odata.metadata=none, application/json", ERR_OK,
	    ODATA_NONE },
	{ "application/json;q=", ERR_OK, ODATA_MINIMAL },
	{ "application/json;q=.0", ERR_OK, ODATA_MINIMAL },
	{ "application/json;odata.metadata=what", ERR_OK, ODATA_MINIMAL },
	{ "application/json;q=0", ERR_NOT_ACCEPTABLE, ODATA_MINIMAL },
	{ "application/json;q=0.000, */*", ERR_NOT_ACCEPTABLE, ODATA_MINIMAL },
	{ "*/*;q=0", ERR_NOT_ACCEPTABLE, ODATA_MINIMAL },
	{ "text/html", ERR_NOT_ACCEPTABLE, ODATA_MINIMAL },
	{ "application/jsonp", ERR_NOT_ACCEPTABLE, ODATA_MINIMAL },
	{ "text/json, \"application/json\"", ERR_NOT_ACCEPTABLE,
	    ODATA_MINIMAL },
	{ ",,", ERR_NOT_ACCEPTABLE, ODATA_MINIMAL },
};

START_TEST(reads_accept)
{
	enum odata_metadata level;

	unit_check(accepts[_i].accept,
	    odata_accept(unit_guard(0, str_of(accepts[_i].accept)), &level) ==
		accepts[_i].outcome);
	if (accepts[_i].outcome == ERR_OK)
		unit_check(accepts[_i].accept, level == accepts[_i].level);
}
END_TEST

static const struct {
	const char *prefer;
	unsigned bits;
} prefers[] = {
	{ "", 0 },
	{ "return=minimal", ODATA_PREFER_MINIMAL },
	{ "Return=\"minimal\"", ODATA_PREFER_MINIMAL },
	{ "return=representation; x=y", ODATA_PREFER_REPRESENTATION },
	{ "return=minimal, return=representation", ODATA_PREFER_MINIMAL },
	{ "return=what, return=representation", ODATA_PREFER_REPRESENTATION },
	{ "wait=5, pushcert.dry-run,respond-async", ODATA_PREFER_DRY_RUN },
	{ "pushcert.dry-run, return=minimal",
	    ODATA_PREFER_DRY_RUN | ODATA_PREFER_MINIMAL },
	{ "x=\"return=minimal, return=minimal\"", 0 },
	{ "x=\"\\\"\", return=minimal", ODATA_PREFER_MINIMAL },
	{ "x=\"unclosed, return=minimal", 0 },
};

START_TEST(reads_prefer)
{
	unit_check(prefers[_i].prefer,
	    odata_prefer(unit_guard(0, str_of(prefers[_i].prefer))) ==
		prefers[_i].bits);
}
END_TEST

static const struct {
	const char *list;
	const char *etag;
	bool match;
} matches[] = {
	{ "*", "W/\"a\"", true },
	{ " * ", "W/\"a\"", true },
	{ "*", NULL, false },
	{ "W/\"a\"", NULL, false },
	{ "W/\"a\"", "W/\"a\"", true },
	{ "\"a\"", "W/\"a\"", true },
	{ "\"x\", W/\"a\"", "W/\"a\"", true },
	{ "\"x,a\", \"y\"", "W/\"a\"", false },
	{ "\"a-gzip\"", "W/\"a\"", true },
	{ "W/\"a-br\"", "W/\"a\"", true },
	{ "\"a-deflate\"", "W/\"a\"", true },
	{ "\"a-zstd\"", "W/\"a\"", true },
	{ "\"a-lzma\"", "W/\"a\"", false },
	{ "\"a\"-gzip", "W/\"a\"", false },
	{ "a", "W/\"a\"", true }, /* some clients drop the quotes */
	{ "\"A\"", "W/\"a\"", false },
	{ "w/\"a\"", "W/\"a\"", false },
	{ "\"\"", "W/\"a\"", false },
	{ "", "W/\"a\"", false },
	{ "\"", "W/\"a\"", false },
};

START_TEST(matches_tags)
{
	unit_check(matches[_i].list,
	    odata_match(unit_guard(0, str_of(matches[_i].list)),
		str_of(matches[_i].etag)) == matches[_i].match);
}
END_TEST

static const struct {
	const char *lines;
	const char *single; /* NULL if the lines differ */
} singles[] = {
	{ "application/json", "application/json" },
	{ " application/json ", "application/json" },
	{ "application/json, application/json", "application/json" },
	{ "application/json,APPLICATION/JSON ,application/json",
	    "application/json" },
	{ "application/json, text/plain", NULL },
	{ "application/json; charset=utf-8, text/plain", NULL },
	{ "application/json, application/json; charset=utf-8", NULL },
	{ "application/json, ", NULL },
	{ ", application/json", NULL },
	{ "application/json; a=\"b, c\"", "application/json; a=\"b, c\"" },
	{ "application/json; a=\"b, application/json; a=\"b",
	    "application/json; a=\"b, application/json; a=\"b" },
	{ "", "" },
};

START_TEST(joins_equal_lines)
{
	struct str value;
	bool single = odata_single(
	    unit_guard(0, str_of(singles[_i].lines)), &value);

	unit_check(singles[_i].lines, single == (singles[_i].single != NULL));
	if (single)
		unit_same(singles[_i].lines, value, str_of(singles[_i].single));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("odata");
	TCase *t = tcase_create("odata");

	tcase_add_loop_test(
	    t, reads_queries, 0, sizeof(queries) / sizeof(queries[0]));
	tcase_add_loop_test(
	    t, takes_options, 0, sizeof(options) / sizeof(options[0]));
	tcase_add_loop_test(
	    t, reads_formats, 0, sizeof(formats) / sizeof(formats[0]));
	tcase_add_loop_test(
	    t, reads_accept, 0, sizeof(accepts) / sizeof(accepts[0]));
	tcase_add_loop_test(
	    t, reads_prefer, 0, sizeof(prefers) / sizeof(prefers[0]));
	tcase_add_loop_test(
	    t, matches_tags, 0, sizeof(matches) / sizeof(matches[0]));
	tcase_add_loop_test(
	    t, joins_equal_lines, 0, sizeof(singles) / sizeof(singles[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
