/* SPDX-License-Identifier: ISC */
/*
 * test_emit.c - the JSON that is written, why it cannot be malformed, and how
 * text is escaped.
 */
#include "format/emit.h"

#include <stdlib.h>

#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
empty_object(struct emit *e)
{
	emit_object(e);
	emit_end(e);
}

static void
empty_array(struct emit *e)
{
	emit_array(e);
	emit_end(e);
}

static void
every_type(struct emit *e)
{
	emit_object(e);
	emit_name(e, "string");
	emit_str(e, str_of("s"));
	emit_name(e, "text");
	emit_text(e, "t");
	emit_name(e, "empty");
	emit_text(e, "");
	emit_name(e, "absent");
	emit_str(e, str_of(NULL));
	emit_name(e, "no text");
	emit_text(e, NULL);
	emit_name(e, "null");
	emit_null(e);
	emit_name(e, "true");
	emit_bool(e, true);
	emit_name(e, "false");
	emit_bool(e, false);
	emit_end(e);
}

static void
numbers(struct emit *e)
{
	emit_array(e);
	emit_u64(e, 0);
	emit_u64(e, UINT64_MAX);
	emit_i64(e, 0);
	emit_i64(e, -1);
	emit_i64(e, INT64_MAX);
	emit_i64(e, INT64_MIN);
	emit_end(e);
}

static void
nested(struct emit *e)
{
	emit_array(e);
	emit_object(e);
	emit_name(e, "a");
	emit_array(e);
	empty_array(e);
	empty_object(e);
	emit_null(e);
	emit_end(e);
	emit_name(e, "b");
	empty_object(e);
	emit_end(e);
	emit_u64(e, 1);
	emit_end(e);
}

static void
names(struct emit *e)
{
	emit_object(e);
	emit_name2(e, "id", "@odata.type");
	emit_null(e);
	emit_name(e, "");
	emit_null(e);
	emit_end(e);
}

static void
bare_string(struct emit *e)
{
	emit_text(e, "root");
}

static void
deepest(struct emit *e)
{
	int i;

	for (i = 0; i < EMIT_DEPTH_MAX; i++)
		emit_array(e);
	for (i = 0; i < EMIT_DEPTH_MAX; i++)
		emit_end(e);
}

