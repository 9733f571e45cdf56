/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_worker.c - reads one request from a connection and writes its
 * response.
 *
 * libfcgi reads and writes the records and does nothing else. Its own handling
 * of the listening socket, of signals and of keep-alive connections loses
 * requests and time, so the pool does these things. libfcgi closes a connection
 * only if it could not read a request from it (CONNS_CLOSED).
 *
 * The phases of a request (conns.h): conns_take starts READING, in which
 * libfcgi reads the parameters. `answer` enters WORKING when the request is
 * known; each call of read_body returns to READING and back. ANSWERING follows
 * when the response is complete in memory, and TIDYING when the response is
 * out. From WORKING the sweeper may refuse the request; every later conns_enter
 * then returns false, so the worker writes nothing and closes the connection.
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

/* The random bytes that one getrandom call fetches. A call for up to 256 bytes
 * is never cut short by a signal (getrandom(2)). */
#define RANDOM_KEPT 256

/* The size of the text "METHOD PATH" for the log line about a worker that
 * hangs. */
#define DOING_MAX 128

/* The part of its arena that a worker keeps in memory between two requests; the
 * pages above are returned to the kernel. */
#define ARENA_KEPT ((size_t)64 * 1024)

/* Before it is closed, a connection with unread data stays open until the peer
 * has sent nothing for this many milliseconds. */
#define LINGER 200

/* FCGI_RESPONDER of libfcgi's fastcgi.h, which our own header hides. */
#define ROLE_RESPONDER 1

/* Owned by one worker thread, or by the sweeper (the refuser). */
struct fastcgi_worker {
	struct fastcgi_worker *refuser; /* the sweeper's worker */
	const struct app *app;
	struct app busy; /* a copy of *app with `broken` = ERR_BUSY */
	struct worker worker;
	uint8_t random[RANDOM_KEPT];
	size_t random_left; /* unused bytes, at the end of `random` */

	/*
	 * Describes the current request to the sweeper. The worker writes these
	 * fields before it enters WORKING, and the sweeper reads them only when
	 * it has seen that phase and holds the table's lock. The next request
	 * cannot overwrite them meanwhile, because the worker needs the lock to
	 * give the connection back.
	 */
	char doing[DOING_MAX];
	size_t doing_n;
	int request_id;
};

/* --- one request ---------------------------------------------------------- */

/*
 * The body of the current request. It must be read to its end before the
 * connection is kept alive: libfcgi would take the rest of a body for records.
 */
struct body {
	FCGX_Stream *in;
	const struct conns_taken *taken;
	uint64_t missing; /* bytes of the declared length to come; 0: unknown */
	bool passed; /* one early end has been skipped */
	bool ended;
};

/*
 * Whether the stream ended before the declared length. mod_fcgid sends such an
 * end before the body of an HTTP/2 request. read_body skips one early end and
 * reads on, within the time for READING.
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
	/* FCGX_GetStr takes an int; the caller asks for the rest again. */
	int want = n < INT_MAX ? (int)n : INT_MAX;
	size_t got = (size_t)FCGX_GetStr(p, want, b->in);

	b->missing -= got < b->missing ? got : b->missing;
	return got;
}

/* The body's reader of struct request (request.h). The phase is READING during
 * the read and WORKING when it returns. If the sweeper has refused the request
 * meanwhile, the caller gets -1 and stops. */
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

/* Reads a body that the handler did not read, up to max bytes. An early end is
 * not skipped here: `ended` stays false, so the connection is closed. */
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

/* Reads and drops the rest of the body before the connection is closed. If
 * unread data were left at the close, the kernel would reset the connection,
 * and the peer could lose the response. */
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

/* Hands out n random bytes and wipes them from the buffer, so no byte is used
 * twice or stays in memory. */
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
fill_request(struct fastcgi_worker *own, struct request *req, char **variables,
    struct body *b)
{
	struct timespec now;

	memset(req->var, 0, sizeof(req->var));
	req->lines = 0;
	req->given = str_of(NULL);
	for (; *variables != NULL; variables++)
		request_take(req, *variables);
	req->read = read_body;
	req->from = b;
	clock_gettime(CLOCK_REALTIME, &now);
	req->now =
	    (struct instant){ .at = now.tv_sec, .nano = (uint32_t)now.tv_nsec };
	return take_random(own, req->random, sizeof(req->random));
}

/* The path without the query, because some clients put a token into the
 * query. */
static struct str
path_of(const struct request *req)
{
	struct str uri = req->var[REQUEST_URI];

	if (!str_is_null(uri))
		return str_cut(&uri, '?');
	if (!str_is_null(req->var[REQUEST_PATH_INFO]))
		return req->var[REQUEST_PATH_INFO];
	return req->var[REQUEST_SCRIPT_NAME];
}

static void
note_doing(struct fastcgi_worker *own, const struct request *req)
{
	struct buf b;

	buf_init(&b, own->doing, sizeof(own->doing));
	buf_str(&b, str_head(req->var[REQUEST_METHOD], 8));
	buf_char(&b, ' ');
	buf_str(&b, str_head(path_of(req), DOING_MAX - 16));
	own->doing_n = b.n;
}

