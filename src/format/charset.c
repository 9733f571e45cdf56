/* SPDX-License-Identifier: ISC */
/*
 * charset.c - turns characters back into the bytes that a wrong encoding made
 * them from.
 */
#include "format/charset.h"

#include <stdint.h>

/* The code points of the bytes from 0x80 in windows-1252 (WHATWG Encoding). A
 * browser decodes Latin-1 this way too. */
static const uint16_t windows_1252[32] = { 0x20ac, 0x81, 0x201a, 0x0192, 0x201e,
	0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,
	0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
	0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178 };

/* The code point of a well-formed UTF-8 sequence of n bytes. */
static uint32_t
code_point(const char *p, size_t n)
{
	const uint8_t *u = (const uint8_t *)p;
	uint32_t c;
	size_t i;

	if (n == 1)
		return u[0];
	c = u[0] & (0x7fU >> n);
	for (i = 1; i < n; i++)
		c = c << 6 | (u[i] & 0x3fU);
	return c;
}

/* Returns the byte that was decoded as this character, or -1. */
static int
latin_1(uint32_t c)
{
	int i;

	if (c <= 0xff)
		return (int)c;
	for (i = 0; i < 32; i++)
		if (windows_1252[i] == c)
			return 0x80 + i;
	return -1;
}

/* A pair of bytes with a NUL in either place becomes its other byte. A pair may
 * start anywhere, because some files are ASCII followed by UTF-16. UTF-32
 * becomes UTF-16. */
void
charset_drop_nuls(struct str text, struct buf *out)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		bool pair = i + 1 < text.n &&
		    (text.p[i] == 0 || text.p[i + 1] == 0);

		buf_char(out, text.p[pair && text.p[i + 1] != 0 ? i + 1 : i]);
		i += pair;
	}
}

/*
 * Each character becomes the byte that it was decoded from. A byte order mark
 * (U+FEFF) and the replacement character (U+FFFD) are dropped, and other
 * characters stay. If there are more invalid bytes than such characters, the
 * text was not UTF-8 and the characters are there by chance.
 */
bool
charset_drop_utf8(struct str text, struct buf *out)
{
	size_t good = 0, bad = 0;
	uint32_t c;
	size_t n;
	int byte;

	for (; text.n > 0; text = str_tail(text, n)) {
		n = str_utf8_step(text);
		c = n > 0 ? code_point(text.p, n) : 0;
		byte = n > 1 ? latin_1(c) : -1;
		good += byte >= 0 || c == 0xfeff || c == 0xfffd;
		bad += n == 0;
		n = n > 0 ? n : 1;
		if (byte >= 0)
			buf_char(out, (char)byte);
		else if (c != 0xfeff && c != 0xfffd)
			buf_put(out, text.p, n);
	}
	return good > bad;
}

/* Undoes decoding as UTF-16 with the wrong byte order, or of a file that was
 * not UTF-16: each character becomes two bytes. */
bool
charset_narrow(struct str text, bool big, struct buf *out)
{
	size_t n, wide = 0, bad = 0, all = 0;
	bool was_wide = false;
	uint32_t c;

	for (; text.n > 0; text = str_tail(text, n > 0 ? n : 1)) {
		n = str_utf8_step(text);
		c = code_point(text.p, n > 0 ? n : 1);
		all++;
		bad += n == 0;
		if (n == 2 || n == 3 || (was_wide && c < 0x80)) {
			was_wide = c > 0xff && latin_1(c) < 0;
			wide += was_wide;
			buf_char(out, (char)(big ? c >> 8 : c & 0xff));
			buf_char(out, (char)(big ? c & 0xff : c >> 8));
		} else {
			buf_char(out, (char)c);
		}
	}
	return wide >= CHARSET_WIDE_MIN && wide > bad && 4 * wide >= all;
}
