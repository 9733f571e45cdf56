/* SPDX-License-Identifier: ISC */
/*
 * changes_run.c - runs the threads and counts.
 */
#include "changes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define THREADS_MAX 1024
/* The changes of a thread whose time is kept. */
#define KEPT 200000

struct run {
	const struct changes_way *way;
	void *shared;
	unsigned long tenants;
	long seconds;
	pthread_barrier_t start;
	atomic_ulong failed;
};

struct thread {
	struct run *run;
	pthread_t id;
	unsigned number;
	unsigned long done;
	uint32_t *took; /* microseconds */
};

_Noreturn void
changes_die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(2);
}

/* xorshift64 */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *
work(void *arg)
{
	struct thread *t = arg;
	struct run *r = t->run;
	uint64_t random = (t->number + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
	    (uint64_t)getpid();
	void *own = r->way->begin(r->shared);
	int64_t until, began, ended;
	unsigned number = 0;

	/* The first change of a thread may connect, and prepares the
	 * statements. */
	if (!r->way->change(
		own, t->number % r->tenants, t->number * 10000000 + number++))
		atomic_fetch_add(&r->failed, 1);
	pthread_barrier_wait(&r->start);
	began = clock_us();
	for (until = began + r->seconds * 1000000; began < until;
	     began = ended) {
		unsigned long tenant = next_random(&random) % r->tenants;
		bool good = r->way->change(
		    own, tenant, t->number * 10000000 + number++);

		ended = clock_us();
		if (!good) {
			atomic_fetch_add(&r->failed, 1);
			continue;
		}
		if (t->done < KEPT)
			t->took[t->done] = (uint32_t)(ended - began);
		t->done++;
	}
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
print(const struct run *r, const struct thread *t, unsigned threads)
{
	unsigned long done = 0, kept = 0, n;
	uint32_t *all;
	unsigned i;

	for (i = 0; i < threads; i++) {
		done += t[i].done;
		kept += t[i].done < KEPT ? t[i].done : KEPT;
	}
	if ((all = malloc((kept + 1) * sizeof(*all))) == NULL)
		changes_die("changes", "memory");
	all[0] = 0;
	for (i = 0, kept = 0; i < threads; i++) {
		n = t[i].done < KEPT ? t[i].done : KEPT;
		memcpy(all + kept, t[i].took, n * sizeof(*all));
		kept += n;
	}
	qsort(all, kept, sizeof(*all), compare);
	printf("PATCH c=%u: %.0f req/s, p50 %.2f ms, p99 %.2f ms, failed %lu, "
	       "200: %lu\n",
	    threads, (double)done / (double)r->seconds, all[kept / 2] / 1000.0,
	    all[kept * 99 / 100] / 1000.0, r->failed, done);
	free(all);
}

int
changes_main(int argc, char **argv, const struct changes_way *way)
{
	static struct thread t[THREADS_MAX];
	static struct run r = { .tenants = 10000, .seconds = 2 };
	unsigned threads = 1, i;
	int option;

	while ((option = getopt(argc, argv, "c:d:n:")) != -1) {
		unsigned long n = strtoul(
		    optarg != NULL ? optarg : "0", NULL, 10);

		if (option == 'c' && n > 0 && n <= THREADS_MAX)
			threads = (unsigned)n;
		else if (option == 'd' && n > 0 && n <= 600)
			r.seconds = (long)n;
		else if (option == 'n' && n > 0)
			r.tenants = n;
		else
			changes_die("usage", way->usage);
	}
	r.way = way;
	r.shared = way->open(argv + optind, argc - optind);
	pthread_barrier_init(&r.start, NULL, threads);
	for (i = 0; i < threads; i++) {
		t[i] = (struct thread){ .run = &r, .number = i };
		t[i].took = malloc(KEPT * sizeof(*t[i].took));
		if (t[i].took == NULL ||
		    pthread_create(&t[i].id, NULL, work, &t[i]) != 0)
			changes_die("changes", "no thread");
	}
	for (i = 0; i < threads; i++)
		pthread_join(t[i].id, NULL);
	print(&r, t, threads);
	return r.failed == 0 ? 0 : 1;
}
