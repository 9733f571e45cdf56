/* SPDX-License-Identifier: ISC */
/*
 * test_jwt.c - valid and invalid tokens. The test signs them in every way that
 * an attacker might try.
 */
#include "format/jwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "unit.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

/* main creates these: the key that signs, a second key, and the set, which
 * lists the first as "one" and the second as "two". */
static EVP_PKEY *own, *stranger;
static struct jwt_keys keys;
/* The modulus and exponent of the signing key, in base64url. */
static char modulus[512], exponent[8];

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"one\",\"typ\":\"JWT\"}"
#define TENANT "\"tid\":\"6fa459ea-ee8a-4ca4-894e-db77e160355e\""
#define ISSUER "\"iss\":\"https://sts.windows.net/6fa459ea/\""
#define AUDIENCE "\"aud\":\"https://graph.microsoft.com\""
#define EXPIRES "\"exp\":2000000000"
/* Valid claims, with room for another claim. BUT_x leaves the claim x out, so
 * that the room serves for a replacement. */
#define BUT_TENANT(more) "{" ISSUER "," AUDIENCE "," EXPIRES more "}"
#define BUT_EXPIRES(more) "{" ISSUER "," AUDIENCE "," TENANT more "}"
#define BUT_AUDIENCE(more) "{" ISSUER "," EXPIRES "," TENANT more "}"
#define BUT_ISSUER(more) "{" AUDIENCE "," EXPIRES "," TENANT more "}"
#define CLAIMS(more) "{" ISSUER "," AUDIENCE "," EXPIRES "," TENANT more "}"
#define GOOD CLAIMS("")

enum sign {
	RS256,
	RS384,
	RS512,
	RS1,
	PS256,
	RAW_HASH, /* PKCS#1 v1.5 without the identifier of the hash */
	STRANGER, /* RS256 with the second key */
	HS256_PEM, /* HMAC with the public key as its key */
	HS256_DER,
	HS256_MODULUS,
	HS256_EMPTY,
	NOTHING,
	ZEROS,
	ONES,
	LONGER, /* the signature after a zero byte */
	SHORTER,
	OTHER_TEXT /* the signature of another token */
};

/* How the finished token is changed. */
enum mangle {
	AS_IT_IS,
	PADDED,
	STRAY_BITS, /* unused bits set in the last digit of the signature */
	STRAY_BITS_IN_CLAIMS,
	STANDARD_BASE64,
	LINE_END,
	BLANK_BEFORE,
	BLANK_INSIDE,
	NUL_BEHIND,
	DOT_BEHIND,
	DOT_BEFORE,
	FOURTH_PART,
	FIVE_PARTS,
	TWO_PARTS,
	ONE_PART,
	SCHEME, /* "Bearer " before the token */
	JSON_FORM,
	OTHER_HEADER, /* another header with the same meaning */
	OTHER_CLAIMS,
	EMPTY,
	DOTS
};

