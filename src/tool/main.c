/* SPDX-License-Identifier: ISC */
/*
 * main.c - which of the three is it: the FastCGI application (standard input,
 * or descriptor 3 of systemd, is a listening socket), the CGI program
 * (GATEWAY_INTERFACE is set), or the tool?
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
 * A web server hands words of a query without = to a CGI program as arguments
 * (RFC 3875, section 4.4): an option among them comes from a stranger. But
 * where a "#!" line started us, our first two are of the kernel, and the
 * second of them is the file that was to be started.
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

/* --config FILE, as in "#!/usr/bin/pushcert --config" of a .fcgi file. */
static const char *
config_argument(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--config") == 0)
		return argv[2];
	return NULL;
}

/*
 * A descriptor below 3 that is closed at the start would become the store's,
 * and every line for standard error would be written into it. So each of them
 * is opened on /dev/null, in the wrong direction: to write to a closed standard
 * output remains a failure.
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
	bool serves = argc > 1 && strcmp(argv[1], "serve") == 0;
	int fd;

	if (!open_standard_descriptors())
		return EXIT_FAILURE;
	umask(077);
	/* A file that may not grow is a failed write, not a death. */
	signal(SIGXFSZ, SIG_IGN);
	/* Whoever started us may not have cared for children; we do. */
	signal(SIGCHLD, SIG_DFL);
	/* "serve" has options of its own, and finds the socket by itself. */
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
