/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "http/request.h"
#include "unit.h"

START_TEST(takes_variables)
{
	struct request req = { .read = NULL };

	request_take(&req, "REQUEST_METHOD=PATCH");
	request_take(&req, "QUERY_STRING=");
	request_take(&req, "HTTP_IF_MATCH=a=b");
	request_take(&req, "HTTP_IF_MATCH=second");
	request_take(&req, "HTTP_IF_MATC=x");
	request_take(&req, "HTTP_PREFER");
	request_take(&req, "=x");
	request_take(&req, "");
	request_take(&req, "REQUEST_URI_=x");
	request_take(&req, "HTTP_A_NAME_LONGER_THAN_ANY_OF_THOSE_WANTED=x");
	unit_same("method", req.var[REQUEST_METHOD], str_of("PATCH"));
	unit_same("empty", req.var[REQUEST_QUERY], str_of(""));
	unit_same("first counts", req.var[REQUEST_IF_MATCH], str_of("a=b"));
	unit_same("absent", req.var[REQUEST_PREFER], str_of(NULL));
	unit_same("longer name", req.var[REQUEST_URI], str_of(NULL));
}
END_TEST

static const struct {
	const char *name;
	const char *variables[4];
	enum request_var var;
	const char *joined;
} lines[] = {
	{ "one line stays", { "HTTP_PREFER=a" }, REQUEST_PREFER, "a" },
	{ "lines become a list", { "HTTP_PREFER=a", "HTTP_PREFER=b, c" },
	    REQUEST_PREFER, "a, b, c" },
	{ "in their order",
	    { "HTTP_ACCEPT=a", "HTTP_PREFER=x", "HTTP_ACCEPT=b",
		"HTTP_ACCEPT=c" },
	    REQUEST_ACCEPT, "a, b, c" },
	{ "an empty line too", { "HTTP_IF_MATCH=", "HTTP_IF_MATCH=b" },
	    REQUEST_IF_MATCH, ", b" },
	{ "Content-Type is a list, so that another type does not get lost",
	    { "CONTENT_TYPE=a", "CONTENT_TYPE=b" }, REQUEST_CONTENT_TYPE,
	    "a, b" },
	{ "the lines that nginx passes on as well",
	    { "CONTENT_TYPE=a", "HTTP_CONTENT_TYPE=a", "HTTP_CONTENT_TYPE=b" },
	    REQUEST_CONTENT_TYPE_LINES, "a, b" },
	{ "Origin too", { "HTTP_ORIGIN=a", "HTTP_ORIGIN=b" }, REQUEST_ORIGIN,
	    "a, b" },
	{ "Sec-Fetch-Site too",
	    { "HTTP_SEC_FETCH_SITE=a", "HTTP_SEC_FETCH_SITE=b" },
	    REQUEST_SEC_FETCH_SITE, "a, b" },
	{ "cookies have semicolons between them",
	    { "HTTP_COOKIE=a=1; b=2", "HTTP_COOKIE=c=3" }, REQUEST_COOKIE,
	    "a=1; b=2; c=3" },
	{ "no other header is a list",
	    { "HTTP_AUTHORIZATION=a", "HTTP_AUTHORIZATION=b" },
	    REQUEST_AUTHORIZATION, "a" },
};

START_TEST(joins_lines)
{
	struct request req = { .read = NULL };
	char block[64];
	struct arena a;
	size_t i;

	arena_init(&a, block, sizeof(block));
	for (i = 0; i < 4 && lines[_i].variables[i] != NULL; i++)
		request_take(&req, lines[_i].variables[i]);
	unit_check(lines[_i].name, request_join(&req, &a) == ERR_OK);
	unit_same(
	    lines[_i].name, req.var[lines[_i].var], str_of(lines[_i].joined));
}
END_TEST

START_TEST(refuses_lines_that_have_no_room)
{
	struct request req = { .read = NULL };
	char block[64];
	struct arena a;
	int i;

	arena_init(&a, block, 3);
	request_take(&req, "HTTP_PREFER=a");
	request_take(&req, "HTTP_PREFER=b");
	ck_assert(request_join(&req, &a) == ERR_MEMORY);
	arena_init(&a, block, sizeof(block));
	req.var[REQUEST_PREFER] = str_of("a");
	for (i = 1; i <= REQUEST_LINES_MAX; i++)
		request_take(&req, "HTTP_ACCEPT=");
	ck_assert(request_join(&req, &a) == ERR_OK);
	request_take(&req, "HTTP_ACCEPT=");
	ck_assert(request_join(&req, &a) == ERR_HEADER_LINES);
}
END_TEST

