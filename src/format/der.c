/* SPDX-License-Identifier: ISC */
/*
 * der.c - recognises DER by its first elements.
 *
 * der_kind compares them with a table of shapes and is strict: it also judges
 * single words of a text, which must not be mistaken for DER. der_holds_key
 * looks at every byte of a layer that has been unwrapped. It is as lenient as
 * libcrypto in encodings and versions, because a key that libcrypto reads must
 * not pass.
 */
#include "format/der.h"

#include <stdint.h>

/* The elements of the shapes below. `begins` is the start of the bytes after
 * the tag, including the length. */
static const struct part {
	char sign;
	uint8_t tag;
	bool enter; /* continue inside it, not after it */
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

/* The start of each kind of DER, element by element. The first row that matches
 * decides. */
static const struct {
	const char *shape;
	enum der_kind is;
} shapes[] = {
	{ "((v", DER_CERTIFICATE },
	{ "((iss(", DER_CERTIFICATE }, /* version 1 */
	{ "((0(", DER_REQUEST },
	{ "(0(o", DER_KEY }, /* PKCS#8 */
	{ "(1(o", DER_KEY }, /* PKCS#8 with the public key (RFC 5958) */
	{ "((5", DER_KEY }, /* encrypted PKCS#8 */
	{ "((p", DER_KEY }, /* encrypted PKCS#8, PKCS#12 methods */
	{ "(0i", DER_KEY }, /* PKCS#1, DSA */
	{ "(1i", DER_KEY }, /* PKCS#1 with more than two primes */
	{ "(1x", DER_KEY }, /* SEC 1 */
	{ "(3(7", DER_PKCS12 },
	{ "(7", DER_PKCS7 },
	{ "((o", DER_PUBLIC_KEY },
};

/* The kinds are longer: the shortest, a key on a curve, has 39 bytes. */
#define DER_MIN 34
/*
 * Reads a tag and a length and moves *s past them. On entry *n is the rest of
 * the container; on return it is the length of the element, which fits into
 * that rest. An indefinite length, which old tools write, means the whole rest.
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

/* Whether DER has this shape. Only its start must be present. */
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

size_t
der_size(struct str s)
{
	struct str der = s;
	size_t n = s.n;
	uint8_t tag;

	if (!der_header(&der, &tag, &n) || tag != 0x30 || s.n - der.n < 3)
		return 0;
	return s.n - der.n + n;
}

enum der_kind
der_kind(struct str der)
{
	struct str rest = der;
	size_t i, n = SIZE_MAX;
	uint8_t tag;

	/* Every shape is a SEQUENCE, so most texts leave here. */
	if (!der_header(&rest, &tag, &n) || tag != 0x30 || n < DER_MIN)
		return DER_NONE;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (der_is(der, shapes[i].shape))
			return shapes[i].is;
	return der_size(der) == der.n ? DER_OTHER : DER_NONE;
}

/* --- elements ---------------------------------------------------------- */

enum {
	INTEGER = 0x02,
	BIT_STRING = 0x03,
	OCTET_STRING = 0x04,
	OBJECT_ID = 0x06,
	CONSTRUCTED = 0x20,
	SEQUENCE = 0x30,
	CURVE = 0xa0 /* of SEC 1: the tag [0] */
};

struct element {
	uint8_t tag;
	size_t length; /* as its header says */
	struct str content; /* the part of it that is present */
	bool cut; /* the rest of it is missing */
};

/* Takes the next element of *s. A length may have any form of BER; an
 * indefinite length means the rest of the container. */
static bool
next_element(struct str *s, struct element *out)
{
	const uint8_t *u = (const uint8_t *)s->p;
	size_t i, more;

	if (s->n < 2)
		return false;
	out->tag = u[0];
	out->length = u[1] & 0x7f;
	more = u[1] & 0x80 ? u[1] & 0x7f : 0;
	if (more > 8 || s->n < 2 + more)
		return false;
	if (more > 0)
		out->length = 0;
	for (i = 0; i < more && out->length <= SIZE_MAX >> 9; i++)
		out->length = out->length << 8 | u[2 + i];
	*s = str_tail(*s, 2 + more);
	if (u[1] == 0x80)
		out->length = s->n;
	out->content = str_head(*s, out->length);
	out->cut = out->content.n < out->length;
	*s = str_tail(*s, out->content.n);
	return true;
}

struct str
der_certificate(struct str s, struct str *to_be_signed)
{
	static const uint8_t parts_of_one[] = { SEQUENCE, SEQUENCE,
		BIT_STRING };
	struct element all, part;
	struct str rest = s;
	size_t i;

	if (der_kind(s) != DER_CERTIFICATE || !next_element(&rest, &all) ||
	    all.cut)
		return (struct str){ NULL, 0 };
	s.n -= rest.n;
	rest = all.content;
	for (i = 0; i < sizeof(parts_of_one); i++) {
		if (!next_element(&rest, &part) || part.cut ||
		    part.tag != parts_of_one[i])
			return (struct str){ NULL, 0 };
		if (i == 0)
			*to_be_signed = part.content;
	}
	return rest.n == 0 ? s : (struct str){ NULL, 0 };
}

/* --- private keys ------------------------------------------------------ */

/*
 * Lower limits. The shortest key that libcrypto reads is a DSA key with numbers
 * of one byte, which has 18 bytes of content. The shortest private number of
 * SEC 1 in use has 14 bytes; an initialisation vector stands in the same place
 * of other structures and has 8 or 16.
 */
#define KEY_CONTENT_MIN 18
#define SEC1_NUMBER_MIN 9
/* The largest curve in use, sect571, has 72. */
#define SEC1_NUMBER_MAX 72
/* The INTEGERs of a DSA key. An RSA key has nine. */
#define KEY_NUMBERS 6
/* Bytes of the shortest modulus: 128 bits. */
#define MODULUS_MIN 16
/* Without its header, a key of numbers must have a modulus or a prime of 512
 * bits, so that no other bytes are mistaken for one. */
#define PRIME_MIN 64

/* An RSA or DSA key: a row of INTEGERs, of which the version and `first` are
 * read already. If the version is one of theirs, a modulus is enough, because
 * the rest of a key that is cut off or damaged may still be usable. */
static bool
is_numbers(struct element first, struct str rest, bool known_version)
{
	struct element e = first;
	size_t n = 2;

	while (e.tag == INTEGER && !e.cut && next_element(&rest, &e))
		n += e.tag == INTEGER;
	return n >= KEY_NUMBERS ||
	    (known_version && first.length >= MODULUS_MIN);
}

/* PKCS#8: an algorithm and an OCTET STRING. If the OCTET STRING is cut off, the
 * version must be 0, because the parameters of a curve start in the same way
 * with version 1. */
static bool
is_pkcs8(struct element algorithm, struct str rest, bool first_version)
{
	struct str inner = algorithm.content;
	struct element id, key;

	if (!next_element(&inner, &id) || id.tag != OBJECT_ID)
		return false;
	if (algorithm.cut || !next_element(&rest, &key))
		return first_version;
	return (key.tag & ~CONSTRUCTED) == OCTET_STRING;
}

/* Encrypted PKCS#8: an algorithm of PKCS#5 or PKCS#12 and an OCTET STRING. */
static bool
is_encrypted(struct element algorithm, struct str rest)
{
	static const struct str methods[] = {
		STR("\x2a\x86\x48\x86\xf7\x0d\x01\x05"),
		STR("\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"),
	};
	struct str inner = algorithm.content;
	struct element id, key;
	size_t i;

	if (!next_element(&inner, &id) || id.tag != OBJECT_ID)
		return false;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (str_eq(str_head(id.content, methods[i].n), methods[i]))
			return algorithm.cut || !next_element(&rest, &key) ||
			    (key.tag & ~CONSTRUCTED) == OCTET_STRING;
	return false;
}

/* Whether s starts with a private key. */
static bool
is_key(struct str s)
{
	struct element all, first, second;
	struct str rest;

	if (!next_element(&s, &all) || all.tag != SEQUENCE ||
	    all.length < KEY_CONTENT_MIN)
		return false;
	rest = all.content;
	if (!next_element(&rest, &first))
		return false;
	if (first.tag == SEQUENCE)
		return is_encrypted(first, rest);
	if (first.tag != INTEGER || first.content.n < 1 ||
	    first.content.n > 4 || !next_element(&rest, &second))
		return false;
	switch (second.tag) {
	case INTEGER:
		return is_numbers(second, rest,
		    first.content.n == 1 && (uint8_t)first.content.p[0] <= 1);
	case SEQUENCE:
		return is_pkcs8(second, rest, first.content.p[0] == 0);
	case OCTET_STRING:
	case OCTET_STRING | CONSTRUCTED:
		return second.length >= SEC1_NUMBER_MIN &&
		    (all.cut || !second.cut);
	default:
		return false;
	}
}

/* Whether an OCTET STRING holds exactly one element, which a signature or an
 * encrypted key does only by chance. */
static bool
is_one(struct element e)
{
	struct str content = e.content;
	struct element inner;

	return next_element(&content, &inner) && !inner.cut && content.n == 0 &&
	    inner.length > 1;
}

/* Whether this is an OBJECT IDENTIFIER of the countries, of organisations or of
 * WAP, which have all curves of libcrypto. The shortest has five bytes. */
static bool
names_curve(struct str id)
{
	return id.n >= 5 &&
	    (id.p[0] == 0x2a || id.p[0] == 0x2b || id.p[0] == 0x67);
}

/*
 * Whether s starts with the rest of a key that has lost its first bytes, as
 * when base64 is copied without its first character. The rest is one of these:
 * the version and large numbers; the algorithm of a key and an OCTET STRING,
 * where certificates have a BIT STRING; or a number of SEC 1 and its curve.
 * libcrypto cannot read it, but a person who has the text can add the missing
 * bytes.
 */
static bool
is_headless_key(struct str s)
{
	static const struct str algorithms[] = {
		STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), /* RSA */
		STR("\x2a\x86\x48\xce\x3d\x02\x01"), /* EC */
		STR("\x2a\x86\x48\xce\x38\x04\x01"), /* DSA */
		STR("\x2b\x65"), /* X25519 to Ed448 */
	};
	struct str rest = s, inner, after;
	struct element first, id, second;
	size_t i;

	if (!next_element(&rest, &first) || first.cut)
		return false;
	after = rest;
	if (!next_element(&rest, &second) || second.cut)
		return false;
	if (first.tag == INTEGER)
		return first.length == 1 && (uint8_t)first.content.p[0] <= 1 &&
		    second.tag == INTEGER && second.length >= PRIME_MIN &&
		    next_element(&rest, &second) && second.tag == INTEGER;
	inner = first.tag == SEQUENCE ? first.content : second.content;
	if (!next_element(&inner, &id) || id.tag != OBJECT_ID)
		return false;
	if (first.tag == OCTET_STRING)
		return second.tag == CURVE && inner.n == 0 &&
		    names_curve(id.content) &&
		    first.length >= SEC1_NUMBER_MIN &&
		    first.length <= SEC1_NUMBER_MAX;
	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (str_eq(
			str_head(id.content, algorithms[i].n), algorithms[i]))
			return first.tag == SEQUENCE &&
			    second.tag == OCTET_STRING && is_one(second);
	return first.tag == SEQUENCE && second.tag == OCTET_STRING &&
	    second.length >= DER_MIN && is_encrypted(first, after);
}

bool
der_holds_key(struct str bytes)
{
	for (; bytes.n > 1; bytes = str_tail(bytes, 1)) {
		switch ((uint8_t)bytes.p[0]) {
		case SEQUENCE:
			if (is_key(bytes))
				return true;
			/* FALLTHROUGH */
		case INTEGER:
		case OCTET_STRING:
			if (is_headless_key(bytes))
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}
