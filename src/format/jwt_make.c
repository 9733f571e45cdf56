/* SPDX-License-Identifier: ISC */
/*
 * jwt_make.c - key sets and tokens by libcrypto. Every function leaves
 * libcrypto's error queue empty.
 */
#include "format/jwt_make.h"

#include <limits.h>

/* The old interface gives the numbers of an RSA key without copies. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "format/crypto.h"
#include "format/emit.h"

#define KEY_BITS 2048
/* Bytes of the largest modulus that jwt_keys accepts, and its base64 digits. */
#define PART_MAX 512
#define DIGITS_MAX STR_BASE64_SIZE(PART_MAX)

/* The values of a public key in a set, as base64url. */
struct names {
	char modulus[DIGITS_MAX];
	char exponent[DIGITS_MAX];
	char thumbprint[STR_BASE64_SIZE(CRYPTO_SHA256_LEN)];
	struct str n, e, kid;
};

static struct str
digits_of(const BIGNUM *number, char out[DIGITS_MAX])
{
	uint8_t bytes[PART_MAX];
	int n = BN_num_bytes(number);

	if (n > PART_MAX)
		return str_of(NULL);
	BN_bn2bin(number, bytes);
	return str_from(out, str_base64url(bytes, (size_t)n, out));
}

/* Writes the members that a thumbprint covers, in the order of RFC 7638,
 * section 3.2. */
static void
put_members(struct emit *e, const struct names *k)
{
	emit_name(e, "e");
	emit_str(e, k->e);
	emit_name(e, "kty");
	emit_text(e, "RSA");
	emit_name(e, "n");
	emit_str(e, k->n);
}

static bool
find_names(EVP_PKEY *key, struct names *out)
{
	const RSA *rsa = EVP_PKEY_base_id(key) == EVP_PKEY_RSA
	    ? EVP_PKEY_get0_RSA(key)
	    : NULL;
	uint8_t hash[CRYPTO_SHA256_LEN];
	char text[2 * DIGITS_MAX + 64];
	struct buf b;
	struct emit e;

	if (rsa == NULL)
		return false;
	out->n = digits_of(RSA_get0_n(rsa), out->modulus);
	out->e = digits_of(RSA_get0_e(rsa), out->exponent);
	if (str_is_null(out->n) || str_is_null(out->e))
		return false;
	buf_init(&b, text, sizeof(text));
	emit_init(&e, &b);
	emit_object(&e);
	put_members(&e, out);
	emit_end(&e);
	crypto_sha256(buf_view(&b), hash);
	out->kid = str_from(out->thumbprint,
	    str_base64url(hash, sizeof(hash), out->thumbprint));
	return true;
}

static BIO *
reader(struct str pem)
{
	return pem.n < INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

static EVP_PKEY *
read_private(struct str pem)
{
	BIO *in = reader(pem);
	EVP_PKEY *key = NULL;

	if (in != NULL)
		key = PEM_read_bio_PrivateKey(
		    in, NULL, crypto_no_passphrase, NULL);
	BIO_free(in);
	return key;
}

static void
put_set_key(struct emit *e, const struct names *names)
{
	emit_object(e);
	put_members(e, names);
	emit_name(e, "kid");
	emit_str(e, names->kid);
	emit_name(e, "use");
	emit_text(e, "sig");
	emit_end(e);
}

/* Writes a key that cannot be used: only its position and type. */
static void
put_unfit_key(struct emit *e, bool is_rsa, size_t number)
{
	char text[32];
	struct buf name;

	buf_init(&name, text, sizeof(text));
	buf_printf(&name, "PEM %zu", number);
	emit_object(e);
	emit_name(e, "kty");
	emit_text(e, is_rsa ? "RSA" : "other");
	emit_name(e, "kid");
	emit_str(e, buf_view(&name));
	emit_end(e);
}

static enum err
put_keys(BIO *in, struct emit *e, struct str *what)
{
	struct names names;
	EVP_PKEY *key;
	size_t n = 0;

	while ((key = PEM_read_bio_PUBKEY(
		    in, NULL, crypto_no_passphrase, NULL)) != NULL) {
		n++;
		if (find_names(key, &names))
			put_set_key(e, &names);
		else
			put_unfit_key(
			    e, EVP_PKEY_base_id(key) == EVP_PKEY_RSA, n);
		EVP_PKEY_free(key);
	}
	*what = str_of("the file has no public key in PEM");
	return n > 0 ? ERR_OK : ERR_CONFIG;
}

enum err
jwt_make_set(struct str pem, struct buf *out, struct str *what)
{
	BIO *in = reader(pem);
	struct emit e;
	enum err outcome;

	if (in == NULL)
		return crypto_drain(ERR_MEMORY);
	emit_init(&e, out);
	emit_object(&e);
	emit_name(&e, "keys");
	emit_array(&e);
	outcome = put_keys(in, &e, what);
	emit_end(&e);
	emit_end(&e);
	BIO_free(in);
	if (outcome == ERR_OK && out->full)
		outcome = ERR_MEMORY;
	return crypto_drain(outcome);
}

/* Appends the content of a memory BIO. */
static void
put_bio(BIO *bio, struct buf *out)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_put(out, p, n > 0 ? (size_t)n : 0);
}

