/* SPDX-License-Identifier: ISC */
/*
 * test_x509_make.c - the openssl program accepts the objects that x509_make
 * writes.
 */
#include "format/x509_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "format/test_x509.h"
#include "format/x509.h"

/* Room for two property lists with a chain. */
static char block[65536];

static struct arena
fresh(void)
{
	struct arena a;

	arena_init(&a, block, sizeof(block));
	return a;
}

/* Each test runs in a process of its own and has files of its own. */
static const char *
own(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", unit_directory(), name);
	return path;
}

static void
write_file(const char *name, const void *p, size_t n)
{
	FILE *f = fopen(own(name), "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static bool
shell(const char *command)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "cd '%s' && { %s; } >/dev/null 2>&1",
	    unit_directory(), command);
	return system(whole) == 0;
}

static const struct subject_case {
	const char *name;
	struct x509_subject subject;
	const char
	    *text; /* as openssl prints it by RFC 2253; NULL if it is refused */
	const char *what; /* why it is refused */
} subject_cases[] = {
	{ "takes all four",
	    { STR("DE"), STR("Test GmbH"), STR("mdm-push"),
		STR("mdm@example.org") },
	    "emailAddress=mdm@example.org,CN=mdm-push,O=Test GmbH,C=DE", NULL },
	{ "takes a name alone",
	    { { NULL, 0 }, { NULL, 0 }, STR("mdm"), { NULL, 0 } }, "CN=mdm",
	    NULL },
	{ "takes UTF-8",
	    { STR("DE"), STR("Schl\xc3\xbcssel"), STR("mdm"), { NULL, 0 } },
	    "CN=mdm,O=Schl\xc3\xbcssel,C=DE", NULL },
	{ "refuses a country of three letters",
	    { STR("DEU"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, NULL,
	    "csr_country 'DEU' is too long; use two letters" },
	{ "refuses a country of one letter",
	    { STR("D"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, NULL,
	    "csr_country 'D' is too short; use two letters" },
	{ "refuses a country that is not letters",
	    { STR("D*"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, NULL,
	    "csr_country 'D*' contains an invalid character; use two "
	    "letters" },
	{ "refuses an address that is not ASCII",
	    { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, STR("m\xc3\xbc@a.b") },
	    NULL,
	    "csr_email 'm\xc3\xbc@a.b' contains an invalid character; "
	    "use up to 128 ASCII characters" },
	{ "refuses text that is not UTF-8",
	    { { NULL, 0 }, STR("\xff"), { NULL, 0 }, { NULL, 0 } }, NULL,
	    "csr_organization '\xff' is not UTF-8; use up to 64 "
	    "characters" },
	{ "accepts an empty subject",
	    { STR(""), STR(""), STR(""), { NULL, 0 } }, "", NULL },
	{ "refuses a name of 65 letters",
	    { { NULL, 0 }, { NULL, 0 },
		STR("12345678901234567890123456789012"
		    "123456789012345678901234567890123"),
		{ NULL, 0 } },
	    NULL,
	    "csr_common_name '12345678901234567890123456789012"
	    "123456789012345678901234567890123' is too long; use up "
	    "to 64 characters" },
};

START_TEST(request)
{
	const struct subject_case *c = &subject_cases[_i];
	struct arena a = fresh();
	struct x509_request req;
	char command[512];
	struct str what;
	enum err e;

	e = x509_request(&c->subject, &a, &req, &what);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	if (c->text == NULL) {
		unit_check(c->name, e == ERR_CONFIG);
		unit_same(c->name, what, str_of(c->what));
		unit_check(c->name, req.private_n == 0);
		return;
	}
	unit_check(c->name, e == ERR_OK);
	write_file("csr", req.csr.p, req.csr.n);
	write_file("key", req.private_key, req.private_n);
	write_file("public", req.public_key.p, req.public_key.n);
	snprintf(command, sizeof(command),
	    "openssl req -inform DER -in csr -verify -noout && "
	    "test \"$(openssl req -inform DER -in csr -noout -subject "
	    "-nameopt RFC2253,-esc_msb)\" = 'subject=%s'",
	    c->text);
	unit_check(c->name, shell(command));
	unit_check(c->name,
	    shell("openssl pkey -inform DER -in key -check -noout && "
		  "openssl pkey -inform DER -in key -pubout -outform DER | "
		  "cmp - public && "
		  "openssl req -inform DER -in csr -noout -pubkey | "
		  "openssl pkey -pubin -pubout -outform DER | cmp - public && "
		  "openssl rsa -inform DER -in key -noout -text | "
		  "grep -q '2048 bit'"));
	crypto_wipe(&req, sizeof(req));
	ck_assert_uint_eq(req.private_n, 0);
}
END_TEST

/*
 * Other programs need the certificate and the key as PEM to connect to Apple.
 */
START_TEST(pem_of_both)
{
	struct str text = file_text("good.pem"), what;
	struct arena a = fresh();
	char pem[8192];
	struct x509 x;
	struct buf b;

	ck_assert_int_eq(x509_read(text, &a, &x, &what), ERR_OK);
	buf_init(&b, pem, sizeof(pem));
	pem_write("CERTIFICATE", x.der, &b);
	unit_same("the certificate", buf_view(&b), file_text("good.pem"));
	b.n = 0;
	pem_write("PRIVATE KEY", file_text("key.der"), &b);
	unit_same("the key", buf_view(&b), file_text("key.pem"));
}
END_TEST

static struct x509_vendor
right_vendor(struct arena *a)
{
	return (struct x509_vendor){
		.chain = arena_copy(a, file_text("vendor-chain.pem")),
		.key = arena_copy(a, file_text("vendor.key")),
		.now_at = (int64_t)time(NULL),
	};
}

/*
 * PKCS#1 signatures are deterministic, so the request equals that of openssl.
 */
START_TEST(vendor_request)
{
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = right_vendor(&a);
	struct str what, got;

	ck_assert_int_eq(
	    x509_vendor_request(csr, &vendor, &a, &got, &what), ERR_OK);
	unit_same("the request", got, file_text("apple.b64"));
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* Other certificates in the chain file do not change the request. */
START_TEST(vendor_order)
{
	const char *names[] = { "vendor-among.pem", "vendor-mixed.pem" };
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = {
		.chain = arena_copy(&a, file_text(names[_i])),
		.key = arena_copy(&a, file_text("vendor.key")),
		.now_at = (int64_t)time(NULL),
	};
	struct str what, got;

	ck_assert_int_eq(
	    x509_vendor_request(csr, &vendor, &a, &got, &what), ERR_OK);
	unit_same(names[_i], got, file_text("apple.b64"));
}
END_TEST

/* Even if the chain is used as it is, the vendor's own certificate comes first,
 * wherever it stood. */
START_TEST(vendor_as_it_is)
{
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = {
		.chain = arena_copy(&a, file_text("vendor-among.pem")),
		.key = arena_copy(&a, file_text("vendor.key")),
		.now_at = (int64_t)time(NULL),
	};
	struct str what, got, want;
	uint8_t plist[32768];
	size_t n;

	vendor.as_it_is = true;
	ck_assert(in_directory("cat vendor.pem root.pem int.pem >ordered"));
	ck_assert_int_eq(
	    x509_vendor_request(csr, &vendor, &a, &got, &what), ERR_OK);
	ck_assert_uint_lt(got.n, sizeof(plist));
	ck_assert(str_unbase64(got, plist, &n));
	want = file_text("ordered");
	ck_assert_ptr_nonnull(memmem(plist, n, want.p, want.n));
}
END_TEST

#define VENDOR "'C=US,O=Test,OU=ABCDE12345,CN=MDM Vendor: Test,UID=ABCDE12345'"
#define INTERMEDIATE                                                    \
	"'C=US,O=Apple Inc.,OU=Apple Certification Authority,CN=Apple " \
	"Application Integration 2 Certification Authority'"
#define ROOT "'CN=Test Root CA,OU=Test Authority,O=Test Inc. (not Apple),C=US'"

static const struct vendor_case {
	const char *name;
	const char *chain;
	const char *key;
	const char *what;
} vendor_cases[] = {
	{ "takes a chain in any order", "vendor-among.pem", "vendor.key",
	    NULL },
	{ "uses the certificates of its chain, and the valid one of two",
	    "vendor-mixed.pem", "vendor.key", NULL },
	{ "names an issuer that is missing", "vendor.pem", "vendor.key",
	    X509_CHAIN "the certificate of " INTERMEDIATE
		       ", the issuer of " VENDOR ", is missing" },
	{ "names a missing issuer where the root is present",
	    "vendor-no-int.pem", "vendor.key",
	    X509_CHAIN "the certificate of " INTERMEDIATE
		       ", the issuer of " VENDOR ", is missing" },
	{ "names a root that is missing", "vendor-no-root.pem", "vendor.key",
	    X509_CHAIN "the certificate of " ROOT
		       ", the issuer of " INTERMEDIATE ", is missing" },
	{ "names an issuer of the same name with another key",
	    "vendor-impostor.pem", "vendor.key",
	    X509_CHAIN INTERMEDIATE " did not sign " VENDOR },
	{ "names an issuer that has expired", "vendor-int-expired.pem",
	    "vendor.key",
	    X509_CHAIN INTERMEDIATE " expired on 2023-02-07T21:48:47Z" },
	{ "names an issuer that is not yet valid", "vendor-int-later.pem",
	    "vendor.key",
	    X509_CHAIN INTERMEDIATE
	    " is not valid before 2040-01-01T00:00:00Z" },
	{ "names everything that is wrong", "vendor-all-wrong.pem",
	    "vendor.key",
	    X509_CHAIN VENDOR
	    " expired on 2022-02-10T17:44:47Z; " INTERMEDIATE
	    " expired on 2023-02-07T21:48:47Z; the certificate of " ROOT
	    ", the issuer of " INTERMEDIATE ", is missing" },
	{ "takes a root alone", "self-signed.pem", "push.key", NULL },
	{ "refuses the key of another certificate", "vendor-chain.pem",
	    "push.key",
	    "the vendor key does not match the vendor certificate" },
	{ "refuses a key on a curve", "ec.pem", "key-sec1.pem",
	    "the vendor key is not an RSA key in PEM without a passphrase" },
	{ "refuses an encrypted key", "vendor-chain.pem", "key-encrypted.pem",
	    "the vendor key is not an RSA key in PEM without a passphrase" },
	{ "refuses an encrypted PEM", "vendor-chain.pem",
	    "key-encrypted-pem.pem",
	    "the vendor key is not an RSA key in PEM without a passphrase" },
	{ "refuses an empty key", "vendor-chain.pem", "empty.pem",
	    "the vendor key is not an RSA key in PEM without a passphrase" },
	{ "refuses an empty chain", "empty.pem", "vendor.key",
	    "the vendor certificate cannot be read" },
	{ "refuses a key for a certificate", "vendor.key", "vendor.key",
	    "the vendor certificate cannot be read: its file contains a "
	    "private key" },
};

START_TEST(vendor_refusal)
{
	const struct vendor_case *c = &vendor_cases[_i];
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = {
		.chain = arena_copy(&a, file_text(c->chain)),
		.key = arena_copy(&a, file_text(c->key)),
		.now_at = (int64_t)time(NULL),
	};
	struct str what, got;
	enum err e = x509_vendor_request(csr, &vendor, &a, &got, &what);

	ck_assert_uint_eq(ERR_peek_error(), 0);
	if (c->what == NULL) {
		unit_check(c->name, e == ERR_OK);
		return;
	}
	unit_check(c->name, e == ERR_CONFIG);
	unit_same(c->name, what, str_of(c->what));
}
END_TEST

static const struct {
	const char *name;
	bool legacy;
	const char *info; /* how openssl describes both bags and the MAC */
} pack_cases[] = {
	{ "by AES", false, "-c 'PBES2, PBKDF2, AES-256-CBC'" },
	{ "by triple DES", true, "-c 'pbeWithSHA1And3-KeyTripleDES-CBC'" },
};

START_TEST(pkcs12)
{
	struct arena a = fresh();
	struct x509_pair pair = {
		.certificate = arena_copy(&a, file_text("good.der")),
		.private_key = arena_copy(&a, file_text("key.der")),
		.passphrase = str_of("pass phrase"),
		.legacy = pack_cases[_i].legacy,
	};
	struct str out, what;
	char command[256];

	ck_assert_int_eq(x509_pkcs12(&pair, &a, &out, &what), ERR_OK);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	write_file("p12", out.p, out.n);
	ck_assert(shell("openssl pkcs12 -in p12 -passin 'pass:pass phrase' "
			"-nodes -out both"));
	snprintf(command, sizeof(command),
	    "test $(openssl pkcs12 -in p12 -passin 'pass:pass phrase' -info "
	    "-noout 2>&1 | grep %s) = 2",
	    pack_cases[_i].info);
	unit_check(pack_cases[_i].name, shell(command));
	snprintf(command, sizeof(command),
	    "openssl pkcs12 -in p12 -passin 'pass:pass phrase' -info "
	    "-noout 2>&1 | grep -qi 'MAC: %s,'",
	    pack_cases[_i].legacy ? "sha1" : "sha256");
	unit_check(pack_cases[_i].name, shell(command));
	write_file("der", pair.certificate.p, pair.certificate.n);
	ck_assert(shell("openssl x509 -in both -outform DER | cmp - der"));
	write_file("key", pair.private_key.p, pair.private_key.n);
	ck_assert(shell("openssl pkey -in both -out pem && "
			"openssl pkey -inform DER -in key -out pem2 && "
			"cmp pem pem2"));
	ck_assert(!shell("openssl pkcs12 -in p12 -passin pass:wrong -nodes"));
}
END_TEST

/* A FIPS 140 library has neither algorithm. The error names the library and the
 * reason. */
START_TEST(pkcs12_without_algorithms)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	struct arena a = fresh();
	struct x509_pair pair = {
		.certificate = arena_copy(&a, file_text("good.der")),
		.private_key = arena_copy(&a, file_text("key.der")),
		.passphrase = str_of("pass phrase"),
		.legacy = true,
	};
	struct str out, what;

	ck_assert_int_eq(EVP_set_default_properties(NULL, "fips=yes"), 1);
	ck_assert_int_eq(
	    x509_pkcs12(&pair, &a, &out, &what), ERR_NOT_IMPLEMENTED);
	ck_assert(str_starts(what, "this libcrypto (OpenSSL 3"));
	ck_assert(str_ends(what, "unsupported"));
	ck_assert_uint_eq(ERR_peek_error(), 0);
#endif
}
END_TEST

START_TEST(rsa_key)
{
	struct arena a = fresh();
	struct str pkcs8 = arena_copy(&a, file_text("key.der"));
	struct str ec = arena_copy(&a, file_text("key-ec.der"));
	uint8_t key[X509_PRIVATE_MAX];
	char pem[4096];
	struct buf b;
	size_t n;

	ck_assert_int_eq(x509_rsa_key(pkcs8, key, &n), ERR_OK);
	buf_init(&b, pem, sizeof(pem));
	pem_write("RSA PRIVATE KEY", str_from((char *)key, n), &b);
	unit_same("PKCS#1", buf_view(&b), file_text("key-pkcs1.pem"));
	ck_assert_int_eq(x509_rsa_key(ec, key, &n), ERR_KEY_MISMATCH);
	ck_assert_int_eq(x509_rsa_key(str_of("x"), key, &n), ERR_KEY_MISMATCH);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

static const struct pkcs12_case {
	const char *name;
	const char *der;
	const char *key;
	size_t passphrase;
	enum err e;
} pkcs12_cases[] = {
	{ "takes an empty passphrase", "good.der", "key.der", 0, ERR_OK },
	{ "takes a long passphrase", "good.der", "key.der", X509_PASSPHRASE_MAX,
	    ERR_OK },
	{ "refuses a longer one", "good.der", "key.der",
	    X509_PASSPHRASE_MAX + 1, ERR_TOO_LONG },
	{ "refuses the key of another certificate", "good.der", "key-ec.der", 0,
	    ERR_KEY_MISMATCH },
	{ "refuses a certificate in place of the key", "good.der", "good.der",
	    0, ERR_KEY_MISMATCH },
	{ "refuses a key in place of the certificate", "key.der", "key.der", 0,
	    ERR_NOT_A_CERTIFICATE },
};

START_TEST(pkcs12_refusal)
{
	const struct pkcs12_case *c = &pkcs12_cases[_i];
	char letters[X509_PASSPHRASE_MAX + 1];
	struct arena a = fresh();
	struct x509_pair pair = {
		.certificate = arena_copy(&a, file_text(c->der)),
		.private_key = arena_copy(&a, file_text(c->key)),
		.passphrase = str_from(letters, c->passphrase),
	};
	struct str out, what;

	memset(letters, 'x', sizeof(letters));
	unit_check(c->name, x509_pkcs12(&pair, &a, &out, &what) == c->e);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* An arena that is too small gives ERR_MEMORY. */
START_TEST(make_in_little_room)
{
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = right_vendor(&a);
	struct str what, got;
	struct arena little;
	enum err e = ERR_MEMORY;
	size_t n;

	for (n = 0; e == ERR_MEMORY; n += 97) {
		arena_init(&little, block + a.used, n);
		e = x509_vendor_request(csr, &vendor, &little, &got, &what);
		ck_assert_uint_lt(a.used + n, sizeof(block));
	}
	ck_assert_int_eq(e, ERR_OK);
}
END_TEST

TCase *
make_tests(void)
{
	TCase *t = tcase_create("make");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, request, 0, ROWS(subject_cases));
	tcase_add_test(t, pem_of_both);
	tcase_add_test(t, vendor_request);
	tcase_add_loop_test(t, vendor_order, 0, 2);
	tcase_add_test(t, vendor_as_it_is);
	tcase_add_loop_test(t, vendor_refusal, 0, ROWS(vendor_cases));
	tcase_add_loop_test(t, pkcs12, 0, ROWS(pack_cases));
	tcase_add_test(t, pkcs12_without_algorithms);
	tcase_add_test(t, rsa_key);
	tcase_add_loop_test(t, pkcs12_refusal, 0, ROWS(pkcs12_cases));
	tcase_add_test(t, make_in_little_room);
	return t;
}
