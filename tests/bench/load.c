/* SPDX-License-Identifier: ISC */
/*
 * load.c - closed-loop load: N connections, each with one request in flight,
 * over HTTP/1.1 with keep-alive, or over a FastCGI socket like a web server. It
 * connects to this machine only.
 *
 *   load [-c N] [-d SECONDS | -n COUNT] [-m METHOD] [-b FILE] [-t FILE] [-k]
 *        TARGET
 *
 * TARGET is http://127.0.0.1:PORT/PATH, or SOCKET:/PATH for FastCGI, where -k
 * asks for keep-alive. -b is the body of each request; ######## in it is
 * replaced by a number that differs in each request, so that each request
 * changes something. -t is a file with one bearer token per line, optionally
 * followed by a path; the requests take these lines in turn, again and again.
 * The program prints one line and exits with 0 if every request was answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../integration/fcgi_client.h"

#define CONNECTIONS_MAX 16384
/*
 * Limit for different requests; further lines of the token file are not used.
 */
#define REQUESTS_MAX 20000
#define SECONDS_MAX 600
#define REQUEST_SIZE ((size_t)128 * 1024)
/* Only the head of a response is examined. */
#define HEAD_SIZE 4096

/* Histogram of latencies: 64 buckets per power of two, in microseconds. */
#define FINE 64
#define BUCKETS (40 * FINE)

#define MARK "########"
#define MARK_LEN (sizeof(MARK) - 1)

struct connection {
	int fd;
	struct str request;
	char *own; /* copy of the request with its number */
	size_t sent;
	bool asked; /* a request is in flight */
	bool reused; /* on a connection that the server may have closed */
	int64_t began;
	int status;
	/* HTTP: the head so far, then the number of content bytes still to
	 * come. */
	char head[HEAD_SIZE];
	size_t n;
	bool in_body;
	bool last; /* the server closes after this response */
	size_t left;
	/* FastCGI */
	struct fcgi_reply reply;
};

struct load;

struct protocol {
	void (*build)(struct load *l, struct buf *out, const char *token,
	    const char *path);
	void (*reset)(struct connection *c);
	/* Takes bytes that were read. Returns 1 at the end of the response, 0
	 * before it, and -1 if the bytes are not a response. */
	int (*feed)(struct connection *c, const char *p, size_t n);
};

struct load {
	/* options */
	size_t connections;
	long seconds;
	uint64_t count;
	const char *method;
	const char *body_file;
	const char *tokens_file;
	bool keep;
	/* target */
	const struct protocol *protocol;
	struct sockaddr_storage address;
	socklen_t address_len;
	char path[1024];
	/* requests and connections */
	struct str body;
	struct str request[REQUESTS_MAX];
	size_t requests;
	struct connection *connection;
	int epoll;
	bool keep_connection;
	/* results */
	uint64_t started;
	uint64_t answered;
	uint64_t failed;
	uint64_t status[600];
	uint64_t latency[BUCKETS];
};

static void
die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int64_t
microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- HTTP --------------------------------------------------------------- */

static void
http_build(struct load *l, struct buf *out, const char *token, const char *path)
{
	buf_printf(
	    out, "%s %s HTTP/1.1\r\nHost: localhost\r\n", l->method, path);
	if (token[0] != '\0')
		buf_printf(out, "Authorization: Bearer %s\r\n", token);
	if (!str_is_null(l->body))
		buf_printf(out,
		    "Content-Type: application/json\r\n"
		    "Content-Length: %zu\r\n",
		    l->body.n);
	buf_text(out, "\r\n");
	buf_str(out, l->body);
}

static void
http_reset(struct connection *c)
{
	c->n = 0;
	c->in_body = c->last = false;
}

/* Returns the number after the header's name, or 0 if the header is missing. */
static size_t
header_number(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at == NULL ? 0 : strtoul(at + strlen(name), NULL, 10);
}

