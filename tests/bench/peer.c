/* SPDX-License-Identifier: ISC */
/*
 * peer.c - the service as one would write it in an afternoon with libfcgi and a
 * store: some processes, a transaction per request.
 *
 * peer fill FILE BODY <TOKENS	makes the store
 * peer serve FILE SOCKET	four processes; ends on SIGTERM
 */
#include "peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcgiapp.h>

#define PROCESSES 4
#define TENANTS_MAX 1000000

static const char no_token[] = "Status: 401 Unauthorized\r\n"
			       "Content-Length: 0\r\n\r\n";

static void
handle(struct peer *p, FCGX_Request *r)
{
	char text[PEER_TEXT_MAX], head[256];
	const char *method = FCGX_GetParam("REQUEST_METHOD", r->envp);
	const char *bearer = FCGX_GetParam("HTTP_AUTHORIZATION", r->envp);
	int n = FCGX_GetStr(text, sizeof(text), r->in), head_n;
	bool known = bearer != NULL && strncmp(bearer, "Bearer ", 7) == 0;

	if (known && strcmp(method, "PATCH") == 0)
		known = peer_patch(p, bearer + 7, text, (size_t)n);
	else if (known)
		known = (n = (int)peer_get(p, bearer + 7, text)) > 0;
	if (!known) {
		FCGX_PutS(no_token, r->out);
		return;
	}
	head_n = snprintf(head, sizeof(head),
	    "Status: 200 OK\r\nContent-Type: application/json\r\n"
	    "Cache-Control: no-cache\r\nContent-Length: %d\r\n\r\n",
	    n);
	FCGX_PutStr(head, head_n, r->out);
	FCGX_PutStr(text, n, r->out);
}

static void
run(const char *file, int listener)
{
	struct peer *p = peer_open(file);
	FCGX_Request r;

	if (p == NULL)
		exit(EXIT_FAILURE);
	FCGX_Init();
	FCGX_InitRequest(&r, listener, 0);
	while (FCGX_Accept_r(&r) == 0) {
		handle(p, &r);
		FCGX_Finish_r(&r);
	}
}

static int
serve(const char *file, const char *path)
{
	int listener = FCGX_OpenSocket(path, 4096), i, stop;
	pid_t children[PROCESSES];
	sigset_t set;

	if (listener < 0)
		return EXIT_FAILURE;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < PROCESSES; i++)
		if ((children[i] = fork()) == 0) {
			sigprocmask(SIG_UNBLOCK, &set, NULL);
			run(file, listener);
			_exit(EXIT_SUCCESS);
		}
	sigwait(&set, &stop);
	for (i = 0; i < PROCESSES; i++)
		kill(children[i], SIGKILL);
	for (i = 0; i < PROCESSES; i++)
		waitpid(children[i], NULL, 0);
	return EXIT_SUCCESS;
}

static int
fill(const char *file, const char *body)
{
	char text[PEER_TEXT_MAX], line[256];
	char **token = calloc(TENANTS_MAX, sizeof(*token));
	struct peer *p = peer_open(file);
	FILE *f = fopen(body, "r");
	size_t n = 0, text_n;

	if (token == NULL || p == NULL || f == NULL)
		return EXIT_FAILURE;
	text_n = fread(text, 1, sizeof(text), f);
	fclose(f);
	while (n < TENANTS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((token[n++] = strdup(line)) == NULL)
			return EXIT_FAILURE;
	}
	return peer_fill(p, token, n, text, text_n) ? EXIT_SUCCESS
						    : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "fill") == 0)
		return fill(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	fputs(
	    "usage: peer fill FILE BODY <TOKENS | serve FILE SOCKET\n", stderr);
	return 2;
}
