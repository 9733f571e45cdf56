/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "format/path.h"
#include "unit.h"

static const struct str known[] = { STR("deviceManagement"), STR("health"),
	{ NULL, 0 } };

/* The three variables as web servers set them (measured with the server that
 * the name says), and the expected root, last segment and mount path.
 * `configured` is the value of the configuration key mount. */
static const struct {
	const char *name;
	const char *path_info, *script_name, *request_uri;
	enum path_root root; /* 0 for ERR_ROOT */
	const char *what; /* the last segment, or the culprit */
	const char *mount;
	const char *configured;
} cases[] = {
	{ "lighttpd with the empty key", NULL, "/v1.0/deviceManagement/x",
	    "/v1.0/deviceManagement/x", PATH_V1, "x", "", NULL },
	{ "lighttpd with a prefix as key", "/deviceManagement/x", "/v1.0",
	    "/v1.0/deviceManagement/x?a=b", PATH_V1, "x", "", NULL },
	{ "lighttpd with the key / and fix-root-scriptname",
	    "/v1.0/deviceManagement/x", "", "/v1.0/deviceManagement/x", PATH_V1,
	    "x", "", NULL },
	{ "lighttpd mod_cgi with a rewrite", "/v1.0/deviceManagement/x",
	    "/graph/graph.cgi", "/v1.0/deviceManagement/x", PATH_V1, "x", "",
	    NULL },
	{ "Apache ProxyPass", NULL, "/graph/v1.0/deviceManagement/x",
	    "/graph/v1.0/deviceManagement/x", PATH_V1, "x", "/graph", NULL },
	{ "Apache SetHandler", "/deviceManagement/x", "/graph/v1.0",
	    "/graph/v1.0/deviceManagement/x", PATH_V1, "x", "/graph", NULL },
	{ "Apache with the whole path in both", "/beta/health", "/beta/health",
	    "/beta/health", PATH_BETA, "health", "", NULL },
	{ "a drop-in .htaccess", "/beta/deviceManagement/x", "/sub/graph.fcgi",
	    "/sub/beta/deviceManagement/x", PATH_BETA, "x", "/sub", NULL },
	{ "FallbackResource without PATH_INFO", NULL, "/sub/graph.fcgi",
	    "/sub/localtest/deviceManagement/x?$select=id", PATH_LOCALTEST, "x",
	    "/sub", NULL },
	{ "Caddy", "/v1.0/deviceManagement/x", "", "/v1.0/deviceManagement/x",
	    PATH_V1, "x", "", NULL },
	{ "nginx after a rewrite", "", "/v1.0/deviceManagement/x",
	    "/pre/v1.0/deviceManagement/x", PATH_V1, "x", "/pre", NULL },
	{ "the absolute form of the request target", NULL, NULL,
	    "http://example.org/m/v1.0/health", PATH_V1, "health", "/m", NULL },
	{ "an escaped path in REQUEST_URI alone", NULL, NULL,
	    "/a%20b/%76%31.0/device%4danagement/x", PATH_V1, "x", "/a%20b",
	    NULL },
	{ "a path that has a colon", NULL, NULL, "a:b/v1.0/health", PATH_V1,
	    "health", "/a:b", NULL },
	{ "a target that begins with a colon", NULL, NULL, "://a/v1.0/health",
	    PATH_V1, "health", "/:/a", NULL },
	{ "every character of a mount path", NULL,
	    "/AZaz09-._~@[`{/^:;/v1.0/health", NULL, PATH_V1, "health",
	    "/AZaz09-._~@%5B%60%7B/%5E:;", NULL },
	{ "a bad escape in REQUEST_URI beside another path", NULL,
	    "/v1.0/health", "/m/%zz/v1.0/health", PATH_V1, "health", "", NULL },
	{ "no root in REQUEST_URI but in another path", NULL, "/v1.0/health",
	    "/m/rewritten", PATH_V1, "health", "", NULL },
	{ "a mount path that looks like a root and is configured", NULL,
	    "/beta/app/v1.0/deviceManagement/x", NULL, PATH_V1, "x",
	    "/beta/app", "/beta/app" },
	{ "the same in REQUEST_URI alone, in other letters", NULL, NULL,
	    "/Beta//app/./v1.0/deviceManagement/x", PATH_V1, "x", "/Beta/app",
	    "/beta/app/" },
	{ "the same without the key: the left-most root counts", NULL,
	    "/beta/app/v1.0/deviceManagement/x", NULL, PATH_BETA, "x", "",
	    NULL },
	{ "a path that begins like the configured mount", NULL, NULL,
	    "/beta/apps/v1.0/deviceManagement/x", PATH_BETA, "x", "",
	    "/beta/app" },
	{ "a mount path of which SCRIPT_NAME contains half", "/beta/v1.0/users",
	    "/x", "/x/beta/v1.0/users", PATH_V1, "users", "/x/beta",
	    "/x/beta" },
	{ "a configured mount without a root", NULL, NULL,
	    "/beta/v9/deviceManagement/x", 0, "v9", NULL, "/beta" },
	{ "a configured mount before a bare root", NULL, NULL, "/beta/v1.0",
	    PATH_V1, "v1.0", "/beta", "/beta" },
	{ "a configured mount that the server has cut off", "/v1.0/health", "",
	    "/v1.0/health", PATH_V1, "health", "", "/beta/app" },
	{ "two roots in REQUEST_URI", NULL, NULL,
	    "/v1.0/beta/deviceManagement/x", PATH_V1, "x", "", NULL },
	{ "two roots in SCRIPT_NAME", NULL, "/v1.0/beta/deviceManagement/x",
	    "/v1.0/beta/deviceManagement/x", PATH_V1, "x", "", NULL },
	{ "two roots in PATH_INFO", "/v1.0/beta/deviceManagement/x", "",
	    "/v1.0/beta/deviceManagement/x", PATH_V1, "x", "", NULL },
	{ "two roots in a drop-in .htaccess", "/v1.0/beta/deviceManagement/x",
	    "/sub/graph.fcgi", "/sub/v1.0/beta/deviceManagement/x", PATH_V1,
	    "x", "/sub", NULL },
	{ "two roots with FallbackResource", NULL, "/sub/graph.fcgi",
	    "/sub/v1.0/beta/deviceManagement/x", PATH_V1, "x", "/sub", NULL },
	{ "two roots and an escaped slash", NULL, NULL,
	    "/v1.0%2Fbeta/deviceManagement/x", PATH_V1, "x", "", NULL },
	{ "two roots, the second with escapes", NULL, NULL,
	    "/v1.0/%62eta/deviceManagement/x", PATH_V1, "x", "", NULL },
	{ "two roots after a mount path", NULL, NULL,
	    "/graph/v1.0/x/BETA/deviceManagement/x", PATH_V1, "x", "/graph",
	    NULL },
	{ "three roots", NULL, NULL, "/localtest/v1.0/beta/deviceManagement/x",
	    PATH_LOCALTEST, "x", "", NULL },
	{ "a root that .. removes", NULL, NULL,
	    "/v1.0/../beta/deviceManagement/x", PATH_BETA, "x", "", NULL },
	{ "a second root in a fragment that a server has cut off", NULL, NULL,
	    "/v1.0/deviceManagement#/../../beta/deviceManagement/x", PATH_V1,
	    "deviceManagement", "", NULL },
	{ "a script that is named like a root", "/v1.0/deviceManagement/x",
	    "/cgi-bin/beta", "/cgi-bin/beta/v1.0/deviceManagement/x", PATH_V1,
	    "x", "/cgi-bin/beta", NULL },
	{ "a script v1.0 and the root beta", "/beta/deviceManagement/x",
	    "/v1.0", "/v1.0/beta/deviceManagement/x", PATH_BETA, "x", "/v1.0",
	    NULL },
	{ "a script that is named like a root, without PATH_INFO", NULL,
	    "/beta", "/beta/v1.0/deviceManagement/x?a", PATH_V1, "x", "/beta",
	    NULL },
	{ "a script of the same name as the root", "/v1.0/deviceManagement/x",
	    "/v1.0", "/v1.0/v1.0/deviceManagement/x", PATH_V1, "x", "/v1.0",
	    NULL },
	{ "a drop-in in a directory that is named like a root",
	    "/v1.0/deviceManagement/x", "/beta/graph.fcgi",
	    "/beta/v1.0/deviceManagement/x", PATH_V1, "x", "/beta", NULL },
	{ "the same, and an unknown resource", "/v1.0/users/x",
	    "/beta/graph.fcgi", "/beta/v1.0/users/x", PATH_V1, "x", "/beta",
	    NULL },
	{ "the same and a mount path after it", "/graph/v1.0/users/x",
	    "/beta/graph.fcgi", "/beta/graph/v1.0/users/x", PATH_V1, "x",
	    "/beta/graph", NULL },
	{ "FallbackResource in a directory like a root, configured", NULL,
	    "/beta/graph.fcgi", "/beta/v1.0/users/x", PATH_V1, "x", "/beta",
	    "/beta" },
	{ "a resource like a root after a root as SCRIPT_NAME",
	    "/deviceManagement/beta", "/v1.0", "/v1.0/deviceManagement/beta",
	    PATH_V1, "beta", "", NULL },
	{ "a path whose .. climbs into the script", "/../beta/health", "/v1.0",
	    "/v1.0/../beta/health", PATH_BETA, "health", "", NULL },
	{ "an absolute URL after the root", NULL, NULL,
	    "/v1.0/http://example.org/v1.0/deviceManagement/x", PATH_V1, "x",
	    "", NULL },
	{ "an absolute URL of https with another root", "", "/v1.0",
	    "/v1.0/https://example.org:8443/beta/deviceManagement/x?$top=1",
	    PATH_BETA, "x", "", NULL },
	{ "an absolute URL whose slashes a server has merged",
	    "/v1.0/http:/example.org/graph/v1.0/deviceManagement/x",
	    "/sub/graph.fcgi",
	    "/sub/v1.0/http:/example.org/graph/v1.0/deviceManagement/x",
	    PATH_V1, "x", "/graph", NULL },
	{ "an absolute URL in escapes", NULL, NULL,
	    "/v1.0/http%3A%2F%2Fexample.org%2Fbeta%2FdeviceManagement/x",
	    PATH_BETA, "x", "", NULL },
	{ "an absolute URL of a host that is named like a root", NULL, NULL,
	    "/v1.0/HTTP://beta/v1.0/deviceManagement/x", PATH_V1, "x", "",
	    NULL },
	{ "an absolute URL below a configured mount like a root", NULL, NULL,
	    "/beta/v1.0/http://h/beta/v1.0/deviceManagement/x", PATH_V1, "x",
	    "/beta", "/beta" },
	{ "an absolute URL without a root", NULL, NULL,
	    "/v1.0/http://example.org/deviceManagement/x", PATH_V1, "x", "",
	    NULL },
	{ "an absolute URL of just a host", NULL, NULL, "/v1.0/http://beta",
	    PATH_V1, "beta", "", NULL },
	{ "two roots in an absolute URL", NULL, NULL,
	    "/v1.0/http://h/v1.0/beta/deviceManagement/x", PATH_V1, "x", "",
	    NULL },
	{ "an absolute URL in an absolute URL", NULL, NULL,
	    "/v1.0/http://h/v1.0/http://h/beta/deviceManagement/x", PATH_V1,
	    "x", "", NULL },
	{ "a scheme other than http and https", NULL, NULL,
	    "/v1.0/ftp://h/beta/deviceManagement/x", PATH_V1, "x", "", NULL },
	{ "the configured mount after the version", NULL, NULL,
	    "/v1.0/graph/beta/deviceManagement/x", PATH_BETA, "x", "/graph",
	    "/graph" },
	{ "a configured mount of two segments after the version", NULL,
	    "/v1.0/a/beta/v1.0/deviceManagement/x", NULL, PATH_V1, "x",
	    "/a/beta", "/a/beta" },
	{ "the configured mount before and after the version", NULL, NULL,
	    "/graph/v1.0/graph/v1.0/deviceManagement/x", PATH_V1, "x", "/graph",
	    "/graph" },
	{ "a mount after the version that is not configured", NULL, NULL,
	    "/v1.0/graph/beta/deviceManagement/x", PATH_V1, "x", "", NULL },
	{ "the configured mount after the version, and no root", NULL, NULL,
	    "/v1.0/graph/deviceManagement/beta", PATH_V1, "beta", "",
	    "/graph" },
	{ "a resource that looks like a root", NULL,
	    "/v1.0/deviceManagement/beta/x", NULL, PATH_V1, "x", "", NULL },
	{ "the bare root", NULL, "/v1.0", "/v1.0", PATH_V1, "v1.0", "", NULL },
	{ "the bare root with a slash", NULL, "/v1.0/", "/v1.0/", PATH_V1,
	    "v1.0", "", NULL },
	{ "a root before something unknown", NULL, "/v1.0/users/x", NULL,
	    PATH_V1, "x", "", NULL },
	{ "upper case", NULL, "/BETA/DEVICEMANAGEMENT/x", NULL, PATH_BETA, "x",
	    "", NULL },
	{ "dots and slashes", NULL, "//a/../v1.0/./deviceManagement//x/", NULL,
	    PATH_V1, "x", "", NULL },
	{ "dots that climb above the top", NULL, "/../../v1.0/health", NULL,
	    PATH_V1, "health", "", NULL },
	{ "the pages", NULL, "/ui/login", "/ui/login", PATH_UI, "login", "",
	    NULL },
	{ "the pages below a mount path", NULL, "/graph/UI/login",
	    "/graph/UI/login", PATH_UI, "login", "/graph", NULL },
	{ "the pages in PATH_INFO", "/ui/login", "/beta/graph.fcgi",
	    "/beta/graph.fcgi/ui/login", PATH_UI, "login", "/beta/graph.fcgi",
	    NULL },
	{ "the pages without a slash", NULL, "/ui", "/ui?a", PATH_UI, "ui", "",
	    NULL },
	{ "the pages below a mount path with their name", NULL, "/ui/ui/login",
	    "/ui/ui/login", PATH_UI, "login", "/ui", NULL },
	{ "a root below a mount path with the name of the pages", NULL,
	    "/ui/v1.0/deviceManagement/x", "/ui/v1.0/deviceManagement/x",
	    PATH_V1, "x", "/ui", NULL },
	{ "a root before the name of the pages", NULL, "/v1.0/ui/login",
	    "/v1.0/ui/login", PATH_V1, "login", "", NULL },
	{ "a name that begins like the pages", NULL, "/uix/login", NULL, 0,
	    "uix", NULL, NULL },
	{ "no root at all", NULL, "/v2.0/deviceManagement/x",
	    "/v2.0/deviceManagement/x", 0, "v2.0", NULL, NULL },
	{ "no root after a mount path", NULL, "/graph/v9/deviceManagement/x",
	    NULL, 0, "v9", NULL, NULL },
	{ "no root, and an unknown resource", NULL, "/a/b", "/a/b", 0, "a",
	    NULL, NULL },
	{ "an empty path", NULL, "", "/", 0, "", NULL, NULL },
	{ "no variable at all", NULL, NULL, NULL, 0, "", NULL, NULL },
	{ "a name that begins like a root", NULL, "/v1.0x/deviceManagement/x",
	    NULL, 0, "v1.0x", NULL, NULL },
	{ "a bad escape in REQUEST_URI alone", NULL, NULL, "/v1.0/%zz", 0, "",
	    NULL, NULL },
	{ "an escaped NUL in REQUEST_URI alone", NULL, NULL, "/v1.0/%00", 0, "",
	    NULL, NULL },
};

