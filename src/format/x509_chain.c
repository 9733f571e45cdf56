/* SPDX-License-Identifier: ISC */
/*
 * x509_chain.c - puts the certificates of an MDM vendor in the order that
 * Apple's portal requires, by walking from each certificate to its issuer.
 *
 * An issuer is a certificate whose name, key identifier and key usage fit (RFC
 * 5280, section 6.1) and whose key verifies the signature. There may be
 * several, for example after an authority renewed its certificate with the same
 * key. The walk then takes the certificate that is valid now.
 */
#include "format/x509_make.h"

#include <stdint.h>

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "format/crypto.h"
#include "format/pem.h"
#include "format/x509_private.h"

/* Seconds by which our clock may lag that of an authority. */
#define SLACK 300

struct walk {
	X509 *x[PEM_CHAIN_MAX];
	size_t n;
	int64_t now_at;
	struct buf faults; /* texts separated by "; " */
};

/* --- what is wrong ------------------------------------------------------ */

static void
put_name(const X509_NAME *name, struct buf *out)
{
	const unsigned long form = (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) |
	    ASN1_STRFLGS_ESC_CTRL | XN_FLAG_SEP_COMMA_PLUS;
	BIO *text = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n = 0;

	if (text != NULL && X509_NAME_print_ex(text, name, 0, form) >= 0)
		n = BIO_get_mem_data(text, &p);
	buf_char(out, '\'');
	if (n > 0)
		buf_put(out, p, (size_t)n);
	buf_char(out, '\'');
	BIO_free(text);
}

static void
begin_fault(struct walk *w)
{
	if (w->faults.n > 0)
		buf_text(&w->faults, "; ");
}

static bool
has_expired(const struct walk *w, const X509 *x)
{
	int64_t at;

	return !x509_time(X509_get0_notAfter(x), &at) || at <= w->now_at;
}

static bool
is_valid_now(const struct walk *w, const X509 *x)
{
	int64_t at;

	return !has_expired(w, x) && x509_time(X509_get0_notBefore(x), &at) &&
	    at <= w->now_at + SLACK;
}

static void
add_date(struct walk *w, const X509 *x, const char *what, const ASN1_TIME *at)
{
	struct tm t = { .tm_mday = 0 };

	(void)ASN1_TIME_to_tm(at, &t);
	begin_fault(w);
	put_name(X509_get_subject_name(x), &w->faults);
	buf_printf(&w->faults, "%s%04d-%02d-%02dT%02d:%02d:%02dZ", what,
	    t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
	    t.tm_sec);
}

static void
check_dates(struct walk *w, const X509 *x)
{
	if (has_expired(w, x))
		add_date(w, x, " expired on ", X509_get0_notAfter(x));
	else if (!is_valid_now(w, x))
		add_date(w, x, " is not valid before ", X509_get0_notBefore(x));
}

/* Adds the fault that the issuer is missing or, if a certificate has its name
 * (named), has not signed x. */
static void
add_issuer_fault(struct walk *w, const X509 *x, bool named)
{
	begin_fault(w);
	if (!named)
		buf_text(&w->faults, "the certificate of ");
	put_name(X509_get_issuer_name(x), &w->faults);
	buf_text(&w->faults, named ? " did not sign " : ", the issuer of ");
	put_name(X509_get_subject_name(x), &w->faults);
	if (!named)
		buf_text(&w->faults, ", is missing");
}

/* --- the walk ----------------------------------------------------------- */

static bool
has_issued(X509 *issuer, X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key != NULL && X509_check_issued(issuer, x) == X509_V_OK &&
	    X509_check_ca(issuer) != 0 && X509_verify(x, key) == 1;
}

/* Returns the index of the issuer of x among the certificates from `from` on,
 * or n. *named: one of them has at least the issuer's name. */
static size_t
find_issuer(const struct walk *w, size_t from, X509 *x, bool *named)
{
	const X509_NAME *name = X509_get_issuer_name(x);
	size_t found = w->n, i;

	*named = false;
	for (i = from; i < w->n; i++) {
		if (X509_NAME_cmp(X509_get_subject_name(w->x[i]), name) != 0)
			continue;
		*named = true;
		if (has_issued(w->x[i], x) &&
		    (found == w->n || !is_valid_now(w, w->x[found])))
			found = i;
	}
	return found;
}

static void
swap(struct walk *w, struct pem *chain, size_t i, size_t k)
{
	X509 *x = w->x[i];
	struct str der = chain->der[i];

	w->x[i] = w->x[k];
	w->x[k] = x;
	chain->der[i] = chain->der[k];
	chain->der[k] = der;
}

static bool
is_root(X509 *x)
{
	return X509_NAME_cmp(
		   X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
}

/* Moves each issuer to the place after the certificate that it issued, and
 * drops the certificates after the root. */
static void
order(struct walk *w, struct pem *chain)
{
	size_t done = 0, issuer;
	bool named;

	check_dates(w, w->x[0]);
	while (!is_root(w->x[done])) {
		issuer = find_issuer(w, done + 1, w->x[done], &named);
		if (issuer == w->n) {
			add_issuer_fault(w, w->x[done], named);
			return;
		}
		swap(w, chain, ++done, issuer);
		check_dates(w, w->x[done]);
	}
	if (X509_verify(w->x[done], X509_get0_pubkey(w->x[done])) != 1)
		add_issuer_fault(w, w->x[done], true);
	chain->n = done + 1;
}

static enum err
parse_all(const struct pem *chain, struct walk *w, struct str *what)
{
	const uint8_t *p;

	for (w->n = 0; w->n < chain->n; w->n++) {
		p = (const uint8_t *)chain->der[w->n].p;
		w->x[w->n] = d2i_X509(NULL, &p, (long)chain->der[w->n].n);
		if (w->x[w->n] == NULL) {
			*what = str_of("a certificate in the vendor chain is "
				       "damaged");
			return ERR_CONFIG;
		}
	}
	return ERR_OK;
}

enum err
x509_chain_order(
    struct pem *chain, int64_t now_at, struct arena *a, struct str *what)
{
	struct walk w = { .now_at = now_at };
	enum err e;
	size_t i;

	if ((e = parse_all(chain, &w, what)) != ERR_OK)
		goto out;
	buf_open(&w.faults, a);
	order(&w, chain);
	*what = buf_close(&w.faults, a);
	if (str_is_null(*what))
		e = ERR_MEMORY;
	else if (what->n > 0)
		e = ERR_CONFIG;
out:
	for (i = 0; i < w.n; i++)
		X509_free(w.x[i]);
	return crypto_drain(e);
}
