/* SPDX-License-Identifier: ISC */
/*
 * responder.c - the upper limit for a FastCGI program written with libfcgi: a
 * constant response from the usual loop, in processes and threads.
 *
 *   responder [-p PROCESSES] [-t THREADS] SOCKET
 *
 * Ends on SIGTERM.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcgiapp.h>

#define MOST 256

/* The response has the length of a typical record. */
static const char head[] = "Status: 200 OK\r\n"
			   "Content-Type: application/json\r\n"
			   "Content-Length: 600\r\n"
			   "Cache-Control: no-cache\r\n"
			   "ETag: W/\"0123456789abcdef\"\r\n\r\n";
static char text[sizeof(head) - 1 + 600];

static int listener;

static void *
respond(void *arg)
{
	FCGX_Request r;
	char waste[4096];

	FCGX_InitRequest(&r, listener, 0);
	while (FCGX_Accept_r(&r) == 0) {
		while (FCGX_GetStr(waste, sizeof(waste), r.in) ==
		    (int)sizeof(waste))
			continue;
		FCGX_PutStr(text, sizeof(text), r.out);
		FCGX_Finish_r(&r);
	}
	return arg;
}

static void
run(int threads)
{
	pthread_t id;
	int i;

	FCGX_Init();
	for (i = 1; i < threads; i++)
		if (pthread_create(&id, NULL, respond, NULL) != 0)
			exit(EXIT_FAILURE);
	respond(NULL);
}

static int
number(const char *digits)
{
	long n = strtol(digits, NULL, 10);

	if (n < 1 || n > MOST) {
		fprintf(stderr, "responder: %s: not 1 to %d\n", digits, MOST);
		exit(2);
	}
	return (int)n;
}

int
main(int argc, char **argv)
{
	int processes = 1, threads = 1, option, i, stop;
	pid_t children[MOST];
	sigset_t set;

	while ((option = getopt(argc, argv, "p:t:")) != -1) {
		if (option == 'p')
			processes = number(optarg);
		else if (option == 't')
			threads = number(optarg);
		else
			return 2;
	}
	if (optind + 1 != argc) {
		fputs("usage: responder [-p N] [-t N] SOCKET\n", stderr);
		return 2;
	}
	memcpy(text, head, sizeof(head) - 1);
	memset(text + sizeof(head) - 1, 'x', 600);
	if ((listener = FCGX_OpenSocket(argv[optind], 4096)) < 0)
		return EXIT_FAILURE;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < processes; i++)
		if ((children[i] = fork()) == 0) {
			sigprocmask(SIG_UNBLOCK, &set, NULL);
			run(threads);
			_exit(EXIT_SUCCESS);
		}
	sigwait(&set, &stop);
	for (i = 0; i < processes; i++)
		kill(children[i], SIGKILL);
	for (i = 0; i < processes; i++)
		waitpid(children[i], NULL, 0);
	return EXIT_SUCCESS;
}