START_TEST(finds_the_root_on_every_server)
{
	char block[8192], text[256];
	struct path_source from = { .pages = true };
	struct path p;
	struct arena a;
	struct str what;
	struct buf mount;
	enum err e;

	arena_init(&a, block, sizeof(block));
	from.path_info = unit_guard(0, str_of(cases[_i].path_info));
	from.script_name = unit_guard(1, str_of(cases[_i].script_name));
	from.request_uri = unit_guard(2, str_of(cases[_i].request_uri));
	from.mount = str_of(cases[_i].configured);
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
	path_mount(&p, &mount);
	unit_same(cases[_i].name, buf_view(&mount), str_of(cases[_i].mount));
}
END_TEST

/* The paths that a client and the program see, the slashes at the end of the
 * client's, and its empty segments before them. */
static const struct {
	const char *request_uri, *path_info;
	size_t slashes, empty;
} slashes[] = {
	{ "/ui", "/ui", 0, 0 },
	{ "/ui/", "/ui", 1, 0 },
	{ "/ui//?a=/", "/ui/", 2, 0 },
	{ "/ui/login", "/ui/login/", 0, 0 },
	{ "http://h/ui/login/", "/ui/login", 1, 0 },
	{ NULL, "/ui/login/", 1, 0 },
	{ "/ui//login", "/ui/login", 0, 1 },
	{ "//ui///login//?a=//", "/ui/login", 2, 2 },
	{ "/ui//a//b", "/ui/a/b", 0, 2 },
	{ NULL, "/ui//login", 0, 1 },
	{ "//app//ui/login", "/ui/login", 0, 0 },
};

