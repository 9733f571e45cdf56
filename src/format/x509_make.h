/* SPDX-License-Identifier: ISC */
/*
 * x509_make.h - makes keys and requests, wraps requests for Apple, packs keys
 * and certificates as PKCS#12.
 *
 * Slices in the results live in the arena. No function asks for a passphrase or
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

/* The subject of a request; empty texts are omitted. */
struct x509_subject {
	struct str country;
	struct str organization;
	struct str common_name;
	struct str email;
};

/* Limit of a PKCS#8 key; RSA 2048 needs at most 1,219 bytes, RSA 4096 2,375. */
#define X509_PRIVATE_MAX 2560

/* The caller encrypts the private key and wipes the whole struct. */
struct x509_request {
	uint8_t private_key[X509_PRIVATE_MAX]; /* DER, PKCS#8 */
	size_t private_n;
	struct str csr; /* DER, PKCS#10 */
	struct str public_key; /* as in struct x509 */
};

/* Makes an RSA key of 2048 bits, which takes 50 to 500 ms, and a request for
 * it. Returns ERR_CONFIG if a text does not fit into a subject; *what is then a
 * text in the arena with the name of its configuration key and the reason. */
enum err x509_request(const struct x509_subject *subject, struct arena *a,
    struct x509_request *out, struct str *what) ATTR_CHECKED;

struct pem;

/*
 * Orders the certificates in *chain, the first of which is the vendor's own:
 * keeps that, its issuer, the issuer of the issuer, and so on up to a
 * self-signed certificate. Returns ERR_CONFIG if an issuer is missing, a
 * signature does not verify, or a certificate is expired or not yet valid;
 * *what is then a text in the arena that names each fault. Every self-signed
 * certificate counts as a root, because trust is not checked here. Also returns
 * ERR_MEMORY.
 */
enum err x509_chain_order(struct pem *chain, int64_t now_at, struct arena *a,
    struct str *what) ATTR_CHECKED;

/* The vendor's part of a request for Apple's portal: the certificate of the MDM
 * vendor with its chain, and its key without a passphrase, both as PEM. */
struct x509_vendor {
	struct str chain;
	struct str key;
	int64_t now_at;
	bool as_it_is; /* no checks; only puts the vendor's first */
};

/*
 * Wraps a request for Apple's portal: base64 of a property list with the DER
 * request, the vendor's chain (the vendor's certificate, then each issuer up to
 * a self-signed certificate) and the vendor's signature of the request. Returns
 * ERR_CONFIG if the chain or the key is not usable; *what is then a text in the
 * arena or a constant text. It starts with X509_CHAIN if as_it_is would help.
 */
#define X509_CHAIN "the vendor chain: "
enum err x509_vendor_request(struct str csr, const struct x509_vendor *vendor,
    struct arena *a, struct str *out, struct str *what) ATTR_CHECKED;

/* Converts a private key from PKCS#8 to PKCS#1 (RFC 8017, "RSA PRIVATE KEY"),
 * both DER. The caller wipes it. Returns ERR_KEY_MISMATCH if the key is not
 * RSA. */
enum err x509_rsa_key(
    struct str pkcs8, uint8_t out[X509_PRIVATE_MAX], size_t *n) ATTR_CHECKED;

/* A certificate and its PKCS#8 key, both DER, and a passphrase. */
struct x509_pair {
	struct str certificate;
	struct str private_key;
	struct str passphrase;
	/* Use triple DES and SHA-1 instead of AES-256 and SHA-256, for the
	 * keychain of macOS before 15, Java before 8u301, and OpenSSL 1.0. */
	bool legacy;
};

/*
 * Packs a pair as PKCS#12. Returns ERR_KEY_MISMATCH if the two do not belong
 * together, and ERR_TOO_LONG if the passphrase has a NUL or more than
 * X509_PASSPHRASE_MAX bytes. Returns ERR_NOT_IMPLEMENTED if libcrypto lacks the
 * algorithms (FIPS); *what is then libcrypto's reason, in the arena.
 */
#define X509_PASSPHRASE_MAX 255
enum err x509_pkcs12(const struct x509_pair *pair, struct arena *a,
    struct str *out, struct str *what) ATTR_CHECKED;

#endif
