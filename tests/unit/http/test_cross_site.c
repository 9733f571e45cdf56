/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "http/cross_site.h"
#include "unit.h"

#define JSON "application/json"

/* A row is a POST to http://graph.example.org without a body, except for the
 * members that it sets. */
static const struct {
	const char *name;
	const char *origin, *site;
	bool refused;
	const char *method, *type, *host, *https, *base_url, *cors_origins;
} cases[] = {
	{ .name = "neither header" },
	{ .name = "the origin of the Host",
	    .origin = "http://graph.example.org" },
	{ .name = "in other letters", .origin = "HTTP://Graph.Example.ORG" },
	{ .name = "with its default port",
	    .origin = "http://graph.example.org:80" },
	{ .name = "the default port in the Host",
	    .origin = "https://graph.example.org",
	    .host = "graph.example.org:443" },
	{ .name = "the default port in the Host, by TLS",
	    .origin = "https://graph.example.org",
	    .host = "graph.example.org:443",
	    .https = "on" },
	{ .name = "an https origin behind a proxy that ends TLS",
	    .origin = "https://graph.example.org" },
	{ .name = "an http origin where the request came by TLS",
	    .origin = "http://graph.example.org",
	    .https = "on",
	    .refused = true },
	{ .name = "another port",
	    .origin = "http://graph.example.org:8080",
	    .refused = true },
	{ .name = "its own port",
	    .origin = "http://graph.example.org:8080",
	    .host = "graph.example.org:8080" },
	{ .name = "a port of the Host alone",
	    .origin = "http://graph.example.org",
	    .host = "graph.example.org:8080",
	    .refused = true },
	{ .name = "the port of the other scheme",
	    .origin = "http://graph.example.org:443",
	    .refused = true },
	{ .name = "another host",
	    .origin = "http://evil.example",
	    .refused = true },
	{ .name = "a host below ours",
	    .origin = "http://a.graph.example.org",
	    .refused = true },
	{ .name = "a host above ours",
	    .origin = "http://example.org",
	    .refused = true },
	{ .name = "a host that begins like ours",
	    .origin = "http://graph.example.org.evil.example",
	    .refused = true },
	{ .name = "a host that ends like ours",
	    .origin = "http://evilgraph.example.org",
	    .refused = true },
	{ .name = "our host as a user's name",
	    .origin = "http://graph.example.org@evil.example",
	    .refused = true },
	{ .name = "our host as a user's name with a port",
	    .origin = "http://graph.example.org:80@evil.example",
	    .refused = true },
	{ .name = "our host in a path",
	    .origin = "http://evil.example/graph.example.org",
	    .refused = true },
	{ .name = "a path after our host",
	    .origin = "http://graph.example.org/",
	    .refused = true },
	{ .name = "a trailing dot", .origin = "http://graph.example.org." },
	{ .name = "a trailing dot in the Host",
	    .origin = "http://graph.example.org",
	    .host = "graph.example.org.:80" },
	{ .name = "two trailing dots",
	    .origin = "http://graph.example.org..",
	    .refused = true },
	{ .name = "two trailing dots of both",
	    .origin = "http://graph.example.org..",
	    .host = "graph.example.org..",
	    .refused = true },
	{ .name = "an IPv6 literal",
	    .origin = "http://[2001:db8::1]:8080",
	    .host = "[2001:DB8::1]:8080" },
	{ .name = "an IPv6 literal in another spelling",
	    .origin = "http://[2001:db8::1]",
	    .host = "[2001:db8:0::0001]" },
	{ .name = "another IPv6 literal",
	    .origin = "http://[2001:db8::2]",
	    .host = "[2001:db8::1]",
	    .refused = true },
	{ .name = "an IPv6 literal without an end",
	    .origin = "http://[2001:db8::1",
	    .host = "[2001:db8::1",
	    .refused = true },
	{ .name = "an empty literal",
	    .origin = "http://[]",
	    .host = "[]",
	    .refused = true },
	{ .name = "text after a literal",
	    .origin = "http://[::1]x",
	    .host = "[::1]x",
	    .refused = true },
	{ .name = "null", .origin = "null", .refused = true },
	{ .name = "null of a Host null",
	    .origin = "null",
	    .host = "null",
	    .refused = true },
	{ .name = "an empty origin counts as absent", .origin = "" },
	{ .name = "an empty host",
	    .origin = "http://",
	    .host = "",
	    .refused = true },
	{ .name = "no Host at all",
	    .origin = "http://",
	    .host = "-",
	    .refused = true },
	{ .name = "another scheme",
	    .origin = "ftp://graph.example.org",
	    .refused = true },
	{ .name = "an extension of a browser",
	    .origin = "chrome-extension://graph.example.org",
	    .refused = true },
	{ .name = "a host alone",
	    .origin = "graph.example.org",
	    .refused = true },
	{ .name = "two origins",
	    .origin = "http://graph.example.org http://evil.example",
	    .refused = true },
	{ .name = "two lines that differ",
	    .origin = "http://graph.example.org, http://evil.example",
	    .refused = true },
	{ .name = "two equal lines",
	    .origin = "http://graph.example.org, http://graph.example.org",
	    .site = "same-origin, same-origin" },
	{ .name = "a port that is not a number",
	    .origin = "http://graph.example.org:8a",
	    .host = "graph.example.org:8a",
	    .refused = true },

	{ .name = "same-origin", .site = "same-origin" },
	{ .name = "none, as the user typed it", .site = "none" },
	{ .name = "blanks around it", .site = " same-origin " },
	{ .name = "same-site", .site = "same-site", .refused = true },
	{ .name = "cross-site", .site = "cross-site", .refused = true },
	{ .name = "an unknown site", .site = "new-value", .refused = true },
	{ .name = "an empty site counts as absent", .site = "" },
	{ .name = "a site in two lines that differ",
	    .site = "same-origin, cross-site",
	    .refused = true },
	{ .name = "a site that begins like ours",
	    .site = "same-origin-not",
	    .refused = true },
	{ .name = "our origin from another site",
	    .origin = "http://graph.example.org",
	    .site = "cross-site",
	    .refused = true },
	{ .name = "another origin from the same site",
	    .origin = "http://evil.example",
	    .site = "same-origin",
	    .refused = true },
	{ .name = "our origin from the same origin",
	    .origin = "http://graph.example.org",
	    .site = "same-origin" },

	{ .name = "GET", .method = "GET", .site = "cross-site" },
	{ .name = "HEAD", .method = "HEAD", .origin = "null" },
	{ .name = "OPTIONS",
	    .method = "OPTIONS",
	    .origin = "http://evil.example" },
	{ .name = "PATCH",
	    .method = "PATCH",
	    .type = JSON,
	    .site = "cross-site",
	    .refused = true },
	{ .name = "DELETE",
	    .method = "DELETE",
	    .origin = "null",
	    .refused = true },
	{ .name = "an unknown method",
	    .method = "get",
	    .site = "cross-site",
	    .refused = true },
	{ .name = "no method",
	    .method = "",
	    .site = "cross-site",
	    .refused = true },

	{ .name = "base_url under another Host",
	    .origin = "https://mdm.example.net",
	    .base_url = "https://mdm.example.net/graph/" },
	{ .name = "base_url with its default port",
	    .origin = "https://mdm.example.net",
	    .base_url = "https://MDM.example.net:443" },
	{ .name = "base_url of the other scheme",
	    .origin = "http://mdm.example.net",
	    .base_url = "https://mdm.example.net",
	    .refused = true },
	{ .name = "a port that base_url does not have",
	    .origin = "https://mdm.example.net:8443",
	    .base_url = "https://mdm.example.net",
	    .refused = true },
	{ .name = "base_url and yet another site",
	    .origin = "https://mdm.example.net",
	    .site = "cross-site",
	    .base_url = "https://mdm.example.net",
	    .refused = true },

	{ .name = "a listed origin",
	    .origin = "https://app.example.net",
	    .site = "cross-site",
	    .cors_origins = "https://a.example, https://APP.example.net:443" },
	{ .name = "an origin that is not listed",
	    .origin = "https://app.example.net",
	    .cors_origins = "https://a.example,https://app.example",
	    .refused = true },
	{ .name = "a listed origin by the other scheme",
	    .origin = "http://app.example.net",
	    .cors_origins = "https://app.example.net",
	    .refused = true },
	{ .name = "a listed origin beside another one",
	    .origin = "https://app.example.net, https://evil.example",
	    .cors_origins = "https://app.example.net",
	    .refused = true },
	{ .name = "null beside listed ones",
	    .origin = "null",
	    .cors_origins = "https://a.example",
	    .refused = true },
	{ .name = "a site without an origin beside listed ones",
	    .site = "cross-site",
	    .cors_origins = "https://a.example",
	    .refused = true },

	{ .name = "the star and PATCH",
	    .method = "PATCH",
	    .type = JSON,
	    .origin = "https://evil.example",
	    .site = "cross-site",
	    .cors_origins = "*" },
	{ .name = "the star and DELETE",
	    .method = "DELETE",
	    .origin = "https://evil.example",
	    .cors_origins = "https://a.example, *" },
	{ .name = "the star and a POST of JSON",
	    .type = JSON "; charset=utf-8",
	    .origin = "null",
	    .cors_origins = "*" },
	{ .name = "the star and a bare POST",
	    .origin = "https://evil.example",
	    .cors_origins = "*",
	    .refused = true },
	{ .name = "the star and an empty type",
	    .type = "",
	    .origin = "https://evil.example",
	    .cors_origins = "*",
	    .refused = true },
	{ .name = "the star and a form",
	    .type = "application/x-www-form-urlencoded",
	    .site = "cross-site",
	    .cors_origins = "*",
	    .refused = true },
	{ .name = "the star and a text that names JSON",
	    .type = "text/plain; application/json",
	    .site = "cross-site",
	    .cors_origins = "*",
	    .refused = true },
	{ .name = "the star and two types",
	    .type = "application/json, text/plain",
	    .site = "cross-site",
	    .cors_origins = "*",
	    .refused = true },
	{ .name = "the star and a POST in small letters",
	    .method = "post",
	    .site = "cross-site",
	    .cors_origins = "*",
	    .refused = true },
	{ .name = "the star and a listed origin",
	    .origin = "https://a.example",
	    .site = "cross-site",
	    .cors_origins = "*, https://a.example" },
};

