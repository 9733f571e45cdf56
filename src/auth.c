/* SPDX-License-Identifier: ISC */
/*
 * auth.c - bearer tokens (RFC 6750). A token's text is never kept: its SHA-256
 * is the key under which it is looked up.
 */
#include "auth.h"

#include "crypto.h"

static const struct {
	uint32_t scope;
	const char *name;
} scopes[] = {
	{ AUTH_SERVICE_CONFIG_READ, "DeviceManagementServiceConfig.Read.All" },
	{ AUTH_SERVICE_CONFIG_WRITE,
	    "DeviceManagementServiceConfig.ReadWrite.All" },
	{ AUTH_CONFIGURATION_READ, "DeviceManagementConfiguration.Read.All" },
	{ AUTH_CONFIGURATION_WRITE,
	    "DeviceManagementConfiguration.ReadWrite.All" },
	{ AUTH_DEVICES_READ, "DeviceManagementManagedDevices.Read.All" },
	{ AUTH_DEVICES_WRITE, "DeviceManagementManagedDevices.ReadWrite.All" },
};

#define SCOPES (sizeof(scopes) / sizeof(scopes[0]))

uint32_t
auth_scope(struct str name)
{
	size_t i;

	for (i = 0; i < SCOPES; i++)
		if (str_is(name, scopes[i].name))
			return scopes[i].scope;
	return 0;
}

void
auth_scope_names(uint32_t set, struct buf *out)
{
	const char *between = "";
	size_t i;

	for (i = 0; i < SCOPES; i++) {
		if ((set & scopes[i].scope) == 0)
			continue;
		buf_text(out, between);
		buf_text(out, scopes[i].name);
		between = ", ";
	}
}

void
auth_token_text(const uint8_t secret[AUTH_SECRET_LEN], char out[AUTH_TOKEN_LEN])
{
	(void)str_base64url(secret, AUTH_SECRET_LEN, out);
}

void
auth_token_hash(struct str token, uint8_t hash[STORE_HASH_LEN])
{
	crypto_sha256(token, hash);
}

/* The credentials of an Authorization header of the scheme Bearer. */
static enum err
bearer(struct str authorization, struct str *token)
{
	struct str scheme = str_cut(&authorization, ' ');

	*token = str_trim(authorization);
	if (!str_iis(scheme, "bearer") || token->n == 0)
		return ERR_TOKEN_ABSENT;
	return ERR_OK;
}

enum err
auth_bearer(struct txn *tx, struct str authorization, int64_t now_at,
    struct arena *a, struct principal *out)
{
	static const uint8_t nobody[STORE_HASH_LEN];
	uint8_t hash[STORE_HASH_LEN];
	struct token t = { .expires_at = 0 };
	struct str token;
	bool known;
	enum err e;

	if ((e = bearer(str_trim(authorization), &token)) != ERR_OK)
		return e;
	auth_token_hash(token, hash);
	e = store_token(tx, hash, &t);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	/* An unknown token costs the same comparison as a known one. */
	known = crypto_equal(hash, e == ERR_OK ? t.hash : nobody, sizeof(hash));
	if (e == ERR_NOT_FOUND || !known)
		return ERR_TOKEN_INVALID;
	if (t.expires_at != 0 && t.expires_at <= now_at)
		return ERR_TOKEN_EXPIRED;
	out->tenant = t.tenant;
	out->scopes = t.rights;
	out->actor = arena_copy(a, t.name);
	return ERR_OK;
}
