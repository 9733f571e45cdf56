/* SPDX-License-Identifier: ISC */
/*
 * slow_peers.c - slow clients send or read a byte now and then through a web
 * server. Slow FastCGI peers, connected directly to the socket, send nothing,
 * half of a request, or a byte now and then. Other clients must still be
 * served, and quickly. In addition, each kind of oversized request must get its
 * own response.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "fcgi_client.h"
#include "timing.h"
#include "front.h"
#include "torture.h"
#include "victim.h"

#define REQUESTS 500
#define REQUESTS_FULL 5000
/* Connections per kind; all kinds together have more than there are workers. */
#define CONNS 40
/* Milliseconds between two bytes on a connection. */
#define PAUSE 50
#define P99_MAX 1000
/* Deadline for all requests, in seconds. */
#define ALL_MAX 60

#define TEXT_MAX 16384

struct test {
	struct torture t;
	struct victim v;
	struct front front;
};

/* --- slow clients ------------------------------------------------------- */

/* A slow client: its request, the part that it sends at once, and whether it
 * sends the rest byte by byte. */
struct slow {
	const char *name;
	bool straight; /* connects to the program's socket */
	bool trickles; /* sends the rest byte by byte */
	bool small_window; /* and does not read the response */
	const char *method;
	const char *body;
	size_t at_once; /* bytes; SIZE_MAX: all */
};