static const struct written_case {
	const char *name;
	void (*write)(struct emit *e);
	const char *want;
} written_cases[] = {
	{ "an empty object", empty_object, "{}" },
	{ "an empty array", empty_array, "[]" },
	{ "every type", every_type,
	    "{\"string\":\"s\",\"text\":\"t\",\"empty\":\"\","
	    "\"absent\":null,\"no text\":null,\"null\":null,"
	    "\"true\":true,\"false\":false}" },
	{ "numbers", numbers,
	    "[0,18446744073709551615,0,-1,9223372036854775807,"
	    "-9223372036854775808]" },
	{ "nested scopes", nested, "[{\"a\":[[],{},null],\"b\":{}},1]" },
	{ "names of two parts", names, "{\"id@odata.type\":null,\"\":null}" },
	{ "a root that is not a scope", bare_string, "\"root\"" },
	{ "the deepest nesting", deepest,
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" },
};

START_TEST(written)
{
	const struct written_case *c = &written_cases[_i];
	char room[256];
	struct buf out;
	struct emit e;

	buf_init(&out, room, sizeof(room));
	emit_init(&e, &out);
	unit_check(c->name, !emit_complete(&e));
	c->write(&e);
	unit_check(c->name, emit_complete(&e));
	unit_same(c->name, buf_view(&out), str_of(c->want));
}
END_TEST

/* If the buffer is too small for the text, it reports that it is full, and
 * nothing else goes wrong. */
START_TEST(too_little_room)
{
	const struct written_case *c = &written_cases[_i];
	size_t n = str_of(c->want).n, size;
	struct buf out;
	struct emit e;
	char *room;

	for (size = 0; size <= n; size++) {
		room = malloc(size + 1);
		buf_init(&out, room, size);
		emit_init(&e, &out);
		c->write(&e);
		unit_check(c->name, out.full == (size < n));
		unit_check(c->name, out.n <= size);
		unit_check(c->name, emit_complete(&e));
		free(room);
	}
}
END_TEST

START_TEST(is_complete_only_once_the_root_is_closed)
{
	char room[64];
	struct buf out;
	struct emit e;

	buf_init(&out, room, sizeof(room));
	emit_init(&e, &out);
	emit_object(&e);
	ck_assert(!emit_complete(&e));
	emit_name(&e, "a");
	ck_assert(!emit_complete(&e));
	empty_object(&e);
	ck_assert(!emit_complete(&e));
	emit_end(&e);
	ck_assert(emit_complete(&e));
}
END_TEST

static void
end_of_nothing(struct emit *e)
{
	emit_end(e);
}

static void
end_behind_the_root(struct emit *e)
{
	empty_object(e);
	emit_end(e);
}

static void
end_behind_a_name(struct emit *e)
{
	emit_object(e);
	emit_name(e, "a");
	emit_end(e);
}

static void
value_without_name(struct emit *e)
{
	emit_object(e);
	emit_null(e);
}

static void
second_value_of_a_name(struct emit *e)
{
	emit_object(e);
	emit_name(e, "a");
	emit_null(e);
	emit_null(e);
}

static void
name_behind_a_name(struct emit *e)
{
	emit_object(e);
	emit_name(e, "a");
	emit_name(e, "b");
}

static void
name_in_an_array(struct emit *e)
{
	emit_array(e);
	emit_name(e, "a");
}

static void
name_outside(struct emit *e)
{
	emit_name(e, "a");
}

static void
second_root(struct emit *e)
{
	empty_object(e);
	emit_object(e);
}

static void
too_deep(struct emit *e)
{
	int i;

	for (i = 0; i <= EMIT_DEPTH_MAX; i++)
		emit_array(e);
}

static void (*const misuses[])(struct emit *e) = {
	end_of_nothing,
	end_behind_the_root,
	end_behind_a_name,
	value_without_name,
	second_value_of_a_name,
	name_behind_a_name,
	name_in_an_array,
	name_outside,
	second_root,
	too_deep,
};

/* A misuse spoils the text; it does not end the process. */
START_TEST(misuse_makes_no_text)
{
	char room[256];
	struct buf out;
	struct emit e;

	buf_init(&out, room, sizeof(room));
	emit_init(&e, &out);
	misuses[_i](&e);
	ck_assert(out.full);
}
END_TEST

static const struct escape_case {
	const char *name;
	struct str text;
	struct str json;
	struct str html;
} escape_cases[] = {
	{ "nothing", STR(""), STR(""), STR("") },
	{ "null", { NULL, 0 }, STR(""), STR("") },
	{ "plain text", STR("plain text"), STR("plain text"),
	    STR("plain text") },
	{ "quotes", STR("a\"b'c"), STR("a\\\"b'c"), STR("a&quot;b&#39;c") },
	{ "a tag", STR("<a&b>"), STR("<a&b>"), STR("&lt;a&amp;b&gt;") },
	{ "an HTML reference is escaped like other text", STR("&lt;"),
	    STR("&lt;"), STR("&amp;lt;") },
	{ "a backslash", STR("\\n"), STR("\\\\n"), STR("\\n") },
	{ "a slash", STR("</"), STR("</"), STR("&lt;/") },
	{ "the short escapes", STR("\b\t\n\f\r"), STR("\\b\\t\\n\\f\\r"),
	    STR("\b\t\n\f\r") },
	{ "NUL to BEL", STR("\0\1\2\3\4\5\6\7"),
	    STR("\\u0000\\u0001\\u0002\\u0003"
		"\\u0004\\u0005\\u0006\\u0007"),
	    STR("\0\1\2\3\4\5\6\7") },
	{ "vertical tab to SI", STR("\x0b\x0e\x0f"),
	    STR("\\u000b\\u000e\\u000f"), STR("\x0b\x0e\x0f") },
	{ "DLE to ETB", STR("\x10\x11\x12\x13\x14\x15\x16\x17"),
	    STR("\\u0010\\u0011\\u0012\\u0013"
		"\\u0014\\u0015\\u0016\\u0017"),
	    STR("\x10\x11\x12\x13\x14\x15\x16\x17") },
	{ "CAN to US", STR("\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"),
	    STR("\\u0018\\u0019\\u001a\\u001b"
		"\\u001c\\u001d\\u001e\\u001f"),
	    STR("\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f") },
	{ "DEL", STR("\x7f"), STR("\x7f"), STR("\x7f") },
	{ "two, three and four bytes",
	    STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
	    STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
	    STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") },
	{ "the line separator of JavaScript", STR("\xe2\x80\xa8"),
	    STR("\xe2\x80\xa8"), STR("\xe2\x80\xa8") },
	{ "at both ends", STR("\"a\""), STR("\\\"a\\\""),
	    STR("&quot;a&quot;") },
	{ "one after the other", STR("\"\"\""), STR("\\\"\\\"\\\""),
	    STR("&quot;&quot;&quot;") },
};

START_TEST(escape)
{
	const struct escape_case *c = &escape_cases[_i];
	struct str text = c->text;
	char room[64];
	struct buf out;

	if (!str_is_null(text))
		text = unit_guard(0, text);
	buf_init(&out, room, sizeof(room));
	emit_escaped(&out, text);
	unit_same(c->name, buf_view(&out), c->json);
	buf_init(&out, room, sizeof(room));
	emit_html(&out, text);
	unit_same(c->name, buf_view(&out), c->html);
}
END_TEST

/* emit_escaped examines eight bytes at a time, so the result for a byte must
 * depend neither on its position nor on its neighbours. */
START_TEST(every_byte_at_every_place)
{
	char text[24], alone_room[8], room[160];
	struct buf alone, want, out;
	size_t at;

	/* The expected result comes from a text of this single byte. */
	text[0] = (char)_i;
	buf_init(&alone, alone_room, sizeof(alone_room));
	emit_escaped(&alone, str_from(text, 1));
	for (at = 0; at < sizeof(text); at++) {
		memset(text, at % 2 == 0 ? ' ' : 0xff, sizeof(text));
		buf_init(&want, room, sizeof(room));
		buf_put(&want, text, at);
		buf_str(&want, buf_view(&alone));
		buf_put(&want, text, sizeof(text) - at - 1);
		text[at] = (char)_i;
		buf_init(&out, room + 80, 80);
		emit_escaped(&out, unit_guard(0, str_from(text, sizeof(text))));
		unit_same("one byte", buf_view(&out), buf_view(&want));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("emit");
	TCase *tc = tcase_create("emit");

	tcase_add_loop_test(tc, written, 0, COUNT(written_cases));
	tcase_add_loop_test(tc, too_little_room, 0, COUNT(written_cases));
	tcase_add_test(tc, is_complete_only_once_the_root_is_closed);
	tcase_add_loop_test(tc, misuse_makes_no_text, 0, COUNT(misuses));
	tcase_add_loop_test(tc, escape, 0, COUNT(escape_cases));
	tcase_add_loop_test(tc, every_byte_at_every_place, 0, 256);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
