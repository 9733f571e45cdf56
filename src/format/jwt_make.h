/* SPDX-License-Identifier: ISC */
/*
 * jwt_make.h - makes key sets from public keys, and tokens for tests.
 *
 * After a failure, *what is a constant text that names the cause.
 */
#ifndef PUSHCERT_JWT_MAKE_H
#define PUSHCERT_JWT_MAKE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* Appends a set of all public keys in a PEM text. The name of each key is its
 * thumbprint (RFC 7638). Returns ERR_CONFIG if the text has no key, or a key
 * other than RSA. */
enum err
jwt_make_set(struct str pem, struct buf *out, struct str *what) ATTR_CHECKED;

/* Appends a new RSA key of 2048 bits as PEM, which the caller wipes. */
enum err jwt_make_key(struct buf *out) ATTR_CHECKED;
/* Appends the public half of a private key as PEM. */
enum err
jwt_make_public(struct str pem, struct buf *out, struct str *what) ATTR_CHECKED;
/* Appends a token with these claims, signed with a private key in PEM. */
enum err jwt_make_token(struct str pem, struct str claims, struct buf *out,
    struct str *what) ATTR_CHECKED;

#endif
