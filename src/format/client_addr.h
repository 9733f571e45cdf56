/* SPDX-License-Identifier: ISC */
/*
 * client_addr.h - the address that a request comes from, in text and in bytes.
 *
 * Returned slices point into the parameters.
 */
#ifndef PUSHCERT_CLIENT_ADDR_H
#define PUSHCERT_CLIENT_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define CLIENT_ADDR_LEN 16

/* The 16 bytes of an IPv6 address; an IPv4 address becomes a mapped one. False
 * if the text is not an address. It may have brackets, a port and a zone. */
bool client_addr_parse(struct str peer, uint8_t out[CLIENT_ADDR_LEN]);

/*
 * The address that a request comes from: REMOTE_ADDR, or, if that is one of
 * the trusted proxies (a list of addresses with commas), the last address in
 * X-Forwarded-For that is not.
 */
struct str
client_addr(struct str remote, struct str forwarded, struct str trusted);

#endif
