/* SPDX-License-Identifier: ISC */
/*
 * group_commit.c - changes that wait at the same time share one transaction
 * and one flush to disk.
 *
 * The first thread to arrive becomes the leader. It takes the write lock,
 * collects the queue into a batch, runs the batch and wakes the followers.
 * Threads that arrive meanwhile form the next batch. A follower may leave the
 * queue when its deadline passes, until a leader has collected its job. Each
 * thread sleeps on its own semaphore, so that a wake-up reaches exactly one
 * thread and the threads do not meet at a lock.
 *
 * States of a job:
 *   QUEUED -> COLLECTED -> DONE     a follower
 *   QUEUED -> COLLECTED             a job that found no leader
 *   QUEUED -> LEADER -> COLLECTED   a follower that is woken to lead
 *   QUEUED -> (left the queue)      a follower whose deadline has passed
 * A leader that cannot begin its batch leaves the queue too. All steps but DONE
 * are made under the lock.
 *
 * The helper. To wake the next leader costs a tenth of a batch, because the
 * clients that were just answered run first. So a leader whose batch did not
 * empty the queue hands the queue to the helper thread. The helper has no
 * client to answer and stays awake from batch to batch. A store that is changed
 * by one thread at a time never starts the helper.
 *
 * The commit delay. A leader may delay its batch until the jobs of the last one
 * are back; see group_commit_delay.c.
 *
 * The measured gain of the helper, in changes per second (medians of
 * interleaved rounds, two CPUs that also ran the load): 23 % with 64 clients on
 * a quiet machine. It is slower to get a CPU where 20 other processes compute
 * without pause: there it costs 15 % with 64 clients directly on the socket,
 * and nothing behind nginx.
 *
 * Lock order: the lock of this file is the innermost one. No callback runs
 * while it is held.
 */
#include "store/group_commit.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/sched.h"
#include "base/libc.h"

enum state { QUEUED, LEADER, COLLECTED, DONE };

/* The helper's stack in bytes. A change keeps its large buffers in the store,
 * not on the stack. */
#define STACK_SIZE ((size_t)256 * 1024)

/* Times in this file are microseconds of the monotonic clock, except for
 * timeout_ms. */
#define MS INT64_C(1000)

static struct timespec
timespec_of(int64_t at)
{
	return (struct timespec){ .tv_sec = at / 1000000,
		.tv_nsec = at % 1000000 * 1000 };
}

enum err
group_commit_init(struct group_commit *g, const struct group_commit_work *work)
{
	*g = (struct group_commit){ .work = *work, .last = &g->first };
	if (sem_init(&g->helper_wake, 0, 0) != 0 ||
	    sem_init(&g->helper_job.wake, 0, 0) != 0)
		return ERR_STORE;
	return pthread_mutex_init(&g->lock, NULL) == 0 ? ERR_OK : ERR_STORE;
}

void
group_commit_destroy(struct group_commit *g)
{
	if (g->has_helper) {
		atomic_store(&g->ends, true);
		sem_post(&g->helper_wake);
		pthread_join(g->helper, NULL);
	}
	sem_destroy(&g->helper_job.wake);
	sem_destroy(&g->helper_wake);
	pthread_mutex_destroy(&g->lock);
}

/*
 * Whether a new job would only block its thread. Without a leader the answer is
 * no: the new job leads, and its attempt shows whether the store works again.
 * The lock is held.
 */
static bool
should_reject(const struct group_commit *g, int64_t now)
{
	if (!g->has_leader)
		return false;
	if (g->work.queue_max > 0 && g->queued >= g->work.queue_max)
		return true;
	return g->work.timeout_ms > 0 &&
	    (g->stalled || now - g->lead_began_at >= g->work.timeout_ms * MS);
}

void
group_commit_look(struct group_commit *g, struct group_commit_load *out)
{
	int64_t now = clock_us();

	pthread_mutex_lock(&g->lock);
	*out = (struct group_commit_load){ .leads = g->has_leader,
		.waits = g->delayed != NULL,
		.opens = g->has_leader && !g->runs,
		.rejects = should_reject(g, now),
		.queued = g->queued,
		.batch = g->batch_size,
		.took = g->batch_took,
		.age = g->has_leader ? now - g->lead_began_at : 0 };
	pthread_mutex_unlock(&g->lock);
}

/* Counts an arrival, and ends the commit delay if it was the last one awaited.
 * The lock is held. */
