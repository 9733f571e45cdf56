/* SPDX-License-Identifier: ISC */
/*
 * crypto.c - SHA-256, constant-time comparison, wiping, random bytes, sealing,
 * RS256.
 */
#include "format/crypto.h"

#include <string.h>

/*
 * The low-level SHA-256 is deprecated in favour of EVP. Unlike EVP it allocates
 * nothing and cannot fail; with a hash that may fail, every lookup of a token
 * would have to handle that. For RSA keys, the old interface needs less code
 * than OSSL_PARAM.
 */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

/* A sealed text, byte by byte: version, nonce, ciphertext, tag. */
#define VERSION 1
#define NONCE_LEN 12
#define TAG_LEN 16
#define HEAD_LEN (1 + NONCE_LEN)

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define EXPONENT_LEN_MAX 4

struct crypto_rsa {
	EVP_PKEY *key;
};

void
crypto_sha256(struct str text, uint8_t out[CRYPTO_SHA256_LEN])
{
	SHA256_CTX sha;

	SHA256_Init(&sha);
	SHA256_Update(&sha, text.p, text.n);
	SHA256_Final(out, &sha);
}

enum err
crypto_hmac(struct str key, struct str text, uint8_t out[CRYPTO_SHA256_LEN])
{
	size_t n = 0;

	if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.p, key.n,
		(const unsigned char *)text.p, text.n, out, CRYPTO_SHA256_LEN,
		&n) == NULL ||
	    n != CRYPTO_SHA256_LEN)
		return crypto_drain(ERR_INTERNAL);
	return ERR_OK;
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

int
crypto_no_passphrase(char *text, int size, int writing, void *arg)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

enum err
crypto_init(void)
{
	if (OSSL_LIB_CTX_get0_global_default() == NULL)
		return crypto_drain(ERR_MEMORY);
	return OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1
	    ? ERR_OK
	    : crypto_drain(ERR_MEMORY);
}

struct ossl_provider_st *
crypto_load_legacy(void)
{
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);

	if (crypto_drain(ERR_OK) == ERR_OK)
		return legacy;
	crypto_unload_legacy(legacy);
	return NULL;
}

void
crypto_unload_legacy(struct ossl_provider_st *legacy)
{
	if (legacy != NULL)
		(void)OSSL_PROVIDER_unload(legacy);
}

/* Before it finds one algorithm of a kind, libcrypto 3 builds a table of all of
 * them. */
static bool
find_kinds(void)
{
	EVP_MD *digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	EVP_KEYMGMT *key = EVP_KEYMGMT_fetch(NULL, "RSA", NULL);
	EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, "RSA", NULL);
	OSSL_ENCODER *encoder = OSSL_ENCODER_fetch(NULL, "RSA", NULL);
	OSSL_DECODER *decoder = OSSL_DECODER_fetch(NULL, "RSA", NULL);
	bool found = digest != NULL && cipher != NULL && key != NULL &&
	    signature != NULL && encoder != NULL && decoder != NULL;

	EVP_MD_free(digest);
	EVP_CIPHER_free(cipher);
	EVP_KEYMGMT_free(key);
	EVP_SIGNATURE_free(signature);
	OSSL_ENCODER_free(encoder);
	OSSL_DECODER_free(decoder);
	return found;
}

enum err
crypto_preload(void)
{
	uint8_t any[8];

	/* libcrypto has a separate random generator for private keys. */
	if (find_kinds() && RAND_bytes(any, sizeof(any)) == 1 &&
	    RAND_priv_bytes(any, sizeof(any)) == 1)
		return ERR_OK;
	return crypto_drain(ERR_MEMORY);
}

enum err
crypto_random(void *p, size_t n)
{
	if (n > CRYPTO_SEAL_MAX)
		return ERR_INTERNAL;
	return RAND_bytes(p, (int)n) == 1 ? ERR_OK : crypto_drain(ERR_INTERNAL);
}

/* Passes `in` to the cipher; if out is NULL, `in` is only authenticated. */
static bool
feed(EVP_CIPHER_CTX *ctx, struct str in, uint8_t *out)
{
	int n;

	return in.n == 0 ||
	    EVP_CipherUpdate(ctx, out, &n, (const uint8_t *)in.p, (int)in.n) ==
	    1;
}

