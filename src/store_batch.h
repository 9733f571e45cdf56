/* SPDX-License-Identifier: ISC */
/*
 * store_batch.h - jobs of many threads, done together by one of them: the first
 * that comes leads, and those that come while it works wait for the next round.
 * Private to store.
 */
#ifndef PUSHCERT_STORE_BATCH_H
#define PUSHCERT_STORE_BATCH_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#include "attr.h"
#include "err.h"

/* The head of a job; lives on the stack of the thread that waits for it. */
struct batch_job {
	struct batch_job *next;
	bool done; /* else it was woken to lead */
	sem_t wake;
};

/* Does n jobs. Never runs twice at the same moment. */
typedef void batch_run(struct batch_job *first, size_t n, void *arg);

struct batch {
	pthread_mutex_t lock;
	struct batch_job *first;
	struct batch_job **last;
	bool led; /* somebody works, or is woken to do so */
	batch_run *run;
	void *arg;
};

/* The batch must not move afterwards. */
enum err
store_batch_init(struct batch *b, batch_run *run, void *arg) ATTR_CHECKED;
void store_batch_destroy(struct batch *b);

/* Returns when run has done the job; ERR_STORE if it could not be queued. */
enum err store_batch_do(struct batch *b, struct batch_job *job) ATTR_CHECKED;

#endif
