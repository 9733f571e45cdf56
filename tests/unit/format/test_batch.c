/* SPDX-License-Identifier: ISC */
/*
 * test_batch.c - which texts are batches, and what their URLs mean.
 */
#include "format/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
#define TEXT_MAX ((size_t)256 * 1024)

static struct batch batch;
static char block[BATCH_ARENA_SIZE(TEXT_MAX)];
static struct arena arena;

static enum err
read_text(struct str text, struct str *what)
{
	arena_init(&arena, block, sizeof(block));
	return batch_read(unit_guard(0, text), &arena, &batch, what);
}

#define GET "\"method\":\"GET\",\"url\":\"/x\""
#define ONE "{\"requests\":[{\"id\":\"1\"," GET "}]}"
#define BATCH(items) "{\"requests\":[" items "]}"
#define ITEM(id, more) "{\"id\":" id "," GET more "}"

static const struct {
	const char *name, *text;
	enum err e;
	const char *what;
} texts[] = {
	{ "one item", ONE, ERR_OK, NULL },
	{ "unknown members",
	    BATCH(ITEM("\"1\"",
		",\"depends_on\":[\"9\"],"
		"\"atomicityGroup\":\"g\"")),
	    ERR_OK, NULL },
	{ "more members of the batch",
	    "{\"a\":1,\"requests\":[" ITEM("1", "") "]}", ERR_OK, NULL },
	{ "members that are null",
	    BATCH(ITEM("\"1\"",
		",\"headers\":null,"
		"\"body\":null,\"dependsOn\":null,\"if\":null")),
	    ERR_OK, NULL },
	{ "a header that is null",
	    BATCH(ITEM("\"1\"", ",\"headers\":{\"a\":null}")), ERR_OK, NULL },
	{ "an empty URL", BATCH("{\"id\":\"1\",\"method\":\"\",\"url\":\"\"}"),
	    ERR_OK, NULL },
	{ "a byte order mark", "\xef\xbb\xbf" ONE, ERR_OK, NULL },
	{ "an id that is zero", BATCH(ITEM("0", "")), ERR_OK, NULL },
	{ "an empty list of dependencies",
	    BATCH(ITEM("1", ",\"dependsOn\":[]")), ERR_OK, NULL },
	{ "a dependency in another case",
	    BATCH(ITEM("\"Ab\"", "") "," ITEM(
		"2", ",\"dependsOn\":[\"aB\",\"Ab\"]")),
	    ERR_OK, NULL },

	{ "no requests", "{}", ERR_BATCH_FORMAT, NULL },
	{ "another spelling", "{\"Requests\":[]}", ERR_BATCH_FORMAT, NULL },
	{ "null", "{\"requests\":null}", ERR_BATCH_FORMAT, NULL },
	{ "an object", "{\"requests\":{}}", ERR_BATCH_FORMAT, NULL },
	{ "an empty list", BATCH(""), ERR_BATCH_FORMAT, NULL },
	{ "a list of lists", BATCH("[]"), ERR_BATCH_FORMAT, NULL },
	{ "a null item", BATCH("null"), ERR_BATCH_FORMAT, NULL },
	{ "the second item is wrong", BATCH(ITEM("1", "") ",{}"),
	    ERR_BATCH_FORMAT, NULL },
	{ "no id", BATCH("{" GET "}"), ERR_BATCH_FORMAT, NULL },
	{ "a null id", BATCH(ITEM("null", "")), ERR_BATCH_FORMAT, NULL },
	{ "an empty id", BATCH(ITEM("\"\"", "")), ERR_BATCH_FORMAT, NULL },
	{ "a negative id", BATCH(ITEM("-1", "")), ERR_BATCH_FORMAT, NULL },
	{ "an id with a fraction", BATCH(ITEM("1.0", "")), ERR_BATCH_FORMAT,
	    NULL },
	{ "an id with an exponent", BATCH(ITEM("1e1", "")), ERR_BATCH_FORMAT,
	    NULL },
	{ "an id that is true", BATCH(ITEM("true", "")), ERR_BATCH_FORMAT,
	    NULL },
	{ "no method", BATCH("{\"id\":\"1\",\"url\":\"\"}"), ERR_BATCH_FORMAT,
	    NULL },
	{ "a method that is a number",
	    BATCH("{\"id\":\"1\",\"url\":\"\",\"method\":1}"), ERR_BATCH_FORMAT,
	    NULL },
	{ "no URL", BATCH("{\"id\":\"1\",\"method\":\"GET\"}"),
	    ERR_BATCH_FORMAT, NULL },
	{ "headers that are a list", BATCH(ITEM("1", ",\"headers\":[\"a\"]")),
	    ERR_BATCH_FORMAT, NULL },
	{ "a header that is a list",
	    BATCH(ITEM("1", ",\"headers\":{\"a\":[\"b\"]}")), ERR_BATCH_FORMAT,
	    NULL },

	{ "ids that differ in case",
	    BATCH(
		ITEM("\"a\"", "") "," ITEM("\"b\"", "") "," ITEM("\"A\"", "")),
	    ERR_BATCH_ID, "A" },
	{ "a number and its digits", BATCH(ITEM("\"1\"", "") "," ITEM("1", "")),
	    ERR_BATCH_ID, "1" },
	{ "ids that differ in an escape",
	    BATCH(ITEM("\"a\"", "") "," ITEM("\"\\u0061\"", "")), ERR_BATCH_ID,
	    "a" },

	{ "a body of PATCH without headers",
	    BATCH("{\"id\":\"p\",\"method\":\"patch\",\"url\":\"\","
		  "\"body\":{}}"),
	    ERR_BATCH_CONTENT_TYPE, "p" },
	{ "a body of POST without the header",
	    BATCH("{\"id\":\"p\",\"method\":\"POST\",\"url\":\"\","
		  "\"headers\":{\"Accept\":\"a\"},\"body\":[]}"),
	    ERR_BATCH_CONTENT_TYPE, "p" },
	{ "a header that is null instead",
	    BATCH("{\"id\":\"p\",\"method\":\"PUT\",\"url\":\"\","
		  "\"headers\":{\"Content-Type\":null},\"body\":0}"),
	    ERR_BATCH_CONTENT_TYPE, "p" },
	{ "a null body",
	    BATCH("{\"id\":\"p\",\"method\":\"PATCH\","
		  "\"url\":\"\",\"body\":null}"),
	    ERR_OK, NULL },
	{ "a body of GET", BATCH(ITEM("1", ",\"body\":{}")), ERR_OK, NULL },
	{ "a body of DELETE",
	    BATCH("{\"id\":\"p\",\"method\":\"DELETE\","
		  "\"url\":\"\",\"body\":{}}"),
	    ERR_OK, NULL },
	{ "a header in small letters",
	    BATCH("{\"id\":\"p\",\"method\":\"POST\",\"url\":\"\","
		  "\"body\":{},\"headers\":{\"content-type\":\"\"}}"),
	    ERR_OK, NULL },

	{ "a dependency on itself",
	    BATCH(ITEM("\"d\"", ",\"dependsOn\":[\"d\"]")),
	    ERR_BATCH_DEPENDENCY, "d" },
	{ "a dependency on a later item",
	    BATCH(
		ITEM("\"d\"", ",\"dependsOn\":[\"e\"]") "," ITEM("\"e\"", "")),
	    ERR_BATCH_DEPENDENCY, "d" },
	{ "a dependency on none",
	    BATCH(ITEM("\"e\"", "") "," ITEM(
		"\"d\"", ",\"dependsOn\":[\"e\",\"f\"]")),
	    ERR_BATCH_DEPENDENCY, "d" },
	{ "a dependency that is a text",
	    BATCH(ITEM("\"e\"", "") "," ITEM("\"d\"", ",\"dependsOn\":\"e\"")),
	    ERR_BATCH_DEPENDENCY, "d" },
	{ "a dependency that is null",
	    BATCH(ITEM("\"e\"", "") "," ITEM("\"d\"", ",\"dependsOn\":[null]")),
	    ERR_BATCH_DEPENDENCY, "d" },

	{ "an empty text", "", ERR_JSON_EMPTY, "" },
	{ "a list", "[]", ERR_JSON_NOT_OBJECT, "[" },
	{ "text after it", ONE "x", ERR_JSON_TRAILING, "x" },
	{ "a name that occurs twice", BATCH(ITEM("1", ",\"url\":\"y\"")),
	    ERR_JSON_DUPLICATE, "url" },
	{ "a name that occurs twice in a body",
	    BATCH(ITEM("1", ",\"body\":{\"a\":1,\"a\":2}")), ERR_JSON_DUPLICATE,
	    "a" },
};

