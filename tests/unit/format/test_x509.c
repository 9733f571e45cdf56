/* SPDX-License-Identifier: ISC */
/*
 * test_x509.c - reads the certificates that tests/certificates/mkcerts.sh
 * makes, and compares the facts of random look-alikes with the output of the
 * openssl program. The environment variables LOOKALIKES and SEED set their
 * number and choose them.
 */
#include "format/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "format/test_x509.h"
#include "unit.h"

#define SKIP 77

static char directory[128];

static const char topic_1[] =
    "com.apple.mgmt.External.1b4e28ba-2fa1-4c8e-883f-0016d3cca427";
static const char topic_2[] =
    "com.apple.mgmt.External.6fa459ea-ee8a-4ca4-894e-db77e160355e";
static const char good[] = "0A1B2C3D4E5F6071";

/* Texts that count as a certificate. A topic or serial of NULL is absent or
 * random. */
static const struct good_case {
	const char *name;
	const char *file;
	const char *topic;
	const char *serial;
	bool mdm;
	enum x509_key key;
	unsigned bits;
} good_cases[] = {
	{ "PEM", "good.pem", topic_1, good, true, X509_KEY_RSA, 2048 },
	{ "PEM with CRLF", "good-crlf.pem", topic_1, good, true, X509_KEY_RSA,
	    2048 },
	{ "PEM in one line", "good-one-line.pem", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "PEM with a mark", "good-bom.pem", topic_1, good, true, X509_KEY_RSA,
	    2048 },
	{ "PEM with attributes", "good-bag.pem", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "X509 PEM", "good-x509.pem", topic_1, good, true, X509_KEY_RSA,
	    2048 },
	{ "trusted PEM", "good-trusted.pem", topic_1, good, true, X509_KEY_RSA,
	    2048 },
	{ "base64", "good.b64", topic_1, good, true, X509_KEY_RSA, 2048 },
	{ "base64 in lines", "good-lines.b64", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "base64 of PEM", "good-twice.b64", topic_1, good, true, X509_KEY_RSA,
	    2048 },
	{ "DER", "good.der", topic_1, good, true, X509_KEY_RSA, 2048 },
	{ "a chain", "good-chain.pem", topic_1, good, true, X509_KEY_RSA,
	    2048 },
	{ "a chain that ends with it", "good-last.pem", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "blocks that run together", "good-run-together.pem", topic_1, good,
	    true, X509_KEY_RSA, 2048 },
	{ "its request after it", "good-and-request.pem", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "another topic", "other-topic.pem", topic_2, NULL, true, X509_KEY_RSA,
	    2048 },
	{ "another key", "renewed-key.pem", topic_1, NULL, true, X509_KEY_RSA,
	    2048 },
	{ "an expired one", "expired.pem", topic_1, NULL, true, X509_KEY_RSA,
	    2048 },
	{ "one of the future", "not-yet.pem", topic_1, NULL, true, X509_KEY_RSA,
	    2048 },
	{ "another country", "country.pem", topic_1, NULL, true, X509_KEY_RSA,
	    2048 },
	{ "a self-signed one", "self-signed.pem", topic_1, NULL, true,
	    X509_KEY_RSA, 2048 },
	{ "a key on a curve", "ec.pem", topic_1, NULL, true, X509_KEY_EC, 256 },
	{ "a short key", "rsa1024.pem", topic_1, NULL, true, X509_KEY_RSA,
	    1024 },
	{ "push of an app", "app.pem", "org.example.app", NULL, false,
	    X509_KEY_RSA, 2048 },
	{ "push of mail", "mail.pem",
	    "com.apple.mail.XServer.1b4e28ba-2fa1-4c8e-883f-0016d3cca427", NULL,
	    false, X509_KEY_RSA, 2048 },
	{ "another prefix", "prefix.pem",
	    "wrong.prefix.1b4e28ba-2fa1-4c8e-883f-0016d3cca427", NULL, false,
	    X509_KEY_RSA, 2048 },
	{ "one without a topic", "web.pem", NULL, NULL, false, X509_KEY_RSA,
	    2048 },
	{ "a chain without its leaf", "chain.pem", NULL, NULL, false,
	    X509_KEY_RSA, 2048 },
	{ "a revocation list after it", "good-and-crl.pem", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "a leaf among CAs", "vendor-chain.pem", "ABCDE12345", NULL, false,
	    X509_KEY_RSA, 2048 },
	{ "base64 after a word", "labelled.b64", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "PEM without dashes", "no-dashes.pem", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "PEM with long dashes", "long-dashes.pem", topic_1, good, true,
	    X509_KEY_RSA, 2048 },
	{ "DER pasted", "der-pasted.txt", topic_1, good, true, X509_KEY_RSA,
	    2048 },
	{ "sixteen of them", "sixteen.pem", NULL, "0102030405060708", false,
	    X509_KEY_RSA, 2048 },
};

