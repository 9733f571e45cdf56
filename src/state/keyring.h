/* SPDX-License-Identifier: ISC */
/*
 * keyring.h - the keys of a JWKS file, read again when the file changes. Safe
 * to call from any thread.
 *
 * A key that is missing from a new file serves for KEYRING_KEPT more seconds,
 * so that tokens signed with it stay valid; a restart drops it. A key whose
 * private half appears in the file is dropped at once. A file that is missing,
 * broken or without a usable key leaves the keys as they are and is logged.
 * Skipped entries are logged once, not at each change of the file.
 */
#ifndef PUSHCERT_KEYRING_H
#define PUSHCERT_KEYRING_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "format/jwt.h"
#include "base/log.h"
#include "base/buf.h"
#include "base/str.h"

#define KEYRING_KEPT 86400

struct keyring;

/*
 * Returns NULL if memory is exhausted; a file that cannot be used gives a
 * keyring without keys. The path must outlive the keyring. Skipped entries are
 * logged at `level`, but entries with private or shared keys at LOG_AT_ERROR.
 */
struct keyring *
keyring_open(const char *path, int64_t now_at, enum log_level level);
void keyring_close(struct keyring *k);

/* Checks the file at most once a second. Returns the generation of the keys.
 * Results cached under another generation are stale. */
uint64_t keyring_refresh(struct keyring *k, int64_t now_at);

/* Calls jwt_verify with the current keys. */
enum err keyring_verify(struct keyring *k, struct str token, struct arena *a,
    struct jwt *out, struct str *what) ATTR_CHECKED;

#endif
