/* SPDX-License-Identifier: ISC */
/*
 * session.h - sessions of the pages. A session is a cookie that this program
 * has sealed; the server keeps nothing of it. Safe to call from any thread.
 *
 * The cookie of a caller with an opaque token names that token by its hash, so
 * the session ends with the token. The cookie of any other caller has the
 * caller's tenant, permissions and name. Each session also ends after
 * session_hours, with another key in key_file, and by `pushcert session end`.
 *
 * The cookie has no Path, so that a browser sends it to the directory that set
 * it: that is right under each mount path, also if a proxy removes it.
 */
#ifndef PUSHCERT_SESSION_H
#define PUSHCERT_SESSION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/auth.h"
#include "state/config.h"
#include "state/secret.h"

/* The site that the browser sees, and the state that all requests share. */
struct session_site {
	const struct config *config;
	const struct secrets *secrets;
	struct auth *auth; /* or NULL (auth.h) */
	bool is_secure; /* it is https */
};

/* Whether a session can be made: not without key_file. */
bool session_is_possible(const struct session_site *site);

/*
 * Signs in the bearer of a token: call->authorization is the token itself.
 * *cookie is the value of a Set-Cookie header, in the arena. Returns the
 * outcomes of auth_token, of which the caller counts ERR_TOKEN_INVALID and
 * ERR_TOKEN_EXPIRED by auth_failed; ERR_NOT_IMPLEMENTED without key_file,
 * before it looks at the token.
 */
enum err
session_begin(const struct session_site *site, const struct auth_call *call,
    struct principal *who, struct str *cookie) ATTR_CHECKED;
/* Signs in a caller who was authenticated in another way: *who is not that of
 * an opaque token, and the session ends at who->until_at at the latest, unless
 * that is 0. */
enum err
session_begin_as(const struct session_site *site, const struct auth_call *call,
    const struct principal *who, struct str *cookie) ATTR_CHECKED;

/*
 * Authenticates the caller by the Cookie header; call->authorization is that
 * header. ERR_TOKEN_ABSENT: no cookie is ours. ERR_TOKEN_INVALID: it was not
 * sealed by this server and key, or has been ended, or its token was revoked.
 * ERR_TOKEN_EXPIRED: its time or that of its token is over. ERR_TENANT: its
 * tenant was removed from the list. Also ERR_MEMORY and outcomes of the store.
 * A forged cookie cannot guess a token, so none of them is counted.
 *
 * Another host of the same site can add cookies of its own to the header. If
 * two of them are sessions, and not the same one, the caller has none.
 */
enum err session_open(const struct session_site *site,
    const struct auth_call *call, struct principal *who) ATTR_CHECKED;

/* The value of a Set-Cookie header that removes the session from the browser.
 * It is a constant. */
struct str session_removal(const struct session_site *site);

#endif
