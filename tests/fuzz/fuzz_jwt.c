/* SPDX-License-Identifier: ISC */
/*
 * fuzz_jwt.c - the first byte of an input selects the meaning of the rest: a
 * token (t), the header of a token (h), or claims (c). No token can be valid,
 * because no test has the private key. Accepted claims must be within bounds.
 *
 * The target includes the source file to reach the claims. Through the
 * signature check they would be reachable only with signed tokens, and signing
 * takes a thousand times as long.
 */
#include "format/jwt.c"

#include "fuzz.h"

#include <openssl/err.h>

#define TEXT_MAX 8192
#define MODULUS                                                            \
	"v8XZpcSCBJaz10j429WRXXbmakVXeYkQRW1y890oLrzBz--dMY9LIEQbz3CDW7qZ" \
	"ALBTcHD0U2Sn2E7O57YXrxh8SDV6y9Eo4RmIuquw_S3hCzThF1EG1QakDuUJnBN5" \
	"u1oz8wIr_6VgHfU1ujDdFdr19q87KOcWRFzvVrUmqVxQ7RcPxPG7fYeZnwqGJFxN" \
	"2zgP5fFn-EV-GBRCZ543sDDG2khNFlxCF1m2GUtVNUsbcMOalg38oVHgqURXwQwG" \
	"Ng3mScKN3Kzoj9KhYXmREGN5szdthaf1mUoZ5ZUpb81kYeIW175rCYCN1qKEG8fG" \
	"d3-tdoDLR6R2uesTYtUIcw"

static const char set[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"one\",\"e\":\"AQAB\","
    "\"n\":\"" MODULUS "\"}]}";
static char block[JWT_ARENA];

static void
check_token(struct str token)
{
	static struct jwt_keys keys;
	struct str what = STR("");
	struct arena a;
	struct jwt t;
	enum err e;

	arena_init(&a, block, sizeof(block));
	if (keys.n == 0)
		fuzz_check(
		    jwt_keys_read(str_of(set), &a, &keys, &what) == ERR_OK);
	arena_reset(&a);
	e = jwt_verify(&keys, token, &a, &t, &what);
	fuzz_check(e == ERR_TOKEN_INVALID && what.n > 0);
	fuzz_check(ERR_peek_error() == 0);
}

static void
check_header(struct str header)
{
	static char text[STR_BASE64_SIZE(TEXT_MAX) + 16];
	size_t n;

	n = str_base64url((const uint8_t *)header.p, header.n, text);
	memcpy(text + n, ".e30.AAAA", 9);
	check_token(str_from(text, n + 9));
}

static void
check_list(const struct jwt_list *list)
{
	struct str item;
	size_t at = 0;

	while (jwt_list_next(list, &at, &item))
		fuzz_check(item.p != NULL && str_utf8_valid(item));
}

static void
check_claims(struct str claims)
{
	static const struct str one = STR("https://a.test/{tenantid}/");
	const struct jwt_policy policy = { &one, 1, &one, 1 };
	struct str what = STR("");
	struct jwt t = { .expires_at = 0 };
	struct arena a;
	struct json doc;

	arena_init(&a, block, sizeof(block));
	if (parse(claims, &a, &doc) != ERR_OK ||
	    read_claims(&doc, &t, &what) != ERR_OK)
		return;
	fuzz_check(t.issuer.n > 0 && str_utf8_valid(t.issuer));
	fuzz_check(t.expires_at > 0 && t.expires_at < INT64_C(1) << 40);
	check_list(&t.audience);
	check_list(&t.scopes);
	check_list(&t.roles);
	fuzz_check(jwt_judge(&t, &policy, t.expires_at, &what) != ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_from((const char *)data, size);

	if (size == 0 || size > TEXT_MAX)
		return 0;
	rest = str_tail(rest, 1);
	switch (data[0]) {
	case 't':
		check_token(rest);
		break;
	case 'h':
		check_header(rest);
		break;
	case 'c':
		check_claims(rest);
		break;
	default:
		break;
	}
	return 0;
}
