/* SPDX-License-Identifier: ISC */
/*
 * pool.c - the worker threads, and the sweeper, which supervises them.
 *
 * A worker waits at the queue, takes a connection or accepts new ones, serves a
 * request, and returns to the queue. The sweeper waits for signals, sweeps the
 * table of connections, and accepts connections while all workers are busy.
 *
 * Waiting and parked workers. At most WAITING_MOST workers per processor wait
 * at the queue (`waiting`); more of them would only wake up to find the event
 * taken and sleep again. The others are parked on a semaphore (`parked`). When
 * the last waiting worker takes a connection, it wakes one parked worker,
 * because the workers at the queue are then all busy, mostly with the disk. If
 * none is parked, all workers are busy, and it wakes the sweeper instead. With
 * only one waiting worker per processor, almost every change of the store would
 * wake a parked worker and park another: up to a quarter of its cost.
 *
 * Signals. The stop signals are blocked in every thread and read from a
 * signalfd. So a signal that arrives before a poll is not lost, and no signal
 * interrupts a read or a write of a worker.
 *
 * Start. The first worker serves while the others are created, so that the
 * first answer does not wait for 64 threads: 1.7 of 5.9 ms on a busy AMD EPYC
 * with two CPUs, and more where each thread wakes an idle CPU. If the address
 * space is limited, no worker serves before all threads are created, because
 * its memory would come out of the headroom.
 *
 * Locks. `starting` is held only until the first worker may serve. Everything
 * else that threads share here is atomic; the table has its own lock
 * (conns_private.h), which is never taken while `starting` is held.
 */
#include "server/pool.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/listener.h"
#include "base/log.h"
#include "base/clock.h"
#include "base/sched.h"

/* Certificates need most of it, in libcrypto. */
#define STACK_SIZE ((size_t)256 * 1024)

/* If the address space is limited, thread stacks must not use it up: some
 * libraries end the process when malloc fails. This much is set aside while the
 * threads are created. */
#define HEADROOM ((size_t)8 * 1024 * 1024)

/* Workers that may wait at the queue, per processor. */
#define WAITING_MOST 4

/* Milliseconds. */
enum {
	/* The time between two sweeps: SWEEP at most; SWEEP_OFTEN while all
	 * workers are busy, one hangs, or a shortage was recent; SWEEP_AT_ONCE
	 * while table entries, descriptors or memory are short. */
	SWEEP = 60 * 1000,
	SWEEP_OFTEN = 50,
	SWEEP_AT_ONCE = 5,
	TIDY = 1000
};

struct pool_thread {
	struct pool *pool;
	void *own; /* the worker's data, from `begin` */
	pthread_t thread;
};

struct pool {
	struct pool_work work;
	struct conns *conns;
	struct listener listener;
	int signals; /* signalfd */
	int alarm; /* eventfd: wakes the sweeper */
	int over; /* eventfd: the workers must end */
	size_t waiting_most;
	struct pool_thread *workers;
	size_t count; /* workers that were started */
	pthread_mutex_t starting; /* held until workers may serve */

	/* Atomics rather than a lock: while there is work for all, no worker
	 * waits for another here. */
	atomic_size_t waiting; /* at the queue */
	atomic_size_t parked;
	sem_t needed; /* posted once for each parked worker to wake */
	atomic_bool alarmed; /* the alarm was sent since the last sweep */
	size_t hanging; /* workers that hung at the last sweep */
};

/* Wakes the sweeper. Further alarms until the next sweep do nothing. */
static void
wake_sweeper(void *arg)
{
	const uint64_t one = 1;
	struct pool *p = arg;

	if (!atomic_exchange(&p->alarmed, true) &&
	    write(p->alarm, &one, sizeof(one)) < 0)
		atomic_store(&p->alarmed, false);
}

/* --- workers -------------------------------------------------------------- */

/* Reserves a place at the queue. False if all of them are taken. */
static bool
may_wait(struct pool *p)
{
	if (atomic_fetch_add(&p->waiting, 1) < p->waiting_most)
		return true;
	atomic_fetch_sub(&p->waiting, 1);
	return false;
}

/*
 * Waits until there is a place at the queue, and reserves it.
 *
 * No wake-up is lost. A worker that leaves the queue first decrements `waiting`
 * and then reads `parked`; a worker that parks first increments `parked` and
 * then tries to increment `waiting`. Whatever the order, at least one of the
 * two sees the other: either the leaving worker posts the semaphore, or the
 * parking worker finds the free place.
 */
static void
park(struct pool *p)
{
	atomic_fetch_add(&p->parked, 1);
	while (!may_wait(p))
		(void)sem_wait(&p->needed);
	atomic_fetch_sub(&p->parked, 1);
}

/* Waits for an event, and wakes a replacement if this was the last worker at
 * the queue. */
