/* SPDX-License-Identifier: ISC */
/*
 * cmd_help.h - prints the help and the usage lines, and suggests the word
 * closest to a mistyped one. All texts come from the tables of commands and
 * options.
 */
#ifndef PUSHCERT_CMD_HELP_H
#define PUSHCERT_CMD_HELP_H

#include <stdio.h>

#include "tool/cmd_table.h"

/* The usage line of a command; NULL: of the program. */
void cmd_help_usage(const struct command *command, FILE *out);
/* A command with its options. */
void cmd_help_command(const struct command *command, FILE *out);
/* The second words of a group such as "token". */
void cmd_help_group(const char *word, FILE *out);
/* All commands. */
void cmd_help_all(FILE *out);
/* The permissions that --scope accepts, one a line. */
void cmd_help_scopes(FILE *out);

/* The text for the help of an option of this command. */
const char *cmd_help_option(const struct command *command, int option);

#endif
