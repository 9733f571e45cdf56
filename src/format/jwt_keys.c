/* SPDX-License-Identifier: ISC */
/*
 * jwt_keys.c - reads a set entry by entry. Each test of an entry is a function
 * in one table, with the reason for a refusal. The first test that fails skips
 * the entry.
 *
 * Private and shared keys. A key set is public, so every reader of the file
 * knows a private key in it, and tokens signed with that key prove nothing. The
 * entry is skipped, and so is every other entry with the same modulus. A shared
 * key could never verify RS256. The other entries stay usable: refusing the
 * whole set would keep the issuer's new keys out and the exposed key in.
 */
#include "format/jwt_keys.h"

#include <string.h>

/* --- members of an entry ------------------------------------------------- */

/* Finds a text; the null slice if the member is absent or null. Returns false
 * for a value of another type. */
static bool
find_text(
    const struct json *doc, size_t entry, const char *name, struct str *out)
{
	size_t value;

	*out = str_of(NULL);
	if (!json_find(doc, entry, str_of(name), &value) ||
	    json_type(doc, value) == JSON_NULL)
		return true;
	*out = json_text(doc, value);
	return json_type(doc, value) == JSON_STRING;
}

/* Finds a number in base64url, without leading zero bytes. */
static bool
find_number(const struct json *doc, size_t entry, const char *name,
    struct str *out, uint8_t bytes[1024])
{
	struct str text;
	size_t n;

	if (!find_text(doc, entry, name, &text) || text.n == 0 ||
	    text.n > 1024 || !str_unbase64url(text, bytes, &n))
		return false;
	*out = str_from((const char *)bytes, n);
	while (out->n > 0 && out->p[0] == '\0')
		*out = str_tail(*out, 1);
	return out->n > 0;
}

static bool
is_object(const struct json *doc, size_t entry)
{
	return json_type(doc, entry) == JSON_OBJECT;
}

/* Whether member names are unique (RFC 7517, section 4). For a duplicate, our
 * reader takes the first value and other readers take the last. */
static bool
has_unique_names(const struct json *doc, size_t entry)
{
	struct json_member m, former;
	size_t at = 0, before;

	while (json_next(doc, entry, &at, &m)) {
		before = 0;
		while (json_next(doc, entry, &before, &former) &&
		    former.value != m.value)
			if (str_eq(former.name, m.name))
				return false;
	}
	return true;
}

/* Whether the key is without private members: the members of all key types (RFC
 * 7518, section 6; RFC 8037), and priv of the type AKP. */
static bool
is_public(const struct json *doc, size_t entry)
{
	static const char *const secret[] = { "d", "k", "p", "q", "dp", "dq",
		"qi", "oth", "priv" };
	size_t i, value;

	for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (json_find(doc, entry, str_of(secret[i]), &value) &&
		    json_type(doc, value) != JSON_NULL)
			return false;
	return true;
}

static bool
has_type(const struct json *doc, size_t entry)
{
	struct str type;

	return find_text(doc, entry, "kty", &type) && type.n > 0;
}

static bool
is_rsa(const struct json *doc, size_t entry)
{
	struct str type;

	return find_text(doc, entry, "kty", &type) && str_is(type, "RSA");
}

static bool
says_purpose(const struct json *doc, size_t entry)
{
	struct str use, algorithm;
	size_t operations;

	if (json_find(doc, entry, str_of("key_ops"), &operations) &&
	    json_type(doc, operations) != JSON_ARRAY &&
	    json_type(doc, operations) != JSON_NULL)
		return false;
	return find_text(doc, entry, "use", &use) &&
	    find_text(doc, entry, "alg", &algorithm);
}

/* Whether key_ops, if present, allows "verify" (RFC 7517, section 4.3). */
static bool
may_verify(const struct json *doc, size_t entry)
{
	size_t operations, item, at = 0;

	if (!json_find(doc, entry, str_of("key_ops"), &operations) ||
	    json_type(doc, operations) == JSON_NULL)
		return true;
	while (json_next_item(doc, operations, &at, &item))
		if (json_type(doc, item) == JSON_STRING &&
		    str_is(json_text(doc, item), "verify"))
			return true;
	return false;
}

