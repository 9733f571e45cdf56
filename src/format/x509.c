/* SPDX-License-Identifier: ISC */
/*
 * x509.c - certificates by libcrypto. Every function leaves libcrypto's error
 * queue empty.
 */
#include "format/x509.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "format/datetime.h"
#include "format/x509_private.h"

#define MDM_TOPIC "com.apple.mgmt."

static X509 *
parse(struct str der)
{
	const uint8_t *p = (const uint8_t *)der.p;
	const uint8_t *end = p + der.n;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	if (x != NULL && p == end)
		return x;
	X509_free(x);
	return NULL;
}

/* Whether a text is safe to show, store and compare. */
static bool
is_clean(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return s.n <= X509_FACT_MAX && str_utf8_valid(s);
}

/* Finds the UID of the subject; null if it has none. Returns false if the UID
 * is not a clean text or the subject has two, which would leave the topic
 * ambiguous. */
static bool
subject_uid(const X509 *x, char text[X509_FACT_MAX], struct str *out)
{
	X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(subject, NID_userId, -1);
	unsigned char *utf8 = NULL;
	bool fine;
	int n;

	*out = str_of(NULL);
	if (at < 0)
		return true;
	if (X509_NAME_get_index_by_NID(subject, NID_userId, at) >= 0)
		return false;
	n = ASN1_STRING_to_UTF8(
	    &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	fine = n >= 0 && is_clean(str_from((char *)utf8, (size_t)n));
	if (fine) {
		memcpy(text, utf8, (size_t)n);
		*out = str_from(text, (size_t)n);
	}
	OPENSSL_free(utf8);
	return fine;
}

static bool
is_mdm(struct str topic)
{
	return str_starts(topic, MDM_TOPIC);
}

static enum err
read_topic(X509 *x, struct arena *a, struct x509 *out)
{
	char text[X509_FACT_MAX];
	struct str uid;

	if (!subject_uid(x, text, &uid))
		return ERR_NOT_A_CERTIFICATE;
	out->topic = arena_copy(a, uid);
	out->mdm = is_mdm(out->topic);
	return str_is_null(out->topic) == str_is_null(uid) ? ERR_OK
							   : ERR_MEMORY;
}

static enum err
read_serial(X509 *x, struct arena *a, struct x509 *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	size_t n = (size_t)ASN1_STRING_length(serial);
	char *digits;

	/* RFC 5280, section 4.1.2.2: positive, 20 bytes at most. */
	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || n > 20)
		return ERR_NOT_A_CERTIFICATE;
	if ((digits = arena_take(a, 2 * n)) == NULL)
		return ERR_MEMORY;
	str_hex_upper(ASN1_STRING_get0_data(serial), n, digits);
	out->serial = str_from(digits, 2 * n);
	return ERR_OK;
}