#define KEY(name, file)                         \
	{                                       \
		name, file, ERR_PRIVATE_KEY, "" \
	}
#define KEY12(name, file, what)                   \
	{                                         \
		name, file, ERR_PRIVATE_KEY, what \
	}
#define REQUEST(name, file)                         \
	{                                           \
		name, file, ERR_REQUEST_INSTEAD, "" \
	}
#define NO(name, file, what)                            \
	{                                               \
		name, file, ERR_NOT_A_CERTIFICATE, what \
	}
#define CUT                                                                 \
	"it is incomplete; copy the whole text from the BEGIN line to the " \
	"END line, and nothing else"
#define DAMAGED                                                              \
	"its base64 or its BEGIN and END lines are damaged; copy the whole " \
	"text again"
#define PKCS7                                                           \
	"it is a PKCS#7 file; upload the certificate in that file, as " \
	"PEM"
#define PUBLIC "it is a public key; upload the certificate for that key"

static const struct bad_case {
	const char *name;
	const char *file;
	enum err e;
	const char *what;
} bad_cases[] = {
	{ "nothing", "empty.pem", ERR_OK, "it is empty" },
	{ "a text", "ca.cnf", ERR_OK,
	    "it contains neither PEM nor the base64 of a certificate" },
	NO("half a PEM", "cut.pem", CUT),
	NO("half a label", "cut-label.pem", CUT),
	NO("half a base64", "cut.b64", CUT),
	NO("half a DER", "cut.der", CUT),
	NO("the second half of a PEM", "cut-head.pem", DAMAGED),
	NO("a wrong digit", "damaged.pem", DAMAGED),
	NO("seventeen certificates", "seventeen.pem",
	    "it contains more than 16 certificates; upload only the push "
	    "certificate"),
	NO("two topics in one", "two-topics.pem",
	    "the UID of its subject is malformed"),
	NO("a revocation list", "crl.pem",
	    "it is PEM or base64 of something other than a certificate"),
	NO("a certificate with a byte too few", "damaged-der.b64",
	    "it is not a certificate in DER form"),
	NO("a public key", "public.pem", PUBLIC),
	NO("a public key in base64", "public.b64", PUBLIC),
	NO("PKCS#7", "p7.pem", PKCS7),
	NO("PKCS#7 in base64", "p7.b64", PKCS7),
	NO("PKCS#7 as DER", "p7.der", PKCS7),
	KEY12("PKCS#12", "good.p12", " (a PKCS#12 file)"),
	KEY12(
	    "PKCS#12 without passphrase", "good-open.p12", " (a PKCS#12 file)"),
	KEY12(
	    "PKCS#12 in base64", "p12.b64", " (a PKCS#12 file; it is base64)"),
	KEY12("PKCS#12 as PEM", "p12.pem", " (a PKCS#12 file; it is base64)"),
	KEY12("PKCS#12 as PEM, its key in a line (1)", "p12-line-a.pem",
	    " (a PKCS#12 file; it is base64)"),
	KEY12("PKCS#12 as PEM, its key in a line (2)", "p12-line-bb.pem",
	    " (a PKCS#12 file; it is base64)"),
	KEY12("PKCS#12 as PEM, its key in a line (3)", "p12-line-ccc.pem",
	    " (a PKCS#12 file; it is base64)"),
	KEY12("PKCS#12 pasted", "p12-pasted.txt",
	    " (a PKCS#12 file; it was read as Latin-1)"),
	KEY12("PKCS#12 beside it", "good-and-p12.txt",
	    " (a PKCS#12 file; it is base64)"),
	REQUEST("a request", "request.pem"),
	REQUEST("a new request", "request-new.pem"),
	REQUEST("a request in base64", "request.b64"),
	REQUEST("a request as DER", "request.der"),
	REQUEST("a request for a key on a curve", "ec.csr"),
	REQUEST("a request for Apple", "apple.plist"),
	REQUEST("a request for Apple in base64", "apple.b64"),
	KEY("a key", "key.pem"),
	KEY("a key in base64", "key.b64"),
	KEY("a key in lines of base64", "key-lines.b64"),
	KEY("a key as DER", "key.der"),
	KEY("a key as base64 of PEM", "key-twice.b64"),
	KEY("a key after it", "good-then-key.pem"),
	KEY("a key before it", "key-then-good.pem"),
	KEY("a bare key after it", "good-and-key.txt"),
	KEY("a key in disguise", "key-disguised.pem"),
	KEY("PKCS#1", "key-pkcs1.pem"),
	KEY("PKCS#1 in base64", "key-pkcs1.b64"),
	KEY("PKCS#1 in lines of base64", "key-pkcs1-lines.b64"),
	KEY("PKCS#1 as DER", "key-pkcs1.der"),
	KEY("bare PKCS#1 after it", "good-and-key-pkcs1.txt"),
	KEY("PKCS#1 in disguise", "key-pkcs1-disguised.pem"),
	KEY("SEC 1", "key-sec1.pem"),
	KEY("SEC 1 in base64", "key-sec1.b64"),
	KEY("SEC 1 in lines of base64", "key-sec1-lines.b64"),
	KEY("SEC 1 as DER", "key-sec1.der"),
	KEY("bare SEC 1 after it", "good-and-key-sec1.txt"),
	KEY("SEC 1 in disguise", "key-sec1-disguised.pem"),
	KEY("a key on a curve", "key-ec.pem"),
	KEY("a key on a curve in base64", "key-ec.b64"),
	KEY("a key on a curve as DER", "key-ec.der"),
	KEY("a bare key on a curve after it", "good-and-key-ec.txt"),
	KEY("a short key", "key-ed25519.pem"),
	KEY("a short key in base64", "key-ed25519.b64"),
	KEY("a short key as DER", "key-ed25519.der"),
	KEY("a bare short key after it", "good-and-key-ed25519.txt"),
	KEY("an encrypted key", "key-encrypted.pem"),
	KEY("an encrypted key in base64", "key-encrypted.b64"),
	KEY("an encrypted key as DER", "key-encrypted.der"),
	KEY("a bare encrypted key after it", "good-and-key-encrypted.txt"),
	KEY("an encrypted key in disguise", "key-encrypted-disguised.pem"),
	KEY("an old encrypted key", "key-encrypted-old.pem"),
	KEY("an old encrypted key in base64", "key-encrypted-old.b64"),
	KEY("an old encrypted key as DER", "key-encrypted-old.der"),
	KEY("encrypted PEM", "key-encrypted-pem.pem"),
};