static bool
is_for_signatures(const struct json *doc, size_t entry)
{
	struct str use;

	return find_text(doc, entry, "use", &use) &&
	    (str_is_null(use) || str_is(use, "sig")) && may_verify(doc, entry);
}

static bool
is_for_rs256(const struct json *doc, size_t entry)
{
	struct str algorithm;

	return find_text(doc, entry, "alg", &algorithm) &&
	    (str_is_null(algorithm) || str_is(algorithm, "RS256"));
}

static bool
has_name(const struct json *doc, size_t entry)
{
	struct str name;

	return find_text(doc, entry, "kid", &name) && name.n > 0 &&
	    name.n <= JWT_KID_MAX;
}

static bool
has_fit_issuer(const struct json *doc, size_t entry)
{
	struct str issuer;

	return find_text(doc, entry, "issuer", &issuer) &&
	    (str_is_null(issuer) ||
		(issuer.n > 0 && issuer.n <= JWT_ISSUER_MAX));
}

static const struct test {
	bool (*holds)(const struct json *doc, size_t entry);
	enum jwt_reason reason;
	struct str why;
} tests[] = {
	{ is_object, JWT_ODD, STR("it is not an object") },
	{ is_public, JWT_SECRET, STR("it contains a private or shared key") },
	{ has_unique_names, JWT_ODD, STR("it has a duplicate member") },
	{ has_type, JWT_ODD, STR("it has no type (kty)") },
	{ is_rsa, JWT_OTHER_PURPOSE, STR("it is not an RSA key") },
	{ says_purpose, JWT_ODD, STR("its use, alg or key_ops is invalid") },
	{ is_for_signatures, JWT_OTHER_PURPOSE,
	    STR("it is not for verifying signatures") },
	{ is_for_rs256, JWT_OTHER_PURPOSE, STR("it is not for RS256") },
	{ has_name, JWT_ODD, STR("it has no name (kid) of 1 to 128 bytes") },
	{ has_fit_issuer, JWT_ODD, STR("its issuer cannot be read") },
};

static const struct str not_object = STR("it is not an object");
static const struct str not_json = STR("it is not valid JSON");
static const struct str unfit = STR(
    "it is not an RSA key of 2048 to 4096 bits");
static const struct str unreadable = STR(
    "its n or e is missing, too long or not base64url");
static const struct str exposed = STR("its private half is in another entry");
static const struct str too_many = STR("the set has more than 128 keys");
_Static_assert(JWT_KEYS_MAX == 128, "the text above has the number");

/* --- sets ---------------------------------------------------------------- */

/* The state while a set is read. */
struct reading {
	struct json doc; /* the text that is being read */
	jwt_left_visit *visit;
	void *arg;
	struct jwt_keys *keys;
};

static void
leave_out(const struct reading *r, size_t number, size_t entry,
    enum jwt_reason reason, struct str why)
{
	struct jwt_left left = {
		.number = number, .reason = reason, .why = why
	};

	if (!find_text(&r->doc, entry, "kid", &left.name))
		left.name = str_of(NULL);
	if (r->visit != NULL)
		r->visit(&left, r->arg);
}

bool
jwt_key_is_same(const struct jwt_key *a, const struct jwt_key *b)
{
	return a->modulus_n == b->modulus_n &&
	    memcmp(a->modulus, b->modulus, a->modulus_n) == 0 &&
	    a->exponent_n == b->exponent_n &&
	    memcmp(a->exponent, b->exponent, a->exponent_n) == 0;
}

static void
hash_modulus(struct str modulus, uint8_t out[CRYPTO_SHA256_LEN])
{
	crypto_sha256(modulus, out);
}

