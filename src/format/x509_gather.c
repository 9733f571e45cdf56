/* SPDX-License-Identifier: ISC */
/*
 * x509_gather.c - finds the certificates and private keys of a file. PEM
 * blocks are cleaned (pem_clean.h) before libcrypto reads them.
 */
#include "format/x509_gather.h"

#include <stdint.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "format/crypto.h"
#include "format/pem_clean.h"
#include "format/x509_make.h"

static enum err
refuse(enum err e, const char *why, struct str *what)
{
	*what = str_of(why);
	return e;
}

/* --- what was found ----------------------------------------------------- */

static enum err
add_certificate(struct x509_gather *g, struct str der, struct str *what)
{
	size_t i;

	for (i = 0; i < g->certificates; i++)
		if (str_eq(g->der[i], der))
			return ERR_OK;
	if (g->certificates == PEM_CHAIN_MAX)
		return refuse(ERR_NOT_A_CERTIFICATE,
		    "more than 16 certificates are in it", what);
	g->der[g->certificates++] = der;
	return ERR_OK;
}

static enum err
add_x509(struct x509_gather *g, const X509 *x, struct str *what)
{
	unsigned char *p = NULL;
	int n = i2d_X509(x, &p);
	struct str der = { NULL, 0 };

	if (n > 0)
		der = arena_copy(g->arena, str_from((char *)p, (size_t)n));
	OPENSSL_free(p);
	return str_is_null(der) ? ERR_MEMORY : add_certificate(g, der, what);
}

/* Takes the key over, in every case. */
static enum err
add_key(struct x509_gather *g, EVP_PKEY *key, struct str *what)
{
	if (g->keys < X509_GATHER_KEYS) {
		g->key[g->keys++] = key;
		return ERR_OK;
	}
	EVP_PKEY_free(key);
	return refuse(
	    ERR_KEY_MISMATCH, "more than 8 private keys are in it", what);
}

void
x509_gather_free(struct x509_gather *g)
{
	while (g->keys > 0)
		EVP_PKEY_free(g->key[--g->keys]);
}

/* --- passphrases -------------------------------------------------------- */

static int
give_passphrase(char *out, int size, int writing, void *arg)
{
	struct x509_gather *g = arg;

	(void)writing;
	g->asked = true;
	if (str_is_null(g->passphrase) || g->passphrase.n > (size_t)size)
		return -1;
	memcpy(out, g->passphrase.p, g->passphrase.n);
	return (int)g->passphrase.n;
}

static enum err
refuse_locked(struct x509_gather *g, struct str *what)
{
	g->locked = true;
	return refuse(ERR_KEY_MISMATCH,
	    str_is_null(g->passphrase)
		? "the private key is encrypted, and its passphrase is missing"
		: "the passphrase is wrong",
	    what);
}

/* Whether libcrypto lacks an algorithm. Empties its queue of errors. Its
 * decoders also say "unsupported" of any text that they cannot read. */
static bool
lacks_algorithm(void)
{
	unsigned long code;
	bool lacks = false;

	while ((code = ERR_get_error()) != 0)
		lacks |= (ERR_GET_LIB(code) == ERR_LIB_EVP &&
			     ERR_GET_REASON(code) == ERR_R_UNSUPPORTED) ||
		    (ERR_GET_LIB(code) == ERR_LIB_PEM &&
			ERR_GET_REASON(code) == PEM_R_UNSUPPORTED_ENCRYPTION);
	return lacks;
}

/* --- PEM ---------------------------------------------------------------- */

/* Returns NULL with the errors in libcrypto's queue. */
static EVP_PKEY *
open_key(struct x509_gather *g, struct str pem)
{
	BIO *text = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key;

	g->asked = false;
	key = PEM_read_bio_PrivateKey(text, NULL, give_passphrase, g);
	BIO_free(text);
	return key;
}

