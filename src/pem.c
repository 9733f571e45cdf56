/* SPDX-License-Identifier: ISC */
/*
 * pem.c - finds certificates in text. Labels are not believed: a block is what
 * its DER begins like.
 */
#include "pem.h"

#include <string.h>

/* In order of gravity: of several findings in one text the last one counts. */
enum finding {
	IS_PLAIN,
	IS_EMPTY,
	IS_OTHER,
	IS_PUBLIC_KEY,
	IS_PKCS7,
	IS_REQUEST,
	IS_CERTIFICATE,
	IS_DAMAGED,
	IS_CUT,
	IS_TOO_MANY,
	IS_BINARY,
	IS_PKCS12,
	IS_KEY,
	NO_MEMORY
};

static const struct {
	enum err e;
	struct str what;
} answers[] = {
	[IS_PLAIN] = { ERR_OK,
	    STR("it holds neither PEM nor base64 of a certificate") },
	[IS_EMPTY] = { ERR_OK, STR("it is empty") },
	[IS_OTHER] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is something else in the form of one") },
	[IS_PUBLIC_KEY] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is a public key; upload the certificate made for it") },
	[IS_PKCS7] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is a PKCS#7 file; upload the certificate in it as PEM") },
	[IS_REQUEST] = { ERR_REQUEST_INSTEAD, STR("") },
	[IS_CERTIFICATE] = { ERR_OK, STR("") },
	[IS_DAMAGED] = { ERR_NOT_A_CERTIFICATE,
	    STR("its base64 or its BEGIN and END lines are damaged") },
	[IS_CUT] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is not whole; copy all of it, from the BEGIN line to the "
		"END line, and nothing else") },
	[IS_TOO_MANY] = { ERR_NOT_A_CERTIFICATE,
	    STR("it holds more than 16 certificates") },
	[IS_BINARY] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is a binary file pasted as text; convert it to PEM") },
	[IS_PKCS12] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is a PKCS#12 file, which holds the key too; upload the "
		"certificate alone, as PEM") },
	[IS_KEY] = { ERR_PRIVATE_KEY, STR("") },
	[NO_MEMORY] = { ERR_MEMORY, STR("") },
};

/* The elements that shapes are made of. `begins` is what the bytes after the
 * tag begin with, the length among them. */
static const struct part {
	char sign;
	uint8_t tag;
	bool enter; /* go on with what is in it, not behind it */
	struct str begins;
} parts[] = {
	{ '(', 0x30, true, STR("") }, /* SEQUENCE */
	{ 's', 0x30, false, STR("") },
	{ 'v', 0xa0, true, STR("\x03\x02\x01") }, /* a certificate's version */
	{ 'i', 0x02, false, STR("") }, /* INTEGER */
	{ '0', 0x02, false, STR("\x01\x00") },
	{ '1', 0x02, false, STR("\x01\x01") },
	{ '3', 0x02, false, STR("\x01\x03") },
	{ 'x', 0x04, false, STR("") }, /* OCTET STRING */
	{ 'o', 0x06, false, STR("") }, /* OBJECT IDENTIFIER */
	{ '5', 0x06, false, STR("\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05") },
	{ '7', 0x06, false, STR("\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07") },
	{ 'p', 0x06, false, STR("\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01") },
};

/* How DER begins, element by element: the first row that fits tells. */
static const struct {
	const char *shape;
	enum finding is;
} shapes[] = {
	{ "((v", IS_CERTIFICATE },
	{ "((iss(", IS_CERTIFICATE }, /* version 1 */
	{ "((0(", IS_REQUEST },
	{ "(0(o", IS_KEY }, /* PKCS#8 */
	{ "(1(o", IS_KEY }, /* PKCS#8 with the public key (RFC 5958) */
	{ "((5", IS_KEY }, /* encrypted PKCS#8 */
	{ "((p", IS_KEY }, /* the same with the methods of PKCS#12 */
	{ "(0i", IS_KEY }, /* PKCS#1, DSA */
	{ "(1i", IS_KEY }, /* PKCS#1 with more than two primes */
	{ "(1x", IS_KEY }, /* SEC 1 */
	{ "(3(7", IS_PKCS12 },
	{ "(7", IS_PKCS7 },
	{ "((o", IS_PUBLIC_KEY },
};

