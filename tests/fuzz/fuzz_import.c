/* SPDX-License-Identifier: ISC */
/*
 * fuzz_import.c - any two files give a certificate and its key, or a refusal
 * with a reason that holds no byte of a key. A first byte of 'K' divides the
 * input: the rest up to the first NUL is the first file, the rest the key's. A
 * pair that was found can be written as PEM, and is then found again.
 */
#include "fuzz.h"

#include <string.h>

#include <openssl/err.h>

#include "base/buf.h"
#include "format/crypto.h"
#include "format/pem.h"
#include "format/x509_import.h"

static enum err
import(const struct x509_import_source *in, char *block, size_t size,
    struct x509_import *out)
{
	struct str what;
	struct arena a;
	enum err e;

	arena_init(&a, block, size);
	e = x509_import(in, &a, out, &what);
	fuzz_check(ERR_peek_error() == 0);
	fuzz_check(e == ERR_OK || e == ERR_NOT_A_CERTIFICATE ||
	    e == ERR_KEY_MISMATCH || e == ERR_MEMORY);
	fuzz_check(e == ERR_OK || e == ERR_MEMORY || what.n > 0);
	fuzz_check(!out->locked || e != ERR_OK);
	return e;
}

static void
check_again(const struct x509_import *found)
{
	static char block[1 << 20], text[32768];
	struct x509_import again;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	pem_write("PRIVATE KEY",
	    str_from((const char *)found->private_key, found->private_n), &b);
	buf_str(&b, found->certificate);
	if (b.full)
		return;
	fuzz_check(import(&(struct x509_import_source){ .text = buf_view(&b) },
		       block, sizeof(block), &again) == ERR_OK);
	fuzz_check(str_eq(again.certificate, found->certificate));
	fuzz_check(again.private_n == found->private_n &&
	    memcmp(again.private_key, found->private_key, found->private_n) ==
		0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char block[1 << 20];
	struct x509_import_source in = { .passphrase = STR("secret") };
	struct x509_import found;
	struct str text = str_from((const char *)data, size);

	if (size == 0 || size > X509_IMPORT_TEXT_MAX)
		return 0;
	in.text = text;
	if (text.p[0] == 'K') {
		in.key_text = str_tail(text, 1);
		in.text = str_cut(&in.key_text, '\0');
	}
	if (import(&in, block, sizeof(block), &found) == ERR_OK)
		check_again(&found);
	return 0;
}
