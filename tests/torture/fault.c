/* SPDX-License-Identifier: ISC */
/*
 * fault.c - the functions that fail. The replacements for the heap call the C
 * library or the sanitizer, under the names that both export for this purpose;
 * the other replacements call the kernel.
 *
 * libfcgi ends the process when an allocation fails. The project can only make
 * sure that libfcgi gets its memory (server/pool.c), so calls of malloc from
 * libfcgi are not counted. Calls that a sanitizer makes through the C library
 * are not counted either.
 */
#include "fault.h"
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define HEAP(name) __interceptor_##name
#define SANITIZED true
#else
#define HEAP(name) __libc_##name
#define SANITIZED false
#endif

/* The sanitizers call these functions before they are initialised. */
#define EARLY __attribute__((no_sanitize("address", "undefined")))

void *HEAP(malloc)(size_t n);
void *HEAP(calloc)(size_t count, size_t n);
void *HEAP(realloc)(void *p, size_t n);

static struct fault_plan *watched;

/* Address ranges of the code whose calls of malloc are not counted. */
static struct {
	uintptr_t from, to;
} spared[4];
static size_t spared_count;

/* --- plans -------------------------------------------------------------- */

struct fault_plan *
fault_new(void)
{
	struct fault_plan *plan = mmap(NULL, sizeof(*plan),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (plan == MAP_FAILED)
		return NULL;
	plan->call = -1;
	return plan;
}

static int
spare_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	const size_t room = sizeof(spared) / sizeof(spared[0]);
	unsigned i;

	(void)size;
	(void)arg;
	if (strstr(info->dlpi_name, "/libfcgi.") == NULL &&
	    !(SANITIZED && strstr(info->dlpi_name, "/libc.") != NULL))
		return 0;
	for (i = 0; i < info->dlpi_phnum && spared_count < room; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + part->p_vaddr;

		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		spared[spared_count].from = from;
		spared[spared_count++].to = from + part->p_memsz;
	}
	return 0;
}

void
fault_watch(struct fault_plan *plan)
{
	spared_count = 0;
	dl_iterate_phdr(spare_library, NULL);
	watched = plan;
}

/* Code that runs after exit() does not belong to the test: gcov, for example,
 * writes its files then. */
__attribute__((destructor)) static void
end(void)
{
	watched = NULL;
}

void
fault_arm(struct fault_plan *plan, enum fault_call call, int cause, long n)
{
	size_t i;

	for (i = 0; i < FAULT_CALLS; i++)
		plan->calls[i] = 0;
	plan->hit = false;
	plan->cause = cause;
	plan->left = n;
	plan->call = (int)call;
}

bool
fault_disarm(struct fault_plan *plan)
{
	plan->call = -1;
	return plan->hit;
}

/* Reads and writes of anonymous kernel objects, such as an eventfd, do not fail
 * in practice. */
EARLY static bool
may_fail(int fd)
{
	struct stat st;

	return watched != NULL && fstat(fd, &st) == 0 &&
	    (st.st_mode & S_IFMT) != 0;
}

EARLY static bool
fails(enum fault_call call)
{
	struct fault_plan *plan = watched;

	if (plan == NULL)
		return false;
	atomic_fetch_add(&plan->calls[call], 1);
	if (plan->call != (int)call)
		return false;
	if (atomic_fetch_sub(&plan->left, 1) != 1)
		return false;
	plan->hit = true;
	errno = plan->cause;
	return true;
}

/* --- the heap ----------------------------------------------------------- */

EARLY static bool
heap_fails(const void *caller)
{
	size_t i;

	if (watched == NULL)
		return false;
	for (i = 0; i < spared_count; i++)
		if ((uintptr_t)caller >= spared[i].from &&
		    (uintptr_t)caller < spared[i].to)
			return false;
	return fails(FAULT_MALLOC);
}

