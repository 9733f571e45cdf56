/* SPDX-License-Identifier: ISC */
/*
 * cmd.c - reads the command line and runs the command that it names. Options
 * may stand before the command, between its words and after it.
 */
#include "tool/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "tool/cmd_check.h"
#include "tool/cmd_help.h"
#include "tool/cmd_names.h"
#include "tool/cmd_options.h"
#include "tool/cmd_output.h"

/* The name of a command, its arguments, and one word too many. */
#define WORDS (2 + CMD_ARGUMENTS + 1)

/* The result of a first look at the command line. */
struct line {
	const char *words[WORDS]; /* those that are not options or values */
	unsigned n; /* may be more than WORDS */
	bool wants_help, wants_version;
	int mistake; /* the first option that cannot be read, or 0 */
	char *typed;
};

static void
scan(int argc, char **argv, struct line *line)
{
	struct cmd_line at;
	int option;

	cmd_option_begin(&at, argc, argv);
	while ((option = cmd_option_next(&at)) != CMD_END) {
		if (option == CMD_WORD && line->n++ < WORDS)
			line->words[line->n - 1] = optarg;
		if (option > CMD_WORD && line->mistake == 0) {
			line->mistake = option;
			line->typed = optarg;
		}
		line->wants_help |= option == OPTION_HELP;
		line->wants_version |= option == OPTION_VERSION;
	}
}

bool
cmd_serves(int argc, char **argv)
{
	struct line line = { .n = 0 };

	scan(argc, argv, &line);
	return line.n > 0 && strcmp(line.words[0], "serve") == 0;
}

/* --- mistakes --------------------------------------------------------- */

/* Offers the names of the commands, or the second words of a group. */
static void
offer_commands(struct nearest *near, const char *group)
{
	const struct command *row;
	size_t i;

	for (i = 0; (row = cmd_row(i)) != NULL; i++) {
		if (group == NULL)
			nearest_offer(near, row->word);
		else if (row->second != NULL && strcmp(row->word, group) == 0)
			nearest_offer(near, row->second);
	}
}

/* Words of other programs for what a command does. */
static const struct {
	const char *typed, *command;
} synonyms[] = {
	{ "add", "create" },
	{ "create", "add" },
	{ "create", "init" },
	{ "csr", "request" },
	{ "del", "remove" },
	{ "del", "revoke" },
	{ "delete", "remove" },
	{ "delete", "revoke" },
	{ "get", "show" },
	{ "log", "history" },
	{ "ls", "list" },
	{ "new", "add" },
	{ "new", "create" },
	{ "new", "init" },
	{ "renew", "request" },
	{ "rm", "remove" },
	{ "rm", "revoke" },
	{ "run", "serve" },
	{ "setup", "init" },
	{ "start", "serve" },
	{ "status", "check" },
	{ "undo", "history restore" },
	{ "version", "--version" },
};

/* Whether a command, or a second word of the group, has this name. */
static bool
is_command(const char *name, const char *group)
{
	const char *words[] = { group != NULL ? group : name, name };
	const struct command *row = cmd_find(words, group != NULL ? 2 : 1);

	if (group != NULL)
		return row != NULL && row->second != NULL;
	return row != NULL || name[0] == '-' || strchr(name, ' ') != NULL;
}

