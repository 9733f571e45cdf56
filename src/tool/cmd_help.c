/* SPDX-License-Identifier: ISC */
/*
 * cmd_help.c - prints the help and the usage lines.
 */
#include "tool/cmd_help.h"

#include <stdlib.h>
#include <string.h>

#include "rules/auth.h"
#include "tool/cmd_options.h"

/* Columns of a line, and the column at which texts begin. */
#define LINE_WIDTH 79
#define COMMAND_WIDTH 22
#define OPTION_WIDTH 30

/* Options that the usage line leaves out, because all commands or all commands
 * that change the store accept them. */
#define UNLISTED (CMD_COMMON | CMD_BIT(OPTION_NO_COPY))

static bool
takes(const struct command *command, int option)
{
	return ((command->options | CMD_COMMON) & CMD_BIT(option)) != 0;
}

const char *
cmd_help_option(const struct command *command, int option)
{
	return option == OPTION_FORCE ? command->force
				      : cmd_option(option)->help;
}

/* --- the usage line --------------------------------------------------- */

/* Prints a word of the usage line, on a new line if it does not fit. */
static void
put_word(FILE *out, size_t *column, const char *word)
{
	static const char indent[] = "          ";

	if (*column + 1 + strlen(word) > LINE_WIDTH) {
		fprintf(out, "\n%s", indent);
		*column = sizeof(indent) - 1;
	}
	fprintf(out, " %s", word);
	*column += 1 + strlen(word);
}

static void
put_option(FILE *out, size_t *column, const struct command *command, int option)
{
	const struct cmd_option_row *o = cmd_option(option);
	bool needed = (command->needs & CMD_BIT(option)) != 0;
	char text[128];

	snprintf(text, sizeof(text), "%s--%s%s%s%s%s", needed ? "" : "[",
	    o->name, o->value != NULL ? " " : "",
	    o->value != NULL ? o->value : "", o->repeats ? "..." : "",
	    needed ? "" : "]");
	put_word(out, column, text);
}

static void
put_arguments(FILE *out, size_t *column, const struct command *command)
{
	char text[64];
	unsigned i;

	for (i = 0; i < CMD_ARGUMENTS && command->arguments[i].name != NULL;
	     i++) {
		snprintf(text, sizeof(text), command->may_omit ? "[%s]" : "%s",
		    command->arguments[i].name);
		put_word(out, column, text);
	}
}

void
cmd_help_usage(const struct command *command, FILE *out)
{
	size_t column;
	int i;

	if (command == NULL) {
		fprintf(out, "Usage: pushcert COMMAND [OPTION ...]\n");
		return;
	}
	column = (size_t)fprintf(out, "Usage: pushcert %s%s%s", command->word,
	    command->second != NULL ? " " : "",
	    command->second != NULL ? command->second : "");
	put_arguments(out, &column, command);
	for (i = 0; i < CMD_OPTIONS; i++)
		if ((command->needs & CMD_BIT(i)) != 0)
			put_option(out, &column, command, i);
	for (i = 0; i < CMD_OPTIONS; i++)
		if (takes(command, i) &&
		    ((command->needs | UNLISTED) & CMD_BIT(i)) == 0)
			put_option(out, &column, command, i);
	fputc('\n', out);
}

/* --- the help --------------------------------------------------------- */

static void
print_option(const struct command *command, int option, FILE *out)
{
	const struct cmd_option_row *o = cmd_option(option);
	char text[64], letter[8] = "";

	if (o->letter != '\0')
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(text, sizeof(text), "%s--%s%s%s", letter, o->name,
	    o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
	fprintf(out, "  %-*s%s\n", OPTION_WIDTH, text,
	    cmd_help_option(command, option));
}

void
cmd_help_scopes(FILE *out)
{
	char text[AUTH_NAMES_MAX];
	struct buf names;

	buf_init(&names, text, sizeof(text));
	auth_scope_names(AUTH_ALL, "\n  ", &names);
	fprintf(out, "Scopes:\n  %.*s\n", STR_ARG(buf_view(&names)));
}

void
cmd_help_command(const struct command *command, FILE *out)
{
	int i;

	fprintf(out, "pushcert %s%s%s: %s\n\n", command->word,
	    command->second != NULL ? " " : "",
	    command->second != NULL ? command->second : "", command->summary);
	cmd_help_usage(command, out);
	fputc('\n', out);
	for (i = 0; i < CMD_OPTIONS; i++)
		if (takes(command, i))
			print_option(command, i, out);
	if (takes(command, OPTION_SCOPE)) {
		fputc('\n', out);
		cmd_help_scopes(out);
	}
	fprintf(out, "\nMore: man pushcert\n");
}

static void
print_row(const struct command *row, FILE *out)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", row->word,
	    row->second != NULL ? " " : "",
	    row->second != NULL ? row->second : "");
	fprintf(out, "  %-*s%s\n", COMMAND_WIDTH, name, row->summary);
}

void
cmd_help_group(const char *word, FILE *out)
{
	const struct command *row;
	size_t i;

	for (i = 0; (row = cmd_row(i)) != NULL; i++)
		if (strcmp(row->word, word) == 0)
			print_row(row, out);
}

void
cmd_help_all(FILE *out)
{
	const struct command *row;
	size_t i;

	fprintf(out,
	    "pushcert keeps the Apple MDM push certificate record and serves "
	    "it as Microsoft\nGraph's applePushNotificationCertificate over "
	    "FastCGI and CGI.\n\n");
	cmd_help_usage(NULL, out);
	for (i = 0; (row = cmd_row(i)) != NULL; i++) {
		if (row->section != NULL)
			fprintf(out, "\n%s\n", row->section);
		print_row(row, out);
	}
	fprintf(out,
	    "\n'pushcert help COMMAND' describes a command and its "
	    "options.\n\nThe program reads the file of --config, or the file "
	    "that $PUSHCERT_CONFIG names,\npushcert.conf beside the program, "
	    "or %s/pushcert.conf.\nWithout a command it serves "
	    "requests: as a FastCGI application if its standard\ninput is a "
	    "listening socket, or as a CGI program. See pushcert.fcgi(8).\n",
	    SYSCONFDIR);
}
