/* SPDX-License-Identifier: ISC */
/*
 * arena.h - hands out pieces of one block of memory.
 *
 * A piece lives until arena_reset, which for a worker means until the end of
 * its request. An arena never grows: a full arena is an outcome like any other.
 */
#ifndef PUSHCERT_ARENA_H
#define PUSHCERT_ARENA_H

#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct arena {
	char *block;
	size_t size;
	size_t used;
};

/* Uses the caller's block, which must outlive the arena. */
void arena_init(struct arena *a, void *block, size_t size);
/* Takes back every piece at once. */
void arena_reset(struct arena *a);
/* n bytes aligned for any type, uninitialised; NULL when the arena is full. */
void *arena_take(struct arena *a, size_t n) ATTR_CHECKED;
/* A copy of s; the null slice when s is null or the arena is full. */
struct str arena_copy(struct arena *a, struct str s);

#endif
