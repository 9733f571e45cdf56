/* SPDX-License-Identifier: ISC */
/*
 * nearest.h - finds the word that was meant by one that does not exist.
 */
#ifndef PUSHCERT_NEAREST_H
#define PUSHCERT_NEAREST_H

/* The word that is most like the typed one among those that were offered. Both
 * live as long as the struct. */
struct nearest {
	const char *typed;
	const char *word; /* NULL: none is like it */
	unsigned distance;
};

/* Offers a word in lower case: one with at most two letters more, fewer or
 * different, in any case, or with the typed one as its start. */
void nearest_offer(struct nearest *n, const char *word);

#endif
