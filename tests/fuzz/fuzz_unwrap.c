/* SPDX-License-Identifier: ISC */
/*
 * fuzz_unwrap.c - if any way of unwrapping a text reveals a private key, the
 * text must be refused. All layers together may have at most UNWRAP_WORK times
 * the bytes of the text.
 *
 * An input that begins with a byte below 0x80 is a recipe: it selects a key and
 * up to UNWRAP_DEPTH + 1 of the wrappings of tests/unit/wrap.c around it, each
 * with up to seven letters or blanks of other text on either side. The text
 * must be refused: as a private key, or because it is wrapped in too many
 * layers.
 *
 * Any other input is a text. The target unwraps it twice with readers of its
 * own, which skip whatever is not a digit, at every alignment, and lets
 * libcrypto try to read a key at each byte of each layer. If it reads one, the
 * text must be refused.
 *
 * No promise is made for other text inside a wrapping that consists of digits
 * or signs of that wrapping, because no reader can tell which of them belong to
 * it.
 *
 * Comparisons byte by byte teach the fuzzer little here, and their coverage
 * costs half of the time. This configuration leaves it out:
 *
 *   configure CC=clang --enable-sanitizers --enable-fuzzing \
 *       CFLAGS='-g -O2 -fno-sanitize-coverage=trace-cmp'
 */
#include "fuzz.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "../unit/wrap.h"
#include "format/sniff.h"
#include "format/unwrap.h"

/* Inputs are short, so that many of them run per second. */
#define TEXT_MAX 2048
#define RAW_MAX 1024

/* --- the work ----------------------------------------------------------- */

static size_t looked_at;

enum sniff_kind __real_sniff_layer(struct str layer, const char **name);
enum sniff_kind __wrap_sniff_layer(struct str layer, const char **name);

/* The linker substitutes this function for sniff_layer (--wrap). */
enum sniff_kind
__wrap_sniff_layer(struct str layer, const char **name)
{
	looked_at += layer.n;
	return __real_sniff_layer(layer, name);
}

static enum err
check(struct str text)
{
	static char block[UNWRAP_ARENA(TEXT_MAX)];
	struct unwrap u;
	struct arena a;
	struct str what;
	enum err e, e2;

	looked_at = 0;
	arena_init(&a, block, UNWRAP_ARENA(text.n));
	e = unwrap_check(text, &a, &what);
	fuzz_check(looked_at <= UNWRAP_WORK * text.n);
	fuzz_check(e == ERR_OK || e == ERR_PRIVATE_KEY || e == ERR_WRAPPED);
	looked_at = 0;
	arena_init(&a, block, UNWRAP_ARENA(text.n));
	e2 = unwrap_certificates(text, &a, &u, &what);
	fuzz_check(looked_at <= UNWRAP_WORK * text.n);
	fuzz_check(e2 != ERR_MEMORY);
	fuzz_check((e == ERR_PRIVATE_KEY) == (e2 == ERR_PRIVATE_KEY));
	fuzz_check(u.found.n == 0 || e2 != ERR_OK || u.found.der[0].n > 0);
	return e;
}

/* --- recipes ------------------------------------------------------------ */

static const char ed25519[] =
    "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"
    "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4"
    "\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
static const char sec1[] =
    "\x30\x31\x02\x01\x01\x04\x20\xc9\xaf\xa9\xd8\x45\xba\x75\x16\x6b"
    "\x5c\x21\x57\x67\xb1\xd6\x93\x4e\x50\xc3\xdb\x36\xe8\x9b\x12\x7b"
    "\x8a\x62\x2b\x12\x0f\x67\x21\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d"
    "\x03\x01\x07";
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
			  "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJp"
			  "GXA7rAMcrn9g\n"
			  "-----END PRIVATE KEY-----\n";

static const struct {
	struct str text;
	bool binary;
} keys[] = {
	{ STR(ed25519), true },
	{ STR(sec1), true },
	{ STR(pem), false },
};

static uint8_t
next(struct str *s)
{
	uint8_t c = s->n > 0 ? (uint8_t)s->p[0] : 0;

	*s = str_tail(*s, 1);
	return c;
}

