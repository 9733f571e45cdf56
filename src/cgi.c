/* SPDX-License-Identifier: ISC */
/*
 * cgi.c - one request from the environment and standard input, its answer to
 * standard output.
 */
#include "cgi.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static long
read_input(void *from, char *p, size_t n)
{
	ssize_t got;

	(void)from;
	do {
		got = read(STDIN_FILENO, p, n);
	} while (got < 0 && errno == EINTR);
	return (long)got;
}

static enum err
write_output(struct str text)
{
	while (text.n > 0) {
		ssize_t n = write(STDOUT_FILENO, text.p, text.n);

		if (n < 0 && errno != EINTR)
			return ERR_FILE;
		text = str_tail(text, n > 0 ? (size_t)n : 0);
	}
	return ERR_OK;
}

static enum err
fill_request(struct request *rq)
{
	char **variable;
	struct timespec now;

	for (variable = environ; *variable != NULL; variable++)
		request_take(rq, *variable);
	rq->read = read_input;
	clock_gettime(CLOCK_REALTIME, &now);
	rq->now =
	    (struct instant){ .at = now.tv_sec, .nano = (uint32_t)now.tv_nsec };
	if (getrandom(rq->random, sizeof(rq->random), 0) ==
	    (ssize_t)sizeof(rq->random))
		return ERR_OK;
	log_line(LOG_AT_ERROR, "getrandom: %s", strerror(errno));
	return ERR_INTERNAL;
}

static enum err
answer(const struct app *app, struct worker *wk)
{
	struct request rq = { .from = NULL };
	struct answer an;
	enum err e;

	if ((e = fill_request(&rq)) != ERR_OK)
		return e;
	if ((e = store_reader(app->store, &wk->reader)) != ERR_OK)
		return e;
	routes_handle(app, wk, &rq, &an);
	store_reader_free(wk->reader);
	return write_output(an.text);
}

enum err
cgi_run(const struct app *app)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	size_t size = routes_arena_size(app->config);
	struct worker wk = { .reader = NULL };
	void *block;
	enum err e;

	/* A client that goes away is a failed write, not a death. */
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, NULL);
	block = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		return ERR_MEMORY;
	arena_init(&wk.arena, block, size);
	e = answer(app, &wk);
	munmap(block, size);
	return e;
}
