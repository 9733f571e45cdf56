/* SPDX-License-Identifier: ISC */
/*
 * wrap.c - the wrappings in which a text may arrive. They are written
 * independently of src/format/wrapping.c: each produces what a real program
 * produces.
 */
#include "wrap.h"

#include <stdint.h>
#include <string.h>

static void
base64(struct str s, bool url, size_t line, struct buf *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	uint32_t bits = 0;
	size_t i, n, k = 0;

	for (i = 0; i < s.n; i += 3) {
		bits = 0;
		for (n = 0; n < 3; n++)
			bits = bits << 8 |
			    (i + n < s.n ? (uint8_t)s.p[i + n] : 0);
		for (n = 0; n < 4; n++) {
			unsigned d = bits >> (18 - 6 * n) & 63;

			if (line > 0 && k++ % line == 0 && k > 1)
				buf_text(out, "\r\n");
			if (i + n > s.n) {
				buf_text(out, url ? "" : "=");
				continue;
			}
			if (d >= 62)
				buf_char(out, (url ? "-_" : "+/")[d - 62]);
			else
				buf_char(out, digits[d]);
		}
	}
}

static void
put_base64(struct str s, struct buf *out)
{
	base64(s, false, 0, out);
}

static void
put_base64_lines(struct str s, struct buf *out)
{
	base64(s, false, 76, out);
}

static void
put_base64_url(struct str s, struct buf *out)
{
	base64(s, true, 0, out);
}

static void
put_base64_1(struct str s, struct buf *out)
{
	buf_text(out, "x");
	base64(s, false, 0, out);
}

static void
put_base64_after(struct str s, struct buf *out)
{
	buf_text(out, "the file is: ");
	base64(s, false, 0, out);
}

static void
put_base64_offset(struct str s, struct buf *out)
{
	char text[1 << 16];
	struct buf inner;

	buf_init(&inner, text, sizeof(text));
	buf_text(&inner, "Bag Attributes\n    localKeyID: 01\n");
	buf_str(&inner, s);
	if (inner.full)
		out->full = true;
	base64(buf_view(&inner), false, 0, out);
}

static void
put_data_uri(struct str s, struct buf *out)
{
	buf_text(out, "data:application/x-x509-ca-cert;base64,");
	base64(s, false, 0, out);
}

#define LOWER "0123456789abcdef"
#define UPPER "0123456789ABCDEF"

static void
put_each(struct str s, const char *before, const char *digits,
    const char *after, struct buf *out)
{
	size_t i;
	uint8_t c;

	for (i = 0; i < s.n; i++) {
		c = (uint8_t)s.p[i];
		buf_text(out, before);
		buf_char(out, digits[c >> 4]);
		buf_char(out, digits[c & 15]);
		buf_text(out, after);
	}
}

static void
put_hex(struct str s, struct buf *out)
{
	put_each(s, "", LOWER, "", out);
}

static void
put_hex_colons(struct str s, struct buf *out)
{
	put_each(s, "", UPPER, ":", out);
}

static void
put_hex_c(struct str s, struct buf *out)
{
	buf_text(out, "{ ");
	put_each(s, "0x", LOWER, ", ", out);
	buf_text(out, "};");
}

static void
put_hex_short(struct str s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_printf(out, "0x%x,", (unsigned)(uint8_t)s.p[i]);
}

static void
put_hex_escapes(struct str s, struct buf *out)
{
	put_each(s, "\\x", LOWER, "", out);
}

static void
put_hex_dump(struct str s, struct buf *out)
{
	size_t i, k;

	for (i = 0; i < s.n; i += 16) {
		buf_printf(out, "%08zx: ", i);
		for (k = i; k < i + 16; k++)
			if (k < s.n)
				put_each(str_from(s.p + k, 1), "", LOWER,
				    k % 2 ? " " : "", out);
			else
				buf_text(out, k % 2 ? "   " : "  ");
		buf_char(out, ' ');
		for (k = i; k < i + 16 && k < s.n; k++)
			buf_char(
			    out, s.p[k] >= ' ' && s.p[k] < 0x7f ? s.p[k] : '.');
		buf_char(out, '\n');
	}
}