START_TEST(reads_a_text)
{
	struct str what = str_of(NULL);
	enum err e = read_text(str_of(texts[_i].text), &what);

	ck_assert_msg(e == texts[_i].e, "%s: outcome %d", texts[_i].name, e);
	if (texts[_i].what != NULL)
		unit_same(texts[_i].name, what, str_of(texts[_i].what));
}
END_TEST

START_TEST(reads_an_item)
{
	static const char text[] = BATCH(ITEM("7",
	    ",\"if\":\"x\",\"headers\":{\"Accept\":\"a\","
	    "\"Prefer\":\"b\"},\"body\":1") ","
					    "{\"id\":\"b\",\"method\":\"pAtCh\",\"url\":\"u\\u0020v\","
					    "\"headers\":{\"content-type\":\"t\"},\"body\":{\"c\": [1]},"
					    "\"dependsOn\":[7]},"
					    "{\"id\":\"c\",\"method\":\"brew\",\"url\":\"\","
					    "\"dependsOn\":[7,\"B\"]}");
	const struct batch_item *item = batch.item;
	struct json_member m;
	struct str what;
	size_t at = 0;

	ck_assert(read_text(str_of(text), &what) == ERR_OK);
	ck_assert_uint_eq(batch.n, 3);
	unit_same("id", item[0].id, str_of("7"));
	unit_same("method", item[0].method, str_of("GET"));
	ck_assert(item[0].conditional && str_is_null(item[0].body));
	ck_assert(batch_header(&batch, &item[0], &at, &m));
	unit_same("first header", m.name, str_of("Accept"));
	ck_assert(batch_header(&batch, &item[0], &at, &m));
	unit_same(
	    "second header", json_text(&batch.json, m.value), str_of("b"));
	ck_assert(!batch_header(&batch, &item[0], &at, &m));
	unit_same("method", item[1].method, str_of("PATCH"));
	unit_same("URL", item[1].url, str_of("u v"));
	unit_same("body", item[1].body, str_of("{\"c\": [1]}"));
	ck_assert_uint_eq(item[1].needs, 1);
	unit_same("method", item[2].method, str_of("brew"));
	ck_assert_uint_eq(item[2].needs, 3);
	ck_assert(!item[2].conditional && str_is_null(item[2].body));
}
END_TEST

