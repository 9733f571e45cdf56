/* SPDX-License-Identifier: ISC */
/*
 * fuzz_skiptoken.c - the input is a $skiptoken. It is valid for a place only if
 * it is the token of that place, so no text is valid for two tenants. A second
 * token is made from the bytes of the input, and a change of it is refused.
 */
#include "fuzz.h"

#include <string.h>

#include "format/skiptoken.h"

/* A place made from the first bytes of the input. */
static struct skiptoken
place_of(const uint8_t *data, size_t size)
{
	struct skiptoken t = { .number = 1 };
	uint8_t byte[40] = { 0 };

	memcpy(byte, data, size < sizeof(byte) ? size : sizeof(byte));
	memcpy(t.tenant.byte, byte, sizeof(t.tenant.byte));
	t.ascending = byte[16] & 1;
	memcpy(&t.when.at, byte + 20, sizeof(t.when.at));
	memcpy(&t.when.nano, byte + 28, sizeof(t.when.nano));
	memcpy(&t.number, byte + 32, sizeof(t.number));
	t.number += t.number == 0;
	return t;
}

static void
check_made(const struct skiptoken *t, size_t at, char flip)
{
	struct skiptoken read, other = *t;
	char text[SKIPTOKEN_LEN];
	struct str token;

	skiptoken_make(t, text);
	token = str_from(text, sizeof(text));
	fuzz_check(skiptoken_read(token, &read));
	fuzz_check(read.number == t->number && read.ascending == t->ascending);
	fuzz_check(skiptoken_is(token, t));
	other.tenant.byte[at % sizeof(other.tenant.byte)] ^= 1;
	fuzz_check(!skiptoken_is(token, &other));
	if (flip == 0)
		return;
	text[at % sizeof(text)] ^= flip;
	fuzz_check(!skiptoken_is(token, t));
	if (skiptoken_read(token, &other)) {
		other.tenant = t->tenant;
		other.when = t->when;
		fuzz_check(!skiptoken_is(token, &other));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_from((const char *)data, size);
	struct skiptoken t = place_of(data, size), read;

	if (skiptoken_read(text, &read)) {
		fuzz_check(size == SKIPTOKEN_LEN && read.number > 0);
		/* The input is no token of a tenant that is made from it. */
		read.tenant = t.tenant;
		read.when = t.when;
		fuzz_check(!skiptoken_is(text, &read));
	}
	fuzz_check(!skiptoken_is(text, &t));
	check_made(
	    &t, size > 41 ? data[40] : 0, size > 41 ? (char)data[41] : 0);
	return 0;
}