static void
count_arrival(struct group_commit *g, int64_t now)
{
	if (g->missing > 0 && --g->missing == 0)
		g->return_time =
		    now > g->batch_ended_at ? now - g->batch_ended_at : 1;
	if (g->delayed != NULL && group_commit_delay_end(g, now) == 0) {
		sem_post(&g->delayed->wake);
		g->delayed = NULL;
	}
}

/* Records the end of a batch of n jobs. The lock is held. */
static void
record_batch(struct group_commit *g, size_t n, int64_t began)
{
	int64_t now = clock_us();

	if (g->missing > 0)
		g->return_time = now - g->batch_ended_at;
	g->runs = false;
	g->batch_size = g->missing = n;
	g->batch_ended_at = now;
	g->batch_took = now - began;
}

/* Queues a job and chooses the leader: a job that finds none leads (*leads).
 * False if the job was rejected. */
static bool
enqueue(struct group_commit *g, struct group_commit_job *job, int64_t now,
    bool *leads)
{
	bool accepted;

	pthread_mutex_lock(&g->lock);
	if ((accepted = !should_reject(g, now))) {
		*g->last = job;
		g->last = &job->next;
		g->queued++;
		count_arrival(g, now);
		if ((*leads = !g->has_leader))
			g->lead_began_at = now;
		g->has_leader = true;
	}
	pthread_mutex_unlock(&g->lock);
	return accepted;
}

/* The lock is held. */
static void
unlink_job(struct group_commit *g, struct group_commit_job *job)
{
	struct group_commit_job **p = &g->first;

	while (*p != job)
		p = &(*p)->next;
	if ((*p = job->next) == NULL)
		g->last = p;
	g->queued--;
}

/* Collects the head of the queue into a batch of *n jobs. */
static struct group_commit_job *
collect(struct group_commit *g, size_t *n)
{
	size_t most = g->work.batch_max > 0 ? g->work.batch_max : SIZE_MAX;
	struct group_commit_job *first, **p;

	pthread_mutex_lock(&g->lock);
	g->stalled = false;
	g->lead_began_at = clock_us();
	first = g->first;
	for (p = &g->first, *n = 0; *p != NULL && *n < most; ++*n) {
		atomic_store(&(*p)->state, COLLECTED);
		p = &(*p)->next;
	}
	g->first = *p;
	if (*p == NULL)
		g->last = &g->first;
	*p = NULL;
	g->queued -= *n;
	pthread_mutex_unlock(&g->lock);
	return first;
}

/* Makes the first job of the queue the leader. */
static void
pass_lead(struct group_commit *g)
{
	struct group_commit_job *heir;

	pthread_mutex_lock(&g->lock);
	heir = g->first;
	g->has_leader = heir != NULL;
	g->lead_began_at = clock_us();
	if (heir != NULL)
		atomic_store(&heir->state, LEADER);
	pthread_mutex_unlock(&g->lock);
	if (heir != NULL)
		sem_post(&heir->wake);
}

static void
run_batch(struct group_commit *g, const struct group_commit_job *own)
{
	int64_t began = clock_us();
	struct group_commit_job *job, *next;
	size_t n;

	job = collect(g, &n);
	g->work.run(job, n, g->work.arg);
	pthread_mutex_lock(&g->lock);
	record_batch(g, n, began);
	pthread_mutex_unlock(&g->lock);
	for (; job != NULL; job = next) {
		/* A follower that sees DONE may return, and its job is gone. */
		next = job->next;
		if (job == own)
			continue;
		atomic_store(&job->state, DONE);
		sem_post(&job->wake);
	}
}

/* Sleeps until the job is woken; false if the deadline passed before. */
static bool
sleep_until(struct group_commit_job *job, const struct timespec *deadline)
{
	int rc;

	/* A signal interrupts the call. */
	do {
		rc = deadline == NULL ? sem_wait(&job->wake)
				      : libc_wait_until(&job->wake, deadline);
	} while (rc != 0 && errno == EINTR);
	return rc == 0;
}

static void
delay_commit(
    struct group_commit *g, struct group_commit_job *own, int64_t until)
{
	struct timespec deadline;
	int64_t end;

	pthread_mutex_lock(&g->lock);
	if ((end = group_commit_delay_end(g, clock_us())) != 0) {
		/* An arrival may have posted after an earlier delay had timed
		 * out. */
		while (sem_trywait(&own->wake) == 0)
			continue;
		g->delayed = own;
	}
	g->runs = end == 0;
	pthread_mutex_unlock(&g->lock);
	if (end == 0)
		return;
	deadline = timespec_of(
	    g->work.timeout_ms > 0 && end > until ? until : end);
	(void)sleep_until(own, &deadline);
	pthread_mutex_lock(&g->lock);
	g->delayed = NULL;
	g->runs = true;
	pthread_mutex_unlock(&g->lock);
}

