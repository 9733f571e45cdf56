/* SPDX-License-Identifier: ISC */
/*
 * fuzz_batch.c - the input is the body of a batch. The response must be strict
 * JSON. If the batch was run, there is one response for each item, in their
 * order, and each has a body exactly if it has a Content-Type (HEAD has none).
 * An item whose dependency failed has 424, and no other item has it.
 */
#include "world.h"

#include "format/batch.h"
#include "format/json.h"

#define BLOCK ((size_t)4 << 20)

static const struct json_limits limits = { JSON_SCOPES_MAX, 65536 };

static const struct guid tenant = { .byte = { 0xba } };

static void
check_urls(const struct batch *b, struct arena *a)
{
	struct batch_url url;
	size_t i, k;

	for (i = 0; i < b->n; i++) {
		struct str all = b->item[i].url, q;

		fuzz_check(batch_url(all, a, &url) == ERR_OK);
		fuzz_check(url.path.n <= all.n && url.query.n <= 3 * all.n);
		fuzz_check(url.query.n == 0 ||
		    memchr(url.query.p, '#', url.query.n) == NULL);
		q = url.query;
		for (k = 0; k < q.n; k++)
			fuzz_check(q.p[k] != '%' ||
			    (k + 2 < q.n && str_hex_digit(q.p[k + 1]) >= 0 &&
				str_hex_digit(q.p[k + 2]) >= 0));
	}
}

/* The first member of an object of the response. */
static size_t
member(const struct json *doc, size_t object, const char *name)
{
	size_t value = 0;

	fuzz_check(json_find(doc, object, str_of(name), &value));
	return value;
}

static uint64_t
check_entry(const struct json *doc, size_t entry, const struct batch_item *item)
{
	size_t headers = member(doc, entry, "headers"), unused;
	bool body = json_find(doc, entry, str_of("body"), &unused);
	bool type = json_find(doc, headers, str_of("Content-Type"), &unused);
	uint64_t status;

	fuzz_check(str_eq(json_text(doc, member(doc, entry, "id")), item->id));
	fuzz_check(
	    str_u64(json_text(doc, member(doc, entry, "status")), &status));
	fuzz_check(status >= 200 && status <= 599);
	fuzz_check(json_find(doc, headers, str_of("Cache-Control"), &unused));
	fuzz_check(type == (status != 204 && status != 304));
	fuzz_check(body == (type && !str_is(item->method, "HEAD")));
	return status;
}

static void
check_responses(const struct json *doc, const struct batch *b)
{
	size_t list = member(doc, 0, "responses"), at = 0, entry, i;
	uint32_t failed = 0;

	for (i = 0; json_next_item(doc, list, &at, &entry); i++) {
		const struct batch_item *item = &b->item[i];
		bool out = item->conditional || (item->needs & failed) != 0;
		uint64_t status;

		fuzz_check(i < b->n);
		status = check_entry(doc, entry, item);
		fuzz_check(out == (status == 424));
		if (status / 100 != 2)
			failed |= UINT32_C(1) << i;
	}
	fuzz_check(i == b->n);
}

static struct str
ask(struct str *body, struct response *resp)
{
	struct request req = { .read = world_read_body, .from = body };
	struct str text;
	char length[40];

	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", body->n);
	request_take(&req, "REQUEST_METHOD=POST");
	request_take(&req, "PATH_INFO=/v1.0/$batch");
	request_take(&req, "HTTP_HOST=fuzz.example");
	request_take(&req, "CONTENT_TYPE=application/json");
	request_take(&req, "HTTP_AUTHORIZATION=Bearer right");
	request_take(&req, length);
	req.now.at = 1700000000;
	routes_handle(&world.app, &world.worker, &req, resp);
	text = resp->text;
	while (!str_starts(text, "\r\n\r\n")) {
		fuzz_check(text.n > 0);
		text = str_tail(text, 1);
	}
	return str_tail(text, 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char block[BLOCK], more[BLOCK];
	static struct batch batch;
	struct str body = str_from((const char *)data, size), text, what;
	struct response resp;
	struct arena a, b;
	struct json doc;
	enum err e;

	if (size > 8192)
		return 0;
	if (world.app.store == NULL) {
		world_make();
		log_open(false, LOG_AT_ERROR);
		world_token("right", &tenant, AUTH_ALL, INT64_MAX);
	}
	arena_init(&a, block, sizeof(block));
	arena_init(&b, more, sizeof(more));
	e = batch_read(body, &a, &batch, &what);
	text = ask(&body, &resp);
	fuzz_check(json_parse_within(text, &limits, &b, &doc, &what) == ERR_OK);
	fuzz_check((resp.status == 200) == (e == ERR_OK));
	fuzz_check(resp.outcome == e);
	if (e != ERR_OK)
		return 0;
	check_urls(&batch, &a);
	check_responses(&doc, &batch);
	return 0;
}
