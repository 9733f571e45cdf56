/* SPDX-License-Identifier: ISC */
/*
 * test_store_batch.c - jobs of many threads, done by one at a time.
 */
#include "store_batch.h"

#include <sched.h>
#include <stdatomic.h>

#include "unit.h"

#define THREADS 32
#define ROUNDS 500
#define LATE 5

/* What run was given, and what it has seen. */
struct record {
	atomic_bool running;
	bool holds; /* the first run waits until LATE jobs wait for it */
	size_t runs;
	size_t jobs;
	size_t last; /* jobs of the last run */
	const struct batch_job *order[LATE];
	struct batch batch;
};

static size_t
waiting(struct batch *b)
{
	const struct batch_job *job;
	size_t n = 0;

	pthread_mutex_lock(&b->lock);
	for (job = b->first; job != NULL; job = job->next)
		n++;
	pthread_mutex_unlock(&b->lock);
	return n;
}

static void
run(struct batch_job *first, size_t n, void *arg)
{
	struct record *r = arg;
	size_t i;

	ck_assert(!atomic_exchange(&r->running, true));
	while (r->holds && waiting(&r->batch) < LATE)
		sched_yield();
	r->holds = false;
	r->runs++;
	r->jobs += n;
	r->last = n;
	for (i = 0; i < n; i++, first = first->next)
		if (i < LATE)
			r->order[i] = first;
	ck_assert(first == NULL);
	atomic_store(&r->running, false);
}

static void *
do_one(void *arg)
{
	struct record *r = arg;
	struct batch_job job;

	ck_assert(store_batch_do(&r->batch, &job) == ERR_OK);
	return NULL;
}

static void *
do_many(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		do_one(arg);
	return NULL;
}

START_TEST(does_a_job_at_once_if_nobody_else_has_one)
{
	struct record r = { .runs = 0 };

	ck_assert(store_batch_init(&r.batch, run, &r) == ERR_OK);
	do_one(&r);
	do_one(&r);
	ck_assert_uint_eq(r.runs, 2);
	ck_assert_uint_eq(r.jobs, 2);
	store_batch_destroy(&r.batch);
}
END_TEST

struct late {
	struct record *record;
	struct batch_job job;
};

static void *
do_late(void *arg)
{
	struct late *l = arg;

	ck_assert(store_batch_do(&l->record->batch, &l->job) == ERR_OK);
	return NULL;
}

START_TEST(does_together_what_came_meanwhile_in_its_order)
{
	struct record r = { .holds = true };
	struct late late[LATE];
	pthread_t first, thread[LATE];
	size_t i;

	ck_assert(store_batch_init(&r.batch, run, &r) == ERR_OK);
	ck_assert(pthread_create(&first, NULL, do_one, &r) == 0);
	while (!atomic_load(&r.running))
		sched_yield();
	for (i = 0; i < LATE; i++) {
		late[i].record = &r;
		ck_assert(
		    pthread_create(&thread[i], NULL, do_late, &late[i]) == 0);
		while (i + 1 < LATE && waiting(&r.batch) < i + 1)
			sched_yield();
	}
	pthread_join(first, NULL);
	for (i = 0; i < LATE; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(r.runs, 2);
	ck_assert_uint_eq(r.last, LATE);
	for (i = 0; i < LATE; i++)
		ck_assert(r.order[i] == &late[i].job);
	store_batch_destroy(&r.batch);
}
END_TEST

START_TEST(does_every_job_of_many_threads_once)
{
	struct record r = { .runs = 0 };
	pthread_t thread[THREADS];
	size_t i;

	ck_assert(store_batch_init(&r.batch, run, &r) == ERR_OK);
	for (i = 0; i < THREADS; i++)
		ck_assert(pthread_create(&thread[i], NULL, do_many, &r) == 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(r.jobs, THREADS * ROUNDS);
	ck_assert(r.batch.first == NULL && !r.batch.led);
	store_batch_destroy(&r.batch);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("batch");
	TCase *t = tcase_create("batch");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, does_a_job_at_once_if_nobody_else_has_one);
	tcase_add_test(t, does_together_what_came_meanwhile_in_its_order);
	tcase_add_test(t, does_every_job_of_many_threads_once);
	suite_add_tcase(s, t);
	return unit_run(s);
}
