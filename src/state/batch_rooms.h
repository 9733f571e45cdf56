/* SPDX-License-Identifier: ISC */
/*
 * batch_rooms.h - the memory of batches, and the limit of how many run at a
 * time. A room is mapped when it is first needed, and its pages go back to the
 * kernel after each batch. Safe to call from any thread.
 */
#ifndef PUSHCERT_BATCH_ROOMS_H
#define PUSHCERT_BATCH_ROOMS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define BATCH_ROOMS_MAX 8
/* Bytes at the start of a room that stay in memory between two batches. */
#define BATCH_ROOMS_KEPT ((size_t)256 * 1024)

struct batch_rooms {
	pthread_mutex_t lock;
	size_t size; /* of a room, in bytes */
	size_t most;
	void *block[BATCH_ROOMS_MAX]; /* NULL: not mapped yet */
	bool used[BATCH_ROOMS_MAX];
};

/* Half of the workers may run a batch, at least 1 and at most BATCH_ROOMS_MAX,
 * so that batches leave workers to other requests. */
void batch_rooms_init(struct batch_rooms *r, size_t size, size_t workers);
/* Unmaps all rooms; none may be used. */
void batch_rooms_free(struct batch_rooms *r);

/* Returns a room of r->size bytes, or NULL if all are used or the system
 * refuses the memory. The caller gives it back. */
void *batch_rooms_take(struct batch_rooms *r) ATTR_CHECKED;
void batch_rooms_give(struct batch_rooms *r, void *block);

#endif
