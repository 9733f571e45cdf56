/* SPDX-License-Identifier: ISC */
/*
 * x509_make.c - keys, requests and PKCS#12 by libcrypto. Whatever happens, its
 * error queue is empty afterwards.
 */
#include "x509_make.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto.h"
#include "pem.h"

#define KEY_BITS 2048
/* Signatures of RSA keys up to 4096 bits. */
#define SIGNATURE_MAX 512
/* Rounds of PBKDF2 over the passphrase of a PKCS#12 file. */
#define ROUNDS 100000

struct vendor {
	struct pem chain;
	EVP_PKEY *key;
};

static enum err
encode(
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

static bool
add_name(X509_NAME *name, int nid, struct str text, struct str *what)
{
	*what = text;
	return text.n == 0 ||
	    X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
		(const uint8_t *)text.p, (int)text.n, -1, 0) == 1;
}

static bool
set_subject(X509_NAME *name, const struct x509_subject *s, struct str *what)
{
	return add_name(name, NID_countryName, s->country, what) &&
	    add_name(name, NID_organizationName, s->organization, what) &&
	    add_name(name, NID_commonName, s->common_name, what) &&
	    add_name(name, NID_pkcs9_emailAddress, s->email, what);
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

/* The key's DER goes straight into the caller's struct: no copy is left. */
static enum err
encode_private(const EVP_PKEY *key, struct x509_request *out)
{
	PKCS8_PRIV_KEY_INFO *pkcs8 = EVP_PKEY2PKCS8(key);
	int n = pkcs8 == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(pkcs8, NULL);
	uint8_t *p = out->private_key;
	enum err e = ERR_INTERNAL;

	if (n > 0 && n <= X509_PRIVATE_MAX &&
	    i2d_PKCS8_PRIV_KEY_INFO(pkcs8, &p) == n) {
		out->private_n = (size_t)n;
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
	e = ERR_CONFIG;
	if (!set_subject(X509_REQ_get_subject_name(rq), subject, what))
		goto out;
	e = ERR_INTERNAL;
	if ((key = make_key()) == NULL || X509_REQ_set_pubkey(rq, key) != 1 ||
	    X509_REQ_sign(rq, key, EVP_sha256()) <= 0)
		goto out;
	if ((e = encode_private(key, out)) != ERR_OK)
		goto out;
	if ((e = encode(rq, ASN1_ITEM_rptr(X509_REQ), a, &out->csr)) != ERR_OK)
		goto out;
	e = encode(X509_REQ_get_X509_PUBKEY(rq), ASN1_ITEM_rptr(X509_PUBKEY), a,
	    &out->public_key);
out:
	EVP_PKEY_free(key);
	X509_REQ_free(rq);
	return crypto_drain(e);
}

/* libcrypto would ask the terminal. */
static int
no_passphrase(char *text, int size, int writing, void *arg)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static EVP_PKEY *
read_rsa_key(struct str pem)
{
	BIO *text = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = NULL;

	if (text != NULL)
		key = PEM_read_bio_PrivateKey(text, NULL, no_passphrase, NULL);
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

/* Moves the certificate of the key to the front. */
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

/* None of what goes into it holds a character that XML escapes. */
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

static enum err
read_vendor(const struct x509_vendor *text, struct arena *a, struct vendor *out,
    struct str *what)
{
	struct str why;
	enum err e = pem_find(text->chain, a, &out->chain, &why);

	if (e == ERR_MEMORY)
		return e;
	*what = str_of("the vendor certificate cannot be read");
	if (e != ERR_OK || out->chain.n == 0)
		return ERR_CONFIG;
	*what = str_of("the vendor key is not an RSA key in PEM "
		       "without passphrase");
	if ((out->key = read_rsa_key(text->key)) == NULL)
		return ERR_CONFIG;
	*what = str_of("the vendor key is not that of the vendor certificate");
	return lead_with(&out->chain, out->key) ? ERR_OK : ERR_CONFIG;
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
x509_pkcs12(struct str der, struct str private_key, struct str passphrase,
    struct arena *a, struct str *out)
{
	const uint8_t *p = (const uint8_t *)private_key.p;
	char secret[X509_PASSPHRASE_MAX + 1] = { 0 };
	EVP_PKEY *key = NULL;
	PKCS12 *bag = NULL;
	X509 *x = parse(der);
	enum err e = ERR_NOT_A_CERTIFICATE;

	if (x == NULL)
		goto out;
	e = ERR_TOO_LONG;
	if (passphrase.n > X509_PASSPHRASE_MAX)
		goto out;
	memcpy(secret, passphrase.p, passphrase.n);
	if (strlen(secret) != passphrase.n)
		goto out;
	e = ERR_KEY_MISMATCH;
	key = d2i_AutoPrivateKey(NULL, &p, (long)private_key.n);
	if (key == NULL || X509_check_private_key(x, key) != 1)
		goto out;
	e = ERR_INTERNAL;
	bag = PKCS12_create(secret, "MDM push", key, x, NULL, NID_aes_256_cbc,
	    NID_aes_256_cbc, ROUNDS, ROUNDS, 0);
	if (bag != NULL)
		e = encode(bag, ASN1_ITEM_rptr(PKCS12), a, out);
out:
	crypto_wipe(secret, sizeof(secret));
	PKCS12_free(bag);
	EVP_PKEY_free(key);
	X509_free(x);
	return crypto_drain(e);
}
