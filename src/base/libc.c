/* SPDX-License-Identifier: ISC */
/*
 * libc.c - what glibc has, and portable forms for other C libraries, which
 * configure chooses.
 */
#include "base/libc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t
libc_write_at_once(int fd, const char *p, size_t n)
{
#ifdef HAVE_PWRITEV2
	const struct iovec v = { .iov_base = (void *)(uintptr_t)p,
		.iov_len = n };

	return pwritev2(fd, &v, 1, -1, RWF_NOWAIT);
#else
	(void)fd;
	(void)p;
	(void)n;
	errno = ENOSYS;
	return -1;
#endif
}

int
libc_rename_new(const char *from, const char *to)
{
#ifdef HAVE_RENAMEAT2
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
#else
	(void)from;
	(void)to;
	errno = ENOSYS;
	return -1;
#endif
}

int
libc_close_on_exec(int from)
{
#ifdef HAVE_CLOSE_RANGE
	return close_range((unsigned)from, UINT_MAX, CLOSE_RANGE_CLOEXEC);
#else
	(void)from;
	errno = ENOSYS;
	return -1;
#endif
}

#ifdef HAVE_SEM_CLOCKWAIT

int
libc_wait_until(sem_t *sem, const struct timespec *deadline)
{
	return sem_clockwait(sem, CLOCK_MONOTONIC, deadline);
}

#else

#define SECOND INT64_C(1000000000)
/* The longest single wait in nanoseconds. If an administrator sets the clock
 * back, the wait is longer by at most this time. */
#define SLICE (SECOND / 10)

static int64_t
now(clockid_t id)
{
	struct timespec t = { .tv_sec = 0 };

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

int
libc_wait_until(sem_t *sem, const struct timespec *deadline)
{
	const int64_t end = (int64_t)deadline->tv_sec * SECOND +
	    deadline->tv_nsec;
	struct timespec until;
	int64_t left, at;

	do {
		left = end - now(CLOCK_MONOTONIC);
		at = now(CLOCK_REALTIME) + (left < SLICE ? left : SLICE);
		until = (struct timespec){ .tv_sec = at / SECOND,
			.tv_nsec = (long)(at % SECOND) };
		if (sem_timedwait(sem, &until) == 0)
			return 0;
	} while (errno == ETIMEDOUT && now(CLOCK_MONOTONIC) < end);
	return -1;
}

#endif

#ifdef HAVE_PTHREAD_RWLOCKATTR_SETKIND_NP

void
libc_lock_init(struct libc_lock *l)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&l->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

void
libc_lock_destroy(struct libc_lock *l)
{
	pthread_rwlock_destroy(&l->lock);
}

void
libc_lock_shared(struct libc_lock *l)
{
	pthread_rwlock_rdlock(&l->lock);
}

void
libc_lock_alone(struct libc_lock *l)
{
	pthread_rwlock_wrlock(&l->lock);
}

#else

void
libc_lock_init(struct libc_lock *l)
{
	pthread_rwlock_init(&l->lock, NULL);
	pthread_mutex_init(&l->turn, NULL);
}

void
libc_lock_destroy(struct libc_lock *l)
{
	pthread_rwlock_destroy(&l->lock);
	pthread_mutex_destroy(&l->turn);
}

void
libc_lock_shared(struct libc_lock *l)
{
	pthread_mutex_lock(&l->turn);
	pthread_rwlock_rdlock(&l->lock);
	pthread_mutex_unlock(&l->turn);
}

void
libc_lock_alone(struct libc_lock *l)
{
	pthread_mutex_lock(&l->turn);
	pthread_rwlock_wrlock(&l->lock);
	pthread_mutex_unlock(&l->turn);
}

#endif

void
libc_unlock(struct libc_lock *l)
{
	pthread_rwlock_unlock(&l->lock);
}
