/* SPDX-License-Identifier: ISC */
/*
 * vendor_reply.h - checks a request for Apple's portal that the signing service
 * of an MDM vendor returns.
 *
 * Pure.
 */
#ifndef PUSHCERT_VENDOR_REPLY_H
#define PUSHCERT_VENDOR_REPLY_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Takes a property list, or base64 of one with or without line ends. It must
 * have the chain of the vendor's certificates, a signature, and exactly the
 * request that was sent, in DER. *out is then its base64, in the arena. Returns
 * ERR_OK, ERR_MEMORY, or ERR_CONFIG with a constant text in *what that says
 * what is wrong. Trust and signature are not checked; Apple does that.
 */
enum err vendor_reply_read(struct str text, struct str csr, struct arena *a,
    struct str *out, struct str *what) ATTR_CHECKED;

#endif
