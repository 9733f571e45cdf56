/* SPDX-License-Identifier: ISC */
/*
 * cgi.c - serves one CGI request (RFC 3875): it reads the environment and
 * standard input, and writes the response to standard output.
 */
#include "server/cgi.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

/* The most seconds that the process spends on reading a body after the response
 * was written. The signal of alarm(2) then ends the process. */
#define DRAIN_SECONDS 10

/* The body's reader of struct request; *from counts the bytes that were
 * read. */
static long
read_input(void *from, char *p, size_t n)
{
	uint64_t *taken = from;
	ssize_t got;

	do {
		got = read(STDIN_FILENO, p, n);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		*taken += (uint64_t)got;
	return (long)got;
}

/*
 * Reads the rest of the body. Apache's mod_cgid passes the body on over a
 * socket; if the process exited with unread data there, the kernel would reset
 * the connection and the response would be lost. The function stops at the
 * declared length, because the server need not send an end of file after it
 * (RFC 3875, section 4.2).
 */
static void
drain(const struct request *req, const uint64_t *taken)
{
	char left[4096];
	uint64_t length = UINT64_MAX;

	if (!request_length(req, &length) &&
	    req->var[REQUEST_TRANSFER_ENCODING].n == 0)
		return;
	alarm(DRAIN_SECONDS);
	while (*taken < length)
		if (read_input(req->from, left, sizeof(left)) <= 0)
			return;
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
fill_request(struct request *req)
{
	char **variable;
	struct timespec now;

	for (variable = environ; *variable != NULL; variable++)
		request_take(req, *variable);
	req->read = read_input;
	clock_gettime(CLOCK_REALTIME, &now);
	req->now =
	    (struct instant){ .at = now.tv_sec, .nano = (uint32_t)now.tv_nsec };
	if (getrandom(req->random, sizeof(req->random), 0) ==
	    (ssize_t)sizeof(req->random))
		return ERR_OK;
	log_line(LOG_AT_ERROR, "getrandom: %s", strerror(errno));
	return ERR_INTERNAL;
}

/* An error before routing (no random bytes, no store reader) also gets an HTTP
 * response: routes_handle refuses every request while `broken` is set. */
static enum err
answer(const struct app *app, struct worker *wk)
{
	uint64_t taken = 0;
	struct request req = { .from = &taken };
	struct app own = *app;
	struct response resp;
	enum err e = fill_request(&req);

	if (e == ERR_OK && own.broken == ERR_OK)
		e = store_reader(own.store, &wk->reader);
	if (e != ERR_OK)
		own.broken = e;
	routes_handle(&own, wk, &req, &resp);
	store_reader_free(wk->reader);
	e = write_output(resp.text);
	if (!resp.body_read)
		drain(&req, &taken);
	return e;
}

enum err
cgi_run(const struct app *app)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	size_t size = routes_arena_size(app->config);
	struct worker wk = { .reader = NULL };
	void *block;
	enum err e;

	/* A write to a client that has gone away must return EPIPE; the default
	 * action of SIGPIPE would end the process. */
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
