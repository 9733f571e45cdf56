/* SPDX-License-Identifier: ISC */
/*
 * hook.c - runs a hook in a process group of its own.
 *
 * The texts lie in sealed memory files (memfd_create), which the hook inherits.
 * So no key reaches a disk, an argument or the environment, and the files
 * vanish with the last process that has them open. The hook dies with this
 * process (PR_SET_PDEATHSIG), so that a killed run leaves no hook that another
 * run would start a second time.
 */
#include "tool/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "format/crypto.h"
#include "tool/cmd_call.h"
#include "tool/cmd_output.h"

/* Milliseconds between two looks at the hook. */
#define LOOK_MS 50
/* More output than this is dropped, and so is the rest of a longer line. */
#define OUTPUT_MAX ((size_t)64 * 1024)
#define LINE_MAX_BYTES 512
/* A line that contains the first digits of a line of the key is left out, and
 * so is one with base64 of a part of the key's text, of this many bytes. */
#define KEY_LINE 16
#define KEY_PART (KEY_LINE / 4 * 3)

/* The files of a hook; -1: not open. */
struct files {
	int text[HOOK_TEXTS_MAX];
	int input;
};

/* The output of a hook, line by line. */
struct output {
	const struct cmd_call *c;
	const struct hook *h;
	char line[LINE_MAX_BYTES];
	size_t n, total;
};

/* --- the files in memory ---------------------------------------------- */

static void
close_all(const struct files *f)
{
	size_t i;

	for (i = 0; i < HOOK_TEXTS_MAX; i++)
		if (f->text[i] >= 0)
			close(f->text[i]);
	if (f->input >= 0)
		close(f->input);
}

static bool
open_all(const struct hook *h, struct files *f)
{
	size_t i;

	for (i = 0; i < HOOK_TEXTS_MAX; i++)
		f->text[i] = -1;
	f->input = -1;
	for (i = 0; i < h->texts_n; i++) {
		if (str_is_null(h->texts[i].text))
			continue;
		if ((f->text[i] = file_memory(h->texts[i].text)) < 0)
			return false;
	}
	return (f->input = file_memory(h->input)) >= 0;
}

/* --- the child -------------------------------------------------------- */

/* Gives the hook its files and their names. */
static bool
give_files(const struct hook *h, const struct files *f)
{
	char path[32];
	size_t i;

	for (i = 0; i < h->texts_n; i++) {
		if (f->text[i] < 0) {
			if (unsetenv(h->texts[i].variable) != 0)
				return false;
			continue;
		}
		snprintf(path, sizeof(path), "/dev/fd/%d", f->text[i]);
		if (fcntl(f->text[i], F_SETFD, 0) != 0 ||
		    setenv(h->texts[i].variable, path, 1) != 0)
			return false;
	}
	return true;
}

static bool
give_streams(const struct hook *h, const struct files *f, int out)
{
	int to = h->output > 0 ? h->output : out;

	return dup2(f->input, STDIN_FILENO) >= 0 &&
	    (h->keeps_output || dup2(to, STDOUT_FILENO) >= 0) &&
	    dup2(out, STDERR_FILENO) >= 0;
}

static bool
reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	return signal(SIGPIPE, SIG_DFL) != SIG_ERR &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static void
run_child(const struct hook *h, const struct files *f, int out, pid_t parent)
{
	char *program = (char *)(uintptr_t)h->program;
	char shell[] = "/bin/sh", option[] = "-c";
	char *const direct[] = { program, NULL };
	char *const command[] = { shell, option, program, NULL };
	size_t i;

	setpgid(0, 0);
	if (!reset_signals() || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    getppid() != parent)
		_exit(HOOK_VANISHED);
	for (i = 0; i < h->facts_n; i++)
		if (setenv(h->facts[i].name, h->facts[i].value, 1) != 0)
			_exit(HOOK_VANISHED);
	if (!give_streams(h, f, out) || !cmd_keep_files() || !give_files(h, f))
		_exit(HOOK_VANISHED);
	if (h->is_command)
		execv(shell, command);
	else
		execv(program, direct);
	dprintf(STDERR_FILENO, "%s: cannot be started: %s\n",
	    h->is_command ? shell : program, strerror(errno));
	_exit(errno == ENOENT ? HOOK_VANISHED : HOOK_REFUSED);
}

