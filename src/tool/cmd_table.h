/* SPDX-License-Identifier: ISC */
/*
 * cmd_table.h - the table of commands. The help, the usage lines and the
 * completion are made from it and from the table of options.
 */
#ifndef PUSHCERT_CMD_TABLE_H
#define PUSHCERT_CMD_TABLE_H

#include "tool/cmd_call.h"

/* The kinds of values. Completion offers other words for each kind. */
enum cmd_value {
	VALUE_NONE, /* an option without a value */
	VALUE_TEXT,
	VALUE_FILE,
	VALUE_DIRECTORY,
	VALUE_TENANT,
	VALUE_SCOPE,
	VALUE_COMMAND
};

struct cmd_argument {
	const char *name; /* as in the usage line; NULL: no more arguments */
	enum cmd_value kind;
};

/* Options that every command accepts. */
#define CMD_COMMON (CMD_BIT(OPTION_CONFIG) | CMD_BIT(OPTION_HELP))

struct command {
	const char *word, *second; /* second: NULL for a command of one word */
	/* The head line of a group in the help, in its first row; otherwise
	 * NULL. */
	const char *section;
	uint64_t options; /* besides CMD_COMMON, as CMD_BIT */
	uint64_t needs; /* the part of `options` that must be given */
	struct cmd_argument arguments[CMD_ARGUMENTS];
	bool may_omit; /* the arguments may be missing */
	bool is_raw; /* all further words are its arguments, options too */
	const char *summary;
	const char *force; /* the effect of --force, if it has that option */
	/* Prints more after a mistake, and returns the exit status. NULL:
	 * nothing more, EXIT_USAGE. */
	int (*misused)(const char *why);
	int (*run)(struct cmd_call *c);
};

/* Row i, or NULL after the last row. */
const struct command *cmd_row(size_t i);
/* The command that the first words name, or NULL. */
const struct command *cmd_find(const char *const *words, unsigned n);
/* The first row with this word and a second one, or NULL. */
const struct command *cmd_find_group(const char *word);
/* The number of words in the name of the command. */
unsigned cmd_name_words(const struct command *command);

#endif