/* A batch of n items, of which the last has an id of m bytes. */
static struct str
many(int n, int m)
{
	static char text[TEXT_MAX];
	struct buf b;
	int i;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, "{\"requests\":[");
	for (i = 1; i <= n; i++)
		buf_printf(&b, "%s{\"id\":\"%0*d\"," GET "}", i > 1 ? "," : "",
		    i < n ? 1 : m, i);
	buf_text(&b, "]}");
	return buf_view(&b);
}

START_TEST(limits_the_items_and_the_id)
{
	struct str what;

	ck_assert_int_eq(read_text(many(20, 128), &what), ERR_OK);
	ck_assert_int_eq(read_text(many(21, 1), &what), ERR_BATCH_ITEMS);
	ck_assert_int_eq(read_text(many(1000, 1), &what), ERR_BATCH_ITEMS);
	ck_assert_int_eq(read_text(many(20, 129), &what), ERR_BATCH_FORMAT);
	ck_assert_int_eq(read_text(many(21, 129), &what), ERR_BATCH_FORMAT);
}
END_TEST

/* The body of an item that is a list of depth n. */
static enum err
read_deep(int n)
{
	char text[512];
	struct str what;
	struct buf b;
	int i;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, "{\"requests\":[{\"id\":1," GET ",\"body\":");
	for (i = 0; i < n; i++)
		buf_char(&b, '[');
	for (i = 0; i < n; i++)
		buf_char(&b, ']');
	buf_text(&b, "}]}");
	return read_text(buf_view(&b), &what);
}

