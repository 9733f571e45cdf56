/* SPDX-License-Identifier: ISC */
/*
 * cmd_jwks.c - checks a key set and makes it the configured one.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/jwt_keys.h"
#include "format/jwt_make.h"
#include "tool/cmd_output.h"

/* A key set, its file, and the memory that is needed to read it. */
struct set {
	const struct cmd_call *call;
	const char *path;
	bool quiet; /* print nothing: this is the set in use */
	bool has_secrets;
	struct jwt_keys keys;
	char text[JWT_SET_MAX + 1];
	char made[JWT_SET_MAX]; /* the set as JSON */
	char block[JWT_SET_ARENA(JWT_SET_MAX)];
};

static bool
is_json(struct str text)
{
	size_t i = 0;

	while (i < text.n && strchr(" \t\r\n", text.p[i]) != NULL)
		i++;
	return i < text.n && text.p[i] == '{';
}

static void
print_left(const struct jwt_left *left, void *arg)
{
	struct set *s = arg;
	char number[32] = "";

	s->has_secrets |= left->reason == JWT_SECRET;
	if (s->quiet)
		return;
	if (left->number > 0)
		snprintf(number, sizeof(number), " %zu", left->number);
	cmd_warn(s->call, "%s: key%s%s%.*s%s is left out: %.*s", s->path,
	    number, left->name.n > 0 ? " '" : "", STR_ARG(left->name),
	    left->name.n > 0 ? "'" : "", STR_ARG(left->why));
}

/* Reads a set. Keys in PEM are first converted to a set in JSON, so that the
 * same checks apply to both. */
static enum err
read_set(struct set *s, struct str text, struct str *what)
{
	struct arena a;
	struct buf made;
	enum err e;

	arena_init(&a, s->block, sizeof(s->block));
	if ((e = jwt_keys_text(text, &a, &text)) != ERR_OK)
		return e;
	if (!is_json(text)) {
		buf_init(&made, s->made, sizeof(s->made));
		if ((e = jwt_make_set(text, &made, what)) != ERR_OK)
			return e;
		text = buf_view(&made);
	}
	e = jwt_keys_visit(text, &a, print_left, s, &s->keys, what);
	if (e != ERR_OK && e != ERR_CONFIG)
		*what = str_of(
		    "the JSON in it is not valid; give a complete JSON Web Key "
		    "Set, or public keys in PEM");
	if (e != ERR_OK || !s->has_secrets)
		return e;
	*what = str_of("the set contains private or shared keys; treat these "
		       "keys as compromised, and import public keys only");
	return ERR_CONFIG;
}

/* Binds the keys of the new set to the issuer of --issuer, and adds the keys of
 * other issuers from the set in use. So the operator can import the sets of two
 * servers one after the other. */
static enum err
bind_set(struct cmd_call *c, struct set *s, struct str *what)
{
	struct str issuer = str_of(c->value[OPTION_ISSUER]), text, why;
	struct set *old;

	if (str_is_null(issuer))
		return ERR_OK;
	jwt_keys_bind(&s->keys, issuer, print_left, s);
	*what = str_of("the set contains no key of the issuer of --issuer");
	if (s->keys.n == 0)
		return ERR_CONFIG;
	*what = str_of(strerror(ENOMEM));
	if ((old = calloc(1, sizeof(*old))) == NULL)
		return ERR_MEMORY;
	old->quiet = true;
	old->path = c->config.jwks_file;
	if (access(old->path, F_OK) == 0 &&
	    cmd_read_text(c, old->path, old->text, sizeof(old->text), &text) ==
		ERR_OK &&
	    read_set(old, text, &why) == ERR_OK)
		jwt_keys_join(&s->keys, &old->keys, issuer);
	jwt_keys_free(&old->keys);
	free(old);
	return ERR_OK;
}

static int
import_set(struct cmd_call *c, struct set *s)
{
	const unsigned mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
	struct str text, what = { NULL, 0 };
	struct buf made;
	size_t i;

	if (cmd_read_text(c, s->path, s->text, sizeof(s->text), &text) !=
	    ERR_OK)
		return EXIT_FAILURE;
	if (read_set(s, text, &what) != ERR_OK ||
	    bind_set(c, s, &what) != ERR_OK)
		return cmd_fail_with(c, s->path, what);
	buf_init(&made, s->made, sizeof(s->made));
	jwt_keys_write(&s->keys, &made);
	buf_char(&made, '\n');
	if (made.full)
		return cmd_fail_with(c, s->path,
		    str_of("the set is too long; import fewer keys"));
	if (cmd_write_text(c, c->config.jwks_file, mode, buf_view(&made)) !=
	    ERR_OK)
		return EXIT_FAILURE;
	for (i = 0; i < s->keys.n; i++) {
		cmd_print_word(jwt_key_name(&s->keys.key[i]));
		putchar('\n');
	}
	return EXIT_SUCCESS;
}

/* Whether the text holds only characters of a URL. Then the issuer of a token
 * can be compared with it byte by byte. */
static bool
is_issuer(struct str issuer)
{
	size_t i;

	for (i = 0; i < issuer.n; i++)
		if (issuer.p[i] <= ' ' || issuer.p[i] > '~' ||
		    issuer.p[i] == '"' || issuer.p[i] == '\\')
			return false;
	return issuer.n > 0 && issuer.n <= JWT_ISSUER_MAX;
}

int
cmd_jwks_import(struct cmd_call *c)
{
	const char *issuer = c->value[OPTION_ISSUER];
	struct set *s;
	int status;

	if (issuer != NULL && !is_issuer(str_of(issuer)))
		return cmd_usage(c,
		    "--issuer '%.200s': give the URL that the tokens have as iss",
		    issuer);
	c->replaces_keys = true;
	if (cmd_load_config(c) != ERR_OK)
		return EXIT_FAILURE;
	if (c->config.jwks_file[0] == '\0')
		return cmd_usage(c,
		    "the configuration names no jwks_file; set that key to the "
		    "path of the key set");
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return cmd_fail(c, ERR_MEMORY, "");
	s->call = c;
	s->path = c->argument[0];
	status = import_set(c, s);
	jwt_keys_free(&s->keys);
	free(s);
	return status;
}
