/* SPDX-License-Identifier: ISC */
/*
 * group_commit.h - jobs of many threads, done together by one of them: the
 * first that comes leads, and those that come while it works wait for the next
 * round. That one, and those after it while anybody waits, are led by a thread
 * of the batch's own. None waits longer than it may, or in a longer queue, and
 * one that comes alone waits for nobody. Private to store.
 */
#ifndef PUSHCERT_GROUP_COMMIT_H
#define PUSHCERT_GROUP_COMMIT_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* The head of a job; lives on the stack of the thread that waits for it. */
struct group_commit_job {
	struct group_commit_job *next;
	atomic_int state;
	sem_t wake;
};

/* What is done, for `arg`, and never twice at the same moment. */
struct group_commit_work {
	void *arg;
	/* Makes sure that a round can begin: ERR_BUSY if not within that many
	 * milliseconds; below 0 it waits without end. */
	enum err (*begin)(void *arg, int64_t ms);
	/* Does n jobs, the round, and lets others begin one. There are 0 where
	 * all have left meanwhile. */
	void (*run)(struct group_commit_job *first, size_t n, void *arg);
	/* Of jobs that wait, and of those done in a round. 0: any number. */
	size_t queue_max;
	size_t batch_max;
	/* Milliseconds that a job may wait; 0: without end. */
	int64_t timeout_ms;
};

struct group_commit {
	struct group_commit_work work;
	pthread_mutex_t lock;
	struct group_commit_job *first;
	struct group_commit_job **last;
	size_t waiting;
	bool led; /* somebody works, or is woken to do so */
	int64_t led_since; /* the round's first moment */
	bool stuck; /* the last who led could not begin */

	/* The last round, and who has come since it ended. Microseconds. */
	int64_t ended_at;
	int64_t round_took;
	size_t answered;
	size_t away; /* of them; whoever comes counts as one of them */
	/* Until the last one of a round came again, or as long as they had for
	 * that; 0: not known yet. */
	int64_t back_after;
	struct group_commit_job *gatherer; /* who leads and waits for them */

	/* The thread of our own; whoever leads starts it. */
	pthread_t helper;
	bool has_helper;
	atomic_bool ends;
	sem_t called; /* to lead */
	struct group_commit_job helping; /* in no queue: for its sleep */
};

/* The batch must not move afterwards. */
enum err group_commit_init(
    struct group_commit *b, const struct group_commit_work *work) ATTR_CHECKED;
/* No job may be under way. */
void group_commit_destroy(struct group_commit *b);

/* Returns when run has done the job; else it was not begun: ERR_BUSY if its
 * time is over, too many wait, or nothing gets on, ERR_STORE. */
enum err group_commit_run(
    struct group_commit *b, struct group_commit_job *job) ATTR_CHECKED;

#endif
