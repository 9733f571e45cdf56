/* SPDX-License-Identifier: ISC */
/*
 * test_libc.c - the waits and locks of threads. test_libc_portable tests
 * the forms for C libraries other than glibc with the same functions.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/libc.h"
#include "unit.h"

#define READERS 8

static struct timespec
in_ms(int64_t ms)
{
	int64_t at = clock_ms() + ms;

	return (struct timespec){ .tv_sec = at / 1000,
		.tv_nsec = (long)(at % 1000) * 1000000 };
}

/* More and less than the slices of the portable form, and a deadline that has
 * passed. */
static const int64_t waits[] = { 250, 20, 0, -5000 };

START_TEST(a_wait_ends_at_its_deadline)
{
	struct timespec deadline = in_ms(waits[_i]);
	int64_t from = clock_ms();
	sem_t sem;

	ck_assert(sem_init(&sem, 0, 0) == 0);
	ck_assert(libc_wait_until(&sem, &deadline) == -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_int_ge(clock_ms() - from, waits[_i] - 1);
	ck_assert(sem_post(&sem) == 0);
	ck_assert(libc_wait_until(&sem, &deadline) == 0);
	sem_destroy(&sem);
}
END_TEST

static void *
post(void *sem)
{
	const struct timespec pause = { .tv_nsec = 150 * 1000000 };

	(void)nanosleep(&pause, NULL);
	(void)sem_post(sem);
	return NULL;
}

START_TEST(a_wait_ends_with_a_post)
{
	struct timespec deadline = in_ms(60000);
	pthread_t thread;
	sem_t sem;

	ck_assert(sem_init(&sem, 0, 0) == 0);
	ck_assert(pthread_create(&thread, NULL, post, &sem) == 0);
	ck_assert(libc_wait_until(&sem, &deadline) == 0);
	ck_assert(pthread_join(thread, NULL) == 0);
	sem_destroy(&sem);
}
END_TEST

static struct libc_lock lock;
static atomic_bool ends;
static atomic_int inside; /* readers that hold the lock */

/* Holds the lock for a millisecond, again and again. */
static void *
read_on(void *arg)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	while (!atomic_load(&ends)) {
		libc_lock_shared(&lock);
		atomic_fetch_add(&inside, 1);
		(void)nanosleep(&pause, NULL);
		atomic_fetch_sub(&inside, 1);
		libc_unlock(&lock);
	}
	return arg;
}

START_TEST(a_writer_passes_readers_that_overlap)
{
	pthread_t reader[READERS];
	int i;

	libc_lock_init(&lock);
	for (i = 0; i < READERS; i++)
		ck_assert(pthread_create(&reader[i], NULL, read_on, NULL) == 0);
	for (i = 0; i < 100; i++) {
		libc_lock_alone(&lock);
		ck_assert_int_eq(atomic_load(&inside), 0);
		libc_unlock(&lock);
	}
	atomic_store(&ends, true);
	for (i = 0; i < READERS; i++)
		ck_assert(pthread_join(reader[i], NULL) == 0);
	libc_lock_destroy(&lock);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("libc");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, a_wait_ends_at_its_deadline, 0,
	    sizeof(waits) / sizeof(waits[0]));
	tcase_add_test(tcase, a_wait_ends_with_a_post);
	tcase_add_test(tcase, a_writer_passes_readers_that_overlap);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
