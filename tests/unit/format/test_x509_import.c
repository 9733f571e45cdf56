/* SPDX-License-Identifier: ISC */
/*
 * test_x509_import.c - pairs in the forms in which NanoMDM, MicroMDM, Fleet,
 * databases and openssl keep them. The openssl program makes each form of the
 * files of mkcerts.sh.
 */
#include "format/x509_import.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "format/crypto.h"
#include "format/test_x509.h"
#include "unit.h"

/* A row of the result of `mysql -NBr`: two columns of several lines. */
#define MYSQL "printf '%s\\t%s\\n' \"$(cat good.pem)\" \"$(cat push.key)\""
/* Replaces line feeds by the escape \n, as COPY of PostgreSQL does. */
#define COPY MYSQL " | sed ':a;N;$!ba;s/\\n/\\\\n/g'"
#define P12 "openssl pkcs12 -export -inkey push.key -in good.pem -passout "

static const struct form_case {
	const char *name;
	const char *make; /* a command whose output is the file */
	const char *key; /* one that makes the key's file, or NULL */
	const char *passphrase;
	enum err e;
	const char *what; /* a part of the reason */
	bool locked;
} form_cases[] = {
	{ .name = "certificate, key", .make = "cat good.pem push.key" },
	{ .name = "key, certificate", .make = "cat push.key good.pem" },
	{ .name = "two files", .make = "cat good.pem", .key = "cat push.key" },
	{ .name = "a chain", .make = "cat root.pem int.pem good.pem push.key" },
	{ .name = "PKCS#1",
	    .make = "cat good.pem; openssl rsa -in push.key -traditional" },
	{ .name = "PKCS#1 of AES with a passphrase",
	    .make = "openssl rsa -in push.key -traditional -aes256 "
		    "-passout pass:secret; cat good.pem",
	    .passphrase = "secret" },
	{ .name = "PKCS#1 of 3DES",
	    .make = "openssl rsa -in push.key -traditional -des3 "
		    "-passout pass:secret; cat good.pem",
	    .passphrase = "secret" },
	{ .name = "PKCS#8 with a passphrase",
	    .make = "openssl pkcs8 -topk8 -in push.key -passout pass:secret; "
		    "cat good.pem",
	    .passphrase = "secret" },
	{ .name = "PKCS#12 of AES",
	    .make = P12 "pass:secret",
	    .passphrase = "secret" },
	{ .name = "PKCS#12 of 3DES",
	    .make = P12 "pass:secret -certpbe PBE-SHA1-3DES -keypbe "
			"PBE-SHA1-3DES -macalg sha1",
	    .passphrase = "secret" },
	{ .name = "PKCS#12 with a chain",
	    .make = P12 "pass:secret -certfile chain.pem",
	    .passphrase = "secret" },
	{ .name = "PKCS#12 without a passphrase", .make = P12 "pass:" },
	{ .name = "PKCS#12 without encryption",
	    .make = P12 "pass: -keypbe NONE -certpbe NONE" },
	{ .name = "PKCS#12 in base64", .make = P12 "pass: | openssl base64" },
	{ .name = "blocks that run together",
	    .make = "cat good.pem push.key | tr -d '\\n'" },
	{ .name = "lines with CR",
	    .make = "cat good.pem push.key | "
		    "sed 's/$/\\r/'" },
	{ .name = "mysql -NBr", .make = MYSQL },
	{ .name = "mysql -NB", .make = COPY },
	{ .name = "psql COPY with CR",
	    .make = COPY " | sed 's/\\\\n/\\\\r\\\\n/g'" },
	{ .name = "a dump with an encrypted key",
	    .make = "{ openssl rsa -in push.key -traditional -aes256 "
		    "-passout pass:secret; cat good.pem; } | "
		    "sed ':a;N;$!ba;s/\\n/\\\\n/g'",
	    .passphrase = "secret" },
	{ .name = "a text of JSON",
	    .make = "printf '{\"cert\":\"%s\",\"key\":\"%s\"}' "
		    "\"$(cat good.pem)\" \"$(cat push.key)\" | "
		    "sed ':a;N;$!ba;s/\\n/\\\\n/g'" },
	{ .name = "UTF-16",
	    .make = "printf '\\377\\376'; cat good.pem push.key | "
		    "iconv -t UTF-16LE" },
	{ .name = "DER",
	    .make = "cat good.der",
	    .key = "openssl pkey -in push.key -outform DER" },
	{ .name = "DER of PKCS#1",
	    .make = "cat good.der",
	    .key = "openssl rsa -in push.key -traditional -outform DER" },
	{ .name = "DER of an encrypted key",
	    .make = "cat good.der",
	    .key = "openssl pkcs8 -topk8 -in push.key -outform DER -passout "
		   "pass:secret",
	    .passphrase = "secret" },
	{ .name = "openssl pkcs12 -nodes",
	    .make = P12 "pass: | openssl pkcs12 -nodes -passin pass:" },
	{ .name = "a second key that is not its own",
	    .make = "cat push2.key good.pem push.key" },

	{ .name = "no passphrase for PEM",
	    .make = "openssl rsa -in push.key -traditional -aes256 "
		    "-passout pass:secret; cat good.pem",
	    .e = ERR_KEY_MISMATCH,
	    .what = "passphrase is missing",
	    .locked = true },
	{ .name = "a wrong passphrase for PKCS#8",
	    .make = "openssl pkcs8 -topk8 -in push.key -passout pass:secret; "
		    "cat good.pem",
	    .passphrase = "Secret",
	    .e = ERR_KEY_MISMATCH,
	    .what = "the passphrase is wrong",
	    .locked = true },
	{ .name = "no passphrase for PKCS#12",
	    .make = P12 "pass:secret",
	    .e = ERR_KEY_MISMATCH,
	    .what = "passphrase is missing",
	    .locked = true },
	{ .name = "a wrong passphrase for PKCS#12",
	    .make = P12 "pass:secret",
	    .passphrase = "wrong",
	    .e = ERR_KEY_MISMATCH,
	    .what = "the passphrase is wrong",
	    .locked = true },
	{ .name = "the key of another certificate",
	    .make = "cat good.pem push2.key",
	    .e = ERR_KEY_MISMATCH,
	    .what = "another certificate than the one with serial 0A1B2C3D" },
	{ .name = "a key on a curve",
	    .make = "cat ec.pem ec.key",
	    .e = ERR_KEY_MISMATCH,
	    .what = "not an RSA key" },
	{ .name = "a key on a curve for an RSA certificate",
	    .make = "cat good.pem ec.key",
	    .e = ERR_KEY_MISMATCH,
	    .what = "not an RSA key" },
	{ .name = "a short key",
	    .make = "cat rsa1024.pem weak.key",
	    .e = ERR_KEY_MISMATCH,
	    .what = "2048 to 4096 bits" },
	{ .name = "no key",
	    .make = "cat good.pem",
	    .e = ERR_KEY_MISMATCH,
	    .what = "no private key is in it" },
	{ .name = "no certificate",
	    .make = "cat push.key",
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = "no certificate is in it" },
	{ .name = "two topics",
	    .make = "cat good.pem push.key other-topic.pem push.key",
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = "several topics" },
	{ .name = "PKCS#12 that is cut off",
	    .make = P12 "pass:secret | head -c 1000",
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = "cut off" },
	{ .name = "PEM that is cut off",
	    .make = "cat good.pem push.key | head -c 3000",
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = "cut off" },
	{ .name = "a damaged key",
	    .make = "cat good.pem; sed '5s/^..../!!!!/' push.key",
	    .e = ERR_KEY_MISMATCH,
	    .what = "damaged" },
	{ .name = "a key cut between its lines",
	    .make = "cat good.pem; sed 5d push.key",
	    .passphrase = "secret",
	    .e = ERR_KEY_MISMATCH,
	    .what = "damaged" },
	{ .name = "a damaged certificate",
	    .make = "sed '5s/^..../!!!!/' good.pem; cat push.key",
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = "damaged" },
	{ .name = "a sentence",
	    .make = "echo a sentence",
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = "neither PEM nor PKCS #12" },
	{ .name = "DER of something else",
	    .make = "openssl req -in push.csr -outform DER",
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = "damaged, or neither" },
};

