/* SPDX-License-Identifier: ISC */
/*
 * x509_import.c - chooses the certificate and the key of an import, and checks
 * that they belong together. x509_gather finds them in the files.
 */
#include "format/x509_import.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "format/crypto.h"
#include "format/pem.h"
#include "format/x509.h"
#include "format/x509_gather.h"
#include "format/x509_private.h"

#define BITS_MIN 2048
#define BITS_MAX 4096

static enum err
say(struct arena *a, enum err e, const char *before, struct str middle,
    const char *after, struct str *what)
{
	struct buf b;

	buf_open(&b, a);
	buf_text(&b, before);
	buf_str(&b, middle);
	buf_text(&b, after);
	*what = buf_close(&b, a);
	return str_is_null(*what) ? ERR_MEMORY : e;
}

/* --- the certificate ---------------------------------------------------- */

/* Whether the certificate is an MDM push certificate of another topic. */
static bool
has_other_topic(struct str der, const struct x509 *chosen, struct arena *a)
{
	size_t used = a->used;
	struct x509 x;
	struct str what;
	bool other;

	other = x509_read(der, a, &x, &what) == ERR_OK && !str_is_null(x.der) &&
	    x.mdm && !str_eq(x.topic, chosen->topic);
	a->used = used;
	return other;
}

/* A dump of a whole table must not import whichever pair expires last. */
static enum err
check_single(
    const struct x509_gather *g, const struct x509 *chosen, struct str *what)
{
	size_t i;

	for (i = 0; i < g->certificates; i++) {
		if (!has_other_topic(g->der[i], chosen, g->arena))
			continue;
		return say(g->arena, ERR_NOT_A_CERTIFICATE,
		    "the push certificates have several topics, one of them '",
		    chosen->topic,
		    "'; give a file with one certificate and its key", what);
	}
	return ERR_OK;
}

static enum err
choose_certificate(
    const struct x509_gather *g, struct x509 *out, struct str *what)
{
	struct str text, why = { NULL, 0 };
	struct buf pem;
	enum err e;
	size_t i;

	*what = str_of("no certificate is in it");
	if (g->certificates == 0)
		return ERR_NOT_A_CERTIFICATE;
	buf_open(&pem, g->arena);
	for (i = 0; i < g->certificates; i++)
		pem_write("CERTIFICATE", g->der[i], &pem);
	text = buf_close(&pem, g->arena);
	if (str_is_null(text))
		return ERR_MEMORY;
	e = x509_read(text, g->arena, out, &why);
	if (e == ERR_MEMORY || e == ERR_INTERNAL)
		return e;
	if (e != ERR_OK || str_is_null(out->der))
		return say(g->arena, ERR_NOT_A_CERTIFICATE,
		    "the certificate cannot be read: ", why, "", what);
	return check_single(g, out, what);
}

static enum err
write_certificate(const struct x509 *x, struct arena *a, struct str *out)
{
	struct buf pem;

	buf_open(&pem, a);
	pem_write("CERTIFICATE", x->der, &pem);
	*out = buf_close(&pem, a);
	return str_is_null(*out) ? ERR_MEMORY : ERR_OK;
}

/* --- the key ------------------------------------------------------------ */

static EVP_PKEY *
find_key(const struct x509_gather *g, struct str der)
{
	const uint8_t *p = (const uint8_t *)der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	EVP_PKEY *found = NULL;
	size_t i;

	for (i = 0; i < g->keys && x != NULL && found == NULL; i++)
		if (X509_check_private_key(x, g->key[i]) == 1)
			found = g->key[i];
	X509_free(x);
	return found;
}

static bool
is_rsa(const EVP_PKEY *key)
{
	return EVP_PKEY_base_id(key) == EVP_PKEY_RSA;
}

static enum err
check_key(const struct x509_gather *g, const struct x509 *x,
    const EVP_PKEY *found, struct str *what)
{
	if (g->keys == 0)
		*what = str_of(
		    "no private key is in it; name the file of the key with "
		    "--key, or store the certificate alone with 'pushcert "
		    "upload'");
	else if (!is_rsa(found != NULL ? found : g->key[0]))
		*what = str_of(
		    "the private key is not an RSA key; the key of a push "
		    "certificate is RSA");
	else if (found == NULL)
		return say(g->arena, ERR_KEY_MISMATCH,
		    "the private key belongs to another certificate than the "
		    "one with serial ",
		    x->serial, "; give the key of this certificate", what);
	else if (EVP_PKEY_bits(found) < BITS_MIN ||
	    EVP_PKEY_bits(found) > BITS_MAX)
		*what = str_of(
		    "the RSA key must have 2048 to 4096 bits; request a new "
		    "certificate with 'pushcert request'");
	else
		return ERR_OK;
	return ERR_KEY_MISMATCH;
}

/* --- both --------------------------------------------------------------- */

static enum err
choose(const struct x509_gather *g, struct x509_import *out, struct str *what)
{
	const EVP_PKEY *key;
	struct x509 x;
	enum err e;

	if ((e = choose_certificate(g, &x, what)) != ERR_OK)
		return e;
	key = find_key(g, x.der);
	out->other_key = key == NULL && g->keys > 0;
	if ((e = check_key(g, &x, key, what)) != ERR_OK)
		return e;
	out->public_key = x.public_key;
	e = x509_encode_key(key, out->private_key, &out->private_n);
	if (e != ERR_OK)
		return e;
	return write_certificate(&x, g->arena, &out->certificate);
}

enum err
x509_import(const struct x509_import_source *in, struct arena *a,
    struct x509_import *out, struct str *what)
{
	struct x509_gather g = { .arena = a, .passphrase = in->passphrase };
	enum err e;

	*out = (struct x509_import){ .private_n = 0 };
	*what = STR_EMPTY;
	e = x509_gather(&g, in->text, what);
	out->key_in_text = g.keys > 0 || g.locked;
	if (e == ERR_OK && !str_is_null(in->key_text))
		e = x509_gather(&g, in->key_text, what);
	if (e == ERR_OK)
		e = choose(&g, out, what);
	out->locked = g.locked;
	x509_gather_free(&g);
	return crypto_drain(e);
}
