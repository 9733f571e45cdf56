/* SPDX-License-Identifier: ISC */
/*
 * torture.c - begins and ends a test, and counts its checks.
 */
#include "torture.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "timing.h"

/* Time limits in seconds on a quiet machine; that of the full form is the one
 * of scripts/torture. */
#define SHORT_MAX 600
#define FULL_MAX 2400

/* Number of failures that are printed; later ones are only counted. */
#define TOLD_MAX 20

static const struct torture *limited;
static pid_t limited_pid;

static void
remove_directory(const struct torture *t)
{
	pid_t child = fork();

	if (child == 0) {
		execlp("rm", "rm", "-rf", t->dir, (char *)NULL);
		_exit(99);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* Ends a test that hangs. The kernel then kills the programs under test
 * (PR_SET_PDEATHSIG). */
static void
end_at_limit(int number)
{
	static const char why[] = "NOT: the test ends within its time limit\n";

	(void)number;
	if (getpid() != limited_pid)
		_exit(99);
	if (write(STDOUT_FILENO, why, sizeof(why) - 1) > 0)
		remove_directory(limited);
	_exit(EXIT_FAILURE);
}

/* The limit is a timer of its own, because tests use alarm(2). */
static void
limit_time(struct torture *t)
{
	const struct sigaction action = { .sa_handler = end_at_limit };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR2 };
	struct itimerspec limit = { .it_value = {
					.tv_sec = timeout_ms(
					    t->full ? FULL_MAX : SHORT_MAX) } };
	timer_t timer;

	limited = t;
	limited_pid = getpid();
	if (sigaction(SIGUSR2, &action, NULL) != 0 ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &limit, NULL) != 0)
		torture_die(t, "the time limit");
}

void
torture_begin(struct torture *t, const char *name, int argc, char **argv)
{
	const char *base = getenv("TMPDIR");

	*t = (struct torture){ .name = name,
		.full = argc == 2 && strcmp(argv[1], "--full") == 0,
		.random = 0x9e3779b97f4a7c15 };
	if (argc > 1 && !t->full) {
		fprintf(stderr, "usage: %s [--full]\n", name);
		exit(2);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(t->dir, sizeof(t->dir), "%.60s/%s-XXXXXX",
	    base != NULL ? base : "/tmp", name);
	if (mkdtemp(t->dir) == NULL) {
		fprintf(stderr, "%s: %s: %s\n", name, t->dir, strerror(errno));
		exit(99);
	}
	limit_time(t);
}

bool
torture_check(struct torture *t, bool good, const char *format, ...)
{
	va_list ap;

	if (good) {
		t->passed++;
		return true;
	}
	if (t->failed++ >= TOLD_MAX)
		return false;
	printf("NOT: ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	return false;
}

int
torture_end(struct torture *t)
{
	remove_directory(t);
	printf("%s: %u passed, %u failed\n", t->name, t->passed, t->failed);
	return t->failed == 0 && t->passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void
torture_die(struct torture *t, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", t->name, what, strerror(errno));
	remove_directory(t);
	exit(99);
}

void
torture_skip(struct torture *t, const char *why)
{
	printf("%s: skipped: %s\n", t->name, why);
	remove_directory(t);
	exit(77);
}

void *
torture_share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(99);
	}
	return p;
}

/* xorshift64* */
uint32_t
torture_random(struct torture *t, uint32_t n)
{
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	return (uint32_t)((t->random * 0x2545f4914f6cdd1d) >> 33) % n;
}