/* Returns the slice of a header; null for a header that the client did not
 * send. */
static struct str
header(int slot, const char *value)
{
	return value != NULL ? unit_guard(slot, str_of(value)) : str_of(NULL);
}

START_TEST(refuses_other_sites)
{
	const char *host = cases[_i].host, *method = cases[_i].method;
	const char *base_url = cases[_i].base_url;
	const char *cors_origins = cases[_i].cors_origins;
	struct request req = { .read = NULL };
	struct fault fault;
	struct config c;
	enum err e;

	config_default(&c);
	snprintf(c.base_url, sizeof(c.base_url), "%s",
	    base_url != NULL ? base_url : "");
	snprintf(c.cors_origins, sizeof(c.cors_origins), "%s",
	    cors_origins != NULL ? cors_origins : "");
	req.var[REQUEST_METHOD] = str_of(method != NULL ? method : "POST");
	req.var[REQUEST_HOST] = str_of(
	    host != NULL ? host : "graph.example.org");
	req.var[REQUEST_HTTPS] = str_of(cases[_i].https);
	req.var[REQUEST_ORIGIN] = header(0, cases[_i].origin);
	req.var[REQUEST_SEC_FETCH_SITE] = header(1, cases[_i].site);
	req.var[REQUEST_CONTENT_TYPE] = str_of(cases[_i].type);
	e = cross_site_check(&req, &c, &fault);
	unit_check(
	    cases[_i].name, e == (cases[_i].refused ? ERR_CROSS_SITE : ERR_OK));
}
END_TEST

