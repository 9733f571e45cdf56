/* SPDX-License-Identifier: ISC */
/*
 * x509_csr.h - reads a certificate request that was made elsewhere.
 */
#ifndef PUSHCERT_X509_CSR_H
#define PUSHCERT_X509_CSR_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Limit of a file; a request of RSA 4096 has 2 KiB as PEM. */
#define X509_CSR_TEXT_MAX 65536

/* Slices lie in the arena. */
struct x509_csr {
	struct str der; /* PKCS#10 */
	struct str public_key; /* as in struct x509 */
};

/*
 * Reads PEM among other text, DER, or base64 of DER. The request must have an
 * RSA key of at least 2048 bits, and the key must have signed it. Returns
 * ERR_OK, ERR_MEMORY, or ERR_CONFIG with a constant text in *what that says
 * what is wrong.
 */
enum err x509_csr_read(struct str text, struct arena *a, struct x509_csr *out,
    struct str *what) ATTR_CHECKED;

#endif
