/* SPDX-License-Identifier: ISC */
/*
 * unwrap.h - takes the wrappings off a text, layer by layer, and says what is
 * inside: certificates, a private key, an archive, or nothing of these.
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

/* Layers that are taken off (contract 4). */
#define UNWRAP_DEPTH 4
/* A text up to this length may be wrapped more often: nothing fits into it. */
#define UNWRAP_DEEP_MIN 64
/* Bytes in all layers, per byte of the text. */
#define UNWRAP_WORK 64
/* Room that the functions need in the arena, for a text of n bytes:
 * certificates of the text itself have at most n, those of inner layers half as
 * much again as PEM, and each layer has n; pem_find needs its own. */
#define UNWRAP_ARENA(n) \
	((n) + (n) / 2 * 3 + UNWRAP_DEPTH * (n) + PEM_ARENA(n) + 2048)

struct unwrap {
	struct pem found;
	/* The certificates as PEM, if the text had to be unwrapped; otherwise
	 * null: the text itself is PEM or base64 of a certificate. */
	struct str pem;
};

/*
 * Finds the certificates in a text. ERR_OK: out->found has them, or has none
 * because the text claims to be nothing that is known here. ERR_PRIVATE_KEY: a
 * layer holds key material. ERR_REQUEST_INSTEAD, ERR_TOO_LONG, ERR_MEMORY.
 * ERR_NOT_A_CERTIFICATE: something else, damaged, an archive, or wrapped in too
 * many layers. *what completes the message of the outcome, or of
 * ERR_NOT_A_CERTIFICATE if nothing was found.
 */
enum err unwrap_certificates(struct str text, struct arena *a,
    struct unwrap *out, struct str *what) ATTR_CHECKED;

/*
 * Checks that no layer of a text of any length holds key material. ERR_OK,
 * ERR_PRIVATE_KEY, ERR_WRAPPED (an archive, or too many layers), ERR_MEMORY.
 * The arena is left as it was, but *what may live in it.
 */
enum err
unwrap_check(struct str text, struct arena *a, struct str *what) ATTR_CHECKED;

#endif
