/* SPDX-License-Identifier: ISC */
/*
 * auth_jwt.c - authenticates callers by the tokens of an OAuth authorization
 * server.
 */
#include "rules/auth_private.h"

#include <string.h>

#include "format/crypto.h"
#include "state/keyring.h"

bool
auth_is_jwt(struct str token)
{
	size_t i, dots = 0;

	for (i = 0; i < token.n; i++)
		dots += token.p[i] == '.';
	return dots == 2;
}

/* Unknown names are permissions of other services, and are ignored. */
static uint32_t
scopes_of(const struct jwt_list *list)
{
	struct str names;
	uint32_t set = 0;
	size_t at = 0;

	while (jwt_list_next(list, &at, &names))
		while (!str_is_null(names))
			set |= auth_scope(str_cut(&names, ' '));
	return set;
}

/* Appends at most n bytes of s, without splitting a character. */
static void
put_head(struct str s, size_t n, struct buf *out)
{
	if (n >= s.n)
		n = s.n;
	else
		while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
	buf_str(out, str_head(s, n));
}

/* Names the actor for the history and the log: the user, by name or else by
 * object id, and the application. */
static void
name_actor(const struct jwt *t, struct auth_verified *out)
{
	struct str user = t->user.n > 0 ? t->user : t->object;
	struct buf b;

	buf_init(&b, out->actor, sizeof(out->actor));
	put_head(user, 128, &b);
	if (t->application.n > 0)
		buf_text(&b, user.n > 0 ? " by " : "app ");
	put_head(t->application, 64, &b);
	if (b.n == 0)
		buf_text(&b, ACTOR_UNNAMED);
	out->actor_n = (uint8_t)b.n;
	buf_init(&b, out->user_id, sizeof(out->user_id));
	put_head(t->object, sizeof(out->user_id), &b);
	out->user_id_n = (uint8_t)b.n;
}

/* An application's own token has no scopes, but roles, and no name of a user.
 * Its object id is that of the application. */
