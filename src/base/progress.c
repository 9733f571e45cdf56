/* SPDX-License-Identifier: ISC */
/*
 * progress.c - the step of a piece of work, its size, and the part of it that
 * is done.
 */
#include "base/progress.h"

#include <stddef.h>
#include <sys/stat.h>

void
progress_step(struct progress *p, const char *name, uint64_t total)
{
	if (p == NULL)
		return;
	atomic_store(&p->file, 0);
	atomic_store(&p->done, 0);
	atomic_store(&p->total, total);
	atomic_store(&p->name, name);
}

void
progress_add(struct progress *p, uint64_t units)
{
	if (p != NULL)
		atomic_fetch_add_explicit(
		    &p->done, units, memory_order_relaxed);
}

void
progress_file(struct progress *p, int fd)
{
	if (p != NULL)
		atomic_store(&p->file, fd + 1);
}

const char *
progress_read(struct progress *p, uint64_t *done, uint64_t *total)
{
	int fd = atomic_load(&p->file) - 1;
	struct stat st;

	*total = atomic_load(&p->total);
	*done = atomic_load(&p->done);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		*done = (uint64_t)st.st_size;
	return atomic_load(&p->name);
}
