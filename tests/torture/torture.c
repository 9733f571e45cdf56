/* SPDX-License-Identifier: ISC */
/*
 * torture.c - begins and ends a test, and counts its checks.
 */
#include "torture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Number of failures that are printed; later ones are only counted. */
#define TOLD_MAX 20

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

/* xorshift64* */
uint32_t
torture_random(struct torture *t, uint32_t n)
{
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	return (uint32_t)((t->random * 0x2545f4914f6cdd1d) >> 33) % n;
}
