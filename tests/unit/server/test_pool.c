/* SPDX-License-Identifier: ISC */
/*
 * test_pool.c - the pool with a line protocol: the first letter of a line says
 * what the worker does, and the response is the line. A child process serves;
 * the test plays the peers.
 */
#include "timing.h"
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/conns.h"
#include "server/pool.h"

static void
nap(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static long
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The result of tidy, which the pool calls once a second. */
static enum err tidy_outcome = ERR_OK;

/* --- the protocol ------------------------------------------------------- */

/* Shared by the child and the test. */
static struct seen {
	atomic_size_t hangs;
	atomic_size_t hanging;
	atomic_bool stalled;
	atomic_bool served; /* a worker has answered */
	atomic_bool early; /* before the last worker was made */
	atomic_bool unlimited; /* the limit of memory was not taken */
} * seen;

struct job {
	size_t workers;
	int fails; /* number of the worker that cannot begin; 0: none */
	rlim_t descriptors; /* limit of descriptors; 0: that of the process */
	int waits_ms; /* the second worker waits so long for an answer */
	rlim_t data; /* limit of memory; 0: that of the process */
	atomic_int begun;
	struct conns_rules rules; /* 0: longer than any test lasts */
};

static bool
welcome(void *arg, const struct sockaddr_storage *peer)
{
	(void)arg;
	return peer->ss_family == AF_UNIX || peer->ss_family == AF_UNSPEC;
}

static enum err
tidy(void *arg)
{
	(void)arg;
	return tidy_outcome;
}

static enum err
begin(void *arg, void **own)
{
	struct job *job = arg;
	int number = atomic_fetch_add(&job->begun, 1) + 1, waited;

	*own = job;
	for (waited = 0; number == 2 && waited < job->waits_ms; waited += 5) {
		if (atomic_load(&seen->served)) {
			atomic_store(&seen->early, true);
			break;
		}
		nap(5);
	}
	return number == job->fails ? ERR_STORE : ERR_OK;
}

static void
end(void *own)
{
	(void)own;
}

/* True if the worker has SCHED_BATCH, or the policy of the process if that is
 * not the usual one. */
static bool
has_its_policy(void)
{
	int usual = sched_getscheduler(getpid());

	return sched_getscheduler(0) ==
	    (usual == SCHED_OTHER ? SCHED_BATCH : usual);
}

static enum conns_next
serve(void *own, const struct conns_taken *taken)
{
	int fd = taken->at.fd;
	char line[64] = "";
	size_t n = 0;

	(void)own;
	while (n == 0 || line[n - 1] != '\n') {
		ssize_t got = read(fd, line + n, sizeof(line) - n);

		if (got <= 0)
			return CONNS_CLOSE;
		n += (size_t)got;
	}
	if (taken->late)
		line[0] = '-';
	if (line[0] == 'W' || line[0] == 'H')
		(void)conns_enter(taken, CONNS_WORKING);
	if (line[0] == 'W')
		nap(600);
	if (line[0] == 'H')
		nap(5000);
	if (!conns_enter(taken, CONNS_ANSWERING))
		return CONNS_CLOSE;
	if (line[0] == 'p')
		line[1] = has_its_policy() ? 'y' : 'n';
	if (line[0] == 's')
		nap(300);
	if (line[0] == 'w')
		nap(200);
	if (line[0] == 'z')
		nap(4000);
	if (write(fd, line, n) != (ssize_t)n)
		return CONNS_CLOSE;
	atomic_store(&seen->served, true);
	if (line[0] == 'x') {
		close(fd);
		return CONNS_CLOSED;
	}
	return line[0] == 'k' || line[0] == 'w' ? CONNS_KEEP : CONNS_CLOSE;
}

static bool
whole(void *own, int fd)
{
	char text[64];
	ssize_t n = recv(fd, text, sizeof(text), MSG_PEEK | MSG_DONTWAIT);

	(void)own;
	return n <= 0 || text[n - 1] == '\n';
}

static void
refuse(void *own, int fd)
{
	(void)own;
	if (send(fd, "503\n", 4, MSG_DONTWAIT | MSG_NOSIGNAL) != 4)
		_exit(98);
}

static void
hangs(void *own)
{
	(void)own;
	atomic_fetch_add(&seen->hangs, 1);
}

static bool
stalled(void *arg)
{
	(void)arg;
	return atomic_load(&seen->stalled);
}

static void
hanging(void *arg, size_t workers)
{
	(void)arg;
	atomic_store(&seen->hanging, workers);
}

static int
run(struct job *job, int listener)
{
	const struct pool_work work = { .arg = job,
		.workers = job->workers,
		.rules = { .timeout_ms = job->rules.timeout_ms > 0
			? job->rules.timeout_ms
			: 60000,
		    .queue_ms = job->rules.queue_ms > 0 ? job->rules.queue_ms
							: 60000,
		    .refuse = refuse,
		    .hangs = hangs },
		.welcome = welcome,
		.tidy = tidy,
		.begin = begin,
		.serve = serve,
		.end = end,
		.whole = whole,
		.stalled = stalled,
		.hanging = hanging };
	const struct rlimit few = { job->descriptors, job->descriptors };
	struct rlimit data = { job->data, job->data };

	if (job->data > 0 &&
	    (setrlimit(RLIMIT_DATA, &data) != 0 ||
		getrlimit(RLIMIT_DATA, &data) != 0 ||
		data.rlim_cur != job->data))
		atomic_store(&seen->unlimited, true);
	if (job->descriptors > 0)
		setrlimit(RLIMIT_NOFILE, &few);
	pool_signals();
	return (int)pool_run(&work, listener);
}

/* --- peers -------------------------------------------------------------- */

static struct sockaddr_un address;

static int
listening(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(seen != MAP_FAILED);
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s",
	    unit_directory());
	ck_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	ck_assert(listen(fd, 512) == 0);
	return fd;
}