static enum actor_kind
kind_of(const struct jwt *t)
{
	struct str names;
	size_t at = 0;

	return t->user.n > 0 || jwt_list_next(&t->scopes, &at, &names)
	    ? ACTOR_USER
	    : ACTOR_APPLICATION;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
take_claims(const struct jwt *t, struct auth_verified *out)
{
	out->from_at = later(t->not_before_at, t->issued_at) - JWT_SKEW;
	out->until_at = t->expires_at + JWT_SKEW;
	out->tenant = t->tenant;
	out->scopes = scopes_of(&t->scopes) | scopes_of(&t->roles);
	out->kind = (uint8_t)kind_of(t);
	name_actor(t, out);
}

static enum err
verify(struct auth *auth, const struct auth_call *call, struct str token,
    struct auth_verified *out, struct str *why)
{
	struct jwt t;
	enum err e;

	e = keyring_verify(auth->keyring, token, call->arena, &t, why);
	if (e != ERR_OK)
		return e;
	if ((e = jwt_judge(&t, &auth->policy, call->now_at, why)) != ERR_OK)
		return e;
	take_claims(&t, out);
	return ERR_OK;
}

enum err
auth_check_tenant(
    const struct config *c, const struct auth_call *call, struct principal *out)
{
	struct tenant t;
	enum err e;

	/* The tenant is checked even if jwt_issuer names the issuer in full:
	 * the tenant is a claim of the token, and one server may issue tokens
	 * for many tenants. */
	if (c->tenants == CONFIG_TENANTS_ANY)
		return ERR_OK;
	e = store_tenant(call->tx, &out->tenant, &t);
	return e == ERR_NOT_FOUND
	    ? auth_refuse(ERR_TENANT, "its tenant is not listed", out)
	    : e;
}

static enum err
put_principal(
    const struct auth_verified *v, struct arena *a, struct principal *out)
{
	out->tenant = v->tenant;
	out->scopes = v->scopes;
	out->actor = arena_copy(a, str_from(v->actor, v->actor_n));
	if (str_is_null(out->actor))
		return ERR_MEMORY;
	out->kind = (enum actor_kind)v->kind;
	out->until_at = v->until_at;
	if (v->user_id_n > 0) {
		out->user_id = arena_copy(
		    a, str_from(v->user_id, v->user_id_n));
		if (str_is_null(out->user_id))
			return ERR_MEMORY;
	}
	return ERR_OK;
}

enum err
auth_take_jwt(struct auth *auth, const struct auth_call *call, struct str token,
    const uint8_t hash[STORE_HASH_LEN], struct principal *out)
{
	struct auth_verified v = { .state = keyring_refresh(
				       auth->keyring, call->now_at) };
	size_t used = call->arena->used;
	struct str why;
	enum err e;

	if (!auth_cache_get(auth->cache, hash, v.state, call->now_at, &v)) {
		memcpy(v.hash, hash, sizeof(v.hash));
		e = verify(auth, call, token, &v, &why);
		/* Verification takes as much memory as the rest of the request,
		 * so it is given back here. */
		call->arena->used = used;
		if (e != ERR_OK)
			return auth_refuse(e, why.p, out);
		auth_cache_put(auth->cache, &v);
	}
	if ((e = put_principal(&v, call->arena, out)) != ERR_OK)
		return e;
	return auth_check_tenant(auth->config, call, out);
}

/* --- id_token ------------------------------------------------------------- */

/* The tenant of people whose tokens have none. If sso_tenant is set, no other
 * tenant signs in. */
static enum err
check_home(const struct config *c, struct jwt *t, struct str *why)
{
	struct guid home;

	if (!str_guid(str_of(c->sso_tenant), &home))
		return ERR_OK;
	if (t->no_tenant)
		t->tenant = home;
	t->no_tenant = false;
	*why = str_of("its tenant is not sso_tenant");
	return memcmp(&t->tenant, &home, sizeof(home)) == 0 ? ERR_OK
							    : ERR_TOKEN_INVALID;
}

/* OpenID Connect Core 1.0, section 3.2.2.11: the token was made for this
 * program, and for this sign-in. */
static enum err
judge_id_token(const struct auth *auth, const struct auth_call *call,
    struct str nonce, struct jwt *t, struct str *why)
{
	const struct str client = str_of(auth->config->client_id);
	struct jwt_policy policy = auth->policy;
	enum err e;

	policy.audience = &client;
	policy.audiences = 1;
	if ((e = check_home(auth->config, t, why)) != ERR_OK)
		return e;
	if ((e = jwt_judge(t, &policy, call->now_at, why)) != ERR_OK)
		return e;
	*why = str_of("it was made for another application (azp)");
	if (t->application.n > 0 && !str_eq(t->application, client))
		return ERR_TOKEN_INVALID;
	*why = str_of("its nonce is that of another sign-in");
	return t->nonce.n == nonce.n && nonce.n > 0 &&
		crypto_equal(t->nonce.p, nonce.p, nonce.n)
	    ? ERR_OK
	    : ERR_TOKEN_INVALID;
}

enum err
auth_id_token(struct auth *auth, const struct auth_call *call, struct str nonce,
    struct principal *out)
{
	struct auth_verified v = { .state = 0 };
	size_t used = call->arena->used;
	struct str why = STR("jwks_file is not set");
	struct jwt t;
	enum err e = ERR_NOT_IMPLEMENTED;

	*out = (struct principal){ .scopes = 0 };
	if (auth != NULL && auth->keyring != NULL) {
		(void)keyring_refresh(auth->keyring, call->now_at);
		e = keyring_verify(
		    auth->keyring, call->authorization, call->arena, &t, &why);
	}
	if (e == ERR_OK)
		e = judge_id_token(auth, call, nonce, &t, &why);
	if (e == ERR_OK) {
		/* Only the names of people matter, not this program's own. */
		t.application = str_of(NULL);
		take_claims(&t, &v);
		v.scopes = scopes_of(&t.roles);
	}
	call->arena->used = used;
	if (e != ERR_OK)
		return auth_refuse(e, why.p, out);
	if ((e = put_principal(&v, call->arena, out)) != ERR_OK)
		return e;
	out->kind = ACTOR_USER;
	out->until_at = 0;
	return auth_check_tenant(auth->config, call, out);
}