bool
jwt_keys_expose(const struct jwt_keys *keys, const struct jwt_key *key)
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	size_t i;

	if (keys->exposed_n == 0)
		return false;
	hash_modulus(
	    str_from((const char *)key->modulus, key->modulus_n), hash);
	for (i = 0; i < keys->exposed_n; i++)
		if (memcmp(keys->exposed[i], hash, sizeof(hash)) == 0)
			return true;
	return false;
}

/* Records the modulus of a private key, even if the entry has other faults. */
static void
expose(const struct json *doc, size_t entry, struct jwt_keys *out)
{
	struct str modulus;
	uint8_t bytes[1024];

	if (is_object(doc, entry) && !is_public(doc, entry) &&
	    out->exposed_n < JWT_KEYS_MAX &&
	    find_number(doc, entry, "n", &modulus, bytes))
		hash_modulus(modulus, out->exposed[out->exposed_n++]);
}

static bool
is_known(const struct jwt_keys *keys, const struct jwt_key *key)
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (str_eq(jwt_key_name(&keys->key[i]), jwt_key_name(key)) &&
		    str_eq(
			jwt_key_issuer(&keys->key[i]), jwt_key_issuer(key)) &&
		    jwt_key_is_same(&keys->key[i], key))
			return true;
	return false;
}

/* Fills every member of a key but rsa. Returns false if one cannot be read. */
static bool
fill_key(const struct json *doc, size_t entry, struct jwt_key *out)
{
	struct str name, issuer, modulus, exponent;
	uint8_t bytes[2][1024];

	memset(out, 0, sizeof(*out));
	if (!find_text(doc, entry, "kid", &name) || name.n == 0 ||
	    !find_text(doc, entry, "issuer", &issuer) ||
	    !find_number(doc, entry, "n", &modulus, bytes[0]) ||
	    !find_number(doc, entry, "e", &exponent, bytes[1]) ||
	    modulus.n > sizeof(out->modulus) ||
	    exponent.n > sizeof(out->exponent))
		return false;
	memcpy(out->name, name.p, name.n);
	out->name_n = name.n;
	if (issuer.n > 0)
		memcpy(out->issuer, issuer.p, issuer.n);
	out->issuer_n = issuer.n;
	memcpy(out->modulus, modulus.p, modulus.n);
	out->modulus_n = modulus.n;
	memcpy(out->exponent, exponent.p, exponent.n);
	out->exponent_n = exponent.n;
	return true;
}

/* Adds a key to the set. Returns ERR_CONFIG with *why if it is not usable. */
static enum err
take_key(const struct reading *r, size_t entry, struct str *why)
{
	struct jwt_keys *keys = r->keys;
	struct jwt_key key;
	enum err e;

	*why = unreadable;
	if (!fill_key(&r->doc, entry, &key))
		return ERR_CONFIG;
	if (is_known(keys, &key))
		return ERR_OK;
	*why = unfit;
	e = crypto_rsa_new(str_from((const char *)key.modulus, key.modulus_n),
	    str_from((const char *)key.exponent, key.exponent_n), &key.rsa);
	if (e != ERR_OK)
		return e;
	*why = exposed;
	if (!jwt_keys_expose(keys, &key)) {
		*why = too_many;
		if (keys->n < JWT_KEYS_MAX) {
			keys->key[keys->n++] = key;
			return ERR_OK;
		}
	}
	crypto_rsa_free(key.rsa);
	return ERR_CONFIG;
}

static enum err
take_entry(const struct reading *r, size_t number, size_t entry)
{
	struct str why;
	enum err e;
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (tests[i].holds(&r->doc, entry))
			continue;
		leave_out(r, number, entry, tests[i].reason, tests[i].why);
		return ERR_OK;
	}
	if ((e = take_key(r, entry, &why)) != ERR_CONFIG)
		return e;
	leave_out(r, number, entry, JWT_ODD, why);
	return ERR_OK;
}

