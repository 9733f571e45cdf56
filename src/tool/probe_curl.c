/* SPDX-License-Identifier: ISC */
/*
 * probe_curl.c - sends one push with curl(1).
 *
 * curl runs without a shell. It reads its configuration from standard input,
 * and the certificate with its key from a sealed memory file that it inherits
 * (/dev/fd/N). So no key reaches a disk, an argument or the environment. curl
 * takes proxies from the environment, because many sites reach Apple only
 * through one, but no ~/.curlrc. It dies with this process.
 */
#include "tool/probe_curl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "tool/cmd_call.h"

/* curl ends itself after PROBE_TIMEOUT; a resolver that hangs may delay that.
 */
#define GRACE 5

/* The line that curl prints at the end; no other line begins like this. */
#define RESULT "pushcert-result "

/* Most bytes of curl's configuration: a URL, a path, a topic and a payload. */
#define CONFIG_MAX ((size_t)16 * 1024)

/* --- the question ------------------------------------------------------- */

/* Appends an option with a quoted value (curl(1), --config). */
static void
put_option(struct buf *out, const char *name, struct str value)
{
	size_t i;

	buf_printf(out, "%s = \"", name);
	for (i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, value.p[i]);
	}
	buf_text(out, "\"\n");
}

/* Writes curl's configuration. */
static void
put_config(const struct probe_request *q, int pair, struct buf *out)
{
	buf_text(out,
	    "http2\ntlsv1.2\nproto = \"=https\"\nverbose\nsilent\n"
	    "show-error\ngloboff\n"
	    "header = \"apns-push-type: mdm\"\n"
	    "header = \"apns-expiration: 0\"\n"
	    "header = \"content-type: application/json\"\n"
	    "header = \"Expect:\"\n"
	    "write-out = \"%{stderr}\\n" RESULT
	    "%{http_version} %{http_code}\\n\"\n");
	buf_printf(out, "max-time = %d\n", PROBE_TIMEOUT);
	buf_printf(out, "cert = \"/dev/fd/%d\"\n", pair);
	put_option(out, "url", str_of(q->url));
	if (q->ca != NULL)
		put_option(out, "cacert", str_of(q->ca));
	buf_printf(out, "header = \"apns-topic: %.*s\"\n", STR_ARG(q->topic));
	put_option(out, "data-raw", q->payload);
}

/* Whether another program can open the pair, which takes /proc. Otherwise curl
 * would report a pair that does not fit. */
static bool
can_open(int pair)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/fd/%d", pair);
	return access(path, R_OK) == 0;
}

/* Returns the descriptor of the configuration, or -1 with errno. */
static int
make_config(const struct probe_request *q, int pair, struct arena *a)
{
	size_t used = a->used;
	struct buf out;
	char *text = arena_take(a, CONFIG_MAX);
	int fd = -1;

	errno = ENOMEM;
	if (text == NULL)
		return -1;
	buf_init(&out, text, CONFIG_MAX);
	put_config(q, pair, &out);
	if (!out.full)
		fd = file_memory(buf_view(&out));
	a->used = used;
	return fd;
}

/* --- the child ---------------------------------------------------------- */

/* Prevents a core file, which would have the key. A filter for system calls may
 * forbid the change where it is not needed. */
static bool
leave_no_core(void)
{
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0)
		return true;
	core.rlim_cur = core.rlim_max = 0;
	return setrlimit(RLIMIT_CORE, &core) == 0;
}

/* Becomes the program curl; does not return. */
static void
be_curl(int config, int pair, const int out[2], pid_t parent)
{
	signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    leave_no_core() && dup2(config, STDIN_FILENO) >= 0 &&
	    dup2(out[0], STDOUT_FILENO) >= 0 &&
	    dup2(out[1], STDERR_FILENO) >= 0 && cmd_keep_files() &&
	    fcntl(pair, F_SETFD, 0) == 0)
		execlp("curl", "curl", "-q", "--config", "-", (char *)NULL);
	_exit(PROBE_NO_CURL);
}

/* --- its output --------------------------------------------------------- */

static void
take_body(struct probe_reply *r, const char *p, size_t n)
{
	size_t room = sizeof(r->body) - r->body_n;

	if (n > room)
		n = room;
	memcpy(r->body + r->body_n, p, n);
	r->body_n += n;
}

