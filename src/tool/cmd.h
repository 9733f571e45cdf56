/* SPDX-License-Identifier: ISC */
/*
 * cmd.h - the command-line tool: pushcert init, serve, token, show, ...
 *
 * Data goes to stdout, talk to stderr. Exit status 0 fine, 1 failed, 2 usage.
 */
#ifndef PUSHCERT_CMD_H
#define PUSHCERT_CMD_H

int cmd_run(int argc, char **argv);

/*
 * Runs the program as a FastCGI application on the listening socket fd, or, if
 * fd is negative, as a CGI program. `config` is the file given, or NULL. The
 * exit status.
 */
int cmd_serve_fd(const char *config, int fd);

#endif
