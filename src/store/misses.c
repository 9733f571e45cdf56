/* SPDX-License-Identifier: ISC */
/*
 * misses.c - remembers which rows a batch has read.
 */
#include "store/misses.h"

bool
misses_first(struct misses *m, enum store_table table, int way, struct str key)
{
	uint64_t hash = (uint64_t)table * 8 + (uint64_t)(way + 1);
	size_t i;

	for (i = 0; i < key.n; i++)
		hash = (hash ^ (unsigned char)key.p[i]) * 0x100000001b3;
	for (i = 0; i < m->n && m->read[i] != hash; i++)
		;
	if (i < m->n || m->n == MISSES_MAX)
		return false;
	m->read[m->n++] = hash;
	return true;
}
