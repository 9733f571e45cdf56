/* SPDX-License-Identifier: ISC */
/*
 * test_fastcgi.c - the FastCGI application with a routes_handle of this file
 * that obeys the path. A child process serves; the test is the web server.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../integration/fcgi_client.h"
#include "rules/auth.h"
#include "server/fastcgi.h"
#include "server/fastcgi_socket.h"
#include "server/pool.h"

#define MAX_BODY 1024
/* A body of this length or more is not read to its end if the application does
 * not read it. */
#define UNREAD 4096
#define BIG_ANSWER 40000
#define ARENA_SIZE ((size_t)256 * 1024)

/* --- the application for fastcgi.c -------------------------------------- */

/* Counters of the child, in memory that it shares with the test. */
static struct seen {
	atomic_uint handled;
	atomic_uint forged;
	atomic_uint cut;
} * seen;

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
store_tidy(struct store *st)
{
	(void)st;
}

enum err
store_look(struct store *st)
{
	(void)st;
	return ERR_OK;
}

int64_t
store_write_age(const struct store *st)
{
	(void)st;
	return 0;
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

/* Repeats the body. A body that breaks off becomes "cut"; if the pool needs the
 * worker, it becomes "needed". */
static void
echo(const struct request *req, struct buf *out)
{
	char piece[100];
	long n;

	while ((n = req->read(req->from, piece, sizeof(piece))) > 0)
		buf_put(out, piece, (size_t)n);
	if (n < 0) {
		atomic_fetch_add(&seen->cut, 1);
		buf_text(out, n == REQUEST_CUT ? "needed" : "cut");
	}
}

void
routes_handle(const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp)
{
	struct str path = req->var[REQUEST_PATH_INFO];
	struct buf out;
	size_t i;

	(void)app;
	atomic_fetch_add(&seen->handled, 1);
	arena_reset(&wk->arena);
	buf_open(&out, &wk->arena);
	buf_text(&out, "Status: 200 OK\r\n\r\n");
	if (str_is(path, "/forged"))
		atomic_fetch_add(&seen->forged, 1);
	else if (str_is(path, "/big"))
		for (i = 0; i < BIG_ANSWER; i++)
			buf_char(&out, (char)i);
	else if (str_is(path, "/echo"))
		echo(req, &out);
	else
		buf_str(&out, path);
	*resp = (struct response){ .text = buf_close(&out, &wk->arena) };
}

/* --- the child that serves ---------------------------------------------- */

static void
set_up(void)
{
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(seen != MAP_FAILED);
}

/* Timeout for a body, in seconds. */
static size_t body_time = 60;

static pid_t
start(int listener)
{
	const struct config config = { .workers = 4,
		.worker_timeout = body_time,
		.queue_timeout = 60,
		.max_body = MAX_BODY };
	const struct app app = { .config = &config };
	pid_t child;

	/* Blocks the signals, so that an early one waits until the pool is
	 * ready. */
	pool_signals();
	child = fork();
	ck_assert(child >= 0);
	if (child == 0)
		_exit((int)fastcgi_serve(&app, listener));
	return child;
}

static void
stop(pid_t child)
{
	int status;

	ck_assert(kill(child, SIGTERM) == 0);
	ck_assert(waitpid(child, &status, 0) == child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == ERR_OK);
}

static const char *
socket_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/fcgi.sock", unit_directory());
	return path;
}

static pid_t
serve(void)
{
	pid_t child;
	int fd = -1;

	ck_assert(fastcgi_listen(socket_path(), &fd) == ERR_OK);
	child = start(fd);
	close(fd);
	return child;
}

/* --- the web server ----------------------------------------------------- */

struct bytes {
	char block[64 * 1024];
	struct buf buf;
};

