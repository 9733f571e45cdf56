/* SPDX-License-Identifier: ISC */
/*
 * test_pages.c - what every page has in common, also a page that is added
 * later: strangers are sent to the sign-in, other sites change nothing, every
 * refusal is a page, and each response has the policy. Whole pages are in
 * tests/golden.
 */
#include "page/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/call.h"
#include "base/log.h"
#include "unit.h"
#include "unit_store.h"

#define TOKEN "right"

/* The memory that routes.c reserves for error responses, in bytes. */
#define RESERVE ((size_t)16 * 1024)
#define STEP 97

/* 2026-11-30T12:00:00Z */
#define NOW INT64_C(1796040000)

struct fixture {
	struct config config;
	struct secrets secrets;
	struct app app;
	struct worker worker;
	size_t size; /* of the arena, in bytes */
	const char *body; /* of the next request, or NULL */
};

static enum err
put_record(struct txn *tx, void *arg)
{
	struct record r = { .revision = 1 };
	struct guid *tenant = arg;

	r.value[RECORD_ID] = str_of("x");
	r.value[RECORD_MODIFIED] = str_of("2026-01-01T00:00:00Z");
	r.value[RECORD_EXPIRES] = str_of("2027-01-01T00:00:00Z");
	return store_record_put(tx, tenant, &r);
}

static struct fixture *
set_up(void)
{
	static struct fixture f;
	struct token t = { .name = str_of("<test>"),
		.created_at = NOW,
		.scopes = AUTH_SERVICE_CONFIG_WRITE };

	log_open(false, LOG_AT_ERROR);
	config_default(&f.config);
	f.app.store = unit_store((struct store_options){ .history_keep = 10 });
	ck_assert(store_reader(f.app.store, &f.worker.reader) == ERR_OK);
	f.secrets.can_seal = true;
	f.app.config = &f.config;
	f.app.secrets = &f.secrets;
	f.app.pages = pages_routes(&f.config);
	auth_token_hash(str_of(TOKEN), t.hash);
	memset(&t.tenant, 7, sizeof(t.tenant));
	unit_update(f.app.store, unit_put_token, &t);
	unit_update(f.app.store, put_record, &t.tenant);
	f.size = routes_arena_size(&f.config);
	arena_init(&f.worker.arena, malloc(f.size), f.size);
	return &f;
}

static void
tear_down(struct fixture *f)
{
	store_reader_free(f->worker.reader);
	store_close(f->app.store);
	free(f->worker.arena.block);
}

/* A request; `line` is one more variable, or NULL. */
static struct response
handle(struct fixture *f, struct str method, const char *uri, const char *line)
{
	struct str query = str_of(uri), path = str_cut(&query, '?');
	struct str body = str_of(f->body != NULL ? f->body : "");
	struct request req = {
		.read = unit_read_body, .from = &body, .now = { .at = NOW }
	};
	struct response resp;
	char length[24];

	req.var[REQUEST_METHOD] = method;
	req.var[REQUEST_URI] = str_of(uri);
	req.var[REQUEST_SCRIPT_NAME] = path;
	req.var[REQUEST_QUERY] = query;
	req.var[REQUEST_HOST] = str_of("graph.example");
	snprintf(length, sizeof(length), "%zu", body.n);
	req.var[REQUEST_CONTENT_LENGTH] = str_of(length);
	req.var[REQUEST_CONTENT_TYPE] = str_of(
	    "application/x-www-form-urlencoded");
	if (line != NULL)
		request_take(&req, line);
	routes_handle(&f->app, &f->worker, &req, &resp);
	return resp;
}

static bool
has(const struct response *resp, const char *piece)
{
	return str_icontains(resp->text, str_of(piece));
}

static bool
is_page(const struct response *resp)
{
	return has(resp, "Content-Type: text/html;charset=utf-8\r\n") &&
	    has(resp, "\r\n\r\n<!DOCTYPE html>\n<html lang=\"en\">") &&
	    str_ends(resp->text, "</html>");
}

/* --- each route --------------------------------------------------------- */

static const char *
uri_of(const struct route *route)
{
	static char uri[128];

	snprintf(uri, sizeof(uri), "/m/ui/%.*s", STR_ARG(route->segment[0]));
	return uri;
}

static bool
is_post(const struct route *route)
{
	return str_is(route->method, "POST");
}

static const char *const policy[] = {
	"\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; "
	"style-src 'self'; img-src 'self'; form-action 'self'; "
	"frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for "
	"'script'; trusted-types 'none'\r\n",
	"\r\nCache-Control: no-store\r\n",
	"\r\nCross-Origin-Opener-Policy: same-origin\r\n",
	"\r\nCross-Origin-Resource-Policy: same-origin\r\n",
	"\r\nReferrer-Policy: same-origin\r\n",
	"\r\nX-Content-Type-Options: nosniff\r\n",
	"\r\nX-Frame-Options: DENY\r\n",
};

