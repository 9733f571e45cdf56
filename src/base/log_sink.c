/* SPDX-License-Identifier: ISC */
/*
 * log_sink.c - writes that never wait.
 *
 * Other processes share standard error. O_NONBLOCK belongs to the open file
 * description, so setting it would change their writes too. Each kind of file
 * is therefore written in its own way:
 *
 *      socket       send with MSG_DONTWAIT
 *      pipe, tty    opened again through /proc with O_NONBLOCK, which gives
 *                   this process its own description. If that is refused (a
 *                   pipe of another user): RWF_NOWAIT, or in older kernels
 *                   poll and then write, one thread at a time
 *      other file   write
 *
 * Until a service takes over (log_sink_take_over), another file may still be
 * put in the place of standard error. Until then, lines are written as to the
 * pipe of another user, which works for every kind of file.
 *
 * A line is shorter than PIPE_BUF, so a pipe takes the whole line or nothing
 * (pipe(7)).
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
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/libc.h"

#define NAME "pushcert"

/* A line with its prefix (the name, or the header of syslog) and its end. */
#define WHOLE_MAX (LOG_SINK_LINE_MAX + 128)
_Static_assert(WHOLE_MAX <= PIPE_BUF, "a pipe takes a line as a whole");

enum way { POLLED, PLAIN, SOCKET };

static struct {
	enum way way; /* how standard error is written */
	int fd; /* standard error, or its file opened again */
	int daemon; /* socket of the syslog daemon, or -1 */
	bool is_stream; /* the daemon has a stream socket: lines end with NUL */
	atomic_uint dropped;
	atomic_bool cut; /* the terminal took only a part of the last line */
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
	ssize_t written = libc_write_at_once(sink.fd, p, n);

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
	/* Without the lock, another thread could fill the space that poll has
	 * just reported, or continue in the middle of a line that a terminal
	 * cut. */
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

/* Chooses how lines are written to standard error from now on. */
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

/* Sets *lost if the daemon has gone; the line may then go to standard error. */
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
