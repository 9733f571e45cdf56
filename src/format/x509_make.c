/* SPDX-License-Identifier: ISC */
/*
 * x509_make.c - keys, requests and PKCS#12 by libcrypto. Every function leaves
 * libcrypto's error queue empty.
 */
#include "format/x509_make.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "format/crypto.h"
#include "format/pem.h"
#include "format/x509_private.h"

#define KEY_BITS 2048
/* Bytes of a signature by an RSA key of 4096 bits. */
#define SIGNATURE_MAX 512
/* Rounds of PBKDF2 over the passphrase of a PKCS#12 file. */
#define ROUNDS 100000
/* The rounds of `openssl pkcs12 -legacy`; old readers refuse more. */
#define LEGACY_ROUNDS 2048

struct vendor {
	struct pem chain;
	EVP_PKEY *key;
};

enum err
x509_encode(
    const void *value, const ASN1_ITEM *type, struct arena *a, struct str *out)
{
	unsigned char *der = NULL;
	int n = ASN1_item_i2d(value, &der, type);

	*out = str_of(NULL);
	if (n > 0)
		*out = arena_copy(a, str_from((char *)der, (size_t)n));
	OPENSSL_free(der);
	return str_is_null(*out) ? ERR_MEMORY : ERR_OK;
}

/* Why libcrypto refused a text, by the last error in its queue. */
static const char *
reason(void)
{
	static const struct {
		int code;
		const char *text;
	} reasons[] = {
		{ ASN1_R_ILLEGAL_CHARACTERS, "contains an invalid character" },
		{ ASN1_R_INVALID_UTF8STRING, "is not UTF-8" },
		{ ASN1_R_STRING_TOO_LONG, "is too long" },
		{ ASN1_R_STRING_TOO_SHORT, "is too short" },
	};
	const int code = ERR_GET_REASON(ERR_peek_last_error());
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return reasons[i].text;
	return "is invalid";
}

static bool
add_name(X509_NAME *name, int nid, struct str text)
{
	return text.n == 0 ||
	    X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
		(const uint8_t *)text.p, (int)text.n, -1, 0) == 1;
}

static enum err
set_subject(X509_NAME *name, const struct x509_subject *s, struct arena *a,
    struct str *what)
{
	const struct {
		const char *key;
		int nid;
		struct str text;
		const char *look;
	} parts[] = {
		{ "csr_country", NID_countryName, s->country, "two letters" },
		{ "csr_organization", NID_organizationName, s->organization,
		    "up to 64 characters" },
		{ "csr_common_name", NID_commonName, s->common_name,
		    "up to 64 characters" },
		{ "csr_email", NID_pkcs9_emailAddress, s->email,
		    "up to 128 ASCII characters" },
	};
	const size_t n = sizeof(parts) / sizeof(parts[0]);
	struct buf b;
	size_t i;

	for (i = 0; i < n && add_name(name, parts[i].nid, parts[i].text); i++)
		;
	if (i == n)
		return ERR_OK;
	buf_open(&b, a);
	buf_printf(&b, "%s '%.*s' %s; use %s", parts[i].key,
	    STR_ARG(parts[i].text), reason(), parts[i].look);
	*what = buf_close(&b, a);
	return str_is_null(*what) ? ERR_MEMORY : ERR_CONFIG;
}

static EVP_PKEY *
make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;

	if (ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, KEY_BITS) == 1)
		EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

enum err
x509_encode_key(
    const EVP_PKEY *key, uint8_t out[X509_PRIVATE_MAX], size_t *size)
{
	PKCS8_PRIV_KEY_INFO *pkcs8 = EVP_PKEY2PKCS8(key);
	int n = pkcs8 == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(pkcs8, NULL);
	uint8_t *p = out;
	enum err e = ERR_INTERNAL;

	if (n > 0 && n <= X509_PRIVATE_MAX &&
	    i2d_PKCS8_PRIV_KEY_INFO(pkcs8, &p) == n) {
		*size = (size_t)n;
		e = ERR_OK;
	}
	PKCS8_PRIV_KEY_INFO_free(pkcs8);
	return e;
}

enum err
x509_request(const struct x509_subject *subject, struct arena *a,
    struct x509_request *out, struct str *what)
{
	X509_REQ *rq = X509_REQ_new();
	EVP_PKEY *key = NULL;
	enum err e = ERR_MEMORY;

	memset(out, 0, sizeof(*out));
	if (rq == NULL)
		goto out;
	if ((e = set_subject(
		 X509_REQ_get_subject_name(rq), subject, a, what)) != ERR_OK)
		goto out;
	e = ERR_INTERNAL;
	if ((key = make_key()) == NULL || X509_REQ_set_pubkey(rq, key) != 1 ||
	    X509_REQ_sign(rq, key, EVP_sha256()) <= 0)
		goto out;
	if ((e = x509_encode_key(key, out->private_key, &out->private_n)) !=
	    ERR_OK)
		goto out;
	if ((e = x509_encode(rq, ASN1_ITEM_rptr(X509_REQ), a, &out->csr)) !=
	    ERR_OK)
		goto out;
	e = x509_encode(X509_REQ_get_X509_PUBKEY(rq),
	    ASN1_ITEM_rptr(X509_PUBKEY), a, &out->public_key);
out:
	EVP_PKEY_free(key);
	X509_REQ_free(rq);
	return crypto_drain(e);
}