static int
http_feed(struct connection *c, const char *p, size_t n)
{
	size_t part = HEAD_SIZE - 1 - c->n;
	const char *end;

	if (!c->in_body) {
		part = n < part ? n : part;
		memcpy(c->head + c->n, p, part);
		c->head[c->n + part] = '\0';
		end = strstr(c->head, "\r\n\r\n");
		if (end == NULL) {
			c->n += part;
			return c->n < HEAD_SIZE - 1 ? 0 : -1;
		}
		if (strncmp(c->head, "HTTP/1.1 ", 9) != 0 ||
		    strcasestr(c->head, "\r\nTransfer-Encoding:") != NULL)
			return -1;
		c->status = atoi(c->head + 9);
		part = (size_t)(end - c->head) + 4 - c->n;
		c->left = header_number(c->head, "\r\nContent-Length:");
		c->last = strcasestr(c->head, "\r\nConnection: close") != NULL;
		c->in_body = true;
		n -= part;
	}
	if (n > c->left)
		return -1;
	c->left -= n;
	return c->left == 0 ? 1 : 0;
}

static const struct protocol http = { http_build, http_reset, http_feed };

/* --- FastCGI ------------------------------------------------------------ */

static void
fcgi_build(struct load *l, struct buf *out, const char *token, const char *path)
{
	char length[24], bearer[512];
	/* About as many variables as web servers send. */
	const char *pairs[] = { "REQUEST_METHOD", l->method, "REQUEST_URI",
		path, "SCRIPT_NAME", path, "PATH_INFO", "", "QUERY_STRING", "",
		"SERVER_PROTOCOL", "HTTP/1.1", "SERVER_SOFTWARE", "load",
		"GATEWAY_INTERFACE", "CGI/1.1", "SERVER_NAME", "localhost",
		"SERVER_ADDR", "127.0.0.1", "SERVER_PORT", "80", "REMOTE_ADDR",
		"127.0.0.1", "REMOTE_PORT", "40000", "DOCUMENT_ROOT",
		"/var/www", "SCRIPT_FILENAME", "/var/www/none", "HTTP_HOST",
		"localhost", "CONTENT_TYPE", "application/json",
		"CONTENT_LENGTH", length, "HTTP_AUTHORIZATION", bearer, NULL };

	snprintf(length, sizeof(length), "%zu", l->body.n);
	snprintf(bearer, sizeof(bearer), "Bearer %s", token);
	fcgi_request(out, l->keep, pairs, l->body);
}

static void
fcgi_reset(struct connection *c)
{
	fcgi_reply_init(&c->reply, c->head, sizeof(c->head));
}

static int
fcgi_take(struct connection *c, const char *p, size_t n)
{
	/* A response longer than c->head does not count as a failure. */
	(void)fcgi_feed(&c->reply, p, n);
	if (!c->reply.ended)
		return 0;
	c->status = 200;
	if (str_starts(buf_view(&c->reply.text), "Status: "))
		c->status = atoi(c->head + 8);
	return 1;
}

static const struct protocol fcgi = { fcgi_build, fcgi_reset, fcgi_take };

/* --- the loop ----------------------------------------------------------- */

static size_t
bucket_of(uint64_t us)
{
	unsigned shift = 0;

	while (us >> shift >= 2 * FINE)
		shift++;
	return (size_t)(shift * FINE + (us >> shift));
}

/* Returns the smallest latency that belongs to the bucket. */
static uint64_t
latency_of(size_t bucket)
{
	size_t shift = bucket < 2 * FINE ? 0 : bucket / FINE - 1;

	return (uint64_t)(bucket - shift * FINE) << shift;
}

static void
watch(struct load *l, struct connection *c, int how, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = c } };

	if (epoll_ctl(l->epoll, how, c->fd, &ev) != 0)
		die("epoll_ctl");
}