/* Every variable, under the name that web servers use. */
static const char *const variables[REQUEST_VARS] = {
	[REQUEST_METHOD] = "REQUEST_METHOD",
	[REQUEST_PATH_INFO] = "PATH_INFO",
	[REQUEST_SCRIPT_NAME] = "SCRIPT_NAME",
	[REQUEST_URI] = "REQUEST_URI",
	[REQUEST_QUERY] = "QUERY_STRING",
	[REQUEST_CONTENT_TYPE] = "CONTENT_TYPE",
	[REQUEST_CONTENT_TYPE_LINES] = "HTTP_CONTENT_TYPE",
	[REQUEST_CONTENT_LENGTH] = "CONTENT_LENGTH",
	[REQUEST_TRANSFER_ENCODING] = "HTTP_TRANSFER_ENCODING",
	[REQUEST_CONTENT_ENCODING] = "HTTP_CONTENT_ENCODING",
	[REQUEST_AUTHORIZATION] = "HTTP_AUTHORIZATION",
	[REQUEST_AUTHORIZATION_REDIRECTED] = "REDIRECT_HTTP_AUTHORIZATION",
	[REQUEST_AUTHORIZATION_TWICE_REDIRECTED] =
	    "REDIRECT_REDIRECT_HTTP_AUTHORIZATION",
	[REQUEST_ACCEPT] = "HTTP_ACCEPT",
	[REQUEST_PREFER] = "HTTP_PREFER",
	[REQUEST_IF_MATCH] = "HTTP_IF_MATCH",
	[REQUEST_IF_NONE_MATCH] = "HTTP_IF_NONE_MATCH",
	[REQUEST_CLIENT_REQUEST_ID] = "HTTP_CLIENT_REQUEST_ID",
	[REQUEST_ALLOW_TOPIC_CHANGE] = "HTTP_PUSHCERT_ALLOW_TOPIC_CHANGE",
	[REQUEST_HOST] = "HTTP_HOST",
	[REQUEST_HTTPS] = "HTTPS",
	[REQUEST_SCHEME] = "REQUEST_SCHEME",
	[REQUEST_SERVER_NAME] = "SERVER_NAME",
	[REQUEST_REMOTE_ADDR] = "REMOTE_ADDR",
	[REQUEST_SERVER_SOFTWARE] = "SERVER_SOFTWARE",
	[REQUEST_FORWARDED_FOR] = "HTTP_X_FORWARDED_FOR",
	[REQUEST_DOCUMENT_ROOT] = "DOCUMENT_ROOT",
	[REQUEST_CONTEXT_DOCUMENT_ROOT] = "CONTEXT_DOCUMENT_ROOT",
	[REQUEST_ORIGIN] = "HTTP_ORIGIN",
	[REQUEST_SEC_FETCH_SITE] = "HTTP_SEC_FETCH_SITE",
	[REQUEST_ASKED_METHOD] = "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
	[REQUEST_ASKED_HEADERS] = "HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
	[REQUEST_FAULT] = "HTTP_PUSHCERT_FAULT",
	[REQUEST_FORWARDED_PROTO] = "HTTP_X_FORWARDED_PROTO",
	[REQUEST_COOKIE] = "HTTP_COOKIE",
	[REQUEST_ACCEPT_LANGUAGE] = "HTTP_ACCEPT_LANGUAGE",
};

START_TEST(stores_each_variable_under_its_own_name)
{
	struct request req = { .read = NULL };
	char text[64];
	int i;

	snprintf(text, sizeof(text), "%s=x", variables[_i]);
	request_take(&req, text);
	for (i = 0; i < REQUEST_VARS; i++)
		unit_check(variables[_i], (i == _i) == str_is(req.var[i], "x"));
}
END_TEST

static const struct {
	const char *name;
	const char *length, *encoding;
	bool known;
	uint64_t n;
} lengths[] = {
	{ "absent", NULL, NULL, false, 0 },
	{ "empty, as nginx sends with GET", "", NULL, false, 0 },
	{ "-1, as Caddy sends for a chunked body", "-1", NULL, false, 0 },
	{ "nothing", "0", NULL, true, 0 },
	{ "a number", "416", NULL, true, 416 },
	{ "a number with blanks", " 416 ", NULL, true, 416 },
	{ "a number beside chunked", "416", "chunked", false, 0 },
	{ "a word", "many", NULL, false, 0 },
	{ "the largest number", "18446744073709551615", NULL, true,
	    UINT64_MAX },
	{ "more than the largest number", "18446744073709551616", NULL, true,
	    UINT64_MAX },
};

START_TEST(reads_the_length)
{
	struct request req = { .read = NULL };
	uint64_t n = 0;

	req.var[REQUEST_CONTENT_LENGTH] = str_of(lengths[_i].length);
	req.var[REQUEST_TRANSFER_ENCODING] = str_of(lengths[_i].encoding);
	unit_check(
	    lengths[_i].name, request_length(&req, &n) == lengths[_i].known);
	if (lengths[_i].known)
		unit_check(lengths[_i].name, n == lengths[_i].n);
}
END_TEST

