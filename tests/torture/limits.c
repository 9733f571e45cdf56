/* SPDX-License-Identifier: ISC */
/*
 * limits.c - when address space, descriptors, files or directories are limited,
 * the program either does less or logs why it does not start. It never crashes
 * or hangs because of a limit, and it never loses acknowledged data.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi_client.h"
#include "torture.h"
#include "victim.h"

#define MIB ((rlim_t)1024 * 1024)
/* More connections than there are descriptors, but fewer than three times as
 * many. The program closes idle connections when it needs descriptors, which
 * takes two seconds each time. */
#define IDLE 40
#define CHANGES 20

/* The expected behaviour under a limit. */
enum expected {
	WORKS, /* answers every request with 200 */
	NO_ROOM, /* answers reads with 200, and changes with 507 */
	REFUSES, /* ends with status 1 and a reason in the log */
	WORKS_OR_REFUSES,
};

struct test {
	struct torture t;
	struct victim v;
	const struct ratelimit *limit;
	unsigned number;
	unsigned answered;
};

struct ratelimit {
	const char *name;
	enum expected expected;
	int resource; /* -1 for none */
	rlim_t value;
	bool idle; /* with IDLE idle connections */
	bool (*prepare)(struct test *f); /* runs in the child, may be NULL */
};

static bool
remove_cwd(struct test *f)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/gone", f->t.dir);
	return mkdir(path, 0700) == 0 && chdir(path) == 0 && rmdir(path) == 0;
}

static bool
leave_name_space(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* True if root may mount file systems in a namespace of its own; some
 * containers and chroots forbid that. */
static bool
has_name_spaces(void)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(leave_name_space() ? EXIT_SUCCESS : EXIT_FAILURE);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Root ignores permissions, so for root the directory is mounted read-only. */
static bool
make_read_only(struct test *f)
{
	const char *data = f->v.data;

	if (geteuid() != 0)
		return chmod(data, 0500) == 0;
	return leave_name_space() &&
	    mount(data, data, NULL, MS_BIND, NULL) == 0 &&
	    mount(data, data, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) ==
	    0;
}

static bool
close_errors(struct test *f)
{
	(void)f;
	return close(STDERR_FILENO) == 0 && close(STDOUT_FILENO) == 0;
}

static const struct ratelimit limits[] = {
	{ "no limit", WORKS, -1, 0, true, NULL },
	{ "64 MiB of addresses", WORKS_OR_REFUSES, RLIMIT_AS, 64 * MIB, false,
	    NULL },
	{ "128 MiB of addresses", WORKS, RLIMIT_AS, 128 * MIB, false, NULL },
	{ "16 MiB of addresses", REFUSES, RLIMIT_AS, 16 * MIB, false, NULL },
	{ "32 descriptors", WORKS, RLIMIT_NOFILE, 32, true, NULL },
	{ "16 descriptors", WORKS, RLIMIT_NOFILE, 16, false, NULL },
	{ "8 descriptors", REFUSES, RLIMIT_NOFILE, 8, false, NULL },
	{ "no file may grow", NO_ROOM, RLIMIT_FSIZE, 32 * 1024, false, NULL },
	{ "a small stack", WORKS, RLIMIT_STACK, 128 * 1024, false, NULL },
	{ "no working directory", WORKS, -1, 0, false, remove_cwd },
	{ "no output", WORKS, -1, 0, false, close_errors },
	{ "a read-only directory", REFUSES, -1, 0, false, make_read_only },
};

static void
run_limited(void *arg)
{
	static char program[4096];
	struct test *f = arg;
	const struct ratelimit *l = f->limit;
	const struct rlimit r = { .rlim_cur = l->value, .rlim_max = l->value };

	if (realpath("./pushcert", program) == NULL ||
	    (l->prepare != NULL && !l->prepare(f)) ||
	    (l->resource >= 0 &&
		setrlimit((__rlimit_resource_t)l->resource, &r) != 0))
		_exit(98);
	setenv("PUSHCERT_CONFIG", f->v.config, 1);
	execl(program, "pushcert", (char *)NULL);
}

/* Prints the part of the log that the program wrote in this case. */
static void
print_log(const struct test *f, off_t from)
{
	char text[2048];
	int fd = open(f->v.log, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? pread(fd, text, sizeof(text), from) : 0;

	printf("%.*s", n > 0 ? (int)n : 0, text);
	if (fd >= 0)
		close(fd);
}

static void
check_requests(struct test *f, bool room)
{
	const char *name = f->limit->name;
	unsigned i;
	int status;
	long number;

	for (i = 0; i < CHANGES; i++) {
		status = victim_set(&f->v, f->number + 1);
		f->number += status == 200;
		torture_check(&f->t,
		    status == (room ? 200 : 507) || (!room && status == 200),
		    "%s: PATCH %d", name, status);
		number = victim_get(&f->v, &status);
		torture_check(&f->t, number == (long)f->number,
		    "%s: GET %d, %ld and not %u", name, status, number,
		    f->number);
		f->answered += 2;
	}
}

static void
check_refusal(struct test *f, off_t before)
{
	int status = victim_wait(&f->v);

	torture_check(&f->t,
	    WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE &&
		victim_log_size(&f->v) > before,
	    "%s: ends with %#x", f->limit->name, (unsigned)status);
}

static void
try_limit(struct test *f)
{
	const struct ratelimit *l = f->limit;
	off_t before = victim_log_size(&f->v);
	int idle[IDLE], status;
	size_t i;

	victim_fork(&f->v, run_limited, f);
	(void)victim_get(&f->v, &status);
	if (status == 0 && victim_ended(&f->v)) {
		if (!torture_check(&f->t, l->expected >= REFUSES,
			"%s: does not start", l->name))
			print_log(f, before);
		check_refusal(f, before);
		return;
	}
	torture_check(&f->t, l->expected != REFUSES, "%s: starts", l->name);
	for (i = 0; i < IDLE; i++)
		idle[i] = l->idle ? fcgi_connect(f->v.socket) : -1;
	check_requests(f, l->expected != NO_ROOM);
	for (i = 0; i < IDLE; i++)
		close(idle[i]);
	torture_check(&f->t, victim_stop(&f->v), "%s: the end", l->name);
}

int
main(int argc, char **argv)
{
	struct test f = { .number = 0 };
	size_t i, count = sizeof(limits) / sizeof(limits[0]);

	torture_begin(&f.t, "limits", argc, argv);
	victim_make(&f.v, &f.t, NULL);
	for (i = 0; i < count; i++) {
		f.limit = &limits[i];
		if (f.limit->prepare == make_read_only && geteuid() == 0 &&
		    !has_name_spaces())
			printf("limits: %s: left out, root has no name spaces "
			       "of mounts here\n",
			    f.limit->name);
		else if (!TORTURE_SANITIZED || f.limit->resource != RLIMIT_AS)
			try_limit(&f);
	}
	printf("limits: %zu limits, %u requests, %u wrong\n", count, f.answered,
	    f.t.failed);
	return torture_end(&f.t);
}