static struct str
request(struct bytes *b, bool keep, const char *path, struct str body)
{
	char length[24];
	const char *pairs[] = { "REQUEST_METHOD", "PATCH", "PATH_INFO", path,
		"CONTENT_LENGTH", length, NULL };

	snprintf(length, sizeof(length), "%zu", body.n);
	buf_init(&b->buf, b->block, sizeof(b->block));
	fcgi_request(&b->buf, keep, pairs, body);
	ck_assert(!b->buf.full);
	return buf_view(&b->buf);
}

static int
connected(void)
{
	int fd = fcgi_connect(socket_path());

	ck_assert_msg(fd >= 0, "connect: %s", strerror(errno));
	return fd;
}

/* Returns the response without its head, in block; the null slice if none
 * arrives. */
static struct str
answered(int fd, char *block, size_t size)
{
	static const char head[] = "Status: 200 OK\r\n\r\n";
	struct fcgi_reply r;

	fcgi_reply_init(&r, block, size);
	if (!fcgi_receive(fd, &r))
		return str_of(NULL);
	ck_assert(str_starts(buf_view(&r.text), head));
	return str_tail(buf_view(&r.text), sizeof(head) - 1);
}

/* Waits until the other side closes. Returns true if it closes without sending
 * a byte and without a reset. */
static bool
ends(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) == 0;
}

static void
nap(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* --- sockets ------------------------------------------------------------ */

START_TEST(listening_descriptors)
{
	int pipes[2], fd = -1;

	ck_assert(pipe(pipes) == 0);
	ck_assert(!fastcgi_is_listening(pipes[0]));
	ck_assert(!fastcgi_is_listening(-1));
	ck_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pipes) == 0);
	ck_assert(!fastcgi_is_listening(pipes[0]));
	ck_assert(fastcgi_listen(socket_path(), &fd) == ERR_OK);
	ck_assert(fastcgi_is_listening(fd));
}
END_TEST

static void
put_nothing(const char *path)
{
	(void)path;
}

static void
put_file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	ck_assert(fd >= 0 && close(fd) == 0);
}

static void
put_live_socket(const char *path)
{
	int fd;

	ck_assert(fastcgi_listen(path, &fd) == ERR_OK);
}

static void
put_dead_socket(const char *path)
{
	int fd;

	ck_assert(fastcgi_listen(path, &fd) == ERR_OK && close(fd) == 0);
}

static struct sockaddr_un
place_of(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
	return at;
}

/* Makes a socket whose backlog is full and whose owner does not accept. */
static void
put_full_socket(const char *path)
{
	const struct sockaddr_un at = place_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

	ck_assert(bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0);
	ck_assert(listen(fd, 0) == 0);
	do {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		rc = connect(fd, (const struct sockaddr *)&at, sizeof(at));
	} while (rc == 0);
	ck_assert(errno == EAGAIN);
}

