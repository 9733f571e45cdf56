/* SPDX-License-Identifier: ISC */
/*
 * test_log_sink.c - no thread waits for a reader of the log, whatever kind of
 * file standard error is, and every dropped line is counted.
 *
 * Two calls that fail in older kernels and on pipes of other users are replaced
 * here by versions that fail on request.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log_sink.h"
#include "unit.h"

/* More lines than any pipe or socket buffers. */
#define LINES 8000
#define THREADS 8
/* Seconds after which a blocked write fails the test. */
#define HANGS 60

static bool no_second_open, no_nowait;
/* The service takes standard error over; the command-line tool does not. */
static bool taken_over = true;

int
open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	if (no_second_open && strcmp(path, "/proc/self/fd/2") == 0) {
		errno = EACCES;
		return -1;
	}
	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, int) : 0;
	va_end(ap);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

#ifdef HAVE_PWRITEV2
ssize_t
pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	if (no_nowait) {
		errno = EOPNOTSUPP;
		return -1;
	}
	/* The offset of the program is -1, in as many words as it takes. */
	ck_assert(at == -1);
	return syscall(SYS_pwritev2, fd, v, n, -1L, -1L, flags);
}
#endif

/* --- kinds of standard error -------------------------------------------- */

/*
 * Each function returns the end to read from and stores the other end in *to.
 */

static int
make_pipe(int *to)
{
	int fds[2];

	ck_assert(pipe(fds) == 0);
	*to = fds[1];
	return fds[0];
}

static int
make_fifo(int *to)
{
	char path[128];
	int from;

	snprintf(path, sizeof(path), "%s/fifo", unit_directory());
	ck_assert(mkfifo(path, 0600) == 0);
	from = open(path, O_RDONLY | O_NONBLOCK);
	*to = open(path, O_WRONLY);
	ck_assert(from >= 0 && *to >= 0);
	return from;
}

static int
make_stream(int *to)
{
	int fds[2];

	ck_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	*to = fds[1];
	return fds[0];
}

static int
make_datagrams(int *to)
{
	int fds[2];

	ck_assert(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	*to = fds[1];
	return fds[0];
}

/* The terminal is in raw mode, so that it leaves line ends unchanged. */
static int
make_terminal(int *to)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char command[160];

	ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	*to = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert(*to >= 0);
	snprintf(command, sizeof(command), "stty -F %s raw", ptsname(master));
	ck_assert(system(command) == 0);
	return master;
}

static int
make_file(int *to)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file", unit_directory());
	*to = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert(*to >= 0);
	return open(path, O_RDONLY);
}

static const struct {
	const char *name;
	int (*make)(int *to);
	bool no_second_open, no_nowait;
	bool fills;
} kinds[] = {
	{ "a pipe", make_pipe, false, false, true },
	{ "a pipe of another user", make_pipe, true, false, true },
	{ "the same in an older kernel", make_pipe, true, true, true },
	{ "a FIFO", make_fifo, false, false, true },
	{ "a FIFO of another user", make_fifo, true, true, true },
	{ "the journal's socket", make_stream, false, false, true },
	{ "a socket of datagrams", make_datagrams, false, false, true },
	{ "a terminal", make_terminal, false, false, true },
	{ "a terminal of another user", make_terminal, true, true, true },
	{ "a file", make_file, false, false, false },
};
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static int
begin(int kind)
{
	int to, from = kinds[kind].make(&to);

	no_second_open = kinds[kind].no_second_open;
	no_nowait = kinds[kind].no_nowait;
	ck_assert(dup2(to, STDERR_FILENO) == STDERR_FILENO && close(to) == 0);
	ck_assert(fcntl(from, F_SETFL, O_NONBLOCK) == 0);
	log_sink_open(NULL);
	if (taken_over)
		log_sink_take_over();
	alarm(HANGS);
	return from;
}

/* --- lines that arrive -------------------------------------------------- */

struct seen {
	unsigned whole; /* complete lines of a test */
	unsigned dropped; /* lines that the log reports as dropped */
	unsigned other; /* partial lines, and lines of other writers */
};

static void
look_at(const char *line, struct seen *seen)
{
	unsigned n;
	char end;

	if (sscanf(line, "pushcert: line %u of a test%c", &n, &end) == 2 &&
	    end == '.')
		seen->whole++;
	else if (sscanf(line, "pushcert: %u log lines were dropped", &n) == 1)
		seen->dropped += n;
	else
		seen->other++;
}