/* The arena and the text both end at a page that must not be read. */
static enum err
read_text(struct str text, struct x509 *out, struct str *what)
{
	static char zeros[X509_ARENA(PEM_TEXT_MAX)];
	struct str block = unit_guard(1, str_from(zeros, X509_ARENA(text.n)));
	struct arena a;
	enum err e;

	arena_init(&a, (void *)(uintptr_t)block.p, block.n);
	*what = str_of("");
	e = x509_read(unit_guard(0, text), &a, out, what);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	return e;
}

struct str
file_text(const char *file)
{
	static char text[65536];
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	ck_assert_msg((f = fopen(path, "rb")) != NULL, "%s", path);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return str_from(text, n);
}

START_TEST(read_good)
{
	const struct good_case *c = &good_cases[_i];
	struct str what;
	struct x509 x;
	enum err e = read_text(file_text(c->file), &x, &what);

	ck_assert_msg(e == ERR_OK, "%s: %.*s", c->name, STR_ARG(what));
	unit_same(c->name, x.topic, str_of(c->topic));
	if (c->serial != NULL)
		unit_same(c->name, x.serial, str_of(c->serial));
	unit_check(c->name, x.mdm == c->mdm);
	unit_check(c->name, x.key == c->key && x.key_bits == c->bits);
}
END_TEST

