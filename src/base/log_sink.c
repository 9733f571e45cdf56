/* SPDX-License-Identifier: ISC */
/*
 * log_sink.c - writes that never wait.
 *
 * Standard error is shared with other processes, so that O_NONBLOCK, which
 * belongs to the open file description, must not be set on it. Each kind of
 * file has its own way:
 *
 *      socket       send with MSG_DONTWAIT
 *      pipe, tty    opened once more by /proc, with O_NONBLOCK, for us alone;
 *                   where that is refused (a pipe of another user): RWF_NOWAIT,
 *                   and in older kernels poll first, one thread at a time
 *      other file   write
 *
 * Until a service takes over, standard error may become another file, and the
 * way of a pipe of another user works for all of them.
 *
 * A line is shorter than PIPE_BUF, so that a pipe takes all of it or nothing.
 */
#include "base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

#define NAME "pushcert"

/* A line with what stands before and behind it. */
#define WHOLE_MAX (LOG_SINK_LINE_MAX + 128)
_Static_assert(WHOLE_MAX <= PIPE_BUF, "a pipe takes a line as a whole");

enum way { POLLED, PLAIN, SOCKET };

static struct {
	enum way way; /* of standard error */
	int fd; /* standard error, or the description of our own */
	int daemon; /* its socket, or -1 */
	bool is_stream; /* the daemon's socket: each line ends with a NUL */
	atomic_uint dropped;
	atomic_bool cut; /* the last line has no end: a terminal took a part */
	bool is_terminal;
	pthread_mutex_t turn;
} sink = {
	.fd = STDERR_FILENO, .daemon = -1, .turn = PTHREAD_MUTEX_INITIALIZER
};

/* --- standard error ----------------------------------------------------- */

static ssize_t
write_polled(const char *p, size_t n)
{
	struct pollfd fd = { .fd = sink.fd, .events = POLLOUT };
	const struct iovec v = { .iov_base = (void *)(uintptr_t)p,
		.iov_len = n };
	ssize_t written = pwritev2(sink.fd, &v, 1, -1, RWF_NOWAIT);

	if (written >= 0)
		return written;
	if (poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT) != 0)
		return write(sink.fd, p, n);
	errno = EAGAIN;
	return -1;
}

static bool
put(const char *p, size_t n)
{
	ssize_t written = -1;

	switch (sink.way) {
	case SOCKET:
		written = send(sink.fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case PLAIN:
		written = write(sink.fd, p, n);
		break;
	case POLLED:
		written = write_polled(p, n);
		break;
	}
	if (sink.is_terminal && written > 0)
		atomic_store(&sink.cut, written < (ssize_t)n);
	return written == (ssize_t)n;
}

static bool
put_stderr(struct str text)
{
	/* Where a thread may take the room that another one has seen, or go on
	 * in the middle of its line. */
	bool alone = sink.way == POLLED || sink.is_terminal, good;
	char block[WHOLE_MAX];
	struct buf line;

	buf_init(&line, block, sizeof(block));
	if (alone)
		pthread_mutex_lock(&sink.turn);
	if (sink.is_terminal && atomic_load(&sink.cut))
		buf_char(&line, '\n');
	buf_text(&line, NAME ": ");
	buf_str(&line, text);
	buf_char(&line, '\n');
	good = put(line.p, line.n);
	if (alone)
		pthread_mutex_unlock(&sink.turn);
	return good;
}

/* How lines get to standard error from now on. */
static void
look_at_stderr(void)
{
	struct stat st;
	int own;

	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	sink.is_terminal = S_ISCHR(st.st_mode);
	if (S_ISSOCK(st.st_mode))
		sink.way = SOCKET;
	else if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		sink.way = PLAIN;
	if (sink.way != POLLED || sink.fd != STDERR_FILENO)
		return;
	own = open("/proc/self/fd/2",
	    O_WRONLY | O_NONBLOCK | O_NOCTTY | O_APPEND | O_CLOEXEC);
	if (own < 0)
		return;
	sink.fd = own;
	sink.way = PLAIN;
}

void
log_sink_take_over(void)
{
	look_at_stderr();
	if (sink.fd != STDERR_FILENO)
		(void)dup2(sink.fd, STDERR_FILENO);
}

void
log_sink_last_words(const char *line, size_t n)
{
	struct pollfd fd = { .fd = sink.fd, .events = POLLOUT };

	if (sink.way != POLLED)
		(void)put(line, n);
	else if (poll(&fd, 1, 0) == 1 && write(sink.fd, line, n) < 0)
		return;
}

/* --- the daemon --------------------------------------------------------- */

static int
connected(const char *path, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(at.sun_path, path);
	if ((fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* *lost: the daemon is not there any more, and the line may go elsewhere. */
static bool
put_daemon(int priority, struct str text, bool *lost)
{
	char block[WHOLE_MAX], stamp[32] = "";
	time_t now = time(NULL);
	struct buf line;
	struct tm local;

	if (localtime_r(&now, &local) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%b %e %T", &local);
	buf_init(&line, block, sizeof(block));
	buf_char(&line, '<');
	buf_u64(&line, (uint64_t)(LOG_DAEMON | priority));
	buf_char(&line, '>');
	buf_text(&line, stamp);
	buf_text(&line, " " NAME "[");
	buf_u64(&line, (uint64_t)getpid());
	buf_text(&line, "]: ");
	buf_str(&line, text);
	if (sink.is_stream)
		buf_char(&line, '\0');
	if (send(sink.daemon, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)line.n)
		return true;
	*lost = errno == ECONNREFUSED || errno == ENOTCONN ||
	    errno == ECONNRESET || errno == EPIPE;
	return false;
}

static bool
emit(int priority, struct str text)
{
	bool lost = true;

	if (sink.daemon >= 0 && put_daemon(priority, text, &lost))
		return true;
	return lost && put_stderr(text);
}

/* --- both --------------------------------------------------------------- */

static bool
catch_up(void)
{
	unsigned n = atomic_exchange(&sink.dropped, 0);
	char text[64];

	if (n == 0)
		return true;
	(void)snprintf(
	    text, sizeof(text), "%u log lines were dropped: no room", n);
	if (emit(LOG_WARNING, str_of(text)))
		return true;
	atomic_fetch_add(&sink.dropped, n);
	return false;
}

void
log_sink_catch_up(void)
{
	(void)catch_up();
}

void
log_sink_write(int priority, struct str text)
{
	int before = errno;

	if (!catch_up() || !emit(priority, text))
		atomic_fetch_add(&sink.dropped, 1);
	errno = before;
}

void
log_sink_open(const char *syslog_path)
{
	if (syslog_path == NULL || sink.daemon >= 0)
		return;
	tzset();
	sink.daemon = connected(syslog_path, SOCK_DGRAM);
	if (sink.daemon < 0 && errno == EPROTOTYPE) {
		sink.daemon = connected(syslog_path, SOCK_STREAM);
		sink.is_stream = true;
	}
	if (sink.daemon < 0)
		log_sink_write(LOG_WARNING,
		    str_of("no syslog daemon can be reached, so log lines go "
			   "to standard error"));
}