static const struct slow kinds[] = {
	{ "slow header", false, true, false, "GET", NULL, 20 },
	{ "slow body", false, true, false, "PATCH",
	    "{\"appleIdentifier\": \"slow\"                             }",
	    290 },
	{ "slow read", false, false, true, "GET", NULL, SIZE_MAX },
	{ "idle", true, false, false, "GET", NULL, 0 },
	{ "half a record", true, false, false, "GET", NULL, 5 },
	{ "half a request", true, false, false, "GET", NULL, 60 },
	{ "trickling", true, true, false, "GET", NULL, 1 },
	{ "trickling body", true, true, false, "PATCH",
	    "{\"appleIdentifier\": \"slow\"}", 300 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct conn {
	const struct slow *kind;
	int fd;
	size_t sent;
	size_t n;
	char text[2048];
};

static void
begin(const struct test *f, struct conn *p)
{
	const struct ask a = { .method = p->kind->method,
		.body = p->kind->body };
	const int small = 2048;
	size_t n = p->kind->at_once;

	if (p->kind->straight) {
		p->fd = fcgi_connect(f->v.socket);
		if (!victim_request(&f->v, &a, p->text, sizeof(p->text), &p->n))
			abort();
	} else {
		p->fd = front_connect(&f->front);
		p->n = front_request(
		    &f->v, a.method, a.body, true, p->text, sizeof(p->text));
	}
	if (p->kind->small_window)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	p->sent = n < p->n ? n : p->n;
	if (p->sent > 0)
		send(p->fd, p->text, p->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool
was_cut_off(const struct conn *p)
{
	char byte;

	if (p->fd < 0)
		return true;
	return recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0 ||
	    (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* A client whose connection was closed, or whose request is complete, connects
 * again. */
static void
go_on(const struct test *f, struct conn *p)
{
	if (was_cut_off(p) || (p->kind->trickles && p->sent == p->n)) {
		close(p->fd);
		begin(f, p);
	} else if (p->kind->trickles && p->sent < p->n) {
		send(p->fd, p->text + p->sent, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		p->sent++;
	}
}

/* Runs until it is killed. */
static _Noreturn void
be_slow(const struct test *f)
{
	static struct conn conns[KINDS * CONNS];
	size_t i;

	for (i = 0; i < KINDS * CONNS; i++) {
		conns[i].kind = &kinds[i % KINDS];
		begin(f, &conns[i]);
	}
	for (;;) {
		for (i = 0; i < KINDS * CONNS; i++)
			go_on(f, &conns[i]);
		sleep_ms(PAUSE);
	}
}

/* --- good clients ------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
ask_for_good(struct test *f, unsigned requests)
{
	static long took[REQUESTS_FULL];
	time_t until = time(NULL) + ALL_MAX;
	unsigned i, good = 0;
	long began;
	int status;

	for (i = 0; i < requests && time(NULL) < until; i++) {
		began = clock_us();
		if (i % 4 == 3)
			status = front_ask(&f->front, &f->v, "PATCH",
			    "{\"topicIdentifier\":\"good\"}");
		else
			status = front_ask(&f->front, &f->v, "GET", NULL);
		took[i] = clock_us() - began;
		good += torture_check(
		    &f->t, status == 200, "request %u: %d", i, status);
	}
	torture_check(&f->t, i == requests, "only %u of them in time", i);
	requests = i;
	qsort(took, requests, sizeof(took[0]), compare);
	printf("slow_peers: %zu slow peers, %u of %u good requests, "
	       "p50 %.1f ms, p99 %.1f ms, slowest %.1f ms\n",
	    KINDS * CONNS, good, requests, (double)took[requests / 2] / 1000,
	    (double)took[requests * 99 / 100] / 1000,
	    (double)took[requests - 1] / 1000);
	torture_check(&f->t,
	    took[requests * 99 / 100] < timeout_ms(P99_MAX * 1000L),
	    "p99 %ld us", took[requests * 99 / 100]);
}

/* --- sizes -------------------------------------------------------------- */

static const struct size {
	const char *name;
	const char *variable; /* has a value of n bytes; NULL: the body has */
	size_t n;
	int status;
	const char *part;
} sizes[] = {
	{ "a long query", "QUERY_STRING", 4000, 200, "" },
	{ "a long path", "PATH_INFO", 60000, 414, "\"error\":{\"code\":" },
	{ "a long token", "HTTP_AUTHORIZATION", 60000, 401,
	    "InvalidAuthenticationToken" },
	{ "a long header that is ignored", "HTTP_X_UNKNOWN", 60000, 200, "" },
	{ "a large body", NULL, 65537, 413,
	    "The request body is larger than 65536 bytes." },
};

/* Sends a request with one FCGI_PARAMS record, which may have up to 65535
 * bytes. */
static void
ask_large(struct test *f, const struct size *z)
{
	static char block[160 * 1024], params[0x10000], value[0x10000 + 2];
	static char answer[TEXT_MAX];
	char bearer[160];
	struct fcgi_reply r;
	struct buf b, p;
	int fd;

	memset(value, 'x', z->n);
	value[z->n] = '\0';
	snprintf(bearer, sizeof(bearer), "Bearer %s", f->v.token);
	buf_init(&p, params, sizeof(params));
	if (z->variable != NULL)
		fcgi_pair(&p, str_of(z->variable), str_of(value));
	fcgi_pair(&p, str_of("REQUEST_METHOD"),
	    str_of(z->variable == NULL ? "PATCH" : "GET"));
	fcgi_pair(&p, str_of("SCRIPT_NAME"), str_of(VICTIM_PATH));
	fcgi_pair(&p, str_of("CONTENT_TYPE"), str_of("application/json"));
	fcgi_pair(&p, str_of("HTTP_AUTHORIZATION"), str_of(bearer));
	buf_init(&b, block, sizeof(block));
	fcgi_begin(&b, false);
	fcgi_record(&b, FCGI_PARAMS, buf_view(&p));
	fcgi_record(&b, FCGI_PARAMS, str_of(""));
	if (z->variable == NULL) {
		fcgi_record(&b, FCGI_STDIN, str_from(value, z->n / 2));
		fcgi_record(&b, FCGI_STDIN, str_from(value, z->n - z->n / 2));
	}
	fcgi_record(&b, FCGI_STDIN, str_of(""));
	fd = fcgi_connect(f->v.socket);
	fcgi_reply_init(&r, answer, sizeof(answer) - 1);
	torture_check(&f->t,
	    fcgi_send(fd, buf_view(&b)) && fcgi_receive(fd, &r),
	    "%s: no answer", z->name);
	close(fd);
	answer[r.text.n] = '\0';
	torture_check(&f->t,
	    strncmp(answer, "Status: ", 8) == 0 &&
		atoi(answer + 8) == z->status &&
		strstr(answer, z->part) != NULL,
	    "%s: %s", z->name, answer);
}

int
main(int argc, char **argv)
{
	struct test f;
	pid_t slow;
	size_t i;

	torture_begin(&f.t, "slow_peers", argc, argv);
	victim_make(&f.v, &f.t, NULL);
	victim_start(&f.v);
	if (victim_set(&f.v, 1) != 200)
		torture_die(&f.t, "the first change");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		ask_large(&f, &sizes[i]);
	front_start(&f.front, &f.v, 4096);
	if ((slow = fork()) == 0)
		be_slow(&f);
	ask_for_good(&f, f.t.full ? REQUESTS_FULL : REQUESTS);
	kill(slow, SIGKILL);
	waitpid(slow, NULL, 0);
	front_stop(&f.front);
	torture_check(&f.t, victim_stop(&f.v), "the end");
	return torture_end(&f.t);
}