START_TEST(read_bad)
{
	const struct bad_case *c = &bad_cases[_i];
	struct str what;
	struct x509 x;
	enum err e = read_text(file_text(c->file), &x, &what);

	ck_assert_msg(e == c->e, "%s: %d", c->name, e);
	unit_same(c->name, what, str_of(c->what));
	unit_check(c->name, e != ERR_OK || str_is_null(x.der));
}
END_TEST

START_TEST(read_dates)
{
	struct str what;
	struct x509 x;

	ck_assert_int_eq(
	    read_text(file_text("expired.pem"), &x, &what), ERR_OK);
	ck_assert_int_eq(x.not_before_at, 1612979087);
	ck_assert_int_eq(x.not_after_at, 1644515087);
}
END_TEST

/*
 * Of an old and a renewed certificate, the renewed one counts, in either order.
 */
START_TEST(read_renewed)
{
	static const char *const files[] = { "good-and-renewed.pem",
		"renewed-and-good.pem" };
	struct x509 want, got;
	struct str what;
	int64_t at;

	ck_assert_int_eq(
	    read_text(file_text("renewed.pem"), &want, &what), ERR_OK);
	at = want.not_after_at;
	ck_assert_int_eq(read_text(file_text(files[_i]), &got, &what), ERR_OK);
	ck_assert_int_eq(got.not_after_at, at);
}
END_TEST

/* Every proper prefix of a certificate is refused. A certificate with one bit
 * changed is accepted or refused, without a crash or a leak. */
START_TEST(read_harmed)
{
	char der[4096];
	struct str text = file_text("good.der"), what;
	struct x509 x;
	size_t i;
	enum err e;

	ck_assert_uint_lt(text.n, sizeof(der));
	memcpy(der, text.p, text.n);
	text.p = der;
	for (i = 0; i < text.n; i++) {
		e = read_text(str_head(text, i), &x, &what);
		ck_assert(e != ERR_OK || str_is_null(x.der));
		der[i] = (char)(der[i] ^ 1 << i % 8);
		e = read_text(text, &x, &what);
		ck_assert(e != ERR_MEMORY && e != ERR_INTERNAL);
		der[i] = (char)(der[i] ^ 1 << i % 8);
	}
}
END_TEST

/* An arena that is too small gives ERR_MEMORY. */
START_TEST(read_in_little_room)
{
	static char block[X509_ARENA(4096)];
	struct str text = file_text("good.pem"), what;
	struct arena a;
	struct x509 x;
	enum err e = ERR_MEMORY;
	size_t n;

	for (n = 0; e == ERR_MEMORY; n++) {
		arena_init(&a, block, n);
		e = x509_read(text, &a, &x, &what);
	}
	ck_assert_int_eq(e, ERR_OK);
	ck_assert_uint_le(n, X509_ARENA(text.n));
}
END_TEST

