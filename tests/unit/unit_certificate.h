/* SPDX-License-Identifier: ISC */
/*
 * unit_certificate.h - issues certificates for the unit tests.
 */
#ifndef PUSHCERT_UNIT_CERTIFICATE_H
#define PUSHCERT_UNIT_CERTIFICATE_H

#include <stdint.h>

#include <openssl/x509.h>

#define UNIT_PEM_MAX 4096

struct unit_certificate {
	EVP_PKEY *key;
	EVP_PKEY *issuer; /* NULL: the certificate is signed by its own key */
	const char *topic; /* NULL: none */
	const char *name;
	long serial;
	int64_t from_at, until_at;
};

/* Issues the certificate. The caller frees it. */
X509 *unit_issue(const struct unit_certificate *c);
/* Issues the certificate as PEM. */
void unit_issue_pem(const struct unit_certificate *c, char pem[UNIT_PEM_MAX]);

#endif
