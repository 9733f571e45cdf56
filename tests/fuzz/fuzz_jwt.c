/* SPDX-License-Identifier: ISC */
/*
 * fuzz_jwt.c - the first byte of an input says what the rest is: a token (t),
 * the header of one (h), or claims, which are signed here (c). No text is a
 * token by itself; claims that are taken are within bounds.
 */
#include "fuzz.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "jwt.h"

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"one\"}"
#define TEXT_MAX 8192

/* A key that lives as long as the process, and the set that knows it. */
struct signer {
	EVP_PKEY *key;
	struct jwt_keys keys;
};

static void
read_set(struct str text, struct jwt_keys *out)
{
	static char block[JSON_ARENA_SIZE(TEXT_MAX)];
	struct arena a;
	struct str what;
	enum err e;

	arena_init(&a, block, JSON_ARENA_SIZE(text.n));
	e = jwt_keys_read(text, &a, out, &what);
	fuzz_check(e != ERR_MEMORY);
	fuzz_check((e == ERR_OK) == (out->n > 0));
	fuzz_check(ERR_peek_error() == 0);
}

/* The public key's DER ends with 256 bytes of modulus, 02 03, and three bytes
 * of exponent. */
static void
make_signer(struct signer *s)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	unsigned char *der = NULL;
	char text[1024], n[STR_BASE64_SIZE(256)];
	struct buf b;
	int size;

	fuzz_check(EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) == 1 &&
	    EVP_PKEY_keygen(ctx, &s->key) == 1);
	EVP_PKEY_CTX_free(ctx);
	fuzz_check((size = i2d_PUBKEY(s->key, &der)) == 294);
	buf_init(&b, text, sizeof(text));
	buf_text(&b, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"");
	buf_put(&b, n, str_base64url(der + size - 5 - 256, 256, n));
	buf_text(&b, "\",\"e\":\"AQAB\"}]}");
	OPENSSL_free(der);
	read_set(buf_view(&b), &s->keys);
	fuzz_check(s->keys.n == 1);
}

static enum err
verify(const struct signer *s, struct str token, struct jwt *out)
{
	static char block[JWT_ARENA];
	struct arena a;
	struct str what = STR("");
	enum err e;

	arena_init(&a, block, sizeof(block));
	e = jwt_verify(&s->keys, token, &a, out, &what);
	fuzz_check(e == ERR_OK || e == ERR_TOKEN_INVALID);
	fuzz_check(ERR_peek_error() == 0 && what.n > 0);
	return e;
}

static void
put_part(struct buf *b, struct str part)
{
	static char digits[STR_BASE64_SIZE(TEXT_MAX)];

	buf_put(
	    b, digits, str_base64url((const uint8_t *)part.p, part.n, digits));
}

static void
put_signature(struct buf *b, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[256];
	size_t n = sizeof(signature);

	fuzz_check(
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, signature, &n, (const uint8_t *)b->p, b->n) ==
		1);
	EVP_MD_CTX_free(ctx);
	buf_char(b, '.');
	put_part(b, str_from((char *)signature, n));
}

/* A token of both; signed where there is a key. */
static void
put_token(struct buf *b, struct str header, struct str claims, EVP_PKEY *key)
{
	put_part(b, header);
	buf_char(b, '.');
	put_part(b, claims);
	if (key != NULL)
		put_signature(b, key);
	else
		buf_text(b, ".AAAA");
}

static void
check_claims(const struct jwt *t)
{
	static const struct str one = STR("https://a.test/{tenantid}/");
	const struct jwt_policy policy = { &one, 1, &one, 1 };
	struct str what;
	enum err e;

	fuzz_check(t->issuer.n > 0 && str_utf8_valid(t->issuer));
	fuzz_check(t->expires_at > 0 && t->expires_at < INT64_C(1) << 40);
	fuzz_check(t->audience.n <= JWT_LIST_MAX);
	fuzz_check(t->roles.n <= JWT_LIST_MAX);
	e = jwt_judge(t, &policy, t->expires_at, &what);
	fuzz_check(e != ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str header = STR(HEADER), claims = STR("{}");
	static char text[4 * TEXT_MAX];
	static struct signer signer;
	struct str rest = str_from((const char *)data, size);
	struct jwt t;
	struct buf b;

	if (size == 0 || size > TEXT_MAX)
		return 0;
	if (signer.key == NULL)
		make_signer(&signer);
	rest = str_tail(rest, 1);
	buf_init(&b, text, sizeof(text));
	switch (data[0]) {
	case 't':
		fuzz_check(verify(&signer, rest, &t) != ERR_OK);
		break;
	case 'h':
		put_token(&b, rest, claims, NULL);
		fuzz_check(verify(&signer, buf_view(&b), &t) != ERR_OK);
		break;
	case 'c':
		put_token(&b, header, rest, signer.key);
		if (verify(&signer, buf_view(&b), &t) == ERR_OK)
			check_claims(&t);
		break;
	default:
		break;
	}
	return 0;
}
