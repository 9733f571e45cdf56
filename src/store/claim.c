/* SPDX-License-Identifier: ISC */
/*
 * claim.c - sets locks on two bytes of lock.mdb: on the first byte, which LMDB
 * locks too, and on a byte far after the end of the file, which marks a process
 * that upgrades.
 *
 * A process locks the far byte first, so that of several processes that want to
 * upgrade, one waits for the others, and the others give up and close the
 * store. Then the process locks the first byte. Each attempt succeeds or fails
 * at once, and a wait repeats the attempt, so a deadlock is impossible.
 */
#include "store/claim.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* LMDB locks the first byte, and the byte at the offset of each process id. */
#define FIRST_BYTE 0
#define FAR_BYTE ((off_t)1 << 40)

/* Milliseconds between two attempts. */
#define AGAIN 10

static struct flock
lock_of(short type, off_t byte)
{
	return (struct flock){ .l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1 };
}

static bool
set_lock(int fd, short type, off_t byte)
{
	struct flock lock = lock_of(type, byte);

	return fcntl(fd, F_SETLK, &lock) == 0;
}

/* The process whose lock conflicts with a write lock of ours; false if there is
 * none. */
static bool
find_holder(int fd, off_t byte, pid_t *pid)
{
	struct flock lock = lock_of(F_WRLCK, byte);

	*pid = 0;
	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return false;
	*pid = lock.l_pid > 0 ? lock.l_pid : 0;
	return true;
}

bool
claim_is_taken(int lock_file, pid_t *pid)
{
	return find_holder(lock_file, FAR_BYTE, pid);
}

enum err
claim_take(int lock_file, int64_t ms, pid_t *pid)
{
	const struct timespec pause = { .tv_nsec = AGAIN * 1000000L };
	int64_t until = clock_ms() + ms;

	*pid = 0;
	if (!set_lock(lock_file, F_WRLCK, FAR_BYTE)) {
		(void)find_holder(lock_file, FAR_BYTE, pid);
		return ERR_UPGRADING;
	}
	while (!set_lock(lock_file, F_WRLCK, FIRST_BYTE)) {
		if (clock_ms() >= until) {
			(void)find_holder(lock_file, FIRST_BYTE, pid);
			set_lock(lock_file, F_UNLCK, FAR_BYTE);
			return ERR_IN_USE;
		}
		nanosleep(&pause, NULL);
	}
	return ERR_OK;
}

void
claim_drop(int lock_file)
{
	/* The kernel always grants a weaker lock. */
	set_lock(lock_file, F_RDLCK, FIRST_BYTE);
	set_lock(lock_file, F_UNLCK, FAR_BYTE);
}