static EVP_PKEY *
read_rsa_key(struct str pem)
{
	BIO *text = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = NULL;

	if (text != NULL)
		key = PEM_read_bio_PrivateKey(
		    text, NULL, crypto_no_passphrase, NULL);
	BIO_free(text);
	if (key != NULL && EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static X509 *
parse(struct str der)
{
	const uint8_t *p = (const uint8_t *)der.p;

	return d2i_X509(NULL, &p, (long)der.n);
}

static bool
belongs(struct str der, const EVP_PKEY *key)
{
	X509 *x = parse(der);
	bool yes = x != NULL && X509_check_private_key(x, key) == 1;

	X509_free(x);
	return yes;
}

/* Moves the key's certificate to the front. Returns false if there is none. */
static bool
lead_with(struct pem *chain, const EVP_PKEY *key)
{
	struct str der;
	size_t i;

	for (i = 0; i < chain->n && !belongs(chain->der[i], key); i++)
		;
	if (i == chain->n)
		return false;
	der = chain->der[i];
	memmove(chain->der + 1, chain->der, i * sizeof(der));
	chain->der[0] = der;
	return true;
}

static enum err
sign(EVP_PKEY *key, struct str text, uint8_t out[SIGNATURE_MAX], size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum err e = ERR_INTERNAL;

	*n = SIGNATURE_MAX;
	if (ctx != NULL && EVP_PKEY_size(key) <= SIGNATURE_MAX &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, out, n, (const uint8_t *)text.p, text.n) == 1)
		e = ERR_OK;
	EVP_MD_CTX_free(ctx);
	return e;
}

static void
put_base64(struct buf *out, struct str rest)
{
	struct str part;
	char line[64];

	while (rest.n > 0) {
		part = str_head(rest, 48);
		rest = str_tail(rest, part.n);
		buf_put(out, line,
		    str_base64((const uint8_t *)part.p, part.n, line));
	}
}

/* Needs no escapes: none of the values contains a special character of XML. */
static void
put_plist(struct buf *out, struct str csr, const struct pem *chain,
    struct str signature)
{
	size_t i;

	buf_text(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	    "<plist version=\"1.0\">\n<dict>\n"
	    "\t<key>PushCertRequestCSR</key>\n\t<string>");
	put_base64(out, csr);
	buf_text(out,
	    "</string>\n"
	    "\t<key>PushCertCertificateChain</key>\n\t<string>");
	for (i = 0; i < chain->n; i++)
		pem_write("CERTIFICATE", chain->der[i], out);
	buf_text(out, "</string>\n\t<key>PushCertSignature</key>\n\t<string>");
	put_base64(out, signature);
	buf_text(out, "</string>\n</dict>\n</plist>\n");
}

/* Reads the certificates of a text that a person wrote. If there are none,
 * *what has the reason of pem_find. */
static enum err
read_chain(struct str text, struct arena *a, struct pem *out, struct str *what)
{
	struct str why = { NULL, 0 };
	enum err e = pem_find(text, a, out, &why);
	struct buf b;

	if (e == ERR_MEMORY || (e == ERR_OK && out->n > 0))
		return e;
	buf_open(&b, a);
	buf_text(&b, "the vendor certificate cannot be read");
	if (e == ERR_NOT_A_CERTIFICATE && why.n > 0)
		buf_printf(&b, ": %.*s", STR_ARG(why));
	else if (e == ERR_PRIVATE_KEY)
		buf_text(&b, ": its file contains a private key");
	*what = buf_close(&b, a);
	return str_is_null(*what) ? ERR_MEMORY : ERR_CONFIG;
}

static enum err
check_chain(const struct x509_vendor *text, struct arena *a, struct pem *chain,
    struct str *what)
{
	struct str why;
	struct buf b;
	enum err e;

	if (text->as_it_is)
		return ERR_OK;
	if ((e = x509_chain_order(chain, text->now_at, a, &why)) != ERR_CONFIG)
		return e;
	buf_open(&b, a);
	buf_text(&b, X509_CHAIN);
	buf_str(&b, why);
	*what = buf_close(&b, a);
	return str_is_null(*what) ? ERR_MEMORY : ERR_CONFIG;
}

static enum err
read_vendor(const struct x509_vendor *text, struct arena *a, struct vendor *out,
    struct str *what)
{
	enum err e = read_chain(text->chain, a, &out->chain, what);

	if (e != ERR_OK)
		return e;
	*what = str_of("the vendor key is not an RSA key in PEM without a "
		       "passphrase");
	if ((out->key = read_rsa_key(text->key)) == NULL)
		return ERR_CONFIG;
	*what = str_of("the vendor key does not match the vendor certificate");
	if (!lead_with(&out->chain, out->key))
		return ERR_CONFIG;
	return check_chain(text, a, &out->chain, what);
}

enum err
x509_vendor_request(struct str csr, const struct x509_vendor *vendor,
    struct arena *a, struct str *out, struct str *what)
{
	uint8_t signature[SIGNATURE_MAX];
	struct vendor v = { .key = NULL };
	struct str plist;
	struct buf b;
	enum err e;
	size_t n;

	if ((e = read_vendor(vendor, a, &v, what)) != ERR_OK)
		goto out;
	if ((e = sign(v.key, csr, signature, &n)) != ERR_OK)
		goto out;
	buf_open(&b, a);
	put_plist(&b, csr, &v.chain, str_from((char *)signature, n));
	plist = buf_close(&b, a);
	buf_open(&b, a);
	put_base64(&b, plist);
	*out = buf_close(&b, a);
	if (str_is_null(plist) || str_is_null(*out))
		e = ERR_MEMORY;
out:
	EVP_PKEY_free(v.key);
	return crypto_drain(e);
}

enum err
x509_rsa_key(struct str pkcs8, uint8_t out[X509_PRIVATE_MAX], size_t *n)
{
	const uint8_t *p = (const uint8_t *)pkcs8.p;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)pkcs8.n);
	uint8_t *to = out;
	enum err e = ERR_KEY_MISMATCH;
	int size;

	*n = 0;
	if (key == NULL || EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
		goto out;
	e = ERR_INTERNAL;
	size = i2d_PrivateKey(key, NULL);
	if (size <= 0 || size > X509_PRIVATE_MAX ||
	    i2d_PrivateKey(key, &to) != size)
		goto out;
	*n = (size_t)size;
	e = ERR_OK;
out:
	EVP_PKEY_free(key);
	return crypto_drain(e);
}

