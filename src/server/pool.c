/* SPDX-License-Identifier: ISC */
/*
 * pool.c - workers take connections out of one queue, or accept them; the
 * caller's thread sees to signals, overstayers, and overload.
 *
 * No more workers wait at the queue than a few for each processor: more would
 * be woken only to sleep again. The others are parked until nobody waits,
 * because all that did are busy (with the disk, mostly). Were it one for each
 * processor, nearly every change would wake one that is parked and park when it
 * is done, which costs up to a quarter of all that a change does.
 *
 * The signals are blocked in all threads and read from a descriptor: none is
 * lost before a sleep, none cuts a read or a write.
 */
#include "server/pool.h"

#include <errno.h>
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
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/listener.h"
#include "base/log.h"
#include "base/clock.h"
#include "base/sched.h"

/* libcrypto takes the most of it, for certificates. */
#define STACK_SIZE ((size_t)256 * 1024)

/* Where the address space is limited, this much of it is left for what the
 * workers allocate: libraries die where they cannot. */
#define HEADROOM ((size_t)8 * 1024 * 1024)

/* Workers at the queue, for each processor. */
#define WAITING_MOST 4

/* Milliseconds. */
enum {
	/* Between looks at the peers' manners: while there is nothing amiss,
	 * while all workers are busy, and while room, descriptors or memory
	 * are short. */
	SWEEP = 60 * 1000,
	SWEEP_OFTEN = 50,
	SWEEP_AT_ONCE = 5,
	TIDY = 1000
};

struct worker {
	struct pool *pool;
	void *own; /* what `begin` gave */
	pthread_t thread;
};

struct pool {
	struct pool_work work;
	struct conns *conns;
	struct listener listener;
	int signals; /* signalfd */
	int alarm; /* eventfd: the caller's thread is needed */
	int over; /* eventfd: the workers are to leave */
	size_t waiting_most;
	struct worker *workers;
	size_t count; /* of those that were started */
	pthread_mutex_t starting; /* held until all are started */

	/* Changed without a lock, so that nobody meets others at it while
	 * there is enough to do for all. */
	atomic_size_t waiting; /* at the queue */
	atomic_size_t parked;
	sem_t needed; /* of them one is, each time */
	atomic_bool alarmed; /* and has not looked since */
	size_t hanging; /* when the caller's thread looked last */
};

/* Wakes the caller's thread, once until it has looked. */
static void
alarm_caller(void *arg)
{
	const uint64_t one = 1;
	struct pool *p = arg;

	if (!atomic_exchange(&p->alarmed, true) &&
	    write(p->alarm, &one, sizeof(one)) < 0)
		atomic_store(&p->alarmed, false);
}

/* --- workers ------------------------------------------------------------ */

/* Whether one more may wait at the queue. */
static bool
may_wait(struct pool *p)
{
	if (atomic_fetch_add(&p->waiting, 1) < p->waiting_most)
		return true;
	atomic_fetch_sub(&p->waiting, 1);
	return false;
}

/* Until the last one that waits has gone to work. Who goes says so before he
 * looks for one that is parked, and who parks is counted before he looks, so
 * one of them sees the other. */
static void
park(struct pool *p)
{
	atomic_fetch_add(&p->parked, 1);
	while (!may_wait(p))
		(void)sem_wait(&p->needed);
	atomic_fetch_sub(&p->parked, 1);
}

/* Waits at the queue, when it is this worker's turn. */
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
		alarm_caller(p);
	return at;
}

/* Whoever served before all are there would lack the headroom (start). */
static void
wait_for_start(struct pool *p)
{
	pthread_mutex_lock(&p->starting);
	pthread_mutex_unlock(&p->starting);
}

static bool
is_silent(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    errno == EAGAIN;
}

static enum conns_next
serve_once(struct pool *p, void *own, const struct conns_taken *taken)
{
	if (taken->doubtful && is_silent(taken->at.fd))
		return CONNS_KEEP;
	if (taken->careful && !p->work.whole(own, taken->at.fd))
		return CONNS_LATER;
	return p->work.serve(own, taken);
}

