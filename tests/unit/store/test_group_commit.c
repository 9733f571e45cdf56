/* SPDX-License-Identifier: ISC */
/*
 * test_group_commit.c - jobs of many threads, of which one leader at a time
 * runs a batch.
 */
#include "store/group_commit.h"
#include "store/spread.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/sched.h"
#include "base/clock.h"
#include "timing.h"
#include "unit.h"

#define THREADS 32
#define ROUNDS 500
#define LATE 5

/* The state of run(), for the tests to control and to read. */
struct record {
	atomic_bool running;
	atomic_bool
	    holds; /* the first run waits until LATE jobs are in the queue */
	atomic_bool hangs; /* a run lasts until this is false */
	atomic_bool shut; /* no batch can begin */
	atomic_int failed; /* number of batches that could not begin */
	size_t runs;
	size_t jobs;
	size_t last; /* number of jobs in the last run */
	const struct group_commit_job *order[LATE];
	pthread_t runner; /* the thread of the last run */
	atomic_bool yields; /* a leader ran with SCHED_BATCH */
	struct group_commit batch;
};

static bool no_threads;

/* Only group_commit.c calls this, before it starts the helper, so a failure
 * here prevents the helper. */
int
pthread_attr_setstacksize(pthread_attr_t *attr, size_t n)
{
	int (*real)(pthread_attr_t *, size_t);

	*(void **)&real = dlsym(RTLD_NEXT, "pthread_attr_setstacksize");
	return no_threads ? EINVAL : real(attr, n);
}

static size_t
waiting(struct group_commit *b)
{
	size_t n;

	pthread_mutex_lock(&b->lock);
	n = b->queued;
	pthread_mutex_unlock(&b->lock);
	return n;
}

static bool
is_led(struct group_commit *b)
{
	bool led;

	pthread_mutex_lock(&b->lock);
	led = b->has_leader;
	pthread_mutex_unlock(&b->lock);
	return led;
}

static enum err
begin(void *arg, int64_t ms)
{
	struct record *r = arg;
	int64_t until = clock_ms() + ms;

	while (atomic_load(&r->shut)) {
		if (clock_ms() >= until) {
			atomic_fetch_add(&r->failed, 1);
			return ERR_BUSY;
		}
		sleep_ms(1);
	}
	return ERR_OK;
}

static void
run(struct group_commit_job *first, size_t n, void *arg)
{
	struct record *r = arg;
	size_t i;

	r->runner = pthread_self();
	if (sched_getscheduler(0) != sched_getscheduler(getpid()))
		r->yields = true;
	ck_assert(!atomic_exchange(&r->running, true));
	/* The jobs of this batch no longer count as waiting. */
	while (r->holds && waiting(&r->batch) < LATE)
		sched_yield();
	r->holds = false;
	while (r->hangs)
		sleep_ms(1);
	r->runs++;
	r->jobs += n;
	r->last = n;
	for (i = 0; i < n; i++, first = first->next)
		if (i < LATE)
			r->order[i] = first;
	ck_assert(first == NULL);
	atomic_store(&r->running, false);
}

static void
make(struct record *r, size_t queue_max, size_t batch_max, int64_t timeout_ms)
{
	const struct group_commit_work work = { .arg = r,
		.begin = begin,
		.run = run,
		.queue_max = queue_max,
		.batch_max = batch_max,
		.timeout_ms = timeout_ms };

	ck_assert(group_commit_init(&r->batch, &work) == ERR_OK);
}

static void *
do_one(void *arg)
{
	struct record *r = arg;
	struct group_commit_job job;

	ck_assert(group_commit_run(&r->batch, &job) == ERR_OK);
	return NULL;
}

static void *
do_many(void *arg)
{
	int i;

	sched_yield_to_waker();
	for (i = 0; i < ROUNDS; i++)
		do_one(arg);
	return NULL;
}

