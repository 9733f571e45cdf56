/* SPDX-License-Identifier: ISC */
/*
 * x509.h - reads certificates and returns the facts of the certificate that
 * counts.
 *
 * Pure: uses no clock. Slices in the result live in the arena or in the text.
 * The rules decide which certificate is accepted.
 */
#ifndef PUSHCERT_X509_H
#define PUSHCERT_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/crypto.h"
#include "base/err.h"
#include "base/buf.h"
#include "format/pem.h"
#include "base/str.h"
#include "format/unwrap.h"

/* Longest topic, serial or issuer; Apple's have 150 bytes. */
#define X509_FACT_MAX 1024
/* Space that x509_read needs in an arena for a text of n bytes. */
#define X509_ARENA(n) (UNWRAP_ARENA(n) + (n) + 4 * X509_FACT_MAX)

enum x509_key { X509_KEY_OTHER, X509_KEY_RSA, X509_KEY_EC };

struct x509 {
	struct str der; /* null: the text has no certificate */
	/* The certificates as PEM if the text had to be unwrapped (unwrap.h),
	 * else null. */
	struct str pem;
	struct str topic; /* UID of the subject, or null */
	struct str serial; /* upper-case hex of whole bytes */
	struct str issuer; /* in the form of RFC 2253, as UTF-8 */
	struct str public_key; /* DER SubjectPublicKeyInfo */
	int64_t not_before_at;
	int64_t not_after_at;
	enum x509_key key;
	unsigned key_bits;
	bool mdm; /* topic starts with com.apple.mgmt. */
	uint8_t fingerprint[CRYPTO_SHA256_LEN];
};

/*
 * Unwraps and reads a pasted text (unwrap.h). Of several certificates the
 * certificate with the MDM topic counts, or else a certificate that is not a
 * CA's. If several qualify, the certificate that expires last counts.
 *
 * Returns ERR_OK with out->der null if the text is not an attempt at a
 * certificate; *what is then the reason, in the words of a refusal. Otherwise
 * returns the outcomes of unwrap_certificates.
 */
enum err x509_read(struct str text, struct arena *a, struct x509 *out,
    struct str *what) ATTR_CHECKED;

#endif
