/* SPDX-License-Identifier: ISC */
/*
 * test_write_lock.c - only one descriptor holds the lock at a time, and so only
 * one process.
 */
#include "store/write_lock.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "timing.h"
#include "unit.h"

static int
open_here(void)
{
	int fd = write_lock_open(unit_directory());

	ck_assert(fd >= 0);
	return fd;
}

START_TEST(one_descriptor_has_the_lock)
{
	int a = open_here(), b = open_here();

	ck_assert(write_lock_take(a, 0));
	ck_assert(!write_lock_take(b, 0));
	write_lock_drop(a);
	ck_assert(write_lock_take(b, 0));
	close(b);
	ck_assert(write_lock_take(a, -1));
	close(a);
	ck_assert(write_lock_open("/nowhere") < 0);
}
END_TEST

START_TEST(waits_as_long_as_it_may)
{
	int a = open_here(), b = open_here(), i;
	int64_t began, took;

	ck_assert(write_lock_take(a, 0));
	for (i = 0; i < 20; i++) {
		began = clock_ms();
		ck_assert(!write_lock_take(b, 5 * i));
		took = clock_ms() - began;
		ck_assert(took >= 5 * i && took < 5 * i + 1000);
	}
	close(a);
	close(b);
}
END_TEST

static void *
drop_late(void *arg)
{
	sleep_ms(100);
	write_lock_drop(*(int *)arg);
	return NULL;
}

static const int64_t timeouts[] = { 20000, -1 };

START_TEST(gets_it_as_soon_as_it_is_free)
{
	int a = open_here(), b = open_here();
	int64_t began = clock_ms();
	pthread_t other;

	ck_assert(write_lock_take(a, 0));
	ck_assert(pthread_create(&other, NULL, drop_late, &a) == 0);
	ck_assert(write_lock_take(b, timeouts[_i]));
	ck_assert(clock_ms() - began >= 100);
	ck_assert(!write_lock_take(a, 0));
	ck_assert(clock_ms() - began < 5000);
	pthread_join(other, NULL);
	close(a);
	close(b);
}
END_TEST

START_TEST(a_dead_process_holds_no_lock)
{
	const char *directory = unit_directory();
	int fd = write_lock_open(directory), ready[2];
	pid_t child;
	char byte;

	ck_assert(pipe(ready) == 0);
	if ((child = fork()) == 0) {
		close(fd);
		fd = write_lock_open(directory);
		if (write_lock_take(fd, 0))
			(void)!write(ready[1], "x", 1);
		pause();
	}
	ck_assert(read(ready[0], &byte, 1) == 1);
	ck_assert(!write_lock_take(fd, 50));
	ck_assert(kill(child, SIGKILL) == 0);
	ck_assert(write_lock_take(fd, 5000));
	ck_assert(waitpid(child, NULL, 0) == child);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write_lock");
	TCase *t = tcase_create("write_lock");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, one_descriptor_has_the_lock);
	tcase_add_test(t, waits_as_long_as_it_may);
	tcase_add_loop_test(t, gets_it_as_soon_as_it_is_free, 0, 2);
	tcase_add_test(t, a_dead_process_holds_no_lock);
	suite_add_tcase(s, t);
	return unit_run(s);
}
