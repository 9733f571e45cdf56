/* SPDX-License-Identifier: ISC */
/*
 * main.c - decides how the program runs: as the FastCGI application (standard
 * input, or descriptor 3 from systemd, is a listening socket), as a CGI program
 * (GATEWAY_INTERFACE is set), or as the tool.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/cmd.h"
#include "server/fastcgi.h"
#include "base/str.h"

/*
 * Whether the arguments may come from a client. A web server passes the words
 * of a query without '=' to a CGI program as arguments (RFC 3875, section 4.4),
 * so an option among them must not be obeyed. But if a "#!" line started the
 * program, the kernel supplied the first two arguments, and the second of them
 * is the path of the file that was executed.
 */
static bool
arguments_are_foreign(const char *config)
{
	const char *started = (const char *)getauxval(AT_EXECFN);
	struct str query = str_of(getenv("QUERY_STRING"));

	if (started != NULL && config != NULL && strcmp(started, config) == 0)
		return false;
	if (query.n == 0 || memchr(query.p, '=', query.n) != NULL)
		return false;
	return str_starts(query, "-") || str_starts(query, "%") ||
	    str_starts(query, "+");
}

/* The FILE of --config FILE, as in the line "#!/usr/bin/pushcert --config" of a
 * .fcgi file; otherwise NULL. */
static const char *
config_argument(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--config") == 0)
		return argv[2];
	return NULL;
}

/*
 * Opens each of the descriptors 0, 1 and 2 that is closed. Otherwise the store
 * could get one of these numbers, and every message would be written into it.
 * /dev/null is opened in the wrong direction, so that writing to a closed
 * standard output still fails.
 */
static bool
open_standard_descriptors(void)
{
	static const int directions[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", directions[fd]) != fd)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	const char *config = config_argument(argc, argv);
	bool serves = cmd_serves(argc, argv);
	int fd;

	if (!open_standard_descriptors())
		return EXIT_FAILURE;
	umask(077);
	/* A file that reaches a size limit must be a failed write, not a
	 * signal. */
	signal(SIGXFSZ, SIG_IGN);
	/* The parent process may have ignored SIGCHLD, which would break
	 * waitpid(). */
	signal(SIGCHLD, SIG_DFL);
	/* `serve` has options of its own and finds the socket itself. */
	if (!serves &&
	    (argc < 2 || config != NULL ||
		fastcgi_is_listening(STDIN_FILENO))) {
		if (fastcgi_inherit(&fd) != ERR_OK)
			return EXIT_FAILURE;
		if (fd >= 0)
			return cmd_serve_fd(config, fd);
	}
	if (getenv("GATEWAY_INTERFACE") == NULL)
		return cmd_run(argc, argv);
	if (arguments_are_foreign(config))
		config = NULL;
	return cmd_serve_fd(config, -1);
}
