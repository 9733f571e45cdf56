/* SPDX-License-Identifier: ISC */
/*
 * journal.h - the last JOURNAL_MAX entries of a tenant of a test, in memory.
 *
 * A journal of zeros is empty. Its owner has the lock that guards it.
 */
#ifndef PUSHCERT_JOURNAL_H
#define PUSHCERT_JOURNAL_H

#include <stddef.h>

#include "base/str.h"
#include "format/emit.h"

#define JOURNAL_MAX 100
/* The longest entry, in bytes. */
#define JOURNAL_ENTRY_MAX 2048

struct journal {
	struct {
		char *p;
		size_t n;
	} entry[JOURNAL_MAX];
	size_t noted; /* entries ever */
};

/* A copy of an entry, so that the lock is not held while memory is taken. NULL
 * if memory runs out, or if the entry is empty. */
char *journal_copy(struct str json);
/* Appends such a copy of n bytes, which the journal owns from then on. The
 * oldest entry goes where the journal is full. */
void journal_add(struct journal *j, char *copy, size_t n);
/* Writes the entries as members of an array, the oldest first. */
void journal_emit(const struct journal *j, struct emit *e);
/* Empties the journal and frees its memory. */
void journal_clear(struct journal *j);

#endif
