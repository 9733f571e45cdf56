/* SPDX-License-Identifier: ISC */
/*
 * vendor_reply.c - reads the property list of a request for Apple's portal. A
 * service may answer with the request of another customer, or with an error
 * page, and Apple's portal would name neither as the cause.
 */
#include "format/vendor_reply.h"

#include <stdbool.h>

#include "base/buf.h"

/* Copies s without white space. */
static struct str
compact(struct str s, struct arena *a)
{
	struct buf b;
	size_t i;

	buf_open(&b, a);
	for (i = 0; i < s.n; i++)
		if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\n' &&
		    s.p[i] != '\r')
			buf_char(&b, s.p[i]);
	return buf_close(&b, a);
}

/* Decodes base64 with any white space. *out is null if it is not base64. */
static enum err
decode(struct str s, struct arena *a, struct str *out)
{
	struct str digits = compact(s, a);
	uint8_t *room = arena_take(a, digits.n + 3);
	size_t n;

	*out = str_of(NULL);
	if (str_is_null(digits) || room == NULL)
		return ERR_MEMORY;
	if (str_unbase64(digits, room, &n))
		*out = str_from((const char *)room, n);
	return ERR_OK;
}

static bool
skip(struct str *s, const char *literal)
{
	while (s->n > 0 && memchr(" \t\r\n", s->p[0], 4) != NULL)
		*s = str_tail(*s, 1);
	if (!str_starts(*s, literal))
		return false;
	*s = str_tail(*s, strlen(literal));
	return true;
}

/* The text of the value with this key; null if there is none. */
static struct str
value_of(struct str plist, const char *key)
{
	const char *at = memmem(plist.p, plist.n, key, strlen(key));

	if (at == NULL)
		return str_of(NULL);
	plist = str_tail(plist, (size_t)(at - plist.p) + strlen(key));
	if (!skip(&plist, "</key>") ||
	    (!skip(&plist, "<string>") && !skip(&plist, "<data>")))
		return str_of(NULL);
	return str_cut(&plist, '<');
}

/* The property list itself. *out is null if the text is something else. */
static enum err
find_plist(struct str text, struct arena *a, struct str *out)
{
	enum err e = ERR_OK;

	if (str_starts(text, "\xef\xbb\xbf"))
		text = str_tail(text, 3);
	*out = text;
	if (!skip(&text, "<"))
		e = decode(text, a, out);
	if (out->n == 0 ||
	    memmem(out->p, out->n, "<plist", strlen("<plist")) == NULL)
		*out = str_of(NULL);
	return e;
}

static enum err
encode(struct str plist, struct arena *a, struct str *out)
{
	char *p;

	/* Blanks before the list would change the first digits, which tell a
	 * signed request from another one (csr_is_signed). */
	while (plist.n > 0 && plist.p[0] != '<')
		plist = str_tail(plist, 1);
	if ((p = arena_take(a, STR_BASE64_SIZE(plist.n))) == NULL)
		return ERR_MEMORY;
	*out = str_from(p, str_base64((const uint8_t *)plist.p, plist.n, p));
	return ERR_OK;
}

enum err
vendor_reply_read(struct str text, struct str csr, struct arena *a,
    struct str *out, struct str *what)
{
	struct str plist, sent, chain;
	enum err e;

	if ((e = find_plist(text, a, &plist)) != ERR_OK)
		return e;
	*what = str_of("it is neither a property list nor base64 of one");
	if (str_is_null(plist))
		return ERR_CONFIG;
	*what = str_of("it has no PushCertRequestCSR");
	sent = value_of(plist, "<key>PushCertRequestCSR");
	if (str_is_null(sent))
		return ERR_CONFIG;
	if ((e = decode(sent, a, &sent)) != ERR_OK)
		return e;
	*what = str_of("it has another request than the one that was sent");
	if (!str_eq(sent, csr))
		return ERR_CONFIG;
	*what = str_of("its PushCertCertificateChain has no certificate");
	chain = value_of(plist, "<key>PushCertCertificateChain");
	if (str_is_null(chain) ||
	    memmem(chain.p, chain.n, "BEGIN CERTIFICATE", 17) == NULL)
		return ERR_CONFIG;
	*what = str_of("it has no PushCertSignature");
	if (value_of(plist, "<key>PushCertSignature").n == 0)
		return ERR_CONFIG;
	return encode(plist, a, out);
}