static void
check_policy(const char *uri, const struct response *resp)
{
	size_t i;

	for (i = 0; i < sizeof(policy) / sizeof(policy[0]); i++)
		ck_assert_msg(has(resp, policy[i]), "%s lacks %s in %.*s", uri,
		    policy[i], STR_ARG(resp->text));
}

/* Files are the same for everybody, and have lines of their own. */
static bool
is_file(const struct response *resp)
{
	return has(resp, "\r\nCache-Control: public, ");
}

START_TEST(strangers_see_only_the_sign_in)
{
	struct fixture *f = set_up();
	const struct route *route = &f->app.pages->route[_i];
	const char *uri = uri_of(route);
	struct response resp = handle(f, route->method, uri,
	    is_post(route) ? "HTTP_ORIGIN=http://graph.example" : NULL);

	if (route->open) {
		ck_assert_msg(resp.status != 403, "%s is refused", uri);
	} else {
		ck_assert_int_eq(resp.status, 303);
		ck_assert_msg(has(&resp, "\r\nLocation: login"), "%s", uri);
	}
	if (!is_file(&resp))
		check_policy(uri, &resp);
	tear_down(f);
}
END_TEST

START_TEST(other_sites_change_nothing)
{
	static const char *const lines[] = { NULL,
		"HTTP_ORIGIN=https://evil.example",
		"HTTP_SEC_FETCH_SITE=same-site" };
	struct fixture *f = set_up();
	const struct route *route = &f->app.pages->route[_i];
	size_t i;

	if (is_post(route) && !route->any_site) {
		for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			struct response resp = handle(
			    f, route->method, uri_of(route), lines[i]);

			ck_assert_int_eq(resp.status, 403);
			ck_assert(is_page(&resp));
			check_policy(uri_of(route), &resp);
		}
	}
	tear_down(f);
}
END_TEST

START_TEST(every_page_of_a_user_is_a_page)
{
	struct fixture *f = set_up();
	const struct route *route = &f->app.pages->route[_i];
	struct response resp = handle(f, route->method, uri_of(route),
	    "HTTP_AUTHORIZATION=Bearer " TOKEN);

	ck_assert_msg(!has(&resp, "{\"error\""), "%.*s", STR_ARG(resp.text));
	ck_assert_msg(!has(&resp, "<test>"), "%.*s", STR_ARG(resp.text));
	if (!is_file(&resp))
		check_policy(uri_of(route), &resp);
	tear_down(f);
}
END_TEST

/* --- the page that a visitor wanted ----------------------------------------
 */

#define GUID "0a0a0a0a-0000-4000-8000-000000000001"
#define LONG64 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG256 LONG64 LONG64 LONG64 LONG64

static void
check_location(const char *uri, const struct response *resp, const char *want)
{
	char line[1024];

	snprintf(line, sizeof(line), "\r\nLocation: %s\r\n", want);
	ck_assert_msg(resp->status == 303 && has(resp, line), "%s: %.*s", uri,
	    STR_ARG(resp->text));
}

/* Requests of strangers. */
static const struct {
	const char *method, *uri, *location;
} wishes[] = {
	{ "GET", "/ui/", "login" },
	{ "GET", "/ui/renew", "login?to=renew" },
	{ "HEAD", "/m/ui/renew", "login?to=renew" },
	{ "GET", "/ui/event?n=3", "login?to=event%3Fn%3D3" },
	{ "GET", "/ui/?tenant=" GUID, "login?to=%3Ftenant%3D" GUID },
	{ "GET", "/ui/tenants?q=a%20b%26",
	    "login?to=tenants%3Fq%3Da%2520b%2526" },
	/* A file would leave the browser on the page of the sign-in. */
	{ "GET", "/ui/certificate.pem", "login" },
	{ "POST", "/ui/restore", "login" },
	{ "GET", "/ui/history?from=\xc3\xa4", "login" },
	{ "GET", "/ui/history?" LONG256, "login" },
	{ "GET",
	    "/ui/tenants?q=MC4CAQAwBQYDK2VwBCIEIBcECF0ZmWeFXO7IfjqkWpLQta5fVu4Y"
	    "ZvHnX5vtsss9",
	    "login" },
};

START_TEST(strangers_keep_their_wish)
{
	struct fixture *f = set_up();
	struct response resp = handle(f, str_of(wishes[_i].method),
	    wishes[_i].uri, "HTTP_SEC_FETCH_SITE=same-origin");

	check_location(wishes[_i].uri, &resp, wishes[_i].location);
	tear_down(f);
}
END_TEST

