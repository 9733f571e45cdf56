/* SPDX-License-Identifier: ISC */
/*
 * group_commit.c - the queue, and who leads.
 *
 * Each waits on a semaphore of its own, so that exactly the right thread wakes
 * and none of them meets the others at a lock. Who leads takes the others only
 * when it can begin, so that until then each of them may leave.
 *
 * To wake the next leader costs a tenth of a round, the more so as those who
 * are answered are awake before it. The helper, who has nobody to answer, stays
 * awake from one round to the next. A single thread at a time never sees it.
 *
 * A round costs much the same for one job as for some. Where a few clients each
 * send their next change when the last one was answered, half of them would
 * find the other half's round under way, for ever: so who leads gathers those
 * who were answered last, if they came again soon the time before. One who is
 * alone has nobody to wait for.
 */
#include "store/group_commit.h"

#include <errno.h>
#include <time.h>

#include "base/sched.h"

enum state {
	WAITS,
	LEADS, /* was woken to lead */
	TAKEN, /* in a round */
	DONE
};

/* The helper's, in bytes. */
#define STACK_SIZE ((size_t)256 * 1024)

/* In microseconds, as all times here but for the timeout_ms. */
#define MS INT64_C(1000)

static int64_t
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct timespec
timespec_of(int64_t at)
{
	return (struct timespec){ .tv_sec = at / 1000000,
		.tv_nsec = at % 1000000 * 1000 };
}

enum err
group_commit_init(struct group_commit *b, const struct group_commit_work *work)
{
	*b = (struct group_commit){ .work = *work, .last = &b->first };
	if (sem_init(&b->called, 0, 0) != 0 ||
	    sem_init(&b->helping.wake, 0, 0) != 0)
		return ERR_STORE;
	return pthread_mutex_init(&b->lock, NULL) == 0 ? ERR_OK : ERR_STORE;
}

void
group_commit_destroy(struct group_commit *b)
{
	if (b->has_helper) {
		atomic_store(&b->ends, true);
		sem_post(&b->called);
		pthread_join(b->helper, NULL);
	}
	sem_destroy(&b->helping.wake);
	sem_destroy(&b->called);
	pthread_mutex_destroy(&b->lock);
}

/* Whether another job would only keep its thread from what can be done. Who
 * finds nobody in the lead leads, and so finds out when it is over. The lock
 * is held. */
static bool
should_reject(const struct group_commit *b, int64_t now)
{
	if (!b->led)
		return false;
	if (b->work.queue_max > 0 && b->waiting >= b->work.queue_max)
		return true;
	return b->work.timeout_ms > 0 &&
	    (b->stuck || now - b->led_since >= b->work.timeout_ms * MS);
}

/* How long a round may be put off: what it costs whatever is in it, if so many
 * jobs cost as much again, but never so long (microseconds) as a disk that
 * hangs. */
enum { COST_OF_ROUND = 32, GATHERING_MOST = 5000 };

static int64_t
gathering_time(const struct group_commit *b)
{
	int64_t cost = b->round_took * COST_OF_ROUND /
	    (int64_t)(b->answered + COST_OF_ROUND);

	return cost < GATHERING_MOST ? cost : GATHERING_MOST;
}

/* Whether those who were answered in the last round come again so soon that to
 * wait for them pays: while it waits the disk has nothing to do, and while the
 * disk works, they; so it must be clearly sooner than the time it saves. */
static bool
come_soon(const struct group_commit *b, int64_t most)
{
	return b->back_after != 0 && b->back_after * 3 <= most * 2;
}

/* Until when a round had better wait for those who were answered in the last
 * one: as long as it may be put off, if they come soon. 0: it had better not.
 * The lock is held. */
static int64_t
gathering_end(const struct group_commit *b, int64_t now)
{
	int64_t most = gathering_time(b), end = b->ended_at + most;

	if (b->away == 0 || !come_soon(b, most) || b->stuck ||
	    (b->work.batch_max > 0 && b->waiting >= b->work.batch_max) ||
	    (b->work.queue_max > 0 && b->waiting >= b->work.queue_max))
		return 0;
	return end > now ? end : 0;
}

