/* SPDX-License-Identifier: ISC */
/*
 * fuzz_page.c - the input is a form that is checked, or the query of a page.
 * The first byte chooses the page, the language and the type of the form. The
 * response must be a page whose tags are balanced: nothing from the input has
 * become markup. Nothing is stored.
 */
#include "world.h"

#include "page/pages.h"

#define DEPTH 32

static const struct guid tenant = { .byte = { 0xba } };

static const struct {
	const char *method, *path, *type;
} asks[] = {
	{ "POST", "/ui/check", "application/x-www-form-urlencoded" },
	{ "POST", "/ui/check", "multipart/form-data; boundary=b" },
	{ "GET", "/ui/event", NULL },
	{ "GET", "/ui/history", NULL },
	{ "GET", "/ui/", NULL },
	{ "GET", "/ui/renew", NULL },
	{ "GET", "/ui/tenants", NULL },
	{ "POST", "/ui/login", "multipart/form-data; boundary=b" },
};

/* --- the requests --------------------------------------------------------- */

static void
take(struct request *req, const char *name, struct str value)
{
	static char text[16][8192];
	static unsigned next;
	char *to = text[next++ % 16];

	snprintf(to, sizeof(text[0]), "%s=%.*s", name, STR_ARG(value));
	request_take(req, to);
}

static struct str
ask(struct request *req, struct str *body, struct response *resp)
{
	char length[24];
	struct str text;

	snprintf(length, sizeof(length), "%zu", body->n);
	req->read = world_read_body;
	req->from = body;
	req->now.at = 1700000000;
	take(req, "CONTENT_LENGTH", str_of(length));
	take(req, "HTTP_HOST", str_of("fuzz.example"));
	take(req, "HTTP_ORIGIN", str_of("http://fuzz.example"));
	take(req, "HTTP_AUTHORIZATION", str_of("Bearer right"));
	routes_handle(&world.app, &world.worker, req, resp);
	text = resp->text;
	while (!str_starts(text, "\r\n\r\n")) {
		fuzz_check(text.n > 0);
		text = str_tail(text, 1);
	}
	return str_tail(text, 4);
}

/* Makes a record of odd texts, and an event with a state before it. */
static void
put_record(const char *json)
{
	struct request req = { .lines = 0 };
	struct str body = str_of(json);
	struct response resp;

	take(&req, "REQUEST_METHOD", str_of("PATCH"));
	take(&req, "PATH_INFO",
	    str_of("/v1.0/deviceManagement/"
		   "applePushNotificationCertificate"));
	take(&req, "CONTENT_TYPE", str_of("application/json"));
	(void)ask(&req, &body, &resp);
	fuzz_check(resp.status == 200);
}

static void
make(void)
{
	world_make();
	world.secrets.can_seal = true;
	world.app.pages = pages_routes(&world.config);
	world_token(
	    "right", &tenant, UINT32_MAX & ~AUTH_ALL_TENANTS, INT64_MAX);
	put_record("{\"appleIdentifier\":\"<b>\\\"'&amp;\\u0001\\u007f\"}");
	put_record("{\"appleIdentifier\":\"</main>\",\"topicIdentifier\":"
		   "\"<script>\",\"expirationDateTime\":"
		   "\"2027-01-01T00:00:00+14:00\"}");
}

/* --- the pages ------------------------------------------------------------ */

static bool
is_void(struct str name)
{
	static const char *const names[] = { "meta", "link", "input", "br" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

/* The bytes of a tag that begins with its name, to its end. Values of
 * attributes are in quotation marks. */
static struct str
cut_tag(struct str *text)
{
	struct str tag = *text;
	bool quoted = false;

	for (tag.n = 0; tag.n < text->n; tag.n++) {
		char c = text->p[tag.n];

		fuzz_check(c != '<' && (c != '\'' || quoted));
		if (c == '"')
			quoted = !quoted;
		if (c == '>' && !quoted)
			break;
	}
	fuzz_check(tag.n < text->n);
	*text = str_tail(*text, tag.n + 1);
	return tag;
}

static struct str
name_of(struct str tag)
{
	return str_cut(&tag, ' ');
}

/* Checks that each element ends where the innermost one is its own. */
static void
check_balance(struct str text)
{
	struct str open[DEPTH], tag;
	size_t depth = 0;

	while (!str_is_null(text)) {
		(void)str_cut(&text, '<');
		if (str_is_null(text))
			break;
		tag = cut_tag(&text);
		if (tag.p[0] == '/') {
			fuzz_check(depth > 0);
			fuzz_check(str_eq(str_tail(tag, 1), open[--depth]));
		} else if (tag.p[0] != '!' && !is_void(name_of(tag))) {
			fuzz_check(depth < DEPTH);
			open[depth++] = name_of(tag);
		}
	}
	fuzz_check(depth == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request req = { .lines = 0 };
	struct str input, body = STR_EMPTY, text;
	struct response resp;
	unsigned n;

	if (size == 0 || size > 4096)
		return 0;
	if (world.app.store == NULL)
		make();
	n = data[0] % (sizeof(asks) / sizeof(asks[0]));
	input = str_from((const char *)data + 1, size - 1);
	take(&req, "REQUEST_METHOD", str_of(asks[n].method));
	take(&req, "PATH_INFO", str_of(asks[n].path));
	if (data[0] & 0x80)
		take(&req, "HTTP_ACCEPT_LANGUAGE", str_of("de"));
	if (asks[n].type != NULL) {
		take(&req, "CONTENT_TYPE", str_of(asks[n].type));
		body = input;
	} else {
		take(&req, "QUERY_STRING",
		    str_head(input, strnlen(input.p, input.n)));
	}
	text = ask(&req, &body, &resp);
	fuzz_check(resp.status < 500 || resp.outcome == ERR_MEMORY);
	fuzz_check(text.n == 0 || str_starts(text, "<!DOCTYPE html>\n<html"));
	check_balance(text);
	return 0;
}
