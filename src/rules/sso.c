/* SPDX-License-Identifier: ISC */
/*
 * sso.c - sends people to their provider and judges what they bring back
 * (OpenID Connect Core 1.0, section 3.2; OAuth 2.0 Form Post Response Mode).
 */
#include "rules/sso.h"

#include <string.h>

#include "base/buf.h"
#include "format/cookies.h"
#include "format/crypto.h"
#include "format/row.h"
#include "rules/cookie.h"

/* Seconds that a person may take to sign in at the provider. */
#define PATIENCE 600

enum sso_field { SSO_UNTIL, SSO_NONCE, SSO_WANTED, SSO_FIELDS };

#define NAME "__Secure-pushcert-sso"
/* The provider's form comes from another site, so the cookie must come along
 * with that. */
#define ATTRIBUTES "; HttpOnly; SameSite=None; Secure"

static const struct cookie cookie_of_sso = { STR(NAME), STR("pushcert.sso.1"),
	SSO_FIELDS, "; Max-Age=600" ATTRIBUTES };

#define NONCE_LEN (2 * SSO_RANDOM_LEN)

const char *
sso_lacks(const struct session_site *site)
{
	if (site->config->sso_uri[0] == '\0')
		return "sso_uri";
	if (!session_is_possible(site))
		return "key_file";
	if (!auth_takes_jwt(site->auth))
		return "jwks_file";
	return site->is_secure ? NULL : "https";
}

struct str
sso_removal(void)
{
	static const struct str text = STR(NAME "=; Max-Age=0" ATTRIBUTES);

	return text;
}

/* --- there ---------------------------------------------------------------- */

/* Appends &name=value. */
static void
put_parameter(struct buf *out, const char *name, struct str value)
{
	buf_char(out, '&');
	buf_add_text(out, name);
	buf_char(out, '=');
	buf_percent(out, value, "-._~");
}

/* The URL of the provider's page. `profile` asks for the person's name. */
static struct str
location(
    const struct config *c, struct str nonce, struct str back, struct arena *a)
{
	struct str uri = str_of(c->sso_uri);
	struct buf b;

	buf_open(&b, a);
	buf_add(&b, uri);
	buf_char(&b, memchr(uri.p, '?', uri.n) != NULL ? '&' : '?');
	buf_add_text(&b, "response_type=id_token&response_mode=form_post");
	put_parameter(&b, "scope", str_of("openid profile"));
	put_parameter(&b, "client_id", str_of(c->client_id));
	put_parameter(&b, "redirect_uri", back);
	put_parameter(&b, "nonce", nonce);
	put_parameter(&b, "state", nonce);
	return buf_close(&b, a);
}

enum err
sso_begin(const struct session_site *site, const struct auth_call *call,
    const uint8_t random[SSO_RANDOM_LEN], struct sso_start *start)
{
	char digits[NONCE_LEN], until[ROW_U64_LEN];
	struct str field[SSO_FIELDS];

	if (sso_lacks(site) != NULL)
		return ERR_NOT_IMPLEMENTED;
	str_hex(random, SSO_RANDOM_LEN, digits);
	field[SSO_UNTIL] = row_u64((uint64_t)(call->now_at + PATIENCE), until);
	field[SSO_NONCE] = str_from(digits, sizeof(digits));
	field[SSO_WANTED] = start->wanted;
	start->location = location(
	    site->config, field[SSO_NONCE], start->back, call->arena);
	if (str_is_null(start->location))
		return ERR_MEMORY;
	return cookie_seal(
	    &cookie_of_sso, site->secrets, field, call->arena, &start->cookie);
}

/* --- and back ------------------------------------------------------------- */

static enum err
refuse(enum err e, const char *why, struct principal *who)
{
	who->why = str_of(why);
	return e;
}

/* Finds the sign-in. Another host of the same site can add a cookie of a
 * sign-in of its own, so with two of them there is none. */
static enum err
find_start(const struct session_site *site, const struct auth_call *call,
    struct str rest, struct str found[SSO_FIELDS])
{
	struct str field[SSO_FIELDS], value;
	unsigned n = 0;
	enum err e;

	while (cookies_next(&rest, cookie_of_sso.name, &value)) {
		e = cookie_open(
		    &cookie_of_sso, site->secrets, value, call->arena, field);
		if (e == ERR_TOKEN_INVALID ||
		    (e == ERR_OK &&
			(int64_t)row_get_u64(field[SSO_UNTIL]) <= call->now_at))
			continue;
		if (e != ERR_OK)
			return e;
		memcpy(found, field, sizeof(field));
		n++;
	}
	return n == 1 ? ERR_OK : ERR_SSO_STATE;
}

/* A provider that returns no state is not refused: the nonce is the proof. */
static bool
is_state(struct str state, struct str nonce)
{
	return state.n == 0 ||
	    (state.n == nonce.n && crypto_equal(state.p, nonce.p, nonce.n));
}

enum err
sso_end(const struct session_site *site, const struct auth_call *call,
    struct sso_answer *answer, struct principal *who, struct str *cookie)
{
	struct auth_call with = *call;
	struct str start[SSO_FIELDS] = { STR_EMPTY }, nonce;
	enum err e;

	*who = (struct principal){ .scopes = 0 };
	if (sso_lacks(site) != NULL)
		return refuse(
		    ERR_NOT_IMPLEMENTED, "this sign-in is not offered", who);
	if ((e = find_start(site, call, answer->cookies, start)) != ERR_OK)
		return refuse(e, "this browser began no sign-in", who);
	nonce = start[SSO_NONCE];
	answer->wanted = start[SSO_WANTED];
	if (!is_state(answer->state, nonce))
		return refuse(
		    ERR_SSO_STATE, "its state is that of another sign-in", who);
	if (answer->id_token.n == 0)
		return refuse(
		    ERR_SSO_REFUSED, "the provider sent no id_token", who);
	with.authorization = answer->id_token;
	if ((e = auth_id_token(site->auth, &with, nonce, who)) != ERR_OK)
		return e;
	if ((who->scopes & AUTH_ALL) == 0)
		return refuse(ERR_SSO_ROLE, "it has none of our roles", who);
	return session_begin_as(site, call, who, cookie);
}
