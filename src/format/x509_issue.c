/* SPDX-License-Identifier: ISC */
/* x509_issue.c - signs a request as Apple's portal does. */
#include "format/x509_issue.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "format/datetime.h"
#include "format/pem.h"

#define DAY INT64_C(86400)

static X509_REQ *
from_pem(struct str text)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	X509_REQ *rq =
	    bio == NULL ? NULL : PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return rq;
}

static X509_REQ *
from_der(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;

	return d2i_X509_REQ(NULL, &p, (long)der.n);
}

static X509_REQ *
from_base64(struct str text, struct arena *a)
{
	uint8_t *der = arena_take(a, text.n / 4 * 3 + 3);
	struct str line = text;
	size_t n;

	while (line.n > 0 &&
	    (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	if (der == NULL || !str_unbase64(str_trim(line), der, &n))
		return NULL;
	return from_der(str_from((char *)der, n));
}

/* NULL if the text is not a request, or if its signature is not that of its
 * key. */
static X509_REQ *
read_request(struct str text, struct arena *a)
{
	X509_REQ *rq = from_pem(text);

	if (rq == NULL)
		rq = from_base64(text, a);
	if (rq == NULL)
		rq = from_der(text);
	if (rq != NULL && X509_REQ_verify(rq, X509_REQ_get0_pubkey(rq)) == 1)
		return rq;
	X509_REQ_free(rq);
	return NULL;
}

static bool
add_name(X509_NAME *name, const char *type, struct str text)
{
	return X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
		   (const unsigned char *)text.p, (int)text.n, -1, 0) == 1;
}

/* The names of a certificate from Apple: UID=topic, CN=APSP:the end of the
 * topic, C=US. */
static bool
set_names(X509 *x, struct str topic)
{
	X509_NAME *subject = X509_get_subject_name(x);
	X509_NAME *issuer = X509_get_issuer_name(x);
	char text[X509_TOPIC_MAX + 8];
	size_t i = topic.n;
	struct buf name;

	while (i > 0 && topic.p[i - 1] != '.')
		i--;
	buf_init(&name, text, sizeof(text));
	buf_text(&name, "APSP:");
	buf_str(&name, str_head(str_tail(topic, i), 40));
	return add_name(subject, "UID", topic) &&
	    add_name(subject, "CN", buf_view(&name)) &&
	    add_name(subject, "C", str_of("US")) &&
	    add_name(issuer, "CN",
		str_of("Apple Application Integration 2 Certification "
		       "Authority")) &&
	    add_name(issuer, "OU", str_of("Apple Certification Authority")) &&
	    add_name(issuer, "O", str_of("Apple Inc.")) &&
	    add_name(issuer, "C", str_of("US"));
}

static bool
add_extensions(X509 *x)
{
	static const struct {
		int nid;
		const char *value;
	} extensions[] = {
		{ NID_basic_constraints, "CA:FALSE" },
		{ NID_ext_key_usage, "clientAuth" },
		{ NID_key_usage, "digitalSignature" },
	};
	size_t i;

	for (i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(
		    NULL, NULL, extensions[i].nid, extensions[i].value);
		int added = e == NULL ? 0 : X509_add_ext(x, e, -1);

		X509_EXTENSION_free(e);
		if (added != 1)
			return false;
	}
	return true;
}

/* libcrypto takes a date as text, because its numbers may have 32 bits. */
static bool
set_date(ASN1_TIME *out, int64_t at)
{
	char date[DATETIME_SECONDS_LEN], text[24];
	struct buf b;
	size_t i;

	datetime_seconds(at, date);
	buf_init(&b, text, sizeof(text));
	for (i = 0; i < sizeof(date); i++)
		if (date[i] >= '0' && date[i] <= '9')
			buf_char(&b, date[i]);
	buf_put(&b, "Z", 2);
	return ASN1_TIME_set_string_X509(out, text) == 1;
}

static bool
fill(X509 *x, const struct x509_issue *in, X509_REQ *rq)
{
	ASN1_INTEGER *serial = X509_get_serialNumber(x);

	return X509_set_version(x, 2) == 1 &&
	    ASN1_INTEGER_set_uint64(serial, in->serial) == 1 &&
	    set_names(x, in->topic) &&
	    set_date(X509_getm_notBefore(x), in->now_at - DAY) &&
	    set_date(X509_getm_notAfter(x), in->now_at + in->days * DAY) &&
	    X509_set_pubkey(x, X509_REQ_get0_pubkey(rq)) == 1 &&
	    add_extensions(x);
}

static enum err
put(X509 *x, struct buf *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);

	if (n > 0)
		pem_write("CERTIFICATE", str_from((char *)der, (size_t)n), out);
	OPENSSL_free(der);
	return n > 0 && !out->full ? ERR_OK : ERR_MEMORY;
}

static enum err
sign(const struct x509_issue *in, X509_REQ *rq, struct buf *out)
{
	EVP_PKEY *key = EVP_RSA_gen(2048U);
	X509 *x = X509_new();
	enum err e = ERR_MEMORY;

	if (key != NULL && x != NULL && fill(x, in, rq) &&
	    X509_sign(x, key, EVP_sha256()) > 0)
		e = put(x, out);
	X509_free(x);
	EVP_PKEY_free(key);
	return e;
}

enum err
x509_issue(const struct x509_issue *in, struct arena *a, struct buf *out)
{
	enum err e = ERR_NOT_A_CERTIFICATE;
	X509_REQ *rq;

	if (in->topic.n == 0 || in->topic.n > X509_TOPIC_MAX)
		return ERR_TOO_LONG;
	if ((rq = read_request(in->request, a)) != NULL)
		e = sign(in, rq, out);
	X509_REQ_free(rq);
	ERR_clear_error();
	return e;
}
