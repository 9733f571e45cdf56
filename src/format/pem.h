/* SPDX-License-Identifier: ISC */
/*
 * pem.h - finds the certificates in a pasted text, or names what the text is
 * instead.
 *
 * It looks only at the PEM labels and at the first bytes of the DER; x509 reads
 * the rest. Pure; the time is linear in the text. Results live in the arena or
 * in the text.
 */
#ifndef PUSHCERT_PEM_H
#define PUSHCERT_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* Longest text; a push certificate has 2 KiB. */
#define PEM_TEXT_MAX 32768
/* Most certificates in one text. A chain has three, a careless paste six. */
#define PEM_CHAIN_MAX 16
/* Space that pem_find needs in an arena for a text of n bytes. */
#define PEM_ARENA(n) (3 * (n) + 1024)

/* The kinds of a text, in order of gravity. If a text has several kinds, the
 * last of them counts. */
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
	size_t blocks; /* number of BEGIN lines */
	bool only; /* only blanks are outside of the certificates */
	bool inside; /* the text is base64 of PEM */
};

/*
 * Accepts PEM blocks among any other text, with any or no line ends, chains in
 * any order, base64 of DER or of PEM with or without line ends, and plain DER.
 *
 * Returns ERR_OK with certificates, or without any if the text does not look
 * like an attempt at one; *what then names the reason. Returns ERR_PRIVATE_KEY
 * or ERR_REQUEST_INSTEAD if the text contains that, and ERR_NOT_A_CERTIFICATE,
 * with the reason in *what, if the text is something else or damaged. Also
 * returns ERR_TOO_LONG and ERR_MEMORY. *what is a constant text for the
 * placeholder of ERR_NOT_A_CERTIFICATE.
 */
enum err pem_find(struct str text, struct arena *a, struct pem *out,
    struct str *what) ATTR_CHECKED;

/* Appends one block in lines of 64 digits (RFC 7468). */
void pem_write(const char *label, struct str der, struct buf *out);

#endif
