/* SPDX-License-Identifier: ISC */
/*
 * first.c - measures the time from the start of a process to its first
 * response. It starts the program as a web server does: the listening socket is
 * standard input, and a request is already waiting there.
 *
 *   first PROGRAM CONFIG TOKENS SOCKET
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../integration/fcgi_client.h"

#define TRIES 31

static void
die(const char *what)
{
	fprintf(stderr, "first: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct str
build(const char *tokens, struct buf *out)
{
	char token[128], bearer[160];
	const char *const pairs[] = { "REQUEST_METHOD", "GET", "SCRIPT_NAME",
		"/v1.0/deviceManagement/applePushNotificationCertificate",
		"HTTP_AUTHORIZATION", bearer, NULL };
	FILE *f = fopen(tokens, "r");

	if (f == NULL || fscanf(f, "%127s", token) != 1)
		die(tokens);
	fclose(f);
	snprintf(bearer, sizeof(bearer), "Bearer %s", token);
	fcgi_request(out, false, pairs, str_of(""));
	return buf_view(out);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(at.sun_path))
		die(path);
	memcpy(at.sun_path, path, strlen(path));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, 16) != 0)
		die(path);
	return fd;
}

/* Starts the program once, reads one response, and stops the program. */
static double
try_once(char **argv, int listener, struct str request)
{
	char text[8192];
	struct fcgi_reply r;
	double began = milliseconds(), took;
	pid_t child = fork();
	int fd;

	if (child == 0) {
		dup2(listener, STDIN_FILENO);
		setenv("PUSHCERT_CONFIG", argv[2], 1);
		execl(argv[1], argv[1], (char *)NULL);
		_exit(99);
	}
	fd = fcgi_connect(argv[4]);
	fcgi_reply_init(&r, text, sizeof(text));
	if (fd < 0 || !fcgi_send(fd, request) || !fcgi_receive(fd, &r) ||
	    !str_starts(buf_view(&r.text), "Status: 200 "))
		die("no answer");
	took = milliseconds() - began;
	close(fd);
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	return took;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
main(int argc, char **argv)
{
	double took[TRIES];
	char block[4096];
	struct buf out;
	struct str request;
	int listener, i;

	if (argc != 5) {
		fputs("usage: first PROGRAM CONFIG TOKENS SOCKET\n", stderr);
		return 2;
	}
	buf_init(&out, block, sizeof(block));
	request = build(argv[3], &out);
	listener = listen_at(argv[4]);
	for (i = 0; i < TRIES; i++)
		took[i] = try_once(argv, listener, request);
	qsort(took, TRIES, sizeof(took[0]), compare);
	printf("Start to first answer, ms: median %.1f of %d, from %.1f to "
	       "%.1f\n",
	    took[TRIES / 2], TRIES, took[0], took[TRIES - 1]);
	unlink(argv[4]);
	return EXIT_SUCCESS;
}
