/* SPDX-License-Identifier: ISC */
/*
 * escape.c - escapes of URLs, HTML, and JSON, C and shells.
 */
#include "format/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static void
put_utf8(uint32_t c, struct buf *out)
{
	if (c < 0x80) {
		buf_char(out, (char)c);
	} else if (c < 0x800) {
		buf_char(out, (char)(0xc0 | c >> 6));
		buf_char(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_char(out, (char)(0xe0 | c >> 12));
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_char(out, (char)(0x80 | (c & 0x3f)));
	}
}

size_t
escape_number(struct str s, unsigned base, size_t most, uint32_t *out)
{
	size_t i;
	int digit;

	*out = 0;
	for (i = 0; i < s.n && i < most; i++) {
		digit = str_hex_digit(s.p[i]);
		if (digit < 0 || (unsigned)digit >= base)
			break;
		*out = *out * base + (unsigned)digit;
	}
	return i;
}

/* Each reader gets the text from the first byte of an escape on. It appends the
 * character that the escape stands for and returns the length of the escape: 0
 * if s does not start with an escape. */

/* %41 (RFC 3986, section 2.1), and %u0041 of JavaScript's escape(). */
static size_t
percent(struct str s, struct buf *out)
{
	uint32_t c;

	if (str_starts(s, "%u") &&
	    escape_number(str_tail(s, 2), 16, 4, &c) == 4) {
		put_utf8(c, out);
		return 6;
	}
	if (escape_number(str_tail(s, 1), 16, 2, &c) != 2)
		return 0;
	buf_char(out, (char)c);
	return 3;
}

static const struct {
	struct str name;
	const char *text;
} entities[] = {
	{ STR("amp"), "&" },
	{ STR("lt"), "<" },
	{ STR("gt"), ">" },
	{ STR("quot"), "\"" },
	{ STR("apos"), "'" },
	{ STR("nbsp"), " " },
	{ STR("plus"), "+" },
	{ STR("sol"), "/" },
	{ STR("equals"), "=" },
	{ STR("NewLine"), "\n" },
	{ STR("Tab"), "\t" },
	{ STR("hyphen"), "-" },
	{ STR("dash"), "-" },
	{ STR("lowbar"), "_" },
	{ STR("colon"), ":" },
	{ STR("comma"), "," },
	{ STR("percnt"), "%" },
	{ STR("num"), "#" },
	{ STR("bsol"), "\\" },
};

static size_t
entity(struct str s, struct buf *out)
{
	bool hex = str_starts(s, "&#x") || str_starts(s, "&#X");
	struct str name = str_tail(s, 1);
	uint32_t c;
	size_t i, n;

	if (str_starts(s, "&#")) {
		i = hex ? 3 : 2;
		n = escape_number(str_tail(s, i), hex ? 16 : 10, 7, &c);
		if (n == 0)
			return 0;
		put_utf8(c, out);
		n += i;
		return n < s.n && s.p[n] == ';' ? n + 1 : n;
	}
	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		n = entities[i].name.n;
		if (!str_eq(str_head(name, n), entities[i].name) ||
		    name.n == n || name.p[n] != ';')
			continue;
		buf_text(out, entities[i].text);
		return n + 2;
	}
	return 0;
}

#define TAG_MAX 256

/* Whether c may start the name of a tag. */
static bool
is_name(char c)
{
	return c == '/' || (uint8_t)((c | 0x20) - 'a') < 26;
}

/* A tag, which becomes a line end. */
static size_t
tag(struct str s, struct buf *out)
{
	const char *end;
	size_t n;

	if (s.n < 3 || (s.p[1] != '!' && s.p[1] != '?' && !is_name(s.p[1])))
		return 0;
	if (str_starts(s, "<![CDATA["))
		return sizeof("<![CDATA[") - 1;
	end = memchr(s.p, '>', s.n < TAG_MAX ? s.n : TAG_MAX);
	if (end == NULL)
		return 0;
	n = (size_t)(end - s.p) + 1;
	if (n == s.n || s.p[n] != '\n')
		buf_char(out, '\n');
	return n;
}

/* Escapes of JSON, C and shells. */
static size_t
backslash(struct str s, struct buf *out)
{
	static const char letters[] = "nrtfvb0/\\\"'";
	static const char meant[] = "\n\r\t\f\v\b\0/\\\"'";
	char c = s.n > 1 ? s.p[1] : 'z';
	struct str digits = str_tail(s, 2);
	const char *letter;
	uint32_t code;
	size_t n;

	if (c == 'u' || c == 'x') {
		bool braces = str_starts(digits, "{");

		digits = str_tail(digits, braces);
		n = escape_number(digits, 16, c == 'u' ? 4 : 2, &code);
		if (n < 2)
			return 0;
		if (c == 'u')
			put_utf8(code, out);
		else
			buf_char(out, (char)code);
		return n + 2 + 2 * (size_t)braces;
	}
	if (escape_number(str_tail(s, 1), 8, 3, &code) == 3) {
		buf_char(out, (char)code);
		return 4;
	}
	if (c == '\n' || c == '\r')
		return 1;
	letter = memchr(letters, c, sizeof(letters) - 1);
	if (letter == NULL)
		return 0;
	buf_char(out, meant[letter - letters]);
	return 2;
}

static bool
holds_entity(struct str text, struct buf *out)
{
	const char *p;

	while (text.n > 0 && (p = memchr(text.p, '&', text.n)) != NULL) {
		text = str_tail(text, (size_t)(p - text.p));
		out->n = 0;
		if (entity(text, out) > 0)
			return true;
		text = str_tail(text, 1);
	}
	return false;
}

enum { PERCENT, HTML, BACKSLASH, ESCAPES };

static const struct escape {
	const char *first; /* bytes that start an escape */
	size_t (*read[2])(
	    struct str s, struct buf *out); /* a reader for each of them */
	const char *phrase;
} escapes[ESCAPES] = {
	[PERCENT] = { "%", { percent }, "it is percent-encoded" },
	[HTML] = { "&<", { entity, tag }, "it is HTML" },
	[BACKSLASH] = { "\\", { backslash },
	    "its line ends are written as \\n" },
};

/* Replaces the escapes of one kind and returns their number. */
static size_t
read_escapes(struct str text, const struct escape *kind, struct buf *out)
{
	const char *first;
	size_t step, n = 0;

	for (; text.n > 0; text = str_tail(text, step)) {
		first = text.p[0] == 0 ? NULL : strchr(kind->first, text.p[0]);
		step = first == NULL
		    ? 0
		    : kind->read[first - kind->first](text, out);
		n += step > 0;
		if (step > 0)
			continue;
		buf_char(out, text.p[0]);
		step = 1;
	}
	return n;
}

/* Replaces only the most frequent kind, because escapes of other kinds may be
 * inside it or in the text by chance. A text with entities is read as HTML
 * first: entities hide the other kinds and hardly occur by chance. */
size_t
escape_take_off(struct str text, struct buf *out, const char **phrase)
{
	size_t i, n, best = ESCAPES, most = 0;

	for (i = 0; i < ESCAPES; i++) {
		out->n = 0;
		n = read_escapes(text, &escapes[i], out);
		if (i == HTML && holds_entity(text, out))
			n = text.n;
		if (n > most) {
			most = n;
			best = i;
		}
	}
	if (best == ESCAPES)
		return 0;
	out->n = 0;
	read_escapes(text, &escapes[best], out);
	*phrase = escapes[best].phrase;
	return most;
}
