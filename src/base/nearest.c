/* SPDX-License-Identifier: ISC */
/*
 * nearest.c - compares words by Levenshtein's distance.
 */
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Longer words are not compared. */
#define WORD_MAX 32

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The number of letters to insert, remove or replace that makes the word b, in
 * lower case, from the word a, in any case (Levenshtein). */
static unsigned
distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), i, k;
	unsigned row[WORD_MAX + 1], before, diagonal;

	if (n > WORD_MAX || m > WORD_MAX)
		return WORD_MAX;
	for (k = 0; k <= m; k++)
		row[k] = (unsigned)k;
	for (i = 1; i <= n; i++) {
		diagonal = row[0];
		row[0] = (unsigned)i;
		for (k = 1; k <= m; k++) {
			before = row[k];
			row[k] = least(diagonal +
				(tolower((unsigned char)a[i - 1]) != b[k - 1]),
			    least(row[k - 1], before) + 1);
			diagonal = before;
		}
	}
	return row[m];
}

void
nearest_offer(struct nearest *n, const char *word)
{
	size_t typed = strlen(n->typed);
	unsigned d = distance(n->typed, word);

	/* The start of a longer word is likely to be meant. */
	if (typed >= 3 && strncasecmp(n->typed, word, typed) == 0)
		d = 1;
	if (d > 2 || d >= typed || (n->word != NULL && d >= n->distance))
		return;
	n->word = word;
	n->distance = d;
}
