/* SPDX-License-Identifier: ISC */
/*
 * journal.c - a ring of texts.
 */
#include "state/journal.h"

#include <stdlib.h>
#include <string.h>

char *
journal_copy(struct str json)
{
	char *copy = json.n > 0 ? malloc(json.n) : NULL;

	if (copy != NULL)
		memcpy(copy, json.p, json.n);
	return copy;
}

void
journal_add(struct journal *j, char *copy, size_t n)
{
	size_t i = j->noted++ % JOURNAL_MAX;

	free(j->entry[i].p);
	j->entry[i].p = copy;
	j->entry[i].n = n;
}

void
journal_emit(const struct journal *j, struct emit *e)
{
	size_t i = j->noted > JOURNAL_MAX ? j->noted - JOURNAL_MAX : 0;

	for (; i < j->noted; i++)
		emit_json(e,
		    str_from(j->entry[i % JOURNAL_MAX].p,
			j->entry[i % JOURNAL_MAX].n));
}

void
journal_clear(struct journal *j)
{
	size_t i;

	for (i = 0; i < JOURNAL_MAX; i++) {
		free(j->entry[i].p);
		j->entry[i].p = NULL;
	}
	j->noted = 0;
}