static char block[1 << 20], first[65536], second[65536], plain[4096];

/* Copies the output of a command into `out`. */
static struct str
made(const char *command, char *out, size_t size)
{
	char whole[1024];
	struct str text;

	snprintf(whole, sizeof(whole), "{ %s; } >import.form", command);
	ck_assert_msg(in_directory(whole), "%s", command);
	text = file_text("import.form");
	ck_assert_uint_lt(text.n, size);
	memcpy(out, text.p, text.n);
	return str_from(out, text.n);
}

static enum err
import_in(size_t room, const struct form_case *c, struct x509_import *out,
    struct str *what)
{
	struct x509_import_source in = { .passphrase = str_of(c->passphrase) };
	struct arena a;

	in.text = made(c->make, first, sizeof(first));
	if (c->key != NULL)
		in.key_text = made(c->key, second, sizeof(second));
	arena_init(&a, block, room);
	return x509_import(&in, &a, out, what);
}

START_TEST(form)
{
	const struct form_case *c = &form_cases[_i];
	struct x509_import found;
	struct str what, key;
	enum err e = import_in(sizeof(block), c, &found, &what);

	ck_assert_msg(
	    e == c->e, "%s: outcome %d: %.*s", c->name, e, STR_ARG(what));
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ck_assert_int_eq(found.locked, c->locked);
	if (e != ERR_OK) {
		ck_assert_msg(what.n > 0 &&
			memmem(what.p, what.n, c->what, strlen(c->what)) !=
			    NULL,
		    "%s: %.*s", c->name, STR_ARG(what));
		return;
	}
	ck_assert_int_eq(found.key_in_text, c->key == NULL);
	key = made("openssl pkcs8 -topk8 -nocrypt -in push.key -outform DER",
	    plain, sizeof(plain));
	unit_same(
	    c->name, str_from((char *)found.private_key, found.private_n), key);
	unit_same(c->name, found.certificate, file_text("good.pem"));
}
END_TEST

