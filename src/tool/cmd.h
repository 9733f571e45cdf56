/* SPDX-License-Identifier: ISC */
/*
 * cmd.h - the command-line tool: pushcert init, serve, token, show, ...
 *
 * The tool prints data on standard output and messages on standard error.
 */
#ifndef PUSHCERT_CMD_H
#define PUSHCERT_CMD_H

#include <stdbool.h>

/* Whether the command line names the command serve. */
bool cmd_serves(int argc, char **argv);

/* Runs the subcommand on the command line. Returns the exit status: 0 success,
 * 1 failure, 2 wrong usage; `check` returns the status of a monitoring plug-in.
 */
int cmd_run(int argc, char **argv);

/*
 * Runs the program as a FastCGI application on the listening socket fd, or, if
 * fd is negative, as a CGI program that answers one request. `config` is the
 * path of the configuration file, or NULL to search for it. Returns the exit
 * status.
 */
int cmd_serve_fd(const char *config, int fd);

#endif