static void
put_percent(struct str s, struct buf *out)
{
	put_each(s, "%", UPPER, "", out);
}

static void
put_percent_some(struct str s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
			   "yz0123456789-_.~",
			s.p[i], 66) != NULL)
			buf_char(out, s.p[i]);
		else
			put_percent(str_from(s.p + i, 1), out);
}

static void
put_html(struct str s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '\n':
			buf_text(out, "<br>\n");
			break;
		case '+':
			buf_text(out, "&#43;");
			break;
		case '/':
			buf_text(out, "&#x2F;");
			break;
		case '&':
			buf_text(out, "&amp;");
			break;
		case '<':
			buf_text(out, "&lt;");
			break;
		case '"':
			buf_text(out, "&quot;");
			break;
		default:
			buf_char(out, s.p[i]);
		}
}

/* Writes a JSON string. Each byte outside ASCII becomes the Latin-1 character
 * of that number. */
static void
put_json(struct str s, struct buf *out)
{
	size_t i;

	buf_char(out, '"');
	for (i = 0; i < s.n; i++)
		if (s.p[i] == '\n')
			buf_text(out, "\\n");
		else if (s.p[i] == '"' || s.p[i] == '\\')
			buf_printf(out, "\\%c", s.p[i]);
		else if (s.p[i] >= ' ' && s.p[i] < 0x7f)
			buf_char(out, s.p[i]);
		else
			buf_printf(out, "\\u%04x", (unsigned)(uint8_t)s.p[i]);
	buf_char(out, '"');
}

static void
put_json_object(struct str s, struct buf *out)
{
	buf_text(
	    out, "{\"appleIdentifier\":\"a@example.org\",\"certificate\":");
	put_json(s, out);
	buf_char(out, '}');
}

static void
put_byte(uint8_t c, struct buf *out)
{
	if (c >= 0x80) {
		buf_char(out, (char)(0xc0 | c >> 6));
		c = (uint8_t)(0x80 | (c & 0x3f));
	}
	buf_char(out, (char)c);
}

static void
put_latin_1(struct str s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		put_byte((uint8_t)s.p[i], out);
}

static void
put_mark(struct str s, struct buf *out)
{
	buf_text(out, "\xef\xbb\xbf");
	buf_str(out, s);
}

static void
utf_16(struct str s, bool big, bool mark, struct buf *out)
{
	size_t i;

	if (mark) {
		put_byte(big ? 0xfe : 0xff, out);
		put_byte(big ? 0xff : 0xfe, out);
	}
	for (i = 0; i < s.n; i++) {
		if (big)
			buf_char(out, 0);
		put_byte((uint8_t)s.p[i], out);
		if (!big)
			buf_char(out, 0);
	}
}

static void
put_utf_16le(struct str s, struct buf *out)
{
	utf_16(s, false, true, out);
}

static void
put_utf_16be(struct str s, struct buf *out)
{
	utf_16(s, true, true, out);
}

static void
put_utf_16_plain(struct str s, struct buf *out)
{
	utf_16(s, false, false, out);
}

/*
 * Writes UTF-16 with the bytes of each unit swapped: U+2D00 in place of U+002D.
 */
static void
put_utf_16_swapped(struct str s, struct buf *out)
{
	size_t i;
	unsigned c;

	for (i = 0; i < s.n; i++) {
		c = (unsigned)(uint8_t)s.p[i] << 8;
		if (c == 0) {
			buf_char(out, 0);
		} else if (c < 0x800) {
			buf_char(out, (char)(0xc0 | c >> 6));
			buf_char(out, (char)(0x80 | (c & 0x3f)));
		} else {
			buf_char(out, (char)(0xe0 | c >> 12));
			buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
			buf_char(out, (char)(0x80 | (c & 0x3f)));
		}
	}
}

static void
put_lines(struct str s, const char *before, const char *after, struct buf *out)
{
	struct str line;

	while (s.n > 0) {
		line = str_cut(&s, '\n');
		buf_text(out, before);
		buf_str(out, line);
		buf_text(out, after);
		buf_char(out, '\n');
	}
}

