/* SPDX-License-Identifier: ISC */
/*
 * crypto.h - hashes, constant-time comparison, random bytes, sealing, RS256: a
 * thin layer over libcrypto that keeps the library's types out of our headers.
 */
#ifndef PUSHCERT_CRYPTO_H
#define PUSHCERT_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

#define CRYPTO_SHA256_LEN 32
void crypto_sha256(struct str text, uint8_t out[CRYPTO_SHA256_LEN]);
/* HMAC (RFC 2104) with SHA-256. ERR_MEMORY, ERR_INTERNAL. */
enum err crypto_hmac(struct str key, struct str text,
    uint8_t out[CRYPTO_SHA256_LEN]) ATTR_CHECKED;
/* Takes the same time for equal and different bytes. */
bool crypto_equal(const void *a, const void *b, size_t n);
/* Overwrites a secret. The compiler cannot optimise this call away. */
void crypto_wipe(void *p, size_t n);

/* Empties libcrypto's error queue, which belongs to the thread, after a
 * failure. Returns e, or ERR_MEMORY if a lack of memory was the cause. */
enum err crypto_drain(enum err e) ATTR_CHECKED;

/* The callback for keys that need no passphrase. Without a callback libcrypto
 * asks on the terminal. */
int crypto_no_passphrase(char *text, int size, int writing, void *arg);

/* Initialises libcrypto, including its configuration and modules, which a
 * sandboxed process can no longer read. Call it before every other function.
 * After ERR_MEMORY, libcrypto must not be used: it would crash or hang. */
enum err crypto_init(void) ATTR_CHECKED;

/*
 * Looks up every algorithm that keys and requests need, which takes a
 * millisecond. An algorithm whose first lookup fails for lack of memory stays
 * unavailable for the life of the process, so a serving process calls this
 * before it begins. ERR_MEMORY.
 */
enum err crypto_preload(void) ATTR_CHECKED;

/* Loads the algorithms that libcrypto keeps for old files, such as RC2. Returns
 * NULL if they are not installed; a static program never has them. Unload them
 * after use; NULL is ignored. */
struct ossl_provider_st *crypto_load_legacy(void);
void crypto_unload_legacy(struct ossl_provider_st *legacy);

/* Fills p with random bytes that are good enough for keys. ERR_INTERNAL if the
 * system has none. */
enum err crypto_random(void *p, size_t n) ATTR_CHECKED;

/*
 * Sealing: AES-256-GCM under a random nonce; one key is good for 2^32 seals. A
 * sealed text is a version byte, the nonce, the ciphertext and the tag. `about`
 * names what the text belongs to. It is not stored, and a seal opens only with
 * the same `about`.
 */
#define CRYPTO_KEY_LEN 32
/* The number of bytes that sealing adds. */
#define CRYPTO_SEAL_MORE 29
/* The longest plain text and the longest `about`; a private key has 1,300
 * bytes. */
#define CRYPTO_SEAL_MAX 65536

/* Writes plain.n + CRYPTO_SEAL_MORE bytes to out. ERR_MEMORY, ERR_INTERNAL. */
enum err crypto_seal(const uint8_t key[CRYPTO_KEY_LEN], struct str about,
    struct str plain, uint8_t *out) ATTR_CHECKED;
/* Writes *n = sealed.n - CRYPTO_SEAL_MORE bytes to out, which the caller wipes.
 * ERR_CORRUPT if anything differs from what was sealed; out then holds nothing
 * of the text. ERR_NEWER for an unknown version; ERR_MEMORY, ERR_INTERNAL. */
enum err crypto_open(const uint8_t key[CRYPTO_KEY_LEN], struct str about,
    struct str sealed, uint8_t *out, size_t *n) ATTR_CHECKED;

/*
 * A public RSA key that verifies RS256 signatures (RFC 7518, section 3.3). It
 * never changes, so threads may share it. Modulus and exponent come most
 * significant byte first: 2048 to 4096 bits, and an odd exponent from 3 to 2^32
 * - 1. ERR_CONFIG for any other; ERR_MEMORY.
 */
struct crypto_rsa;
enum err crypto_rsa_new(struct str modulus, struct str exponent,
    struct crypto_rsa **out) ATTR_CHECKED;
void crypto_rsa_free(struct crypto_rsa *key);
/* ERR_TOKEN_INVALID unless the signature belongs to exactly this text;
 * ERR_MEMORY, ERR_INTERNAL. */
enum err crypto_rsa_verify(const struct crypto_rsa *key, struct str text,
    struct str signature) ATTR_CHECKED;

#endif