/* Takes what a batch needs, and marks the store as stalled if that fails. */
static enum err
begin(struct group_commit *g, int64_t until)
{
	int64_t left = -1;
	enum err e;

	if (g->work.timeout_ms > 0 && (left = (until - clock_us()) / MS) < 0)
		left = 0;
	if ((e = g->work.begin(g->work.arg, left)) == ERR_OK)
		return ERR_OK;
	pthread_mutex_lock(&g->lock);
	g->stalled = true;
	g->runs = false;
	pthread_mutex_unlock(&g->lock);
	return e;
}

/* After a batch: keeps the lead while jobs are queued. */
static bool
keep_lead(struct group_commit *g)
{
	bool keeps;

	pthread_mutex_lock(&g->lock);
	keeps = g->has_leader = g->first != NULL;
	g->lead_began_at = clock_us();
	pthread_mutex_unlock(&g->lock);
	return keeps;
}

/* One batch of the helper; whether another one follows. */
static bool
help_once(struct group_commit *g)
{
	int64_t until = clock_us() + g->work.timeout_ms * MS;

	delay_commit(g, &g->helper_job, until);
	if (begin(g, until) == ERR_OK) {
		run_batch(g, &g->helper_job);
		return keep_lead(g);
	}
	pass_lead(g);
	return false;
}

static void *
help(void *arg)
{
	struct group_commit *g = arg;

	for (;;) {
		if (sem_wait(&g->helper_wake) != 0)
			continue; /* interrupted by a signal */
		if (atomic_load(&g->ends)) {
			(void)keep_lead(g);
			return NULL;
		}
		while (help_once(g))
			continue;
	}
}

static bool
start_helper(struct group_commit *g)
{
	pthread_attr_t attr;
	bool started;

	if (pthread_attr_init(&attr) != 0)
		return false;
	started = pthread_attr_setstacksize(&attr, STACK_SIZE) == 0 &&
	    pthread_create(&g->helper, &attr, help, g) == 0;
	pthread_attr_destroy(&attr);
	return started;
}

/* False if the system refuses a thread. */
static bool
wake_helper(struct group_commit *g)
{
	if (!g->has_helper)
		g->has_helper = start_helper(g);
	if (g->has_helper)
		sem_post(&g->helper_wake);
	return g->has_helper;
}

static enum err
lead(struct group_commit *g, struct group_commit_job *own, int64_t until)
{
	enum err e;

	delay_commit(g, own, until);
	if ((e = begin(g, until)) == ERR_OK) {
		run_batch(g, own);
		if (keep_lead(g) && !wake_helper(g))
			pass_lead(g);
		return ERR_OK;
	}
	pthread_mutex_lock(&g->lock);
	unlink_job(g, own);
	pthread_mutex_unlock(&g->lock);
	pass_lead(g);
	return e;
}

/* False if the job has left the queue because its deadline passed. */
static bool
wait_for_leader(
    struct group_commit *g, struct group_commit_job *job, int64_t until)
{
	const struct timespec deadline = timespec_of(until);
	bool leaves;

	if (sleep_until(job, g->work.timeout_ms > 0 ? &deadline : NULL))
		return true;
	pthread_mutex_lock(&g->lock);
	if ((leaves = atomic_load(&job->state) == QUEUED))
		unlink_job(g, job);
	pthread_mutex_unlock(&g->lock);
	/* A leader that has collected the job wakes this thread. */
	return !leaves && sleep_until(job, NULL);
}

enum err
group_commit_run(struct group_commit *g, struct group_commit_job *job)
{
	int64_t now = clock_us(), until = now + g->work.timeout_ms * MS;
	bool leads;
	enum err e = ERR_BUSY;

	job->next = NULL;
	job->until = g->work.timeout_ms > 0 ? until : 0;
	atomic_init(&job->state, QUEUED);
	if (sem_init(&job->wake, 0, 0) != 0)
		return ERR_STORE;
	if (!enqueue(g, job, now, &leads))
		goto out;
	if (!leads && !wait_for_leader(g, job, until))
		goto out;
	e = ERR_OK;
	if (atomic_load(&job->state) != DONE) {
		/* This thread leads: it found no leader, or it was woken as
		 * one. */
		sched_lead(true);
		e = lead(g, job, until);
		sched_lead(false);
	}
out:
	sem_destroy(&job->wake);
	return e;
}
