/* SPDX-License-Identifier: ISC */
/*
 * test_crypto.c - hashing, comparing, sealing and verifying. The expected
 * values are NIST test vectors (FIPS 180-2, SP 800-38D) or were computed by
 * another program.
 */
#include "format/crypto.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "unit.h"

static const struct hash_case {
	const char *name;
	struct str text;
	const char *hash;
} hash_cases[] = {
	{ "hashes the empty text", STR(""),
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855" },
	{ "hashes the null slice as the empty text", { NULL, 0 },
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855" },
	{ "hashes less than a block", STR("abc"),
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad" },
	{ "hashes more than a block",
	    STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(hash)
{
	const struct hash_case *c = &hash_cases[_i];
	uint8_t got[CRYPTO_SHA256_LEN];
	char hex[2 * CRYPTO_SHA256_LEN];

	crypto_sha256(
	    str_is_null(c->text) ? c->text : unit_guard(0, c->text), got);
	str_hex(got, sizeof(got), hex);
	unit_same(c->name, str_from(hex, sizeof(hex)), str_of(c->hash));
}
END_TEST

static const struct equal_case {
	const char *name;
	const char *a, *b;
	bool equal;
} equal_cases[] = {
	{ "equal texts are equal", "secret", "secret", true },
	{ "the first byte counts", "secret", "Secret", false },
	{ "the last byte counts", "secret", "secreT", false },
	{ "empty texts are equal", "", "", true },
};

/* Test cases of RFC 4231, section 4, and a value of hmac in Python 3.11. */
static const struct mac_case {
	const char *name;
	struct str key, text;
	const char *mac;
} mac_cases[] = {
	{ "signs with a short key (test case 2)", STR("Jefe"),
	    STR("what do ya want for nothing?"),
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843" },
	{ "signs with a key of 20 bytes (test case 1)",
	    STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
	    STR("Hi There"),
	    "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7" },
	{ "signs the empty text", STR("key"), STR(""),
	    "5d5d139563c95b5967b9bd9a8c9b233a"
	    "9dedb45072794cd232dc1b74832607d0" },
};

START_TEST(mac)
{
	const struct mac_case *c = &mac_cases[_i];
	uint8_t got[CRYPTO_SHA256_LEN];
	char hex[2 * CRYPTO_SHA256_LEN];

	ck_assert_int_eq(crypto_hmac(c->key, c->text, got), ERR_OK);
	str_hex(got, sizeof(got), hex);
	unit_same(c->name, str_from(hex, sizeof(hex)), str_of(c->mac));
}
END_TEST

START_TEST(equal)
{
	const struct equal_case *c = &equal_cases[_i];

	unit_check(c->name, crypto_equal(c->a, c->b, strlen(c->a)) == c->equal);
}
END_TEST

START_TEST(wipe)
{
	char secret[] = "secret";

	crypto_wipe(secret, sizeof(secret));
	ck_assert_mem_eq(secret, "\0\0\0\0\0\0", sizeof(secret));
}
END_TEST

START_TEST(randomness)
{
	uint8_t a[CRYPTO_KEY_LEN] = { 0 }, b[CRYPTO_KEY_LEN] = { 0 };

	ck_assert_int_eq(crypto_random(a, sizeof(a)), ERR_OK);
	ck_assert_int_eq(crypto_random(b, sizeof(b)), ERR_OK);
	ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

/* The key is the bytes 00 to 1f, the nonce a0 to ab; the sealed text is bound
 * to "tenant". */
static const struct open_case {
	const char *name;
	const char *sealed; /* hexadecimal */
	const char *about;
	const char *plain;
	enum err e;
} open_cases[] = {
	{ "opens a text that another program sealed",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cb44ec56808944354fd9745c68617d40cf",
	    "tenant", "a secret", ERR_OK },
	{ "opens an empty text",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "c4091f02d83ccb1fab5c0417ea04ab26",
	    "tenant", "", ERR_OK },
	{ "opens a text with an empty `about`",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cbf9c37edcf135cb3477fa6fc05ab7f47c",
	    "", "a secret", ERR_OK },
	{ "refuses a text sealed with another `about`",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cb44ec56808944354fd9745c68617d40cf",
	    "tenanT", "", ERR_CORRUPT },
	{ "refuses a text sealed with part of `about`",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cb44ec56808944354fd9745c68617d40cf",
	    "tenan", "", ERR_CORRUPT },
	{ "refuses a seal that does not cover the version",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cbffbf52ea64588268b3a84929d1e20c03",
	    "tenant", "", ERR_CORRUPT },
	{ "refuses version 0",
	    "00"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cb297065e630972bb64c2ead4c0b5fc73a",
	    "tenant", "", ERR_CORRUPT },
	{ "knows a newer version",
	    "02"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cbf248032b43311645669b4f04df1ac8d0",
	    "tenant", "", ERR_NEWER },
	{ "refuses a byte too many",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cb44ec56808944354fd9745c68617d40cf00",
	    "tenant", "", ERR_CORRUPT },
	{ "refuses a byte too few",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cb44ec56808944354fd9745c68617d40",
	    "tenant", "", ERR_CORRUPT },
	{ "refuses the empty text", "", "tenant", "", ERR_CORRUPT },
	{ "refuses a text shorter than head and tag",
	    "01"
	    "a0a1a2a3a4a5a6a7a8a9aaab"
	    "87380f4826b967cb44ec5680894435",
	    "tenant", "", ERR_CORRUPT },
};

static size_t
unhex(const char *hex, uint8_t *bytes)
{
	size_t n = strlen(hex) / 2;

	ck_assert(str_unhex(str_of(hex), bytes, n));
	return n;
}

static void
counting_key(uint8_t key[CRYPTO_KEY_LEN])
{
	uint8_t i;

	for (i = 0; i < CRYPTO_KEY_LEN; i++)
		key[i] = i;
}

START_TEST(open_known)
{
	const struct open_case *c = &open_cases[_i];
	uint8_t key[CRYPTO_KEY_LEN], bytes[128], out[128];
	struct str sealed;
	enum err e;
	size_t n;

	counting_key(key);
	sealed = str_from((char *)bytes, unhex(c->sealed, bytes));
	e = crypto_open(key, str_of(c->about), unit_guard(0, sealed), out, &n);
	unit_check(c->name, e == c->e);
	if (e == ERR_OK)
		unit_same(c->name, str_from((char *)out, n), str_of(c->plain));
}
END_TEST

START_TEST(seal_then_open)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 1300,
		CRYPTO_SEAL_MAX };
	size_t size = sizes[_i], n;
	char *plain = malloc(size + 1);
	uint8_t *sealed = malloc(size + CRYPTO_SEAL_MORE);
	uint8_t *again = malloc(size + CRYPTO_SEAL_MORE);
	uint8_t *opened = malloc(size + 1);
	struct str text = { plain, size };
	uint8_t key[CRYPTO_KEY_LEN];

	counting_key(key);
	ck_assert(plain != NULL);
	memset(plain, 'k', size);
	ck_assert_int_eq(crypto_seal(key, str_of("a"), text, sealed), ERR_OK);
	ck_assert_int_eq(crypto_seal(key, str_of("a"), text, again), ERR_OK);
	/* A second seal of the same text uses another nonce. */
	ck_assert_mem_ne(sealed, again, size + CRYPTO_SEAL_MORE);
	ck_assert_int_eq(
	    crypto_open(key, str_of("a"),
		str_from((char *)sealed, size + CRYPTO_SEAL_MORE), opened, &n),
	    ERR_OK);
	ck_assert_uint_eq(n, size);
	ck_assert_mem_eq(opened, plain, size);
	if (size >= 16)
		ck_assert_ptr_null(
		    memmem(sealed, size + CRYPTO_SEAL_MORE, plain, 16));
	free(plain);
	free(sealed);
	free(again);
	free(opened);
}
END_TEST

/* A change of any bit of the sealed text, the key or `about` is refused. A
 * refused text leaves no plaintext in the output. */
START_TEST(every_bit_matters)
{
	char about[] = "tenant 7 request 2 version 1";
	static const char plain[] = "a private key, as DER";
	uint8_t sealed[sizeof(plain) + CRYPTO_SEAL_MORE];
	uint8_t key[CRYPTO_KEY_LEN], out[sizeof(plain)];
	struct str whole = { (char *)sealed, sizeof(sealed) };
	struct {
		uint8_t *p;
		size_t n;
	} part[] = {
		{ sealed, sizeof(sealed) },
		{ key, sizeof(key) },
		{ (uint8_t *)about, sizeof(about) },
	};
	size_t i, k, n;
	enum err e;

	counting_key(key);
	ck_assert_int_eq(crypto_seal(key, str_from(about, sizeof(about)),
			     str_from(plain, sizeof(plain)), sealed),
	    ERR_OK);
	for (i = 0; i < 3; i++)
		for (k = 0; k < 8 * part[i].n; k++) {
			part[i].p[k / 8] ^= (uint8_t)(1 << k % 8);
			memset(out, 0, sizeof(out));
			e = crypto_open(key, str_from(about, sizeof(about)),
			    whole, out, &n);
			ck_assert(e == ERR_CORRUPT ||
			    (e == ERR_NEWER && i == 0 && k < 8));
			ck_assert(out[0] == 0 && out[sizeof(out) - 1] == 0);
			part[i].p[k / 8] ^= (uint8_t)(1 << k % 8);
		}
	for (n = 0; n < sizeof(sealed); n++)
		ck_assert_int_eq(
		    crypto_open(key, str_from(about, sizeof(about)),
			unit_guard(0, str_head(whole, n)), out, &k),
		    ERR_CORRUPT);
	ck_assert_int_eq(
	    crypto_open(key, str_from(about, sizeof(about)), whole, out, &k),
	    ERR_OK);
}
END_TEST

/* The public half of a key that another program made, and a signature by that
 * key. The private half was thrown away. */
static const char modulus[] =
    "b6b2327f65f6b0476f7d2c409c764081b39187ea560bba9afda165a2b7a3e178"
    "8317e2dfbb811b0dcc8a742de22139c581685084e448ef8966e0c77be356f771"
    "12ce415653b8d3cea1c04c149e6c949baf3eb58eba2c400d412df5d89905170a"
    "8d6b7243caad37011101a4bf5b9abd978de6a6b11d607a587987aff6a954fa37"
    "71082a2291f00c9527bf9182d81fcb5a988abbd4e9fdafa81024aaa572ec88b2"
    "92492cc5c4db9fd98885b08abde060bf68ce1f96cc348dff6b0374d3ab784dcc"
    "1582dfd1c36267e36358ca8d15c3127ece9a15b265018b4231b3fbe15e5a0928"
    "0a322020c99ef2f3b5b6dcaa89b8c5a5dc4b9bd8ccb3b8873123e55bbd110a5f";
static const char signature[] =
    "a5ef4084b1f8d3f5ddc57ece5e459caae5871d151b92fbd7ec199bc4648fbf09"
    "b0673e806b9cbf0327b9a9ff44aa900e9c3e1adccd43f8c943f0761d6d65d580"
    "8ce23860be2de1b608befa1dacf4cb4e0a68337d4ca8ba4df3cac09955669aa6"
    "44172f0da4387965043b2a94bc2e11f95f2924a28686913cae03ce79b4a5f37a"
    "06ac6211a55cdf2d4fea759d00d7af94c2b5e29b4d4baec7fe2cb67dfdf929da"
    "81d5643c801fa1cf75164b8fbf9916843c325c257af0b83485e260b5620e3c9e"
    "b7d1736b8265668c7762fa91064dfcba52eeaa532b19392f56a0bfefabd1de8a"
    "f7883f993582491b4e09ffa1a3d6c96b40935856fd90ebbea0891a2ed4f58bda";

static const struct rsa_case {
	const char *name;
	const char *modulus, *exponent; /* hexadecimal */
	struct str text;
	size_t
	    flip; /* index of the byte of the signature to change; 256: none */
	size_t shorter; /* how many bytes of the signature are cut off */
	enum err made, verified;
} rsa_cases[] = {
	{ "verifies a signature of another program", modulus, "010001",
	    STR("a text"), 256, 0, ERR_OK, ERR_OK },
	{ "accepts zeros before the exponent", modulus, "00010001",
	    STR("a text"), 256, 0, ERR_OK, ERR_OK },
	{ "refuses another text", modulus, "010001", STR("a texT"), 256, 0,
	    ERR_OK, ERR_TOKEN_INVALID },
	{ "refuses an empty text", modulus, "010001", STR(""), 256, 0, ERR_OK,
	    ERR_TOKEN_INVALID },
	{ "refuses another first byte", modulus, "010001", STR("a text"), 0, 0,
	    ERR_OK, ERR_TOKEN_INVALID },
	{ "refuses another last byte", modulus, "010001", STR("a text"), 255, 0,
	    ERR_OK, ERR_TOKEN_INVALID },
	{ "refuses a byte less", modulus, "010001", STR("a text"), 256, 1,
	    ERR_OK, ERR_TOKEN_INVALID },
	{ "refuses an empty signature", modulus, "010001", STR("a text"), 256,
	    256, ERR_OK, ERR_TOKEN_INVALID },
	{ "refuses another exponent", modulus, "03", STR("a text"), 256, 0,
	    ERR_OK, ERR_TOKEN_INVALID },
	{ "refuses an exponent of 1", modulus, "01", STR(""), 256, 0,
	    ERR_CONFIG, ERR_OK },
	{ "refuses an even exponent", modulus, "010000", STR(""), 256, 0,
	    ERR_CONFIG, ERR_OK },
	{ "refuses an exponent of 0", modulus, "00", STR(""), 256, 0,
	    ERR_CONFIG, ERR_OK },
	{ "refuses an exponent of five bytes", modulus, "0100000001", STR(""),
	    256, 0, ERR_CONFIG, ERR_OK },
	{ "refuses a short modulus", "c1000001", "010001", STR(""), 256, 0,
	    ERR_CONFIG, ERR_OK },
	{ "refuses an empty modulus", "", "010001", STR(""), 256, 0, ERR_CONFIG,
	    ERR_OK },
};

START_TEST(verify)
{
	const struct rsa_case *c = &rsa_cases[_i];
	uint8_t n[512], e[8], bytes[256];
	struct str modulus_bytes, exponent, sig;
	struct crypto_rsa *key;

	modulus_bytes = str_from((char *)n, unhex(c->modulus, n));
	exponent = str_from((char *)e, unhex(c->exponent, e));
	sig = str_from((char *)bytes, unhex(signature, bytes) - c->shorter);
	if (c->flip < sizeof(bytes))
		bytes[c->flip] ^= 1;
	unit_check(
	    c->name, crypto_rsa_new(modulus_bytes, exponent, &key) == c->made);
	unit_check(c->name, (key != NULL) == (c->made == ERR_OK));
	if (key != NULL)
		unit_check(c->name,
		    crypto_rsa_verify(key, unit_guard(0, c->text),
			unit_guard(1, sig)) == c->verified);
	crypto_rsa_free(key);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("crypto");
	TCase *t = tcase_create("crypto");

	tcase_add_loop_test(t, hash, 0, ROWS(hash_cases));
	tcase_add_loop_test(t, mac, 0, ROWS(mac_cases));
	tcase_add_loop_test(t, equal, 0, ROWS(equal_cases));
	tcase_add_test(t, wipe);
	tcase_add_test(t, randomness);
	tcase_add_loop_test(t, open_known, 0, ROWS(open_cases));
	tcase_add_loop_test(t, seal_then_open, 0, 7);
	tcase_add_test(t, every_bit_matters);
	tcase_add_loop_test(t, verify, 0, ROWS(rsa_cases));
	suite_add_tcase(s, t);
	return unit_run(s);
}