static enum err
take_key(struct x509_gather *g, struct str pem, struct str *what)
{
	struct ossl_provider_st *legacy = NULL;
	EVP_PKEY *key;
	bool lacks = false;

	ERR_clear_error();
	key = open_key(g, pem);
	if (key == NULL && !str_is_null(g->passphrase) &&
	    (lacks = lacks_algorithm()) &&
	    (legacy = crypto_load_legacy()) != NULL) {
		key = open_key(g, pem);
		lacks = key == NULL && lacks_algorithm();
		crypto_unload_legacy(legacy);
	}
	if (key != NULL)
		return add_key(g, key, what);
	if (lacks)
		return refuse(ERR_KEY_MISMATCH,
		    "the private key is encrypted by an algorithm that this "
		    "libcrypto lacks; run 'openssl pkcs8 -topk8 -provider "
		    "legacy -provider default -in FILE -out NEW', and import "
		    "NEW",
		    what);
	if (g->asked)
		return refuse_locked(g, what);
	return refuse(ERR_KEY_MISMATCH,
	    "a private key in it is damaged or has an unknown form", what);
}

static enum err
take_block(
    struct x509_gather *g, struct str label, struct str body, struct str *what)
{
	struct str text;
	enum err e;

	if (str_ends(label, "PRIVATE KEY")) {
		e = pem_clean_block(g->arena, label, body, &text);
		return e == ERR_OK ? take_key(g, text, what) : e;
	}
	if (!str_is(label, "CERTIFICATE") && !str_is(label, "X509 CERTIFICATE"))
		return ERR_OK;
	if ((e = pem_clean_decode(g->arena, body, &text)) != ERR_OK)
		return e;
	if (str_is_null(text))
		return refuse(ERR_NOT_A_CERTIFICATE,
		    "a certificate in it is damaged: it is not base64", what);
	return add_certificate(g, text, what);
}

static enum err
take_pem(struct x509_gather *g, struct str text, struct str *what)
{
	struct str label, body;
	enum err e = ERR_OK;

	for (pem_clean_next(&text, &label, &body);
	     e == ERR_OK && !str_is_null(label);
	     pem_clean_next(&text, &label, &body)) {
		if (str_is_null(body))
			e = refuse(ERR_NOT_A_CERTIFICATE,
			    "it is cut off: the END line of a block is missing",
			    what);
		else
			e = take_block(g, label, body, what);
	}
	return e;
}

/* --- DER ---------------------------------------------------------------- */

/* Opens the archive. Returns false with the errors in libcrypto's queue. */
static bool
open_pkcs12(const struct x509_gather *g, PKCS12 *bag, EVP_PKEY **key, X509 **x,
    STACK_OF(X509) * *more)
{
	char secret[X509_PASSPHRASE_MAX + 1] = { 0 };
	bool opened = false;

	if (str_is_null(g->passphrase)) {
		opened = PKCS12_parse(bag, NULL, key, x, more) == 1;
	} else if (g->passphrase.n < sizeof(secret)) {
		memcpy(secret, g->passphrase.p, g->passphrase.n);
		opened = PKCS12_parse(bag, secret, key, x, more) == 1;
	}
	crypto_wipe(secret, sizeof(secret));
	return opened;
}

static enum err
add_archive(struct x509_gather *g, EVP_PKEY *key, const X509 *x,
    STACK_OF(X509) * more, struct str *what)
{
	enum err e = ERR_OK;
	int i;

	if (key != NULL)
		e = add_key(g, key, what);
	if (e == ERR_OK && x != NULL)
		e = add_x509(g, x, what);
	for (i = 0; e == ERR_OK && i < sk_X509_num(more); i++)
		e = add_x509(g, sk_X509_value(more, i), what);
	return e;
}

/* Adds a key that was not found before. */
static enum err
add_bag(struct x509_gather *g, const PKCS12_SAFEBAG *bag, const char *secret,
    struct str *what)
{
	int kind = PKCS12_SAFEBAG_get_nid(bag);
	const PKCS8_PRIV_KEY_INFO *info = NULL;
	PKCS8_PRIV_KEY_INFO *opened = NULL;
	EVP_PKEY *key = NULL;
	size_t i;

