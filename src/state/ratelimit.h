/* SPDX-License-Identifier: ISC */
/*
 * ratelimit.h - how often each client has recently failed to authenticate. A
 * client that fails too often has to wait, but its valid tokens are accepted
 * all the same, because many clients may share an address.
 *
 * The table has a fixed size, so no client can make it grow. A client whose
 * entry was replaced starts again without failures. Safe to call from any
 * thread.
 */
#ifndef PUSHCERT_RATELIMIT_H
#define PUSHCERT_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct ratelimit;

/* Allows `burst` failures at once and then one every `period` seconds. A burst
 * of 0 means no limit. Returns NULL if memory is exhausted. */
struct ratelimit *ratelimit_new(unsigned burst, unsigned period);
void ratelimit_free(struct ratelimit *l);

/* Counts a failure of the client: an IPv4 address, the first 64 bits of an IPv6
 * address, or another name. Returns the seconds for which the client should not
 * retry, or 0. */
unsigned ratelimit_failed(struct ratelimit *l, struct str peer, int64_t now_at);

#endif