static void
put_datagram_socket(const char *path)
{
	const struct sockaddr_un at = place_of(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	ck_assert(bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0);
}

static const struct {
	const char *name;
	void (*put)(const char *path);
	mode_t mask;
	enum err want;
	int cause;
} places[] = {
	{ "makes a socket", put_nothing, 022, ERR_OK, 0 },
	{ "does not mind a strict umask", put_nothing, 077, ERR_OK, 0 },
	{ "does not mind an open umask", put_nothing, 0, ERR_OK, 0 },
	{ "takes the place of a dead socket", put_dead_socket, 0, ERR_OK, 0 },
	{ "leaves a socket to its owner", put_live_socket, 0, ERR_FILE,
	    EADDRINUSE },
	{ "leaves a socket to an owner that is busy", put_full_socket, 0,
	    ERR_FILE, EADDRINUSE },
	{ "leaves a socket of another kind alone", put_datagram_socket, 0,
	    ERR_FILE, EPROTOTYPE },
	{ "leaves a file alone", put_file, 0, ERR_FILE, EEXIST },
};

START_TEST(places_to_listen_at)
{
	const char *path = socket_path();
	struct stat st;
	int fd = -1;

	umask(077);
	places[_i].put(path);
	umask(places[_i].mask);
	unit_check(
	    places[_i].name, fastcgi_listen(path, &fd) == places[_i].want);
	if (places[_i].want != ERR_OK) {
		unit_check(places[_i].name, errno == places[_i].cause);
		return;
	}
	unit_check(places[_i].name, lstat(path, &st) == 0);
	unit_check(places[_i].name, st.st_mode == (S_IFSOCK | 0660));
	unit_check(places[_i].name, umask(0) == places[_i].mask);
}
END_TEST

static const struct {
	const char *name;
	void (*put)(const char *path);
	bool stays;
} without_descriptors[] = {
	{ "makes no socket", put_nothing, false },
	{ "keeps a socket that it cannot connect to", put_dead_socket, true },
};

START_TEST(listens_nowhere_without_descriptors)
{
	const char *path = socket_path();
	struct rlimit before, none = { .rlim_cur = 0 };
	enum err e;
	int fd = -1, cause;

	without_descriptors[_i].put(path);
	ck_assert(getrlimit(RLIMIT_NOFILE, &before) == 0);
	none.rlim_max = before.rlim_max;
	ck_assert(setrlimit(RLIMIT_NOFILE, &none) == 0);
	e = fastcgi_listen(path, &fd);
	cause = errno;
	ck_assert(setrlimit(RLIMIT_NOFILE, &before) == 0);
	unit_check(without_descriptors[_i].name, e == ERR_FILE);
	unit_check(without_descriptors[_i].name, cause == EMFILE);
	unit_check(without_descriptors[_i].name,
	    (access(path, F_OK) == 0) == without_descriptors[_i].stays);
}
END_TEST

START_TEST(paths_that_cannot_be)
{
	char path[200];
	int fd;

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert(fastcgi_listen(path, &fd) == ERR_FILE);
	ck_assert(errno == ENAMETOOLONG);
	ck_assert(fastcgi_listen("/nonexistent/a", &fd) == ERR_FILE);
	ck_assert(errno == ENOENT);
}
END_TEST

/* --- accepted clients --------------------------------------------------- */

static const struct {
	const char *name;
	const char *address; /* address to listen on; clients connect from a
				loopback address */
	const char *listed; /* FCGI_WEB_SERVER_ADDRS */
	bool welcome;
} peers[] = {
	{ "accepts this machine", "127.0.0.1", NULL, true },
	{ "treats an empty list as none", "127.0.0.1", "", true },
	{ "accepts a listed address", "127.0.0.1", "127.0.0.1", true },
	{ "looks at the whole list", "127.0.0.1", "192.0.2.1,127.0.0.1", true },
	{ "refuses an address that is not listed", "127.0.0.1", "127.0.0.2",
	    false },
	{ "does not compare text", "127.0.0.1", "127.0.0.11", false },
	{ "does not guess at bad addresses", "127.0.0.1", "127.1", false },
	{ "skips an overlong item", "127.0.0.1",
	    "0000000000000000000000000000000000000000000000000000000,127.0.0.1",
	    true },
	{ "refuses an unlisted address on a public socket", "0.0.0.0", NULL,
	    false },
	{ "accepts a listed address on a public socket", "0.0.0.0", "127.0.0.1",
	    true },
	{ "knows IPv4 in IPv6", "::ffff:127.0.0.1", "127.0.0.1", true },
	{ "refuses IPv4 in IPv6", "::ffff:127.0.0.1", "127.0.0.2", false },
	{ "knows the loopback address of IPv4 in IPv6", "::ffff:127.0.0.1",
	    NULL, true },
	{ "knows the loopback address of IPv6", "::1", NULL, true },
	{ "takes IPv6 addresses", "::1", "127.0.0.1,::1", true },
};

/* Listens on a free port. `there` receives the address to connect to. */
static int
listen_at(const char *address, struct sockaddr_storage *there, socklen_t *n)
{
	struct sockaddr_in *four = (struct sockaddr_in *)there;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)there;
	int fd;

	memset(there, 0, sizeof(*there));
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		*n = sizeof(*four);
	} else {
		ck_assert(inet_pton(AF_INET6, address, &six->sin6_addr) == 1);
		six->sin6_family = AF_INET6;
		*n = sizeof(*six);
	}
	fd = socket(there->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)there, *n) != 0)
		return -1;
	ck_assert(listen(fd, 8) == 0);
	ck_assert(getsockname(fd, (struct sockaddr *)there, n) == 0);
	if (there->ss_family == AF_INET)
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd;
}

