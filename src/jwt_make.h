/* SPDX-License-Identifier: ISC */
/*
 * jwt_make.h - makes key sets of public keys, and tokens to test with.
 *
 * *what is a constant text that says why something cannot be used.
 */
#ifndef PUSHCERT_JWT_MAKE_H
#define PUSHCERT_JWT_MAKE_H

#include "attr.h"
#include "err.h"
#include "mem.h"
#include "str.h"

/*
 * Appends the set of all public keys in a PEM text, each under its thumbprint
 * (RFC 7638). ERR_CONFIG where there is none or one is no RSA key.
 */
enum err
jwt_make_set(struct str pem, struct buf *out, struct str *what) ATTR_CHECKED;

/* Appends a fresh RSA key of 2048 bits as PEM; for the caller to wipe. */
enum err jwt_make_key(struct buf *out) ATTR_CHECKED;
/* Appends the public half of a private key, as PEM. */
enum err
jwt_make_public(struct str pem, struct buf *out, struct str *what) ATTR_CHECKED;
/* Appends the token of these claims, signed by a private key in PEM. */
enum err jwt_make_token(struct str pem, struct str claims, struct buf *out,
    struct str *what) ATTR_CHECKED;

#endif
