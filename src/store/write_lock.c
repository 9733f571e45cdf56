/* SPDX-License-Identifier: ISC */
/*
 * write_lock.c - flock, which lets the processes in one after the other as they
 * came, and a timer that ends the wait.
 *
 * A process that is stopped keeps the lock, and the others have to answer all
 * the same. Where the file system has no locks LMDB's own is enough.
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

/* Does nothing where nobody handles it. */
#define WAKE SIGURG

/* The timer goes off again and again, since the first time may be between two
 * waits. Milliseconds. */
#define AGAIN 10

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* That a signal comes is all that is wanted of it. */
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

/* So that the calling thread gets a signal, and a wait of it is cut short. */
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
wait_for_it(int fd, int64_t until)
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
		return wait_for_it(fd, -1);
	if (ms == 0 || !start_timer(ms, &timer))
		return false;
	good = wait_for_it(fd, clock_ms() + ms);
	timer_delete(timer);
	return good;
}

void
write_lock_drop(int fd)
{
	flock(fd, LOCK_UN);
}
