/* SPDX-License-Identifier: ISC */
/*
 * cookie.c - seals the content of cookies and opens it again.
 */
#include "rules/cookie.h"

#include "base/buf.h"
#include "format/crypto.h"
#include "format/row.h"

#define SEALED_MAX (COOKIE_ROW_MAX + CRYPTO_SEAL_MORE)
#define VALUE_MAX STR_BASE64_SIZE(SEALED_MAX)

static enum err
put_header(const struct cookie *k, const uint8_t *sealed, size_t n,
    struct arena *a, struct str *header)
{
	char value[VALUE_MAX];
	struct buf b;

	buf_open(&b, a);
	buf_add(&b, k->name);
	buf_char(&b, '=');
	buf_put(&b, value, str_base64url(sealed, n, value));
	buf_add_text(&b, k->attributes);
	*header = buf_close(&b, a);
	return str_is_null(*header) ? ERR_MEMORY : ERR_OK;
}

enum err
cookie_seal(const struct cookie *k, const struct secrets *s,
    const struct str *field, struct arena *a, struct str *header)
{
	uint8_t sealed[SEALED_MAX];
	char row[COOKIE_ROW_MAX];
	struct buf b;
	enum err e;

	buf_init(&b, row, sizeof(row));
	row_encode(k->purpose, field, k->fields, &b);
	if (b.full)
		return ERR_MEMORY;
	if ((e = crypto_seal(s->key, k->purpose, buf_view(&b), sealed)) !=
	    ERR_OK)
		return e;
	return put_header(k, sealed, b.n + CRYPTO_SEAL_MORE, a, header);
}

/* Only a lack of memory is not the fault of the cookie. */
static enum err
outcome_of(enum err e)
{
	return e == ERR_CORRUPT || e == ERR_NEWER ? ERR_TOKEN_INVALID : e;
}

enum err
cookie_open(const struct cookie *k, const struct secrets *s, struct str value,
    struct arena *a, struct str *field)
{
	/* A decoder may write three bytes more than it decodes. */
	uint8_t sealed[VALUE_MAX / 4 * 3 + 3];
	uint8_t *row;
	size_t n;
	enum err e;

	if (value.n > VALUE_MAX || !str_unbase64url(value, sealed, &n) ||
	    n < CRYPTO_SEAL_MORE)
		return ERR_TOKEN_INVALID;
	if ((row = arena_take(a, n)) == NULL)
		return ERR_MEMORY;
	e = crypto_open(
	    s->key, k->purpose, str_from((const char *)sealed, n), row, &n);
	if (e == ERR_OK)
		e = row_decode(k->purpose, str_from((const char *)row, n),
		    field, k->fields);
	return outcome_of(e);
}
