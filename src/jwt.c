/* SPDX-License-Identifier: ISC */
/*
 * jwt.c - key sets and tokens. What is not expected is refused: a header says
 * which key signed, and nothing else that it says is obeyed.
 */
#include "jwt.h"

#include <string.h>

/* The last second of the year 9999: no date is later. */
#define LATEST_AT 253402300799

/* --- members of JSON objects --------------------------------------------- */

/* Members that may be absent, but not of another type. */
static bool
find_string(
    const struct json *doc, size_t object, const char *name, struct str *out)
{
	size_t value;

	*out = str_of(NULL);
	if (!json_find(doc, object, str_of(name), &value))
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
	if (!json_find(doc, 0, str_of(name), &value))
		return true;
	if (json_type(doc, value) != JSON_NUMBER)
		return false;
	/* A fraction is allowed (RFC 7519, section 2), and less than the skew;
	 * an exponent is not worth its code. */
	fraction = json_text(doc, value);
	text = str_cut(&fraction, '.');
	if (!is_digits(fraction) || !str_u64(text, &seconds) ||
	    seconds > LATEST_AT)
		return false;
	*out = (int64_t)seconds;
	return true;
}

static bool
add(const struct json *doc, size_t value, struct jwt_list *out)
{
	if (json_type(doc, value) != JSON_STRING || out->n == JWT_LIST_MAX)
		return false;
	out->item[out->n++] = json_text(doc, value);
	return true;
}

/* An array of strings. */
static bool
find_list(const struct json *doc, const char *name, struct jwt_list *out)
{
	size_t value, item, at = 0;

	out->n = 0;
	if (!json_find(doc, 0, str_of(name), &value))
		return true;
	if (json_type(doc, value) != JSON_ARRAY)
		return false;
	while (json_next_item(doc, value, &at, &item))
		if (!add(doc, item, out))
			return false;
	return true;
}

/* An array of strings, or one string. */
static bool
find_audience(const struct json *doc, struct jwt_list *out)
{
	size_t value;

	if (json_find(doc, 0, str_of("aud"), &value) &&
	    json_type(doc, value) == JSON_STRING) {
		out->n = 0;
		return add(doc, value, out);
	}
	return find_list(doc, "aud", out);
}

/* --- key sets ------------------------------------------------------------ */

static struct str
key_name(const struct jwt_key *key)
{
	return str_from(key->name, key->name_n);
}

static const struct jwt_key *
find_key(const struct jwt_keys *keys, struct str name)
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (str_eq(key_name(&keys->key[i]), name))
			return &keys->key[i];
	return NULL;
}

/* Whether a member is absent or has this very text. */
static bool
is_or_absent(
    const struct json *doc, size_t object, const char *name, const char *text)
{
	struct str value;

	return find_string(doc, object, name, &value) &&
	    (str_is_null(value) || str_is(value, text));
}

/* A private key of any kind, or a shared one (RFC 7518, section 6). */
static bool
is_secret(const struct json *doc, size_t key)
{
	size_t value;

	return json_find(doc, key, str_of("d"), &value) ||
	    json_find(doc, key, str_of("k"), &value);
}

static bool
is_for_signatures(const struct json *doc, size_t key)
{
	struct str type;

	return find_string(doc, key, "kty", &type) && str_is(type, "RSA") &&
	    is_or_absent(doc, key, "use", "sig") &&
	    is_or_absent(doc, key, "alg", "RS256");
}

static bool
find_bytes(const struct json *doc, size_t key, const char *name, uint8_t *bytes,
    struct str *out)
{
	struct str text;
	size_t n;

	if (!find_string(doc, key, name, &text) || text.n == 0 ||
	    text.n > 1024 || !str_unbase64url(text, bytes, &n))
		return false;
	*out = str_from((const char *)bytes, n);
	return true;
}

static enum err
read_key(
    const struct json *doc, size_t key, struct jwt_keys *out, struct str *what)
{
	struct str name, modulus, exponent;
	uint8_t bytes[2][1024];

	*what = str_of("a key of the set has no name that can be used");
	if (!find_string(doc, key, "kid", &name) || name.n == 0 ||
	    name.n > JWT_KID_MAX)
		return ERR_CONFIG;
	*what = str_of("a name of a key stands twice in the set");
	if (find_key(out, name) != NULL)
		return ERR_CONFIG;
	*what = str_of("the set holds too many keys");
	if (out->n == JWT_KEYS_MAX)
		return ERR_CONFIG;
	*what = str_of("a key of the set is no RSA key of 2048 to 4096 bits");
	if (!find_bytes(doc, key, "n", bytes[0], &modulus) ||
	    !find_bytes(doc, key, "e", bytes[1], &exponent))
		return ERR_CONFIG;
	memcpy(out->key[out->n].name, name.p, name.n);
	out->key[out->n].name_n = name.n;
	return crypto_rsa_new(modulus, exponent, &out->key[out->n].rsa);
}