/* Reads all lines that are available now. */
static void
drain(int from, struct seen *seen)
{
	static char text[65536];
	static size_t n;
	char *end;
	ssize_t got;

	while ((got = read(from, text + n, sizeof(text) - 1 - n)) > 0) {
		n += (size_t)got;
		text[n] = '\0';
		while ((end = strchr(text, '\n')) != NULL) {
			*end = '\0';
			look_at(text, seen);
			n -= (size_t)(end + 1 - text);
			memmove(text, end + 1, n + 1);
		}
	}
}

static void
write_lines(unsigned n)
{
	char text[64];
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "line %u of a test.", i);
		log_sink_write(LOG_INFO, str_of(text));
	}
}

/* Reads until n lines have arrived or are reported as dropped. */
static void
drain_all(int from, unsigned n, struct seen *seen)
{
	drain(from, seen);
	while (seen->whole + seen->dropped < n) {
		log_sink_catch_up();
		drain(from, seen);
	}
}

START_TEST(the_tool_does_not_wait_either)
{
	struct seen seen = { .whole = 0 };
	int from;

	taken_over = false;
	from = begin(_i);
	write_lines(LINES);
	drain_all(from, LINES, &seen);
	unit_check(kinds[_i].name, seen.whole + seen.dropped == LINES);
	unit_check(kinds[_i].name, seen.other == 0);
}
END_TEST

START_TEST(never_waits)
{
	struct seen seen = { .whole = 0 };
	int from = begin(_i);

	write_lines(LINES);
	drain_all(from, LINES, &seen);
	unit_check(kinds[_i].name, seen.whole + seen.dropped == LINES);
	unit_check(kinds[_i].name, (seen.dropped > 0) == kinds[_i].fills);
	write_lines(1);
	drain_all(from, LINES + 1, &seen);
	/* Only a terminal accepts part of a line. The next line starts on a new
	 * line. */
	unit_check(kinds[_i].name,
	    seen.other <= (kinds[_i].make == make_terminal ? 8 : 0));
}
END_TEST

static void *
write_much(void *arg)
{
	(void)arg;
	write_lines(LINES / THREADS);
	return NULL;
}

