/* SPDX-License-Identifier: ISC */
/*
 * json.c - three passes over one text: the strict check, jsmn, and the
 * conversion of jsmn's tokens.
 *
 * jsmn accepts many texts that are not JSON, so it gets only a text that has
 * passed the check.
 */
#include "format/json.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#include "format/json_check.h"

/* The character for each letter after a backslash, except \u. */
static const char escapes[UCHAR_MAX + 1] = {
	['"'] = '"',
	['\\'] = '\\',
	['/'] = '/',
	['b'] = '\b',
	['f'] = '\f',
	['n'] = '\n',
	['r'] = '\r',
	['t'] = '\t',
};

struct json_token {
	struct str text;
	/* Index of the first token after this one and its contents. */
	uint32_t end;
	enum json_type type;
};

/* The state of the third pass. */
struct build {
	struct str text;
	jsmntok_t *from;
	struct json_token *to;
	size_t count;
	uint32_t *names; /* tokens of names, and space to sort them */
	size_t name_count;
	struct buf strings;
};

_Static_assert(
    sizeof(struct json_token) + sizeof(jsmntok_t) + sizeof(uint32_t) < 64,
    "JSON_ARENA_SIZE has 64 bytes for a token");

/* The code unit of \uXXXX at p, which the check has accepted. */
static uint32_t
unit_at(const char *p)
{
	uint8_t byte[2] = { 0, 0 };

	(void)str_unhex(str_from(p + 2, 4), byte, sizeof(byte));
	return (uint32_t)byte[0] << 8 | byte[1];
}

static void
put_utf8(struct buf *out, uint32_t code)
{
	static const struct {
		uint32_t below;
		uint8_t lead;
	} lengths[] = {
		{ 0x80, 0x00 },
		{ 0x800, 0xc0 },
		{ 0x10000, 0xe0 },
		{ 0x110000, 0xf0 },
	};
	unsigned more = 0;

	while (code >= lengths[more].below)
		more++;
	buf_char(out, (char)(lengths[more].lead | code >> 6 * more));
	while (more-- > 0)
		buf_char(out, (char)(0x80 | (code >> 6 * more & 0x3f)));
}

/* Writes the character of the escape at p, which the check has accepted.
 * Returns the end of the escape. */
static const char *
put_escape(struct buf *out, const char *p)
{
	uint32_t code;

	if (p[1] != 'u') {
		buf_char(out, escapes[(unsigned char)p[1]]);
		return p + 2;
	}
	code = unit_at(p);
	p += 6;
	if (code >= 0xd800 && code <= 0xdbff) {
		code = 0x10000 + ((code - 0xd800) << 10) + unit_at(p) - 0xdc00;
		p += 6;
	}
	put_utf8(out, code);
	return p;
}

