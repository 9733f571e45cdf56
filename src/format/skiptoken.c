/* SPDX-License-Identifier: ISC */
/*
 * skiptoken.c - the bytes of a token: version (1), order (1), number (8, the
 * most significant first), the first 16 bytes of a SHA-256.
 */
#include "format/skiptoken.h"

#include <string.h>

#include "format/crypto.h"

#define VERSION 1
#define NUMBER_AT 2
#define DIGEST_AT 10
#define BYTES 26

/* The purpose is a part of the digest, so that no other digest is a token. */
#define PURPOSE "pushcert.skiptoken.1"

static void
put_u64(uint64_t u, uint8_t *out)
{
	unsigned i;

	for (i = 0; i < sizeof(u); i++)
		out[i] = (uint8_t)(u >> 8 * (sizeof(u) - 1 - i));
}

static uint64_t
get_u64(const uint8_t *p)
{
	uint64_t u = 0;
	unsigned i;

	for (i = 0; i < sizeof(u); i++)
		u = u << 8 | p[i];
	return u;
}

void
skiptoken_make(const struct skiptoken *t, char out[SKIPTOKEN_LEN])
{
	uint8_t byte[BYTES] = { VERSION, t->ascending };
	uint8_t digest[CRYPTO_SHA256_LEN];
	uint8_t about[sizeof(PURPOSE) + DIGEST_AT + sizeof(t->tenant) + 16];
	char text[STR_BASE64_SIZE(BYTES)];
	uint8_t *p = about;
	size_t n;

	put_u64(t->number, byte + NUMBER_AT);
	memcpy(p, PURPOSE, sizeof(PURPOSE));
	p += sizeof(PURPOSE);
	memcpy(p, byte, DIGEST_AT);
	p += DIGEST_AT;
	memcpy(p, t->tenant.byte, sizeof(t->tenant.byte));
	p += sizeof(t->tenant.byte);
	put_u64((uint64_t)t->when.at, p);
	put_u64(t->when.nano, p + 8);
	crypto_sha256(str_from((const char *)about, sizeof(about)), digest);
	memcpy(byte + DIGEST_AT, digest, BYTES - DIGEST_AT);
	n = str_base64url(byte, sizeof(byte), text);
	memcpy(out, text, n);
}

bool
skiptoken_read(struct str text, struct skiptoken *out)
{
	uint8_t byte[BYTES + 2];
	size_t n;

	if (text.n != SKIPTOKEN_LEN || !str_unbase64url(text, byte, &n) ||
	    n != BYTES || byte[0] != VERSION || byte[1] > 1)
		return false;
	*out = (struct skiptoken){ .ascending = byte[1] == 1,
		.number = get_u64(byte + NUMBER_AT) };
	return out->number > 0;
}

bool
skiptoken_is(struct str text, const struct skiptoken *t)
{
	char right[SKIPTOKEN_LEN];

	skiptoken_make(t, right);
	return str_eq(text, str_from(right, sizeof(right)));
}
