/* SPDX-License-Identifier: ISC */
/*
 * x509_import.h - finds a push certificate and its private key in the files
 * that other MDM servers and openssl write.
 *
 * The forms: PEM blocks in any order and without line ends between them, also
 * with the escapes of a database dump (\n and \t); keys in PKCS#1 or PKCS#8,
 * encrypted or not; PKCS#12; DER; base64 of these; UTF-16. Nothing here asks
 * for a passphrase or writes a file. Slices in the results live in the arena,
 * which the caller wipes.
 */
#ifndef PUSHCERT_X509_IMPORT_H
#define PUSHCERT_X509_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/x509_make.h"

/* Limit of a file. A PKCS#12 file with a chain has 6 KiB. */
#define X509_IMPORT_TEXT_MAX 65536

struct x509_import_source {
	struct str text;
	struct str key_text; /* of a second file, or null */
	struct str passphrase; /* null: none is known */
};

struct x509_import {
	struct str certificate; /* the certificate that counts, as PEM */
	struct str public_key; /* as in struct x509 */
	uint8_t private_key[X509_PRIVATE_MAX]; /* DER, PKCS#8 */
	size_t private_n;
	/* The outcome is ERR_KEY_MISMATCH because the passphrase is missing or
	 * wrong. */
	bool locked;
	/* The outcome is ERR_KEY_MISMATCH because every private key that was
	 * found belongs to another certificate. */
	bool other_key;
	bool key_in_text; /* the first file has a private key */
};

/*
 * Reads both files. The private key must be RSA of 2048 to 4096 bits and belong
 * to the certificate. The caller wipes out->private_key in every case.
 *
 * Returns ERR_NOT_A_CERTIFICATE if a file cannot be read or has no push
 * certificate or several, ERR_KEY_MISMATCH if no private key can be used, and
 * ERR_MEMORY or ERR_INTERNAL. *what is the reason for the first two; it never
 * contains a byte of a key.
 */
enum err x509_import(const struct x509_import_source *in, struct arena *a,
    struct x509_import *out, struct str *what) ATTR_CHECKED;

#endif
