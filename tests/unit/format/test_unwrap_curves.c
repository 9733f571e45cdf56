/* SPDX-License-Identifier: ISC */
/*
 * test_unwrap_curves.c - certificates on curves in two wrappings. Only their
 * serial numbers, keys and signatures differ; with each, another reading of the
 * text looked like a certificate or a key. Certificates with an RSA key are so
 * long that this hardly ever happens.
 */
#include "format/unwrap.h"

#include <stdint.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "unit.h"
#include "wrap.h"

#define TEXT_MAX (1 << 15)
#define DER_MAX 1024
#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static const char p256_a[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBxDCCAWqgAwIBAgICPd8wCgYIKoZIzj0EAwIwazFMMEoGCgmSJomT8ixkAQEM\n"
    "PGNvbS5hcHBsZS5tZ210LkV4dGVybmFsLjFiNGUyOGJhLTJmYTEtNGM4ZS04ODNm\n"
    "LTAwMTZkM2NjYTQyNzEbMBkGA1UEAwwSQVBTUDowYTUyMmUyZi0yZmExMB4XDTI2\n"
    "MDEwMTAwMDAwMFoXDTI3MDEwMTAwMDAwMFowazFMMEoGCgmSJomT8ixkAQEMPGNv\n"
    "bS5hcHBsZS5tZ210LkV4dGVybmFsLjFiNGUyOGJhLTJmYTEtNGM4ZS04ODNmLTAw\n"
    "MTZkM2NjYTQyNzEbMBkGA1UEAwwSQVBTUDowYTUyMmUyZi0yZmExMFkwEwYHKoZI\n"
    "zj0CAQYIKoZIzj0DAQcDQgAEvRNorQJzAPJuPHcfSL2DBaoiKPbfZUi4Oorh8zku\n"
    "IQVnS9BLvsS8Rn3PoZJwSE8xukxIG23fUqg9pjZNfvhRRzAKBggqhkjOPQQDAgNI\n"
    "ADBFAiBMY+QJpRR2whwWu5ijEZBaun9h+VwOJPnqcTFAcsXrqAIhAJOQvixcFpu0\n"
    "9uV+groWJ8c6KWDhrobbjoKbJoY5Z8O5\n"
    "-----END CERTIFICATE-----\n";
