/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "http/cors.h"
#include "unit.h"

#define APP "https://app.example"
#define ALLOW "GET, HEAD, OPTIONS"
#define VARY "Vary: Origin\r\n"
#define LINES(origin)                                              \
	VARY "Access-Control-Allow-Origin: " origin "\r\n"         \
	     "Access-Control-Expose-Headers: ETag, Location, "     \
	     "Preference-Applied, request-id, client-request-id, " \
	     "WWW-Authenticate, Retry-After\r\n"
#define PREFLIGHT(headers)                                    \
	"Access-Control-Allow-Methods: " ALLOW "\r\n" headers \
	"Access-Control-Max-Age: 3600\r\n"
#define HEADERS(names) "Access-Control-Allow-Headers: " names "\r\n"

/* A row is a GET of APP, which cors_origins names, except for the members that
 * it sets. */
static const struct {
	const char *name, *want;
	const char *origins, *origin, *method, *asked, *headers;
	bool refused;
} cases[] = {
	{ .name = "no key, no lines", .origins = "", .want = "" },
	{ .name = "a listed origin", .want = LINES(APP) },
	{ .name = "the second of a list",
	    .origins = "https://a.example," APP,
	    .want = LINES(APP) },
	{ .name = "a name before the star",
	    .origins = APP ", *",
	    .want = LINES(APP) },
	{ .name = "a name after the star",
	    .origins = "*, " APP,
	    .want = LINES(APP) },
	{ .name = "the star", .origins = "*", .want = LINES("*") },
	{ .name = "the star and null",
	    .origins = "*",
	    .origin = "null",
	    .want = LINES("*") },
	{ .name = "null", .origin = "null", .want = VARY },
	{ .name = "an empty text", .origin = "", .want = VARY },
	{ .name = "the star and an empty text",
	    .origins = "*",
	    .origin = "",
	    .want = VARY },
	{ .name = "the name of the origin alone",
	    .origin = "app.example",
	    .want = VARY },
	{ .name = "an origin with a path", .origin = APP "/", .want = VARY },
	{ .name = "an origin with a line",
	    .origin = APP "\r\nA: b",
	    .want = VARY },
	{ .name = "another scheme",
	    .origin = "http://app.example",
	    .want = VARY },
	{ .name = "two different lines",
	    .origin = APP ", https://a.example",
	    .want = VARY },
	{ .name = "two equal lines",
	    .origin = APP ", " APP,
	    .want = LINES(APP) },
	{ .name = "a preflight",
	    .method = "OPTIONS",
	    .asked = "PATCH",
	    .headers = "authorization,if-match",
	    .want = LINES(APP) PREFLIGHT(HEADERS("authorization,if-match")) },
	{ .name = "a preflight and the star",
	    .origins = "*",
	    .method = "OPTIONS",
	    .asked = "PATCH",
	    .headers = " x-a, X-B\t",
	    .want = LINES("*") PREFLIGHT(HEADERS("x-a, X-B")) },
	{ .name = "a preflight without headers",
	    .method = "OPTIONS",
	    .asked = "PATCH",
	    .want = LINES(APP) PREFLIGHT("") },
	{ .name = "a preflight with empty headers",
	    .method = "OPTIONS",
	    .asked = "PATCH",
	    .headers = "",
	    .want = LINES(APP) PREFLIGHT("") },
	{ .name = "a preflight with a line in the headers",
	    .method = "OPTIONS",
	    .asked = "PATCH",
	    .headers = "a\r\nSet-Cookie: b",
	    .want = LINES(APP) PREFLIGHT("") },
	{ .name = "a preflight with bytes beyond ASCII in the headers",
	    .method = "OPTIONS",
	    .asked = "PATCH",
	    .headers = "a\xc3\xa4",
	    .want = LINES(APP) PREFLIGHT("") },
	{ .name = "a preflight that is refused",
	    .method = "OPTIONS",
	    .asked = "PATCH",
	    .headers = "a",
	    .refused = true,
	    .want = LINES(APP) },
	{ .name = "a preflight of another site",
	    .origin = "https://evil.example",
	    .method = "OPTIONS",
	    .asked = "PATCH",
	    .headers = "a",
	    .want = VARY },
	{ .name = "OPTIONS that asks for no method",
	    .method = "OPTIONS",
	    .headers = "a",
	    .want = LINES(APP) },
	{ .name = "a method in small letters is no preflight",
	    .method = "options",
	    .asked = "PATCH",
	    .want = LINES(APP) },
	{ .name = "GET that asks like a preflight",
	    .asked = "PATCH",
	    .headers = "a",
	    .want = LINES(APP) },
};

static struct str
header(int slot, const char *value)
{
	return value != NULL ? unit_guard(slot, str_of(value)) : str_of(NULL);
}

START_TEST(permits_listed_origins)
{
	const char *origins = cases[_i].origins, *origin = cases[_i].origin;
	const char *method = cases[_i].method;
	struct request req = { .read = NULL };
	struct config c = { .cors_origins = APP };
	struct cors cors;
	char text[1024];
	struct buf out;

	if (origins != NULL)
		snprintf(c.cors_origins, sizeof(c.cors_origins), "%s", origins);
	req.var[REQUEST_METHOD] = str_of(method != NULL ? method : "GET");
	req.var[REQUEST_ORIGIN] = header(0, origin != NULL ? origin : APP);
	req.var[REQUEST_ASKED_METHOD] = header(1, cases[_i].asked);
	req.var[REQUEST_ASKED_HEADERS] = header(2, cases[_i].headers);
	cors_read(&req, &c, &cors);
	buf_init(&out, text, sizeof(text));
	cors_put(&out, &cors, str_of(cases[_i].refused ? NULL : ALLOW));
	ck_assert_msg(str_is(buf_view(&out), cases[_i].want),
	    "%s: it writes\n%.*s", cases[_i].name, STR_ARG(buf_view(&out)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cors");
	TCase *t = tcase_create("cors");

	tcase_add_loop_test(t, permits_listed_origins, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(s, t);
	return unit_run(s);
}
