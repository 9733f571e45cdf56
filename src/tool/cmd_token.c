/* SPDX-License-Identifier: ISC */
/*
 * cmd_token.c - makes, lists, renames and revokes bearer tokens. A token is
 * printed once, when it is made; the store has only its hash.
 */
#include "tool/cmd_call.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rules/auth.h"
#include "format/crypto.h"
#include "format/emit.h"
#include "format/datetime.h"
#include "tool/cmd_json.h"
#include "tool/cmd_output.h"

/* The id of a token is the start of its hash, from which the token cannot be
 * computed. */
#define ID_BYTES 8
#define ID_LEN (2 * ID_BYTES)

static enum err
put_token(struct txn *tx, void *arg)
{
	return store_token_put(tx, arg);
}

static enum err
forget_token(struct txn *tx, void *arg)
{
	const struct token *t = arg;

	return store_token_delete(tx, t->hash);
}

/* Prints a new token. If the output fails (a full disk, a closed pipe), the
 * token is revoked: otherwise it would stay valid although the user never saw
 * it. */
static int
print_secret(
    struct cmd_call *c, struct cmd_output *o, struct token *t, struct str text)
{
	enum err e;

	/* Without a buffer, stdio keeps no copy of the token. */
	setvbuf(o->f, NULL, _IONBF, 0);
	fprintf(o->f, "%.*s\n", STR_ARG(text));
	e = o->path == NULL ? cmd_flush(c) : cmd_output_close(o, ERR_OK);
	if (e == ERR_OK)
		return EXIT_SUCCESS;
	clearerr(stdout);
	if ((e = store_update(c->store, forget_token, t)) == ERR_OK)
		cmd_error(c,
		    "the token could not be printed and was revoked; try again");
	else
		(void)cmd_fail(c, e,
		    "the token could not be printed and could not be revoked; "
		    "revoke it later");
	return EXIT_FAILURE;
}

/* Whether the token is for one tenant or, deliberately, for all of them. */
static bool
has_purpose(const struct cmd_call *c)
{
	return ((c->given & CMD_BIT(OPTION_TENANT)) != 0) !=
	    ((c->given & CMD_BIT(OPTION_ALL_TENANTS)) != 0);
}