static const struct token_case {
	const char *name;
	const char *header, *claims;
	enum sign sign;
	enum mangle mangle;
	const char *what; /* NULL if the token is accepted */
} token_cases[] = {
#define PARTS "it does not consist of three parts in base64url"
#define ALG "its algorithm is not RS256"
#define HEAD "its header has a member that is not supported"
#define NOT_JSON "its header is not JSON"
#define TYPE "its type (typ) is not JWT or at+jwt"
#define KID "its key (kid) is not in the key set"
#define WRONG "its signature is invalid"
#define CLAIM "its claims are not JSON"
#define TIMES "its exp, nbf or iat is missing or invalid"
#define FROM_FOR "its iss or aud is missing or invalid"
#define TID "its tid is missing or not a GUID"
#define RIGHTS "its scp or roles is invalid"
#define NAMES "its appid, azp, oid, upn or nonce is invalid"
#define ALG_IS(alg) "{\"alg\":" alg ",\"kid\":\"one\"}"
#define KID_IS(kid) "{\"alg\":\"RS256\",\"kid\":" kid "}"
#define WITH(member) "{\"alg\":\"RS256\",\"kid\":\"one\"," member "}"

	{ "accepts a valid one", HEADER, GOOD, RS256, AS_IT_IS, NULL },
	{ "takes one without a type", KID_IS("\"one\""), GOOD, RS256, AS_IT_IS,
	    NULL },
	{ "takes the type of RFC 9068", WITH("\"typ\":\"at+jwt\""), GOOD, RS256,
	    AS_IT_IS, NULL },
	{ "takes the type of RFC 9068 in full",
	    WITH("\"typ\":\"application/at+jwt\""), GOOD, RS256, AS_IT_IS,
	    NULL },
	{ "takes it in any case", WITH("\"typ\":\"Application/AT+JWT\""), GOOD,
	    RS256, AS_IT_IS, NULL },
	{ "takes a type that is null", WITH("\"typ\":null"), GOOD, RS256,
	    AS_IT_IS, NULL },
	{ "takes claims that are null", HEADER,
	    CLAIMS(",\"nbf\":null,\"iat\":null,\"scp\":null,\"roles\":null,"
		   "\"appid\":null,\"azp\":null,\"oid\":null,\"upn\":null"),
	    RS256, AS_IT_IS, NULL },
	{ "takes unknown headers", WITH("\"nonce\":\"x\",\"x5t\":\"y\""), GOOD,
	    RS256, AS_IT_IS, NULL },
	{ "takes blanks in its JSON", " {\"alg\" : \"RS256\", \"kid\":\"one\"}",
	    GOOD, RS256, AS_IT_IS, NULL },
	{ "takes escapes in its JSON",
	    "{\"\\u0061lg\":\"RS25\\u0036\",\"kid\":\"\\u006fne\"}", GOOD,
	    RS256, AS_IT_IS, NULL },
	{ "takes unknown claims", HEADER, CLAIMS(",\"ver\":[1,{\"a\":null}]"),
	    RS256, AS_IT_IS, NULL },

	/* Another algorithm. */
	{ "alg none without signature", ALG_IS("\"none\""), GOOD, NOTHING,
	    AS_IT_IS, PARTS },
	{ "alg none with a signature", ALG_IS("\"none\""), GOOD, RS256,
	    AS_IT_IS, ALG },
	{ "alg None", ALG_IS("\"None\""), GOOD, ZEROS, AS_IT_IS, ALG },
	{ "alg NONE", ALG_IS("\"NONE\""), GOOD, ZEROS, AS_IT_IS, ALG },
	{ "alg nOnE", ALG_IS("\"nOnE\""), GOOD, ZEROS, AS_IT_IS, ALG },
	{ "no alg", "{\"kid\":\"one\"}", GOOD, RS256, AS_IT_IS, ALG },
	{ "alg empty", ALG_IS("\"\""), GOOD, RS256, AS_IT_IS, ALG },
	{ "alg null", ALG_IS("null"), GOOD, RS256, AS_IT_IS, ALG },
	{ "alg in an array", ALG_IS("[\"RS256\"]"), GOOD, RS256, AS_IT_IS,
	    ALG },
	{ "alg in an object", ALG_IS("{\"RS256\":1}"), GOOD, RS256, AS_IT_IS,
	    ALG },
	{ "alg a number", ALG_IS("256"), GOOD, RS256, AS_IT_IS, ALG },
	{ "alg in lower case", ALG_IS("\"rs256\""), GOOD, RS256, AS_IT_IS,
	    ALG },
	{ "alg with a blank", ALG_IS("\"RS256 \""), GOOD, RS256, AS_IT_IS,
	    ALG },
	{ "alg with NUL", ALG_IS("\"RS256\\u0000\""), GOOD, RS256, AS_IT_IS,
	    ALG },
	{ "the name of alg in upper case",
	    "{\"ALG\":\"RS256\",\"kid\":\"one\"}", GOOD, RS256, AS_IT_IS, ALG },
	{ "alg twice", "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"one\"}",
	    GOOD, RS256, AS_IT_IS, NOT_JSON },
	{ "alg twice by an escape",
	    "{\"alg\":\"RS256\",\"\\u0061lg\":\"none\",\"kid\":\"one\"}", GOOD,
	    RS256, AS_IT_IS, NOT_JSON },
	{ "HS256 with the public key as PEM", ALG_IS("\"HS256\""), GOOD,
	    HS256_PEM, AS_IT_IS, ALG },
	{ "HS256 with the public key as DER", ALG_IS("\"HS256\""), GOOD,
	    HS256_DER, AS_IT_IS, ALG },
	{ "HS256 with the modulus", ALG_IS("\"HS256\""), GOOD, HS256_MODULUS,
	    AS_IT_IS, ALG },
	{ "HS256 with an empty key", ALG_IS("\"HS256\""), GOOD, HS256_EMPTY,
	    AS_IT_IS, ALG },
	{ "HS256 declared as RS256", HEADER, GOOD, HS256_PEM, AS_IT_IS, WRONG },
	{ "RS384", ALG_IS("\"RS384\""), GOOD, RS384, AS_IT_IS, ALG },
	{ "RS384 declared as RS256", HEADER, GOOD, RS384, AS_IT_IS, WRONG },
	{ "RS512", ALG_IS("\"RS512\""), GOOD, RS512, AS_IT_IS, ALG },
	{ "RS512 declared as RS256", HEADER, GOOD, RS512, AS_IT_IS, WRONG },
	{ "SHA-1 declared as RS256", HEADER, GOOD, RS1, AS_IT_IS, WRONG },
	{ "PS256", ALG_IS("\"PS256\""), GOOD, PS256, AS_IT_IS, ALG },
	{ "PS256 declared as RS256", HEADER, GOOD, PS256, AS_IT_IS, WRONG },
	{ "ES256", ALG_IS("\"ES256\""), GOOD, RS256, AS_IT_IS, ALG },
	{ "EdDSA", ALG_IS("\"EdDSA\""), GOOD, RS256, AS_IT_IS, ALG },
	{ "encrypted", ALG_IS("\"RSA-OAEP\""), GOOD, RS256, FIVE_PARTS, PARTS },

	/* Another signature. */
	{ "no signature", HEADER, GOOD, NOTHING, AS_IT_IS, PARTS },
	{ "zeros for a signature", HEADER, GOOD, ZEROS, AS_IT_IS, WRONG },
	{ "ones for a signature", HEADER, GOOD, ONES, AS_IT_IS, WRONG },
	{ "a stranger's signature", HEADER, GOOD, STRANGER, AS_IT_IS, WRONG },
	{ "a signature of another text", HEADER, GOOD, OTHER_TEXT, AS_IT_IS,
	    WRONG },
	{ "a signature without the hash's name", HEADER, GOOD, RAW_HASH,
	    AS_IT_IS, WRONG },
	{ "a signature with a zero before it", HEADER, GOOD, LONGER, AS_IT_IS,
	    WRONG },
	{ "a signature cut short", HEADER, GOOD, SHORTER, AS_IT_IS, WRONG },

	/* Another key. */
	{ "no kid", "{\"alg\":\"RS256\"}", GOOD, RS256, AS_IT_IS, KID },
	{ "kid null", KID_IS("null"), GOOD, RS256, AS_IT_IS, KID },
	{ "kid empty", KID_IS("\"\""), GOOD, RS256, AS_IT_IS, KID },
	{ "kid a number", KID_IS("1"), GOOD, RS256, AS_IT_IS, KID },
	{ "kid in an array", KID_IS("[\"one\"]"), GOOD, RS256, AS_IT_IS, KID },
	{ "kid in another case", KID_IS("\"One\""), GOOD, RS256, AS_IT_IS,
	    KID },
	{ "kid with a blank", KID_IS("\"one \""), GOOD, RS256, AS_IT_IS, KID },
	{ "kid with NUL", KID_IS("\"one\\u0000\""), GOOD, RS256, AS_IT_IS,
	    KID },
	{ "kid cut short", KID_IS("\"on\""), GOOD, RS256, AS_IT_IS, KID },
	{ "kid a path", KID_IS("\"../../dev/null\""), GOOD, HS256_EMPTY,
	    AS_IT_IS, KID },
	{ "kid an injection", KID_IS("\"x' or '1'='1\""), GOOD, RS256, AS_IT_IS,
	    KID },
	{ "kid of another key", KID_IS("\"two\""), GOOD, RS256, AS_IT_IS,
	    WRONG },
	{ "kid of an unfit key", KID_IS("\"curve\""), GOOD, RS256, AS_IT_IS,
	    KID },
	{ "a key of its own", WITH("\"jwk\":{\"kty\":\"RSA\"}"), GOOD, STRANGER,
	    AS_IT_IS, HEAD },
	{ "a key of its own, though not used", WITH("\"jwk\":null"), GOOD,
	    RS256, AS_IT_IS, HEAD },
	{ "a set of its own", WITH("\"jku\":\"https://a.test/\""), GOOD,
	    STRANGER, AS_IT_IS, HEAD },
	{ "a certificate elsewhere", WITH("\"x5u\":\"https://a.test/\""), GOOD,
	    STRANGER, AS_IT_IS, HEAD },
	{ "a certificate of its own", WITH("\"x5c\":[\"MIIC\"]"), GOOD,
	    STRANGER, AS_IT_IS, HEAD },

	/* Another form. */
	{ "a critical header", WITH("\"crit\":[\"exp\"]"), GOOD, RS256,
	    AS_IT_IS, HEAD },
	{ "an empty list of critical ones", WITH("\"crit\":[]"), GOOD, RS256,
	    AS_IT_IS, HEAD },
	{ "compressed", WITH("\"zip\":\"DEF\""), GOOD, RS256, AS_IT_IS, HEAD },
	{ "not encoded", WITH("\"b64\":false"), GOOD, RS256, AS_IT_IS, HEAD },
	{ "a token in a token", WITH("\"cty\":\"JWT\""), GOOD, RS256, AS_IT_IS,
	    HEAD },
	{ "a method of encryption", WITH("\"enc\":\"A128GCM\""), GOOD, RS256,
	    AS_IT_IS, HEAD },
	{ "another type", WITH("\"typ\":\"JWE\""), GOOD, RS256, AS_IT_IS,
	    TYPE },
	{ "an identity token of RFC 9068's kind", WITH("\"typ\":\"id+jwt\""),
	    GOOD, RS256, AS_IT_IS, TYPE },
	{ "a type that is not a string", WITH("\"typ\":[\"JWT\"]"), GOOD, RS256,
	    AS_IT_IS, TYPE },
	{ "a header that is an array", "[\"RS256\"]", GOOD, RS256, AS_IT_IS,
	    NOT_JSON },
	{ "a header that is a string", "\"RS256\"", GOOD, RS256, AS_IT_IS,
	    NOT_JSON },
	{ "a header with text after it", HEADER "{}", GOOD, RS256, AS_IT_IS,
	    NOT_JSON },
	{ "a header with a mark before it", "\xef\xbb\xbf" HEADER, GOOD, RS256,
	    AS_IT_IS, NOT_JSON },
	{ "a header cut short", "{\"alg\":\"RS256\",\"kid\":\"one\"", GOOD,
	    RS256, AS_IT_IS, NOT_JSON },
	{ "a header that is not UTF-8", WITH("\"x\":\"\xff\""), GOOD, RS256,
	    AS_IT_IS, NOT_JSON },
	{ "an empty header", "", GOOD, RS256, AS_IT_IS, PARTS },
	{ "a header without members", "{}", GOOD, RS256, AS_IT_IS, ALG },
	{ "nothing", HEADER, GOOD, RS256, EMPTY, PARTS },
	{ "two dots", HEADER, GOOD, RS256, DOTS, PARTS },
	{ "one part", HEADER, GOOD, RS256, ONE_PART, PARTS },
	{ "two parts", HEADER, GOOD, RS256, TWO_PARTS, PARTS },
	{ "a fourth part", HEADER, GOOD, RS256, FOURTH_PART, PARTS },
	{ "a dot after it", HEADER, GOOD, RS256, DOT_BEHIND, PARTS },
	{ "a dot before it", HEADER, GOOD, RS256, DOT_BEFORE, PARTS },
	{ "padding", HEADER, GOOD, RS256, PADDED, PARTS },
	{ "stray bits in the signature", HEADER, GOOD, RS256, STRAY_BITS,
	    PARTS },
	{ "stray bits in the claims", HEADER, CLAIMS(" "), RS256,
	    STRAY_BITS_IN_CLAIMS, PARTS },
	{ "base64 that is not base64url", HEADER, CLAIMS(",\"x\":\"?????\""),
	    RS256, STANDARD_BASE64, PARTS },
	{ "a line end after it", HEADER, GOOD, RS256, LINE_END, PARTS },
	{ "a blank before it", HEADER, GOOD, RS256, BLANK_BEFORE, PARTS },
	{ "a blank in it", HEADER, GOOD, RS256, BLANK_INSIDE, PARTS },
	{ "NUL after it", HEADER, GOOD, RS256, NUL_BEHIND, PARTS },
	{ "the scheme before it", HEADER, GOOD, RS256, SCHEME, PARTS },
	{ "JSON instead of dots", HEADER, GOOD, RS256, JSON_FORM, PARTS },
	{ "another header under the same signature", HEADER, GOOD, RS256,
	    OTHER_HEADER, WRONG },
	{ "other claims under the same signature", HEADER, GOOD, RS256,
	    OTHER_CLAIMS, WRONG },

	/* A valid signature over claims of the wrong kind. */
	{ "claims that are an array", HEADER, "[]", RS256, AS_IT_IS, CLAIM },
	{ "claims that are not JSON", HEADER, "claims", RS256, AS_IT_IS,
	    CLAIM },
	{ "claims with text after them", HEADER, GOOD "{}", RS256, AS_IT_IS,
	    CLAIM },
	{ "claims that are not UTF-8", HEADER, CLAIMS(",\"x\":\"\xff\""), RS256,
	    AS_IT_IS, CLAIM },
	{ "a claim twice", HEADER, CLAIMS(",\"exp\":4000000000"), RS256,
	    AS_IT_IS, CLAIM },
	{ "a claim twice by an escape", HEADER,
	    CLAIMS(",\"t\\u0069d\":\"6fa459ea-ee8a-4ca4-894e-db77e160355f\""),
	    RS256, AS_IT_IS, CLAIM },
	{ "no exp", HEADER, BUT_EXPIRES(""), RS256, AS_IT_IS, TIMES },
	{ "exp in quotes", HEADER, BUT_EXPIRES(",\"exp\":\"2000000000\""),
	    RS256, AS_IT_IS, TIMES },
	{ "exp null", HEADER, BUT_EXPIRES(",\"exp\":null"), RS256, AS_IT_IS,
	    TIMES },
	{ "exp true", HEADER, BUT_EXPIRES(",\"exp\":true"), RS256, AS_IT_IS,
	    TIMES },
	{ "exp zero", HEADER, BUT_EXPIRES(",\"exp\":0"), RS256, AS_IT_IS,
	    TIMES },
	{ "exp negative", HEADER, BUT_EXPIRES(",\"exp\":-1"), RS256, AS_IT_IS,
	    TIMES },
	{ "exp with an exponent", HEADER, BUT_EXPIRES(",\"exp\":2e9"), RS256,
	    AS_IT_IS, TIMES },
	{ "exp with a fraction and an exponent", HEADER,
	    BUT_EXPIRES(",\"exp\":2000000000.5e1"), RS256, AS_IT_IS, TIMES },
	{ "exp after the year 9999", HEADER,
	    BUT_EXPIRES(",\"exp\":253402300800"), RS256, AS_IT_IS, TIMES },
	{ "exp beyond 64 bits", HEADER,
	    BUT_EXPIRES(",\"exp\":99999999999999999999"), RS256, AS_IT_IS,
	    TIMES },
	{ "nbf in quotes", HEADER, CLAIMS(",\"nbf\":\"1\""), RS256, AS_IT_IS,
	    TIMES },
	{ "no iss", HEADER, BUT_ISSUER(""), RS256, AS_IT_IS, FROM_FOR },
	{ "iss empty", HEADER, BUT_ISSUER(",\"iss\":\"\""), RS256, AS_IT_IS,
	    FROM_FOR },
	{ "iss in an array", HEADER, BUT_ISSUER(",\"iss\":[\"x\"]"), RS256,
	    AS_IT_IS, FROM_FOR },
	{ "aud a number", HEADER, BUT_AUDIENCE(",\"aud\":1"), RS256, AS_IT_IS,
	    FROM_FOR },
	{ "aud an object", HEADER, BUT_AUDIENCE(",\"aud\":{\"a\":1}"), RS256,
	    AS_IT_IS, FROM_FOR },
	{ "aud with a number in it", HEADER, BUT_AUDIENCE(",\"aud\":[\"a\",1]"),
	    RS256, AS_IT_IS, FROM_FOR },
	{ "accepts no tid, which jwt_judge refuses", HEADER, BUT_TENANT(""),
	    RS256, AS_IT_IS, NULL },
	{ "tid that is not a GUID", HEADER, BUT_TENANT(",\"tid\":\"common\""),
	    RS256, AS_IT_IS, TID },
	{ "tid with a blank", HEADER,
	    BUT_TENANT(",\"tid\":\"6fa459ea-ee8a-4ca4-894e-db77e160355e \""),
	    RS256, AS_IT_IS, TID },
	{ "tid in an array", HEADER,
	    BUT_TENANT(",\"tid\":[\"6fa459ea-ee8a-4ca4-894e-db77e160355e\"]"),
	    RS256, AS_IT_IS, TID },
	{ "roles with a number", HEADER, CLAIMS(",\"roles\":[\"a\",1]"), RS256,
	    AS_IT_IS, RIGHTS },
	{ "nonce a number", HEADER, CLAIMS(",\"nonce\":1"), RS256, AS_IT_IS,
	    NAMES },
	{ "preferred_username a number", HEADER,
	    CLAIMS(",\"upn\":\"a\",\"preferred_username\":1"), RS256, AS_IT_IS,
	    NAMES },
	{ "appid a number", HEADER, CLAIMS(",\"appid\":1"), RS256, AS_IT_IS,
	    NAMES },
	{ "azp a number beside appid", HEADER,
	    CLAIMS(",\"appid\":\"a\",\"azp\":1"), RS256, AS_IT_IS, NAMES },
	{ "upn an object", HEADER, CLAIMS(",\"upn\":{}"), RS256, AS_IT_IS,
	    NAMES },
};

