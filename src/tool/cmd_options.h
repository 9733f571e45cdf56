/* SPDX-License-Identifier: ISC */
/*
 * cmd_options.h - the table of options: their names, their values and their
 * texts in the help; and the functions that read them from a command line.
 */
#ifndef PUSHCERT_CMD_OPTIONS_H
#define PUSHCERT_CMD_OPTIONS_H

#include <stdbool.h>

#include "tool/cmd_table.h"

/* The results of cmd_option_next besides an enum cmd_option. */
enum {
	CMD_END = -1,
	CMD_WORD = 256, /* not an option; the word is in optarg */
	CMD_UNKNOWN,
	CMD_AMBIGUOUS,
	CMD_NO_VALUE, /* an option lacks its value */
	CMD_TOO_MUCH /* an option has a value and must have none */
};

struct cmd_option_row {
	const char *name; /* without the hyphens */
	const char *value; /* the name of its value, or NULL */
	enum cmd_value kind;
	char letter; /* the short name, or 0 */
	bool repeats; /* may be given more than once: the values add up */
	const char *help;
};

const struct cmd_option_row *cmd_option(int option);

/* A command line that is being read. */
struct cmd_line {
	int argc;
	char **argv;
	int words; /* index of the next word after "--"; 0: not there yet */
};

/* Begins at the start of the command line. */
void cmd_option_begin(struct cmd_line *line, int argc, char **argv);
/* Reads the next option or word; the value is in optarg. Prints nothing. After
 * an error, the option as it was typed is in optarg. */
int cmd_option_next(struct cmd_line *line);

/* Checks the value of an option (NULL if it has none) and stores it in the
 * call. Returns NULL, or the values that the option accepts. */
const char *cmd_option_take(struct cmd_call *c, int option, const char *value);

#endif