int
cmd_token_create(struct cmd_call *c)
{
	uint8_t secret[AUTH_SECRET_LEN];
	char text[AUTH_TOKEN_LEN];
	const char *name = c->value[OPTION_NAME];
	struct token t = { .scopes = c->scopes,
		.name = str_of(name != NULL ? name : "token"),
		.created_at = cmd_now_at() };
	struct cmd_output o;
	enum err e;
	int status;

	if (!has_purpose(c))
		return cmd_usage(c,
		    "give either --tenant, or --all-tenants for a token that "
		    "may name any tenant on the page");
	if (c->given & CMD_BIT(OPTION_ALL_TENANTS))
		t.scopes |= AUTH_ALL_TENANTS;
	if (c->expires_days > 0)
		t.expires_at = t.created_at + (int64_t)c->expires_days * 86400;
	if (cmd_load_config(c) != ERR_OK || cmd_open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	t.tenant = c->tenant;
	if (crypto_random(secret, sizeof(secret)) != ERR_OK)
		return cmd_fail(c, ERR_INTERNAL, "random bytes");
	auth_token_text(secret, text);
	auth_token_hash(str_from(text, sizeof(text)), t.hash);
	if (cmd_output_open(
		c, c->value[OPTION_OUTPUT], S_IRUSR | S_IWUSR, &o) != ERR_OK)
		return EXIT_FAILURE;
	if ((e = store_update(c->store, put_token, &t)) != ERR_OK) {
		(void)!cmd_output_close(&o, e);
		return cmd_fail(c, e, cmd_place(c));
	}
	/* A closed pipe must be a failed write, not a signal. */
	signal(SIGPIPE, SIG_IGN);
	status = print_secret(c, &o, &t, str_from(text, sizeof(text)));
	crypto_wipe(secret, sizeof(secret));
	crypto_wipe(text, sizeof(text));
	return status;
}

static void
print_date_or_never(int64_t at)
{
	if (at != 0)
		cmd_print_date(at);
	else
		printf("%-*s", DATETIME_SECONDS_LEN + 1, "never");
}

/* The tenant of a token; null if the token is for all of them. */
static struct str
tenant_of(const struct token *t, char text[STR_GUID_LEN])
{
	if (t->scopes & AUTH_ALL_TENANTS)
		return str_of(NULL);
	str_guid_text(&t->tenant, text);
	return str_from(text, STR_GUID_LEN);
}

static void
print_token(const struct token *t)
{
	char id[ID_LEN], text[STR_GUID_LEN], names[AUTH_NAMES_MAX];
	struct str tenant = tenant_of(t, text);
	struct buf scopes;

	str_hex(t->hash, ID_BYTES, id);
	if (str_is_null(tenant))
		tenant = str_of("(all tenants)");
	buf_init(&scopes, names, sizeof(names));
	auth_scope_names(t->scopes, ", ", &scopes);
	printf("%.*s  %-*.*s  ", ID_LEN, id, STR_GUID_LEN, STR_ARG(tenant));
	cmd_print_date(t->created_at);
	printf("  ");
	print_date_or_never(t->expires_at);
	printf("  ");
	print_date_or_never(t->used_at);
	printf("  ");
	cmd_print_word(t->name);
	printf("  %.*s\n", STR_ARG(buf_view(&scopes)));
}

static void
emit_time(struct emit *e, const char *name, int64_t at)
{
	emit_name(e, name);
	if (at != 0)
		emit_i64(e, at);
	else
		emit_null(e);
}

static void
print_token_json(const struct token *t)
{
	char id[ID_LEN], text[STR_GUID_LEN], names[AUTH_NAMES_MAX];
	struct str tenant = tenant_of(t, text);
	struct cmd_json json;
	struct buf scopes;
	struct emit *e;

	str_hex(t->hash, ID_BYTES, id);
	buf_init(&scopes, names, sizeof(names));
	auth_scope_names(t->scopes, ", ", &scopes);
	e = cmd_json_begin(&json);
	emit_name(e, "id");
	emit_str(e, str_from(id, sizeof(id)));
	emit_name(e, "tenant");
	if (str_is_null(tenant))
		emit_null(e);
	else
		emit_str(e, tenant);
	emit_name(e, "name");
	emit_str(e, t->name);
	emit_name(e, "scopes");
	emit_str(e, buf_view(&scopes));
	emit_name(e, "created");
	emit_i64(e, t->created_at);
	emit_time(e, "expires", t->expires_at);
	emit_time(e, "used", t->used_at);
	cmd_json_end(&json);
}

static enum err
list_token(const struct token *t, void *arg)
{
	struct cmd_call *c = arg;

	if ((c->given & CMD_BIT(OPTION_TENANT)) != 0 &&
	    memcmp(&t->tenant, &c->tenant, sizeof(t->tenant)) != 0)
		return ERR_OK;
	cmd_list_row(c,
	    "ID                TENANT                                CREATED    "
	    "           EXPIRES               LAST USE              NAME  SCOPES");
	if (c->given & CMD_BIT(OPTION_JSON))
		print_token_json(t);
	else
		print_token(t);
	return ERR_OK;
}

int
cmd_token_list(struct cmd_call *c)
{
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	e = store_tokens(c->reader, list_token, c);
	cmd_list_end(c, "no tokens; 'pushcert token create' creates one");
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(c, e, cmd_place(c));
}

/* A search for the only token whose id begins with `id`. */
struct search {
	struct str id;
	struct str name; /* the new name, for rename */
	uint8_t hash[STORE_HASH_LEN];
	unsigned found;
};

static enum err
match_token(const struct token *t, void *arg)
{
	struct search *s = arg;
	char id[2 * STORE_HASH_LEN];

	str_hex(t->hash, sizeof(t->hash), id);
	if (!str_ieq(str_head(str_from(id, sizeof(id)), s->id.n), s->id))
		return ERR_OK;
	memcpy(s->hash, t->hash, sizeof(s->hash));
	s->found++;
	return ERR_OK;
}

/* Finds the token. Prints the reason if no token matches, or more than one. */
static enum err
find_token(struct cmd_call *c, struct search *s)
{
	enum err e;

	if (s->id.n < 4) {
		(void)cmd_usage(c,
		    "'%.*s' is too short; give at least the first 4 digits of "
		    "an ID of 'pushcert token list'",
		    STR_ARG(s->id));
		return ERR_USAGE;
	}
	if ((e = cmd_begin_reading(c)) != ERR_OK)
		return e;
	e = store_tokens(c->reader, match_token, s);
	store_end(c->reader);
	if (e != ERR_OK) {
		(void)cmd_fail(c, e, cmd_place(c));
		return e;
	}
	if (s->found == 1)
		return ERR_OK;
	cmd_error(c,
	    s->found == 0 ? "%.*s: no token has an ID that begins with this; "
			    "'pushcert token list' prints the IDs"
			  : "%.*s: several tokens have an ID that begins with "
			    "this; give more of its digits",
	    STR_ARG(s->id));
	return ERR_NOT_FOUND;
}

/* Runs a change on the token that the first argument names. */
static int
change_token(struct cmd_call *c, store_change *change)
{
	struct search s = { .id = str_of(c->argument[0]),
		.name = str_of(c->argument[1]) };
	enum err e;

	if ((e = find_token(c, &s)) != ERR_OK)
		return e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILURE;
	if ((e = store_update(c->store, change, &s)) != ERR_OK)
		return cmd_fail(c, e, cmd_place(c));
	return EXIT_SUCCESS;
}

static enum err
delete_token(struct txn *tx, void *arg)
{
	struct search *s = arg;

	return store_token_delete(tx, s->hash);
}

int
cmd_token_revoke(struct cmd_call *c)
{
	return change_token(c, delete_token);
}

static enum err
rename_token(struct txn *tx, void *arg)
{
	struct search *s = arg;
	struct token t;
	enum err e;

	if ((e = store_token(tx, s->hash, &t)) != ERR_OK)
		return e;
	t.name = s->name;
	return store_token_put(tx, &t);
}

int
cmd_token_rename(struct cmd_call *c)
{
	if (!cmd_is_name(c->argument[1]))
		return cmd_usage(c,
		    "'%.64s' cannot be a name; give 1 to 64 bytes of UTF-8",
		    c->argument[1]);
	return change_token(c, rename_token);
}
