/* SPDX-License-Identifier: ISC */
/*
 * changes.h - threads that change the records of the tenants of fill.c without
 * pause, and the figures that they reach.
 */
#ifndef PUSHCERT_BENCH_CHANGES_H
#define PUSHCERT_BENCH_CHANGES_H

#include <stdbool.h>

/* A way to change records. */
struct changes_way {
	/* Opens what all threads share, and returns it. */
	void *(*open)(char **arguments, int n);
	/* The state of one thread. */
	void *(*begin)(void *shared);
	/* Sets a property of the tenant's record to the number. */
	bool (*change)(void *own, unsigned long tenant, unsigned number);
	const char *usage; /* of the arguments */
};

/* Takes the options -c THREADS, -d SECONDS and -n TENANTS, and the arguments of
 * the way. Prints a line as load does, and returns the exit status. */
int changes_main(int argc, char **argv, const struct changes_way *way);

_Noreturn void changes_die(const char *what, const char *why);

#endif