static pid_t
start(struct job job, int listener)
{
	pid_t child;

	/* Blocks the signals, so that an early one waits until the pool is
	 * ready. */
	pool_signals();
	child = fork();
	ck_assert(child >= 0);
	if (child == 0)
		_exit(run(&job, listener));
	return child;
}

static pid_t
start_alone(struct job job)
{
	int listener = listening();
	pid_t child = start(job, listener);

	close(listener);
	return child;
}

static int
exit_of(pid_t child)
{
	int status;

	ck_assert(waitpid(child, &status, 0) == child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
stop(pid_t child)
{
	ck_assert(kill(child, SIGTERM) == 0);
	return exit_of(child);
}

static int
connected(void)
{
	const struct timeval most = { .tv_sec = timeout_ms(5) };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	return fd;
}

static bool
say(int fd, const char *text)
{
	return *text == '\0' ||
	    send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static bool
hears(int fd, const char *text)
{
	char got[64];

	return *text == '\0' ||
	    (recv(fd, got, strlen(text), MSG_WAITALL) ==
		    (ssize_t)strlen(text) &&
		memcmp(got, text, strlen(text)) == 0);
}

static bool
hears_end(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) == 0;
}

/* Sends a line in two pieces on a new connection. Returns true if the response
 * arrives. */
static bool
ask(void)
{
	int fd = connected();
	bool good = fd >= 0 && say(fd, "he") && say(fd, "llo\n") &&
	    hears(fd, "hello\n");

	close(fd);
	return good;
}

#define PEERS 200
static void
connect_all(int *fds, size_t n, const char *text)
{
	size_t i;

	for (i = 0; i < n; i++) {
		fds[i] = connected();
		ck_assert(fds[i] >= 0);
		ck_assert(say(fds[i], text));
	}
}

/* --- connections and workers -------------------------------------------- */

/* The fastest of ten rounds counts, because other processes may take the
 * processor. */
START_TEST(idle_peers_cost_no_worker)
{
	pid_t child = start_alone((struct job){ .workers = 2 });
	int fds[PEERS], i;
	long best = 1000;

	connect_all(fds, PEERS, "");
	for (i = 0; i < 10; i++) {
		long began = milliseconds();

		connect_all(fds, 2, "");
		ck_assert(ask());
		if (milliseconds() - began < best)
			best = milliseconds() - began;
	}
	ck_assert(best < timeout_ms(150));
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

START_TEST(kept_connections_cost_no_worker)
{
	pid_t child = start_alone((struct job){ .workers = 2 });
	int fds[PEERS], round, i;
	long began;

	connect_all(fds, PEERS, "");
	began = milliseconds();
	for (round = 0; round < 3; round++)
		for (i = 0; i < PEERS; i++) {
			ck_assert(say(fds[i], "keep\n"));
			ck_assert(hears(fds[i], "keep\n"));
		}
	ck_assert(milliseconds() - began < timeout_ms(3000));
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* All workers but one are busy, and far more of them than may wait in
 * conns_next at once. The last worker must answer before the first busy one is
 * done, in one round of ten: other processes may take the processor. */
START_TEST(a_parked_worker_comes_when_it_is_needed)
{
	size_t busy = 16 * (size_t)sysconf(_SC_NPROCESSORS_ONLN), i;
	pid_t child = start_alone((struct job){ .workers = busy + 1 });
	int *fds = calloc(busy, sizeof(*fds)), round;
	bool in_time = false;
	char byte;

	ck_assert_ptr_nonnull(fds);
	for (round = 0; round < 10 && !in_time; round++) {
		connect_all(fds, busy, "s\n");
		ck_assert(ask());
		in_time = true;
		for (i = 0; i < busy; i++)
			in_time = in_time &&
			    recv(fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
		for (i = 0; i < busy; i++) {
			ck_assert(hears(fds[i], "s\n"));
			close(fds[i]);
		}
	}
	ck_assert(in_time);
	free(fds);
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

START_TEST(a_worker_yields_to_the_thread_that_wakes_it)
{
	pid_t child = start_alone((struct job){ .workers = 2 });
	int fd = connected();

	ck_assert(say(fd, "p?\n") && hears(fd, "py\n"));
	close(fd);
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* The peer sends the next request without waiting for the response. */
START_TEST(a_request_sent_before_the_response_is_served)
{
	pid_t child = start_alone((struct job){ .workers = 4 });
	int fd = connected(), round;

	ck_assert(say(fd, "keep\n") && hears(fd, "keep\n"));
	for (round = 0; round < 3; round++) {
		ck_assert(say(fd, "w\n"));
		nap(100);
		ck_assert(say(fd, "keep\n"));
		ck_assert(hears(fd, "w\nkeep\n"));
	}
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* A table with one connection; ends[1] is its peer. */
static struct conns *
table_of_one(int ends[2])
{
	static const struct conns_rules rules = { .timeout_ms = 60000,
		.queue_ms = 60000 };
	struct conns *cs = conns_new(&rules);
	struct conn_ref at;

	ck_assert(cs != NULL);
	ck_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	ck_assert(conns_admit(cs, ends[0], &at) && conns_queue(cs, at));
	return cs;
}

/* Takes the connection if an event announces it. */
static bool
take_next(struct conns *cs, struct conns_taken *taken)
{
	while (conns_queued(cs))
		if (conns_take(cs, conns_next(cs), NULL, taken))
			return true;
	return false;
}

START_TEST(a_busy_connection_is_reported_to_no_other_thread)
{
	int ends[2];
	struct conns *cs = table_of_one(ends);
	struct conns_taken first, next;
	char line[8];

	ck_assert(!take_next(cs, &first));
	ck_assert(say(ends[1], "ke") && take_next(cs, &first));
	ck_assert(say(ends[1], "ep\n") && !conns_queued(cs));
	ck_assert_int_eq(read(ends[0], line, sizeof(line)), 5);
	conns_give_back(cs, &first, CONNS_KEEP);
	ck_assert(!conns_queued(cs));
	ck_assert(say(ends[1], "k") && conns_queued(cs));
	/* The event of the first request is stale. */
	ck_assert(!conns_take(cs, first.at, NULL, &next));
	ck_assert(take_next(cs, &next));
	/* Data that the worker did not read is reported once more. */
	conns_give_back(cs, &next, CONNS_KEEP);
	ck_assert(take_next(cs, &next));
	conns_give_back(cs, &next, CONNS_CLOSE);
	close(ends[1]);
	conns_free(cs);
}
END_TEST

START_TEST(a_partial_request_waits_for_more)
{
	const struct conns_sight shortage = { .starving = true };
	int ends[2];
	struct conns *cs = table_of_one(ends);
	struct conns_taken taken;

	ck_assert_uint_eq(conns_sweep(cs, &shortage), 0);
	ck_assert(say(ends[1], "a") && take_next(cs, &taken));
	ck_assert(taken.careful);
	conns_give_back(cs, &taken, CONNS_LATER);
	ck_assert(!take_next(cs, &taken));
	ck_assert(say(ends[1], "b") && take_next(cs, &taken));
	/* More arrives while the worker looks. */
	ck_assert(say(ends[1], "c"));
	conns_give_back(cs, &taken, CONNS_LATER);
	ck_assert(take_next(cs, &taken));
	conns_give_back(cs, &taken, CONNS_LATER);
	ck_assert(!take_next(cs, &taken));
	ck_assert(shutdown(ends[1], SHUT_WR) == 0 && take_next(cs, &taken));
	/* Nothing follows, so the worker must not put it aside again. */
	ck_assert(!taken.careful);
	conns_give_back(cs, &taken, CONNS_CLOSE);
	close(ends[1]);
	conns_free(cs);
}
END_TEST

/* The sweeper closed the connection between its accept and its queueing. */
START_TEST(a_closed_connection_is_not_queued)
{
	int ends[2];
	struct conns *cs = table_of_one(ends);
	struct conn_ref at;

	close(ends[1]);
	ck_assert(conns_drain(cs));
	ck_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	ck_assert(conns_admit(cs, ends[0], &at) && conns_drain(cs));
	ck_assert(hears_end(ends[1]));
	ck_assert(conns_queue(cs, at));
	/* The table is still empty. */
	ck_assert(conns_drain(cs));
	close(ends[1]);
	conns_free(cs);
}
END_TEST

/* The worker reads the second half together with the first, but epoll still
 * reports it. */
START_TEST(an_event_for_data_already_read_occupies_no_worker)
{
	pid_t child = start_alone((struct job){ .workers = 2 });
	int fd = connected(), slow[2], round;

	for (round = 0; round < 3; round++) {
		ck_assert(say(fd, "ke"));
		nap(50);
		ck_assert(say(fd, "ep\n"));
		ck_assert(hears(fd, "keep\n"));
	}
	/* Both workers are free: two slow requests keep one each, and a third
	 * is served within the normal time. */
	connect_all(slow, 2, "slow\n");
	nap(20);
	ck_assert(ask());
	ck_assert(say(fd, "keep\n") && hears(fd, "keep\n"));
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* After a shortage of workers, an incomplete request occupies no worker. It
 * still times out. */
START_TEST(an_incomplete_request_times_out)
{
	pid_t child = start_alone((struct job){
	    .workers = 1, .rules = { .timeout_ms = 1000, .queue_ms = 60000 } });
	int fds[4], part, i;
	long began;

	connect_all(fds, 4, "slow\n");
	for (i = 0; i < 4; i++)
		ck_assert(hears(fds[i], "slow\n"));
	part = connected();
	began = milliseconds();
	ck_assert(say(part, "ha"));
	nap(20);
	for (i = 0; i < 5; i++)
		ck_assert(ask());
	ck_assert_int_lt(milliseconds() - began, timeout_ms(900));
	/* The connection is reset, because its data was not read. */
	ck_assert(!hears(part, "h") && errno == ECONNRESET);
	ck_assert_int_ge(milliseconds() - began, 1000);
	ck_assert_int_lt(milliseconds() - began, timeout_ms(2500));
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* After a shortage of workers, a peer that closes its end in the middle of a
 * request loses the connection at once. */
START_TEST(an_incomplete_request_that_ends_is_closed)
{
	pid_t child = start_alone((struct job){ .workers = 1 });
	int fds[4], part, i;

	connect_all(fds, 4, "slow\n");
	for (i = 0; i < 4; i++)
		ck_assert(hears(fds[i], "slow\n"));
	part = connected();
	ck_assert(say(part, "ha"));
	ck_assert(ask());
	ck_assert(shutdown(part, SHUT_WR) == 0 && hears_end(part));
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

START_TEST(connections_that_stop_half_way_give_way)
{
	pid_t child = start_alone((struct job){ .workers = 4 });
	int fds[20], i;
	long began;

	nap(200);
	connect_all(fds, 20, "half");
	for (i = 0; i < 3; i++) {
		began = milliseconds();
		ck_assert(ask());
		/* The first round may have to pass all 20 connections, four at
		 * a time. */
		ck_assert(
		    milliseconds() - began < timeout_ms(i == 0 ? 4000 : 1500));
	}
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* Such connections cost a short read now and then, and occupy no worker. */
START_TEST(connections_that_trickle_delay_no_other)
{
	pid_t child = start_alone((struct job){ .workers = 2 });
	int fds[PEERS / 2], i, k, n = PEERS / 2;
	long began, slowest = 0;

	connect_all(fds, n, "h");
	nap(1000);
	for (k = 0; k < 20; k++) {
		for (i = 0; i < n; i++)
			say(fds[i], "a");
		began = milliseconds();
		ck_assert(ask());
		if (milliseconds() - began > slowest)
			slowest = milliseconds() - began;
	}
	ck_assert_int_lt(slowest, 600);
	/* Nearly all of them get their response; only the first few may be
	 * lost. */
	for (i = 0, k = 0; i < n; i++)
		k += say(fds[i], "\n") &&
		    hears(fds[i], "haaaaaaaaaaaaaaaaaaaa\n");
	ck_assert_int_ge(k, n - 20);
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

START_TEST(slow_peers_stay_while_workers_are_free)
{
	pid_t child = start_alone((struct job){ .workers = 4 });
	int fds[3];

	connect_all(fds, 3, "ha");
	nap(1200);
	ck_assert(ask());
	ck_assert(say(fds[2], "lf\n"));
	ck_assert(hears(fds[2], "half\n"));
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

START_TEST(a_worker_may_close)
{
	pid_t child = start_alone((struct job){ .workers = 4 });
	int fds[PEERS], round, i;

	for (round = 0; round < 10; round++) {
		connect_all(fds, PEERS, "x\n");
		for (i = 0; i < PEERS; i++) {
			ck_assert(hears(fds[i], "x\n"));
			ck_assert(hears_end(fds[i]));
			close(fds[i]);
		}
		ck_assert(ask());
	}
	/* The count of connections is right: the pool waits for none that is
	 * closed. */
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

START_TEST(descriptors_may_run_out)
{
	pid_t child = start_alone(
	    (struct job){ .workers = 2, .descriptors = 24 });
	int fds[60], i;

	connect_all(fds, 60, "");
	nap(50);
	for (i = 0; i < 50; i++)
		close(fds[i]);
	/* No new connection arrives, so the sweeper must notice that
	 * descriptors are free. */
	ck_assert(say(fds[55], "hello\n") && hears(fds[55], "hello\n"));
	for (i = 0; i < 10; i++)
		ck_assert(ask());
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

START_TEST(silent_peers_give_way_when_descriptors_run_out)
{
	pid_t child = start_alone(
	    (struct job){ .workers = 2, .descriptors = 24 });
	int fds[20];

	connect_all(fds, 20, "");
	ck_assert(ask());
	ck_assert(hears_end(fds[0]));
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* Uses all descriptors below CONNS_DESCRIPTORS except the highest `free` ones,
 * so that later descriptors are beyond the table. */
static void
use_descriptors(int free)
{
	const struct rlimit many = { CONNS_DESCRIPTORS + 64,
		CONNS_DESCRIPTORS + 64 };
	int fd = -1;

	if (setrlimit(RLIMIT_NOFILE, &many) != 0)
		_exit(77);
	while (fd < CONNS_DESCRIPTORS - 1)
		fd = dup(STDERR_FILENO);
	while (free-- > 0)
		close(fd--);
}

/* Of the eight free descriptors, the pool itself uses four. */
START_TEST(descriptors_may_be_too_high)
{
	struct job job = { .workers = 2 };
	int listener = listening(), fds[4], i, status;
	pid_t child = fork();

	ck_assert(child >= 0);
	if (child == 0) {
		use_descriptors(4 + 4);
		_exit(run(&job, listener));
	}
	close(listener);
	for (i = 0; i < 4; i++) {
		fds[i] = connected();
		ck_assert(say(fds[i], "keep\n"));
		if (!hears(fds[i], "keep\n")) {
			ck_assert(waitpid(child, &status, WNOHANG) == child);
			ck_assert(WEXITSTATUS(status) == 77);
			printf("skipped: too few descriptors\n");
			return;
		}
	}
	for (i = 0; i < 3; i++)
		ck_assert(!ask());
	ck_assert(say(fds[0], "bye\n") && hears(fds[0], "bye\n"));
	ck_assert(hears_end(fds[0]));
	ck_assert(ask());
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* A process ends with an error if a worker hangs. Until then its other workers
 * serve. */
START_TEST(a_worker_that_hangs_ends_the_process)
{
	pid_t child = start_alone((struct job){
	    .workers = 2, .rules = { .timeout_ms = 100, .queue_ms = 60000 } });
	int fd = connected();
	long began = milliseconds();

	ck_assert(say(fd, "z\n"));
	nap(50);
	ck_assert(ask());
	ck_assert(exit_of(child) == ERR_BUSY);
	/* The timeout, the grace period, the end of the pool, and a second of
	 * tolerance. */
	ck_assert(
	    milliseconds() - began < timeout_ms(100 + 2000 + 2000 + 1000));
	close(fd);
}
END_TEST

static bool
comes_to_be(const atomic_size_t *what, size_t n)
{
	long until = milliseconds() + 20000;

	while (atomic_load(what) != n && milliseconds() < until)
		nap(10);
	return atomic_load(what) == n;
}

/* A worker may wait for the write lock and then work, without being reported as
 * hanging. */
START_TEST(a_wait_for_the_write_lock_is_not_a_hang)
{
	pid_t child = start_alone((struct job){
	    .workers = 2, .rules = { .timeout_ms = 200, .queue_ms = 5000 } });
	int fd = connected();

	ck_assert(say(fd, "W\n"));
	ck_assert(hears(fd, "W\n"));
	ck_assert(ask());
	ck_assert(stop(child) == ERR_OK);
	ck_assert(seen->hangs == 0);
}
END_TEST

/* The sweeper answers the peer in the worker's place, and the other workers
 * serve. */
START_TEST(a_worker_that_hangs_costs_a_worker)
{
	pid_t child = start_alone((struct job){
	    .workers = 3, .rules = { .timeout_ms = 1000, .queue_ms = 100 } });
	int fd = connected();

	ck_assert(say(fd, "H\n"));
	ck_assert(hears(fd, "503\n") && hears_end(fd));
	ck_assert(comes_to_be(&seen->hanging, 1));
	ck_assert(ask());
	ck_assert(comes_to_be(&seen->hanging, 0));
	ck_assert(ask());
	ck_assert(stop(child) == ERR_OK);
	ck_assert(seen->hangs == 1);
}
END_TEST

START_TEST(half_of_the_workers_end_the_process)
{
	pid_t child = start_alone((struct job){
	    .workers = 4, .rules = { .timeout_ms = 1000, .queue_ms = 100 } });
	int fds[2], i;

	connect_all(fds, 2, "H\n");
	for (i = 0; i < 2; i++)
		ck_assert(hears(fds[i], "503\n") && hears_end(fds[i]));
	ck_assert(exit_of(child) == ERR_BUSY);
	ck_assert(seen->hangs == 2);
}
END_TEST

/* Once the write lock is stalled, waiting for it excuses no worker. */
START_TEST(a_pool_ends_when_the_write_lock_is_stuck)
{
	pid_t child = start_alone((struct job){
	    .workers = 8, .rules = { .timeout_ms = 200, .queue_ms = 60000 } });
	int fd = connected();

	ck_assert(say(fd, "H\n"));
	nap(500);
	ck_assert(seen->hangs == 0);
	seen->stalled = true;
	ck_assert(hears(fd, "503\n") && hears_end(fd));
	ck_assert(exit_of(child) == ERR_BUSY);
	ck_assert(seen->hangs == 1);
}
END_TEST

/* The sweeper refuses the request of a hanging worker at the end of the pool
 * too. */
START_TEST(an_unserved_request_is_refused_at_the_end)
{
	pid_t child = start_alone((struct job){ .workers = 2 });
	int fd = connected();

	ck_assert(say(fd, "H\n"));
	nap(200);
	ck_assert(kill(child, SIGTERM) == 0);
	ck_assert(hears(fd, "503\n") && hears_end(fd));
	ck_assert(exit_of(child) == ERR_BUSY);
	ck_assert(seen->hangs == 0);
}
END_TEST

START_TEST(a_slow_peer_is_cut_off_in_time)
{
	pid_t child = start_alone((struct job){
	    .workers = 2, .rules = { .timeout_ms = 200, .queue_ms = 60000 } });
	int fd = connected();
	long began = milliseconds();

	ck_assert(say(fd, "ha"));
	ck_assert(hears_end(fd));
	ck_assert(milliseconds() - began >= 200);
	ck_assert(milliseconds() - began < timeout_ms(1500));
	ck_assert(ask());
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* A request that has waited too long in the queue is refused at once, so the
 * queue shortens. */
START_TEST(a_request_that_has_waited_too_long_is_refused)
{
	pid_t child = start_alone((struct job){
	    .workers = 1, .rules = { .timeout_ms = 60000, .queue_ms = 400 } });
	int fds[20], i, refused = 0;
	char got[8];

	connect_all(fds, 20, "slow\n");
	for (i = 0; i < 20; i++) {
		ck_assert(recv(fds[i], got, 5, MSG_WAITALL) == 5);
		refused += memcmp(got, "-low\n", 5) == 0;
	}
	ck_assert_int_ge(refused, 15);
	ck_assert_int_le(refused, 19);
	ck_assert(ask());
	ck_assert(stop(child) == ERR_OK);
}
END_TEST

/* --- the end ------------------------------------------------------------ */

static const struct {
	const char *name;
	size_t connections;
	const char *sent;
	const char *answer; /* the response before the signal */
	const char *rest; /* sent after the signal */
	const char *last; /* the response to that */
	long within; /* in milliseconds */
	int status;
} endings[] = {
	{ "ends at once without connections", 0, "", "", "", "", 900, ERR_OK },
	{ "does not wait for kept connections", 50, "k\n", "k\n", "", "", 900,
	    ERR_OK },
	{ "finishes requests in progress", 4, "slow\n", "", "", "slow\n", 900,
	    ERR_OK },
	{ "finishes requests that wait for a worker", 12, "slow\n", "", "",
	    "slow\n", 2000, ERR_OK },
	{ "lets a request arrive", 4, "ha", "", "lf\n", "half\n", 900, ERR_OK },
	{ "keeps no connection then", 4, "ke", "", "ep\n", "keep\n", 900,
	    ERR_OK },
	{ "lets a request arrive on a new connection", 9, "", "", "new\n",
	    "new\n", 900, ERR_OK },
	{ "does not wait long for idle peers", 100, "", "", "", "", 2000,
	    ERR_OK },
	{ "does not wait long for peers that stop half-way", 100, "half", "",
	    "", "", 2500, ERR_OK },
	{ "reports that a worker did not return", 1, "z\n", "", "", "", 3500,
	    ERR_BUSY },
};

START_TEST(ways_to_end)
{
	const char *name = endings[_i].name;
	pid_t child = start_alone((struct job){ .workers = 4 });
	int fds[PEERS], status;
	long began;
	size_t i;

	connect_all(fds, endings[_i].connections, endings[_i].sent);
	for (i = 0; i < endings[_i].connections; i++)
		unit_check(name, hears(fds[i], endings[_i].answer));
	nap(100);
	began = milliseconds();
	unit_check(name, kill(child, SIGTERM) == 0);
	nap(100);
	for (i = 0; i < endings[_i].connections; i++)
		unit_check(name, say(fds[i], endings[_i].rest));
	for (i = 0; i < endings[_i].connections; i++)
		unit_check(name, hears(fds[i], endings[_i].last));
	status = exit_of(child);
	ck_assert_msg(milliseconds() - began < timeout_ms(endings[_i].within),
	    "%s: took %ld ms", name, milliseconds() - began);
	unit_check(name, status == endings[_i].status);
}
END_TEST

START_TEST(a_request_on_a_kept_connection_is_answered_at_the_end)
{
	pid_t child = start_alone((struct job){ .workers = 1 });
	int kept = connected(), slow = connected();

	ck_assert(say(kept, "keep\n") && hears(kept, "keep\n"));
	ck_assert(say(slow, "slow\n"));
	nap(100);
	ck_assert(say(kept, "keep\n"));
	ck_assert(kill(child, SIGTERM) == 0);
	ck_assert(hears(slow, "slow\n"));
	ck_assert(hears(kept, "keep\n"));
	ck_assert(hears_end(kept));
	ck_assert(exit_of(child) == ERR_OK);
}
END_TEST

START_TEST(ends_when_tidy_fails)
{
	pid_t child;
	int fd;

	tidy_outcome = ERR_STORE;
	child = start_alone((struct job){ .workers = 2 });
	fd = connected();
	ck_assert(say(fd, "a\n") && hears(fd, "a\n"));
	ck_assert(exit_of(child) == ERR_STORE);
	close(fd);
}
END_TEST

START_TEST(every_stop_signal_stops)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGUSR1 };
	pid_t child = start_alone((struct job){ .workers = 2 });

	ck_assert(ask());
	ck_assert(kill(child, numbers[_i]) == 0);
	ck_assert(exit_of(child) == ERR_OK);
}
END_TEST

/* Connections that were made before the signal are served after it. */
START_TEST(the_backlog_is_served)
{
	pid_t child = start_alone((struct job){ .workers = 2 });
	int fds[PEERS], i, status;

	ck_assert(ask());
	ck_assert(kill(child, SIGSTOP) == 0);
	ck_assert(waitpid(child, &status, WUNTRACED) == child);
	connect_all(fds, PEERS, "hello\n");
	ck_assert(kill(child, SIGTERM) == 0);
	ck_assert(kill(child, SIGCONT) == 0);
	for (i = 0; i < PEERS; i++)
		ck_assert(hears(fds[i], "hello\n"));
	ck_assert(exit_of(child) == ERR_OK);
}
END_TEST

START_TEST(an_early_signal_is_not_lost)
{
	pid_t child;
	struct job job = { .workers = 2 };
	int listener = listening();

	child = fork();
	if (child == 0) {
		pool_signals();
		raise(SIGTERM);
		_exit(run(&job, listener));
	}
	ck_assert(exit_of(child) == ERR_OK);
}
END_TEST

/* A new process replaces the old one, at least five times, under load. */
START_TEST(processes_can_replace_each_other)
{
	struct {
		atomic_bool over;
		atomic_uint good;
		atomic_uint failed;
	} *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct job job = { .workers = 8 };
	int listener = listening(), i;
	pid_t clients[4], servers[2];

	ck_assert(shared != MAP_FAILED);
	servers[0] = start(job, listener);
	for (i = 0; i < 4; i++) {
		if ((clients[i] = fork()) != 0)
			continue;
		while (!shared->over)
			atomic_fetch_add(
			    ask() ? &shared->good : &shared->failed, 1);
		_exit(0);
	}
	for (i = 1; i <= 5 || shared->good < 2000; i++) {
		nap(50);
		servers[i % 2] = start(job, listener);
		ck_assert(stop(servers[(i + 1) % 2]) == ERR_OK);
	}
	shared->over = true;
	for (i = 0; i < 4; i++)
		ck_assert(exit_of(clients[i]) == 0);
	ck_assert(shared->failed == 0);
}
END_TEST

/* --- the start ---------------------------------------------------------- */

static const struct {
	const char *name;
	struct job job;
	bool broken; /* the descriptor is not a listening socket */
	int status;
} starts[] = {
	{ "runs with the workers that can begin", { .workers = 3, .fails = 2 },
	    false, ERR_OK },
	{ "gives up without a worker", { .workers = 3, .fails = 1 }, false,
	    ERR_STORE },
	{ "gives up without a socket", { .workers = 3 }, true, ERR_FILE },
	{ "gives up without descriptors", { .workers = 3, .descriptors = 5 },
	    false, ERR_MEMORY },
};

START_TEST(ways_to_start)
{
	int listener = listening();
	int deaf = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t child = start(
	    starts[_i].job, starts[_i].broken ? deaf : listener);

	if (starts[_i].status == ERR_OK) {
		unit_check(starts[_i].name, ask());
		kill(child, SIGTERM);
	}
	unit_check(starts[_i].name, exit_of(child) == starts[_i].status);
}
END_TEST

static const struct {
	const char *name;
	struct job job;
	bool early;
} first_answers[] = {
	{ "the first worker serves while the others are made",
	    { .workers = 3, .waits_ms = 10000 }, true },
	{ "with limited memory, all workers are made first",
	    { .workers = 3, .waits_ms = 200, .data = (rlim_t)1 << 30 }, false },
};

START_TEST(first_answer)
{
	pid_t child;

	if (first_answers[_i].job.data > 0 && unit_is_watched()) {
		puts("skipped: a sanitizer needs more memory than the limit");
		return;
	}
	child = start_alone(first_answers[_i].job);
	unit_check(first_answers[_i].name, ask());
	ck_assert_int_eq(stop(child), ERR_OK);
	if (atomic_load(&seen->unlimited)) {
		printf("%s: skipped: no limit of memory, as under qemu-user\n",
		    first_answers[_i].name);
		return;
	}
	unit_check(first_answers[_i].name,
	    atomic_load(&seen->early) == first_answers[_i].early);
}
END_TEST

/* The pool gives up whichever of its own descriptors it cannot open. */
START_TEST(gives_up_without_any_of_its_descriptors)
{
	struct job job = { .workers = 1 };
	int listener = listening(), refused = 0, status, i;
	pid_t child;

	do {
		job.descriptors = (rlim_t)(listener + 1 + refused);
		child = start(job, listener);
		for (i = 0; i < 100; i++) {
			if (waitpid(child, &status, WNOHANG) != 0)
				break;
			nap(5);
		}
		if (i == 100)
			break;
		ck_assert(WIFEXITED(status));
		ck_assert_int_eq(WEXITSTATUS(status), ERR_MEMORY);
		refused++;
	} while (refused < 10);
	/* The pool needs four: a signalfd, two eventfds, and the queue. */
	ck_assert_int_eq(refused, 4);
	ck_assert(stop(child) == ERR_OK);
	ck_assert(exit_of(start(job, -1)) == ERR_FILE);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *suite = suite_create("pool");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 30);
	tcase_add_test(all, idle_peers_cost_no_worker);
	tcase_add_test(all, kept_connections_cost_no_worker);
	tcase_add_test(all, a_parked_worker_comes_when_it_is_needed);
	tcase_add_test(all, a_worker_yields_to_the_thread_that_wakes_it);
	tcase_add_test(all, a_request_sent_before_the_response_is_served);
	tcase_add_test(all, a_busy_connection_is_reported_to_no_other_thread);
	tcase_add_test(all, a_partial_request_waits_for_more);
	tcase_add_test(all, a_closed_connection_is_not_queued);
	tcase_add_test(all, an_event_for_data_already_read_occupies_no_worker);
	tcase_add_test(all, an_incomplete_request_times_out);
	tcase_add_test(all, an_incomplete_request_that_ends_is_closed);
	tcase_add_test(all, connections_that_stop_half_way_give_way);
	tcase_add_test(all, connections_that_trickle_delay_no_other);
	tcase_add_test(all, slow_peers_stay_while_workers_are_free);
	tcase_add_test(all, a_worker_may_close);
	tcase_add_test(all, descriptors_may_run_out);
	tcase_add_test(all, silent_peers_give_way_when_descriptors_run_out);
	tcase_add_test(all, descriptors_may_be_too_high);
	tcase_add_test(all, a_worker_that_hangs_ends_the_process);
	tcase_add_test(all, a_wait_for_the_write_lock_is_not_a_hang);
	tcase_add_test(all, a_worker_that_hangs_costs_a_worker);
	tcase_add_test(all, half_of_the_workers_end_the_process);
	tcase_add_test(all, a_pool_ends_when_the_write_lock_is_stuck);
	tcase_add_test(all, an_unserved_request_is_refused_at_the_end);
	tcase_add_test(all, a_slow_peer_is_cut_off_in_time);
	tcase_add_test(all, a_request_that_has_waited_too_long_is_refused);
	tcase_add_loop_test(all, ways_to_end, 0, ROWS(endings));
	tcase_add_test(
	    all, a_request_on_a_kept_connection_is_answered_at_the_end);
	tcase_add_test(all, ends_when_tidy_fails);
	tcase_add_loop_test(all, every_stop_signal_stops, 0, 3);
	tcase_add_test(all, the_backlog_is_served);
	tcase_add_test(all, an_early_signal_is_not_lost);
	tcase_add_test(all, processes_can_replace_each_other);
	tcase_add_test(all, gives_up_without_any_of_its_descriptors);
	tcase_add_loop_test(all, ways_to_start, 0, ROWS(starts));
	tcase_add_loop_test(all, first_answer, 0, ROWS(first_answers));
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
