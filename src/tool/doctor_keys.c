/* SPDX-License-Identifier: ISC */
/*
 * doctor_keys.c - checks the files that decide which clients are trusted:
 * whether other users may write to them, and which keys the key set holds.
 */
#include "tool/doctor_checks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "rules/auth.h"
#include "format/jwt_keys.h"
#include "state/trust.h"
#include "tool/cmd_call.h"
#include "tool/deploy_target.h"
#include "tool/doctor_report.h"

/* The programs in deploy_directory get the private keys. */
static void
check_targets(struct doctor *d)
{
	const char *directory = d->call->config.deploy_directory;
	struct deploy_targets t;
	struct trust_fault fault;
	size_t i;

	if (directory[0] == '\0')
		return;
	if (deploy_target_read(directory, &t) != ERR_OK)
		doctor_finding(d, "Create it, or correct deploy_directory.",
		    "%s: cannot be read: %s", directory, strerror(errno));
	else if (trust_directory(directory, &fault) != ERR_OK)
		doctor_finding(d, fault.cure, "%s", fault.what);
	for (i = 0; i < t.n; i++)
		if (deploy_target_trust(directory, &t.list[i], &fault) !=
		    ERR_OK)
			doctor_finding(d, fault.cure, "%s", fault.what);
	deploy_target_free(&t);
}

void
doctor_check_trust(struct doctor *d)
{
	const char *keys = d->call->config.jwks_file;
	char path[PATH_MAX];
	const char *file = config_find(d->call->value[OPTION_CONFIG], path);
	struct trust_fault fault;

	if (file != NULL && trust_file(file, &fault) != ERR_OK)
		doctor_finding(d, fault.cure, "%s", fault.what);
	if (keys[0] != '\0' && trust_file(keys, &fault) != ERR_OK)
		doctor_finding(d, fault.cure, "%s", fault.what);
	check_targets(d);
}

/* A key set, and the memory that is needed to read it. */
struct key_set {
	struct doctor *doctor;
	char text[JWT_SET_MAX + 1];
	char block[JWT_SET_ARENA(JWT_SET_MAX)];
	struct jwt_keys keys;
};

static void
find_left(const struct jwt_left *left, void *arg)
{
	const struct key_set *s = arg;

	if (left->reason == JWT_OTHER_PURPOSE)
		return;
	doctor_finding(s->doctor,
	    left->reason == JWT_SECRET
		? "Treat the key as compromised: replace it at its server, and "
		  "give the new set to pushcert jwks import."
		: "Correct the key at its server if clients need it; "
		  "pushcert jwks import leaves it out.",
	    "%s: key %zu%s%.*s%s is not used: %.*s",
	    s->doctor->call->config.jwks_file, left->number,
	    left->name.n > 0 ? " '" : "", STR_ARG(left->name),
	    left->name.n > 0 ? "'" : "", STR_ARG(left->why));
}

/* Returns NULL if the file is a usable key set, otherwise the reason. */
static const char *
read_keys(const char *path, struct key_set *s)
{
	struct str text, what = { NULL, 0 };
	struct arena a;
	enum err e;

	/* A text that was cut off is too long for jwt_keys_visit as well. */
	e = file_read(path, s->text, sizeof(s->text), &text);
	if (e != ERR_OK && errno != EFBIG)
		return strerror(errno);
	arena_init(&a, s->block, sizeof(s->block));
	e = jwt_keys_visit(text, &a, find_left, s, &s->keys, &what);
	if (e == ERR_CONFIG)
		return what.p;
	return e == ERR_OK ? NULL : "not a JSON Web Key Set";
}

/* Reports keys without an issuer, if tokens of several servers are accepted. */
static void
find_unbound(struct doctor *d, const struct jwt_keys *keys)
{
	const struct config *c = &d->call->config;
	const struct jwt_key *key;
	size_t i;

	if (auth_has_one_server(c))
		return;
	for (i = 0; i < keys->n; i++) {
		key = &keys->key[i];
		if (key->issuer_n > 0)
			continue;
		doctor_finding(d,
		    "Give the set of each server to pushcert jwks import "
		    "--issuer URL.",
		    "%s: key '%.*s' names no issuer, and jwt_issuer has "
		    "several servers: its tokens are refused",
		    c->jwks_file, STR_ARG(jwt_key_name(key)));
	}
}

void
doctor_check_keys(struct doctor *d)
{
	const char *path = d->call->config.jwks_file, *why;
	struct key_set *s;

	if (path[0] == '\0' || (s = calloc(1, sizeof(*s))) == NULL)
		return;
	s->doctor = d;
	if ((why = read_keys(path, s)) != NULL)
		doctor_finding(d,
		    "Give the downloaded set to pushcert jwks import.",
		    "%s: %s", path, why);
	find_unbound(d, &s->keys);
	jwt_keys_free(&s->keys);
	free(s);
}
