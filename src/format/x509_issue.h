/* SPDX-License-Identifier: ISC */
/*
 * x509_issue.h - issues look-alikes of Apple's MDM push certificates, with
 * which a renewal can be rehearsed. Apple's servers do not accept them.
 */
#ifndef PUSHCERT_X509_ISSUE_H
#define PUSHCERT_X509_ISSUE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The longest topic. */
#define X509_TOPIC_MAX 200

struct x509_issue {
	struct str request; /* PEM, DER, or base64 of DER */
	struct str topic;
	uint64_t serial; /* not 0 */
	int64_t now_at;
	int64_t
	    days; /* until the end; the certificate begins a day before now */
};

/* Signs the request's key with a key that is forgotten, and appends the
 * certificate as PEM. Returns ERR_NOT_A_CERTIFICATE if the text is not a
 * request with a valid signature; ERR_TOO_LONG for the topic; ERR_MEMORY. */
enum err x509_issue(
    const struct x509_issue *in, struct arena *a, struct buf *out) ATTR_CHECKED;

#endif
