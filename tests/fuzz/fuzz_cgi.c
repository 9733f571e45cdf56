/* SPDX-License-Identifier: ISC */
/*
 * fuzz_cgi.c - a complete request: lines NAME=VALUE, an empty line, a body. The
 * program always answers, and never with 5xx except 501 (a feature that is not
 * configured). Content of the type application/json is JSON, and the response
 * contains known header lines only.
 *
 * The token is "reader" or "writer".
 */
#include "fuzz.h"

#include <string.h>

#include "format/json.h"
#include "world.h"

#define LINES_MAX 64

static bool
is_ours(struct str line)
{
	static const char *const names[] = { "Status: ", "Content-Type: ",
		"OData-Version: ", "ETag: ", "Link: ", "Preference-Applied: ",
		"Allow: ", "WWW-Authenticate: ", "Retry-After: ",
		"request-id: ", "client-request-id: ", "Cache-Control: ",
		"Accept-Ranges: ", "X-Content-Type-Options: ",
		"Content-Length: " };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_starts(line, names[i]))
			return true;
	return false;
}

static void
check_answer(const struct response *resp)
{
	/* openapi.json is the longest content. */
	static const struct json_limits most = { .depth = 32,
		.tokens = 1 << 14 };
	struct str rest = resp->text, what;
	static char block[1 << 22];
	bool is_json = false;
	struct json json;
	struct arena a;

	fuzz_check(resp->status < 500 || resp->status == 501);
	fuzz_check(str_starts(rest, "Status: "));
	for (;;) {
		struct str line = str_cut(&rest, '\n');

		fuzz_check(str_ends(line, "\r"));
		line.n--;
		if (line.n == 0)
			break;
		fuzz_check(
		    is_ours(line) && memchr(line.p, '\r', line.n) == NULL);
		is_json |= str_starts(line, "Content-Type: application/json");
	}
	arena_init(&a, block, sizeof(block));
	if (is_json && rest.n > 0)
		fuzz_check(
		    json_parse_within(rest, &most, &a, &json, &what) == ERR_OK);
}

static void
make_world(void)
{
	static const struct guid tenant;

	world_make();
	world_token("reader", &tenant, AUTH_SERVICE_CONFIG_READ, 0);
	world_token("writer", &tenant, AUTH_SERVICE_CONFIG_WRITE, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request req = { .read = world_read_body };
	struct str text, body;
	struct response resp;
	char *copy, *line, *end;
	int i;

	if (world.app.store == NULL)
		make_world();
	if (size > 8192 || (copy = malloc(size + 1)) == NULL)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (i = 0, line = copy; i < LINES_MAX; i++, line = end + 1) {
		if ((end = strchr(line, '\n')) == NULL || end == line)
			break;
		*end = '\0';
		request_take(&req, line);
	}
	text = str_from(copy, size);
	body = str_tail(text, (size_t)(line - copy) + (*line == '\n'));
	req.from = &body;
	req.now.at = 1647952815;
	memset(req.random, 7, sizeof(req.random));
	routes_handle(&world.app, &world.worker, &req, &resp);
	check_answer(&resp);
	free(copy);
	return 0;
}
