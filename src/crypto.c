/* SPDX-License-Identifier: ISC */
/*
 * crypto.c - SHA-256, constant-time comparison, wiping, random bytes, sealing.
 */
#include "crypto.h"

#include <assert.h>
#include <string.h>

/* The low-level SHA-256 is deprecated in favour of EVP, but unlike EVP it takes
 * no memory and so cannot fail: a hash that may fail would make every lookup
 * of a token answer for it. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

/* A sealed text, byte by byte: version, nonce, ciphertext, tag. */
#define VERSION 1
#define NONCE_LEN 12
#define TAG_LEN 16
#define HEAD_LEN (1 + NONCE_LEN)

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

enum err
crypto_drain(enum err e)
{
	unsigned long code;

	while ((code = ERR_get_error()) != 0)
		if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
			e = ERR_MEMORY;
	return e;
}

enum err
crypto_random(void *p, size_t n)
{
	assert(n <= CRYPTO_SEAL_MAX);
	return RAND_bytes(p, (int)n) == 1 ? ERR_OK : crypto_drain(ERR_INTERNAL);
}

/* Hands `in` to the cipher; with out NULL it is authenticated only. */
static bool
feed(EVP_CIPHER_CTX *ctx, struct str in, uint8_t *out)
{
	int n;

	return in.n == 0 ||
	    EVP_CipherUpdate(ctx, out, &n, (const uint8_t *)in.p, (int)in.n) ==
	    1;
}

/* The version byte is authenticated, so that it cannot be exchanged. */
static bool
begin(EVP_CIPHER_CTX *ctx, const uint8_t *key, const uint8_t head[HEAD_LEN],
    struct str about, bool sealing)
{
	return EVP_CipherInit_ex(
		   ctx, EVP_aes_256_gcm(), NULL, key, head + 1, sealing) == 1 &&
	    feed(ctx, str_from((const char *)head, 1), NULL) &&
	    feed(ctx, about, NULL);
}

enum err
crypto_seal(const uint8_t key[CRYPTO_KEY_LEN], struct str about,
    struct str plain, uint8_t *out)
{
	uint8_t *tag = out + HEAD_LEN + plain.n;
	EVP_CIPHER_CTX *ctx;
	enum err e;
	int n;

	assert(plain.n <= CRYPTO_SEAL_MAX && about.n <= CRYPTO_SEAL_MAX);
	out[0] = VERSION;
	if ((e = crypto_random(out + 1, NONCE_LEN)) != ERR_OK)
		return e;
	if ((ctx = EVP_CIPHER_CTX_new()) == NULL)
		return ERR_MEMORY;
	e = ERR_INTERNAL;
	if (begin(ctx, key, out, about, true) &&
	    feed(ctx, plain, out + HEAD_LEN) &&
	    EVP_CipherFinal_ex(ctx, tag, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, tag) == 1)
		e = ERR_OK;
	EVP_CIPHER_CTX_free(ctx);
	return crypto_drain(e);
}

enum err
crypto_open(const uint8_t key[CRYPTO_KEY_LEN], struct str about,
    struct str sealed, uint8_t *out, size_t *n)
{
	const uint8_t *head = (const uint8_t *)sealed.p;
	uint8_t tag[TAG_LEN];
	EVP_CIPHER_CTX *ctx;
	struct str body;
	enum err e = ERR_CORRUPT;
	int last;

	if (sealed.n < CRYPTO_SEAL_MORE ||
	    sealed.n - CRYPTO_SEAL_MORE > CRYPTO_SEAL_MAX)
		return ERR_CORRUPT;
	if (head[0] != VERSION)
		return head[0] > VERSION ? ERR_NEWER : ERR_CORRUPT;
	body = str_tail(str_head(sealed, sealed.n - TAG_LEN), HEAD_LEN);
	memcpy(tag, body.p + body.n, TAG_LEN);
	if ((ctx = EVP_CIPHER_CTX_new()) == NULL)
		return ERR_MEMORY;
	if (begin(ctx, key, head, about, false) && feed(ctx, body, out) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
	    EVP_CipherFinal_ex(ctx, out + body.n, &last) == 1)
		e = ERR_OK;
	else
		crypto_wipe(out, body.n);
	*n = body.n;
	EVP_CIPHER_CTX_free(ctx);
	return crypto_drain(e);
}
