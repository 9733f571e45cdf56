/* SPDX-License-Identifier: ISC */
/*
 * test_unwrap.c - certificates and private keys that libcrypto wrote, in every
 * wrapping and in wrappings of wrappings. Every key is refused, every
 * certificate is found, and other texts are left alone.
 */
#include "format/unwrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "unit.h"
#include "unit_certificate.h"
#include "wrap.h"

#define TEXT_MAX (1 << 17)

/* --- keys and a certificate -------------------------------------------- */

static struct {
	EVP_PKEY *rsa;
	EVP_PKEY *ec;
	EVP_PKEY *ed25519;
	X509 *x;
} made;

/* Keys that only this test uses. They are fixed, so that each run tests the
 * same bytes. */
static const char rsa[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC6uBOkj/bgi6F9\n"
    "e+fSI+mxBvEMf+gzZanpo/bRGcwq/6yFHYLnfKmNWAj8cgo3imrbuRydDaMn5pt/\n"
    "nwcUgdHhk767yCUmkm87o4JA231ctuPLoL+gGcRVF4btBhLU/4b8jJR1326refhS\n"
    "lAmuX/OYjIezCHBc1tkQQCn+RfCtZC3ywKxP+jX/7ld2VgTt5vNoNKBqhc8teujN\n"
    "fEZhV+yltiy9HRMgs16nD6bH0k279nkLIUwkpJNAw2Jnpt5NEx0faf3rHLMNeMCf\n"
    "FKze9YB9cqZtsWqRHOTkHaZlFb6hJ7euDw8TeWoDordZQw78rK4v3rTJAtiQSiJw\n"
    "Guzv6d5vAgMBAAECggEAG0xdRtJrcCHJ7uwmFOF+QYz3wfGTU6xZ3phDtgd1A5ZU\n"
    "tTN+13Qw38LOsYXEu6EHhW83YTjEsUk0U8C+yr8+HaI5oP+eetiu3YPGv8+3MM5m\n"
    "WHd8fJ43x48EgXPBXhWruRGehOsxJW3UIdKV5cIOfa+SCVlDADfDDW6sFQpJqTe7\n"
    "h7kK58PskpMk5d+ymLRghdYsmrlM/McJ/Vm+cZG3S7f4JwVz7i4b+ik2wSaNGTF7\n"
    "riv1VePmYS208n4G1lB4xhSVRSkQh74mtTwWHQe0Nl+G+nftcCErWGGrnSC4hIgz\n"
    "FZGHbYWIKcC2nBFsFnpIBPCaMXHbH747QwLAnc8lRQKBgQDxad3gWK0KAGBGuM98\n"
    "sBsKVXAJsN41ZRaCU5N5RtmWJXLrpaLsK96FVJM1dnLYKHWlP+gqjvIrnVz4WHJl\n"
    "m1J/HuoJZpofIo3v/8q2htod1e6sQson5fO7vd6vkcs9wyyiGtQOgnLRZYv0xm5P\n"
    "Ipn/tCaiHq/T6Fkn74su/pAyPQKBgQDGADUO+vP6Rpsoc8R6oZAVGWAadjh5aWG4\n"
    "qgkwaBC+Xp4SnaBOltX+XBYPmY6jC0B3dxIVGRqVx0e9DdRlxM68QkU4In+6K3oQ\n"
    "zWIbL3XOdcX2L8uYpWZwgyGWcevPc6nYORtr5Fjvw7mH3cLiWQBF2VzoMhCHOZll\n"
    "ctCLH4n6GwKBgQCFVgijEbc5D+4dAZQv9QBqW7gO0i5Y5WViRBDu6e/hmvt3Jbvv\n"
    "n2c+0vCflbVmqCoaRErRvrQI3NhtnkRI1FnjNkrjOFUlnyswBGKNH7w2wGMbp6QK\n"
    "F1rgNcVZyTes/DCZtCGtheUuvFxprHNep+jQr0qrPjG0497iTM7d/OHdrQKBgGoF\n"
    "8GNuI7jPmAPIQdx8qN9zcA+bYFA7CrXMbxE5mEWn+rLzLsUGZd5HRxThYAyUWNff\n"
    "rZIYmDC9vf9Q6Xv5L86FGfWeG5D/+OQIZlEyT73XOMLEAxxg7QKwZQrfQ6sZP0hm\n"
    "A/X5F1qEDtPe/p0flVLRursnG8ydHjPBkEP/Bm4jAoGAA1ogEAGTAVkxpuMc/Jm8\n"
    "Ll61qy6qY8XH878t+JvV5QvhWIiCobfp8EH82A0qj8pJzCbuM9Cnt018zwzc0GAZ\n"
    "dkgyqfsnKvg+3oCViwYPCU4ak1CXMvYWGT1LpSbv7UG/TttRlwzb/RFC/ankY7Ta\n"
    "yUei2fds8pw2B340LzYYIHc=\n"
    "-----END PRIVATE KEY-----\n";
static const char ec[] =
    "\x30\x31\x02\x01\x01\x04\x20\xc9\xaf\xa9\xd8\x45\xba\x75\x16\x6b"
    "\x5c\x21\x57\x67\xb1\xd6\x93\x4e\x50\xc3\xdb\x36\xe8\x9b\x12\x7b"
    "\x8a\x62\x2b\x12\x0f\x67\x21\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d"
    "\x03\x01\x07";
static const char ed25519[] =
    "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"
    "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4"
    "\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";

static EVP_PKEY *
key_of_der(const char *der, size_t n)
{
	const unsigned char *p = (const unsigned char *)der;

	return d2i_AutoPrivateKey(NULL, &p, (long)n);
}

static EVP_PKEY *
key_of_pem(const char *pem)
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);

	BIO_free(b);
	return key;
}