START_TEST(conns_over_tcp)
{
	struct sockaddr_storage there;
	struct bytes b;
	struct str ask = request(&b, false, "/hello", str_of("")), got;
	char block[256];
	socklen_t n;
	int listener = listen_at(peers[_i].address, &there, &n), fd;
	pid_t child;

	if (listener < 0)
		return; /* This machine has no IPv6. */
	unsetenv("FCGI_WEB_SERVER_ADDRS");
	if (peers[_i].listed != NULL)
		setenv("FCGI_WEB_SERVER_ADDRS", peers[_i].listed, 1);
	child = start(listener);
	close(listener);
	fd = socket(there.ss_family, SOCK_STREAM, 0);
	ck_assert(connect(fd, (struct sockaddr *)&there, n) == 0);
	/* The connection may be closed already. */
	if (!fcgi_send(fd, ask))
		unit_check(peers[_i].name, !peers[_i].welcome);
	got = answered(fd, block, sizeof(block));
	unit_check(peers[_i].name, !str_is_null(got) == peers[_i].welcome);
	unit_check(peers[_i].name, (seen->handled == 1) == peers[_i].welcome);
	stop(child);
}
END_TEST

static const struct {
	const char *name;
	const char *address; /* NULL for a unix socket */
	bool local;
} locals[] = {
	{ "a unix socket is for this machine", NULL, true },
	{ "the loopback address is for this machine", "127.0.0.1", true },
	{ "any loopback address is for this machine", "127.9.9.9", true },
	{ "the IPv6 loopback address is for this machine", "::1", true },
	{ "the wildcard address is public", "0.0.0.0", false },
	{ "the IPv6 wildcard address is public", "::", false },
};

START_TEST(a_socket_is_local_or_public)
{
	struct sockaddr_storage there;
	socklen_t n;
	int fd = -1;

	if (locals[_i].address != NULL)
		fd = listen_at(locals[_i].address, &there, &n);
	else
		ck_assert(fastcgi_listen(socket_path(), &fd) == ERR_OK);
	if (fd < 0)
		return; /* This machine has no IPv6. */
	unit_check(locals[_i].name, fastcgi_is_local(fd) == locals[_i].local);
}
END_TEST

START_TEST(a_descriptor_that_is_not_a_socket)
{
	const struct config config = { .workers = 1 };
	const struct app app = { .config = &config };

	ck_assert(!fastcgi_is_local(-1));
	ck_assert(fastcgi_serve(&app, -1) == ERR_FILE);
}
END_TEST

