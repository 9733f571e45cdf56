/* SPDX-License-Identifier: ISC */
/*
 * stalled.c - a process is stopped in the middle of a change, or the disk
 * hangs. Reads still succeed, and changes are refused with 503 within their
 * time limit. A process that can no longer write ends, and the next one
 * continues without a loss. A read that hangs costs one worker, but its client
 * gets a response.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/cmd.h"
#include "state/metrics.h"
#include "store/store.h"
#include "base/clock.h"
#include "timing.h"
#include "torture.h"
#include "victim.h"

#define RESPONSE_MAX 16384
#define WRITERS 8
#define CROWD 96 /* more writers than workers */
/* The configured timeouts in seconds, and the milliseconds by which a busy
 * machine may exceed them. */
#define QUEUE_TIMEOUT 1
#define WORKER_TIMEOUT 3
#define MARGIN 1500
/* Milliseconds until a program with a hanging worker must have ended: the
 * timeout, two seconds of grace and two seconds for the shutdown. */
#define END_MAX (WORKER_TIMEOUT * 1000 + 4000 + 2 * MARGIN)

/* Memory that the test shares with its processes. */
struct shared {
	atomic_bool hangs; /* the disk hangs */
	atomic_uint reads_hang; /* number of metrics requests to stall */
	atomic_bool reads_go_on;
	atomic_int status; /* of the request that hangs */
	atomic_uint syncing; /* calls that wait for the disk */
	atomic_uint good;
	atomic_uint busy;
	atomic_uint wrong;
	atomic_long slowest; /* milliseconds until a 503 */
};

/* A global variable, since the replaced functions have fixed parameters. */
static struct shared *shared;

struct test {
	struct torture t;
	struct victim v;
	long slowest_read;
	unsigned number; /* last acknowledged */
};

/* --- the disk ----------------------------------------------------------- */