/* Sign-ins, and where they lead. */
static const struct {
	const char *query, *location;
} sign_ins[] = {
	{ "", "./" },
	{ "?to=", "./" },
	{ "?to=renew", "renew" },
	{ "?to=event%3Fn%3D3", "event?n=3" },
	{ "?to=%3Ftenant%3D" GUID, "./?tenant=" GUID },
	{ "?to=%3Fdone%3Dstored", "./" },
	{ "?to=renew%3Fa%3D1%26done%3Drequest", "renew" },
	{ "?to=%3F%2564one%3Dstored", "./" },
	{ "?to=tenants%3Fq%3Da%2520b%2526", "tenants?q=a%20b%26" },
	/* No other site, and no other path of this one. */
	{ "?to=https://evil.example/", "./" },
	{ "?to=//evil.example/", "./" },
	{ "?to=/%5Cevil.example", "./" },
	{ "?to=%5C%5Cevil.example", "./" },
	{ "?to=javascript:alert(1)", "./" },
	{ "?to=renew/../../x", "./" },
	{ "?to=../renew", "./" },
	{ "?to=renew%23x", "./" },
	{ "?to=renew%00", "./" },
	{ "?to=%zz", "./" },
	{ "?to=renew%0D%0ASet-Cookie:x", "./" },
	{ "?to=event%3Fn%3D3%0D%0ASet-Cookie:x", "./" },
	/* Neither files, nor what needs no sign-in, nor what takes forms. */
	{ "?to=login", "./" },
	{ "?to=logout", "./" },
	{ "?to=certificate.pem", "./" },
	{ "?to=history%3F" LONG256, "./" },
};

START_TEST(a_sign_in_leads_to_the_wish)
{
	struct fixture *f = set_up();
	struct response resp;
	char uri[1024];

	snprintf(uri, sizeof(uri), "/ui/login%s", sign_ins[_i].query);
	f->body = "token=" TOKEN;
	resp = handle(
	    f, str_of("POST"), uri, "HTTP_SEC_FETCH_SITE=same-origin");
	ck_assert(has(&resp, "\r\nSet-Cookie: pushcert="));
	check_location(uri, &resp, sign_ins[_i].location);
	tear_down(f);
}
END_TEST

/* The form keeps the wish, also after a wrong token. */
START_TEST(the_form_keeps_the_wish)
{
	static const char kept[] = "action=\"login?to=event%3Fn%3D3\"";
	struct fixture *f = set_up();
	struct response resp;

	resp = handle(f, str_of("GET"), "/ui/login?to=event%3Fn%3D3", NULL);
	ck_assert(has(&resp, kept));
	f->body = "token=wrong";
	resp = handle(f, str_of("POST"), "/ui/login?to=event%3Fn%3D3",
	    "HTTP_SEC_FETCH_SITE=same-origin");
	ck_assert_int_eq(resp.status, 401);
	ck_assert(has(&resp, kept));
	f->body = NULL;
	resp = handle(f, str_of("GET"), "/ui/login?to=%22onx=", NULL);
	ck_assert(has(&resp, "action=\"login\""));
	tear_down(f);
}
END_TEST

/* --- refusals ------------------------------------------------------------ */

static const struct {
	const char *name;
	enum err broken;
	const char *uri;
	int status;
	bool page;
	const char *piece;
} refusals[] = {
	{ "a broken store", ERR_CORRUPT, "/m/ui/", 500, true,
	    "<h1>The service has a fault</h1>" },
	{ "a broken store below the root", ERR_CORRUPT, "/ui", 500, true,
	    "href=\"ui/./\"" },
	{ "a broken store below no page", ERR_CORRUPT, "/ui/a/b", 500, true,
	    "href=\".././\"" },
	{ "a broken store in the API", ERR_CORRUPT, "/v1.0/health", 500, false,
	    "" },
	{ "a broken store below no root", ERR_CORRUPT, "/other/login", 500,
	    false, "" },
	{ "an upgrade", ERR_UPGRADING, "/ui/login", 503, true,
	    "\r\nRetry-After: " },
	{ "a busy service", ERR_BUSY, "/ui/login", 503, true,
	    "\r\nRetry-After: " },
	{ "a page that does not exist", ERR_OK, "/ui/x", 404, true,
	    "<h1>This page does not exist</h1>" },
	{ "no root, because the pages have one segment", ERR_OK, "/uix/login",
	    404, false, "Invalid version: uix" },
};

