/* SPDX-License-Identifier: ISC */
/*
 * fill.h - the tenants that fill makes, for programs that change them.
 */
#ifndef PUSHCERT_BENCH_FILL_H
#define PUSHCERT_BENCH_FILL_H

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "format/crypto.h"

/* Derives 32 bytes that are unique to the tenant and the use. */
static inline void
fill_bytes(unsigned long tenant, const char *use, uint8_t out[32])
{
	char text[64];

	snprintf(text, sizeof(text), "%s %lu", use, tenant);
	crypto_sha256(str_of(text), out);
}

static inline struct guid
fill_tenant(unsigned long number)
{
	uint8_t bytes[32];
	struct guid g;

	fill_bytes(number, "tenant", bytes);
	memcpy(g.byte, bytes, sizeof(g.byte));
	str_guid_v4(&g);
	return g;
}

#endif
