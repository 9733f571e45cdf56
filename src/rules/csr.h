/* SPDX-License-Identifier: ISC */
/*
 * csr.h - requests for certificates: makes them, keeps them with their sealed
 * private keys, and finds the private key of a certificate. Returned texts live
 * in the caller's arena.
 */
#ifndef PUSHCERT_CSR_H
#define PUSHCERT_CSR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "format/crypto.h"
#include "format/x509_csr.h"
#include "format/x509_make.h"
#include "rules/change.h"
#include "state/config.h"
#include "state/secret.h"
#include "store/store.h"

/* Signs a request, in DER, for Apple's portal: *text is then what the portal
 * takes. Returns ERR_OK, ERR_MEMORY, or another outcome, with which csr_make
 * ends before it stores anything. */
typedef enum err
csr_sign(void *arg, struct str csr, struct arena *a, struct str *text);

/* The input of csr_make. */
struct csr_order {
	struct store *store;
	const struct config *config;
	const struct secrets *secrets;
	const struct caller *by;
	struct arena *arena;
	/* A request that was made elsewhere; NULL: a key and a request are
	 * made. */
	const struct x509_csr *given;
	/* NULL: the vendor's key in `secrets` signs, if there is one. */
	csr_sign *sign;
	void *arg;
};

/*
 * Makes a key pair and a request for it, which takes 50 to 500 ms, and stores
 * the request with the sealed private key. A request that is given is stored
 * without a private key. *text is the request's text: signed for Apple's portal
 * if somewhere to sign it is configured, else the DER request in base64. The
 * new request replaces the pending one, which stays in the store under its
 * public key (store.h). Returns ERR_OK, ERR_NOT_IMPLEMENTED without a key file
 * where a key would be made, ERR_CONFIG with the fault in *what, ERR_MEMORY, an
 * outcome of the store or of `sign`.
 */
enum err csr_make(
    const struct csr_order *o, struct str *text, struct str *what) ATTR_CHECKED;

/* The text of the pending request. Returns ERR_NOT_FOUND if there is none. */
enum err csr_pending(struct txn *tx, const struct guid *tenant, struct arena *a,
    struct str *text) ATTR_CHECKED;

/* Whether the text of a request is one for Apple's portal, which a vendor has
 * signed. */
bool csr_is_signed(struct str request);
/*
 * The file that is sent on: a signed request stays as it is, and the other one
 * becomes PEM, the form in which a vendor or a signing service takes it.
 * Returns ERR_OK, ERR_MEMORY, or ERR_CORRUPT if the text is neither.
 */
enum err
csr_file(struct str request, struct arena *a, struct str *out) ATTR_CHECKED;

/* Seals a private key, PKCS#8 in DER, for this tenant. Returns ERR_OK,
 * ERR_NOT_IMPLEMENTED without a key file, ERR_MEMORY or ERR_INTERNAL. */
enum err csr_seal(const struct secrets *s, const struct guid *tenant,
    struct arena *a, struct str key, struct str *sealed) ATTR_CHECKED;

/* Checks that the sealed key of a stored request opens, if it has one. Returns
 * ERR_OK, ERR_NOT_IMPLEMENTED without a key file, or ERR_CORRUPT. */
enum err csr_open_seal(const struct secrets *s, const struct guid *tenant,
    const struct csr *c) ATTR_CHECKED;

/*
 * Finds the private key, as PKCS#8 in DER, of a public key that was made here.
 * The caller must wipe it. Returns ERR_OK, ERR_NOT_FOUND, ERR_NOT_IMPLEMENTED
 * without a key file, or ERR_CORRUPT if the seal does not open.
 */
#define CSR_SEALED_MAX (X509_PRIVATE_MAX + CRYPTO_SEAL_MORE)
enum err csr_private_key(struct txn *tx, const struct secrets *s,
    const struct guid *tenant, struct str public_key,
    uint8_t out[X509_PRIVATE_MAX], size_t *n) ATTR_CHECKED;

#endif
