/* SPDX-License-Identifier: ISC */
/*
 * deploy_hook.c - runs a hook in a process group of its own.
 *
 * The certificate and the key lie in sealed memory files (memfd_create), which
 * the hook inherits. So no key reaches a disk, an argument or the environment,
 * and the files vanish with the last process that has them open. The hook dies
 * with this process (PR_SET_PDEATHSIG), so that a killed run leaves no hook
 * that another run would start a second time.
 */
#include "tool/deploy_hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "tool/cmd_call.h"
#include "tool/cmd_output.h"

/* Milliseconds between two looks at the hook. */
#define LOOK_MS 50
/* More output than this is dropped, and so is the rest of a longer line. */
#define OUTPUT_MAX ((size_t)64 * 1024)
#define LINE_MAX_BYTES 512
/* A line that contains the first digits of a line of the key is left out.
 */
#define KEY_LINE 16

static const char *const text_names[DEPLOY_TEXTS] = {
	[DEPLOY_CERTIFICATE] = "PUSHCERT_CERTIFICATE",
	[DEPLOY_KEY] = "PUSHCERT_KEY",
	[DEPLOY_KEY_RSA] = "PUSHCERT_KEY_RSA",
	[DEPLOY_PAIR] = "PUSHCERT_PAIR",
};

/* The output of a hook, line by line. */
struct output {
	const struct cmd_call *c;
	const struct deploy_hook *h;
	char line[LINE_MAX_BYTES];
	size_t n, total;
};

/* --- the files in memory ---------------------------------------------- */

/* Returns a descriptor, or -1 with errno. The mode is that of a key file,
 * because cp(1) keeps it. */