static struct conn_ref
wait_at_queue(struct pool *p)
{
	struct conn_ref at;

	if (!may_wait(p))
		park(p);
	at = conns_next(p->conns);
	if (atomic_fetch_sub(&p->waiting, 1) > 1)
		return at;
	if (atomic_load(&p->parked) > 0)
		sem_post(&p->needed);
	else
		wake_sweeper(p);
	return at;
}

static void
wait_for_start(struct pool *p)
{
	pthread_mutex_lock(&p->starting);
	pthread_mutex_unlock(&p->starting);
}

/* Serves one request, unless it is incomplete after a shortage. */
static void
serve(struct pool *p, void *own, const struct conns_taken *taken)
{
	enum conns_next next = CONNS_LATER;

	if (!taken->careful || p->work.whole(own, taken->at.fd))
		next = p->work.serve(own, taken);
	conns_give_back(p->conns, taken, next);
}

/* The life of a worker. An event on the listening socket means accept; an event
 * on `over` ends the worker. */
static void *
work(void *arg)
{
	const struct pool_thread *w = arg;
	struct pool *p = w->pool;
	struct conns_taken taken;
	struct conn_ref at;

	wait_for_start(p);
	sched_yield_to_waker();
	while ((at = wait_at_queue(p)).fd != p->over) {
		if (at.fd == p->listener.fd &&
		    !listener_accept_one(&p->listener, &at))
			continue;
		if (conns_take(p->conns, at, w->own, &taken))
			serve(p, w->own, &taken);
	}
	p->work.end(w->own);
	return NULL;
}

static enum err
create_one(struct pool *p, const pthread_attr_t *attr, struct pool_thread *w)
{
	enum err e;

	w->pool = p;
	if ((e = p->work.begin(p->work.arg, &w->own)) != ERR_OK)
		return e;
	if (pthread_create(&w->thread, attr, work, w) == 0)
		return ERR_OK;
	p->work.end(w->own);
	return ERR_MEMORY;
}

/* Creates threads until there are n, or one fails; returns its error. */
static enum err
create(struct pool *p, size_t n)
{
	pthread_attr_t attr;
	enum err e = ERR_OK;

	if (pthread_attr_init(&attr) != 0)
		return ERR_MEMORY;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (e == ERR_OK && p->count < n)
		if ((e = create_one(p, &attr, &p->workers[p->count])) == ERR_OK)
			p->count++;
	pthread_attr_destroy(&attr);
	return e;
}

/* Whether memory may end before the threads do. Linux counts stacks and arenas
 * as data, too. */
static bool
is_limited(void)
{
	struct rlimit space, data;

	return getrlimit(RLIMIT_AS, &space) != 0 ||
	    getrlimit(RLIMIT_DATA, &data) != 0 ||
	    space.rlim_cur != RLIM_INFINITY || data.rlim_cur != RLIM_INFINITY;
}

