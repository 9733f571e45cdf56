/* SPDX-License-Identifier: ISC */
/*
 * unwrap.h - takes the wrappings off a text, layer by layer, and finds out
 * whether it contains certificates, a private key or an archive.
 *
 * Pure. Results live in the arena or in the text. All layers together have at
 * most UNWRAP_WORK times the bytes of the text.
 */
#ifndef PUSHCERT_UNWRAP_H
#define PUSHCERT_UNWRAP_H

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "format/pem.h"
#include "base/str.h"

/* Layers that are taken off. */
#define UNWRAP_DEPTH 4
/* A layer up to this length may be wrapped further, because it is too short for
 * a key. */
#define UNWRAP_DEEP_MIN 64
/* Limit of the bytes in all layers, per byte of the text. */
#define UNWRAP_WORK 64
/* Space that the functions need in the arena for a text of n bytes: n for the
 * certificates of the text itself, 1.5 n for certificates of inner layers as
 * PEM, n for each layer, and the space of pem_find. */
#define UNWRAP_ARENA(n) \
	((n) + (n) / 2 * 3 + UNWRAP_DEPTH * (n) + PEM_ARENA(n) + 2048)

struct unwrap {
	struct pem found;
	/* The certificates as PEM if the text had to be unwrapped. Null if the
	 * text itself is PEM or base64 of a certificate. */
	struct str pem;
};

/*
 * Finds the certificates in a text. Returns ERR_OK with the certificates in
 * out->found, or with none if the text looks like nothing that we recognise.
 * Returns ERR_PRIVATE_KEY if a layer contains key material,
 * ERR_REQUEST_INSTEAD, and ERR_NOT_A_CERTIFICATE if the text is something else,
 * damaged, an archive, or wrapped in too many layers. Also returns ERR_TOO_LONG
 * and ERR_MEMORY. *what completes the message of the outcome, or of
 * ERR_NOT_A_CERTIFICATE if nothing was found.
 */
enum err unwrap_certificates(struct str text, struct arena *a,
    struct unwrap *out, struct str *what) ATTR_CHECKED;

/* Checks a text of any length for key material in every layer. Returns ERR_OK,
 * ERR_PRIVATE_KEY, ERR_WRAPPED (an archive, or too many layers) or ERR_MEMORY.
 * Nothing but *what of ERR_WRAPPED stays in the arena. */
enum err
unwrap_check(struct str text, struct arena *a, struct str *what) ATTR_CHECKED;

#endif
