/* SPDX-License-Identifier: ISC */
/*
 * jwt_keys.h - sets of public keys (JWKS, RFC 7517) of OAuth authorization
 * servers.
 *
 * Pure. An entry that is not understood, incomplete or out of range is skipped
 * (RFC 7517, section 5) and reported to the caller. So an issuer that publishes
 * one odd entry cannot keep its new keys from us.
 */
#ifndef PUSHCERT_JWT_KEYS_H
#define PUSHCERT_JWT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/crypto.h"
#include "base/err.h"
#include "format/json.h"
#include "base/buf.h"
#include "base/str.h"

/* Longest file of a key set. Entra's has 15 KiB, mostly certificates. */
#define JWT_SET_MAX 262144
/* Most keys in a set; Entra's has six to ten. */
#define JWT_KEYS_MAX 128
/* Longest name of a key; Entra's have 27 bytes. */
#define JWT_KID_MAX 128
/* Longest issuer of a key; Entra's have 80 bytes. */
#define JWT_ISSUER_MAX 256
/* Bytes of the largest modulus that crypto accepts: 4096 bits. */
#define JWT_MODULUS_MAX 512

struct jwt_key {
	char name[JWT_KID_MAX];
	size_t name_n;
	/* The issuer that the set binds the key to, perhaps with {tenantid} in
	 * it. Length 0: the set names no issuer. */
	char issuer[JWT_ISSUER_MAX];
	size_t issuer_n;
	/* Without leading zero bytes. */
	uint8_t modulus[JWT_MODULUS_MAX];
	size_t modulus_n;
	uint8_t exponent[4];
	size_t exponent_n;
	struct crypto_rsa *rsa;
};

/* A set never changes once it is read, so threads may share it. */
struct jwt_keys {
	struct jwt_key key[JWT_KEYS_MAX];
	size_t n;
	/* SHA-256 of each modulus whose private key was in the set. */
	uint8_t exposed[JWT_KEYS_MAX][CRYPTO_SHA256_LEN];
	size_t exposed_n;
};

static inline struct str
jwt_key_name(const struct jwt_key *key)
{
	return str_from(key->name, key->name_n);
}

static inline struct str
jwt_key_issuer(const struct jwt_key *key)
{
	return str_from(key->issuer, key->issuer_n);
}

/* Whether two keys have the same modulus and exponent. */
bool jwt_key_is_same(const struct jwt_key *a, const struct jwt_key *b);
/* Whether the set contained the private half of this key. Anyone who has read
 * such a set can sign with the key. */
bool jwt_keys_expose(const struct jwt_keys *keys, const struct jwt_key *key);

enum jwt_reason {
	JWT_OTHER_PURPOSE, /* a valid key for another use or algorithm */
	JWT_ODD, /* not understood, incomplete or out of range */
	JWT_SECRET /* a private or shared key */
};

/* A skipped entry. `name` (kid) is null if there is none, and lives as long as
 * the arena's pieces; `why` is a constant text. */
struct jwt_left {
	size_t number; /* position in the set, from 1; 0: unknown */
	struct str name;
	enum jwt_reason reason;
	struct str why;
};
typedef void jwt_left_visit(const struct jwt_left *left, void *arg);

/*
 * Reads a JWKS in UTF-8 or UTF-16. Calls `visit`, which may be NULL, for each
 * skipped entry. Needs an arena of JWT_SET_ARENA(text.n) bytes as scratch
 * space. The same key twice counts once; two keys may have the same name.
 *
 * If even the brackets, quotation marks and commas of the set are wrong, it
 * returns ERR_JSON_* or ERR_MEMORY as json_parse does. It returns ERR_CONFIG,
 * with a constant text in *what, if the document is not a set, is too long, or
 * has no usable key.
 */
#define JWT_SET_ARENA(n) (JSON_ARENA_SIZE(2 * (n)) + 6 * (n) + 128)
enum err jwt_keys_visit(struct str text, struct arena *a, jwt_left_visit *visit,
    void *arg, struct jwt_keys *out, struct str *what) ATTR_CHECKED;
/* jwt_keys_visit without a callback. */
enum err jwt_keys_read(struct str text, struct arena *a, struct jwt_keys *out,
    struct str *what) ATTR_CHECKED;
/* A part of both: converts the text of a file to UTF-8 without a byte order
 * mark. Malformed UTF-16 stays as it is. Returns ERR_MEMORY if the arena is
 * full. */
enum err
jwt_keys_text(struct str text, struct arena *a, struct str *out) ATTR_CHECKED;
/* Frees the keys of a set that jwt_keys_read filled or that is all zeros. */
void jwt_keys_free(struct jwt_keys *keys);

/* Parts of both, for a set that json refuses as a whole. jwt_keys_split returns
 * whether the text has a complete array of entries; jwt_keys_next takes the
 * text of the next entry. */
bool jwt_keys_split(struct str text, struct str *entries);
bool jwt_keys_next(struct str *entries, struct str *entry);

/* Whether the text equals the pattern with the tenant's GUID (lower case) in
 * place of each {tenantid}. */
bool jwt_issuer_matches(
    struct str pattern, const struct guid *tenant, struct str text);

/* Binds each key to an issuer of at most JWT_ISSUER_MAX bytes. A key that names
 * another issuer is dropped, because its publisher did not mean it for this
 * issuer. A pattern that covers the issuer is replaced by it. */
void jwt_keys_bind(
    struct jwt_keys *keys, struct str issuer, jwt_left_visit *visit, void *arg);
/* Moves the keys of another set that are bound to an issuer other than this one
 * into `keys`, while there is space. The other set keeps the rest. */
void
jwt_keys_join(struct jwt_keys *keys, struct jwt_keys *other, struct str issuer);

/* Appends the set as JSON. */
void jwt_keys_write(const struct jwt_keys *keys, struct buf *out);

#endif
