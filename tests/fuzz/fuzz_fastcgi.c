/* SPDX-License-Identifier: ISC */
/*
 * fuzz_fastcgi.c - a FastCGI peer sends any bytes. The worker must return, its
 * response must be valid FastCGI, and the application must not receive more
 * body bytes than the body records contain.
 *
 * The worker is the real one, on one end of a socket pair. The application
 * reads the body and returns its length. If a prefix of the input contains a
 * complete request, so does the whole input.
 *
 * The target maps all bytes to at most 0x80, so that no parameter declares more
 * than 16 MiB. libfcgi allocates the declared length and ends the process if
 * that fails, which is one reason why a FastCGI peer must be trusted.
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

/*
 * libfcgi 2.4.2 leaks 48 bytes with each management record of an unknown type.
 */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfcgi\n";
}

/* Number of requests of the current input. */
static size_t handled;
static size_t body_most; /* bytes in all body records */

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
routes_release(const struct app *app, struct worker *wk)
{
	(void)app;
	(void)wk;
}

void
routes_handle(const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp)
{
	static char body[MAX_BODY + 1];
	size_t n = 0, i;
	struct buf out;
	long got = 0;

	(void)app;
	handled++;
	for (i = 0; i < REQUEST_VARS; i++)
		fuzz_check(str_is_null(req->var[i]) ||
		    memchr(req->var[i].p, '\0', req->var[i].n) == NULL);
	if (str_is(req->var[REQUEST_METHOD], "PATCH"))
		while (n < sizeof(body) &&
		    (got = req->read(req->from, body + n, sizeof(body) - n)) >
			0)
			n += (size_t)got;
	fuzz_check(n <= sizeof(body) && n <= body_most);
	fuzz_check(got >= REQUEST_CUT);
	arena_reset(&wk->arena);
	buf_open(&out, &wk->arena);
	buf_text(&out, "Status: 200 OK\r\n\r\n");
	buf_u64(&out, n);
	*resp = (struct response){ .text = buf_close(&out, &wk->arena) };
}

/* --- the peer ---------------------------------------------------------------
 */

/* Returns an upper limit for the bytes of all bodies: any place that looks like
 * the header of a body record counts. */
static size_t
most_of_bodies(const uint8_t *data, size_t size)
{
	size_t n = 0, i;

	for (i = 0; i + 8 <= size; i++)
		if (data[i] == 1 && data[i + 1] == FCGI_STDIN)
			n += (size_t)data[i + 4] << 8 | data[i + 5];
	return n;
}

/* The worker must write a complete response or nothing. */
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

/* Serves the requests that have arrived, up to four on the connection. */
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