START_TEST(runs_a_single_job_at_once)
{
	struct record r = { .runs = 0 };

	make(&r, 0, 0, 0);
	do_one(&r);
	do_one(&r);
	ck_assert_uint_eq(r.runs, 2);
	ck_assert_uint_eq(r.jobs, 2);
	group_commit_destroy(&r.batch);
}
END_TEST

struct late {
	struct record *record;
	struct group_commit_job job;
};

static void *
do_late(void *arg)
{
	struct late *l = arg;

	ck_assert(group_commit_run(&l->record->batch, &l->job) == ERR_OK);
	return NULL;
}

/* The helper leads the second batch. If no thread can be started, the first
 * follower leads it. */
START_TEST(runs_later_arrivals_together_in_their_order)
{
	struct record r = { .holds = true };
	struct late late[LATE];
	pthread_t first, thread[LATE];
	size_t i, leads = 0;

	no_threads = _i == 0;
	make(&r, 0, 0, 0);
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
	for (i = 0; i < LATE; i++) {
		ck_assert(r.order[i] == &late[i].job);
		leads += pthread_equal(r.runner, thread[i]) != 0;
	}
	ck_assert_uint_eq(leads, no_threads ? 1 : 0);
	ck_assert(r.batch.has_helper == !no_threads);
	group_commit_destroy(&r.batch);
}
END_TEST