/* --- making tokens -------------------------------------------------------- */

static void
must(bool holds)
{
	if (!holds) {
		fputs("libcrypto cannot sign\n", stderr);
		abort();
	}
}

static size_t
rsa_sign(
    EVP_PKEY *key, const EVP_MD *md, int padding, struct str text, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	size_t n = 512;

	must(EVP_DigestSignInit(ctx, &pctx, md, NULL, key) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(pctx, padding) == 1 &&
	    EVP_DigestSign(ctx, out, &n, (const uint8_t *)text.p, text.n) == 1);
	EVP_MD_CTX_free(ctx);
	return n;
}

static size_t
raw_sign(struct str text, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	uint8_t hash[CRYPTO_SHA256_LEN];
	size_t n = 512;

	crypto_sha256(text, hash);
	must(EVP_PKEY_sign_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_sign(ctx, out, &n, hash, sizeof(hash)) == 1);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

static size_t
public_key(bool pem, char out[1024])
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(own, &der);
	struct str text = str_from((char *)der, (size_t)n);
	struct buf b;
	char line[64];

	buf_init(&b, out, 1024);
	if (pem)
		buf_text(&b, "-----BEGIN PUBLIC KEY-----\n");
	for (; pem && text.n > 0; text = str_tail(text, 48)) {
		struct str part = str_head(text, 48);

		buf_put(&b, line,
		    str_base64((const uint8_t *)part.p, part.n, line));
		buf_char(&b, '\n');
	}
	if (pem)
		buf_text(&b, "-----END PUBLIC KEY-----\n");
	else
		buf_str(&b, text);
	OPENSSL_free(der);
	return b.n;
}

static size_t
hmac_sign(enum sign how, struct str text, uint8_t *out)
{
	char key[1024];
	unsigned n = 0;
	size_t key_n = 0;

	if (how == HS256_PEM || how == HS256_DER)
		key_n = public_key(how == HS256_PEM, key);
	else if (how == HS256_MODULUS)
		must(str_unbase64url(str_of(modulus), (uint8_t *)key, &key_n));
	must(HMAC(EVP_sha256(), key, (int)key_n, (const uint8_t *)text.p,
		 text.n, out, &n) != NULL);
	return n;
}

static size_t
sign_text(enum sign how, struct str text, uint8_t *out)
{
	const int pkcs1 = RSA_PKCS1_PADDING;
	size_t n = 256;

	switch (how) {
	case RS256:
		return rsa_sign(own, EVP_sha256(), pkcs1, text, out);
	case RS384:
		return rsa_sign(own, EVP_sha384(), pkcs1, text, out);
	case RS512:
		return rsa_sign(own, EVP_sha512(), pkcs1, text, out);
	case RS1:
		return rsa_sign(own, EVP_sha1(), pkcs1, text, out);
	case PS256:
		return rsa_sign(
		    own, EVP_sha256(), RSA_PKCS1_PSS_PADDING, text, out);
	case RAW_HASH:
		return raw_sign(text, out);
	case STRANGER:
		return rsa_sign(stranger, EVP_sha256(), pkcs1, text, out);
	case HS256_PEM:
	case HS256_DER:
	case HS256_MODULUS:
	case HS256_EMPTY:
		return hmac_sign(how, text, out);
	case NOTHING:
		return 0;
	case ZEROS:
	case ONES:
		memset(out, how == ZEROS ? 0 : 0xff, n);
		return n;
	case LONGER:
		out[0] = 0;
		return rsa_sign(own, EVP_sha256(), pkcs1, text, out + 1) + 1;
	case SHORTER:
		return rsa_sign(own, EVP_sha256(), pkcs1, text, out) - 1;
	case OTHER_TEXT:
		return rsa_sign(
		    own, EVP_sha256(), pkcs1, str_head(text, text.n - 1), out);
	}
	return 0;
}

static void
put_part(struct buf *b, struct str part)
{
	char digits[STR_BASE64_SIZE(JWT_TOKEN_MAX)];

	buf_put(
	    b, digits, str_base64url((const uint8_t *)part.p, part.n, digits));
}

static void
put_token(struct buf *b, struct str header, struct str claims, enum sign how)
{
	uint8_t signature[512];
	size_t n;

	put_part(b, header);
	buf_char(b, '.');
	put_part(b, claims);
	n = sign_text(how, buf_view(b), signature);
	buf_char(b, '.');
	put_part(b, str_from((char *)signature, n));
}

static struct str
part_of(struct str token, int i)
{
	struct str part = str_of(NULL);

	for (; i >= 0; i--)
		part = str_cut(&token, '.');
	return part;
}

/* Writes a part with another last digit that decodes to the same bytes: the
 * last digit has unused bits. */
static void
put_stray(struct buf *b, struct str part)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *last = strchr(digits, part.p[part.n - 1]);

	must(part.n % 4 != 0 && last != NULL);
	buf_str(b, str_head(part, part.n - 1));
	buf_char(b, digits[(last - digits) ^ 1]);
}

/* Changes that add text before or after the token, or remove parts of it. */
static const struct edge {
	struct str before;
	int parts; /* how many parts of the token remain */
	struct str behind;
} edges[] = {
	[AS_IT_IS] = { STR(""), 3, STR("") },
	[PADDED] = { STR(""), 3, STR("==") },
	[LINE_END] = { STR(""), 3, STR("\n") },
	[BLANK_BEFORE] = { STR(" "), 3, STR("") },
	[NUL_BEHIND] = { STR(""), 3, STR("\0") },
	[DOT_BEHIND] = { STR(""), 3, STR(".") },
	[DOT_BEFORE] = { STR("."), 3, STR("") },
	[FOURTH_PART] = { STR(""), 3, STR(".AAAA") },
	[FIVE_PARTS] = { STR(""), 3, STR(".AAAA.AAAA") },
	[TWO_PARTS] = { STR(""), 2, STR("") },
	[ONE_PART] = { STR(""), 1, STR("") },
	[SCHEME] = { STR("Bearer "), 3, STR("") },
	[EMPTY] = { STR(""), 0, STR("") },
	[DOTS] = { STR(""), 0, STR("..") },
};

static void
put_edges(struct buf *b, struct str token, const struct edge *how)
{
	size_t parts[4] = { 0, part_of(token, 0).n, 0, token.n };

	parts[2] = parts[1] + 1 + part_of(token, 1).n;
	buf_str(b, how->before);
	buf_str(b, str_head(token, parts[how->parts]));
	buf_str(b, how->behind);
}

static void
put_standard(struct buf *b, struct str token)
{
	size_t i;

	for (i = 0; i < token.n; i++)
		buf_char(b,
		    token.p[i] == '-'       ? '+'
			: token.p[i] == '_' ? '/'
					    : token.p[i]);
}

/* Writes the token with a change inside one of its parts. */
static void
put_mangled(struct buf *b, struct str token, enum mangle how)
{
	static const struct str header = STR(" " HEADER);
	static const struct str other = STR(CLAIMS(",\"roles\":[\"All\"]"));
	struct str h = part_of(token, 0), c = part_of(token, 1);
	struct str s = part_of(token, 2);

	if (how == STRAY_BITS) {
		buf_str(b, str_head(token, h.n + c.n + 2));
		put_stray(b, s);
	} else if (how == STRAY_BITS_IN_CLAIMS) {
		buf_str(b, str_head(token, h.n + 1));
		put_stray(b, c);
		buf_str(b, str_tail(token, h.n + 1 + c.n));
	} else if (how == OTHER_HEADER) {
		put_part(b, header);
		buf_str(b, str_tail(token, h.n));
	} else if (how == OTHER_CLAIMS) {
		buf_str(b, str_head(token, h.n + 1));
		put_part(b, other);
		buf_str(b, str_tail(token, h.n + 1 + c.n));
	} else if (how == BLANK_INSIDE) {
		buf_str(b, str_head(token, 8));
		buf_char(b, ' ');
		buf_str(b, str_tail(token, 8));
	} else if (how == JSON_FORM) {
		buf_printf(b,
		    "{\"protected\":\"%.*s\",\"payload\":\"%.*s\","
		    "\"signature\":\"%.*s\"}",
		    STR_ARG(h), STR_ARG(c), STR_ARG(s));
	} else if (how == STANDARD_BASE64) {
		put_standard(b, token);
	} else {
		put_edges(b, token, &edges[how]);
	}
}

static enum err
verify(struct str token, struct jwt *out, struct str *what)
{
	static char block[JWT_ARENA];
	struct arena a;
	enum err e;

	arena_init(&a, block, sizeof(block));
	*what = str_of("?");
	e = jwt_verify(&keys, unit_guard(0, token), &a, out, what);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	return e;
}

/* --- tests ---------------------------------------------------------------- */

