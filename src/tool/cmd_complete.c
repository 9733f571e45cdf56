/* SPDX-License-Identifier: ISC */
/*
 * cmd_complete.c - prints the words that may stand at the end of a command
 * line. The completions of bash and zsh call it, so that they need no lists of
 * their own.
 *
 * A line is a word, and its description after a tab; or ":file" or
 * ":directory", if the shell offers the names of files. The command prints no
 * messages, because they would end up in the middle of the user's command line.
 */
#include "tool/cmd_call.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/auth.h"
#include "tool/cmd_help.h"
#include "tool/cmd_options.h"
#include "tool/cmd_output.h"

/* The user waits for the answer: seconds until the process ends in any case,
 * and how many tenants it reads. */
#define SECONDS_MAX 3
#define TENANTS_MAX 10000

#define WORDS (2 + CMD_ARGUMENTS)

/* A command line whose last word is incomplete. */
struct partial {
	struct cmd_call *call;
	const char *words[WORDS]; /* the name of the command, the arguments */
	unsigned n;
	int option; /* the last word is the value of this option, or -1 */
	struct str prefix; /* the part of the last word that exists */
	struct str before; /* "--option=", if the last word begins so */
	unsigned tenants;
};

/* --- the words before ------------------------------------------------- */

/* The option with this name or letter, or -1. */
static int
find_option(struct str word)
{
	int i;

	for (i = 0; i < CMD_OPTIONS; i++)
		if (word.n == 2
			? word.p[1] == cmd_option(i)->letter
			: str_is(str_tail(word, 2), cmd_option(i)->name))
			return i;
	return -1;
}

/* Takes a word before the last one, or an option with its value. bash passes
 * "--option=value" as three words. Returns the number of words. */
static int
take_word(struct partial *p, char *const *words, int left)
{
	struct str rest = str_of(words[0]), name = str_cut(&rest, '=');
	int option = words[0][0] == '-' ? find_option(name) : -1, used = 1;

	if (words[0][0] != '-' && p->n < WORDS)
		p->words[p->n++] = words[0];
	if (option < 0)
		return 1;
	p->call->given |= CMD_BIT(option);
	if (cmd_option(option)->value == NULL)
		return 1;
	if (str_is_null(rest)) {
		if (left > 2 && strcmp(words[1], "=") == 0)
			used = 2;
		if (left <= used + 1)
			p->option = option;
		else
			p->call->value[option] = words[used];
		return used + 1;
	}
	p->call->value[option] = rest.p;
	return 1;
}

static void
take_last(struct partial *p, const char *word)
{
	struct str rest = str_of(word), name;

	p->prefix = strcmp(word, "=") == 0 ? str_of("") : rest;
	if (p->option >= 0 || !str_starts(rest, "--"))
		return;
	name = str_cut(&rest, '=');
	if (str_is_null(rest) || (p->option = find_option(name)) < 0)
		return;
	p->prefix = rest;
	p->before = str_from(word, name.n + 1);
}

/* --- the answers ------------------------------------------------------ */

static void
offer(const struct partial *p, struct str word, const char *description)
{
	if (word.n < p->prefix.n ||
	    !str_ieq(str_head(word, p->prefix.n), p->prefix))
		return;
	printf("%.*s", STR_ARG(p->before));
	cmd_print_word(word);
	printf("\t%s\n", description != NULL ? description : "");
}

/* First words, or the second words of a group. */
static void
offer_commands(const struct partial *p, const char *group)
{
	const struct command *row, *first;
	size_t i;

	for (i = 0; (row = cmd_row(i)) != NULL; i++) {
		first = cmd_find_group(row->word);
		if (group == NULL && (row->second == NULL || row == first))
			offer(p, str_of(row->word),
			    row->second == NULL ? row->summary : "...");
		if (group != NULL && row->second != NULL &&
		    strcmp(row->word, group) == 0)
			offer(p, str_of(row->second), row->summary);
	}
}