static const char *
synonym(const char *typed, const char *group)
{
	size_t i;

	for (i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (strcmp(synonyms[i].typed, typed) == 0 &&
		    is_command(synonyms[i].command, group))
			return synonyms[i].command;
	return NULL;
}

/* A word that must be followed by another one, such as "token". */
static int
refuse_group(struct cmd_call *c, const char *group, const char *second)
{
	struct nearest near = { .typed = second };

	if (second == NULL) {
		cmd_error(c, "%s: one of its words must follow", group);
	} else {
		near.word = synonym(second, group);
		if (near.word == NULL)
			offer_commands(&near, group);
		cmd_error(c, "%s: '%.64s' is not one of its words%s%s%s", group,
		    second, near.word != NULL ? "; did you mean '" : "",
		    near.word != NULL ? near.word : "",
		    near.word != NULL ? "'?" : "");
	}
	fprintf(stderr, "Usage: pushcert %s WORD [OPTION ...]\n", group);
	cmd_help_group(group, stderr);
	return EXIT_USAGE;
}

/* Reports that the words name no command. */
static int
refuse_words(struct cmd_call *c, const char *const *words, unsigned n)
{
	struct nearest near = { .typed = n > 0 ? words[0] : "" };

	if (n == 0)
		return cmd_usage(c,
		    "the command is missing; 'pushcert help' lists all "
		    "commands");
	if (cmd_find_group(words[0]) != NULL)
		return refuse_group(c, words[0], n > 1 ? words[1] : NULL);
	near.word = synonym(words[0], NULL);
	if (near.word == NULL)
		offer_commands(&near, NULL);
	if (near.word != NULL)
		return cmd_usage(c,
		    "'%.64s' is not a command; did you mean '%s'?", words[0],
		    near.word);
	return cmd_usage(c,
	    "'%.64s' is not a command; 'pushcert help' lists all commands",
	    words[0]);
}

/* The only option that begins with this letter; NULL if there are others. */
static const char *
only_option(const struct command *command, char letter)
{
	uint64_t of = command != NULL ? command->options
				      : CMD_BIT(OPTION_VERSION);
	const char *found = NULL, *name;
	int i;

	for (i = 0; i < CMD_OPTIONS; i++) {
		name = cmd_option(i)->name;
		if (((of | CMD_COMMON) & CMD_BIT(i)) == 0 || name[0] != letter)
			continue;
		if (found != NULL)
			return NULL;
		found = name;
	}
	return found;
}

static int
refuse_unknown_option(struct cmd_call *c, const char *typed)
{
	char name[64];
	struct nearest near = { .typed = name };
	const char *bare = typed + strspn(typed, "-");
	int i;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(bare, "="), bare);
	for (i = 0; i < CMD_OPTIONS; i++)
		if (c->command == NULL ||
		    ((c->command->options | CMD_COMMON) & CMD_BIT(i)) != 0)
			nearest_offer(&near, cmd_option(i)->name);
	if (strlen(name) == 1)
		near.word = only_option(c->command, name[0]);
	if (c->command != NULL && is_command(name, c->command->word))
		return cmd_usage(c,
		    "'%.64s' is not an option; did you mean 'pushcert %s %s'?",
		    typed, c->command->word, name);
	if (near.word != NULL)
		return cmd_usage(c,
		    "'%.64s' is not an option; did you mean '--%s'?", typed,
		    near.word);
	return cmd_usage(c, "'%.64s' is not an option", typed);
}

/* Reports an option that cannot be read. */
static int
refuse_option(struct cmd_call *c, int mistake, const char *typed)
{
	switch (mistake) {
	case CMD_NO_VALUE:
		return cmd_usage(c, "%.64s: its value is missing", typed);
	case CMD_TOO_MUCH:
		return cmd_usage(c, "%.64s: this option has no value", typed);
	case CMD_AMBIGUOUS:
		return cmd_usage(c,
		    "%.64s: several options begin with this; write the whole "
		    "name",
		    typed);
	default:
		return refuse_unknown_option(c, typed);
	}
}

static int
refuse_value(struct cmd_call *c, int option, const char *why)
{
	int status = cmd_usage(
	    c, "--%s '%.200s': %s", cmd_option(option)->name, optarg, why);

	if (option == OPTION_SCOPE)
		cmd_help_scopes(stderr);
	return status;
}

/* --- options and arguments -------------------------------------------- */

/* Takes an option. Returns false, with *status, if it is refused. */
static bool
take(struct cmd_call *c, int option, int *status)
{
	const struct cmd_option_row *o = cmd_option(option);
	const char *why;

	if (((c->command->options | CMD_COMMON) & CMD_BIT(option)) == 0)
		*status = cmd_usage(
		    c, "--%s is not an option of this command", o->name);
	else if ((c->given & CMD_BIT(option)) != 0 && !o->repeats)
		*status = cmd_usage(
		    c, "--%s is given twice; give it once", o->name);
	else if ((why = cmd_option_take(
		      c, option, o->value != NULL ? optarg : NULL)) != NULL)
		*status = refuse_value(c, option, why);
	else
		return true;
	return false;
}

static bool
take_options(struct cmd_call *c, int argc, char **argv, int *status)
{
	struct cmd_line at;
	int option, i;

	cmd_option_begin(&at, argc, argv);
	while ((option = cmd_option_next(&at)) != CMD_END) {
		if (option == CMD_WORD)
			continue;
		if (option > CMD_WORD) {
			*status = refuse_option(c, option, optarg);
			return false;
		}
		if (!take(c, option, status))
			return false;
	}
	for (i = 0; i < CMD_OPTIONS; i++)
		if ((c->command->needs & ~c->given & CMD_BIT(i)) != 0) {
			*status = cmd_usage(c, "--%s %s is missing",
			    cmd_option(i)->name, cmd_option(i)->value);
			return false;
		}
	return true;
}

