/* SPDX-License-Identifier: ISC */
/*
 * cmd_jwt.c - signs a JWT for tests with a key of its own, and writes the key
 * set that a server needs in order to accept that JWT.
 */
#include "tool/cmd_call.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/crypto.h"
#include "format/emit.h"
#include "format/jwt.h"
#include "format/jwt_make.h"
#include "rules/auth.h"
#include "tool/cmd_output.h"

#define KEY_MAX 16384
#define PUBLIC_MAX 4096
/* Seconds until a token expires, unless --expires is given: an hour, as with
 * Entra ID. */
#define LIFE 3600

/* Reads the key from the file, or makes a key and writes the file if there is
 * none. */
static enum err
need_key(const struct cmd_call *c, const char *path, char text[KEY_MAX],
    struct str *out)
{
	struct buf b;
	enum err e;

	if (access(path, F_OK) == 0)
		return cmd_read_text(c, path, text, KEY_MAX, out);
	buf_init(&b, text, KEY_MAX);
	if ((e = jwt_make_key(&b)) != ERR_OK) {
		(void)cmd_fail(c, e, path);
		return e;
	}
	*out = buf_view(&b);
	return cmd_write_text(c, path, S_IRUSR | S_IWUSR, *out);
}

static struct str
first_item(const char *list)
{
	struct str rest = str_of(list);

	return str_trim(str_cut(&rest, ','));
}

/* Writes the first issuer of the configuration, with the tenant in the place of
 * {tenantid}. */
static void
put_issuer(const char *list, const char tenant[STR_GUID_LEN], struct buf *out)
{
	static const char place[] = "{tenantid}";
	struct str pattern = first_item(list);

	while (pattern.n > 0) {
		if (str_starts(pattern, place)) {
			buf_put(out, tenant, STR_GUID_LEN);
			pattern = str_tail(pattern, sizeof(place) - 1);
			continue;
		}
		buf_char(out, pattern.p[0]);
		pattern = str_tail(pattern, 1);
	}
}

/* The claims that Entra ID puts into an access token. */
static struct str
claims(const struct cmd_call *c, struct buf *out)
{
	char tenant[STR_GUID_LEN], text[CONFIG_TEXT_MAX + STR_GUID_LEN],
	    names[AUTH_NAMES_MAX];
	int64_t now_at = cmd_now_at();
	int64_t life = c->expires_days > 0 ? (int64_t)c->expires_days * 86400
					   : LIFE;
	struct buf issuer, scopes;
	struct emit e;

	str_guid_text(&c->tenant, tenant);
	buf_init(&issuer, text, sizeof(text));
	put_issuer(c->config.jwt_issuer, tenant, &issuer);
	buf_init(&scopes, names, sizeof(names));
	auth_scope_names(c->scopes, " ", &scopes);
	emit_init(&e, out);
	emit_object(&e);
	emit_name(&e, "iss");
	emit_str(&e, buf_view(&issuer));
	emit_name(&e, "aud");
	emit_str(&e, first_item(c->config.jwt_audience));
	emit_name(&e, "iat");
	emit_i64(&e, now_at);
	emit_name(&e, "nbf");
	emit_i64(&e, now_at);
	emit_name(&e, "exp");
	emit_i64(&e, now_at + life);
	emit_name(&e, "tid");
	emit_str(&e, str_from(tenant, sizeof(tenant)));
	emit_name(&e, "scp");
	emit_str(&e, buf_view(&scopes));
	emit_name(&e, "upn");
	emit_text(&e,
	    c->value[OPTION_NAME] != NULL ? c->value[OPTION_NAME]
					  : "test token");
	emit_end(&e);
	return buf_view(out);
}

/* Writes the public key as a key set, for jwks_file. */
static int
write_set(const struct cmd_call *c, const char *path, struct str key)
{
	const unsigned mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
	char pem[PUBLIC_MAX], text[PUBLIC_MAX], beside[PATH_MAX];
	struct buf public, set;
	struct str what = { NULL, 0 };
	int n = snprintf(beside, sizeof(beside), "%s.jwks", path);

	if ((size_t)n >= sizeof(beside))
		return cmd_error(c, "%s: the path is too long", path);
	buf_init(&public, pem, sizeof(pem));
	buf_init(&set, text, sizeof(text));
	if (jwt_make_public(key, &public, &what) != ERR_OK ||
	    jwt_make_set(buf_view(&public), &set, &what) != ERR_OK)
		return cmd_fail_with(c, path, what);
	buf_char(&set, '\n');
	return cmd_write_text(c, beside, mode, buf_view(&set)) == ERR_OK
	    ? EXIT_SUCCESS
	    : EXIT_FAILURE;
}

static int
print_jwt(const struct cmd_call *c, const char *path, struct str key)
{
	char text[JWT_TOKEN_MAX], said[4096];
	struct str what;
	struct buf token, b;

	buf_init(&b, said, sizeof(said));
	buf_init(&token, text, sizeof(text));
	if (jwt_make_token(key, claims(c, &b), &token, &what) != ERR_OK)
		return cmd_fail_with(c, path, what);
	printf("%.*s\n", STR_ARG(buf_view(&token)));
	return EXIT_SUCCESS;
}

int
cmd_token_jwt(struct cmd_call *c)
{
	const char *path = c->value[OPTION_KEY];
	char text[KEY_MAX];
	struct str key;
	int status = EXIT_FAILURE;

	if (path == NULL)
		path = "test-jwt.key";
	if (cmd_load_config(c) != ERR_OK ||
	    (c->alias != NULL && cmd_open_store(c, false) != ERR_OK))
		return EXIT_FAILURE;
	if (need_key(c, path, text, &key) == ERR_OK)
		status = write_set(c, path, key);
	if (status == EXIT_SUCCESS)
		status = print_jwt(c, path, key);
	crypto_wipe(text, sizeof(text));
	return status;
}