static int
memory_file(struct str text)
{
	int fd = memfd_create("pushcert", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
	    file_write(fd, text.p, text.n) == ERR_OK &&
	    lseek(fd, 0, SEEK_SET) == 0 &&
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
close_all(int fd[DEPLOY_TEXTS])
{
	size_t i;

	for (i = 0; i < DEPLOY_TEXTS; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static bool
open_all(const struct deploy_hook *h, int fd[DEPLOY_TEXTS])
{
	bool good = true;
	size_t i;

	for (i = 0; i < DEPLOY_TEXTS; i++) {
		fd[i] = -1;
		if (str_is_null(h->text[i]) || !good)
			continue;
		good = (fd[i] = memory_file(h->text[i])) >= 0;
	}
	return good;
}

/* --- the child -------------------------------------------------------- */

/* Gives the hook its files and their names. */
static bool
give_files(const int fd[DEPLOY_TEXTS])
{
	char path[32];
	size_t i;

	for (i = 0; i < DEPLOY_TEXTS; i++) {
		if (fd[i] < 0) {
			if (unsetenv(text_names[i]) != 0)
				return false;
			continue;
		}
		snprintf(path, sizeof(path), "/dev/fd/%d", fd[i]);
		if (fcntl(fd[i], F_SETFD, 0) != 0 ||
		    setenv(text_names[i], path, 1) != 0)
			return false;
	}
	return true;
}

/* Opens standard input apart from the files, because a read of one must not
 * move the position of the other. */
static bool
give_streams(const int fd[DEPLOY_TEXTS], int out)
{
	char path[32];
	int in;

	snprintf(path, sizeof(path), "/proc/self/fd/%d",
	    fd[DEPLOY_PAIR] >= 0 ? fd[DEPLOY_PAIR] : fd[DEPLOY_CERTIFICATE]);
	in = open(path, O_RDONLY | O_CLOEXEC);
	return in >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0;
}

static void
run_child(const struct deploy_hook *h, const int fd[DEPLOY_TEXTS], int out,
    pid_t parent)
{
	char *const argv[] = { (char *)(uintptr_t)h->path, NULL };
	size_t i;

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(DEPLOY_VANISHED);
	for (i = 0; i < h->facts_n; i++)
		if (setenv(h->facts[i].name, h->facts[i].value, 1) != 0)
			_exit(DEPLOY_VANISHED);
	if (!give_streams(fd, out) || !cmd_keep_files() || !give_files(fd))
		_exit(DEPLOY_VANISHED);
	execv(h->path, argv);
	dprintf(STDERR_FILENO, "%s: cannot be started: %s\n", h->path,
	    strerror(errno));
	_exit(errno == ENOENT ? DEPLOY_VANISHED : DEPLOY_REFUSED);
}

/* --- its output ------------------------------------------------------- */

/* Whether the line contains a line of the private key. A hook of a shell that
 * prints its commands (sh -x) could print it. */
static bool
is_of_key(const struct output *o, struct str line)
{
	static const int keys[] = { DEPLOY_KEY, DEPLOY_KEY_RSA };
	struct str rest, part;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		rest = o->h->text[keys[i]];
		while (!str_is_null(rest)) {
			part = str_cut(&rest, '\n');
			if (part.n >= KEY_LINE && !str_starts(part, "-----") &&
			    memmem(line.p, line.n, part.p, KEY_LINE) != NULL)
				return true;
		}
	}
	return false;
}

static void
print_line(struct output *o)
{
	struct str line = str_from(o->line, o->n);

	o->n = 0;
	if (line.n == 0)
		return;
	if (is_of_key(o, line))
		cmd_error(o->c, "%s: (a line with a private key is left out)",
		    o->h->name);
	else
		cmd_error(o->c, "%s: %.*s", o->h->name, STR_ARG(line));
}

static void
take_output(struct output *o, const char *p, size_t n)
{
	for (; n > 0; p++, n--) {
		if (o->total > OUTPUT_MAX)
			return;
		if (++o->total > OUTPUT_MAX) {
			print_line(o);
			cmd_error(
			    o->c, "%s: further output is left out", o->h->name);
		} else if (*p == '\n') {
			print_line(o);
		} else if (o->n < sizeof(o->line)) {
			o->line[o->n++] = *p;
		}
	}
}

/* Copies what the pipe holds. Returns false at its end. */
static bool
drain(struct output *o, int fd)
{
	char block[4096];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		take_output(o, block, (size_t)n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* --- the parent ------------------------------------------------------- */

/* Whether the hook has ended. It stays a zombie, so that its process group
 * cannot belong to another process yet. */
static bool
has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) !=
	    0 ||
	    info.si_pid == pid;
}

/* Waits for the end of the hook, not for that of its output, because a process
 * that it has left may keep the pipe open. Returns false after the timeout. */
static bool
watch(struct output *o, pid_t pid, int fd)
{
	int64_t until = clock_ms() + (int64_t)o->h->timeout * 1000;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool open = true;

	while (!has_ended(pid)) {
		if (clock_ms() >= until)
			return false;
		p.fd = open ? fd : -1;
		(void)poll(&p, 1, LOOK_MS);
		open = open && drain(o, fd);
		/* A closed pipe no longer delays the loop. */
		fflush(stderr);
	}
	return true;
}

static int
status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
finish(struct output *o, pid_t pid, int fd)
{
	bool in_time = watch(o, pid, fd);
	int status = 0;

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)drain(o, fd);
	print_line(o);
	close(fd);
	if (in_time)
		return status_of(status);
	cmd_error(o->c, "%s: it was ended after deploy_timeout, %u seconds",
	    o->h->name, o->h->timeout);
	return DEPLOY_TIMEOUT;
}

static int
fail(const struct cmd_call *c, const struct deploy_hook *h)
{
	cmd_error(
	    c, "%s: the hook cannot be started: %s", h->name, strerror(errno));
	return DEPLOY_VANISHED;
}

int
deploy_hook_run(const struct cmd_call *c, const struct deploy_hook *h)
{
	struct output o = { .c = c, .h = h };
	int fd[DEPLOY_TEXTS], ends[2] = { -1, -1 }, status;
	pid_t child = -1, parent = getpid();

	fflush(stdout);
	fflush(stderr);
	if (open_all(h, fd) && pipe2(ends, O_CLOEXEC) == 0 &&
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && (child = fork()) == 0)
		run_child(h, fd, ends[1], parent);
	status = child < 0 ? fail(c, h) : 0;
	close_all(fd);
	if (ends[1] >= 0)
		close(ends[1]);
	if (child < 0) {
		if (ends[0] >= 0)
			close(ends[0]);
		return status;
	}
	setpgid(child, child);
	return finish(&o, child, ends[0]);
}
