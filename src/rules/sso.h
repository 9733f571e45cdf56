/* SPDX-License-Identifier: ISC */
/*
 * sso.h - sign-in to the pages by a provider of OpenID Connect, without a
 * connection of our own: the browser goes to the provider, and brings its
 * id_token back in a form (response_mode=form_post). Safe to call from any
 * thread.
 *
 * A sealed cookie holds the nonce of the sign-in, and the token must have the
 * same one. So a token that another sign-in got, or that no sign-in asked for,
 * is refused.
 */
#ifndef PUSHCERT_SSO_H
#define PUSHCERT_SSO_H

#include <stdint.h>

#include "rules/session.h"

/* Random bytes of a sign-in. */
#define SSO_RANDOM_LEN 16

/* NULL if people can sign in this way. Otherwise what it lacks: the name of a
 * key of the configuration, or "https". The name is "sso_uri" where the
 * operator does not offer it. */
const char *sso_lacks(const struct session_site *site);

/* The longest text that a sign-in can carry. */
#define SSO_WANTED_MAX 256

/* The start of a sign-in. */
struct sso_start {
	struct str back; /* the URL that the provider sends the browser to */
	struct str wanted; /* a text for the end of the sign-in, or null */
	/* The lines that send the browser to the provider, in the arena. */
	struct str location;
	struct str cookie; /* the value of Set-Cookie */
};
/* Begins a sign-in: sets the lines of *start. ERR_NOT_IMPLEMENTED if something
 * is lacking; ERR_MEMORY. */
enum err
sso_begin(const struct session_site *site, const struct auth_call *call,
    const uint8_t random[SSO_RANDOM_LEN], struct sso_start *start) ATTR_CHECKED;

/* The part that the browser brings back: the Cookie header, and fields of the
 * form; each may be null. */
struct sso_answer {
	struct str cookies;
	struct str state;
	struct str id_token;
	struct str error; /* of the provider */
	/* Set by sso_end, if this browser began the sign-in: the text of
	 * sso_begin, or null. It lives as long as the call's arena. */
	struct str wanted;
};
/*
 * Ends a sign-in. *cookie is the value of Set-Cookie with the new session.
 * ERR_SSO_STATE: this browser began no sign-in here, or more than ten minutes
 * ago. ERR_SSO_REFUSED: the provider has not signed the person in.
 * ERR_SSO_ROLE: the person has none of our roles. Also the outcomes of
 * auth_id_token.
 */
enum err sso_end(const struct session_site *site, const struct auth_call *call,
    struct sso_answer *answer, struct principal *who,
    struct str *cookie) ATTR_CHECKED;
/* The value of Set-Cookie that removes the cookie of a sign-in; a constant. */
struct str sso_removal(void);

#endif