/* Adds other text around a layer, chosen by the recipe. It consists of letters
 * and blanks, because digits and signs could belong to the wrapping. */
static void
put_other(struct str *recipe, struct buf *out)
{
	size_t n = next(recipe) % 8;

	while (n-- > 0 && recipe->n > 0)
		buf_char(out, "ghijklmnopqrstuv wyz"[next(recipe) % 20]);
}

/* Text that contains NUL bytes is UTF-16 already. No real program would convert
 * it again with the wrong byte order, so the recipe skips this wrapping. */
static bool
is_made(size_t with, struct str text)
{
	return strcmp(wraps[with].name, "UTF-16 in the wrong order") != 0 ||
	    memchr(text.p, 0, text.n) == NULL;
}

static void
follow(struct str recipe)
{
	static char rooms[UNWRAP_DEPTH + 1][TEXT_MAX];
	size_t key = next(&recipe) % (sizeof(keys) / sizeof(keys[0]));
	size_t depth = next(&recipe) % (UNWRAP_DEPTH + 2), i;
	struct str text = keys[key].text;
	bool binary = keys[key].binary;

	for (i = 0; i < depth; i++) {
		size_t with = next(&recipe) % wraps_n;
		struct buf b;

		if ((binary && !wraps[with].binary) || !is_made(with, text))
			continue;
		buf_init(&b, rooms[i], TEXT_MAX);
		put_other(&recipe, &b);
		wraps[with].put(text, &b);
		put_other(&recipe, &b);
		binary &= strcmp(wraps[with].name, "Latin-1") == 0;
		if (b.full)
			break;
		text = buf_view(&b);
	}
	fuzz_check(check(text) != ERR_OK);
}

/* --- texts -------------------------------------------------------------- */

/* Takes the tag and the length of an element that is present as a whole. Any
 * form of BER passes; an indefinite length counts as the whole rest. */
static bool
next_element(struct str *s, uint8_t *tag, size_t *length)
{
	size_t i, more;

	if (s->n < 2)
		return false;
	*tag = (uint8_t)s->p[0];
	*length = (uint8_t)s->p[1] & 0x7f;
	more = (s->p[1] & 0x80) != 0 ? *length : 0;
	*s = str_tail(*s, 2);
	if (more > s->n)
		return false;
	if (more > 0)
		*length = 0;
	for (i = 0; i < more && *length <= RAW_MAX; i++)
		*length = *length << 8 | (uint8_t)s->p[i];
	if (more == 0 && (uint8_t)s->p[-1] == 0x80)
		*length = s->n;
	*s = str_tail(*s, more);
	return *length <= s->n;
}

/* True for a SEQUENCE of a version and an INTEGER, a SEQUENCE or an OCTET
 * STRING, as every key is that libcrypto reads without a password. libcrypto
 * takes long to refuse other bytes. */
static bool
may_be_key(struct str s)
{
	uint8_t tag;
	size_t n;

	if (s.n < 18 || s.p[0] != 0x30 || !next_element(&s, &tag, &n) ||
	    !next_element(&s, &tag, &n) || tag != 0x02 || n > 8)
		return false;
	s = str_tail(s, n);
	return s.n > 0 &&
	    (s.p[0] == 0x02 || s.p[0] == 0x30 || (s.p[0] & ~0x20) == 0x04);
}

/* True if libcrypto can read a key at any byte of the text. */
static bool
reads_key(struct str s)
{
	static char password[] = "";
	EVP_PKEY *key = NULL;
	size_t i;
	BIO *b;

	for (i = 0; i < s.n && key == NULL; i++) {
		const unsigned char *p = (const unsigned char *)s.p + i;

		if (may_be_key(str_tail(s, i)))
			key = d2i_AutoPrivateKey(NULL, &p, (long)(s.n - i));
	}
	if (key == NULL && memmem(s.p, s.n, "-----BEGIN", 10) != NULL) {
		b = BIO_new_mem_buf(s.p, (int)s.n);
		key = PEM_read_bio_PrivateKey(b, NULL, NULL, password);
		BIO_free(b);
	}
	EVP_PKEY_free(key);
	ERR_clear_error();
	return key != NULL;
}

