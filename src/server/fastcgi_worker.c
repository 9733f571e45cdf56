/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_worker.c - reads one request from a connection and writes its answer.
 *
 * libfcgi reads and writes the records. It never gets near the listening
 * socket and the signals, nor the closing of a connection that it could read a
 * request from: what it does there loses requests and time.
 */
#include "server/fastcgi_worker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "rules/auth.h"
#include "server/fastcgi_record.h"
#include "base/log.h"
#include "state/metrics.h"

/* Random bytes of one system call: no signal cuts short what is not more. */
#define RANDOM_KEPT 256

/* What is kept of a request to say what hangs. */
#define DOING_MAX 128

/* What a worker keeps of its arena's pages from one request to the next. */
#define ARENA_KEPT ((size_t)64 * 1024)

/* Milliseconds of silence after which nobody reads our answer any more. */
#define LINGER 200

/* libfcgi has it in a header of the same name as ours. */
#define ROLE_RESPONDER 1

/* What one worker owns. */
struct fastcgi_worker {
	struct fastcgi_worker *refuser; /* of the thread that looks */
	const struct app *app;
	struct app busy; /* refuses all */
	struct worker worker;
	uint8_t random[RANDOM_KEPT];
	size_t random_left; /* at the end of them */

	/* Of the request under way, as the thread that looks may read them:
	 * written before the phase WORKING, and again for the next request,
	 * which cannot begin while a peer is refused. */
	char doing[DOING_MAX];
	size_t doing_n;
	int request_id;
};

/* --- one request -------------------------------------------------------- */

/* libfcgi must have read a body to its end before anything else is read from
 * the connection: what is left of it would be taken for records. */
struct body {
	FCGX_Stream *in;
	const struct conns_taken *taken;
	uint64_t missing; /* of the declared length; 0 where that is unknown */
	bool passed; /* over one end that came too early */
	bool ended;
};

/*
 * The stream's end came before the declared length. mod_fcgid sends one such
 * end before the body of a request over HTTP/2. It is passed over once, and the
 * time for reading applies to what follows.
 */
static bool
ends_early(const struct body *b)
{
	return b->missing > 0 && b->in->isClosed != 0 &&
	    FCGX_GetError(b->in) == 0;
}

static size_t
read_stream(struct body *b, char *p, size_t n)
{
	/* Whatever is asked for, one piece is no more than an int may be. */
	int want = n < INT_MAX ? (int)n : INT_MAX;
	size_t got = (size_t)FCGX_GetStr(p, want, b->in);

	b->missing -= got < b->missing ? got : b->missing;
	return got;
}

static long
read_body(void *from, char *p, size_t n)
{
	struct body *b = from;
	size_t got = 0;
	bool needed;

	if (!b->ended && conns_enter(b->taken, CONNS_READING)) {
		got = read_stream(b, p, n);
		if (got < n && !b->passed && ends_early(b)) {
			b->passed = true;
			b->in->isClosed = 0;
			got += read_stream(b, p + got, n - got);
		}
		b->ended = got < n;
	}
	needed = conns_was_needed(b->taken);
	if (!conns_enter(b->taken, CONNS_WORKING))
		return -1;
	if (FCGX_GetError(b->in) == 0)
		return (long)got;
	return needed ? REQUEST_CUT : -1;
}

/* Reads what nobody wanted. An early end is not passed over: the connection is
 * closed. */
static void
drain(struct body *b, size_t max)
{
	char waste[4096];
	size_t n = 0;
	long got;

	b->passed = true;
	while (!b->ended && n <= max) {
		if ((got = read_body(b, waste, sizeof(waste))) < 0)
			return;
		n += (size_t)got;
	}
	if (ends_early(b))
		b->ended = false;
}

/* To close on bytes that the peer has sent and we have not read would take
 * the answer from it. */
static void
linger(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char waste[4096];

	shutdown(fd, SHUT_WR);
	while (poll(&p, 1, LINGER) > 0)
		if (read(fd, waste, sizeof(waste)) <= 0)
			return;
}

/* None is given twice, or kept when it was given. */
static bool
take_random(struct fastcgi_worker *own, uint8_t *out, size_t n)
{
	uint8_t *from;

	if (own->random_left < n &&
	    getrandom(own->random, RANDOM_KEPT, 0) != RANDOM_KEPT)
		return false;
	if (own->random_left < n)
		own->random_left = RANDOM_KEPT;
	from = own->random + RANDOM_KEPT - own->random_left;
	memcpy(out, from, n);
	explicit_bzero(from, n);
	own->random_left -= n;
	return true;
}