START_TEST(counts_the_depth_from_the_body)
{
	ck_assert_int_eq(read_deep(JSON_DEPTH_MAX), ERR_OK);
	ck_assert_int_eq(read_deep(JSON_DEPTH_MAX + 1), ERR_JSON_DEPTH);
}
END_TEST

static enum err
read_wide(size_t n)
{
	static char text[TEXT_MAX];
	struct str what;
	struct buf b;
	size_t i;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, "{\"requests\":[{\"id\":1," GET ",\"body\":[");
	for (i = 0; i < n; i++)
		buf_text(&b, i > 0 ? ",1" : "1");
	buf_text(&b, "]}]}");
	return read_text(buf_view(&b), &what);
}

START_TEST(limits_the_tokens)
{
	/* The batch, its list and its item have 11 tokens, the body one. */
	ck_assert_int_eq(read_wide(BATCH_TOKENS_MAX - 12), ERR_OK);
	ck_assert_int_eq(read_wide(BATCH_TOKENS_MAX - 11), ERR_JSON_TOKENS);
}
END_TEST

static const struct {
	const char *url, *path, *query;
} urls[] = {
	{ "a/b", "a/b", NULL },
	{ "/a/b?c=d", "/a/b", "c=d" },
	{ "", "", NULL },
	{ "?", "", "" },
	{ "#x", "", NULL },
	{ "/a?b#c?d", "/a", "b" },
	{ "/a#b?c", "/a", NULL },
	{ "https://host/v1.0/a?b", "v1.0/a", "b" },
	{ "HTTP://host:8/v1.0", "v1.0", NULL },
	{ "https://host", "", NULL },
	{ "https://host?a", "", "a" },
	{ "https:///a", "a", NULL },
	{ "://a/b", "://a/b", NULL },
	{ "/a://b/c", "/a://b/c", NULL },
	{ "a:b", "a:b", NULL },
	{ "/%24batch?%24select=id%2C1", "/$batch", "%24select=id%2C1" },
	{ "/%2541%41", "/%41A", NULL },
	{ "/50%/%4/%zz/%", "/50%/%4/%zz/%", NULL },
	{ "/%00a", "/%00a", NULL },
	{ "/%e4", "/\xe4", NULL },
	{ "/?a=50%&b=%4&c=%zz&d=%25&e=%", "/",
	    "a=50%25&b=%254&c=%25zz&d=%25&e=%25" },
	{ "/a b?c d+e", "/a b", "c d+e" },
	{ "/%3F?%23", "/?", "%23" },
};

START_TEST(reads_a_url)
{
	struct batch_url url;

	arena_init(&arena, block, sizeof(block));
	ck_assert(batch_url(unit_guard(0, str_of(urls[_i].url)), &arena,
		      &url) == ERR_OK);
	unit_same(urls[_i].url, url.path, str_of(urls[_i].path));
	unit_same(urls[_i].url, url.query, str_of(urls[_i].query));
}
END_TEST

START_TEST(reports_the_lack_of_memory)
{
	struct batch_url url;
	struct str what;
	char little[8];

	arena_init(&arena, little, sizeof(little));
	ck_assert(
	    batch_url(str_of("/%41bcdefghij"), &arena, &url) == ERR_MEMORY);
	ck_assert(
	    batch_url(str_of("/?%bcdefghij"), &arena, &url) == ERR_MEMORY);
	ck_assert(batch_read(str_of(ONE), &arena, &batch, &what) == ERR_MEMORY);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("batch");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, reads_a_text, 0, ROWS(texts));
	tcase_add_test(all, reads_an_item);
	tcase_add_test(all, limits_the_items_and_the_id);
	tcase_add_test(all, counts_the_depth_from_the_body);
	tcase_add_test(all, limits_the_tokens);
	tcase_add_loop_test(all, reads_a_url, 0, ROWS(urls));
	tcase_add_test(all, reports_the_lack_of_memory);
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
