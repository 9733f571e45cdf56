/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "path.h"
#include "unit.h"

static const struct str known[] = { STR("deviceManagement"), STR("health"),
	{ NULL, 0 } };

/* The three variables as web servers fill them (measured), and what is to be
 * found: the root, how many segments follow it, the mount path. */
static const struct {
	const char *name;
	const char *path_info, *script_name, *request_uri;
	enum path_root root; /* 0: ERR_ROOT */
	const char *what; /* the culprit then, else the last segment */
	const char *mount;
} cases[] = {
	{ "lighttpd with the empty key", NULL, "/v1.0/deviceManagement/x",
	    "/v1.0/deviceManagement/x", PATH_V1, "x", "" },
	{ "lighttpd with a prefix as key", "/deviceManagement/x", "/v1.0",
	    "/v1.0/deviceManagement/x?a=b", PATH_V1, "x", "" },
	{ "lighttpd with the key / and fix-root-scriptname",
	    "/v1.0/deviceManagement/x", "", "/v1.0/deviceManagement/x", PATH_V1,
	    "x", "" },
	{ "lighttpd mod_cgi with a rewrite", "/v1.0/deviceManagement/x",
	    "/graph/graph.cgi", "/v1.0/deviceManagement/x", PATH_V1, "x", "" },
	{ "Apache ProxyPass", NULL, "/graph/v1.0/deviceManagement/x",
	    "/graph/v1.0/deviceManagement/x", PATH_V1, "x", "/graph" },
	{ "Apache SetHandler", "/deviceManagement/x", "/graph/v1.0",
	    "/graph/v1.0/deviceManagement/x", PATH_V1, "x", "/graph" },
	{ "Apache with the whole path in both", "/beta/health", "/beta/health",
	    "/beta/health", PATH_BETA, "health", "" },
	{ "a drop-in .htaccess", "/beta/deviceManagement/x", "/sub/graph.fcgi",
	    "/sub/beta/deviceManagement/x", PATH_BETA, "x", "/sub" },
	{ "FallbackResource without PATH_INFO", NULL, "/sub/graph.fcgi",
	    "/sub/localtest/deviceManagement/x?$select=id", PATH_LOCALTEST, "x",
	    "/sub" },
	{ "Caddy", "/v1.0/deviceManagement/x", "", "/v1.0/deviceManagement/x",
	    PATH_V1, "x", "" },
	{ "nginx behind a rewrite", "", "/v1.0/deviceManagement/x",
	    "/pre/v1.0/deviceManagement/x", PATH_V1, "x", "/pre" },
	{ "the absolute form of the request target", NULL, NULL,
	    "http://example.org/m/v1.0/health", PATH_V1, "health", "/m" },
	{ "an escaped path in REQUEST_URI alone", NULL, NULL,
	    "/a%20b/%76%31.0/device%4danagement/x", PATH_V1, "x", "/a%20b" },
	{ "a path that has a colon", NULL, NULL, "a:b/v1.0/health", PATH_V1,
	    "health", "/a:b" },
	{ "a target that begins with a colon", NULL, NULL, "://a/v1.0/health",
	    PATH_V1, "health", "/:/a" },
	{ "every character of a mount path", NULL,
	    "/AZaz09-._~@[`{/^:;/v1.0/health", NULL, PATH_V1, "health",
	    "/AZaz09-._~@%5B%60%7B/%5E:;" },
	{ "a bad escape in REQUEST_URI beside another path", NULL,
	    "/v1.0/health", "/m/%zz/v1.0/health", PATH_V1, "health", "" },
	{ "no root in REQUEST_URI but in another path", NULL, "/v1.0/health",
	    "/m/rewritten", PATH_V1, "health", "" },
	{ "a mount path that looks like a root", NULL,
	    "/beta/app/v1.0/deviceManagement/x", NULL, PATH_V1, "x",
	    "/beta/app" },
	{ "a resource that looks like a root", NULL,
	    "/v1.0/deviceManagement/beta/x", NULL, PATH_V1, "x", "" },
	{ "the bare root", NULL, "/v1.0", "/v1.0", PATH_V1, "v1.0", "" },
	{ "the bare root with a slash", NULL, "/v1.0/", "/v1.0/", PATH_V1,
	    "v1.0", "" },
	{ "a root before something unknown", NULL, "/v1.0/users/x", NULL,
	    PATH_V1, "x", "" },
	{ "upper case", NULL, "/BETA/DEVICEMANAGEMENT/x", NULL, PATH_BETA, "x",
	    "" },
	{ "dots and slashes", NULL, "//a/../v1.0/./deviceManagement//x/", NULL,
	    PATH_V1, "x", "" },
	{ "dots that climb above the top", NULL, "/../../v1.0/health", NULL,
	    PATH_V1, "health", "" },
	{ "no root at all", NULL, "/v2.0/deviceManagement/x",
	    "/v2.0/deviceManagement/x", 0, "v2.0", NULL },
	{ "no root behind a mount path", NULL, "/graph/v9/deviceManagement/x",
	    NULL, 0, "v9", NULL },
	{ "no root and nothing known", NULL, "/a/b", "/a/b", 0, "a", NULL },
	{ "an empty path", NULL, "", "/", 0, "", NULL },
	{ "no variable at all", NULL, NULL, NULL, 0, "", NULL },
	{ "a name that begins like a root", NULL, "/v1.0x/deviceManagement/x",
	    NULL, 0, "v1.0x", NULL },
	{ "a bad escape in REQUEST_URI alone", NULL, NULL, "/v1.0/%zz", 0, "",
	    NULL },
	{ "an escaped NUL in REQUEST_URI alone", NULL, NULL, "/v1.0/%00", 0, "",
	    NULL },
};