START_TEST(tokens)
{
	const struct token_case *c = &token_cases[_i];
	char text[2][2 * JWT_TOKEN_MAX];
	struct buf token, sent;
	struct str what;
	struct jwt got;
	enum err e;

	buf_init(&token, text[0], sizeof(text[0]));
	buf_init(&sent, text[1], sizeof(text[1]));
	put_token(&token, str_of(c->header), str_of(c->claims), c->sign);
	put_mangled(&sent, buf_view(&token), c->mangle);
	e = verify(buf_view(&sent), &got, &what);
	if (c->what == NULL) {
		ck_assert_msg(e == ERR_OK, "%s: %.*s", c->name, STR_ARG(what));
		return;
	}
	unit_check(c->name, e == ERR_TOKEN_INVALID);
	unit_same(c->name, what, str_of(c->what));
}
END_TEST

/* Compares the texts of a list, with a bar after each. */
static void
same_list(const char *name, const struct jwt_list *list, const char *wanted)
{
	char text[256];
	struct str item;
	struct buf b;
	size_t at = 0;

	buf_init(&b, text, sizeof(text));
	while (jwt_list_next(list, &at, &item)) {
		buf_str(&b, item);
		buf_char(&b, '|');
	}
	unit_same(name, buf_view(&b), str_of(wanted));
}

START_TEST(claims)
{
	static const char all[] =
	    "{"
	    "\"iss\":\"https://sts.windows.net/6fa459ea/\","
	    "\"aud\":[\"one\",\"two\"],"
	    "\"exp\":2000000000.75,\"nbf\":1999996400,\"iat\":1999996401.0,"
	    "\"tid\":\"6FA459EA-ee8a-4ca4-894e-db77e160355e\","
	    "\"scp\":\"A.Read B.Write\",\"roles\":[\"C.All\",\"D.All\"],"
	    "\"appid\":\"application\",\"azp\":\"other\","
	    "\"oid\":\"object\",\"upn\":\"me@\\u0065xample.org\","
	    "\"preferred_username\":\"other\",\"nonce\":\"number\"}";
	static const struct str header = STR(HEADER);
	char text[JWT_TOKEN_MAX], guid[STR_GUID_LEN];
	struct str what;
	struct buf b;
	struct jwt t;

	buf_init(&b, text, sizeof(text));
	put_token(&b, header, str_of(all), RS256);
	ck_assert_int_eq(verify(buf_view(&b), &t, &what), ERR_OK);
	unit_same("iss", t.issuer, str_of("https://sts.windows.net/6fa459ea/"));
	same_list("aud", &t.audience, "one|two|");
	ck_assert_int_eq(t.expires_at, 2000000000);
	ck_assert_int_eq(t.not_before_at, 1999996400);
	ck_assert_int_eq(t.issued_at, 1999996401);
	str_guid_text(&t.tenant, guid);
	unit_same("tid", str_from(guid, sizeof(guid)),
	    str_of("6fa459ea-ee8a-4ca4-894e-db77e160355e"));
	same_list("scp", &t.scopes, "A.Read B.Write|");
	same_list("roles", &t.roles, "C.All|D.All|");
	unit_same("appid", t.application, str_of("application"));
	unit_same("oid", t.object, str_of("object"));
	unit_same("upn", t.user, str_of("me@example.org"));
	unit_same("nonce", t.nonce, str_of("number"));
	ck_assert(!t.no_tenant);
}
END_TEST

START_TEST(claims_that_are_absent)
{
	static const struct str header = STR(HEADER);
	static const struct str some = STR(
	    CLAIMS(",\"azp\":\"application\",\"preferred_username\":\"me\""));
	char text[JWT_TOKEN_MAX];
	struct str what;
	struct buf b;
	struct jwt t;

	buf_init(&b, text, sizeof(text));
	put_token(&b, header, some, RS256);
	ck_assert_int_eq(verify(buf_view(&b), &t, &what), ERR_OK);
	same_list("aud", &t.audience, "https://graph.microsoft.com|");
	same_list("roles", &t.roles, "");
	same_list("scp", &t.scopes, "");
	ck_assert(str_is_null(t.object) && str_is_null(t.nonce));
	unit_same("preferred_username", t.user, str_of("me"));
	ck_assert(t.not_before_at == 0 && t.issued_at == 0);
	unit_same("azp", t.application, str_of("application"));
}
END_TEST

/* The forms in which issuers write lists: the value of the claim and the texts
 * in it. */
static const struct list_case {
	const char *name;
	const char *value; /* NULL if the claim is absent */
	const char *wanted; /* NULL if the token is refused */
} list_cases[] = {
	{ "an array", "[\"a\",\"b\"]", "a|b|" },
	{ "a text", "\"a\"", "a|" },
	{ "names in a text", "\"a b\"", "a b|" },
	{ "an empty text", "\"\"", "|" },
	{ "an empty array", "[]", "" },
	{ "null", "null", "" },
	{ "absent", NULL, "" },
	{ "null in an array", "[null,\"a\",null]", "a|" },
	{ "a number", "1", NULL },
	{ "true", "true", NULL },
	{ "an object", "{\"a\":\"b\"}", NULL },
	{ "an empty object", "{}", NULL },
	{ "a number in an array", "[\"a\",1]", NULL },
	{ "an array in an array", "[[\"a\"]]", NULL },
};

START_TEST(lists)
{
	static const struct str header = STR(HEADER);
	static const char *const names[] = { "scp", "roles", "aud" };
	const struct list_case *c = &list_cases[_i];
	char json[1024], text[4096];
	struct str what;
	struct buf b;
	struct jwt t;
	enum err e;
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(json, sizeof(json),
		    "{" ISSUER "," TENANT "," EXPIRES "%s%s%s%s}",
		    c->value != NULL ? ",\"" : "",
		    c->value != NULL ? names[i] : "",
		    c->value != NULL ? "\":" : "",
		    c->value != NULL ? c->value : "");
		buf_init(&b, text, sizeof(text));
		put_token(&b, header, str_of(json), RS256);
		e = verify(buf_view(&b), &t, &what);
		if (c->wanted == NULL) {
			unit_check(c->name, e == ERR_TOKEN_INVALID);
			continue;
		}
		ck_assert_msg(e == ERR_OK, "%s: %.*s", c->name, STR_ARG(what));
		same_list(c->name,
		    i == 0       ? &t.scopes
			: i == 1 ? &t.roles
				 : &t.audience,
		    c->wanted);
	}
}
END_TEST

/* A token of nearly the greatest length names 4,000 roles, and the list is
 * complete. */
START_TEST(many_roles)
{
	static const struct str header = STR(HEADER);
	static char json[JWT_TOKEN_MAX], text[2 * JWT_TOKEN_MAX];
	size_t i, n = 0, at = 0;
	struct str what, role;
	struct buf b;
	struct jwt t;

	buf_init(&b, json, sizeof(json));
	buf_text(&b, BUT_EXPIRES(",\"exp\":1,\"roles\":[\"\""));
	b.n--; /* drops the brace */
	for (i = 1; i < 4000; i++)
		buf_text(&b, ",\"r\"");
	buf_text(&b, "]}");
	ck_assert(!b.full);
	json[b.n] = '\0';
	buf_init(&b, text, sizeof(text));
	put_token(&b, header, str_of(json), RS256);
	ck_assert_int_eq(verify(buf_view(&b), &t, &what), ERR_OK);
	while (jwt_list_next(&t.roles, &at, &role))
		n++;
	ck_assert_uint_eq(n, 4000);
}
END_TEST

/* A token for a user in 200 groups, as Entra writes it. */
START_TEST(many_groups)
{
	static const struct str header = STR(HEADER);
	static char json[JWT_TOKEN_MAX], text[2 * JWT_TOKEN_MAX];
	struct str what;
	struct buf b;
	struct jwt t;
	int i;

	buf_init(&b, json, sizeof(json));
	buf_text(&b, CLAIMS(",\"groups\":[\"\""));
	b.n--;
	for (i = 0; i < 200; i++)
		buf_printf(&b, ",\"%08d-0000-4000-8000-000000000000\"", i);
	buf_text(&b, "]}");
	ck_assert(!b.full);
	json[b.n] = '\0';
	buf_init(&b, text, sizeof(text));
	put_token(&b, header, str_of(json), RS256);
	ck_assert_uint_gt(b.n, 10000);
	ck_assert_int_eq(verify(buf_view(&b), &t, &what), ERR_OK);
}
END_TEST

/* The longest allowed token is accepted. A longer one is refused. */
START_TEST(longest)
{
	static const struct str header = STR(HEADER);
	static char json[JWT_TOKEN_MAX], text[2 * JWT_TOKEN_MAX];
	size_t more;
	struct str what;
	struct buf b;
	struct jwt t;

	for (more = 5000;; more++) {
		snprintf(json, sizeof(json), CLAIMS(",\"x\":\"%0*d\""),
		    (int)more, 0);
		buf_init(&b, text, sizeof(text));
		put_token(&b, header, str_of(json), RS256);
		if (b.n >= JWT_TOKEN_MAX - 1)
			break;
		more += (JWT_TOKEN_MAX - 1 - b.n) / 2;
	}
	if (b.n <= JWT_TOKEN_MAX)
		ck_assert_int_eq(verify(buf_view(&b), &t, &what), ERR_OK);
	snprintf(
	    json, sizeof(json), CLAIMS(",\"x\":\"%0*d\""), (int)more + 3, 0);
	buf_init(&b, text, sizeof(text));
	put_token(&b, header, str_of(json), RS256);
	ck_assert_uint_gt(b.n, JWT_TOKEN_MAX);
	ck_assert_int_eq(verify(buf_view(&b), &t, &what), ERR_TOKEN_INVALID);
}
END_TEST

/* A valid token becomes invalid if any digit is replaced or if it is cut
 * anywhere. */
START_TEST(every_digit_counts)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789-_.=+/ ";
	static const struct str header = STR(HEADER), good = STR(GOOD);
	static char block[JWT_ARENA];
	char text[JWT_TOKEN_MAX];
	struct arena a;
	struct str what;
	struct buf b;
	struct jwt t;
	const char *d;
	size_t i;

	buf_init(&b, text, sizeof(text));
	put_token(&b, header, good, RS256);
	for (i = 0; i < b.n; i++) {
		char old = text[i];

		ck_assert_int_eq(verify(str_head(buf_view(&b), i), &t, &what),
		    ERR_TOKEN_INVALID);
		for (d = digits; *d != '\0'; d++) {
			if (*d == old)
				continue;
			text[i] = *d;
			arena_init(&a, block, sizeof(block));
			ck_assert_int_eq(
			    jwt_verify(&keys, buf_view(&b), &a, &t, &what),
			    ERR_TOKEN_INVALID);
		}
		text[i] = old;
	}
	ck_assert_int_eq(verify(buf_view(&b), &t, &what), ERR_OK);
}
END_TEST