/* Sends the response. CONNS_KEEP if the whole of it went out, the body was read
 * to its end and the peer asked to keep the connection. */
static enum conns_next
send_answer(FCGX_Request *fr, struct str text, const struct body *body)
{
	int failed;

	FCGX_PutStr(text.p, (int)text.n, fr->out);
	/* libfcgi writes both streams in one system call if err is closed
	 * before out. */
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
	struct request req;
	struct response resp;

	/* libfcgi reports a connection that ended in the parameters as a
	 * request with fewer parameters; only the stream's error shows the
	 * difference. */
	if (FCGX_GetError(fr->in) != 0 || fr->role != ROLE_RESPONDER)
		return CONNS_CLOSE;
	if (!fill_request(own, &req, fr->envp, &body)) {
		log_line(LOG_AT_ERROR, "getrandom: %s", strerror(errno));
		return CONNS_CLOSE;
	}
	if (!request_length(&req, &body.missing))
		body.missing = 0;
	own->request_id = fr->requestId;
	note_doing(own, &req);
	(void)conns_enter(taken, CONNS_WORKING);
	routes_handle(
	    taken->late ? &own->busy : own->app, &own->worker, &req, &resp);
	drain(&body, own->app->config->max_body);
	if (conns_enter(taken, CONNS_ANSWERING))
		next = send_answer(fr, resp.text, &body);
	(void)conns_enter(taken, CONNS_TIDYING);
	routes_release(own->app, &own->worker);
	if (own->app->store != NULL)
		auth_tidy(own->app->auth, own->app->store, req.now.at);
	return next;
}

enum conns_next
fastcgi_worker_serve(void *worker, const struct conns_taken *taken)
{
	struct fastcgi_worker *own = worker;
	struct arena *a = &own->worker.arena;
	enum conns_next next;
	FCGX_Request fr;

	/*
	 * The request looks to libfcgi like the next one on a connection that
	 * is kept alive, so FCGX_Accept_r begins by reading from fr.ipcFd. The
	 * listening socket is -1: libfcgi could not accept a connection itself.
	 */
	FCGX_InitRequest(&fr, -1, 0);
	fr.ipcFd = taken->at.fd;
	fr.keepConnection = 1;
	/* When libfcgi closes a detached connection, it does not linger. */
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

/* At least this much of a request fits into the socket buffer of any peer. A
 * longer request may not fit, so it counts as complete. */
#define PEEK_MAX ((size_t)16 * 1024)

bool
fastcgi_worker_whole(void *worker, int fd)
{
	const struct fastcgi_worker *own = worker;
	unsigned char *block = (unsigned char *)own->worker.arena.block;
	ssize_t n = recv(fd, block, PEEK_MAX, MSG_PEEK | MSG_DONTWAIT);

	/* An end of file or an error is complete: no more data will come. */
	if (n == 0 || (n < 0 && errno != EAGAIN))
		return true;
	return n == (ssize_t)PEEK_MAX ||
	    (n > 0 && fastcgi_record(block, (size_t)n));
}

/* --- a worker that hangs -------------------------------------------------- */

/* FastCGI 1.0, section 8. */
enum { VERSION = 1, END_REQUEST = 3, STDOUT = 6, RECORD_MAX = 65535 };

/* Appends one record. Content above the limit of a record is cut; a refusal is
 * far shorter. */
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
 * Sends a 503 in the place of this worker, in the sweeper's thread. The
 * refuser's own arena holds the response, because the hanging worker uses its
 * arena. The response goes through routes_handle like any refusal, so it is
 * logged and counted. The send does not wait: if the peer's socket buffer is
 * full, the peer gets no answer.
 */
void
fastcgi_worker_refuse(void *worker, int fd)
{
	static const char end[8] = { 0 };
	struct fastcgi_worker *own = worker, *mine = own->refuser;
	struct str doing = str_from(own->doing, own->doing_n);
	struct request req = { .lines = 0 };
	struct body none = { .ended = true };
	char block[8192];
	struct response resp;
	struct buf out;
	char *variables[] = { NULL };

	if (!fill_request(mine, &req, variables, &none))
		return;
	req.var[REQUEST_METHOD] = str_cut(&doing, ' ');
	req.var[REQUEST_URI] = doing;
	routes_handle(&mine->busy, &mine->worker, &req, &resp);
	buf_init(&out, block, sizeof(block));
	put_record(&out, STDOUT, own->request_id, resp.text);
	put_record(&out, STDOUT, own->request_id, str_of(""));
	put_record(
	    &out, END_REQUEST, own->request_id, str_from(end, sizeof(end)));
	if (out.full || send(fd, out.p, out.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_line(LOG_AT_WARNING, "a peer did not read its refusal");
}

void
fastcgi_worker_hangs(void *worker)
{
	const struct fastcgi_worker *own = worker;

	log_line(LOG_AT_ERROR, "a worker hangs; its request: %.*s",
	    (int)own->doing_n, own->doing);
	metrics_hang(own->app->metrics);
}

/* --- start and stop ------------------------------------------------------- */

bool
fastcgi_worker_init(void)
{
	return FCGX_Init() == 0;
}

void
fastcgi_worker_free(void *worker)
{
	struct fastcgi_worker *own = worker;
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