/* Starts as many workers as possible; an error only if there is none. */
static enum err
start(struct pool *p)
{
	size_t all = p->work.workers;
	size_t first = is_limited() ? all : 1;
	void *headroom = mmap(NULL, HEADROOM, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	enum err e;

	pthread_mutex_lock(&p->starting);
	e = create(p, first);
	if (headroom != MAP_FAILED)
		munmap(headroom, HEADROOM);
	pthread_mutex_unlock(&p->starting);
	if (e == ERR_OK)
		e = create(p, all);
	if (p->count < all)
		log_line(LOG_AT_WARNING, "only %zu of %zu workers started",
		    p->count, all);
	return p->count > 0 ? ERR_OK : e;
}

static void
end_workers(struct pool *p)
{
	const uint64_t one = 1;
	size_t i;

	/* Cannot fail: the eventfd's counter is 0. */
	if (write(p->over, &one, sizeof(one)) != (ssize_t)sizeof(one))
		abort();
	for (i = 0; i < p->count; i++)
		pthread_join(p->workers[i].thread, NULL);
}

/* --- the sweeper ---------------------------------------------------------- */

static bool
all_busy(struct pool *p)
{
	return atomic_load(&p->waiting) == 0 && atomic_load(&p->parked) == 0;
}

/* One sweep. False if the pool must end, since only a new process can help:
 * half of the workers hang, or the write lock is stalled. */
static bool
sweep(struct pool *p)
{
	const struct conns_sight sight = {
		.starving = all_busy(p) && conns_queued(p->conns),
		.out_of_resources = atomic_exchange(
		    &p->listener.out_of_resources, false),
		.stalled = p->work.stalled(p->work.arg),
	};

	atomic_store(&p->alarmed, false);
	p->hanging = conns_sweep(p->conns, &sight);
	p->work.hanging(p->work.arg, p->hanging);
	if (sight.out_of_resources)
		listener_accept(&p->listener);
	return !sight.stalled && p->hanging * 2 < p->count;
}

/* The milliseconds between two sweeps. *accepting: the workers may all be busy,
 * so the sweeper accepts connections. */
static int64_t
sweep_period(struct pool *p, bool *accepting)
{
	const int64_t calm = p->work.rules.timeout_ms / 4;
	bool out_of_resources = atomic_load(&p->listener.out_of_resources);

	*accepting = (all_busy(p) || atomic_load(&p->alarmed)) &&
	    !out_of_resources;
	if (out_of_resources)
		return SWEEP_AT_ONCE;
	if (*accepting || p->hanging > 0 || conns_careful(p->conns) ||
	    calm < SWEEP_OFTEN)
		return SWEEP_OFTEN;
	return calm < SWEEP ? calm : SWEEP;
}

/* Sleeps until a signal, an alarm, the end of the time, or, with `accepting`, a
 * new connection. False after a signal. */
static bool
sleep_long(struct pool *p, int64_t ms, bool accepting)
{
	struct pollfd fds[] = { { .fd = p->signals, .events = POLLIN },
		{ .fd = p->alarm, .events = POLLIN },
		{ .fd = p->listener.fd, .events = POLLIN } };
	uint64_t count;

	poll(fds, accepting ? 3 : 2, (int)ms);
	if (fds[1].revents != 0 && read(p->alarm, &count, sizeof(count)) < 0)
		abort();
	/* After a signal too: clients that connected before it are served. */
	if (fds[0].revents != 0 || fds[2].revents != 0)
		listener_accept(&p->listener);
	return fds[0].revents == 0;
}

/* The loop of the sweeper. Returns the reason for which the pool ends. */
static enum err
supervise(struct pool *p)
{
	int64_t swept_at = clock_ms(), tidied_at = swept_at, next;
	bool accepting;
	enum err e;

	while (!atomic_load(&p->listener.broken)) {
		int64_t period = sweep_period(p, &accepting);
		int64_t now = clock_ms();

		if (now - swept_at >= period) {
			if (!sweep(p))
				return ERR_BUSY;
			swept_at = now;
		}
		if (now - tidied_at >= TIDY) {
			if ((e = p->work.tidy(p->work.arg)) != ERR_OK)
				return e;
			tidied_at = now;
		}
		next = swept_at + period;
		if (next > tidied_at + TIDY)
			next = tidied_at + TIDY;
		if (!sleep_long(p, next - now, accepting))
			return ERR_OK;
	}
	return ERR_FILE;
}

/* --- start and stop ------------------------------------------------------- */

static sigset_t
stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	return set;
}

void
pool_signals(void)
{
	const sigset_t set = stop_signals();
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static enum err
prepare(struct pool *p)
{
	const sigset_t set = stop_signals();
	int listener = p->listener.fd, flags = fcntl(listener, F_GETFL);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (flags < 0 || fcntl(listener, F_SETFL, flags | O_NONBLOCK) != 0)
		return ERR_FILE;
	p->waiting_most = WAITING_MOST *
	    (processors > 2 ? (size_t)processors : 2);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC);
	p->alarm = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->over = eventfd(0, EFD_CLOEXEC);
	p->conns = p->listener.conns = conns_new(&p->work.rules);
	if (p->signals < 0 || p->alarm < 0 || p->over < 0 || p->conns == NULL ||
	    p->workers == NULL)
		return ERR_MEMORY;
	if (!conns_watch(p->conns, p->over, true) ||
	    !conns_watch(p->conns, listener, false))
		return ERR_FILE;
	return ERR_OK;
}

static void
release(struct pool *p)
{
	const int fds[] = { p->listener.fd, p->signals, p->alarm, p->over };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	conns_free(p->conns);
	free(p->workers);
	sem_destroy(&p->needed);
	pthread_mutex_destroy(&p->starting);
	free(p);
}

/* Runs the pool from the first thread to the last. */
static enum err
run(struct pool *p)
{
	enum err e;

	if ((e = start(p)) == ERR_OK)
		e = supervise(p);
	/* Connections from now on stay in the backlog, for the next process
	 * that listens on this socket. */
	atomic_store(&p->listener.shut, true);
	if (!conns_drain(p->conns))
		return ERR_BUSY;
	end_workers(p);
	return e;
}

enum err
pool_run(const struct pool_work *work, int listener)
{
	struct pool *p = calloc(1, sizeof(*p));
	enum err e;

	if (p == NULL)
		return ERR_MEMORY;
	*p = (struct pool){ .work = *work,
		.listener = { .fd = listener,
		    .arg = work->arg,
		    .welcome = work->welcome,
		    .alarm = wake_sweeper,
		    .owner = p },
		.signals = -1,
		.alarm = -1,
		.over = -1,
		.workers = calloc(work->workers, sizeof(*p->workers)) };
	pthread_mutex_init(&p->starting, NULL);
	sem_init(&p->needed, 0, 0);
	if ((e = prepare(p)) == ERR_OK)
		e = run(p);
	/* A worker that has not ended still uses the pool. */
	if (e != ERR_BUSY)
		release(p);
	return e;
}
