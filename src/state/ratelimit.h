/* SPDX-License-Identifier: ISC */
/*
 * ratelimit.h - how often each peer has failed to say who it is, lately. A peer
 * that fails too often has to wait; its right tokens are taken all the same,
 * since many clients may share an address.
 *
 * A fixed table in this process: no peer can make it grow, and one that is
 * forgotten for another's sake gets a fresh start. Safe to call from any
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

/* `burst` failures at once, and then one every `period` seconds; a burst of 0
 * is no limit at all. NULL if there is no memory. */
struct ratelimit *ratelimit_new(unsigned burst, unsigned period);
void ratelimit_free(struct ratelimit *l);

/* Counts a failure of that peer: an address of IPv4, the first 64 bits of one
 * of IPv6, or any other name. Returns 0, or for how many seconds the peer
 * should not try again. */
unsigned ratelimit_failed(struct ratelimit *l, struct str peer, int64_t now_at);

#endif
