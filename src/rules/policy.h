/* SPDX-License-Identifier: ISC */
/*
 * policy.h - what an uploaded text is worth: reads the certificate in a patch,
 * derives properties from it, and says what speaks against it.
 *
 * Pure: the clock is a parameter. The heavy part, policy_check_upload, needs
 * nothing of the store and runs before any transaction; policy_check_successor
 * compares its verdict with what is stored, and is cheap.
 */
#ifndef PUSHCERT_POLICY_H
#define PUSHCERT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "state/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/buf.h"
#include "format/record.h"
#include "base/str.h"
#include "format/datetime.h"
#include "format/x509.h"

/* Slices live in the arena or in the patch. */
struct verdict {
	bool uploaded; /* the patch brings a certificate text */
	bool real; /* and it is a certificate: x509 is filled in */
	/* The text had to be unwrapped; the patch has the certificate as PEM.
	 */
	bool unwrapped;
	enum err refusal; /* of the text by itself, or ERR_OK */
	struct fault fault;
	struct x509 x509;
};

/*
 * Reads the certificate that a patch sets, and puts into the patch what is
 * derived from it (contract 4). A text that must not be stored makes
 * out->refusal; so does a private key in any property. Returns ERR_OK then
 * too, for a refused upload is an event; otherwise ERR_MEMORY or ERR_INTERNAL.
 */
enum err policy_check_upload(const struct config *c, int64_t now_at,
    struct arena *a, struct patch *p, struct verdict *out) ATTR_CHECKED;

/* The record that a new certificate is to become part of. */
struct policy_stored {
	const struct record *record;
	/* A former state comes back: it is older, and belongs to an older
	 * request, by its nature. */
	bool restores;
	struct str pending_key; /* SubjectPublicKeyInfo; null: no request */
	struct instant requested; /* when that request was made */
	struct str allow_topic; /* the override: the new topic, or null */
};

/*
 * Whether the uploaded text may take the place of what is stored:
 * ERR_NOT_A_CERTIFICATE (over a real certificate), ERR_TOPIC_CHANGE, ERR_OLDER,
 * ERR_KEY_MISMATCH, or ERR_OK. Texts of *fault live in the arena.
 */
enum err policy_check_successor(const struct config *c, const struct verdict *v,
    const struct policy_stored *stored, struct arena *a,
    struct fault *fault) ATTR_CHECKED;

/* The fault of a real certificate that is accepted all the same: ERR_EXPIRED,
 * ERR_OLDER (than the stored certificate), or ERR_OK. */
enum err policy_notice(const struct verdict *v, int64_t now_at,
    const struct record *stored) ATTR_CHECKED;

#endif