/*
 * A body that arrives in pieces of `step` bytes and then ends, or breaks off.
 */
struct source {
	struct str text;
	size_t step;
	bool breaks;
};

static long
read_source(void *from, char *p, size_t n)
{
	struct source *s = from;

	if (n > s->step)
		n = s->step;
	if (n > s->text.n)
		n = s->text.n;
	if (n == 0)
		return s->breaks ? -1 : 0;
	memcpy(p, s->text.p, n);
	s->text = str_tail(s->text, n);
	return (long)n;
}

static const struct {
	const char *name;
	const char *text, *length;
	bool breaks;
	enum err outcome;
	const char *body;
	bool ended;
} bodies[] = {
	{ "to its declared length", "0123", "4", false, ERR_OK, "0123", true },
	{ "to its end", "0123", NULL, false, ERR_OK, "0123", true },
	{ "of no bytes", "", "0", false, ERR_OK, "", true },
	{ "of no bytes that declares nothing", "", NULL, false, ERR_OK, "",
	    true },
	{ "as long as allowed", "01234567", NULL, false, ERR_OK, "01234567",
	    true },
	{ "longer than allowed", "012345678", NULL, false, ERR_TOO_LARGE, NULL,
	    false },
	{ "declared longer than allowed", "012345678", "9", false,
	    ERR_TOO_LARGE, NULL, false },
	{ "longer than declared", "01234", "4", false, ERR_OK, "0123", true },
	{ "shorter than declared", "012", "4", false, ERR_BODY_SHORT, NULL,
	    true },
	{ "that breaks off", "012", "4", true, ERR_BODY_SHORT, NULL, false },
	{ "that breaks off and declares nothing", "012", NULL, true,
	    ERR_BODY_SHORT, NULL, false },
};

START_TEST(reads_the_body)
{
	size_t step;

	for (step = 1; step <= 9; step++) {
		struct source s = { .text = str_of(bodies[_i].text),
			.step = step,
			.breaks = bodies[_i].breaks };
		struct request req = { .read = read_source, .from = &s };
		struct str body = str_of(NULL);
		char block[64];
		struct arena a;
		bool ended = false;

		arena_init(&a, block, sizeof(block));
		req.var[REQUEST_CONTENT_LENGTH] = str_of(bodies[_i].length);
		unit_check(bodies[_i].name,
		    request_body(&req, 8, &a, &body, &ended) ==
			bodies[_i].outcome);
		unit_same(bodies[_i].name, body, str_of(bodies[_i].body));
		unit_check(bodies[_i].name, ended == bodies[_i].ended);
		/* The arena gets back the memory that the body did not need. */
		unit_check(bodies[_i].name,
		    body.n == 0 || a.used == (size_t)(body.p + body.n - block));
	}
}
END_TEST

static const struct {
	const char *name;
	const char *host, *https, *scheme, *server;
	const char *origin;
} origins[] = {
	{ "HTTPS", "a.example:8443", "on", NULL, NULL,
	    "https://a.example:8443" },
	{ "HTTPS as 1", "a.example", "1", NULL, NULL, "https://a.example" },
	{ "every kind of character", "az-AZ_09.Zz:65535", NULL, NULL, NULL,
	    "http://az-AZ_09.Zz:65535" },
	{ "characters beside those", "a`", NULL, NULL, "s{",
	    "https://graph.microsoft.com" },
	{ "others beside those", "a@", NULL, NULL, "s^",
	    "https://graph.microsoft.com" },
	{ "HTTP", "127.0.0.1:80", "off", NULL, NULL, "http://127.0.0.1:80" },
	{ "the scheme", "[::1]", NULL, "https", NULL, "https://[::1]" },
	{ "no host", NULL, NULL, NULL, "s.example", "http://s.example" },
	{ "a foreign character", "a\"b", NULL, NULL, "s.example",
	    "http://s.example" },
	{ "a path in the host", "a/b", NULL, NULL, "s.example",
	    "http://s.example" },
	{ "two ports", "a:80:80", NULL, NULL, "s.example", "http://s.example" },
	{ "a port that is not a number", "a:b", NULL, NULL, "s.example",
	    "http://s.example" },
	{ "a port that is too large", "a:65536", NULL, NULL, "s.example",
	    "http://s.example" },
	{ "half a literal", "[::1", NULL, NULL, "s.example",
	    "http://s.example" },
	{ "colons alone", ":::", NULL, NULL, "s.example", "http://s.example" },
	{ "a server that is malformed too", "[", NULL, NULL, "::1",
	    "https://graph.microsoft.com" },
	{ "nothing", NULL, "on", NULL, NULL, "https://graph.microsoft.com" },
};