static enum err
read_entries(const struct reading *r, struct str *what)
{
	size_t keys, entry, number = 0, at = 0;
	enum err e;

	*what = str_of("it is not a JSON Web Key Set");
	if (!json_find(&r->doc, 0, str_of("keys"), &keys) ||
	    json_type(&r->doc, keys) != JSON_ARRAY ||
	    !has_unique_names(&r->doc, 0))
		return ERR_CONFIG;
	while (json_next_item(&r->doc, keys, &at, &entry))
		expose(&r->doc, entry, r->keys);
	at = 0;
	while (json_next_item(&r->doc, keys, &at, &entry))
		if ((e = take_entry(r, ++number, entry)) != ERR_OK)
			return e;
	return ERR_OK;
}

static void
leave_out_text(const struct reading *r, size_t number, struct str why)
{
	const struct jwt_left left = { number, { NULL, 0 }, JWT_ODD, why };

	if (r->visit != NULL)
		r->visit(&left, r->arg);
}

/* Reads the text of one entry. With number 0 it only records an exposed key. */
static enum err
read_text(struct reading *r, struct str text, size_t number, struct arena *a)
{
	struct str piece;
	enum err e = json_parse(text, a, &r->doc, &piece);

	if (e == ERR_MEMORY)
		return e;
	if (e == ERR_OK || e == ERR_JSON_DUPLICATE) {
		if (number > 0)
			return take_entry(r, number, 0);
		expose(&r->doc, 0, r->keys);
	} else if (number > 0) {
		leave_out_text(r, number,
		    e == ERR_JSON_NOT_OBJECT ? not_object : not_json);
	}
	return ERR_OK;
}

static enum err
read_texts(struct reading *r, struct str entries, bool take, struct arena *a)
{
	size_t number = 0, used = a->used;
	struct str entry;
	enum err e;

	while (jwt_keys_next(&entries, &entry)) {
		number++;
		if ((e = read_text(r, entry, take ? number : 0, a)) != ERR_OK)
			return e;
		a->used = used;
	}
	return ERR_OK;
}

/* Reads the set as one document. If json refuses that, reads each entry by
 * itself: first which keys they expose, then the keys. */
static enum err
read_set(struct reading *r, struct str text, struct arena *a, struct str *what)
{
	size_t used = a->used;
	struct str entries;
	enum err e = json_parse(text, a, &r->doc, what);

	/* An entry with a duplicate member is skipped and reported later. */
	if (e == ERR_OK || e == ERR_JSON_DUPLICATE)
		return read_entries(r, what);
	a->used = used;
	if (e == ERR_MEMORY || !jwt_keys_split(text, &entries))
		return e;
	if ((e = read_texts(r, entries, false, a)) != ERR_OK)
		return e;
	return read_texts(r, entries, true, a);
}

enum err
jwt_keys_visit(struct str text, struct arena *a, jwt_left_visit *visit,
    void *arg, struct jwt_keys *out, struct str *what)
{
	struct reading r = { .visit = visit, .arg = arg, .keys = out };
	enum err e;

	memset(out, 0, sizeof(*out));
	*what = str_of("the set is larger than 256 KiB");
	if (text.n > JWT_SET_MAX)
		return ERR_CONFIG;
	if ((e = jwt_keys_text(text, a, &text)) == ERR_OK)
		e = read_set(&r, text, a, what);
	if (e == ERR_OK && out->n == 0) {
		*what = str_of("the set has no usable RSA key");
		e = ERR_CONFIG;
	}
	if (e != ERR_OK)
		jwt_keys_free(out);
	return e;
}

enum err
jwt_keys_read(
    struct str text, struct arena *a, struct jwt_keys *out, struct str *what)
{
	return jwt_keys_visit(text, a, NULL, NULL, out, what);
}

void
jwt_keys_free(struct jwt_keys *keys)
{
	while (keys->n > 0)
		crypto_rsa_free(keys->key[--keys->n].rsa);
}