/* Shorter DER is none of these: the smallest, a key on a curve, has 39. */
#define DER_MIN 34
/* Enough of the beginning for every shape: the longest holds an INTEGER of 21
 * bytes. In base64 digits and in bytes. */
#define OPENING_DIGITS 64
#define OPENING_BYTES 51

struct block {
	struct str label;
	struct str body;
	bool whole;
};

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* Where `word` begins, or NULL. Not memmem, which makes itself a table first:
 * most texts are short and hold hardly the first letter. */
static const char *
find(struct str s, const char *word, size_t n)
{
	const char *p;

	while (s.n >= n) {
		p = memchr(s.p, word[0], s.n - n + 1);
		if (p == NULL || memcmp(p, word, n) == 0)
			return p;
		s = str_tail(s, (size_t)(p - s.p) + 1);
	}
	return NULL;
}

/* Takes the part of *s before the first `word` and moves *s behind it; without
 * one the whole of *s is taken and *s becomes null. */
static struct str
cut(struct str *s, const char *word)
{
	size_t n = strlen(word);
	const char *found = find(*s, word, n);
	struct str part = *s;

	if (found == NULL) {
		*s = str_of(NULL);
	} else {
		part.n = (size_t)(found - s->p);
		*s = str_tail(*s, part.n + n);
	}
	return part;
}

static bool
has(struct str s, const char *word)
{
	cut(&s, word);
	return !str_is_null(s);
}

/*
 * Reads a tag and a length and moves *s behind them. *n is what the container
 * has left from here, then the length, which fits into that. An indefinite
 * length, as old tools write it, is all of the rest.
 */
static bool
der_header(struct str *s, uint8_t *tag, size_t *n)
{
	const uint8_t *u = (const uint8_t *)s->p;
	size_t i, length, more, room;

	if (s->n < 2)
		return false;
	*tag = u[0];
	more = u[1] & 0x80 ? u[1] & 0x7f : 0;
	if (more > 3 || s->n < 2 + more || *n < 2 + more)
		return false;
	room = *n - 2 - more;
	length = u[1] == 0x80 ? room : u[1];
	if (more > 0)
		length = 0;
	for (i = 0; i < more; i++)
		length = length << 8 | u[2 + i];
	*s = str_tail(*s, 2 + more);
	*n = length;
	return length <= room;
}

/* Whether DER, of which only the opening need be there, begins like this. */
static bool
der_is(struct str der, const char *shape)
{
	size_t i, length, left, room = SIZE_MAX;
	struct str begins;
	uint8_t tag;

	for (; *shape != '\0'; shape++) {
		for (i = 0; parts[i].sign != *shape; i++)
			;
		begins = str_head(str_tail(der, 1), parts[i].begins.n);
		left = der.n;
		length = room;
		if (!der_header(&der, &tag, &length) || tag != parts[i].tag ||
		    !str_eq(begins, parts[i].begins))
			return false;
		room = parts[i].enter ? length : room - (left - der.n) - length;
		if (!parts[i].enter)
			der = str_tail(der, length);
	}
	return true;
}

/* The size of the DER at the start of s, header and all; 0 for none. Below
 * 128 bytes it is none: no certificate is so short, but words of text are. */
static size_t
der_size(struct str s)
{
	struct str der = s;
	size_t n = s.n;
	uint8_t tag;

	if (!der_header(&der, &tag, &n) || tag != 0x30 || s.n - der.n < 3)
		return 0;
	return s.n - der.n + n;
}

static enum finding
der_finding(struct str der)
{
	struct str rest = der;
	size_t i, n = SIZE_MAX;
	uint8_t tag;

	/* Every shape is a SEQUENCE: most texts end here. */
	if (!der_header(&rest, &tag, &n) || tag != 0x30 || n < DER_MIN)
		return IS_PLAIN;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (der_is(der, shapes[i].shape))
			return shapes[i].is;
	return der_size(der) == der.n ? IS_OTHER : IS_PLAIN;
}

