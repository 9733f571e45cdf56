/* SPDX-License-Identifier: ISC */
/*
 * writers.c - how changes share commits. A single writer has a commit to itself
 * and never waits for other writers. Many concurrent writers share commits, and
 * each of them makes as much progress as the others.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "torture.h"
#include "victim.h"

#define RESPONSE_MAX 65536
#define WRITERS 64
/* Milliseconds per number of writers. */
#define TIME 1000
#define TIME_FULL 10000
/* The most runs per number of writers. */
#define RUNS 5

struct shared {
	atomic_bool begun;
	atomic_uint done[WRITERS];
	atomic_uint other; /* responses other than 200 */
};

struct test {
	struct torture t;
	struct victim v;
	struct shared *shared;
	long commits, changes; /* of the program, so far */
};

static long
number_after(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	if (at == NULL || (at = strstr(at, "} ")) == NULL)
		return -1;
	return strtol(at + 2, NULL, 10);
}

static void
read_metrics(struct test *f)
{
	static char out[RESPONSE_MAX];
	const struct ask a = { .path = "/v1.0/metrics" };

	if (victim_ask(&f->v, &a, out, sizeof(out)) != 200)
		torture_die(&f->t, "metrics");
	f->commits = number_after(out, "\npushcert_commit_changes_count{");
	f->changes = number_after(out, "\npushcert_commit_changes_sum{");
	torture_check(&f->t,
	    number_after(out, "\npushcert_changes_waiting{") == 0,
	    "metrics: changes wait");
}

static void
write_until(const struct test *f, size_t i, long ms)
{
	long until;

	while (!f->shared->begun)
		usleep(1000);
	until = clock_ms() + ms;
	while (clock_ms() < until) {
		if (victim_set(&f->v, (unsigned)i) == 200)
			f->shared->done[i]++;
		else
			f->shared->other++;
	}
}

/* Runs n writers. Sets the mean number of changes per commit, and returns
 * whether all writers made about the same progress. */
static bool
run_writers(struct test *f, size_t n, double *share)
{
	long commits = f->commits, changes = f->changes;
	long ms = f->t.full ? TIME_FULL : TIME;
	double sum = 0, squares = 0, least = 1e9, most = 0;
	pid_t writers[WRITERS];
	size_t i;

	memset(f->shared, 0, sizeof(*f->shared));
	for (i = 0; i < n; i++)
		if ((writers[i] = fork()) == 0) {
			write_until(f, i, ms);
			_exit(0);
		}
	f->shared->begun = true;
	for (i = 0; i < n; i++) {
		double done;

		waitpid(writers[i], NULL, 0);
		done = f->shared->done[i];
		sum += done;
		squares += done * done;
		least = done < least ? done : least;
		most = done > most ? done : most;
	}
	read_metrics(f);
	*share = (double)(f->changes - changes) /
	    (double)(f->commits - commits);
	printf("writers: %zu: %.0f changes a second, %.1f a commit, fairness "
	       "%.3f, least %.0f, most %.0f\n",
	    n, sum * 1000 / (double)ms, *share,
	    sum * sum / ((double)n * squares), least, most);
	torture_check(&f->t, f->shared->other == 0, "%zu writers: %u refused",
	    n, f->shared->other);
	return sum * sum > 0.9 * (double)n * squares;
}

/* Returns the mean number of changes per commit. On a busy machine the
 * scheduler favours some writers, so a run that is not fair is repeated. */
static double
try_writers(struct test *f, size_t n)
{
	bool fair = false;
	double share = 0;
	int i;

	for (i = 0; i < RUNS && !fair; i++)
		fair = run_writers(f, n, &share);
	torture_check(&f->t, fair, "%zu writers: not fair", n);
	return share;
}

int
main(int argc, char **argv)
{
	static const size_t crowds[] = { 1, 8, WRITERS };
	double share[3];
	struct test f;
	size_t i;

	torture_begin(&f.t, "writers", argc, argv);
	f.shared = torture_share(sizeof(*f.shared));
	victim_make(&f.v, &f.t, NULL);
	victim_start(&f.v);
	if (victim_set(&f.v, 1) != 200)
		torture_die(&f.t, "the first change");
	read_metrics(&f);
	for (i = 0; i < 3; i++)
		share[i] = try_writers(&f, crowds[i]);
	torture_check(&f.t, share[0] < 1.01, "one shares with %.2f", share[0]);
	torture_check(&f.t, share[2] > share[1] && share[1] > share[0],
	    "the more writers the more share");
	torture_check(&f.t, victim_stop(&f.v), "the end");
	return torture_end(&f.t);
}