/* An arena that is too small gives ERR_MEMORY. */
START_TEST(in_little_room)
{
	static const struct str header = STR(HEADER), good = STR(GOOD);
	static char block[JWT_ARENA];
	char text[JWT_TOKEN_MAX];
	enum err e = ERR_MEMORY;
	struct arena a;
	struct str what;
	struct buf b;
	struct jwt t;
	size_t n;

	buf_init(&b, text, sizeof(text));
	put_token(&b, header, good, RS256);
	for (n = 0; e == ERR_MEMORY; n += 16) {
		arena_init(&a, block, n);
		e = jwt_verify(&keys, buf_view(&b), &a, &t, &what);
	}
	ck_assert_int_eq(e, ERR_OK);
}
END_TEST

#define US "https://graph.microsoft.com"
#define V1 "https://sts.windows.net/6fa459ea-ee8a-4ca4-894e-db77e160355e/"
#define V1_ANY "https://sts.windows.net/{tenantid}/"
#define NOW 1700000000
#define NOT_FROM "its issuer is not in jwt_issuer"
#define NOT_FOR "its audience is not in jwt_audience"
#define LATE "it has expired"
#define EARLY "it is not yet valid"

static const struct judge_case {
	const char *name;
	struct str issuer, audience;
	int64_t expires_at, not_before_at, issued_at;
	struct str issuer_wanted, audience_wanted;
	enum err e;
	const char *what;
} judge_cases[] = {
	{ "accepts a valid one", STR(V1), STR(US), NOW + 1, NOW, NOW, STR(V1),
	    STR(US), ERR_OK, NULL },
	{ "accepts one of any tenant", STR(V1), STR(US), NOW + 1, NOW, NOW,
	    STR(V1_ANY), STR(US), ERR_OK, NULL },
	{ "accepts one without the other times", STR(V1), STR(US), NOW + 1, 0,
	    0, STR(V1), STR(US), ERR_OK, NULL },
	{ "accepts a token less than a minute after its end", STR(V1), STR(US),
	    NOW - 59, NOW, NOW, STR(V1), STR(US), ERR_OK, NULL },
	{ "refuses a token a minute after its end", STR(V1), STR(US), NOW - 60,
	    NOW, NOW, STR(V1), STR(US), ERR_TOKEN_EXPIRED, LATE },
	{ "accepts a token a minute before its start", STR(V1), STR(US),
	    NOW + 99, NOW + 60, NOW + 60, STR(V1), STR(US), ERR_OK, NULL },
	{ "refuses a token more than a minute before its start", STR(V1),
	    STR(US), NOW + 99, NOW + 61, NOW, STR(V1), STR(US),
	    ERR_TOKEN_EXPIRED, EARLY },
	{ "refuses a token that was issued in the future", STR(V1), STR(US),
	    NOW + 99, NOW, NOW + 61, STR(V1), STR(US), ERR_TOKEN_EXPIRED,
	    EARLY },
	{ "another audience", STR(V1), STR("https://a.test"), NOW + 1, NOW, NOW,
	    STR(V1), STR(US), ERR_TOKEN_INVALID, NOT_FOR },
	{ "an audience with a slash", STR(V1), STR(US "/"), NOW + 1, NOW, NOW,
	    STR(V1), STR(US), ERR_TOKEN_INVALID, NOT_FOR },
	{ "an audience in upper case", STR(V1), STR("HTTPS://graph.test"),
	    NOW + 1, NOW, NOW, STR(V1), STR("https://graph.test"),
	    ERR_TOKEN_INVALID, NOT_FOR },
	{ "an empty audience", STR(V1), STR(""), NOW + 1, NOW, NOW, STR(V1),
	    STR(""), ERR_TOKEN_INVALID, NOT_FOR },
	{ "another issuer", STR("https://a.test/"), STR(US), NOW + 1, NOW, NOW,
	    STR(V1), STR(US), ERR_TOKEN_INVALID, NOT_FROM },
	{ "an issuer with text after it", STR(V1 "x"), STR(US), NOW + 1, NOW,
	    NOW, STR(V1), STR(US), ERR_TOKEN_INVALID, NOT_FROM },
	{ "another tenant's issuer",
	    STR("https://sts.windows.net/"
		"1b4e28ba-2fa1-4c8e-883f-0016d3cca427/"),
	    STR(US), NOW + 1, NOW, NOW, STR(V1_ANY), STR(US), ERR_TOKEN_INVALID,
	    NOT_FROM },
	{ "an issuer of any tenant with text after it", STR(V1 "x"), STR(US),
	    NOW + 1, NOW, NOW, STR(V1_ANY), STR(US), ERR_TOKEN_INVALID,
	    NOT_FROM },
	{ "an issuer that is the pattern", STR(V1_ANY), STR(US), NOW + 1, NOW,
	    NOW, STR(V1_ANY), STR(US), ERR_TOKEN_INVALID, NOT_FROM },
	{ "an issuer of another host",
	    STR("https://sts.windows.not/"
		"6fa459ea-ee8a-4ca4-894e-db77e160355e/"),
	    STR(US), NOW + 1, NOW, NOW, STR(V1_ANY), STR(US), ERR_TOKEN_INVALID,
	    NOT_FROM },
	{ "an issuer without the tenant", STR("https://sts.windows.net//"),
	    STR(US), NOW + 1, NOW, NOW, STR(V1_ANY), STR(US), ERR_TOKEN_INVALID,
	    NOT_FROM },
	{ "the issuer before the time", STR("https://a.test/"), STR(US), 1, NOW,
	    NOW, STR(V1), STR(US), ERR_TOKEN_INVALID, NOT_FROM },
};

START_TEST(judge)
{
	const struct judge_case *c = &judge_cases[_i];
	/* The expected values stand after values that do not match. */
	const struct str issuers[] = { STR("https://b.test/"),
		c->issuer_wanted };
	const struct str audiences[] = { STR("https://b.test/"),
		c->audience_wanted };
	const struct jwt_policy policy = { issuers, 2, audiences, 2 };
	static char block[JSON_ARENA_SIZE(1024)];
	char json[1024];
	struct arena a;
	struct json doc;
	struct jwt t = {
		.bound = true,
		.issuer = unit_guard(0, c->issuer),
		.expires_at = c->expires_at,
		.not_before_at = c->not_before_at,
		.issued_at = c->issued_at,
	};
	struct str what = STR("");

	snprintf(json, sizeof(json), "{\"aud\":[\"other\",\"%.*s\"]}",
	    STR_ARG(c->audience));
	arena_init(&a, block, sizeof(block));
	ck_assert(
	    json_parse(unit_guard(1, str_of(json)), &a, &doc, &what) == ERR_OK);
	ck_assert(json_find(&doc, 0, str_of("aud"), &t.audience.value));
	t.audience.doc = doc;
	ck_assert(str_guid(
	    str_of("6fa459ea-ee8a-4ca4-894e-db77e160355e"), &t.tenant));
	unit_check(c->name, jwt_judge(&t, &policy, NOW, &what) == c->e);
	if (c->e != ERR_OK)
		unit_same(c->name, what, str_of(c->what));
}
END_TEST

START_TEST(judge_without_tenant)
{
	static const struct str one[] = { STR("x") };
	static const struct jwt_policy policy = { one, 1, one, 1 };
	static const struct jwt t = {
		.issuer = STR("x"), .no_tenant = true, .expires_at = NOW + 1
	};
	struct str what;

	ck_assert_int_eq(jwt_judge(&t, &policy, NOW, &what), ERR_TOKEN_INVALID);
	unit_same("without tid", what, str_of(TID));
}
END_TEST

START_TEST(judge_without_policy)
{
	static const struct jwt_policy none;
	static const struct jwt t = { .issuer = STR("x"),
		.expires_at = NOW + 1 };
	struct str what;

	ck_assert_int_eq(jwt_judge(&t, &none, NOW, &what), ERR_TOKEN_INVALID);
}
END_TEST

/* In these texts N stands for the modulus of the signing key. A report lists
 * the entries that were left out: "2 a: why; " for the second entry, with the
 * name a. */