static const char p256_b[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBxTCCAWugAwIBAgIDBuM4MAoGCCqGSM49BAMCMGsxTDBKBgoJkiaJk/IsZAEB\n"
    "DDxjb20uYXBwbGUubWdtdC5FeHRlcm5hbC4xYjRlMjhiYS0yZmExLTRjOGUtODgz\n"
    "Zi0wMDE2ZDNjY2E0MjcxGzAZBgNVBAMMEkFQU1A6YTczMDkxYjgtMmZhMTAeFw0y\n"
    "NjAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBaMGsxTDBKBgoJkiaJk/IsZAEBDDxj\n"
    "b20uYXBwbGUubWdtdC5FeHRlcm5hbC4xYjRlMjhiYS0yZmExLTRjOGUtODgzZi0w\n"
    "MDE2ZDNjY2E0MjcxGzAZBgNVBAMMEkFQU1A6YTczMDkxYjgtMmZhMTBZMBMGByqG\n"
    "SM49AgEGCCqGSM49AwEHA0IABAIEp65Ql3puJsA7ikWfbIcWQ1iBt/l6fz4N0/Hm\n"
    "yGlAKKfQTl508mUwNoLq8LPWGjO9ClZ17Knzc0SYfV7KHRMwCgYIKoZIzj0EAwID\n"
    "SAAwRQIhAKKErXAyGlJXSv1zkLePD+uFQxXGBNOPwYpK7qETly7SAiAbnYZAQBsV\n"
    "R57kUrXAY+ZcuuDTwPVp/Hb0zz2spvyUSQ==\n"
    "-----END CERTIFICATE-----\n";
static const char p256_c[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBwzCCAWqgAwIBAgICXM4wCgYIKoZIzj0EAwIwazFMMEoGCgmSJomT8ixkAQEM\n"
    "PGNvbS5hcHBsZS5tZ210LkV4dGVybmFsLjFiNGUyOGJhLTJmYTEtNGM4ZS04ODNm\n"
    "LTAwMTZkM2NjYTQyNzEbMBkGA1UEAwwSQVBTUDo0MDVmODg2ZS0yZmExMB4XDTI2\n"
    "MDEwMTAwMDAwMFoXDTI3MDEwMTAwMDAwMFowazFMMEoGCgmSJomT8ixkAQEMPGNv\n"
    "bS5hcHBsZS5tZ210LkV4dGVybmFsLjFiNGUyOGJhLTJmYTEtNGM4ZS04ODNmLTAw\n"
    "MTZkM2NjYTQyNzEbMBkGA1UEAwwSQVBTUDo0MDVmODg2ZS0yZmExMFkwEwYHKoZI\n"
    "zj0CAQYIKoZIzj0DAQcDQgAEYxSuK/iXogetVRSWDHvfpXQb9CvLuZV9V75ZRbUb\n"
    "8qMr4gkTCGeeJAReyuMLgFUnyjoWpvtk+cHhz0QakFuP3jAKBggqhkjOPQQDAgNH\n"
    "ADBEAiAGAB/pi9zA0e5COM5OfUAZ7qc3I1dh041IwFVvirFJ+wIgKCF72BX9tOxe\n"
    "lqQMPRGaZpXeFOuxO82Si8I7VTONpGo=\n"
    "-----END CERTIFICATE-----\n";
static const char p256_d[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBxDCCAWugAwIBAgIDeewAMAoGCCqGSM49BAMCMGsxTDBKBgoJkiaJk/IsZAEB\n"
    "DDxjb20uYXBwbGUubWdtdC5FeHRlcm5hbC4xYjRlMjhiYS0yZmExLTRjOGUtODgz\n"
    "Zi0wMDE2ZDNjY2E0MjcxGzAZBgNVBAMMEkFQU1A6YThkODJjMDAtMmZhMTAeFw0y\n"
    "NjAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBaMGsxTDBKBgoJkiaJk/IsZAEBDDxj\n"
    "b20uYXBwbGUubWdtdC5FeHRlcm5hbC4xYjRlMjhiYS0yZmExLTRjOGUtODgzZi0w\n"
    "MDE2ZDNjY2E0MjcxGzAZBgNVBAMMEkFQU1A6YThkODJjMDAtMmZhMTBZMBMGByqG\n"
    "SM49AgEGCCqGSM49AwEHA0IABL7QOpahaaPcsQFNAEWEW16WuJ/5u8r3soUAWXk9\n"
    "ziXOFXrU9hh/qZbRhMGzxGNpKCXjva8SwsMZLp0olwXx4OQwCgYIKoZIzj0EAwID\n"
    "RwAwRAIgSSG4g3rm2ciS468uKA2t3KaJ0YTvziFQz24J5W8gJtcCIALp0hwNI/93\n"
    "Rxw0iz5CoA57GiYq3VQNKlyPpiR7Q9fs\n"
    "-----END CERTIFICATE-----\n";
static const char p384[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICAjCCAYigAwIBAgIDANiKMAoGCCqGSM49BAMCMGsxTDBKBgoJkiaJk/IsZAEB\n"
    "DDxjb20uYXBwbGUubWdtdC5FeHRlcm5hbC4xYjRlMjhiYS0yZmExLTRjOGUtODgz\n"
    "Zi0wMDE2ZDNjY2E0MjcxGzAZBgNVBAMMEkFQU1A6MTg5NGYxNmEtMmZhMTAeFw0y\n"
    "NjAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBaMGsxTDBKBgoJkiaJk/IsZAEBDDxj\n"
    "b20uYXBwbGUubWdtdC5FeHRlcm5hbC4xYjRlMjhiYS0yZmExLTRjOGUtODgzZi0w\n"
    "MDE2ZDNjY2E0MjcxGzAZBgNVBAMMEkFQU1A6MTg5NGYxNmEtMmZhMTB2MBAGByqG\n"
    "SM49AgEGBSuBBAAiA2IABHfWgMu++peGpDIzH0I95t+8MHqVuN6yzY5hW8usayGv\n"
    "bfRGC2vFFYIPonVtFmUx06jZhIC38goYB+dwlCj0yNJ0Q9J3JYsdCoSbPydG55bP\n"
    "9XvhMJ5Mh3wuKHDnqs7f8TAKBggqhkjOPQQDAgNoADBlAjEAlhN9Hdh+X6QE/Oqb\n"
    "WgXS0sZNH9bCAsKZfxSAzg5UppbfeuPl+oMxbRznWuQVsSUGAjBnjy31vHlVYf+V\n"
    "v25j0ceER4y+ME4oRazv8AdhMK4fFZlxC9pXs0HqoNFKdY7Wj28=\n"
    "-----END CERTIFICATE-----\n";
static const char p521[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICTDCCAa6gAwIBAgIDAVRGMAoGCCqGSM49BAMEMGsxTDBKBgoJkiaJk/IsZAEB\n"
    "DDxjb20uYXBwbGUubWdtdC5FeHRlcm5hbC4xYjRlMjhiYS0yZmExLTRjOGUtODgz\n"
    "Zi0wMDE2ZDNjY2E0MjcxGzAZBgNVBAMMEkFQU1A6ZjBjYTVhNjYtMmZhMTAeFw0y\n"
    "NjAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBaMGsxTDBKBgoJkiaJk/IsZAEBDDxj\n"
    "b20uYXBwbGUubWdtdC5FeHRlcm5hbC4xYjRlMjhiYS0yZmExLTRjOGUtODgzZi0w\n"
    "MDE2ZDNjY2E0MjcxGzAZBgNVBAMMEkFQU1A6ZjBjYTVhNjYtMmZhMTCBmzAQBgcq\n"
    "hkjOPQIBBgUrgQQAIwOBhgAEAcZ44XvN84EXo76NnUhbq4W0IE1gWKxwQk6fP6WS\n"
    "34L341vtKlpg+Jbulp0AFpltFDTu0djryX5gpzU25gqsHY72AAsDaC6niboxkSX+\n"
    "bHpmaT3cWNMswg3bcxE1HP+9wRLmFdtqYaJRuFnwnUp/FkfRLuqFNTjAm1vx6UjJ\n"
    "WlVDyet/MAoGCCqGSM49BAMEA4GLADCBhwJCAT/zOttUJpjnTDSmN+b4HuR3kxnQ\n"
    "tDx0vD6+VdHPZlzbBHSD//jZ1eqSrkdwCJVj0eGFO1tuncNWCbjvadelZInIAkEK\n"
    "pwmx1I2WofAk7FJJXE2dyQzUFnErbOxU26qBhXVq39NCCgqKxAvmUsXz2WbIo9BN\n"
    "H+vRl27eqkf31z6Y67g03Q==\n"
    "-----END CERTIFICATE-----\n";

/* A text, and the wrappings around it, inside out. */
static const struct curve_case {
	const char *certificate;
	bool der;
	const char *inner, *outer;
} cases[] = {
	{ p256_a, true, "base64 after words", "percent where needed" },
	{ p256_a, true, "base64 after a letter", "HTML" },
	{ p256_a, true, "data URI", "HTML" },
	{ p256_b, true, "base64", "percent where needed" },
	{ p256_b, true, "base64 of more than that", "HTML" },
	{ p256_c, true, "base64", "HTML" },
	{ p256_d, false, "percent where needed", "dump in hex" },
	{ p384, false, "hex of C", "UTF-16LE" },
	{ p521, true, "", "dump in hex" },
	{ p521, true, "dump in hex", "JSON object" },
};

/* Puts the text into a wrapping; an empty name is none. */
static struct str
wrap(const char *name, struct str text, struct buf *out)
{
	size_t i;

	if (*name == '\0')
		return text;
	for (i = 0; i < wraps_n && strcmp(wraps[i].name, name) != 0; i++)
		;
	ck_assert_uint_lt(i, wraps_n);
	wraps[i].put(text, out);
	ck_assert(!out->full);
	return buf_view(out);
}

static struct str
der_of(const char *pem, unsigned char room[DER_MAX])
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);
	unsigned char *p = room;
	int n = i2d_X509(x, NULL);

	ck_assert(n > 0 && n <= DER_MAX);
	i2d_X509(x, &p);
	X509_free(x);
	BIO_free(b);
	return str_from((const char *)room, (size_t)n);
}

START_TEST(only_the_certificate_itself)
{
	static char rooms[2][TEXT_MAX], space[UNWRAP_ARENA(TEXT_MAX)];
	const struct curve_case *c = &cases[_i];
	unsigned char room[DER_MAX];
	struct str der = der_of(c->certificate, room), text, what = STR_EMPTY;
	struct buf once, twice;
	struct unwrap u;
	struct arena a;
	enum err e;

	buf_init(&once, rooms[0], TEXT_MAX);
	buf_init(&twice, rooms[1], TEXT_MAX);
	text = wrap(c->inner, c->der ? der : str_of(c->certificate), &once);
	text = unit_guard(0, wrap(c->outer, text, &twice));
	arena_init(&a, space, UNWRAP_ARENA(text.n));
	e = unwrap_certificates(text, &a, &u, &what);
	ck_assert_msg(e == ERR_OK && u.found.n == 1, "%s in %s: %d, %zu, %.*s",
	    c->inner, c->outer, e, u.found.n, STR_ARG(what));
	ck_assert_msg(
	    str_eq(u.found.der[0], der), "%s in %s", c->inner, c->outer);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("unwrap_curves");
	TCase *t = tcase_create("unwrap_curves");

	tcase_add_loop_test(t, only_the_certificate_itself, 0, ROWS(cases));
	suite_add_tcase(s, t);
	return unit_run(s);
}
