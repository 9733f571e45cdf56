/* SPDX-License-Identifier: ISC */
/*
 * wrapping.h - the ways in which programs wrap a text, and how each is taken
 * off: encodings of characters, escapes, quoting, base64, hexadecimal, lists of
 * numbers.
 *
 * Pure. A reading is never longer than the text that it was made of.
 */
#ifndef PUSHCERT_WRAPPING_H
#define PUSHCERT_WRAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* A first look at a layer, which rules out most wrappings at once. The lengths
 * are in digits or numbers that follow each other closely. */
struct wrapping_look {
	size_t length;
	bool text; /* there is enough text in it; otherwise it is noise */
	size_t base64; /* of either alphabet */
	size_t hex;
	size_t numbers;
	size_t spread; /* NULs at every other byte, as in UTF-16 */
	size_t high; /* bytes above 0x7f */
	size_t utf8; /* those that begin a character */
	size_t controls;
	size_t letters; /* that are digits of base64 but not of hexadecimal */
	size_t blanks;
	size_t other; /* bytes that stand neither in nor between digits */
	bool url; /* digits of base64url between others */
	bool escapes; /* bytes that begin an escape */
};

struct wrapping {
	/* Takes this wrapping off. `way` counts the possible readings, such as
	 * the alignments of base64. The phrase names the wrapping for a
	 * message, such as "it is base64". False: the text is not wrapped so.
	 */
	bool (*take_off)(struct str text, const struct wrapping_look *look,
	    unsigned way, struct buf *out, const char **phrase);
	unsigned ways;
	/* It changes pieces of the text and keeps the rest: one reading is
	 * enough, and it takes the place of the text. */
	bool in_place;
	/* Where taking it off removes more than one byte in so many, the text
	 * was wrapped so, not by chance. 0: nothing tells. */
	size_t share;
};

#define WRAPPINGS 7
extern const struct wrapping wrapping_table[WRAPPINGS];

void wrapping_look(struct str text, struct wrapping_look *out);

#endif
