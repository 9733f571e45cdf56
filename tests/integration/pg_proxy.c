/* SPDX-License-Identifier: ISC */
/*
 * pg_proxy.c - stands between a client and a PostgreSQL server, on loopback
 * only. It delays the bytes of each direction, so that the server seems to be
 * far away, and counts the messages of the clients.
 *
 *   pg_proxy [-d MS] PORT SOCKET
 *
 * PORT is a port of 127.0.0.1; SOCKET is the server's unix socket. A round trip
 * takes MS milliseconds longer (0 to 1000). On SIGUSR1, and at its end, the
 * program prints a line: "connections N parses N syncs N queries N". It ends at
 * SIGTERM, or with its parent process.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PAIRS_MAX 600
#define CHUNK 65536
/* The bytes of one direction that are under way. */
#define UNDER_WAY_MAX ((size_t)8 << 20)

struct chunk {
	struct chunk *next;
	int64_t due; /* microseconds */
	size_t at, n;
	char byte[];
};

/* One direction. */
struct flow {
	struct chunk *first, **last;
	size_t under_way;
	bool ended; /* nothing more will be read */
};

/* A client, its connection to the server, and the flows from each of them. */
struct pair {
	int fd[2];
	struct flow from[2];
	/* The messages of the client: whether they have types, the head that is
	 * being read, and the bytes that are left of the content. */
	bool started;
	unsigned char head[8];
	size_t head_n, left;
};

static struct {
	unsigned long connections, parses, syncs, queries;
} counts;
static volatile sig_atomic_t asked, ends;

