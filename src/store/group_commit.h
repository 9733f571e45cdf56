/* SPDX-License-Identifier: ISC */
/*
 * group_commit.h - changes that wait at the same time share one transaction.
 *
 * A caller hands in a job and sleeps until the job is done. One thread at a
 * time, the leader, does the jobs of all callers in batches. The lanes of
 * pg_read.c use the same queue for reads. Private to store.
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

/* The head of a job. It lives on the stack of the thread that waits for it. */
struct group_commit_job {
	struct group_commit_job *next;
	int64_t until; /* its deadline, in us of clock_us; 0: none */
	atomic_int state;
	sem_t wake;
};

/* The work of a leader. The two functions never run twice at the same time. */
struct group_commit_work {
	void *arg;
	/* Takes what a batch needs (the write lock). ERR_BUSY if that fails for
	 * `ms` milliseconds; a negative `ms` waits without end. */
	enum err (*begin)(void *arg, int64_t ms);
	/* Does the n jobs of a batch and releases what begin took. n is 0 if
	 * every job has left the queue meanwhile. */
	void (*run)(struct group_commit_job *first, size_t n, void *arg);
	/* The jobs of several queues share their clients: a client comes back
	 * to any of them. So a leader delays its batch for a fixed part of the
	 * time that the last one took. */
	bool shares_clients;
	/* The most jobs in the queue, and in one batch. 0: no limit. */
	size_t queue_max;
	size_t batch_max;
	/* A job waits at most this long for its batch to begin.
	 * Milliseconds; 0: no limit. */
	int64_t timeout_ms;
};

struct group_commit {
	struct group_commit_work work;
	pthread_mutex_t lock; /* guards the members up to the helper */
	struct group_commit_job *first;
	struct group_commit_job **last;
	size_t queued;
	bool has_leader; /* a leader works, or has been woken to lead */
	int64_t lead_began_at; /* when the current leader or batch began */
	bool runs; /* the leader no longer waits for jobs */
	bool stalled; /* the last leader could not begin its batch */

	/* The last batch; times are in microseconds. */
	int64_t batch_ended_at;
	int64_t batch_took;
	size_t batch_size;
	/* Jobs of the last batch whose clients have not come back. Any arrival
	 * counts as one of them. */
	size_t missing;
	/* How long it took until the last of them was back, or the time they
	 * were given if not all came. 0: unknown. */
	int64_t return_time;
	struct group_commit_job *delayed; /* the leader in its commit delay */

	/* The helper thread. The first leader whose batch does not empty the
	 * queue starts the helper. */
	pthread_t helper;
	bool has_helper;
	atomic_bool ends;
	sem_t helper_wake;
	/* The helper sleeps on this job, which is never queued. */
	struct group_commit_job helper_job;
};

/* ERR_STORE if the system refuses a lock. The struct must not move after this
 * call. */
enum err group_commit_init(
    struct group_commit *g, const struct group_commit_work *work) ATTR_CHECKED;

/* The state of a queue at one moment. */
struct group_commit_load {
	bool leads; /* there is a leader */
	bool opens; /* it has not begun the next batch */
	bool waits; /* it is in its commit delay */
	bool rejects; /* a new job would fail at once */
	size_t queued; /* jobs in the queue */
	size_t batch; /* the jobs of the last batch */
	int64_t took; /* the microseconds that it took */
	int64_t age; /* the microseconds since the leader began */
};
/* For a caller that may choose between queues. */
void group_commit_look(struct group_commit *g, struct group_commit_load *out);

/* group_commit_delay.c: when the delay of the next batch ends, in us of
 * clock_us; 0: without a delay. The lock of the queue is held. */
int64_t group_commit_delay_end(const struct group_commit *g, int64_t now);

/* No job may be queued or running. */
void group_commit_destroy(struct group_commit *g);

/*
 * Returns ERR_OK when `run` has done the job. Any other outcome means that the
 * job did not begin: ERR_BUSY if its time is over, the queue is full or the
 * store is stalled; ERR_STORE if the system refuses a semaphore.
 */
enum err group_commit_run(
    struct group_commit *g, struct group_commit_job *job) ATTR_CHECKED;

#endif