/* A row is a POST of a form to a page of http://graph.example.org. */
static const struct {
	const char *name;
	const char *origin, *site;
	enum err e;
	const char *method, *cors_origins, *base_url;
} pages[] = {
	{ "a form of the page", "http://graph.example.org", "same-origin",
	    ERR_OK, NULL, NULL, NULL },
	{ "without Sec-Fetch-Site, as over plain http",
	    "http://graph.example.org", NULL, ERR_OK, NULL, NULL, NULL },
	{ "without Origin", NULL, "same-origin", ERR_OK, NULL, NULL, NULL },
	{ "typed by the user", NULL, "none", ERR_OK, NULL, NULL, NULL },
	{ "neither", NULL, NULL, ERR_SITE_UNKNOWN, NULL, NULL, NULL },
	{ "both empty", "", "", ERR_SITE_UNKNOWN, NULL, NULL, NULL },
	{ "neither, and another method", NULL, NULL, ERR_SITE_UNKNOWN, "PUT",
	    NULL, NULL },
	{ "neither, and no method", NULL, NULL, ERR_SITE_UNKNOWN, "", NULL,
	    NULL },
	{ "another site", "https://evil.example", "cross-site", ERR_CROSS_SITE,
	    NULL, NULL, NULL },
	{ "another site, without Origin", NULL, "cross-site", ERR_CROSS_SITE,
	    NULL, NULL, NULL },
	{ "another site, without Sec-Fetch-Site", "https://evil.example", NULL,
	    ERR_CROSS_SITE, NULL, NULL, NULL },
	{ "another port", "http://graph.example.org:8080", "same-site",
	    ERR_CROSS_SITE, NULL, NULL, NULL },
	{ "another port, without Sec-Fetch-Site",
	    "http://graph.example.org:8080", NULL, ERR_CROSS_SITE, NULL, NULL,
	    NULL },
	{ "a sibling host", "http://a.example.org", "same-site", ERR_CROSS_SITE,
	    NULL, NULL, NULL },
	{ "a sibling host, without Sec-Fetch-Site", "http://a.example.org",
	    NULL, ERR_CROSS_SITE, NULL, NULL, NULL },
	{ "a page without an origin", "null", NULL, ERR_CROSS_SITE, NULL, NULL,
	    NULL },
	{ "our origin, from another site", "http://graph.example.org",
	    "cross-site", ERR_CROSS_SITE, NULL, NULL, NULL },
	{ "another origin, from the same", "http://a.example.org",
	    "same-origin", ERR_CROSS_SITE, NULL, NULL, NULL },
	{ "a listed origin", "https://a.example", "cross-site", ERR_OK, NULL,
	    "https://a.example", NULL },
	{ "any origin, where the API takes all", "https://evil.example",
	    "cross-site", ERR_CROSS_SITE, NULL, "*", NULL },
	{ "neither, where the API takes all", NULL, NULL, ERR_SITE_UNKNOWN,
	    NULL, "*", NULL },
	{ "the origin of base_url, as a proxy has changed Host",
	    "https://mdm.example", NULL, ERR_OK, NULL, NULL,
	    "https://mdm.example/graph" },
	{ "http in place of https in base_url", "http://mdm.example", NULL,
	    ERR_CROSS_SITE, NULL, NULL, "https://mdm.example/graph" },
	{ "a link of another site", NULL, "cross-site", ERR_OK, "GET", NULL,
	    NULL },
	{ "a link of a mail", NULL, NULL, ERR_OK, "GET", NULL, NULL },
};

START_TEST(refuses_forms_of_other_sites)
{
	const char *method = pages[_i].method;
	struct request req = { .read = NULL };
	struct fault fault;
	struct config c;

	config_default(&c);
	if (pages[_i].cors_origins != NULL)
		strcpy(c.cors_origins, pages[_i].cors_origins);
	if (pages[_i].base_url != NULL)
		strcpy(c.base_url, pages[_i].base_url);
	req.var[REQUEST_METHOD] = str_of(method != NULL ? method : "POST");
	req.var[REQUEST_HOST] = str_of("graph.example.org");
	req.var[REQUEST_ORIGIN] = header(0, pages[_i].origin);
	req.var[REQUEST_SEC_FETCH_SITE] = header(1, pages[_i].site);
	req.var[REQUEST_CONTENT_TYPE] = str_of(
	    "application/x-www-form-urlencoded");
	unit_check(pages[_i].name,
	    cross_site_check_page(&req, &c, &fault) == pages[_i].e);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cross_site");
	TCase *t = tcase_create("cross_site");

	tcase_add_loop_test(
	    t, refuses_other_sites, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(t, refuses_forms_of_other_sites, 0,
	    sizeof(pages) / sizeof(pages[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
