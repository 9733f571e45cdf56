/* SPDX-License-Identifier: ISC */
/*
 * test_x509_make.c - what we make is what the openssl program takes.
 */
#include "x509_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "test_x509.h"
#include "x509.h"

/* Room for a plist with a chain, twice. */
static char block[65536];

static struct arena
fresh(void)
{
	struct arena a;

	arena_init(&a, block, sizeof(block));
	return a;
}

/* Each test is a process, and has files of its own. */
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
	const char *text; /* as openssl writes it in RFC 2253; NULL: refused */
} subject_cases[] = {
	{ "takes all four",
	    { STR("DE"), STR("Test GmbH"), STR("mdm-push"),
		STR("mdm@example.org") },
	    "emailAddress=mdm@example.org,CN=mdm-push,O=Test GmbH,C=DE" },
	{ "takes a name alone",
	    { { NULL, 0 }, { NULL, 0 }, STR("mdm"), { NULL, 0 } }, "CN=mdm" },
	{ "takes UTF-8",
	    { STR("DE"), STR("Schl\xc3\xbcssel"), STR("mdm"), { NULL, 0 } },
	    "CN=mdm,O=Schl\xc3\xbcssel,C=DE" },
	{ "refuses a country of three letters",
	    { STR("DEU"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, NULL },
	{ "refuses an address that is not ASCII",
	    { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, STR("m\xc3\xbc@a.b") },
	    NULL },
	{ "refuses text that is not UTF-8",
	    { { NULL, 0 }, STR("\xff"), { NULL, 0 }, { NULL, 0 } }, NULL },
	{ "takes nothing", { STR(""), STR(""), STR(""), { NULL, 0 } }, "" },
	{ "refuses a name of 65 letters",
	    { { NULL, 0 }, { NULL, 0 },
		STR("12345678901234567890123456789012"
		    "123456789012345678901234567890123"),
		{ NULL, 0 } },
	    NULL },
};

START_TEST(request)
{
	const struct subject_case *c = &subject_cases[_i];
	struct arena a = fresh();
	struct x509_request rq;
	char command[512];
	struct str what;
	enum err e;

	e = x509_request(&c->subject, &a, &rq, &what);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	if (c->text == NULL) {
		unit_check(c->name, e == ERR_CONFIG && what.p != NULL);
		unit_check(c->name, rq.private_n == 0);
		return;
	}
	unit_check(c->name, e == ERR_OK);
	write_file("csr", rq.csr.p, rq.csr.n);
	write_file("key", rq.private_key, rq.private_n);
	write_file("public", rq.public_key.p, rq.public_key.n);
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
	crypto_wipe(&rq, sizeof(rq));
	ck_assert_uint_eq(rq.private_n, 0);
}
END_TEST

/* What an own program needs to talk to Apple: both as PEM. */
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

/* PKCS#1 signatures have no randomness in them: we write what openssl does. */
START_TEST(vendor_request)
{
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = {
		.chain = arena_copy(&a, file_text("vendor-chain.pem")),
		.key = arena_copy(&a, file_text("vendor.key")),
	};
	struct str what, got;

	ck_assert_int_eq(
	    x509_vendor_request(csr, &vendor, &a, &got, &what), ERR_OK);
	unit_same("the request", got, file_text("apple.b64"));
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* The vendor's own certificate comes first, wherever it stood. */
START_TEST(vendor_order)
{
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = {
		.chain = arena_copy(&a, file_text("vendor-among.pem")),
		.key = arena_copy(&a, file_text("vendor.key")),
	};
	struct str what, got, want;
	uint8_t plist[32768];
	size_t n;

	ck_assert(in_directory("cat vendor.pem root.pem int.pem >ordered"));
	ck_assert_int_eq(
	    x509_vendor_request(csr, &vendor, &a, &got, &what), ERR_OK);
	ck_assert_uint_lt(got.n, sizeof(plist));
	ck_assert(str_unbase64(got, plist, &n));
	want = file_text("ordered");
	ck_assert_ptr_nonnull(memmem(plist, n, want.p, want.n));
}
END_TEST

static const struct vendor_case {
	const char *name;
	const char *chain;
	const char *key;
	const char *what;
} vendor_cases[] = {
	{ "takes a chain in any order", "vendor-among.pem", "vendor.key",
	    NULL },
	{ "takes the certificate alone", "vendor.pem", "vendor.key", NULL },
	{ "refuses another's key", "vendor-chain.pem", "push.key",
	    "the vendor key is not that of the vendor certificate" },
	{ "refuses a key on a curve", "ec.pem", "key-sec1.pem",
	    "the vendor key is not an RSA key in PEM without passphrase" },
	{ "refuses an encrypted key", "vendor-chain.pem", "key-encrypted.pem",
	    "the vendor key is not an RSA key in PEM without passphrase" },
	{ "refuses an encrypted PEM", "vendor-chain.pem",
	    "key-encrypted-pem.pem",
	    "the vendor key is not an RSA key in PEM without passphrase" },
	{ "refuses no key", "vendor-chain.pem", "empty.pem",
	    "the vendor key is not an RSA key in PEM without passphrase" },
	{ "refuses no certificate", "empty.pem", "vendor.key",
	    "the vendor certificate cannot be read" },
	{ "refuses a key for a certificate", "vendor.key", "vendor.key",
	    "the vendor certificate cannot be read" },
};

START_TEST(vendor_refusal)
{
	const struct vendor_case *c = &vendor_cases[_i];
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = {
		.chain = arena_copy(&a, file_text(c->chain)),
		.key = arena_copy(&a, file_text(c->key)),
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

START_TEST(pkcs12)
{
	struct arena a = fresh();
	struct str der = arena_copy(&a, file_text("good.der"));
	struct str key = arena_copy(&a, file_text("key.der"));
	struct str out;

	ck_assert_int_eq(
	    x509_pkcs12(der, key, str_of("pass phrase"), &a, &out), ERR_OK);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	write_file("p12", out.p, out.n);
	ck_assert(shell("openssl pkcs12 -in p12 -passin 'pass:pass phrase' "
			"-nodes -out both"));
	write_file("der", der.p, der.n);
	ck_assert(shell("openssl x509 -in both -outform DER | cmp - der"));
	write_file("key", key.p, key.n);
	ck_assert(shell("openssl pkey -in both -out pem && "
			"openssl pkey -inform DER -in key -out pem2 && "
			"cmp pem pem2"));
	ck_assert(!shell("openssl pkcs12 -in p12 -passin pass:wrong -nodes"));
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
	{ "refuses another's key", "good.der", "key-ec.der", 0,
	    ERR_KEY_MISMATCH },
	{ "refuses no key", "good.der", "good.der", 0, ERR_KEY_MISMATCH },
	{ "refuses no certificate", "key.der", "key.der", 0,
	    ERR_NOT_A_CERTIFICATE },
};

START_TEST(pkcs12_refusal)
{
	const struct pkcs12_case *c = &pkcs12_cases[_i];
	char letters[X509_PASSPHRASE_MAX + 1];
	struct arena a = fresh();
	struct str der = arena_copy(&a, file_text(c->der));
	struct str key = arena_copy(&a, file_text(c->key));
	struct str out;

	memset(letters, 'x', sizeof(letters));
	unit_check(c->name,
	    x509_pkcs12(der, key, str_from(letters, c->passphrase), &a, &out) ==
		c->e);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* A short arena is an outcome like any other. */
START_TEST(make_in_little_room)
{
	struct arena a = fresh();
	struct str csr = arena_copy(&a, file_text("request.der"));
	struct x509_vendor vendor = {
		.chain = arena_copy(&a, file_text("vendor-chain.pem")),
		.key = arena_copy(&a, file_text("vendor.key")),
	};
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
	tcase_add_test(t, vendor_order);
	tcase_add_loop_test(t, vendor_refusal, 0, ROWS(vendor_cases));
	tcase_add_test(t, pkcs12);
	tcase_add_loop_test(t, pkcs12_refusal, 0, ROWS(pkcs12_cases));
	tcase_add_test(t, make_in_little_room);
	return t;
}
