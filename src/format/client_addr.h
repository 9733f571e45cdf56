/* SPDX-License-Identifier: ISC */
/*
 * client_addr.h - the address of a client, as a text and as bytes.
 *
 * Pure. Slices in the results point into the parameters.
 */
#ifndef PUSHCERT_CLIENT_ADDR_H
#define PUSHCERT_CLIENT_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define CLIENT_ADDR_LEN 16

/* Reads the 16 bytes of an IPv6 address; an IPv4 address becomes an IPv4-mapped
 * one. The text may have brackets, a port and a zone. Returns false if it is
 * not an address. */
bool client_addr_parse(struct str peer, uint8_t out[CLIENT_ADDR_LEN]);

/* Whether a list with commas between the addresses has this address, in any
 * spelling. */
bool client_addr_is_in(struct str list, struct str item);

/* Returns the address of the client: REMOTE_ADDR or, if that is a trusted
 * proxy, the last address in X-Forwarded-For that is not a trusted proxy.
 * `trusted` is a list with commas between the addresses. */
struct str
client_addr(struct str remote, struct str forwarded, struct str trusted);

#endif