static bool
fill_request(struct fastcgi_worker *own, struct request *rq, char **variables,
    struct body *b)
{
	struct timespec now;

	memset(rq->var, 0, sizeof(rq->var));
	rq->lines = 0;
	for (; *variables != NULL; variables++)
		request_take(rq, *variables);
	rq->read = read_body;
	rq->from = b;
	clock_gettime(CLOCK_REALTIME, &now);
	rq->now =
	    (struct instant){ .at = now.tv_sec, .nano = (uint32_t)now.tv_nsec };
	return take_random(own, rq->random, sizeof(rq->random));
}

/* Without the query, in which people put tokens. */
static struct str
path_of(const struct request *rq)
{
	struct str uri = rq->var[REQUEST_URI];

	if (!str_is_null(uri))
		return str_cut(&uri, '?');
	if (!str_is_null(rq->var[REQUEST_PATH_INFO]))
		return rq->var[REQUEST_PATH_INFO];
	return rq->var[REQUEST_SCRIPT_NAME];
}

static void
note_doing(struct fastcgi_worker *own, const struct request *rq)
{
	struct buf b;

	buf_init(&b, own->doing, sizeof(own->doing));
	buf_str(&b, str_head(rq->var[REQUEST_METHOD], 8));
	buf_char(&b, ' ');
	buf_str(&b, str_head(path_of(rq), DOING_MAX - 16));
	own->doing_n = b.n;
}

/* Whether the answer went out, and how the connection goes on. */
static enum conns_next
send_answer(FCGX_Request *fr, struct str text, const struct body *body)
{
	int failed;

	FCGX_PutStr(text.p, (int)text.n, fr->out);
	/* In this order it is one write. */
	failed = FCGX_FClose(fr->err);
	failed |= FCGX_FClose(fr->out);
	if (!body->ended)
		linger(fr->ipcFd);
	if (!body->ended || FCGX_GetError(fr->in) != 0 || failed != 0)
		return CONNS_CLOSE;
	return fr->keepConnection != 0 ? CONNS_KEEP : CONNS_CLOSE;
}

static enum conns_next
answer(struct fastcgi_worker *own, FCGX_Request *fr,
    const struct conns_taken *taken)
{
	struct body body = { .in = fr->in, .taken = taken };
	enum conns_next next = CONNS_CLOSE;
	struct request rq;
	struct response an;

	/* The end of the stream looks like the end of the parameters. */
	if (FCGX_GetError(fr->in) != 0 || fr->role != ROLE_RESPONDER)
		return CONNS_CLOSE;
	if (!fill_request(own, &rq, fr->envp, &body)) {
		log_line(LOG_AT_ERROR, "getrandom: %s", strerror(errno));
		return CONNS_CLOSE;
	}
	if (!request_length(&rq, &body.missing))
		body.missing = 0;
	own->request_id = fr->requestId;
	note_doing(own, &rq);
	(void)conns_enter(taken, CONNS_WORKING);
	routes_handle(
	    taken->late ? &own->busy : own->app, &own->worker, &rq, &an);
	drain(&body, own->app->config->max_body);
	if (conns_enter(taken, CONNS_ANSWERING))
		next = send_answer(fr, an.text, &body);
	(void)conns_enter(taken, CONNS_TIDYING);
	if (own->app->store != NULL)
		auth_tidy(own->app->auth, own->app->store, rq.now.at);
	return next;
}

enum conns_next
fastcgi_worker_serve(void *arg, const struct conns_taken *taken)
{
	struct fastcgi_worker *own = arg;
	struct arena *a = &own->worker.arena;
	enum conns_next next;
	FCGX_Request fr;

	/* As libfcgi leaves a request behind whose connection is kept, so that
	 * it begins with reading the next one. It could accept none (-1). */
	FCGX_InitRequest(&fr, -1, 0);
	fr.ipcFd = taken->at.fd;
	fr.keepConnection = 1;
	/* So it does not linger where it closes. */
	fr.detached = 1;
	if (FCGX_Accept_r(&fr) != 0)
		return CONNS_CLOSED;
	next = answer(own, &fr, taken);
	FCGX_Free(&fr, 0);
	if (a->used > ARENA_KEPT)
		madvise(
		    a->block + ARENA_KEPT, a->size - ARENA_KEPT, MADV_DONTNEED);
	return next;
}

