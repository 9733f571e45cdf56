/* SPDX-License-Identifier: ISC */
/*
 * crypto.c - SHA-256, constant-time comparison, wiping.
 */
#include "crypto.h"

/* The low-level SHA-256 is deprecated in favour of EVP, but unlike EVP it takes
 * no memory and so cannot fail: a hash that may fail would make every lookup
 * of a token answer for it. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/crypto.h>
#include <openssl/sha.h>

void
crypto_sha256(struct str text, uint8_t out[CRYPTO_SHA256_LEN])
{
	SHA256_CTX sha;

	SHA256_Init(&sha);
	SHA256_Update(&sha, text.p, text.n);
	SHA256_Final(out, &sha);
}

bool
crypto_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
crypto_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}