/* --- its output ------------------------------------------------------- */

/* Whether the line contains a line of a private key. A hook of a shell that
 * prints its commands (sh -x) could print it. */
static bool
is_of_key(struct str key, struct str line)
{
	struct str part;

	while (!str_is_null(key)) {
		part = str_cut(&key, '\n');
		if (part.n >= KEY_LINE && !str_starts(part, "-----") &&
		    memmem(line.p, line.n, part.p, KEY_LINE) != NULL)
			return true;
	}
	return false;
}

/* Whether the line contains base64 of a part of the key's text, as the requests
 * of MicroMDM do. A part may begin anywhere in the key, because a line may have
 * few digits. */
static bool
is_of_base64(struct str key, struct str line)
{
	char digits[STR_BASE64_SIZE(KEY_PART)];
	bool found = false;
	size_t i;

	for (i = 0; line.n >= KEY_LINE && i + KEY_PART <= key.n && !found;
	     i++) {
		str_base64((const uint8_t *)key.p + i, KEY_PART, digits);
		found = memmem(line.p, line.n, digits, KEY_LINE) != NULL;
	}
	crypto_wipe(digits, sizeof(digits));
	return found;
}

static bool
is_secret(const struct output *o, struct str line)
{
	const struct hook *h = o->h;
	size_t i;

	for (i = 0; i < h->texts_n; i++)
		if (h->texts[i].secret &&
		    (is_of_key(h->texts[i].text, line) ||
			is_of_base64(h->texts[i].text, line)))
			return true;
	return false;
}

static void
print_line(struct output *o)
{
	struct str line = str_from(o->line, o->n);

	o->n = 0;
	if (line.n == 0)
		return;
	if (is_secret(o, line))
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

/* Waits for output, or for the order to stop, which shortens the time that is
 * left; *stop is -1 afterwards. */
static void
wait_a_moment(int fd, int *stop, int64_t *until)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = *stop, .events = POLLIN } };
	int64_t last = clock_ms() + HOOK_GRACE * INT64_C(1000);

	if (poll(p, 2, LOOK_MS) <= 0 || p[1].revents == 0)
		return;
	*stop = -1;
	if (last < *until)
		*until = last;
}

/* Waits for the end of the hook, not for that of its output, because a process
 * that it has left may keep the pipe open. Returns false after the timeout. */
static bool
watch(struct output *o, pid_t pid, int fd)
{
	int64_t until = clock_ms() + (int64_t)o->h->timeout * 1000;
	int stop = o->h->stop;
	bool open = true;

	while (!has_ended(pid)) {
		if (clock_ms() >= until)
			return false;
		wait_a_moment(open ? fd : -1, &stop, &until);
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
	cmd_error(o->c, "%s: it was ended after %s, %u seconds", o->h->name,
	    o->h->timeout_key, o->h->timeout);
	return HOOK_TIMEOUT;
}

static int
fail(const struct cmd_call *c, const struct hook *h)
{
	cmd_error(
	    c, "%s: the hook cannot be started: %s", h->name, strerror(errno));
	return HOOK_VANISHED;
}

int
hook_run(const struct cmd_call *c, const struct hook *h)
{
	struct output o = { .c = c, .h = h };
	int ends[2] = { -1, -1 }, status;
	pid_t child = -1, parent = getpid();
	struct files f;

	fflush(stdout);
	fflush(stderr);
	if (open_all(h, &f) && pipe2(ends, O_CLOEXEC) == 0 &&
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && (child = fork()) == 0)
		run_child(h, &f, ends[1], parent);
	status = child < 0 ? fail(c, h) : 0;
	close_all(&f);
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