START_TEST(no_thread_waits)
{
	struct seen seen = { .whole = 0 };
	pthread_t thread[THREADS];
	int from = begin(_i), i;

	for (i = 0; i < THREADS; i++)
		ck_assert(
		    pthread_create(&thread[i], NULL, write_much, NULL) == 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	drain_all(from, LINES, &seen);
	unit_check(kinds[_i].name, seen.whole + seen.dropped == LINES);
	unit_check(kinds[_i].name,
	    seen.other <= (kinds[_i].make == make_terminal ? 8 : 0));
}
END_TEST

/* Other processes share the open file description, so its flags must not
 * change. */
START_TEST(leaves_the_shared_description_alone)
{
	int to, from = kinds[_i].make(&to), flags = fcntl(to, F_GETFL);

	(void)from;
	ck_assert(dup2(to, STDERR_FILENO) == STDERR_FILENO);
	log_sink_open(NULL);
	log_sink_take_over();
	write_lines(1);
	unit_check(kinds[_i].name, fcntl(to, F_GETFL) == flags);
}
END_TEST

/* A line from a library or from a signal handler. */
START_TEST(last_words_do_not_wait)
{
	static const char words[] = "pushcert: the end\n";
	struct seen seen = { .whole = 0 };
	int from = begin(_i);

	write_lines(LINES);
	log_sink_last_words(words, sizeof(words) - 1);
	drain_all(from, LINES, &seen);
	seen.other = 0;
	log_sink_last_words(words, sizeof(words) - 1);
	while (seen.other == 0)
		drain(from, &seen);
}
END_TEST

START_TEST(a_library_does_not_wait_after_the_takeover)
{
	int from = begin(_i), i;

	(void)from;
	write_lines(LINES);
	for (i = 0; i < LINES; i++)
		fprintf(stderr, "of a library\n");
}
END_TEST

/* --- the daemon --------------------------------------------------------- */

static char address[128];

static int
make_daemon(int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	snprintf(address, sizeof(address), "%s/log", unit_directory());
	strcpy(at.sun_path, address);
	ck_assert(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

static bool
is_line(const char *text, const char *want)
{
	char month[8], line[128];
	int priority, day, h, m, s, pid, n = 0;

	return sscanf(text, "<%d>%3s %d %d:%d:%d pushcert[%d]: %n", &priority,
		   month, &day, &h, &m, &s, &pid, &n) == 7 &&
	    priority == (LOG_DAEMON | LOG_WARNING) && pid == (int)getpid() &&
	    snprintf(line, sizeof(line), "%s", want) > 0 &&
	    strcmp(text + n, line) == 0;
}

START_TEST(the_daemon_gets_a_line)
{
	int type = _i == 0 ? SOCK_DGRAM : SOCK_STREAM;
	int fd = make_daemon(type), from, to;
	struct seen seen = { .whole = 0 };
	char text[256];
	ssize_t n;

	from = make_pipe(&to);
	ck_assert(dup2(to, STDERR_FILENO) == STDERR_FILENO);
	ck_assert(fcntl(from, F_SETFL, O_NONBLOCK) == 0);
	if (type == SOCK_STREAM)
		ck_assert(listen(fd, 1) == 0);
	log_sink_open(address);
	if (type == SOCK_STREAM)
		fd = accept(fd, NULL, NULL);
	log_sink_write(LOG_WARNING, str_of("a warning"));
	n = read(fd, text, sizeof(text) - 1);
	ck_assert(n > 0);
	text[n] = '\0';
	/* On a stream, every message ends with a NUL byte, as a separator. */
	ck_assert(((size_t)n == strlen(text) + 1) == (type == SOCK_STREAM));
	ck_assert_msg(is_line(text, "a warning"), "%s", text);
	drain(from, &seen);
	ck_assert(seen.other == 0);
}
END_TEST

START_TEST(a_daemon_that_does_not_read_is_not_waited_for)
{
	int fd = make_daemon(SOCK_DGRAM);
	unsigned n = 0, dropped = 0;
	char text[256];
	ssize_t got;

	log_sink_open(address);
	alarm(HANGS);
	write_lines(LINES);
	while (recv(fd, text, sizeof(text), 0) > 0)
		n++;
	ck_assert(n > 0 && n < LINES);
	log_sink_catch_up();
	got = recv(fd, text, sizeof(text) - 1, 0);
	ck_assert(got > 0);
	text[got] = '\0';
	ck_assert(
	    sscanf(strstr(text, "]: "), "]: %u log lines", &dropped) == 1);
	ck_assert(n + dropped == LINES);
}
END_TEST

/* If the daemon is absent or ends, lines go to standard error. */
START_TEST(without_a_daemon_standard_error_is_used)
{
	struct seen seen = { .whole = 0 };
	int from, to, fd = -1;

	from = make_pipe(&to);
	ck_assert(dup2(to, STDERR_FILENO) == STDERR_FILENO);
	ck_assert(fcntl(from, F_SETFL, O_NONBLOCK) == 0);
	if (_i == 0)
		fd = make_daemon(SOCK_DGRAM);
	log_sink_open(_i == 0 ? address : "/nowhere/log");
	drain(from, &seen);
	ck_assert(seen.other == (_i == 0 ? 0 : 1));
	if (_i == 0)
		ck_assert(close(fd) == 0);
	write_lines(3);
	drain(from, &seen);
	ck_assert(seen.whole == 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log_sink");
	TCase *t = tcase_create("standard error");

	signal(SIGPIPE, SIG_IGN);
	tcase_add_loop_test(t, never_waits, 0, KINDS);
	tcase_add_loop_test(t, the_tool_does_not_wait_either, 0, KINDS);
	tcase_add_loop_test(t, no_thread_waits, 0, KINDS);
	tcase_add_loop_test(t, leaves_the_shared_description_alone, 0, KINDS);
	tcase_add_loop_test(t, last_words_do_not_wait, 0, KINDS);
	/* Runs with a pipe only: a socket cannot be opened a second time. */
	tcase_add_test(t, a_library_does_not_wait_after_the_takeover);
	suite_add_tcase(suite, t);
	t = tcase_create("syslog");
	tcase_add_loop_test(t, the_daemon_gets_a_line, 0, 2);
	tcase_add_test(t, a_daemon_that_does_not_read_is_not_waited_for);
	tcase_add_loop_test(t, without_a_daemon_standard_error_is_used, 0, 2);
	suite_add_tcase(suite, t);
	return unit_run(suite);
}
