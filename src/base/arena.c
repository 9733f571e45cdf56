/* SPDX-License-Identifier: ISC */
/*
 * arena.c - one counter that moves through one block.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

void
arena_init(struct arena *a, void *block, size_t size)
{
	a->block = block;
	a->size = size;
	a->used = 0;
}

void
arena_reset(struct arena *a)
{
	a->used = 0;
}

void *
arena_take(struct arena *a, size_t n)
{
	uintptr_t next = (uintptr_t)a->block + a->used;
	size_t gap = (size_t)(-next & (alignof(max_align_t) - 1));
	size_t left = a->size - a->used;

	if (gap > left || n > left - gap)
		return NULL;
	a->used += gap + n;
	return a->block + a->used - n;
}

struct str
arena_copy(struct arena *a, struct str s)
{
	char *p;

	if (str_is_null(s) || (p = arena_take(a, s.n)) == NULL)
		return str_of(NULL);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return str_from(p, s.n);
}
