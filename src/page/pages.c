/* SPDX-License-Identifier: ISC */
/*
 * pages.c - the table of the pages: their paths, methods, permissions and
 * handlers.
 */
#include "page/pages.h"

#include "page/embedded.h"
#include "page/page.h"
#include "page/page_files.h"

static const struct route routes[] = {
	{ .segment = { { NULL, 0 } },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CALL_READ_SCOPES,
	    .run = page_status },
	{ .segment = { STR("login") },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .open = true,
	    .run = page_login },
	{ .segment = { STR("login") },
	    .roots = PATH_UI,
	    .method = STR("POST"),
	    .open = true,
	    .body = true,
	    .form = true,
	    .run = page_sign_in },
	{ .segment = { STR("logout") },
	    .roots = PATH_UI,
	    .method = STR("POST"),
	    .open = true,
	    .run = page_sign_out },
	{ .segment = { STR("certificate.pem") },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CALL_READ_SCOPES,
	    .run = page_certificate },
	{ .segment = { STR("calendar.ics") },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CALL_READ_SCOPES,
	    .run = page_calendar },
	{ .segment = { STR("tenants") },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .reads = true,
	    .no_tenant = true,
	    .scopes = CALL_READ_SCOPES,
	    .run = page_tenants },
	{ .segment = { STR(EMBEDDED_PAGE_CSS) },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .open = true,
	    .run = page_file },
	{ .segment = { STR(EMBEDDED_PAGE_JS) },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .open = true,
	    .run = page_file },
	{ .segment = { STR(EMBEDDED_ICON_SVG) },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .open = true,
	    .run = page_file },
	{ .segment = { STR("renew") },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CALL_READ_SCOPES,
	    .run = page_renew },
	{ .segment = { STR("request") },
	    .roots = PATH_UI,
	    .method = STR("POST"),
	    .scopes = CALL_WRITE_SCOPES,
	    .run = page_make_request },
	{ .segment = { STR("request.txt") },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CALL_WRITE_SCOPES,
	    .run = page_request_file },
	{ .segment = { STR("check") },
	    .roots = PATH_UI,
	    .method = STR("POST"),
	    .body = true,
	    .form = true,
	    .scopes = CALL_WRITE_SCOPES,
	    .run = page_check },
	{ .segment = { STR("upload") },
	    .roots = PATH_UI,
	    .method = STR("POST"),
	    .body = true,
	    .form = true,
	    .scopes = CALL_WRITE_SCOPES,
	    .run = page_upload },
	{ .segment = { STR("history") },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CALL_READ_SCOPES,
	    .run = page_history },
	{ .segment = { STR("event") },
	    .roots = PATH_UI,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = CALL_READ_SCOPES,
	    .run = page_event },
	{ .segment = { STR("restore") },
	    .roots = PATH_UI,
	    .method = STR("POST"),
	    .body = true,
	    .form = true,
	    .scopes = CALL_WRITE_SCOPES,
	    .run = page_restore },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

_Static_assert(ROUTES <= CALL_ROUTES_MAX, "the routes of a path are 32 bits");

static const struct route_table table = {
	.route = routes, .n = ROUTES, .enter = page_enter, .refuse = page_refuse
};

const struct route_table *
pages_routes(const struct config *c)
{
	return c->pages ? &table : NULL;
}
