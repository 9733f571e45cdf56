/* SPDX-License-Identifier: ISC */
/*
 * raw.c - the upper limit: a constant response from a loop over the FastCGI
 * records that have arrived, in two processes, with keep-alive if requested. It
 * reads no parameters.
 *
 *   raw SOCKET
 *
 * Ends on SIGTERM.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 2
#define CONNECTIONS 4096
#define HEADER_LEN 8
/* Larger than any request of the benchmark. */
#define READ_MAX 16384

enum { BEGIN = 1, END = 3, STDIN = 5, STDOUT = 6 };

static const char text[] = "Status: 200 OK\r\n"
			   "Content-Type: application/json\r\n"
			   "Content-Length: 600\r\n"
			   "Cache-Control: no-cache\r\n"
			   "ETag: W/\"0123456789abcdef\"\r\n\r\n";

struct connection {
	unsigned char data[READ_MAX];
	size_t n;
	bool keep;
};

/* Writes one record; a NULL content stands for zeros. Returns a pointer to the
 * byte after the record. */
static unsigned char *
put(unsigned char *p, int type, const void *content, size_t n)
{
	const unsigned char header[HEADER_LEN] = { 1, (unsigned char)type, 0, 1,
		(unsigned char)(n >> 8), (unsigned char)n, 0, 0 };

	memcpy(p, header, sizeof(header));
	if (content != NULL)
		memcpy(p + HEADER_LEN, content, n);
	else
		memset(p + HEADER_LEN, 0, n);
	return p + HEADER_LEN + n;
}

static size_t
make_answer(unsigned char out[2048])
{
	char content[sizeof(text) - 1 + 600];
	unsigned char *p = out;

	memset(content, 'x', sizeof(content));
	memcpy(content, text, sizeof(text) - 1);
	p = put(p, STDOUT, content, sizeof(content));
	p = put(p, STDOUT, NULL, 0);
	p = put(p, END, NULL, 8);
	return (size_t)(p - out);
}

/* Removes complete records from the front. Returns true at the end of the
 * request. */
static bool
take(struct connection *c)
{
	size_t at = 0;
	bool whole = false;

	while (!whole && c->n - at >= HEADER_LEN) {
		const unsigned char *h = c->data + at;
		size_t content = (size_t)h[4] << 8 | h[5];

		if (c->n - at < HEADER_LEN + content + h[6])
			break;
		if (h[1] == BEGIN)
			c->keep = (h[HEADER_LEN + 2] & 1) != 0;
		whole = h[1] == STDIN && content == 0;
		at += HEADER_LEN + content + h[6];
	}
	memmove(c->data, c->data + at, c->n - at);
	c->n -= at;
	return whole;
}

/* Returns whether the connection stays open. */
static bool
serve(
    struct connection *c, int fd, const unsigned char *answer, size_t answer_n)
{
	ssize_t n = read(fd, c->data + c->n, sizeof(c->data) - c->n);

	if (n <= 0)
		return false;
	c->n += (size_t)n;
	if (!take(c))
		return c->n < sizeof(c->data);
	return write(fd, answer, answer_n) == (ssize_t)answer_n && c->keep;
}

static void
run(int listener)
{
	static struct connection *connection[CONNECTIONS];
	unsigned char answer[2048];
	size_t answer_n = make_answer(answer);
	struct epoll_event ev[64] = { { .events = EPOLLIN | EPOLLEXCLUSIVE,
	    .data = { .fd = listener } } };
	int epoll = epoll_create1(0), n, i, fd;

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev[0]);
	while ((n = epoll_wait(epoll, ev, 64, -1)) > 0)
		for (i = 0; i < n; i++) {
			fd = ev[i].data.fd;
			if (fd == listener) {
				fd = accept4(listener, NULL, NULL, 0);
				if (fd < 0 || fd >= CONNECTIONS)
					continue;
				if (connection[fd] == NULL)
					connection[fd] = malloc(
					    sizeof(struct connection));
				if (connection[fd] == NULL)
					_exit(EXIT_FAILURE);
				connection[fd]->n = 0;
				ev[i].events = EPOLLIN;
				ev[i].data.fd = fd;
				epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev[i]);
			}
			if (!serve(connection[fd], fd, answer, answer_n))
				close(fd);
		}
}

int
main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), i, stop;
	pid_t children[PROCESSES];
	sigset_t set;

	if (argc != 2 || strlen(argv[1]) >= sizeof(at.sun_path)) {
		fputs("usage: raw SOCKET\n", stderr);
		return 2;
	}
	memcpy(at.sun_path, argv[1], strlen(argv[1]));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    fcntl(listener, F_SETFL, O_NONBLOCK) != 0 ||
	    listen(listener, 4096) != 0)
		return EXIT_FAILURE;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < PROCESSES; i++)
		if ((children[i] = fork()) == 0)
			run(listener);
	sigwait(&set, &stop);
	for (i = 0; i < PROCESSES; i++)
		kill(children[i], SIGKILL);
	for (i = 0; i < PROCESSES; i++)
		waitpid(children[i], NULL, 0);
	return EXIT_SUCCESS;
}