/* The version byte is authenticated too, so that it cannot be changed
 * unnoticed. */
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

	if (plain.n > CRYPTO_SEAL_MAX || about.n > CRYPTO_SEAL_MAX)
		return ERR_INTERNAL;
	out[0] = VERSION;
	if ((e = crypto_random(out + 1, NONCE_LEN)) != ERR_OK)
		return e;
	if ((ctx = EVP_CIPHER_CTX_new()) == NULL)
		return crypto_drain(ERR_MEMORY);
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
	enum err e = ERR_INTERNAL;
	int last;

	if (sealed.n < CRYPTO_SEAL_MORE ||
	    sealed.n - CRYPTO_SEAL_MORE > CRYPTO_SEAL_MAX)
		return ERR_CORRUPT;
	if (head[0] != VERSION)
		return head[0] > VERSION ? ERR_NEWER : ERR_CORRUPT;
	body = str_tail(str_head(sealed, sealed.n - TAG_LEN), HEAD_LEN);
	memcpy(tag, body.p + body.n, TAG_LEN);
	if ((ctx = EVP_CIPHER_CTX_new()) == NULL)
		return crypto_drain(ERR_MEMORY);
	if (begin(ctx, key, head, about, false) && feed(ctx, body, out) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1)
		e = EVP_CipherFinal_ex(ctx, out + body.n, &last) == 1
		    ? ERR_OK
		    : ERR_CORRUPT;
	if (e != ERR_OK)
		crypto_wipe(out, body.n);
	*n = body.n;
	EVP_CIPHER_CTX_free(ctx);
	return crypto_drain(e);
}

static BIGNUM *
number(struct str bytes)
{
	return BN_bin2bn((const uint8_t *)bytes.p, (int)bytes.n, NULL);
}

static enum err
set_key(RSA *rsa, struct str modulus, struct str exponent)
{
	BIGNUM *n = number(modulus), *e = number(exponent);

	if (RSA_set0_key(rsa, n, e, NULL) != 1) {
		BN_free(n);
		BN_free(e);
		return ERR_MEMORY;
	}
	if (BN_num_bits(n) < RSA_BITS_MIN || BN_num_bits(n) > RSA_BITS_MAX ||
	    !BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e))
		return ERR_CONFIG;
	return ERR_OK;
}

enum err
crypto_rsa_new(struct str modulus, struct str exponent, struct crypto_rsa **out)
{
	struct crypto_rsa *key = NULL;
	RSA *rsa;
	enum err e;

	*out = NULL;
	if (modulus.n > RSA_BITS_MAX / 8 || exponent.n > EXPONENT_LEN_MAX)
		return ERR_CONFIG;
	if ((rsa = RSA_new()) == NULL)
		return crypto_drain(ERR_MEMORY);
	if ((e = set_key(rsa, modulus, exponent)) != ERR_OK)
		goto out;
	e = ERR_MEMORY;
	if ((key = OPENSSL_zalloc(sizeof(*key))) == NULL)
		goto out;
	if ((key->key = EVP_PKEY_new()) == NULL)
		goto out;
	if (EVP_PKEY_set1_RSA(key->key, rsa) != 1)
		goto out;
	*out = key;
	key = NULL;
	e = ERR_OK;
out:
	crypto_rsa_free(key);
	RSA_free(rsa);
	return crypto_drain(e);
}

void
crypto_rsa_free(struct crypto_rsa *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	OPENSSL_free(key);
}

enum err
crypto_rsa_verify(
    const struct crypto_rsa *key, struct str text, struct str signature)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->key, NULL);
	uint8_t hash[CRYPTO_SHA256_LEN];
	enum err e = ERR_INTERNAL;

	if (ctx == NULL)
		return crypto_drain(ERR_MEMORY);
	crypto_sha256(text, hash);
	if (EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1)
		e = EVP_PKEY_verify(ctx, (const uint8_t *)signature.p,
			signature.n, hash, sizeof(hash)) == 1
		    ? ERR_OK
		    : ERR_TOKEN_INVALID;
	EVP_PKEY_CTX_free(ctx);
	return crypto_drain(e);
}
