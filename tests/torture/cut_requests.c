/* SPDX-License-Identifier: ISC */
/*
 * cut_requests.c - a request that ends too early changes nothing, wherever it
 * is cut, and the rest of an unread body is never parsed as a request.
 *
 * The unread bodies contain complete and partial requests, and they are sent on
 * keep-alive connections. The program must not answer or execute any of these
 * requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi_client.h"
#include "torture.h"
#include "victim.h"

#define RESPONSE_MAX 65536
#define END_LEN 8
#define KEPT 100
#define KEPT_FULL 8193

struct test {
	struct torture t;
	struct victim v;
	unsigned cuts;
	unsigned answered; /* second requests on a connection */
	unsigned forged;
};

/* True if no request has changed the record. */
static bool
is_unchanged(struct test *f)
{
	int status;

	return victim_get(&f->v, &status) == 1;
}

/* Sends the first n bytes and ends the stream. The program must refuse the
 * request or not answer at all. */
static void
cut(struct test *f, struct str request, size_t n)
{
	char text[RESPONSE_MAX];
	struct fcgi_reply r;
	int fd = fcgi_connect(f->v.socket);
	bool good;

	fcgi_reply_init(&r, text, sizeof(text));
	good = fd >= 0 && fcgi_send(fd, str_head(request, n)) &&
	    shutdown(fd, SHUT_WR) == 0;
	(void)fcgi_receive(fd, &r);
	close(fd);
	f->cuts++;
	torture_check(&f->t,
	    good && !str_starts(buf_view(&r.text), "Status: 2"),
	    "cut after %zu of %zu: %.60s", n, request.n, text);
}

/* If this body is cut among its blanks, the rest is still valid JSON. */
static const struct ask patch = { .method = "PATCH",
	.body = "{\"appleIdentifier\":\"666\"}                        " };

/* The last record, which ends the body, is not cut: the declared length ends
 * the body before it. */
static void
cut_everywhere(struct test *f)
{
	char text[8192];
	size_t n, at;

	if (!victim_request(&f->v, &patch, text, sizeof(text), &n))
		torture_die(&f->t, "a request");
	n -= END_LEN;
	for (at = 0; at < n; at++) {
		cut(f, str_from(text, at), at);
		if (at % 16 == 15 || at + 1 == n)
			torture_check(&f->t, is_unchanged(f),
			    "changed by a cut before %zu", at);
	}
}

/* --- unread bodies ------------------------------------------------------ */

/* The program answers each of these before it reads the body. */
static const struct refusal {
	const char *name;
	struct ask ask;
	int status;
} refusals[] = {
	{ "a wrong token",
	    { .method = "PATCH",
		.more =
		    (const char *const[]){ "REDIRECT_STATUS", "200", NULL } },
	    401 },
	{ "an unknown segment",
	    { .method = "PATCH", .path = "/v1.0/deviceManagement/x" }, 400 },
	{ "a wrong method", { .method = "PUT" }, 405 },
	{ "a GET with a body", { .method = "GET" }, 200 },
	{ "a coding",
	    { .method = "PATCH",
		.more = (const char *const[]){ "HTTP_CONTENT_ENCODING", "gzip",
		    NULL } },
	    415 },
	{ "a query",
	    { .method = "PATCH",
		.more =
		    (const char *const[]){ "QUERY_STRING", "$top=1", NULL } },
	    400 },
	{ "a body that is no JSON", { .method = "PATCH" }, 400 },
};

/* Sends the request with its body in two pieces on a keep-alive connection,
 * then a GET. Two responses must come, and they must be the responses to these
 * two requests. */
static void
keep(struct test *f, const struct refusal *refusal, struct str bytes,
    struct str get, size_t at)
{
	char first[RESPONSE_MAX] = "", second[RESPONSE_MAX] = "";
	struct fcgi_reply a, b;
	int fd = fcgi_connect(f->v.socket);
	bool good;

