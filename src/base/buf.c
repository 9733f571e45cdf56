/* SPDX-License-Identifier: ISC */
/*
 * buf.c - the output buffer.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void
buf_init(struct buf *b, char *p, size_t size)
{
	*b = (struct buf){ .p = p, .size = size };
}

void
buf_open(struct buf *b, struct arena *a)
{
	buf_init(b, a->block + a->used, a->size - a->used);
}

struct str
buf_close(struct buf *b, struct arena *a)
{
	if (b->full)
		return str_of(NULL);
	a->used += b->n;
	return buf_view(b);
}

void
buf_add(struct buf *b, struct str s)
{
	buf_str(b, s);
}

void
buf_add_text(struct buf *b, const char *c)
{
	buf_text(b, c);
}

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

void
buf_percent(struct buf *b, struct str s, const char *plain)
{
	char escape[3] = "%";
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (is_letter_or_digit(s.p[i]) ||
		    (s.p[i] != '\0' && strchr(plain, s.p[i]) != NULL)) {
			buf_char(b, s.p[i]);
			continue;
		}
		str_hex_upper((const uint8_t *)s.p + i, 1, escape + 1);
		buf_put(b, escape, sizeof(escape));
	}
}

void
buf_u64(struct buf *b, uint64_t u)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	buf_put(b, digits + i, sizeof(digits) - i);
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	size_t room = b->full ? 0 : b->size - b->n;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(room > 0 ? b->p + b->n : NULL, room, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		b->full = true;
	else
		b->n += (size_t)n;
}
