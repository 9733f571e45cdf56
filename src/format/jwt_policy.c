/* SPDX-License-Identifier: ISC */
/*
 * jwt_policy.c - decides whether to accept a token with a valid signature: by
 * its issuer, the key that signed it, its audience and its dates.
 */
#include "format/jwt.h"

#include <string.h>

/* --- whom keys speak for ------------------------------------------------- */

/* Entra's issuers of one tenant, in tokens of version 1 and 2: TENANT/ follows
 * the first text and TENANT/v2.0 the second. The cloud of the US government
 * shares the first with the public cloud. */
static const struct pair {
	struct str one, two;
} pairs[] = {
	{ STR("https://sts.windows.net/"),
	    STR("https://login.microsoftonline.com/") },
	{ STR("https://sts.windows.net/"),
	    STR("https://login.microsoftonline.us/") },
	{ STR("https://sts.chinacloudapi.cn/"),
	    STR("https://login.partner.microsoftonline.cn/") },
};

#define PAIRS (sizeof(pairs) / sizeof(pairs[0]))
#define ENTRA_MAX 128

static struct str
put_entra(struct str head, const struct guid *tenant, const char *tail,
    char out[ENTRA_MAX])
{
	char id[STR_GUID_LEN];
	struct buf b;

	str_guid_text(tenant, id);
	buf_init(&b, out, ENTRA_MAX);
	buf_str(&b, head);
	buf_put(&b, id, sizeof(id));
	buf_text(&b, tail);
	return buf_view(&b);
}

/* Whether the key's issuer covers the token's issuer. A key of Entra names the
 * issuer of version 2 and also signs tokens of version 1 for the same
 * tenants. */
static bool
speaks_for(const struct jwt_key *key, const struct jwt *token)
{
	struct str pattern = jwt_key_issuer(key), issuer = token->issuer;
	const struct guid *tenant = &token->tenant;
	char text[2][ENTRA_MAX];
	size_t i;

	if (jwt_issuer_matches(pattern, tenant, issuer))
		return true;
	for (i = 0; i < PAIRS; i++) {
		struct str one = put_entra(pairs[i].one, tenant, "/", text[0]);
		struct str two = put_entra(
		    pairs[i].two, tenant, "/v2.0", text[1]);

		if ((str_eq(issuer, one) &&
			jwt_issuer_matches(pattern, tenant, two)) ||
		    (str_eq(issuer, two) &&
			jwt_issuer_matches(pattern, tenant, one)))
			return true;
	}
	return false;
}

/* Checks all entries: a set may have the same key for several issuers. */
enum err
jwt_check_key(const struct jwt_keys *keys, const struct jwt_key *signer,
    struct jwt *token, struct str *what)
{
	bool is_free = false;
	size_t i;

	for (i = 0; i < keys->n && !token->bound; i++) {
		const struct jwt_key *key = &keys->key[i];

		if (!str_eq(jwt_key_name(key), jwt_key_name(signer)) ||
		    !jwt_key_is_same(key, signer))
			continue;
		if (key->issuer_n == 0)
			is_free = true;
		else
			token->bound = speaks_for(key, token);
	}
	*what = str_of("its key belongs to another issuer");
	return token->bound || is_free ? ERR_OK : ERR_TOKEN_INVALID;
}

/* --- judging ------------------------------------------------------------- */

/* Scheme and host of a URL. */
static struct str
server_of(struct str url)
{
	size_t n = 0;

	while (n < url.n && url.p[n] != ':' && url.p[n] != '/')
		n++;
	if (str_starts(str_tail(url, n), "://"))
		n += 3;
	while (n < url.n && url.p[n] != '/')
		n++;
	return str_head(url, n);
}

/* Returns the server of an issuer; the first default issuer stands for both. */
static struct str
known_server(struct str issuer)
{
	struct str server = server_of(issuer);

	return str_ieq(server, server_of(pairs[0].two))
	    ? server_of(pairs[0].one)
	    : server;
}

bool
jwt_is_one_server(const struct jwt_policy *policy)
{
	struct str first, server;
	size_t i;

	for (i = 0; i < policy->issuers; i++) {
		server = known_server(policy->issuer[i]);
		if (i == 0)
			first = server;
		/* A host with {tenantid} in it is a different server for each
		 * tenant. */
		if (!str_ieq(server, first) ||
		    (server.n > 0 && memchr(server.p, '{', server.n) != NULL))
			return false;
	}
	return true;
}

static bool
is_from(const struct jwt *token, const struct jwt_policy *policy)
{
	size_t i;

	for (i = 0; i < policy->issuers; i++)
		if (jwt_issuer_matches(
			policy->issuer[i], &token->tenant, token->issuer))
			return true;
	return false;
}

static bool
is_for(const struct jwt *token, const struct jwt_policy *policy)
{
	struct str audience;
	size_t i, at = 0;

	while (jwt_list_next(&token->audience, &at, &audience))
		for (i = 0; i < policy->audiences; i++)
			if (policy->audience[i].n > 0 &&
			    str_eq(audience, policy->audience[i]))
				return true;
	return false;
}

enum err
jwt_judge(const struct jwt *token, const struct jwt_policy *policy,
    int64_t now_at, struct str *what)
{
	*what = str_of("its tid is missing or not a GUID");
	if (token->no_tenant)
		return ERR_TOKEN_INVALID;
	*what = str_of("its issuer is not in jwt_issuer");
	if (!is_from(token, policy))
		return ERR_TOKEN_INVALID;
	*what = str_of("its key names no issuer, and jwt_issuer has several "
		       "servers");
	if (!token->bound && !jwt_is_one_server(policy))
		return ERR_TOKEN_INVALID;
	*what = str_of("its audience is not in jwt_audience");
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