static void
offer_options(const struct partial *p, const struct command *command)
{
	uint64_t taken = command->options | CMD_COMMON;
	char text[64];
	int i;

	for (i = 0; i < CMD_OPTIONS; i++) {
		if ((taken & CMD_BIT(i)) == 0 ||
		    ((p->call->given & CMD_BIT(i)) != 0 &&
			!cmd_option(i)->repeats))
			continue;
		snprintf(text, sizeof(text), "--%s", cmd_option(i)->name);
		offer(p, str_of(text), cmd_help_option(command, i));
	}
}

static void
offer_scopes(const struct partial *p)
{
	char text[AUTH_NAMES_MAX];
	struct buf names;
	struct str rest;

	buf_init(&names, text, sizeof(text));
	auth_scope_names(AUTH_ALL, ",", &names);
	rest = buf_view(&names);
	while (!str_is_null(rest))
		offer(p, str_cut(&rest, ','), NULL);
}

static enum err
offer_tenant(struct partial *p, const struct guid *id, const char *description)
{
	char text[STR_GUID_LEN];

	str_guid_text(id, text);
	offer(p, str_from(text, sizeof(text)), description);
	return p->tenants++ < TENANTS_MAX ? ERR_OK : ERR_USAGE;
}

static enum err
visit_tenant(const struct tenant *t, void *arg)
{
	struct partial *p = arg;

	if (t->alias.n > 0)
		offer(p, t->alias, "alias");
	return offer_tenant(p, &t->id, "added");
}

static enum err
visit_record(const struct guid *id, const struct record *r, void *arg)
{
	struct tenant t;
	struct partial *p = arg;

	(void)r;
	/* visit_tenant offers a tenant that was added as well. */
	if (store_tenant(p->call->reader, id, &t) == ERR_OK)
		return ERR_OK;
	return offer_tenant(p, id, "record");
}

/* The tenants in the store, if this user can read it. */
static void
offer_tenants(struct partial *p)
{
	struct cmd_call *c = p->call;

	if (cmd_begin_reading(c) == ERR_OK &&
	    store_tenants(c->reader, visit_tenant, p) == ERR_OK)
		(void)!store_records(c->reader, visit_record, p);
}

static void
offer_values(struct partial *p, enum cmd_value kind)
{
	switch (kind) {
	case VALUE_FILE:
		printf(":file\n");
		break;
	case VALUE_DIRECTORY:
		printf(":directory\n");
		break;
	case VALUE_TENANT:
		offer_tenants(p);
		break;
	case VALUE_SCOPE:
		offer_scopes(p);
		break;
	case VALUE_COMMAND:
		offer_commands(p, p->n > 1 ? p->words[1] : NULL);
		break;
	case VALUE_NONE:
	case VALUE_TEXT:
		break;
	}
}

static void
answer(struct partial *p)
{
	const struct command *command = cmd_find(p->words, p->n);
	unsigned n;

	if (p->option >= 0) {
		offer_values(p, cmd_option(p->option)->kind);
		return;
	}
	if (p->n == 0)
		offer_commands(p, NULL);
	if (p->n == 1)
		offer_commands(p, p->words[0]);
	if (command == NULL)
		return;
	n = p->n - cmd_name_words(command);
	if (!str_starts(p->prefix, "-") && n < CMD_ARGUMENTS &&
	    command->arguments[n].name != NULL)
		offer_values(p, command->arguments[n].kind);
	else
		offer_options(p, command);
}

int
cmd_complete(struct cmd_call *c)
{
	struct partial p = { .call = c, .option = -1 };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), i = 0;

	if (null < 0 || dup2(null, STDERR_FILENO) < 0)
		return EXIT_FAILURE;
	close(null);
	alarm(SECONDS_MAX);
	while (i + 1 < c->raw_count)
		i += take_word(&p, c->raw + i, c->raw_count - i);
	take_last(&p, c->raw_count > 0 ? c->raw[c->raw_count - 1] : "");
	answer(&p);
	return EXIT_SUCCESS;
}