START_TEST(finds_the_origin)
{
	static const struct config config;
	struct request req = { .read = NULL };
	char text[128];
	struct buf b;

	req.var[REQUEST_HOST] = str_of(origins[_i].host);
	req.var[REQUEST_HTTPS] = str_of(origins[_i].https);
	req.var[REQUEST_SCHEME] = str_of(origins[_i].scheme);
	req.var[REQUEST_SERVER_NAME] = str_of(origins[_i].server);
	buf_init(&b, text, sizeof(text));
	request_origin(&req, &config, &b);
	unit_same(origins[_i].name, buf_view(&b), str_of(origins[_i].origin));
}
END_TEST

/* The peer is 192.0.2.7; no configuration trusts another proxy. */
#define TRUSTED "::1, ::ffff:192.0.2.7"
static const struct {
	const char *name;
	const char *base_url, *proxies, *proto, *https, *scheme;
	bool secure;
} schemes[] = {
	{ .name = "nothing" },
	{ .name = "HTTPS", .https = "on", .secure = true },
	{ .name = "HTTPS in capitals", .https = "ON", .secure = true },
	{ .name = "HTTPS off", .https = "off" },
	{ .name = "an empty HTTPS", .https = "" },
	{ .name = "the scheme", .scheme = "HTTPS", .secure = true },
	{ .name = "another scheme", .scheme = "http" },
	{ .name = "base_url", .base_url = "https://a.test", .secure = true },
	{ .name = "base_url of http, whatever the server says",
	    .base_url = "http://a.test",
	    .https = "on",
	    .scheme = "https",
	    .proxies = TRUSTED,
	    .proto = "https" },
	{ .name = "a proxy that is not trusted", .proto = "https" },
	{ .name = "a proxy beside the trusted one",
	    .proxies = "192.0.2.8",
	    .proto = "https" },
	{ .name = "a trusted proxy",
	    .proxies = TRUSTED,
	    .proto = "https",
	    .secure = true },
	{ .name = "a trusted proxy in capitals, with blanks",
	    .proxies = TRUSTED,
	    .proto = " HTTPS ",
	    .secure = true },
	{ .name = "a trusted proxy that saw http, before a hop with TLS",
	    .proxies = TRUSTED,
	    .proto = "http",
	    .https = "on" },
	{ .name = "the value that the trusted proxy has added",
	    .proxies = TRUSTED,
	    .proto = "http, https",
	    .secure = true },
	{ .name = "a value that the client has sent",
	    .proxies = TRUSTED,
	    .proto = "https, http" },
	{ .name = "another word", .proxies = TRUSTED, .proto = "httpsx" },
	{ .name = "an empty value leaves it to the server",
	    .proxies = TRUSTED,
	    .proto = "",
	    .https = "on",
	    .secure = true },
	{ .name = "an empty last value, too",
	    .proxies = TRUSTED,
	    .proto = "https,",
	    .secure = false },
};

START_TEST(knows_an_https_site)
{
	struct config config = { .base_url = "" };
	struct request req = { .read = NULL };

	if (schemes[_i].base_url != NULL)
		strcpy(config.base_url, schemes[_i].base_url);
	if (schemes[_i].proxies != NULL)
		strcpy(config.trusted_proxies, schemes[_i].proxies);
	req.var[REQUEST_REMOTE_ADDR] = str_of("192.0.2.7");
	req.var[REQUEST_FORWARDED_PROTO] = str_of(schemes[_i].proto);
	req.var[REQUEST_HTTPS] = str_of(schemes[_i].https);
	req.var[REQUEST_SCHEME] = str_of(schemes[_i].scheme);
	unit_check(schemes[_i].name,
	    request_is_secure(&req, &config) == schemes[_i].secure);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("request");
	TCase *t = tcase_create("request");

	tcase_add_test(t, takes_variables);
	tcase_add_loop_test(
	    t, joins_lines, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(t, refuses_lines_that_have_no_room);
	tcase_add_loop_test(
	    t, stores_each_variable_under_its_own_name, 0, REQUEST_VARS);
	tcase_add_loop_test(
	    t, reads_the_length, 0, sizeof(lengths) / sizeof(lengths[0]));
	tcase_add_loop_test(
	    t, reads_the_body, 0, sizeof(bodies) / sizeof(bodies[0]));
	tcase_add_loop_test(
	    t, finds_the_origin, 0, sizeof(origins) / sizeof(origins[0]));
	tcase_add_loop_test(
	    t, knows_an_https_site, 0, sizeof(schemes) / sizeof(schemes[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
