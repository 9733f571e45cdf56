/* SPDX-License-Identifier: ISC */
/*
 * fuzz_json.c - if json_parse accepts a text, then emit can write it, and the
 * written text is parsed to the same values. If json_parse refuses a text, it
 * points at a piece of it.
 */
#include "fuzz.h"

#include <string.h>

#include "format/emit.h"
#include "format/json.h"

#define TEXT_MAX 65536
/* Numbers are written as strings, which adds two quotation marks each. */
#define WRITTEN_MAX (3 * TEXT_MAX)

_Static_assert(
    EMIT_DEPTH_MAX >= JSON_DEPTH_MAX, "what was read can be written");

/* emit_name does not escape a name, so this function first writes it as a
 * string. */
static void
write_name(struct str name, struct emit *e, struct arena *a)
{
	size_t room = 6 * name.n + sizeof("[\"\"]");
	char *text = arena_take(a, room);
	struct emit inner;
	struct buf b;

	fuzz_check(text != NULL);
	buf_init(&b, text, room);
	emit_init(&inner, &b);
	emit_array(&inner);
	emit_str(&inner, name);
	emit_end(&inner);
	fuzz_check(!b.full);
	text[b.n - 2] = '\0';
	emit_name(e, text + 2);
}

static void
write_value(
    const struct json *doc, size_t value, struct emit *e, struct arena *a)
{
	struct json_member m;
	size_t at = 0, item;

	switch (json_type(doc, value)) {
	case JSON_OBJECT:
		emit_object(e);
		while (json_next(doc, value, &at, &m)) {
			write_name(m.name, e, a);
			write_value(doc, m.value, e, a);
		}
		emit_end(e);
		break;
	case JSON_ARRAY:
		emit_array(e);
		while (json_next_item(doc, value, &at, &item))
			write_value(doc, item, e, a);
		emit_end(e);
		break;
	case JSON_STRING:
	case JSON_NUMBER:
		emit_str(e, json_text(doc, value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		emit_bool(e, json_type(doc, value) == JSON_TRUE);
		break;
	case JSON_NULL:
		emit_null(e);
		break;
	}
}

static void
check_same(const struct json *a, size_t in_a, const struct json *b, size_t in_b)
{
	enum json_type type = json_type(a, in_a);
	struct json_member of_a, of_b;
	size_t at_a = 0, at_b = 0;

	if (type == JSON_NUMBER)
		type = JSON_STRING;
	fuzz_check(json_type(b, in_b) == type);
	if (type == JSON_OBJECT) {
		while (json_next(a, in_a, &at_a, &of_a)) {
			fuzz_check(json_next(b, in_b, &at_b, &of_b));
			fuzz_check(str_eq(of_a.name, of_b.name));
			check_same(a, of_a.value, b, of_b.value);
		}
		fuzz_check(!json_next(b, in_b, &at_b, &of_b));
	} else if (type == JSON_ARRAY) {
		while (json_next_item(a, in_a, &at_a, &of_a.value)) {
			fuzz_check(json_next_item(b, in_b, &at_b, &of_b.value));
			check_same(a, of_a.value, b, of_b.value);
		}
		fuzz_check(!json_next_item(b, in_b, &at_b, &of_b.value));
	} else {
		fuzz_check(str_utf8_valid(json_text(a, in_a)));
		fuzz_check(str_eq(json_text(a, in_a), json_text(b, in_b)));
	}
}

static void
check_refusal(enum err e, struct str text, struct str what)
{
	fuzz_check(e >= ERR_JSON_EMPTY && e <= ERR_JSON_TOKENS);
	fuzz_check(what.p >= text.p && what.n <= text.n &&
	    what.p + what.n <= text.p + text.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char blocks[2][JSON_ARENA_SIZE(WRITTEN_MAX)];
	static char names[6 * TEXT_MAX + 32 * JSON_TOKENS_MAX];
	static char written[WRITTEN_MAX];
	struct str text = str_from((const char *)data, size), what;
	struct arena first, second, scratch;
	struct json doc, again;
	struct buf out;
	struct emit em;
	enum err e;

	if (size > TEXT_MAX)
		return 0;
	arena_init(&first, blocks[0], JSON_ARENA_SIZE(size));
	if ((e = json_parse(text, &first, &doc, &what)) != ERR_OK) {
		check_refusal(e, text, what);
		return 0;
	}
	arena_init(&scratch, names, sizeof(names));
	buf_init(&out, written, sizeof(written));
	emit_init(&em, &out);
	write_value(&doc, 0, &em, &scratch);
	fuzz_check(emit_complete(&em) && !out.full);
	text = buf_view(&out);
	arena_init(&second, blocks[1], JSON_ARENA_SIZE(text.n));
	fuzz_check(json_parse(text, &second, &again, &what) == ERR_OK);
	check_same(&doc, 0, &again, 0);
	return 0;
}