/* One more has come. The lock is held. */
static void
count_back(struct group_commit *b, int64_t now)
{
	if (b->away > 0 && --b->away == 0)
		b->back_after = now > b->ended_at ? now - b->ended_at : 1;
	if (b->gatherer != NULL && gathering_end(b, now) == 0) {
		sem_post(&b->gatherer->wake);
		b->gatherer = NULL;
	}
}

/* n are answered now. The lock is held. */
static void
count_answered(struct group_commit *b, size_t n, int64_t began)
{
	int64_t now = clock_now();

	if (b->away > 0)
		b->back_after = now - b->ended_at;
	b->answered = b->away = n;
	b->ended_at = now;
	b->round_took = now - began;
}

/* False if it may not wait; *leads if it is the first. */
static bool
enqueue(struct group_commit *b, struct group_commit_job *job, int64_t now,
    bool *leads)
{
	bool good;

	pthread_mutex_lock(&b->lock);
	if ((good = !should_reject(b, now))) {
		*b->last = job;
		b->last = &job->next;
		b->waiting++;
		count_back(b, now);
		if ((*leads = !b->led))
			b->led_since = now;
		b->led = true;
	}
	pthread_mutex_unlock(&b->lock);
	return good;
}

/* The lock is held. */
static void
unlink_job(struct group_commit *b, struct group_commit_job *job)
{
	struct group_commit_job **p = &b->first;

	while (*p != job)
		p = &(*p)->next;
	if ((*p = job->next) == NULL)
		b->last = p;
	b->waiting--;
}

/* Takes the first for a round; the others wait for the next one. */
static struct group_commit_job *
take(struct group_commit *b, size_t *n)
{
	size_t most = b->work.batch_max > 0 ? b->work.batch_max : SIZE_MAX;
	struct group_commit_job *first, **p;

	pthread_mutex_lock(&b->lock);
	b->stuck = false;
	b->led_since = clock_now();
	first = b->first;
	for (p = &b->first, *n = 0; *p != NULL && *n < most; ++*n) {
		atomic_store(&(*p)->state, TAKEN);
		p = &(*p)->next;
	}
	b->first = *p;
	if (*p == NULL)
		b->last = &b->first;
	*p = NULL;
	b->waiting -= *n;
	pthread_mutex_unlock(&b->lock);
	return first;
}

/* Gives the lead to the first who waits. */
static void
give_lead(struct group_commit *b)
{
	struct group_commit_job *heir;

	pthread_mutex_lock(&b->lock);
	heir = b->first;
	b->led = heir != NULL;
	b->led_since = clock_now();
	if (heir != NULL)
		atomic_store(&heir->state, LEADS);
	pthread_mutex_unlock(&b->lock);
	if (heir != NULL)
		sem_post(&heir->wake);
}

static void
do_round(struct group_commit *b, const struct group_commit_job *own)
{
	int64_t began = clock_now();
	struct group_commit_job *job, *next;
	size_t n;

	job = take(b, &n);
	b->work.run(job, n, b->work.arg);
	pthread_mutex_lock(&b->lock);
	count_answered(b, n, began);
	pthread_mutex_unlock(&b->lock);
	for (; job != NULL; job = next) {
		/* Whoever is awake may be gone at once. */
		next = job->next;
		if (job == own)
			continue;
		atomic_store(&job->state, DONE);
		sem_post(&job->wake);
	}
}

/* Waits until it is woken; false when the time was over before. */
static bool
sleep_until(struct group_commit_job *job, const struct timespec *until)
{
	int rc;

	/* A signal may come between. */
	do {
		rc = until == NULL
		    ? sem_wait(&job->wake)
		    : sem_clockwait(&job->wake, CLOCK_MONOTONIC, until);
	} while (rc != 0 && errno == EINTR);
	return rc == 0;
}

static void
gather(struct group_commit *b, struct group_commit_job *own, int64_t until)
{
	struct timespec limit;
	int64_t end;

	pthread_mutex_lock(&b->lock);
	if ((end = gathering_end(b, clock_now())) != 0) {
		/* The last one may have come just when the time was over. */
		while (sem_trywait(&own->wake) == 0)
			continue;
		b->gatherer = own;
	}
	pthread_mutex_unlock(&b->lock);
	if (end == 0)
		return;
	limit = timespec_of(
	    b->work.timeout_ms > 0 && end > until ? until : end);
	(void)sleep_until(own, &limit);
	pthread_mutex_lock(&b->lock);
	b->gatherer = NULL;
	pthread_mutex_unlock(&b->lock);
}