static void
die(const char *what)
{
	fprintf(stderr, "pg_proxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
on_signal(int signal)
{
	if (signal == SIGUSR1)
		asked = 1;
	else
		ends = 1;
}

static void
print_counts(void)
{
	printf("connections %lu parses %lu syncs %lu queries %lu\n",
	    counts.connections, counts.parses, counts.syncs, counts.queries);
	fflush(stdout);
}

static void
count_message(char type)
{
	counts.parses += type == 'P';
	counts.syncs += type == 'S';
	counts.queries += type == 'Q';
}

static size_t
number(const unsigned char *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	    p[3];
}

/* The codes of the requests for encryption, after which another message
 * without a type follows. */
enum { SSL_REQUEST = 80877103, GSS_REQUEST = 80877104 };

/* Takes the head of a message: a type (1 byte) and a length (4) that includes
 * itself. The first message has no type, but a code (4) after its length. */
static void
take_head(struct pair *p)
{
	size_t code;

	p->head_n = 0;
	if (p->started) {
		p->left = number(p->head + 1) - 4;
		count_message((char)p->head[0]);
		return;
	}
	p->left = number(p->head) - 8;
	code = number(p->head + 4);
	p->started = code != SSL_REQUEST && code != GSS_REQUEST;
}

static void
count(struct pair *p, const char *byte, size_t n)
{
	while (n > 0) {
		size_t part = p->left < n ? p->left : n;

		if (part == 0) {
			p->head[p->head_n++] = (unsigned char)*byte;
			part = 1;
			if (p->head_n == (p->started ? 5U : 8U))
				take_head(p);
		} else
			p->left -= part;
		byte += part;
		n -= part;
	}
}

/* --- pairs -------------------------------------------------------------- */

static void
accept_one(struct pair *p, int listener, const char *server)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int on = 1, i;

	*p = (struct pair){ .fd = { -1, -1 } };
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", server);
	if ((p->fd[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
		return;
	setsockopt(p->fd[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	p->fd[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd[1] < 0 ||
	    connect(p->fd[1], (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(p->fd[0]);
		if (p->fd[1] >= 0)
			close(p->fd[1]);
		p->fd[0] = -1;
		return;
	}
	counts.connections++;
	for (i = 0; i < 2; i++) {
		fcntl(p->fd[i], F_SETFL, O_NONBLOCK);
		p->from[i].last = &p->from[i].first;
	}
}

static void
close_pair(struct pair *p)
{
	struct chunk *c;
	int i;

	for (i = 0; i < 2; i++) {
		close(p->fd[i]);
		while ((c = p->from[i].first) != NULL) {
			p->from[i].first = c->next;
			free(c);
		}
	}
	p->fd[0] = -1;
}

static void
receive(struct pair *p, int side, int64_t delay)
{
	struct flow *f = &p->from[side];
	struct chunk *c = malloc(sizeof(*c) + CHUNK);
	ssize_t n;

	if (c == NULL)
		die("memory");
	n = read(p->fd[side], c->byte, CHUNK);
	if (n <= 0) {
		f->ended |= n == 0 || (errno != EAGAIN && errno != EINTR);
		free(c);
		return;
	}
	if (side == 0)
		count(p, c->byte, (size_t)n);
	c->n = (size_t)n;
	c->at = 0;
	c->due = now_us() + delay;
	c->next = NULL;
	*f->last = c;
	f->last = &c->next;
	f->under_way += c->n;
}

/* Sends what is due from one side to the other. False: the pair has ended. */
static bool
deliver(struct pair *p, int side, int64_t now)
{
	struct flow *f = &p->from[side];
	struct chunk *c;
	ssize_t n;

	while ((c = f->first) != NULL && c->due <= now) {
		n = send(
		    p->fd[!side], c->byte + c->at, c->n - c->at, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		f->under_way -= (size_t)n;
		if ((c->at += (size_t)n) < c->n)
			return true;
		if ((f->first = c->next) == NULL)
			f->last = &f->first;
		free(c);
	}
	return f->first != NULL || !f->ended;
}

/* --- the loop ----------------------------------------------------------- */

/* Sets what to wait for, and returns the moment of the next delivery. */
static int64_t
prepare(const struct pair *p, struct pollfd *ev, int64_t now, int64_t next)
{
	int side;

	for (side = 0; side < 2; side++) {
		const struct flow *f = &p->from[side], *to = &p->from[!side];

		ev[side] = (struct pollfd){ .fd = p->fd[side] };
		if (!f->ended && f->under_way < UNDER_WAY_MAX)
			ev[side].events |= POLLIN;
		if (to->first != NULL && to->first->due <= now)
			ev[side].events |= POLLOUT;
		if (f->first != NULL && f->first->due > now &&
		    f->first->due < next)
			next = f->first->due;
		if (ev[side].events == 0)
			ev[side].fd = -1;
	}
	return next;
}

static void
turn(struct pair *pairs, int listener, const char *server, int64_t delay,
    const sigset_t *open_signals)
{
	static struct pollfd ev[2 * PAIRS_MAX + 1];
	int64_t now = now_us(), next = now + 1000000, left;
	struct timespec timeout;
	size_t i;

	for (i = 0; i < PAIRS_MAX; i++)
		if (pairs[i].fd[0] >= 0)
			next = prepare(&pairs[i], &ev[2 * i], now, next);
		else
			ev[2 * i].fd = ev[2 * i + 1].fd = -1;
	ev[2 * PAIRS_MAX] = (struct pollfd){ .fd = listener, .events = POLLIN };
	left = next - now;
	timeout = (struct timespec){ left / 1000000, left % 1000000 * 1000 };
	if (ppoll(ev, 2 * PAIRS_MAX + 1, &timeout, open_signals) < 0)
		return;
	for (i = 0; i < PAIRS_MAX; i++) {
		struct pair *p = &pairs[i];

		if (p->fd[0] < 0) {
			if (ev[2 * PAIRS_MAX].revents != 0)
				accept_one(p, listener, server);
			ev[2 * PAIRS_MAX].revents = 0;
			continue;
		}
		if (ev[2 * i].revents & ~POLLOUT)
			receive(p, 0, delay);
		if (ev[2 * i + 1].revents & ~POLLOUT)
			receive(p, 1, delay);
		now = now_us();
		if (!deliver(p, 0, now) || !deliver(p, 1, now))
			close_pair(p);
	}
}

static int
listen_on(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0 ||
	    listen(fd, 512) != 0)
		die("listen");
	return fd;
}

int
main(int argc, char **argv)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGUSR1 };
	static struct pair pairs[PAIRS_MAX];
	struct sigaction act = { .sa_handler = on_signal };
	int64_t delay = 0; /* of one direction, in microseconds */
	sigset_t blocked, before;
	int listener, option;
	size_t i;

	while ((option = getopt(argc, argv, "d:")) == 'd')
		delay = (int64_t)(strtod(optarg, NULL) * 500);
	if (option != -1 || optind + 2 != argc || delay < 0 || delay > 500000) {
		fputs("usage: pg_proxy [-d MS] PORT SOCKET\n", stderr);
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&blocked);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&blocked, signals[i]);
		sigaction(signals[i], &act, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, &before);
	listener = listen_on((int)strtol(argv[optind], NULL, 10));
	for (i = 0; i < PAIRS_MAX; i++)
		pairs[i].fd[0] = -1;
	while (!ends) {
		turn(pairs, listener, argv[optind + 1], delay, &before);
		if (asked)
			print_counts();
		asked = 0;
	}
	print_counts();
	return 0;
}