START_TEST(refusals_are_pages)
{
	struct fixture *f = set_up();
	struct response resp;

	f->app.broken = refusals[_i].broken;
	resp = handle(f, str_of("GET"), refusals[_i].uri, NULL);
	ck_assert_msg(resp.status == refusals[_i].status, "%s: %d",
	    refusals[_i].name, resp.status);
	ck_assert_msg(is_page(&resp) == refusals[_i].page, "%s: %.*s",
	    refusals[_i].name, STR_ARG(resp.text));
	ck_assert_msg(has(&resp, refusals[_i].piece), "%s: %.*s",
	    refusals[_i].name, STR_ARG(resp.text));
	if (refusals[_i].page)
		check_policy(refusals[_i].name, &resp);
	tear_down(f);
}
END_TEST

START_TEST(a_long_url_is_refused_by_a_page)
{
	static char uri[9000];
	struct fixture *f = set_up();
	struct response resp;

	memset(uri, 'a', sizeof(uri) - 1);
	memcpy(uri, "/ui/?q=", 7);
	resp = handle(f, str_of("GET"), uri, NULL);
	ck_assert_int_eq(resp.status, 414);
	ck_assert(is_page(&resp));
	memcpy(uri, "/ui/aaa", 7);
	resp = handle(f, str_of("GET"), uri, NULL);
	ck_assert_int_eq(resp.status, 414);
	ck_assert(is_page(&resp));
	tear_down(f);
}
END_TEST

/* Without the pages, their root is unknown like any other. */
START_TEST(the_pages_can_be_off)
{
	static const char *const ends[] = { "", "/", "/login", "/a/b", "?a" };
	struct fixture *f = set_up();
	struct response off, other;
	char uri[2][32], *copy;
	size_t i, n;

	f->config.pages = false;
	f->app.pages = pages_routes(&f->config);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(uri[0], sizeof(uri[0]), "/ui%s", ends[i]);
		snprintf(uri[1], sizeof(uri[1]), "/vi%s", ends[i]);
		off = handle(f, str_of("GET"), uri[0], NULL);
		n = off.text.n;
		ck_assert((copy = malloc(n)) != NULL);
		memcpy(copy, off.text.p, n);
		ck_assert_int_eq(off.status, 404);
		other = handle(f, str_of("GET"), uri[1], NULL);
		ck_assert_uint_eq(n, other.text.n);
		ck_assert(strstr(other.text.p, "version: vi\"") != NULL);
		*(char *)strstr(other.text.p, "vi\"") = 'u';
		ck_assert_mem_eq(copy, other.text.p, n);
		free(copy);
	}
	tear_down(f);
}
END_TEST

/* However small the arena is, the response is a complete page. */
START_TEST(reports_the_lack_of_memory)
{
	struct fixture *f = set_up();
	const struct route *route = &f->app.pages->route[_i];
	struct response resp;
	size_t size;
	int status = 0;

	if (is_post(route))
		route = &f->app.pages->route[0];
	unit_capture();
	for (size = RESERVE; status != 200 && size < f->size; size += STEP) {
		f->worker.arena.size = size;
		resp = handle(f, route->method, uri_of(route),
		    "HTTP_AUTHORIZATION=Bearer " TOKEN);
		status = resp.status;
		if (status == 403 || status == 404 || status == 303)
			break;
		ck_assert_msg(status == 200 || status == 500, "%s: %d",
		    uri_of(route), status);
		ck_assert_msg(status == 200 || is_page(&resp), "%zu: %.*s",
		    size, STR_ARG(resp.text));
	}
	ck_assert(size < f->size);
	f->worker.arena.size = f->size;
	tear_down(f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pages");
	TCase *t = tcase_create("pages");
	struct config c;
	int routes;

	config_default(&c);
	routes = (int)pages_routes(&c)->n;
	tcase_add_loop_test(t, strangers_see_only_the_sign_in, 0, routes);
	tcase_add_loop_test(t, other_sites_change_nothing, 0, routes);
	tcase_add_loop_test(t, every_page_of_a_user_is_a_page, 0, routes);
	tcase_add_loop_test(t, strangers_keep_their_wish, 0,
	    sizeof(wishes) / sizeof(wishes[0]));
	tcase_add_loop_test(t, a_sign_in_leads_to_the_wish, 0,
	    sizeof(sign_ins) / sizeof(sign_ins[0]));
	tcase_add_test(t, the_form_keeps_the_wish);
	tcase_add_loop_test(
	    t, refusals_are_pages, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(t, a_long_url_is_refused_by_a_page);
	tcase_add_test(t, the_pages_can_be_off);
	tcase_add_loop_test(t, reports_the_lack_of_memory, 0, routes);
	suite_add_tcase(s, t);
	return unit_run(s);
}