static bool
read_base64(struct str s, size_t skip, struct buf *out)
{
	char digits[RAW_MAX], bytes[RAW_MAX];
	size_t i, n = 0;
	int got;

	for (i = 0; i < s.n && n < sizeof(digits); i++)
		if ((s.p[i] >= '0' && s.p[i] <= '9') ||
		    (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
		    (s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '+' ||
		    s.p[i] == '/')
			digits[n++] = s.p[i];
	if (n < skip + 4)
		return false;
	got = EVP_DecodeBlock((unsigned char *)bytes,
	    (const unsigned char *)digits + skip, (int)((n - skip) / 4 * 4));
	if (got > 0)
		buf_put(out, bytes, (size_t)got);
	return got > 0;
}

static bool
read_hex(struct str s, size_t skip, struct buf *out)
{
	int high = -1, digit;

	for (; s.n > 0; s = str_tail(s, 1)) {
		digit = str_hex_digit(s.p[0]);
		if (digit < 0)
			continue;
		if (skip > 0) {
			skip--;
		} else if (high < 0) {
			high = digit;
		} else {
			buf_char(out, (char)(high << 4 | digit));
			high = -1;
		}
	}
	return out->n > 0;
}

static bool
read_percent(struct str s, size_t skip, struct buf *out)
{
	size_t n = out->n;

	(void)skip;
	while (s.n > 0) {
		int high = s.n > 2 ? str_hex_digit(s.p[1]) : -1;
		int low = s.n > 2 ? str_hex_digit(s.p[2]) : -1;

		if (s.p[0] == '%' && high >= 0 && low >= 0) {
			buf_char(out, (char)(high << 4 | low));
			s = str_tail(s, 3);
			n++;
		} else {
			buf_char(out, s.p[0]);
			s = str_tail(s, 1);
		}
	}
	return n > 0;
}

static bool
read_utf16(struct str s, size_t skip, struct buf *out)
{
	size_t i;

	for (i = skip; i + 1 < s.n; i += 2) {
		if (s.p[i] != 0 && s.p[i + 1] != 0)
			return false;
		buf_char(out, s.p[i] != 0 ? s.p[i] : s.p[i + 1]);
	}
	return out->n > 0;
}

static bool
read_latin_1(struct str s, size_t skip, struct buf *out)
{
	size_t n = 0;

	(void)skip;
	while (s.n > 0) {
		uint8_t c = (uint8_t)s.p[0];

		if (s.n > 1 && (c == 0xc2 || c == 0xc3)) {
			buf_char(out, (char)((c & 3) << 6 | (s.p[1] & 0x3f)));
			s = str_tail(s, 2);
			n++;
		} else {
			if (c >= 0x80)
				return false;
			buf_char(out, (char)c);
			s = str_tail(s, 1);
		}
	}
	return n > 0;
}

static const struct {
	bool (*read)(struct str s, size_t skip, struct buf *out);
	size_t skips;
} readers[] = {
	{ read_base64, 4 },
	{ read_hex, 2 },
	{ read_percent, 1 },
	{ read_utf16, 2 },
	{ read_latin_1, 1 },
};

static bool
reads_key_inside(struct str s, unsigned depth, unsigned *tries)
{
	char room[RAW_MAX];
	struct buf b;
	size_t i, skip;

	if (reads_key(s))
		return true;
	for (i = 0; depth > 0 && i < sizeof(readers) / sizeof(readers[0]); i++)
		for (skip = 0; skip < readers[i].skips; skip++) {
			if ((*tries)++ > 200)
				return false;
			buf_init(&b, room, sizeof(room));
			if (readers[i].read(s, skip, &b) && b.n >= 18 &&
			    reads_key_inside(buf_view(&b), depth - 1, tries))
				return true;
		}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_from((const char *)data, size);
	unsigned tries = 0;

	if (size == 0)
		return 0;
	if (data[0] < 0x80) {
		follow(text);
		return 0;
	}
	text = str_head(str_tail(text, 1), RAW_MAX);
	if (check(text) == ERR_OK)
		fuzz_check(!reads_key_inside(text, 2, &tries));
	return 0;
}