/* The text of a string: a slice of the input if it has no escapes. */
static struct str
resolve(struct build *b, struct str raw)
{
	const char *p = raw.p, *end = raw.p + raw.n, *escape;
	size_t before = b->strings.n;

	if (memchr(p, '\\', raw.n) == NULL)
		return raw;
	while ((escape = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		buf_put(&b->strings, p, (size_t)(escape - p));
		p = put_escape(&b->strings, escape);
	}
	buf_put(&b->strings, p, (size_t)(end - p));
	return str_tail(buf_view(&b->strings), before);
}

static enum json_type
type_of(const jsmntok_t *t, char first)
{
	if (t->type == JSMN_STRING)
		return JSON_STRING;
	switch (first) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

static struct str
raw_text(const struct build *b, size_t i)
{
	return str_from(b->text.p + b->from[i].start,
	    (size_t)(b->from[i].end - b->from[i].start));
}

static enum err
convert(struct build *b)
{
	uint32_t i;

	for (i = 0; i < b->count; i++) {
		struct json_token *t = &b->to[i];
		int parent = b->from[i].parent;

		t->text = raw_text(b, i);
		t->type = type_of(&b->from[i], *t->text.p);
		t->end = i + 1;
		if (t->type == JSON_STRING)
			t->text = resolve(b, t->text);
		if (parent >= 0 && b->to[parent].type == JSON_OBJECT)
			b->names[b->name_count++] = i;
	}
	return b->strings.full ? ERR_MEMORY : ERR_OK;
}

/* Walks backwards, so that the end of a token is final before its parent takes
 * it over. */
static void
set_ends(struct build *b)
{
	size_t i;

	for (i = b->count; --i > 0;) {
		struct json_token *parent = &b->to[b->from[i].parent];

		if (parent->end < b->to[i].end)
			parent->end = b->to[i].end;
	}
}

static size_t
at_most(size_t n, size_t most)
{
	return n < most ? n : most;
}

/* Orders names by object, then length, then bytes. Returns 0 if an object has
 * the same name twice. */
static int
compare_names(const struct build *b, uint32_t i, uint32_t j)
{
	struct str x = b->to[i].text, y = b->to[j].text;

	if (b->from[i].parent != b->from[j].parent)
		return b->from[i].parent < b->from[j].parent ? -1 : 1;
	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return memcmp(x.p, y.p, x.n);
}

/* Merges neighbouring sorted runs of this length in pairs. */
static void
merge_runs(
    const struct build *b, const uint32_t *from, uint32_t *to, size_t length)
{
	size_t start, i, j, k;

	for (start = 0; start < b->name_count; start += 2 * length) {
		size_t middle = at_most(start + length, b->name_count);
		size_t end = at_most(middle + length, b->name_count);

		i = start;
		j = middle;
		for (k = start; k < end; k++)
			if (j == end ||
			    (i < middle &&
				compare_names(b, from[i], from[j]) <= 0))
				to[k] = from[i++];
			else
				to[k] = from[j++];
	}
}

/*
 * Finds a duplicate name by sorting all names and comparing neighbours. A hash
 * set would be as fast on normal input, but a hostile body could make it many
 * times slower. The time of sorting depends only on the number and length of
 * the names.
 */
static enum err
check_names(struct build *b, struct str *what)
{
	uint32_t *sorted = b->names, *other = sorted + b->name_count;
	uint32_t *former, twice = UINT32_MAX;
	size_t i, length;

	for (length = 1; length < b->name_count; length *= 2) {
		merge_runs(b, sorted, other, length);
		former = sorted;
		sorted = other;
		other = former;
	}
	for (i = 1; i < b->name_count; i++)
		if (compare_names(b, sorted[i - 1], sorted[i]) == 0 &&
		    sorted[i] < twice)
			twice = sorted[i];
	if (twice == UINT32_MAX)
		return ERR_OK;
	*what = raw_text(b, twice);
	return ERR_JSON_DUPLICATE;
}

static enum err
build_open(struct build *b, struct arena *a)
{
	b->to = arena_take(a, b->count * sizeof(b->to[0]));
	b->from = arena_take(a, b->count * sizeof(b->from[0]));
	/* At most half of the tokens are names, so this has space for two lists
	 * of them. */
	b->names = arena_take(a, b->count * sizeof(b->names[0]));
	if (b->to == NULL || b->from == NULL || b->names == NULL)
		return ERR_MEMORY;
	buf_open(&b->strings, a);
	return ERR_OK;
}

/* Windows PowerShell and Notepad write a byte order mark before UTF-8. */
static struct str
without_mark(struct str text)
{
	return str_tail(text, str_starts(text, "\xef\xbb\xbf") ? 3 : 0);
}

/* Recognises UTF-16 and UTF-32 by the byte order mark, or by the NUL in the
 * first character, which is ASCII in every JSON text whose root is an
 * object. */
static bool
is_wide(struct str text)
{
	return str_starts(text, "\xff\xfe") || str_starts(text, "\xfe\xff") ||
	    (text.n >= 2 && memchr(text.p, '\0', 2) != NULL);
}

enum err
json_parse_within(struct str text, const struct json_limits *most,
    struct arena *a, struct json *out, struct str *what)
{
	struct build b = { .text = without_mark(text) };
	jsmn_parser parser;
	enum err e;

	text = b.text;
	*what = str_head(text, 0);
	if (is_wide(text))
		return ERR_JSON_UTF16;
	/* jsmn counts bytes in an int. */
	if (text.n > INT_MAX)
		return ERR_MEMORY;
	if ((e = json_check(text, most, &b.count, what)) != ERR_OK)
		return e;
	if ((e = build_open(&b, a)) != ERR_OK)
		return e;
	jsmn_init(&parser);
	if (jsmn_parse(&parser, text.p, text.n, b.from, (unsigned)b.count) !=
	    (int)b.count)
		return ERR_INTERNAL;
	if ((e = convert(&b)) != ERR_OK)
		return e;
	e = check_names(&b, what);
	set_ends(&b);
	(void)buf_close(&b.strings, a);
	*out = (struct json){ .token = b.to, .count = b.count };
	return e;
}

enum err
json_parse(struct str text, struct arena *a, struct json *out, struct str *what)
{
	static const struct json_limits usual = { JSON_DEPTH_MAX,
		JSON_TOKENS_MAX };

	return json_parse_within(text, &usual, a, out, what);
}

enum json_type
json_type(const struct json *doc, size_t value)
{
	return doc->token[value].type;
}

struct str
json_text(const struct json *doc, size_t value)
{
	return doc->token[value].text;
}

/* Moves to the next child of a scope. jsmn makes a value the child of its name,
 * so the end of a name is the end of its value. */
static bool
next_child(const struct json *doc, size_t scope, size_t *at, size_t *child)
{
	*child = *at == 0 ? scope + 1 : *at;
	if (*child >= doc->token[scope].end)
		return false;
	*at = doc->token[*child].end;
	return true;
}

bool
json_next(
    const struct json *doc, size_t object, size_t *at, struct json_member *out)
{
	size_t name;

	if (json_type(doc, object) != JSON_OBJECT ||
	    !next_child(doc, object, at, &name))
		return false;
	out->name = json_text(doc, name);
	out->value = name + 1;
	return true;
}

bool
json_next_item(const struct json *doc, size_t array, size_t *at, size_t *value)
{
	return json_type(doc, array) == JSON_ARRAY &&
	    next_child(doc, array, at, value);
}

bool
json_find(const struct json *doc, size_t object, struct str name, size_t *value)
{
	struct json_member m;
	size_t at = 0;

	while (json_next(doc, object, &at, &m)) {
		if (str_eq(m.name, name)) {
			*value = m.value;
			return true;
		}
	}
	return false;
}
