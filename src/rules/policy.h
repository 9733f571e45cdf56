/* SPDX-License-Identifier: ISC */
/*
 * policy.h - decides whether an uploaded text may be stored: reads the
 * certificate in a patch, derives properties from it, and finds its faults.
 *
 * Pure: the clock is a parameter. policy_check_upload does the costly part. It
 * needs nothing from the store, and runs before any transaction.
 * policy_check_successor compares its verdict with the stored record, and is
 * cheap.
 */
#ifndef PUSHCERT_POLICY_H
#define PUSHCERT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
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

/*
 * The result of policy_check_upload. Slices live in the arena or in the patch.
 */
struct verdict {
	bool uploaded; /* the patch has a certificate text */
	bool real; /* the text is a certificate: x509 is filled in */
	/* The text had to be unwrapped; the patch now has the certificate as
	 * PEM. */
	bool unwrapped;
	enum err refusal; /* why the text is refused by itself, or ERR_OK */
	struct fault fault;
	struct x509 x509;
};

/* Whether a file is a text: UTF-8 without NUL. */
bool policy_is_text(struct str file);
/*
 * Turns a file with a certificate into the text that a record keeps. A text
 * stays as it is, and policy_check_upload reports its fault; a certificate in
 * binary form becomes PEM. *out is null if the file has no certificate at all;
 * fault->ours then says what it is. Returns ERR_OK, ERR_TOO_LONG, or, for a
 * file that is not a text, an outcome of x509_read.
 */
enum err policy_file_text(struct str file, struct arena *a, struct str *out,
    struct fault *fault) ATTR_CHECKED;

/*
 * Reads the certificate that a patch sets, and adds the properties that are
 * derived from it to the patch. If the text must not be stored, or a property
 * holds a private key, the outcome is in out->refusal, and the function still
 * returns ERR_OK, because a refused upload is an event of the history.
 * Otherwise it returns ERR_OK, ERR_MEMORY or ERR_INTERNAL.
 */
enum err policy_check_upload(const struct config *c, int64_t now_at,
    struct arena *a, struct patch *p, struct verdict *out) ATTR_CHECKED;

/* The stored state that a new certificate is compared with. */
struct policy_stored {
	const struct record *record;
	/* A former record is being restored: its certificate may be older than
	 * the stored one and belong to an older request. */
	bool restores;
	struct str pending_key; /* SubjectPublicKeyInfo, or null */
	struct instant requested; /* when the request of pending_key was made */
	struct str allow_topic; /* may replace the old topic; or null */
};

/*
 * Decides whether the uploaded text may replace the stored one. Returns ERR_OK,
 * ERR_NOT_A_CERTIFICATE (a real certificate is stored), ERR_TOPIC_CHANGE,
 * ERR_OLDER, ERR_KEY_MISMATCH or ERR_MEMORY. The texts of *fault live in the
 * arena.
 */
enum err policy_check_successor(const struct config *c, const struct verdict *v,
    const struct policy_stored *stored, struct arena *a,
    struct fault *fault) ATTR_CHECKED;

/*
 * The faults of a real certificate, whether the configuration refuses them or
 * not: ERR_TOPIC_CHANGE (it differs from the stored topic, even if allow_topic
 * names it), ERR_NOT_MDM, ERR_UNSUPPORTED_KEY or ERR_WEAK_KEY, ERR_EXPIRED or
 * ERR_NOT_YET_VALID, ERR_OLDER (than the stored certificate), ERR_KEY_MISMATCH
 * (a request of another key is pending). Each has the fault for its text, whose
 * slices live in the arena or where the arguments live; a slice is null if the
 * arena is full.
 */
#define POLICY_NOTICES_MAX 6
struct policy_notice {
	enum err reason;
	struct fault fault;
};
struct policy_notices {
	size_t n;
	struct policy_notice row[POLICY_NOTICES_MAX];
};
void policy_notices(const struct verdict *v, int64_t now_at,
    const struct policy_stored *stored, struct arena *a,
    struct policy_notices *out);

/* The notice that clients of the API get for an accepted certificate:
 * ERR_EXPIRED, else ERR_OLDER, else ERR_OK. */
enum err policy_notice(const struct policy_notices *notices) ATTR_CHECKED;

#endif