static bool
open_connection(struct load *l, struct connection *c)
{
	int on = 1;

	c->fd = socket(l->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	if (connect(c->fd, (struct sockaddr *)&l->address, l->address_len) !=
		0 ||
	    fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0) {
		close(c->fd);
		c->fd = -1;
		return false;
	}
	if (l->address.ss_family == AF_INET)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	watch(l, c, EPOLL_CTL_ADD, EPOLLIN);
	return true;
}

/* Sends as much as possible. Returns 0, or -1 if the connection fails. */
static int
send_on(struct load *l, struct connection *c)
{
	ssize_t n = send(c->fd, c->request.p + c->sent, c->request.n - c->sent,
	    MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		return -1;
	c->sent += n > 0 ? (size_t)n : 0;
	if (c->sent < c->request.n)
		watch(l, c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
	return 0;
}

static void
drop(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static bool
ask(struct load *l, struct connection *c)
{
	c->sent = 0;
	c->reused = c->fd >= 0;
	l->protocol->reset(c);
	if ((c->fd >= 0 || open_connection(l, c)) && send_on(l, c) == 0)
		return true;
	drop(c);
	return false;
}

/* If the server has closed a keep-alive connection, sends the request again on
 * a new connection, as web servers do. */
static bool
ask_again(struct load *l, struct connection *c)
{
	drop(c);
	return c->reused && ask(l, c);
}

/* Returns the next request, with its number if the body contains the mark. */
static struct str
next_request(struct load *l, struct connection *c)
{
	struct str request = l->request[l->started % l->requests];
	char number[MARK_LEN + 1], *mark;

	l->started++;
	if (l->body.n == 0)
		return request;
	memcpy(c->own, request.p, request.n);
	mark = memmem(c->own, request.n, MARK, MARK_LEN);
	if (mark == NULL)
		return request;
	snprintf(
	    number, sizeof(number), "%08u", (unsigned)(l->started % 100000000));
	memcpy(mark, number, MARK_LEN);
	return str_from(c->own, request.n);
}

/* Begins the next request. A failure is counted, but the request is not
 * repeated at once: if the server is gone, that would be a busy loop. */
static bool
begin(struct load *l, struct connection *c)
{
	c->request = next_request(l, c);
	c->began = microseconds();
	c->asked = ask(l, c) || ask_again(l, c);
	if (!c->asked)
		l->failed++;
	return c->asked;
}

/* Reads the available bytes. Returns true when the request is over, whether it
 * succeeded or failed. */
static bool
read_on(struct load *l, struct connection *c)
{
	char piece[16 * 1024];
	ssize_t n = read(c->fd, piece, sizeof(piece));
	int state = -1;

	if (n < 0 && errno == EAGAIN)
		return false;
	if (!c->asked) {
		drop(c);
		return false;
	}
	if (n <= 0 && ask_again(l, c))
		return false;
	if (n > 0)
		state = l->protocol->feed(c, piece, (size_t)n);
	c->reused = false;
	if (state == 0)
		return false;
	c->asked = false;
	if (state < 0) {
		l->failed++;
		drop(c);
		return true;
	}
	l->answered++;
	l->status[c->status > 0 && c->status < 600 ? c->status : 0]++;
	l->latency[bucket_of((uint64_t)(microseconds() - c->began))]++;
	if (!l->keep_connection || c->last)
		drop(c);
	return true;
}

static bool
may_begin(const struct load *l, int64_t until)
{
	return l->count > 0 ? l->started < l->count : microseconds() < until;
}

static int64_t
run(struct load *l)
{
	struct epoll_event ev[256];
	int64_t began = microseconds(), until = began + l->seconds * 1000000;
	size_t under_way = 0, i;

	for (i = 0; i < l->connections && may_begin(l, until); i++)
		under_way += begin(l, &l->connection[i]) ? 1 : 0;
	while (under_way > 0) {
		int n = epoll_wait(l->epoll, ev, 256, 10000), j;

		if (n <= 0) {
			fputs("load: nothing in ten seconds\n", stderr);
			l->failed += under_way;
			break;
		}
		for (j = 0; j < n; j++) {
			struct connection *c = ev[j].data.ptr;

			if (c->sent < c->request.n && send_on(l, c) == 0 &&
			    c->sent == c->request.n)
				watch(l, c, EPOLL_CTL_MOD, EPOLLIN);
			if (!(ev[j].events & ~(uint32_t)EPOLLOUT) ||
			    !read_on(l, c))
				continue;
			under_way--;
			while (may_begin(l, until) && l->failed < 10000)
				if (begin(l, c)) {
					under_way++;
					break;
				}
		}
	}
	return microseconds() - began;
}

/* --- options and results ------------------------------------------------ */

static uint64_t
quantile(const struct load *l, double q)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		sum += l->latency[i];
		if (sum > 0 && (double)sum >= q * (double)l->answered)
			return latency_of(i);
	}
	return 0;
}

static void
print(const struct load *l, int64_t us)
{
	int i;

	printf("%s c=%zu: %.0f req/s, p50 %.2f ms, p99 %.2f ms, failed %ju",
	    l->method, l->connections, (double)l->answered * 1e6 / (double)us,
	    (double)quantile(l, 0.5) / 1000, (double)quantile(l, 0.99) / 1000,
	    (uintmax_t)l->failed);
	for (i = 0; i < 600; i++)
		if (l->status[i] > 0)
			printf(", %d: %ju", i, (uintmax_t)l->status[i]);
	putchar('\n');
}

static struct str
read_file(const char *name)
{
	static char block[REQUEST_SIZE / 2];
	FILE *f = fopen(name, "r");
	size_t n;

	if (f == NULL)
		die(name);
	n = fread(block, 1, sizeof(block), f);
	fclose(f);
	return str_from(block, n);
}

static void
set_target(struct load *l, const char *target)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&l->address;
	struct sockaddr_un *un = (struct sockaddr_un *)&l->address;
	char host[128];
	int port;

	if (sscanf(target, "http://%127[^:/]:%d%1023s", host, &port, l->path) ==
	    3) {
		l->protocol = &http;
		l->keep_connection = true;
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		l->address_len = sizeof(*in);
		if (inet_pton(AF_INET, host, &in->sin_addr) == 1 &&
		    ntohl(in->sin_addr.s_addr) >> 24 == 127)
			return;
	} else if (sscanf(target, "%107[^:]:%1023s", un->sun_path, l->path) ==
	    2) {
		l->protocol = &fcgi;
		l->keep_connection = l->keep;
		un->sun_family = AF_UNIX;
		l->address_len = sizeof(*un);
		return;
	}
	fprintf(stderr, "load: %s: not a place on this machine\n", target);
	exit(2);
}

/* Returns a copy of a request that lives as long as the process. */
static struct str
keep(struct str s)
{
	char *p = malloc(s.n);

	if (p == NULL)
		die("memory");
	memcpy(p, s.p, s.n);
	return str_from(p, s.n);
}

static void
add_request(struct load *l, const char *token, const char *path)
{
	static char block[REQUEST_SIZE];
	struct buf out;

	buf_init(&out, block, sizeof(block));
	l->protocol->build(l, &out, token, path);
	l->request[l->requests++] = keep(buf_view(&out));
}

static void
build_requests(struct load *l)
{
	char line[2048], token[512], path[1024];
	FILE *f;

	if (l->tokens_file == NULL) {
		add_request(l, "", l->path);
		return;
	}
	if ((f = fopen(l->tokens_file, "r")) == NULL)
		die(l->tokens_file);
	while (l->requests < REQUESTS_MAX && fgets(line, sizeof(line), f)) {
		snprintf(path, sizeof(path), "%s", l->path);
		if (sscanf(line, "%511s %1023s", token, path) > 0)
			add_request(l, token, path);
	}
	fclose(f);
	if (l->requests == 0)
		die("no tokens");
}

static long
number(const char *digits, long most)
{
	char *end;
	long n = strtol(digits, &end, 10);

	if (*end == '\0' && n > 0 && n <= most)
		return n;
	fprintf(stderr, "load: %s: not 1 to %ld\n", digits, most);
	exit(2);
}

static void
options(struct load *l, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:d:n:m:b:t:k")) != -1) {
		switch (option) {
		case 'c':
			l->connections = (size_t)number(
			    optarg, CONNECTIONS_MAX);
			break;
		case 'd':
			l->seconds = number(optarg, SECONDS_MAX);
			break;
		case 'n':
			l->count = (uint64_t)number(optarg, 100000000);
			break;
		case 'm':
			l->method = optarg;
			break;
		case 'b':
			l->body_file = optarg;
			break;
		case 't':
			l->tokens_file = optarg;
			break;
		case 'k':
			l->keep = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 == argc)
		return;
	fputs("usage: load [-c N] [-d SECONDS | -n COUNT] [-m METHOD] "
	      "[-b FILE] [-t FILE] [-k] TARGET\n",
	    stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	static struct load l = {
		.connections = 1, .seconds = 5, .method = "GET"
	};
	int64_t us;
	size_t i;

	options(&l, argc, argv);
	set_target(&l, argv[optind]);
	if (l.body_file != NULL)
		l.body = read_file(l.body_file);
	l.connection = calloc(l.connections, sizeof(*l.connection));
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l.connection == NULL || l.epoll < 0)
		die("memory");
	build_requests(&l);
	for (i = 0; i < l.connections; i++) {
		l.connection[i].fd = -1;
		if (l.body.n > 0 &&
		    (l.connection[i].own = malloc(REQUEST_SIZE)) == NULL)
			die("memory");
	}
	us = run(&l);
	print(&l, us);
	return l.failed == 0 && l.answered > 0 ? 0 : 1;
}
