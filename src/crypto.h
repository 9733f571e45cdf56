/* SPDX-License-Identifier: ISC */
/*
 * crypto.h - hashes, constant-time comparison, sealing, signatures: a thin
 * layer over libcrypto that keeps its types out of our headers.
 */
#ifndef PUSHCERT_CRYPTO_H
#define PUSHCERT_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"
#include "str.h"

#define CRYPTO_SHA256_LEN 32
void crypto_sha256(struct str text, uint8_t out[CRYPTO_SHA256_LEN]);
/* Takes the same time wherever the two differ. */
bool crypto_equal(const void *a, const void *b, size_t n);
/* Overwrites a secret in a way that the compiler may not leave out. */
void crypto_wipe(void *p, size_t n);

#endif
