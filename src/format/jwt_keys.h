/* SPDX-License-Identifier: ISC */
/*
 * jwt_keys.h - sets of public keys (JWKS, RFC 7517) of OAuth authorization
 * servers.
 *
 * Pure. An entry that is not understood, lacks a member or is out of range is
 * left out of the set (RFC 7517, section 5), and the caller learns of each:
 * an issuer that publishes one odd entry must not keep its new keys from us.
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

/* Longest file of a key set; Entra's has 15 KiB, most of it certificates. */
#define JWT_SET_MAX 262144
/* Most keys in a set; Entra's has six to ten. */
#define JWT_KEYS_MAX 128
/* Longest name of a key; Entra's have 27 bytes. */
#define JWT_KID_MAX 128
/* Longest issuer of a key; Entra's have 80 bytes. */
#define JWT_ISSUER_MAX 256
/* The largest modulus that crypto takes: 4096 bits. */
#define JWT_MODULUS_MAX 512

struct jwt_key {
	char name[JWT_KID_MAX];
	size_t name_n;
	/* The issuer that the key speaks for, perhaps with {tenantid} in it.
	 * Length 0: the set does not say. */
	char issuer[JWT_ISSUER_MAX];
	size_t issuer_n;
	/* Without leading zero bytes. */
	uint8_t modulus[JWT_MODULUS_MAX];
	size_t modulus_n;
	uint8_t exponent[4];
	size_t exponent_n;
	struct crypto_rsa *rsa;
};

/* A set never changes: threads may share it. */
struct jwt_keys {
	struct jwt_key key[JWT_KEYS_MAX];
	size_t n;
	/* Hashes of the moduli whose private half stood in the set. */
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
/* Whether the set holds the private half of this key: anyone who has read the
 * set can sign with it. */
bool jwt_keys_expose(const struct jwt_keys *keys, const struct jwt_key *key);

enum jwt_reason {
	JWT_OTHER_PURPOSE, /* a sound key for another use or algorithm */
	JWT_ODD, /* not understood, incomplete or out of range */
	JWT_SECRET /* a private or shared key, which no set should hold */
};

/* An entry that was left out. The name (kid) is null if there is none, and
 * dies with the arena; why is a constant text. */
struct jwt_left {
	size_t number; /* in the set, from 1; 0: not known */
	struct str name;
	enum jwt_reason reason;
	struct str why;
};
typedef void jwt_left_visit(const struct jwt_left *left, void *arg);

/*
 * Reads a JWKS in UTF-8 or UTF-16. The arena, JWT_SET_ARENA(text.n), is
 * scratch; visit may be NULL. The same key twice is one key; two keys may have
 * the same name. ERR_JSON_* and ERR_MEMORY as json_parse, for a text that is
 * not a set in brackets, quotation marks and commas; ERR_CONFIG with *what a
 * constant text for a document that is not a set, is too long, or holds no
 * usable key.
 */
#define JWT_SET_ARENA(n) (JSON_ARENA_SIZE(2 * (n)) + 6 * (n) + 128)
enum err jwt_keys_visit(struct str text, struct arena *a, jwt_left_visit *visit,
    void *arg, struct jwt_keys *out, struct str *what) ATTR_CHECKED;
/* The same without a visit. */
enum err jwt_keys_read(struct str text, struct arena *a, struct jwt_keys *out,
    struct str *what) ATTR_CHECKED;
/* A part of both: a file's text in UTF-8 without a byte order mark. Malformed
 * UTF-16 stays as it is. ERR_MEMORY. */
enum err
jwt_keys_text(struct str text, struct arena *a, struct str *out) ATTR_CHECKED;
/* A set that jwt_keys_read filled, or one of zeros. */
void jwt_keys_free(struct jwt_keys *keys);

/* Parts of both, for a set that is not JSON as a whole: whether it has entries
 * and an end, and the text of each entry in turn. */
bool jwt_keys_split(struct str text, struct str *entries);
bool jwt_keys_next(struct str *entries, struct str *entry);

/* Whether the text is what the pattern becomes with the tenant's GUID (lower
 * case) in place of each {tenantid}. A pattern without {tenantid} is the text
 * itself. */
bool jwt_issuer_matches(
    struct str pattern, const struct guid *tenant, struct str text);

/*
 * Binds each key to an issuer of at most JWT_ISSUER_MAX bytes. A key that names
 * another issuer is left out, since its publisher did not mean it for this one;
 * a pattern that covers the issuer is narrowed to it.
 */
void jwt_keys_bind(
    struct jwt_keys *keys, struct str issuer, jwt_left_visit *visit, void *arg);
/* Adds the keys of another set that are bound to another issuer than this one,
 * while there is room; the other set keeps the rest. */
void
jwt_keys_join(struct jwt_keys *keys, struct jwt_keys *other, struct str issuer);

/* Appends the set as JSON. */
void jwt_keys_write(const struct jwt_keys *keys, struct buf *out);

#endif