/* base64 with blanks and line ends anywhere. ERR_NOT_A_CERTIFICATE where it is
 * not that, ERR_MEMORY. */
static enum err
decode(struct str text, struct arena *a, struct str *out)
{
	uint8_t *bytes = arena_take(a, text.n / 4 * 3 + 3);
	size_t i, n = 0, before = a->used;
	char *digits = arena_take(a, text.n);

	if (bytes == NULL || digits == NULL)
		return ERR_MEMORY;
	for (i = 0; i < text.n; i++)
		if (!is_blank(text.p[i]))
			digits[n++] = text.p[i];
	a->used = before;
	if (n == 0 || !str_unbase64(str_from(digits, n), bytes, &n))
		return ERR_NOT_A_CERTIFICATE;
	*out = str_from((const char *)bytes, n);
	return ERR_OK;
}

/* What the base64 that begins here begins with. */
static enum finding
opening(struct str text)
{
	char digits[OPENING_DIGITS];
	uint8_t bytes[OPENING_BYTES];
	size_t i, n = 0;

	for (i = 0; i < text.n && n < OPENING_DIGITS; i++) {
		if (is_digit(text.p[i]))
			digits[n++] = text.p[i];
		else if (!is_blank(text.p[i]))
			break;
	}
	if (!str_unbase64(str_from(digits, n / 4 * 4), bytes, &n))
		return IS_PLAIN;
	return der_finding(str_from((const char *)bytes, n));
}

/*
 * The gravest thing of which base64 begins at any word of the text, armoured or
 * not, whole or not: a key must not slip through beside a certificate or under
 * a wrong label. All that we know begins with an M.
 */
static enum finding
any_opening(struct str text)
{
	enum finding is, found = IS_PLAIN;
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] != 'M' || (i > 0 && is_digit(text.p[i - 1])))
			continue;
		if ((is = opening(str_tail(text, i))) > found)
			found = is;
	}
	return found;
}

/* A label of a key: BEGIN or END and PRIVATE KEY on one line, whatever is left
 * of the dashes. */
static bool
has_key_label(struct str text)
{
	struct str line;

	while (has(text, "PRIVATE KEY")) {
		line = cut(&text, "PRIVATE KEY");
		while (has(line, "\n"))
			cut(&line, "\n");
		if (has(line, "BEGIN ") || has(line, "END "))
			return true;
	}
	return false;
}

static bool
next_block(struct str *text, struct block *out)
{
	cut(text, "-----BEGIN ");
	if (str_is_null(*text))
		return false;
	out->label = cut(text, "-----");
	out->body = cut(text, "-----END ");
	out->whole = str_eq(str_head(*text, out->label.n), out->label) &&
	    str_starts(str_tail(*text, out->label.n), "-----");
	if (out->whole)
		*text = str_tail(*text, out->label.n + 5);
	return true;
}

static enum finding
add(struct str der, struct pem *out)
{
	if (der.n == 0 || der_size(der) != der.n)
		return IS_CUT;
	if (out->n == PEM_CHAIN_MAX)
		return IS_TOO_MANY;
	out->der[out->n++] = der;
	return IS_CERTIFICATE;
}

static enum finding
read_block(const struct block *b, struct arena *a, struct pem *out)
{
	bool certificate = has(b->label, "CERTIFICATE");
	size_t before = a->used;
	enum finding is;
	struct str der;
	enum err e;

	if (!b->whole)
		return IS_CUT;
	if ((e = decode(b->body, a, &der)) == ERR_MEMORY)
		return NO_MEMORY;
	is = e == ERR_OK ? der_finding(der) : IS_PLAIN;
	/* OpenSSL puts behind the certificate what it trusts it for. */
	if (is == IS_CERTIFICATE && str_is(b->label, "TRUSTED CERTIFICATE"))
		der = str_head(der, der_size(der));
	if (is == IS_CERTIFICATE)
		return add(der, out);
	a->used = before;
	if (is == IS_PLAIN)
		is = certificate ? IS_DAMAGED : IS_OTHER;
	return is;
}

