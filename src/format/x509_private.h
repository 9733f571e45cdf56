/* SPDX-License-Identifier: ISC */
/*
 * x509_private.h - shared by the modules of x509: the dates of a certificate,
 * and the form in which private keys are stored.
 */
#ifndef PUSHCERT_X509_PRIVATE_H
#define PUSHCERT_X509_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "format/x509_make.h"

struct ASN1_ITEM_st;
struct asn1_string_st; /* ASN1_TIME of libcrypto */
struct evp_pkey_st; /* EVP_PKEY */

/* Returns false if the time is invalid. No time_t crosses the interface of
 * libcrypto, whose time_t has 32 bits on some processors. */
bool x509_time(const struct asn1_string_st *from, int64_t *at);

/* The DER of a value of libcrypto, in the arena. ERR_MEMORY. */
enum err x509_encode(const void *value, const struct ASN1_ITEM_st *type,
    struct arena *a, struct str *out) ATTR_CHECKED;

/* Writes the DER of the key, PKCS#8, straight into the caller's memory, so that
 * no other copy remains. ERR_INTERNAL. */
enum err x509_encode_key(const struct evp_pkey_st *key,
    uint8_t out[X509_PRIVATE_MAX], size_t *size) ATTR_CHECKED;

#endif
