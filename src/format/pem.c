/* SPDX-License-Identifier: ISC */
/*
 * pem.c - finds certificates in a text. Labels are not trusted: the DER of a
 * block decides its kind.
 */
#include "format/pem.h"

#include <string.h>

#include "format/der.h"

static const struct {
	enum err e;
	struct str what;
} answers[] = {
	[PEM_PLAIN] = { ERR_OK,
	    STR("it contains neither PEM nor the base64 of a certificate") },
	[PEM_EMPTY] = { ERR_OK, STR("it is empty") },
	[PEM_OTHER] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is PEM or base64 of something other than a certificate") },
	[PEM_PUBLIC_KEY] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is a public key; upload the certificate for that key") },
	[PEM_PKCS7] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is a PKCS#7 file; upload the certificate in that file, as "
		"PEM") },
	[PEM_REQUEST] = { ERR_REQUEST_INSTEAD, STR("") },
	[PEM_CERTIFICATE] = { ERR_OK, STR("") },
	[PEM_DAMAGED] = { ERR_NOT_A_CERTIFICATE,
	    STR("its base64 or its BEGIN and END lines are damaged; copy the "
		"whole text again") },
	[PEM_CUT] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is incomplete; copy the whole text from the BEGIN line to "
		"the END line, and nothing else") },
	[PEM_TOO_MANY] = { ERR_NOT_A_CERTIFICATE,
	    STR("it contains more than 16 certificates; upload only the push "
		"certificate") },
	[PEM_BINARY] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is a binary file pasted as text; convert it to PEM") },
	[PEM_PKCS12] = { ERR_NOT_A_CERTIFICATE,
	    STR("it is a PKCS#12 file, which also contains the private key; "
		"upload the certificate alone, as PEM") },
	[PEM_KEY] = { ERR_PRIVATE_KEY, STR("") },
	[PEM_NO_MEMORY] = { ERR_MEMORY, STR("") },
};

static const enum pem_kind kinds[] = {
	[DER_NONE] = PEM_PLAIN,
	[DER_OTHER] = PEM_OTHER,
	[DER_PUBLIC_KEY] = PEM_PUBLIC_KEY,
	[DER_PKCS7] = PEM_PKCS7,
	[DER_REQUEST] = PEM_REQUEST,
	[DER_CERTIFICATE] = PEM_CERTIFICATE,
	[DER_PKCS12] = PEM_PKCS12,
	[DER_KEY] = PEM_KEY,
};

/* Base64 digits, and bytes, that are enough to recognise every shape. The
 * longest shape contains an INTEGER of 21 bytes. */
#define OPENING_DIGITS 64
#define OPENING_BYTES 51

