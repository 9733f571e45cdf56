/* SPDX-License-Identifier: ISC */
/*
 * unit_certificate.c - issues certificates with a topic like those of Apple.
 */
#include "unit_certificate.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

static void
add_to_name(X509_NAME *name, const char *type, const char *text)
{
	X509_NAME_add_entry_by_txt(
	    name, type, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

/* A library may have a time_t of 32 bits where ours has 64, so it gets a text.
 */
static void
set_time(ASN1_TIME *to, int64_t at)
{
	const time_t seconds = (time_t)at;
	char text[32];
	struct tm t;

	gmtime_r(&seconds, &t);
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &t);
	if (ASN1_TIME_set_string_X509(to, text) != 1)
		abort();
}

X509 *
unit_issue(const struct unit_certificate *c)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), c->serial);
	if (c->topic != NULL)
		add_to_name(subject, "UID", c->topic);
	add_to_name(subject, "CN", c->name);
	X509_set_issuer_name(x, subject);
	set_time(X509_getm_notBefore(x), c->from_at);
	set_time(X509_getm_notAfter(x), c->until_at);
	X509_set_pubkey(x, c->key);
	/* Some tests issue before they fork, where ck_assert does not work. */
	if (X509_sign(
		x, c->issuer != NULL ? c->issuer : c->key, EVP_sha256()) <= 0)
		abort();
	return x;
}

void
unit_issue_pem(const struct unit_certificate *c, char pem[UNIT_PEM_MAX])
{
	X509 *x = unit_issue(c);
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	PEM_write_bio_X509(bio, x);
	if ((n = BIO_read(bio, pem, UNIT_PEM_MAX - 1)) <= 0)
		abort();
	pem[n] = '\0';
	BIO_free(bio);
	X509_free(x);
}