START_TEST(runs_every_job_of_many_threads_once)
{
	struct record r = { .runs = 0 };
	pthread_t thread[THREADS];
	size_t i;

	make(&r, 0, 0, 0);
	for (i = 0; i < THREADS; i++)
		ck_assert(pthread_create(&thread[i], NULL, do_many, &r) == 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	group_commit_destroy(&r.batch);
	ck_assert_uint_eq(r.jobs, THREADS * ROUNDS);
	ck_assert(!r.yields);
	ck_assert(r.batch.first == NULL && !r.batch.has_leader);
}
END_TEST

/* --- limits and timeouts ------------------------------------------------ */

#define TIMEOUT_MS 200

struct asker {
	struct record *record;
	struct group_commit_job job;
	enum err outcome;
	int64_t took;
	pthread_t thread;
};

static void *
ask(void *arg)
{
	struct asker *a = arg;
	int64_t began = clock_ms();

	a->outcome = group_commit_run(&a->record->batch, &a->job);
	a->took = clock_ms() - began;
	return NULL;
}

static void
start(struct asker *a, struct record *r)
{
	a->record = r;
	ck_assert(pthread_create(&a->thread, NULL, ask, a) == 0);
}

static void
start_leader(struct asker *a, struct record *r)
{
	start(a, r);
	while (!atomic_load(&r->running))
		sched_yield();
}

static enum err
outcome(struct asker *a)
{
	pthread_join(a->thread, NULL);
	return a->outcome;
}

START_TEST(refuses_jobs_at_once_when_the_queue_is_full)
{
	struct record r = { .hangs = true };
	struct asker a[4];
	size_t i;

	make(&r, 2, 0, 5000);
	start_leader(&a[0], &r);
	for (i = 1; i < 3; i++)
		start(&a[i], &r);
	while (waiting(&r.batch) < 2)
		sched_yield();
	start(&a[3], &r);
	ck_assert(outcome(&a[3]) == ERR_BUSY);
	r.hangs = false;
	for (i = 0; i < 3; i++)
		ck_assert(outcome(&a[i]) == ERR_OK);
	ck_assert_uint_eq(r.jobs, 3);
	group_commit_destroy(&r.batch);
}
END_TEST

START_TEST(a_batch_has_a_greatest_size)
{
	struct record r = { .holds = true };
	struct asker a[1 + LATE];
	size_t i;

	make(&r, 0, 2, 0);
	start_leader(&a[0], &r);
	for (i = 1; i <= LATE; i++)
		start(&a[i], &r);
	for (i = 0; i <= LATE; i++)
		ck_assert(outcome(&a[i]) == ERR_OK);
	ck_assert_uint_eq(r.runs, 4);
	ck_assert_uint_eq(r.jobs, 6);
	ck_assert(r.batch.first == NULL && r.batch.queued == 0);
	group_commit_destroy(&r.batch);
}
END_TEST

START_TEST(followers_time_out_when_a_batch_hangs)
{
	struct record r = { .hangs = true };
	struct asker a[4];

	make(&r, 0, 0, TIMEOUT_MS);
	start_leader(&a[0], &r);
	start(&a[1], &r);
	start(&a[2], &r);
	ck_assert(outcome(&a[1]) == ERR_BUSY);
	ck_assert(outcome(&a[2]) == ERR_BUSY);
	ck_assert(a[1].took >= TIMEOUT_MS);
	/* The batch has been stalled long enough for new jobs to be refused at
	 * once. */
	start(&a[3], &r);
	ck_assert(outcome(&a[3]) == ERR_BUSY);
	ck_assert(a[3].took < TIMEOUT_MS);
	r.hangs = false;
	ck_assert(outcome(&a[0]) == ERR_OK);
	do_one(&r);
	ck_assert_uint_eq(r.jobs, 2);
	group_commit_destroy(&r.batch);
}
END_TEST

START_TEST(jobs_time_out_when_no_batch_can_begin)
{
	struct record r = { .shut = true };
	struct asker a[8];
	size_t i, quick = 0;

	make(&r, 0, 0, TIMEOUT_MS);
	for (i = 0; i < 8; i++)
		start(&a[i], &r);
	for (i = 0; i < 8; i++) {
		ck_assert(outcome(&a[i]) == ERR_BUSY);
		ck_assert(a[i].took < 5 * TIMEOUT_MS);
	}
	/* One thread leads and tries to begin. The others are refused at once
	 * meanwhile. */
	start(&a[0], &r);
	sleep_ms(TIMEOUT_MS / 4);
	for (i = 1; i < 8; i++)
		start(&a[i], &r);
	for (i = 1; i < 8; i++) {
		ck_assert(outcome(&a[i]) == ERR_BUSY);
		quick += a[i].took < TIMEOUT_MS / 2;
	}
	ck_assert_uint_ge(quick, 6);
	r.shut = false;
	(void)outcome(&a[0]);
	do_one(&r);
	ck_assert(r.batch.first == NULL && r.batch.queued == 0);
	ck_assert(!r.batch.has_leader && !r.batch.stalled);
	group_commit_destroy(&r.batch);
}
END_TEST

START_TEST(followers_time_out_when_the_next_batch_cannot_begin)
{
	struct record r = { .hangs = true };
	struct asker a[4];
	size_t i;

	/* The timeout is long enough for all jobs to arrive before the first
	 * one expires. */
	make(&r, 0, 0, 5 * TIMEOUT_MS);
	start_leader(&a[0], &r);
	for (i = 1; i < 4; i++)
		start(&a[i], &r);
	while (waiting(&r.batch) < 3)
		sched_yield();
	atomic_store(&r.shut, true);
	atomic_store(&r.hangs, false);
	ck_assert(outcome(&a[0]) == ERR_OK);
	for (i = 1; i < 4; i++) {
		ck_assert(outcome(&a[i]) == ERR_BUSY);
		ck_assert(a[i].took < 25 * TIMEOUT_MS);
	}
	while (is_led(&r.batch))
		sleep_ms(1);
	ck_assert_int_ge(r.failed, 1);
	atomic_store(&r.shut, false);
	do_one(&r);
	group_commit_destroy(&r.batch);
	ck_assert_uint_eq(r.jobs, 2);
	ck_assert(r.batch.first == NULL && r.batch.queued == 0);
	ck_assert(!r.batch.has_leader && !r.batch.stalled);
}
END_TEST

START_TEST(no_job_is_lost_between_timeout_and_collection)
{
	struct record r = { .runs = 0 };
	struct asker a[THREADS];
	size_t i, round, done = 0;

	/*
	 * The timeout is so short that some followers leave and others do not.
	 */
	make(&r, 0, 3, 1);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < THREADS; i++)
			start(&a[i], &r);
		for (i = 0; i < THREADS; i++)
			done += outcome(&a[i]) == ERR_OK;
	}
	group_commit_destroy(&r.batch);
	ck_assert_uint_eq(r.jobs, done);
	ck_assert(r.batch.first == NULL && r.batch.queued == 0);
	ck_assert(!r.batch.has_leader);
}
END_TEST

