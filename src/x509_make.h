/* SPDX-License-Identifier: ISC */
/*
 * x509_make.h - makes keys and requests, wraps them for Apple, packs keys and
 * certificates for others.
 *
 * Slices that come out live in the arena. No function asks for a passphrase or
 * writes a file.
 */
#ifndef PUSHCERT_X509_MAKE_H
#define PUSHCERT_X509_MAKE_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"
#include "mem.h"
#include "str.h"

/* The subject of a request; empty texts are left out. */
struct x509_subject {
	struct str country;
	struct str organization;
	struct str common_name;
	struct str email;
};

/* PKCS#8 of RSA 2048 has 1,219 bytes at most. */
#define X509_PRIVATE_MAX 1280

/* The caller seals the private key and wipes the whole struct. */
struct x509_request {
	uint8_t private_key[X509_PRIVATE_MAX]; /* DER, PKCS#8 */
	size_t private_n;
	struct str csr; /* DER, PKCS#10 */
	struct str public_key; /* as in struct x509 */
};

/*
 * Makes an RSA key of 2048 bits, which takes 50 to 500 ms, and a request for
 * it. ERR_CONFIG with *what the text that does not fit a subject.
 */
enum err x509_request(const struct x509_subject *subject, struct arena *a,
    struct x509_request *out, struct str *what) ATTR_CHECKED;

/* What Apple's portal wants beside a request: the certificate of the MDM
 * vendor with those above it, and its key without passphrase; both as PEM. */
struct x509_vendor {
	struct str chain;
	struct str key;
};

/*
 * Wraps a request the way Apple's portal takes it: base64 of a property list
 * with the DER request, the vendor's chain (his own certificate first, the
 * others in the order given) and his signature of the request. ERR_CONFIG with
 * *what, a constant text, where chain or key are not fit for it.
 */
enum err x509_vendor_request(struct str csr, const struct x509_vendor *vendor,
    struct arena *a, struct str *out, struct str *what) ATTR_CHECKED;

/*
 * Packs a certificate and its PKCS#8 key, both DER, as PKCS#12 under a
 * passphrase (AES-256). ERR_KEY_MISMATCH where the two do not belong together,
 * ERR_TOO_LONG for a passphrase of more than X509_PASSPHRASE_MAX bytes or with
 * a NUL in it.
 */
#define X509_PASSPHRASE_MAX 255
enum err x509_pkcs12(struct str der, struct str private_key,
    struct str passphrase, struct arena *a, struct str *out) ATTR_CHECKED;

#endif