static void
put_mail(struct str s, struct buf *out)
{
	buf_text(out, "On Monday the administrator wrote:\n");
	put_lines(s, "> ", "", out);
}

static void
put_mail_twice(struct str s, struct buf *out)
{
	put_lines(s, "> > ", "", out);
}

static void
put_bar(struct str s, struct buf *out)
{
	put_lines(s, "| ", " |", out);
}

static void
put_hash(struct str s, struct buf *out)
{
	put_lines(s, "# ", "", out);
}

static void
put_slashes(struct str s, struct buf *out)
{
	put_lines(s, "// ", "", out);
}

static void
put_tabs(struct str s, struct buf *out)
{
	put_lines(s, "\t\t", "", out);
}

static void
put_patch(struct str s, struct buf *out)
{
	put_lines(s, "+", "", out);
}

static void
put_source(struct str s, struct buf *out)
{
	put_lines(s, "    \"", "\\n\" +", out);
}

static void
put_quotes(struct str s, struct buf *out)
{
	buf_char(out, '\'');
	buf_str(out, s);
	buf_char(out, '\'');
}

static void
put_typographic(struct str s, struct buf *out)
{
	buf_text(out, "\xe2\x80\x9c");
	buf_str(out, s);
	buf_text(out, "\xe2\x80\x9d");
}

static void
numbers(struct str s, bool is_signed, struct buf *out)
{
	size_t i;
	int c;

	for (i = 0; i < s.n; i++) {
		c = (uint8_t)s.p[i];
		if (is_signed && c > 127)
			c -= 256;
		buf_printf(out, "%s%d", i > 0 ? ", " : "", c);
	}
}

static void
put_buffer(struct str s, struct buf *out)
{
	buf_text(out, "{\"type\":\"Buffer\",\"data\":[");
	numbers(s, false, out);
	buf_text(out, "]}");
}

static void
put_java(struct str s, struct buf *out)
{
	buf_char(out, '[');
	numbers(s, true, out);
	buf_char(out, ']');
}

static void
put_typed_array(struct str s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_printf(out, "%c\"%zu\":%u", i > 0 ? ',' : '{', i,
		    (unsigned)(uint8_t)s.p[i]);
	buf_char(out, '}');
}

const struct wrap wraps[] = {
	{ "base64", put_base64, true },
	{ "base64 in lines", put_base64_lines, true },
	{ "base64url without padding", put_base64_url, true },
	{ "base64 after a letter", put_base64_1, true },
	{ "base64 after words", put_base64_after, true },
	{ "base64 of more than that", put_base64_offset, true },
	{ "data URI", put_data_uri, true },
	{ "hex", put_hex, true },
	{ "hex with colons", put_hex_colons, true },
	{ "hex of C", put_hex_c, true },
	{ "hex without zeros", put_hex_short, true },
	{ "hex escapes", put_hex_escapes, true },
	{ "dump in hex", put_hex_dump, true },
	{ "percent", put_percent, true },
	{ "percent where needed", put_percent_some, true },
	{ "HTML", put_html, false },
	{ "JSON string", put_json, true },
	{ "JSON object", put_json_object, true },
	{ "Latin-1", put_latin_1, true },
	{ "byte order mark", put_mark, false },
	{ "UTF-16LE", put_utf_16le, false },
	{ "UTF-16BE", put_utf_16be, false },
	{ "UTF-16 without mark", put_utf_16_plain, false },
	{ "UTF-16 in the wrong order", put_utf_16_swapped, false },
	{ "mail", put_mail, false },
	{ "mail twice", put_mail_twice, false },
	{ "bars", put_bar, false },
	{ "hashes", put_hash, false },
	{ "slashes", put_slashes, false },
	{ "tabs", put_tabs, false },
	{ "patch", put_patch, false },
	{ "source", put_source, false },
	{ "quotes", put_quotes, false },
	{ "typographic quotes", put_typographic, false },
	{ "Buffer of Node", put_buffer, true },
	{ "array of Java", put_java, true },
	{ "typed array", put_typed_array, true },
};
const size_t wraps_n = sizeof(wraps) / sizeof(wraps[0]);