static void
put_hex(struct buf *b, const char *name, const uint8_t *bytes)
{
	char hex[2 * CRYPTO_SHA256_LEN];

	str_hex(bytes, CRYPTO_SHA256_LEN, hex);
	buf_printf(b, "%s=%.*s\n", name, (int)sizeof(hex), hex);
}

/* Writes the facts in the format of lookalikes.sh. */
static void
put_facts(struct buf *b, const struct x509 *x)
{
	static const char *const keys[] = {
		[X509_KEY_OTHER] = "other",
		[X509_KEY_RSA] = "RSA",
		[X509_KEY_EC] = "EC",
	};
	uint8_t hash[CRYPTO_SHA256_LEN];

	buf_printf(b, "serial=%.*s\n", STR_ARG(x->serial));
	buf_printf(b, "issuer=%.*s\n", STR_ARG(x->issuer));
	if (!str_is_null(x->topic))
		buf_printf(b, "topic=%.*s\n", STR_ARG(x->topic));
	buf_printf(b, "from=%lld\n", (long long)x->not_before_at);
	buf_printf(b, "until=%lld\n", (long long)x->not_after_at);
	buf_printf(b, "key=%s", keys[x->key]);
	if (x->key != X509_KEY_OTHER)
		buf_printf(b, " %u", x->key_bits);
	buf_text(b, "\n");
	put_hex(b, "sha256", x->fingerprint);
	crypto_sha256(x->public_key, hash);
	put_hex(b, "spki", hash);
}

START_TEST(facts_equal_those_of_openssl)
{
	char text[8192], name[32];
	struct str what;
	struct x509 x;
	struct buf b;
	enum err e;

	snprintf(name, sizeof(name), "random/%d.pem", _i);
	e = read_text(file_text(name), &x, &what);
	ck_assert_msg(e == ERR_OK, "%s: %.*s", name, STR_ARG(what));
	buf_init(&b, text, sizeof(text));
	put_facts(&b, &x);
	ck_assert(!b.full);
	snprintf(name, sizeof(name), "random/%d.facts", _i);
	unit_same(name, buf_view(&b), file_text(name));
}
END_TEST

bool
in_directory(const char *command)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "cd '%s' && %s", directory, command);
	return system(whole) == 0;
}

/* Makes all the files. Returns false on failure. */
static bool
make_files(const char *count)
{
	const char *seed = getenv("SEED"), *source = getenv("srcdir");
	char command[1024];

	snprintf(directory, sizeof(directory), "%s/made", unit_directory());
	snprintf(command, sizeof(command),
	    "cd '%s/tests/certificates' && sh ./mkcerts.sh '%s' && "
	    "sh ./lookalikes.sh '%s/random' %s %s",
	    source != NULL ? source : ".", directory, directory, count,
	    seed != NULL ? seed : "1");
	return system(command) == 0;
}

int
main(void)
{
	const char *count = getenv("LOOKALIKES");
	Suite *s = suite_create("x509");
	TCase *t = tcase_create("x509");

	if (system("openssl version >/dev/null 2>&1") != 0) {
		puts("skipped: there is no openssl program to make "
		     "certificates with");
		return SKIP;
	}
	if (count == NULL)
		count = "25";
	if (!make_files(count))
		return EXIT_FAILURE;
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, read_good, 0, ROWS(good_cases));
	tcase_add_loop_test(t, read_bad, 0, ROWS(bad_cases));
	tcase_add_test(t, read_dates);
	tcase_add_loop_test(t, read_renewed, 0, 2);
	tcase_add_test(t, read_harmed);
	tcase_add_test(t, read_in_little_room);
	tcase_add_loop_test(
	    t, facts_equal_those_of_openssl, 1, atoi(count) + 1);
	suite_add_tcase(s, t);
	suite_add_tcase(s, make_tests());
	suite_add_tcase(s, import_tests());
	return unit_run(s);
}
