/* SPDX-License-Identifier: ISC */
/*
 * charset.c - byte order marks, and UTF-16 as PowerShell and Notepad write it.
 */
#include "charset.h"

#include <stdbool.h>

struct form {
	bool is_utf16;
	bool big_endian;
	size_t mark; /* its length in bytes */
};

/* A file that is meant here begins with ASCII: a brace, a dash or a blank. */
static struct form
detect(struct str text)
{
	const unsigned char *p = (const unsigned char *)text.p;

	if (str_starts(text, "\xef\xbb\xbf"))
		return (struct form){ .mark = 3 };
	if (str_starts(text, "\xff\xfe"))
		return (struct form){ true, false, 2 };
	if (str_starts(text, "\xfe\xff"))
		return (struct form){ true, true, 2 };
	if (text.n >= 2 && p[1] == 0 && p[0] > 0 && p[0] < 0x80)
		return (struct form){ true, false, 0 };
	if (text.n >= 2 && p[0] == 0 && p[1] > 0 && p[1] < 0x80)
		return (struct form){ true, true, 0 };
	return (struct form){ .mark = 0 };
}

static uint32_t
unit_at(struct str text, size_t i, bool big_endian)
{
	uint32_t first = (unsigned char)text.p[i];
	uint32_t second = (unsigned char)text.p[i + 1];

	return big_endian ? first << 8 | second : second << 8 | first;
}

static void
put_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_char(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buf_char(out, (char)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		buf_char(out, (char)(0xe0 | code >> 12));
		buf_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
	} else {
		buf_char(out, (char)(0xf0 | code >> 18));
		buf_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
		buf_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_char(out, (char)(0x80 | (code & 0x3f)));
}

/* False for half a unit at the end, or half a surrogate pair. */
static bool
convert(struct str text, bool big_endian, struct buf *out)
{
	uint32_t code, low;
	size_t i;

	if (text.n % 2 != 0)
		return false;
	for (i = 0; i < text.n; i += 2) {
		code = unit_at(text, i, big_endian);
		if (code >= 0xd800 && code <= 0xdfff) {
			if (code >= 0xdc00 || i + 4 > text.n)
				return false;
			i += 2;
			low = unit_at(text, i, big_endian);
			if (low < 0xdc00 || low > 0xdfff)
				return false;
			code = 0x10000 + ((code - 0xd800) << 10) + low - 0xdc00;
		}
		put_utf8(out, code);
	}
	return true;
}

enum err
charset_to_utf8(struct str text, struct arena *a, struct str *out)
{
	struct form form = detect(text);
	size_t size = CHARSET_UTF8_SIZE(text.n);
	struct buf b;
	char *p;

	*out = str_tail(text, form.is_utf16 ? 0 : form.mark);
	if (!form.is_utf16)
		return ERR_OK;
	if ((p = arena_take(a, size)) == NULL)
		return ERR_MEMORY;
	buf_init(&b, p, size);
	if (convert(str_tail(text, form.mark), form.big_endian, &b))
		*out = buf_view(&b);
	return ERR_OK;
}