	fcgi_reply_init(&a, first, sizeof(first) - 1);
	fcgi_reply_init(&b, second, sizeof(second) - 1);
	good = fd >= 0 && fcgi_send(fd, str_head(bytes, at)) &&
	    fcgi_send(fd, str_tail(bytes, at)) && fcgi_receive(fd, &a);
	first[a.text.n] = '\0';
	good = good &&
	    strtol(first + strlen("Status: "), NULL, 10) == refusal->status;
	/* The program may close the connection, but it must not answer a
	 * request that the client did not send. */
	if (good && fcgi_send(fd, get) && fcgi_receive(fd, &b)) {
		second[b.text.n] = '\0';
		f->answered++;
		good = strncmp(second, "Status: 200", 11) == 0 &&
		    strstr(second, "\"appleIdentifier\":\"1\"") != NULL;
	}
	close(fd);
	f->forged += !good;
	torture_check(&f->t, good, "%s, cut at %zu: %.80s / %.80s",
	    refusal->name, at, first, second);
}

/* The body is a series of FastCGI records which are themselves a PATCH. */
static void
keep_all(struct test *f, const struct refusal *refusal, struct str get)
{
	static char body[48 * 1024], bytes[64 * 1024];
	const char *pair[] = { "REQUEST_METHOD", refusal->ask.method,
		"SCRIPT_NAME",
		refusal->ask.path != NULL ? refusal->ask.path : VICTIM_PATH,
		"HTTP_AUTHORIZATION", NULL, "CONTENT_TYPE", "application/json",
		"CONTENT_LENGTH", NULL, NULL, NULL, NULL };
	char bearer[160], length[24];
	unsigned i, times = f->t.full ? KEPT_FULL : KEPT;
	struct buf inner, outer;
	size_t n, copies = f->t.full ? 40 : 1 + torture_random(&f->t, 40);

	buf_init(&inner, body, sizeof(body));
	for (; copies > 0; copies--) {
		if (!victim_request(&f->v, &patch, body + inner.n,
			sizeof(body) - inner.n, &n))
			break;
		inner.n += n;
	}
	snprintf(bearer, sizeof(bearer), "Bearer %s%s", f->v.token,
	    refusal->status == 401 ? "x" : "");
	snprintf(length, sizeof(length), "%zu", inner.n);
	pair[5] = bearer;
	pair[9] = length;
	if (refusal->ask.more != NULL) {
		pair[10] = refusal->ask.more[0];
		pair[11] = refusal->ask.more[1];
	}
	buf_init(&outer, bytes, sizeof(bytes));
	fcgi_request(&outer, true, pair, buf_view(&inner));
	if (outer.full || (f->t.full && outer.n < times))
		torture_die(&f->t, "a body");
	/* The long form of this test cuts at each position. */
	for (i = 0; i < times; i++)
		keep(f, refusal, buf_view(&outer), get,
		    f->t.full ? i : torture_random(&f->t, (uint32_t)outer.n));
}

int
main(int argc, char **argv)
{
	const struct ask nothing = { .method = NULL };
	struct test f = { .cuts = 0 };
	char get[4096];
	size_t i, n;

	torture_begin(&f.t, "cut-requests", argc, argv);
	victim_make(&f.v, &f.t, NULL);
	victim_start(&f.v);
	if (victim_set(&f.v, 1) != 200 ||
	    !victim_request(&f.v, &nothing, get, sizeof(get), &n))
		torture_die(&f.t, "the first change");
	cut_everywhere(&f);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		keep_all(&f, &refusals[i], str_from(get, n));
	torture_check(&f.t, is_unchanged(&f), "something was done");
	torture_check(&f.t, victim_stop(&f.v), "the end");
	printf("cut-requests: %u cuts, %zu unread bodies, %u answered after "
	       "them, %u forged\n",
	    f.cuts, (f.t.full ? KEPT_FULL : KEPT) * i, f.answered, f.forged);
	return torture_end(&f.t);
}
