/* SPDX-License-Identifier: ISC */
/*
 * test_cgi.c - the CGI program with a routes_handle of this file. It runs as a
 * child between two pipes.
 */
#include "unit.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/cgi.h"

/* Longer than a pipe holds, so that the program needs more than one write. */
#define LONG_ANSWER ((size_t)300 * 1024)

enum err
store_reader(struct store *st, struct txn **out)
{
	*out = NULL;
	return st == NULL ? ERR_OK : ERR_STORE;
}

void
store_reader_free(struct txn *tx)
{
	(void)tx;
}

size_t
routes_arena_size(const struct config *c)
{
	(void)c;
	return 2 * LONG_ANSWER;
}

static bool
all_zero(const uint8_t *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n == 0;
}

void
routes_handle(const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp)
{
	char piece[1000];
	struct buf out;
	long n;

	ck_assert(req->now.at > 0 && req->now.nano < 1000000000);
	ck_assert(!all_zero(req->random, sizeof(req->random) / 2));
	ck_assert(!all_zero(
	    req->random + sizeof(req->random) / 2, sizeof(req->random) / 2));
	buf_open(&out, &wk->arena);
	buf_text(
	    &out, app->broken == ERR_OK ? "" : err_info(app->broken)->text);
	buf_str(&out, req->var[REQUEST_METHOD]);
	buf_char(&out, ' ');
	buf_str(&out, req->var[REQUEST_PATH_INFO]);
	buf_char(&out, '\n');
	if (str_is(req->var[REQUEST_PATH_INFO], "/a")) {
		while ((n = req->read(req->from, piece, sizeof(piece))) > 0)
			buf_put(&out, piece, (size_t)n);
		ck_assert(n == 0);
	}
	*resp = (struct response){ .text = buf_close(&out, &wk->arena) };
}

/* --- the web server ----------------------------------------------------- */

struct program {
	pid_t id;
	int in;
	int out;
};

/* Starts the program with one more variable, unless it is NULL. */
static struct program
started_at(const struct app *app, const char *path, const char *variable)
{
	struct program p;
	int in[2], out[2];

	ck_assert(pipe(in) == 0 && pipe(out) == 0);
	if ((p.id = fork()) == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		clearenv();
		setenv("REQUEST_METHOD", "PATCH", 1);
		setenv("PATH_INFO", path, 1);
		if (variable != NULL &&
		    putenv((char *)(uintptr_t)variable) != 0)
			_exit(99);
		_exit((int)cgi_run(app));
	}
	ck_assert(p.id > 0);
	close(in[0]);
	close(out[1]);
	p.in = in[1];
	p.out = out[0];
	return p;
}

static struct program
started(const struct app *app)
{
	return started_at(app, "/a", NULL);
}

static int
exit_of(const struct program *p)
{
	int status;

	ck_assert(waitpid(p->id, &status, 0) == p->id);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
put(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t part = write(fd, p, n);

		ck_assert(part > 0);
		p += part;
		n -= (size_t)part;
	}
}

/* Reads everything, slowly, so that the program has to wait. */
static size_t
all_of(int fd, char *p, size_t size)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	size_t n = 0;
	ssize_t part = 1;

	while (part > 0 && n < size) {
		nanosleep(&ms, NULL);
		part = read(fd, p + n, size - n < 9000 ? size - n : 9000);
		n += part > 0 ? (size_t)part : 0;
	}
	return n;
}

static const struct app app;

static const struct {
	const char *name;
	size_t length;
} bodies[] = {
	{ "answers without a body", 0 },
	{ "hands a body on", 10 },
	{ "hands on and answers a body larger than a pipe", LONG_ANSWER },
};

START_TEST(bodies_go_in_and_out)
{
	static char body[LONG_ANSWER], got[LONG_ANSWER + 1000];
	static const char first[] = "PATCH /a\n";
	size_t n = bodies[_i].length;
	struct program p = started(&app);

	memset(body, 'x', sizeof(body));
	put(p.in, body, n);
	close(p.in);
	unit_same(bodies[_i].name,
	    str_from(got, all_of(p.out, got, sizeof(first) - 1)),
	    str_of(first));
	unit_same(bodies[_i].name,
	    str_from(got, all_of(p.out, got, sizeof(got))), str_from(body, n));
	unit_check(bodies[_i].name, exit_of(&p) == ERR_OK);
}
END_TEST

static const struct {
	const char *name;
	const char *variable;
	size_t sent;
	bool ends; /* whether stdin ends after these bytes */
	int left;
} unread[] = {
	{ "takes the declared length without waiting for the end",
	    "CONTENT_LENGTH=9000", 9000, false, 0 },
	{ "leaves the bytes after the declared length", "CONTENT_LENGTH=8192",
	    9000, false, 808 },
	{ "stops at an end before the declared length", "CONTENT_LENGTH=9000",
	    100, true, 0 },
	{ "takes everything if no length is declared",
	    "HTTP_TRANSFER_ENCODING=chunked", LONG_ANSWER, true, 0 },
	{ "does not wait for an undeclared body", NULL, 0, false, 0 },
};

/* A web server may lose the response if the program leaves the body unread. */
START_TEST(takes_a_body_that_the_program_did_not_read)
{
	static char body[LONG_ANSWER], got[100];
	struct program p = started_at(&app, "/b", unread[_i].variable);
	int left = -1;

	put(p.in, body, unread[_i].sent);
	if (unread[_i].ends)
		close(p.in);
	unit_same(unread[_i].name,
	    str_from(got, all_of(p.out, got, sizeof(got))),
	    str_of("PATCH /b\n"));
	unit_check(unread[_i].name, exit_of(&p) == ERR_OK);
	if (unread[_i].ends)
		return;
	unit_check(unread[_i].name, ioctl(p.in, FIONREAD, &left) == 0);
	ck_assert_msg(
	    left == unread[_i].left, "%s: %d left", unread[_i].name, left);
}
END_TEST

/* The program must ignore SIGPIPE by itself: the parent has restored the
 * default, which ends a process silently. */
START_TEST(a_client_that_leaves_does_not_kill_the_program)
{
	static char body[LONG_ANSWER];
	struct program p;

	signal(SIGPIPE, SIG_DFL);
	p = started(&app);
	close(p.out);
	put(p.in, body, sizeof(body));
	close(p.in);
	ck_assert(exit_of(&p) == ERR_FILE);
}
END_TEST

START_TEST(a_store_that_cannot_be_read)
{
	char any, got[200];
	const struct app broken = { .store = (struct store *)&any };
	struct program p = started_at(&broken, "/b", NULL);
	struct str text = str_from(got, all_of(p.out, got, sizeof(got)));
	const char *why = err_info(ERR_STORE)->text;

	ck_assert(str_starts(text, why));
	unit_same(
	    "its answer", str_tail(text, strlen(why)), str_of("PATCH /b\n"));
	ck_assert(exit_of(&p) == ERR_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cgi");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(
	    all, bodies_go_in_and_out, 0, sizeof(bodies) / sizeof(bodies[0]));
	tcase_add_loop_test(all, takes_a_body_that_the_program_did_not_read, 0,
	    sizeof(unread) / sizeof(unread[0]));
	tcase_add_test(all, a_client_that_leaves_does_not_kill_the_program);
	tcase_add_test(all, a_store_that_cannot_be_read);
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
