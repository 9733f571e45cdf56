/* SPDX-License-Identifier: ISC */
/*
 * cmd_tenant.c - tenants whose JWT are let in, and JWT of our own for
 * tests.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/auth.h"
#include "format/crypto.h"
#include "format/emit.h"
#include "format/jwt.h"
#include "format/jwt_make.h"

/* --- tenants ------------------------------------------------------------ */

static enum err
take_tenant_argument(struct cmd_call *c)
{
	if (str_guid(str_of(c->argument[0]), &c->tenant))
		return ERR_OK;
	fprintf(stderr, "pushcert: %s: a GUID is needed\n", c->argument[0]);
	return ERR_USAGE;
}

/* A name that is another tenant's is refused. */
static enum err
check_alias(struct txn *tx, const struct cmd_call *c)
{
	struct guid other;
	enum err e = cmd_find_alias(tx, c->name, &other);

	if (e == ERR_OK && memcmp(&other, &c->tenant, sizeof(other)) != 0)
		return ERR_USAGE;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Of one that is there already the name is changed. */
static enum err
put_tenant(struct txn *tx, void *arg)
{
	const struct cmd_call *c = arg;
	struct tenant t = { .id = c->tenant, .created_at = cmd_now_at() };
	enum err e = store_tenant(tx, &c->tenant, &t);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (c->name != NULL) {
		if ((e = check_alias(tx, c)) != ERR_OK)
			return e;
		t.alias = str_of(c->name);
	}
	return store_tenant_put(tx, &t);
}

int
cmd_tenant_add(struct cmd_call *c)
{
	struct guid id;
	enum err e;

	if (take_tenant_argument(c) != ERR_OK)
		return EXIT_USAGE;
	if (c->name != NULL && !cmd_is_alias(c->name))
		return cmd_usage("the --name of a tenant has no blanks and "
				 "no control characters");
	if (c->name != NULL && str_guid(str_of(c->name), &id))
		return cmd_fail_with(c->name, str_of("this is a GUID"));
	if (cmd_load_config(c) != ERR_OK || cmd_open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	e = store_update(c->store, put_tenant, c);
	if (e == ERR_USAGE)
		return cmd_fail_with(
		    c->name, str_of("another tenant is called so"));
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(e, "tenant add");
}

static void
print_tenant_json(const struct tenant *t)
{
	char id[STR_GUID_LEN], line[1024];
	struct buf out;
	struct emit e;

	str_guid_text(&t->id, id);
	buf_init(&out, line, sizeof(line));
	emit_init(&e, &out);
	emit_object(&e);
	emit_name(&e, "tenant");
	emit_str(&e, str_from(id, sizeof(id)));
	emit_name(&e, "name");
	emit_str(&e, t->alias);
	emit_name(&e, "created");
	emit_i64(&e, t->created_at);
	emit_end(&e);
	printf("%.*s\n", STR_ARG(buf_view(&out)));
}

static enum err
list_tenant(const struct tenant *t, void *arg)
{
	const struct cmd_call *c = arg;
	char id[STR_GUID_LEN];

	if (c->given & CMD_BIT(OPTION_JSON)) {
		print_tenant_json(t);
		return ERR_OK;
	}
	str_guid_text(&t->id, id);
	printf("%.*s  ", STR_GUID_LEN, id);
	cmd_print_date(t->created_at);
	printf("  ");
	cmd_print_word(t->alias.n > 0 ? t->alias : str_of("-"));
	putchar('\n');
	return ERR_OK;
}

int
cmd_tenant_list(struct cmd_call *c)
{
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	e = store_tenants(c->reader, list_tenant, c);
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(e, "tenant list");
}

static enum err
delete_tenant(struct txn *tx, void *arg)
{
	const struct cmd_call *c = arg;

	return store_tenant_delete(tx, &c->tenant);
}

int
cmd_tenant_remove(struct cmd_call *c)
{
	enum err e;

	/* An alias does as well. */
	if (!str_guid(str_of(c->argument[0]), &c->tenant))
		c->alias = c->argument[0];
	if (cmd_load_config(c) != ERR_OK || cmd_open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	e = store_update(c->store, delete_tenant, c);
	if (e == ERR_NOT_FOUND) {
		fprintf(stderr, "pushcert: %s: no such tenant was added\n",
		    c->argument[0]);
		return EXIT_FAILURE;
	}
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(e, "tenant remove");
}

/* --- tokens to test with ------------------------------------------------ */

#define KEY_MAX 16384
#define PUBLIC_MAX 4096
/* Unless --expires says how many days: an hour, like Entra's. */
#define LIFE 3600

/* The key of a file, which is made if there is none. */
static enum err
need_key(const char *path, char text[KEY_MAX], struct str *out)
{
	struct buf b;
	enum err e;

	if (access(path, F_OK) == 0)
		return cmd_read_text(path, text, KEY_MAX, out);
	buf_init(&b, text, KEY_MAX);
	if ((e = jwt_make_key(&b)) != ERR_OK) {
		(void)cmd_fail(e, path);
		return e;
	}
	*out = buf_view(&b);
	return cmd_write_text(path, S_IRUSR | S_IWUSR, *out);
}

static struct str
first_item(const char *list)
{
	struct str rest = str_of(list);

	return str_trim(str_cut(&rest, ','));
}

/* The first issuer of the configuration, with the tenant in its place. */
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

/* What a token of Entra's for an application says. */
static struct str
claims(const struct cmd_call *c, struct buf *out)
{
	char tenant[STR_GUID_LEN], text[CONFIG_TEXT_MAX + STR_GUID_LEN],
	    names[512];
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
	emit_text(&e, c->name != NULL ? c->name : "test token");
	emit_end(&e);
	return buf_view(out);
}

/* Writes the set that knows the key, for jwks_file. */
static int
write_set(const char *path, struct str key)
{
	const unsigned mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
	char pem[PUBLIC_MAX], text[PUBLIC_MAX], beside[PATH_MAX];
	struct buf public, set;
	struct str what = { NULL, 0 };
	int n = snprintf(beside, sizeof(beside), "%s.jwks", path);

	if ((size_t)n >= sizeof(beside))
		return cmd_fail(ERR_FILE, path);
	buf_init(&public, pem, sizeof(pem));
	buf_init(&set, text, sizeof(text));
	if (jwt_make_public(key, &public, &what) != ERR_OK ||
	    jwt_make_set(buf_view(&public), &set, &what) != ERR_OK)
		return cmd_fail_with(path, what);
	buf_char(&set, '\n');
	return cmd_write_text(beside, mode, buf_view(&set)) == ERR_OK
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
		return cmd_fail_with(path, what);
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

	if ((c->given & CMD_BIT(OPTION_TENANT)) == 0 || c->scopes == 0)
		return cmd_usage("token jwt needs --tenant GUID and --scope S");
	if (path == NULL)
		path = "test-jwt.key";
	if (cmd_load_config(c) != ERR_OK ||
	    (c->alias != NULL && cmd_open_store(c, false) != ERR_OK))
		return EXIT_FAILURE;
	if (need_key(path, text, &key) == ERR_OK)
		status = write_set(path, key);
	if (status == EXIT_SUCCESS)
		status = print_jwt(c, path, key);
	crypto_wipe(text, sizeof(text));
	return status;
}
