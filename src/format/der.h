/* SPDX-License-Identifier: ISC */
/*
 * der.h - recognises DER by its first elements, and private keys anywhere in a
 * text.
 *
 * Pure. No bytes are copied, and the time is linear in their number.
 */
#ifndef PUSHCERT_DER_H
#define PUSHCERT_DER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum der_kind {
	DER_NONE, /* not a SEQUENCE, or too short for the kinds below */
	DER_OTHER,
	DER_PUBLIC_KEY,
	DER_PKCS7,
	DER_REQUEST,
	DER_CERTIFICATE,
	DER_PKCS12,
	DER_KEY
};

/* The kind of a DER element. Only its start must be present, and other bytes
 * may follow it. */
enum der_kind der_kind(struct str der);

/* The size of the DER at the start of s, with its header; 0 if there is none. A
 * size below 128 bytes also counts as none, because no certificate is that
 * short but some words of a text read as short DER. */
size_t der_size(struct str s);

/*
 * The DER of a certificate at the start of s, or the null slice. Besides the
 * first elements, the places and sizes of its three parts must be right (RFC
 * 5280, section 4.1), which they are not in a certificate with damaged digits.
 * *to_be_signed is the first part, without the signature; it identifies the
 * certificate.
 */
struct str der_certificate(struct str s, struct str *to_be_signed);

/* Whether a private key begins at any byte: PKCS#1, PKCS#8, SEC 1, DSA or
 * encrypted PKCS#8, in any version that libcrypto reads, whole, cut off, or
 * without the few bytes of its outer header. */
bool der_holds_key(struct str bytes);

#endif
