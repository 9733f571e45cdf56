/* SPDX-License-Identifier: ISC */
/*
 * wrapping.h - the ways in which programs wrap a text, and how to take each
 * off: character encodings, escapes, quoting, base64, hexadecimal, lists of
 * numbers.
 *
 * Pure. A reading is never longer than its text.
 */
#ifndef PUSHCERT_WRAPPING_H
#define PUSHCERT_WRAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* The first look at a layer, which rules out most wrappings at once. base64,
 * hex and numbers are the longest runs of digits or numbers. */
struct wrapping_look {
	size_t length;
	bool text; /* contains enough text; false: noise */
	size_t texts; /* bytes of text in long runs */
	size_t words; /* digits of base64 in long words */
	size_t base64; /* of either alphabet */
	size_t hex;
	size_t numbers;
	size_t all_base64; /* digits, whatever is between them */
	size_t all_hex;
	size_t spread; /* NULs at every other byte, as in UTF-16 */
	size_t high; /* bytes above 0x7f */
	size_t utf8; /* those that are the second byte of a character */
	size_t controls;
	size_t letters; /* digits of base64 but not of hexadecimal, nor an x */
	size_t other; /* bytes neither in nor between digits */
	bool url; /* has base64url digits between others */
	bool escapes; /* has bytes that start an escape */
	bool is_sent; /* the text itself, not a reading of it */
};

struct wrapping {
	/*
	 * Takes this wrapping off. `way` counts the possible readings, such as
	 * the alignments of base64. *phrase names the wrapping for a message,
	 * such as "it is base64". Returns false if the text is not wrapped in
	 * this way.
	 */
	bool (*take_off)(struct str text, const struct wrapping_look *look,
	    unsigned way, struct buf *out, const char **phrase);
	unsigned ways;
	/* The wrapping changes pieces of the text and keeps the rest, so its
	 * readings replace the text. */
	bool in_place;
	/* If taking it off removes more than one byte in `share`, the text was
	 * wrapped and the match is not chance. 0: the size shows nothing. */
	size_t share;
	/* The reading is also tried where another one replaces the text. */
	bool always;
	/* A certificate in the reading is exact. In other readings of the same
	 * text its digits may be mixed with others, such as those of escapes.
	 */
	bool exact;
};

#define WRAPPINGS 10
extern const struct wrapping wrapping_table[WRAPPINGS];

void wrapping_look(struct str text, struct wrapping_look *out);

#endif
