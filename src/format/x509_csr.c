/* SPDX-License-Identifier: ISC */
/*
 * x509_csr.c - reads certificate requests by libcrypto. The function leaves
 * libcrypto's error queue empty.
 */
#include "format/x509_csr.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "format/crypto.h"
#include "format/sniff.h"
#include "format/x509_private.h"

/* Apple issues no certificate for a shorter key. */
#define KEY_BITS_LEAST 2048

/* Reads DER that has nothing after it. */
static X509_REQ *
read_der(struct str der)
{
	const uint8_t *p = (const uint8_t *)der.p, *end = p + der.n;
	X509_REQ *rq = d2i_X509_REQ(NULL, &p, (long)der.n);

	if (rq != NULL && p != end) {
		X509_REQ_free(rq);
		rq = NULL;
	}
	return rq;
}

static X509_REQ *
read_pem(struct str text)
{
	BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
	X509_REQ *rq = NULL;

	if (in != NULL)
		rq = PEM_read_bio_X509_REQ(
		    in, NULL, crypto_no_passphrase, NULL);
	BIO_free(in);
	return rq;
}

/* Reads base64 with or without line ends. The arena gives the memory back. */
static X509_REQ *
read_base64(struct str text, struct arena *a)
{
	size_t before = a->used, i, n;
	X509_REQ *rq = NULL;
	uint8_t *der;
	struct buf b;
	struct str digits;

	buf_open(&b, a);
	for (i = 0; i < text.n; i++)
		if (text.p[i] != ' ' && text.p[i] != '\n' &&
		    text.p[i] != '\r' && text.p[i] != '\t')
			buf_char(&b, text.p[i]);
	digits = buf_close(&b, a);
	der = arena_take(a, digits.n + 3);
	if (der != NULL && str_unbase64(digits, der, &n))
		rq = read_der(str_from((const char *)der, n));
	a->used = before;
	return rq;
}

/* Returns NULL, or what is wrong with the request. */
static const char *
fault_of(X509_REQ *rq)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(rq);

	if (key == NULL)
		return "its key cannot be read";
	if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
		return "its key is not RSA, and Apple takes no other; make a "
		       "request with an RSA key of 2048 bits";
	if (EVP_PKEY_bits(key) < KEY_BITS_LEAST)
		return "its key has less than 2048 bits; make a request with "
		       "an RSA key of 2048 bits";
	if (X509_REQ_verify(rq, key) != 1)
		return "its signature does not verify, so it is damaged or "
		       "was made for another key";
	return NULL;
}

enum err
x509_csr_read(
    struct str text, struct arena *a, struct x509_csr *out, struct str *what)
{
	X509_REQ *rq = NULL;
	const char *fault = "it contains a private key, which belongs to the "
			    "server that made the request; give the request "
			    "alone";
	enum err e = ERR_CONFIG;
	const char *name;

	if (sniff_layer(text, &name) == SNIFF_KEY)
		goto out;
	rq = read_pem(text);
	if (rq == NULL)
		rq = read_der(text);
	if (rq == NULL)
		rq = read_base64(text, a);
	fault = rq == NULL ? "it is not a certificate request (PKCS #10) in "
			     "PEM, DER or base64"
			   : fault_of(rq);
	if (fault != NULL)
		goto out;
	if ((e = x509_encode(rq, ASN1_ITEM_rptr(X509_REQ), a, &out->der)) !=
	    ERR_OK)
		goto out;
	e = x509_encode(X509_REQ_get_X509_PUBKEY(rq),
	    ASN1_ITEM_rptr(X509_PUBKEY), a, &out->public_key);
out:
	X509_REQ_free(rq);
	*what = str_of(fault);
	return crypto_drain(e);
}