/* An algorithm of old files needs a library that may be missing. */
static void
check_old(const struct form_case *old)
{
	struct x509_import found;
	struct str what;
	enum err e = import_in(sizeof(block), old, &found, &what);

	if (e == ERR_OK)
		return;
	ck_assert_int_eq(e, ERR_KEY_MISMATCH);
	ck_assert_msg(
	    memmem(what.p, what.n, old->what, strlen(old->what)) != NULL,
	    "%s: %.*s", old->name, STR_ARG(what));
}

START_TEST(form_of_rc2)
{
	static const struct form_case old[] = {
		{ .name = "PKCS#12 of RC2",
		    .make = P12 "pass:secret -legacy -certpbe PBE-SHA1-RC2-40",
		    .passphrase = "secret",
		    .what = "openssl pkcs12 -legacy" },
		{ .name = "PKCS#8 of RC2",
		    .make = "openssl pkcs8 -topk8 -in push.key -v1 "
			    "PBE-SHA1-RC2-40 -provider legacy -provider "
			    "default -passout pass:secret; cat good.pem",
		    .passphrase = "secret",
		    .what = "openssl pkcs8 -topk8 -provider legacy" },
	};
	size_t i;

	if (!in_directory("openssl list -providers -provider legacy")) {
		printf(
		    "form_of_rc2: skipped: openssl has no legacy provider\n");
		return;
	}
	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		check_old(&old[i]);
}
END_TEST

static EVP_PKEY *
read_key(const char *command)
{
	struct str text = made(command, second, sizeof(second));
	BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);

	BIO_free(in);
	ck_assert_ptr_nonnull(key);
	return key;
}

/* Makes an archive of a certificate and two keys, as the Keychain of macOS does
 * of several identities. openssl(1) puts only one key into an archive. */
static struct str
make_archive(const char *passphrase)
{
	static const char *const keys[] = { "cat push2.key", "cat push.key" };
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	STACK_OF(PKCS7) *parts = NULL;
	unsigned char *p = (unsigned char *)first;
	EVP_PKEY *key;
	PKCS12 *archive;
	int n;

	for (size_t i = 0; i < 2; i++) {
		key = read_key(keys[i]);
		ck_assert_ptr_nonnull(PKCS12_add_key(
		    &bags, key, KEY_EX, 1, NID_aes_256_cbc, passphrase));
		EVP_PKEY_free(key);
	}
	ck_assert_int_eq(PKCS12_add_safe(&parts, bags, -1, 0, NULL), 1);
	archive = PKCS12_add_safes(parts, 0);
	ck_assert_int_eq(
	    PKCS12_set_mac(archive, passphrase, -1, NULL, 0, 1, NULL), 1);
	n = i2d_PKCS12(archive, &p);
	ck_assert_int_gt(n, 0);
	PKCS12_free(archive);
	sk_PKCS7_pop_free(parts, PKCS7_free);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return str_from(first, (size_t)n);
}

START_TEST(archive_of_two_keys)
{
	static const char *const passphrases[] = { "secret", "" };
	const char *passphrase = passphrases[_i];
	struct x509_import_source in = { .passphrase = str_of(passphrase) };
	struct x509_import found;
	struct str what, key;
	struct arena a;
	enum err e;

	in.text = made("cat good.pem", plain, sizeof(plain));
	in.key_text = make_archive(passphrase);
	arena_init(&a, block, sizeof(block));
	e = x509_import(&in, &a, &found, &what);
	ck_assert_msg(e == ERR_OK, "outcome %d: %.*s", e, STR_ARG(what));
	ck_assert_uint_eq(ERR_peek_error(), 0);
	key = made("openssl pkcs8 -topk8 -nocrypt -in push.key -outform DER",
	    second, sizeof(second));
	ck_assert(str_eq(
	    key, str_from((const char *)found.private_key, found.private_n)));
}
END_TEST

START_TEST(import_in_little_room)
{
	struct x509_import found;
	struct str what;
	enum err e = ERR_MEMORY;
	size_t room;

	for (room = 0; room < sizeof(block) && e == ERR_MEMORY; room += 4096) {
		e = import_in(room, &form_cases[_i], &found, &what);
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
	ck_assert_int_eq(e, ERR_OK);
}
END_TEST

TCase *
import_tests(void)
{
	TCase *t = tcase_create("import");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, form, 0, ROWS(form_cases));
	tcase_add_test(t, form_of_rc2);
	tcase_add_loop_test(t, archive_of_two_keys, 0, 2);
	tcase_add_loop_test(t, import_in_little_room, 0, 2);
	return t;
}
