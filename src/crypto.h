/* SPDX-License-Identifier: ISC */
/*
 * crypto.h - hashes, constant-time comparison, random bytes, sealing, RS256: a
 * thin layer over libcrypto that keeps its types out of our headers.
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

/* Empties libcrypto's error queue, which is the thread's, after a failure. The
 * outcome as given, unless memory was short: ERR_MEMORY. */
enum err crypto_drain(enum err e) ATTR_CHECKED;

/*
 * Makes libcrypto ready, before anything else is asked of it: where it gets no
 * memory for that, ERR_MEMORY; whoever uses it then all the same, crashes. Its
 * configuration and modules are read now, as a sandbox has no files for it.
 */
enum err crypto_ready(void) ATTR_CHECKED;

/*
 * Finds in libcrypto all that keys and requests are made with, in a
 * millisecond. What it first looks for while there is no memory it never finds
 * again in this process: so one that serves for long does this before it
 * begins. ERR_MEMORY.
 */
enum err crypto_find(void) ATTR_CHECKED;

/* Fills p with random bytes fit for keys; ERR_INTERNAL if there are none. */
enum err crypto_random(void *p, size_t n) ATTR_CHECKED;

/*
 * Sealing: AES-256-GCM under a random nonce, so that one key serves for 2^32
 * seals. A sealed text is a version byte, the nonce, the ciphertext, the tag.
 * `about` says what the text belongs to; it is not stored, and only who says
 * the same opens the seal.
 */
#define CRYPTO_KEY_LEN 32
/* What a sealed text is longer than the plain one. */
#define CRYPTO_SEAL_MORE 29
/* Longest plain text and longest `about`: a private key has 1,300 bytes. */
#define CRYPTO_SEAL_MAX 65536

/* Writes plain.n + CRYPTO_SEAL_MORE bytes. ERR_MEMORY, ERR_INTERNAL. */
enum err crypto_seal(const uint8_t key[CRYPTO_KEY_LEN], struct str about,
    struct str plain, uint8_t *out) ATTR_CHECKED;
/*
 * Writes *n = sealed.n - CRYPTO_SEAL_MORE bytes, for the caller to wipe.
 * ERR_CORRUPT, and nothing of the text in out, where anything at all differs
 * from what was sealed; ERR_NEWER for a version that we do not know;
 * ERR_MEMORY, ERR_INTERNAL.
 */
enum err crypto_open(const uint8_t key[CRYPTO_KEY_LEN], struct str about,
    struct str sealed, uint8_t *out, size_t *n) ATTR_CHECKED;

/*
 * A public RSA key that verifies RS256 signatures (RFC 7518, section 3.3). It
 * never changes: threads may share it. From modulus and exponent, most
 * significant byte first: 2048 to 4096 bits, and an odd exponent from 3 to
 * 2^32 - 1; ERR_CONFIG for others, ERR_MEMORY.
 */
struct crypto_rsa;
enum err crypto_rsa_new(struct str modulus, struct str exponent,
    struct crypto_rsa **out) ATTR_CHECKED;
void crypto_rsa_free(struct crypto_rsa *key);
/* ERR_TOKEN_INVALID for anything but the signature of exactly this text;
 * ERR_MEMORY, ERR_INTERNAL. */
enum err crypto_rsa_verify(const struct crypto_rsa *key, struct str text,
    struct str signature) ATTR_CHECKED;

#endif
