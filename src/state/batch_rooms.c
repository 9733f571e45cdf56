/* SPDX-License-Identifier: ISC */
/* batch_rooms.c - the table of rooms. */
#include "state/batch_rooms.h"

#include <string.h>
#include <sys/mman.h>

void
batch_rooms_init(struct batch_rooms *r, size_t size, size_t workers)
{
	size_t half = workers > 1 ? workers / 2 : 1;

	memset(r, 0, sizeof(*r));
	r->size = size;
	r->most = half < BATCH_ROOMS_MAX ? half : BATCH_ROOMS_MAX;
	pthread_mutex_init(&r->lock, NULL);
}

void
batch_rooms_free(struct batch_rooms *r)
{
	size_t i;

	for (i = 0; i < BATCH_ROOMS_MAX; i++)
		if (r->block[i] != NULL)
			munmap(r->block[i], r->size);
	pthread_mutex_destroy(&r->lock);
}

/* Maps room i if it is not mapped. The caller holds the lock. */
static void *
open_room(struct batch_rooms *r, size_t i)
{
	void *block = r->block[i];

	if (block == NULL)
		block = mmap(NULL, r->size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		return NULL;
	r->block[i] = block;
	r->used[i] = true;
	return block;
}

void *
batch_rooms_take(struct batch_rooms *r)
{
	void *block = NULL;
	size_t i = 0;

	pthread_mutex_lock(&r->lock);
	while (i < r->most && r->used[i])
		i++;
	if (i < r->most)
		block = open_room(r, i);
	pthread_mutex_unlock(&r->lock);
	return block;
}

void
batch_rooms_give(struct batch_rooms *r, void *block)
{
	size_t i = 0;

	if (r->size > BATCH_ROOMS_KEPT)
		madvise((char *)block + BATCH_ROOMS_KEPT,
		    r->size - BATCH_ROOMS_KEPT, MADV_DONTNEED);
	pthread_mutex_lock(&r->lock);
	while (r->block[i] != block)
		i++;
	r->used[i] = false;
	pthread_mutex_unlock(&r->lock);
}
