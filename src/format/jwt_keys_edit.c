/* SPDX-License-Identifier: ISC */
/*
 * jwt_keys_edit.c - issuer patterns, and the changes that an import makes to a
 * set: binding it to an issuer, joining it with another set, writing it.
 */
#include "format/jwt_keys.h"

#include <string.h>

#include "format/emit.h"

#define PLACE "{tenantid}"
#define PLACE_LEN (sizeof(PLACE) - 1)

/* --- issuers ------------------------------------------------------------- */

bool
jwt_issuer_matches(
    struct str pattern, const struct guid *tenant, struct str text)
{
	char id[STR_GUID_LEN] = { 0 };
	struct str guid;

	str_guid_text(tenant, id);
	guid = str_from(id, sizeof(id));
	while (pattern.n > 0) {
		if (str_starts(pattern, PLACE)) {
			if (!str_eq(str_head(text, sizeof(id)), guid))
				return false;
			pattern = str_tail(pattern, PLACE_LEN);
			text = str_tail(text, sizeof(id));
			continue;
		}
		if (text.n == 0 || text.p[0] != pattern.p[0])
			return false;
		pattern = str_tail(pattern, 1);
		text = str_tail(text, 1);
	}
	return text.n == 0;
}

/* --- changes ------------------------------------------------------------- */

/* Whether the pattern matches the issuer for some tenant. */
static bool
covers(struct str pattern, struct str issuer)
{
	struct guid tenant;
	size_t i;

	if (str_eq(pattern, issuer))
		return true;
	for (i = 0; i < pattern.n; i++)
		if (str_starts(str_tail(pattern, i), PLACE))
			return i < issuer.n &&
			    str_guid(
				str_head(str_tail(issuer, i), STR_GUID_LEN),
				&tenant) &&
			    jwt_issuer_matches(pattern, &tenant, issuer);
	return false;
}

void
jwt_keys_bind(
    struct jwt_keys *keys, struct str issuer, jwt_left_visit *visit, void *arg)
{
	size_t i, n = 0;

	for (i = 0; i < keys->n; i++) {
		struct jwt_key *key = &keys->key[i];
		const struct jwt_left left = { 0, jwt_key_name(key), JWT_ODD,
			STR("it names another issuer") };

		if (key->issuer_n > 0 && !covers(jwt_key_issuer(key), issuer)) {
			if (visit != NULL)
				visit(&left, arg);
			crypto_rsa_free(key->rsa);
			continue;
		}
		memcpy(key->issuer, issuer.p, issuer.n);
		key->issuer_n = issuer.n;
		keys->key[n++] = *key;
	}
	keys->n = n;
}

void
jwt_keys_join(struct jwt_keys *keys, struct jwt_keys *other, struct str issuer)
{
	size_t i, n = 0;

	for (i = 0; i < other->n; i++) {
		struct jwt_key *key = &other->key[i];

		if (key->issuer_n == 0 || str_eq(jwt_key_issuer(key), issuer) ||
		    keys->n == JWT_KEYS_MAX) {
			other->key[n++] = *key;
			continue;
		}
		keys->key[keys->n++] = *key;
	}
	other->n = n;
}

/* --- writing ------------------------------------------------------------- */

static void
put_number(struct emit *e, const uint8_t *bytes, size_t n)
{
	char digits[STR_BASE64_SIZE(JWT_MODULUS_MAX)];

	emit_str(e, str_from(digits, str_base64url(bytes, n, digits)));
}

/* Writes the members in the order of a thumbprint (RFC 7638, section 3.2). */
static void
put_key(struct emit *e, const struct jwt_key *key)
{
	emit_object(e);
	emit_name(e, "e");
	put_number(e, key->exponent, key->exponent_n);
	emit_name(e, "kty");
	emit_text(e, "RSA");
	emit_name(e, "n");
	put_number(e, key->modulus, key->modulus_n);
	emit_name(e, "kid");
	emit_str(e, jwt_key_name(key));
	emit_name(e, "use");
	emit_text(e, "sig");
	if (key->issuer_n > 0) {
		emit_name(e, "issuer");
		emit_str(e, jwt_key_issuer(key));
	}
	emit_end(e);
}

void
jwt_keys_write(const struct jwt_keys *keys, struct buf *out)
{
	struct emit e;
	size_t i;

	emit_init(&e, out);
	emit_object(&e);
	emit_name(&e, "keys");
	emit_array(&e);
	for (i = 0; i < keys->n; i++)
		put_key(&e, &keys->key[i]);
	emit_end(&e);
	emit_end(&e);
}