	if (kind == NID_pkcs8ShroudedKeyBag)
		info = opened = PKCS12_decrypt_skey(bag, secret, -1);
	else if (kind == NID_keyBag)
		info = PKCS12_SAFEBAG_get0_p8inf(bag);
	if (info != NULL)
		key = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(opened);
	for (i = 0; i < g->keys && key != NULL; i++)
		if (EVP_PKEY_eq(g->key[i], key) == 1) {
			EVP_PKEY_free(key);
			key = NULL;
		}
	return key != NULL ? add_key(g, key, what) : ERR_OK;
}

/* Adds all keys of an archive that could be opened: PKCS12_parse returns only
 * the first one, which may belong to another certificate. */
static enum err
add_bags(struct x509_gather *g, PKCS12 *archive, const char *secret,
    struct str *what)
{
	STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(archive);
	STACK_OF(PKCS12_SAFEBAG) * bags;
	enum err e = ERR_OK;
	PKCS7 *part;
	int i, j;

	for (i = 0; e == ERR_OK && i < sk_PKCS7_num(parts); i++) {
		part = sk_PKCS7_value(parts, i);
		bags = PKCS7_type_is_data(part) ? PKCS12_unpack_p7data(part)
		    : PKCS7_type_is_encrypted(part)
		    ? PKCS12_unpack_p7encdata(part, secret, -1)
		    : NULL;
		for (j = 0; e == ERR_OK && j < sk_PKCS12_SAFEBAG_num(bags); j++)
			e = add_bag(
			    g, sk_PKCS12_SAFEBAG_value(bags, j), secret, what);
		sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	}
	sk_PKCS7_pop_free(parts, PKCS7_free);
	return e;
}

static enum err
add_all_keys(struct x509_gather *g, PKCS12 *archive, struct str *what)
{
	char secret[X509_PASSPHRASE_MAX + 1] = { 0 };
	const char *used = secret;
	enum err e;

	/* open_pkcs12 has succeeded, so the passphrase fits. An empty one has
	 * two forms. */
	if (g->passphrase.n > 0)
		memcpy(secret, g->passphrase.p, g->passphrase.n);
	else if (PKCS12_verify_mac(archive, NULL, 0) == 1)
		used = NULL;
	e = add_bags(g, archive, used, what);
	crypto_wipe(secret, sizeof(secret));
	return e;
}

static enum err
read_pkcs12(struct x509_gather *g, PKCS12 *bag, struct str *what)
{
	STACK_OF(X509) *more = NULL;
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	struct ossl_provider_st *legacy = NULL;
	bool opened, lacks = false;
	enum err e;

	ERR_clear_error();
	opened = open_pkcs12(g, bag, &key, &x, &more);
	if (!opened && (lacks = lacks_algorithm()) &&
	    (legacy = crypto_load_legacy()) != NULL) {
		opened = open_pkcs12(g, bag, &key, &x, &more);
		lacks = !opened && lacks_algorithm();
	}
	if (opened) {
		e = add_archive(g, key, x, more, what);
		if (e == ERR_OK)
			e = add_all_keys(g, bag, what);
	} else if (lacks)
		e = refuse(ERR_KEY_MISMATCH,
		    "this PKCS #12 file is encrypted by an algorithm (RC2) that "
		    "this libcrypto lacks; run 'openssl pkcs12 -legacy -nodes "
		    "-in FILE | pushcert import -'",
		    what);
	else
		e = refuse_locked(g, what);
	sk_X509_pop_free(more, X509_free);
	X509_free(x);
	crypto_unload_legacy(legacy);
	return e;
}

/* The following functions return ERR_NOT_FOUND if the DER is not of their
 * form. */
static enum err
take_pkcs12(struct x509_gather *g, struct str der, struct str *what)
{
	const uint8_t *p = (const uint8_t *)der.p;
	PKCS12 *bag = d2i_PKCS12(NULL, &p, (long)der.n);
	enum err e = ERR_NOT_FOUND;

	if (bag != NULL)
		e = read_pkcs12(g, bag, what);
	PKCS12_free(bag);
	return e;
}