/* Reports a word that is no argument of the command. */
static int
refuse_argument(struct cmd_call *c, const char *word)
{
	struct guid tenant;
	int i;

	if ((c->command->options & CMD_BIT(OPTION_TENANT)) != 0 &&
	    str_guid(str_of(word), &tenant))
		return cmd_usage(c,
		    "'%.64s' is one argument too many; did you mean "
		    "'--tenant %.64s'?",
		    word, word);
	for (i = 0; i < CMD_OPTIONS; i++)
		if ((c->command->options & CMD_BIT(i)) != 0 &&
		    strcmp(cmd_option(i)->name, word) == 0)
			return cmd_usage(c,
			    "'%.64s' is one argument too many; did you mean "
			    "'--%s'?",
			    word, cmd_option(i)->name);
	return cmd_usage(c, "'%.64s' is one argument too many", word);
}

static bool
take_arguments(struct cmd_call *c, const struct line *line, int *status)
{
	const struct cmd_argument *a = c->command->arguments;
	unsigned first = cmd_name_words(c->command), n = 0;

	for (; n < CMD_ARGUMENTS && a[n].name != NULL; n++) {
		if (first + n < line->n)
			c->argument[n] = line->words[first + n];
		else if (!c->command->may_omit) {
			*status = cmd_usage(c, "%s is missing", a[n].name);
			return false;
		}
	}
	if (first + n >= line->n)
		return true;
	*status = refuse_argument(c, line->words[first + n]);
	return false;
}

/* --- running ---------------------------------------------------------- */

/* Whether this call of the command may change the store. A dry run only reads,
 * and so does a check without a hook. */
static bool
writes(const struct command *command, uint64_t given)
{
	if ((command->options & CMD_BIT(OPTION_NO_COPY)) == 0 ||
	    (given & CMD_BIT(OPTION_DRY_RUN)) != 0)
		return false;
	return (command->options & CMD_BIT(OPTION_HOOK)) == 0 ||
	    (given & CMD_BIT(OPTION_HOOK)) != 0;
}

/* The exit status if the output is lost. EXIT_FAILURE would be a warning of a
 * monitoring plug-in. */
static int
failure(const struct cmd_call *c)
{
	return c->command->misused != NULL ? (int)UNKNOWN : EXIT_FAILURE;
}

static int
run(struct cmd_call *c)
{
	int status;

	c->writes = writes(c->command, c->given);
	status = c->command->run(c);

	if (cmd_end_reading(c) != ERR_OK)
		status = failure(c);
	store_close(c->store);
	cmd_names_free(c->names);
	cmd_drop_arena(c);
	return cmd_flush(c) == ERR_OK ? status : failure(c);
}

/* Prints the help for these words. */
static int
explain(struct cmd_call *c, const char *const *words, unsigned n)
{
	const struct command *command = cmd_find(words, n);

	if (n == 0)
		cmd_help_all(stdout);
	else if (command != NULL)
		cmd_help_command(command, stdout);
	else if (n == 1 && cmd_find_group(words[0]) != NULL)
		cmd_help_group(words[0], stdout);
	else
		return refuse_words(c, words, n);
	return cmd_flush(c) == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
cmd_help(struct cmd_call *c)
{
	unsigned n = 0;

	while (n < CMD_ARGUMENTS && c->argument[n] != NULL)
		n++;
	return explain(c, c->argument, n);
}

static int
print_version(struct cmd_call *c)
{
	printf("pushcert %s\n", PACKAGE_VERSION);
	return cmd_flush(c) == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Whether the first word is a command that takes all others as they are. */
static bool
is_raw(int argc, char **argv, struct cmd_call *c)
{
	const char *word = argc > 1 ? argv[1] : "";

	c->command = cmd_find(&word, 1);
	if (c->command == NULL || !c->command->is_raw)
		return false;
	c->raw = argv + 2;
	c->raw_count = argc - 2;
	return true;
}

int
cmd_run(int argc, char **argv)
{
	struct cmd_call c = { .warning_days = EXPIRY_DAYS, .critical_days = 7 };
	struct line line = { .n = 0 };
	int status;

	if (is_raw(argc, argv, &c))
		return run(&c);
	scan(argc, argv, &line);
	c.command = cmd_find(line.words, line.n < WORDS ? line.n : WORDS);
	if (line.wants_help)
		return explain(&c, line.words, line.n < 2 ? line.n : 2);
	if (line.wants_version)
		return print_version(&c);
	if (line.n == 0 && line.mistake != 0)
		return refuse_option(&c, line.mistake, line.typed);
	if (c.command == NULL)
		return refuse_words(&c, line.words, line.n);
	if (!take_options(&c, argc, argv, &status) ||
	    !take_arguments(&c, &line, &status))
		return status;
	return run(&c);
}