static const struct set_case {
	const char *name;
	const char *text;
	enum err e;
	size_t n;
	const char *what; /* why the set is refused, or the report */
} set_cases[] = {
#define K(kid) \
	"{\"kty\":\"RSA\",\"kid\":\"" kid "\",\"n\":\"N\",\"e\":\"AQAB\"}"
#define SET(keys) "{\"keys\":[" keys "]}"
#define NO_SET "it is not a JSON Web Key Set"
#define NONE "the set has no usable RSA key"
#define SECRET "it contains a private or shared key"
#define EXPOSED "its private half is in another entry"
#define UNNAMED "it has no name (kid) of 1 to 128 bytes"
#define UNREADABLE "its n or e is missing, too long or not base64url"
#define UNFIT "it is not an RSA key of 2048 to 4096 bits"
#define MANY "the set has more than 128 keys"
#define NOT_RSA "it is not an RSA key"
#define NOT_OBJECT "it is not an object"
#define NO_TYPE "it has no type (kty)"
#define NOT_SIGN "it is not for verifying signatures"
#define NOT_RS256 "it is not for RS256"
#define PURPOSE "its use, alg or key_ops is invalid"
#define DOUBLE "it has a duplicate member"
#define ISSUER_ODD "its issuer cannot be read"
#define UNREAD "it is not valid JSON"
#define TEN(text) text text text text text text text text text text
#define DEEP TEN("[") TEN("[") TEN("[") TEN("[")
#define PEED TEN("]") TEN("]") TEN("]") TEN("]")
#define RSA_KEY(more) "{\"kty\":\"RSA\",\"kid\":\"b\"," more "}"
#define NUMBERS "\"n\":\"N\",\"e\":\"AQAB\""
/* A set of a valid key and another entry. */
#define AND(name, entry, report)                               \
	{                                                      \
		name, SET(K("a") "," entry), ERR_OK, 1, report \
	}

	{ "takes a key", SET(K("a")), ERR_OK, 1, "" },
	{ "takes two", SET(K("a") "," K("b")), ERR_OK, 2, "" },
	{ "takes all members that Entra writes for one",
	    SET(RSA_KEY(
		"\"use\":\"sig\",\"alg\":\"RS256\",\"x5t\":\"a\"," NUMBERS
		",\"x5c\":[\"MIIC\"],"
		"\"issuer\":\"https://a.test/{tenantid}/v2.0\"")),
	    ERR_OK, 1, "" },
	{ "takes members that are null",
	    SET(RSA_KEY(NUMBERS ",\"use\":null,\"alg\":null,\"key_ops\":null,"
				"\"issuer\":null,\"d\":null")),
	    ERR_OK, 1, "" },
	{ "takes key_ops with verify",
	    SET(RSA_KEY(NUMBERS ",\"key_ops\":[\"sign\",\"verify\"]")), ERR_OK,
	    1, "" },
	{ "takes a modulus with a zero before it",
	    SET(RSA_KEY("\"n\":\"AAAAN\",\"e\":\"AQAB\"")), ERR_OK, 1, "" },
	{ "takes a key after a byte order mark", "\xef\xbb\xbf" SET(K("a")),
	    ERR_OK, 1, "" },
	AND("takes the same key twice for one", K("a"), ""),
	{ "takes the same key under two names", SET(K("a") "," K("b")), ERR_OK,
	    2, "" },
	{ "takes a name twice for two keys",
	    SET(K("b") "," RSA_KEY("\"n\":\"N\",\"e\":\"Aw\"")), ERR_OK, 2,
	    "" },
	{ "takes a key twice for two issuers",
	    SET(RSA_KEY(NUMBERS ",\"issuer\":\"https://a.test/\"") "," RSA_KEY(
		NUMBERS ",\"issuer\":\"https://b.test/\"")),
	    ERR_OK, 2, "" },
	AND("leaves out other keys",
	    "{\"kty\":\"EC\",\"kid\":\"e\"},{\"kty\":\"OKP\"},"
	    "{\"kty\":\"rsa\"}",
	    "2 e: " NOT_RSA "; 3 : " NOT_RSA "; 4 : " NOT_RSA "; "),
	AND("leaves out keys without a type",
	    "{},{\"kty\":1},{\"kty\":null},{\"kty\":\"\"}",
	    "2 : " NO_TYPE "; 3 : " NO_TYPE "; 4 : " NO_TYPE "; 5 : " NO_TYPE
	    "; "),
	AND("leaves out entries of another kind", "1,\"x\",null,[],true",
	    "2 : " NOT_OBJECT "; 3 : " NOT_OBJECT "; 4 : " NOT_OBJECT
	    "; 5 : " NOT_OBJECT "; 6 : " NOT_OBJECT "; "),
	AND("leaves out keys for encryption",
	    RSA_KEY("\"use\":\"enc\"," NUMBERS), "2 b: " NOT_SIGN "; "),
	AND("leaves out keys for other operations",
	    RSA_KEY("\"key_ops\":[\"wrapKey\",1]," NUMBERS),
	    "2 b: " NOT_SIGN "; "),
	AND("leaves out keys for other algorithms",
	    RSA_KEY("\"alg\":\"RS512\"," NUMBERS), "2 b: " NOT_RS256 "; "),
	AND("leaves out a purpose that cannot be read",
	    RSA_KEY("\"use\":1," NUMBERS) "," RSA_KEY(
		"\"alg\":[]," NUMBERS) "," RSA_KEY("\"key_ops\":\"verify\"," NUMBERS),
	    "2 b: " PURPOSE "; 3 b: " PURPOSE "; 4 b: " PURPOSE "; "),
	AND("leaves out a key without a name",
	    "{\"kty\":\"RSA\"," NUMBERS "},{\"kty\":\"RSA\",\"kid\":1," NUMBERS
	    "}," K(""),
	    "2 : " UNNAMED "; 3 : " UNNAMED "; 4 : " UNNAMED "; "),
	AND("leaves out an issuer that cannot be read",
	    RSA_KEY("\"issuer\":1," NUMBERS) "," RSA_KEY(
		"\"issuer\":\"\"," NUMBERS),
	    "2 b: " ISSUER_ODD "; 3 b: " ISSUER_ODD "; "),
	AND("leaves out a member twice", "{\"kty\":\"EC\",\"kty\":\"EC\"}",
	    "2 : " DOUBLE "; "),
	AND("leaves out a modulus twice", RSA_KEY(NUMBERS ",\"n\":\"N\""),
	    "2 b: " DOUBLE "; "),
	AND("leaves out a key without its modulus", RSA_KEY("\"e\":\"AQAB\""),
	    "2 b: " UNREADABLE "; "),
	AND("leaves out a key without its exponent", RSA_KEY("\"n\":\"N\""),
	    "2 b: " UNREADABLE "; "),
	AND("leaves out padding", RSA_KEY("\"n\":\"N\",\"e\":\"AQAB=\""),
	    "2 b: " UNREADABLE "; "),
	AND("leaves out an exponent of zeros",
	    RSA_KEY("\"n\":\"N\",\"e\":\"AAAA\""), "2 b: " UNREADABLE "; "),
	AND("leaves out a short key", RSA_KEY("\"n\":\"wQAB\",\"e\":\"AQAB\""),
	    "2 b: " UNFIT "; "),
	AND("leaves out the exponent 1", RSA_KEY("\"n\":\"N\",\"e\":\"AQ\""),
	    "2 b: " UNFIT "; "),
	AND("leaves out an even exponent",
	    RSA_KEY("\"n\":\"N\",\"e\":\"AQAA\""), "2 b: " UNFIT "; "),
	AND("leaves out a large exponent",
	    RSA_KEY("\"n\":\"N\",\"e\":\"AQAAAAE\""), "2 b: " UNREADABLE "; "),
	AND("leaves out an even modulus",
	    RSA_KEY("\"n\":\"NA\",\"e\":\"AQAB\""), "2 b: " UNFIT "; "),
	AND("leaves out a shared key",
	    "{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"AQAB\"}",
	    "2 k: " SECRET "; "),
	AND("leaves out a private key of another kind",
	    "{\"kty\":\"EC\",\"d\":\"AQAB\"},{\"kty\":\"AKP\","
	    "\"priv\":\"AQAB\"}",
	    "2 : " SECRET "; 3 : " SECRET "; "),
	{ "leaves out a private key and its public half",
	    SET(K("a") "," RSA_KEY(NUMBERS ",\"d\":\"AQAB\"") "," RSA_KEY(
		"\"n\":\"yyyyN\",\"e\":\"AQAB\"")),
	    ERR_OK, 1, "1 a: " EXPOSED "; 2 b: " SECRET "; " },
	AND("leaves out a text with half a pair",
	    "{\"kty\":\"RSA\",\"kid\":\"\\ud800\"," NUMBERS "}",
	    "2 : " UNREAD "; "),
	{ "leaves out a control character, and keeps counting",
	    SET("{\"kty\":\"\x01\"},null," K("a") ",{\"kty\":\"EC\"}"), ERR_OK,
	    1, "1 : " UNREAD "; 2 : " NOT_OBJECT "; 4 : " NOT_RSA "; " },
	AND("leaves out bytes that are not UTF-8", "{\"kty\":\"\xff\"}",
	    "2 : " UNREAD "; "),
	AND("leaves out numbers that are none", "{\"a\":01},{\"b\":NaN}",
	    "2 : " UNREAD "; 3 : " UNREAD "; "),
	AND("leaves out what is too deep", "{\"a\":" DEEP "1" PEED "}",
	    "2 : " UNREAD "; "),
	{ "leaves out a private key beside such an entry",
	    SET("{\"a\":01}," K("a") "," RSA_KEY(
		NUMBERS ",\"d\":\"AQAB\"") ",{\"kty\":\"RSA\",\"kid\":\"c\","
					   "\"n\":\"yyyyN\",\"e\":\"AQAB\"}"),
	    ERR_OK, 1, "1 : " UNREAD "; 2 a: " EXPOSED "; 3 b: " SECRET "; " },
	{ "ignores brackets and commas in strings",
	    "{\"a\":\"]}\\\"[,\",\"keys\":[{\"kty\":\"\x01,]\\\"}\"}," K(
		"a") "],\"b\":[{}]} \n",
	    ERR_OK, 1, "1 : " UNREAD "; " },
	{ "refuses half a set", "{\"keys\":[{\"a\":01}," K("a"),
	    ERR_JSON_NUMBER, 0, NULL },
	{ "refuses a set with text after it", SET("{\"a\":01}," K("a")) "x",
	    ERR_JSON_NUMBER, 0, NULL },
	{ "refuses keys twice in such a set",
	    "{\"keys\":[" K("a") "],\"keys\":[01]}", ERR_JSON_NUMBER, 0, NULL },
	{ "refuses entries without a comma", SET("{\"a\":01} " K("a")),
	    ERR_JSON_NUMBER, 0, NULL },
	{ "refuses the empty text", "", ERR_JSON_EMPTY, 0, NULL },
	{ "refuses a text that is not JSON", "{", ERR_JSON_CUT, 0, NULL },
	{ "refuses an object without keys", "{}", ERR_CONFIG, 0, NO_SET },
	{ "refuses a key alone", K("a"), ERR_CONFIG, 0, NO_SET },
	{ "refuses keys that are not an array", "{\"keys\":{}}", ERR_CONFIG, 0,
	    NO_SET },
	{ "refuses keys twice", "{\"keys\":[" K("a") "],\"keys\":[]}",
	    ERR_CONFIG, 0, NO_SET },
	{ "refuses an empty array of keys", SET(""), ERR_CONFIG, 0, NONE },
	{ "refuses a set without a usable key",
	    SET("{\"kty\":\"EC\",\"kid\":\"a\"}"), ERR_CONFIG, 0, NONE },
	{ "refuses a private key alone",
	    SET(RSA_KEY(NUMBERS ",\"d\":\"AQAB\"")), ERR_CONFIG, 0, NONE },
#undef AND
};

static void
report(const struct jwt_left *left, void *arg)
{
	struct buf *b = arg;

	buf_printf(b, "%zu %.*s: %.*s; ", left->number, STR_ARG(left->name),
	    STR_ARG(left->why));
}

/* Returns the text with each N replaced by the modulus. */
static struct str
expand(const char *text, char *out, size_t size)
{
	struct str rest = str_of(text);
	struct buf b;

	buf_init(&b, out, size);
	while (!str_is_null(rest)) {
		buf_str(&b, str_cut(&rest, 'N'));
		if (!str_is_null(rest))
			buf_text(&b, modulus);
	}
	ck_assert(!b.full);
	return buf_view(&b);
}

