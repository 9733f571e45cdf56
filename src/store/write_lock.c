/* SPDX-License-Identifier: ISC */
/*
 * write_lock.c - takes flock(2) on the data directory. The kernel grants it to
 * the processes in the order of their requests. A timer ends a wait that takes
 * too long.
 *
 * The timer is needed because a stopped process (SIGSTOP) keeps the lock, and
 * the others must still answer their clients. If the file system has no flock,
 * LMDB's own write lock suffices.
 */
#include "store/write_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* The default action of this signal is to do nothing. */
#define WAKE SIGURG

/* The period of the timer in milliseconds. The timer repeats, because its first
 * signal may arrive just before the wait begins. */
#define AGAIN 10

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* The signal has done its work when it interrupts the wait. */
static void
wake(int number)
{
	(void)number;
}

int
write_lock_open(const char *directory)
{
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Starts a timer whose signal goes to the calling thread and interrupts its
 * wait. */
static bool
start_timer(int64_t ms, timer_t *timer)
{
	const struct itimerspec when = {
		.it_value = { .tv_sec = ms / 1000,
		    .tv_nsec = ms % 1000 * 1000000 },
		.it_interval = { .tv_nsec = AGAIN * 1000000 },
	};
	struct sigaction action = { .sa_handler = wake };
	struct sigevent ev;

	memset(&ev, 0, sizeof(ev));
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_signo = WAKE;
	ev.sigev_notify_thread_id = gettid();
	sigemptyset(&action.sa_mask);
	return sigaction(WAKE, &action, NULL) == 0 &&
	    timer_create(CLOCK_MONOTONIC, &ev, timer) == 0 &&
	    timer_settime(*timer, 0, &when, NULL) == 0;
}

static bool
wait_for_lock(int fd, int64_t until)
{
	while (flock(fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return true;
		if (until >= 0 && clock_ms() >= until)
			return false;
	}
	return true;
}

bool
write_lock_take(int fd, int64_t ms)
{
	timer_t timer;
	bool good;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return true;
	if (ms < 0)
		return wait_for_lock(fd, -1);
	if (ms == 0 || !start_timer(ms, &timer))
		return false;
	good = wait_for_lock(fd, clock_ms() + ms);
	timer_delete(timer);
	return good;
}

void
write_lock_drop(int fd)
{
	flock(fd, LOCK_UN);
}