/* Makes sure that a round can begin, and notes where none can. */
static enum err
begin(struct group_commit *b, int64_t until)
{
	int64_t left = -1;
	enum err e;

	if (b->work.timeout_ms > 0 && (left = (until - clock_now()) / MS) < 0)
		left = 0;
	if ((e = b->work.begin(b->work.arg, left)) == ERR_OK)
		return ERR_OK;
	pthread_mutex_lock(&b->lock);
	b->stuck = true;
	pthread_mutex_unlock(&b->lock);
	return e;
}

/* After a round: gives up the lead if nobody waits. */
static bool
keep_lead(struct group_commit *b)
{
	bool keeps;

	pthread_mutex_lock(&b->lock);
	keeps = b->led = b->first != NULL;
	b->led_since = clock_now();
	pthread_mutex_unlock(&b->lock);
	return keeps;
}

/* A round of the helper's; whether there is another one. */
static bool
help_once(struct group_commit *b)
{
	int64_t until = clock_now() + b->work.timeout_ms * MS;

	gather(b, &b->helping, until);
	if (begin(b, until) == ERR_OK) {
		do_round(b, &b->helping);
		return keep_lead(b);
	}
	give_lead(b);
	return false;
}

static void *
help(void *arg)
{
	struct group_commit *b = arg;

	for (;;) {
		if (sem_wait(&b->called) != 0)
			continue; /* a signal */
		if (atomic_load(&b->ends)) {
			(void)keep_lead(b);
			return NULL;
		}
		while (help_once(b))
			continue;
	}
}

static bool
start_helper(struct group_commit *b)
{
	pthread_attr_t attr;
	bool good;

	if (pthread_attr_init(&attr) != 0)
		return false;
	good = pthread_attr_setstacksize(&attr, STACK_SIZE) == 0 &&
	    pthread_create(&b->helper, &attr, help, b) == 0;
	pthread_attr_destroy(&attr);
	return good;
}

/* False if there can be no helper. */
static bool
call_helper(struct group_commit *b)
{
	if (!b->has_helper)
		b->has_helper = start_helper(b);
	if (b->has_helper)
		sem_post(&b->called);
	return b->has_helper;
}

static enum err
lead(struct group_commit *b, struct group_commit_job *own, int64_t until)
{
	enum err e;

	gather(b, own, until);
	if ((e = begin(b, until)) == ERR_OK) {
		do_round(b, own);
		if (keep_lead(b) && !call_helper(b))
			give_lead(b);
		return ERR_OK;
	}
	pthread_mutex_lock(&b->lock);
	unlink_job(b, own);
	pthread_mutex_unlock(&b->lock);
	give_lead(b);
	return e;
}

/* False when it has left the queue because its time is over. */
static bool
wait_for_turn(
    struct group_commit *b, struct group_commit_job *job, int64_t until)
{
	const struct timespec end = timespec_of(until);
	bool leaves;

	if (sleep_until(job, b->work.timeout_ms > 0 ? &end : NULL))
		return true;
	pthread_mutex_lock(&b->lock);
	if ((leaves = atomic_load(&job->state) == WAITS))
		unlink_job(b, job);
	pthread_mutex_unlock(&b->lock);
	/* Else somebody has it in his hands, and wakes us. */
	return !leaves && sleep_until(job, NULL);
}

enum err
group_commit_run(struct group_commit *b, struct group_commit_job *job)
{
	int64_t now = clock_now(), until = now + b->work.timeout_ms * MS;
	bool leads;
	enum err e = ERR_BUSY;

	job->next = NULL;
	atomic_init(&job->state, WAITS);
	if (sem_init(&job->wake, 0, 0) != 0)
		return ERR_STORE;
	if (!enqueue(b, job, now, &leads))
		goto out;
	if (!leads && !wait_for_turn(b, job, until))
		goto out;
	e = ERR_OK;
	if (atomic_load(&job->state) != DONE) {
		sched_lead(true);
		e = lead(b, job, until);
		sched_lead(false);
	}
out:
	sem_destroy(&job->wake);
	return e;
}
