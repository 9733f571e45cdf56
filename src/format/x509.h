/* SPDX-License-Identifier: ISC */
/*
 * x509.h - reads certificates and tells the facts of the one that counts.
 *
 * Pure: looks at no clock. Slices that come out live in the arena or in the
 * text. Which certificate is welcome is for the rules to say.
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

/* Longest topic, serial or issuer that we read; Apple's have 150 bytes. */
#define X509_FACT_MAX 1024
/* What x509_read takes of an arena at most, for a text of n bytes. */
#define X509_ARENA(n) (UNWRAP_ARENA(n) + (n) + 4 * X509_FACT_MAX)

enum x509_key { X509_KEY_OTHER, X509_KEY_RSA, X509_KEY_EC };

struct x509 {
	struct str der; /* null: the text held no certificate */
	/* The certificates as PEM if the text had to be unwrapped (unwrap.h),
	 * else null. */
	struct str pem;
	struct str topic; /* the subject's UID; null where it has none */
	struct str serial; /* upper-case hex, whole bytes */
	struct str issuer; /* as RFC 2253 writes it, in UTF-8 */
	struct str public_key; /* DER SubjectPublicKeyInfo */
	int64_t not_before_at;
	int64_t not_after_at;
	enum x509_key key;
	unsigned key_bits;
	bool mdm; /* the topic begins with com.apple.mgmt. */
	uint8_t fingerprint[CRYPTO_SHA256_LEN];
};

/*
 * Unwraps and reads what people paste (unwrap.h). Of several certificates the
 * one with the MDM topic counts, else one that is no CA's; of several of those
 * the one that expires last.
 *
 * ERR_OK with out->der null: some other text, and *what says so in the words
 * of a refusal. All else as unwrap_certificates.
 */
enum err x509_read(struct str text, struct arena *a, struct x509 *out,
    struct str *what) ATTR_CHECKED;

#endif