static enum err
take_x509(struct x509_gather *g, struct str der, struct str *what)
{
	const uint8_t *p = (const uint8_t *)der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	enum err e = ERR_NOT_FOUND;

	if (x != NULL)
		e = add_x509(g, x, what);
	X509_free(x);
	return e;
}

/* Wraps an encrypted PKCS#8 key as PEM, because only that reader asks for a
 * passphrase. */
static enum err
take_locked_key(struct x509_gather *g, struct str der, struct str *what)
{
	const uint8_t *p = (const uint8_t *)der.p;
	X509_SIG *locked = d2i_X509_SIG(NULL, &p, (long)der.n);
	struct buf b;
	struct str pem;

	if (locked == NULL)
		return ERR_NOT_FOUND;
	X509_SIG_free(locked);
	buf_open(&b, g->arena);
	pem_write("ENCRYPTED PRIVATE KEY", der, &b);
	pem = buf_close(&b, g->arena);
	return str_is_null(pem) ? ERR_MEMORY : take_key(g, pem, what);
}

static enum err
take_open_key(struct x509_gather *g, struct str der, struct str *what)
{
	const uint8_t *p = (const uint8_t *)der.p;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)der.n);

	return key != NULL ? add_key(g, key, what) : ERR_NOT_FOUND;
}

/* Whether the first value has more bytes than the file. */
static bool
is_cut(struct str der)
{
	size_t n = 0, i, digits;

	if (der.n < 2)
		return true;
	n = (uint8_t)der.p[1];
	if (n < 0x80)
		return n > der.n - 2;
	digits = n & 0x7f;
	if (digits == 0 || digits > 4)
		return false;
	for (i = n = 0; i < digits && 2 + i < der.n; i++)
		n = n << 8 | (uint8_t)der.p[2 + i];
	return 2 + digits > der.n || n > der.n - 2 - digits;
}

static enum err
take_der(struct x509_gather *g, struct str der, struct str *what)
{
	static enum err (*const forms[])(
	    struct x509_gather *, struct str, struct str *) = { take_pkcs12,
		take_x509, take_locked_key, take_open_key };
	enum err e = ERR_NOT_FOUND;
	size_t i;

	for (i = 0; e == ERR_NOT_FOUND && i < sizeof(forms) / sizeof(forms[0]);
	     i++)
		e = forms[i](g, der, what);
	if (e != ERR_NOT_FOUND)
		return e;
	return refuse(ERR_NOT_A_CERTIFICATE,
	    is_cut(der) ? "it is cut off; copy the whole file"
			: "it is damaged, or neither PKCS #12, a certificate "
			  "nor a private key",
	    what);
}

/* --- the file ----------------------------------------------------------- */

static bool
is_der(struct str text)
{
	return text.n > 1 && text.p[0] == '\x30' && (uint8_t)text.p[1] >= 0x80;
}

/* Takes a text that may be base64 of PEM or DER. */
static enum err
take_text(struct x509_gather *g, struct str text, struct str *what)
{
	struct str plain, inner;
	enum err e;

	if ((e = pem_clean_escapes(g->arena, text, &plain)) != ERR_OK)
		return e;
	if (pem_clean_has(plain))
		return take_pem(g, plain, what);
	if ((e = pem_clean_decode(g->arena, plain, &inner)) != ERR_OK)
		return e;
	if (is_der(inner))
		return take_der(g, inner, what);
	if (pem_clean_has(inner))
		return take_pem(g, inner, what);
	return refuse(ERR_NOT_A_CERTIFICATE,
	    "it is neither PEM nor PKCS #12; give the file of the certificate "
	    "and its key",
	    what);
}

enum err
x509_gather(struct x509_gather *g, struct str text, struct str *what)
{
	struct str plain;
	char *wide;

	if (is_der(text))
		return take_der(g, text, what);
	if ((wide = arena_take(g->arena, STR_PLAIN_SIZE(text.n) + 1)) == NULL)
		return ERR_MEMORY;
	if (!str_plain(text, wide, &plain))
		return refuse(ERR_NOT_A_CERTIFICATE,
		    "it is damaged UTF-16; save it as UTF-8", what);
	return take_text(g, plain, what);
}
