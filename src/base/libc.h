/* SPDX-License-Identifier: ISC */
/*
 * libc.h - calls that C libraries offer in different forms.
 */
#ifndef PUSHCERT_LIBC_H
#define PUSHCERT_LIBC_H

#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* Writes without waiting for room in a pipe. Returns -1 if there is no room, or
 * if the kernel or the C library cannot do that. */
ssize_t libc_write_at_once(int fd, const char *p, size_t n);

/* Renames a file if the new name does not exist yet (RENAME_NOREPLACE). Returns
 * 0, or -1 with errno; ENOSYS and EINVAL mean that the C library, the kernel or
 * the file system cannot do that. */
int libc_rename_new(const char *from, const char *to);

/* Sets FD_CLOEXEC on this descriptor and all higher ones. Returns -1 if the
 * kernel or the C library cannot do that in one call. */
int libc_close_on_exec(int from);

/* Waits for the semaphore until a time of CLOCK_MONOTONIC. Returns 0, or -1
 * with errno: ETIMEDOUT, or EINTR after a signal. */
int libc_wait_until(sem_t *sem, const struct timespec *deadline);

/*
 * A lock for many readers, which a waiting writer gets before new readers. With
 * many threads the read locks overlap without end, so an ordinary lock might
 * never be free for the writer. A thread must not take it twice.
 */
struct libc_lock {
	pthread_rwlock_t lock;
#ifndef HAVE_PTHREAD_RWLOCKATTR_SETKIND_NP
	/* Each thread passes through it; a writer holds it while it waits. */
	pthread_mutex_t turn;
#endif
};

void libc_lock_init(struct libc_lock *l);
void libc_lock_destroy(struct libc_lock *l);
void libc_lock_shared(struct libc_lock *l);
void libc_lock_alone(struct libc_lock *l);
void libc_unlock(struct libc_lock *l);

#endif