/* --- PKCS#12 -------------------------------------------------------------- */

/* The legacy form uses triple DES, its key derivation (RFC 7292, appendix B)
 * and SHA-1, which are in the default provider of OpenSSL 3. RC2 would need the
 * legacy provider, which is a library to load. */
static PKCS12 *
pack(const char *secret, EVP_PKEY *key, X509 *x, bool legacy)
{
	const int cipher = legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC
				  : NID_aes_256_cbc;
	const int rounds = legacy ? LEGACY_ROUNDS : ROUNDS;
	PKCS12 *bag = PKCS12_create(secret, "MDM push", key, x, NULL, cipher,
	    cipher, rounds, legacy ? -1 : rounds, 0);

	if (bag == NULL || !legacy ||
	    PKCS12_set_mac(bag, secret, -1, NULL, 0, rounds, EVP_sha1()) == 1)
		return bag;
	PKCS12_free(bag);
	return NULL;
}

/* Sets *what to libcrypto's own reason for the failure. */
static enum err
tell_reason(struct arena *a, struct str *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	struct buf b;

	buf_open(&b, a);
	buf_printf(&b,
	    "this libcrypto (%s) does not provide triple DES or SHA-1: %s",
	    OpenSSL_version(OPENSSL_VERSION), why != NULL ? why : "no reason");
	*what = buf_close(&b, a);
	return str_is_null(*what) ? ERR_MEMORY : ERR_NOT_IMPLEMENTED;
}

enum err
x509_pkcs12(const struct x509_pair *pair, struct arena *a, struct str *out,
    struct str *what)
{
	const uint8_t *p = (const uint8_t *)pair->private_key.p;
	char secret[X509_PASSPHRASE_MAX + 1] = { 0 };
	EVP_PKEY *key = NULL;
	PKCS12 *bag = NULL;
	X509 *x = parse(pair->certificate);
	enum err e = ERR_NOT_A_CERTIFICATE;

	if (x == NULL)
		goto out;
	e = ERR_TOO_LONG;
	if (pair->passphrase.n > X509_PASSPHRASE_MAX)
		goto out;
	memcpy(secret, pair->passphrase.p, pair->passphrase.n);
	if (strlen(secret) != pair->passphrase.n)
		goto out;
	e = ERR_KEY_MISMATCH;
	key = d2i_AutoPrivateKey(NULL, &p, (long)pair->private_key.n);
	if (key == NULL || X509_check_private_key(x, key) != 1)
		goto out;
	if ((bag = pack(secret, key, x, pair->legacy)) != NULL)
		e = x509_encode(bag, ASN1_ITEM_rptr(PKCS12), a, out);
	else
		e = pair->legacy ? tell_reason(a, what) : ERR_INTERNAL;
out:
	crypto_wipe(secret, sizeof(secret));
	PKCS12_free(bag);
	EVP_PKEY_free(key);
	X509_free(x);
	return crypto_drain(e);
}
