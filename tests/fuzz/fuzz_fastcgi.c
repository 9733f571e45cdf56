/* SPDX-License-Identifier: ISC */
/*
 * fuzz_fastcgi.c - any bytes of a FastCGI peer: the worker comes back, its
 * answer is FastCGI, and it hands on no byte of a body that no record of a body
 * held.
 *
 * The worker is the real one, on one end of a pair of sockets; the application
 * reads the body and repeats its length. Bytes that hold a whole request hold
 * it whatever follows.
 *
 * No byte is above 0x80, so that no parameter claims more than 16 MiB: libfcgi
 * allocates what a length claims, and ends the process where there is not so
 * much memory. That is one reason why a FastCGI peer must be trusted.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rules/auth.h"
#include "server/fastcgi_record.h"
#include "server/fastcgi_worker.h"
#include "fcgi_client.h"
#include "fuzz.h"
#include "server/conns.h"
#include "http/routes.h"
#include "store/store.h"

#define INPUT_MAX 16384
#define MAX_BODY 1024
#define ARENA_SIZE ((size_t)256 * 1024)

/* libfcgi 2.4.2 leaks 48 bytes with each management record of a type that it
 * does not know. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfcgi\n";
}

/* Of the request under way. */
static size_t handled;
static size_t body_most; /* bytes of all records of bodies */

/* --- the application ------------------------------------------------------ */

enum err
store_reader(struct store *st, struct txn **out)
{
	(void)st;
	*out = NULL;
	return ERR_OK;
}

void
store_reader_free(struct txn *tx)
{
	(void)tx;
}

void
auth_tidy(struct auth *auth, struct store *st, int64_t now_at)
{
	(void)auth;
	(void)st;
	(void)now_at;
}

size_t
routes_arena_size(const struct config *c)
{
	(void)c;
	return ARENA_SIZE;
}

void
routes_handle(const struct app *app, struct worker *wk,
    const struct request *rq, struct response *an)
{
	static char body[MAX_BODY + 1];
	size_t n = 0, i;
	struct buf out;
	long got = 0;

	(void)app;
	handled++;
	for (i = 0; i < REQUEST_VARS; i++)
		fuzz_check(str_is_null(rq->var[i]) ||
		    memchr(rq->var[i].p, '\0', rq->var[i].n) == NULL);
	if (str_is(rq->var[REQUEST_METHOD], "PATCH"))
		while (n < sizeof(body) &&
		    (got = rq->read(rq->from, body + n, sizeof(body) - n)) > 0)
			n += (size_t)got;
	fuzz_check(n <= sizeof(body) && n <= body_most);
	fuzz_check(got >= REQUEST_CUT);
	arena_reset(&wk->arena);
	buf_open(&out, &wk->arena);
	buf_text(&out, "Status: 200 OK\r\n\r\n");
	buf_u64(&out, n);
	*an = (struct response){ .text = buf_close(&out, &wk->arena) };
}

/* --- the peer ---------------------------------------------------------------
 */

/* Whatever else the bytes are: every record of a body has a header. */
static size_t
most_of_bodies(const uint8_t *data, size_t size)
{
	size_t n = 0, i;

	for (i = 0; i + 8 <= size; i++)
		if (data[i] == 1 && data[i + 1] == FCGI_STDIN)
			n += (size_t)data[i + 4] << 8 | data[i + 5];
	return n;
}

/* What the worker has answered is whole or nothing. */
static void
check_answers(int fd)
{
	static char block[4096], piece[4096];
	struct fcgi_reply r;
	ssize_t n;

	fcgi_reply_init(&r, block, sizeof(block));
	while ((n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
		if (handled == 1 && !fcgi_feed(&r, piece, (size_t)n))
			abort();
	fuzz_check(handled != 1 || r.text.n == 0 ||
	    str_starts(buf_view(&r.text), "Status: 200 OK\r\n\r\n"));
}

static struct fastcgi_worker *
worker(void)
{
	static const struct config config = { .max_body = MAX_BODY };
	static const struct app app = { .config = &config };
	static struct fastcgi_worker *one;

	if (one == NULL)
		fuzz_check(fastcgi_worker_init() &&
		    fastcgi_worker_new(&app, NULL, &one) == ERR_OK);
	return one;
}

/* Serves what has come, up to as many requests as a connection may keep. */
static void
serve(int fd)
{
	atomic_uint_fast64_t clock = 0;
	struct conns_taken taken = { .at = { .fd = fd }, .clock = &clock };
	enum conns_next next = CONNS_KEEP;
	int i;

	for (i = 0; i < 4 && next == CONNS_KEEP; i++)
		next = fastcgi_worker_serve(worker(), &taken);
	if (next != CONNS_CLOSED)
		close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static uint8_t data[INPUT_MAX];
	size_t half = size / 2, i;
	int ends[2];

	if (size > INPUT_MAX)
		return 0;
	for (i = 0; i < size; i++)
		data[i] = input[i] > 0x80 ? input[i] & 0x7f : input[i];
	fuzz_check(!fastcgi_record(data, half) || fastcgi_record(data, size));
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	fuzz_check(send(ends[1], data, size, 0) == (ssize_t)size);
	shutdown(ends[1], SHUT_WR);
	handled = 0;
	body_most = most_of_bodies(data, size);
	serve(ends[0]);
	check_answers(ends[1]);
	close(ends[1]);
	return 0;
}
