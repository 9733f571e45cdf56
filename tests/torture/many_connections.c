/* SPDX-License-Identifier: ISC */
/*
 * many_connections.c - thousands of HTTP connections through nginx are opened
 * before the first request. All of them send a request at the same moment, and
 * again when all have their responses. Each response must be 200.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "front.h"
#include "torture.h"
#include "victim.h"

/* Descriptors that are not connections. */
#define OTHERS 100
#define ROUNDS 3
/* Deadline of a round, in seconds. */
#define ROUND_MAX 60

static const unsigned sizes[] = { 1000, 4000, 9900 };

struct client {
	int fd;
	size_t n;
	char head[16];
};

struct test {
	struct torture t;
	struct victim v;
	struct front front;
	struct client *clients;
	unsigned count;
	int epoll;
	unsigned status[6]; /* by their first digit, 0: no response */
	double longest; /* longest round, in seconds */
};

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
connect_all(struct test *f)
{
	unsigned i;

	for (i = 0; i < f->count; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };

		if ((f->clients[i].fd = front_connect(&f->front)) < 0 ||
		    epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->clients[i].fd, &ev) !=
			0)
			torture_die(&f->t, "connect");
	}
}

/* Reads a part of a response. Returns true at its end. Each response is small
 * and the last one on its connection, so its first bytes contain the status and
 * its last byte is the end of the JSON object. */
static bool
take(struct test *f, struct client *c)
{
	char piece[8192];
	ssize_t n = recv(c->fd, piece, sizeof(piece), MSG_DONTWAIT);
	size_t room = sizeof(c->head) - c->n;
	char digit;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n > 0) {
		memcpy(
		    c->head + c->n, piece, (size_t)n < room ? (size_t)n : room);
		c->n += (size_t)n < room ? (size_t)n : room;
		if (piece[n - 1] != '}' && piece[n - 1] != '\n')
			return false;
	}
	digit = c->n == sizeof(c->head) ? c->head[9] : '0';
	f->status[digit >= '1' && digit <= '5' ? digit - '0' : 0]++;
	return true;
}

static void
ask_all(struct test *f)
{
	char text[1024];
	size_t n = front_request(&f->v, "GET", NULL, true, text, sizeof(text));
	double began = seconds(), waited;
	struct epoll_event ev[256];
	unsigned i, left = f->count;
	int k, got;

	for (i = 0; i < f->count; i++) {
		f->clients[i].n = 0;
		if (send(f->clients[i].fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
			torture_die(&f->t, "send");
	}
	do {
		got = epoll_wait(f->epoll, ev, 256, 1000);
		for (k = 0; k < got; k++)
			if (take(f, &f->clients[ev[k].data.u32]))
				left--;
		waited = seconds() - began;
	} while (left > 0 && waited < ROUND_MAX);
	f->status[0] += left;
	if (waited > f->longest)
		f->longest = waited;
}

static void
try_size(struct test *f, unsigned count)
{
	struct rlimit is;
	unsigned i;

	getrlimit(RLIMIT_NOFILE, &is);
	/* A worker of nginx has a descriptor for each side of a connection. */
	if (is.rlim_max < 2 * count + OTHERS) {
		printf("many_connections: %u: left out, only %lu descriptors\n",
		    count, (unsigned long)is.rlim_max);
		return;
	}
	is.rlim_cur = is.rlim_max;
	setrlimit(RLIMIT_NOFILE, &is);
	memset(f->status, 0, sizeof(f->status));
	f->count = count;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->longest = 0;
	connect_all(f);
	for (i = 0; i < ROUNDS; i++)
		ask_all(f);
	for (i = 0; i < count; i++)
		close(f->clients[i].fd);
	close(f->epoll);
	printf("many_connections: %u connections, %u answers 200, %u of 5xx, "
	       "%u others, the longest wait %.0f ms\n",
	    count, f->status[2], f->status[5],
	    ROUNDS * count - f->status[2] - f->status[5], f->longest * 1000);
	torture_check(&f->t, f->status[2] == ROUNDS * count,
	    "%u connections: %u answers 200", count, f->status[2]);
}

int
main(int argc, char **argv)
{
	struct test f = { .count = 0 };
	size_t i, most;

	torture_begin(&f.t, "many_connections", argc, argv);
	victim_make(&f.v, &f.t, NULL);
	/* The program and the systemd unit use the same backlog. */
	if (listen(f.v.listener, 4096) != 0)
		torture_die(&f.t, "listen");
	victim_start(&f.v);
	if (victim_set(&f.v, 1) != 200)
		torture_die(&f.t, "the first change");
	front_start(&f.front, &f.v, 20000);
	f.clients = calloc(sizes[2], sizeof(*f.clients));
	most = f.t.full ? sizeof(sizes) / sizeof(sizes[0]) : 1;
	for (i = 0; i < most; i++)
		try_size(&f, sizes[i]);
	free(f.clients);
	front_stop(&f.front);
	torture_check(&f.t, victim_stop(&f.v), "the end");
	return torture_end(&f.t);
}