EARLY void *
malloc(size_t n)
{
	return heap_fails(__builtin_return_address(0)) ? NULL : HEAP(malloc)(n);
}

EARLY void *
calloc(size_t count, size_t n)
{
	return heap_fails(__builtin_return_address(0)) ? NULL
						       : HEAP(calloc)(count, n);
}

EARLY void *
realloc(void *p, size_t n)
{
	return heap_fails(__builtin_return_address(0)) ? NULL
						       : HEAP(realloc)(p, n);
}

/* --- the kernel --------------------------------------------------------- */

EARLY void *
mmap(void *at, size_t n, int protection, int flags, int fd, off_t from)
{
	if (fails(FAULT_MMAP))
		return MAP_FAILED;
#ifdef SYS_mmap2
	return (void *)syscall(
	    SYS_mmap2, at, n, protection, flags, fd, (long)(from / 4096));
#else
	return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, from);
#endif
}
HOOK_SHORT(void *, mmap,
    (void *at, size_t n, int protection, int flags, int fd, long from),
    (at, n, protection, flags, fd, from));

EARLY int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (fails(FAULT_OPEN))
		return -1;
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

EARLY int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

EARLY ssize_t
read(int fd, void *to, size_t n)
{
	return may_fail(fd) && fails(FAULT_READ) ? -1
						 : syscall(SYS_read, fd, to, n);
}

EARLY ssize_t
write(int fd, const void *from, size_t n)
{
	return may_fail(fd) && fails(FAULT_WRITE)
	    ? -1
	    : syscall(SYS_write, fd, from, n);
}

EARLY ssize_t
writev(int fd, const struct iovec *part, int parts)
{
	return may_fail(fd) && fails(FAULT_WRITE)
	    ? -1
	    : syscall(SYS_writev, fd, part, parts);
}

ssize_t
pwrite(int fd, const void *from, size_t n, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t);

	HOOK_REAL(real, "pwrite64");
	return fails(FAULT_PWRITE) ? -1 : real(fd, from, n, at);
}
HOOK_SHORT(ssize_t, pwrite, (int fd, const void *from, size_t n, long at),
    (fd, from, n, at));

int
fdatasync(int fd)
{
	return fails(FAULT_FDATASYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	return fails(FAULT_FDATASYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
ftruncate(int fd, off_t n)
{
	int (*real)(int, off_t);

	HOOK_REAL(real, "ftruncate64");
	return fails(FAULT_FTRUNCATE) ? -1 : real(fd, n);
}
HOOK_SHORT(int, ftruncate, (int fd, long n), (fd, n));

int
fallocate(int fd, int mode, off_t at, off_t n)
{
	int (*real)(int, int, off_t, off_t);

	HOOK_REAL(real, "fallocate64");
	return fails(FAULT_FTRUNCATE) ? -1 : real(fd, mode, at, n);
}

int
accept4(int fd, struct sockaddr *peer, socklen_t *n, int flags)
{
	return fails(FAULT_ACCEPT)
	    ? -1
	    : (int)syscall(SYS_accept4, fd, peer, n, flags);
}

pid_t
fork(void)
{
	pid_t (*real)(void);

	HOOK_REAL(real, "fork");
	return fails(FAULT_FORK) ? -1 : real();
}

int
pipe2(int fds[2], int flags)
{
	return fails(FAULT_PIPE) ? -1 : (int)syscall(SYS_pipe2, fds, flags);
}

int
pipe(int fds[2])
{
	return pipe2(fds, 0);
}

int
memfd_create(const char *name, unsigned flags)
{
	return fails(FAULT_MEMFD) ? -1
				  : (int)syscall(SYS_memfd_create, name, flags);
}

int
renameat2(
    int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return fails(FAULT_RENAME)
	    ? -1
	    : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int
rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
flock(int fd, int operation)
{
	return fails(FAULT_FLOCK) ? -1 : (int)syscall(SYS_flock, fd, operation);
}
