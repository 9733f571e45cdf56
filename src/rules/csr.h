/* SPDX-License-Identifier: ISC */
/*
 * csr.h - requests for certificates: made here, kept with their sealed keys,
 * and found again by the key of a certificate. Returned texts live in the
 * caller's arena.
 */
#ifndef PUSHCERT_CSR_H
#define PUSHCERT_CSR_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "format/crypto.h"
#include "format/x509_make.h"
#include "rules/change.h"
#include "state/config.h"
#include "state/secret.h"
#include "store/store.h"

/*
 * Makes a key and a request for it, which takes 50 to 500 ms, keeps the key
 * sealed, and gives the request's text: what Apple's portal takes if a vendor
 * certificate is configured, else base64 of the DER request. It replaces the
 * pending request, which stays under its key (store.h). ERR_NOT_IMPLEMENTED
 * without a key file, ERR_CONFIG with *what.
 */
enum err csr_make(struct store *st, const struct config *c,
    const struct secrets *s, const struct caller *by, struct arena *a,
    struct str *text, struct str *what) ATTR_CHECKED;

/* The text of the request that waits for its certificate; ERR_NOT_FOUND. */
enum err csr_pending(struct txn *tx, const struct guid *tenant, struct arena *a,
    struct str *text) ATTR_CHECKED;

/* Whether a stored request's key opens: ERR_NOT_IMPLEMENTED without a key file,
 * ERR_CORRUPT where it does not. */
enum err csr_open_seal(const struct secrets *s, const struct guid *tenant,
    const struct csr *c) ATTR_CHECKED;

/*
 * The private key, PKCS#8 in DER, that belongs to a public key and was made
 * here, for the caller to wipe. ERR_NOT_FOUND, ERR_NOT_IMPLEMENTED without a
 * key file, ERR_CORRUPT where the seal does not open.
 */
#define CSR_SEALED_MAX (X509_PRIVATE_MAX + CRYPTO_SEAL_MORE)
enum err csr_private_key(struct txn *tx, const struct secrets *s,
    const struct guid *tenant, struct str public_key,
    uint8_t out[X509_PRIVATE_MAX], size_t *n) ATTR_CHECKED;

#endif
