/* SPDX-License-Identifier: ISC */
/*
 * fuzz_x509.c - any text gives a certificate, a refusal with a reason, or
 * nothing, and needs no more memory than X509_ARENA promises. A certificate
 * that is written as PEM can be read again and is the same. If the label of a
 * private key follows it, the text is refused. The same text is read as a
 * request that was made elsewhere.
 */
#include "fuzz.h"

#include <string.h>

#include <openssl/err.h>

#include "format/x509.h"
#include "format/x509_csr.h"

static enum err
read_text(struct str text, struct arena *a, struct x509 *out, struct str *what)
{
	static const struct str none = STR("");
	enum err e;

	*what = none;
	a->size = X509_ARENA(text.n);
	arena_reset(a);
	e = x509_read(text, a, out, what);
	fuzz_check(ERR_peek_error() == 0);
	fuzz_check(e == ERR_OK || e == ERR_NOT_A_CERTIFICATE ||
	    e == ERR_PRIVATE_KEY || e == ERR_REQUEST_INSTEAD ||
	    e == ERR_TOO_LONG);
	fuzz_check(what->n > 0 || e != ERR_NOT_A_CERTIFICATE);
	return e;
}

static void
check_same(const struct x509 *a, const struct x509 *b)
{
	fuzz_check(str_eq(a->der, b->der));
	fuzz_check(str_eq(a->topic, b->topic));
	fuzz_check(str_is_null(a->topic) == str_is_null(b->topic));
	fuzz_check(str_eq(a->serial, b->serial));
	fuzz_check(str_eq(a->issuer, b->issuer));
	fuzz_check(str_eq(a->public_key, b->public_key));
	fuzz_check(a->not_before_at == b->not_before_at);
	fuzz_check(a->not_after_at == b->not_after_at);
	fuzz_check(a->key == b->key && a->key_bits == b->key_bits);
}

/* A request that is read is the same after it was written. */
static void
check_request(struct str text, struct arena *a)
{
	struct x509_csr csr, again;
	struct str what;
	enum err e = x509_csr_read(text, a, &csr, &what);

	fuzz_check(e == ERR_OK || (e == ERR_CONFIG && what.n > 0));
	if (e != ERR_OK)
		return;
	fuzz_check(x509_csr_read(csr.der, a, &again, &what) == ERR_OK);
	fuzz_check(str_eq(csr.der, again.der));
	fuzz_check(str_eq(csr.public_key, again.public_key));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char blocks[2][X509_ARENA(PEM_TEXT_MAX)];
	static char text[PEM_TEXT_MAX];
	struct arena first, second;
	struct x509 x, again;
	struct str what;
	struct buf b;

	if (size > PEM_TEXT_MAX)
		return 0;
	arena_init(&first, blocks[0], sizeof(blocks[0]));
	check_request(str_from((const char *)data, size), &first);
	arena_init(&first, blocks[0], 0);
	arena_init(&second, blocks[1], 0);
	if (read_text(str_from((const char *)data, size), &first, &x, &what) !=
		ERR_OK ||
	    str_is_null(x.der))
		return 0;
	fuzz_check(str_utf8_valid(x.topic) && str_utf8_valid(x.issuer));
	buf_init(&b, text, sizeof(text));
	pem_write("CERTIFICATE", x.der, &b);
	if (b.full)
		return 0;
	fuzz_check(read_text(buf_view(&b), &second, &again, &what) == ERR_OK);
	check_same(&x, &again);
	buf_text(&b, "-----BEGIN PRIVATE KEY");
	fuzz_check(b.full ||
	    read_text(buf_view(&b), &second, &again, &what) == ERR_PRIVATE_KEY);
	return 0;
}
