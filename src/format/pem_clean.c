/* SPDX-License-Identifier: ISC */
/*
 * pem_clean.c - finds PEM blocks in texts that lost or escaped their line ends,
 * and repairs them.
 */
#include "format/pem_clean.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

/* The place of a word in the text, or text.n. */
static size_t
find(struct str text, const char *word)
{
	const char *p = NULL;

	if (text.n > 0)
		p = memmem(text.p, text.n, word, strlen(word));
	return p != NULL ? (size_t)(p - text.p) : text.n;
}

bool
pem_clean_has(struct str text)
{
	return find(text, BEGIN) < text.n;
}

enum err
pem_clean_escapes(struct arena *a, struct str text, struct str *out)
{
	struct buf b;
	size_t i;
	char c;

	buf_open(&b, a);
	for (i = 0; i < text.n; i++) {
		c = text.p[i];
		if (c == '\\' && i + 1 < text.n &&
		    memchr("nrt", text.p[i + 1], 3) != NULL)
			c = text.p[++i] == 'r' ? '\r' : '\n';
		if (c != '\r' && c != '\0')
			buf_char(&b, c == '\t' ? '\n' : c);
	}
	*out = buf_close(&b, a);
	return str_is_null(*out) ? ERR_MEMORY : ERR_OK;
}

void
pem_clean_next(struct str *text, struct str *label, struct str *body)
{
	size_t at = find(*text, BEGIN), end;

	*label = *body = str_of(NULL);
	if (at == text->n)
		return;
	*text = str_tail(*text, at + strlen(BEGIN));
	*label = str_head(*text, find(*text, DASHES));
	*text = str_tail(*text, label->n + strlen(DASHES));
	end = find(*text, END);
	if (end == text->n)
		return;
	*body = str_head(*text, end);
	*text = str_tail(*text, end + strlen(END));
}

/* Copies the header lines of an encrypted key (RFC 1421), and leaves the
 * base64 in *body. */
static void
put_headers(struct str *body, struct buf *out)
{
	struct str rest = *body, line;
	bool any = false;

	while (!str_is_null(rest)) {
		line = str_trim(str_cut(&rest, '\n'));
		if (line.n > 0 && memchr(line.p, ':', line.n) == NULL)
			break;
		any |= line.n > 0;
		if (line.n > 0) {
			buf_str(out, line);
			buf_char(out, '\n');
		}
		*body = rest;
	}
	if (any)
		buf_char(out, '\n');
}

/* Copies the digits of base64 without blanks and line ends; lines have `width`
 * digits, 0: all are one line. */
static void
put_digits(struct str body, size_t width, struct buf *out)
{
	size_t i, column = 0;

	for (i = 0; i < body.n; i++) {
		if (strchr(" \n\\\"'", body.p[i]) != NULL)
			continue;
		buf_char(out, body.p[i]);
		if (++column == width) {
			buf_char(out, '\n');
			column = 0;
		}
	}
	if (width > 0 && column > 0)
		buf_char(out, '\n');
}

enum err
pem_clean_block(
    struct arena *a, struct str label, struct str body, struct str *pem)
{
	struct buf b;

	buf_open(&b, a);
	buf_printf(&b, BEGIN "%.*s" DASHES "\n", STR_ARG(label));
	put_headers(&body, &b);
	put_digits(body, 64, &b);
	buf_printf(&b, END "%.*s" DASHES "\n", STR_ARG(label));
	*pem = buf_close(&b, a);
	return str_is_null(*pem) ? ERR_MEMORY : ERR_OK;
}

enum err
pem_clean_decode(struct arena *a, struct str text, struct str *der)
{
	struct buf b;
	struct str digits;
	uint8_t *p;
	size_t n;

	*der = str_of(NULL);
	buf_open(&b, a);
	put_digits(text, 0, &b);
	digits = buf_close(&b, a);
	if (str_is_null(digits) ||
	    (p = arena_take(a, digits.n / 4 * 3 + 3)) == NULL)
		return ERR_MEMORY;
	if (str_unbase64(digits, p, &n) && n > 0)
		*der = str_from((const char *)p, n);
	return ERR_OK;
}
