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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

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
 * it. ERR_CONFIG where a text does not fit a subject: *what, a text in the
 * arena, names its key of the configuration and says why.
 */
enum err x509_request(const struct x509_subject *subject, struct arena *a,
    struct x509_request *out, struct str *what) ATTR_CHECKED;

struct pem;

/*
 * Of the certificates in *chain, the first of which is the vendor's own, keeps
 * that one, its issuer, the issuer of that, and so on up to a self-signed one,
 * in this order. ERR_CONFIG with *what, a text in the arena, where an issuer is
 * missing, a signature does not verify, or a certificate has expired or is not
 * yet valid; *what names each of them. Any self-signed certificate is a root:
 * trust is not judged here. ERR_MEMORY.
 */
enum err x509_chain_order(struct pem *chain, int64_t now_at, struct arena *a,
    struct str *what) ATTR_CHECKED;

/* What Apple's portal wants beside a request: the certificate of the MDM
 * vendor with those above it, and its key without passphrase; both as PEM. */
struct x509_vendor {
	struct str chain;
	struct str key;
	int64_t now_at;
	bool as_it_is; /* no check, no other order than the vendor's first */
};

/*
 * Wraps a request the way Apple's portal takes it: base64 of a property list
 * with the DER request, the vendor's chain (its own certificate first, then
 * each issuer up to a self-signed one) and its signature of the request.
 * ERR_CONFIG with *what, a text in the arena or a constant, where chain or key
 * are not fit for it; it begins with X509_CHAIN where as_it_is would help.
 */
#define X509_CHAIN "the vendor chain: "
enum err x509_vendor_request(struct str csr, const struct x509_vendor *vendor,
    struct arena *a, struct str *out, struct str *what) ATTR_CHECKED;

/*
 * The same private key as PKCS#1 (RFC 8017, "RSA PRIVATE KEY"), from PKCS#8,
 * both DER; the caller wipes it. ERR_KEY_MISMATCH where it is no RSA key.
 */
enum err x509_rsa_key(
    struct str pkcs8, uint8_t out[X509_PRIVATE_MAX], size_t *n) ATTR_CHECKED;

/* A certificate and its PKCS#8 key, both DER, to be packed under a passphrase.
 */
struct x509_pair {
	struct str certificate;
	struct str private_key;
	struct str passphrase;
	/* Triple DES and SHA-1 in place of AES-256 and SHA-256, for the
	 * keychain of macOS before 15, Java before 8u301, OpenSSL 1.0. */
	bool legacy;
};

/*
 * Packs a pair as PKCS#12. ERR_KEY_MISMATCH where the two do not belong
 * together, ERR_TOO_LONG for a passphrase of more than X509_PASSPHRASE_MAX
 * bytes or with a NUL in it, ERR_NOT_IMPLEMENTED with libcrypto's reason in
 * *what, in the arena, where it has not got these algorithms (FIPS).
 */
#define X509_PASSPHRASE_MAX 255
enum err x509_pkcs12(const struct x509_pair *pair, struct arena *a,
    struct str *out, struct str *what) ATTR_CHECKED;

#endif