static enum err
read_keys(const struct json *doc, struct jwt_keys *out, struct str *what)
{
	size_t keys, key, at = 0;
	enum err e;

	*what = str_of("it is no JSON Web Key Set");
	if (!json_find(doc, 0, str_of("keys"), &keys) ||
	    json_type(doc, keys) != JSON_ARRAY)
		return ERR_CONFIG;
	while (json_next_item(doc, keys, &at, &key)) {
		*what = str_of("the set holds a key that is secret");
		if (is_secret(doc, key))
			return ERR_CONFIG;
		if (!is_for_signatures(doc, key))
			continue;
		if ((e = read_key(doc, key, out, what)) != ERR_OK)
			return e;
		out->n++;
	}
	*what = str_of("the set holds no RSA key for signatures");
	return out->n == 0 ? ERR_CONFIG : ERR_OK;
}

enum err
jwt_keys_read(
    struct str text, struct arena *a, struct jwt_keys *out, struct str *what)
{
	struct json doc;
	enum err e;

	memset(out, 0, sizeof(*out));
	*what = str_of("the set is too long");
	if (text.n > JWT_SET_MAX)
		return ERR_CONFIG;
	if ((e = json_parse(text, a, &doc, what)) != ERR_OK)
		return e;
	if ((e = read_keys(&doc, out, what)) != ERR_OK)
		jwt_keys_free(out);
	return e;
}

void
jwt_keys_free(struct jwt_keys *keys)
{
	while (keys->n > 0)
		crypto_rsa_free(keys->key[--keys->n].rsa);
}

/* --- tokens -------------------------------------------------------------- */

/* Headers by which a token would choose its own key or its own form. */
static const char *const forbidden[] = { "b64", "crit", "cty", "enc", "jku",
	"jwk", "x5c", "x5u", "zip" };

struct parts {
	struct str header;
	struct str claims;
	struct str signature;
	struct str signed_text; /* header and claims as they were sent */
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

/* Three parts, each base64url of something. */
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

/* What json found wrong, and where, is the token's own matter. */
static enum err
parse(struct str text, struct arena *a, struct json *out)
{
	struct str piece;
	enum err e = json_parse(text, a, out, &piece);

	return e == ERR_OK || e == ERR_MEMORY ? e : ERR_TOKEN_INVALID;
}

static bool
is_type_of_token(struct str type)
{
	return str_is_null(type) || str_iis(type, "JWT") ||
	    str_iis(type, "at+jwt");
}

static enum err
read_header(const struct json *doc, const struct jwt_keys *keys,
    const struct jwt_key **out, struct str *what)
{
	struct str algorithm, type, name;
	size_t i, value;

	*what = str_of("its algorithm is not RS256");
	if (!find_string(doc, 0, "alg", &algorithm) ||
	    !str_is(algorithm, "RS256"))
		return ERR_TOKEN_INVALID;
	*what = str_of("its header holds what is refused");
	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (json_find(doc, 0, str_of(forbidden[i]), &value))
			return ERR_TOKEN_INVALID;
	*what = str_of("it is of another type");
	if (!find_string(doc, 0, "typ", &type) || !is_type_of_token(type))
		return ERR_TOKEN_INVALID;
	*what = str_of("its key is not in the set");
	if (!find_string(doc, 0, "kid", &name) ||
	    (*out = find_key(keys, name)) == NULL)
		return ERR_TOKEN_INVALID;
	return ERR_OK;
}

static bool
find_tenant(const struct json *doc, struct guid *out)
{
	struct str text;

	return find_string(doc, 0, "tid", &text) && str_guid(text, out);
}

/* Old tokens say appid, those of version 2 azp; both must be fit to read. */
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
	*what = str_of("its times cannot be read");
	if (!find_time(doc, "exp", &out->expires_at) ||
	    !find_time(doc, "nbf", &out->not_before_at) ||
	    !find_time(doc, "iat", &out->issued_at) || out->expires_at == 0)
		return ERR_TOKEN_INVALID;
	*what = str_of("its issuer or audience cannot be read");
	if (!find_string(doc, 0, "iss", &out->issuer) || out->issuer.n == 0 ||
	    !find_audience(doc, &out->audience))
		return ERR_TOKEN_INVALID;
	*what = str_of("its tenant cannot be read");
	if (!find_tenant(doc, &out->tenant))
		return ERR_TOKEN_INVALID;
	*what = str_of("its rights cannot be read");
	if (!find_string(doc, 0, "scp", &out->scopes) ||
	    !find_list(doc, "roles", &out->roles))
		return ERR_TOKEN_INVALID;
	*what = str_of("its names of who asks cannot be read");
	if (!find_application(doc, &out->application) ||
	    !find_string(doc, 0, "oid", &out->object) ||
	    !find_string(doc, 0, "upn", &out->user))
		return ERR_TOKEN_INVALID;
	return ERR_OK;
}