START_TEST(sets)
{
	static char block[JWT_SET_ARENA(4096)];
	const struct set_case *c = &set_cases[_i];
	static struct jwt_keys got;
	char text[4096], left[1024];
	struct arena a;
	struct str what;
	struct buf b;
	enum err e;

	arena_init(&a, block, sizeof(block));
	buf_init(&b, left, sizeof(left));
	e = jwt_keys_visit(unit_guard(0, expand(c->text, text, sizeof(text))),
	    &a, report, &b, &got, &what);
	ck_assert_msg(e == c->e, "%s: %d, %.*s", c->name, e, STR_ARG(what));
	unit_check(c->name, got.n == c->n);
	if (c->what != NULL)
		unit_same(c->name, e == ERR_OK ? buf_view(&b) : what,
		    str_of(c->what));
	ck_assert_uint_eq(ERR_peek_error(), 0);
	jwt_keys_free(&got);
}
END_TEST

/* A set with the greatest number of keys is read whole. One key more is left
 * out, and the others are kept. */
START_TEST(many_keys)
{
	static char block[JWT_SET_ARENA(65536)], text[65536];
	size_t i, n = JWT_KEYS_MAX + (size_t)_i;
	static struct jwt_keys got;
	char left[256];
	struct arena a;
	struct str what;
	struct buf b, reported;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, "{\"keys\":[{}");
	for (i = 0; i < n; i++)
		buf_printf(&b,
		    ",{\"kty\":\"RSA\",\"kid\":\"%zu\",\"n\":\"%s\","
		    "\"e\":\"%s\"}",
		    i, modulus, exponent);
	buf_text(&b, "]}");
	ck_assert(!b.full);
	arena_init(&a, block, sizeof(block));
	buf_init(&reported, left, sizeof(left));
	ck_assert_int_eq(
	    jwt_keys_visit(buf_view(&b), &a, report, &reported, &got, &what),
	    ERR_OK);
	ck_assert_uint_eq(got.n, JWT_KEYS_MAX);
	unit_same("the report", buf_view(&reported),
	    str_of(_i == 0 ? "1 : " NO_TYPE "; "
			   : "1 : " NO_TYPE "; 130 128: " MANY "; "));
	jwt_keys_free(&got);
}
END_TEST

/* PowerShell writes UTF-16 of either byte order; Notepad adds a byte order
 * mark. */
static const struct utf16_case {
	const char *name;
	struct str mark;
	bool big_endian;
	enum err e;
} utf16_cases[] = {
	{ "UTF-16LE with a mark", STR("\xff\xfe"), false, ERR_OK },
	{ "UTF-16BE with a mark", STR("\xfe\xff"), true, ERR_OK },
	{ "UTF-16LE without a mark", STR(""), false, ERR_OK },
	{ "UTF-16BE without a mark", STR(""), true, ERR_OK },
	{ "UTF-16LE with the other mark", STR("\xfe\xff"), false,
	    ERR_JSON_SYNTAX },
};

START_TEST(utf16_sets)
{
	const struct utf16_case *c = &utf16_cases[_i];
	static char block[JWT_SET_ARENA(4096)];
	char one[2048], two[4096];
	static struct jwt_keys got;
	struct arena a;
	struct str text, what;
	struct buf b;
	size_t i;

	text = expand(SET(K("\xc3\xa4\xf0\x9f\x98\x80")), one, sizeof(one));
	buf_init(&b, two, sizeof(two));
	buf_str(&b, c->mark);
	for (i = 0; i < text.n; i++) {
		struct str rest = str_tail(text, i);
		unsigned unit = (unsigned char)rest.p[0];

		/* The name consists of one plain character and one surrogate
		 * pair. */
		if (str_starts(rest, "\xc3\xa4"))
			unit = 0xe4, i++;
		else if (str_starts(rest, "\xf0\x9f\x98\x80"))
			unit = 0xd83d;
		else if (str_starts(rest, "\x9f\x98\x80"))
			unit = 0xde00, i += 2;
		buf_char(&b, (char)(c->big_endian ? unit >> 8 : unit));
		buf_char(&b, (char)(c->big_endian ? unit : unit >> 8));
	}
	ck_assert(!b.full);
	arena_init(&a, block, sizeof(block));
	unit_check(c->name,
	    jwt_keys_read(unit_guard(0, buf_view(&b)), &a, &got, &what) ==
		c->e);
	if (c->e == ERR_OK)
		unit_same(c->name, jwt_key_name(&got.key[0]),
		    str_of("\xc3\xa4\xf0\x9f\x98\x80"));
	jwt_keys_free(&got);
}
END_TEST

static const struct long_case {
	const char *name;
	int kid, modulus, blanks; /* lengths */
	enum err e;
	const char *what;
} long_cases[] = {
	{ "the longest name", JWT_KID_MAX, 342, 0, ERR_OK, NULL },
	{ "a longer one", JWT_KID_MAX + 1, 342, 0, ERR_CONFIG, NONE },
	{ "the longest key", 1, 682, 0, ERR_OK, NULL },
	{ "a longer one", 1, 684, 0, ERR_CONFIG, NONE },
	{ "a key of many digits", 1, 4096, 0, ERR_CONFIG, NONE },
	{ "a set that is too long", 1, 342, JWT_SET_MAX, ERR_CONFIG,
	    "the set is larger than 256 KiB" },
};

START_TEST(long_sets)
{
	static char block[JWT_SET_ARENA(JWT_SET_MAX)];
	static char text[JWT_SET_MAX + 8192], digits[4096];
	const struct long_case *c = &long_cases[_i];
	static struct jwt_keys got;
	struct arena a;
	struct str what;
	struct buf b;

	/* The modulus is an arbitrary odd number of this length. */
	memset(digits, 'x', sizeof(digits));
	digits[c->modulus - 1] = c->modulus % 4 == 2 ? 'w' : 'x';
	buf_init(&b, text, sizeof(text));
	buf_printf(&b,
	    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"%0*d\",\"n\":\"%.*s\","
	    "\"e\":\"AQAB\"}]}%*s",
	    c->kid, 0, c->modulus, digits, c->blanks, "");
	ck_assert(!b.full);
	arena_init(&a, block, sizeof(block));
	unit_check(
	    c->name, jwt_keys_read(buf_view(&b), &a, &got, &what) == c->e);
	if (c->what != NULL)
		unit_same(c->name, what, str_of(c->what));
	jwt_keys_free(&got);
}
END_TEST

/* --- the issuers that a key is bound to ----------------------------------- */

#define HOME "6fa459ea-ee8a-4ca4-894e-db77e160355e"
#define OTHER "9188040d-6c67-4c5b-b112-36a304b66dad"
#define STS(tenant) "https://sts.windows.net/" tenant "/"
#define LOGIN(tenant) "https://login.microsoftonline.com/" tenant "/v2.0"
#define ANY "{tenantid}"
#define SPEAKS "its key belongs to another issuer"

/* The test presents a token for the tenant HOME: `issuer` issued it, and the
 * key that signed it is bound to the issuer `key`. */
static const struct speaker_case {
	const char *name;
	const char *key, *issuer; /* NULL key: bound to none */
	const char *what; /* NULL if the token is accepted */
	bool bound;
} speaker_cases[] = {
	{ "the issuer itself", "https://a.test/", "https://a.test/", NULL,
	    true },
	{ "another issuer", "https://a.test/", "https://b.test/", SPEAKS,
	    false },
	{ "the issuer with text after it", "https://a.test/",
	    "https://a.test/x", SPEAKS, false },
	{ "the beginning of the issuer", "https://a.test/x", "https://a.test/",
	    SPEAKS, false },
	{ "no issuer", NULL, "https://a.test/", NULL, false },
	{ "any tenant", LOGIN(ANY), LOGIN(HOME), NULL, true },
	{ "any tenant, and the pattern", LOGIN(ANY), LOGIN(ANY), SPEAKS,
	    false },
	{ "any tenant, and not the one in tid", LOGIN(ANY), LOGIN(OTHER),
	    SPEAKS, false },
	{ "any tenant, version 1", LOGIN(ANY), STS(HOME), NULL, true },
	{ "any tenant, version 1, and not the one in tid", LOGIN(ANY),
	    STS(OTHER), SPEAKS, false },
	{ "this tenant, version 1", LOGIN(HOME), STS(HOME), NULL, true },
	{ "a key of version 1", STS(ANY), LOGIN(HOME), NULL, true },
	{ "any tenant of the US government, version 1",
	    "https://login.microsoftonline.us/" ANY "/v2.0", STS(HOME), NULL,
	    true },
	{ "US government, version 1, and version 2 of the public cloud",
	    "https://login.microsoftonline.us/" ANY "/v2.0", LOGIN(HOME),
	    SPEAKS, false },
	{ "any tenant in China, version 1",
	    "https://login.partner.microsoftonline.cn/" ANY "/v2.0",
	    "https://sts.chinacloudapi.cn/" HOME "/", NULL, true },
	{ "China, version 1, and version 1 of the public cloud",
	    "https://login.partner.microsoftonline.cn/" ANY "/v2.0", STS(HOME),
	    SPEAKS, false },
	{ "consumers, this tenant", LOGIN(OTHER), LOGIN(HOME), SPEAKS, false },
	{ "consumers, this tenant in version 1", LOGIN(OTHER), STS(HOME),
	    SPEAKS, false },
	{ "consumers, and tid is of another tenant", LOGIN(OTHER), STS(OTHER),
	    SPEAKS, false },
	{ "another server, version 1", "https://a.test/" ANY "/v2.0", STS(HOME),
	    SPEAKS, false },
	{ "any tenant of another server", "https://a.test/" ANY "/",
	    "https://a.test/" HOME "/", NULL, true },
	{ "the tenant twice", "https://" ANY ".test/" ANY,
	    "https://" HOME ".test/" HOME, NULL, true },
	{ "the tenant once of two", "https://" ANY ".test/" ANY,
	    "https://" HOME ".test/" OTHER, SPEAKS, false },
	{ "another place", "https://a.test/{tenantId}/",
	    "https://a.test/" HOME "/", SPEAKS, false },
};

static void
read_set(const char *entries, struct jwt_keys *out)
{
	static char block[JWT_SET_ARENA(8192)];
	char text[8192], set[8192];
	struct arena a;
	struct str what;

	snprintf(set, sizeof(set), "{\"keys\":[%s]}", entries);
	arena_init(&a, block, sizeof(block));
	ck_assert(jwt_keys_read(expand(set, text, sizeof(text)), &a, out,
		      &what) == ERR_OK);
}

#define ENTRY(more) "{\"kty\":\"RSA\",\"kid\":\"one\"," NUMBERS more "}"

