/* SPDX-License-Identifier: ISC */
/*
 * store_batch.c - the queue, and who leads.
 *
 * Each waits on a semaphore of its own, so that exactly the right thread wakes
 * and none of them meets the others at a lock.
 */
#include "store_batch.h"

enum err
store_batch_init(struct batch *b, batch_run *run, void *arg)
{
	*b = (struct batch){ .last = &b->first, .run = run, .arg = arg };
	return pthread_mutex_init(&b->lock, NULL) == 0 ? ERR_OK : ERR_STORE;
}

void
store_batch_destroy(struct batch *b)
{
	pthread_mutex_destroy(&b->lock);
}

/* Whether the job is the first, and its thread leads. */
static bool
enqueue(struct batch *b, struct batch_job *job)
{
	bool leads;

	pthread_mutex_lock(&b->lock);
	*b->last = job;
	b->last = &job->next;
	leads = !b->led;
	b->led = true;
	pthread_mutex_unlock(&b->lock);
	return leads;
}

static struct batch_job *
take_all(struct batch *b)
{
	struct batch_job *first;

	pthread_mutex_lock(&b->lock);
	first = b->first;
	b->first = NULL;
	b->last = &b->first;
	pthread_mutex_unlock(&b->lock);
	return first;
}

static void
wake(struct batch_job *job, bool done)
{
	job->done = done;
	sem_post(&job->wake);
}

/* Gives the lead to the first who came meanwhile. */
static void
pass_lead(struct batch *b)
{
	struct batch_job *heir;

	pthread_mutex_lock(&b->lock);
	heir = b->first;
	b->led = heir != NULL;
	pthread_mutex_unlock(&b->lock);
	if (heir != NULL)
		wake(heir, false);
}

static void
lead(struct batch *b, const struct batch_job *own)
{
	struct batch_job *first = take_all(b), *job, *next;
	size_t n = 0;

	for (job = first; job != NULL; job = job->next)
		n++;
	b->run(first, n, b->arg);
	for (job = first; job != NULL; job = next) {
		/* Whoever is awake may be gone at once. */
		next = job->next;
		if (job != own)
			wake(job, true);
	}
	pass_lead(b);
}

enum err
store_batch_do(struct batch *b, struct batch_job *job)
{
	bool leads;

	job->next = NULL;
	job->done = false;
	if (sem_init(&job->wake, 0, 0) != 0)
		return ERR_STORE;
	leads = enqueue(b, job);
	/* A signal may come between. */
	while (!leads && sem_wait(&job->wake) != 0)
		continue;
	if (!job->done)
		lead(b, job);
	sem_destroy(&job->wake);
	return ERR_OK;
}