/* What its peer says meanwhile is often what was read already, at last. */
static void
serve(struct pool *p, void *own, struct conns_taken *taken)
{
	enum conns_next next = serve_once(p, own, taken);

	while (!conns_give_back(p->conns, taken, next))
		if (next == CONNS_LATER || !is_silent(taken->at.fd))
			next = serve_once(p, own, taken);
}

static void *
work(void *arg)
{
	const struct worker *w = arg;
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
create_one(struct pool *p, const pthread_attr_t *attr, struct worker *w)
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

/* Creates workers up to the first that fails; returns why it did. */
static enum err
create(struct pool *p)
{
	pthread_attr_t attr;
	enum err e = ERR_OK;

	if (pthread_attr_init(&attr) != 0)
		return ERR_MEMORY;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (e == ERR_OK && p->count < p->work.workers)
		if ((e = create_one(p, &attr, &p->workers[p->count])) == ERR_OK)
			p->count++;
	pthread_attr_destroy(&attr);
	return e;
}

/* Starts as many workers as there can be. */
static enum err
start(struct pool *p)
{
	void *headroom = mmap(NULL, HEADROOM, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	enum err e;

	pthread_mutex_lock(&p->starting);
	e = create(p);
	if (headroom != MAP_FAILED)
		munmap(headroom, HEADROOM);
	pthread_mutex_unlock(&p->starting);
	if (p->count < p->work.workers)
		log_line(LOG_AT_WARNING, "only %zu of %zu workers started",
		    p->count, p->work.workers);
	return p->count > 0 ? ERR_OK : e;
}

static void
end_workers(struct pool *p)
{
	const uint64_t one = 1;
	size_t i;

	/* Cannot fail: the counter is far from full. */
	if (write(p->over, &one, sizeof(one)) != (ssize_t)sizeof(one))
		abort();
	for (i = 0; i < p->count; i++)
		pthread_join(p->workers[i].thread, NULL);
}

/* --- the caller's thread ------------------------------------------------ */

static bool
all_busy(struct pool *p)
{
	return atomic_load(&p->waiting) == 0 && atomic_load(&p->parked) == 0;
}

/* False when too few workers are left, or nothing can be written: then only
 * another process helps. */
static bool
sweep(struct pool *p)
{
	const struct conns_sight sight = {
		.starving = all_busy(p) && conns_queued(p->conns),
		.out_of_resources = atomic_exchange(
		    &p->listener.out_of_resources, false),
		.stuck = p->work.stuck(p->work.arg),
	};

	atomic_store(&p->alarmed, false);
	p->hanging = conns_sweep(p->conns, &sight);
	p->work.hanging(p->work.arg, p->hanging);
	if (sight.out_of_resources)
		listener_accept(&p->listener);
	return !sight.stuck && p->hanging * 2 < p->count;
}

/* How long to wait between looks; *accepting tells whether the workers may be
 * too busy to accept. */
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

/* Sleeps until an alarm, the time, or, if asked, a connection comes. False
 * when a signal does. */
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
	/* Also those that connected before the signal. */
	if (fds[0].revents != 0 || fds[2].revents != 0)
		listener_accept(&p->listener);
	return fds[0].revents == 0;
}

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

/* --- start and stop ----------------------------------------------------- */

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

/* Serves with the threads that could be started. */
static enum err
run(struct pool *p)
{
	enum err e;

	if ((e = start(p)) == ERR_OK)
		e = supervise(p);
	/* What comes now is left to the next process that listens here. */
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
		    .alarm = alarm_caller,
		    .owner = p },
		.signals = -1,
		.alarm = -1,
		.over = -1,
		.workers = calloc(work->workers, sizeof(*p->workers)) };
	pthread_mutex_init(&p->starting, NULL);
	sem_init(&p->needed, 0, 0);
	if ((e = prepare(p)) == ERR_OK)
		e = run(p);
	/* A worker that has not come back uses it. */
	if (e != ERR_BUSY)
		release(p);
	return e;
}