/* So much of a request fits into the socket of any peer; more is taken for
 * whole. */
#define PEEK_MAX ((size_t)16 * 1024)

bool
fastcgi_worker_whole(void *arg, int fd)
{
	const struct fastcgi_worker *own = arg;
	unsigned char *block = (unsigned char *)own->worker.arena.block;
	ssize_t n = recv(fd, block, PEEK_MAX, MSG_PEEK | MSG_DONTWAIT);

	/* An end or an error is the whole of what comes. */
	if (n == 0 || (n < 0 && errno != EAGAIN))
		return true;
	return n == (ssize_t)PEEK_MAX ||
	    (n > 0 && fastcgi_record(block, (size_t)n));
}

/* --- a worker that hangs ------------------------------------------------ */

/* FastCGI 1.0, section 8. */
enum { VERSION = 1, END_REQUEST = 3, STDOUT = 6, RECORD_MAX = 65535 };

/* One record. A content over the limit of a record is cut: a refusal is not
 * that long. */
static void
put_record(struct buf *out, int type, int request_id, struct str content)
{
	const size_t n = content.n < RECORD_MAX ? content.n : RECORD_MAX;
	const unsigned char header[8] = { VERSION, (unsigned char)type,
		(unsigned char)(request_id >> 8), (unsigned char)request_id,
		(unsigned char)(n >> 8), (unsigned char)n };

	buf_put(out, (const char *)header, sizeof(header));
	buf_str(out, str_head(content, n));
}

/*
 * Answers 503 in the place of a worker. The answer is made with an arena of its
 * own, as any refusal is, and so it is logged and counted. It is not waited
 * for: a peer that has not taken the answer before gets none.
 */
void
fastcgi_worker_refuse(void *arg, int fd)
{
	static const char end[8] = { 0 };
	struct fastcgi_worker *own = arg, *mine = own->refuser;
	struct str doing = str_from(own->doing, own->doing_n);
	struct request rq = { .lines = 0 };
	struct body none = { .ended = true };
	char block[8192];
	struct response an;
	struct buf out;
	char *variables[] = { NULL };

	if (!fill_request(mine, &rq, variables, &none))
		return;
	rq.var[REQUEST_METHOD] = str_cut(&doing, ' ');
	rq.var[REQUEST_URI] = doing;
	routes_handle(&mine->busy, &mine->worker, &rq, &an);
	buf_init(&out, block, sizeof(block));
	put_record(&out, STDOUT, own->request_id, an.text);
	put_record(&out, STDOUT, own->request_id, str_of(""));
	put_record(
	    &out, END_REQUEST, own->request_id, str_from(end, sizeof(end)));
	if (out.full || send(fd, out.p, out.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_line(LOG_AT_WARNING, "a peer did not take its refusal");
}

void
fastcgi_worker_hangs(void *arg)
{
	const struct fastcgi_worker *own = arg;

	log_line(LOG_AT_ERROR, "a worker hangs; its request: %.*s",
	    (int)own->doing_n, own->doing);
	metrics_hang(own->app->metrics);
}

/* --- start and stop ----------------------------------------------------- */

bool
fastcgi_worker_init(void)
{
	return FCGX_Init() == 0;
}

void
fastcgi_worker_free(void *arg)
{
	struct fastcgi_worker *own = arg;
	struct arena *a = &own->worker.arena;

	store_reader_free(own->worker.reader);
	if (a->block != NULL)
		munmap(a->block, a->size);
	free(own);
}

enum err
fastcgi_worker_new(const struct app *app, struct fastcgi_worker *refuser,
    struct fastcgi_worker **out)
{
	size_t size = routes_arena_size(app->config);
	struct fastcgi_worker *own = calloc(1, sizeof(*own));
	enum err e = ERR_MEMORY;
	void *block;

	if (own == NULL)
		return ERR_MEMORY;
	own->refuser = refuser;
	own->app = app;
	own->busy = *app;
	own->busy.broken = ERR_BUSY;
	block = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		goto out;
	arena_init(&own->worker.arena, block, size);
	if (app->store != NULL &&
	    (e = store_reader(app->store, &own->worker.reader)) != ERR_OK)
		goto out;
	*out = own;
	return ERR_OK;
out:
	fastcgi_worker_free(own);
	return e;
}