/* The second refusal is not logged. */
START_TEST(logs_the_first_refused_client)
{
	struct fastcgi_door door = { .named = "192.0.2.1",
		.refusal_logged = ATOMIC_FLAG_INIT };
	struct sockaddr_storage peer = { .ss_family = AF_INET };
	char path[128], log[512];
	int fd;

	((struct sockaddr_in *)&peer)->sin_addr.s_addr = htonl(0xc0000202);
	snprintf(path, sizeof(path), "%s/stderr", unit_directory());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert(fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	ck_assert(!fastcgi_welcome(&door, &peer));
	ck_assert(!fastcgi_welcome(&door, &peer));
	unit_same("the log",
	    str_from(log, (size_t)pread(fd, log, sizeof(log), 0)),
	    str_of("pushcert: refused a connection from ::ffff:192.0.2.2: "
		   "FCGI_WEB_SERVER_ADDRS does not list this address\n"));
}
END_TEST

/* --- requests ----------------------------------------------------------- */

static const struct {
	const char *name;
	bool keep;
	const char *path;
	size_t body;
	const char *want; /* NULL if it is the body */
	bool kept;
} requests[] = {
	{ "answers and closes", false, "/hello", 0, "/hello", false },
	{ "answers and stays", true, "/hello", 0, "/hello", true },
	{ "hands a body on", true, "/echo", 1000, NULL, true },
	{ "hands a long body on", true, "/echo", 40000, NULL, true },
	{ "reads an unread body to its end", true, "/hello", 1000, "/hello",
	    true },
	{ "reads an unread body up to the limit", true, "/hello", MAX_BODY,
	    "/hello", true },
	{ "answers and closes over the limit", true, "/hello", 40000, "/hello",
	    false },
};

START_TEST(one_request)
{
	static char body[40000], block[64 * 1024];
	struct bytes b;
	struct str text = str_from(body, requests[_i].body), got;
	pid_t child = serve();
	int fd = connected(), round;

	memset(body, 'x', sizeof(body));
	for (round = 0; round < (requests[_i].kept ? 3 : 1); round++) {
		ck_assert(fcgi_send(fd,
		    request(&b, requests[_i].keep, requests[_i].path, text)));
		got = answered(fd, block, sizeof(block));
		unit_same(requests[_i].name, got,
		    requests[_i].want != NULL ? str_of(requests[_i].want)
					      : text);
	}
	if (!requests[_i].kept)
		unit_check(requests[_i].name, ends(fd));
	stop(child);
}
END_TEST

START_TEST(long_answers_arrive_whole)
{
	static char block[64 * 1024];
	struct bytes b;
	pid_t child = serve();
	int fd = connected();
	struct str got;
	size_t i;

	ck_assert(fcgi_send(fd, request(&b, true, "/big", str_of(""))));
	got = answered(fd, block, sizeof(block));
	ck_assert(got.n == BIG_ANSWER);
	for (i = 0; i < got.n; i++)
		ck_assert(got.p[i] == (char)i);
	stop(child);
}
END_TEST

START_TEST(pieces_make_a_request)
{
	struct bytes b;
	struct str all = request(&b, false, "/echo", str_of("{\"a\":1}")), got;
	pid_t child = serve();
	char block[256];
	size_t cut;

	for (cut = 1; cut < all.n; cut++) {
		int fd = connected();

		ck_assert(fcgi_send(fd, str_head(all, cut)));
		if (cut % 8 == 0)
			nap(1);
		ck_assert(fcgi_send(fd, str_tail(all, cut)));
		got = answered(fd, block, sizeof(block));
		ck_assert_msg(str_is(got, "{\"a\":1}"), "cut at %zu", cut);
		close(fd);
	}
	ck_assert(seen->handled == all.n - 1);
	stop(child);
}
END_TEST

START_TEST(a_partial_request_is_not_handled)
{
	static const char body[] = "{\"a\":1}";
	struct bytes b;
	struct str all = request(&b, false, "/echo", str_of(body)), got;
	/* Two stream headers and the body follow the parameters. */
	size_t params = all.n - 8 - 8 - (sizeof(body) - 1), cut;
	pid_t child = serve();
	char block[256];

	for (cut = 0; cut < all.n; cut++) {
		int fd = connected();
		unsigned handled = seen->handled, was_cut = seen->cut;

		ck_assert(fcgi_send(fd, str_head(all, cut)));
		shutdown(fd, SHUT_WR);
		got = answered(fd, block, sizeof(block));
		ck_assert_msg(seen->handled - handled == (cut >= params),
		    "cut at %zu", cut);
		ck_assert(seen->cut - was_cut == (cut >= params));
		ck_assert(str_is_null(got) == (cut < params));
		close(fd);
	}
	stop(child);
}
END_TEST

/* The web server ends the stream early: once before the body, as mod_fcgid does
 * with HTTP/2. Or it does not end the stream before the body times out. */
static const struct {
	const char *name;
	const char *first, *second; /* the bytes before each end */
	bool more; /* whether the second end is sent */
	const char *want;
	size_t cut;
} early_ends[] = {
	{ "an end before the body is ignored", "", "0123456789", true,
	    "0123456789", 0 },
	{ "an end inside the body is ignored", "01234", "56789", true,
	    "0123456789", 0 },
	{ "a second early end ends the body", "", "01234", true, "01234", 0 },
	{ "two ends make an empty body", "", "", true, "", 0 },
	{ "a missing body times out", "", "", false, "cut", 1 },
	{ "a partial body times out", "01", "23", false, "cut", 1 },
};

START_TEST(early_ends_of_a_body)
{
	static const char *const pairs[] = { "PATH_INFO", "/echo",
		"CONTENT_LENGTH", "10", NULL };
	const char *name = early_ends[_i].name;
	struct str second = str_of(early_ends[_i].second);
	struct bytes b;
	char block[256];
	pid_t child;
	int fd;

	body_time = early_ends[_i].cut > 0 ? 1 : 60;
	child = serve();
	fd = connected();
	buf_init(&b.buf, b.block, sizeof(b.block));
	fcgi_request(&b.buf, true, pairs, str_of(early_ends[_i].first));
	if (second.n > 0)
		fcgi_record(&b.buf, FCGI_STDIN, second);
	if (early_ends[_i].more)
		fcgi_record(&b.buf, FCGI_STDIN, str_of(""));
	ck_assert(fcgi_send(fd, buf_view(&b.buf)));
	unit_same(name, answered(fd, block, sizeof(block)),
	    str_of(early_ends[_i].want));
	ck_assert(seen->cut == early_ends[_i].cut);
	stop(child);
}
END_TEST

/* The application does not read this body, so the worker does not wait for the
 * rest. */
START_TEST(an_unread_body_may_end_early)
{
	static const char *const pairs[] = { "PATH_INFO", "/hello",
		"CONTENT_LENGTH", "10", NULL };
	struct bytes b;
	pid_t child = serve();
	int fd = connected();
	char block[256];

	buf_init(&b.buf, b.block, sizeof(b.block));
	fcgi_request(&b.buf, true, pairs, str_of(""));
	ck_assert(fcgi_send(fd, buf_view(&b.buf)));
	ck_assert(str_is(answered(fd, block, sizeof(block)), "/hello"));
	ck_assert(ends(fd));
	stop(child);
}
END_TEST

START_TEST(a_stop_differs_from_a_body_that_ends)
{
	struct bytes b;
	struct str all = request(&b, true, "/echo", str_of("0123456789"));
	pid_t child = serve();
	int fd = connected(), status;
	char block[256];

	ck_assert(fcgi_send(fd, str_head(all, all.n - 12)));
	while (seen->handled == 0)
		nap(1);
	ck_assert(kill(child, SIGTERM) == 0);
	ck_assert(str_ends(answered(fd, block, sizeof(block)), "needed"));
	ck_assert(waitpid(child, &status, 0) == child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == ERR_OK);
}
END_TEST

/* The application does not read this body either. The response arrives
 * complete, and then the connection closes. */
START_TEST(an_unread_body_may_be_cut)
{
	static char body[500];
	struct bytes b;
	struct str all;
	pid_t child = serve();
	int fd = connected();
	char block[256];

	memset(body, 'x', sizeof(body));
	all = request(&b, true, "/hello", str_from(body, sizeof(body)));
	ck_assert(fcgi_send(fd, str_head(all, all.n - 100)));
	shutdown(fd, SHUT_WR);
	ck_assert(str_is(answered(fd, block, sizeof(block)), "/hello"));
	ck_assert(ends(fd));
	ck_assert(seen->handled == 1);
	stop(child);
}
END_TEST

START_TEST(only_responders)
{
	static const char authorizer[] = { 1, 1, 0, 1, 0, 8, 0, 0, 0, 2, 0, 0,
		0, 0, 0, 0 };
	struct bytes b;
	pid_t child = serve();
	int fd = connected();

	buf_init(&b.buf, b.block, sizeof(b.block));
	buf_put(&b.buf, authorizer, sizeof(authorizer));
	fcgi_record(&b.buf, FCGI_PARAMS, str_of(""));
	fcgi_record(&b.buf, FCGI_STDIN, str_of(""));
	ck_assert(fcgi_send(fd, buf_view(&b.buf)));
	/* Closing with unread data resets the connection. */
	ck_assert(!ends(fd) || errno == ECONNRESET || seen->handled == 0);
	ck_assert(seen->handled == 0);
	stop(child);
}
END_TEST

/* The application does not read this body, which contains a request at every
 * offset. If the worker took the rest of the body for records, it would handle
 * that request. */
START_TEST(no_request_is_read_from_a_body)
{
	static const char *const pairs[] = { "PATH_INFO", "/forged", NULL };
	static char body[16 * 1024], block[256];
	struct bytes b;
	struct buf forged;
	pid_t child = serve();
	unsigned asked = 0;
	size_t offset;

	for (offset = 0; offset <= 8192; offset++) {
		int fd = connected();
		struct str got;

		buf_init(&forged, body, sizeof(body));
		memset(body, 'x', offset);
		forged.n = offset;
		fcgi_request(&forged, true, pairs, str_of(""));
		ck_assert(!forged.full);
		fcgi_send(fd, request(&b, true, "/hello", buf_view(&forged)));
		got = answered(fd, block, sizeof(block));
		ck_assert_msg(str_is(got, "/hello"), "offset %zu", offset);
		asked++;
		/* If the connection stays open, it serves the next request. */
		if (forged.n < UNREAD) {
			fcgi_send(fd, request(&b, true, "/next", str_of("")));
			got = answered(fd, block, sizeof(block));
			ck_assert(str_is(got, "/next"));
			asked++;
		} else
			ck_assert(ends(fd));
		close(fd);
	}
	ck_assert(seen->forged == 0);
	ck_assert(seen->handled == asked);
	stop(child);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fastcgi");
	TCase *sockets = tcase_create("sockets");
	TCase *asked = tcase_create("requests");

	tcase_add_checked_fixture(sockets, set_up, NULL);
	tcase_add_test(sockets, listening_descriptors);
	tcase_add_loop_test(sockets, places_to_listen_at, 0,
	    sizeof(places) / sizeof(places[0]));
	tcase_add_test(sockets, paths_that_cannot_be);
	tcase_add_loop_test(sockets, listens_nowhere_without_descriptors, 0,
	    sizeof(without_descriptors) / sizeof(without_descriptors[0]));
	tcase_add_loop_test(sockets, a_socket_is_local_or_public, 0,
	    sizeof(locals) / sizeof(locals[0]));
	tcase_add_test(sockets, a_descriptor_that_is_not_a_socket);
	tcase_add_test(sockets, logs_the_first_refused_client);
	tcase_add_loop_test(
	    sockets, conns_over_tcp, 0, sizeof(peers) / sizeof(peers[0]));
	suite_add_tcase(suite, sockets);

	tcase_add_checked_fixture(asked, set_up, NULL);
	tcase_set_timeout(asked, 60);
	tcase_add_loop_test(
	    asked, one_request, 0, sizeof(requests) / sizeof(requests[0]));
	tcase_add_test(asked, long_answers_arrive_whole);
	tcase_add_test(asked, pieces_make_a_request);
	tcase_add_test(asked, a_partial_request_is_not_handled);
	tcase_add_loop_test(asked, early_ends_of_a_body, 0,
	    (int)(sizeof(early_ends) / sizeof(early_ends[0])));
	tcase_add_test(asked, an_unread_body_may_end_early);
	tcase_add_test(asked, a_stop_differs_from_a_body_that_ends);
	tcase_add_test(asked, an_unread_body_may_be_cut);
	tcase_add_test(asked, only_responders);
	tcase_add_test(asked, no_request_is_read_from_a_body);
	suite_add_tcase(suite, asked);
	return unit_run(suite);
}