/* Runs once, before the tests fork. */
static void
make(void)
{
	made.rsa = key_of_pem(rsa);
	made.ec = key_of_der(ec, sizeof(ec) - 1);
	made.ed25519 = key_of_der(ed25519, sizeof(ed25519) - 1);
	if (made.rsa == NULL || made.ec == NULL || made.ed25519 == NULL)
		abort();
	made.x = unit_issue(&(struct unit_certificate){ .key = made.rsa,
	    .name = "test of unwrap",
	    .serial = 77,
	    .from_at = 1767225600, /* 2026-01-01 */
	    .until_at = 1798761600 }); /* 2027-01-01 */
}

static void
pkcs8_pem(BIO *b)
{
	PEM_write_bio_PKCS8PrivateKey(b, made.rsa, NULL, NULL, 0, NULL, NULL);
}

static void
pkcs8_ec_pem(BIO *b)
{
	PEM_write_bio_PKCS8PrivateKey(b, made.ec, NULL, NULL, 0, NULL, NULL);
}

static void
pkcs8_encrypted_pem(BIO *b)
{
	PEM_write_bio_PKCS8PrivateKey(
	    b, made.ec, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
}

static void
traditional_pem(BIO *b)
{
	PEM_write_bio_PrivateKey_traditional(
	    b, made.rsa, NULL, NULL, 0, NULL, NULL);
}

static void
traditional_ec_pem(BIO *b)
{
	PEM_write_bio_PrivateKey_traditional(
	    b, made.ec, NULL, NULL, 0, NULL, NULL);
}

static void
traditional_encrypted_pem(BIO *b)
{
	PEM_write_bio_PrivateKey_traditional(b, made.rsa, EVP_aes_128_cbc(),
	    (const unsigned char *)"secret", 6, NULL, NULL);
}

static void
pkcs8_der(BIO *b)
{
	i2d_PKCS8PrivateKey_bio(b, made.rsa, NULL, NULL, 0, NULL, NULL);
}

static void
pkcs8_ec_der(BIO *b)
{
	i2d_PKCS8PrivateKey_bio(b, made.ec, NULL, NULL, 0, NULL, NULL);
}

static void
pkcs8_ed25519_der(BIO *b)
{
	i2d_PKCS8PrivateKey_bio(b, made.ed25519, NULL, NULL, 0, NULL, NULL);
}

static void
pkcs8_encrypted_der(BIO *b)
{
	i2d_PKCS8PrivateKey_bio(
	    b, made.ec, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
}

static void
traditional_der(BIO *b)
{
	i2d_PrivateKey_bio(b, made.rsa);
}

static void
traditional_ec_der(BIO *b)
{
	i2d_PrivateKey_bio(b, made.ec);
}

static void
pkcs12_der(BIO *b)
{
	PKCS12 *p = PKCS12_create(
	    "secret", "name", made.rsa, made.x, NULL, 0, 0, 0, 0, 0);

	i2d_PKCS12_bio(b, p);
	PKCS12_free(p);
}

static void
numbers_text(BIO *b)
{
	EVP_PKEY_print_private(b, made.rsa, 0, NULL);
}

static void
numbers_ec_text(BIO *b)
{
	EVP_PKEY_print_private(b, made.ec, 0, NULL);
}

static void
certificate_pem(BIO *b)
{
	PEM_write_bio_X509(b, made.x);
}

static void
certificate_der(BIO *b)
{
	i2d_X509_bio(b, made.x);
}

static void
certificate_then_key(BIO *b)
{
	PEM_write_bio_X509(b, made.x);
	pkcs8_ec_pem(b);
}

/* The members alone make it a key; their values are not read. */
static void
jose(BIO *b)
{
	BIO_puts(
	    b, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"d\":\"AA\"}");
}

static void
putty(BIO *b)
{
	BIO_puts(b, "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n");
}

static void
openssh(BIO *b)
{
	static const char start[] = "openssh-key-v1\0\0\0\0\4none\0\0\0\4none";

	BIO_write(b, start, sizeof(start));
}

static void
java(BIO *b)
{
	BIO_write(b, "\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1\0\0\0\1\0\6server", 24);
	i2d_PKCS8PrivateKey_bio(
	    b, made.ec, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
}

static void
dot_net(BIO *b)
{
	BIO_puts(b,
	    "<RSAKeyValue><Modulus>AA==</Modulus><Exponent>AQAB</Exponent>"
	    "<P>AA==</P><D>AA==</D></RSAKeyValue>");
}

static const struct key_case {
	const char *name;
	void (*put)(BIO *b);
	bool binary;
} key_cases[] = {
	{ "PKCS#8", pkcs8_pem, false },
	{ "PKCS#8 of a curve", pkcs8_ec_pem, false },
	{ "encrypted PKCS#8", pkcs8_encrypted_pem, false },
	{ "PKCS#1", traditional_pem, false },
	{ "SEC 1", traditional_ec_pem, false },
	{ "encrypted PEM", traditional_encrypted_pem, false },
	{ "DER of PKCS#8", pkcs8_der, true },
	{ "DER of PKCS#8 of a curve", pkcs8_ec_der, true },
	{ "DER of the shortest PKCS#8", pkcs8_ed25519_der, true },
	{ "DER of encrypted PKCS#8", pkcs8_encrypted_der, true },
	{ "DER of PKCS#1", traditional_der, true },
	{ "DER of SEC 1", traditional_ec_der, true },
	{ "PKCS#12", pkcs12_der, true },
	{ "numbers", numbers_text, false },
	{ "numbers of a curve", numbers_ec_text, false },
	{ "a key after a certificate", certificate_then_key, false },
	{ "a key of JOSE", jose, false },
	{ "a key of PuTTY", putty, false },
	{ "a key of OpenSSH", openssh, true },
	{ "a key store of Java", java, true },
	{ "a key of .NET", dot_net, false },
};

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

/* --- helpers ----------------------------------------------------------- */

/* Returns the bytes that put writes. They are valid until the next call with
 * the same slot. */
static struct str
bytes_of(void (*put)(BIO *b), int slot)
{
	static char bytes[2][16384];
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	size_t n;

	put(b);
	n = (size_t)BIO_get_mem_data(b, &p);
	ck_assert_uint_lt(n, sizeof(bytes[0]));
	ck_assert_uint_gt(n, 0);
	memcpy(bytes[slot], p, n);
	BIO_free(b);
	return str_from(bytes[slot], n);
}

/* Makes an arena that ends at a page that must not be read. */
static void
tight(struct arena *a, size_t n)
{
	static char zeros[UNWRAP_ARENA(TEXT_MAX)];
	struct str block = unit_guard(1, str_from(zeros, n));

	arena_init(a, (void *)(uintptr_t)block.p, n);
}

static enum err
check(struct str text)
{
	struct arena a;
	struct str what;
	enum err e;

	tight(&a, UNWRAP_ARENA(text.n));
	e = unwrap_check(unit_guard(0, text), &a, &what);
	ck_assert(e == ERR_WRAPPED ? what.n > 0 : a.used == 0);
	/* The text stays whole when the arena is used further. */
	if (e == ERR_WRAPPED) {
		memset(a.block + a.used, '!', a.size - a.used);
		ck_assert_ptr_null(memchr(what.p, '!', what.n));
	}
	return e;
}

static enum err
certificates(struct str text, struct unwrap *out, struct str *what)
{
	struct arena a;

	tight(&a, UNWRAP_ARENA(text.n));
	return unwrap_certificates(unit_guard(0, text), &a, out, what);
}

/* Wraps the text once more. Returns false if the wrapping cannot hold it. */
static bool
wrap(size_t with, struct str text, bool *binary, struct buf *out)
{
	if (*binary && !wraps[with].binary)
		return false;
	wraps[with].put(text, out);
	*binary &= strcmp(wraps[with].name, "Latin-1") == 0;
	return !out->full;
}

static struct buf
room(int i)
{
	static char block[8][TEXT_MAX];
	struct buf b;

	buf_init(&b, block[i], TEXT_MAX);
	return b;
}

/*
 * Each text is tested in every wrapping, but only in one of `apart` pairs of
 * wrappings. Different rows of a table get different pairs. All pairs for all
 * rows take minutes without optimisation; fuzz_unwrap tries more than those. A
 * build for coverage or with sanitizers, which is five times as slow, gets a
 * quarter of the pairs.
 */
#ifdef INSTRUMENTED
#define SPARSE 4
#else
#define SPARSE 1
#endif

static bool
is_tried(size_t outer, size_t inner, int row, size_t apart)
{
	return (outer + inner + (size_t)row) % (apart * SPARSE) == 0;
}

/* --- keys -------------------------------------------------------------- */

/* The search through a wrapped RSA key takes 15 times as long as through a key
 * on a curve. With these numbers, each pair of wrappings gets short keys both
 * as text and in binary. */
#define LONG_KEY 512
#define LONG_KEYS_APART 21
#define SHORT_KEYS_APART 3

START_TEST(key_in_two_wrappings)
{
	const struct key_case *c = &key_cases[_i];
	struct str key = bytes_of(c->put, 0);
	size_t i, k, apart;

	apart = key.n > LONG_KEY ? LONG_KEYS_APART : SHORT_KEYS_APART;
	ck_assert_msg(check(key) == ERR_PRIVATE_KEY, "%s", c->name);
	for (i = 0; i < wraps_n; i++) {
		struct buf once = room(0);
		bool binary = c->binary;

		if (!wrap(i, key, &binary, &once))
			continue;
		ck_assert_msg(check(buf_view(&once)) == ERR_PRIVATE_KEY,
		    "%s in %s", c->name, wraps[i].name);
		for (k = 0; k < wraps_n; k++) {
			struct buf twice = room(1);
			bool still = binary;

			if (!is_tried(i, k, _i, apart) ||
			    !wrap(k, buf_view(&once), &still, &twice))
				continue;
			ck_assert_msg(
			    check(buf_view(&twice)) == ERR_PRIVATE_KEY,
			    "%s in %s in %s", c->name, wraps[i].name,
			    wraps[k].name);
		}
	}
}
END_TEST

/* DER in base64 that was copied without its first characters. */
START_TEST(key_without_its_start)
{
	static void (*const puts[])(BIO * b) = { pkcs8_der, pkcs8_ec_der,
		pkcs8_ed25519_der, pkcs8_encrypted_der, traditional_der,
		traditional_ec_der, openssh };
	struct str key = bytes_of(puts[_i], 0);
	char text[TEXT_MAX];
	size_t n = str_base64((const uint8_t *)key.p, key.n, text), lost;

	for (lost = 0; lost <= 3; lost++)
		ck_assert_msg(
		    check(str_from(text + lost, n - lost)) == ERR_PRIVATE_KEY,
		    "%d without %zu characters", _i, lost);
}
END_TEST

/* Inserts text into digits at a place. */
static struct str
insert(struct str digits, size_t at, const char *other, struct buf *out)
{
	buf_str(out, str_head(digits, at));
	buf_text(out, other);
	buf_str(out, str_tail(digits, at));
	return buf_view(out);
}

/* One more sign among the digits does not hide a key from a decoder that skips
 * it. */
START_TEST(key_among_signs)
{
	static const char *const signs[] = { "=", "==", "-_-", "-", ":",
		"::::::", "%", "[", "<", "\"", "           ", "\xff\xfe",
		"\xc2\xa0", "\n+", "\r\n\r\n\r\n", "\\", "&", "{" };
	struct str key = bytes_of(pkcs8_ed25519_der, 0), digits;
	size_t hex, i, at;

	for (hex = 0; hex < 2; hex++) {
		struct buf b = room(0), with;

		wraps[hex == 0 ? 0 : 7].put(key, &b);
		digits = buf_view(&b);
		for (i = 0; i < (size_t)ROWS(signs); i++)
			for (at = 0; at < digits.n; at += 3) {
				if (hex == 0 && strchr(signs[i], '+') != NULL)
					continue;
				with = room(1);
				ck_assert_msg(check(insert(digits, at, signs[i],
						  &with)) != ERR_OK,
				    "%s at %zu of %zu", signs[i], at, hex);
			}
	}
}
END_TEST

/* Only some lines of a patch begin with the sign. */
START_TEST(key_in_part_of_a_patch)
{
	struct buf pem_text = room(0), lines = room(1), text = room(2);

	buf_text(&pem_text, "Bag Attributes\n    localKeyID: 01\n");
	buf_str(&pem_text, bytes_of(pkcs8_ed25519_der, 0));
	wraps[1].put(buf_view(&pem_text), &lines);
	buf_text(&text, "the file\nis\n\nthis\nhere:\nx");
	wraps[30].put(buf_view(&lines), &text);
	ck_assert_str_eq(wraps[30].name, "patch");
	ck_assert_int_ne(check(buf_view(&text)), ERR_OK);
}
END_TEST

/* Control characters between the digits, as of a terminal. */
START_TEST(key_among_controls)
{
	struct str key = bytes_of(pkcs8_der, 0);
	char text[TEXT_MAX], spread[2 * TEXT_MAX];
	size_t n = str_base64((const uint8_t *)key.p, key.n, text), i, to = 0;

	for (i = 0; i < n; i++) {
		if (i % 8 == 7)
			spread[to++] = (char)(1 + _i);
		spread[to++] = text[i];
	}
	ck_assert_int_eq(check(str_from(spread, to)), ERR_PRIVATE_KEY);
}
END_TEST

/* Parts of certificates and signed messages look like the rest of a key. */
START_TEST(signature_is_not_a_key)
{
	static const struct str texts[] = {
		/* The algorithm and the signature of a signer (RFC 5652). */
		STR("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
		    "\x05\x00\x04\x28"
		    "\x7b\x1c\x9e\x44\x05\x91\xd3\x28\x60\xaf\x7b\x1c\x9e\x44"
		    "\x05\x91\xd3\x28\x60\xaf\x7b\x1c\x9e\x44\x05\x91\xd3\x28"
		    "\x60\xaf\x7b\x1c\x9e\x44\x05\x91\xd3\x28\x60\xaf"),
		/* A path length of 0, and another extension. */
		STR("\x30\x06\x01\x01\xff\x02\x01\x00\x30\x0e\x06\x03\x55\x1d"
		    "\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x06"),
	};

	ck_assert_int_ne(check(texts[_i]), ERR_PRIVATE_KEY);
}
END_TEST

static unsigned
random_below(unsigned *seed, size_t n)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 16) % (unsigned)n;
}

#define DEEP_MAX 7

/* However many layers surround a key, the text is refused: up to UNWRAP_DEPTH
 * layers the key is found, and beyond that the text may be refused as wrapped
 * too often. */
START_TEST(key_in_many_wrappings)
{
	unsigned seed = (unsigned)_i + 1;
	const struct key_case *c =
	    &key_cases[random_below(&seed, ROWS(key_cases))];
	size_t depth = 3 + random_below(&seed, DEEP_MAX - 2), i;
	struct str text = bytes_of(c->put, 0);
	bool binary = c->binary;
	char path[512] = "";
	enum err e;

	for (i = 0; i < depth; i++) {
		size_t with = random_below(&seed, wraps_n);
		struct buf b = room((int)i);

		if (!wrap(with, text, &binary, &b))
			break;
		text = buf_view(&b);
		strncat(path, " in ", sizeof(path) - strlen(path) - 1);
		strncat(
		    path, wraps[with].name, sizeof(path) - strlen(path) - 1);
	}
	if (i == 0)
		return;
	e = check(text);
	ck_assert_msg(
	    e == ERR_PRIVATE_KEY || (i > UNWRAP_DEPTH && e == ERR_WRAPPED),
	    "%s%s: %d", c->name, path, e);
}
END_TEST

/* --- certificates ------------------------------------------------------ */

static void
check_certificate(const char *in, const char *in2, struct str text)
{
	struct str der = bytes_of(certificate_der, 1), what = STR_EMPTY;
	struct unwrap u;
	enum err e = certificates(text, &u, &what);

	ck_assert_msg(e == ERR_OK && u.found.n == 1 && u.pem.n > 0,
	    "%s in %s: %d, %zu, %.*s", in, in2, e, u.found.n, STR_ARG(what));
	ck_assert_msg(str_eq(u.found.der[0], der), "%s in %s", in, in2);
	ck_assert(str_starts(u.pem, "-----BEGIN CERTIFICATE-----\n"));
}

static const struct certificate_case {
	void (*put)(BIO *b);
	bool binary;
} certificate_cases[] = { { certificate_pem, false },
	{ certificate_der, true } };

#define CERTIFICATES_APART 7

/* The text needs no unwrapping if it is base64 of DER, or PEM within other
 * text. */
static bool
is_as_sent(bool der, const char *wrapping)
{
	static const char *const with[2][4] = { { "tabs", "Latin-1", "quotes",
						    "typographic quotes" },
		{ "base64", "base64 in lines", "", "" } };
	size_t i;

	for (i = 0; i < 4; i++)
		if (strcmp(wrapping, with[der][i]) == 0)
			return true;
	return false;
}

/* Each outer wrapping is a test of its own, so that each test is short. */
START_TEST(certificate_in_two_wrappings)
{
	int row = _i % ROWS(certificate_cases);
	const struct certificate_case *c = &certificate_cases[row];
	size_t i = (size_t)(_i / ROWS(certificate_cases)), k;
	struct str text = bytes_of(c->put, 0);
	struct buf once = room(0);
	bool binary = c->binary;

	if (!wrap(i, text, &binary, &once) || once.n > PEM_TEXT_MAX)
		return;
	if (!is_as_sent(c->binary, wraps[i].name))
		check_certificate("", wraps[i].name, buf_view(&once));
	for (k = 0; k < wraps_n; k++) {
		struct buf twice = room(1);
		bool still = binary;

		if (!is_tried(i, k, row, CERTIFICATES_APART) ||
		    !wrap(k, buf_view(&once), &still, &twice) ||
		    twice.n > PEM_TEXT_MAX ||
		    (is_as_sent(c->binary, wraps[i].name) &&
			is_as_sent(false, wraps[k].name)))
			continue;
		check_certificate(
		    wraps[i].name, wraps[k].name, buf_view(&twice));
	}
}
END_TEST

START_TEST(certificate_as_sent)
{
	struct str text = bytes_of(certificate_pem, 0), what = STR_EMPTY;
	struct str der = bytes_of(certificate_der, 1);
	struct unwrap u;
	struct buf b = room(0);
	int i;

	ck_assert_int_eq(certificates(text, &u, &what), ERR_OK);
	ck_assert(u.found.n == 1 && str_is_null(u.pem));
	for (i = 0; i < 2; i++) {
		b.n = 0;
		wraps[i].put(der, &b);
		ck_assert_int_eq(certificates(buf_view(&b), &u, &what), ERR_OK);
		ck_assert(u.found.n == 1 && str_is_null(u.pem));
	}
}
END_TEST

/* --- other texts ------------------------------------------------------- */

#define Z "AAAAAAAAAAAAAAAAAAAAAAAA"
#define MII "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQsw" Z

static const struct text_case {
	const char *name;
	struct str text;
	enum err e; /* as the value of any property */
	enum err certificate; /* as the value of certificate */
	const char *what; /* the beginning of the reason, as the certificate */
} text_cases[] = {
	{ "the seed's value", STR("Certificate value"), ERR_OK, ERR_OK,
	    "it contains neit" },
	{ "nothing", STR(""), ERR_OK, ERR_OK, "it is empty" },
	{ "an Apple ID", STR("mdm.admin+push@example.org"), ERR_OK, ERR_OK,
	    "it contains neit" },
	{ "a topic",
	    STR("com.apple.mgmt.External.1b4e28ba-2fa1-4c8e-883f-"
		"0016d3cca427"),
	    ERR_OK, ERR_OK, "it contains neit" },
	{ "a date", STR("2016-12-31T23:57:57.2481234-07:59"), ERR_OK, ERR_OK,
	    "it contains neit" },
	{ "a sentence about a private key",
	    STR("The private key does not match. Please begin by creating a "
		"private key and a request, then upload the certificate."),
	    ERR_OK, ERR_OK, "it contains neit" },
	{ "a fingerprint",
	    STR("A9:5E:0B:3F:11:22:33:44:55:66:77:88:99:00:AA:BB:CC:DD:EE:FF:"
		"11:22:33:44:55:66:77:88:99:00:AA:BB"),
	    ERR_OK, ERR_OK, "it contains neit" },
	{ "a token of random digits",
	    STR("u5p0lGvZ3qk2m8TtJxY1w9rEhQbCfNdSaKoLiPzVXyU7R4W6"), ERR_OK,
	    ERR_OK, "it contains neit" },
	{ "Chinese",
	    STR("\xe8\xaf\x81\xe4\xb9\xa6\xe4\xb8\x8a\xe4\xbc\xa0"
		"\xe5\xa4\xb1\xe8\xb4\xa5\xef\xbc\x8c\xe8\xaf\xb7"),
	    ERR_OK, ERR_OK, "it contains neit" },
	{ "umlauts",
	    STR("Schl\xc3\xbcssel f\xc3\xbcr M\xc3\xbcller & S\xc3"
		"\xb6hne, 100 % \xe2\x82\xac"),
	    ERR_OK, ERR_OK, "it contains neit" },
	{ "a page",
	    STR("<!DOCTYPE html>\n<html><head><title>Sign In &amp; go</title>"
		"<script>var a = \"x\\n\" + '%20';</script></head></html>"),
	    ERR_OK, ERR_OK, "it is an HTML page, and it contains" },
	{ "an error of an API",
	    STR("{\"error\":{\"code\":\"InvalidAuthenticationToken\","
		"\"message\":\"Access token has expired.\"}}"),
	    ERR_OK, ERR_OK, "it is JSON, and it contains" },
	{ "a data URI of a text",
	    STR("data:text/plain;base64,SGVsbG8sIHdvcmxk"
		"IQ=="),
	    ERR_OK, ERR_OK, "it is a data URI, and it contains" },
	{ "a file name", STR("C:\\Users\\me\\new\\x509\\mdm%20push.pem"),
	    ERR_OK, ERR_OK, "it contains neit" },

	{ "a label in a sentence", STR("My PRIVATE KEY is safe."),
	    ERR_PRIVATE_KEY, ERR_PRIVATE_KEY, "" },
	{ "a label in lower case", STR("-----begin private key-----"),
	    ERR_PRIVATE_KEY, ERR_PRIVATE_KEY, "" },
	{ "a label in quoted-printable",
	    STR("-----BEGIN RSA PRIV=\r\nATE=20KEY-----"), ERR_PRIVATE_KEY,
	    ERR_PRIVATE_KEY, "" },
	{ "a label in numbered lines", STR("1 BEGIN PRIVATE\n2 KEY"),
	    ERR_PRIVATE_KEY, ERR_PRIVATE_KEY, "" },
	{ "the name of a number", STR("private exponent: 01:02"),
	    ERR_PRIVATE_KEY, ERR_PRIVATE_KEY, "" },

	{ "zip", STR("UEsDBBQAAAAIAMdrVVkAAAAAAAAAAAAAAAAH"), ERR_WRAPPED,
	    ERR_NOT_A_CERTIFICATE, "it is base64, and it is a zip file;" },
	{ "gzip", STR("H4sIAAAAAAACA8tIzcnJVwjPL8pJAQBWsRdKCwAAAA=="),
	    ERR_WRAPPED, ERR_NOT_A_CERTIFICATE,
	    "it is base64, and it is a gzip file;" },

	{ "a cut certificate", STR(MII), ERR_OK, ERR_NOT_A_CERTIFICATE,
	    "it is incomplete" },
	{ "a cut certificate in a data URI",
	    STR("data:application/x-pem-file;base64," MII), ERR_OK,
	    ERR_NOT_A_CERTIFICATE,
	    "it is a data URI, and the certificate in it is incomplete; copy "
	    "the whole text again" },
	{ "half a PEM in a document",
	    STR("{\\rtf1 -----BEGIN CERTIFICATE-----\\\n" MII), ERR_OK,
	    ERR_NOT_A_CERTIFICATE,
	    "it is an RTF document, and the certificate in it is incomplete; "
	    "copy the whole text again" },
	{ "DER that lost its bytes outside ASCII",
	    STR("0\3\2\1\2\2\1M0\r\6\t*H\r\1\1\13\5\0"
		"0\x0f"
		"1\r0\13\6\3U\4\3"
		"\f\4test0\36\27\r"),
	    ERR_OK, ERR_NOT_A_CERTIFICATE, "it is a binary file" },
};

START_TEST(other_text)
{
	const struct text_case *c = &text_cases[_i];
	struct str what = STR_EMPTY;
	struct unwrap u;
	enum err e = check(c->text);

	ck_assert_msg(e == c->e, "%s: %d", c->name, e);
	e = certificates(c->text, &u, &what);
	ck_assert_msg(e == c->certificate, "%s: %d", c->name, e);
	unit_check(c->name, u.found.n == 0);
	unit_same(c->name, str_head(what, strlen(c->what)), str_of(c->what));
}
END_TEST

/* --- bounds ------------------------------------------------------------ */

START_TEST(five_layers)
{
	struct str text = bytes_of(certificate_pem, 0), what = STR_EMPTY;
	struct unwrap u;
	enum err e;
	int i;

	for (i = 0; i < 5; i++) {
		struct buf b = room(i);

		wraps[0].put(text, &b);
		text = buf_view(&b);
		e = certificates(text, &u, &what);
		if (i < UNWRAP_DEPTH)
			ck_assert_msg(e == ERR_OK && u.found.n == 1, "%d", i);
	}
	ck_assert_int_eq(e, ERR_NOT_A_CERTIFICATE);
	unit_same("five layers", str_head(what, 24),
	    str_of("it is wrapped in more th"));
}
END_TEST

/* Long texts to which every wrapping applies: an arena of the documented size
 * suffices, and no key is reported where there is none. */
static const char *const units[] = { "x", "MII ", "A", "0", "&amp;", "%41",
	"\\n", "> ", "48,", "\\\\\\\\n", "%2525", "-----BEGIN ", "<br>", "=",
	"0x30, ", "\xc3\xbc", "\xe2\x82\xac", "\xe6\x8d\x8d", "a\0",
	"-_-_a-b_c", "%26amp;%5Cn> MIIB\xc3\xbc,48,0x30" };

START_TEST(long_text)
{
	static char text[PEM_TEXT_MAX];
	const char *unit = units[_i];
	size_t i, n = strlen(unit) + (unit[0] == 'a' && unit[1] == 0);
	struct str what = STR_EMPTY;
	struct unwrap u;
	enum err e;

	for (i = 0; i < sizeof(text); i++)
		text[i] = unit[i % n];
	e = check(str_from(text, sizeof(text)));
	ck_assert_msg(e == ERR_OK || e == ERR_WRAPPED, "%s: %d", unit, e);
	e = certificates(str_from(text, sizeof(text)), &u, &what);
	ck_assert_msg(
	    e == ERR_OK || e == ERR_NOT_A_CERTIFICATE, "%s: %d", unit, e);
}
END_TEST

/*
 * With every size of the arena, the outcome is the expected one or ERR_MEMORY.
 */
START_TEST(little_room)
{
	struct str text = bytes_of(certificate_pem, 0), what;
	struct buf b = room(0);
	struct unwrap u;
	struct arena a;
	size_t n, most;
	enum err e;

	wraps[0].put(text, &b);
	text = buf_view(&b);
	most = UNWRAP_ARENA(text.n);
	for (n = 0; n <= most; n += 61) {
		tight(&a, n);
		e = unwrap_certificates(text, &a, &u, &what);
		ck_assert(e == ERR_OK || e == ERR_MEMORY);
	}
	tight(&a, most);
	ck_assert_int_eq(unwrap_certificates(text, &a, &u, &what), ERR_OK);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("unwrap");
	TCase *t = tcase_create("unwrap");

	tcase_add_loop_test(t, key_in_two_wrappings, 0, ROWS(key_cases));
	tcase_add_loop_test(t, key_without_its_start, 0, 7);
	tcase_add_loop_test(t, signature_is_not_a_key, 0, 2);
	tcase_add_test(t, key_among_signs);
	tcase_add_test(t, key_in_part_of_a_patch);
	tcase_add_loop_test(t, key_among_controls, 0, 31);
	tcase_add_loop_test(t, key_in_many_wrappings, 0, 120 / SPARSE);
	tcase_add_loop_test(t, certificate_in_two_wrappings, 0,
	    ROWS(certificate_cases) * (int)wraps_n);
	tcase_add_test(t, certificate_as_sent);
	tcase_add_loop_test(t, other_text, 0, ROWS(text_cases));
	tcase_add_test(t, five_layers);
	tcase_add_loop_test(t, long_text, 0, ROWS(units));
	tcase_add_test(t, little_room);
	suite_add_tcase(s, t);
	make();
	return unit_run(s);
}
