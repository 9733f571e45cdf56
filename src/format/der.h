/* SPDX-License-Identifier: ISC */
/*
 * der.h - what DER is, by its first elements, and whether a private key stands
 * anywhere in it.
 *
 * Pure. Nothing is copied; time is linear in the bytes.
 */
#ifndef PUSHCERT_DER_H
#define PUSHCERT_DER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum der_kind {
	DER_NONE, /* no SEQUENCE, or one too short for anything below */
	DER_OTHER,
	DER_PUBLIC_KEY,
	DER_PKCS7,
	DER_REQUEST,
	DER_CERTIFICATE,
	DER_PKCS12,
	DER_KEY
};

/* The kind of the DER that s begins with; the beginning of it is enough. */
enum der_kind der_kind(struct str s);

/* The size of the DER at the start of s, header and all; 0 for none. A size
 * below 128 bytes also counts as none: no certificate is so short, but some
 * words of text read as such DER. */
size_t der_size(struct str s);

/* The DER of a certificate at the start of s, null for none: besides its first
 * elements the places and sizes of its three parts are right (RFC 5280, section
 * 4.1), which those of damaged digits are not. The first
 * part, without the signature, says which certificate it is. */
struct str der_certificate(struct str s, struct str *to_be_signed);

/*
 * Whether a private key begins at any byte: PKCS#1, PKCS#8, SEC 1, DSA or
 * encrypted PKCS#8, in any version that libcrypto reads, whole or cut off.
 */
bool der_holds_key(struct str bytes);

#endif