struct block {
	struct str before; /* the text between the last block and this */
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

/* Returns the first occurrence of `word`, or NULL. memmem would build a table
 * first, which costs more: most texts are short and hardly contain the first
 * letter. */
static const char *
find(struct str s, const char *word, size_t n)
{
	const char *p;

	while (s.n >= n) {
		/* A null slice has no bytes, and a word has at least one.
		 * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
		p = memchr(s.p, word[0], s.n - n + 1);
		if (p == NULL || memcmp(p, word, n) == 0)
			return p;
		s = str_tail(s, (size_t)(p - s.p) + 1);
	}
	return NULL;
}

/* Returns the part of *s before the first `word` and leaves in *s the part
 * after it. If s does not contain `word`, returns the whole of *s and makes *s
 * null. */
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

static enum pem_kind
kind_of(struct str der)
{
	return kinds[der_kind(der)];
}

/* Decodes base64 with blanks and line ends anywhere. Returns
 * ERR_NOT_A_CERTIFICATE if the text is not base64, or ERR_MEMORY. */
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

/* Recognises the start of the DER whose base64 starts here. */
static enum pem_kind
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
		return PEM_PLAIN;
	return kind_of(str_from((const char *)bytes, n));
}

/*
 * Tests every word of the text as the start of base64, inside or outside of PEM
 * blocks, complete or not, and returns the gravest kind. So a key cannot slip
 * through beside a certificate or under a wrong label. The key of a PKCS#12
 * file may begin a line of its base64 and does not count: no other character
 * than digits and blanks stands before it. The base64 of every kind that we
 * recognise starts with an M.
 */
static enum pem_kind
any_opening(struct str text)
{
	enum pem_kind is, found = PEM_PLAIN;
	bool within = false; /* in the base64 of a PKCS#12 file */
	size_t i;

	for (i = 0; i < text.n; i++) {
		within &= is_digit(text.p[i]) || is_blank(text.p[i]);
		if (text.p[i] != 'M' || (i > 0 && is_digit(text.p[i - 1])))
			continue;
		is = opening(str_tail(text, i));
		within |= is == PEM_PKCS12;
		if (is > found && (is != PEM_KEY || !within))
			found = is;
	}
	return found;
}

/* Whether the text has the label of a key: BEGIN or END, and PRIVATE KEY, on
 * one line. The dashes may be missing. */
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
is_all_blank(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = str_tail(s, 1);
	return s.n == 0;
}

static bool
next_block(struct str *text, struct block *out)
{
	out->before = cut(text, "-----BEGIN ");
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

static enum pem_kind
add(struct str der, struct pem *out)
{
	if (der.n == 0 || der_size(der) != der.n)
		return PEM_CUT;
	if (out->n == PEM_CHAIN_MAX)
		return PEM_TOO_MANY;
	out->der[out->n++] = der;
	return PEM_CERTIFICATE;
}

static enum pem_kind
read_block(const struct block *b, struct arena *a, struct pem *out)
{
	bool certificate = has(b->label, "CERTIFICATE");
	size_t before = a->used;
	enum pem_kind is;
	struct str der;
	enum err e;

	if (!b->whole)
		return PEM_CUT;
	if ((e = decode(b->body, a, &der)) == ERR_MEMORY)
		return PEM_NO_MEMORY;
	is = e == ERR_OK ? kind_of(der) : PEM_PLAIN;
	/* OpenSSL appends its trust settings to such a certificate. */
	if (is == PEM_CERTIFICATE && str_is(b->label, "TRUSTED CERTIFICATE"))
		der = str_head(der, der_size(der));
	if (is == PEM_CERTIFICATE)
		return add(der, out);
	a->used = before;
	if (is == PEM_PLAIN)
		is = certificate ? PEM_DAMAGED : PEM_OTHER;
	return is;
}

/* Whether the text has a key of another kind, or base64 of the PEM of a key. */
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

/* Reads PEM or DER. `hint` is any_opening of the text. */
static enum pem_kind
look(struct str text, enum pem_kind hint, struct arena *a, struct pem *out)
{
	struct str rest = STR_EMPTY;
	enum pem_kind is, found;
	struct block b;

	if (hint == PEM_KEY || has_key_label(text) || has_other_key(text))
		return PEM_KEY;
	if (hint == PEM_PKCS12)
		return hint;
	/* Apple's form of a request contains the vendor's certificates. */
	if (has(text, "PushCertRequestCSR"))
		return PEM_REQUEST;
	/* A text is never DER: every shape contains a control character. */
	if ((found = kind_of(text)) == PEM_CERTIFICATE)
		return add(text, out);
	out->only = true;
	while (next_block(&text, &b)) {
		out->blocks++;
		out->only &= is_all_blank(b.before) &&
		    str_is(b.label, "CERTIFICATE");
		rest = text;
		if ((is = read_block(&b, a, out)) > found)
			found = is;
	}
	out->only &= out->blocks > 0 && found == PEM_CERTIFICATE &&
	    is_all_blank(rest);
	return found;
}

static enum pem_kind
look_inside(struct str text, struct arena *a, struct pem *out)
{
	struct str inner;
	enum err e = decode(text, a, &inner);

	if (e == ERR_OK) {
		out->inside = der_kind(inner) == DER_NONE;
		return look(inner, any_opening(inner), a, out);
	}
	return e == ERR_MEMORY ? PEM_NO_MEMORY : PEM_PLAIN;
}

/* Whether this is binary DER that a browser turned into text. Such DER keeps
 * its first byte, 0x30, and the small numbers near its start. */
static bool
was_binary(struct str text)
{
	return text.n > 1 && text.p[0] == 0x30 && (text.p[1] & 0x80) &&
	    has(str_head(text, 32), "\x02\x01");
}

/* No certificate was found. Decides whether the text was meant to be one. */
static enum pem_kind
claims(struct str text, enum pem_kind hint)
{
	if (hint == PEM_CERTIFICATE)
		return PEM_CUT;
	if (hint != PEM_PLAIN)
		return hint;
	if (has(text, "BEGIN CERTIFICATE") || has(text, "END CERTIFICATE"))
		return PEM_DAMAGED;
	if (was_binary(text) && has(str_head(text, 16), "\x02\x01\x03"))
		return PEM_PKCS12;
	if (was_binary(text) || !str_utf8_valid(text))
		return PEM_BINARY;
	return text.n == 0 ? PEM_EMPTY : PEM_PLAIN;
}

enum err
pem_find(struct str text, struct arena *a, struct pem *out, struct str *what)
{
	enum pem_kind hint, found;

	*out = (struct pem){ .kind = PEM_PLAIN };
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
	if (found == PEM_PLAIN)
		found = look_inside(text, a, out);
	if (found == PEM_PLAIN)
		found = claims(text, hint);
	out->kind = found;
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