/* Keys of other kinds, and keys in base64 of PEM, behind something else. */
static bool
has_other_key(struct str text)
{
	static const char *const marks[] = {
		"PuTTY-User-Key-File", "<RSAKeyValue>",
		"b3BlbnNzaC1rZXktdjE", /* openssh-key-v1 */
		"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS", /* -----BEGIN PRIVATE KEY */
		"LS0tLS1CRUdJTiBSU0EgUFJJVkFURS", /* RSA PRIVATE */
		"LS0tLS1CRUdJTiBFQyBQUklWQVRFIE", /* EC PRIVATE */
		"LS0tLS1CRUdJTiBFTkNSWVBURUQgUF", /* ENCRYPTED PRIVATE */
		"LS0tLS1CRUdJTiBPUEVOU1NIIFBSSV", /* OPENSSH PRIVATE */
	};
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (has(text, marks[i]))
			return true;
	return has(text, "\"kty\"") && has(text, "\"d\"");
}

/* PEM or DER. `hint` is any_opening of the text. */
static enum finding
look(struct str text, enum finding hint, struct arena *a, struct pem *out)
{
	enum finding is, found;
	struct block b;

	if (hint == IS_KEY || has_key_label(text) || has_other_key(text))
		return IS_KEY;
	if (hint == IS_PKCS12)
		return hint;
	/* Apple's request wraps certificates, those of the vendor. */
	if (has(text, "PushCertRequestCSR"))
		return IS_REQUEST;
	/* Every shape has a control character in it: text has not. */
	if ((found = der_finding(text)) == IS_CERTIFICATE)
		return add(text, out);
	while (next_block(&text, &b))
		if ((is = read_block(&b, a, out)) > found)
			found = is;
	return found;
}

static enum finding
look_inside(struct str text, struct arena *a, struct pem *out)
{
	struct str inner;
	enum err e = decode(text, a, &inner);

	if (e == ERR_OK)
		return look(inner, any_opening(inner), a, out);
	return e == ERR_MEMORY ? NO_MEMORY : IS_PLAIN;
}

/* Binary DER of which a browser made text: the 30 that it begins with and the
 * small numbers near its start are left as they were. */
static bool
was_binary(struct str text)
{
	return text.n > 1 && text.p[0] == 0x30 && (text.p[1] & 0x80) &&
	    has(str_head(text, 32), "\x02\x01");
}

/* Nothing was found: does the text look as if something was meant? */
static enum finding
claims(struct str text, enum finding hint)
{
	if (hint == IS_CERTIFICATE)
		return IS_CUT;
	if (hint != IS_PLAIN)
		return hint;
	if (has(text, "BEGIN CERTIFICATE") || has(text, "END CERTIFICATE"))
		return IS_DAMAGED;
	if (was_binary(text) && has(str_head(text, 16), "\x02\x01\x03"))
		return IS_PKCS12;
	if (was_binary(text) || !str_utf8_valid(text))
		return IS_BINARY;
	return text.n == 0 ? IS_EMPTY : IS_PLAIN;
}

enum err
pem_find(struct str text, struct arena *a, struct pem *out, struct str *what)
{
	enum finding hint, found;

	out->n = 0;
	if (text.n > PEM_TEXT_MAX) {
		*what = str_of("certificate");
		return ERR_TOO_LONG;
	}
	if (str_starts(text, "\xef\xbb\xbf"))
		text = str_tail(text, 3);
	while (text.n > 0 && is_blank(text.p[0]))
		text = str_tail(text, 1);
	hint = any_opening(text);
	found = look(text, hint, a, out);
	if (found == IS_PLAIN)
		found = look_inside(text, a, out);
	if (found == IS_PLAIN)
		found = claims(text, hint);
	*what = answers[found].what;
	return answers[found].e;
}

void
pem_write(const char *label, struct str der, struct buf *out)
{
	char line[64];
	struct str part;

	buf_printf(out, "-----BEGIN %s-----\n", label);
	while (der.n > 0) {
		part = str_head(der, 48);
		der = str_tail(der, part.n);
		buf_put(out, line,
		    str_base64((const uint8_t *)part.p, part.n, line));
		buf_char(out, '\n');
	}
	buf_printf(out, "-----END %s-----\n", label);
}
