/* SPDX-License-Identifier: ISC */
/*
 * x509_gather.h - collects all certificates and private keys of a file, in
 * each of the forms that x509_import.h lists.
 */
#ifndef PUSHCERT_X509_GATHER_H
#define PUSHCERT_X509_GATHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/pem.h"

#define X509_GATHER_KEYS 8

struct evp_pkey_st; /* EVP_PKEY of libcrypto */

struct x509_gather {
	struct arena *arena;
	struct str passphrase; /* null: none is known */
	struct str der[PEM_CHAIN_MAX];
	size_t certificates;
	struct evp_pkey_st *key[X509_GATHER_KEYS];
	size_t keys;
	bool locked; /* a passphrase is missing or wrong */
	bool asked; /* libcrypto wanted the passphrase of the current block */
};

/* Adds the content of a file. Returns ERR_NOT_A_CERTIFICATE or, for the private
 * keys, ERR_KEY_MISMATCH with the reason in *what; ERR_MEMORY, ERR_INTERNAL. */
enum err x509_gather(
    struct x509_gather *g, struct str text, struct str *what) ATTR_CHECKED;
void x509_gather_free(struct x509_gather *g);

#endif