enum err
jwt_verify(const struct jwt_keys *keys, struct str token, struct arena *a,
    struct jwt *out, struct str *what)
{
	const struct jwt_key *key;
	struct parts parts;
	struct json doc;
	enum err e;

	memset(out, 0, sizeof(*out));
	*what = str_of("it is not three parts of base64url");
	if ((e = take_apart(token, a, &parts)) != ERR_OK)
		return e;
	*what = str_of("its header is not JSON");
	if ((e = parse(parts.header, a, &doc)) != ERR_OK)
		return e;
	if ((e = read_header(&doc, keys, &key, what)) != ERR_OK)
		return e;
	*what = str_of("its signature is wrong");
	if ((e = crypto_rsa_verify(
		 key->rsa, parts.signed_text, parts.signature)) != ERR_OK)
		return e;
	*what = str_of("its claims are not JSON");
	if ((e = parse(parts.claims, a, &doc)) != ERR_OK)
		return e;
	return read_claims(&doc, out, what);
}

/* --- judging ------------------------------------------------------------- */

/* {tenantid} in the pattern stands for the tenant in lower case. */
static bool
issuer_matches(struct str issuer, struct str pattern, const struct guid *tenant)
{
	static const char place[] = "{tenantid}";
	char text[STR_GUID_LEN];
	struct str head = pattern, tail;

	while (head.n > 0 && !str_ends(head, place))
		head.n--;
	if (head.n == 0)
		return str_eq(issuer, pattern);
	tail = str_tail(pattern, head.n);
	head.n -= sizeof(place) - 1;
	str_guid_text(tenant, text);
	return str_eq(str_head(issuer, head.n), head) &&
	    str_eq(str_head(str_tail(issuer, head.n), STR_GUID_LEN),
		str_from(text, STR_GUID_LEN)) &&
	    str_eq(str_tail(issuer, head.n + STR_GUID_LEN), tail);
}

static bool
is_from(const struct jwt *token, const struct jwt_policy *policy)
{
	size_t i;

	for (i = 0; i < policy->issuers; i++)
		if (issuer_matches(
			token->issuer, policy->issuer[i], &token->tenant))
			return true;
	return false;
}

static bool
is_for(const struct jwt *token, const struct jwt_policy *policy)
{
	size_t i, k;

	for (i = 0; i < token->audience.n; i++)
		for (k = 0; k < policy->audiences; k++)
			if (policy->audience[k].n > 0 &&
			    str_eq(
				token->audience.item[i], policy->audience[k]))
				return true;
	return false;
}

enum err
jwt_judge(const struct jwt *token, const struct jwt_policy *policy,
    int64_t now_at, struct str *what)
{
	*what = str_of("it was not made by an issuer that is welcome");
	if (!is_from(token, policy))
		return ERR_TOKEN_INVALID;
	*what = str_of("it was not made for us");
	if (!is_for(token, policy))
		return ERR_TOKEN_INVALID;
	*what = str_of("it has expired");
	if (token->expires_at <= now_at - JWT_SKEW)
		return ERR_TOKEN_EXPIRED;
	*what = str_of("it is not yet valid");
	if (token->not_before_at > now_at + JWT_SKEW ||
	    token->issued_at > now_at + JWT_SKEW)
		return ERR_TOKEN_EXPIRED;
	return ERR_OK;
}