/* Keeps the lines of curl. A line of the server begins with '<', one about data
 * with '{' or '}', and one that was sent with '>'. */
static void
take_trace(struct probe_reply *r, const char *p, size_t n)
{
	for (; n > 0; p++, n--) {
		if (!r->inside)
			r->skips = strchr("<>{}", *p) != NULL && *p != '\0';
		r->inside = *p != '\n';
		if (!r->skips && r->trace_n < sizeof(r->trace))
			r->trace[r->trace_n++] = *p;
	}
}

/* Takes what a pipe holds. Returns false at its end, and when the body is too
 * long for an answer of Apple. */
static bool
take(struct probe_reply *r, int fd, bool is_trace)
{
	char block[4096];
	ssize_t n = read(fd, block, sizeof(block));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (is_trace)
		take_trace(r, block, (size_t)n);
	else
		take_body(r, block, (size_t)n);
	return n > 0 && (is_trace || r->body_n < sizeof(r->body));
}

/* Reads both pipes to their ends. A pipe that is closed before its end ends
 * curl, too. Returns false after the timeout. */
static bool
drain(struct probe_reply *r, int out, int err)
{
	int64_t until = clock_ms() + (int64_t)(PROBE_TIMEOUT + GRACE) * 1000;
	struct pollfd p[2] = { { .fd = out, .events = POLLIN },
		{ .fd = err, .events = POLLIN } };
	bool in_time = true;
	int64_t left;
	int i;

	while (in_time && (p[0].fd >= 0 || p[1].fd >= 0)) {
		left = until - clock_ms();
		in_time = left > 0 &&
		    (poll(p, 2, (int)left) >= 0 || errno == EINTR);
		for (i = 0; i < 2 && in_time; i++)
			if (p[i].revents != 0 && !take(r, p[i].fd, i == 1)) {
				close(p[i].fd);
				p[i].fd = -1;
			}
	}
	for (i = 0; i < 2; i++)
		if (p[i].fd >= 0)
			close(p[i].fd);
	return in_time;
}

/* Reads the last line of curl: the version and the status. */
static void
read_result(struct probe_reply *r)
{
	struct str trace = str_from(r->trace, r->trace_n), line, version;
	uint64_t status = 0;

	r->answer.trace = trace;
	r->answer.body = str_from(r->body, r->body_n);
	r->answer.http_version = STR_EMPTY;
	while (!str_is_null(trace)) {
		line = str_cut(&trace, '\n');
		if (!str_starts(line, RESULT))
			continue;
		line = str_tail(line, sizeof(RESULT) - 1);
		version = str_cut(&line, ' ');
		if (!str_u64(line, &status) || status > 999)
			status = 0;
		r->answer.http_version = version;
	}
	r->answer.status = (unsigned)status;
}

/* --- the run ------------------------------------------------------------ */

static void
close_both(const int fd[2])
{
	int i;

	for (i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* The exit status of curl; 28 is curl's own for a timeout. */
static int
wait_for(pid_t child, bool in_time)
{
	int status = 0;

	if (!in_time)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return PROBE_NO_CURL;
	if (!in_time)
		return 28;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
run(int config, int pair, struct probe_reply *r)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	pid_t child = -1, parent = getpid();
	bool in_time;

	fflush(stdout);
	fflush(stderr);
	if (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 &&
	    (child = fork()) == 0) {
		const int ends[2] = { out[1], err[1] };

		be_curl(config, pair, ends, parent);
	}
	if (child <= 0) {
		r->cause = errno;
		close_both(out);
		close_both(err);
		return PROBE_NO_CURL;
	}
	close(out[1]);
	close(err[1]);
	in_time = drain(r, out[0], err[0]);
	return wait_for(child, in_time);
}

void
probe_curl_run(
    const struct probe_request *q, struct arena *a, struct probe_reply *r)
{
	int pair = file_memory(q->pair), config = -1;

	r->body_n = r->trace_n = 0;
	r->inside = r->skips = false;
	r->cause = 0;
	r->answer = (struct apns_answer){ .exit_status = PROBE_NO_CURL };
	if (pair >= 0 && can_open(pair))
		config = make_config(q, pair, a);
	if (config >= 0)
		r->answer.exit_status = run(config, pair, r);
	else
		r->cause = errno;
	if (config >= 0)
		close(config);
	if (pair >= 0)
		close(pair);
	read_result(r);
}