enum err
jwt_make_key(struct buf *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	BIO *bio = BIO_new(BIO_s_secmem());
	EVP_PKEY *key = NULL;
	enum err e = ERR_INTERNAL;

	if (ctx != NULL && bio != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, KEY_BITS) == 1 &&
	    EVP_PKEY_keygen(ctx, &key) == 1 &&
	    PEM_write_bio_PKCS8PrivateKey(
		bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		put_bio(bio, out);
		e = out->full ? ERR_MEMORY : ERR_OK;
	}
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
	BIO_free(bio);
	return crypto_drain(e);
}

enum err
jwt_make_public(struct str pem, struct buf *out, struct str *what)
{
	EVP_PKEY *key = read_private(pem);
	BIO *bio = BIO_new(BIO_s_mem());
	struct names names;
	enum err e = ERR_CONFIG;

	*what = str_of("the file has no private key in PEM without a "
		       "passphrase");
	if (key != NULL && !find_names(key, &names)) {
		*what = str_of("the key is not an RSA key of up to 4096 bits");
	} else if (key != NULL && bio != NULL &&
	    PEM_write_bio_PUBKEY(bio, key) == 1) {
		put_bio(bio, out);
		e = out->full ? ERR_MEMORY : ERR_OK;
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	return crypto_drain(e);
}

static void
put_part(struct buf *out, const void *bytes, size_t n)
{
	size_t size = STR_BASE64_SIZE(n);

	if (out->size - out->n < size) {
		out->full = true;
		return;
	}
	out->n += str_base64url(bytes, n, out->p + out->n);
}

static bool
put_signature(EVP_PKEY *key, size_t from, struct buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t bytes[PART_MAX];
	size_t n = sizeof(bytes);
	bool made;

	made = ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, bytes, &n, (const uint8_t *)out->p + from,
		out->n - from) == 1;
	EVP_MD_CTX_free(ctx);
	buf_char(out, '.');
	if (made)
		put_part(out, bytes, n);
	return made;
}

enum err
jwt_make_token(
    struct str pem, struct str claims, struct buf *out, struct str *what)
{
	EVP_PKEY *key = read_private(pem);
	struct names names;
	size_t from = out->n;
	char text[256];
	struct buf header;
	enum err e = ERR_CONFIG;

	*what = str_of("the file has no private RSA key in PEM without a "
		       "passphrase");
	if (key != NULL && find_names(key, &names)) {
		buf_init(&header, text, sizeof(text));
		buf_printf(&header,
		    "{\"alg\":\"RS256\",\"kid\":\"%.*s\",\"typ\":\"JWT\"}",
		    STR_ARG(names.kid));
		put_part(out, header.p, header.n);
		buf_char(out, '.');
		put_part(out, claims.p, claims.n);
		e = put_signature(key, from, out) ? ERR_OK : ERR_INTERNAL;
	}
	if (e == ERR_OK && out->full)
		e = ERR_MEMORY;
	EVP_PKEY_free(key);
	return crypto_drain(e);
}