/* A thread that submits one job after another until the time is over. */
struct member {
	struct record *record;
	int64_t until;
	size_t done;
	pthread_t thread;
};

static void *
do_until(void *arg)
{
	struct member *m = arg;

	while (clock_ms() < m->until) {
		do_one(m->record);
		m->done++;
	}
	return NULL;
}

static void
run_slowly(struct group_commit_job *first, size_t n, void *arg)
{
	sleep_ms(1);
	run(first, n, arg);
}

START_TEST(is_fair)
{
	struct record r = { .runs = 0 };
	struct member m[THREADS];
	double sum = 0, squares = 0, jain;
	int64_t until = clock_ms() + 1000;
	size_t i;

	make(&r, 0, THREADS * 3 / 4, 5000);
	r.batch.work.run = run_slowly;
	for (i = 0; i < THREADS; i++) {
		m[i] = (struct member){ .record = &r, .until = until };
		ck_assert(
		    pthread_create(&m[i].thread, NULL, do_until, &m[i]) == 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(m[i].thread, NULL);
		sum += (double)m[i].done;
		squares += (double)m[i].done * (double)m[i].done;
	}
	jain = sum * sum / (THREADS * squares);
	printf("group_commit: %d threads, %zu batches of %.1f, fairness %.3f\n",
	    THREADS, r.runs, sum / (double)r.runs, jain);
	ck_assert(jain > 0.9);
	group_commit_destroy(&r.batch);
}
END_TEST

/* --- commit delay ------------------------------------------------------- */

#define FEW 4

/* Returns the mean number of jobs per batch, with this number of threads that
 * each submit the next job as soon as the last one is done. */
static double
share_of(struct record *r, size_t threads)
{
	int64_t until = clock_ms() + 500;
	struct member m[FEW];
	size_t i;

	for (i = 0; i < threads; i++) {
		m[i] = (struct member){ .record = r, .until = until };
		ck_assert(
		    pthread_create(&m[i].thread, NULL, do_until, &m[i]) == 0);
	}
	for (i = 0; i < threads; i++)
		pthread_join(m[i].thread, NULL);
	while (is_led(&r->batch))
		sleep_ms(1);
	return (double)r->jobs / (double)r->runs;
}

START_TEST(a_few_returning_threads_share_a_batch)
{
	struct record r = { .runs = 0 };

	make(&r, 0, 0, 5000);
	r.batch.work.run = run_slowly;
	/* Without the commit delay, two halves of the threads would take turns,
	 * and the mean would be 2. */
	ck_assert(share_of(&r, FEW) > 0.65 * FEW);
	group_commit_destroy(&r.batch);
}
END_TEST

START_TEST(returning_threads_share_a_batch_up_to_its_greatest_size)
{
	struct record r = { .runs = 0 };

	make(&r, 0, FEW / 2, 5000);
	r.batch.work.run = run_slowly;
	ck_assert(share_of(&r, FEW) <= (double)FEW / 2);
	group_commit_destroy(&r.batch);
}
END_TEST

static void
run_for_one(struct group_commit_job *first, size_t n, void *arg)
{
	struct record *r = arg;

	/* The leader waits for missing jobs, so none may be missing. */
	ck_assert_uint_eq(r->batch.missing, 0);
	run_slowly(first, n, arg);
}

START_TEST(a_lone_writer_is_never_delayed)
{
	struct record r = { .runs = 0 };

	make(&r, 0, 0, 5000);
	r.batch.work.run = run_for_one;
	ck_assert(share_of(&r, 1) == 1);
	group_commit_destroy(&r.batch);
}
END_TEST

/* Returns the milliseconds until a job is done, right after a batch of FEW
 * jobs. `back_after` is the time, in microseconds, after which the jobs of the
 * batch before had come back. That batch had a slow flush. */
static int64_t
answered_after(struct record *r, int64_t back_after)
{
	int64_t ended = clock_ms();

	r->batch.batch_size = r->batch.missing = FEW;
	r->batch.batch_ended_at = ended * 1000;
	r->batch.batch_took = INT64_C(3600) * 1000000;
	r->batch.return_time = back_after;
	do_one(r);
	return clock_ms() - ended;
}

START_TEST(a_missing_job_delays_the_batch_only_briefly)
{
	struct record r = { .runs = 0 };

	make(&r, 0, 0, 60000);
	ck_assert_int_ge(answered_after(&r, 1), 5);
	ck_assert_uint_eq(r.jobs, 1);
	group_commit_destroy(&r.batch);
}
END_TEST

/* Its clients come back to any of several queues. */
START_TEST(slow_returns_do_not_where_queues_share_their_clients)
{
	struct record r = { .runs = 0 };

	make(&r, 0, 0, 60000);
	r.batch.work.shares_clients = true;
	ck_assert_int_ge(answered_after(&r, 4 * 1000), 5);
	group_commit_destroy(&r.batch);
}
END_TEST

START_TEST(a_queue_reports_how_busy_it_is)
{
	struct record r = { .hangs = true };
	struct group_commit_load load;
	pthread_t thread[3];
	size_t i;

	make(&r, 0, 0, 0);
	group_commit_look(&r.batch, &load);
	ck_assert(!load.leads && !load.opens && load.queued == 0);
	for (i = 0; i < 3; i++) {
		ck_assert(pthread_create(&thread[i], NULL, do_one, &r) == 0);
		while (!atomic_load(&r.running) || waiting(&r.batch) < i)
			sched_yield();
		group_commit_look(&r.batch, &load);
		ck_assert(load.leads && !load.opens && !load.waits);
		ck_assert_uint_eq(load.queued, i);
	}
	r.hangs = false;
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	/* The helper gives up the lead after it has woken the last thread. */
	do {
		sched_yield();
		group_commit_look(&r.batch, &load);
	} while (load.leads);
	ck_assert(load.took > 0 && load.batch > 0);
	group_commit_destroy(&r.batch);
}
END_TEST

/* Three queues, of which two are used for batches of less than 100 us. */
static const struct choice {
	const char *name;
	struct {
		/* i: idle, r: runs, o: opens, w: waits, h: hangs,
		 * s: stalled */
		char state;
		size_t queued, batch;
	} queue[3];
	int64_t took;
	unsigned want;
} choices[] = {
	{ "all idle", { { 'i', 0, 0 }, { 'i', 0, 0 }, { 'i', 0, 0 } }, 0, 0 },
	{ "the idle one", { { 'r', 0, 9 }, { 'i', 0, 0 }, { 'i', 0, 0 } }, 0,
	    1 },
	{ "the one that waits", { { 'i', 0, 0 }, { 'w', 9, 9 }, { 'i', 0, 0 } },
	    0, 1 },
	{ "the shorter one", { { 'r', 3, 9 }, { 'r', 2, 9 }, { 'i', 0, 0 } }, 0,
	    1 },
	{ "all, if the batch is long",
	    { { 'r', 3, 9 }, { 'r', 2, 9 }, { 'i', 0, 0 } }, 100, 2 },
	{ "the one that opens", { { 'r', 0, 9 }, { 'o', 8, 9 }, { 'r', 0, 0 } },
	    0, 1 },
	{ "unless it has its share",
	    { { 'r', 0, 9 }, { 'o', 9, 9 }, { 'r', 0, 0 } }, 0, 0 },
	{ "all, if the first hangs",
	    { { 'h', 0, 9 }, { 'r', 2, 9 }, { 'i', 0, 0 } }, 0, 2 },
	{ "not the one that rejects jobs",
	    { { 's', 0, 9 }, { 'r', 5, 9 }, { 'r', 0, 0 } }, 0, 1 },
};

START_TEST(a_job_goes_where_it_waits_least)
{
	const struct choice *c = &choices[_i];
	struct record r[3] = { { .runs = 0 } };
	struct spread s = { .few = 2, .long_batch = 100 };

	for (; s.n < 3; s.n++) {
		struct group_commit *g = &r[s.n].batch;
		char state = c->queue[s.n].state;

		make(&r[s.n], 0, 0, 0);
		g->work.timeout_ms = 60000;
		g->has_leader = state != 'i';
		g->lead_began_at = clock_us() +
		    (state == 'h' ? -2000 : 1000000);
		g->stalled = state == 's';
		g->runs = strchr("rhs", state) != NULL;
		g->delayed = state == 'w' ? &g->helper_job : NULL;
		g->queued = c->queue[s.n].queued;
		g->batch_size = c->queue[s.n].batch;
		g->batch_took = c->took;
		s.queue[s.n] = g;
	}
	unit_check(c->name, spread_choose(&s) == c->want);
	s.n = 1;
	unit_check(c->name, spread_choose(&s) == 0);
	for (; s.n <= 3; s.n++)
		group_commit_destroy(&r[s.n - 1].batch);
}
END_TEST

START_TEST(slow_returns_switch_the_delay_off)
{
	int64_t took, best = INT64_MAX;
	struct record r = { .runs = 0 };
	int i;

	make(&r, 0, 0, 60000);
	/* The best of 20 tries counts: another process may take the processor
	 * now and then. */
	for (i = 0; i < 20; i++)
		if ((took = answered_after(&r, 4 * 1000)) < best)
			best = took;
	ck_assert_int_lt(best, 5);
	group_commit_destroy(&r.batch);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("group_commit");
	TCase *t = tcase_create("group_commit");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, runs_a_single_job_at_once);
	tcase_add_loop_test(
	    t, runs_later_arrivals_together_in_their_order, 0, 2);
	tcase_add_test(t, runs_every_job_of_many_threads_once);
	tcase_add_test(t, refuses_jobs_at_once_when_the_queue_is_full);
	tcase_add_test(t, a_batch_has_a_greatest_size);
	tcase_add_test(t, followers_time_out_when_a_batch_hangs);
	tcase_add_test(t, jobs_time_out_when_no_batch_can_begin);
	tcase_add_test(t, followers_time_out_when_the_next_batch_cannot_begin);
	tcase_add_test(t, no_job_is_lost_between_timeout_and_collection);
	tcase_add_test(t, is_fair);
	tcase_add_test(t, a_few_returning_threads_share_a_batch);
	tcase_add_test(
	    t, returning_threads_share_a_batch_up_to_its_greatest_size);
	tcase_add_test(t, a_lone_writer_is_never_delayed);
	tcase_add_test(t, a_missing_job_delays_the_batch_only_briefly);
	tcase_add_test(t, slow_returns_switch_the_delay_off);
	tcase_add_test(t, slow_returns_do_not_where_queues_share_their_clients);
	tcase_add_test(t, a_queue_reports_how_busy_it_is);
	tcase_add_loop_test(t, a_job_goes_where_it_waits_least, 0,
	    sizeof(choices) / sizeof(choices[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