START_TEST(finds_the_root_on_every_server)
{
	char block[8192], text[256];
	struct path_source from;
	struct path p;
	struct arena a;
	struct str what;
	struct buf mount;
	enum err e;

	arena_init(&a, block, sizeof(block));
	from.path_info = unit_guard(0, str_of(cases[_i].path_info));
	from.script_name = unit_guard(1, str_of(cases[_i].script_name));
	from.request_uri = unit_guard(2, str_of(cases[_i].request_uri));
	e = path_find(&from, known, &a, &p, &what);
	if (cases[_i].root == 0) {
		unit_check(cases[_i].name, e == ERR_ROOT);
		unit_same(cases[_i].name, what, str_of(cases[_i].what));
		return;
	}
	unit_check(cases[_i].name, e == ERR_OK);
	unit_check(cases[_i].name, p.root == cases[_i].root);
	unit_same(
	    cases[_i].name, p.segment[p.count - 1], str_of(cases[_i].what));
	buf_init(&mount, text, sizeof(text));
	path_mount(&from, known, &p, &a, &mount);
	unit_same(cases[_i].name, buf_view(&mount), str_of(cases[_i].mount));
}
END_TEST

static const struct str function[] = { STR("deviceManagement"), STR("record"),
	STR("make"), { NULL, 0 } };

static const struct {
	const char *name;
	const char *path;
	size_t agree;
	bool whole;
} matches[] = {
	{ "the whole list", "/v1.0/deviceManagement/record/make", 3, true },
	{ "a function with parentheses", "/v1.0/deviceManagement/record/make()",
	    3, true },
	{ "a qualified function",
	    "/v1.0/deviceManagement/record/microsoft.graph.MAKE", 3, true },
	{ "a qualified function with parentheses",
	    "/v1.0/deviceManagement/record/Microsoft.Graph.make()", 3, true },
	{ "parentheses on what is no function",
	    "/v1.0/deviceManagement/record()/make", 1, false },
	{ "one too few", "/v1.0/deviceManagement/record", 2, false },
	{ "one too many", "/v1.0/deviceManagement/record/make/x", 3, false },
	{ "none", "/v1.0", 0, false },
	{ "a longer name", "/v1.0/deviceManagement/record/maker", 2, false },
	{ "nothing but a qualifier",
	    "/v1.0/deviceManagement/record/microsoft.graph.", 2, false },
};

START_TEST(matches_segments)
{
	char block[1024];
	struct path_source from = { .script_name = str_of(matches[_i].path) };
	struct arena a;
	struct path p;
	struct str what;

	arena_init(&a, block, sizeof(block));
	unit_check(
	    matches[_i].name, path_find(&from, known, &a, &p, &what) == ERR_OK);
	unit_check(matches[_i].name,
	    path_agrees(&p, function, true) == matches[_i].agree);
	unit_check(
	    matches[_i].name, path_is(&p, function, true) == matches[_i].whole);
}
END_TEST

START_TEST(bounds_the_segments)
{
	char text[2 * PATH_SEGMENTS_MAX + 64], block[1024];
	struct path_source from = { .path_info = str_of(NULL) };
	struct arena a;
	struct path p;
	struct str what;
	struct buf b;
	int i;

	arena_init(&a, block, sizeof(block));
	buf_init(&b, text, sizeof(text));
	for (i = 0; i < PATH_SEGMENTS_MAX - 1; i++)
		buf_text(&b, "/a");
	buf_text(&b, "/v1.0");
	from.script_name = buf_view(&b);
	ck_assert(path_find(&from, known, &a, &p, &what) == ERR_OK);
	ck_assert_uint_eq(p.count, PATH_SEGMENTS_MAX);
	buf_text(&b, "/health");
	from.script_name = buf_view(&b);
	ck_assert(path_find(&from, known, &a, &p, &what) == ERR_ROOT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("path");
	TCase *t = tcase_create("path");

	tcase_add_loop_test(t, finds_the_root_on_every_server, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(
	    t, matches_segments, 0, sizeof(matches) / sizeof(matches[0]));
	tcase_add_test(t, bounds_the_segments);
	suite_add_tcase(s, t);
	return unit_run(s);
}
