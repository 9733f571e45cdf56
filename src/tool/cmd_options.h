/* SPDX-License-Identifier: ISC */
/*
 * cmd_options.h - reads the options of a command line. Only cmd.c includes it.
 */
#ifndef PUSHCERT_CMD_OPTIONS_H
#define PUSHCERT_CMD_OPTIONS_H

struct cmd_call;

/* The next option of the command line, an enum cmd_option; its value is in
 * optarg. '?' after an error, which getopt_long has printed; -1 at the end. */
int cmd_option_next(int argc, char **argv);
/* Checks the value of an option (NULL if it has none) and stores it in the
 * call. Returns NULL, or the reason why the value is refused. */
const char *cmd_option_take(struct cmd_call *c, int option, const char *value);
/* The long name of an option, without the hyphens. */
const char *cmd_option_name(int option);

#endif