START_TEST(speakers)
{
	const struct speaker_case *c = &speaker_cases[_i];
	static const struct str header = STR(HEADER);
	static char block[JWT_ARENA];
	static struct jwt_keys set;
	char entry[1024], json[1024], text[4096];
	struct arena a;
	struct str what = STR("");
	struct buf b;
	struct jwt t;
	enum err e;

	snprintf(entry, sizeof(entry),
	    c->key == NULL ? ENTRY("%s") : ENTRY(",\"issuer\":\"%s\""),
	    c->key == NULL ? "" : c->key);
	read_set(entry, &set);
	snprintf(json, sizeof(json), BUT_ISSUER(",\"iss\":\"%s\""), c->issuer);
	buf_init(&b, text, sizeof(text));
	put_token(&b, header, str_of(json), RS256);
	arena_init(&a, block, sizeof(block));
	e = jwt_verify(&set, buf_view(&b), &a, &t, &what);
	jwt_keys_free(&set);
	unit_check(
	    c->name, e == (c->what == NULL ? ERR_OK : ERR_TOKEN_INVALID));
	unit_check(c->name, t.bound == c->bound);
	if (c->what != NULL)
		unit_same(c->name, what, str_of(c->what));
}
END_TEST

/* A set may list one key for two issuers, and two keys under one name. */
START_TEST(speakers_of_one_name)
{
	static const struct str header = STR(HEADER);
	static char block[JWT_ARENA];
	static struct jwt_keys set;
	char text[4096];
	struct arena a;
	struct str what;
	struct buf b;
	struct jwt t;

	/* The exponent 3 makes another key with the same modulus. */
	read_set(
	    ENTRY(",\"issuer\":\"https://a.test/\"") "," ENTRY(
		",\"issuer\":\"https://b.test/\"") ",{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"N\",\"e\":\"Aw\","
						   "\"issuer\":\"https://c.test/\"}",
	    &set);
	ck_assert_uint_eq(set.n, 3);
	for (char host = 'a'; host <= 'c'; host++) {
		char json[512];

		snprintf(json, sizeof(json),
		    BUT_ISSUER(",\"iss\":\"https://%c.test/\""), host);
		buf_init(&b, text, sizeof(text));
		put_token(&b, header, str_of(json), RS256);
		arena_init(&a, block, sizeof(block));
		ck_assert_int_eq(jwt_verify(&set, buf_view(&b), &a, &t, &what),
		    host == 'c' ? ERR_TOKEN_INVALID : ERR_OK);
	}
	jwt_keys_free(&set);
}
END_TEST

static const struct server_case {
	const char *name;
	struct str issuer[3];
	size_t issuers;
	bool one;
} server_cases[] = {
	{ "one issuer", { STR("https://a.test/") }, 1, true },
	{ "two of one server",
	    { STR("https://a.test/x"), STR("https://a.test/{tenantid}/") }, 2,
	    true },
	{ "a host in two cases",
	    { STR("https://a.test/"), STR("HTTPS://A.test") }, 2, true },
	{ "two hosts", { STR("https://a.test/"), STR("https://b.test/") }, 2,
	    false },
	{ "two schemes", { STR("https://a.test/"), STR("http://a.test/") }, 2,
	    false },
	{ "two ports", { STR("https://a.test/"), STR("https://a.test:8443/") },
	    2, false },
	{ "a host that begins with the other",
	    { STR("https://a.test"), STR("https://a.test.b/") }, 2, false },
	{ "the defaults",
	    { STR("https://sts.windows.net/{tenantid}/"),
		STR("https://login.microsoftonline.com/{tenantid}/v2.0") },
	    2, true },
	{ "the defaults of one tenant",
	    { STR("https://sts.windows.net/" HOME "/"),
		STR("https://login.microsoftonline.com/" HOME "/v2.0") },
	    2, true },
	{ "the defaults and another",
	    { STR("https://sts.windows.net/{tenantid}/"),
		STR("https://login.microsoftonline.com/{tenantid}/v2.0"),
		STR("https://a.test/") },
	    3, false },
	{ "the second and another",
	    { STR("https://login.microsoftonline.com/{tenantid}/v2.0"),
		STR("https://a.test/") },
	    2, false },
	{ "a host that is the tenant", { STR("https://{tenantid}.a.test/") }, 1,
	    false },
	{ "none", { STR("") }, 0, true },
};

/* A key that names no issuer is trusted only if all accepted issuers are on one
 * server. */
START_TEST(servers)
{
	const struct server_case *c = &server_cases[_i];
	const struct jwt_policy policy = { .issuer = c->issuer,
		.issuers = c->issuers };
	struct jwt t = { .issuer = c->issuer[0], .expires_at = NOW + 1 };
	struct str what;

	unit_check(c->name, jwt_is_one_server(&policy) == c->one);
	if (c->issuers == 0 || memchr(t.issuer.p, '{', t.issuer.n) != NULL)
		return;
	ck_assert(jwt_judge(&t, &policy, NOW, &what) == ERR_TOKEN_INVALID);
	unit_same(c->name, what,
	    str_of(c->one ? NOT_FOR
			  : "its key names no issuer, and jwt_issuer has "
			    "several servers"));
	t.bound = true;
	ck_assert(jwt_judge(&t, &policy, NOW, &what) == ERR_TOKEN_INVALID);
	unit_same(c->name, what, str_of(NOT_FOR));
}
END_TEST

static const struct bind_case {
	const char *name;
	const char *key, *issuer;
	bool kept;
} bind_cases[] = {
	{ "a key without issuer", NULL, "https://a.test/", true },
	{ "a key of this issuer", "https://a.test/", "https://a.test/", true },
	{ "a key of another", "https://b.test/", "https://a.test/", false },
	{ "a pattern that covers it", LOGIN(ANY), LOGIN(HOME), true },
	{ "a pattern that is the same", LOGIN(ANY), LOGIN(ANY), true },
	{ "a pattern of another place", LOGIN(ANY), STS(HOME), false },
	{ "a pattern that is wider", LOGIN(HOME), LOGIN(ANY), false },
	{ "a pattern with no tenant in its place", LOGIN(ANY), LOGIN("common"),
	    false },
	{ "a pattern at the end", "https://a.test/" ANY, "https://a.test/",
	    false },
};

START_TEST(bindings)
{
	const struct bind_case *c = &bind_cases[_i];
	static struct jwt_keys set, other;
	char entry[1024], left[256], text[2048], wanted[2048];
	struct buf b;

	memset(&other, 0, sizeof(other));
	snprintf(entry, sizeof(entry),
	    c->key == NULL ? ENTRY("%s") : ENTRY(",\"issuer\":\"%s\""),
	    c->key == NULL ? "" : c->key);
	read_set(entry, &set);
	buf_init(&b, left, sizeof(left));
	jwt_keys_bind(&set, str_of(c->issuer), report, &b);
	unit_check(c->name, set.n == c->kept);
	unit_same(c->name, buf_view(&b),
	    str_of(c->kept ? "" : "0 one: it names another issuer; "));
	if (c->kept) {
		/* A second set takes the key for another issuer only. */
		jwt_keys_join(&other, &set, str_of(c->issuer));
		ck_assert(other.n == 0 && set.n == 1);
		jwt_keys_join(&other, &set, str_of("https://c.test/"));
		ck_assert(other.n == 1 && set.n == 0);
		buf_init(&b, text, sizeof(text));
		jwt_keys_write(&other, &b);
		snprintf(wanted, sizeof(wanted),
		    "{\"keys\":[{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\","
		    "\"kid\":\"one\",\"use\":\"sig\",\"issuer\":\"%s\"}]}",
		    exponent, modulus, c->issuer);
		unit_same(c->name, buf_view(&b), str_of(wanted));
	}
	jwt_keys_free(&set);
	jwt_keys_free(&other);
}
END_TEST

/* --- keys ------------------------------------------------------------------
 */

/* Writes modulus and exponent of a key. The DER form of its public half ends
 * with them: 02 82 01 01 00 and 256 bytes, 02 03 01 00 01. */
static void
put_public(EVP_PKEY *key, char n[512], char e[8])
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(key, &der);

	must(size == 294);
	n[str_base64url(der + size - 5 - 256, 256, n)] = '\0';
	e[str_base64url(der + size - 3, 3, e)] = '\0';
	OPENSSL_free(der);
}

static void
make_set(void)
{
	static char block[JWT_SET_ARENA(4096)];
	char text[4096], n[512], e[8];
	struct arena a;
	struct str what;

	own = EVP_RSA_gen(2048);
	stranger = EVP_RSA_gen(2048);
	must(own != NULL && stranger != NULL);
	put_public(own, modulus, exponent);
	put_public(stranger, n, e);
	snprintf(text, sizeof(text),
	    "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"curve\"},"
	    "{\"kty\":\"RSA\",\"kid\":\"two\",\"n\":\"%s\",\"e\":\"%s\"},"
	    "{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"%s\",\"e\":\"%s\"}]}",
	    n, e, modulus, exponent);
	arena_init(&a, block, sizeof(block));
	must(jwt_keys_read(str_of(text), &a, &keys, &what) == ERR_OK);
}

int
main(void)
{
	Suite *s = suite_create("jwt");
	TCase *t = tcase_create("jwt");
	int status;

	make_set();
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, tokens, 0, ROWS(token_cases));
	tcase_add_test(t, claims);
	tcase_add_test(t, claims_that_are_absent);
	tcase_add_loop_test(t, lists, 0, ROWS(list_cases));
	tcase_add_test(t, many_roles);
	tcase_add_test(t, many_groups);
	tcase_add_test(t, longest);
	tcase_add_test(t, every_digit_counts);
	tcase_add_test(t, in_little_room);
	tcase_add_loop_test(t, judge, 0, ROWS(judge_cases));
	tcase_add_test(t, judge_without_tenant);
	tcase_add_test(t, judge_without_policy);
	tcase_add_loop_test(t, speakers, 0, ROWS(speaker_cases));
	tcase_add_test(t, speakers_of_one_name);
	tcase_add_loop_test(t, servers, 0, ROWS(server_cases));
	tcase_add_loop_test(t, utf16_sets, 0, ROWS(utf16_cases));
	tcase_add_loop_test(t, bindings, 0, ROWS(bind_cases));
	tcase_add_loop_test(t, sets, 0, ROWS(set_cases));
	tcase_add_loop_test(t, many_keys, 0, 2);
	tcase_add_loop_test(t, long_sets, 0, ROWS(long_cases));
	suite_add_tcase(s, t);
	status = unit_run(s);
	jwt_keys_free(&keys);
	EVP_PKEY_free(own);
	EVP_PKEY_free(stranger);
	return status;
}