/* Replaces the function of the C library. */
int
fdatasync(int fd)
{
	if (shared != NULL && shared->hangs) {
		shared->syncing++;
		while (shared->hangs)
			sleep_ms(5);
		shared->syncing--;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* Replaces the function of the C library. GET metrics calls it last, and a
 * change calls it at its beginning. */
pid_t
getpid(void)
{
	unsigned n;

	if (shared != NULL && (n = shared->reads_hang) > 0 &&
	    atomic_compare_exchange_strong(&shared->reads_hang, &n, n - 1))
		while (!shared->reads_go_on)
			sleep_ms(5);
	return (pid_t)syscall(SYS_getpid);
}

static void
run_server(void *arg)
{
	struct test *f = arg;

	exit(cmd_serve_fd(f->v.config, STDIN_FILENO));
}

/* --- a writer that is stopped ------------------------------------------- */

static enum err
stop_here(struct txn *tx, void *arg)
{
	(void)tx;
	(void)arg;
	raise(SIGSTOP);
	return ERR_NOT_FOUND;
}

static void
write_and_stop(void *arg)
{
	const struct test *f = arg;
	const struct store_options options = { .directory = f->v.data,
		.map_size = (size_t)64 << 20,
		.readers = 256,
		.history_keep = 10 };
	struct store *st;

	if (store_open(&options, &st) != ERR_OK ||
	    store_update(st, stop_here, NULL) != ERR_NOT_FOUND)
		_exit(98);
	store_close(st);
	_exit(0);
}

/* --- requests ----------------------------------------------------------- */

static bool
is_busy(int status, const char *answer)
{
	return status == 503 && strstr(answer, "\r\nRetry-After: ") != NULL &&
	    strstr(answer, "\"code\":\"ServiceUnavailable\"") != NULL;
}

static void
change_once(const struct test *f)
{
	const struct ask a = { .method = "PATCH",
		.body = "{\"topicIdentifier\":\"a topic\"}" };
	char out[RESPONSE_MAX];
	long began = clock_ms(), took;
	int status = victim_ask(&f->v, &a, out, sizeof(out));

	took = clock_ms() - began;
	if (status == 200) {
		shared->good++;
	} else if (is_busy(status, out)) {
		shared->busy++;
		if (took > shared->slowest)
			shared->slowest = took;
	} else {
		shared->wrong++;
	}
}

static void
start_writers(const struct test *f, pid_t *writers, size_t n)
{
	size_t i;

	shared->good = shared->busy = shared->wrong = 0;
	shared->slowest = 0;
	for (i = 0; i < n; i++)
		if ((writers[i] = fork()) == 0) {
			change_once(f);
			_exit(0);
		}
}

static void
wait_for(const pid_t *writers, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		waitpid(writers[i], NULL, 0);
}

static void
read_for(struct test *f, long ms)
{
	long until = clock_ms() + ms, began, took, number;
	int status;

	while ((began = clock_ms()) < until) {
		number = victim_get(&f->v, &status);
		torture_check(&f->t, number == (long)f->number,
		    "GET %d, %ld and not %u", status, number, f->number);
		took = clock_ms() - began;
		if (took > f->slowest_read)
			f->slowest_read = took;
		sleep_ms(5);
	}
}

static void
check_write(struct test *f, const char *when)
{
	int status = victim_set(&f->v, f->number + 1);

	torture_check(&f->t, status == 200, "PATCH %s: %d", when, status);
	f->number += status == 200;
}

/* --- the cases ---------------------------------------------------------- */

static void
try_stopped_writer(struct test *f, size_t n)
{
	struct victim other = f->v;
	pid_t writers[CROWD];
	int status;

	f->slowest_read = 0;
	victim_fork(&other, write_and_stop, f);
	if (waitpid(other.pid, &status, WUNTRACED) != other.pid ||
	    !WIFSTOPPED(status))
		torture_die(&f->t, "nobody is stopped");
	start_writers(f, writers, n);
	/* A crowd of writers may occupy all workers until the queue timeout. */
	sleep_ms(n > WRITERS ? QUEUE_TIMEOUT * 1000 + MARGIN : 100);
	read_for(f, QUEUE_TIMEOUT * 1000);
	wait_for(writers, n);
	torture_check(&f->t, shared->busy == n,
	    "of %zu changes %u were 503, %u 200, %u neither", n, shared->busy,
	    shared->good, shared->wrong);
	torture_check(&f->t,
	    shared->slowest < 2 * QUEUE_TIMEOUT * 1000 + MARGIN,
	    "503 after %ld ms", shared->slowest);
	torture_check(&f->t, f->slowest_read < 1000, "a read took %ld ms",
	    f->slowest_read);
	kill(other.pid, SIGCONT);
	torture_check(&f->t, victim_wait(&other) == 0, "who was stopped");
	check_write(f, "after SIGCONT");
	printf("stalled: a writer stopped: %u of %zu changes 503, slowest "
	       "%ld ms; reads within %ld ms\n",
	    shared->busy, n, shared->slowest, f->slowest_read);
}

static bool
log_tells(const struct test *f, const char *what)
{
	char text[65536];
	int fd = open(f->v.log, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, what) != NULL;
}

/* Waits for the program to end by itself. Returns its wait status, or -1 after
 * the deadline. */
static int
wait_for_end(struct test *f)
{
	long until = clock_ms() + END_MAX;

	while (!victim_ended(&f->v)) {
		if (clock_ms() > until) {
			kill(f->v.pid, SIGKILL);
			(void)victim_wait(&f->v);
			return -1;
		}
		sleep_ms(5);
	}
	return victim_wait(&f->v);
}

static void
try_hanging_disk(struct test *f, size_t n)
{
	pid_t writers[CROWD];
	long began, took;
	int status;

	f->slowest_read = 0;
	check_write(f, "before the disk hangs");
	shared->hangs = true;
	began = clock_ms();
	start_writers(f, writers, n);
	sleep_ms(n > WRITERS ? QUEUE_TIMEOUT * 1000 + MARGIN / 2 : 100);
	read_for(f, QUEUE_TIMEOUT * 1000);
	status = wait_for_end(f);
	took = clock_ms() - began;
	wait_for(writers, n);
	torture_check(&f->t, shared->good == 0 && shared->busy > 0,
	    "of %zu changes %u were 503, %u 200, %u neither", n, shared->busy,
	    shared->good, shared->wrong);
	torture_check(&f->t, f->slowest_read < 1000, "a read took %ld ms",
	    f->slowest_read);
	torture_check(&f->t,
	    WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE,
	    "its end: %#x", (unsigned)status);
	torture_check(&f->t,
	    log_tells(f, "a worker hangs") &&
		log_tells(f, "PATCH " VICTIM_PATH),
	    "the log does not tell");
	shared->hangs = false;
	victim_fork(&f->v, run_server, f);
	read_for(f, 50);
	check_write(f, "when the disk is back");
	printf("stalled: the disk hangs: %u of %zu changes 503, the end after "
	       "%ld ms; reads within %ld ms\n",
	    shared->busy, n, took, f->slowest_read);
}

/* Sends a GET for a path outside the API, such as /v1.0/health. */
static int
get(const struct test *f, const char *path, char *out, size_t size)
{
	const struct ask a = { .path = path };

	return victim_ask(&f->v, &a, out, size);
}

static bool
health_becomes(const struct test *f, const char *text)
{
	long until = clock_ms() + 20000;
	char out[RESPONSE_MAX];

	do {
		if (get(f, "/v1.0/health", out, sizeof(out)) == 200 &&
		    strstr(out, text) != NULL)
			return true;
		sleep_ms(20);
	} while (clock_ms() < until);
	fprintf(stderr, "stalled: the last health: %s\n", out);
	return false;
}

static unsigned
count_threads(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	dir = opendir(path);
	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* The first worker serves while the others are made, and each of them calls
 * getpid once. */
static void
wait_for_workers(const struct test *f)
{
	unsigned before = 0, now, same = 0, tries;

	for (tries = 0; same < 10 && tries < 500; tries++) {
		now = count_threads(f->v.pid);
		same = now == before ? same + 1 : 0;
		before = now;
		sleep_ms(20);
	}
}

static void
try_hanging_read(struct test *f)
{
	static const char *const query[] = { "REQUEST_URI",
		"/v1.0/metrics?access_token=SECRET", NULL };
	const struct ask a = { .path = "/v1.0/metrics", .more = query };
	char out[RESPONSE_MAX];
	long began = clock_ms();
	pid_t asker;

	wait_for_workers(f);
	shared->reads_go_on = false;
	shared->reads_hang = 1;
	shared->status = 0;
	if ((asker = fork()) == 0) {
		int status = victim_ask(&f->v, &a, out, sizeof(out));

		shared->status = is_busy(status, out) ? 503 : -status;
		_exit(0);
	}
	waitpid(asker, NULL, 0);
	torture_check(&f->t, shared->status == 503,
	    "whose worker hangs: %d after %ld ms", shared->status,
	    clock_ms() - began);
	torture_check(&f->t,
	    health_becomes(f, "{\"status\":\"degraded\",\"hangingWorkers\":1}"),
	    "health of a worker that hangs");
	torture_check(&f->t,
	    get(f, "/v1.0/metrics", out, sizeof(out)) == 200 &&
		strstr(out, "pushcert_workers_hanging{") != NULL &&
		strstr(strstr(out, "pushcert_workers_hanging{"), "} 1\n") !=
		    NULL,
	    "metrics of a worker that hangs");
	torture_check(&f->t,
	    log_tells(f, "a worker hangs; its request: GET /v1.0/metrics\n"),
	    "the log does not name the request that hangs");
	torture_check(&f->t, !log_tells(f, "SECRET"), "a query is in the log");
	check_write(f, "beside a worker that hangs");
	shared->reads_go_on = true;
	torture_check(
	    &f->t, health_becomes(f, "{\"status\":\"ok\"}"), "health after it");
}

static void
configure(struct test *f)
{
	FILE *out = fopen(f->v.config, "ae");

	if (out == NULL ||
	    fprintf(out, "queue_timeout = %d\nworker_timeout = %d\n",
		QUEUE_TIMEOUT, WORKER_TIMEOUT) < 0 ||
	    fclose(out) != 0)
		torture_die(&f->t, f->v.config);
}

int
main(int argc, char **argv)
{
	struct test f = { .number = 1 };
	unsigned round, rounds;

	shared = torture_share(sizeof(*shared));
	torture_begin(&f.t, "stalled", argc, argv);
	victim_make(&f.v, &f.t, NULL);
	configure(&f);
	victim_fork(&f.v, run_server, &f);
	if (victim_set(&f.v, f.number) != 200)
		torture_die(&f.t, "the first change");
	rounds = f.t.full ? 10 : 1;
	for (round = 0; round < rounds; round++) {
		try_hanging_read(&f);
		try_stopped_writer(&f, WRITERS);
		try_stopped_writer(&f, CROWD);
		try_hanging_disk(&f, WRITERS);
		if (f.t.full)
			try_hanging_disk(&f, CROWD);
	}
	torture_check(&f.t, victim_stop(&f.v), "the end");
	return torture_end(&f.t);
}
