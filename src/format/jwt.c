/* SPDX-License-Identifier: ISC */
/*
 * jwt.c - verifies and reads tokens. The header of a token names the key that
 * signed it; apart from that, a token cannot choose how it is verified, and
 * anything unexpected is refused.
 */
#include "format/jwt.h"

#include <string.h>

/* The last second of the year 9999; a later date is refused. */
#define LATEST_AT 253402300799

/* --- members of JSON objects --------------------------------------------- */

/* Finds a text. The member may be absent or null but not of another type. */
static bool
find_string(
    const struct json *doc, size_t object, const char *name, struct str *out)
{
	size_t value;

	*out = str_of(NULL);
	if (!json_find(doc, object, str_of(name), &value) ||
	    json_type(doc, value) == JSON_NULL)
		return true;
	*out = json_text(doc, value);
	return json_type(doc, value) == JSON_STRING;
}

static bool
is_digits(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool
find_time(const struct json *doc, const char *name, int64_t *out)
{
	struct str fraction, text;
	uint64_t seconds;
	size_t value;

	*out = 0;
	if (!json_find(doc, 0, str_of(name), &value) ||
	    json_type(doc, value) == JSON_NULL)
		return true;
	if (json_type(doc, value) != JSON_NUMBER)
		return false;
	/* A fraction is allowed (RFC 7519, section 2) and dropped, since it is
	 * less than JWT_SKEW. An exponent is refused: no issuer writes one. */
	fraction = json_text(doc, value);
	text = str_cut(&fraction, '.');
	if (!is_digits(fraction) || !str_u64(text, &seconds) ||
	    seconds > LATEST_AT)
		return false;
	*out = (int64_t)seconds;
	return true;
}

bool
jwt_list_next(const struct jwt_list *list, size_t *at, struct str *out)
{
	size_t value = list->value;

	if (list->doc.token == NULL)
		return false;
	if (json_type(&list->doc, value) == JSON_STRING) {
		*out = json_text(&list->doc, value);
		return (*at)++ == 0;
	}
	/* A null in an array counts as absent. */
	while (json_next_item(&list->doc, list->value, at, &value)) {
		*out = json_text(&list->doc, value);
		if (json_type(&list->doc, value) == JSON_STRING)
			return true;
	}
	return false;
}

/* Finds a text or an array of texts: issuers use both for these claims. */
static bool
find_list(const struct json *doc, const char *name, struct jwt_list *out)
{
	size_t value, item, at = 0;

	*out = (struct jwt_list){ .value = 0 };
	if (!json_find(doc, 0, str_of(name), &value) ||
	    json_type(doc, value) == JSON_NULL)
		return true;
	*out = (struct jwt_list){ *doc, value };
	if (json_type(doc, value) == JSON_STRING)
		return true;
	while (json_next_item(doc, value, &at, &item))
		if (json_type(doc, item) != JSON_STRING &&
		    json_type(doc, item) != JSON_NULL)
			return false;
	return json_type(doc, value) == JSON_ARRAY;
}

/* --- tokens -------------------------------------------------------------- */

/* Headers that would let a token choose its own key or format. */
static const char *const forbidden[] = { "b64", "crit", "cty", "enc", "jku",
	"jwk", "x5c", "x5u", "zip" };

struct parts {
	struct str header;
	struct str claims;
	struct str signature;
	struct str signed_text; /* header and claims as sent */
};

static enum err
decode(struct str text, struct arena *a, struct str *out)
{
	uint8_t *bytes = arena_take(a, text.n / 4 * 3 + 3);
	size_t n;

	if (bytes == NULL)
		return ERR_MEMORY;
	if (text.n == 0 || !str_unbase64url(text, bytes, &n))
		return ERR_TOKEN_INVALID;
	*out = str_from((const char *)bytes, n);
	return ERR_OK;
}

/* Splits a token into its three parts of base64url and decodes them. */
static enum err
take_apart(struct str token, struct arena *a, struct parts *out)
{
	struct str rest = token;
	struct str header = str_cut(&rest, '.');
	struct str claims = str_cut(&rest, '.');
	enum err e;

	if (token.n > JWT_TOKEN_MAX || str_is_null(rest))
		return ERR_TOKEN_INVALID;
	out->signed_text = str_head(token, header.n + 1 + claims.n);
	if ((e = decode(header, a, &out->header)) != ERR_OK)
		return e;
	if ((e = decode(claims, a, &out->claims)) != ERR_OK)
		return e;
	return decode(rest, a, &out->signature);
}

/* Parses a part of the token as JSON. The exact mistake is not reported. */
static enum err
parse(struct str text, struct arena *a, struct json *out)
{
	struct str piece;
	enum err e;

	/* A byte order mark belongs in files; no issuer writes one. */
	if (str_starts(text, "\xef\xbb\xbf"))
		return ERR_TOKEN_INVALID;
	e = json_parse(text, a, out, &piece);
	return e == ERR_OK || e == ERR_MEMORY ? e : ERR_TOKEN_INVALID;
}

static bool
is_type_of_token(struct str type)
{
	static const char *const types[] = { "JWT", "at+jwt",
		"application/at+jwt" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_iis(type, types[i]))
			return true;
	return str_is_null(type);
}

/* Sets *name to the name of the signing key that the header claims. */
static enum err
read_header(const struct json *doc, struct str *name, struct str *what)
{
	struct str algorithm, type;
	size_t i, value;

	*what = str_of("its algorithm is not RS256");
	if (!find_string(doc, 0, "alg", &algorithm) ||
	    !str_is(algorithm, "RS256"))
		return ERR_TOKEN_INVALID;
	*what = str_of("its header has a member that is not supported");
	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (json_find(doc, 0, str_of(forbidden[i]), &value))
			return ERR_TOKEN_INVALID;
	*what = str_of("its type (typ) is not JWT or at+jwt");
	if (!find_string(doc, 0, "typ", &type) || !is_type_of_token(type))
		return ERR_TOKEN_INVALID;
	*what = str_of("its key (kid) is not in the key set");
	if (!find_string(doc, 0, "kid", name) || name->n == 0 ||
	    name->n > JWT_KID_MAX)
		return ERR_TOKEN_INVALID;
	return ERR_OK;
}

/* Copies the name and frees the memory of the header, because the claims may
 * need the whole arena. */
static enum err
find_signer(struct str header, struct arena *a, char name[JWT_KID_MAX],
    struct str *signer, struct str *what)
{
	size_t used = a->used;
	struct json doc;
	struct str text;
	enum err e;

	*what = str_of("its header is not JSON");
	if ((e = parse(header, a, &doc)) != ERR_OK)
		return e;
	if ((e = read_header(&doc, &text, what)) != ERR_OK)
		return e;
	memcpy(name, text.p, text.n);
	*signer = str_from(name, text.n);
	a->used = used;
	return ERR_OK;
}

/* Finds the key with this name that made the signature. A set may have several
 * keys with one name. */
static enum err
verify_signature(const struct jwt_keys *keys, struct str signer,
    const struct parts *parts, const struct jwt_key **out, struct str *what)
{
	enum err e;
	size_t i;

	*what = str_of("its key (kid) is not in the key set");
	for (i = 0; i < keys->n; i++) {
		*out = &keys->key[i];
		if (!str_eq(jwt_key_name(*out), signer))
			continue;
		*what = str_of("its signature is invalid");
		e = crypto_rsa_verify(
		    (*out)->rsa, parts->signed_text, parts->signature);
		if (e != ERR_TOKEN_INVALID)
			return e;
	}
	return ERR_TOKEN_INVALID;
}

/* Servers other than Entra have no tenants. */
static bool
find_tenant(const struct json *doc, struct jwt *out)
{
	struct str text;

	if (!find_string(doc, 0, "tid", &text))
		return false;
	out->no_tenant = str_is_null(text);
	return out->no_tenant || str_guid(text, &out->tenant);
}

/* A name is only shown: people can change it, also to that of another. */
static bool
find_user(const struct json *doc, struct str *out)
{
	struct str preferred;

	if (!find_string(doc, 0, "upn", out) ||
	    !find_string(doc, 0, "preferred_username", &preferred))
		return false;
	if (out->n == 0)
		*out = preferred;
	return true;
}

/* Tokens of version 1 have appid, tokens of version 2 have azp. Both must be
 * readable. */
static bool
find_application(const struct json *doc, struct str *out)
{
	struct str azp;

	if (!find_string(doc, 0, "appid", out) ||
	    !find_string(doc, 0, "azp", &azp))
		return false;
	if (str_is_null(*out))
		*out = azp;
	return true;
}

static enum err
read_claims(const struct json *doc, struct jwt *out, struct str *what)
{
	*what = str_of("its exp, nbf or iat is missing or invalid");
	if (!find_time(doc, "exp", &out->expires_at) ||
	    !find_time(doc, "nbf", &out->not_before_at) ||
	    !find_time(doc, "iat", &out->issued_at) || out->expires_at == 0)
		return ERR_TOKEN_INVALID;
	*what = str_of("its iss or aud is missing or invalid");
	if (!find_string(doc, 0, "iss", &out->issuer) || out->issuer.n == 0 ||
	    !find_list(doc, "aud", &out->audience))
		return ERR_TOKEN_INVALID;
	*what = str_of("its tid is missing or not a GUID");
	if (!find_tenant(doc, out))
		return ERR_TOKEN_INVALID;
	*what = str_of("its scp or roles is invalid");
	if (!find_list(doc, "scp", &out->scopes) ||
	    !find_list(doc, "roles", &out->roles))
		return ERR_TOKEN_INVALID;
	*what = str_of("its appid, azp, oid, upn or nonce is invalid");
	if (!find_application(doc, &out->application) ||
	    !find_string(doc, 0, "oid", &out->object) ||
	    !find_user(doc, &out->user) ||
	    !find_string(doc, 0, "nonce", &out->nonce))
		return ERR_TOKEN_INVALID;
	return ERR_OK;
}

enum err
jwt_verify(const struct jwt_keys *keys, struct str token, struct arena *a,
    struct jwt *out, struct str *what)
{
	const struct jwt_key *key;
	char name[JWT_KID_MAX];
	struct str signer;
	struct parts parts;
	struct json doc;
	enum err e;

	memset(out, 0, sizeof(*out));
	*what = str_of("it does not consist of three parts in base64url");
	if ((e = take_apart(token, a, &parts)) != ERR_OK)
		return e;
	if ((e = find_signer(parts.header, a, name, &signer, what)) != ERR_OK)
		return e;
	if ((e = verify_signature(keys, signer, &parts, &key, what)) != ERR_OK)
		return e;
	*what = str_of("its claims are not JSON");
	if ((e = parse(parts.claims, a, &doc)) != ERR_OK)
		return e;
	if ((e = read_claims(&doc, out, what)) != ERR_OK)
		return e;
	return jwt_check_key(keys, key, out, what);
}
