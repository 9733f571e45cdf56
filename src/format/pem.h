/* SPDX-License-Identifier: ISC */
/*
 * pem.h - finds the certificates in what people paste, or says what else it is.
 *
 * Looks at the armour and the first bytes of the DER only: x509 reads on. Pure;
 * time is linear in the text. What it finds lives in the arena or in the text.
 */
#ifndef PUSHCERT_PEM_H
#define PUSHCERT_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* Longest text (contract 3.9); a push certificate has 2 KiB. */
#define PEM_TEXT_MAX 32768
/* Most certificates in one text: a chain has three, a careless paste six. */
#define PEM_CHAIN_MAX 16
/* What pem_find takes of an arena at most, for a text of n bytes. */
#define PEM_ARENA(n) (3 * (n) + 1024)

/* What a text is, in order of gravity: of several findings in one text the
 * last one counts. */
enum pem_kind {
	PEM_PLAIN,
	PEM_EMPTY,
	PEM_OTHER,
	PEM_PUBLIC_KEY,
	PEM_PKCS7,
	PEM_REQUEST,
	PEM_CERTIFICATE,
	PEM_DAMAGED,
	PEM_CUT,
	PEM_TOO_MANY,
	PEM_BINARY,
	PEM_PKCS12,
	PEM_KEY,
	PEM_NO_MEMORY
};

struct pem {
	struct str der[PEM_CHAIN_MAX];
	size_t n;
	enum pem_kind kind;
	size_t blocks; /* BEGIN lines */
	bool only; /* nothing but blanks stands outside of the certificates */
	bool inside; /* the text is base64 of this and not itself it */
};

/*
 * Takes PEM blocks among any other text, with any line ends or none, chains in
 * any order, base64 of DER or of PEM with or without line ends, and plain DER.
 *
 * ERR_OK with certificates, or with none where the text claims to be nothing
 * that we know: *what then says so. ERR_PRIVATE_KEY and ERR_REQUEST_INSTEAD say
 * what it holds; ERR_NOT_A_CERTIFICATE, with the reason in *what, that it is
 * something else or damaged. ERR_TOO_LONG, ERR_MEMORY.
 * *what is a constant text for ERR_NOT_A_CERTIFICATE's {}.
 */
enum err pem_find(struct str text, struct arena *a, struct pem *out,
    struct str *what) ATTR_CHECKED;

/* Appends one block in lines of 64 digits (RFC 7468). */
void pem_write(const char *label, struct str der, struct buf *out);

#endif
