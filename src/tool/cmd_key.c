/* SPDX-License-Identifier: ISC */
/*
 * cmd_key.c - exports a private key together with the certificate that Apple
 * issued for it.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "format/crypto.h"
#include "format/pem.h"
#include "format/x509.h"
#include "format/x509_make.h"
#include "rules/csr.h"
#include "tool/cmd_output.h"

enum err
cmd_load_secrets(struct cmd_call *c, struct secrets *s)
{
	char message[CONFIG_TEXT_MAX];
	enum err e = secret_load(&c->config, s, message);

	if (e != ERR_OK)
		cmd_error(c, "%s", message);
	return e;
}

enum err
cmd_load_key(struct cmd_call *c, struct secrets *s)
{
	char message[CONFIG_TEXT_MAX];
	enum err e;

	*s = (struct secrets){ .can_seal = false };
	if ((e = secret_load_key(&c->config, s, message)) != ERR_OK)
		cmd_error(c, "%s", message);
	return e;
}

static bool
given(const struct cmd_call *c, enum cmd_option option)
{
	return (c->given & CMD_BIT(option)) != 0;
}

/* --- export ----------------------------------------------------------- */

/* The stored certificate and the private key that was made for it. */
struct pair {
	struct str der;
	uint8_t key[X509_PRIVATE_MAX];
	size_t n;
};

static enum err
find_pair(struct cmd_call *c, const struct secrets *s, struct pair *out)
{
	struct record r;
	struct str what;
	struct x509 x;
	enum err e;

	e = store_record(c->reader, &c->tenant, &r);
	if (e != ERR_OK) {
		(void)cmd_fail_record(c, e);
		return e;
	}
	e = x509_read(r.value[RECORD_CERTIFICATE], &c->arena, &x, &what);
	if (e != ERR_OK || str_is_null(x.der)) {
		cmd_error(c,
		    "the record contains a text that is not a certificate; "
		    "upload the certificate that Apple issued");
		return ERR_NOT_A_CERTIFICATE;
	}
	out->der = x.der;
	if (given(c, OPTION_CERTIFICATE))
		return ERR_OK;
	e = csr_private_key(
	    c->reader, s, &c->tenant, x.public_key, out->key, &out->n);
	if (e == ERR_NOT_FOUND)
		cmd_error(c,
		    "the store does not have the key of this certificate; the "
		    "key is where its request was created");
	else if (e == ERR_CORRUPT)
		cmd_error(c,
		    "the private key cannot be opened: key_file has changed "
		    "since the request, or is damaged; restore that file");
	else if (e != ERR_OK)
		(void)cmd_fail(c, e, cmd_place(c));
	return e;
}

static enum err
pack(struct cmd_call *c, const struct pair *p, struct str *out)
{
	struct x509_pair pair = { .certificate = p->der,
		.private_key = str_from((const char *)p->key, p->n),
		.legacy = given(c, OPTION_LEGACY) };
	struct str what = { NULL, 0 };
	char text[CMD_PASSPHRASE_ROOM];
	enum err e;

	e = cmd_passphrase(c, true, text, &pair.passphrase);
	if (e != ERR_OK)
		return e;
	if (pair.passphrase.n == 0 || pair.passphrase.n > X509_PASSPHRASE_MAX) {
		cmd_error(c, "the passphrase must have 1 to %d bytes",
		    X509_PASSPHRASE_MAX);
		e = ERR_TOO_LONG;
	} else if ((e = x509_pkcs12(&pair, &c->arena, out, &what)) ==
	    ERR_NOT_IMPLEMENTED) {
		cmd_error(c, "--legacy: %.*s", STR_ARG(what));
	} else if (e != ERR_OK) {
		(void)cmd_fail(c, e, cmd_place(c));
	}
	crypto_wipe(text, sizeof(text));
	return e;
}

static void
put_key(const struct pair *p, bool rsa, struct buf *out)
{
	struct str pkcs8 = str_from((const char *)p->key, p->n);
	uint8_t key[X509_PRIVATE_MAX];
	size_t n;

	if (!rsa)
		pem_write("PRIVATE KEY", pkcs8, out);
	else if (x509_rsa_key(pkcs8, key, &n) == ERR_OK)
		pem_write("RSA PRIVATE KEY", str_from((char *)key, n), out);
	else
		out->full = true;
	if (rsa)
		crypto_wipe(key, sizeof(key));
}

/* Writes the certificate, then the key: the order that NanoMDM's upload
 * expects. */
static enum err
join(struct cmd_call *c, const struct pair *p, struct str *out)
{
	struct buf text;

	buf_open(&text, &c->arena);
	pem_write("CERTIFICATE", p->der, &text);
	if (!given(c, OPTION_CERTIFICATE))
		put_key(p, given(c, OPTION_RSA), &text);
	*out = buf_close(&text, &c->arena);
	if (!str_is_null(*out))
		return ERR_OK;
	(void)cmd_fail(c, ERR_MEMORY, "");
	return ERR_MEMORY;
}

static enum err
write_pair(struct cmd_call *c, const struct secrets *s)
{
	struct cmd_output o;
	struct pair p = { .n = 0 };
	struct str text;
	enum err e;

	e = find_pair(c, s, &p);
	/* End the transaction first: the user may take any time to type the
	 * passphrase. */
	store_end(c->reader);
	if (e == ERR_OK)
		e = given(c, OPTION_PKCS12) ? pack(c, &p, &text)
					    : join(c, &p, &text);
	crypto_wipe(p.key, sizeof(p.key));
	if (e == ERR_OK)
		e = cmd_end_reading(c);
	if (e != ERR_OK)
		return e;
	e = cmd_output_open(c, c->value[OPTION_OUTPUT], S_IRUSR | S_IWUSR, &o);
	if (e != ERR_OK)
		return e;
	/* Without a buffer, stdio keeps no copy of the key. */
	setvbuf(o.f, NULL, _IONBF, 0);
	fwrite(text.p, 1, text.n, o.f);
	return cmd_output_close(&o, ERR_OK);
}

/* Returns NULL, or what is wrong with the combination of options. */
static const char *
misused(const struct cmd_call *c)
{
	if (given(c, OPTION_CERTIFICATE) &&
	    (given(c, OPTION_PKCS12) || given(c, OPTION_RSA)))
		return "--certificate writes no key; leave out --certificate, or "
		       "--pkcs12 and --rsa";
	if (given(c, OPTION_PKCS12))
		return given(c, OPTION_RSA)
		    ? "--rsa is a form of PEM; leave out --rsa or --pkcs12"
		    : NULL;
	if (given(c, OPTION_PASSPHRASE_FILE))
		return "--passphrase-file is for PKCS #12; add --pkcs12";
	return given(c, OPTION_LEGACY)
	    ? "--legacy is for PKCS #12; add --pkcs12"
	    : NULL;
}

int
cmd_export(struct cmd_call *c)
{
	const char *wrong = misused(c);
	struct secrets s;
	enum err e;

	if (wrong != NULL)
		return cmd_usage(c, "%s", wrong);
	if (cmd_begin_reading(c) != ERR_OK || cmd_need_tenant(c) != ERR_OK ||
	    cmd_need_arena(c) != ERR_OK || cmd_load_key(c, &s) != ERR_OK)
		return EXIT_FAILURE;
	e = write_pair(c, &s);
	secret_wipe(&s);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
