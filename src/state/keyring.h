/* SPDX-License-Identifier: ISC */
/*
 * keyring.h - the keys of a JWKS file, read again when the file changes. Safe
 * to call from any thread.
 *
 * A key that a new file no longer holds serves for KEYRING_KEPT more seconds,
 * so that tokens which it has signed live on; a restart forgets it at once. A
 * key whose private half stands in the file is dropped at once. A file that is
 * missing, broken or without a usable key changes nothing but the log. Entries
 * that are left out are logged once, not at each change of the file.
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

/* The path must outlive it. NULL if there is no memory: a file that cannot be
 * used yet makes a keyring without keys. Entries that are left out are logged
 * at that level; those with private or shared keys are always an error. */
struct keyring *
keyring_open(const char *path, int64_t now_at, enum log_level level);
void keyring_close(struct keyring *k);

/* Looks at the file, once a second at most. Returns the number of the state
 * that the keys are in now: what was true of a token under another number is
 * to be found out again. */
uint64_t keyring_refresh(struct keyring *k, int64_t now_at);

/* jwt_verify with the keys of this moment. */
enum err keyring_verify(struct keyring *k, struct str token, struct arena *a,
    struct jwt *out, struct str *what) ATTR_CHECKED;

#endif