START_TEST(counts_the_slashes_that_the_client_sees)
{
	char block[1024];
	struct path_source from = { .request_uri = str_of(
					slashes[_i].request_uri),
		.path_info = str_of(slashes[_i].path_info),
		.script_name = str_of("/app"),
		.pages = true };
	struct arena a;
	struct path p;
	struct str what;

	arena_init(&a, block, sizeof(block));
	ck_assert(path_find(&from, known, &a, &p, &what) == ERR_OK);
	ck_assert(p.root == PATH_UI);
	ck_assert_uint_eq(p.slashes, slashes[_i].slashes);
	ck_assert_uint_eq(p.empty, slashes[_i].empty);
	from.pages = false;
	ck_assert(path_find(&from, known, &a, &p, &what) == ERR_ROOT);
}
END_TEST

/* A browser resolves the links of these pages against another directory than
 * ui. */
START_TEST(a_page_has_no_hidden_slash)
{
	static const char *const uris[] = { "/ui%2flogin", "/x/..%2Fui%2flogin",
		"/ui/%2Flogin", "http://h/ui%2f" };
	char block[1024];
	struct path_source from = { .request_uri = str_of(uris[_i]),
		.script_name = str_of("/ui/login"),
		.pages = true };
	struct arena a;
	struct path p;
	struct str what;

	arena_init(&a, block, sizeof(block));
	ck_assert(path_find(&from, known, &a, &p, &what) == ERR_ROOT);
	from.request_uri = str_of("/ui/login?x=%2f");
	ck_assert(path_find(&from, known, &a, &p, &what) == ERR_OK);
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
	{ "parentheses after a name that is not a function",
	    "/v1.0/deviceManagement/record()/make", 1, false },
	{ "one too few", "/v1.0/deviceManagement/record", 2, false },
	{ "one too many", "/v1.0/deviceManagement/record/make/x", 3, false },
	{ "none", "/v1.0", 0, false },
	{ "a longer name", "/v1.0/deviceManagement/record/maker", 2, false },
	{ "nothing but a qualifier",
	    "/v1.0/deviceManagement/record/microsoft.graph.", 2, false },
	{ "a key with the name of a function",
	    "/v1.0/deviceManagement/record('make')", 2, false },
	{ "more words than any route has",
	    "/v1.0/deviceManagement/record/make/a/b/c/d/e/f", 3, false },
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

static const struct str entity[] = { STR("things"), STR("{id}"), { NULL, 0 } };
static const struct str below[] = { STR("things"), STR("{id}"), STR("make"),
	{ NULL, 0 } };
static const struct str property[] = { STR("things"), STR("{property}"),
	{ NULL, 0 } };
static const struct str types[] = { STR("things"), STR("types(category)"),
	{ NULL, 0 } };

/* The words of a path, joined by a comma, with * before a key. Then the lists
 * that the path matches, and the argument of its last word. */
static const struct {
	const char *name;
	const char *path, *words;
	bool entity, below, property, types;
	const char *argument;
} words[] = {
	{ "a word in the place of an id", "things/a", "things,a", true, false,
	    true, false, NULL },
	{ "a key", "things('a')", "things,*a", true, false, false, false,
	    NULL },
	{ "a key with its name", "things(ID='a')", "things,*a", true, false,
	    false, false, NULL },
	{ "an empty key", "things('')", "things,*", true, false, false, false,
	    NULL },
	{ "a key with quotes", "things('''a''''b''')", "things,*'a''b'", true,
	    false, false, false, NULL },
	{ "a key with parentheses", "things('(a)')", "things,*(a)", true, false,
	    false, false, NULL },
	{ "a key in escapes", "things%28%27a%27%29", "things,*a", true, false,
	    false, false, NULL },
	{ "a key before a word", "things('a')/make", "things,*a,make", false,
	    true, false, false, NULL },
	{ "a word in the place of an id before a function",
	    "things/a/microsoft.graph.make()",
	    "things,a,microsoft.graph.make()", false, true, false, false,
	    NULL },
	{ "a key without quotes", "things(a)", "things(a)", false, false, false,
	    false, NULL },
	{ "a key with another name", "things(key='a')", "things(key='a')",
	    false, false, false, false, "a" },
	{ "a key with a lone quote", "things('a'b')", "things('a'b')", false,
	    false, false, false, NULL },
	{ "a key with one quote", "things(')", "things(')", false, false, false,
	    false, NULL },
	{ "three quotes", "things(''')", "things(''')", false, false, false,
	    false, NULL },
	{ "two keys", "things('a')('b')", "things('a')('b')", false, false,
	    false, false, NULL },
	{ "a key of nothing", "('a')", "('a')", false, false, false, false,
	    NULL },
	{ "a function with a parameter", "things/types(category='a b''c')",
	    "things,types(category='a b''c')", true, false, true, true,
	    "a b'c" },
	{ "a qualified function with spaces and other letters",
	    "things/Microsoft.Graph.TYPES( Category = '' )",
	    "things,Microsoft.Graph.TYPES( Category = '' )", true, false, true,
	    true, "" },
	{ "a function without its parameter", "things/types()",
	    "things,types()", true, false, true, false, NULL },
	{ "a function with another parameter", "things/types(name='a')",
	    "things,types(name='a')", true, false, true, false, "a" },
	{ "a function with two parameters", "things/types(category='a',b='c')",
	    "things,types(category='a',b='c')", true, false, true, false,
	    NULL },
	{ "an argument without quotes", "things/types(category=a)",
	    "things,types(category=a)", true, false, true, false, NULL },
	{ "text after the parentheses", "things/types(category='a')b",
	    "things,types(category='a')b", true, false, true, false, NULL },
	{ "as many words as a route has", "a/b/c('d')/e", "a,b,c,*d,e", false,
	    false, false, false, NULL },
	{ "the bound in a key", "a/b/c/d/e('f')/g", "a,b,c,d,e,*f", false,
	    false, false, false, NULL },
	{ "the bound before a key", "a/b/c/d/e/f('g')", "a,b,c,d,e,f", false,
	    false, false, false, NULL },
};

START_TEST(finds_words_and_keys)
{
	char block[1024], uri[256], text[256];
	const char *name = words[_i].name;
	struct path_source from = { .mount = str_of(NULL) };
	struct str what, last;
	struct arena a;
	struct path p;
	struct buf b;
	size_t i;

	arena_init(&a, block, sizeof(block));
	buf_init(&b, uri, sizeof(uri));
	buf_printf(&b, "/v1.0/%s", words[_i].path);
	from.request_uri = unit_guard(0, buf_view(&b));
	unit_check(name, path_find(&from, known, &a, &p, &what) == ERR_OK);
	buf_init(&b, text, sizeof(text));
	for (i = 0; i < p.words; i++) {
		buf_text(&b, i > 0 ? "," : "");
		buf_text(&b, p.keys >> i & 1 ? "*" : "");
		buf_str(&b, p.word[i]);
	}
	unit_same(name, buf_view(&b), str_of(words[_i].words));
	unit_check(name, path_is(&p, entity, false) == words[_i].entity);
	unit_check(name, path_is(&p, below, true) == words[_i].below);
	unit_check(name, path_is(&p, property, false) == words[_i].property);
	unit_check(name, path_is(&p, types, true) == words[_i].types);
	last = p.word[p.words - 1];
	unit_same(name, path_argument(last, &a), str_of(words[_i].argument));
}
END_TEST

START_TEST(needs_memory_for_quotes)
{
	char block[1];
	struct path_source from = { .mount = str_of(NULL) };
	struct arena none;
	struct path p;
	struct str what;

	arena_init(&none, block, 0);
	from.script_name = str_of("/v1.0/things('a''b')");
	ck_assert(path_find(&from, known, &none, &p, &what) == ERR_MEMORY);
	ck_assert(str_is_null(path_argument(str_of("types(a='b''c')"), &none)));
	from.script_name = str_of("/v1.0/things('a')");
	ck_assert(path_find(&from, known, &none, &p, &what) == ERR_OK);
}
END_TEST

START_TEST(knows_patterns_in_braces)
{
	ck_assert(path_is_open(entity) && path_is_open(below));
	ck_assert(!path_is_open(function) && !path_is_open(types));
	ck_assert(path_takes_value(below) && path_takes_value(types));
	ck_assert(!path_takes_value(function) && !path_takes_value(property));
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
	tcase_add_loop_test(
	    t, finds_words_and_keys, 0, sizeof(words) / sizeof(words[0]));
	tcase_add_loop_test(t, counts_the_slashes_that_the_client_sees, 0,
	    sizeof(slashes) / sizeof(slashes[0]));
	tcase_add_loop_test(t, a_page_has_no_hidden_slash, 0, 4);
	tcase_add_test(t, needs_memory_for_quotes);
	tcase_add_test(t, knows_patterns_in_braces);
	tcase_add_test(t, bounds_the_segments);
	suite_add_tcase(s, t);
	return unit_run(s);
}