static enum err
read_issuer(X509 *x, struct arena *a, struct x509 *out)
{
	BIO *text = BIO_new(BIO_s_mem());
	enum err e = ERR_NOT_A_CERTIFICATE;
	struct str issuer;
	char *p = NULL;

	if (text == NULL)
		return ERR_MEMORY;
	if (X509_NAME_print_ex(text, X509_get_issuer_name(x), 0,
		XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
		goto out;
	issuer.n = (size_t)BIO_get_mem_data(text, &p);
	issuer.p = p != NULL ? p : "";
	if (!is_clean(issuer))
		goto out;
	out->issuer = arena_copy(a, issuer);
	e = str_is_null(out->issuer) ? ERR_MEMORY : ERR_OK;
out:
	BIO_free(text);
	return e;
}

bool
x509_time(const ASN1_TIME *from, int64_t *at)
{
	char text[DATETIME_TEXT_MAX];
	struct instant t;
	struct tm tm;
	int n;

	if (ASN1_TIME_to_tm(from, &tm) != 1)
		return false;
	n = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
	if (datetime_parse(str_from(text, (size_t)n), &t) != ERR_OK)
		return false;
	*at = t.at;
	return true;
}

static enum err
read_validity(X509 *x, struct arena *a, struct x509 *out)
{
	(void)a;
	if (x509_time(X509_get0_notBefore(x), &out->not_before_at) &&
	    x509_time(X509_get0_notAfter(x), &out->not_after_at))
		return ERR_OK;
	return ERR_NOT_A_CERTIFICATE;
}

static enum err
read_public_key(X509_PUBKEY *key, struct arena *a, struct str *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(key, &der);

	if (n <= 0)
		return ERR_NOT_A_CERTIFICATE;
	*out = arena_copy(a, str_from((char *)der, (size_t)n));
	OPENSSL_free(der);
	return str_is_null(*out) ? ERR_MEMORY : ERR_OK;
}

/* A type of key that libcrypto does not know is not an error here. */
static enum err
read_key(X509 *x, struct arena *a, struct x509 *out)
{
	EVP_PKEY *key = X509_get0_pubkey(x);

	if (key != NULL) {
		int type = EVP_PKEY_base_id(key);
		int bits = EVP_PKEY_bits(key);

		out->key = type == EVP_PKEY_RSA ? X509_KEY_RSA
		    : type == EVP_PKEY_EC       ? X509_KEY_EC
						: X509_KEY_OTHER;
		out->key_bits = bits > 0 ? (unsigned)bits : 0;
	}
	return read_public_key(X509_get_X509_PUBKEY(x), a, &out->public_key);
}

static const struct {
	enum err (*read)(X509 *x, struct arena *a, struct x509 *out);
	struct str what;
} facts[] = {
	{ read_topic, STR("the UID of its subject is malformed") },
	{ read_serial, STR("its serial number is malformed") },
	{ read_issuer, STR("its issuer cannot be read") },
	{ read_validity, STR("its dates are malformed") },
	{ read_key, STR("its key is malformed") },
};

/* A certificate of higher rank is more likely the one the user meant. */
static int
rank(X509 *x)
{
	char text[X509_FACT_MAX];
	struct str uid;
	bool mdm = subject_uid(x, text, &uid) && is_mdm(uid);
	bool ca = X509_get_extension_flags(x) & EXFLAG_CA;

	return 2 * mdm + !ca;
}

static bool
is_better(X509 *x, X509 *best)
{
	int by = rank(x) - rank(best);

	if (by == 0)
		by = ASN1_TIME_compare(
		    X509_get0_notAfter(x), X509_get0_notAfter(best));
	return by > 0;
}

/* Returns the index of the certificate that counts, and its parsed form in *out
 * for the caller to free. *out is NULL if one of them is not a certificate. */
static size_t
choose(const struct pem *found, X509 **out)
{
	X509 *x, *best = NULL;
	size_t i, chosen = 0;

	for (i = 0; i < found->n; i++) {
		x = parse(found->der[i]);
		if (x != NULL && best != NULL && !is_better(x, best)) {
			X509_free(x);
			continue;
		}
		X509_free(best);
		if ((best = x) == NULL)
			break;
		chosen = i;
	}
	*out = best;
	return chosen;
}

enum err
x509_read(struct str text, struct arena *a, struct x509 *out, struct str *what)
{
	struct unwrap unwrapped;
	const struct pem *found = &unwrapped.found;
	X509 *x = NULL;
	enum err e;
	size_t i;

	memset(out, 0, sizeof(*out));
	e = unwrap_certificates(text, a, &unwrapped, what);
	if (e != ERR_OK || found->n == 0)
		return e;
	out->pem = unwrapped.pem;
	out->der = found->der[choose(found, &x)];
	crypto_sha256(out->der, out->fingerprint);
	*what = str_of("it is not a certificate in DER form");
	e = x == NULL ? ERR_NOT_A_CERTIFICATE : ERR_OK;
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]) && e == ERR_OK; i++) {
		*what = facts[i].what;
		e = facts[i].read(x, a, out);
	}
	X509_free(x);
	return crypto_drain(e);
}
