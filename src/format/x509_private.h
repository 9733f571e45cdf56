/* SPDX-License-Identifier: ISC */
/*
 * x509_private.h - shared by x509 and x509_chain: the dates of a certificate.
 */
#ifndef PUSHCERT_X509_PRIVATE_H
#define PUSHCERT_X509_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

struct asn1_string_st; /* ASN1_TIME of libcrypto */

/* Returns false if the time is invalid. No time_t crosses the interface of
 * libcrypto, whose time_t has 32 bits on some processors. */
bool x509_time(const struct asn1_string_st *from, int64_t *at);

#endif
